//! What a histogram holds once a replication is over: small, mergeable, written to disk.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::histogram::{Histogram, middle};

/// Counts by bucket of the values, in rising order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution(BTreeMap<usize, u64>);

impl From<&Histogram> for Distribution {
    fn from(histogram: &Histogram) -> Distribution {
        Distribution(histogram.buckets().collect())
    }
}

impl Distribution {
    /// Adds all of `other`.
    pub fn add(&mut self, other: &Distribution) {
        for (bucket, count) in &other.0 {
            *self.0.entry(*bucket).or_default() += count;
        }
    }

    /// Number of values.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Each value (the middle of its bucket), rising, and how many are above its bucket.
    pub fn above(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut above = self.total();
        self.0.iter().map(move |(&bucket, &count)| {
            above -= count;
            (middle(bucket), above)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_distributions_count_together() {
        let mut histograms = [Histogram::default(), Histogram::default()];
        (1..=10).for_each(|value| histograms[value as usize % 2].record(value));
        let [mut all, odd] = histograms.each_ref().map(Distribution::from);
        all.add(&odd);
        assert_eq!(all.total(), 10);
        let above: Vec<(u64, u64)> = (1..=10).map(|value| (value, 10 - value)).collect();
        assert_eq!(all.above().collect::<Vec<_>>(), above);
    }
}
