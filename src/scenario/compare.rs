//! `[compare]`: what decides, and against what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Check;
use super::document::Document;
use super::names;
use crate::engine::quantity::{Inner, Positive};
use crate::metrics::columns::MetricRef;
use crate::metrics::registry::{self, Metric};

/// What decides, and against what.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Compare {
    /// The strategy that the others are compared with; by default the first.
    pub(super) baseline: Option<String>,
    /// Metrics that decide; `class.metric` for one of a class.
    pub(super) decide_on: Vec<String>,
    /// Relative difference below which two strategies are equivalent.
    pub(super) margin: Positive,
    /// Confidence of all comparisons together.
    pub(super) confidence: Inner,
}

impl Default for Compare {
    fn default() -> Self {
        let decide_on = vec!["response_p99".to_owned(), "response_mean".to_owned()];
        Compare {
            baseline: None,
            decide_on,
            margin: Positive(0.02),
            confidence: Inner(0.95),
        }
    }
}

/// Checks names of strategies and metrics; the baseline's name.
pub(super) fn baseline(check: &mut Check<'_>, document: &Document) -> Option<String> {
    let strategies = document.strategies.names();
    let first = strategies.first().map(|name| (*name).to_owned());
    let Some(baseline) = &document.compare.baseline else {
        return first;
    };
    if !strategies.contains(&baseline.as_str()) && !check.is_cut("strategies") {
        let hint = names::hint(baseline, &strategies, "strategies");
        check.error(
            "compare.baseline",
            format!("there is no strategy `{baseline}`"),
            hint,
        );
    }
    Some(baseline.clone())
}

/// What a metric may be taken of, and named after.
pub(super) struct Measurable<'a> {
    /// Names of the classes; none where they are not known.
    pub(super) classes: &'a [&'a str],
    /// Names of the dimensions.
    pub(super) dimensions: &'a [String],
}

/// Checks that the deciding metrics exist; a class's metric is `class.metric`.
pub(super) fn decide_on(check: &mut Check<'_>, document: &Document, known: &Measurable<'_>) {
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
        known.check(check, &path, name);
    }
}

impl Measurable<'_> {
    /// Checks that the metric `name` at `path` exists; a class's metric is `class.metric`.
    pub(super) fn check(&self, check: &mut Check<'_>, path: &str, name: &str) {
        let (class, metric) = name
            .rsplit_once('.')
            .map_or((None, name), |(class, metric)| (Some(class), metric));
        let classes = self.classes;
        if let Some(class) = class.filter(|class| !classes.contains(class) && !classes.is_empty()) {
            check.error(
                path,
                format!("there is no class `{class}`"),
                names::hint(class, classes, "classes"),
            );
        }
        if !self.has(metric) {
            let metrics = registry::metrics(self.dimensions);
            let metrics: Vec<&str> = metrics.iter().map(Metric::name).collect();
            let hint = match names::nearest(metric, &metrics) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`equipoise list metrics` lists them".to_owned(),
            };
            check.error(path, format!("there is no metric `{metric}`"), hint);
        }
    }

    fn has(&self, metric: &str) -> bool {
        let is_ours = |name: &str| self.dimensions.iter().any(|dimension| dimension == name);
        Metric::find(metric).is_some_and(|found| found.dimension().is_none_or(is_ours))
    }
}

/// What the checked `names` say.
pub(super) fn metrics(names: &[String]) -> Vec<MetricRef> {
    names.iter().flat_map(|name| name.parse()).collect()
}
