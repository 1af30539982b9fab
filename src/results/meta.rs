//! What the numbers of a run are about: the content of `manifest.json`.
//!
//! It has no clock times, so that the same run gives the same file, and it names the sources that the program
//! was built of: the version alone does not tell two builds between releases apart.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::metrics::columns::MetricRef;
use crate::text::counted;

/// Everything about a run that is not a number of a table; stored in `manifest.json`.
/// It holds no clock time, so that two equal runs have equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// Version of equipoise that made the results.
    pub version: String,
    /// What that program was built from.
    #[serde(default)]
    pub build: Build,
    /// How its random numbers come about.
    #[serde(default)]
    pub random_numbers: String,
    /// The scenario's `title`, else its file stem.
    pub title: String,
    /// Stem of the scenario's file name.
    pub stem: String,
    /// One line that repeats the run.
    pub command: String,
    /// The run was interrupted: replications are missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_partial: bool,
    /// `run.seed`.
    pub seed: u64,
    /// By what replications were run: directly, or event by event.
    pub engine: String,
    /// Replications of each point and strategy; the fewest of any point.
    pub replications: u32,
    /// The most of any point: more than the fewest where a precision was asked for.
    #[serde(default)]
    pub most_replications: u32,
    /// What a replication measures, in words: "100,000 jobs" or "one trace of 27,992 jobs".
    pub measured: String,
    /// Dotted paths of the swept keys, one a column of every table; empty without a sweep.
    pub sweep: Vec<String>,
    /// The grid's cells in order; each has one value (as text) for each of `sweep`.
    pub points: Vec<Vec<String>>,
    /// Strategies in file order.
    pub strategies: Vec<StrategyMeta>,
    /// Name of the strategy that the others are compared with.
    pub baseline: String,
    /// Classes in file order (without `all`).
    pub classes: Vec<ClassMeta>,
    /// Metrics that decide, in the file's order.
    pub decide_on: Vec<MetricRef>,
    /// Metrics that are shown beside them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub show: Vec<MetricRef>,
    /// Relative margin inside which a difference does not matter.
    pub margin: f64,
    /// Confidence of all comparisons together (0.95).
    pub confidence: f64,
    /// Number of comparisons in the family (deciding metrics x points x other strategies).
    pub family: usize,
    /// What the strategies have in common and what is assumed, one sentence each.
    pub same_for_all: Vec<String>,
    /// Names of the strategy parts that differ ("placement", "dispatchers", ...).
    pub differ_in: Vec<String>,
    /// Warnings about the scenario or the results, one sentence each.
    pub warnings: Vec<String>,
    /// Facts about traces and what they stand for, one sentence each.
    pub notes: Vec<String>,
    /// Files that jobs were read from, and the SHA-256 (hex) of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<(String, String)>,
    /// SHA-256 (hex) of the resolved scenario.
    pub scenario_digest: String,
    /// Digest of the measured jobs (arrivals, counts, works, demands) by point and replication; the
    /// same under every strategy.
    pub workload_digests: Vec<Vec<String>>,
    /// SHA-256 (hex) of each result file by name, in name order.
    pub files: Vec<(String, String)>,
    /// Events handled, summed over replications, by point and strategy.
    pub events: Vec<Vec<u64>>,
}

/// What a program was built from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The commit; empty if it is not known.
    pub commit: String,
    /// "clean", or "changed" if files were not as in the commit; empty if that is not known.
    pub state: String,
    /// Digest of the sources.
    pub sources: String,
}

impl Build {
    /// Of this program.
    pub fn this() -> Build {
        Build {
            commit: env!("EQUIPOISE_COMMIT").to_owned(),
            state: env!("EQUIPOISE_STATE").to_owned(),
            sources: env!("EQUIPOISE_SOURCES").to_owned(),
        }
    }
}

impl fmt::Display for Build {
    /// "commit 0123456789ab, with changes (sources 0123456789abcdef)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commit = self.commit.get(..12).unwrap_or("unknown");
        let changes = if self.state == "changed" {
            ", with changes"
        } else {
            ""
        };
        write!(f, "commit {commit}{changes} (sources {})", self.sources)
    }
}

/// SHA-256 of `bytes` in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Meta {
    /// "20 replications", or "20 to 46 replications" where a precision was asked for.
    pub fn replications_text(&self) -> String {
        match self.most_replications {
            most if most > self.replications => {
                format!("{} to {most} replications", self.replications)
            }
            _ => counted(u64::from(self.replications), "replication"),
        }
    }
}

/// One strategy as tables and plots name it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StrategyMeta {
    /// The strategy's name in the file.
    pub name: String,
    /// Its parts in words: part name and value as scenario text, e.g. ("placement", "power-of-d = { d = 2 }").
    pub parts: Vec<(String, String)>,
}

/// One class of jobs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassMeta {
    /// The class's name (`jobs.NAME`).
    pub name: String,
    /// Its objective for the response time, in seconds.
    pub slo: Option<f64>,
}
