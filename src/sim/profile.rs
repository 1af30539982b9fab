//! What all nodes together have left over the time to come: a staircase that tells at a glance when a wish
//! cannot be granted, so that the nodes need not be asked one by one.
//!
//! Backfilling asks again and again whether a wish fits between what is reserved; most do not, and here that
//! costs one look.

use crate::engine::time::Time;

/// What is held of the nodes that are up, as steps: each lasts until the next, the last for ever.
#[derive(Default)]
pub struct Profile {
    /// When the steps begin, in order.
    instants: Vec<Time>,
    /// What is held during each step, one entry for each dimension.
    held: Vec<u64>,
    /// What all have together, by dimension; the largest number where one has no limit.
    capacity: Vec<u64>,
}

/// Tasks that are to start together, and to be left alone for a time.
#[derive(Clone, Copy, Debug)]
pub struct Need<'a> {
    pub count: u64,
    pub demand: &'a [u64],
    pub time: Time,
}

impl Profile {
    /// From `now` on nothing is held of `dimensions`, and nobody has any.
    pub fn open(&mut self, now: Time, dimensions: usize) {
        self.instants.clear();
        self.instants.push(now);
        for each in [&mut self.held, &mut self.capacity] {
            each.clear();
            each.resize(dimensions, 0);
        }
    }

    /// A demand is held from the beginning on, until it is given [back](Self::give_back).
    pub fn begin(&mut self, demand: &[u64]) {
        let each = self.held.iter_mut().zip(demand);
        each.for_each(|(held, need)| *held += need);
    }

    /// What was held from the beginning on is given back, no earlier than whatever was before.
    pub fn give_back(&mut self, at: Time, demand: &[u64]) {
        let last = self.held.len() - demand.len();
        if self.instants.last() < Some(&at) {
            self.instants.push(at);
            self.held.extend_from_within(last..);
        }
        let last = self.held.len() - demand.len();
        let each = self.held[last..].iter_mut().zip(demand);
        each.for_each(|(held, need)| *held -= need);
    }

    /// A node brings what it has.
    pub fn join(&mut self, capacity: &[Option<u64>]) {
        for (all, one) in self.capacity.iter_mut().zip(capacity) {
            *all = all.saturating_add(one.unwrap_or(u64::MAX));
        }
    }

    /// `copies` times a demand is held from one instant until another.
    pub fn hold(&mut self, (from, until): (Time, Time), demand: &[u64], copies: u64) {
        let (first, end) = (self.cut(from), self.cut(until));
        let steps = self.held.chunks_exact_mut(demand.len());
        for step in steps.take(end).skip(first) {
            let each = step.iter_mut().zip(demand);
            each.for_each(|(held, need)| *held += need * copies);
        }
    }

    /// The step that begins at an instant, which may have to be cut in two.
    fn cut(&mut self, at: Time) -> usize {
        let step = self.instants.partition_point(|instant| *instant < at);
        if self.instants.get(step) != Some(&at) {
            let width = self.capacity.len();
            self.instants.insert(step, at);
            self.held
                .extend_from_within((step - 1) * width..step * width);
            self.held[step * width..].rotate_right(width);
        }
        step
    }

    /// When a step begins.
    pub fn begins(&self, step: usize) -> Time {
        self.instants[step]
    }

    /// The first step from `first` on from whose beginning there may be room for a need: before it there is none
    /// for certain.
    pub fn fit(&self, first: usize, need: &Need<'_>) -> Option<usize> {
        let (mut start, mut step) = (first, first);
        while start < self.instants.len() {
            let lasts = |step: usize| self.instants[step] < self.instants[start] + need.time;
            if step == self.instants.len() || !lasts(step) {
                return Some(start);
            }
            if !self.has_room(step, need) {
                start = step + 1;
            }
            step += 1;
        }
        None
    }

    fn has_room(&self, step: usize, need: &Need<'_>) -> bool {
        let width = self.capacity.len();
        let held = &self.held[step * width..][..width];
        let each = self.capacity.iter().zip(held).zip(need.demand);
        each.into_iter().all(|((capacity, held), &demand)| {
            capacity.saturating_sub(*held) >= demand.saturating_mul(need.count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five slots; two held from 0 to 10, three more from 4 to 6.
    fn profile() -> Profile {
        let mut profile = Profile::default();
        profile.open(Time(0), 1);
        profile.join(&[Some(2)]);
        profile.join(&[Some(3)]);
        profile.begin(&[1]);
        profile.begin(&[1]);
        profile.give_back(Time(10), &[1]);
        profile.give_back(Time(10), &[1]);
        profile.hold((Time(4), Time(6)), &[3], 1);
        profile
    }

    #[test]
    fn a_need_fits_where_no_step_on_its_way_is_too_full() {
        let profile = profile();
        let begin = |count, time| {
            let need = Need {
                count,
                demand: &[1],
                time: Time(time),
            };
            profile.fit(0, &need).map(|step| profile.begins(step).0)
        };
        assert_eq!(begin(3, 4), Some(0));
        assert_eq!(begin(3, 5), Some(6));
        assert_eq!(begin(4, 1), Some(10));
        assert_eq!(begin(6, 1), None);
    }

    #[test]
    fn a_step_is_cut_once() {
        let profile = profile();
        assert_eq!(profile.instants, [0, 4, 6, 10].map(Time));
        assert_eq!(profile.held, [2, 5, 2, 0]);
    }
}
