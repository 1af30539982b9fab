//! What the cluster is: groups of identical nodes, each with a speed and capacities.
//!
//! Every quantity of a resource is a whole number of units, so that sums and ratios are exact. A
//! dimension's `scale` says how many units make one of what the scenario file counts in.

use std::fmt;

use super::discipline::Discipline;

/// A dimension of demand and capacity: slots (always dimension 0), cpu, memory, ...
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// The name in the scenario file; dimension 0 is `slots`.
    pub name: String,
    /// Units for each 1 in the file (a power of ten, at most 1e9).
    pub scale: f64,
}

/// Dimension 0.
pub const SLOTS: usize = 0;

/// Largest capacity in units that [`Dimension::new`] scales to; keeps products of two within 128
/// bits and sums of millions of demands within 64.
const LARGEST: f64 = 1e12;

impl Dimension {
    /// The dimension `name` whose largest capacity in the file's own measure is `largest`: up to
    /// nine decimals are kept, fewer where the capacity is so large (bytes) that they mean nothing.
    pub fn new(name: &str, largest: f64) -> Dimension {
        let scale = (0..=9)
            .rev()
            .map(|digits| 10f64.powi(digits))
            .find(|scale| largest * scale <= LARGEST);
        Dimension {
            name: name.to_owned(),
            scale: scale.unwrap_or(1.0),
        }
    }

    /// Slots are counted whole.
    pub fn slots() -> Dimension {
        Dimension {
            name: "slots".to_owned(),
            scale: 1.0,
        }
    }

    /// `amount` of the file in units, rounded half to even.
    pub fn units(&self, amount: f64) -> u64 {
        (amount * self.scale).round_ties_even() as u64
    }

    /// `units` in the file's measure.
    pub fn amount(&self, units: u64) -> f64 {
        units as f64 / self.scale
    }
}

/// How fast a node works: whole billionths, so that `speed x slots` compares exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speed(pub u64);

impl Speed {
    /// `speed` (1 is the speed that work is stated for) rounded to billionths.
    pub fn new(speed: f64) -> Speed {
        Speed((speed * 1e9).round_ties_even() as u64)
    }

    /// As a factor.
    pub fn factor(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

/// A group of identical nodes.
#[derive(Clone, PartialEq)]
pub struct Group {
    /// `nodes.NAME`.
    pub name: String,
    /// Number of nodes.
    pub count: u32,
    /// Speed of each.
    pub speed: Speed,
    /// Capacity by dimension in units; `None` is unlimited (only slots can be), 0 is none of it.
    pub capacity: Vec<Option<u64>>,
    /// Who is served next.
    pub discipline: Discipline,
    /// Where the nodes are, if that is said.
    pub zone: Option<String>,
    /// Attempts that may wait at a node; one more is refused. `None` is any number.
    pub queue_limit: Option<u64>,
    /// True lets tasks behind a queue's head start when the head does not fit.
    pub backfill: bool,
}

/// What is new and left at its default is not shown: a scenario is known by how its setups show, and
/// one that says nothing of it stays the same.
impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Group {
            name,
            count,
            speed,
            capacity,
            discipline,
            zone,
            queue_limit,
            backfill,
        } = self;
        let mut shown = f.debug_struct("Group");
        shown.field("name", name).field("count", count);
        shown.field("speed", speed).field("capacity", capacity);
        shown.field("backfill", backfill);
        if *discipline != Discipline::Fifo {
            shown.field("discipline", discipline);
        }
        if let Some(zone) = zone {
            shown.field("zone", zone);
        }
        if let Some(limit) = queue_limit {
            shown.field("queue_limit", limit);
        }
        shown.finish()
    }
}

impl Group {
    /// `count` nodes of `speed` with `capacity`, each with a fifo queue without limit that blocks at
    /// its head.
    pub fn new(name: &str, count: u32, speed: f64, capacity: Vec<Option<u64>>) -> Group {
        Group {
            name: name.to_owned(),
            count,
            speed: Speed::new(speed),
            capacity,
            discipline: Discipline::Fifo,
            zone: None,
            queue_limit: None,
            backfill: false,
        }
    }

