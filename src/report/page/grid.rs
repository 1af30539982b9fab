//! The points of a sweep as a plane: one key across, the values of the others as groups.

use crate::report::lookup::{Lookup, plain_value};
use crate::report::plot::sweep::number;

/// Where points lie.
pub struct Grid {
    /// The key across, if any is swept.
    pub across: Option<usize>,
    /// Its values, with their places from 0 to 1.
    pub values: Vec<(String, f64)>,
    /// The points of each combination of the other keys.
    pub groups: Vec<Group>,
}

/// Points that have the other keys' values in common.
pub struct Group {
    /// "scheduling.dispatchers 4"; empty where one key alone is swept.
    pub label: String,
    /// Points and the numbers of their values, by rising place.
    pub points: Vec<(usize, usize)>,
}

impl Grid {
    /// Of a run: the key with the most values lies across.
    pub fn new(tables: &Lookup) -> Grid {
        let meta = tables.meta();
        let distinct = |key: usize| distinct(meta.points.iter().filter_map(|point| point.get(key)));
        let keys = 0..meta.sweep.len();
        let across = keys.max_by_key(|key| (distinct(*key).len(), std::cmp::Reverse(*key)));
        let Some(key) = across else {
            let whole = Group {
                label: String::new(),
                points: vec![(0, 0)],
            };
            return Grid {
                across,
                values: vec![(String::new(), 0.5)],
                groups: vec![whole],
            };
        };
        let values = distinct(key);
        let mut grid = Grid {
            across,
            values: places(&values),
            groups: Vec::new(),
        };
        for (point, at) in meta.points.iter().enumerate() {
            let value = values
                .iter()
                .position(|value| Some(value) == at.get(key).as_ref());
            grid.add(&others(tables, point, key), (point, value.unwrap_or(0)));
        }
        let place = |(_, value): &(usize, usize)| grid.values[*value].1;
        grid.groups
            .iter_mut()
            .for_each(|group| group.points.sort_by(|a, b| place(a).total_cmp(&place(b))));
        grid
    }

    fn add(&mut self, label: &str, at: (usize, usize)) {
        match self.groups.iter_mut().find(|group| group.label == label) {
            Some(group) => group.points.push(at),
            None => self.groups.push(Group {
                label: label.to_owned(),
                points: vec![at],
            }),
        }
    }

    /// The place of a value across, with room at both ends.
    pub fn x(&self, value: usize) -> f64 {
        0.05 + 0.9 * self.values.get(value).map_or(0.5, |value| value.1)
    }
}

fn distinct<'a>(values: impl Iterator<Item = &'a String>) -> Vec<&'a String> {
    let mut found: Vec<&String> = Vec::new();
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

/// "scheduling.dispatchers 4, nodes.a.count 3": all keys but `key`, in full.
fn others(tables: &Lookup, point: usize, key: usize) -> String {
    let meta = tables.meta();
    let values = meta.points[point].iter().enumerate();
    let part = |(at, value): (usize, &String)| {
        let path = crate::text::printable(meta.sweep.get(at).map_or("", String::as_str));
        format!("{path} {}", plain_value(value))
    };
    let parts = values.filter(|(at, _)| *at != key).map(part);
    parts.collect::<Vec<_>>().join(", ")
}

/// Numbers and durations in true proportion; words side by side.
fn places(values: &[&String]) -> Vec<(String, f64)> {
    let names = values.iter().map(|value| plain_value(value));
    let parsed: Option<Vec<f64>> = values
        .iter()
        .map(|value| number(&plain_value(value)))
        .collect();
    let last = values.len().saturating_sub(1).max(1) as f64;
    let Some(numbers) = parsed.filter(|numbers| numbers.len() > 1) else {
        let alone = if values.len() == 1 { 0.5 } else { 0.0 };
        return names
            .enumerate()
            .map(|(at, name)| (name, alone + at as f64 / last))
            .collect();
    };
    let numbers = if is_geometric(&numbers) {
        numbers.iter().map(|n| n.ln()).collect()
    } else {
        numbers
    };
    let ends = |(low, high): (f64, f64), n: &f64| (low.min(*n), high.max(*n));
    let (low, high) = numbers
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), ends);
    let width = if high > low { high - low } else { 1.0 };
    names
        .zip(&numbers)
        .map(|(name, n)| (name, (n - low) / width))
        .collect()
}

/// Whether values span so much that steps of equal ratio read better.
pub fn is_geometric(numbers: &[f64]) -> bool {
    let ends = |(low, high): (f64, f64), n: &f64| (low.min(*n), high.max(*n));
    let (low, high) = numbers.iter().fold((f64::INFINITY, 0.0), ends);
    low > 0.0 && high / low > 20.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::sample::Sample;

    #[test]
    fn numbers_lie_in_proportion_and_words_side_by_side() {
        let of = |values: &[&str]| -> Vec<f64> {
            let values: Vec<String> = values.iter().map(|v| (*v).to_owned()).collect();
            places(&values.iter().collect::<Vec<_>>())
                .iter()
                .map(|p| p.1)
                .collect()
        };
        assert_eq!(of(&["0", "1", "4"]), [0.0, 0.25, 1.0]);
        assert_eq!(of(&["\"fifo\"", "\"lifo\"", "\"srpt\""]), [0.0, 0.5, 1.0]);
        assert!(
            (of(&["1", "10", "100"])[1] - 0.5).abs() < 1e-12,
            "a wide span is logarithmic"
        );
        assert_eq!(of(&["7"]), [0.5]);
    }

    #[test]
    fn of_two_keys_the_longer_lies_across() {
        let mut sample = Sample::loads(&[0.5, 0.7, 0.9, 0.5, 0.7, 0.9], 2);
        sample.meta.sweep = vec!["scheduling.dispatchers".into(), "workload.load".into()];
        let point = |at: usize| {
            vec![
                (1 + at / 3 * 3).to_string(),
                ["0.5", "0.7", "0.9"][at % 3].to_owned(),
            ]
        };
        sample.meta.points = (0..6).map(point).collect();
        let results = sample.results();
        let grid = Grid::new(&Lookup::new(&results));
        assert_eq!((grid.across, grid.groups.len()), (Some(1), 2));
        assert_eq!(grid.groups[1].label, "scheduling.dispatchers 4");
        assert_eq!(grid.groups[1].points, [(3, 0), (4, 1), (5, 2)]);
    }
}
