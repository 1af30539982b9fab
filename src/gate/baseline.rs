//! The committed file: what the code did when it was last said to be right.
//!
//! It lives in the repository beside the scenario, is small, one line a figure so that a review can
//! read its changes, and carries a digest of itself: a baseline that was cut short or edited by
//! hand is told, not believed.

use crate::metrics::columns::MetricRef;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::figures::{PointFigures, StrategyFigures};
use crate::experiment::warmup::Warmup;
use crate::results::digest;
use crate::text::{plain_value, quoted};

/// The form of the files that are written, and the newest that is read.
pub const FORMAT: u64 = 2;
/// Key that marks a file as a baseline, with the number of its form.
const MARK: &str = "equipoise-baseline";
/// Bytes of all logs of replication 1 together, so that files stay small.
const KEPT: usize = 64 * 1024;

/// A scenario, and what is watched in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// Stem of the scenario's file name, which is the baseline's as well.
    pub scenario: String,
    /// Digest of the scenario's text.
    pub text: String,
    /// Name and digest of each section of the scenario that must not change.
    pub sections: Vec<(String, String)>,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Swept paths.
    pub sweep: Vec<String>,
    /// Their values at each point.
    pub points: Vec<Vec<String>>,
    /// Watched strategies, in file order.
    pub strategies: Vec<String>,
    /// The place of each among all strategies of the scenario, and that of the one all are compared with.
    pub places: (Vec<usize>, Option<usize>),
    /// Watched metrics with the relative change for the worse that is allowed.
    pub margins: Vec<(MetricRef, f64)>,
}

impl Subject {
    /// Number of figures that are judged.
    pub fn family(&self) -> usize {
        self.points.len() * self.strategies.len() * self.margins.len()
    }

    /// " at load 0.8", or nothing without a sweep.
    pub fn point_label(&self, point: usize) -> String {
        let values = self.points.get(point).map_or(&[][..], Vec::as_slice);
        let text = self.sweep.iter().zip(values).map(|(path, value)| {
            let key = path.rsplit('.').next().unwrap_or(path);
            format!("{key} {}", plain_value(value))
        });
        let text: Vec<String> = text.collect();
        match text.is_empty() {
            true => String::new(),
            false => format!(" at {}", text.join(", ")),
        }
    }
}

/// What a baseline file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Version of equipoise that made it.
    pub version: String,
    /// Stem of the scenario's file name.
    pub scenario: String,
    /// Digest of the scenario's text.
    pub text: String,
    /// Name and digest of each section that must not change.
    pub sections: Vec<(String, String)>,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Watched metrics and the margins for which the replications are enough.
    pub margins: Vec<(MetricRef, f64)>,
    /// Replications of each strategy at each point.
    pub replications: u32,
    /// Swept paths.
    pub sweep: Vec<String>,
    /// StrategyFigures by point.
    pub points: Vec<Point>,
}

/// A point of a baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The value of each swept path.
    pub values: Vec<String>,
    /// The warm-up with which it was run.
    pub warmup: Warmup,
    /// What it gave.
    #[serde(flatten)]
    pub figures: PointFigures,
}

impl Baseline {
    /// The baseline of a run of `replications` replications, with the warm-up of each point.
    pub fn new(
        subject: &Subject,
        replications: u32,
        warmups: &[Warmup],
        mut figures: Vec<PointFigures>,
    ) -> Baseline {
        let cells: usize = figures.iter().map(|point| point.strategies.len()).sum();
        for cell in figures.iter_mut().flat_map(|point| &mut point.strategies) {
            cell.decision_log = cell.decision_log.cut(KEPT / cells.max(1));
        }
        let warmup = |point: usize| warmups.get(point).copied().unwrap_or_default();
        let points = subject.points.iter().zip(figures).enumerate();
        Baseline {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: subject.scenario.clone(),
            text: subject.text.clone(),
            sections: subject.sections.clone(),
            seed: subject.seed,
            margins: subject.margins.clone(),
            replications,
            sweep: subject.sweep.clone(),
            points: points
                .map(|(at, (values, figures))| Point {
                    values: values.clone(),
                    warmup: warmup(at),
                    figures,
                })
                .collect(),
        }
    }

    /// The figures of a strategy at a point.
    pub fn figures(&self, point: usize, strategy: &str) -> Option<&StrategyFigures> {
        let strategies = &self.points.get(point)?.figures.strategies;
        strategies.iter().find(|cell| cell.strategy == strategy)
    }

