//! The least loaded of `d` nodes drawn at random (Vvedenskaya, Dobrushin & Karpelevich, 1996;
//! Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12, 2001); with
//! memory, of these and of the best of the last draw (Mitzenmacher, Prabhakar & Shah, "Load balancing
//! with memory", FOCS 2002).

use std::fmt;

use rand::Rng;
use schemars::JsonSchema;
use serde::Deserialize;

use super::random::any;
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::ring::{MOST_POINTS, Ring};
use crate::strategy::{
    Ask, Blueprint, Choice, Eligible, Key, Order, Placement, Problem, Reads, Score, Ties, View,
};

/// The least loaded of d eligible nodes drawn at random.
#[derive(Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PowerOfD {
    /// Number of nodes drawn (at least 1; more than there are means all).
    #[schemars(range(min = 1))]
    pub d: u32,
    /// What load is compared by.
    pub by: Key,
    /// Whether a node may be drawn more than once.
    pub replacement: bool,
    /// How likely each node is drawn.
    pub draws: Draws,
    /// Number of nodes, at most 64, that a dispatcher remembers: the least loaded of those that it last
    /// chose among. They are looked at beside those drawn next.
    #[schemars(range(max = 64))]
    pub memory: u32,
}

/// How likely a node is drawn.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Draws {
    /// As likely as any other.
    Uniform(Uniform),
    /// In proportion to speed x slots (unlimited slots count as 1).
    ByWeight(ByWeight),
    /// By its share of a ring of hashes, as HAProxy does: the shares are unequal, but always the same.
    Ring(OnRing),
}

/// What is new and left at its default is not shown, so that scenarios are known by how they show.
impl fmt::Debug for PowerOfD {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PowerOfD {
            d,
            by,
            replacement,
            draws,
            memory,
        } = self;
        let mut shown = f.debug_struct("PowerOfD");
        shown.field("d", d).field("by", by);
        shown.field("replacement", replacement);
        if *draws != Draws::default() {
            shown.field("draws", draws);
        }
        if *memory > 0 {
            shown.field("memory", memory);
        }
        shown.finish()
    }
}

/// Most draws a decision.
const MOST: u32 = 100_000;

/// Most nodes that are remembered.
const MOST_REMEMBERED: u32 = 64;

impl Default for PowerOfD {
    fn default() -> Self {
        PowerOfD {
            d: 2,
            by: Key::Tasks,
            replacement: false,
            draws: Draws::default(),
            memory: 0,
        }
    }
}

impl Default for Draws {
    fn default() -> Draws {
        Draws::Uniform(Uniform {})
    }
}

/// All equally likely.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Uniform {}

/// In proportion to speed x slots.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByWeight {}

/// By shares of a ring.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct OnRing {
    /// Points of a node on the ring, 1 to 4096; HAProxy has 16 for each unit of a server's weight.
    #[schemars(range(min = 1, max = 4096))]
    pub points: u32,
}

impl Default for OnRing {
    fn default() -> OnRing {
        OnRing { points: 16 }
    }
}

impl Blueprint for PowerOfD {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        if self.d == 0 {
            return Err("`d` must be at least 1: a choice needs a node".to_owned());
        }
        if self.d > MOST {
            return Err(format!(
                "`d` must be at most {MOST}; `least-loaded` looks at all nodes"
            ));
        }
        if self.memory > MOST_REMEMBERED {
            return Err(format!("`memory` must be at most {MOST_REMEMBERED}"));
        }
        eligible.minds_later();
        let room = (self.d as usize).min(eligible.pool().ids().len());
        let source = match self.draws {
            Draws::Uniform(_) => Urn::Uniform,
            Draws::ByWeight(_) => Urn::Shares(eligible.shares()),
            Draws::Ring(OnRing { points }) => {
                if !(1..=MOST_POINTS).contains(&points) {
                    return Err(format!("`points` must be 1 to {MOST_POINTS}"));
                }
                Urn::Ring(Ring::new(eligible.pool(), points))
            }
        };
        let sample = Sample {
            parameters: self.clone(),
            drawn: Vec::with_capacity(room + 1),
            sequence: Vec::with_capacity(room + 1 + self.memory as usize),
            source,
        };
        if self.memory == 0 {
            return Ok(Box::new(sample));
        }
        Ok(Box::new(Remembering {
            known: Vec::with_capacity(room + 1 + self.memory as usize),
            sample,
        }))
    }

    /// Drawn ranks are kept in order, which takes longer the more there are.
    fn looks(&self, nodes: u32) -> f64 {
        let d = f64::from(if self.replacement {
            self.d
        } else {
            self.d.min(nodes)
        });
        d * (1.0 + (d / 50.0).min(2.0) + d / 500.0) + f64::from(self.memory)
    }
}

