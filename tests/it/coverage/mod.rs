//! How often a 95 % interval holds the truth, over a grid of models, loads and lengths.
//!
//! An experiment is a whole run of a scenario, through the code that `equipoise run` takes, with a
//! seed of its own and the default warm-up; its intervals are those that `summary.csv` would show.
//!
//! ```text
//! cargo test --test it coverage                                  some 300 experiments
//! cargo test --test it coverage -- --ignored --nocapture         the grid, and its table
//! ```
//!
//! The grid takes hours. It is run in rounds of a few experiments of every cell, what is done stands in
//! `target/coverage.tsv`, and a run that was stopped goes on there; the table says how much it is of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod best;
mod table;
mod truths;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Write as _;
use std::sync::atomic::AtomicBool;

use equipoise::engine::law::Law;
use equipoise::experiment::{self, Options, Plan};
use equipoise::results::{Results, Status};
use equipoise::scenario::Scenario;

use crate::scenarios::read_text;
use truths::Truth;

/// What is done.
const DONE: &str = "target/coverage.tsv";
/// Experiments of a cell in a round.
const ROUND: u64 = 20;
const LOADS: [f64; 5] = [0.5, 0.8, 0.9, 0.95, 0.98];
/// Measured jobs, replications and experiments.
const LENGTHS: [(u64, u32, u64); 5] = [
    (2_000, 5, 200),
    (2_000, 20, 200),
    (20_000, 5, 200),
    (20_000, 20, 200),
    (200_000, 5, 100),
];
const FIGURES: [&str; 5] = [
    "response_mean",
    "response_p50",
    "response_p90",
    "response_p99",
    "response_p999",
];

/// A model: nodes, law of the work and strategy.
#[derive(Clone, Copy)]
struct Model {
    name: &'static str,
    nodes: u32,
    work: &'static str,
    strategy: &'static str,
}

const EXPONENTIAL: &str = "exponential.mean = 1.0";
const MODELS: [Model; 8] = [
    Model {
        name: "M/M/1",
        nodes: 1,
        work: EXPONENTIAL,
        strategy: "placement = \"random\"",
    },
    Model {
        name: "M/M/10, one queue",
        nodes: 10,
        work: EXPONENTIAL,
        strategy: "binding = \"central-queue\"",
    },
    Model {
        name: "two choices of 10",
        nodes: 10,
        work: EXPONENTIAL,
        strategy: "placement = \"power-of-d\"",
    },
    Model {
        name: "two choices of 100",
        nodes: 100,
        work: EXPONENTIAL,
        strategy: "placement = \"power-of-d\"",
    },
    Model {
        name: "M/G/1, lognormal cv 3",
        nodes: 1,
        work: "lognormal = { mean = 1.0, cv = 3.0 }",
        strategy: "placement = \"random\"",
    },
    Model {
        name: "M/G/1, Pareto 2.2",
        nodes: 1,
        work: "pareto = { shape = 2.2, min = 0.5454545454545454 }",
        strategy: "placement = \"random\"",
    },
    Model {
        name: "M/G/1, Pareto 2.5",
        nodes: 1,
        work: "pareto = { shape = 2.5, min = 0.6 }",
        strategy: "placement = \"random\"",
    },
    Model {
        name: "M/G/1, Pareto 3.5",
        nodes: 1,
        work: "pareto = { shape = 3.5, min = 0.7142857142857143 }",
        strategy: "placement = \"random\"",
    },
];

impl Model {
    fn scenario(&self, load: f64, (jobs, replications): (u64, u32), seed: u64) -> Scenario {
        let Model {
            nodes,
            work,
            strategy,
            ..
        } = self;
        let text = format!(
            "[run]\njobs = {jobs}\nreplications = {replications}\nseed = {seed}\n\
            [nodes.node]\ncount = {nodes}\n[workload]\nload = {load}\n\
            [jobs.job]\narrivals = \"poisson\"\nwork.{work}\n[strategies.it]\n{strategy}\n"
        );
        read_text(&text, "coverage.toml", &[]).unwrap_or_else(|report| panic!("{report}"))
    }

