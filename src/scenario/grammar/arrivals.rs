//! `jobs.NAME.arrivals`: how jobs arrive.
//!
//! A process may be given a rate, or none where `workload.load` says how much there is to do. Open arrivals do
//! not wait for anything; `closed` ones are clients that wait for their jobs, which keeps a system from being
//! overloaded and so hides what open arrivals show (Schroeder, Wierman & Harchol-Balter, NSDI 2006).

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Named;
use crate::engine::column::Column;
use crate::engine::law::spec::LawSpec;
use crate::engine::quantity::{Count, Number, Period, Positive, Seconds, Share};
use crate::workload::trace::Invalid;

/// How the jobs of a class arrive.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Independent exponential intervals; the rate from `rate`, `load` or `[workload] load`.
    Poisson(Poisson),
    /// Independent intervals of one law.
    Renewal(Renewal),
    /// All at one instant.
    Batch(Batch),
    /// As recorded in a file.
    Trace(Box<Trace>),
    /// Poisson arrivals whose rate jumps by chance from state to state: bursts.
    Mmpp(Mmpp),
    /// Poisson arrivals whose rate follows the day: a sine, or a table.
    Diurnal(Diurnal),
    /// From clients that wait for their jobs.
    Closed(Closed),
}

impl Arrivals {
    /// The name of the form.
    pub fn form(&self) -> &'static str {
        match self {
            Arrivals::Poisson(_) => "poisson",
            Arrivals::Renewal(_) => "renewal",
            Arrivals::Batch(_) => "batch",
            Arrivals::Trace(_) => "trace",
            Arrivals::Mmpp(_) => "mmpp",
            Arrivals::Diurnal(_) => "diurnal",
            Arrivals::Closed(_) => "closed",
        }
    }

    /// The class's own load.
    pub fn load(&self) -> Option<f64> {
        match self {
            Arrivals::Poisson(poisson) => poisson.load,
            Arrivals::Renewal(renewal) => renewal.load,
            Arrivals::Trace(trace) => trace.load,
            Arrivals::Mmpp(mmpp) => mmpp.load,
            Arrivals::Diurnal(diurnal) => diurnal.load,
            Arrivals::Batch(_) | Arrivals::Closed(_) => None,
        }
        .map(|load| load.0)
    }
}

/// Poisson arrivals.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("x-forms" = [["rate"], ["load"]]))]
pub struct Poisson {
    /// Jobs a second.
    pub rate: Option<Positive>,
    /// Offered load of this class; sets the rate.
    pub load: Option<Positive>,
}

/// Renewal arrivals.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Renewal {
    /// Time from one arrival to the next; the first job comes one interval after 0.
    pub interval: LawSpec<Seconds>,
    /// Offered load of this class; scales the interval.
    pub load: Option<Positive>,
}

/// A Markov-modulated Poisson process: jobs arrive at the rate of the state at hand. States follow each
/// other in turn, and after the last comes the first; each lasts an exponential time. The state at 0 is
/// drawn as it is met at a random instant.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mmpp {
    /// Jobs a second in each state; with a load only their ratios count.
    pub rates: Vec<Number>,
    /// Mean time in each state.
    pub sojourn: Vec<Period>,
    /// Offered load of this class, over a long time; scales the rates.
    pub load: Option<Positive>,
}

/// Arrivals that follow the day: at rate x (1 + amplitude x sin(2 pi t / period)), or by a table.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("x-forms" = [["rate", "amplitude"], ["table"]]))]
pub struct Diurnal {
    /// Jobs a second over whole periods.
    pub rate: Option<Positive>,
    /// By which share of the rate it rises and falls; 0.5 if left out.
    pub amplitude: Option<Share>,
    /// After which it repeats itself.
    #[serde(default = "a_day")]
    pub period: Period,
    /// Instead: from when in the period on jobs arrive at which rate; the first is at 0. With a load only
    /// the ratios of the rates count.
    #[serde(default)]
    pub table: Vec<Step>,
    /// Offered load of this class over whole periods; sets or scales the rates.
    pub load: Option<Positive>,
}

fn a_day() -> Period {
    Period(86_400.0)
}

/// A rate from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// Time since the period began.
    pub at: Seconds,
    /// Jobs a second from then on.
    pub rate: Number,
}

/// Each client thinks, brings a job, and waits for it before it thinks again. What leaves the system
/// between `run.warmup.time` and `run.until` is measured.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Closed {
    /// Number of clients.
    pub clients: Count,
    /// Time from the end of a client's job to its next one, and before its first.
    pub think: LawSpec<Seconds>,
    /// All jobs of a client come to the same dispatcher.
    #[serde(default)]
    pub bound: bool,
}

