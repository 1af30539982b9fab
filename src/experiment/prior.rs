//! What is known of a point's figures before it runs: its load, and the laws of which a run may not
//! see what its own error depends on.
//!
//! A sample that has missed the rare events looks calm, and its own variance says that it is precise. What is
//! known of the laws and the load before anything is run does not have that fault, and so it is asked first.

use crate::engine::law::Law;
use crate::engine::law::heavy::{HEAVY, draws_needed, unseen_share};
use crate::model::cluster::Group;
use crate::sim::known_load::Known;
use crate::sim::setup::{Measure, Setup, Stragglers};
use crate::workload::class::{Class, Shape, Stage};
use crate::workload::load::{Demand, Offered};
use crate::workload::source::{Arrivals, Source};

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
    let moment = 2 + i32::from(setup.cluster.groups.iter().any(waits));
    let tasks = weighted(&demand.offered, |class| class.tasks) / weighted(&demand.offered, |_| 1.0);
    let mut tails = vec![works(&demand, moment)];
    let mut add = |what, law: &Law, moment, draws| {
        let laws = vec![(1.0, law.clone())];
        tails.push(Tail {
            what,
            laws,
            moment,
            draws,
        });
    };
    for class in &setup.classes {
        if let Some(count) = count(class) {
            add("the number of tasks", count, moment, 1.0);
        }
        add("the cost of gathering", &class.gather.per_result, 3, tasks);
        add("the cost of gathering", &class.gather.work, 3, 1.0);
    }
    if let Some(Stragglers {
        probability,
        factor,
    }) = &setup.stragglers
    {
        add(
            "the factor of stragglers",
            factor,
            moment,
            tasks * probability,
        );
    }
    for delay in setup.network.laws() {
        add("the network's delay", delay, 2, tasks);
    }
    for parts in &setup.strategy.parts {
        add("the decision time", &parts.decision_time, 3, tasks);
    }
    for interval in setup.sources.iter().filter_map(interval) {
        add("the interval between jobs", interval, 2, 1.0);
    }
    tails.retain(|tail| tail.laws.iter().any(|(_, law)| law.constant().is_none()));
    tails
}

fn interval(source: &Source) -> Option<&Law> {
    match &source.arrivals {
        Arrivals::Renewal { interval } => Some(interval),
        _ => None,
    }
}

/// Whether tasks wait at nodes of this group behind others, which sharing ones do not.
fn waits(group: &Group) -> bool {
    let is_limited = group.capacity.iter().any(Option::is_some);
    is_limited && !group.discipline.shares()
}

/// The law of the number of tasks of a job.
fn count(class: &Class) -> Option<&Law> {
    let [stage] = &class.stages[..] else {
        return None;
    };
    match &stage.shape {
        Shape::Tasks { count, .. } | Shape::Split { into: count, .. } => Some(count),
        Shape::Trace => None,
    }
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
    let law = |(stage, offered): (&Stage, &Offered)| match &stage.shape {
        Shape::Tasks { count, work } => Some((jobs(offered) * count.mean_count(), work.clone())),
        Shape::Split { work, .. } => Some((jobs(offered), work.clone())),
        Shape::Trace => None,
    };
    let classes = demand.classes.iter().zip(&demand.offered);
    let stages = classes.flat_map(|(class, of)| class.stages.iter().map(move |stage| (stage, of)));
    let laws: Vec<(f64, Law)> = stages.filter_map(law).collect();
    let drawn: f64 = laws.iter().map(|(weight, _)| weight).sum();
    Tail {
        what: "the work",
        laws,
        moment,
        draws: drawn / weighted(&demand.offered, |_| 1.0),
    }
}