    /// The law of the work, where a formula is known for it.
    fn law(&self) -> Law {
        let pareto = |shape: f64| Law::Pareto {
            shape,
            min: (shape - 1.0) / shape,
        };
        match self.name {
            "M/G/1, lognormal cv 3" => Law::lognormal(1.0, 3.0),
            "M/G/1, Pareto 2.2" => pareto(2.2),
            "M/G/1, Pareto 2.5" => pareto(2.5),
            _ => pareto(3.5),
        }
    }

    fn truth(&self, load: f64) -> Truth {
        match (self.nodes, self.strategy.contains("power-of-d")) {
            (_, true) => self.long_run(load),
            (10, _) => truths::many_servers(10, load),
            _ if self.work == EXPONENTIAL => truths::many_servers(1, load),
            _ => truths::single_server(&self.law(), load),
        }
    }

    /// Of a long run with a seed of its own: jobs at high load tell less each.
    fn long_run(&self, load: f64) -> Truth {
        let jobs = if load < 0.95 { 250_000 } else { 1_000_000 };
        let results = run(&self.scenario(load, (jobs, 20), 900_000_000));
        FIGURES.map(|figure| {
            results.cells[0][0]
                .find("all", figure)
                .unwrap()
                .mean
                .unwrap()
        })
    }
}

/// All tables of a run of `scenario`, on one thread.
fn run(scenario: &Scenario) -> Results {
    let stop = AtomicBool::new(false);
    let plan = Plan::new(scenario.clone(), String::new(), &stop).unwrap();
    let options = Options {
        threads: Some(1),
        stop: &stop,
        progress: &|_| {},
        record: None,
        log_decisions: false,
        journal: None,
    };
    experiment::run(&plan, &options).unwrap().results
}

/// What came of a figure in some experiments.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    experiments: u64,
    /// Without a mark.
    told: u64,
    inside: u64,
    unstable: u64,
}

impl Tally {
    fn count(&mut self, results: &Results, figure: &str, truth: f64) {
        let figure = results.cells[0][0].find("all", figure).unwrap();
        self.experiments += 1;
        self.unstable += u64::from(figure.status == Status::Unstable);
        if let Some((low, high)) = figure.ci_low.zip(figure.ci_high) {
            self.told += 1;
            self.inside += u64::from((low..=high).contains(&truth));
        }
    }

    fn add(&mut self, other: Tally) {
        self.experiments += other.experiments;
        self.told += other.told;
        self.inside += other.inside;
        self.unstable += other.unstable;
    }

    fn coverage(&self) -> f64 {
        self.inside as f64 / self.told as f64
    }
}

/// Indexes of a model, a load and a length.
type Cell = (usize, usize, usize);

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for length in 0..LENGTHS.len() {
        for load in 0..LOADS.len() {
            cells.extend((0..MODELS.len()).map(|model| (model, load, length)));
        }
    }
    cells
}

/// `experiments` of a cell from number `first` on.
fn tallies((model, load, length): Cell, truth: &Truth, first: u64, experiments: u64) -> [Tally; 5] {
    let mut tallies = [Tally::default(); 5];
    let (jobs, replications, _) = LENGTHS[length];
    for experiment in first..first + experiments {
        let cell = ((model * LOADS.len() + load) * LENGTHS.len() + length) as u64;
        let seed = 1_000_000 * (cell + 1) + 1_000 * experiment;
        let results = run(&MODELS[model].scenario(LOADS[load], (jobs, replications), seed));
        for ((tally, figure), truth) in tallies.iter_mut().zip(FIGURES).zip(truth) {
            tally.count(&results, figure, *truth);
        }
    }
    tallies
}

/// What is done: truths by model and load, tallies by cell, figure and round.
#[derive(Default)]
struct Done {
    truths: BTreeMap<(usize, usize), Truth>,
    tallies: BTreeMap<(Cell, u64), [Tally; 5]>,
}

