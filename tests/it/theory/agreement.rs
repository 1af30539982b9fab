//! A reference row, and whether the simulation agrees with it.

use std::fmt;

use equipoise::stats::estimate::{Estimate, estimate};

use super::measure::{Sample, quantile_pseudovalues};
use super::models;

/// A row of `tests/reference.csv`.
#[derive(Clone)]
pub struct Row {
    pub id: String,
    pub model: String,
    pub parameters: String,
    pub quantity: String,
    pub source: String,
    /// The value as it is printed there.
    pub text: String,
    value: f64,
    /// Half a unit of the value's last printed digit.
    rounding: f64,
    tolerance: Tolerance,
}

/// What the row's tolerance column asks for, besides the half-width.
#[derive(Clone, Copy, PartialEq)]
enum Tolerance {
    /// 4 standard errors.
    Errors,
    /// 4 standard errors, or this share of the value if that is more.
    ErrorsOr(f64),
    /// 4 standard errors of the difference to a simulated value of this standard error.
    Combined(f64),
    /// This share of the value.
    Share(f64),
    /// 1e-9.
    Exact,
    /// Nothing: a limit, a bound or an approximation, to be looked at.
    Informational,
}

impl Row {
    pub fn read(record: &csv::StringRecord) -> Row {
        let (parameters, value) = (&record[2], &record[4]);
        let decimals = value.split('.').nth(1).map_or(0, str::len);
        Row {
            id: record[0].to_owned(),
            model: record[1].to_owned(),
            source: record[6].to_owned(),
            text: value.to_owned(),
            parameters: parameters.to_owned(),
            quantity: record[3].to_owned(),
            value: value.parse().unwrap(),
            rounding: 0.5 * 10f64.powi(-(decimals as i32)),
            tolerance: tolerance(&record[5], parameters),
        }
    }

    /// The value as printed, and half a unit of its last digit.
    pub fn printed(&self) -> (f64, f64) {
        (self.value, self.rounding)
    }

    /// Values of the row's quantity, one a replication.
    fn values(&self, samples: &[Sample]) -> Vec<f64> {
        let of = |f: &dyn Fn(&Sample) -> f64| samples.iter().map(f).collect();
        let waits = || samples.iter().map(|s| &s.wait).collect::<Vec<_>>();
        let responses = || samples.iter().map(|s| &s.response).collect::<Vec<_>>();
        match self.quantity.as_str() {
            "E[T]"
            | "E[completion]"
            | "=> E[T]"
            | "simulation E[T]"
            | "E[T] JSQ"
            | "E[T] admitted"
            | "E[T] JIQ-Random"
            | "E[T] JIQ-Random, nodes leave"
            | "E[T] JIQ-SQ(2)"
            | "E[max]"
            | "job E[T]"
            | "prediction"
            | "M/M/2 lower bound"
            | "NT approx"
            | "upper bound"
            | "independent simulation" => of(&|s| s.response_mean),
            "simulation E[N]/n" | "mean field" | "1/N exp." | "1/N^2 exp." => {
                let nodes = models::number(&self.parameters, "n");
                of(&|s| s.in_system / nodes)
            }
            "blocking" | "P(loss)" => of(&|s| s.rejected[0]),
            "block 1" => of(&|s| s.rejected[1]),
            "block 2" => of(&|s| s.rejected[2]),
            "block 3" => of(&|s| s.rejected[3]),
            "utilisation" => of(&|s| s.utilization),
            "E[Wq]" | "mean Wq" | "E[Wq] admitted" => of(&|s| s.wait_mean),
            "P(wait)=C" | "P(wait)" | "exact n=100" | "exact n=400" | "limit" => of(&|s| s.waiting),
            "E[T(x)]/x" => of(&|s| s.slowdown_mean),
            "E[N]" => of(&|s| s.in_system),
            "CoV" => of(&|s| s.cov),
            "Jain" => of(&|s| s.jain),
            "pi2" => {
                let load = models::number(&self.parameters, "lam");
                of(&|s| worth_stealing_from(load, s.messages))
            }
            "LS" | "LS OPT" | "LPT" | "makespan" => of(&|s| s.makespan),
            "T p99" => quantile_pseudovalues(&responses(), 0.99),
            "Wq p99" | "p99" => quantile_pseudovalues(&waits(), 0.99),
            "p90" => quantile_pseudovalues(&waits(), 0.9),
            "p95" => quantile_pseudovalues(&waits(), 0.95),
            "p99.9" => quantile_pseudovalues(&waits(), 0.999),
            other => panic!("{}: unknown quantity `{other}`", self.id),
        }
    }

    /// The half-width asked for, as a share of the value: none of values that are almost never
    /// anything but 0.
    fn precision(&self) -> Option<(f64, f64)> {
        match self.tolerance {
            _ if self.value < RARE => None,
            Tolerance::Exact => None,
            Tolerance::Share(share) => Some((share / 2.0, share / 2.0)),
            _ => Some((0.01, 0.03)),
        }
    }

    /// How far from the value the simulation may be.
    fn allowed(&self, standard_error: f64) -> f64 {
        // What almost never happens need not happen in a run, nor show its error.
        let rare = if self.value < RARE { self.value } else { 0.0 };
        self.rounding
            + rare
            + match self.tolerance {
                Tolerance::Errors => 4.0 * standard_error,
                Tolerance::ErrorsOr(share) => (4.0 * standard_error).max(share * self.value),
                Tolerance::Combined(other) => 4.0 * standard_error.hypot(other),
                Tolerance::Share(share) => share * self.value,
                Tolerance::Exact => 1e-9,
                Tolerance::Informational => f64::INFINITY,
            }
    }
}

