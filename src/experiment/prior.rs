//! What is known of a point's figures before it runs: its load, and the laws of which a run may not
//! see what its own error depends on.

use crate::engine::law::Law;
use crate::engine::law::heavy::{HEAVY, draws_needed, unseen_share};
use crate::model::cluster::Group;
use crate::sim::known_load::Known;
use crate::sim::setup::{Measure, Setup, Stragglers};
use crate::workload::class::{Class, Shape};
use crate::workload::load::{Demand, Offered};
use crate::workload::source::Arrivals;

/// What is known of a setup.
pub struct Prior {
    /// Load and memory, if its jobs never end.
    pub known: Option<Known>,
    /// Jobs before what is measured.
    pub warmup: f64,
    /// How much is measured.
    pub measure: Measure,
    /// Every replication replays the same recorded jobs.
    pub repeats_one_workload: bool,
    /// All works are drawn from laws.
    pub is_of_laws: bool,
    tails: Vec<Tail>,
}

/// A law, or a mixture of those of all classes.
struct Tail {
    what: &'static str,
    laws: Vec<(f64, Law)>,
    /// Which moment must be finite, and seen.
    moment: i32,
    /// Draws for each job.
    draws: f64,
}

/// A law of which a run does not see what its error depends on.
pub struct Heavy {
    /// What it is the law of.
    pub what: &'static str,
    /// Jobs of a replication after which it is seen; `None` if never.
    pub jobs: Option<f64>,
}

impl Prior {
    /// What is known of `setup`.
    pub fn of(setup: &Setup) -> Prior {
        let known = Known::of(setup);
        let arrivals = || setup.sources.iter().map(|source| &source.arrivals);
        let is_repeated =
            |a: &Arrivals| matches!(a, Arrivals::Trace(plan) if plan.resample.is_none());
        Prior {
            warmup: known
                .as_ref()
                .map_or(0.0, |known| known.warmup(setup.window.warmup)),
            known,
            measure: setup.window.measure,
            repeats_one_workload: arrivals().all(is_repeated),
            is_of_laws: arrivals().all(|a| !matches!(a, Arrivals::Trace(_))),
            tails: tails(setup),
        }
    }

    /// The heaviest of the laws, if any is heavy for `replications` of so many `jobs`.
    pub fn heavy(&self, replications: usize, jobs: f64) -> Option<Heavy> {
        let all = replications as f64 * jobs;
        let mut heaviest: Option<(f64, Heavy)> = None;
        for Tail {
            what,
            laws,
            moment,
            draws,
        } in &self.tails
        {
            let laws: Vec<(f64, &Law)> = laws.iter().map(|(weight, law)| (*weight, law)).collect();
            let unseen = unseen_share(&laws, *moment, all * draws);
            if unseen > heaviest.as_ref().map_or(HEAVY, |(most, _)| *most) {
                let needed = draws_needed(&laws, *moment);
                let jobs = needed.map(|needed| needed / draws / replications as f64);
                heaviest = Some((unseen, Heavy { what, jobs }));
            }
        }
        heaviest.map(|(_, heavy)| heavy)
    }
}

/// The laws that matter. A job that waits behind others needs the third moment of what they take, as
/// the variance of its wait does; what delays nobody else, the second.
fn tails(setup: &Setup) -> Vec<Tail> {
    let demand = Demand::new(&setup.sources, &setup.classes, &setup.cluster);
    let has_limit = |group: &Group| group.capacity.iter().any(Option::is_some);
    let moment = if setup.cluster.groups.iter().any(has_limit) {
        3
    } else {
        2
    };
    let tasks = weighted(&demand.offered, |class| class.tasks) / weighted(&demand.offered, |_| 1.0);
    let parts = setup.strategy.parts.iter();
    let intervals = setup
        .sources
        .iter()
        .filter_map(|source| match &source.arrivals {
            Arrivals::Renewal { interval } => Some(interval),
            _ => None,
        });
    let counts = |class: &Class| -> Option<Law> {
        match &class.stages.first()?.shape {
            Shape::Tasks { count, .. } | Shape::Split { into: count, .. } => Some(count.clone()),
            Shape::Trace => None,
        }
    };
    let gather = |class: &Class| [class.gather.per_result.clone(), class.gather.work.clone()];
    let classes = || setup.classes.iter();
    let stragglers = setup.stragglers.iter();
    let factor = |s: &Stragglers| (s.factor.clone(), tasks * s.probability);
    let all = |what, moment, laws: Vec<(Law, f64)>| {
        laws.into_iter().map(move |(law, draws)| Tail {
            what,
            laws: vec![(1.0, law)],
            moment,
            draws,
        })
    };
    let each = |laws: Vec<Law>, draws: f64| laws.into_iter().map(|law| (law, draws)).collect();
    let delays = vec![setup.network.dispatch.clone(), setup.network.result.clone()];
    let decisions = parts.map(|parts| parts.decision_time.clone()).collect();
    let mut tails = vec![works(&demand, moment)];
    tails.extend(all(
        "the number of tasks",
        moment,
        each(classes().filter_map(counts).collect(), 1.0),
    ));
    tails.extend(all(
        "the cost of gathering",
        3,
        each(classes().flat_map(gather).collect(), tasks),
    ));
    tails.extend(all(
        "the factor of stragglers",
        moment,
        stragglers.map(factor).collect(),
    ));
    tails.extend(all("the network's delay", 2, each(delays, tasks)));
    tails.extend(all("the decision time", 3, each(decisions, tasks)));
    tails.extend(all(
        "the interval between jobs",
        2,
        each(intervals.cloned().collect(), 1.0),
    ));
    tails.retain(|tail| tail.laws.iter().any(|(_, law)| law.constant().is_none()));
    tails
}

/// Sum over classes of their jobs, a second or in all, x `of`.
fn weighted(offered: &[Offered], of: impl Fn(&Offered) -> f64) -> f64 {
    offered.iter().map(|class| jobs(class) * of(class)).sum()
}

fn jobs(class: &Offered) -> f64 {
    class
        .rate
        .or(class.jobs.map(|jobs| jobs as f64))
        .unwrap_or(0.0)
}

/// The mixture of the works of all classes.
fn works(demand: &Demand<'_>, moment: i32) -> Tail {
    let law = |(class, offered): (&Class, &Offered)| match &class.stages.first()?.shape {
        Shape::Tasks { work, .. } => Some((jobs(offered) * offered.tasks, work.clone())),
        Shape::Split { work, .. } => Some((jobs(offered), work.clone())),
        Shape::Trace => None,
    };
    let laws: Vec<(f64, Law)> = demand
        .classes
        .iter()
        .zip(&demand.offered)
        .filter_map(law)
        .collect();
    let drawn: f64 = laws.iter().map(|(weight, _)| weight).sum();
    Tail {
        what: "the work",
        laws,
        moment,
        draws: drawn / weighted(&demand.offered, |_| 1.0),
    }
}