impl Done {
    fn read() -> Done {
        let mut done = Done::default();
        for line in std::fs::read_to_string(DONE).unwrap_or_default().lines() {
            let mut words = line.split('\t');
            let kind = words.next();
            let numbers: Vec<f64> = words.map_while(|word| word.parse().ok()).collect();
            match (kind, &numbers[..]) {
                (Some("truth"), [model, load, truth @ ..]) if truth.len() == 5 => {
                    let key = (*model as usize, *load as usize);
                    done.truths.insert(key, std::array::from_fn(|k| truth[k]));
                }
                (Some("round"), [model, load, length, round, counts @ ..])
                    if counts.len() == 20 =>
                {
                    let cell = (*model as usize, *load as usize, *length as usize);
                    let tally = |k: usize| {
                        let [experiments, told, inside, unstable] =
                            [0, 1, 2, 3].map(|part| counts[4 * k + part] as u64);
                        Tally {
                            experiments,
                            told,
                            inside,
                            unstable,
                        }
                    };
                    done.tallies
                        .insert((cell, *round as u64), std::array::from_fn(tally));
                }
                _ => {}
            }
        }
        done
    }

    fn keep(line: &str) {
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(DONE)
            .unwrap();
        writeln!(file, "{line}").unwrap();
    }

    fn truth(&mut self, model: usize, load: usize) -> Truth {
        *self.truths.entry((model, load)).or_insert_with(|| {
            let truth = MODELS[model].truth(LOADS[load]);
            let words: Vec<String> = truth.iter().map(f64::to_string).collect();
            Done::keep(&format!("truth\t{model}\t{load}\t{}", words.join("\t")));
            truth
        })
    }

    fn round(&mut self, cell: Cell, round: u64) {
        if self.tallies.contains_key(&(cell, round)) || round * ROUND >= LENGTHS[cell.2].2 {
            return;
        }
        let truth = self.truth(cell.0, cell.1);
        let tallies = tallies(cell, &truth, round * ROUND, ROUND);
        let mut line = format!("round\t{}\t{}\t{}\t{round}", cell.0, cell.1, cell.2);
        for Tally {
            experiments,
            told,
            inside,
            unstable,
        } in tallies
        {
            write!(line, "\t{experiments}\t{told}\t{inside}\t{unstable}").unwrap();
        }
        Done::keep(&line);
        self.tallies.insert((cell, round), tallies);
    }

    /// All rounds of a cell together, by figure.
    fn of(&self, cell: Cell) -> [Tally; 5] {
        let mut sum = [Tally::default(); 5];
        for tallies in self
            .tallies
            .range((cell, 0)..=(cell, u64::MAX))
            .map(|(_, t)| t)
        {
            sum.iter_mut()
                .zip(tallies)
                .for_each(|(sum, one)| sum.add(*one));
        }
        sum
    }
}

#[test]
fn intervals_hold_the_truth() {
    let truth = truths::many_servers(1, 0.8);
    let mut tallies = [Tally::default(); 5];
    for seed in 0..150 {
        let results = run(&MODELS[0].scenario(0.8, (6_000, 20), 1_000 * seed));
        for ((tally, figure), truth) in tallies.iter_mut().zip(FIGURES).zip(truth) {
            tally.count(&results, figure, truth);
        }
    }
    // Mean, median and p90 have a mark by chance only; of 150 shares 0.95 ± 0.018 is one standard error.
    for (tally, figure) in tallies.iter().zip(FIGURES).take(3) {
        assert!(tally.told >= 120, "{figure}: {tally:?}");
        assert!(
            (0.89..=0.995).contains(&tally.coverage()),
            "{figure}: {tally:?}"
        );
    }
    // Three in ten thousand jobs are seen too few independent times.
    assert!(tallies[4].told <= 15, "{:?}", tallies[4]);
    assert!(tallies.iter().all(|tally| tally.unstable == 0));
}

#[test]
fn an_overload_is_unstable_at_any_number_of_replications() {
    for replications in [1, 2, 3, 20] {
        let results = run(&MODELS[2].scenario(1.05, (500, replications), 3));
        let figure = results.cells[0][0].find("all", "response_p50").unwrap();
        assert_eq!(
            (figure.status, figure.mean),
            (Status::Unstable, None),
            "{replications}"
        );
        assert!(figure.note.contains("1.05"), "{}", figure.note);
    }
}

#[test]
#[ignore = "hours; goes on where it was stopped, and writes output/gallery/coverage.md"]
fn coverage_grid() {
    let mut done = Done::read();
    for round in 0..10 {
        for cell in cells() {
            done.round(cell, round);
        }
        table::write(&done);
        println!("round {round}");
    }
}

#[test]
#[ignore = "writes output/gallery/coverage.md of what is done"]
fn coverage_table() {
    table::write(&Done::read());
}
