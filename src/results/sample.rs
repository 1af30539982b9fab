//! Results made from formulas, for tests and for looking at reports: no simulation, no randomness.

use super::*;
use crate::metrics::columns::MetricRef;

/// Names of the sample's strategies.
pub const NAMES: [&str; 12] = [
    "random",
    "least-loaded",
    "two-choices",
    "best-match",
    "two-choices-stale",
    "join-idle-queue",
    "round-robin",
    "shortest-expected-delay-with-work-stealing",
    "late-binding",
    "central-queue",
    "prequal",
    "size-interval",
];

/// How results are made.
pub struct Sample {
    /// Results without their rows.
    pub meta: Meta,
    /// Load of each point.
    pub loads: Vec<f64>,
    /// Points from this on have an unstable baseline and other missing figures.
    pub trouble_from: usize,
}

impl Sample {
    /// A sweep of loads; one load means no sweep.
    pub fn loads(loads: &[f64], strategies: usize) -> Sample {
        let swept = loads.len() > 1;
        let mut meta = meta(strategies);
        meta.sweep = if swept {
            vec!["workload.load".into()]
        } else {
            vec![]
        };
        meta.points = loads
            .iter()
            .map(|load| {
                if swept {
                    vec![load.to_string()]
                } else {
                    vec![]
                }
            })
            .collect();
        meta.title = "Does matching resources pay on two machine generations?".into();
        Sample {
            meta,
            loads: loads.to_vec(),
            trouble_from: usize::MAX,
        }
        .counted()
    }

    /// A sweep of two keys: dispatchers and loads.
    pub fn two_keys(strategies: usize) -> Sample {
        let mut it = Sample::loads(&[0.5, 0.7, 0.9].repeat(3), strategies);
        it.meta.sweep.insert(0, "scheduling.dispatchers".into());
        for (at, point) in it.meta.points.iter_mut().enumerate() {
            point.insert(0, ["1", "4", "10"][at / 3].into());
        }
        it.counted()
    }

    /// A sweep over words.
    pub fn words(words: &[&str], strategies: usize) -> Sample {
        let loads: Vec<f64> = (0..words.len()).map(|k| 0.55 + 0.1 * k as f64).collect();
        let mut it = Sample::loads(&loads, strategies);
        it.meta.sweep = vec!["scheduling.view".into()];
        it.meta.points = words
            .iter()
            .map(|word| vec![format!("\"{word}\"")])
            .collect();
        it.counted()
    }

    /// A sweep over words and, less, over loads.
    pub fn words_and_loads(strategies: usize) -> Sample {
        let words = [
            "round-robin",
            "least-loaded",
            "join-idle-queue",
            "batch-sampling",
        ];
        let mut it = Sample::words(&words.repeat(2), strategies);
        it.meta.sweep.push("workload.load".into());
        for (at, point) in it.meta.points.iter_mut().enumerate() {
            point.push(["0.5", "0.8"][at / 4].into());
        }
        it
    }

    /// A sweep over loads, each with a number of nodes of its own.
    pub fn together(strategies: usize) -> Sample {
        let mut it = Sample::loads(&[0.5, 0.7, 0.9], strategies);
        it.meta.sweep.insert(0, "nodes.a.count".into());
        for (at, point) in it.meta.points.iter_mut().enumerate() {
            point.insert(0, (10 + at).to_string());
        }
        it
    }

    /// Loads past what some strategies can carry: unstable, censored and missing figures.
    pub fn troubled() -> Sample {
        let mut it = Sample::loads(&[0.6, 0.8, 0.95, 1.05], 5);
        it.trouble_from = 2;
        it.meta.warnings = vec![
            "utilization of gen1 at load 1.05 is 1.05 or more: no strategy can carry it".into(),
        ];
        it.meta.notes = vec!["the two classes share a fifo queue without backfill".into()];
        it
    }

    fn counted(mut self) -> Sample {
        let others = self.meta.strategies.len() - 1;
        self.meta.family = self.meta.decide_on.len() * self.loads.len() * others;
        self.meta.events = vec![vec![1_000_000; others + 1]; self.loads.len()];
        self.meta.workload_digests = vec![vec!["d".repeat(64)]; self.loads.len()];
        self
    }

