//! Loads that are asked for: one way to set each class's rate, and arrivals scaled to it.
//!
//! A load is easier to mean than a rate: 0.8 of the cluster stays 0.8 when the cluster changes. The
//! classes of `workload.load` are scaled by one factor, which keeps their mix. Two ways to set one
//! rate are an error, since any order of precedence would surprise somebody.

use std::sync::Arc;

use super::check::Check;
use crate::engine::law::Law;
use crate::model::cluster::Cluster;
use crate::scenario::grammar::{Arrivals as Given, Jobs, Named};
use crate::workload::class::Class;
use crate::workload::load::Demand;
use crate::workload::source::{Arrivals, Source};

/// What loads are asked of: the classes on a cluster, and how they were written.
pub struct Loads<'a> {
    /// `[workload] load`.
    pub together: Option<f64>,
    /// `[jobs]`.
    pub jobs: &'a Named<Jobs>,
    /// The classes.
    pub classes: &'a [Class],
    /// The nodes.
    pub cluster: &'a Cluster,
}

impl Loads<'_> {
    /// Scales the arrivals of all sources: by one factor to the load of all together, or each to
    /// its own.
    pub fn scale(&self, check: &mut Check<'_>, sources: &mut [Source]) {
        if let Some(load) = self.together {
            self.scale_to(check, "workload.load", load, sources);
        } else {
            for source in sources.iter_mut() {
                let jobs = self.jobs.get(&source.name);
                let given = jobs.and_then(|jobs| jobs.arrivals.as_ref());
                if let Some((given, load)) = given.and_then(|given| Some((given, given.load()?))) {
                    let path = format!("jobs.{}.arrivals.{}.load", source.name, given.form());
                    self.scale_to(check, &path, load, std::slice::from_mut(source));
                }
            }
        }
        if check.is_right() {
            self.doubt(check, sources);
        }
    }

    /// Scales sources to a load together, if they have one to begin with; else says why not.
    fn scale_to(&self, check: &mut Check<'_>, path: &str, load: f64, sources: &mut [Source]) {
        let (_, now) = Demand::new(sources, self.classes, self.cluster).busiest();
        if now.is_finite() && now > 0.0 {
            let factor = now / load;
            let sources = sources.iter_mut();
            sources.for_each(|source| slow(&mut source.arrivals, factor));
        } else if now == 0.0 {
            let hint = "jobs need work or overhead, time between arrivals, and nodes with limited slots or resources";
            let title = "a load is asked for, but the jobs ask nothing of the nodes";
            check.at(path).error(title, hint);
        } else if !self.tell_means(check) {
            let title = "a load is asked for, but the mean work of the jobs is infinite";
            check.at(path).error(title, "bound the law of the work");
        }
    }

    /// Points at the laws that have no mean; true if there are any.
    fn tell_means(&self, check: &mut Check<'_>) -> bool {
        let mut told = false;
        let classes = self.classes.iter();
        for class in classes.filter(|class| self.jobs.contains_key(&class.name)) {
            let of = |stage| std::iter::repeat(class.place(stage)).zip(stage.shape.laws());
            let laws = class.stages.iter().flat_map(of);
            for (place, (key, _)) in laws.filter(|(_, (_, law))| !law.mean().is_finite()) {
                let title = "a load is asked for, but this law has no mean";
                let hint = "raise `shape` above 1, bound the law with bounded-pareto, or give a rate instead of a load";
                check.at(&format!("{place}.{key}")).error(title, hint);
                told = true;
            }
        }
        told
    }

    /// Warns where more is asked for than the nodes can give, for ever.
    fn doubt(&self, check: &mut Check<'_>, sources: &[Source]) {
        let is_open = |source: &Source| source.arrivals.rate().is_some();
        let (at, load) = Demand::new(sources, self.classes, self.cluster).busiest();
        if load < 1.0 || !sources.iter().any(is_open) {
            return;
        }
        let path = match (self.together, sources.first()) {
            (None, Some(source)) => format!("jobs.{}.arrivals", source.name),
            _ => "workload.load".to_owned(),
        };
        let (name, load) = (
            &self.cluster.dimensions[at].name,
            (load * 1000.0).round() / 1000.0,
        );
        let title = format!("the offered load of {name} is {load}: queues grow for ever");
        let hint = match load < FAR_OFF {
            true => "a load below 1 can be stable",
            false => "a load below 1 can be stable; a time without a unit is in seconds",
        };
        check.at(&path).warn(title, hint);
    }
}

/// From this load on it is more likely that a unit was forgotten.
const FAR_OFF: f64 = 10.0;

