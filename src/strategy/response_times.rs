//! How long nodes take to answer, as one dispatcher has measured it: means in which a response
//! counts the less the longer it is ago.
//!
//! Old responses fade by time and not by number: a node that is rarely chosen would otherwise keep a bad name
//! for ever.

use crate::engine::time::Time;
use crate::model::ids::NodeId;
use crate::strategy::{Ended, How, Pool};

/// What happens to a mean when a response takes longer than it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rise {
    /// It moves towards it, as towards any other.
    Smooth,
    /// It jumps to it (peak).
    Jump,
}

/// A mean for each node of a pool, in nanoseconds.
#[derive(Clone, Debug)]
pub struct ResponseTimes {
    pool: Pool,
    means: Vec<f64>,
    measured: Vec<Time>,
    decay: f64,
    penalty: f64,
    rise: Rise,
}

impl ResponseTimes {
    /// Means of `initial` seconds (0: of the first response); what was known falls by the factor e in
    /// `decay` seconds; a failure counts as a response of at least `penalty` seconds.
    pub fn new(pool: &Pool, rise: Rise, [initial, decay, penalty]: [f64; 3]) -> ResponseTimes {
        let count = pool.ids().len();
        ResponseTimes {
            pool: pool.clone(),
            means: vec![initial * 1e9; count],
            measured: vec![Time::ZERO; count],
            decay: decay * 1e9,
            penalty: penalty * 1e9,
            rise,
        }
    }

    /// The share of what was known at the last response that counts `now`.
    fn kept(&self, at: usize, now: Time) -> f64 {
        libm::exp(-(now.since(self.measured[at]).0 as f64) / self.decay)
    }

    /// The mean as it was at the last response.
    pub fn mean(&self, node: NodeId) -> f64 {
        self.pool.position(node).map_or(0.0, |at| self.means[at])
    }

    /// The mean, which falls towards 0 while nothing is heard.
    pub fn fading(&self, node: NodeId, now: Time) -> f64 {
        let position = self.pool.position(node);
        position.map_or(0.0, |at| self.means[at] * self.kept(at, now))
    }

    /// A response has been received.
    pub fn measure(&mut self, task: &Ended) {
        let Some(at) = self.pool.position(task.node) else {
            return;
        };
        let response = task.response.0 as f64;
        let response = match task.how {
            How::Completed => response,
            _ => response.max(self.penalty),
        };
        let kept = self.kept(at, task.at);
        let mean = &mut self.means[at];
        *mean = match self.rise {
            _ if *mean == 0.0 => response,
            Rise::Jump if response > *mean * kept => response,
            _ => *mean * kept + response * (1.0 - kept),
        };
        self.measured[at] = task.at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 ms, and no more word for 10, 20 and 30 s with a decay of 10 s: 36.8, 13.5 and 5.0 ms are left.
    #[test]
    fn what_was_measured_fades_while_nothing_is_heard() {
        let pool: Pool = [NodeId(0), NodeId(1)].into_iter().collect();
        let mut times = ResponseTimes::new(&pool, Rise::Jump, [0.03, 10.0, 10.0]);
        let at = |seconds: f64| Time::from_secs(seconds);
        assert_eq!(times.fading(NodeId(1), Time::ZERO), 3e7);
        times.measure(&Ended {
            node: NodeId(1),
            class: 0,
            job: 0,
            task: 0,
            service: at(0.1),
            response: at(0.1),
            at: at(5.0),
            how: How::Completed,
        });
        assert_eq!(times.fading(NodeId(1), at(5.0)), 1e8);
        for k in 1..4 {
            let left = times.fading(NodeId(1), at(5.0 + 10.0 * f64::from(k)));
            let expected = 1e8 * (-f64::from(k)).exp();
            assert!((left / expected - 1.0).abs() < 1e-9, "{left}");
        }
    }
}
