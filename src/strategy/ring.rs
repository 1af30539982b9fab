//! Nodes on a ring of hashes: each has points on it, and what falls on the ring belongs to the
//! nearest one (Karger et al., "Consistent hashing and random trees", STOC 1997).
//!
//! The points are those of HAProxy 2.6 (`lb_chash.c`): 16 for each unit of a server's weight, at
//! Jenkins' full-avalanche hash of the server's number and the point's, times a constant.

use super::pool::Pool;
use crate::model::ids::NodeId;

/// See the module.
#[derive(Clone, Debug)]
pub struct Ring {
    /// Places, in order, and the nodes there.
    points: Vec<(u32, NodeId)>,
}

/// Points that a node can have with places of their own.
pub const MOST_POINTS: u32 = 4096;

impl Ring {
    /// Each node of `pool` at `points` places.
    pub fn new(pool: &Pool, points: u32) -> Ring {
        let of_node = |&node: &NodeId| (0..points).map(move |point| (place(node, point), node));
        let mut points: Vec<(u32, NodeId)> = pool.ids().iter().flat_map(of_node).collect();
        points.sort_unstable_by_key(|(place, node)| (*place, node.0));
        Ring { points }
    }

    /// The node with the point nearest to `hash` (at equal distances the point before it), of those
    /// that `may` be.
    pub fn nearest(&self, hash: u32, may: impl Fn(NodeId) -> bool) -> Option<NodeId> {
        let n = self.points.len();
        let first = self.points.partition_point(|(place, _)| *place < hash);
        let good = |at: &usize| may(self.points[*at % n].1);
        let after = (first..first + n).find(good)? % n;
        let before = (first..first + n).rev().find(good)? % n;
        let [from, to] = [before, after].map(|at| self.points[at]);
        let is_before = hash.wrapping_sub(from.0) <= to.0.wrapping_sub(hash);
        Some(if is_before { from.1 } else { to.1 })
    }

    /// The nodes met from `hash` on, in the direction of rising places; one may be met more than
    /// once.
    pub fn from(&self, hash: u32) -> impl Iterator<Item = NodeId> + '_ {
        let first = self.points.partition_point(|(place, _)| *place < hash);
        let (before, after) = self.points.split_at(first);
        after.iter().chain(before).map(|(_, node)| *node)
    }
}

/// Where a node's point lies. Servers are numbered from 1.
fn place(node: NodeId, point: u32) -> u32 {
    let number = node.0.wrapping_add(1).wrapping_mul(MOST_POINTS);
    avalanche(number.wrapping_add(point)).wrapping_mul(3_221_225_473)
}

/// Jenkins' hash of a whole number, in which each bit changes every other one.
pub fn avalanche(mut a: u32) -> u32 {
    a = a.wrapping_add(0x7ed5_5d16).wrapping_add(a << 12);
    a = (a ^ 0xc761_c23c) ^ (a >> 19);
    a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
    a = a.wrapping_add(0xd3a2_646c) ^ (a << 9);
    a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
    (a ^ 0xb55a_4f09) ^ (a >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shares of twenty servers at weight 1 and 256, as computed from HAProxy's source.
    #[test]
    fn shares_are_those_of_haproxy() {
        const SHARES: [(usize, f64, f64); 4] = [
            (0, 0.044_612, 0.050_310),
            (10, 0.063_404, 0.050_692),
            (13, 0.032_442, 0.050_042),
            (19, 0.053_035, 0.049_989),
        ];
        let pool: Pool = (0..20).map(NodeId).collect();
        for (points, of) in [(16, 0), (4096, 1)] {
            let ring = Ring::new(&pool, points);
            let mut counts = [0u32; 20];
            let draws = 1 << 20;
            for draw in 0..draws {
                let node = ring.nearest(draw << 12 | 0x800, |_| true);
                node.iter().for_each(|node| counts[node.index()] += 1);
            }
            for (server, light, heavy) in SHARES {
                let share = f64::from(counts[server]) / f64::from(draws);
                let expected = if of == 0 { light } else { heavy };
                assert!(
                    (share - expected).abs() < 2e-4,
                    "{server}: {share} {expected}"
                );
            }
        }
    }

    #[test]
    fn who_may_not_is_passed_over() {
        let pool: Pool = (0..5).map(NodeId).collect();
        let ring = Ring::new(&pool, 16);
        for hash in (0..200).map(|k: u32| k.wrapping_mul(0x9e37_79b9)) {
            let chosen = ring.nearest(hash, |node| node.0 != 2);
            assert!(chosen.is_some_and(|node| node.0 != 2));
            assert_eq!(ring.nearest(hash, |_| false), None);
        }
        assert_eq!(ring.from(7).count(), 80);
    }
}
