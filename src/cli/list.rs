//! `equipoise list`: what can be written in a scenario, and what is measured.
//!
//! Everything printed is read from where it is used (the schema of the grammar, the registry of
//! metrics, the readers of traces), so that a help text cannot be older than the code.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{Exit, print};
use crate::metrics::registry::{self, Better};
use crate::scenario::{Registry, follow, keys, list, option_name, preset, presets, properties};
use crate::text::{nearest, paragraph, wrapped};
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
    /// Balancers that people run and schedulers of papers, for `preset = "NAME"` in a strategy.
    Strategies {
        /// Print the one of this name as plain scenario text.
        #[arg(long, value_name = "NAME")]
        show: Option<String>,
    },
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
    pub fn execute(self, registry: &Registry) -> Result<(), Exit> {
        match self.what {
            What::Placements => print(&placements(registry)),
            What::Strategies { show: None } => print(&strategies()),
            What::Strategies { show: Some(name) } => print(&strategy(&name)?),
            What::Distributions => print(&distributions(registry)),
            What::Metrics => print(&metrics()),
            What::Traces => print(&traces()),
            What::Keys { prefix } => print(&key_list(registry, prefix.as_deref().unwrap_or(""))?),
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("")
}

/// Names, descriptions and parameters, as the schema of the grammar has them.
fn placements(registry: &Registry) -> String {
    let schema = crate::scenario::schema(registry);
    let forms = list(&schema["$defs"]["Choice"], "oneOf").iter();
    let forms = forms.flat_map(properties);
    forms
        .map(|(name, node)| placement(&schema, name, node))
        .collect()
}

/// A placement's line: its name as scenarios spell it, and the first sentence of what it does.
fn placement(schema: &Value, name: &str, node: &Value) -> String {
    let algorithm = follow(node, schema);
    let mut out = format!(
        "{name}\n{}",
        paragraph(text(algorithm, "description"), "    ")
    );
    for (key, parameter) in properties(algorithm) {
        let default = parameter.get("default");
        let default = default.map_or(String::new(), |value| format!(" (default {value})"));
        let meaning = format!("{key}: {}{default}", text(parameter, "description"));
        out += &paragraph(&meaning, "    ");
        for choice in list(follow(parameter, schema), "oneOf") {
            let Some(name) = option_name(choice) else {
                continue;
            };
            let meaning = text(choice, "description");
            out += &paragraph(&format!("\"{name}\": {meaning}"), "        ");
        }
    }
    out
}

fn strategies() -> String {
    let one = |(name, meaning): (&str, String)| format!("{name}\n{}", paragraph(&meaning, "    "));
    presets().map(one).collect()
}

fn strategy(name: &str) -> Result<String, Exit> {
    let Some(text) = preset(name) else {
        let names: Vec<&str> = presets().map(|(name, _)| name).collect();
        let near = nearest(name, &names).map(|near| format!("did you mean `{near}`? "));
        return Err(Exit::Mistake(format!(
            "error: there is no preset `{name}`\nhint: {}`equipoise list strategies` shows all of them",
            near.unwrap_or_default()
        )));
    };
    // What stands before the table is a paragraph; lines of the table are as short as they are to be.
    let lines: Vec<&str> = text.lines().collect();
    let head = lines.iter().take_while(|line| line.starts_with('#'));
    let words: Vec<&str> = head
        .map(|line| line.trim_start_matches('#').trim())
        .collect();
    let head = wrapped(&words.join(" "), "# ", "# ");
    let table = lines[words.len()..].iter().map(|line| (*line).to_owned());
    let lines = head.into_iter().chain(table);
    Ok(lines.map(|line| line + "\n").collect())
}

/// The laws, each as it is written and with what it says of itself.
fn distributions(registry: &Registry) -> String {
    let mut out = String::from(
        "Wherever a law is expected, a constant will do; spans may have units (\"10ms\").\n\n",
    );
    for key in keys(registry, "LAW.") {
        let path = key.path.trim_start_matches("LAW.");
        let meaning = &key.meaning;
        out += &if path.contains('.') {
            paragraph(&format!("{path}: {meaning} [{}]", key.value), "    ")
        } else {
            format!("{path}\n{}", paragraph(meaning, "    "))
        };
    }
    out
}

/// The metrics with their units and definitions.
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
        out += &format!("{} [{unit}, {better}]\n", metric.name());
        out += &paragraph(&metric.definition(), "    ");
    }
    out + "\nA class's metric is written class.metric, as in short.response_p99.\n\
     Any quantile of response, wait and slowdown has such a name: response_p75.\n"
}

fn traces() -> String {
    let one = |(name, meaning): &(&str, &str)| format!("{name}\n{}", paragraph(meaning, "    "));
    FORMATS.iter().map(one).collect()
}

/// The keys below a prefix, each with its type.
fn key_list(registry: &Registry, prefix: &str) -> Result<String, Exit> {
    let found = keys(registry, prefix);
    if found.is_empty() {
        let all = keys(registry, "");
        let paths: Vec<&str> = all.iter().map(|key| key.path.as_str()).collect();
        let sections = paths.iter().filter_map(|path| path.split('.').next());
        let known: Vec<&str> = paths.iter().copied().chain(sections).collect();
        let near = nearest(prefix, &known).map(|near| format!("did you mean `{near}`? "));
        return Err(Exit::Mistake(format!(
            "error: no key starts with `{prefix}`\nhint: {}`equipoise list keys` shows all of them",
            near.unwrap_or_default()
        )));
    }
    let mut out = String::new();
    for key in found {
        let default = Some(format!(", default {}", key.default));
        let default = default
            .filter(|_| !key.default.is_empty())
            .unwrap_or_default();
        out += &paragraph(&format!("{} [{}{default}]", key.path, key.value), "");
        out += &paragraph(&key.meaning, "    ");
    }
    Ok(out)
}
