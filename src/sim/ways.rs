//! How long what is sent travels between zones.

use crate::engine::law::Law;
use crate::model::ids::NodeId;
use crate::model::slab::NONE;

use super::setup::Setup;

/// The laws of the ways between zones.
pub struct Ways<'s> {
    /// Zone of each node and of each dispatcher; [`NONE`] if it is in none of those that are named.
    nodes: Vec<u32>,
    dispatchers: Vec<u32>,
    /// By zone from which, and to which; `None` where the common laws hold.
    laws: Vec<Vec<Option<&'s Law>>>,
}

impl<'s> Ways<'s> {
    /// Nothing, if all ways are alike.
    pub fn new(setup: &'s Setup) -> Option<Ways<'s>> {
        let ways = &setup.network.ways;
        let mut names: Vec<&str> = ways.iter().flat_map(|way| [&*way.from, &*way.to]).collect();
        names.sort_unstable();
        names.dedup();
        let find = |name: &str| names.binary_search(&name).map_or(NONE, |at| at as u32);
        let mut laws = vec![vec![None; names.len()]; names.len()];
        for way in ways {
            laws[find(&way.from) as usize][find(&way.to) as usize] = Some(&way.law);
        }
        let groups = setup.cluster.groups.iter();
        let nodes = groups.flat_map(|group| {
            let zone = group.zone.as_ref().map_or(NONE, |zone| find(zone));
            std::iter::repeat_n(zone, group.count as usize)
        });
        let parts = setup.strategy.parts.iter();
        let dispatchers = parts.flat_map(|parts| {
            let zone = |at: u32| parts.zone(at).map_or(NONE, find);
            (0..parts.dispatchers).map(zone)
        });
        (!ways.is_empty()).then(|| Ways {
            nodes: nodes.collect(),
            dispatchers: dispatchers.collect(),
            laws,
        })
    }

    /// The law of the way from a dispatcher to a node (`leg` 0), or back (1).
    pub fn law(&self, dispatcher: u32, node: NodeId, leg: u32) -> Option<&'s Law> {
        let node = self.nodes.get(node.index()).copied()?;
        let dispatcher = self.dispatchers.get(dispatcher as usize).copied()?;
        let (from, to) = if leg == 0 {
            (dispatcher, node)
        } else {
            (node, dispatcher)
        };
        *self.laws.get(from as usize)?.get(to as usize)?
    }
}
