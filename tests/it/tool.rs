//! The built tool, run in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A text that was folded, on one line.
pub fn unfolded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A small scenario with all that draws random numbers: two classes, several dispatchers, a
/// network, stragglers, a part for one class, a sweep.
pub const MIXED: &str = r#"
title = "Which of three?"
[run]
jobs = 300
warmup.jobs = 30
replications = 3
seed = 3
[nodes.slow]
count = 3
[nodes.fast]
count = 2
speed = 2.0
[network]
dispatch.exponential.mean = "1ms"
result = "1ms"
[workload]
load = 0.5
[jobs.short]
arrivals.poisson.rate = 30.0
tasks = 2
work.exponential.mean = "10ms"
slo = "100ms"
[jobs.long]
arrivals.poisson.rate = 10.0
tasks = 1
work.exponential.mean = "50ms"
gather.per-result = "10us"
[faults]
stragglers.probability = 0.05
stragglers.factor.uniform = { low = 2.0, high = 4.0 }
[scheduling]
dispatchers = 3
decision-time = "5us"
[strategies.random]
placement = "random"
[strategies.two-choices]
placement.power-of-d.d = 2
[strategies.by-class]
placement = "round-robin"
for.long.placement = "least-loaded"
[compare]
decide-on = ["response_p90", "response_mean"]
[sweep]
workload.load = [0.3, 0.6]
"#;

/// Files by their path in a folder.
pub type Tree = BTreeMap<String, Vec<u8>>;

/// A folder in which the tool runs; removed at the end.
pub struct Place(tempfile::TempDir);

impl Place {
    /// An empty folder with `text` as `s.toml`.
    pub fn new(text: &str) -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        place.write("s.toml", text);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// The tool with these arguments, without anything of the caller's environment that matters.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_equipoise"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("EQUIPOISE_TRACES")
            .env_remove("NO_COLOR")
            .stdin(Stdio::null());
        command
    }

    pub fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the tool, which must end well, and gives what it printed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// All files below `name`, also those of unfinished runs; empty folders end in `/`.
    pub fn tree(&self, name: &str) -> Tree {
        let mut tree = Tree::new();
        collect(&self.path(name), "", &mut tree);
        tree
    }

    /// All files of a run but timing.json, which alone may differ.
    pub fn results(&self, name: &str) -> Tree {
        let mut tree = self.tree(name);
        assert!(tree.remove("timing.json").is_some());
        tree
    }

    /// `summary.csv` of a run: the mean by strategy, class and metric (of its only point).
    pub fn summary(&self, name: &str) -> Summary {
        Summary::read(&self.path(name).join("summary.csv"))
    }
}

fn collect(dir: &Path, prefix: &str, tree: &mut Tree) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            let before = tree.len();
            collect(&path, &format!("{name}/"), tree);
            if tree.len() == before {
                tree.insert(format!("{name}/"), Vec::new());
            }
        } else {
            tree.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

/// Means and statuses of a run without a sweep.
pub struct Summary(BTreeMap<(String, String, String), (Option<f64>, String)>);

impl Summary {
    fn read(path: &Path) -> Summary {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let header = reader.headers().unwrap().clone();
        let at = |name: &str| header.iter().position(|column| column == name).unwrap();
        let [strategy, class, metric, mean, status] =
            ["strategy", "class", "metric", "mean", "status"].map(at);
        let rows = reader.records().map(|row| {
            let row = row.unwrap();
            let key = [strategy, class, metric].map(|column| row[column].to_owned());
            (key.into(), (row[mean].parse().ok(), row[status].to_owned()))
        });
        Summary(rows.collect())
    }

    fn row(&self, strategy: &str, class: &str, metric: &str) -> &(Option<f64>, String) {
        let key = (strategy.to_owned(), class.to_owned(), metric.to_owned());
        self.0.get(&key).unwrap_or_else(|| panic!("no {key:?}"))
    }

    pub fn mean(&self, strategy: &str, class: &str, metric: &str) -> f64 {
        self.row(strategy, class, metric).0.unwrap()
    }

    pub fn status(&self, strategy: &str, class: &str, metric: &str) -> &str {
        &self.row(strategy, class, metric).1
    }
}
