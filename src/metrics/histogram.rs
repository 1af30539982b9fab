//! A histogram of whole numbers with buckets that grow with the value: 512 to each doubling, so
//! that a quantile is off by at most 0.2 %, and hardly at all where values lie evenly, and histograms of any runs can be added.
//!
//! Buckets merge without loss, so that quantiles of all replications, shards and machines together are those of
//! one long run, and equal ones whatever the order of merging.

use crate::engine::time::float;

/// Relative error of a quantile at most.
pub const ACCURACY: f64 = 0.002;
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

/// From where to where a bucket reaches.
pub fn edges(bucket: usize) -> (f64, f64) {
    let edge = |bucket: usize| f64::from_bits((bucket as u64 + FIRST) << SHIFT) - 1.0;
    (edge(bucket), edge(bucket + 1))
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
        let cells = block.get_or_insert_with(Buckets::new_block);
        &mut cells[bucket % BLOCK]
    }

    /// Out of line: it may lie on the stack before it lies in its box, and a frame of that size
    /// would be touched page by page in every call.
    #[cold]
    #[inline(never)]
    fn new_block() -> Box<[T; BLOCK]> {
        Box::new([T::default(); BLOCK])
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

/// The values of one bucket: how many, and which if it is but one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Number of values; with [`UNLIKE`] if they are not all the same.
    bits: u64,
    /// The largest of them.
    most: u64,
}

/// Marks a bucket of unlike values.
const UNLIKE: u64 = 1 << 63;

impl Tally {
    /// Counts `value`.
    #[inline(always)]
    pub(super) fn count_in(&mut self, value: u64) {
        if self.most != value {
            if self.bits > 0 {
                self.bits |= UNLIKE;
            }
            self.most = self.most.max(value);
        }
        self.bits += 1;
    }

    /// Of so many values, the largest of them `most`.
    pub(super) fn of(count: u64, most: u64, are_unlike: bool) -> Tally {
        let bits = count | if are_unlike { UNLIKE } else { 0 };
        Tally { bits, most }
    }

    /// Number of values.
    pub fn count(self) -> u64 {
        self.bits & !UNLIKE
    }

    /// The value of all, if they are all the same.
    pub fn only(self) -> Option<u64> {
        (self.bits & UNLIKE == 0).then_some(self.most)
    }

    /// Adds all of `other`.
    pub fn add(&mut self, other: Tally) {
        let is_new = self.bits == 0;
        let unlike = if is_new || self.most == other.most {
            0
        } else {
            UNLIKE
        };
        let unlike = (self.bits | other.bits | unlike) & UNLIKE;
        self.bits = (self.count() + other.count()) | unlike;
        self.most = self.most.max(other.most);
    }
}

/// Counts by bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    tallies: Buckets<Tally>,
    total: u64,
    most: u64,
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
        self.tallies.at(bucket).count_in(value);
        self.total += 1;
        self.most = self.most.max(value);
    }

    /// Adds values of `bucket`.
    pub(super) fn add_tally(&mut self, bucket: usize, values: Tally) {
        self.tallies.at(bucket).add(values);
        self.total += values.count();
        self.most = self.most.max(values.most);
    }

    /// Adds all of `other`.
    pub fn add(&mut self, other: &Histogram) {
        for (bucket, tally) in other.tallies() {
            self.tallies.at(bucket).add(tally);
        }
        self.total += other.total;
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

    /// Number of values above 0.
    pub fn above_zero(&self) -> u64 {
        self.total - self.tallies.get(bucket(0)).count()
    }

    /// Buckets that hold values, rising.
    pub fn tallies(&self) -> impl DoubleEndedIterator<Item = (usize, Tally)> {
        self.tallies.iter().filter(|(_, tally)| tally.bits > 0)
    }

    /// Buckets that hold values, rising, with their counts.
    pub fn buckets(&self) -> impl DoubleEndedIterator<Item = (usize, u64)> {
        self.tallies()
            .map(|(bucket, tally)| (bucket, tally.count()))
    }

    /// The quantile at `permille` thousandths by nearest rank, ceil(q n), interpolated within its
    /// bucket unless that holds a single value; `None` if fewer than 10 / (1 - q) values were
    /// counted, too few to say.
    pub fn quantile(&self, permille: u64) -> Option<f64> {
        let rank = self.known_rank(permille)?;
        self.value(place(self.buckets(), rank, edges)?)
    }

    /// The same, looked for from `cursor` on, which lies where it lay before.
    pub fn quantile_near(&self, permille: u64, cursor: &mut Cursor) -> Option<f64> {
        let rank = self.known_rank(permille)?;
        let count = |bucket| self.tallies.get(bucket).count();
        while cursor.below >= rank {
            cursor.bucket -= 1;
            cursor.below -= count(cursor.bucket);
        }
        while cursor.below + count(cursor.bucket) < rank {
            cursor.below += count(cursor.bucket);
            cursor.bucket += 1;
        }
        let found = (cursor.bucket, count(cursor.bucket));
        self.value(place(std::iter::once(found), rank - cursor.below, edges)?)
    }

    /// The rank of a quantile, if enough values were counted.
    fn known_rank(&self, permille: u64) -> Option<u64> {
        let is_known = self.total * (1000 - permille) >= 10_000;
        is_known.then(|| rank(self.total, permille))
    }

    fn value(&self, place: Place) -> Option<f64> {
        let only = self.tallies.get(place.bucket).only();
        Some(only.map_or(place.value, |only| only as f64))
    }
}

