//! `[run]`: what is measured, and how often.
//!
//! Replications and jobs are two ways to be more sure: more replications narrow an interval, longer ones see
//! what is rare and forget the empty start. Both have defaults that suit a first look and not a publication.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Error, MapAccess, Visitor};
use serde_json::json;

use super::Named;
use crate::engine::quantity::{Count, Inner, Period, Positive, Quantity, Seconds, Whole};

/// What is measured and how often.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("x-forms" = [["jobs"], ["until"]]))]
pub struct Run {
    /// Measured jobs of a replication, of all classes or `{ class = count }`; may be left out if all jobs are finite.
    pub jobs: Option<MeasuredJobs>,
    /// Instead of `jobs`: arrivals up to this time are measured.
    pub until: Option<Period>,
    /// What is left out at the start: "none", `.jobs`, `.time`, or "auto" to find it by pilot
    /// replications; by default what the load needs to forget the empty start (up to 60,000 jobs), at
    /// least 10 % of `jobs` or `until`, and nothing if all jobs are finite.
    pub warmup: Option<Warmup>,
    /// Replications of each point and strategy.
    #[schemars(extend("x-scope" = "experiment"))]
    pub replications: Count,
    /// Adds replications until an interval is narrow enough.
    #[schemars(extend("x-scope" = "experiment"))]
    pub precision: Option<Precision>,
    /// Seed of all random numbers.
    #[schemars(extend("x-scope" = "experiment"))]
    pub seed: Whole,
    /// A replication ends when the time after the last measured arrival exceeds this many windows.
    pub drain: Positive,
    /// A replication ends, as unstable, when more jobs than this are in the system; by default 1,000,000, or 20 for
    /// each slot of the nodes if that is more (unlimited slots count as 100).
    pub max_in_system: Option<Count>,
    /// Bounds the slowdown's denominator from below.
    pub slowdown_floor: Seconds,
}

impl Default for Run {
    fn default() -> Self {
        Run {
            jobs: None,
            until: None,
            warmup: None,
            replications: Count(20.0),
            precision: None,
            seed: Whole(1.0),
            drain: Positive(4.0),
            max_in_system: None,
            slowdown_floor: Seconds(1e-3),
        }
    }
}

/// Measured jobs.
#[derive(Clone, Debug, PartialEq)]
pub enum MeasuredJobs {
    /// Of all classes.
    All(Count),
    /// Of one class.
    Of(String, Count),
}

struct ReadJobs;

impl<'de> Visitor<'de> for ReadJobs {
    type Value = MeasuredJobs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of at least 1, or { class = number }")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<MeasuredJobs, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<MeasuredJobs, E> {
        Count::new(value).map(MeasuredJobs::All).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MeasuredJobs, A::Error> {
        let none = "names no class\nwrite jobs = { class = number }";
        let several =
            "names several classes\ncount the jobs of one class, or of all by a plain number";
        let (class, count) = map.next_entry()?.ok_or_else(|| Error::custom(none))?;
        match map.next_entry::<String, Count>()? {
            None => Ok(MeasuredJobs::Of(class, count)),
            Some(_) => Err(Error::custom(several)),
        }
    }
}

visited!(MeasuredJobs, ReadJobs, |generator| {
    let mut of_class = generator.subschema_for::<Named<Count>>();
    of_class.insert("x-one-key".to_owned(), true.into());
    json!({ "anyOf": [generator.subschema_for::<Count>(), of_class] })
});

/// What is left out at the start.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Warmup {
    /// Nothing.
    None(Nothing),
    /// This many arrivals.
    Jobs(Whole),
    /// Arrivals before this time.
    Time(Seconds),
    /// 1.5 times what pilot replications on other seeds need, by MSER-5.
    Auto(Nothing),
}

/// Adds replications, for all strategies of a point together, until the 95 % interval of a metric
/// is narrow enough.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Precision {
    /// The metric; by default the first of `compare.decide-on`.
    pub metric: Option<String>,
    /// Half-width relative to the true mean.
    pub relative: Inner,
    /// Half-width that will do in any case: a duration, or a number in the unit of the metric.
    pub absolute: Seconds,
    /// Replications at most.
    pub max_replications: Count,
}

impl Default for Precision {
    fn default() -> Self {
        Precision {
            metric: None,
            relative: Inner(0.02),
            absolute: Seconds(0.0),
            max_replications: Count(200.0),
        }
    }
}

/// Has no keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}
