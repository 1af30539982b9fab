//! `equipoise diff`: where two runs first decide otherwise, and what each saw.
//!
//! For whoever changed an algorithm and wants to see the change at work. It tells and does not
//! judge: the exit code is 0 whether or not something differs, nothing is written.

mod recorded;
mod rerun;

use std::path::{Path, PathBuf};

use clap::Args;
use rayon::prelude::*;

use super::folder::tables_of;
use super::other_jobs::default_warmups;
use super::{Exit, message, print};
use crate::decision_log::first_difference::{DifferenceKind, FirstDifference};
use crate::experiment::run_comparison::{missing_strategies, shared_strategies};
use crate::report::decision_text::{Labels, lines};
use crate::results::{Meta, Results};
use crate::scenario::Registry;
use crate::text::{assignments, counted, folded, thousands};

/// Arguments of `equipoise diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// A run's folder: the old side.
    a: PathBuf,
    /// Another: the new side.
    b: PathBuf,
    /// Only this point of the sweep (from 1, as in the first folder's manifest).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    point: Option<u32>,
    /// Only this strategy.
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// Only this replication (from 1).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    replication: Option<u32>,
    /// Folder to look for traces in, too (default: $EQUIPOISE_TRACES).
    #[arg(long, value_name = "DIR")]
    traces: Option<PathBuf>,
}

/// One of the two folders.
pub(super) struct Side {
    dir: PathBuf,
    results: Results,
}

/// A strategy at a point that both sides have: indices into each side's points and strategies.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    name: String,
    points: [usize; 2],
    strategies: [usize; 2],
    replications: Vec<u32>,
}

/// What is said of a pair.
pub(super) enum Found {
    /// Every decision is the same; how many there are, if they were counted.
    Same(u64),
    /// Where they part.
    Differs(Box<FirstDifference>),
}

/// Where the decisions come from.
enum Source {
    Recorded([recorded::Tables; 2]),
    Rerun(Box<[crate::scenario::Scenario; 2]>),
}

impl Diff {
    /// Prints, for each point and strategy of both folders, the first decision that differs. Exits
    /// well whether or not there is one: it answers a question and judges nothing.
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        let sides = [Side::read(&self.a)?, Side::read(&self.b)?];
        let (pairs, left_out) = self.pairs(&sides)?;
        same_jobs(&sides, &pairs).map_err(|other| self.other_jobs(&sides, &other, registry))?;
        let source = self.source(&sides, registry)?;
        let found: Result<Vec<Found>, Exit> = pairs
            .par_iter()
            .map(|pair| match &source {
                Source::Recorded(tables) => recorded::compare(&sides, tables, pair),
                Source::Rerun(scenarios) => rerun::compare(&sides, scenarios, pair),
            })
            .collect();
        let how = match source {
            Source::Recorded(_) => "by the decisions that both recorded",
            Source::Rerun(_) => {
                "by running both again: this program gives the values of both folders"
            }
        };
        let mut text = format!(
            "A  {}\nB  {}\n{how}\n\n",
            self.a.display(),
            self.b.display()
        );
        for (pair, found) in pairs.iter().zip(found?) {
            text += &describe(pair, &found);
        }
        text += &left_out;
        print(&text.lines().map(folded).collect::<String>())
    }

    /// What to say of `other`, a pair whose jobs differ, and what may cure it.
    fn other_jobs(&self, sides: &[Side; 2], other: &str, registry: &Registry) -> Exit {
        let [a, b] = sides.each_ref().map(|side| side.dir.display());
        let runs = sides
            .each_ref()
            .map(|side| (side.dir.as_path(), &side.results.meta));
        let cure = default_warmups(runs, self.traces.as_deref(), registry);
        let hint = cure.unwrap_or_else(|| {
            "compare runs of one workload and seed; other jobs are no other decisions".to_owned()
        });
        Exit::Mistake(format!(
            "error: {a} and {b} are about other jobs: the workload digests of {other}\nhint: {hint}"
        ))
    }

    /// The decisions that both recorded, else both scenarios to run again.
    fn source(&self, sides: &[Side; 2], registry: &Registry) -> Result<Source, Exit> {
        let has = |side: &Side| side.dir.join("decisions.csv").is_file();
        let [a, b] = sides;
        if has(a) && has(b) {
            let tables = [recorded::Tables::read(a)?, recorded::Tables::read(b)?];
            return Ok(Source::Recorded(tables));
        }
        message("running both scenarios again: not both folders have decisions.csv");
        let traces = self.traces.as_deref();
        let scenarios = [a, b].map(|side| rerun::read(side, traces, registry));
        let [a, b] = scenarios;
        let scenarios = [a?, b?];
        Ok(Source::Rerun(Box::new(scenarios)))
    }

    /// What both sides have and is asked for, and what is left out, in words.
    fn pairs(&self, sides: &[Side; 2]) -> Result<(Vec<Pair>, String), Exit> {
        let [a, b] = sides.each_ref().map(|side| &side.results.meta);
        let strategies = shared_strategies(a, b);
        let is_wanted = |name: &String| self.strategy.as_ref().is_none_or(|only| only == name);
        let mut pairs = Vec::new();
        for points in self.points(a, b) {
            for &(first, second) in &strategies {
                let name = &a.strategies[first].name;
                let pair = || Pair {
                    name: label(a, points[0], name),
                    points,
                    strategies: [first, second],
                    replications: self.replications([(a, points[0]), (b, points[1])]),
                };
                pairs.extend(is_wanted(name).then(pair));
            }
        }
        if pairs.iter().all(|pair| pair.replications.is_empty()) {
            return Err(self.nothing_in_common(a, b));
        }
        Ok((pairs, left_out(a, b)))
    }

    /// Points that both sides have and that are asked for.
    fn points(&self, a: &Meta, b: &Meta) -> Vec<[usize; 2]> {
        let is_wanted = |point: usize| self.point.is_none_or(|n| n as usize == point + 1);
        let pair = |(point, values): (usize, &Vec<String>)| {
            let other = b.points.iter().position(|other| other == values)?;
            is_wanted(point).then_some([point, other])
        };
        let points = a.points.iter().enumerate().filter_map(pair);
        points.filter(|_| a.sweep == b.sweep).collect()
    }

    /// Replications that both sides have of a point and that are asked for.
    fn replications(&self, points: [(&Meta, usize); 2]) -> Vec<u32> {
        let [a, b] =
            points.map(|(meta, point)| meta.workload_digests.get(point).map_or(0, Vec::len));
        let all = 1..=a.min(b) as u32;
        all.filter(|r| self.replication.is_none_or(|only| only == *r))
            .collect()
    }

    /// Tells that the two runs share no strategy or no point, and what each has.
    fn nothing_in_common(&self, a: &Meta, b: &Meta) -> Exit {
        let names = |meta: &Meta| {
            let names: Vec<&str> = meta.strategies.iter().map(|s| s.name.as_str()).collect();
            format!(
                "{}; {}; {}",
                names.join(", "),
                counted(meta.points.len() as u64, "point"),
                counted(u64::from(meta.replications), "replication")
            )
        };
        let asked = if self.point.is_some() || self.strategy.is_some() || self.replication.is_some()
        {
            " of what was asked for"
        } else {
            ""
        };
        Exit::Mistake(format!(
            "error: {} and {} have nothing in common{asked}\nhint: the first has {}\nhint: the second has {}",
            self.a.display(),
            self.b.display(),
            names(a),
            names(b)
        ))
    }
}

