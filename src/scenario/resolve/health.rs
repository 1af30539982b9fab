//! `health`: what dispatchers know of nodes that fail.
//!
//! In the model a dispatcher knows a failure at once, unless this says otherwise: after a time, by checks that
//! must fail or succeed several times in a row (HAProxy's `fall` and `rise`), or by the failures of its own
//! tasks, which eject a node for a while (Envoy's outlier detection). All three leave a time in which tasks are
//! sent to nodes that are down, which is what makes them worth comparing. A node that is back may be given few
//! tasks at first (`slow-start`).

use super::check::Check;
use crate::engine::quantity::{Count, Seconds};
use crate::engine::time::Time;
use crate::scenario::grammar;
use crate::sim::setup::{Setup, StrandedQueued};
use crate::strategy::health::{Checks, Detection, Ejection};
use crate::strategy::{Binding, Health};

/// What is given of it; nothing if that is wrong.
pub fn health(check: &mut Check<'_>, given: &grammar::Strategy) -> Option<Health> {
    let Some(given) = &given.health else {
        return Some(Health::default());
    };
    let time = |Seconds(seconds)| Some(Time::from_secs(seconds)).filter(|time| *time > Time::ZERO);
    let mut check = check.at("health");
    let delay = time(given.detection);
    let detection = match &given.checks {
        Some(_) if delay.is_some() => {
            let title = "failures are known either after a time or by checks";
            check.error(title, "write one of `detection` and `checks`");
            return None;
        }
        Some(given) => Detection::Checks(checks(&mut check.at("checks"), given)?),
        None => delay.map_or(Detection::AtOnce, Detection::After),
    };
    let given_ejection = given.ejection.as_ref();
    Some(Health {
        detection,
        ejection: given_ejection
            .map(ejection)
            .filter(|ejection| ejection.most > 0),
        slow_start: time(given.slow_start),
    })
}

/// Checks at intervals; one that is not answered within `timeout` has failed. A timeout longer than the
/// interval is refused: two checks would be under way at once.
fn checks(check: &mut Check<'_>, given: &grammar::Checks) -> Option<Checks> {
    let every = Time::from_secs(given.every.0);
    let timeout = given.timeout.map(|timeout| Time::from_secs(timeout.0));
    let timeout = timeout.unwrap_or(every);
    if timeout > every {
        let title = "a check is waited for longer than until the next one";
        let hint = "write a `timeout` of at most `every`";
        check.at("timeout").error(title, hint);
        return None;
    }
    Some(Checks {
        every,
        timeout,
        fall: whole(given.fall),
        rise: whole(given.rise),
    })
}

/// After how many failures in a row a node is left out, for how long, and of how large a share of the nodes at
/// most (in parts of 10^9): ejecting all of them would turn a small failure into a whole one.
fn ejection(given: &grammar::Ejection) -> Ejection {
    Ejection {
        failures: whole(given.failures),
        time: Time::from_secs(given.r#for.0),
        most: (given.most.0 * 1e9).round_ties_even() as u64,
    }
}

/// A count in 32 bits; what is larger is as good as never.
fn whole(Count(count): Count) -> u32 {
    count.min(f64::from(u32::MAX)) as u32
}

/// Refuses what contradicts it, and warns where nothing ever fails.
pub fn check(check: &mut Check<'_>, setup: &Setup) {
    let (strategy, faults) = (&setup.strategy, &setup.faults);
    if strategy.health == Health::default() {
        return;
    }
    let is_late = strategy.health.detection != Detection::AtOnce;
    let mut check = check.at("strategies");
    let mut check = check.name(&strategy.name);
    let mut check = check.at("health");
    if strategy.binding != Binding::Early {
        let title = format!(
            "`{}` does not bind at the decision: a node that asks for a task is up",
            strategy.name
        );
        check.error(title, "leave `health` out, or write binding = \"early\"");
    } else if is_late && faults.stranded.queued == StrandedQueued::Move {
        let title = "what waits at a node that is down cannot move as long as nobody knows";
        let hint = "write faults.node-failures.queued = \"lose\" (with `retries`) or \"stay\", or leave `detection` and `checks` out";
        check.error(title, hint);
    } else if faults.are_none() && !setup.turns_away() && !setup.cluster.is_elastic() {
        let hint = "say what fails: `faults.node-failures`, `faults.task-failures`, ...";
        check.warn("no node ever fails", hint);
    }
}