    /// The text of the file: one line a list, so that changes can be seen, and a digest, so that they are.
    pub fn to_text(&self) -> String {
        let content = serde_json::to_value(self).unwrap_or_default();
        let sha256 = digest(content.to_string().as_bytes());
        let file = json!({ MARK: FORMAT, "sha256": sha256, "content": content });
        let mut text = String::new();
        lay_out(&file, 0, &mut text);
        text.push('\n');
        text
    }

    /// The baseline that `text` holds.
    ///
    /// # Errors
    /// The text is cut off, edited, of a newer version, or no baseline.
    pub fn of_text(text: &str) -> Result<Baseline, Unusable> {
        let file: Value = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Unusable::damaged(&match error.is_eof() {
                true => "it ends too early, as if it was cut off".to_owned(),
                false => format!("it cannot be read at line {line}, column {column}"),
            })
        })?;
        check_format(&file)?;
        let content = &file["content"];
        if file["sha256"].as_str() != Some(&digest(content.to_string().as_bytes())) {
            let why = "it does not match its own digest: it was edited, or a merge went wrong";
            return Err(Unusable::damaged(why));
        }
        check_version(content["version"].as_str().unwrap_or_default())?;
        let baseline = serde_json::from_value(content.clone());
        baseline.map_err(|_| Unusable::damaged("its parts are not those of a baseline"))
    }

    /// Why a run of `subject` cannot be held against this baseline, one sentence each.
    pub fn unlike(&self, subject: &Subject) -> Vec<String> {
        let mut unlike = Vec::new();
        let changed = changed_sections(&self.sections, &subject.sections);
        if !changed.is_empty() {
            let changed = quoted(&changed);
            unlike.push(format!(
                "{changed} changed since: other jobs or nodes cannot be compared"
            ));
        }
        let (then, now) = (self.seed, subject.seed);
        if then != now {
            unlike.push(format!("its seed is {then}, the scenario's is {now}"));
        }
        let points = self.points.iter().map(|point| &point.values);
        if self.sweep != subject.sweep || !points.eq(&subject.points) {
            unlike.push("the points of the sweep are not the same".to_owned());
        }
        unlike.extend(self.unlike_strategies(&subject.strategies));
        unlike.extend(self.unlike_margins(&subject.margins));
        unlike
    }

    /// Which watched strategies the baseline lacks or has besides.
    fn unlike_strategies(&self, watched: &[String]) -> Vec<String> {
        let has = |strategy: &&String| {
            (0..self.points.len()).all(|point| self.figures(point, strategy).is_some())
        };
        let absent: Vec<&String> = watched.iter().filter(|name| !has(name)).collect();
        let first = self.points.first().map(|point| &point.figures.strategies);
        let held = first.into_iter().flatten().map(|cell| &cell.strategy);
        let gone: Vec<&String> = held.filter(|name| !watched.contains(name)).collect();
        let mut unlike = Vec::new();
        if !absent.is_empty() {
            unlike.push(format!("it does not hold the strategy {}", quoted(&absent)));
        }
        if !gone.is_empty() {
            let gone = quoted(&gone);
            unlike.push(format!("{gone} is watched in it, and no longer is"));
        }
        unlike
    }

    /// Which margins are others than those that the baseline was saved for.
    fn unlike_margins(&self, watched: &[(MetricRef, f64)]) -> Vec<String> {
        let find = |margins: &[(MetricRef, f64)], metric: &MetricRef| {
            let found = margins.iter().find(|(name, _)| name == metric);
            found.map(|(_, margin)| *margin)
        };
        let gone =
            self.margins
                .iter()
                .filter_map(|(metric, planned)| match find(watched, metric) {
                    None => Some(format!("`{metric}` is watched in it, and no longer is")),
                    Some(margin) => (margin > *planned)
                        .then(|| format!("its margin of {planned} on {metric} is {margin} now")),
                });
        let absent = watched.iter().filter_map(|(metric, margin)| {
            match find(&self.margins, metric) {
                None => Some(format!("it does not hold the metric `{metric}`")),
                Some(planned) => (*margin < planned).then(|| format!(
                    "its replications are enough for a margin of {planned} on {metric}, not for {margin}"
                )),
            }
        });
        gone.chain(absent).collect()
    }
}

/// True if `text` is of a baseline, whole or not.
pub fn is_baseline(text: &str) -> bool {
    text.trim_start()
        .trim_start_matches('{')
        .trim_start()
        .starts_with(&format!("\"{MARK}\""))
}

