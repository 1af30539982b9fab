//! The table of the grid.

use std::fmt::Write;

use super::best::Found;
use super::{Cell, Done, FIGURES, LENGTHS, LOADS, MODELS, ROUND, Tally, cells};

const TABLE: &str = "output/gallery/coverage.md";
/// A cell is judged by itself where at least this part of its figures has no mark.
const JUDGED: f64 = 0.25;
/// A judged cell that lies below this by more than chance is too low.
const LEAST: f64 = 0.88;

const HEAD: &str = "\
# How often a 95 % interval holds the truth

Written by `cargo test --test it coverage -- --ignored` ([tests/it/coverage](../../tests/it/coverage/mod.rs)).

An experiment is a whole run of a scenario with a seed of its own and the default warm-up: 5 or 20 replications of
2,000, 20,000 or 200,000 measured jobs, Poisson arrivals, works of mean 1. It gives an interval for the mean response
time and for its p50, p90, p99 and p99.9, or says by a mark that it cannot. *Marked* is the share of figures with a
mark, *inside* the share of the others whose interval holds the truth. The truth is a formula (M/M/c; M/G/1: the mean
by Pollaczek and Khinchine, quantiles by inversion), or of two choices a run of 5,000,000 jobs, from load 0.95 on 20,000,000.
A *cell* is a model, load, length and figure; one is *judged* by itself where at least a quarter of its figures has no
mark, and *low* if it lies below 88 % by more than two standard errors; the other cells are taken together as *few*.

";

/// Of a part of the grid.
#[derive(Default)]
struct Sums {
    all: Tally,
    judged: u64,
    low: u64,
    lowest: f64,
    few: Tally,
}

impl Sums {
    fn of(done: &Done, is_its: impl Fn(Cell, usize) -> bool) -> Sums {
        let mut sums = Sums {
            lowest: 1.0,
            ..Sums::default()
        };
        for cell in cells() {
            for (figure, tally) in done.of(cell).iter().enumerate() {
                if is_its(cell, figure) && tally.experiments > 0 {
                    sums.add(tally);
                }
            }
        }
        sums
    }

    fn add(&mut self, tally: &Tally) {
        self.all.add(*tally);
        if (tally.told as f64) < JUDGED * tally.experiments as f64 {
            self.few.add(*tally);
            return;
        }
        let error = (LEAST * (1.0 - LEAST) / tally.told as f64).sqrt();
        self.judged += 1;
        self.low += u64::from(tally.coverage() < LEAST - 2.0 * error);
        self.lowest = self.lowest.min(tally.coverage());
    }

    fn row(&self, name: &str) -> String {
        let share = |part: u64, of: u64| match of {
            0 => "".to_owned(),
            of => format!("{:.1}", 100.0 * part as f64 / of as f64),
        };
        let Sums {
            all,
            judged,
            low,
            lowest,
            few,
        } = self;
        format!(
            "| {name} | {} | {} | {} | {judged} | {} | {low} | {} | {} | {} |\n",
            all.experiments,
            share(all.experiments - all.told, all.experiments),
            share(all.inside, all.told),
            share((1e6 * lowest).round() as u64, 1_000_000),
            share(few.told, all.told),
            share(few.inside, few.told),
            all.unstable,
        )
    }
}

/// Writes the table of what is done.
pub fn write(done: &Done) {
    let mut text = HEAD.to_owned();
    let planned: u64 = LENGTHS
        .iter()
        .map(|(_, _, n)| n * (LOADS.len() * MODELS.len()) as u64)
        .sum();
    let finished = done.tallies.len() as u64 * ROUND;
    writeln!(
        text,
        "Done: {finished} of {planned} experiments of the grid.\n"
    )
    .unwrap();
    text += "| part | figures | marked, % | inside, % | judged cells | lowest, % | low | few, % of the unmarked | inside, % | unstable |\n";
    text += "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    text += &Sums::of(done, |_, _| true).row("**all**");
    for (at, figure) in FIGURES.iter().enumerate() {
        text += &Sums::of(done, |_, figure| figure == at).row(figure);
    }
    for (at, model) in MODELS.iter().enumerate() {
        text += &Sums::of(done, |cell, _| cell.0 == at).row(model.name);
    }
    for (at, load) in LOADS.iter().enumerate() {
        text += &Sums::of(done, |cell, _| cell.1 == at).row(&format!("load {load}"));
    }
    for (at, (jobs, replications, _)) in LENGTHS.iter().enumerate() {
        let name = format!("{replications} x {jobs} jobs");
        text += &Sums::of(done, |cell, _| cell.2 == at).row(&name);
    }
    text += "\n*Unstable* counts stable systems that were called so.\n";
    text += &Found::read();
    std::fs::write(TABLE, text).unwrap();
}