    /// All results.
    pub fn results(&self) -> Results {
        let strategies = 0..self.meta.strategies.len();
        let places = |point| strategies.clone().map(move |strategy| (point, strategy));
        let all = || (0..self.loads.len()).flat_map(places);
        Results {
            meta: self.meta.clone(),
            cells: (0..self.loads.len())
                .map(|point| places(point).map(|at| self.cell(at)).collect())
                .collect(),
            comparisons: all().flat_map(|at| self.comparisons(at)).collect(),
            theory: all().flat_map(|at| self.beside_theory(at)).collect(),
        }
    }

    fn cell(&self, at: (usize, usize)) -> Cell {
        Cell {
            figures: self.figures(at),
            ccdf: self.ccdf(at),
            timeline: self.timeline(at),
            nodes: self.nodes(at),
        }
    }

    /// Mean response time, seconds: a mean waiting time that the strategy lowers, plus service.
    fn response(&self, point: usize, strategy: usize) -> f64 {
        let load = self.loads[point].min(0.985);
        let waits = [
            1.0, 0.12, 0.25, 0.3, 0.55, 0.2, 0.7, 0.11, 0.15, 0.1, 0.22, 0.9,
        ];
        0.010 * (1.0 + 1.5 * waits[strategy % 12] * load / (1.0 - load))
    }

    fn status(&self, point: usize, strategy: usize) -> Status {
        match (
            point >= self.trouble_from,
            point + 1 == self.loads.len(),
            strategy,
        ) {
            (false, ..) => Status::Ok,
            (true, _, 0) | (true, true, 4) => Status::Unstable,
            (true, true, 1) => Status::Censored,
            (true, false, 3) => Status::NotAvailable,
            _ => Status::Ok,
        }
    }

    fn figures(&self, at: (usize, usize)) -> Vec<Summary> {
        let (mean, load) = (self.response(at.0, at.1), self.loads[at.0].min(1.0));
        let spread = at.1 as f64;
        let classes = self.class_names().into_iter();
        let mut figures: Vec<(String, f64)> =
            classes.flat_map(|class| of_class(&class, mean)).collect();
        figures.extend(blame(mean));
        let of_all = [
            ("utilization", load),
            ("nodes.gen1.utilization", load * (0.9 + 0.015 * spread)),
            ("nodes.gen2.utilization", load * (1.0 - 0.02 * spread)),
            ("throughput", 1234.5 * load),
            ("messages_per_task", [1.0, 41.0, 3.0, 101.0, 1.4][at.1 % 5]),
            ("waste", 0.004 * (spread + 1.0)),
        ];
        figures.extend(of_all.map(|(name, value)| (name.to_owned(), value)));
        let figures = figures.into_iter();
        figures
            .filter_map(|(name, value)| Some(self.summary(at, name.parse().ok()?, value)))
            .collect()
    }

    /// The utilisation law, and a limit that is not judged.
    fn beside_theory(&self, (point, strategy): (usize, usize)) -> Vec<TheoryRow> {
        let load = self.loads[point].min(1.0);
        let row = |(kind, agreement, theory)| {
            Some(TheoryRow {
                point,
                strategy,
                key: "utilization_slots".parse().ok()?,
                model: "utilisation law".into(),
                kind,
                theory,
                mean: Some(load * 1.001),
                ci_low: Some(load * 0.99),
                ci_high: Some(load * 1.012),
                replications: 20,
                agreement,
            })
        };
        let rows = [
            (AnswerKind::Exact, Agreement::Agrees, load),
            (AnswerKind::Limit, Agreement::Limit, load * 0.9),
        ];
        rows.into_iter().filter_map(row).collect()
    }

