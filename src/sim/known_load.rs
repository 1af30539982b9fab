//! What is known of a setup's load before it runs: where it is largest, and how fast the system
//! forgets.
//!
//! A load of 1 or more anywhere has no steady state, however calm a short run of it looks. The
//! load of the cluster is known for every strategy; that of a group only where the strategy sends
//! fixed shares of the tasks there, whatever happens.

use crate::model::cluster::{Cluster, Group};
use crate::stats::growth::Memory;
use crate::strategy::fixed_split::{FixedSplit, fixed_split};
use crate::strategy::placement::round_robin::Weights;
use crate::strategy::{Binding, Parts, Strategy};
use crate::workload::class::{Class, Shape, Stage};
use crate::workload::load::{Demand, Offered, exact};
use crate::workload::source::squared_variation;

use super::setup::{Setup, Warmup};

/// The largest load known anywhere in a setup.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownLoad {
    /// Asked for / what there is.
    pub load: f64,
    /// Of what: "slots", "slots of nodes.small", "the dispatchers".
    pub place: String,
}

/// What is known of a setup whose jobs never end.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Where the load is largest.
    pub busiest: KnownLoad,
    /// How fast it forgets its start.
    pub memory: Memory,
    /// Queues that are fed blindly; 1 where the state of the nodes is looked at.
    pub queues: f64,
    /// Jobs a second.
    pub rate: f64,
}

impl Known {
    /// Of `setup`; `None` if its jobs end, so that it has no steady state to reach, or if all wait for others.
    pub fn of(setup: &Setup) -> Option<Known> {
        let asked = Asked::of(setup);
        if setup.window.finite || asked.demand.rate() == 0.0 {
            return None; // of clients alone, who wait, there are never too many jobs
        }
        let (mut busiest, queues) = (asked.busiest(), asked.queues());
        if setup.is_bounded() || setup.cancels() {
            busiest.load = busiest.load.min(CROWDED);
        }
        Some(Known {
            memory: Memory {
                load: busiest.load,
                variability: queues * asked.variability(),
                slots: asked.slots(),
            },
            queues,
            rate: asked.demand.rate(),
            busiest,
        })
    }

    /// Arrivals before what is measured.
    pub fn warmup(&self, warmup: Warmup) -> f64 {
        match warmup {
            Warmup::None => 0.0,
            Warmup::Jobs(jobs) => jobs as f64,
            Warmup::Time(time) => self.rate * time.as_secs(),
        }
    }
}

/// Load by which a system that turns away or cancels what is too much is taken to forget: it may have a
/// steady state whatever is asked of it.
const CROWDED: f64 = 0.9;

/// Mean factor of stragglers on works.
fn slowing(setup: &Setup) -> f64 {
    let slower = setup.stragglers.as_ref();
    slower.map_or(1.0, |s| 1.0 + s.probability * (s.factor.mean() - 1.0))
}

/// The load of each group in each dimension that it has limited, where the strategy sends fixed shares
/// of all jobs there; else nothing.
pub fn group_loads(setup: &Setup) -> Vec<KnownLoad> {
    let asked = Asked::of(setup);
    let offered = &asked.demand.offered;
    let is_open = offered.iter().all(|class| class.rate.is_some());
    let is_known = is_open && asked.shares().iter().all(Option::is_some);
    if is_known { asked.groups() } else { Vec::new() }
}

/// What is asked of a setup.
struct Asked<'a> {
    setup: &'a Setup,
    demand: Demand<'a>,
    slower: f64,
}

