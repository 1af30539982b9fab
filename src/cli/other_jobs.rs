//! Why two runs had other jobs, where that can be told: their default warm-ups.
//!
//! A warm-up that nobody sets goes by the load, and so a change that no job depends on (a node more) moves the
//! jobs that are measured.

use std::path::Path;

use super::scenario_args::ScenarioArgs;
use crate::results::Meta;
use crate::scenario::{Registry, Scenario};
use crate::sim::setup::{Setup, Warmup};
use crate::text::{lasting, rounded_up, thousands};

/// What to do about two runs, each with its folder, whose jobs are other ones only because neither sets its
/// warm-up; nothing where that is not the reason, or not known to be.
pub fn default_warmups(
    runs: [(&Path, &Meta); 2],
    traces: Option<&Path>,
    registry: &Registry,
) -> Option<String> {
    if !runs.iter().all(|(dir, _)| sets_no_warmup(dir)) {
        return None;
    }
    let read = |(dir, run)| ScenarioArgs::of_run(dir, run, traces).read(registry).ok();
    let [a, b] = runs.map(read);
    let (a, b) = (a?, b?);
    let setups = || firsts(&a).zip(firsts(&b));
    let is_alike = |(a, b): (&Setup, &Setup)| {
        (a.seed, sources(a), &a.classes, a.window.measure)
            == (b.seed, sources(b), &b.classes, b.window.measure)
    };
    let warmups = setups().map(|(a, b)| (a.window.warmup, b.window.warmup));
    let mut differ = warmups.filter(|(a, b)| a != b);
    let (one, two) = differ.next().filter(|_| setups().all(is_alike))?;
    let all = firsts(&a).chain(firsts(&b));
    cure(one, two, all.map(|setup| setup.window.warmup))
}

/// Whether the scenario of a folder leaves the warm-up to its default; a sweep over it would name it.
fn sets_no_warmup(dir: &Path) -> bool {
    let text = std::fs::read_to_string(dir.join("scenario.toml"));
    text.is_ok_and(|text| !text.contains("warmup"))
}

/// What there is to know of where jobs come from; a trace's jobs are known by its survey.
fn sources(setup: &Setup) -> String {
    format!("{:?}", setup.sources)
}

/// The setup of the first strategy at each point: all have the same warm-up.
fn firsts(scenario: &Scenario) -> impl Iterator<Item = &Setup> {
    let points = scenario.points.iter();
    points.filter_map(|point| point.setups.first())
}

/// "the default warm-ups differ (3,200 and 1,976 jobs): set run.warmup.jobs=3200 in both": the longest of `all`.
fn cure(one: Warmup, two: Warmup, all: impl Iterator<Item = Warmup>) -> Option<String> {
    let (differ, set) = match (one, two) {
        (Warmup::Jobs(one), Warmup::Jobs(two)) => {
            let jobs = all.filter_map(|warmup| match warmup {
                Warmup::Jobs(jobs) => Some(jobs),
                _ => None,
            });
            let differ = format!("{} and {} jobs", thousands(one), thousands(two));
            (differ, format!("jobs={}", jobs.max()?))
        }
        (Warmup::Time(one), Warmup::Time(two)) => {
            let times = all.filter_map(|warmup| match warmup {
                Warmup::Time(time) => Some(time),
                _ => None,
            });
            let [one, two] = [one, two].map(|time| lasting(time.as_secs()));
            let most = rounded_up(times.max()?.as_secs());
            (format!("{one} and {two}"), format!("time={most}s"))
        }
        _ => return None,
    };
    Some(format!(
        "the default warm-ups differ ({differ}): set run.warmup.{set} in both"
    ))
}