fn changed_sections(then: &[(String, String)], now: &[(String, String)]) -> Vec<String> {
    let other = now.iter().filter(|section| !then.contains(section));
    let gone = then
        .iter()
        .filter(|(name, _)| now.iter().all(|(other, _)| other != name));
    other.chain(gone).map(|(name, _)| name.clone()).collect()
}

/// Why a file cannot be used as a baseline, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// What is wrong with it.
    pub why: String,
    /// What to do.
    pub hint: String,
    /// It is of a newer version: nobody may overwrite it.
    pub is_newer: bool,
}

impl Unusable {
    fn damaged(why: &str) -> Unusable {
        Unusable {
            why: why.to_owned(),
            hint: "restore it from your repository, or make it anew with --save".to_owned(),
            is_newer: false,
        }
    }

    fn newer(what: &str) -> Unusable {
        let own = env!("CARGO_PKG_VERSION");
        Unusable {
            why: format!("it was made by {what}; this is {own}"),
            hint: "update equipoise, or restore the older file".to_owned(),
            is_newer: true,
        }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nhint: {}", self.why, self.hint)
    }
}

/// Refuses a file of another format, before anything is read of it.
fn check_format(file: &Value) -> Result<(), Unusable> {
    match file[MARK].as_u64() {
        Some(format) if format > FORMAT => Err(Unusable::newer(&format!(
            "a newer version of equipoise (form {format} of the file, {FORMAT} is known)"
        ))),
        Some(FORMAT) => Ok(()),
        Some(format) => Err(Unusable {
            why: format!(
                "it was made by an older version of equipoise (form {format} of the file, {FORMAT} is known), which took figures otherwise"
            ),
            hint: "make it anew with --save".to_owned(),
            is_newer: false,
        }),
        None => Err(Unusable::damaged(
            "it is not a baseline of `equipoise gate`",
        )),
    }
}

/// Numbers of a newer version may mean something else.
fn check_version(version: &str) -> Result<(), Unusable> {
    let numbers = |text: &str| -> Vec<u64> {
        let parts = text.split(['-', '+']).next().unwrap_or_default().split('.');
        parts.map(|part| part.parse().unwrap_or(0)).collect()
    };
    if numbers(version) > numbers(env!("CARGO_PKG_VERSION")) {
        return Err(Unusable::newer(&format!("equipoise {version}")));
    }
    Ok(())
}

