//! One point of the grid: from sections to setups.

pub mod check;
mod classes;
mod cluster;
pub mod files;
pub mod judging;
pub mod load;
mod sources;
mod strategies;
pub mod window;

use super::grammar::{self, Document};
use crate::model::cluster::Cluster;
use crate::sim::setup::{Network, Setup, Stragglers};
use crate::workload::class::Class;
use check::Check;

/// What a point resolves to.
pub struct Resolved {
    pub setups: Vec<Setup>,
    pub classes: Vec<Class>,
    pub baseline: String,
}

/// Names of the metrics of a run with these dimensions.
pub type Metrics = fn(&[String]) -> Vec<String>;

/// The setups of all strategies; nothing if anything is wrong.
pub fn resolve(
    check: &mut Check<'_>,
    document: &Document,
    metrics: Metrics,
    notes: &mut Vec<String>,
) -> Option<Resolved> {
    strategies::names(check, document);
    classes::names(check, document);
    load::conflicts(check, document);
    let baseline = judging::baseline(check, document);
    let network = delays(check, &document.network);
    let stragglers = stragglers(check, &document.faults);
    let cluster = cluster::cluster(check, document)?;
    let workload = sources::resolve(check, document, &cluster, notes);
    let (classes, sources) = match workload {
        Some(workload) => workload,
        None => {
            alone(check, document, &cluster, metrics);
            return None;
        }
    };
    let window = window::window(check, document, &cluster, &classes, &sources);
    let strategies = strategies::resolve(check, document, &cluster, &classes);
    let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    decide_on(check, document, &cluster, &names, metrics);
    let (network, window) = (network?, window?);
    let setup = |strategy| Setup {
        seed: document.run.seed.get(),
        placement_seed: 0,
        cluster: cluster.clone(),
        network: network.clone(),
        classes: classes.clone(),
        sources: sources.clone(),
        stragglers: stragglers.clone(),
        strategy,
        window: window.clone(),
    };
    let setups = strategies?.into_iter().map(setup).collect();
    Some(Resolved {
        setups,
        baseline: baseline?,
        classes,
    })
}

/// What can be judged although the jobs are wrong.
fn alone(check: &mut Check<'_>, document: &Document, cluster: &Cluster, metrics: Metrics) {
    strategies::resolve_alone(check, document, cluster);
    decide_on(check, document, cluster, &[], metrics);
    if document.run.jobs.is_some() && document.run.until.is_some() {
        check.error(
            "run.until",
            "both `jobs` and `until` are given",
            "keep one of the two",
        );
    }
}

fn decide_on(
    check: &mut Check<'_>,
    document: &Document,
    cluster: &Cluster,
    classes: &[&str],
    metrics: Metrics,
) {
    let dimensions: Vec<String> = cluster
        .dimensions
        .iter()
        .map(|dimension| dimension.name.clone())
        .collect();
    let metrics = metrics(&dimensions);
    let metrics: Vec<&str> = metrics.iter().map(String::as_str).collect();
    judging::decide_on(check, document, classes, &metrics);
    judging::check_precision(check, document, classes, &metrics);
    judging::watched(check, document, classes, &metrics);
}

/// The delays as laws.
fn delays(check: &mut Check<'_>, network: &grammar::Network) -> Option<Network> {
    let dispatch = check.law("network.dispatch", &network.dispatch);
    let result = check.law("network.result", &network.result);
    Some(Network {
        dispatch: dispatch?,
        result: result?,
    })
}

/// The stragglers as laws; `None` if there are none.
fn stragglers(check: &mut Check<'_>, faults: &grammar::Faults) -> Option<Stragglers> {
    let stragglers = faults.stragglers.as_ref()?;
    let factor = check.law("faults.stragglers.factor", &stragglers.factor)?;
    (stragglers.probability.0 > 0.0).then_some(Stragglers {
        probability: stragglers.probability.0,
        factor,
    })
}
