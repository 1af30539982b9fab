//! A setup in the terms of queueing theory, if it has nothing that those terms leave out.
//!
//! Every matcher reads a setup through this one, so that what must be absent is said once. It takes
//! the setup apart field by field: whoever adds a part to the model is made by the compiler to
//! decide what theory says of it.

use crate::engine::law::Law;
use crate::engine::time::Time;
use crate::model::cluster::{Cluster, Group, SLOTS};
use crate::model::discipline::Discipline;
use crate::sim::setup::{Network, Setup, Warmup, Window};
use crate::strategy::fixed_split::{FixedSplit, downcast, fixed_split};
use crate::strategy::placement::round_robin::{RoundRobin, Weights};
use crate::strategy::{Binding, Blueprint, Health, Limits, Parts, QueueRules, Strategy};
use crate::workload::class::{Class, Gather, Shape, Stage};
use crate::workload::source::{Arrivals, Source};

/// Mean services below this (seconds) feel the rounding to whole nanoseconds.
const SHORTEST: f64 = 1e-6;

/// Jobs of one class that arrive one by one at independent intervals, on nodes that all serve by one
/// discipline.
pub struct QueueingSystem<'a> {
    /// Who is served next.
    pub discipline: &'a Discipline,
    /// Attempts that may wait at each node; any number if `None`.
    pub queue_limit: Option<u64>,
    /// The priority of the class.
    pub priority: i64,
    /// Name of the class.
    pub class: &'a str,
    /// Law of the intervals between jobs.
    pub interval: &'a Law,
    /// Tasks of every job.
    pub tasks: u32,
    /// Law of a task's work, seconds at speed 1.
    pub work: &'a Law,
    /// What every task takes on top, seconds.
    pub overhead: f64,
    /// For each group of nodes whether it may run the tasks.
    pub eligible: Vec<bool>,
    /// Groups of nodes that may run the tasks.
    pub stations: Vec<Station>,
    /// How a central queue is served.
    pub queue: QueueRules,
    /// When tasks are bound.
    pub binding: Binding,
    /// Number of dispatchers.
    pub dispatchers: u32,
    demand: &'a [u64],
    placement: &'a dyn Blueprint,
    decision: &'a Law,
    network: &'a Network,
}

/// A group of equal nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// Number of nodes.
    pub nodes: u32,
    /// Speed of each.
    pub speed: f64,
    /// How many of the tasks run at once at each; `None` for any number.
    pub servers: Option<u64>,
    /// Its slots; `None` for any number.
    pub slots: Option<u64>,
    /// Its speed x slots.
    pub weight: f64,
}

/// What delays add to a job beside its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shift {
    /// Mean time from arrival to the queue, seconds.
    pub before: f64,
    /// Mean time from the end of service to completion, seconds.
    pub after: f64,
    /// False if they are random, so that they shift means but not quantiles.
    pub is_constant: bool,
}

