//! `equipoise reference`: the pages of the book that are made from the code, in Markdown.
//!
//! What is printed is read from where it is used: the schema of the grammar, the registries of metrics
//! and placements, the readers of traces, the arguments of the commands. `docs/reference` holds the
//! pages of this package, and a test holds them to the code; a crate with placements of its own has
//! pages of its own.

use clap::{Arg, Args, Command, ValueEnum};
use serde_json::Value;

use super::{Exit, print};
use crate::metrics::registry::{self, Better, Metric};
use crate::scenario::{KeyInfo, Registry, follow, keys, list, preset, presets, properties, schema};
use crate::workload::trace::FORMATS;

/// Arguments of `equipoise reference`.
#[derive(Debug, Args)]
pub struct Reference {
    /// The page.
    page: Page,
}

/// A page of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Page {
    /// Keys of scenario files.
    Keys,
    /// Laws that arrivals, works and delays can follow.
    Distributions,
    /// Figures that are measured.
    Metrics,
    /// Algorithms that pick a node for a task.
    Placements,
    /// Balancers that people run and schedulers of papers.
    Strategies,
    /// Formats of traces.
    Traces,
    /// Commands and their options.
    Commands,
}

impl Reference {
    /// Prints the page.
    pub fn execute(self, registry: &Registry, tool: Command) -> Result<(), Exit> {
        let (title, body) = match self.page {
            Page::Keys => ("Keys of a scenario file", key_page(registry)),
            Page::Distributions => ("Laws", law_page(registry)),
            Page::Metrics => ("Metrics", metric_page()),
            Page::Placements => ("Placements", placement_page(registry)),
            Page::Strategies => ("Presets", preset_page()),
            Page::Traces => ("Formats of traces", trace_page()),
            Page::Commands => ("Commands", command_page(tool)),
        };
        let name = self.page.to_possible_value();
        let name = name.map_or(String::new(), |value| value.get_name().to_owned());
        print(&format!(
            "# {title}\n\n<!-- Written by `equipoise reference {name}`; do not edit. -->\n\n{}\n",
            body.trim()
        ))
    }
}

/// What stands in a cell of a table: nothing in it is a mark.
fn cell(text: &str) -> String {
    let text = text.replace('\n', " ").replace('|', "\\|");
    text.replace('<', "&lt;").replace('*', "\\*")
}

/// `text` as code, in a cell.
fn code(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("`{}`", text.replace('|', "\\|")),
    }
}

/// A table, and nothing where there are no rows.
fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let lines: Vec<String> = rows
        .map(|row| format!("| {} |\n", row.join(" | ")))
        .collect();
    match lines.is_empty() {
        true => String::new(),
        false => format!(
            "| {} |\n| {} |\n{}\n",
            head.join(" | "),
            ["---"; N].join(" | "),
            lines.concat()
        ),
    }
}

const KEY_HEAD: [&str; 4] = ["key", "value", "default", "meaning"];

fn key_row(key: &KeyInfo, above: &str) -> [String; 4] {
    let path = key.path.strip_prefix(above).unwrap_or(&key.path);
    let meaning = Some(&key.meaning).filter(|meaning| **meaning != key.value);
    let meaning = meaning.map_or(String::new(), |meaning| cell(meaning));
    [code(path), cell(&key.value), code(&key.default), meaning]
}

/// Whether a key is told of at another place of the page, or on another page.
fn is_told_elsewhere(path: &str) -> bool {
    let part = ["scheduling.", "strategies.NAME.for.NAME."];
    let deeper = |start: &&str| {
        path.strip_prefix(*start)
            .is_some_and(|key| key.contains('.'))
    };
    path.contains(".placement.") || part.iter().any(deeper)
}

const ABOUT_KEYS: &str = "A scenario is a [TOML](https://toml.io) file. `NAME` stands for a name of yours. A key of a table may \
be written `[nodes.old] count = 12`, `nodes.old.count = 12` or `nodes.old = { count = 12 }`. Where a value is *a law*, one of \
the [laws](distributions.md) will do; where one form of several is meant and it needs no key, its name will do: \
`arrivals = \"poisson\"`. Parameters of placements are on [a page of their own](placements.md); below `scheduling` and \
`strategies.NAME.for.NAME` stand the same parts as below `strategies.NAME`. `equipoise list keys jobs` shows the same in a \
terminal, and `equipoise schema` prints a JSON Schema, with which editors complete and check.";

