//! What does not change about the nodes while a run lasts: speeds, slots, capacities, groups.
//!
//! A placement may know all of it; what changes it sees only through its [`View`](crate::strategy::View).

use std::ops::Range;

use super::cluster::{Cluster, Group, Speed};
use super::ids::NodeId;

/// The nodes of a run by id: which group each belongs to, and what nodes of that group are.
#[derive(Clone, Debug)]
pub struct Layout {
    groups: Vec<Group>,
    group_of: Vec<u32>,
    /// Speed of each group as a factor.
    factors: Vec<f64>,
    dimensions: usize,
}

impl Layout {
    /// The nodes of `cluster`; ids run through the groups in file order.
    pub fn new(cluster: &Cluster) -> Layout {
        let numbered = cluster.groups.iter().zip(0u32..);
        let group_of =
            numbered.flat_map(|(group, id)| std::iter::repeat_n(id, group.count as usize));
        let factors = cluster.groups.iter().map(|group| group.speed.factor());
        Layout {
            group_of: group_of.collect(),
            factors: factors.collect(),
            groups: cluster.groups.clone(),
            dimensions: cluster.dimensions.len(),
        }
    }

    /// Number of nodes.
    pub fn count(&self) -> u32 {
        self.group_of.len() as u32
    }

    /// Number of dimensions of demand and capacity, slots included.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// All ids in order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + Clone + use<> {
        (0..self.count()).map(NodeId)
    }

    /// Index of the node's group.
    #[inline]
    pub fn group_index(&self, node: NodeId) -> usize {
        self.group_of[node.index()] as usize
    }

    /// The node's group.
    #[inline]
    pub fn group(&self, node: NodeId) -> &Group {
        &self.groups[self.group_index(node)]
    }

    /// The node's name, `GROUP[index]`.
    pub fn name(&self, node: NodeId) -> String {
        let before = &self.groups[..self.group_index(node)];
        let first: u32 = before.iter().map(|group| group.count).sum();
        format!("{}[{}]", self.group(node).name, node.0 - first)
    }

    /// Ids of one group, or of all.
    pub fn of_group(&self, group: Option<usize>) -> impl Iterator<Item = NodeId> + '_ {
        let before = |group: usize| self.groups[..group].iter().map(|group| group.count).sum();
        let ids: Range<u32> = match group {
            Some(group) => before(group)..before(group + 1),
            None => 0..self.count(),
        };
        ids.map(NodeId)
    }

    /// All groups in file order.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The node's speed.
    #[inline]
    pub fn speed(&self, node: NodeId) -> Speed {
        self.group(node).speed
    }

    /// The node's speed as a factor.
    #[inline]
    pub fn factor(&self, node: NodeId) -> f64 {
        match self.factors[..] {
            [of_all] => of_all,
            _ => self.factors[self.group_index(node)],
        }
    }

    /// True if all nodes are of speed 1.
    pub fn is_of_speed_one(&self) -> bool {
        self.factors.iter().all(|factor| *factor == 1.0)
    }

    /// The node's slots as a weight: unlimited counts as 1.
    #[inline]
    pub fn slot_weight(&self, node: NodeId) -> u64 {
        self.group(node).slot_weight()
    }

    /// Speed x slots in billionths, exact; unlimited slots count as 1.
    #[inline]
    pub fn weight(&self, node: NodeId) -> u64 {
        self.speed(node).0 * self.slot_weight(node)
    }

    /// Capacity by dimension in units; `None` is unlimited.
    #[inline]
    pub fn capacity(&self, node: NodeId) -> &[Option<u64>] {
        &self.group(node).capacity
    }
}
