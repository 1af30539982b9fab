//! Nodes on the direct path at which several tasks run at once, and which tasks take time to reach.
//!
//! All tasks demand the same, so that a node has places for a number of them, and all travel equally long. Tasks
//! start in the order in which they were sent, each when the first of the places comes free: it is known when it is
//! sent when that is (Kiefer & Wolfowitz, "On the theory of queues with many servers", Trans. AMS 78, 1955).

use crate::engine::time::Time;
use crate::metrics::nodes::{Capacity, Observation};
use crate::model::cluster::Group;
use crate::model::ids::NodeId;
use crate::model::layout::Layout;
use crate::model::nodes::Nodes;

use super::core::Core;
use super::ledger::Ledger;
use super::setup::Setup;

/// See the module.
pub struct Rooms {
    /// When the places of each node come free, in nanoseconds: a heap each, the first at the top. (Memory of plain
    /// zeros costs nothing until it is touched, and of many places few are.)
    comes_free: Vec<u64>,
    /// Where that of each node begins, and where the last ends.
    begins: Vec<u32>,
    /// How long tasks travel.
    there: Time,
    /// What each demands.
    demand: Vec<u64>,
    /// The nodes as they were last observed.
    seen: Nodes,
}

/// What all tasks of `setup` demand, if that is the same; `None` if not.
pub fn common_demand(setup: &Setup) -> Option<&[u64]> {
    let mut stages = setup.classes.iter().flat_map(|class| &class.stages);
    let first = &stages.next()?.demand;
    stages.all(|stage| stage.demand == *first).then_some(first)
}

/// Places at each node of a group of `capacity` for tasks of `demand`; `None` if there is no limit.
pub fn places(capacity: &[Option<u64>], demand: &[u64]) -> Option<u64> {
    let needed = capacity.iter().zip(demand).filter(|(_, need)| **need > 0);
    needed
        .filter_map(|(has, need)| has.map(|has| has / need))
        .min()
}

/// Places at all nodes together at most.
const MOST: u64 = 1 << 24;

/// True if the nodes of `layout` have places for `demand`, and not too many.
pub fn are_limited(layout: &Layout, demand: &[u64]) -> bool {
    let of = |group: &Group| {
        Some(places(&group.capacity, demand)?.saturating_mul(u64::from(group.count)))
    };
    let all = layout
        .groups()
        .iter()
        .map(of)
        .try_fold(0u64, |sum, places| Some(sum.saturating_add(places?)));
    all.is_some_and(|all| all <= MOST)
}

impl Rooms {
    /// The empty nodes of `layout` for tasks of `demand`, which travel for `there`.
    pub fn new(layout: &Layout, demand: &[u64], there: Time) -> Rooms {
        let each = layout
            .ids()
            .map(|node| places(layout.capacity(node), demand).unwrap_or(0));
        let mut begins = vec![0];
        begins.extend(each.scan(0, |end, places| {
            *end += places as u32;
            Some(*end)
        }));
        Rooms {
            comes_free: vec![0; begins.last().copied().unwrap_or(0) as usize],
            begins,
            there,
            demand: demand.to_vec(),
            seen: Nodes::new(layout),
        }
    }

    /// A task of `service` is sent to `node` `now`; tells when it starts and ends.
    #[inline]
    pub fn follow(&mut self, node: NodeId, service: Time, now: Time) -> (Time, Time) {
        let places = self.begins[node.index()] as usize..self.begins[node.index() + 1] as usize;
        let heap = &mut self.comes_free[places];
        let start = Time(heap[0]).max(now + self.there);
        let end = start + service;
        replace_first(heap, end.0);
        (start, end)
    }

    /// What each task demands.
    #[inline]
    pub fn demand(&self) -> &[u64] {
        &self.demand
    }

    /// When the first place at `node` comes free, or came.
    #[inline]
    pub fn first_free(&self, node: NodeId) -> Time {
        Time(self.comes_free[self.begins[node.index()] as usize])
    }

    /// What is to be seen of the nodes `now`, when nothing is left that is due.
    pub fn observe(
        &mut self,
        core: &Core<'_>,
        ledger: &Ledger,
        capacity: &Capacity,
        now: Time,
    ) -> Observation {
        fill(&mut self.seen, (self.there, &self.demand), ledger, now);
        Observation::take(
            &core.layout,
            &self.seen,
            capacity,
            now,
            core.window.jobs(),
            0,
        )
    }

    /// The nodes of the core become as they are `now`, when tasks of `service` have been placed in all.
    pub fn show(&self, core: &mut Core<'_>, ledger: &Ledger, service: u128, now: Time) {
        let (running, left) = fill(&mut core.nodes, (self.there, &self.demand), ledger, now);
        let units: u64 = self.demand.iter().sum();
        let used = (service - left) as i128 * i128::from(units);
        core.nodes.show_use(running * units, used, now);
    }
}

/// `nodes` become as they are `now`, of tasks that travelled for `there` and demand the same; tells how many run, and the
/// service that is left of all.
fn fill(
    nodes: &mut Nodes,
    (there, demand): (Time, &[u64]),
    ledger: &Ledger,
    now: Time,
) -> (u64, u128) {
    let (mut running, mut left) = (0, 0);
    nodes.show_none();
    ledger.for_each_task(|sent, task| {
        let (is_there, has_started) = (task.end > now, task.start <= now);
        let (runs, waits) = (is_there & has_started, !has_started & (sent + there <= now));
        let own = task.end.since(task.start.max(now));
        nodes.show_task(task.node, [is_there, runs, waits], own);
        running += u64::from(runs);
        left += u128::from(own.0);
    });
    nodes.show_demand(demand, now);
    (running, left)
}

/// In place of the first of a heap comes `time`.
#[inline]
fn replace_first(heap: &mut [u64], time: u64) {
    let mut at = 0;
    loop {
        let (left, right) = (2 * at + 1, 2 * at + 2);
        let Some(&(mut first)) = heap.get(left) else {
            break;
        };
        let mut child = left;
        if let Some(&other) = heap.get(right) {
            child += usize::from(other < first);
            first = first.min(other);
        }
        if first >= time {
            break;
        }
        heap[at] = first;
        at = child;
    }
    heap[at] = time;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_first_leaves_a_heap() {
        let mut state = 1u64;
        for n in 1..20usize {
            let (mut heap, mut sorted) = (vec![0; n], vec![0; n]);
            for step in 0..300 {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(11);
                let time = heap[0] + (state >> 58) * (step % 3);
                replace_first(&mut heap, time);
                sorted[0] = time;
                sorted.sort_unstable();
                assert_eq!(heap[0], sorted[0]);
            }
            heap.sort_unstable();
            assert_eq!(heap, sorted);
        }
    }

    #[test]
    fn the_scarcest_says_how_many_find_a_place() {
        assert_eq!(places(&[Some(4)], &[1]), Some(4));
        assert_eq!(places(&[None, Some(8), Some(9)], &[1, 1, 4]), Some(2));
        assert_eq!(places(&[None, Some(8)], &[1, 0]), None);
        assert_eq!(places(&[Some(3), Some(8)], &[2, 0]), Some(1));
    }
}
