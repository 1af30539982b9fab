//! What of a replication is measured.
//!
//! Which jobs are counted decides what a figure means: without a warm-up the empty start is part of
//! it, and a window that ends at a time cuts off the slow jobs. So the combinations that make sense
//! are few, and the others are refused with what to write instead.

use super::check::Check;
use crate::engine::time::Time;
use crate::model::cluster::{Cluster, Group, SLOTS};
use crate::scenario::grammar::{self, MeasuredJobs, Run};
use crate::scenario::text::suggest;
use crate::sim::known_load::Known;
use crate::sim::setup::{Measure, Setup, Warmup, Window};
use crate::workload::load::{Demand, Offered};
use crate::workload::source::{Arrivals, Source};

/// Fewest and most strata, and the fewest where the cluster is small enough.
const STRATA: (f64, f64, f64) = (50.0, 4_000.0, 1_000.0);
/// Nodes x strata up to which observation costs little.
const CHEAP: f64 = 100_000.0;

/// Jobs of a warm-up at most, unless it is asked for.
const LONGEST_WARMUP: f64 = 60_000.0;

/// Jobs in the system at most, unless told: so many, or so many for each slot, as many are in service and in
/// short queues of a large cluster. What is unlimited counts as some slots.
const MOST_JOBS: u64 = 1_000_000;
const MOST_JOBS_A_SLOT: u64 = 20;
const UNLIMITED_SLOTS: u64 = 100;

/// Lengthens a warm-up of which nothing was said to what the slowest of the strategies needs to
/// forget its empty start at the load it has; the same for all, as they are compared on equal jobs.
pub fn forget_the_start(setups: &mut [Setup], run: &Run) {
    let known = setups.iter().filter(|_| run.warmup.is_none());
    let known = known.filter_map(Known::of);
    let stable = known.filter(|known| known.memory.load < 1.0 && known.memory.scale().is_finite());
    let needed = stable.map(|known| (known.memory.warmup().min(LONGEST_WARMUP), known.rate));
    let Some((jobs, rate)) = needed.max_by(|a, b| a.0.total_cmp(&b.0)) else {
        return;
    };
    for Setup { window, .. } in setups {
        window.warmup = match (window.warmup, window.measure) {
            (Warmup::Jobs(given), _) => Warmup::Jobs(given.max(jobs.ceil() as u64)),
            (Warmup::Time(given), Measure::Until(until)) => {
                let time = Time::from_secs(jobs / rate).min(Time(until.0 / 2));
                Warmup::Time(given.max(time))
            }
            (other, _) => other,
        };
    }
}

/// Checks that not both `jobs` and `until` are given.
pub fn conflict(check: &mut Check<'_>, run: &Run) {
    if run.jobs.is_some() && run.until.is_some() {
        let mut check = check.at("run.until");
        check.error("both `jobs` and `until` are given", "keep one of the two");
    }
}

/// Jobs in the system beyond which a replication runs away.
pub fn max_in_system(run: &Run, cluster: &Cluster) -> u64 {
    let slots =
        |group: &Group| u64::from(group.count) * group.capacity[SLOTS].unwrap_or(UNLIMITED_SLOTS);
    let slots = cluster
        .groups
        .iter()
        .map(slots)
        .fold(0, u64::saturating_add);
    let by_slots = slots.saturating_mul(MOST_JOBS_A_SLOT);
    (run.max_in_system).map_or(by_slots.max(MOST_JOBS), |most| most.get())
}

/// What is measured of the jobs that are asked for.
pub fn window(check: &mut Check<'_>, run: &Run, demand: &Demand<'_>) -> Option<Window> {
    let measure = demand.measure(check, run)?;
    let warmup = demand.warmup(check, run.warmup, measure)?;
    Some(Window {
        warmup,
        measure,
        drain: run.drain.0,
        max_in_system: max_in_system(run, demand.cluster),
        slowdown_floor: Time::from_secs(run.slowdown_floor.0),
        stratum: demand.stratum(demand.length(measure, warmup)),
        finite: demand.is_finite(),
    })
}

