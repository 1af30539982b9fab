//! Sums by bucket for counting many values at a time, in half a line of memory each.
//!
//! They are of 64 bits until all together would need more; then all are passed on, and counting starts
//! anew.

use super::histogram::{Buckets, Histogram, Tally, bucket};

/// Values by bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cells {
    cells: Buckets<Cell>,
    /// Sum of all.
    total: u64,
}

/// The values of one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// Number of them.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
    /// The largest.
    pub most: u64,
    /// Sum of what is of interest about each, which is no more than the value.
    pub part: u64,
}

impl Cell {
    #[inline(always)]
    fn add(&mut self, value: u64, part: u64) {
        self.count += 1;
        self.sum += value;
        self.part += part;
        if value > self.most {
            self.most = value;
        }
    }

    /// How many, and which if they are all the same.
    pub fn tally(&self) -> Tally {
        let if_all_are = u128::from(self.count) * u128::from(self.most);
        Tally::of(self.count, self.most, if_all_are != u128::from(self.sum))
    }
}

impl Cells {
    /// Sum of all values.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Buckets that hold values, rising.
    pub fn filled(&self) -> impl Iterator<Item = (usize, Cell)> {
        self.cells.iter().filter(|(_, cell)| cell.count > 0)
    }

    /// Adds the values to `histogram`.
    pub fn add_to(&self, histogram: &mut Histogram) {
        for (bucket, cell) in self.filled() {
            histogram.add_tally(bucket, cell.tally());
        }
    }

    /// Counts `values`, each with its part; tells their sum. What was counted before is passed on if
    /// there is no room for them.
    #[inline(always)]
    pub fn count_all(
        &mut self,
        values: impl Iterator<Item = (u64, u64)> + Clone,
        pass_on: impl FnMut(&Cells),
    ) -> u128 {
        let sum = values.clone().map(|(value, _)| u128::from(value)).sum();
        match u64::try_from(u128::from(self.total) + sum) {
            Ok(total) => {
                self.total = total;
                values.for_each(|(value, part)| self.cells.at(bucket(value)).add(value, part));
            }
            Err(_) => self.count_large(values, pass_on),
        }
        sum
    }

    #[cold]
    #[inline(never)]
    fn count_large(
        &mut self,
        values: impl Iterator<Item = (u64, u64)>,
        mut pass_on: impl FnMut(&Cells),
    ) {
        for (value, part) in values {
            if self.total.checked_add(value).is_none() {
                pass_on(self);
                *self = Cells::default();
            }
            self.total += value;
            self.cells.at(bucket(value)).add(value, part);
        }
    }
}
