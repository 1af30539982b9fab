//! What is kept for copies: when their tasks were decided, how many hedges there were, and how long tasks
//! take.
//!
//! A quantile of how long tasks take is learnt while the run goes on, as a client would have to: there is none
//! until enough tasks are done.

use crate::engine::time::Time;
use crate::metrics::jobs::Blame;
use crate::strategy::How;

use crate::metrics::histogram::{Cursor, Histogram};

/// What hedging has to know.
#[derive(Debug, Default)]
pub struct Hedging {
    /// Tasks that were placed.
    pub tasks: u64,
    /// Copies of them.
    pub copies: u64,
    /// From the decision until the result, of tasks that are done.
    responses: Histogram,
    /// Where the quantile lies that is asked for.
    cursor: Cursor,
    /// Lists for a function's own use.
    pub took: Vec<u64>,
    pub rest: Vec<u32>,
}

/// What is known of the attempts at a task that are made at once.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// When the task was decided.
    pub decided: Time,
    /// How its time until then was spent: at its dispatcher, or on earlier attempts.
    pub before: Blame,
    /// From then until its result, once that is received.
    pub took: Time,
    /// Some of them are about to set out.
    pub is_open: bool,
    /// How the last of them ended that came to nothing.
    pub ended: How,
}

/// All such sets, by the record of the first attempt.
#[derive(Debug, Default)]
pub struct Sets(Vec<Set>);

impl Sets {
    /// That of the task in record `id`, which has been decided.
    pub fn at(&mut self, id: u32) -> &mut Set {
        &mut self.0[id as usize]
    }

    /// The task in record `id`, which has spent its time like this `before`, is decided `now`, and attempts are about
    /// to set out.
    pub fn open(&mut self, id: u32, before: Blame, now: Time) {
        let set = Set {
            decided: now,
            before,
            took: Time::ZERO,
            is_open: true,
            ended: How::Failed,
        };
        self.keep(id, set);
    }

    fn keep(&mut self, id: u32, set: Set) {
        if self.0.len() <= id as usize {
            self.0.resize(id as usize + 1, set);
        }
        self.0[id as usize] = set;
    }

    /// A task is in record `new` instead of `old`.
    pub fn move_to(&mut self, old: u32, new: u32) {
        if let Some(&set) = self.0.get(old as usize) {
            self.keep(new, set);
        }
    }
}

/// Results that must be known before a quantile of them is.
const ENOUGH: u64 = 100;

impl Hedging {
    /// A result came so long after the decision, nanoseconds.
    pub fn learn(&mut self, took: u64) {
        self.responses.record(took);
        self.cursor.pass(took);
    }

    /// The quantile of what was learned so far, once it is known.
    pub fn quantile(&mut self, permille: u64) -> Option<Time> {
        if self.responses.total() < ENOUGH {
            return None;
        }
        let found = self.responses.quantile_near(permille, &mut self.cursor);
        found.map(|nanoseconds| Time(nanoseconds as u64))
    }
}