/// A bucket, and how many values lie in those before it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    bucket: usize,
    below: u64,
}

impl Cursor {
    /// `value` is counted, too.
    pub fn pass(&mut self, value: u64) {
        self.below += u64::from(bucket(value) < self.bucket);
    }
}

/// Where a quantile lies among counts by bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Its value.
    pub value: f64,
    /// The bucket in which it lies.
    pub bucket: usize,
    /// Which part of the bucket lies beyond it.
    pub beyond: f64,
}

/// The nearest rank of the quantile at `permille` thousandths of `total` values: ceil(q n).
pub fn rank(total: u64, permille: u64) -> u64 {
    (total * permille).div_ceil(1000)
}

/// The value of rank k, of h in a bucket from low to high with `below` before it:
/// low + (high - low) (k - below - 1/2) / h. Middles of buckets would do for a quantile, but not for
/// its changes, which a jackknife magnifies.
pub fn place(
    buckets: impl Iterator<Item = (usize, u64)>,
    rank: u64,
    edges: impl Fn(usize) -> (f64, f64),
) -> Option<Place> {
    let mut below = 0;
    for (bucket, count) in buckets {
        if count > 0 && below + count >= rank {
            let (low, high) = edges(bucket);
            let part = ((rank - below) as f64 - 0.5) / count as f64;
            return Some(Place {
                value: low + (high - low) * part,
                bucket,
                beyond: 1.0 - part,
            });
        }
        below += count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    /// Against the exact order statistics of 30,000 values over 12 decades.
    #[test]
    fn quantiles_are_as_accurate_as_told() {
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
            let found = histogram.quantile(permille as u64).unwrap_or(f64::NAN);
            assert!(
                (found / exact - 1.0).abs() < ACCURACY,
                "{permille}: {found} against {exact}"
            );
        }
    }

    /// After every value, whichever way the quantile goes.
    #[test]
    fn a_quantile_is_the_same_from_where_it_lay() {
        let key = Seeds::new(8, 1).key(Purpose::Observation);
        let (mut histogram, mut cursor) = (Histogram::default(), Cursor::default());
        for job in 0..5_000 {
            let most = if job / 1_000 % 2 == 0 { 30_000 } else { 300 };
            let value = u64::from(key.draw(0, job, 0, 0, 0).below(most));
            histogram.record(value);
            cursor.pass(value);
            assert_eq!(
                histogram.quantile_near(900, &mut cursor),
                histogram.quantile(900),
                "{job}"
            );
        }
    }

    #[test]
    fn small_and_equal_values_are_exact() {
        for value in [0, 1, 2, 100, 510, 12_345_678_901] {
            let mut histogram = Histogram::default();
            (0..20).for_each(|_| histogram.record(value));
            assert_eq!(histogram.quantile(500), Some(value as f64));
        }
        for value in 0..511 {
            assert!(
                edges(bucket(value)).0 <= value as f64 && (value as f64) < edges(bucket(value)).1
            );
        }
        assert!(bucket(u64::MAX) < BUCKETS);
    }

    /// Buckets with edges 0, 1, 2, 4, 8, 16, 32.
    #[test]
    fn quantiles_are_interpolated_within_their_bucket() {
        let counts = [105, 93, 58, 29, 12, 3];
        let edges = |bucket: usize| {
            [
                (0.0, 1.0),
                (1.0, 2.0),
                (2.0, 4.0),
                (4.0, 8.0),
                (8.0, 16.0),
                (16.0, 32.0),
            ][bucket]
        };
        let at = |counts: &[u64], permille| {
            let buckets = counts.iter().copied().enumerate();
            place(buckets, rank(counts.iter().sum(), permille), edges).map(|place| place.value)
        };
        for (permille, value) in [(500, 1.478494624), (900, 5.862068966), (990, 15.66666667)] {
            let found = at(&counts, permille).unwrap_or_default();
            assert!((found - value).abs() < 1e-8, "{permille}: {found}");
        }
        let without = [65, 63, 40, 21, 9, 2];
        for (permille, value) in [(500, 1.547619048), (900, 6.190476190)] {
            let found = at(&without, permille).unwrap_or_default();
            assert!((found - value).abs() < 1e-8, "{permille}: {found}");
        }
        assert_eq!(at(&[0; 6], 500), None);
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