/// `drawn` holds ranks among the candidates, rising and distinct; `sequence` nodes as they were drawn,
/// where that matters.
struct Sample {
    parameters: PowerOfD,
    drawn: Vec<u32>,
    sequence: Vec<NodeId>,
    source: Urn,
}

/// What nodes are drawn from.
enum Urn {
    Uniform,
    Shares(Order),
    Ring(Ring),
}

impl Urn {
    fn draw(&self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        match self {
            Urn::Uniform => any(ask, rng),
            Urn::Shares(order) => view.by_share(*order, ask, rng),
            Urn::Ring(ring) => ring.nearest(rng.next_u32(), |node| ask.nodes.contains(node)),
        }
    }
}

/// Draws of a node that was drawn before are repeated so many times.
const PATIENCE: u32 = 20;

impl Sample {
    /// Draws one after another.
    fn draw_in_turn(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) {
        self.sequence.clear();
        for _ in 0..self.parameters.d.min(self.most(ask)) {
            let mut drawn = self.source.draw(ask, view, rng);
            for _ in 0..PATIENCE {
                let is_new = !drawn.is_some_and(|node| self.sequence.contains(&node));
                if self.parameters.replacement || is_new {
                    break;
                }
                drawn = self.source.draw(ask, view, rng);
            }
            self.sequence.extend(drawn);
        }
    }

    /// Draws at most.
    fn most(&self, ask: &Ask<'_>) -> u32 {
        if self.parameters.replacement {
            return self.parameters.d;
        }
        ask.nodes.count()
    }

    /// Of the nodes drawn, the least loaded one that was drawn last.
    fn later(&self, view: &View<'_>) -> Option<NodeId> {
        let load = |node: &&NodeId| self.parameters.by.of(**node, view);
        // The first of equal ones, from behind.
        self.sequence.iter().rev().min_by_key(load).copied()
    }
}

impl Placement for Sample {
    fn candidates(
        &mut self,
        ask: &Ask<'_>,
        view: &View<'_>,
        rng: &mut Draw,
        named: &mut Vec<NodeId>,
    ) {
        if ask.ties == Ties::Later || !matches!(self.source, Urn::Uniform) {
            self.draw_in_turn(ask, view, rng);
            named.extend(&self.sequence);
            named.sort_unstable();
            return named.dedup();
        }
        if self.parameters.d == 2 && ask.nodes.count() > 1 {
            let (first, second) = self.parameters.draw_two(ask.nodes.count(), rng);
            named.push(ask.nodes.nth(first));
            return named.extend((second != first).then(|| ask.nodes.nth(second)));
        }
        let PowerOfD { d, replacement, .. } = self.parameters;
        if replacement {
            draw_with_replacement(d, ask.nodes.count(), &mut self.drawn, rng);
        } else {
            draw_distinct(d, ask.nodes.count(), &mut self.drawn, rng);
        }
        named.extend(self.drawn.iter().map(|&rank| ask.nodes.nth(rank)));
    }

    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        if ask.ties == Ties::Later {
            return self.later(view);
        }
        let load = |node| self.parameters.by.of(node, view);
        if ask.nodes.count() == 2 && ask.ties != Ties::Turns {
            let (first, second) = (ask.nodes.nth(0), ask.nodes.nth(1));
            let order = load(first).cmp(&load(second));
            return Some(ask.ties.lesser([first, second], order, rng));
        }
        view.least_of(ask.nodes.iter(), load, ask, rng)
    }

    fn goes_by_counts(&self) -> bool {
        let is_uniform = matches!(self.source, Urn::Uniform);
        is_uniform && self.parameters.d == 2 && self.parameters.by == Key::Tasks
    }

    fn choose(&mut self, nodes: u32, rng: &mut Draw) -> Option<Choice> {
        let (first, second) = match nodes {
            0 => return None,
            1 => (0, 0),
            _ => self.parameters.draw_two(nodes, rng),
        };
        Some(Choice::Fewer(first, second))
    }

    fn reads_work(&self) -> bool {
        self.parameters.by.reads_work()
    }

    fn reads(&self) -> Reads {
        Reads::Named
    }

    fn score(&self, _ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        Some(self.parameters.by.score(node, view))
    }
}

