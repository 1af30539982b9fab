//! What is kept for hedges: how many there were, and how long tasks take.

use crate::engine::time::Time;
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
