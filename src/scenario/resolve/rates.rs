//! Arrivals whose rate changes, and those of clients that wait.
//!
//! A rate that changes by itself makes arrivals burstier than Poisson's, which is what tails depend on; so the
//! mean rate, by which loads are set, is kept apart from the highest one, which is told beside it. Two kinds
//! are told apart: processes with a steady state (Markov-modulated, of which replications start in a random
//! state) and those that follow a clock (a day's course), whose figures depend on what part of it a replication
//! covers.

use super::check::Check;
use crate::engine::law::Law;
use crate::engine::law::spec::LawSpec;
use crate::scenario::grammar::{Closed, Diurnal, Jobs, Mmpp, Step};
use crate::text::counted;
use crate::workload::load::Demand;
use crate::workload::source::{Arrivals, Clients, Phases, RatePhase, Source, Wave};

/// More clients than this are no clients but an open source.
const MOST_CLIENTS: u64 = 10_000_000;

/// The states of a Markov-modulated Poisson process.
pub fn mmpp(check: &mut Check<'_>, mmpp: &Mmpp) -> Option<Arrivals> {
    let Mmpp { rates, sojourn, .. } = mmpp;
    let counts = (rates.len(), sojourn.len());
    if counts.0 != counts.1 {
        let title = format!(
            "{} for {} of stay",
            counted(counts.0 as u64, "rate"),
            counted(counts.1 as u64, "time")
        );
        check
            .at("sojourn")
            .error(title, "write one mean time for each rate");
        return None;
    }
    let pairs = rates.iter().zip(sojourn);
    let phases = pairs.map(|(rate, sojourn)| RatePhase {
        rate: rate.0,
        lasts: Law::Exponential { mean: sojourn.0 },
    });
    of_phases(&mut check.at("rates"), phases.collect(), true)
}

/// Phases of a rate each; `is_stationary` lets a replication begin in a phase drawn by its share of the time.
fn of_phases(
    check: &mut Check<'_>,
    phases: Vec<RatePhase>,
    is_stationary: bool,
) -> Option<Arrivals> {
    if phases.iter().all(|phase| phase.rate == 0.0) {
        check.error(
            "no job would ever arrive",
            "write at least one rate above 0",
        );
        return None;
    }
    Some(Arrivals::Phases(Phases {
        phases,
        is_stationary,
    }))
}

/// A sine, or a table of rates.
pub fn diurnal(check: &mut Check<'_>, diurnal: &Diurnal) -> Option<Arrivals> {
    if diurnal.table.is_empty() {
        return Some(Arrivals::Wave(Wave {
            rate: diurnal.rate.map_or(1.0, |rate| rate.0),
            amplitude: diurnal.amplitude.map_or(0.5, |amplitude| amplitude.0),
            period: diurnal.period.0,
        }));
    }
    let keys = [
        ("rate", diurnal.rate.is_some()),
        ("amplitude", diurnal.amplitude.is_some()),
    ];
    for (key, _) in keys.into_iter().filter(|(_, is_given)| *is_given) {
        let title = format!("both `{key}` and `table` are given");
        check.at(key).error(title, "keep one of the two");
    }
    let (steps, period) = (&diurnal.table, diurnal.period.0);
    let (title, hint) = match steps.windows(2).all(|pair| pair[0].at < pair[1].at) {
        _ if steps[0].at.0 != 0.0 => (
            "the table does not begin at 0",
            "write at = 0 for its first rate",
        ),
        false => (
            "the instants of the table do not rise",
            "sort its rows by `at`",
        ),
        true if steps[steps.len() - 1].at.0 >= period => (
            "the table goes on after the period",
            "raise `period`, which is 24 h unless said",
        ),
        true => return of_phases(&mut check.at("table"), of_steps(steps, period), false),
    };
    check.at("table").error(title, hint);
    None
}

/// What is to be known of arrivals that are faster at times: how fast, and what load that is.
pub fn peaks(demand: &Demand<'_>) -> Vec<String> {
    let load = plain(demand.peak());
    let said = |source: &Source| {
        let (rate, peak) = (source.arrivals.rate()?, source.arrivals.peak());
        (peak > 1.0).then(|| {
            let (name, rate, most) = (&source.name, plain(rate), plain(rate * peak));
            format!("jobs of `{name}` arrive at {rate} a second over a long time and at {most} at the peak; with all classes at their peaks the load is {load}")
        })
    };
    demand.sources.iter().filter_map(said).collect()
}

/// Three digits.
fn plain(value: f64) -> String {
    let digits = 2 - value.abs().max(1e-9).log10().floor() as i32;
    let scale = 10f64.powi(digits);
    ((value * scale).round() / scale).to_string()
}

fn of_steps(steps: &[Step], period: f64) -> Vec<RatePhase> {
    let ends = steps.iter().skip(1).map(|step| step.at.0).chain([period]);
    let phases = steps.iter().zip(ends).map(|(step, end)| RatePhase {
        rate: step.rate.0,
        lasts: Law::Constant(end - step.at.0),
    });
    phases.collect()
}

/// Clients that wait; `jobs` is what they bring.
pub fn closed(check: &mut Check<'_>, closed: &Closed, jobs: &Jobs) -> Option<Arrivals> {
    let mut check = check.at("arrivals.closed");
    let think = check.at("think").law(&closed.think)?;
    if closed.clients.get() > MOST_CLIENTS {
        let hint = "lower it; so many clients are like arrivals = \"poisson\"";
        check
            .at("clients")
            .error("more than 10 million clients", hint);
        return None;
    }
    let nothing = Some(LawSpec::constant(0.0));
    if think.is_zero() && jobs.overhead.is_none() && jobs.work == nothing {
        let title = "clients that do not think bring jobs without work: time would stand still";
        check
            .at("think")
            .error(title, "give the jobs work, or the clients time to think");
        return None;
    }
    Some(Arrivals::Closed(Clients {
        count: closed.clients.get() as u32,
        think,
        is_bound: closed.bound,
    }))
}