    /// The same nodes where nothing ever queues at them, since whatever starts there waits elsewhere.
    #[must_use]
    pub fn without_queues(self) -> Group {
        Group {
            discipline: Discipline::Fifo,
            queue_limit: None,
            ..self
        }
    }

    /// True if attempts are served first in, first out, and wait in any number.
    pub fn is_plain(&self) -> bool {
        self.discipline == Discipline::Fifo && self.queue_limit.is_none()
    }

    /// Sum over its nodes of speed x capacity in `dimension`, in units; infinite without a limit.
    pub fn power(&self, dimension: usize) -> f64 {
        match self.capacity[dimension] {
            Some(units) => f64::from(self.count) * self.speed.factor() * units as f64,
            None => f64::INFINITY,
        }
    }

    /// Slots as a weight: unlimited counts as 1.
    pub fn slot_weight(&self) -> u64 {
        self.capacity[SLOTS].unwrap_or(1)
    }

    /// Tasks of this `demand` that one node can hold at once.
    pub fn copies(&self, demand: &[u64]) -> u64 {
        let each = demand.iter().zip(&self.capacity);
        let of = |(need, has): (&u64, &Option<u64>)| match (need, has) {
            (0, _) | (_, None) => u64::MAX,
            (need, Some(has)) => has / need,
        };
        each.map(of).min().unwrap_or(u64::MAX)
    }

    /// True if the whole `demand` could ever be held by one node.
    pub fn could_hold(&self, demand: &[u64]) -> bool {
        demand
            .iter()
            .zip(&self.capacity)
            .all(|(need, has)| has.is_none_or(|has| *need <= has))
    }
}

/// For each of the groups, whether tasks may run there: it is allowed, and each of its nodes could
/// ever hold their whole `demand`.
pub fn eligible(groups: &[Group], allowed: &[bool], demand: &[u64]) -> impl Iterator<Item = bool> {
    let each = groups.iter().zip(allowed);
    each.map(|(group, allowed)| *allowed && group.could_hold(demand))
}

/// All nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Dimensions; the first is slots.
    pub dimensions: Vec<Dimension>,
    /// Groups in file order.
    pub groups: Vec<Group>,
}

impl Cluster {
    /// Names of the dimensions, slots first.
    pub fn dimension_names(&self) -> Vec<String> {
        self.dimensions.iter().map(|d| d.name.clone()).collect()
    }

    /// The zones that groups name, in file order, each with the ids of its nodes.
    pub fn zones(&self) -> Vec<(&str, Vec<std::ops::Range<u32>>)> {
        let (mut zones, mut first): (Vec<(&str, Vec<_>)>, u32) = (Vec::new(), 0);
        for group in &self.groups {
            let nodes = first..first + group.count;
            first = nodes.end;
            let Some(zone) = &group.zone else { continue };
            match zones.iter_mut().find(|(known, _)| known == zone) {
                Some((_, all)) => all.push(nodes),
                None => zones.push((zone, vec![nodes])),
            }
        }
        zones
    }

    /// Number of nodes.
    pub fn count(&self) -> u32 {
        self.groups.iter().map(|group| group.count).sum()
    }

    /// The place of the dimension of this name.
    pub fn dimension(&self, name: &str) -> Option<usize> {
        self.dimensions
            .iter()
            .position(|dimension| dimension.name == name)
    }

    /// The nodes' names by id, `GROUP[index]`.
    pub fn node_names(&self) -> Vec<String> {
        let of = |group: &Group| {
            let name = group.name.clone();
            (0..group.count).map(move |index| format!("{name}[{index}]"))
        };
        self.groups.iter().flat_map(of).collect()
    }

    /// Sum over nodes of speed x capacity in `dimension`, in units; infinite if any group is
    /// unlimited there.
    pub fn power(&self, dimension: usize) -> f64 {
        self.groups.iter().map(|group| group.power(dimension)).sum()
    }
}