/// Share x of nodes with two tasks or more, of which a node that falls idle can steal, from `messages` a task:
/// 1 for the placement, and for each of the (load - x) / load times that one falls idle 2, and 1 more with
/// probability x.
fn worth_stealing_from(load: f64, messages: f64) -> f64 {
    let half = (2.0 - load) / 2.0;
    (half * half + load * (3.0 - messages)).sqrt() - half
}

/// Values below are almost never anything but 0.
const RARE: f64 = 1e-4;

/// Reads a tolerance column.
fn tolerance(text: &str, parameters: &str) -> Tolerance {
    let number_after = |text: &str, what: &str| -> Option<f64> {
        let rest = text.split(what).nth(1)?;
        rest.split(';').next()?.parse().ok()
    };
    if let Some(half_width) = number_after(text, "sim reference hw95=") {
        // 20 batches: t with 19 degrees of freedom
        return Tolerance::Combined(half_width / 2.093);
    }
    let rho = number_after(parameters, "rho=");
    // where the limit is far off at any number of nodes that can be run
    let is_far = text.contains("0.5% up to rho=.9") && rho.is_some_and(|rho| rho > 0.9);
    if text.starts_with("informational") || is_far {
        return Tolerance::Informational;
    }
    if text.contains("for C2>4 use >=100 reps and 5%")
        && number_after(parameters, "C2=").is_some_and(|c2| c2 > 4.0)
    {
        return Tolerance::Share(0.05);
    }
    match text.split_once(' ').map_or(text, |(first, _)| first) {
        "abs<=1e-9" => Tolerance::Exact,
        "2%" => Tolerance::Share(0.02),
        "0.3%" => Tolerance::ErrorsOr(0.003),
        "1%" if rho == Some(0.99) => Tolerance::Share(0.03),
        "1%" if rho.is_some_and(|rho| rho <= 0.8) => Tolerance::Share(0.005),
        "1%" => Tolerance::Share(0.01),
        "n=128:" => Tolerance::Share(0.005), // that of 1,000 nodes and more
        "n>=1000:" if text.contains("0.5%") => Tolerance::Share(0.005),
        "n>=1000:" => Tolerance::Share(0.01),
        _ => Tolerance::Errors,
    }
}

/// A row beside its simulation.
pub struct Verdict {
    pub row: Row,
    pub strategy: String,
    mean: f64,
    half_width: f64,
    /// How far from the value the simulation may be.
    allowed: f64,
    /// The largest half-width that is precise enough.
    needed: f64,
}

impl Verdict {
    pub fn is_informational(&self) -> bool {
        self.row.tolerance == Tolerance::Informational
    }

    pub fn agrees(&self) -> bool {
        self.is_informational() || self.is_near() && self.half_width <= self.needed
    }

    fn is_near(&self) -> bool {
        (self.mean - self.row.value).abs() <= self.allowed
    }

    fn word(&self) -> &'static str {
        match (self.is_near(), self.half_width <= self.needed) {
            _ if self.is_informational() => "informational",
            (true, true) => "agrees",
            (true, false) => "IMPRECISE",
            (false, _) => "DIFFERS",
        }
    }

    /// Cells of a table: parameters, strategy, quantity, theory, simulation, interval, allowed,
    /// agreement.
    pub fn cells(&self) -> [String; 8] {
        let digits = 3 - self.half_width.max(1e-9).log10().floor() as i32;
        let digits = digits.clamp(0, 9) as usize;
        let number = |value: f64| format!("{value:.digits$}");
        let (low, high) = (self.mean - self.half_width, self.mean + self.half_width);
        let allowed = if self.is_informational() {
            "-".to_owned()
        } else {
            format!("± {}", number(self.allowed))
        };
        [
            self.row.parameters.replace(';', "; "),
            self.strategy.clone(),
            self.row.quantity.clone(),
            self.row.text.clone(),
            number(self.mean),
            format!("[{}, {}]", number(low), number(high)),
            allowed,
            self.word().to_owned(),
        ]
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = &self.row;
        let name = format!(
            "{} {} {} {}",
            row.id, row.parameters, row.quantity, self.strategy
        );
        write!(
            f,
            "{name:<70} theory {:>11.6}  simulation {:>11.6} ± {:<9.6} ({:>5.2} %)  off {:>5.2} of allowed  {}",
            row.value,
            self.mean,
            self.half_width,
            100.0 * self.half_width / row.value.max(1e-9),
            (self.mean - row.value) / self.allowed,
            self.word()
        )
    }
}

/// Holds `samples` of a model against `row`.
pub fn judge(row: &Row, strategy: &str, samples: &[Sample]) -> Verdict {
    let (estimate, half_width) = simulated(row, samples);
    Verdict {
        row: row.clone(),
        strategy: strategy.to_owned(),
        mean: estimate.mean,
        half_width,
        allowed: row.allowed(estimate.standard_error().unwrap()),
        needed: row
            .precision()
            .map_or(f64::INFINITY, |(_, coarse)| coarse * row.value),
    }
}

fn simulated(row: &Row, samples: &[Sample]) -> (Estimate, f64) {
    let estimate = estimate(&row.values(samples), 0.95).unwrap();
    (estimate, (estimate.high.unwrap() - estimate.mean).abs())
}

/// Tasks that a row needs, from `samples` of `tasks` tasks in all: for a half-width of 1 % if
/// 2e7 suffice, else of 3 %; with a third on top, for the pilot's own error.
pub fn tasks_needed(row: &Row, samples: &[Sample], tasks: f64) -> f64 {
    let Some((fine, coarse)) = row.precision() else {
        return 1e5;
    };
    let (_, half_width) = simulated(row, samples);
    let needed = |share: f64| 1.3 * tasks * (half_width / (share * row.value)).powi(2);
    if needed(fine) <= 2e7 {
        needed(fine)
    } else {
        needed(coarse)
    }
}
