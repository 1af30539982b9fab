//! Figures of the nodes: how evenly work lies on them, and how much of them is used.
//!
//! Use is integrated over time, exactly. Evenness is sampled, at one random instant in each stratum
//! of the window, since looking at all nodes at every event would cost more than the simulation;
//! arrivals would be the wrong instants where they are not Poisson.

use serde::{Deserialize, Serialize};

use super::jobs::fixed;
use crate::engine::time::{Time, float};
use crate::model::cluster::{Group, SLOTS};
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::nodes::Nodes;

/// The nodes at one instant of observation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The instant.
    pub time: Time,
    /// Evenness of the nodes' loads: the largest, over a node's finite dimensions, of demand
    /// running, queued or travelling / capacity.
    pub load: Evenness,
    /// Evenness of the remaining work by slot.
    pub work: Evenness,
    /// min(free slots, waiting tasks) / slots; `None` where no slots are finite.
    pub idle_while_waiting: Option<f64>,
    /// Used share of the busiest dimension.
    pub utilization: f64,
    /// Jobs in the system.
    pub jobs: u64,
    /// Tasks waiting at nodes or in the central queue.
    pub waiting: u64,
}

/// How evenly non-negative numbers lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evenness {
    /// Standard deviation / mean.
    pub cov: f64,
    /// Largest / mean.
    pub max_over_mean: f64,
    /// (sum)^2 / (n x sum of squares): Jain, Chiu & Hawe, DEC-TR-301, 1984.
    pub jain: f64,
}

impl Evenness {
    /// Of `n` numbers, of which `values` are those that are not 0; all 0 counts as even.
    pub fn of(n: u32, values: impl Iterator<Item = f64>) -> Evenness {
        let mut sums = Sums::default();
        values.for_each(|value| sums.add(value));
        sums.evenness(n)
    }
}

/// What an [`Evenness`] is made of.
#[derive(Clone, Copy, Default)]
struct Sums {
    sum: f64,
    squares: f64,
    largest: f64,
}

impl Sums {
    #[inline]
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.squares += value * value;
        self.largest = self.largest.max(value);
    }

    /// Measures of how evenly `n` nodes are loaded, from the sums over them.
    fn evenness(&self, n: u32) -> Evenness {
        let (n, sum) = (f64::from(n), self.sum);
        if sum == 0.0 {
            return Evenness {
                cov: 0.0,
                max_over_mean: 1.0,
                jain: 1.0,
            };
        }
        let inverse_jain = (n * self.squares / (sum * sum)).max(1.0);
        Evenness {
            cov: (inverse_jain - 1.0).sqrt(),
            max_over_mean: self.largest * n / sum,
            jain: 1.0 / inverse_jain,
        }
    }
}

/// Capacities of all nodes together, for what is asked of them again and again.
#[derive(Clone, Debug)]
pub struct Capacity {
    /// By dimension, of the nodes that have it finite.
    finite: Vec<u64>,
}

impl Capacity {
    /// The sums over the nodes of `layout`.
    pub fn new(layout: &Layout) -> Capacity {
        let of = |d: usize| {
            let groups = layout.groups().iter();
            let units = groups.map(|group| group.capacity[d].unwrap_or(0) * u64::from(group.count));
            units.sum()
        };
        Capacity {
            finite: (0..layout.dimensions()).map(of).collect(),
        }
    }
}

impl Observation {
    /// Looks at the nodes, of which only those that hold anything add to the sums. `central` is the
    /// number of tasks in the central queue.
    pub fn take(
        layout: &Layout,
        nodes: &Nodes,
        capacity: &Capacity,
        time: Time,
        jobs: u64,
        central: u64,
    ) -> Observation {
        let (mut load, mut work) = (Sums::default(), Sums::default());
        let (mut waiting, mut used_slots) = (central, 0);
        nodes.for_each_holding(|node, state| {
            let has = layout.capacity(node);
            load.add(largest_ratio(nodes.held(node), has));
            work.add(float(state.remaining(time)) / float(has[SLOTS].unwrap_or(1)));
            waiting += u64::from(state.queued);
            used_slots += has[SLOTS].map_or(0, |_| nodes.used(node, SLOTS));
        });
        let slots = capacity.finite[SLOTS];
        let idle = || (slots - used_slots).min(waiting) as f64 / slots as f64;
        Observation {
            time,
            load: load.evenness(layout.count()),
            work: work.evenness(layout.count()),
            idle_while_waiting: (slots > 0).then(idle),
            utilization: used_share(layout, nodes, capacity, used_slots),
            jobs,
            waiting,
        }
    }
}