impl Asked<'_> {
    fn of(setup: &Setup) -> Asked<'_> {
        Asked {
            demand: Demand::new(&setup.sources, &setup.classes, &setup.cluster),
            slower: slowing(setup),
            setup,
        }
    }

    /// Sum over classes of rate x `of`.
    fn total(&self, of: impl Fn(usize, &Offered) -> f64) -> f64 {
        let classes = self.demand.offered.iter().enumerate();
        let each = classes.map(|(at, class)| class.rate.unwrap_or(0.0) * of(at, class));
        each.filter(|sum| !sum.is_nan()).sum()
    }

    /// The load of whatever is loaded most, of groups of nodes and dispatchers too: there is no steady state if
    /// it is 1 or more there, however idle the rest is.
    fn busiest(&self) -> KnownLoad {
        let (at, load) = self.demand.busiest();
        let all = KnownLoad {
            load: load * self.slower,
            place: self.setup.cluster.dimensions[at].name.clone(),
        };
        let parts = self.groups().into_iter().chain(self.dispatchers());
        let mut most = parts.fold(all, |most, next| {
            if next.load > most.load * (1.0 + 1e-9) {
                next
            } else {
                most
            }
        });
        most.load = exact(most.load);
        most
    }

    fn shares(&self) -> Vec<Option<Vec<f64>>> {
        let Setup {
            cluster,
            strategy,
            classes,
            ..
        } = self.setup;
        let classes = classes.iter().enumerate();
        classes
            .map(|(at, class)| fixed_shares(cluster, strategy, class, at))
            .collect()
    }

    /// Of each group and dimension, by what is sent there whatever happens.
    fn groups(&self) -> Vec<KnownLoad> {
        let (shares, cluster) = (self.shares(), &self.setup.cluster);
        let mut all = Vec::new();
        for (g, group) in cluster.groups.iter().enumerate() {
            for (d, dimension) in cluster.dimensions.iter().enumerate() {
                let held = |at: usize, class: &Offered| {
                    let share = shares[at].as_ref().map_or(0.0, |shares| shares[g]);
                    let work = (class.held[d] - class.held_overhead[d]) * self.slower;
                    share * (work / group.speed.factor() + class.held_overhead[d])
                };
                let Some(units) = group.capacity[d].filter(|units| *units > 0) else {
                    continue;
                };
                all.push(KnownLoad {
                    load: self.total(held) / (f64::from(group.count) * units as f64),
                    place: format!("{} of nodes.{}", dimension.name, group.name),
                });
            }
        }
        all
    }

    fn dispatchers(&self) -> Vec<KnownLoad> {
        let Strategy {
            parts,
            parts_of_class,
            ..
        } = &self.setup.strategy;
        let classes = &self.setup.classes;
        let of = |part: usize, place: &str, cost: &dyn Fn(usize, &Offered) -> f64| {
            let own = |at: usize, class: &Offered| match parts_of_class[at] == part {
                true => cost(at, class),
                false => 0.0,
            };
            KnownLoad {
                load: self.total(own) / f64::from(parts[part].dispatchers),
                place: place.to_owned(),
            }
        };
        let both = |part: usize| {
            let decision = parts[part].decision_time.mean();
            let deciding = |at: usize, class: &Offered| match parts[part].is_batch() {
                true => classes[at].stages.len() as f64 * decision,
                false => class.tasks * decision,
            };
            let gathering = |at: usize, class: &Offered| {
                let gather = &classes[at].gather;
                class.tasks * gather.per_result.mean() + gather.work.mean()
            };
            [
                of(part, "the dispatchers", &deciding),
                of(part, "the gatherers", &gathering),
            ]
        };
        (0..parts.len()).flat_map(both).collect()
    }

    /// Into how many queues the work is split without a look at them; 1 where anything balances, as then all
    /// nodes empty and fill together.
    fn queues(&self) -> f64 {
        let Strategy { parts, binding, .. } = &self.setup.strategy;
        let is_blind = |part: &Parts| fixed_split(part.placement.as_ref()).is_some();
        if *binding != Binding::Early || !parts.iter().all(is_blind) {
            return 1.0;
        }
        let groups = &self.setup.cluster.groups;
        let nodes = |shares: &Vec<f64>| {
            let fed = groups.iter().zip(shares).filter(|(_, share)| **share > 0.0);
            fed.map(|(group, _)| group.count).sum::<u32>()
        };
        let most = self.shares().iter().flatten().map(nodes).max();
        f64::from(most.unwrap_or(1).max(1))
    }

    /// Jobs that all nodes together can hold in service, by the busiest dimension.
    fn slots(&self) -> f64 {
        let cluster = &self.setup.cluster;
        let (d, _) = self.demand.busiest();
        let units =
            |group: &Group| group.capacity[d].map(|units| f64::from(group.count) * units as f64);
        let Some(units) = cluster.groups.iter().map(units).sum::<Option<f64>>() else {
            return f64::INFINITY;
        };
        let demand = |_: usize, class: &Offered| {
            let time = class.work + class.overhead;
            if time > 0.0 {
                class.held[d] / time * class.tasks
            } else {
                0.0
            }
        };
        units * self.demand.rate() / self.total(demand)
    }

    /// Squared coefficients of variation of the intervals, and of the whole work of a job.
    fn variability(&self) -> f64 {
        let interval = |at: usize, _: &Offered| {
            let is_its = |first: u32, count: u32| (first..first + count).contains(&(at as u32));
            let mut sources = self.setup.sources.iter();
            let source = sources.find(|source| is_its(source.first_class, source.classes));
            source.map_or(1.0, |source| source.arrivals.dispersion())
        };
        let mean = |_: usize, class: &Offered| class.work + class.overhead;
        let square = |at: usize, class: &Offered| second_moment(&self.setup.classes[at], class);
        let (rate, mean) = (self.demand.rate(), self.total(mean));
        let of_work = (self.total(square) * rate / (mean * mean) - 1.0).max(0.0);
        self.total(interval) / rate + if mean > 0.0 { of_work } else { 0.0 }
    }
}