/// Jobs that arrive together.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Batch {
    /// Number of jobs.
    pub jobs: Count,
    /// When they arrive.
    #[serde(default = "at_once")]
    pub at: Seconds,
}

fn at_once() -> Seconds {
    Seconds(0.0)
}

/// A recorded workload.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("x-forms" = [["load"], ["time-scale"]]))]
pub struct Trace {
    /// Path from the scenario's folder, or a name in the folder of traces; may be packed by gzip or xz.
    pub file: String,
    /// Form of the rows.
    pub format: Format,
    /// csv: which column is what, by name, or by number from 1 for a file without names: `arrival`;
    /// `work`, or `start` and `end`; perhaps `tasks` and `class`, and any resource.
    #[serde(default)]
    pub columns: Named<Column>,
    /// csv: what an empty cell stands for, by what its column is: `{ cpu = 1, class = "none" }`; a row
    /// with any other empty cell is no job.
    #[serde(default)]
    pub empty: Named<Filler>,
    /// csv: unit of the times: ns, us, ms, s, min, h or d; or `{ arrival = ..., work = ... }`.
    pub unit: Option<Units>,
    /// swf: whether a job of p processors is p "tasks" that start apart, or a "gang" of p tasks that start
    /// together; needs a central queue.
    #[serde(default)]
    pub processors: Processors,
    /// Offered load; scales the arrivals.
    pub load: Option<Positive>,
    /// Factor on the arrivals.
    pub time_scale: Option<Positive>,
    /// Jobs to keep at most, from the first.
    pub max_jobs: Option<Count>,
    /// What to do with rows that are no jobs.
    #[serde(default)]
    pub invalid: Invalid,
    /// Share of the rows that `invalid = "drop"` may leave out.
    #[serde(default = "a_tenth")]
    pub max_dropped: Share,
    /// Sort the jobs by arrival, in memory; without it the rows must be sorted.
    #[serde(default)]
    pub sort: bool,
    /// Redraw blocks of the trace in each replication, the same for all strategies.
    pub resample: Option<Resample>,
}

/// What a job of several processors is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Processors {
    /// Tasks that start apart.
    #[default]
    Tasks,
    /// Tasks that start together.
    Gang,
}

fn a_tenth() -> Share {
    Share(0.1)
}

/// What an empty cell stands for: text, or a number as its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Filler(pub String);

struct ReadFiller;

impl Visitor<'_> for ReadFiller {
    type Value = Filler;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what an empty cell stands for: text or a number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Filler, E> {
        Ok(Filler(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, whole: i64) -> Result<Filler, E> {
        Ok(Filler(whole.to_string()))
    }

    fn visit_f64<E: Error>(self, real: f64) -> Result<Filler, E> {
        Ok(Filler(real.to_string()))
    }
}

visited!(
    Filler,
    ReadFiller,
    |_| json!({ "type": ["string", "number"] })
);

/// Blocks of a trace.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Resample {
    /// Length of a block in the trace's own time.
    pub block: Period,
}

/// Form of a trace's rows.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Standard Workload Format of the Parallel Workloads Archive.
    Swf,
    /// One job a line: arrival, number of tasks, mean work, each work.
    Hawk,
    /// Comma-separated values with a header.
    Csv,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Nanoseconds.
    Ns,
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    #[default]
    S,
    /// Minutes.
    Min,
    /// Hours.
    H,
    /// Days.
    D,
}

impl Unit {
    /// In seconds.
    pub fn seconds(self) -> f64 {
        match self {
            Unit::Ns => 1e-9,
            Unit::Us => 1e-6,
            Unit::Ms => 1e-3,
            Unit::S => 1.0,
            Unit::Min => 60.0,
            Unit::H => 3600.0,
            Unit::D => 86400.0,
        }
    }
}

/// Units of a trace's times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Units {
    /// Of arrivals.
    pub arrival: Unit,
    /// Of works.
    pub work: Unit,
}

/// Units of arrivals and works, where they differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct TwoUnits {
    /// Of arrivals.
    arrival: Unit,
    /// Of works.
    work: Unit,
}

struct ReadUnits;

impl<'de> Visitor<'de> for ReadUnits {
    type Value = Units;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a unit of time such as \"s\", or { arrival = \"us\", work = \"s\" }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Units, E> {
        let both = Unit::deserialize(StrDeserializer::new(text))?;
        let (arrival, work) = (both, both);
        Ok(Units { arrival, work })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Units, A::Error> {
        let TwoUnits { arrival, work } = TwoUnits::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Units { arrival, work })
    }
}

visited!(Units, ReadUnits, |generator| {
    json!({ "anyOf": [generator.subschema_for::<Unit>(), generator.subschema_for::<TwoUnits>()] })
});