/// Sums over nodes of one slot, and of nothing else.
#[derive(Default)]
pub struct Lines {
    nodes: u32,
    busy: u64,
    tasks: u64,
    load: Sums,
    work: Sums,
}

impl Lines {
    /// So many nodes, all idle.
    pub fn of(nodes: u32) -> Lines {
        Lines {
            nodes,
            ..Lines::default()
        }
    }

    /// Number of nodes.
    pub fn nodes(&self) -> u32 {
        self.nodes
    }

    /// At one of them, of a higher id than any before, are so many tasks with so much service left.
    #[inline(always)]
    pub fn add(&mut self, tasks: u32, left: Time) {
        self.busy += u64::from(tasks > 0);
        self.tasks += u64::from(tasks);
        self.load.add(f64::from(tasks));
        self.work.add(float(left.0));
    }

    /// What is observed of them, with so many jobs in the system and tasks in the central queue.
    pub fn observed(&self, time: Time, jobs: u64, central: u64) -> Observation {
        let (slots, waiting) = (u64::from(self.nodes), central + self.tasks - self.busy);
        let idle = (slots - self.busy).min(waiting);
        Observation {
            time,
            load: self.load.evenness(self.nodes),
            work: self.work.evenness(self.nodes),
            idle_while_waiting: (slots > 0).then(|| idle as f64 / slots as f64),
            utilization: self.busy as f64 / slots as f64,
            jobs,
            waiting,
        }
    }
}

/// Largest of `taken` / `capacity` over the dimensions that have a finite capacity above 0.
#[inline]
fn largest_ratio(taken: &[u64], capacity: &[Option<u64>]) -> f64 {
    taken
        .iter()
        .zip(capacity)
        .fold(0.0, |largest, (&taken, has)| match has {
            Some(has) if *has > 0 => f64::max(largest, float(taken) / float(*has)),
            _ => largest,
        })
}

/// Used share of the busiest dimension at this instant, at which `slots` slots are used.
fn used_share(layout: &Layout, nodes: &Nodes, capacity: &Capacity, slots: u64) -> f64 {
    let limited = capacity
        .finite
        .iter()
        .enumerate()
        .filter(|(_, has)| **has > 0);
    let shares = limited.map(|(d, &has)| match d {
        SLOTS => slots as f64 / has as f64,
        _ => used(layout, nodes, d) as f64 / has as f64,
    });
    shares.fold(0.0, f64::max)
}

/// Units of dimension `d` that are used of the nodes that have it finite.
fn used(layout: &Layout, nodes: &Nodes, d: usize) -> u64 {
    let mut sum = 0;
    nodes.for_each_holding(|node, _| {
        sum += layout.capacity(node)[d].map_or(0, |_| nodes.used(node, d));
    });
    sum
}

/// Sums over observations, in fixed point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    count: u64,
    cov: u128,
    max_over_mean: u128,
    jain: u128,
    work_cov: u128,
    idle_while_waiting: u128,
    has_slots: bool,
}

impl Observed {
    /// Adds one observation.
    pub fn add(&mut self, seen: &Observation) {
        self.count += 1;
        self.cov += fixed(seen.load.cov);
        self.max_over_mean += fixed(seen.load.max_over_mean);
        self.jain += fixed(seen.load.jain);
        self.work_cov += fixed(seen.work.cov);
        self.idle_while_waiting += fixed(seen.idle_while_waiting.unwrap_or(0.0));
        self.has_slots |= seen.idle_while_waiting.is_some();
    }

    fn mean(&self, sum: u128) -> Option<f64> {
        (self.count > 0).then(|| sum as f64 / super::jobs::FIXED / self.count as f64)
    }

    /// Number of observations.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean coefficient of variation of loads.
    pub fn cov(&self) -> Option<f64> {
        self.mean(self.cov)
    }

    /// Mean of largest / mean load.
    pub fn max_over_mean(&self) -> Option<f64> {
        self.mean(self.max_over_mean)
    }

    /// Mean of Jain's index of loads.
    pub fn jain(&self) -> Option<f64> {
        self.mean(self.jain)
    }

    /// Mean coefficient of variation of remaining work.
    pub fn work_cov(&self) -> Option<f64> {
        self.mean(self.work_cov)
    }

    /// Mean share of slots that idle while tasks wait.
    pub fn idle_while_waiting(&self) -> Option<f64> {
        self.mean(self.idle_while_waiting)
            .filter(|_| self.has_slots)
    }
}

