//! One point of the grid: sections to setups.

use super::check::Check;
use super::compare;
use super::document::Document;
use super::faults;
use super::gate;
use super::jobs;
use super::load;
use super::network;
use super::nodes;
use super::run;
use super::strategies;
use super::workload;
use crate::sim::setup::Setup;
use crate::workload::class::Class;

/// What a point resolves to.
pub(super) struct Resolved {
    pub(super) setups: Vec<Setup>,
    pub(super) classes: Vec<Class>,
    pub(super) baseline: String,
}

/// The setups of all strategies; nothing if anything is wrong.
pub(super) fn resolve(
    check: &mut Check<'_>,
    document: &Document,
    notes: &mut Vec<String>,
) -> Option<Resolved> {
    strategies::names(check, document);
    jobs::names(check, document);
    load::conflicts(check, document);
    let baseline = compare::baseline(check, document);
    let network = network::resolve(check, &document.network);
    let stragglers = faults::stragglers(check, &document.faults);
    let cluster = nodes::cluster(check, document)?;
    let workload = workload::resolve(check, document, &cluster, notes);
    let (classes, sources) = match workload {
        Some(workload) => workload,
        None => {
            alone(check, document, &cluster);
            return None;
        }
    };
    let window = run::window(check, document, &cluster, &classes, &sources);
    let strategies = strategies::resolve(check, document, &cluster, &classes);
    let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    decide_on(check, document, &cluster, &names);
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
fn alone(check: &mut Check<'_>, document: &Document, cluster: &crate::model::cluster::Cluster) {
    strategies::resolve_alone(check, document, cluster);
    decide_on(check, document, cluster, &[]);
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
    cluster: &crate::model::cluster::Cluster,
    classes: &[&str],
) {
    let known = compare::Measurable {
        classes,
        dimensions: &cluster.dimension_names(),
    };
    compare::decide_on(check, document, &known);
    run::check_precision(check, document, &known);
    gate::check(check, document, &known);
}
