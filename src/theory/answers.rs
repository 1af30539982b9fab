//! From what a model says of a queue to the figures of a run.
//!
//! Formulas speak of a queue: how long jobs wait and stay there. A run measures from a job's
//! arrival at its dispatcher to the receipt of its last result. The delays in between shift means
//! always, and quantiles only if they are constant; that is said here, once for all families.

use serde::{Deserialize, Serialize};

use super::queueing_system::Shift;
use crate::metrics::registry::{RESPONSE_QUANTILES, quantile_name};

/// How a known answer is to be held against a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerKind {
    /// The expected value of the figure.
    Exact,
    /// Its limit as the number of nodes grows: shown, not judged.
    Limit,
    /// It is on one side of the expected value: shown, not judged.
    Bound,
    /// Close to the expected value by experience: shown, not judged.
    Approximation,
}

/// A figure of a setup that theory gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Name in the metric registry.
    pub metric: String,
    /// `all`, or `nodes.GROUP`.
    pub class: String,
    /// The value in the metric's unit.
    pub value: f64,
    /// How to hold it against a simulation.
    pub kind: AnswerKind,
    /// The model, in the field's words; one of [`super::MODELS`].
    pub model: &'static str,
}

/// A model that setups are matched to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// The name that [`Known::model`] gives.
    pub name: &'static str,
    /// What a scenario must be like.
    pub when: &'static str,
    /// Where the formula is from.
    pub source: &'static str,
}

/// P(X > x) of a time x in seconds.
pub type Above<'f> = Box<dyn Fn(f64) -> f64 + 'f>;

/// What a model says of a queue, without delays before and after it; times in seconds.
#[derive(Default)]
pub struct Answers<'f> {
    /// Mean wait.
    pub wait: Option<f64>,
    /// Probability that a task waits.
    pub waits: Option<f64>,
    /// Mean time in the system.
    pub response: Option<f64>,
    /// Law of the wait.
    pub wait_above: Option<Above<'f>>,
    /// Law of the time in the system.
    pub response_above: Option<Above<'f>>,
}

impl Answers<'_> {
    /// The figures of a run with these delays.
    pub fn known(&self, model: &Model, kind: AnswerKind, shift: Shift) -> Vec<Known> {
        let around = shift.before + shift.after;
        let mut rows = Vec::new();
        let mut add = |metric: String, value: Option<f64>| {
            rows.extend(value.map(|value| known(model, kind, metric, value)));
        };
        add(
            "response_mean".to_owned(),
            self.response.map(|mean| mean + around),
        );
        add(
            "wait_mean".to_owned(),
            self.wait.map(|mean| mean + shift.before),
        );
        let waits = self.waits.filter(|_| shift.before == 0.0);
        add("waited_share".to_owned(), waits);
        if !shift.is_constant {
            return rows;
        }
        for permille in RESPONSE_QUANTILES {
            let q = *permille as f64 / 1000.0;
            let value = self
                .response_above
                .as_ref()
                .map(|above| quantile(above, q) + around);
            add(format!("response_{}", quantile_name(*permille)), value);
        }
        let wait = self
            .wait_above
            .as_ref()
            .map(|above| quantile(above, 0.99) + shift.before);
        add("wait_p99".to_owned(), wait);
        rows
    }
}

/// A row of all jobs.
pub fn known(model: &Model, kind: AnswerKind, metric: impl Into<String>, value: f64) -> Known {
    Known {
        metric: metric.into(),
        class: "all".to_owned(),
        value,
        kind,
        model: model.name,
    }
}

/// The least x >= 0 with P(X > x) <= 1 - q, by bisection.
pub fn quantile(above: impl Fn(f64) -> f64, q: f64) -> f64 {
    let is_enough = |x: f64| above(x) <= 1.0 - q;
    if is_enough(0.0) {
        return 0.0;
    }
    let mut high = 1e-9;
    while !is_enough(high) && high < 1e18 {
        high *= 2.0;
    }
    let mut low = high / 2.0;
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if is_enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}