/// Integrals of what is used of each node, over the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Busy {
    /// Integral of used units by node and dimension, unit-nanoseconds.
    used: Vec<u128>,
    /// Tasks that ended at each node within the window.
    ended: Vec<u64>,
    /// For how much of the window each node was down; nothing if none ever was.
    down: Vec<Time>,
    /// For how much of it each was not there, or booting, and of that booting; nothing if all were there.
    away: Vec<[Time; 2]>,
    dimensions: usize,
}

impl Busy {
    /// Nothing used.
    pub fn new(layout: &Layout) -> Busy {
        let count = layout.count() as usize;
        Busy {
            used: vec![0; count * layout.dimensions()],
            ended: vec![0; count],
            down: Vec::new(),
            away: Vec::new(),
            dimensions: layout.dimensions(),
        }
    }

    /// `slots` of `node`, and `row` where there are several dimensions, were used for `span` of the
    /// window.
    #[inline]
    pub fn add(&mut self, node: NodeId, slots: u64, row: &[u64], span: Time) {
        if row.is_empty() {
            self.used[node.index()] += u128::from(slots) * u128::from(span.0);
        } else {
            self.add_row(node, row, span);
        }
    }

    fn add_row(&mut self, node: NodeId, row: &[u64], span: Time) {
        let used = &mut self.used[node.index() * self.dimensions..];
        for (sum, need) in used.iter_mut().zip(row) {
            *sum += u128::from(*need) * u128::from(span.0);
        }
    }

    /// A task ended at `node` within the window.
    #[inline]
    pub fn end(&mut self, node: NodeId) {
        self.ended[node.index()] += 1;
    }

    /// So many tasks ended at `node` within the window, after they had used what each demands, for `span` of it
    /// (in nanoseconds) together.
    pub fn serve(&mut self, node: NodeId, tasks: u64, demand: &[u64], span: u128) {
        let used = &mut self.used[node.index() * self.dimensions..];
        for (sum, need) in used.iter_mut().zip(demand) {
            *sum += u128::from(*need) * span;
        }
        self.ended[node.index()] += tasks;
    }

    /// `node` was down for `span` of the window.
    pub fn rest(&mut self, node: NodeId, span: Time) {
        if self.down.is_empty() {
            self.down = vec![Time::ZERO; self.ended.len()];
        }
        self.down[node.index()] += span;
    }

    /// `node` was not there for `span` of the window, or booting.
    pub fn miss(&mut self, node: NodeId, span: Time, boots: bool) {
        if self.away.is_empty() {
            self.away = vec![[Time::ZERO; 2]; self.ended.len()];
        }
        let [away, booting] = &mut self.away[node.index()];
        *away += span;
        if boots {
            *booting += span;
        }
    }

    /// For how much of a `window` `node` was there, booting not counted, and for how much it booted.
    fn there(&self, node: NodeId, window: Time) -> [Time; 2] {
        let [away, booting] = self.away.get(node.index()).copied().unwrap_or_default();
        [window - away, booting]
    }

    /// How much of a `window` `node` was up.
    fn up(&self, node: NodeId, window: Time) -> Time {
        let down = self.down.get(node.index()).copied().unwrap_or_default();
        self.there(node, window)[0] - down
    }

    /// Time for which the nodes (of one group, if given) were paid for in a `window`, weighed: from when
    /// each was asked for until it left, seconds x weight.
    pub fn paid(
        &self,
        layout: &Layout,
        group: Option<usize>,
        window: Time,
        weight: impl Fn(&Group) -> f64,
    ) -> f64 {
        let paid = |node| {
            let [there, booting] = self.there(node, window);
            (there + booting).as_secs() * weight(layout.group(node))
        };
        layout.of_group(group).map(paid).sum()
    }

    /// What the nodes (of one group, if given) drew in a `window`, in joules; `None` if that is said of
    /// none.
    pub fn energy(&self, layout: &Layout, group: Option<usize>, window: Time) -> Option<f64> {
        let of = |node| {
            let power = layout.group(node).power?;
            let [up, booting] = [self.up(node, window), self.there(node, window)[1]];
            let used = self.of_node(layout, node, window) * up.as_secs();
            Some(power.idle * (up + booting).as_secs() + (power.busy - power.idle) * used)
        };
        let known: Vec<f64> = layout.of_group(group).filter_map(of).collect();
        (!known.is_empty()).then(|| known.iter().sum())
    }