/// A sample of some nodes, beside which the best of the last one are looked at.
struct Remembering {
    sample: Sample,
    known: Vec<NodeId>,
}

impl Remembering {
    /// Keeps the least loaded of the candidates, `chosen` with the task that it gets; of equal ones
    /// another than `chosen`, then the lowest id.
    fn remember(&mut self, ask: &Ask<'_>, view: &View<'_>, chosen: NodeId) {
        let by = self.sample.parameters.by;
        self.known.clear();
        self.known.extend(ask.nodes.iter());
        self.known.sort_unstable_by_key(|node| {
            let is_chosen = *node == chosen;
            let load = by.of(*node, view);
            let load = if is_chosen {
                by.with(load, ask, chosen, view)
            } else {
                load
            };
            (load, is_chosen, *node)
        });
        self.known.truncate(self.sample.parameters.memory as usize);
    }
}

impl Placement for Remembering {
    fn candidates(
        &mut self,
        ask: &Ask<'_>,
        view: &View<'_>,
        rng: &mut Draw,
        named: &mut Vec<NodeId>,
    ) {
        self.sample.candidates(ask, view, rng, named);
        let is_there = |node: &&NodeId| ask.nodes.contains(**node);
        let remembered = self.known.iter().filter(is_there);
        named.extend(remembered.clone());
        named.sort_unstable();
        named.dedup();
        if ask.ties != Ties::Later {
            return;
        }
        // What was drawn comes later than what was known.
        let sequence = &mut self.sample.sequence;
        let drawn = sequence.len();
        sequence.extend(remembered);
        sequence.rotate_left(drawn);
    }

    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let chosen = self.sample.place(ask, view, rng)?;
        self.remember(ask, view, chosen);
        Some(chosen)
    }

    fn reads_work(&self) -> bool {
        self.sample.reads_work()
    }

    fn reads(&self) -> Reads {
        Reads::Named
    }

    fn has_memory(&self) -> bool {
        true
    }

    fn score(&self, ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        self.sample.score(ask, view, node)
    }
}

impl PowerOfD {
    /// Draws the ranks of two of `n` candidates, at least 2, the lower first, without a list: what
    /// most systems do, and most often.
    fn draw_two(&self, n: u32, rng: &mut Draw) -> (u32, u32) {
        let one = rng.below(n);
        let other = if self.replacement {
            rng.below(n)
        } else {
            let rank = rng.below(n - 1);
            rank + u32::from(one <= rank)
        };
        (one.min(other), one.max(other))
    }
}

/// Draws `d` different ranks below `n` (all if there are fewer), each set equally likely: the i-th draw
/// is uniform over the n - i ranks that are left, of which the taken ones are stepped over.
pub fn draw_distinct(d: u32, n: u32, drawn: &mut Vec<u32>, rng: &mut Draw) {
    drawn.clear();
    for i in 0..d.min(n) {
        let left = rng.below(n - i);
        let at = taken_before(left, drawn);
        drawn.insert(at, left + at as u32);
    }
}

