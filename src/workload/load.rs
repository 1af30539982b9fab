//! Offered load: what the jobs ask of the cluster on average, without faults and stragglers.
//!
//! The largest, over slots and every resource, of demand over capacity: the bottleneck decides
//! whether queues grow. A load below 1 is necessary for a steady state, not sufficient: a placement
//! may still overload one node.

use super::class::{Class, Shape, Stage};
use super::source::{Arrivals, Clients, Source, TracePlan};
use super::trace::Label;
use crate::engine::law::Law;
use crate::model::cluster::Cluster;

/// What one class asks for, on average.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offered {
    /// Jobs a second; `None` for a batch, and for a trace whose jobs all arrive together.
    pub rate: Option<f64>,
    /// Number of jobs, where it is known.
    pub jobs: Option<u64>,
    /// Jobs a second at most, of clients that wait for their jobs.
    pub at_most: Option<f64>,
    /// Mean number of tasks of a job.
    pub tasks: f64,
    /// Mean work of all tasks of a job, without overheads, seconds at speed 1.
    pub work: f64,
    /// Mean of the sum over a job's tasks of overhead, seconds.
    pub overhead: f64,
    /// Mean, over jobs and by dimension, of the sum over tasks of (work + overhead) x demand, in
    /// seconds x units.
    pub held: Vec<f64>,
    /// The same of overhead x demand.
    pub held_overhead: Vec<f64>,
}

impl Offered {
    /// With what another stage of the same jobs asks for.
    fn beside(self, other: Offered) -> Offered {
        let sums = |one: Vec<f64>, other: Vec<f64>| {
            let both = one.iter().zip(&other);
            both.map(|(one, other)| one + other).collect()
        };
        Offered {
            rate: self.rate,
            jobs: self.jobs,
            at_most: self.at_most,
            tasks: self.tasks + other.tasks,
            work: self.work + other.work,
            overhead: self.overhead + other.overhead,
            held: sums(self.held, other.held),
            held_overhead: sums(self.held_overhead, other.held_overhead),
        }
    }

    /// Share of dimension `at` of the cluster that the class asks for; 0 without a rate.
    fn share(&self, cluster: &Cluster, at: usize) -> f64 {
        match self.rate.unwrap_or(0.0) * self.held[at] {
            0.0 => 0.0, // also of a cluster that has none of it
            asked => asked / cluster.power(at),
        }
    }
}

/// Classes of jobs on a cluster, and what each asks of it.
pub struct Demand<'a> {
    /// The sources of the jobs.
    pub sources: &'a [Source],
    /// The classes of all sources.
    pub classes: &'a [Class],
    /// The nodes.
    pub cluster: &'a Cluster,
    /// What each class asks for.
    pub offered: Vec<Offered>,
}

