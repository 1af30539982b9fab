//! The same jobs under two strategies, as tables: by what, and for whom, response times differ.
//!
//! Terminal and page print the same tables, which is why they are made here as text cells and not as markup.
//! Differences have a sign and claim nothing: sums over the same jobs are facts of the run, causes are not.

use crate::experiment::moved::{Group, Moved, Pair};
use crate::experiment::regret::Regret;
use crate::metrics::jobs::PARTS;
use crate::text::{
    LINE, Scale, aligned, apart, fixed, folded, printable, significant, thousands, width,
};

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

/// A table: its first column has names, the others figures.
pub struct Table {
    /// What the first column is cut by, and the names of the others.
    pub head: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> Table {
        Table {
            head: head.map(str::to_owned).to_vec(),
            rows: rows.map(Vec::from).collect(),
        }
    }
}

/// Everything that was found, in lines.
pub fn text(moved: &Moved, replications: u32, names: Names<'_>) -> String {
    let mut lines = vec![format!(
        "{} against {} on the same jobs: {} jobs of {replications} replications",
        names.after,
        names.before,
        thousands(moved.all.jobs)
    )];
    if moved.all.jobs == 0 {
        lines.push("no measured job was completed under both".to_owned());
    }
    lines.extend(tables_in_lines(moved, names));
    if moved.all.jobs > 0 {
        lines.extend([String::new()].into_iter().chain(left_out(moved)));
        lines.push(CLAIM.to_owned());
    }
    let lines = lines.iter().map(|line| printable(line));
    lines.map(|line| folded(line.trim_end())).collect()
}

/// The tables in lines, below a blank one each, with the two names cut as far as a table's lines fit.
fn tables_in_lines(moved: &Moved, names: Names<'_>) -> Vec<String> {
    let cut = |most: usize| -> Vec<Vec<String>> {
        let short = apart(&[names.after, names.before], most);
        let cut = Names {
            after: &short[0],
            before: &short[1],
            ..names
        };
        tables(moved, cut).into_iter().map(in_lines).collect()
    };
    let fits = |lines: &Vec<String>| lines.iter().all(|line| width(line) <= LINE);
    let longest = width(names.after).max(width(names.before)).max(SHORTEST);
    let mut found = cut(longest);
    for most in (SHORTEST..longest).rev() {
        let wide = found.iter_mut().zip(cut(most));
        wide.filter(|(lines, _)| !fits(lines))
            .for_each(|(lines, shorter)| *lines = shorter);
    }
    let below_blank = |lines: Vec<String>| [vec![String::new()], lines].concat();
    found.into_iter().flat_map(below_blank).collect()
}

/// A table as lines; a title that is wider than the names below it has a line of its own.
fn in_lines(mut table: Table) -> Vec<String> {
    let names = table.rows.iter().filter_map(|row| row.first());
    let is_wide =
        names.map(|name| width(name)).max() < table.head.first().map(|title| width(title));
    let title = table.head.first_mut().filter(|_| is_wide);
    let mut lines: Vec<String> = title.map(std::mem::take).into_iter().collect();
    // What is said in words at the right end of a row stands at the left.
    let words = table.head.last().is_some_and(|last| last == LARGEST);
    let right: Vec<usize> = (1..table.head.len() - usize::from(words)).collect();
    let rows: Vec<Vec<String>> = std::iter::once(table.head).chain(table.rows).collect();
    lines.extend(aligned(&rows, &right));
    lines
}

/// What the differences claim.
pub const CLAIM: &str = "differences of the same jobs, summed and counted; they do not say why";
const LARGEST: &str = "of it";
/// Columns below which the name of a strategy is not cut.
const SHORTEST: usize = 8;

/// Jobs that have no pair, if there are any.
pub fn left_out(moved: &Moved) -> Option<String> {
    let alone = thousands(moved.alone);
    let told = format!("{alone} jobs were completed under one of the two only and are left out");
    Some(told).filter(|_| moved.alone > 0)
}

/// Everything that was found, as tables; none where no job has a pair.
pub fn tables(moved: &Moved, names: Names<'_>) -> Vec<Table> {
    if moved.all.jobs == 0 {
        return Vec::new();
    }
    let all = Group {
        name: "all jobs".to_owned(),
        ..moved.all.clone()
    };
    let scale = Scale::time(mean(&all));
    let before = names.before;
    let there = format!("by jobs in the system at its arrival (under {before}), tenths");
    let groups = |title: &str, groups: &[Group]| groups_of(title, groups, names, &scale);
    let mut tables = vec![groups("", &[all]), parts(moved, names, &scale)];
    for (title, of) in [
        ("by class", &moved.classes),
        ("by work of the job (s), tenths of the jobs", &moved.sizes),
        (&there, &moved.states),
    ] {
        if of.iter().filter(|group| group.jobs > 0).count() > 1 {
            tables.push(groups(title, of));
        }
    }
    tables.push(most(moved, names));
    if moved.regret.iter().any(|regret| regret.decisions() > 0) {
        tables.push(regret(moved, names));
    }
    tables
}

/// Mean response times, seconds: under the second and under the first.
fn mean(group: &Group) -> [f64; 2] {
    let jobs = group.jobs.max(1) as f64 * 1e9;
    [group.before, group.after].map(|sum| sum as f64 / jobs)
}

/// "-18.2 ms", with the digits of the scale.
fn signed(seconds: f64, scale: &Scale) -> String {
    let number = significant(seconds / scale.factor, 3);
    let sign = if seconds > 0.0 { "+" } else { "" };
    scale.with_unit(&format!("{sign}{number}"))
}

