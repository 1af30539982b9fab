//! What decides and what is watched: `[compare]`, `[gate]`, `run.precision`.

use super::check::Check;
use crate::scenario::grammar::{Document, Warmup};
use crate::scenario::text::suggest;
use crate::scenario::{Gate, Precision, StrategyText};

/// Checks names of strategies and metrics; the baseline's name.
pub fn baseline(check: &mut Check<'_>, document: &Document) -> Option<String> {
    let strategies = document.strategies.names();
    let first = strategies.first().map(|name| (*name).to_owned());
    let Some(baseline) = &document.compare.baseline else {
        return first;
    };
    if !strategies.contains(&baseline.as_str()) && !check.is_cut("strategies") {
        let hint = suggest::hint(baseline, &strategies, "strategies");
        check.error(
            "compare.baseline",
            format!("there is no strategy `{baseline}`"),
            hint,
        );
    }
    Some(baseline.clone())
}

/// Checks that the deciding metrics exist; a class's metric is `class.metric`.
pub fn decide_on(check: &mut Check<'_>, document: &Document, classes: &[&str], metrics: &[&str]) {
    let decide = &document.compare.decide_on;
    if decide.is_empty() {
        check.error(
            "compare.decide-on",
            "no metric decides",
            "name at least one, such as \"response_p99\"",
        );
    }
    for (at, name) in decide.iter().enumerate() {
        let path = format!("compare.decide-on.{at}");
        if decide[..at].contains(name) {
            check.error(
                &path,
                format!("the metric `{name}` is named twice"),
                "remove one of the two",
            );
        }
        metric(check, &path, name, classes, metrics);
    }
}

/// Checks that the metric `name` at `path` exists; a class's metric is `class.metric`.
pub fn metric(check: &mut Check<'_>, path: &str, name: &str, classes: &[&str], metrics: &[&str]) {
    let (class, metric) = match name.rsplit_once('.') {
        Some((class, metric)) => (Some(class), metric),
        None => (None, name),
    };
    if let Some(class) = class.filter(|class| !classes.contains(class) && !classes.is_empty()) {
        check.error(
            path,
            format!("there is no class `{class}`"),
            suggest::hint(class, classes, "classes"),
        );
    }
    if !metrics.is_empty() && !metrics.contains(&metric) {
        let hint = match suggest::nearest(metric, metrics) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`equipoise list metrics` lists them".to_owned(),
        };
        check.error(path, format!("there is no metric `{metric}`"), hint);
    }
}

/// What the file asks `gate` to watch.
pub fn gate(document: &Document, strategies: &[StrategyText]) -> Gate {
    let given = &document.gate;
    let all = || strategies.iter().map(|s| s.name.clone());
    let is_watched = |name: &String| given.strategies.as_ref().is_none_or(|s| s.contains(name));
    let decide_on = document.compare.decide_on.iter();
    let margin = |name: &String| {
        let margin = given.margins.get(name);
        margin.map_or(document.compare.margin.0, |margin| margin.0)
    };
    let mut margins: Vec<(String, f64)> = decide_on.map(|m| (m.clone(), margin(m))).collect();
    for (name, margin) in given.margins.iter() {
        if !document.compare.decide_on.contains(name) {
            margins.push((name.clone(), margin.0));
        }
    }
    Gate {
        strategies: all().filter(is_watched).collect(),
        margins,
    }
}

/// Checks names of strategies and metrics.
pub fn watched(check: &mut Check<'_>, document: &Document, classes: &[&str], metrics: &[&str]) {
    let gate = &document.gate;
    let known = document.strategies.names();
    let given = gate.strategies.as_deref();
    if given.is_some_and(<[String]>::is_empty) {
        let hint = "name at least one, or remove the key to watch all";
        check.error("gate.strategies", "no strategy is watched", hint);
    }
    for (at, name) in given.unwrap_or_default().iter().enumerate() {
        if !known.contains(&name.as_str()) && !check.is_cut("strategies") {
            let title = format!("there is no strategy `{name}`");
            let hint = suggest::hint(name, &known, "strategies");
            check.error(&format!("gate.strategies.{at}"), title, hint);
        }
    }
    for name in gate.margins.names() {
        metric(
            check,
            &format!("gate.margins.\"{name}\""),
            name,
            classes,
            metrics,
        );
    }
}

/// Until when replications are added.
pub fn precision(document: &Document) -> Option<Precision> {
    let given = document.run.precision.as_ref()?;
    let first = || document.compare.decide_on.first().cloned();
    Some(Precision {
        metric: given.metric.clone().or_else(first)?,
        relative: given.relative.0,
        absolute: given.absolute.0,
        most: given.max_replications.0 as u32,
    })
}

/// Whether the warm-up is to be found by pilots.
pub fn warmup_is_auto(document: &Document) -> bool {
    matches!(document.run.warmup, Some(Warmup::Auto(_)))
}

/// Fewest replications that a run may begin with if it ends by what they show.
const FEWEST: f64 = 10.0;

/// Checks what precision is asked for.
pub fn check_precision(
    check: &mut Check<'_>,
    document: &Document,
    classes: &[&str],
    metrics: &[&str],
) {
    let Some(given) = &document.run.precision else {
        return;
    };
    if let Some(name) = &given.metric {
        metric(check, "run.precision.metric", name, classes, metrics);
    }
    let (most, first) = (given.max_replications.0, document.run.replications.0);
    if first < FEWEST {
        check.error(
            "run.precision",
            format!("a run that begins with {first} replications may stop by luck"),
            "raise run.replications to 10 or more, or remove it for 20",
        );
    }
    if most < first {
        check.error(
            "run.precision.max-replications",
            format!("a run begins with {first} replications, which is more"),
            "raise it, or lower run.replications",
        );
    }
}
