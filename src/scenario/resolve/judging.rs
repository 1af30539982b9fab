//! What decides and what is watched: `[compare]`, `[gate]`, `run.precision`.
//!
//! Names of metrics are checked before the run, for a run of hours should not end with "no such
//! metric". How many comparisons are planned is counted here too: intervals hold for all of them
//! together, so the number must not depend on what came out.

use super::check::Check;
use crate::metrics::columns::MetricRef;
use crate::metrics::registry::Metric;
use crate::scenario::grammar::{self, Document, Named, Run, Strategy, Warmup};
use crate::scenario::resolved::{Compare, Gate, Precision};
use crate::scenario::text::suggest;

/// The name of the strategy that the others are compared with, one of `strategies`.
pub fn baseline(
    check: &mut Check<'_>,
    compare: &grammar::Compare,
    strategies: &[&str],
) -> Option<String> {
    let Some(baseline) = &compare.baseline else {
        return strategies.first().map(|name| (*name).to_owned());
    };
    check
        .at("compare.baseline")
        .knows("strategies", baseline, strategies);
    Some(baseline.clone())
}

/// Names that metrics may have.
pub struct Known<'a> {
    /// Classes; none if they are not known.
    pub classes: Vec<&'a str>,
    /// Dimensions of demand and capacity.
    pub dimensions: Vec<String>,
}

impl Known<'_> {
    /// Checks that the deciding metrics exist.
    pub fn check_compare(&self, check: &mut Check<'_>, compare: &grammar::Compare) {
        let mut shown = check.at("show");
        for (at, name) in compare.show.iter().enumerate() {
            self.check_metric(&mut shown.name(at), name);
        }
        let mut check = check.at("decide-on");
        let decide = &compare.decide_on;
        if decide.is_empty() {
            check.error(
                "no metric decides",
                "name at least one, such as \"response_p99\"",
            );
        }
        for (at, name) in decide.iter().enumerate() {
            let mut check = check.name(at);
            if decide[..at].contains(name) {
                let title = format!("the metric `{name}` is named twice");
                check.error(title, "remove one of the two");
            }
            self.check_metric(&mut check, name);
        }
    }

    /// Checks names of strategies and metrics that are watched.
    pub fn check_gate(&self, check: &mut Check<'_>, gate: &grammar::Gate, strategies: &[&str]) {
        let given = gate.strategies.as_deref();
        let mut places = check.at("strategies");
        if given.is_some_and(<[String]>::is_empty) {
            let hint = "name at least one, or remove the key to watch all";
            places.error("no strategy is watched", hint);
        }
        for (at, name) in given.unwrap_or_default().iter().enumerate() {
            places.name(at).knows("strategies", name, strategies);
        }
        for name in gate.margins.keys() {
            self.check_metric(&mut check.at("margins").name(name), name);
        }
    }

    /// Checks that the confidence is one that intervals can have.
    pub fn check_confidence(check: &mut Check<'_>, confidence: f64) {
        if confidence > SUREST {
            let title = format!("a confidence of {confidence} makes intervals without end");
            check.error(title, format!("write at most {SUREST}"));
        }
    }

    /// Checks what precision is asked for.
    pub fn check_precision(&self, check: &mut Check<'_>, run: &Run) {
        let Some(given) = &run.precision else {
            return;
        };
        let mut check = check.at("precision");
        if let Some(metric) = &given.metric {
            self.check_metric(&mut check.at("metric"), metric);
        }
        let (most, first) = (given.max_replications.0, run.replications.0);
        if first < FEWEST {
            let title = format!("a run that begins with {first} replications may stop by luck");
            let hint = "raise run.replications to 10 or more, or remove it for 20";
            check.error(title, hint);
        }
        if most < first {
            let title = format!("a run begins with {first} replications, which is more");
            let mut check = check.at("max-replications");
            check.error(title, "raise it, or lower run.replications");
        }
    }

    /// Checks that a metric exists; a class's metric is `class.metric`.
    fn check_metric(&self, check: &mut Check<'_>, name: &str) {
        let (_, metric) = MetricRef::split(name);
        let class = name.strip_suffix(metric);
        let class = class.and_then(|class| class.strip_suffix('.'));
        let is_known = |class: &str| self.classes.is_empty() || self.classes.contains(&class);
        if let Some(class) = class.filter(|class| !is_known(class)) {
            let hint = suggest::hint(class, &self.classes, "classes");
            check.error(format!("there is no class `{class}`"), hint);
        }
        if !self.has(metric) {
            let hint = Metric::hint(metric, &self.dimensions);
            check.error(format!("there is no metric `{metric}`"), hint);
        }
    }

    fn has(&self, metric: &str) -> bool {
        let is_ours = |name: &str| self.dimensions.iter().any(|dimension| dimension == name);
        Metric::find(metric).is_some_and(|found| found.dimension().is_none_or(is_ours))
    }
}

/// The largest confidence: beyond it the quantiles of t are no longer known well.
const SUREST: f64 = 0.9999;

/// Fewest replications that a run may begin with if it ends by what they show.
const FEWEST: f64 = 10.0;

/// What decides, of `points` points.
pub fn compare(document: &Document, baseline: String, points: usize) -> Compare {
    let given = &document.compare;
    let others = document.strategies.len().saturating_sub(1);
    let read = |names: &[String]| names.iter().flat_map(|name| name.parse()).collect();
    Compare {
        baseline,
        decide_on: read(&given.decide_on),
        show: read(&given.show),
        margin: given.margin.0,
        confidence: given.confidence.0,
        family: given.decide_on.len() * points * others,
    }
}

/// What the file asks `gate` to watch.
pub fn gate(
    given: &grammar::Gate,
    compare: &grammar::Compare,
    strategies: &Named<Strategy>,
) -> Gate {
    let is_watched = |name: &&String| {
        given
            .strategies
            .as_ref()
            .is_none_or(|all| all.contains(name))
    };
    let own = |name: &String| given.margins.get(name).unwrap_or(&compare.margin).0;
    let further = given
        .margins
        .keys()
        .filter(|name| !compare.decide_on.contains(name));
    let metrics = compare.decide_on.iter().chain(further);
    Gate {
        strategies: strategies.keys().filter(is_watched).cloned().collect(),
        margins: metrics
            .filter_map(|name| Some((name.parse().ok()?, own(name))))
            .collect(),
    }
}

/// Until when replications are added.
pub fn precision(run: &Run, compare: &grammar::Compare) -> Option<Precision> {
    let given = run.precision.as_ref()?;
    let first = || compare.decide_on.first().cloned();
    Some(Precision {
        metric: given.metric.clone().or_else(first)?.parse().ok()?,
        relative: given.relative.0,
        absolute: given.absolute.0,
        most: given.max_replications.0 as u32,
    })
}

/// Whether the warm-up is to be found by pilots.
pub fn warmup_is_auto(run: &Run) -> bool {
    matches!(run.warmup, Some(Warmup::Auto(_)))
}
