//! How often the gate is wrong, measured with its own plan, files and rule.
//!
//! ```text
//! cargo test gate_rates                                                    a tenth
//! cargo test --release --test it gate_rates -- --ignored --nocapture       all, and the table
//! ```
//!
//! Sizes follow from the rule. (1) A change of nothing but luck: N puts the margin at three standard
//! errors, of which the standard deviation is known from at least 30 pairs, so about 0.2 % of such
//! changes fail (by drawing from the t and chi-square laws of the rule): of 100 changes more than one in
//! one case of fifty. (2) A regression of twice the margin is let pass in at most 5 % of the
//! cases for any variance, and in far fewer where N fits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use equipoise::engine::random::Draw;
use equipoise::experiment::{self, Options, Plan, Run};
use equipoise::gate::{
    self, Baseline, Finding, GateVerdicts, PointFigures, ScenarioVerdicts, Subject,
};
use equipoise::model::ids::NodeId;
use equipoise::scenario::Scenario;
use equipoise::stats::paired;
use equipoise::strategy::{Ask, Blueprint, Eligible, Placement, Problem, View};

use crate::scenarios::read_text;

const CHOICES: &str = r#"
[run]
jobs = 400
warmup.jobs = 50
replications = 1
[nodes.slow]
count = 6
[nodes.fast]
count = 4
speed = 1.5
[workload]
load = 0.7
[jobs.query]
arrivals = "poisson"
tasks = 2
work.exponential.mean = "10ms"
[strategies.two-choices]
placement.power-of-d.d = 2
[strategies.three-choices]
placement.power-of-d.d = 3
[compare]
decide-on = ["response_mean", "response_p90"]
[gate]
margins = { response_mean = 0.03, response_p90 = 0.045 }
"#;

const RANDOM: &str = r#"
[run]
jobs = 500
warmup.jobs = 120
replications = 1
[nodes.slow]
count = 10
[nodes.fast]
count = 10
speed = 2.0
[workload]
load = 0.25
[jobs.request]
arrivals = "poisson"
tasks = 1
work.uniform = { low = "5ms", high = "15ms" }
[strategies.random]
placement = "random"
[strategies.by-weight]
placement = "weighted-random"
[compare]
decide-on = ["response_mean", "wait_mean", "response_p90"]
[gate]
margins = { response_mean = 0.035, wait_mean = 0.15, response_p90 = 0.07 }
"#;

const RESOURCES: &str = r#"
[run]
jobs = 300
warmup.jobs = 50
replications = 1
[nodes.worker]
count = 8
resources = { cpu = 8, memory = "16 GiB" }
[workload]
load = 0.4
[jobs.thin]
arrivals.poisson.rate = 2.0
tasks = 4
work.exponential.mean = "10ms"
demand = { cpu = 2, memory = "1 GiB" }
[jobs.fat]
arrivals.poisson.rate = 1.0
tasks = 2
work.exponential.mean = "20ms"
demand = { cpu = 1, memory = "6 GiB" }
[strategies.two-choices]
placement.power-of-d.d = 2
[strategies.worst-fit]
placement = "worst-fit"
[compare]
decide-on = ["response_mean", "fat.response_mean"]
[gate.margins]
response_mean = 0.01
"fat.response_mean" = 0.02
"#;

const SWEEP: &str = r#"
[run]
jobs = 400
warmup.jobs = 50
replications = 1
[nodes.worker]
count = 12
[workload]
load = 0.5
[jobs.request]
arrivals = "poisson"
tasks = 3
work.exponential.mean = "10ms"
[strategies.two-choices]
placement.power-of-d.d = 2
[compare]
decide-on = ["response_mean", "response_p90"]
[gate]
margins = { response_mean = 0.02, response_p90 = 0.03 }
[sweep]
workload.load = [0.4, 0.6]
"#;

const SCENARIOS: [(&str, &str); 4] = [
    ("choices", CHOICES),
    ("random", RANDOM),
    ("resources", RESOURCES),
    ("sweep", SWEEP),
];

/// The scenario `text` with seed `seed`.
pub fn scenario(text: &str, seed: u64, sets: &[String]) -> Scenario {
    let seed = format!("run.seed={seed}");
    let sets: Vec<&str> = sets
        .iter()
        .map(String::as_str)
        .chain([seed.as_str()])
        .collect();
    read_text(text, "small.toml", &sets).unwrap_or_else(|report| panic!("{report}"))
}

fn run(scenario: &Scenario, replications: u32, placement_seed: u64) -> Run {
    let plan = Plan::new(scenario.clone(), String::new(), &AtomicBool::new(false)).unwrap();
    let options = Options {
        threads: Some(1),
        stop: &AtomicBool::new(false),
        progress: &|_| {},
        record: None,
        log_decisions: true,
        journal: None,
    };
    experiment::run(&plan.again(replications, placement_seed), &options).unwrap()
}

fn figures(scenario: &Scenario, replications: u32, placement_seed: u64) -> Vec<PointFigures> {
    let run = run(scenario, replications, placement_seed);
    gate::figures(&run.results, &run.decision_logs, &scenario.gate.margins)
}