    /// The share of the nodes' time in a `window` in which they (of one group, if given) were up.
    pub fn availability(&self, layout: &Layout, group: Option<usize>, window: Time) -> Option<f64> {
        if self.down.is_empty() {
            return Some(1.0);
        }
        let (mut up, mut all) = (0u128, 0u128);
        for node in layout.of_group(group) {
            up += u128::from(self.up(node, window).0);
            all += u128::from(self.there(node, window)[0].0);
        }
        (all > 0).then(|| up as f64 / all as f64)
    }

    /// Unit-nanoseconds of all dimensions at all nodes together.
    pub fn total(&self) -> u128 {
        self.used.iter().sum()
    }

    /// Tasks that ended at `node` within the window.
    pub fn ended(&self, node: NodeId) -> u64 {
        self.ended[node.index()]
    }

    /// Used share of dimension `d` over `window`, of the nodes (of one group, if given) that have
    /// it finite; `None` if none has.
    pub fn utilization(
        &self,
        layout: &Layout,
        d: usize,
        group: Option<usize>,
        window: Time,
    ) -> Option<f64> {
        let (mut used, mut has) = (0u128, 0u128);
        let groups = match group {
            Some(group) => group..group + 1,
            None => 0..layout.groups().len(),
        };
        for group in groups {
            let Some(capacity) = layout.groups()[group].capacity[d] else {
                continue;
            };
            let mut up = 0;
            for node in layout.of_group(Some(group)) {
                used += self.used[node.index() * self.dimensions + d];
                up += u128::from(self.up(node, window).0);
            }
            has += u128::from(capacity) * up;
        }
        (has > 0).then(|| used as f64 / has as f64)
    }

    /// The largest used share over the dimensions of the nodes (of one group, if given).
    pub fn busiest(&self, layout: &Layout, group: Option<usize>, window: Time) -> Option<f64> {
        let shares =
            (0..self.dimensions).filter_map(|d| self.utilization(layout, d, group, window));
        shares.reduce(f64::max)
    }

    /// Used share of the node's own busiest dimension.
    pub fn of_node(&self, layout: &Layout, node: NodeId, window: Time) -> f64 {
        let (row, up) = (node.index() * self.dimensions, self.up(node, window));
        let share = |d: usize| match layout.capacity(node)[d] {
            Some(has) if has > 0 && up > Time::ZERO => {
                self.used[row + d] as f64 / (has as f64 * up.0 as f64)
            }
            _ => 0.0,
        };
        (0..self.dimensions).map(share).fold(0.0, f64::max)
    }
}

/// Gini coefficient: sum over ordered pairs of |x - y| / (2 n^2 mean); 0 when all are 0.
pub fn gini(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let sum: f64 = values.iter().sum();
    if sum == 0.0 {
        return 0.0;
    }
    // In rising order the ordered pairs' differences sum to 2 x sum of (2 i - n + 1) x_i.
    let weighted: f64 = values
        .iter()
        .enumerate()
        .map(|(i, x)| (2.0 * i as f64 - n + 1.0) * x)
        .sum();
    weighted / (n * sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fixed vectors: Jain, Chiu & Hawe (1984); CoV and max/mean by hand.
    #[test]
    fn evenness_of_fixed_vectors() {
        let of = |values: &[f64]| Evenness::of(values.len() as u32, values.iter().copied());
        assert!((of(&[1.0; 4]).jain - 1.0).abs() < 1e-12);
        assert!((of(&[4.0, 0.0, 0.0, 0.0]).jain - 0.25).abs() < 1e-12);
        let steps = of(&[1.0, 2.0, 3.0, 4.0]);
        assert!((steps.jain - 0.833_333_333_333).abs() < 1e-9);
        assert!((steps.cov - 0.447_213_595_5).abs() < 1e-9);
        assert!((steps.max_over_mean - 1.6).abs() < 1e-12);
        assert!((of(&[10.0, 10.0, 10.0, 50.0]).jain - 0.571_428_571_4).abs() < 1e-9);
        assert_eq!(
            of(&[0.0; 3]),
            Evenness {
                cov: 0.0,
                max_over_mean: 1.0,
                jain: 1.0
            }
        );
    }

    /// Against the sum over all ordered pairs.
    #[test]
    fn gini_is_the_sum_over_pairs() {
        let mut values = [3.0, 0.0, 5.5, 1.0, 1.0, 9.0];
        let mean = values.iter().sum::<f64>() / 6.0;
        let pairs: f64 = values
            .iter()
            .flat_map(|x| values.iter().map(move |y| f64::abs(x - y)))
            .sum();
        assert!((gini(&mut values) - pairs / (2.0 * 36.0 * mean)).abs() < 1e-12);
        assert_eq!(gini(&mut [0.0, 0.0]), 0.0);
    }
}
