//! `equipoise list`: what can be written in a scenario, and what is measured.

use clap::{Args, Subcommand};
use schemars::schema_for;
use serde_json::Value;

use super::{Exit, print, wrapped};
use crate::metrics::registry::{self, Better};
use crate::scenario::keys;
use crate::strategy::placement::Choice;
use crate::workload::trace::FORMATS;

/// Arguments of `equipoise list`.
#[derive(Debug, Args)]
pub struct List {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Algorithms that pick a node for a task.
    Placements,
    /// Laws that arrivals, works and delays can follow.
    Distributions,
    /// Figures that are measured.
    Metrics,
    /// Formats of traces.
    Traces,
    /// Keys of scenario files: path, value, default, meaning.
    Keys {
        /// Only keys whose path starts so, as in `jobs` or `strategies.NAME.placement`.
        prefix: Option<String>,
    },
}

impl List {
    /// Prints the list.
    pub fn execute(self) -> Result<(), Exit> {
        match self.what {
            What::Placements => print(&placements()),
            What::Distributions => print(&distributions()),
            What::Metrics => print(&metrics()),
            What::Traces => print(&traces()),
            What::Keys { prefix } => print(&key_list(prefix.as_deref().unwrap_or(""))?),
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

/// Names, descriptions and parameters, as the schema of the grammar has them.
fn placements() -> String {
    let schema = schema_for!(Choice).to_value();
    let defined = |node: &Value| {
        let name = text(node, "$ref")
            .strip_prefix("#/$defs/")
            .unwrap_or("")
            .to_owned();
        schema
            .get("$defs")
            .and_then(|all| all.get(&name))
            .cloned()
            .unwrap_or_default()
    };
    let mut out = String::new();
    for option in schema
        .get("oneOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        for (name, node) in option
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let algorithm = defined(node);
            out += &format!(
                "{name}\n{}",
                wrapped(text(&algorithm, "description"), "    ")
            );
            for (key, parameter) in algorithm
                .get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                let default = parameter
                    .get("default")
                    .map_or(String::new(), |value| format!(" (default {value})"));
                let meaning = format!("{key}: {}{default}", text(parameter, "description"));
                out += &wrapped(&meaning, "    ");
                for choice in defined(parameter)
                    .get("oneOf")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                {
                    let (name, meaning) = (text(choice, "const"), text(choice, "description"));
                    out += &wrapped(&format!("\"{name}\": {meaning}"), "        ");
                }
            }
        }
    }
    out
}

fn distributions() -> String {
    let mut out = String::from(
        "Wherever a law is expected, a constant will do; spans may have units (\"10ms\").\n\n",
    );
    for key in keys("LAW.") {
        let path = key.path.trim_start_matches("LAW.");
        let meaning = &key.meaning;
        out += &if path.contains('.') {
            wrapped(&format!("{path}: {meaning} [{}]", key.value), "    ")
        } else {
            format!("{path}\n{}", wrapped(meaning, "    "))
        };
    }
    out
}

fn metrics() -> String {
    let mut out = String::new();
    for metric in registry::metrics(&["RESOURCE".to_owned()]) {
        let better = match metric.row.better {
            Better::Lower => "lower is better",
            Better::Higher => "higher is better",
            Better::Neither => "neither way is better",
        };
        let unit = match metric.row.unit {
            "1" => "a ratio",
            unit => unit,
        };
        let definition = wrapped(&metric.definition(), "    ");
        out += &format!("{} [{unit}, {better}]\n{definition}", metric.name());
    }
    out += "\nA class's metric is written class.metric, as in short.response_p99.\n";
    out += "Any quantile can be named, of response, wait and slowdown: response_p75, wait_p999.\n";
    out
}

fn traces() -> String {
    FORMATS
        .iter()
        .map(|(name, meaning)| format!("{name}\n{}", wrapped(meaning, "    ")))
        .collect()
}

fn key_list(prefix: &str) -> Result<String, Exit> {
    let found = keys(prefix);
    if found.is_empty() {
        return Err(Exit::Mistake(format!(
            "error: no key starts with `{prefix}`\nhint: `equipoise list keys` shows all of them"
        )));
    }
    let mut out = String::new();
    for key in found {
        let default = if key.default.is_empty() {
            String::new()
        } else {
            format!(", default {}", key.default)
        };
        let head = format!("{} [{}{default}]", key.path, key.value);
        out += &wrapped(&head, "");
        out += &wrapped(&key.meaning, "    ");
    }
    Ok(out)
}