fn subject(scenario: &Scenario) -> Subject {
    Subject {
        scenario: scenario.stem.clone(),
        seed: scenario.seed,
        sweep: scenario.sweep.clone(),
        points: scenario
            .points
            .iter()
            .map(|point| point.values.clone())
            .collect(),
        strategies: scenario.gate.strategies.clone(),
        margins: scenario.gate.margins.clone(),
        ..Subject::default()
    }
}

/// What `--save` does; nothing where it refuses.
pub fn save(scenario: &Scenario) -> Option<String> {
    let run = |n: u32, luck: u64| Ok::<_, ()>(figures(scenario, n, luck));
    let plan = gate::plan_baseline(scenario.replications, &scenario.gate.margins, run).ok()?;
    Some(Baseline::new(&subject(scenario), plan.replications, &[], plan.figures).to_text())
}

/// A scenario of `text` that can be saved, with its file, and how many were refused before: seeds
/// from `first` on, which are far apart for each change, as the placement seed is added to the seed.
pub fn saved(text: &str, first: u64, sets: &[String]) -> (Scenario, String, usize) {
    for refused in 0..20 {
        let scenario = scenario(text, first + 10 * refused as u64, sets);
        if let Some(file) = save(&scenario) {
            return (scenario, file, refused);
        }
    }
    panic!("these margins are too narrow");
}

/// What the gate does with changed code: reads the file, runs, judges.
pub fn check(file: &str, changed: &Scenario, placement_seed: u64) -> ScenarioVerdicts {
    let baseline = Baseline::of_text(file).unwrap();
    let subject = subject(changed);
    assert_eq!(baseline.unlike(&subject), Vec::<String>::new());
    let now = figures(changed, baseline.replications, placement_seed);
    gate::judge(&baseline, &now, &subject, subject.family()).unwrap()
}

/// `one` of each number below `count`, on all cores.
fn each<T: Send>(count: usize, one: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return done;
            }
            done.push((at, one(at)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<(usize, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, one)| one).collect()
}

/// What came of changes of one scenario.
#[derive(Default)]
struct Tally {
    changes: usize,
    failed: usize,
    worse: usize,
    inconclusive: usize,
    same: usize,
    replications: Vec<u32>,
    /// Baselines that were refused.
    refused: usize,
}

impl Tally {
    fn add(&mut self, judged: &ScenarioVerdicts, refused: usize) {
        let outcome = GateVerdicts {
            scenarios: vec![judged.clone()],
            family: judged.subject.family(),
        };
        let has = |word: Finding| {
            outcome
                .rows()
                .any(|(_, _, row)| row.judgement.finding == word)
        };
        self.changes += 1;
        self.failed += usize::from(outcome.fails());
        self.worse += usize::from(has(Finding::Worse));
        self.inconclusive += usize::from(has(Finding::Inconclusive));
        self.same += usize::from(judged.same_decisions());
        self.replications.push(judged.replications);
        self.refused += refused;
    }

    fn replications(&self) -> String {
        let mut sorted = self.replications.clone();
        sorted.sort_unstable();
        format!("{} to {}", sorted[0], sorted[sorted.len() - 1])
    }
}

/// `count` changes of nothing but the placement seed, each against a baseline of its own.
fn luck(count: usize) -> Vec<Tally> {
    let judged = each(count, |change| {
        let (_, text) = SCENARIOS[change % SCENARIOS.len()];
        let (scenario, file, refused) = saved(text, 1000 * (change as u64 + 1), &[]);
        (check(&file, &scenario, 2), refused)
    });
    let mut tallies: Vec<Tally> = SCENARIOS.iter().map(|_| Tally::default()).collect();
    for (change, (judged, refused)) in judged.iter().enumerate() {
        tallies[change % SCENARIOS.len()].add(judged, *refused);
    }
    tallies
}

/// Two choices done wrong: now and then the longer queue is taken.
#[derive(Clone, Debug)]
struct Wrong {
    per_mille: u32,
}

impl Blueprint for Wrong {
    fn build(&self, _: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(WrongChoice(self.per_mille)))
    }
}

struct WrongChoice(u32);

impl Placement for WrongChoice {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let n = ask.nodes.count();
        let first = rng.below(n);
        let second = (first + 1 + rng.below(n - 1)) % n;
        let [first, second] = [first, second].map(|rank| ask.nodes.nth(rank));
        let (short, long) = if view.tasks(first) <= view.tasks(second) {
            (first, second)
        } else {
            (second, first)
        };
        Some(if rng.below(1000) < self.0 {
            long
        } else {
            short
        })
    }
}

/// Share of wrong choices, in thousandths: makes a mean about 6 % worse, so that N is about 20 to 30.
const PER_MILLE: u32 = 60;
/// Replications that measure the true effect: its standard error is then about 2 % of it.
const LONG: u32 = 3000;

/// The scenario with its first strategy planted with the mistake.
fn planted(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    for point in &mut scenario.points {
        point.setups[0].strategy.parts[0].placement = Arc::new(Wrong {
            per_mille: PER_MILLE,
        });
    }
    scenario
}

