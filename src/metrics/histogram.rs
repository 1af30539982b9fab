//! A histogram of whole numbers with buckets that grow with the value: 512 to each doubling, so
//! that a quantile is off by at most 0.1 % and histograms of any runs can be added.

use crate::engine::time::float;

/// Relative error of a quantile at most.
pub const ACCURACY: f64 = 0.001;
/// Buckets for each doubling.
const PER_OCTAVE: u32 = 9;
/// Bits of the floating-point number below the bucket's.
const SHIFT: u32 = 52 - PER_OCTAVE;
/// Bucket bits of 1.0, the image of value 0.
const FIRST: u64 = 1023 << PER_OCTAVE;
/// Number of buckets: all values below 2^64.
const BUCKETS: usize = (64 << PER_OCTAVE) + 1;

/// The bucket of `value`, read off the bits of `value + 1` as a floating-point number.
#[inline]
pub fn bucket(value: u64) -> usize {
    (((float(value) + 1.0).to_bits() >> SHIFT) - FIRST) as usize
}

/// The value in the middle of a bucket; exact where a bucket holds one whole number.
pub fn middle(bucket: usize) -> u64 {
    let edge = |bucket: usize| f64::from_bits((bucket as u64 + FIRST) << SHIFT);
    let (low, high) = (edge(bucket), edge(bucket + 1));
    if high - low <= 1.0 {
        (low - 1.0).ceil() as u64
    } else {
        ((low + high) / 2.0 - 1.0) as u64
    }
}

/// Cells by bucket, in blocks of a few doublings: a run's values lie within a few blocks, and one
/// that is never touched costs neither memory nor time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets<T> {
    blocks: Vec<Option<Box<[T; BLOCK]>>>,
}

/// Cells of four doublings.
const BLOCK: usize = 4 << PER_OCTAVE;

impl<T: Copy + Default> Default for Buckets<T> {
    fn default() -> Self {
        Buckets {
            blocks: vec![None; BUCKETS.div_ceil(BLOCK)],
        }
    }
}

impl<T: Copy + Default> Buckets<T> {
    /// The cell of `bucket`, to change it.
    #[inline]
    pub fn at(&mut self, bucket: usize) -> &mut T {
        let block = &mut self.blocks[bucket / BLOCK];
        let cells = block.get_or_insert_with(|| Box::new([T::default(); BLOCK]));
        &mut cells[bucket % BLOCK]
    }

    /// The cell of `bucket`; a default one if it was never touched.
    pub fn get(&self, bucket: usize) -> T {
        let cells = &self.blocks[bucket / BLOCK];
        cells
            .as_ref()
            .map_or_else(T::default, |cells| cells[bucket % BLOCK])
    }

    /// All cells with their buckets, rising; others were never touched.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (usize, T)> {
        self.blocks.iter().enumerate().flat_map(|(block, cells)| {
            let cells = cells.as_deref().map_or(&[][..], |cells| cells);
            let numbered = cells.iter().enumerate();
            numbered.map(move |(cell, value)| (block * BLOCK + cell, *value))
        })
    }
}

/// Counts by bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    counts: Buckets<u64>,
    total: u64,
    least: u64,
    most: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram {
            counts: Buckets::default(),
            total: 0,
            least: u64::MAX,
            most: 0,
        }
    }
}

impl Histogram {
    /// Counts `value`.
    #[inline]
    pub fn record(&mut self, value: u64) {
        self.record_in(bucket(value), value);
    }

    /// Counts `value`, which belongs into `bucket`.
    #[inline]
    pub(super) fn record_in(&mut self, bucket: usize, value: u64) {
        *self.counts.at(bucket) += 1;
        self.total += 1;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
    }

    /// Adds all of `other`.
    pub fn add(&mut self, other: &Histogram) {
        for (bucket, count) in other.buckets() {
            *self.counts.at(bucket) += count;
        }
        self.total += other.total;
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
    }

    /// Number of values.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Largest value; 0 if there is none.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Buckets that hold values, rising, with their counts.
    pub fn buckets(&self) -> impl DoubleEndedIterator<Item = (usize, u64)> {
        self.counts.iter().filter(|(_, count)| *count > 0)
    }

    /// The quantile at `permille` thousandths by nearest rank, ceil(q n); `None` if fewer than
    /// 10 / (1 - q) values were counted, too few to say.
    pub fn quantile(&self, permille: u64) -> Option<u64> {
        if self.total * (1000 - permille) < 10_000 {
            return None;
        }
        let rank = (self.total * permille).div_ceil(1000);
        let mut below = 0;
        let found = self.buckets().find(|(_, count)| {
            below += count;
            below >= rank
        });
        found.map(|(bucket, _)| middle(bucket).clamp(self.least, self.most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    /// Against the exact order statistics of 30,000 values over 12 decades.
    #[test]
    fn quantiles_are_within_a_thousandth() {
        let key = Seeds::new(6, 1).key(Purpose::Observation);
        let mut values: Vec<u64> = (0..30_000)
            .map(|job| {
                let mut draw = key.draw(0, job, 0, 0, 0);
                10u64.pow(draw.below(12)) + u64::from(draw.below(1_000_000))
            })
            .collect();
        let mut histogram = Histogram::default();
        values.iter().for_each(|&value| histogram.record(value));
        values.sort_unstable();
        for permille in [500, 900, 950, 990, 999] {
            let exact = values[(values.len() * permille).div_ceil(1000) - 1] as f64;
            let found = histogram
                .quantile(permille as u64)
                .map_or(f64::NAN, |value| value as f64);
            assert!(
                (found / exact - 1.0).abs() < 1e-3,
                "{permille}: {found} against {exact}"
            );
        }
    }

    #[test]
    fn small_and_equal_values_are_exact() {
        for value in [0, 1, 2, 100, 510, 12_345_678_901] {
            let mut histogram = Histogram::default();
            (0..20).for_each(|_| histogram.record(value));
            assert_eq!(histogram.quantile(500), Some(value));
        }
        for value in 0..511 {
            assert_eq!(middle(bucket(value)), value);
        }
        assert!(bucket(u64::MAX) < BUCKETS);
    }

    #[test]
    fn too_few_values_give_no_quantile() {
        let mut histogram = Histogram::default();
        (0..999).for_each(|value| histogram.record(value));
        assert_eq!(histogram.quantile(990), None);
        histogram.record(1);
        assert!(histogram.quantile(990).is_some());
        assert_eq!(histogram.quantile(999), None);
    }

    #[test]
    fn adding_is_counting_together() {
        let (mut a, mut b, mut both) = (
            Histogram::default(),
            Histogram::default(),
            Histogram::default(),
        );
        for value in 0..5_000u64 {
            if value % 3 == 0 { &mut a } else { &mut b }.record(value * value);
            both.record(value * value);
        }
        a.add(&b);
        assert_eq!(a, both);
    }
}