    fn summary(&self, at: (usize, usize), key: MetricRef, value: f64) -> Summary {
        let name = key.name();
        let steady = !matches!(
            name,
            "throughput" | "utilization" | "jobs_completed" | "messages_per_task" | "waste"
        );
        let status = match steady {
            true => self.status(at.0, at.1),
            false => Status::Ok,
        };
        let bound = status == Status::Censored && name.contains("_p");
        let stands = status == Status::Ok;
        let half = value.abs() * (0.004 + 0.03 * wave(at.0 * 7 + at.1 * 3 + name.len()).abs());
        let values = (1..=3).map(|replication| value * (1.0 + 0.01 * wave(replication)));
        let values: Vec<_> = values.map(|value| stands.then_some(value)).collect();
        Summary {
            mean: (stands || bound).then_some(value),
            ci_low: stands.then_some(value - half),
            ci_high: stands.then_some(value + half),
            stddev: stands.then_some(half * 2.1),
            replications: 20,
            events: stands.then_some(120.5),
            status,
            note: if stands {
                String::new()
            } else {
                "a reason, and a cure".into()
            },
            pseudo: values.clone(),
            values,
            key,
        }
    }

    fn comparisons(&self, (point, strategy): (usize, usize)) -> Vec<ComparisonRow> {
        let metrics = self.meta.decide_on.iter().enumerate();
        let row = |(k, metric): (usize, &MetricRef)| {
            let factor = if metric.name() == "response_p99" {
                4.6
            } else {
                1.0
            };
            let [base, mean] = [0, strategy].map(|s| self.response(point, s) * factor);
            let relative = (mean - base) / base;
            let half = 0.01 + 0.05 * wave(point + strategy * 5 + k).abs();
            let verdict = self.verdict(point, strategy, relative, half);
            let stands = !matches!(
                verdict,
                Verdict::Unstable
                    | Verdict::Stable
                    | Verdict::NotAvailable
                    | Verdict::NotComparable
            );
            ComparisonRow {
                point,
                strategy,
                metric: metric.clone(),
                baseline_mean: stands.then_some(base),
                mean: stands.then_some(mean),
                difference: stands.then_some(mean - base),
                ci_low: stands.then_some((relative - half) * base),
                ci_high: stands.then_some((relative + half) * base),
                relative: stands.then_some(relative),
                relative_low: stands.then_some(relative - half),
                relative_high: stands.then_some(relative + half),
                margin: self.meta.margin,
                level: 1.0 - 0.05 / self.meta.family as f64,
                replications: 20,
                verdict,
                replications_needed: (verdict == Verdict::Inconclusive).then_some(85),
                exact: false,
            }
        };
        metrics.filter(|_| strategy > 0).map(row).collect()
    }

    fn verdict(&self, point: usize, strategy: usize, relative: f64, half: f64) -> Verdict {
        let is = |strategy, status| self.status(point, strategy) == status;
        match () {
            () if is(strategy, Status::Unstable) => Verdict::Unstable,
            () if is(strategy, Status::NotAvailable) => Verdict::NotAvailable,
            () if is(0, Status::Unstable) => Verdict::Stable,
            () if self.status(point, strategy) != Status::Ok => Verdict::NotComparable,
            () if relative.abs() + half < self.meta.margin => Verdict::Equivalent,
            () if relative + half < 0.0 => Verdict::Better,
            () if relative - half > 0.0 => Verdict::Worse,
            () => Verdict::Inconclusive,
        }
    }

    fn ccdf(&self, (point, strategy): (usize, usize)) -> Vec<CcdfRow> {
        let mean = self.response(point, strategy);
        let row = |class: &str, step: i32| {
            let mean = if class == "batch" { mean * 8.0 } else { mean };
            let share = 10f64.powf(-f64::from(step) / 35.0);
            CcdfRow {
                class: class.into(),
                response: mean * (0.1 + share.powf(-0.12) * (1.0 - share.ln()) * 0.5),
                jobs_above: (share * 2_000_000.0) as u64,
                share_above: share,
            }
        };
        let classes = self.class_names().into_iter();
        classes
            .flat_map(|class| (0..160).map(move |step| row(&class, step)))
            .collect()
    }

    fn timeline(&self, (point, strategy): (usize, usize)) -> Vec<TimelineRow> {
        let (mean, load) = (self.response(point, strategy), self.loads[point].min(1.0));
        let row = |bin: usize| {
            let noise = 1.0 + 0.25 * wave(bin * 13 + strategy * 31);
            let cov = (0.9 - 0.13 * (strategy % 6) as f64) * noise;
            TimelineRow {
                time: 0.5 * (bin as f64 + 0.5),
                imbalance_cov: cov,
                imbalance_max_over_mean: 1.0 + 3.0 * cov,
                utilization: load * noise.min(1.1),
                jobs_in_system: 100.0 * mean / 0.01 * noise,
                tasks_waiting: 200.0 * mean * noise,
            }
        };
        (0..200).map(row).collect()
    }