/// Second moment of a job's whole work; of a trace's as if it were exponential.
fn second_moment(class: &Class, offered: &Offered) -> f64 {
    let mean = offered.work + offered.overhead;
    let [stage] = &class.stages[..] else {
        return 2.0 * mean * mean; // as if it were exponential, too
    };
    let variance = match &stage.shape {
        Shape::Tasks { count, work } => {
            let each = work.mean().powi(2) * squared_variation(work);
            let task = mean / offered.tasks;
            offered.tasks * each + task * task * offered.tasks.powi(2) * squared_variation(count)
        }
        Shape::Split { work, .. } => work.mean().powi(2) * squared_variation(work),
        Shape::Trace => mean * mean,
    };
    mean * mean + variance
}

/// Each weight as a share of all.
fn shares(weights: Vec<f64>) -> Vec<f64> {
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// Share of the tasks of `class` (of this index) that goes to each group, where the placement looks
/// at no node.
pub fn fixed_shares(
    cluster: &Cluster,
    strategy: &Strategy,
    class: &Class,
    index: usize,
) -> Option<Vec<f64>> {
    let Strategy {
        name: _,
        binding: Binding::Early,
        parts,
        parts_of_class,
        limits: _, // what is turned away is not sent
        queue: _,
        copies: None,
        stealing: None,
        pushing: None,
        stolen: _,
        partition,
        health: _, // as what fails
    } = strategy
    else {
        return None;
    };
    let eligible = class.stages.first()?.eligible(&cluster.groups);
    let is_same = |stage: &Stage| stage.eligible(&cluster.groups) == eligible;
    let parts = &parts[parts_of_class[index]];
    let is_whole = class.data.is_none() && parts.subset.is_none() && partition.is_empty();
    if !is_whole || !class.stages.iter().all(is_same) {
        return None;
    }
    let weights = match fixed_split(parts.placement.as_ref()) {
        Some(FixedSplit::Random(weights) | FixedSplit::Turns(weights)) => weights,
        None if eligible.iter().filter(|is| **is).count() == 1 => Weights::Equal,
        None => return None,
    };
    let weight = |(group, is_eligible): (&Group, &bool)| match weights {
        _ if !is_eligible => 0.0,
        Weights::Equal => f64::from(group.count),
        Weights::SpeedTimesSlots => {
            f64::from(group.count) * group.speed.factor() * group.slot_weight() as f64
        }
    };
    let all = cluster.groups.iter().zip(&eligible).map(weight);
    Some(shares(all.collect()))
}