impl<'a> QueueingSystem<'a> {
    /// One for each class, all of which share the nodes; `None` if the setup has anything that models
    /// do not speak of.
    pub fn of_classes(setup: &'a Setup) -> Option<Vec<QueueingSystem<'a>>> {
        setup
            .faults
            .are_none()
            .then(|| QueueingSystem::of_failing(setup))?
    }

    /// The same, whatever fails.
    pub fn of_failing(setup: &'a Setup) -> Option<Vec<QueueingSystem<'a>>> {
        // By name, every one, here and in what is called: what is new must be looked at.
        let Setup {
            seed: _,
            placement_seed: _,
            cluster,
            network,
            classes,
            sources,
            stragglers: None,
            faults,
            strategy,
            window,
            engine: _,
        } = setup
        else {
            return None;
        };
        if classes.len() != sources.len() || !has_warmup(window) || cluster.is_elastic() {
            return None;
        }
        // Who is turned away is gone.
        if setup.turns_away() && faults.retries.max_attempts > 1 {
            return None;
        }
        let pairs = classes.iter().zip(sources);
        let of =
            |(class, source)| QueueingSystem::of_class(class, source, cluster, network, strategy);
        pairs.map(of).collect()
    }

    /// The system that one class meets, if it meets one that models know.
    fn of_class(
        class: &'a Class,
        source: &'a Source,
        cluster: &'a Cluster,
        network: &'a Network,
        strategy: &'a Strategy,
    ) -> Option<QueueingSystem<'a>> {
        let (binding, central_limit, parts) = parts(strategy)?;
        if !network.ways.is_empty() {
            return None;
        }
        let Parts {
            placement,
            dispatchers,
            decision_time,
            // In flight matters only where tasks travel, ties not at all, the rest is left at its default.
            ..
        } = parts.sees_all()?;
        let (tasks, work, stage) = tasks(class)?;
        let (discipline, queue_limit) = match binding {
            Binding::CentralQueue => (&Discipline::Fifo, central_limit), // nothing waits at nodes
            _ => service(cluster, stage)?,
        };
        let system = QueueingSystem {
            discipline,
            queue_limit,
            priority: class.priority,
            class: &class.name,
            interval: interval(source)?,
            tasks,
            work,
            overhead: stage.overhead.as_secs(),
            eligible: eligible(cluster, stage).map(|(_, is)| is).collect(),
            stations: stations(cluster, stage)?,
            queue: strategy.queue,
            binding,
            dispatchers: *dispatchers,
            demand: &stage.demand,
            placement: placement.as_ref(),
            decision: decision_time,
            network,
        };
        system.is_regular().then_some(system)
    }

    /// Laws with two moments, and services long enough not to feel the clock.
    fn is_regular(&self) -> bool {
        let Network {
            dispatch,
            result,
            ways: _,           // there are none
            cancels_travel: _, // nothing is called off
        } = self.network;
        let laws = [self.interval, self.work, self.decision, dispatch, result];
        let fastest = self.stations.iter().map(|s| s.speed).fold(0.0, f64::max);
        laws.iter().all(|law| law.second_moment().is_finite())
            && self.work.mean() / fastest + self.overhead >= SHORTEST
    }

    /// The placement, if it is a `T`.
    pub fn placement<T: Blueprint>(&self) -> Option<&T> {
        downcast(self.placement)
    }

    /// True if a central queue, if there is one, has no rules of its own.
    pub fn is_plain(&self) -> bool {
        self.queue == QueueRules::default()
    }

    /// True if tasks are served first in, first out, and wait in any number.
    pub fn is_fifo(&self) -> bool {
        self.is_plain() && *self.discipline == Discipline::Fifo && self.queue_limit.is_none()
    }

    /// True if tasks go to the nodes in turn, each as often as any other, in the order of arrival.
    pub fn takes_turns(&self) -> bool {
        let alike = self.stations.windows(2).all(|s| s[0].weight == s[1].weight);
        let is_even = match self.placement::<RoundRobin>() {
            Some(RoundRobin { weights, start: _ }) => *weights == Weights::Equal || alike,
            None => false,
        };
        is_even && self.binding == Binding::Early && self.dispatchers == 1 && self.keeps_order()
    }

    /// Jobs a second.
    pub fn rate(&self) -> f64 {
        1.0 / self.interval.mean()
    }

    /// Jobs a second, if they arrive as a Poisson process.
    pub fn poisson(&self) -> Option<f64> {
        matches!(self.interval, Law::Exponential { .. }).then(|| self.rate())
    }

    /// Rate of arrival and mean service, if jobs arrive as a Poisson process and service is
    /// exponential, at the same speed everywhere.
    pub fn markov(&self) -> Option<(f64, f64)> {
        Some((self.poisson()?, self.exponential(self.speed()?)?))
    }

    /// Number of nodes.
    pub fn nodes(&self) -> u32 {
        self.stations.iter().map(|station| station.nodes).sum()
    }

    /// The speed of all nodes, if they have but one.
    pub fn speed(&self) -> Option<f64> {
        let speed = self.stations.first()?.speed;
        self.stations
            .iter()
            .all(|s| s.speed == speed)
            .then_some(speed)
    }

    /// Tasks that all nodes together run at once.
    pub fn servers(&self) -> Option<u64> {
        let of = |s: &Station| Some(u64::from(s.nodes) * s.servers?);
        self.stations.iter().map(of).sum()
    }

    /// True if every node runs one task at a time.
    pub fn is_one_by_one(&self) -> bool {
        self.stations.iter().all(|s| s.servers == Some(1))
    }

    /// True if a task demands one slot and nothing else, so that all that it waits for is shared.
    pub fn holds_slots_only(&self) -> bool {
        self.demand[SLOTS] == 1 && self.demand[SLOTS + 1..].iter().all(|need| *need == 0)
    }

    /// The slots that a task demands, if it demands nothing else.
    pub fn slots_only(&self) -> Option<u64> {
        let others = &self.demand[SLOTS + 1..];
        others
            .iter()
            .all(|need| *need == 0)
            .then_some(self.demand[SLOTS])
    }

    /// True if, besides, every job is one task.
    pub fn is_simple(&self) -> bool {
        self.tasks == 1 && self.is_one_by_one()
    }

    /// Mean of the exponential service at nodes of speed `speed`, if it is exponential.
    pub fn exponential(&self, speed: f64) -> Option<f64> {
        match self.work {
            Law::Exponential { mean } if self.overhead == 0.0 => Some(mean / speed),
            _ => None,
        }
    }

    /// The constant service at nodes of speed `speed`, if it is constant.
    pub fn constant(&self, speed: f64) -> Option<f64> {
        self.work.constant().map(|w| w / speed + self.overhead)
    }

    /// For each station, the probability that a task is sent to any one of its nodes, if every task
    /// is sent at random whatever happens.
    pub fn split(&self) -> Option<Vec<f64>> {
        let stations = || self.stations.iter();
        if self.nodes() == 1 {
            return Some(vec![1.0]);
        }
        if self.binding != Binding::Early {
            return None;
        }
        match fixed_split(self.placement)? {
            FixedSplit::Random(Weights::Equal) => {
                Some(vec![1.0 / f64::from(self.nodes()); self.stations.len()])
            }
            FixedSplit::Random(Weights::SpeedTimesSlots) => {
                let sum: f64 = stations().map(|s| f64::from(s.nodes) * s.weight).sum();
                Some(stations().map(|s| s.weight / sum).collect())
            }
            FixedSplit::Turns(_) => None,
        }
    }

    /// True if `dispatch` and decisions take no time.
    pub fn is_undelayed(&self) -> bool {
        self.network.dispatch.is_zero() && self.decision.is_zero()
    }

    /// True if tasks reach the nodes in the order in which they are placed.
    pub fn keeps_order(&self) -> bool {
        self.network.dispatch.constant().is_some()
    }

    /// True if where a task goes may depend on the state of the nodes.
    pub fn looks_at_nodes(&self) -> bool {
        fixed_split(self.placement).is_none()
    }

    /// What delays add, where arrivals at the queue stay what they were.
    ///
    /// Poisson arrivals stay Poisson if each is displaced by an independent delay (Kingman, "Poisson
    /// Processes", 1993, section 5.5), and behind a dispatcher that is an M/M/1 queue (Burke, 1956);
    /// a constant delay displaces any arrivals as they are.
    pub fn shift(&self) -> Option<Shift> {
        let Network {
            dispatch,
            result,
            ways: _,           // there are none
            cancels_travel: _, // nothing is called off
        } = self.network;
        let is_constant = dispatch.constant().is_some() && result.constant().is_some();
        let decision = match self.decision {
            law if law.is_zero() => Some(0.0),
            Law::Exponential { mean } if self.tasks == 1 => {
                let each = self.poisson()? / f64::from(self.dispatchers);
                (each * mean < 1.0).then(|| 1.0 / (1.0 / mean - each))
            }
            _ => None,
        }?;
        let is_allowed = dispatch.constant().is_some() || self.poisson().is_some();
        is_allowed.then(|| Shift {
            before: dispatch.mean() + decision,
            after: result.mean(),
            is_constant: is_constant && decision == 0.0,
        })
    }
}

/// Mean service and mean of its square at nodes of `speed`.
pub fn moments(work: &Law, overhead: f64, speed: f64) -> (f64, f64) {
    let mean = work.mean() / speed;
    let square = work.second_moment() / (speed * speed);
    (
        mean + overhead,
        square + 2.0 * mean * overhead + overhead * overhead,
    )
}

/// The interval between jobs that arrive one by one.
pub fn interval(source: &Source) -> Option<&Law> {
    let Source {
        name: _,
        arrivals,
        first_class: _,
        classes: _,
    } = source;
    match arrivals {
        Arrivals::Renewal { interval } => Some(interval),
        Arrivals::Batch { jobs: _, at: _ } | Arrivals::Trace(_) => None,
        Arrivals::Phases(_) | Arrivals::Wave(_) | Arrivals::Closed(_) => None,
    }
}

/// The steady state is that of a run without its start.
pub fn has_warmup(window: &Window) -> bool {
    let Window {
        warmup,
        measure: _,
        drain: _,
        max_in_system: _,
        slowdown_floor: _,
        stratum: _,
        finite: _,
    } = window;
    *warmup != Warmup::None
}

/// The binding, the limit of a central queue and the parts of all classes, if they are the same for all
/// and let all jobs in.
fn parts(strategy: &Strategy) -> Option<(Binding, Option<u64>, &Parts)> {
    let Strategy {
        name: _,
        binding,
        parts,
        parts_of_class: _,
        limits:
            Limits {
                jobs,
                dispatcher_queue: None,
                central_queue,
            },
        queue: _, // told beside
        copies: None,
        stealing: None,
        pushing: None,
        stolen: _,
        partition,
        health,
    } = strategy
    else {
        return None;
    };
    let [parts] = &parts[..] else { return None };
    let lets_in = jobs.iter().all(Option::is_none) && *health == Health::default();
    let is_known = lets_in && *binding != Binding::Late && partition.is_empty();
    is_known.then_some((*binding, *central_queue, parts))
}

/// Number and work of the tasks of every job of `class`, gathered in no time, and their stage.
fn tasks(class: &Class) -> Option<(u32, &Law, &Stage)> {
    let Class {
        name: _,
        stages,
        gather,
        slo: _,
        priority: _, // told beside
        transfer: [Time::ZERO, Time::ZERO],
        data: None,
        key: _, // the placements that are known here do not go by it
        gang: false,
    } = class
    else {
        return None;
    };
    let Gather {
        per_result,
        work,
        need,
    } = gather;
    let takes_all = per_result.is_zero() && work.is_zero() && need.is_none();
    let ([stage], true) = (&stages[..], takes_all) else {
        return None;
    };
    let Stage {
        name: _,
        after: _, // there is no other
        skew: _,  // one part is the whole
        shape,
        overhead: _,
        demand: _,
        allowed: _,
    } = stage;
    match shape {
        Shape::Tasks { count, work } => Some((whole(count)?, work, stage)),
        Shape::Split { work, into } => (whole(into)? == 1).then_some((1, work, stage)),
        Shape::Trace => None,
    }
}

fn whole(count: &Law) -> Option<u32> {
    let count = count.constant()?.round_ties_even().max(1.0);
    Some(count as u32)
}

/// For each group whether it may run tasks of `stage`.
pub fn eligible<'a>(
    cluster: &'a Cluster,
    stage: &'a Stage,
) -> impl Iterator<Item = (&'a Group, bool)> {
    let Cluster {
        dimensions: _,
        groups,
    } = cluster;
    groups.iter().zip(stage.eligible(groups))
}