/// Every key of a scenario with its type, default and meaning, from the JSON Schema of the grammar.
fn key_page(registry: &Registry) -> String {
    let all = keys(registry, "");
    let told = all.iter().filter(|key| !is_told_elsewhere(&key.path));
    let mut sections: Vec<(&str, Vec<&KeyInfo>)> = Vec::new();
    for key in told.filter(|key| !key.path.starts_with("LAW")) {
        let name = key.path.split('.').next().unwrap_or_default();
        match sections.last_mut().filter(|(last, _)| *last == name) {
            Some((_, keys)) => keys.push(key),
            None => sections.push((name, vec![key])),
        }
    }
    let section = |(name, keys): (&str, Vec<&KeyInfo>)| {
        let rows = keys.iter().map(|key| key_row(key, ""));
        format!("## `{name}`\n\n{}", table(KEY_HEAD, rows))
    };
    let sections: String = sections.into_iter().map(section).collect();
    format!("{ABOUT_KEYS}\n\n{sections}")
}

fn law_page(registry: &Registry) -> String {
    let rows: Vec<KeyInfo> = keys(registry, "LAW.");
    let rows = rows.iter().map(|key| key_row(key, "LAW."));
    format!(
        "Wherever a law is expected, a constant will do; times may have units (`\"10ms\"`), as in \
         `work.lognormal = {{ mean = \"10ms\", cv = 2 }}`.\n\n{}",
        table(KEY_HEAD, rows)
    )
}

/// A metric as a row: name, unit, which way is better, definition.
fn metric_row(metric: &Metric) -> [String; 4] {
    let better = match metric.row.better {
        Better::Lower => "lower",
        Better::Higher => "higher",
        Better::Neither => "",
    };
    let unit = match metric.row.unit {
        "1" => "a ratio",
        unit => unit,
    };
    let meaning = cell(&metric.definition());
    [
        code(metric.name()),
        unit.to_owned(),
        better.to_owned(),
        meaning,
    ]
}

/// Every metric that tables show unasked.
fn metric_page() -> String {
    let metrics = registry::metrics(&["RESOURCE".to_owned()]);
    format!(
        "A class's metric is written `CLASS.METRIC`, as in `short.response_p99`. Any quantile of response, wait and \
         slowdown can be named: `response_p75`, `wait_p999`. `RESOURCE` stands for each resource of the nodes.\n\n{}",
        table(
            ["metric", "unit", "better", "meaning"],
            metrics.iter().map(metric_row)
        )
    )
}

/// What the values of a parameter mean, where it has a list of them.
fn choices(parameter: &Value, schema: &Value) -> String {
    let meant = |choice: &Value| {
        let (name, meaning) = (choice["const"].as_str()?, choice["description"].as_str()?);
        Some(format!(" `\"{name}\"`: {}", cell(meaning)))
    };
    let choices = list(follow(parameter, schema), "oneOf").iter();
    choices.filter_map(meant).collect()
}

/// A placement with its parameters and its source.
fn placement(registry: &Registry, schema: &Value, name: &str, node: &Value) -> String {
    let algorithm = follow(node, schema);
    let parameters: Vec<(&String, &Value)> = properties(algorithm).collect();
    let above = format!("strategies.NAME.placement.{name}.");
    let rows = keys(registry, &above);
    let rows = rows.iter().map(|key| {
        let mut row = key_row(key, &above);
        let own = |(parameter, _): &&(&String, &Value)| key.path == format!("{above}{parameter}");
        let values = parameters.iter().find(own);
        row[3] += &values.map_or(String::new(), |(_, node)| choices(node, schema));
        row
    });
    let said = cell(algorithm["description"].as_str().unwrap_or(""));
    format!(
        "## `{name}`\n\n{said}\n\n{}",
        table(["parameter", "value", "default", "meaning"], rows)
    )
}

