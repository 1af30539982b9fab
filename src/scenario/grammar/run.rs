//! `[run]`: what is measured, and how often.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::Named;
use crate::engine::quantity::{Count, Inner, Period, Positive, Quantity, Seconds, Whole};

/// What is measured and how often.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Run {
    /// Measured jobs of a replication, of all classes or `{ class = count }`; may be left out if all jobs are finite.
    pub jobs: Option<MeasuredJobs>,
    /// Instead of `jobs`: arrivals up to this time are measured.
    pub until: Option<Period>,
    /// What is left out at the start: "none", `.jobs`, `.time`, or "auto" to find it by pilot
    /// replications; by default 10 % of `jobs` or `until`, and nothing if all jobs are finite.
    pub warmup: Option<Warmup>,
    /// Replications of each point and strategy.
    pub replications: Count,
    /// Adds replications until an interval is narrow enough.
    pub precision: Option<Precision>,
    /// Seed of all random numbers.
    pub seed: Whole,
    /// A replication ends when the time after the last measured arrival exceeds this many windows.
    pub drain: Positive,
    /// A replication ends, as unstable, when more jobs than this are in the system.
    pub max_in_system: Count,
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
            max_in_system: Count(1e6),
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

impl<'de> serde::de::Visitor<'de> for ReadJobs {
    type Value = MeasuredJobs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of at least 1, or { class = number }")
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<MeasuredJobs, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<MeasuredJobs, E> {
        Count::new(value).map(MeasuredJobs::All).map_err(E::custom)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<MeasuredJobs, A::Error> {
        let Some((class, count)) = map.next_entry()? else {
            return Err(serde::de::Error::custom(
                "names no class\nwrite jobs = { class = number }",
            ));
        };
        match map.next_entry::<String, Count>()? {
            None => Ok(MeasuredJobs::Of(class, count)),
            Some(_) => Err(serde::de::Error::custom(
                "names several classes\ncount the jobs of one class, or of all by a plain number",
            )),
        }
    }
}

impl<'de> Deserialize<'de> for MeasuredJobs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<MeasuredJobs, D::Error> {
        deserializer.deserialize_any(ReadJobs)
    }
}

impl Serialize for MeasuredJobs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl JsonSchema for MeasuredJobs {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MeasuredJobs".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let (all, of) = (
            generator.subschema_for::<Count>(),
            generator.subschema_for::<Named<Count>>(),
        );
        schemars::json_schema!({ "anyOf": [all, of] })
    }
}

/// What is left out at the start.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}