impl Demand<'_> {
    /// How much is measured; both `jobs` and `until` were told as a [`conflict`].
    fn measure(&self, check: &mut Check<'_>, run: &Run) -> Option<Measure> {
        match (&run.jobs, run.until) {
            (Some(_), Some(_)) => None,
            (None, Some(_)) if self.is_finite() => {
                let title = "all jobs are finite: the run ends when they are done";
                let hint = "remove `until`; arrivals.trace.max-jobs or run.jobs shorten a run";
                check.at("until").error(title, hint);
                None
            }
            (None, Some(until)) if self.is_closed() => {
                Some(Measure::Leaving(Time::from_secs(until.0)))
            }
            (None, Some(until)) => Some(Measure::Until(Time::from_secs(until.0))),
            (given, None) if self.is_closed() => {
                let title = "clients wait for their jobs (arrivals.closed): what is measured is bounded by times";
                let hint = "write until = \"2h\" instead of jobs: what leaves between warmup.time and it is measured";
                match given {
                    Some(_) => check.at("jobs").error(title, hint),
                    None => check.lacks("until", hint),
                }
                None
            }
            (None, None) if self.is_finite() => Some(Measure::All),
            (None, None) => {
                check.lacks("jobs", "say how many jobs a replication measures, for example jobs = 100_000; or until = \"2h\"");
                None
            }
            (Some(jobs), None) => self.counted(&mut check.at("jobs"), jobs),
        }
    }

    /// A number of jobs to be measured, of all or of one class; of finite workloads no more than there are.
    fn counted(&self, check: &mut Check<'_>, jobs: &MeasuredJobs) -> Option<Measure> {
        let sum = |classes: &[Offered]| classes.iter().filter_map(|class| class.jobs).sum::<u64>();
        let (class, count, there) = match jobs {
            MeasuredJobs::All(count) => {
                (None, *count, self.is_finite().then(|| sum(&self.offered)))
            }
            MeasuredJobs::Of(name, count) => {
                let at = self.class(&mut check.name(name), name)?;
                (Some(at as u32), *count, self.offered[at].jobs)
            }
        };
        let count = count.get();
        if let Some(there) = there.filter(|there| *there < count) {
            let title = format!("{count} jobs are to be measured, but there are only {there}");
            let hint = "lower it, or remove it to measure them all";
            match jobs {
                MeasuredJobs::All(_) => check.error(title, hint),
                MeasuredJobs::Of(name, _) => check.name(name).error(title, hint),
            }
            return None;
        }
        Some(Measure::Jobs { class, count })
    }

    /// The place of the class of this name.
    fn class(&self, check: &mut Check<'_>, name: &str) -> Option<usize> {
        let at = self.classes.iter().position(|class| class.name == name);
        if at.is_none() {
            let names = self.classes.iter().map(|class| class.name.as_str());
            let known: Vec<&str> = names.collect();
            let hint = suggest::hint(name, &known, "classes");
            check.error_key(format!("there is no class `{name}`"), hint);
        }
        at
    }

    /// Jobs a second of a measured class, of all if `None`.
    fn rate_of(&self, class: Option<u32>) -> Option<f64> {
        class.map_or(Some(self.rate()), |at| self.offered[at as usize].rate)
    }

    /// What is left out at the start. Unless told, it is a tenth of what is measured, and is lengthened later
    /// to what the slowest strategy needs; finite workloads have no steady state and are measured whole. The
    /// warm-up is the same for all strategies, as they are compared on equal jobs.
    fn warmup(
        &self,
        check: &mut Check<'_>,
        given: Option<grammar::Warmup>,
        measure: Measure,
    ) -> Option<Warmup> {
        let warmup = match (given, measure) {
            (Some(grammar::Warmup::Auto(_) | grammar::Warmup::Jobs(_)), _) if self.is_closed() => {
                let title = "clients wait for their jobs (arrivals.closed): the warm-up is a time";
                let hint = "write warmup.time, or remove it for a tenth of run.until";
                check.at("warmup").error(title, hint);
                return None;
            }
            (Some(grammar::Warmup::Auto(_)), _) if self.is_finite() => {
                let title = "all jobs are finite: such a run has no steady state to warm up to";
                let hint = "remove it, or say which jobs to leave out: warmup.jobs, warmup.time";
                check.at("warmup").error(title, hint);
                return None;
            }
            (Some(grammar::Warmup::None(_)), _) => Warmup::None,
            (Some(grammar::Warmup::Jobs(jobs)), _) => Warmup::Jobs(jobs.get()),
            (Some(grammar::Warmup::Time(time)), _) => Warmup::Time(Time::from_secs(time.0)),
            (None, _) if self.is_finite() => Warmup::None,
            (_, Measure::All) => Warmup::None,
            (_, Measure::Until(until) | Measure::Leaving(until)) => {
                Warmup::Time(Time(until.0 / 10))
            }
            (_, Measure::Jobs { class: None, count }) => Warmup::Jobs(count / 10),
            (_, Measure::Jobs { class, count }) => {
                let share = self.rate_of(class).map_or(1.0, |rate| rate / self.rate());
                Warmup::Jobs((count as f64 / share / 10.0).round() as u64)
            }
        };
        self.leaves_some(check, warmup, measure).then_some(warmup)
    }

    /// True if jobs can be expected behind the warm-up; else says so.
    fn leaves_some(&self, check: &mut Check<'_>, warmup: Warmup, measure: Measure) -> bool {
        let (key, title, hint) = match (warmup, measure) {
            (Warmup::Time(start), Measure::Until(until) | Measure::Leaving(until))
                if start >= until =>
            {
                (
                    "warmup",
                    "the warm-up lasts until the end of the run: nothing is measured",
                    "raise run.until",
                )
            }
            (Warmup::None, Measure::Until(until)) if until.as_secs() * self.rate() < 1.0 => (
                "until",
                "no job is expected to arrive until then: nothing is measured",
                "raise it, or raise the rate of jobs",
            ),
            _ if self.is_empty(warmup, measure) => (
                "warmup",
                "as many jobs as are expected belong to the warm-up: nothing is measured",
                "lower it, or raise run.jobs or run.until",
            ),
            _ => return true,
        };
        check.at(key).error(title, hint);
        false
    }

    /// True if no job is expected to arrive behind the warm-up.
    fn is_empty(&self, warmup: Warmup, measure: Measure) -> bool {
        let Warmup::Jobs(jobs) = warmup else {
            return false;
        };
        match measure {
            Measure::All => jobs >= self.offered.iter().filter_map(|class| class.jobs).sum(),
            Measure::Until(until) => jobs > 0 && jobs as f64 >= until.as_secs() * self.rate(),
            Measure::Jobs { .. } | Measure::Leaving(_) => false,
        }
    }

    /// Expected length of a replication in seconds, its warm-up included.
    pub fn lasts(&self, window: &Window) -> f64 {
        let warmup = match window.warmup {
            Warmup::None => 0.0,
            Warmup::Time(time) => time.as_secs(),
            Warmup::Jobs(_) if self.rate() == 0.0 => 0.0,
            Warmup::Jobs(jobs) => jobs as f64 / self.rate(),
        };
        warmup + self.length(window.measure, window.warmup)
    }

    /// Expected length of the window in seconds.
    fn length(&self, measure: Measure, warmup: Warmup) -> f64 {
        let rate = self.rate();
        match (measure, warmup) {
            (Measure::Until(until) | Measure::Leaving(until), Warmup::Time(start)) => {
                until.since(start).as_secs()
            }
            (Measure::Until(until), Warmup::Jobs(jobs)) if rate > 0.0 => {
                (until.as_secs() - jobs as f64 / rate).max(0.0)
            }
            (Measure::Until(until) | Measure::Leaving(until), _) => until.as_secs(),
            (Measure::Jobs { class, count }, _) if rate > 0.0 => {
                count as f64 / self.rate_of(class).unwrap_or(rate)
            }
            _ => self.span().max(self.makespan()),
        }
    }

    /// The longest span of a trace.
    fn span(&self) -> f64 {
        let of = |source: &Source| match &source.arrivals {
            Arrivals::Trace(plan) => plan.survey.span.as_secs() * plan.scale,
            _ => 0.0,
        };
        self.sources.iter().map(of).fold(0.0, f64::max)
    }

    /// What the batches take at least: all work over all power, else the work of one job.
    fn makespan(&self) -> f64 {
        let batches = || self.offered.iter().filter(|class| class.rate.is_none());
        let held =
            |at: usize| move |class: &Offered| class.jobs.unwrap_or(0) as f64 * class.held[at];
        let time = |at| batches().map(held(at)).sum::<f64>() / self.cluster.power(at);
        let times = (0..self.cluster.dimensions.len()).map(time);
        let longest = times.filter(|time| time.is_finite()).fold(0.0, f64::max);
        if longest > 0.0 {
            return longest;
        }
        let works = batches().map(|class| class.work + class.overhead);
        works.fold(0.0, f64::max)
    }

    /// About 4 x nodes mean task interarrivals, so that there are neither too few nor too many.
    fn stratum(&self, length: f64) -> Time {
        let nodes = f64::from(self.cluster.count());
        let tasks = |class: &Offered| match (class.rate.or(class.at_most), class.jobs) {
            (Some(rate), _) => rate * class.tasks,
            (None, jobs) => jobs.unwrap_or(0) as f64 * class.tasks,
        };
        let sum = |is_open: bool| -> f64 {
            let classes = self.offered.iter();
            let is_endless = |class: &Offered| class.rate.or(class.at_most).is_some();
            let classes = classes.filter(|class| is_endless(class) == is_open);
            classes.map(tasks).sum()
        };
        let (fewest, most, fine) = STRATA;
        let fewest = if nodes * fine <= CHEAP { fine } else { fewest };
        let wanted = (sum(true) * length + sum(false)) / (4.0 * nodes);
        Time(
            Time::from_secs(length / wanted.clamp(fewest, most))
                .0
                .max(1),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::quantity::Count;
    use crate::model::cluster::Dimension;

    #[test]
    fn a_large_cluster_may_hold_more_jobs() {
        let most = |told: Option<f64>, count: u32, slots: Option<u64>| {
            let run = Run {
                max_in_system: told.map(Count),
                ..Run::default()
            };
            let cluster = Cluster {
                dimensions: vec![Dimension::slots()],
                groups: vec![Group::new("node", count, 1.0, vec![slots])],
            };
            max_in_system(&run, &cluster)
        };
        assert_eq!(most(None, 100, Some(4)), 1_000_000);
        assert_eq!(most(None, 100_000, Some(4)), 8_000_000);
        assert_eq!(most(None, 1_000, None), 2_000_000);
        assert_eq!(most(Some(500.0), 100_000, Some(4)), 500);
    }
}
