//! Queues with a limit: jobs that find no place are lost.
//!
//! M/M/c/K and its special case without places to wait, Erlang's loss formula, which holds for any
//! law of service (Erlang, 1917; Sevastyanov, 1957). Classes that demand unlike numbers of slots of
//! one node without places to wait: Kaufman (1981) and Roberts (1981), for any law of service, too.

use super::answers::{AnswerKind, Answers, Known, Model, known};
use super::queueing_system::QueueingSystem;
use crate::model::discipline::Discipline;
use crate::strategy::Binding;

/// Exponential service.
pub const MODEL: Model = Model {
    name: "M/M/c/K",
    when: "Poisson jobs of one exponential task tried once; a `queue-limit` at one node, at equal nodes by random placement, or a central queue with a `limit` over nodes of one speed",
    source: "Harchol-Balter 2013, ch. 14; Gross et al. 2008, ch. 2.5",
};

/// No places to wait.
pub const ERLANG: Model = Model {
    name: "M/G/c/c (Erlang B)",
    when: "the same with a limit of 0, whatever the law of the work",
    source: "Erlang 1917; Sevastyanov 1957",
};

/// Unlike demands.
pub const UNLIKE: Model = Model {
    name: "loss of unlike demands (Kaufman-Roberts)",
    when: "several classes of Poisson jobs of one task tried once, with their own demand of slots, on one node with a `queue-limit` of 0",
    source: "Kaufman 1981; Roberts 1981",
};

/// Most states that are summed over.
const MOST: u64 = 1_000_000;

/// The number in M/M/c/K, seen by those who arrive.
pub struct Occupancy {
    servers: u64,
    /// Probability of each number from 0 to K.
    states: Vec<f64>,
}

impl Occupancy {
    /// Of `servers` and `places` to wait, with `a` = arrival rate x mean service.
    pub fn new(servers: u64, places: u64, a: f64) -> Occupancy {
        let (mut states, mut sum) = (vec![1.0], 1.0);
        for n in 1..=servers + places {
            let busy = n.min(servers) as f64;
            let next = states.last().copied().unwrap_or(0.0) * a / busy;
            states.push(next);
            sum += next;
            if sum > 1e200 {
                states.iter_mut().for_each(|state| *state /= sum);
                sum = 1.0;
            }
        }
        states.iter_mut().for_each(|state| *state /= sum);
        Occupancy { servers, states }
    }

    /// The share that is lost.
    pub fn lost(&self) -> f64 {
        self.states.last().copied().unwrap_or(0.0)
    }

    /// Each number ahead of one who waits, from 0, with the probability that one who is let in finds it.
    fn ahead(&self) -> impl Iterator<Item = (u64, f64)> {
        let waiting = self.states.iter().skip(self.servers as usize);
        let let_in = 1.0 - self.lost();
        let places = self.states.len() - 1 - self.servers as usize;
        (0..)
            .zip(waiting.map(move |state| state / let_in))
            .take(places)
    }

    /// Mean wait of those who are let in, of mean service 1.
    pub fn wait(&self) -> f64 {
        let each = self.ahead().map(|(ahead, p)| p * (ahead + 1) as f64);
        each.sum::<f64>() / self.servers as f64
    }

    /// P(W > t) of those who are let in, of mean service 1: an Erlang law for each number ahead.
    pub fn wait_above(&self, t: f64) -> f64 {
        let (mean, mut sum) = (self.servers as f64 * t, 0.0);
        let (mut term, mut above) = (libm::exp(-mean), 0.0);
        for (ahead, p) in self.ahead() {
            above += term; // P(a Poisson number of this mean is at most `ahead`)
            term *= mean / (ahead + 1) as f64;
            sum += p * above;
        }
        sum
    }
}

/// Share of each flow that is lost at `slots`, and the mean number of slots in use: flows are demand
/// and arrival rate x mean service.
pub fn kaufman_roberts(slots: u64, flows: &[(u64, f64)]) -> (Vec<f64>, f64) {
    let mut states: Vec<f64> = vec![1.0];
    for used in 1..=slots {
        let from = |&(demand, a): &(u64, f64)| match used.checked_sub(demand) {
            Some(before) => a * demand as f64 * states[before as usize],
            None => 0.0,
        };
        let next = flows.iter().map(from).sum::<f64>() / used as f64;
        states.push(next);
    }
    let sum: f64 = states.iter().sum();
    let lost = |&(demand, _): &(u64, f64)| {
        let blocking = states.iter().rev().take(demand as usize);
        blocking.sum::<f64>() / sum
    };
    let used = (0u64..).zip(&states).map(|(n, state)| n as f64 * state);
    (flows.iter().map(lost).collect(), used.sum::<f64>() / sum)
}

