//! What histograms hold once a replication is over: small, mergeable, written to disk.
//!
//! Of all replications together there are sums; of each alone its counts, so that a figure can be
//! taken without it.

use serde::{Deserialize, Serialize};

use super::histogram::{Histogram, Place, Tally, edges, place, rank};
use super::jobs::JobStats;

/// What the times of jobs and tasks are counted of, each in a distribution of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Response times of jobs, nanoseconds.
    Response,
    /// Waiting times of tasks, nanoseconds.
    Wait,
    /// Slowdowns of jobs, as their histogram records them.
    Slowdown,
}

/// A distribution for each of [`Counted`].
pub type Distributions = [Distribution; 3];

/// Those of `stats`.
pub fn distributions(stats: &JobStats) -> Distributions {
    [&stats.response, &stats.wait, &stats.slowdown].map(Distribution::from)
}

/// Counts by bucket of the values, in rising order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Packed", try_from = "Packed")]
pub struct Distribution {
    buckets: Vec<(u16, Tally)>,
    total: u64,
}

/// The same as small whole numbers, which are short on the disk: of each bucket the way from the one before,
/// the number of values and, if it is but one value, how far that is above the bucket's edge.
#[derive(Serialize, Deserialize)]
struct Packed(Vec<u64>);

impl From<Distribution> for Packed {
    fn from(all: Distribution) -> Packed {
        let (mut numbers, mut before) = (Vec::with_capacity(2 * all.buckets.len()), 0);
        for (at, tally) in all.buckets {
            let only = tally.only();
            numbers.extend([
                u64::from(at - before),
                2 * tally.count() + u64::from(only.is_some()),
            ]);
            numbers.extend(only.map(|only| only.wrapping_sub(edge(at))));
            before = at;
        }
        Packed(numbers)
    }
}

impl TryFrom<Packed> for Distribution {
    type Error = &'static str;

    fn try_from(Packed(numbers): Packed) -> Result<Distribution, &'static str> {
        let mut numbers = numbers.into_iter();
        let (mut all, mut at) = (Distribution::default(), 0_u16);
        while let Some(step) = numbers.next() {
            let next = u16::try_from(step)
                .ok()
                .and_then(|step| at.checked_add(step));
            at = next.ok_or("a bucket beyond the last")?;
            let count = numbers.next().ok_or("a bucket without a count")?;
            let only = match count % 2 {
                1 => Some(numbers.next().ok_or("a bucket without its value")?),
                _ => None,
            };
            let only = only.map(|above| above.wrapping_add(edge(at)));
            all.buckets
                .push((at, Tally::of(count / 2, only.unwrap_or(0), only.is_none())));
            all.total = all.total.saturating_add(count / 2);
        }
        Ok(all)
    }
}

/// The lower edge of a bucket as a whole number.
fn edge(bucket: u16) -> u64 {
    edges(usize::from(bucket)).0 as u64
}

impl From<&Histogram> for Distribution {
    fn from(histogram: &Histogram) -> Distribution {
        Distribution {
            buckets: histogram
                .tallies()
                .map(|(at, tally)| (at as u16, tally))
                .collect(),
            total: histogram.total(),
        }
    }
}

impl Distribution {
    /// Adds all of `other`.
    pub fn add(&mut self, other: &Distribution) {
        self.buckets.extend(&other.buckets);
        // Two rising runs: the sort is one merge of them.
        self.buckets.sort_by_key(|(at, _)| *at);
        self.buckets.dedup_by(|(at, tally), (kept, sum)| {
            let is_same = at == kept;
            if is_same {
                sum.add(*tally);
            }
            is_same
        });
        self.buckets.shrink_to_fit();
        self.total += other.total;
    }

    /// Number of values.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Each bucket's middle, or the one value that it holds, rising, and how many are above it.
    pub fn above(&self) -> impl Iterator<Item = (f64, u64)> {
        let mut above = self.total;
        self.buckets.iter().map(move |(at, tally)| {
            above -= tally.count();
            let (low, high) = edges(usize::from(*at));
            let middle = (low + high) / 2.0;
            (tally.only().map_or(middle, |only| only as f64), above)
        })
    }

    /// The counts alone.
    pub fn counts(&self) -> Counts {
        let counts = self
            .buckets
            .iter()
            .map(|(at, tally)| (*at, tally.count() as u32));
        Counts(counts.collect())
    }

    /// Where the quantile at `permille` thousandths lies; `None` without values.
    pub fn place(&self, permille: u64) -> Option<Place> {
        self.bounded(self.all(), rank(self.total, permille))
    }

    /// Whether all values in the bucket of `place` are the same.
    pub fn is_one_value(&self, place: &Place) -> bool {
        self.only(place.bucket).is_some()
    }

    /// The one value of all in `bucket`.
    fn only(&self, bucket: usize) -> Option<u64> {
        let found = self
            .buckets
            .binary_search_by_key(&bucket, |(at, _)| usize::from(*at));
        self.buckets[found.ok()?].1.only()
    }

    /// The place that a `share` of the values lies beyond.
    pub fn exceeded_by(&self, share: f64) -> Option<Place> {
        // What binary fractions add to a whole number does not count.
        let rank = (1.0 - share) * self.total as f64 * (1.0 - 1e-12);
        self.bounded(self.all(), (rank.ceil() as u64).max(1))
    }