/// Makes the arrivals `factor` times as slow.
fn slow(arrivals: &mut Arrivals, factor: f64) {
    match arrivals {
        Arrivals::Renewal { interval } => *interval = interval.scaled(factor),
        Arrivals::Trace(plan) => Arc::make_mut(plan).scale *= factor,
        Arrivals::Phases(phases) => phases.phases.iter_mut().for_each(|p| p.rate /= factor),
        Arrivals::Wave(wave) => wave.rate /= factor,
        Arrivals::Batch { .. } | Arrivals::Closed(_) => {}
    }
}

/// Checks that exactly one way sets each class's rate.
pub fn conflicts<'a>(check: &mut Check<'_>, together: bool, jobs: &'a Named<Jobs>) {
    let arrivals = |(name, jobs): (_, &'a Jobs)| Some((name, jobs.arrivals.as_ref()?));
    let given = || jobs.iter().filter_map(arrivals);
    let is_open =
        |(_, arrivals): &(&String, &Given)| !matches!(arrivals, Given::Batch(_) | Given::Closed(_));
    let alone = given().filter(is_open).count() <= 1;
    for (name, arrivals) in given() {
        if let Some((key, title, hint)) = conflict(name, arrivals, together, alone) {
            let mut check = check.at(&format!("jobs.{name}.arrivals"));
            match key {
                "" => check.error(title, hint),
                key => check.at(arrivals.form()).at(key).error(title, hint),
            }
        }
    }
}

/// A key below the form of the arrivals (none: the arrivals), what is wrong with it, what to do.
type Conflict = (&'static str, String, &'static str);

/// What is wrong with how a class's rate is set.
fn conflict(name: &str, arrivals: &Given, together: bool, alone: bool) -> Option<Conflict> {
    let said = |key, title: &str, hint| Some((key, title.to_owned(), hint));
    match arrivals {
        _ if together && arrivals.load().is_some() => {
            let title = "this class has a load of its own beside [workload] load";
            said("load", title, "keep this one, or [workload] load")
        }
        Given::Batch(_) if together => {
            let title = "a batch has no load: all its jobs arrive at once";
            said("", title, "remove [workload] load")
        }
        Given::Closed(_) if together => {
            let title = "clients that wait for their jobs have no load: how fast they come depends on the strategy";
            said("", title, "remove [workload] load")
        }
        Given::Poisson(poisson) => {
            let found = of_rate(poisson.rate.is_some(), poisson.load.is_some());
            found.unwrap_or_else(|| rateless(name, "poisson", together, alone))
        }
        Given::Diurnal(diurnal) if diurnal.table.is_empty() => {
            let found = of_rate(diurnal.rate.is_some(), diurnal.load.is_some());
            found.unwrap_or_else(|| rateless(name, "diurnal", together, alone))
        }
        Given::Trace(trace) if trace.time_scale.is_some() && (trace.load.is_some() || together) => {
            let title = "both `time-scale` and a load are given";
            said("time-scale", title, "keep one of the two")
        }
        _ => None,
    }
}

/// What is wrong if both a rate and a load are given; nothing is if one is, and if none is that must be
/// looked at.
fn of_rate(has_rate: bool, has_load: bool) -> Option<Option<Conflict>> {
    let both = "both `rate` and `load` are given".to_owned();
    match (has_rate, has_load) {
        (true, true) => Some(Some(("load", both, "keep one of the two"))),
        (false, false) => None,
        _ => Some(None),
    }
}

/// Arrivals of this `form` without a rate: the load must give it, which it can to one class only.
fn rateless(name: &str, form: &str, together: bool, alone: bool) -> Option<Conflict> {
    let nothing = |what: &str| format!("nothing says {what} `{name}`");
    let (share, number) = ("what share of the jobs are of", "how many jobs of");
    let (title, hint) = match (together, alone, form) {
        (true, true, _) => return None,
        (true, false, "poisson") => (
            nothing(share),
            "write arrivals.poisson.rate = ... for each class: the load scales them all by one factor",
        ),
        (true, false, _) => (
            nothing(share),
            "write arrivals.diurnal.rate = ...: the load scales all classes by one factor",
        ),
        (false, _, "poisson") => (
            format!("{} arrive", nothing(number)),
            "add [workload] load = 0.8, or write arrivals.poisson.rate = ... (jobs a second)",
        ),
        (false, ..) => (
            format!("{} arrive", nothing(number)),
            "add [workload] load = 0.8, or write arrivals.diurnal.rate = ... (jobs a second)",
        ),
    };
    Some(("", title, hint))
}

/// The interval of Poisson arrivals at `rate`.
pub fn poisson(rate: f64) -> Law {
    Law::Exponential { mean: 1.0 / rate }
}
