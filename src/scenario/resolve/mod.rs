//! Resolution: from the sections of the grammar to setups. Each part takes what it needs.
//!
//! The grammar says what may be written, resolution what it means; they are apart so that a reader
//! finds each in one place, and so that a strategy's defaults, units and loads are applied in one
//! order. A part that cannot be resolved gives nothing, and the others go on, so that all mistakes
//! of a file are told at once.

pub mod check;
mod class_names;
mod classes;
mod clock;
mod cluster;
mod faults;
pub mod files;
mod health;
pub mod judging;
mod loads;
mod partition;
mod rates;
mod sources;
mod stages;
mod strategies;
mod traces;
mod unread;
mod window;
mod zones;

use super::grammar::{self, Cancels, Document};
use crate::engine::quantity::Amount;
use crate::engine::time::Time;
use crate::model::cluster::Cluster;
use crate::sim::setup::{Engine, Network, Setup};
use crate::strategy::{Binding, Copies, Estimates, Strategy};
use crate::workload::class::{Class, Shape, Stage};
use crate::workload::load::Demand;
use crate::workload::source::Source;
use check::Check;

/// What a point resolves to.
pub struct Resolved {
    pub setups: Vec<Setup>,
    pub classes: Vec<Class>,
    pub baseline: String,
}

/// The setups of all strategies; nothing if anything is wrong.
pub fn resolve(
    check: &mut Check<'_>,
    document: &Document,
    notes: &mut Vec<String>,
) -> Option<Resolved> {
    check_names(check, document)?;
    let baseline = judging::baseline(check, &document.compare, &names(document));
    let network = delays(&mut check.at("network"), &document.network);
    let stragglers = faults::stragglers(&mut check.at("faults.stragglers"), &document.faults);
    let cluster = cluster::cluster(check, &document.nodes)?;
    let workload = workload(check, document, &cluster, notes);
    let known = workload.as_ref().map(|(classes, _)| classes.as_slice());
    let strategies = strategies::resolve(check, &document.strategies, &cluster, known);
    let known = known.unwrap_or_default();
    judge(check, document, &cluster, known);
    let faults = faults::faults(&mut check.at("faults"), &document.faults, &cluster, known);
    window::conflict(check, &document.run);
    let (classes, sources) = workload?;
    let demand = Demand::new(&sources, &classes, &cluster);
    let window = window::window(&mut check.at("run"), &document.run, &demand)?;
    let (network, faults) = (network?, faults?);
    clock::check(check, &demand, demand.lasts(&window));
    let setup = |strategy: Strategy| Setup {
        seed: document.run.seed.get(),
        placement_seed: 0,
        cluster: cluster.clone(),
        network: network.clone(),
        classes: classes.clone(),
        sources: sources.clone(),
        stragglers: stragglers.clone(),
        faults: faults.clone(),
        strategy: knowing(strategy, &demand),
        window: window.clone(),
        engine: Engine::Auto,
    };
    let mut setups: Vec<Setup> = strategies?.into_iter().map(setup).collect();
    contradictions(check, document, &setups, notes);
    window::forget_the_start(&mut setups, &document.run);
    let baseline = baseline?;
    Some(Resolved {
        setups,
        baseline,
        classes,
    })
}

/// The strategy, with placements that know the laws of the works that they will place.
fn knowing(mut strategy: Strategy, demand: &Demand<'_>) -> Strategy {
    for (at, parts) in strategy.parts.iter_mut().enumerate() {
        let works = demand.works(|class| strategy.parts_of_class.get(class) == Some(&at));
        let knowing = works.and_then(|works| parts.placement.knowing(&works));
        parts.placement = knowing.unwrap_or_else(|| parts.placement.clone());
    }
    strategy
}

/// What cannot be together, and what has no effect beside the rest.
fn contradictions(
    check: &mut Check<'_>,
    document: &Document,
    setups: &[Setup],
    notes: &mut Vec<String>,
) {
    setups.iter().for_each(|setup| not_modelled(check, setup));
    zones::check(check, &document.network, setups);
    unread::warn(check, setups, notes);
}