/// How many of `drawn`, rising, lie before the rank that has `left` untaken ones below it.
fn taken_before(left: u32, drawn: &[u32]) -> usize {
    let (mut from, mut to) = (0, drawn.len());
    while from < to {
        let middle = from.midpoint(to);
        // So many untaken ones are below it.
        if drawn[middle] - middle as u32 <= left {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}

/// Draws `d` ranks below `n`, each sequence equally likely; those drawn again are there once.
fn draw_with_replacement(d: u32, n: u32, drawn: &mut Vec<u32>, rng: &mut Draw) {
    drawn.clear();
    for _ in 0..if n == 0 { 0 } else { d } {
        let rank = rng.below(n);
        if let Err(at) = drawn.binary_search(&rank) {
            drawn.insert(at, rank);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    type Draws = fn(u32, u32, &mut Vec<u32>, &mut Draw);

    fn counts(draw: Draws, d: u32, n: u32) -> std::collections::BTreeMap<Vec<u32>, u32> {
        let key = Seeds::new(4, 1).key(Purpose::Placement);
        let mut counts = std::collections::BTreeMap::new();
        let mut drawn = Vec::new();
        for job in 0..60_000 {
            draw(d, n, &mut drawn, &mut key.draw(0, job, 0, 0, 0));
            *counts.entry(drawn.clone()).or_insert(0) += 1;
        }
        counts
    }

    /// 3 of 5 without replacement: ten sets, each 6,000 times within 4.5 standard errors.
    #[test]
    fn sets_without_replacement_are_equally_likely() {
        let seen = counts(draw_distinct, 3, 5);
        assert_eq!(seen.len(), 10);
        let error = 4.5 * (60_000.0f64 * 0.1 * 0.9).sqrt();
        assert!(
            seen.values()
                .all(|&count| (f64::from(count) - 6_000.0).abs() < error),
            "{seen:?}"
        );
    }

    /// Against a walk over the taken ranks, one by one.
    #[test]
    fn taken_ranks_are_stepped_over() {
        let key = Seeds::new(5, 1).key(Purpose::Placement);
        for (job, n) in [(1, 1), (2, 7), (3, 100), (4, 1_000)] {
            let mut slow: Vec<u32> = Vec::new();
            let mut rng = key.draw(0, job, 0, 0, 0);
            for i in 0..n {
                let mut rank = rng.below(n - i);
                let at = slow.iter().take_while(|taken| {
                    let is_before = **taken <= rank;
                    rank += u32::from(is_before);
                    is_before
                });
                let at = at.count();
                slow.insert(at, rank);
                let mut drawn = Vec::new();
                draw_distinct(i + 1, n, &mut drawn, &mut key.draw(0, job, 0, 0, 0));
                assert_eq!(drawn, slow, "{} of {n}", i + 1);
            }
        }
    }

    /// 2 of 3 with replacement: a pair 2/9, the same node twice 1/9.
    #[test]
    fn sequences_with_replacement_are_equally_likely() {
        let seen = counts(draw_with_replacement, 2, 3);
        assert_eq!(seen.len(), 6);
        for (ranks, &count) in &seen {
            let p = if ranks.len() == 1 {
                1.0 / 9.0
            } else {
                2.0 / 9.0
            };
            let error = 4.5 * (60_000.0f64 * p * (1.0 - p)).sqrt();
            assert!(
                (f64::from(count) - 60_000.0 * p).abs() < error,
                "{ranks:?}: {count}"
            );
        }
    }

    #[test]
    fn more_than_there_are_means_all() {
        let seen = counts(draw_distinct, 9, 4);
        assert_eq!(seen.keys().collect::<Vec<_>>(), [&vec![0, 1, 2, 3]]);
    }
}
