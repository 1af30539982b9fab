//! A reference row, and whether the simulation agrees with it.

use std::fmt;

use equipoise::stats::estimate::{Estimate, estimate};

use super::measure::{Sample, quantile_pseudovalues};

/// A row of `tests/reference.csv`.
pub struct Row {
    pub id: String,
    pub parameters: String,
    pub quantity: String,
    value: f64,
    /// Half a unit of the value's last printed digit.
    rounding: f64,
    tolerance: Tolerance,
}

/// What the row's tolerance column asks for, besides the half-width.
#[derive(Clone, Copy)]
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
}

impl Row {
    pub fn read(record: &csv::StringRecord) -> Row {
        let (parameters, value) = (&record[2], &record[4]);
        let decimals = value.split('.').nth(1).map_or(0, str::len);
        Row {
            id: record[0].to_owned(),
            parameters: parameters.to_owned(),
            quantity: record[3].to_owned(),
            value: value.parse().unwrap(),
            rounding: 0.5 * 10f64.powi(-(decimals as i32)),
            tolerance: tolerance(&record[5], parameters),
        }
    }

    /// Values of the row's quantity, one a replication.
    fn values(&self, samples: &[Sample]) -> Vec<f64> {
        let of = |f: &dyn Fn(&Sample) -> f64| samples.iter().map(f).collect();
        let waits = || samples.iter().map(|s| &s.wait).collect::<Vec<_>>();
        let responses = || samples.iter().map(|s| &s.response).collect::<Vec<_>>();
        match self.quantity.as_str() {
            "E[T]" | "=> E[T]" | "simulation E[T]" | "E[T] JSQ" | "E[max]" | "job E[T]" => {
                of(&|s| s.response_mean)
            }
            "E[Wq]" | "mean Wq" => of(&|s| s.wait_mean),
            "P(wait)=C" | "P(wait)" | "exact n=100" | "exact n=400" => of(&|s| s.waiting),
            "E[N]" => of(&|s| s.in_system),
            "CoV" => of(&|s| s.cov),
            "Jain" => of(&|s| s.jain),
            "LS" | "LPT" => of(&|s| s.makespan),
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
            _ if self.value < 1e-4 => None,
            Tolerance::Exact => None,
            Tolerance::Share(share) => Some((share / 2.0, share / 2.0)),
            _ => Some((0.01, 0.03)),
        }
    }

    /// How far from the value the simulation may be.
    fn allowed(&self, standard_error: f64) -> f64 {
        self.rounding
            + match self.tolerance {
                Tolerance::Errors => 4.0 * standard_error,
                Tolerance::ErrorsOr(share) => (4.0 * standard_error).max(share * self.value),
                Tolerance::Combined(other) => 4.0 * standard_error.hypot(other),
                Tolerance::Share(share) => share * self.value,
                Tolerance::Exact => 1e-9,
            }
    }
}

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
    if text.contains("for C2>4 use >=100 reps and 5%")
        && number_after(parameters, "C2=").is_some_and(|c2| c2 > 4.0)
    {
        return Tolerance::Share(0.05);
    }
    match text.split_once(' ').map_or(text, |(first, _)| first) {
        "abs<=1e-9" => Tolerance::Exact,
        "0.3%" => Tolerance::ErrorsOr(0.003),
        "1%" if rho == Some(0.99) => Tolerance::Share(0.03),
        "1%" if rho.is_some_and(|rho| rho <= 0.8) => Tolerance::Share(0.005),
        "1%" => Tolerance::Share(0.01),
        "n>=1000:" if text.contains("0.5%") => Tolerance::Share(0.005),
        "n>=1000:" => Tolerance::Share(0.01),
        _ => Tolerance::Errors,
    }
}

/// A row beside its simulation.
pub struct Verdict {
    name: String,
    value: f64,
    mean: f64,
    half_width: f64,
    /// The difference in units of what is allowed.
    off: f64,
    /// The largest half-width that is precise enough.
    needed: f64,
}

impl Verdict {
    pub fn agrees(&self) -> bool {
        self.off.abs() <= 1.0 && self.half_width <= self.needed
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match (self.off.abs() <= 1.0, self.half_width <= self.needed) {
            (true, true) => "agrees",
            (true, false) => "IMPRECISE",
            (false, _) => "DISAGREES",
        };
        write!(
            f,
            "{:<70} theory {:>11.6}  simulation {:>11.6} ± {:<9.6} ({:>5.2} %)  off {:>5.2} of allowed  {word}",
            self.name,
            self.value,
            self.mean,
            self.half_width,
            100.0 * self.half_width / self.value.max(1e-9),
            self.off
        )
    }
}

/// Holds `samples` of a model against `row`.
pub fn judge(row: &Row, strategy: &str, samples: &[Sample]) -> Verdict {
    let (estimate, half_width) = simulated(row, samples);
    let allowed = row.allowed(estimate.standard_error().unwrap());
    Verdict {
        name: format!("{} {} {} {strategy}", row.id, row.parameters, row.quantity),
        value: row.value,
        mean: estimate.mean,
        half_width,
        off: (estimate.mean - row.value) / allowed,
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
