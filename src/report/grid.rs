//! The points of a sweep as a plane: one key across, the values of the others as groups.
//!
//! The key with the most values lies across, as a curve needs points; numbers and durations lie in true
//! proportion, so that a curve's slope means something, and words side by side. Keys that have one value at
//! each value of that across go with it and part nothing.

use std::cmp::Reverse;

use indexmap::{IndexMap, IndexSet};

use crate::report::lookup::Lookup;
use crate::report::plot::axis::range;
use crate::results::Meta;
use crate::text::{plain_value, printable, seconds};

/// Where points lie.
pub struct Grid {
    /// The key across, if any is swept, and those that go with it.
    pub across: Vec<usize>,
    /// Its values, with their places from 0 to 1.
    pub values: Vec<(String, f64)>,
    /// Whether equal ratios of the values are equally far apart.
    pub is_log: bool,
    /// Whether the values are numbers or durations: between words there is nothing, and so no line.
    pub is_numeric: bool,
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
        let distinct = |key: usize| -> IndexSet<&String> {
            let values = meta.points.iter();
            values.filter_map(|point| point.get(key)).collect()
        };
        let keys = 0..meta.sweep.len();
        let is_number = |value: &&String| number(&plain_value(value)).is_some();
        let is_numeric = |key| distinct(key).iter().all(is_number);
        let first = keys.max_by_key(|key| (distinct(*key).len(), is_numeric(*key), Reverse(*key)));
        let values = first.map(distinct).unwrap_or_default();
        let across = first.map_or(Vec::new(), |first| together(meta, first));
        let (places, is_log) = places(&values);
        let mut groups: IndexMap<String, Vec<(usize, usize)>> = IndexMap::new();
        for point in 0..tables.points() {
            let value = first.and_then(|key| meta.points.get(point)?.get(key));
            let value = value.and_then(|value| values.get_index_of(value));
            // "scheduling.dispatchers 4, nodes.a.count 3": all keys but those across, in full.
            let others = |key| meta.sweep.get(key).filter(|_| !across.contains(&key));
            let others = |key| others(key).map(|path| printable(path));
            let group = groups.entry(tables.label_with(point, others));
            group.or_default().push((point, value.unwrap_or(0)));
        }
        let group = |(label, mut points): (String, Vec<(usize, usize)>)| {
            points.sort_by(|a, b| places[a.1].1.total_cmp(&places[b.1].1));
            Group { label, points }
        };
        Grid {
            across,
            groups: groups.into_iter().map(group).collect(),
            is_numeric: places.iter().all(|(name, _)| number(name).is_some()),
            values: places,
            is_log,
        }
    }

    /// The place of a value across, with room at both ends; words are in the middles of equal parts.
    pub fn x(&self, value: usize) -> f64 {
        match self.is_numeric {
            true => 0.05 + 0.9 * self.values.get(value).map_or(0.5, |value| value.1),
            false => (value as f64 + 0.5) / self.values.len().max(1) as f64,
        }
    }

    /// What lies across: "nodes.a.count and jobs.b.arrivals.poisson.rate", each as `name` has it.
    pub fn title(&self, name: impl Fn(usize) -> String) -> String {
        let names: Vec<String> = self.across.iter().map(|key| name(*key)).collect();
        names.join(" and ")
    }
}

/// A key, and those that vary and have one value at each of its values.
pub fn together(meta: &Meta, first: usize) -> Vec<usize> {
    let distinct = |keys: [usize; 2]| {
        let values = |point: &Vec<String>| keys.map(|key| point.get(key).cloned());
        IndexSet::<[Option<String>; 2]>::from_iter(meta.points.iter().map(values)).len()
    };
    let alone = |key| distinct([key; 2]);
    let goes_with = |key: &usize| alone(*key) > 1 && distinct([first, *key]) == alone(first);
    let others = (0..meta.sweep.len()).filter(|key| *key != first);
    let all = std::iter::once(first).chain(others.filter(goes_with));
    all.collect()
}

/// Numbers and durations in true proportion, or by their logarithms (with `true`) where they span so
/// much that steps of equal ratio read better; words side by side. The place of a run without a sweep
/// is in the middle.
fn places(values: &IndexSet<&String>) -> (Vec<(String, f64)>, bool) {
    let names: Vec<String> = values.iter().map(|value| plain_value(value)).collect();
    let parsed: Option<Vec<f64>> = names.iter().map(|name| number(name)).collect();
    if names.len() < 2 {
        return (vec![(names.concat(), 0.5)], false);
    }
    let side_by_side = || (0..names.len()).map(|at| at as f64).collect();
    let numbers: Vec<f64> = parsed.unwrap_or_else(side_by_side);
    let (low, high) = range(numbers.iter().copied()).unwrap_or((0.0, 1.0));
    let is_log = low > 0.0 && high / low > 20.0;
    let size = |number: f64| if is_log { number.ln() } else { number };
    let start = size(low);
    let width = if high > low { size(high) - start } else { 1.0 };
    let places = numbers.iter().map(|number| (size(*number) - start) / width);
    (names.into_iter().zip(places).collect(), is_log)
}

/// A swept value as a number, durations in seconds; none for a word.
pub fn number(text: &str) -> Option<f64> {
    let (value, _) = parse(text)?;
    Some(value).filter(|value| value.is_finite())
}

/// A number, or a duration in seconds with `true`.
pub fn parse(text: &str) -> Option<(f64, bool)> {
    let plain = text.replace('_', "");
    if let Ok(number) = plain.parse::<f64>() {
        return Some((number, false));
    }
    Some((seconds(&plain)?, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::sample::Sample;

    #[test]
    fn numbers_lie_in_proportion_and_words_side_by_side() {
        let of = |values: &[&str]| -> Vec<f64> {
            let values: Vec<String> = values.iter().map(|v| (*v).to_owned()).collect();
            let (places, _) = places(&values.iter().collect());
            places.iter().map(|p| p.1).collect()
        };
        assert_eq!(of(&["0", "1", "4"]), [0.0, 0.25, 1.0]);
        assert_eq!(of(&["\"fifo\"", "\"lifo\"", "\"srpt\""]), [0.0, 0.5, 1.0]);
        let middle = of(&["1", "10", "100"])[1];
        assert!((middle - 0.5).abs() < 1e-12, "a wide span is logarithmic");
        assert_eq!(of(&["7"]), [0.5]);
    }

    #[test]
    fn of_two_keys_the_longer_lies_across() {
        let mut sample = Sample::two_keys(2);
        sample.loads.truncate(6);
        sample.meta.points.truncate(6);
        let results = sample.results();
        let grid = Grid::new(&Lookup::new(&results));
        assert_eq!((&grid.across[..], grid.groups.len()), (&[1][..], 2));
        assert_eq!(grid.groups[1].label, "scheduling.dispatchers 4");
        assert_eq!(grid.groups[1].points, [(3, 0), (4, 1), (5, 2)]);
    }
}
