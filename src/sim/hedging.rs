//! What is kept for hedges: how many there were, and how long tasks take.

use crate::metrics::histogram::Histogram;

/// What hedging has to know.
#[derive(Debug, Default)]
pub struct Hedging {
    /// Tasks that were placed.
    pub tasks: u64,
    /// Copies of them.
    pub copies: u64,
    /// From the decision until the result, of tasks that are done.
    pub responses: Histogram,
    /// Lists for a function's own use.
    pub took: Vec<u64>,
    pub rest: Vec<u32>,
}

/// Results that must be known before a quantile of them is.
pub const ENOUGH: u64 = 100;