    fn all(&self) -> impl Iterator<Item = (usize, u64)> {
        let buckets = self.buckets.iter();
        buckets.map(|(at, tally)| (usize::from(*at), tally.count()))
    }

    /// The same quantile without the values of `one` of those that were added.
    pub fn without(&self, one: &Counts, permille: u64) -> Option<f64> {
        let mut gone = one.0.iter().peekable();
        let rest = self.all().map(|(at, count)| {
            let own = gone.next_if(|(other, _)| usize::from(*other) == at);
            (at, count - own.map_or(0, |(_, own)| u64::from(*own)))
        });
        let place = self.bounded(rest, rank(self.total - one.total(), permille))?;
        Some(place.value)
    }

    /// One that holds a single value is it.
    fn bounded(&self, buckets: impl Iterator<Item = (usize, u64)>, rank: u64) -> Option<Place> {
        let mut place = place(buckets, rank, edges)?;
        if let Some(only) = self.only(place.bucket) {
            place.value = only as f64;
        }
        Some(place)
    }
}

/// Counts of one replication: bucket and number, rising. Small, as a run keeps them all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(Vec<(u16, u32)>);

impl Counts {
    /// Number of values.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// Values beyond `place`, with its part of the bucket in which it lies.
    pub fn beyond(&self, place: &Place) -> f64 {
        let of = |&(at, count): &(u16, u32)| match usize::from(at) {
            at if at > place.bucket => f64::from(count),
            at if at == place.bucket => f64::from(count) * place.beyond,
            _ => 0.0,
        };
        self.0.iter().map(of).sum()
    }

    /// Mean square of the values; 0 if there are none.
    pub fn mean_square(&self) -> f64 {
        let square = |&(at, count): &(u16, u32)| {
            let (low, high) = edges(usize::from(at));
            f64::from(count) * ((low + high) / 2.0).powi(2)
        };
        self.0.iter().map(square).sum::<f64>() / (self.total() as f64).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn recorded(values: impl Iterator<Item = u64>) -> Distribution {
        let mut histogram = Histogram::default();
        values.for_each(|value| histogram.record(value));
        Distribution::from(&histogram)
    }

    #[test]
    fn merged_distributions_count_together() {
        let [mut all, odd] = [0, 1].map(|rest| recorded((1..=10).filter(move |v| v % 2 == rest)));
        all.add(&odd);
        assert_eq!(all, recorded(1..=10));
        let above: Vec<_> = (1..=10u8)
            .map(|v| (f64::from(v), 10 - u64::from(v)))
            .collect();
        assert_eq!(all.above().collect::<Vec<_>>(), above);
    }

    #[test]
    fn what_is_left_without_one_is_the_sum_of_the_others() {
        let parts =
            [0, 1, 2].map(|part| recorded((0..4_000).map(|i| (i * 7 + part) * 1_000 + part * i)));
        let sum = |skipped: usize| {
            let mut sum = Distribution::default();
            let rest = parts.iter().enumerate().filter(|(at, _)| *at != skipped);
            rest.for_each(|(_, part)| sum.add(part));
            sum
        };
        let all = sum(3);
        for (at, part) in parts.iter().enumerate() {
            for permille in [500, 900, 990] {
                let rest = sum(at).place(permille).map(|place| place.value);
                let found = all.without(&part.counts(), permille);
                let gap = rest.zip(found).map(|(a, b)| (a / b - 1.0).abs());
                assert!(
                    gap.is_some_and(|gap| gap < 1e-4),
                    "{permille}: {rest:?} {found:?}"
                );
            }
        }
        let tail: f64 = parts
            .iter()
            .map(|part| part.counts().beyond(&all.place(900).unwrap_or(NOWHERE)))
            .sum();
        assert!((tail - 1_200.0).abs() < 1.0, "{tail}");
    }

    /// What figures are taken of is kept, to the last value.
    #[test]
    fn packed_it_is_small_and_comes_back_whole() {
        let values = (0..20_000_u64).map(|i| i * i * 40_000);
        let whole = recorded(values.chain([0, 7, 1 << 60, u64::MAX >> 1]));
        let bytes = postcard::to_stdvec(&whole).unwrap();
        let back: Distribution = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(back.total(), whole.total());
        assert!(back.above().eq(whole.above()));
        assert_eq!(back.counts(), whole.counts());
        assert!(
            bytes.len() < 4 * whole.buckets.len(),
            "{} bytes for {} buckets",
            bytes.len(),
            whole.buckets.len()
        );
        for wrong in [&[70_000_u64, 2][..], &[1], &[1, 3], &[60_000, 2, 60_000, 2]] {
            let bytes = postcard::to_stdvec(wrong).unwrap();
            assert!(postcard::from_bytes::<Distribution>(&bytes).is_err());
        }
    }

    const NOWHERE: Place = Place {
        value: 0.0,
        bucket: 0,
        beyond: 0.0,
    };

    #[test]
    fn one_value_is_itself_among_others() {
        let millis = |ms: u64| ms * 1_000_000;
        let two = recorded((0..100).map(|i| millis(if i < 90 { 10 } else { 1_000 })));
        assert_eq!(two.place(500).map(|place| place.value), Some(1e7));
        assert_eq!(two.place(950).map(|place| place.value), Some(1e9));
        assert!((two.counts().mean_square() / (0.9e14 + 0.1e18) - 1.0).abs() < 0.003);
    }
}