/// Groups of jobs with their means under both, and the shares that became faster and slower.
fn groups_of(title: &str, groups: &[Group], names: Names<'_>, scale: &Scale) -> Table {
    let head = [
        title,
        "jobs",
        names.before,
        names.after,
        "difference",
        "faster",
        "slower",
    ];
    let shown = groups.iter().filter(|group| group.jobs > 0);
    let rows = shown.map(|group| {
        let [before, after] = mean(group).map(|mean| scale.value(mean));
        let share = |count: u64| share(count as f64 / group.jobs as f64);
        [
            group.name.clone(),
            thousands(group.jobs),
            before,
            after,
            signed(group.difference(), scale),
            share(group.faster),
            share(group.slower),
        ]
    });
    Table::new(head, rows)
}

pub fn share(of: f64) -> String {
    format!("{} %", fixed(100.0 * of, 1))
}

fn parts(moved: &Moved, names: Names<'_>, scale: &Scale) -> Table {
    let jobs = moved.all.jobs as f64 * 1e9;
    let mean = |sum: i128| sum as f64 / jobs;
    let sums = PARTS.into_iter().zip(moved.parts);
    let means = sums.map(|(part, (before, after))| (part, mean(before), mean(after)));
    part_rows(means, names, scale)
}

/// The table of parts of the response time with their means under both, seconds; those that are 0 are left
/// out.
pub fn part_rows<'a>(
    parts: impl Iterator<Item = (&'a str, f64, f64)>,
    names: Names<'_>,
    scale: &Scale,
) -> Table {
    let moving = parts.filter(|(_, before, after)| *before != 0.0 || *after != 0.0);
    let rows = moving.map(|(part, before, after)| {
        let difference = signed(after - before, scale);
        [
            part.to_owned(),
            scale.value(before),
            scale.value(after),
            difference,
        ]
    });
    let title = "by part of the response time";
    let head = [title, names.before, names.after, "difference"];
    Table::new(head, rows)
}

/// The jobs that moved most, with the part of the response time that did.
fn most(moved: &Moved, names: Names<'_>) -> Table {
    let head = [
        "moved most",
        "repl.",
        "work",
        names.before,
        names.after,
        "difference",
        LARGEST,
    ];
    let all = || moved.most.iter();
    let seconds = |pair: &Pair| [&pair.before, &pair.after].map(|job| job.response() as f64 / 1e9);
    let works = Scale::time(all().map(|pair| pair.before.work));
    let scale = Scale::time(all().flat_map(seconds));
    let row = |pair: &Pair| {
        let [before, after] = seconds(pair).map(|time| scale.value(time));
        let class = names.classes.get(pair.class as usize);
        let class = class.map_or("", String::as_str);
        [
            format!("{class} {}", thousands(pair.number)),
            pair.replication.to_string(),
            works.value(pair.before.work),
            before,
            after,
            signed(pair.change() as f64 / 1e9, &scale),
            largest_part(pair, &scale),
        ]
    };
    Table::new(head, all().map(row))
}

/// Wait at the node taken minus the least at any eligible one.
fn regret(moved: &Moved, names: Names<'_>) -> Table {
    let sizes = |regret: &Regret| [regret.mean(), regret.quantile(990)];
    let scales = scales(moved.regret.iter().map(sizes));
    let row = |(name, regret): (&str, &Regret)| {
        let [mean, p99] = sizes(regret);
        let [mean, p99] = [scales[0].value(mean), scales[1].value(p99)];
        let decisions = thousands(regret.decisions());
        [name.to_owned(), decisions, mean, p99, share(regret.none())]
    };
    let both = [names.before, names.after].into_iter().zip(&moved.regret);
    regret_table(both.map(row))
}

/// A unit for each of two columns of seconds.
pub fn scales(rows: impl Iterator<Item = [f64; 2]> + Clone) -> [Scale; 2] {
    [0, 1].map(|column| Scale::time(rows.clone().map(|row| row[column])))
}

/// Regret by strategy: decisions, mean, p99, and the share without any.
pub fn regret_table(rows: impl Iterator<Item = [String; 5]>) -> Table {
    let title = "wait at the node taken - the least at any eligible node";
    Table::new([title, "decisions", "mean", "p99", "none"], rows)
}

/// The part of the response time that moved most, with its share of the change.
fn largest_part(pair: &Pair, scale: &Scale) -> String {
    let blame = pair.before.blame.iter().zip(pair.after.blame);
    let changes = blame.map(|(before, after)| after as i64 - *before as i64);
    let size = |(change, _): &(i64, &str)| change.unsigned_abs();
    let largest = changes.zip(PARTS).max_by_key(size);
    largest.map_or(String::new(), |(change, part)| {
        format!("{part} {}", signed(change as f64 / 1e9, scale))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::trail::JobTrail;
    use crate::report::says;

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
        let ms = Scale::time([0.04, 0.01]);
        assert_eq!(largest_part(&pair, &ms), "queue -30.0 ms");
        let mut moved = Moved {
            most: vec![pair],
            ..Moved::default()
        };
        (moved.all.jobs, moved.parts[3]) = (1, (30_000_000, 0));
        let names = Names {
            after: "a",
            before: "b",
            classes: &["query".to_owned()],
        };
        let said = text(&moved, 1, names);
        let title = "a against b on the same jobs: 1 jobs of 1 replications";
        says(&said, &[title, "query 7", "-30.0 ms"]);
        assert!(!said.contains("because"), "{said}");
    }
}