/// The relative effect of the mistake on `metric`, and its standard error.
fn effect(then: &PointFigures, now: &PointFigures, metric: &str) -> (f64, f64) {
    let metric = metric.parse().unwrap();
    let pseudo = |point: &PointFigures| point.strategies[0].metric(&metric).unwrap().pseudo();
    let difference = paired(&pseudo(then), &pseudo(now), 0.95).unwrap();
    let error = difference.spread.unwrap() / f64::from(LONG).sqrt();
    (difference.relative.unwrap(), error)
}

/// What came of planted regressions.
struct Planted {
    /// True effect on response_mean and its standard error; twice the margin.
    effect: (f64, f64),
    tally: Tally,
}

/// `count` baselines, each checked with the mistake. The margin of response_mean is half of the true
/// effect; that of the other metric is so wide that it decides nothing.
fn regressions(count: usize) -> Planted {
    let mut long = scenario(CHOICES, 7, &[]);
    // The strategy in which the mistake is planted.
    long.strategies.truncate(1);
    long.points[0].setups.truncate(1);
    let pair = each(2, |at| {
        let scenario = if at == 0 {
            long.clone()
        } else {
            planted(&long)
        };
        figures(&scenario, LONG, at as u64).remove(0)
    });
    let mean = effect(&pair[0], &pair[1], "response_mean");
    let tail = effect(&pair[0], &pair[1], "response_p90");
    assert!(mean.1 < 0.03 * mean.0, "{mean:?}");
    let sets = [
        format!("gate.margins.response_mean={}", mean.0 / 2.0),
        format!("gate.margins.response_p90={}", tail.0 * 4.0),
    ];
    let judged = each(count, |change| {
        let (scenario, file, refused) = saved(CHOICES, 1000 * (change as u64 + 1) + 500, &sets);
        (check(&file, &planted(&scenario), 0), refused)
    });
    let mut tally = Tally::default();
    for (judged, refused) in &judged {
        tally.add(judged, *refused);
    }
    Planted {
        effect: mean,
        tally,
    }
}

#[test]
fn a_tenth_of_the_changes_of_luck_raises_at_most_one_alarm() {
    let tallies = luck(100);
    let failed: usize = tallies.iter().map(|tally| tally.failed).sum();
    // The changes do change decisions: nothing passes for being the same.
    assert!(tallies.iter().all(|tally| tally.same == 0));
    assert!(failed <= 1, "{failed} alarms of 100");
}

#[test]
fn a_tenth_of_the_planted_regressions_is_caught() {
    let planted = regressions(20);
    assert!(planted.tally.failed >= 18, "{} of 20", planted.tally.failed);
}

#[test]
#[ignore = "minutes; writes output/gallery/gate-rates.md"]
fn all_changes() {
    let (luck, planted) = (luck(1000), regressions(200));
    let failed: usize = luck.iter().map(|tally| tally.failed).sum();
    let table = table(&luck, &planted);
    println!("{table}");
    std::fs::write("output/gallery/gate-rates.md", table).unwrap();
    assert!(failed <= 4, "{failed} alarms of 1,000");
    assert!(
        planted.tally.failed >= 190,
        "{} of 200",
        planted.tally.failed
    );
}

fn table(luck: &[Tally], planted: &Planted) -> String {
    let mut text = String::from(
        "# How often the gate is wrong\n\n\
         Measured with the gate's own plan, files and rule by\n\
         `cargo test --release --test it gate_rates -- --ignored --nocapture`, on small scenarios\n\
         ([tests/it/gate_rates.rs](../../tests/it/gate_rates.rs)); each change has a baseline of its own. One that\n\
         would need more than 200 replications, or has a mark, is refused, and another seed taken.\n\n\
         | change | scenario | figures | replications | refused | changes | failed | worse | inconclusive |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut row = |change: &str, name: &str, figures: usize, tally: &Tally| {
        text += &format!(
            "| {change} | {name} | {figures} | {} | {} | {} | {} | {} | {} |\n",
            tally.replications(),
            tally.refused,
            tally.changes,
            tally.failed,
            tally.worse,
            tally.inconclusive
        );
    };
    for ((name, text), tally) in SCENARIOS.iter().zip(luck) {
        let figures = subject(&scenario(text, 1, &[])).family();
        row("placement seed only", name, figures, tally);
    }
    row("worse by twice the margin", "choices", 4, &planted.tally);
    let failed: usize = luck.iter().map(|tally| tally.failed).sum();
    let (effect, error) = planted.effect;
    text + &format!(
        "\nAlarms by luck alone: {failed} of 1,000 (at most 4 are accepted). Regressions of twice the\n\
         margin that were caught: {} of 200 (at least 190). The regression is a choice of two that takes\n\
         the longer queue in {} of 1,000 cases; in {LONG} replications of their own it makes the\n\
         mean response time {:.2} % ± {:.2} (standard error) worse, and the margin is half of that.\n",
        planted.tally.failed,
        PER_MILLE,
        100.0 * effect,
        100.0 * error
    )
}
