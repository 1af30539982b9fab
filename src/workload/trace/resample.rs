//! Block bootstrap of a trace: new workloads that keep what neighbouring jobs have in common.
//!
//! Künsch, "The jackknife and the bootstrap for general stationary observations", Annals of Statistics
//! 17(3), 1989 (here with blocks that do not overlap, after Carlstein, Annals of Statistics 14(3), 1986).
//! The span from the first to the last arrival is cut into blocks of equal length (the last may be
//! shorter); as many blocks as there are are drawn with replacement and put one after another. A job
//! keeps its offset inside its block.

use super::number::scale;
use super::read::{Block, Kept};
use super::{Problem, Reader, Row, Spec, Survey};
use crate::engine::time::Time;
use std::fmt;
use std::sync::Arc;

/// Most blocks that a trace may be cut into.
const MOST_BLOCKS: u64 = 10_000_000;

/// A whole trace in memory, cut into blocks. Replications share it.
pub struct Loaded {
    rows: Kept,
    span: Time,
    block: Time,
    /// First job of each block, and the number of jobs at the end.
    starts: Vec<usize>,
}

impl fmt::Debug for Loaded {
    /// How it is cut; not its rows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in blocks of {}", self.span, self.block)
    }
}

impl Loaded {
    /// Reads the trace and cuts it into blocks of the length `block`, measured in the trace's own time.
    ///
    /// # Errors
    /// As [`Reader::next`]; the trace makes fewer than 2 blocks or more than ten million.
    pub fn new(spec: &Spec, survey: &Survey, block: Time) -> Result<Loaded, Problem> {
        let blocks = if block > Time::ZERO {
            survey.span.0.div_ceil(block.0)
        } else {
            u64::MAX
        };
        if !(2..=MOST_BLOCKS).contains(&blocks) {
            let message = format!(
                "its arrivals span {}, which blocks of {block} cannot resample",
                survey.span
            );
            let hint =
                "choose `resample.block` well below the span, but long enough to hold many jobs";
            return Err(Problem::mistake(&spec.path, message).hint(hint));
        }
        let rows = match &survey.kept {
            Some(kept) => kept.clone(),
            None => all(Reader::open(spec, survey, 1.0)?)?,
        };
        let starts = starts(&rows, block, blocks);
        Ok(Loaded {
            rows,
            span: survey.span,
            block,
            starts,
        })
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        self.starts.len() - 1
    }

    /// Length of a block.
    fn length(&self, block: usize) -> Time {
        self.block.min(self.span.since(self.start(block)))
    }

    fn start(&self, block: usize) -> Time {
        Time(self.block.0 * block as u64)
    }
}

/// All jobs of `reader`.
fn all(mut reader: Reader) -> Result<Kept, Problem> {
    let mut rows = Block::default();
    while let Some(row) = reader.next()? {
        rows.push(&row);
    }
    Ok(Kept::new(rows))
}

/// First job of each block, and the number of jobs at the end. The last block has its end's jobs too.
fn starts(rows: &Block, block: Time, blocks: u64) -> Vec<usize> {
    let mut starts = vec![0];
    for place in 0..rows.len() {
        let of_job = (rows.arrival(place).0 / block.0).min(blocks - 1);
        while (starts.len() as u64) <= of_job {
            starts.push(place);
        }
    }
    starts.resize(blocks as usize, rows.len());
    starts.push(rows.len());
    starts
}

/// Replays drawn blocks of a trace.
pub struct Resampled {
    trace: Arc<Loaded>,
    scale: f64,
    drawn: Vec<usize>,
    /// Place in `drawn`, place of the next job, and where its block starts in the new workload.
    at: usize,
    job: usize,
    start: Time,
}

impl Resampled {
    /// Draws the blocks: `draw(n)` is called n times and gives a number below n each time. Every
    /// arrival of the new workload is multiplied by `scale` (1 for none) and rounded half to even.
    pub fn new(trace: Arc<Loaded>, scale: f64, mut draw: impl FnMut(usize) -> usize) -> Resampled {
        let blocks = trace.blocks();
        let drawn: Vec<usize> = (0..blocks).map(|_| draw(blocks)).collect();
        let job = trace.starts[drawn[0]];
        Resampled {
            trace,
            scale,
            drawn,
            at: 0,
            job,
            start: Time::ZERO,
        }
    }

    /// Number of jobs in the new workload.
    pub fn jobs(&self) -> u64 {
        let starts = &self.trace.starts;
        self.drawn
            .iter()
            .map(|&block| (starts[block + 1] - starts[block]) as u64)
            .sum()
    }

    /// The next job; `None` after the last. Arrivals never decrease.
    #[allow(clippy::should_implement_trait)] // a row borrows from the trace
    pub fn next(&mut self) -> Option<Row<'_>> {
        let mut block = *self.drawn.get(self.at)?;
        while self.job == self.trace.starts[block + 1] {
            self.start += self.trace.length(block);
            self.at += 1;
            block = *self.drawn.get(self.at)?;
            self.job = self.trace.starts[block];
        }
        let row = self.trace.rows.row(self.job)?;
        self.job += 1;
        let arrival = self.start + row.arrival.since(self.trace.start(block));
        Some(Row {
            arrival: scale(arrival, self.scale),
            ..row
        })
    }
}
