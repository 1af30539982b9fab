//! The same jobs under two strategies, as text: by what, and for whom, response times differ.

use crate::experiment::moved::{Group, Moved, Pair};
use crate::metrics::jobs::PARTS;
use crate::text::{Scale, aligned, fixed, printable, significant, thousands};

/// Names of the two: the first is held against the second.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The first.
    pub after: &'a str,
    /// The second.
    pub before: &'a str,
    /// Of classes.
    pub classes: &'a [String],
}

/// Everything that was found, in tables.
pub fn text(moved: &Moved, replications: u32, names: Names<'_>) -> String {
    let mut lines = vec![format!(
        "{} against {} on the same jobs: {} jobs of {replications} replications",
        names.after,
        names.before,
        thousands(moved.all.jobs)
    )];
    if moved.all.jobs == 0 {
        lines.push("no measured job was completed under both".to_owned());
        return ended(&lines);
    }
    let scale = Scale::time([mean(&moved.all).0, mean(&moved.all).1]);
    lines.extend(groups(
        "",
        std::slice::from_ref(&Group {
            name: "all jobs".to_owned(),
            ..moved.all.clone()
        }),
        &scale,
    ));
    lines.extend(parts(moved, &scale));
    let several = moved.classes.iter().filter(|class| class.jobs > 0).count() > 1;
    if several {
        lines.extend(groups("by class", &moved.classes, &scale));
    }
    lines.extend(groups(
        "by work of the job (s), tenths of the jobs",
        &moved.sizes,
        &scale,
    ));
    let there = format!(
        "by jobs in the system at its arrival (under {}), tenths",
        names.before
    );
    lines.extend(groups(&there, &moved.states, &scale));
    lines.extend(most(moved, names));
    if moved.alone > 0 {
        lines.push(format!(
            "{} jobs were completed under one of the two only and are left out",
            thousands(moved.alone)
        ));
    }
    lines.push("differences of the same jobs, summed and counted; they do not say why".to_owned());
    ended(&lines)
}

fn ended(lines: &[String]) -> String {
    lines
        .iter()
        .map(|line| format!("{}\n", printable(line).trim_end()))
        .collect()
}

/// Mean response times, seconds: before and after.
fn mean(group: &Group) -> (f64, f64) {
    let jobs = group.jobs.max(1) as f64 * 1e9;
    (group.before as f64 / jobs, group.after as f64 / jobs)
}

/// "-18.2 ms", with the digits of the scale.
fn signed(seconds: f64, scale: &Scale) -> String {
    let number = significant(seconds / scale.factor, 3);
    let sign = if seconds > 0.0 { "+" } else { "" };
    scale.with_unit(&format!("{sign}{number}"))
}

fn groups(title: &str, groups: &[Group], scale: &Scale) -> Vec<String> {
    let head = [
        title,
        "jobs",
        "before",
        "after",
        "difference",
        "faster",
        "slower",
    ]
    .map(str::to_owned);
    let shown = groups.iter().filter(|group| group.jobs > 0);
    let rows = shown.map(|group| {
        let (before, after) = mean(group);
        let share =
            |count: u64| format!("{} %", fixed(100.0 * count as f64 / group.jobs as f64, 1));
        let [before, after] = [before, after].map(|value| scale.value(value));
        let difference = signed(group.difference(), scale);
        [
            group.name.clone(),
            thousands(group.jobs),
            before,
            after,
            difference,
            share(group.faster),
            share(group.slower),
        ]
    });
    let table: Vec<[String; 7]> = std::iter::once(head).chain(rows).collect();
    block(&aligned(&table, &[1, 2, 3, 4, 5, 6]))
}

/// An empty line, then the lines.
fn block(lines: &[String]) -> Vec<String> {
    std::iter::once(String::new())
        .chain(lines.iter().cloned())
        .collect()
}

