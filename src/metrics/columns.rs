//! Which figures a run gives: metrics of the whole, of each class and of each node group.
//!
//! Every replication of a setup gives the same columns in the same order, whatever happened in it;
//! a figure that does not exist is a missing value with a reason, never a missing column.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::figures::{Figure, Figures, Subject};
use super::registry::{Metric, Row, Scope, metrics};
use crate::model::cluster::Cluster;

/// The part of a run that a metric is taken of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// The whole.
    #[default]
    All,
    /// The class of this name.
    Class(String),
    /// The node group of this name.
    Group(String),
}

impl Part {
    /// Whether tables call it `label`.
    pub fn is(&self, label: &str) -> bool {
        match self {
            Part::All => label == ALL,
            Part::Class(name) => name == label,
            Part::Group(name) => label.strip_prefix(GROUP) == Some(name),
        }
    }
}

/// The whole, as tables call it.
const ALL: &str = "all";
/// What stands before the name of a node group.
const GROUP: &str = "nodes.";

/// As tables call it: `all`, the class's name, `nodes.GROUP`.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::All => f.write_str(ALL),
            Part::Class(name) => f.write_str(name),
            Part::Group(name) => write!(f, "{GROUP}{name}"),
        }
    }
}

impl From<&str> for Part {
    fn from(label: &str) -> Part {
        match (label, label.strip_prefix(GROUP)) {
            (ALL, _) => Part::All,
            (_, Some(group)) => Part::Group(group.to_owned()),
            (class, None) => Part::Class(class.to_owned()),
        }
    }
}

/// A metric of a part of a run: `response_p99`, `short.response_p99`, `nodes.gen1.utilization_cpu`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MetricRef {
    /// The part.
    pub part: Part,
    /// The metric.
    pub metric: Metric,
}

impl MetricRef {
    /// The part and the name of the metric in `text`; a bare metric is of the whole. The name of a
    /// class may have dots, that of a metric has none.
    pub fn split(text: &str) -> (Part, &str) {
        // "response_p99.9" is no metric of a class of that name.
        let is_metric = |(part, name): &(&str, &str)| {
            !(name.chars().all(|c| c.is_ascii_digit())
                && part.ends_with(|c: char| c.is_ascii_digit()))
        };
        match text.rsplit_once('.').filter(is_metric) {
            Some((part, metric)) => (Part::from(part), metric),
            None => (Part::All, text),
        }
    }

    /// The facts of the metric.
    pub fn row(&self) -> &'static Row {
        self.metric.row
    }

    /// The name of the metric, without the part.
    pub fn name(&self) -> &str {
        self.metric.name()
    }

    /// Whether it is the metric of this name, of the part that tables call `label`.
    pub fn is(&self, label: &str, metric: &str) -> bool {
        self.metric.name() == metric && self.part.is(label)
    }
}

impl MetricRef {
    /// That no metric has this name, and which may be meant.
    fn unknown(text: &str) -> String {
        let (_, name) = MetricRef::split(text);
        format!("there is no metric `{name}`: {}", Metric::hint(name, &[]))
    }
}

impl fmt::Display for MetricRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Part::All => f.write_str(self.metric.name()),
            part => write!(f, "{part}.{}", self.metric.name()),
        }
    }
}

impl FromStr for MetricRef {
    type Err = String;

    fn from_str(text: &str) -> Result<MetricRef, String> {
        let (part, name) = MetricRef::split(text);
        match Metric::find(name) {
            Some(metric) => Ok(MetricRef { part, metric }),
            None => Err(MetricRef::unknown(text)),
        }
    }
}

impl TryFrom<String> for MetricRef {
    type Error = String;

    fn try_from(text: String) -> Result<MetricRef, String> {
        text.parse()
    }
}

impl From<MetricRef> for String {
    fn from(metric: MetricRef) -> String {
        metric.to_string()
    }
}

/// One figure that every replication of a setup gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it is.
    pub key: MetricRef,
    of: Of,
}

/// What a column is taken of, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// All jobs and nodes.
    All,
    /// Jobs of a class.
    Class(usize),
    /// Nodes of a group.
    Group(usize),
}