/// The groups that may run tasks of `stage`.
fn stations(cluster: &Cluster, stage: &Stage) -> Option<Vec<Station>> {
    let stations: Vec<Station> = eligible(cluster, stage)
        .filter(|(_, is)| *is)
        .map(|(group, _)| station(group, &stage.demand))
        .collect();
    (!stations.is_empty()).then_some(stations)
}

/// The discipline and the limit of all queues, if they are the same.
fn service<'a>(cluster: &'a Cluster, stage: &'a Stage) -> Option<(&'a Discipline, Option<u64>)> {
    let mut used = eligible(cluster, stage).filter(|(_, is)| *is);
    let (first, _) = used.next()?;
    let same = |(group, _): (&Group, bool)| {
        group.discipline == first.discipline && group.queue_limit == first.queue_limit
    };
    used.all(same)
        .then_some((&first.discipline, first.queue_limit))
}

/// A group of nodes as equal servers: how many tasks of this demand one of them serves at once.
fn station(group: &Group, demand: &[u64]) -> Station {
    let Group {
        name: _,
        count,
        speed,
        capacity,
        discipline: _,  // the same everywhere, and told beside
        zone: _,        // no fault hits it
        queue_limit: _, // the same
        backfill: _,    // equal tasks overtake none
        away: _,        // none, see `of_classes`
        autoscaling: _, // none, as well
        price: _,
        power: _,
    } = group;
    let needs = demand.iter().zip(capacity).filter(|(need, _)| **need > 0);
    let servers = needs.filter_map(|(need, has)| has.map(|has| has / need));
    Station {
        nodes: *count,
        speed: speed.factor(),
        servers: servers.min(),
        slots: capacity[SLOTS],
        weight: speed.factor() * group.slot_weight() as f64,
    }
}