fn parts(moved: &Moved, scale: &Scale) -> Vec<String> {
    let jobs = moved.all.jobs as f64 * 1e9;
    let head = [
        "by part of the response time",
        "before",
        "after",
        "difference",
    ]
    .map(str::to_owned);
    let each = moved.by_part().into_iter().zip(moved.parts);
    let moving = each.filter(|(_, (before, after))| *before != 0 || *after != 0);
    let rows = moving.map(|((part, difference), (before, after))| {
        let [before, after] = [before, after].map(|sum| scale.value(sum as f64 / jobs));
        [part.to_owned(), before, after, signed(difference, scale)]
    });
    let table: Vec<[String; 4]> = std::iter::once(head).chain(rows).collect();
    block(&aligned(&table, &[1, 2, 3]))
}

fn most(moved: &Moved, names: Names<'_>) -> Vec<String> {
    let head = [
        "moved most",
        "replication",
        "work",
        "before",
        "after",
        "difference",
        "of it",
    ]
    .map(str::to_owned);
    let row = |pair: &Pair| {
        let seconds = |ns: u64| ns as f64 / 1e9;
        let (before, after) = (
            seconds(pair.before.response()),
            seconds(pair.after.response()),
        );
        let scale = Scale::time([before.max(after)]);
        let class = names
            .classes
            .get(pair.class as usize)
            .map_or("", String::as_str);
        let job = format!("{class} {}", thousands(pair.number));
        let change = pair.change() as f64 / 1e9;
        let [before, after] = [before, after].map(|value| scale.value(value));
        [
            job,
            pair.replication.to_string(),
            Scale::time([pair.before.work]).value(pair.before.work),
            before,
            after,
            signed(change, &scale),
            largest_part(pair),
        ]
    };
    let table: Vec<[String; 7]> = std::iter::once(head)
        .chain(moved.most.iter().map(row))
        .collect();
    let mut lines = block(&aligned(&table, &[1, 2, 3, 4, 5]));
    lines.push(String::new());
    lines
}

/// The part of the response time that moved most, with its share of the change.
fn largest_part(pair: &Pair) -> String {
    let changes = pair
        .before
        .blame
        .iter()
        .zip(pair.after.blame)
        .map(|(before, after)| after as i64 - *before as i64);
    let largest = changes
        .zip(PARTS)
        .max_by_key(|(change, _)| change.unsigned_abs());
    largest.map_or(String::new(), |(change, part)| {
        let scale = Scale::time([change.unsigned_abs() as f64 / 1e9]);
        format!("{part} {}", signed(change as f64 / 1e9, &scale))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::trail::JobTrail;

    /// A job that waited 30 ms and does not any more.
    fn pair() -> Pair {
        let job = |queue: u64| JobTrail {
            measured: true,
            arrival: 0,
            blame: [0, 0, 0, queue, 10_000_000, 0, 0],
            work: 0.01,
        };
        Pair {
            replication: 1,
            class: 0,
            number: 7,
            before: job(30_000_000),
            after: job(0),
        }
    }

    #[test]
    fn no_cause_is_claimed_and_the_largest_part_is_named() {
        let pair = pair();
        assert_eq!(largest_part(&pair), "queue -30.0 ms");
        let all = Group {
            name: "all".into(),
            jobs: 1,
            before: 40_000_000,
            after: 10_000_000,
            faster: 1,
            slower: 0,
        };
        let mut moved = Moved {
            all,
            most: vec![pair],
            ..Moved::default()
        };
        moved.parts[3] = (30_000_000, 0);
        let classes = ["query".to_owned()];
        let said = text(
            &moved,
            1,
            Names {
                after: "a",
                before: "b",
                classes: &classes,
            },
        );
        assert!(
            said.contains("a against b on the same jobs: 1 jobs of 1 replications"),
            "{said}"
        );
        assert!(
            said.contains("query 7") && said.contains("-30.0 ms"),
            "{said}"
        );
        assert!(!said.contains("because"), "{said}");
    }
}