impl Of {
    /// What its metrics are computed of.
    fn subject(self, figures: &Figures) -> Subject<'_> {
        match self {
            Of::All => figures.subject(None, None),
            Of::Class(class) => figures.subject(Some(class), None),
            Of::Group(group) => figures.subject(None, Some(group)),
        }
    }

    fn scopes(self) -> &'static [Scope] {
        match self {
            Of::All => &[Scope::Jobs, Scope::Nodes, Scope::Fleet, Scope::Run],
            Of::Class(_) => &[Scope::Jobs],
            Of::Group(_) => &[Scope::Nodes, Scope::Fleet],
        }
    }

    fn has(self, metric: &Metric) -> bool {
        self.scopes().contains(&metric.row.scope)
    }
}

impl Figures {
    /// The value of each of `columns`; `None` where there is none.
    pub fn values(&self, columns: &[Column]) -> Vec<Option<f64>> {
        let value = |column: &Column| self.value(column).ok();
        columns.iter().map(value).collect()
    }

    /// How much the value of `column` weighs in that of all replications together.
    pub fn weight(&self, column: &Column) -> f64 {
        column.key.metric.weight(&column.of.subject(self))
    }

    /// The value of `column`, or why there is none.
    ///
    /// # Errors
    /// What is missing.
    pub fn value(&self, column: &Column) -> Figure {
        column.key.metric.value(&column.of.subject(self))
    }

    /// The value of the metric of this name (`response_p99`, `throughput`, any of `equipoise list
    /// metrics`) for the whole run; `None` where there is none.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let metric = Metric::find(name)?;
        metric.value(&Of::All.subject(self)).ok()
    }

    /// True if jobs of the column's class (or any) were left unfinished.
    pub fn is_censored(&self, column: &Column) -> bool {
        column.of.subject(self).jobs.unfinished > 0
    }
}

impl Column {
    /// The class's index, if the column is one class's.
    pub fn class_index(&self) -> Option<usize> {
        match self.of {
            Of::Class(class) => Some(class),
            _ => None,
        }
    }
}

/// The columns of every run with these `classes` on `cluster`, in order, and after them those of
/// `asked` that are none of these.
pub fn columns(cluster: &Cluster, classes: &[&str], asked: &[MetricRef]) -> Vec<Column> {
    let metrics = metrics(&cluster.dimension_names());
    let parts = parts(cluster, classes);
    let column = |part: &Part, of: Of, metric: &Metric| Column {
        key: MetricRef {
            part: part.clone(),
            metric: metric.clone(),
        },
        of,
    };
    let mut columns = Vec::new();
    for (part, of) in &parts {
        let is_shown = |metric: &&Metric| match (metric.row.scope, of) {
            (Scope::Fleet, Of::Group(_)) => false,
            _ => of.has(metric),
        };
        let own = metrics.iter().filter(is_shown);
        columns.extend(own.map(|metric| column(part, *of, metric)));
    }
    for key in asked {
        let is_new = columns.iter().all(|column| column.key != *key);
        let mut parts = parts.iter().filter(|(_, of)| is_new && of.has(&key.metric));
        let found = parts.find(|(part, _)| *part == key.part);
        columns.extend(found.map(|(part, of)| column(part, *of, &key.metric)));
    }
    columns
}

fn parts(cluster: &Cluster, classes: &[&str]) -> Vec<(Part, Of)> {
    let classes = classes.iter().enumerate();
    let classes = classes.map(|(index, name)| (Part::from(*name), Of::Class(index)));
    let groups = cluster.groups.iter().enumerate();
    let groups = groups.map(|(index, group)| (Part::Group(group.name.clone()), Of::Group(index)));
    let all = std::iter::once((Part::All, Of::All));
    all.chain(classes).chain(groups).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_name_splits_at_its_last_dot() {
        for (text, part, metric) in [
            ("response_p99", Part::All, "response_p99"),
            (
                "log.short.wait_p75",
                Part::Class("log.short".to_owned()),
                "wait_p75",
            ),
            (
                "nodes.gen1.utilization_cpu",
                Part::Group("gen1".to_owned()),
                "utilization_cpu",
            ),
        ] {
            let found: Result<MetricRef, String> = text.parse();
            let found = found.map(|found| (found.part.clone(), found.to_string()));
            assert_eq!(found, Ok((part.clone(), text.to_owned())));
            assert_eq!(MetricRef::split(text), (part, metric));
        }
        assert!("short.response".parse::<MetricRef>().is_err());
    }
}