/// JSON with one line for each list of plain values.
fn lay_out(value: &Value, indent: usize, out: &mut String) {
    let is_plain = |value: &Value| !value.is_object() && !value.is_array();
    let (open, close, items): (char, char, Vec<(String, &Value)>) = match value {
        Value::Object(map) => {
            let items = map.iter();
            let items = items.map(|(key, value)| (format!("{}: ", json!(key)), value));
            ('{', '}', items.collect())
        }
        Value::Array(list) if !list.iter().all(is_plain) => {
            let items = list.iter().map(|value| (String::new(), value));
            ('[', ']', items.collect())
        }
        _ => {
            out.push_str(&value.to_string());
            return;
        }
    };
    out.push(open);
    for (at, (key, value)) in items.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        out.push_str(&format!("{comma}\n{}{key}", " ".repeat(indent + 1)));
        lay_out(value, indent + 1, out);
    }
    if !items.is_empty() {
        out.push_str(&format!("\n{}", " ".repeat(indent)));
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::figures::MetricValues;
    use super::*;
    use crate::decision_log::DecisionLog;

    fn subject() -> Subject {
        Subject {
            scenario: "small".into(),
            text: "t".into(),
            sections: vec![("run".into(), "1".into()), ("nodes".into(), "2".into())],
            seed: 7,
            sweep: vec!["workload.load".into()],
            points: vec![vec!["0.5".into()]],
            strategies: vec!["ours".into()],
            places: (vec![0], None),
            margins: vec![("response_p99".parse().unwrap(), 0.05)],
        }
    }

    fn baseline() -> Baseline {
        let figures = StrategyFigures {
            strategy: "ours".into(),
            metrics: vec![MetricValues {
                metric: "response_p99".parse().unwrap(),
                unit: "s".into(),
                values: vec![0.1 + 0.2, 1.0 / 3.0, 5e-324, 3.0, 1e300],
                status: crate::results::Status::Ok,
                note: String::new(),
            }],
            slowest: vec![("queue".into(), 0.1)],
            decision_log: DecisionLog {
                decisions: 70_000,
                digests: vec![(65_536, u64::MAX), (70_000, 3)],
                detail: None,
            },
            ..StrategyFigures::default()
        };
        let point = PointFigures {
            workload: "w".into(),
            strategies: vec![figures],
        };
        Baseline::new(&subject(), 5, &[Warmup::Jobs(30)], vec![point])
    }

    #[test]
    fn what_is_written_is_read_bit_by_bit() {
        let baseline = baseline();
        let text = baseline.to_text();
        assert!(is_baseline(&text));
        assert_eq!(Baseline::of_text(&text).unwrap(), baseline);
        // A checkout may change the ends of lines.
        let other_lines = text.replace('\n', "\r\n");
        assert_eq!(Baseline::of_text(&other_lines).unwrap(), baseline);
    }

    #[test]
    fn every_cut_and_every_edit_is_told() {
        let text = baseline().to_text();
        for share in 0..20 {
            let cut = &text[..text.len() * share / 20];
            assert!(Baseline::of_text(cut).is_err(), "{share}");
        }
        for (old, new) in [
            ("0.1]", "0.2]"),
            ("\"ours\"", "\"hers\""),
            ("\"seed\": 7", "\"seed\": 8"),
        ] {
            assert!(text.contains(old), "{old}");
            let unusable = Baseline::of_text(&text.replace(old, new)).unwrap_err();
            assert!(unusable.why.contains("edited"), "{unusable}");
        }
        assert!(
            Baseline::of_text("{}")
                .unwrap_err()
                .why
                .contains("not a baseline")
        );
        assert!(
            Baseline::of_text("[1]")
                .unwrap_err()
                .why
                .contains("not a baseline")
        );
    }

    #[test]
    fn newer_files_are_told_and_are_nobodys_to_overwrite() {
        let form = baseline()
            .to_text()
            .replace("\"equipoise-baseline\": 2", "\"equipoise-baseline\": 3");
        assert!(Baseline::of_text(&form).unwrap_err().is_newer);
        let older = form.replace("\"equipoise-baseline\": 3", "\"equipoise-baseline\": 1");
        assert!(Baseline::of_text(&older).unwrap_err().why.contains("older"));
        let mut version = baseline();
        version.version = "99.0.0".into();
        let unusable = Baseline::of_text(&version.to_text()).unwrap_err();
        assert!(
            unusable.is_newer && unusable.why.contains("99.0.0"),
            "{unusable}"
        );
        version.version = "0.0.9".into();
        assert!(Baseline::of_text(&version.to_text()).is_ok());
    }

    #[test]
    fn sections_that_changed_came_or_went_are_named() {
        let section = |name: &str, digest: &str| (name.to_owned(), digest.to_owned());
        let then = [section("run", "1"), section("nodes", "2")];
        let now = [section("nodes", "3"), section("run", "1")];
        assert_eq!(changed_sections(&then, &now), ["nodes"]);
        assert_eq!(changed_sections(&then, &[]), ["run", "nodes"]);
        assert_eq!(changed_sections(&[], &then), ["run", "nodes"]);
    }

    #[test]
    fn unlike_scenarios_are_told_with_all_that_differs() {
        assert_eq!(baseline().unlike(&subject()), Vec::<String>::new());
        let mut wider = subject();
        wider.margins[0].1 = 0.1;
        let told = baseline().unlike(&wider);
        assert_eq!(told, ["its margin of 0.05 on response_p99 is 0.1 now"]);
        // What is no longer watched does not vanish unseen.
        let mut less = subject();
        less.strategies = vec!["theirs".into()];
        less.margins.clear();
        let told = baseline().unlike(&less);
        assert!(told.contains(&"`ours` is watched in it, and no longer is".to_owned()));
        assert!(told.contains(&"`response_p99` is watched in it, and no longer is".to_owned()));
        let mut other = subject();
        other.sections[1].1.push('0');
        other.seed = 8;
        other.points[0][0] = "0.6".into();
        other.strategies.push("theirs".into());
        other.margins[0].1 = 0.01;
        other.margins.push(("wait_mean".parse().unwrap(), 0.1));
        let told = baseline().unlike(&other);
        for (told, says) in told.iter().zip([
            "`nodes`",
            "seed is 7",
            "points",
            "`theirs`",
            "margin of 0.05",
            "`wait_mean`",
        ]) {
            assert!(told.contains(says), "{told}");
        }
        assert_eq!(told.len(), 6);
    }
}
