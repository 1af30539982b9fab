//! Single-queue fork-join: the k tasks of a job come together to one fifo queue for s servers, and the job is done
//! when the last of them is (Fidler, Walker & Bora, "Tiny tasks: a remedy for synchronization constraints in
//! multi-server systems", 2017-2021).
//!
//! The number of tasks in the system is that of `M^[k]/M/s`: as often as the level n is crossed upwards, by a job that
//! finds k tasks fewer than n + 1 or more, it is crossed downwards. Who comes later delays nobody, so that the time of a
//! job hangs on the tasks before it and on its own alone, a finite chain.

use super::answers::{AnswerKind, Answers, Known, Model};
use super::queueing_system::QueueingSystem;
use crate::strategy::Binding;

/// Several tasks a job.
pub const MODEL: Model = Model {
    name: "single-queue fork-join (M^[k]/M/s)",
    when: "Poisson jobs of k exponential tasks; a central queue over nodes of one speed, or one node of s slots",
    source: "Fidler, Walker & Bora 2017-2021",
};

/// States at most, and servers x tasks of a job.
const MOST: usize = 100_000;

/// `M^[k]/M/s` with mean service 1.
pub struct Batches {
    tasks: usize,
    servers: usize,
    /// P(n tasks in the system).
    states: Vec<f64>,
}

impl Batches {
    /// Jobs of `tasks` tasks come at `rate` to `servers` servers; `None` if they are too many.
    pub fn new(tasks: u32, servers: u64, rate: f64) -> Option<Batches> {
        let (tasks, servers) = (tasks as usize, usize::try_from(servers).ok()?);
        let rho = rate * tasks as f64 / servers as f64;
        if rho >= 1.0 || tasks.checked_mul(servers)? > MOST {
            return None;
        }
        let (mut states, mut below, mut sum) = (vec![1.0], 1.0, 1.0);
        while states.len() < tasks + servers || below > 1e-16 * (1.0 - rho) * sum {
            let n = states.len();
            if n > MOST {
                return None;
            }
            below = states[n.saturating_sub(tasks)..].iter().sum();
            let next = rate * below / n.min(servers) as f64;
            states.push(next);
            sum += next;
        }
        states.iter_mut().for_each(|state| *state /= sum);
        Some(Batches {
            tasks,
            servers,
            states,
        })
    }

    /// What the tasks of a job that has come expect, by the number of tasks before each.
    fn expect(&self, of: impl Fn(usize) -> f64) -> f64 {
        let each = self.states.iter().enumerate();
        let job = |n: usize| (0..self.tasks).map(|own| of(n + own)).sum::<f64>();
        each.map(|(n, p)| p * job(n)).sum::<f64>() / self.tasks as f64
    }

    /// Mean wait of a task: one with a before it starts when all but s - 1 of these are done.
    pub fn wait(&self) -> f64 {
        self.expect(|before| (before + 1).saturating_sub(self.servers) as f64) / self.servers as f64
    }

    /// Probability that a task waits.
    pub fn waits(&self) -> f64 {
        self.expect(|before| f64::from(u8::from(before >= self.servers)))
    }

    /// Mean time of a job.
    pub fn response(&self) -> f64 {
        let last = self.servers - 1;
        let left = self.left();
        let time = |before: usize| {
            left[before.min(last)] + before.saturating_sub(last) as f64 / self.servers as f64
        };
        let each = self.states.iter().enumerate();
        each.map(|(n, p)| p * time(n)).sum()
    }

    /// The mean time that all tasks of a job take, by the number of tasks before them, which is below that of
    /// the servers: each of those that run ends at rate 1.
    fn left(&self) -> Vec<f64> {
        let mut left = vec![0.0; self.servers];
        for own in 1..=self.tasks {
            for before in 0..self.servers {
                let run = own.min(self.servers - before) as f64;
                let ahead = before as f64;
                let earlier = before.checked_sub(1).map_or(0.0, |at| left[at]);
                left[before] = (1.0 + ahead * earlier + run * left[before]) / (ahead + run);
            }
        }
        left
    }
}

/// What is known of `system`.
pub fn of(system: &QueueingSystem<'_>) -> Option<Vec<Known>> {
    let (rate, mean) = system.markov()?;
    let shift = system.shift()?;
    let is_one_queue = system.binding == Binding::CentralQueue || system.nodes() == 1;
    let fits = is_one_queue && system.tasks > 1 && system.holds_slots_only();
    if !fits || !shift.is_constant {
        return None;
    }
    let queue = Batches::new(system.tasks, system.servers()?, rate * mean)?;
    let answers = Answers {
        wait: Some(queue.wait() * mean),
        waits: Some(queue.waits()),
        response: Some(queue.response() * mean),
        ..Answers::default()
    };
    Some(answers.known(&MODEL, AnswerKind::Exact, shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One task a job is M/M/s: with two servers at load 0.5, P(wait) = 1/3 and the mean wait is 1/3.
    #[test]
    fn one_task_is_erlangs_formula() {
        let queue = Batches::new(1, 2, 1.0).unwrap_or_else(|| unreachable!());
        assert!((queue.waits() - 1.0 / 3.0).abs() < 1e-12);
        assert!((queue.wait() - 1.0 / 3.0).abs() < 1e-12);
        assert!((queue.response() - 4.0 / 3.0).abs() < 1e-12);
    }

    /// Two tasks at one server are M/G/1 with services Erlang-2 for jobs: at rate 1/4, W = 0.25 x 6 / (2 x 0.5).
    #[test]
    fn one_server_takes_a_job_as_one() {
        let queue = Batches::new(2, 1, 0.25).unwrap_or_else(|| unreachable!());
        assert!((queue.response() - (1.5 + 2.0)).abs() < 1e-9);
        assert!((queue.wait() - (1.5 + 0.5)).abs() < 1e-9);
        assert!((queue.waits() - 0.75).abs() < 1e-12);
    }
}