/// All placements with their parameters.
fn placement_page(registry: &Registry) -> String {
    let schema = schema(registry);
    let forms = list(&schema["$defs"]["Choice"], "oneOf").iter();
    let all = forms.flat_map(properties);
    let all: String = all
        .map(|(name, node)| placement(registry, &schema, name, node))
        .collect();
    format!(
        "`placement = \"NAME\"` in a strategy, or `placement.NAME = {{ PARAMETER = VALUE }}`. How to write one of your \
         own: [a new placement](../how-to/placement.md).\n\n{all}"
    )
}

/// Every preset with what it stands for, and what is left out of the original.
fn preset_page() -> String {
    let one = |(name, meaning): (&str, String)| {
        let text = preset(name).unwrap_or_default().lines();
        let text: Vec<&str> = text.filter(|line| !line.starts_with('#')).collect();
        format!(
            "## `{name}`\n\n{}\n\n```toml\n{}\n```\n\n",
            cell(&meaning),
            text.join("\n")
        )
    };
    let all: String = presets().map(one).collect();
    format!(
        "`preset = \"NAME\"` in a strategy; what stands beside it changes it. Each is plain scenario text, which \
         `equipoise list strategies --show NAME` prints.\n\n{all}"
    )
}

/// The formats of traces, with what each reads.
fn trace_page() -> String {
    let rows = FORMATS
        .iter()
        .map(|(name, meaning)| [code(name), cell(meaning)]);
    format!(
        "`arrivals.trace = {{ file = \"LOG\", format = \"FORMAT\" }}`; the file may be packed by gzip or xz. The other keys: \
         [`jobs`](keys.md#jobs). How to use one: [my batch log](../how-to/batch-log.md).\n\n{}",
        table(["format", "a row"], rows)
    )
}

const ABOUT_COMMANDS: &str = "Results go to standard output, messages to standard error. Exit codes: 0 done, 1 the gate or \
`verify` found a difference that fails, 2 the scenario or the command line is wrong, 3 the tool or the machine failed, 130 \
interrupted.";

fn command_page(mut tool: Command) -> String {
    tool.build();
    format!("{ABOUT_COMMANDS}\n\n{}", commands(&tool))
}

/// The commands below `above`, each with its own after it.
fn commands(above: &Command) -> String {
    let own = above
        .get_subcommands()
        .filter(|one| one.get_name() != "help");
    own.map(|one| command(one) + &commands(one)).collect()
}

/// A command with its arguments, from the parser itself.
fn command(one: &Command) -> String {
    let usage = one.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let name = usage.split([' ', '\n']).next().unwrap_or_default();
    let path = one.get_bin_name().unwrap_or(name);
    let about = one.get_about().map_or(String::new(), ToString::to_string);
    let told = |arg: &&Arg| !["help", "version"].contains(&arg.get_id().as_str());
    let arguments = one.get_arguments().filter(told).map(argument);
    format!(
        "## `{path}`\n\n{}.\n\n```text\n{usage}\n```\n\n{}",
        cell(about.trim_end_matches('.')),
        table(["argument", "meaning"], arguments)
    )
}

/// An argument with its help and what may be given.
fn argument(arg: &Arg) -> [String; 2] {
    let help = arg.get_long_help().or(arg.get_help());
    let mut said = help.map_or(String::new(), |help| cell(&help.to_string()));
    let values = arg.get_possible_values();
    let values: Vec<String> = values.iter().map(value).collect();
    if !values.is_empty() {
        said += &format!("; one of {}", values.join(", "));
    }
    let defaults: Vec<String> = arg
        .get_default_values()
        .iter()
        .map(|value| code(&value.to_string_lossy()))
        .collect();
    if !defaults.is_empty() && arg.get_action().takes_values() {
        said += &format!("; default {}", defaults.join(", "));
    }
    [code(&arg.to_string()), said]
}

fn value(value: &clap::builder::PossibleValue) -> String {
    let help = value.get_help().map_or(String::new(), |help| {
        format!(" ({})", cell(&help.to_string()))
    });
    format!("`{}`{}", value.get_name(), help)
}