    fn nodes(&self, (point, strategy): (usize, usize)) -> Vec<NodeRow> {
        let load = self.loads[point].min(1.0);
        let row = |rank: u32| {
            let group = if rank % 5 < 3 { "gen1" } else { "gen2" };
            let spread = (0.5 - f64::from(rank) / 100.0) * 0.3 / (1.0 + strategy as f64);
            NodeRow {
                rank,
                node: format!("{group}[{}]", rank - 1),
                group: group.into(),
                utilization: (load * (1.0 + spread)).min(1.0),
                tasks: 1000 + u64::from(rank),
            }
        };
        (1..=100).map(row).collect()
    }

    fn class_names(&self) -> Vec<String> {
        let named = self.meta.classes.iter().map(|class| class.name.clone());
        std::iter::once("all".to_string()).chain(named).collect()
    }
}

/// Figures of a class, of mean response time `mean` if its jobs are short.
fn of_class(class: &str, mean: f64) -> Vec<(String, f64)> {
    let slow = if class == "batch" { 8.0 } else { 1.0 };
    let figures = [
        ("response_mean", mean * slow),
        ("response_p50", mean * 0.7 * slow),
        ("response_p90", mean * 2.3 * slow),
        ("response_p99", mean * 4.6 * slow),
        ("wait_mean", mean * 0.4 * slow),
        ("slowdown_mean", mean / 0.01),
        ("slo_attained", (1.0 - mean).max(0.2)),
        ("jobs_completed", 50_000.0),
    ];
    let name = |metric: &str| match class {
        "all" => metric.to_owned(),
        class => format!("{class}.{metric}"),
    };
    figures.map(|(metric, value)| (name(metric), value)).into()
}

fn blame(mean: f64) -> Vec<(String, f64)> {
    let service = 0.0085;
    let rest = (mean - service).max(1e-4);
    let parts = [
        ("dispatch", 0.05 * rest),
        ("decision", 0.0001),
        ("network", 0.0004),
        ("queue", 0.8 * rest),
        ("service", service),
        ("retry", 0.05 * rest),
        ("gather", 0.1 * rest),
    ];
    let of_part = |(part, value): (&str, f64)| {
        let tail = if part == "service" { 2.0 } else { 5.0 };
        [
            (format!("blame_{part}_mean"), value),
            (format!("blame_{part}_tail"), value * tail),
        ]
    };
    parts.into_iter().flat_map(of_part).collect()
}

fn meta(strategies: usize) -> Meta {
    let named = |k: usize| StrategyMeta {
        name: NAMES[k].into(),
        parts: vec![
            ("placement".into(), format!("power-of-d = {{ d = {k} }}")),
            ("view".into(), "fresh".into()),
        ],
    };
    let slo = Some(0.2);
    Meta {
        version: "0.1.0".into(),
        stem: "two-generations".into(),
        command: "equipoise run two-generations.toml".into(),
        seed: 7,
        engine: "heap".into(),
        replications: 20,
        measured: "100,000 jobs".into(),
        strategies: (0..strategies).map(named).collect(),
        baseline: NAMES[0].into(),
        classes: vec![
            ClassMeta {
                name: "query".into(),
                slo,
            },
            ClassMeta {
                name: "batch".into(),
                slo: None,
            },
        ],
        decide_on: ["response_p99", "query.response_mean"]
            .iter()
            .flat_map(|name| name.parse())
            .collect(),
        margin: 0.02,
        confidence: 0.95,
        same_for_all: vec![
            "10 dispatchers".into(),
            "the true work of a task is not used".into(),
        ],
        differ_in: vec!["placement".into(), "view".into()],
        scenario_digest: "0123456789abcdef".repeat(4),
        ..Meta::default()
    }
}

/// A number between -1 and 1 that looks irregular.
fn wave(k: usize) -> f64 {
    (k as f64 * 12.9898 + 4.1).sin() * (k as f64 * 0.37).cos()
}