impl Side {
    fn read(dir: &Path) -> Result<Side, Exit> {
        Ok(Side {
            dir: dir.to_path_buf(),
            results: tables_of(dir)?,
        })
    }
}

/// The strategy's name, with the point's values in a sweep.
fn label(meta: &Meta, point: usize, strategy: &str) -> String {
    match assignments(&meta.sweep, &meta.points[point]) {
        values if values.is_empty() => strategy.to_owned(),
        values => format!("{strategy} at {values}"),
    }
}

/// Strategies and points that only one side has.
fn left_out(a: &Meta, b: &Meta) -> String {
    let only = |here: &Meta, there: &Meta, side: &str| {
        let missing = missing_strategies(here, there);
        let missing: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
        let is_missing = |values: &&Vec<String>| !there.points.contains(values);
        let points = here.points.iter().filter(is_missing).count() as u64;
        let strategies = (!missing.is_empty()).then(|| missing.join(", "));
        let points = (points > 0).then(|| counted(points, "point"));
        let line = |what: String| format!("left out: {what}, which only {side} has\n");
        let lines = strategies.into_iter().chain(points).map(line);
        lines.collect::<String>()
    };
    let text = only(a, b, "A") + &only(b, a, "B");
    if text.is_empty() {
        text
    } else {
        format!("\n{text}")
    }
}

/// Both must be about the same jobs; else it says where they are not.
fn same_jobs(sides: &[Side; 2], pairs: &[Pair]) -> Result<(), String> {
    let differs = |pair: &Pair, replication: u32| {
        let digest = |side: usize| {
            let digests = &sides[side].results.meta.workload_digests;
            digests
                .get(pair.points[side])?
                .get(replication as usize - 1)
        };
        digest(0).is_none() || digest(0) != digest(1)
    };
    for pair in pairs {
        let other = pair.replications.iter().find(|&&r| differs(pair, r));
        if let Some(replication) = other {
            let name = &pair.name;
            return Err(format!("{name} differ in replication {replication}"));
        }
    }
    Ok(())
}

/// A line or a few for one pair.
fn describe(pair: &Pair, found: &Found) -> String {
    let labels = Labels { old: "A", new: "B" };
    match found {
        Found::Same(decisions) => format!(
            "{}: every decision is the same ({}, {} decisions)\n",
            pair.name,
            counted(pair.replications.len() as u64, "replication"),
            thousands(*decisions)
        ),
        Found::Differs(first) => {
            let mut text = lines(&pair.name, first, labels).join("\n") + "\n";
            if first.shift.is_none() && first.kind != DifferenceKind::Jobs {
                text += "  how the response times moved is not recorded: add `jobs` to --record\n";
            }
            text
        }
    }
}