impl<'a> Demand<'a> {
    /// What the jobs of `sources` ask for; `classes` are those of all sources.
    pub fn new(sources: &'a [Source], classes: &'a [Class], cluster: &'a Cluster) -> Demand<'a> {
        Demand {
            offered: offered(sources, classes, cluster),
            sources,
            classes,
            cluster,
        }
    }

    /// Jobs a second of all classes together.
    pub fn rate(&self) -> f64 {
        self.offered.iter().filter_map(|class| class.rate).sum()
    }

    /// The dimension of which the classes together ask for the largest share, and that: the load.
    pub fn busiest(&self) -> (usize, f64) {
        let share = |at| move |class: &Offered| class.share(self.cluster, at);
        let load = |at| (at, self.offered.iter().map(share(at)).sum());
        let loads = (0..self.cluster.dimensions.len()).map(load);
        let (at, load) = loads.fold(
            (0, 0.0),
            |most, next| if next.1 > most.1 { next } else { most },
        );
        (at, exact(load))
    }

    /// The laws of the works of all tasks of the classes that are `meant`, each with its tasks a second
    /// (of one class alone: a job); `None` where one is not known.
    pub fn works(&self, meant: impl Fn(usize) -> bool) -> Option<Vec<(f64, Law)>> {
        let meant: Vec<usize> = (0..self.classes.len()).filter(|at| meant(*at)).collect();
        let is_alone = meant.len() == 1;
        let of_class = |at: usize| {
            let rate = self.offered[at].rate.filter(|_| !is_alone);
            let rate = rate.or(is_alone.then_some(1.0))?;
            let works = self.classes[at].stages.iter().map(Stage::works);
            let of = move |(tasks, law): (f64, Law)| (rate * tasks, law);
            Some(works.map(move |works| works.map(of)))
        };
        let mut all = Vec::new();
        for at in meant {
            for works in of_class(at)? {
                all.push(works?);
            }
        }
        Some(all)
    }

    /// Whether every source runs dry by itself.
    pub fn is_finite(&self) -> bool {
        let mut sources = self.sources.iter();
        sources.all(|source| match source.arrivals {
            Arrivals::Batch { .. } | Arrivals::Trace(_) => true,
            Arrivals::Renewal { .. } | Arrivals::Phases(_) | Arrivals::Wave(_) => false,
            Arrivals::Closed(_) => false,
        })
    }

    /// True if clients wait for their jobs, so that nothing but time can bound a run.
    pub fn is_closed(&self) -> bool {
        self.sources.iter().any(Source::is_closed)
    }

    /// The largest share of any dimension when the rates are at their peaks, all at once.
    pub fn peak(&self) -> f64 {
        let peaks = self.sources.iter().flat_map(|source| {
            std::iter::repeat_n(source.arrivals.peak(), source.classes as usize)
        });
        let peaks: Vec<f64> = peaks.collect();
        let load = |at| {
            let classes = self.offered.iter().zip(&peaks);
            let shares = classes.map(|(class, peak)| peak * class.share(self.cluster, at));
            shares.sum::<f64>()
        };
        let loads = (0..self.cluster.dimensions.len()).map(load);
        loads.fold(0.0, f64::max)
    }
}

/// What each class asks for, its stages together.
fn offered(sources: &[Source], classes: &[Class], cluster: &Cluster) -> Vec<Offered> {
    let of_source = |source: &Source| -> Vec<Offered> {
        let own = classes[source.first_class as usize..].iter();
        let of_class = |(at, class): (usize, &Class)| {
            let stages = class.stages.iter();
            let each = stages.map(|stage| of(&source.arrivals, at, stage, cluster));
            each.reduce(Offered::beside)
                .unwrap_or_else(|| nothing(cluster))
        };
        let own = own.take(source.classes as usize).enumerate();
        own.map(of_class).collect()
    };
    sources.iter().flat_map(of_source).collect()
}

/// What a class without stages asks for.
fn nothing(cluster: &Cluster) -> Offered {
    let none = vec![0.0; cluster.dimensions.len()];
    Offered {
        held: none.clone(),
        held_overhead: none,
        ..Offered::default()
    }
}

/// What the class at place `at` of those that `arrivals` feed asks for.
fn of(arrivals: &Arrivals, at: usize, stage: &Stage, cluster: &Cluster) -> Offered {
    match arrivals {
        Arrivals::Batch { jobs, .. } => of_laws(None, Some(*jobs), stage),
        Arrivals::Trace(plan) => of_trace(plan, &plan.survey.labels[at], stage, cluster),
        Arrivals::Closed(clients) => of_clients(clients, of_laws(None, None, stage), cluster),
        Arrivals::Renewal { .. } | Arrivals::Phases(_) | Arrivals::Wave(_) => {
            of_laws(arrivals.rate(), None, stage)
        }
    }
}

/// Clients bring no more jobs than they can if nothing ever waits, nor more than the nodes can do (the
/// asymptotic bounds of Muntz & Wong 1974).
fn of_clients(clients: &Clients, offered: Offered, cluster: &Cluster) -> Offered {
    let alone = clients.think.mean() + (offered.work + offered.overhead) / offered.tasks.max(1.0);
    let eager = f64::from(clients.count) / alone;
    let can = |at: usize| cluster.power(at) / offered.held[at];
    let can = (0..cluster.dimensions.len()).map(can);
    let most = can.filter(|rate| !rate.is_nan()).fold(eager, f64::min);
    Offered {
        at_most: Some(most).filter(|most| most.is_finite()),
        ..offered
    }
}

/// The means of laws; what work of unlimited mean holds is unlimited, unless nothing of a dimension is held.
fn of_laws(rate: Option<f64>, jobs: Option<u64>, stage: &Stage) -> Offered {
    let (tasks, work) = match &stage.shape {
        Shape::Tasks { count, work } => (count.mean_count(), count.mean_count() * work.mean()),
        Shape::Split { work, into } => (into.mean_count(), work.mean()),
        Shape::Trace => (0.0, 0.0),
    };
    let overhead = tasks * stage.overhead.as_secs();
    let times = |seconds: f64| {
        let held = move |demand: &u64| match *demand {
            0 => 0.0, // also of endless work
            demand => seconds * demand as f64,
        };
        stage.demand.iter().map(held).collect()
    };
    Offered {
        rate,
        jobs,
        at_most: None,
        tasks,
        work,
        overhead,
        held: times(work + overhead),
        held_overhead: times(overhead),
    }
}

/// What the rows of a trace ask for, as they were counted: rates are jobs over the span that is replayed.
fn of_trace(plan: &TracePlan, label: &Label, stage: &Stage, cluster: &Cluster) -> Offered {
    let jobs = (label.jobs as f64).max(1.0);
    let tasks = label.tasks as f64;
    let span = plan.survey.span.as_secs() * plan.scale;
    let overhead = stage.overhead.as_secs();
    let held = |each_work: f64, each_overhead: f64| {
        let of_dimension = |at: usize| match plan.resources.iter().position(|d| *d == at) {
            Some(column) => {
                let (work, demand) = (label.demand_work[column], label.demand[column]);
                (each_work * work + each_overhead * demand) * cluster.dimensions[at].scale / jobs
            }
            None => {
                let seconds = each_work * label.work + each_overhead * tasks;
                seconds * stage.demand[at] as f64 / jobs
            }
        };
        (0..cluster.dimensions.len()).map(of_dimension).collect()
    };
    Offered {
        rate: (span > 0.0).then(|| label.jobs as f64 / span),
        jobs: Some(label.jobs),
        at_most: None,
        tasks: tasks / jobs,
        work: label.work / jobs,
        overhead: overhead * tasks / jobs,
        held: held(1.0, overhead),
        held_overhead: held(0.0, overhead),
    }
}
/// A load that is 1 but for what its sums are rounded by is 1: it has no steady state.
pub fn exact(load: f64) -> f64 {
    if (load - 1.0).abs() < 1e-9 { 1.0 } else { load }
}