/// What is not modelled yet, or cannot be.
fn not_modelled(check: &mut Check<'_>, setup: &Setup) {
    fresh_copies(check, setup);
    estimates(check, setup);
    health::check(check, setup);
    if setup.strategy.binding == Binding::Late {
        late(check, setup);
    }
}

/// Copies draw work of their own only where works are drawn task by task.
fn fresh_copies(check: &mut Check<'_>, setup: &Setup) {
    let strategy = &setup.strategy;
    if strategy.copies.is_some_and(Copies::is_fresh) {
        let mut check = check.at("strategies");
        let mut check = check.name(&strategy.name);
        faults::can_draw_anew(&mut check.at("copies"), &setup.classes);
    }
}

/// A reservation for any task of its job cannot be where the data of each are.
fn late(check: &mut Check<'_>, setup: &Setup) {
    let strategy = &setup.strategy;
    let mut sets = setup.classes.iter().zip(&strategy.parts_of_class);
    let is_torn =
        |class: &Class, set: usize| class.data.is_some() && strategy.parts[set].is_batch();
    let Some((class, _)) = sets.find(|(class, set)| is_torn(class, **set)) else {
        return;
    };
    let title = format!(
        "`{}` makes reservations for any task of a job, and those of `{}` run where their data are (`replicas`)",
        strategy.name, class.name
    );
    let hint = "write binding.late.sampling = \"per-task\"";
    let mut check = check.at("strategies");
    let mut check = check.name(&strategy.name);
    check.at("binding").error(title, hint);
}

/// What is said of a task must be able to be said, and to be followed as it is served.
fn estimates(check: &mut Check<'_>, setup: &Setup) {
    let strategy = &setup.strategy;
    let has_mean = |stage: &Stage| !matches!(stage.shape, Shape::Trace);
    let is_known = |class: &Class| class.stages.iter().all(has_mean);
    let needs_mean = |set: usize| strategy.parts[set].estimates == Estimates::ClassMean;
    let mut sets = setup.classes.iter().zip(&strategy.parts_of_class);
    let unknown = sets.find(|(class, set)| needs_mean(**set) && !is_known(class));
    let mut groups = setup.cluster.groups.iter();
    let (title, hint) = match unknown {
        _ if strategy.estimates_exactly() => return,
        Some((class, _)) => (
            format!(
                "the mean work of `{}` is not known beforehand: it comes from a trace",
                class.name
            ),
            "write \"job-mean\", estimates.error = a law of factors, or \"none\"",
        ),
        None if setup.faults.slow_downs.is_some()
            || groups.any(|group| group.discipline.shares()) =>
        {
            (
                "estimates beside slow-downs and shared processors are not modelled yet".to_owned(),
                "leave one of them out",
            )
        }
        None => return,
    };
    let mut check = check.at("strategies");
    let mut check = check.name(&strategy.name);
    check.at("estimates").error(title, hint);
}

/// Most names of a section: time and memory grow with each, and a table of more says nothing.
const MOST_NAMES: usize = 1_000;

/// Refuses sections with so many names that resolving them, each against each, would take minutes.
fn are_too_many(check: &mut Check<'_>, document: &Document) -> bool {
    let sections = [
        ("nodes", document.nodes.len()),
        ("jobs", document.jobs.len()),
        ("strategies", document.strategies.len()),
    ];
    let too_long = sections
        .into_iter()
        .filter(|(_, names)| *names > MOST_NAMES);
    let told = too_long.map(|(section, names)| {
        let title = format!("[{section}] has {names} names, at most {MOST_NAMES} are possible");
        check.at(section).error(title, "leave some out");
    });
    told.count() > 0
}