/// What is known of the classes `systems`, which share their nodes.
pub fn of(systems: &[QueueingSystem<'_>]) -> Option<Vec<Known>> {
    match systems {
        [system] => one_class(system),
        _ => several(systems),
    }
}

/// Erlang's loss formula without places to wait, which holds for any law of work; with some, that of
/// exponential work.
fn one_class(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    let (places, shift) = (system.queue_limit?, system.shift()?);
    let (servers, share) = queue(system)?;
    let mean = system.work.mean() / system.speed()? + system.overhead;
    let model = match (places, system.exponential(system.speed()?)) {
        (0, _) => &ERLANG,
        (_, Some(_)) => &MODEL,
        _ => return None,
    };
    let is_right = system.tasks == 1 && servers + places <= MOST;
    if *system.discipline != Discipline::Fifo || !is_right || !system.is_plain() {
        return None;
    }
    let of = Occupancy::new(servers, places, system.poisson()? * share * mean);
    let mut rows = answers(&of, mean).known(model, AnswerKind::Exact, shift);
    rows.push(known(model, AnswerKind::Exact, "rejected_share", of.lost()));
    Some(rows)
}

/// What is known of the tasks that are let in.
fn answers(of: &Occupancy, mean: f64) -> Answers<'_> {
    Answers {
        wait: Some(of.wait() * mean),
        response: Some((of.wait() + 1.0) * mean),
        wait_above: Some(Box::new(move |t| of.wait_above(t / mean))),
        response_above: None,
        waits: Some(of.wait_above(0.0)),
    }
}

/// Tasks that run at once in each of equal queues, and the share of the jobs that comes to each.
fn queue(system: &QueueingSystem<'_>) -> Option<(u64, f64)> {
    if system.binding == Binding::CentralQueue || system.nodes() == 1 {
        return Some((system.servers()?, 1.0));
    }
    let split = system.split()?;
    let servers = system.stations[0].servers?;
    let alike = system.stations.iter().zip(&split);
    let mut alike =
        alike.map(|(station, share)| station.servers == Some(servers) && *share == split[0]);
    alike.all(|is| is).then_some((servers, split[0]))
}

/// Classes that take unlike numbers of slots of one node and do not wait.
fn several(systems: &[QueueingSystem<'_>]) -> Option<Vec<Known>> {
    let (first, [station]) = (systems.first()?, &systems.first()?.stations[..]) else {
        return None;
    };
    let is_alike = |system: &QueueingSystem<'_>| {
        *system.discipline == Discipline::Fifo
            && system.queue_limit == Some(0)
            && (system.tasks, system.nodes()) == (1, 1)
            && system.eligible == first.eligible
            && system.shift().is_some_and(|shift| shift.is_constant)
    };
    let slots = station.slots.filter(|slots| *slots <= MOST)?;
    if first.binding != Binding::Early || !systems.iter().all(is_alike) {
        return None;
    }
    let flow = |system: &QueueingSystem<'_>| {
        let mean = system.work.mean() / station.speed + system.overhead;
        Some((system.slots_only()?, system.poisson()? * mean))
    };
    let flows: Vec<(u64, f64)> = systems.iter().map(flow).collect::<Option<_>>()?;
    let (lost, used) = kaufman_roberts(slots, &flows);
    let exact = |metric, value| known(&UNLIKE, AnswerKind::Exact, metric, value);
    let mut rows = vec![exact("utilization_slots", used / slots as f64)];
    for (system, lost) in systems.iter().zip(lost) {
        rows.push(Known {
            class: system.class.to_owned(),
            ..exact("rejected_share", lost)
        });
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
    }

    /// Rows of `tests/reference.csv`: V6, V7, V8.
    #[test]
    fn published_values() {
        close(Occupancy::new(1, 0, 1.0).lost(), 0.5);
        close(Occupancy::new(100, 0, 100.0).lost(), 0.075_700_45);
        close(Occupancy::new(1, 4, 0.8).lost(), 0.088_819_5);
        close(Occupancy::new(1, 4, 0.8).wait() + 1.0, 2.563_065);
        close(Occupancy::new(10, 10, 11.0).wait(), 0.532_204);
        close(Occupancy::new(10, 10, 11.0).lost(), 0.121_296_22);
    }

    /// The law of the wait has the wait as its mean.
    #[test]
    fn the_law_of_the_wait() {
        let of = Occupancy::new(2, 8, 1.8);
        let step = 1e-3;
        let integral: f64 = (0..40_000)
            .map(|at| of.wait_above((f64::from(at) + 0.5) * step))
            .sum();
        close(integral * step, of.wait());
        let waits: f64 = of.ahead().map(|(_, p)| p).sum();
        close(of.wait_above(0.0), waits);
    }

    /// One slot each is Erlang's formula; V49.
    #[test]
    fn unlike_demands() {
        let (lost, used) = kaufman_roberts(5, &[(1, 3.0)]);
        close(lost[0], 0.110_054_35);
        close(used, 3.0 * (1.0 - lost[0]));
        let (lost, used) = kaufman_roberts(100, &[(1, 30.0), (5, 6.0), (10, 2.0)]);
        close(lost[0], 0.012_619);
        close(lost[1], 0.069_734);
        close(lost[2], 0.156_209);
        close(used / 100.0, 0.744_052);
    }
}