/// Checks names, and what contradicts itself; nothing if there are too many to go on.
fn check_names(check: &mut Check<'_>, document: &Document) -> Option<()> {
    if are_too_many(check, document) {
        return None;
    }
    strategies::names(check, &document.strategies, &document.scheduling);
    classes::names(check, &document.jobs);
    loads::conflicts(check, document.workload.load.is_some(), &document.jobs);
    Some(())
}

/// Names of the strategies, in file order.
fn names(document: &Document) -> Vec<&str> {
    document.strategies.keys().map(String::as_str).collect()
}

/// The classes and their sources, with the loads that are asked for.
fn workload(
    check: &mut Check<'_>,
    document: &Document,
    cluster: &Cluster,
    notes: &mut Vec<String>,
) -> Option<(Vec<Class>, Vec<Source>)> {
    let (jobs, most) = (
        &document.jobs,
        window::max_in_system(&document.run, cluster),
    );
    let (mut classes, mut sources) = sources::sources(check, jobs, most, cluster, notes)?;
    transfers(check, document, &sources, &mut classes);
    let loads = loads::Loads {
        together: document.workload.load.map(|load| load.0),
        jobs,
        classes: &classes,
        cluster,
    };
    loads.scale(check, &mut sources);
    sources::late(check, &sources);
    let demand = Demand::new(&sources, &classes, cluster);
    for peak in rates::peaks(&demand) {
        if !notes.contains(&peak) {
            notes.push(peak);
        }
    }
    Some((classes, sources))
}

/// The time that payloads take to be sent.
fn transfers(
    check: &mut Check<'_>,
    document: &Document,
    sources: &[Source],
    classes: &mut [Class],
) {
    let bandwidth = document.network.bandwidth;
    for source in sources {
        let jobs = document.jobs.get(&source.name);
        let Some(payload) = jobs.and_then(|jobs| jobs.payload) else {
            continue;
        };
        let Some(bandwidth) = bandwidth else {
            let mut check = check.at("jobs");
            let hint = "add [network] bandwidth = \"1 GB\" (bytes a second)";
            let title = "nothing says how fast payloads are sent";
            check.name(&source.name).at("payload").error(title, hint);
            continue;
        };
        let time = |bytes: Amount| Time::from_secs(bytes.0 / bandwidth.0);
        let first = source.first_class as usize;
        for class in &mut classes[first..first + source.classes as usize] {
            class.transfer = [time(payload.task), time(payload.result)];
        }
    }
    let is_sent = document.jobs.values().any(|jobs| jobs.payload.is_some());
    if bandwidth.is_some() && !is_sent {
        let hint = "say how much is sent: jobs.NAME.payload = { task = \"1 MB\" }";
        check.at("network.bandwidth").warn("nothing is sent", hint);
    }
}

/// Checks what decides, what is watched and what must be precise.
fn judge(check: &mut Check<'_>, document: &Document, cluster: &Cluster, classes: &[Class]) {
    let known = judging::Known {
        classes: classes.iter().map(|class| class.name.as_str()).collect(),
        dimensions: cluster.dimension_names(),
    };
    let confidence = document.compare.confidence.0;
    judging::Known::check_confidence(&mut check.at("compare.confidence"), confidence);
    known.check_compare(&mut check.at("compare"), &document.compare);
    known.check_precision(&mut check.at("run"), &document.run);
    known.check_gate(&mut check.at("gate"), &document.gate, &names(document));
}

/// The delays as laws.
fn delays(check: &mut Check<'_>, network: &grammar::Network) -> Option<Network> {
    let dispatch = check.at("dispatch").law(&network.dispatch);
    let result = check.at("result").law(&network.result)?;
    let dispatch = dispatch?;
    let network = Network {
        dispatch,
        result,
        ways: zones::ways(&mut check.at("zones"), &network.zones)?,
        cancels_travel: network.cancels == Cancels::Travel,
    };
    if network.cancels_travel && !network.cancels_late() {
        let hint = "say how long: network.dispatch = \"1ms\"";
        check
            .at("cancels")
            .warn("what calls attempts off takes no time", hint);
    }
    Some(network)
}
