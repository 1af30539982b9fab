//! The least loaded of `d` nodes drawn at random (Vvedenskaya, Dobrushin & Karpelevich, 1996;
//! Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12, 2001).

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::{
    Ask, Blueprint, Counts, Eligible, Key, Placement, Problem, Reads, Score, Ties, View,
};

/// The least loaded of d eligible nodes drawn at random.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PowerOfD {
    /// Number of nodes drawn (at least 1; more than there are means all).
    #[schemars(range(min = 1))]
    pub d: u32,
    /// What load is compared by.
    pub by: Key,
    /// Whether a node may be drawn more than once.
    pub replacement: bool,
}

/// Most draws a decision.
const MOST: u32 = 100_000;

impl Default for PowerOfD {
    fn default() -> Self {
        PowerOfD {
            d: 2,
            by: Key::Tasks,
            replacement: false,
        }
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
        let room = (self.d as usize).min(eligible.pool().ids().len());
        Ok(Box::new(Sample {
            parameters: self.clone(),
            drawn: Vec::with_capacity(room + 1),
        }))
    }

    /// Drawn ranks are kept in order, which takes longer the more there are.
    fn looks(&self, nodes: u32) -> f64 {
        let d = f64::from(if self.replacement {
            self.d
        } else {
            self.d.min(nodes)
        });
        d * (1.0 + d / 250.0)
    }
}

/// `drawn` holds ranks among the candidates, rising and distinct.
struct Sample {
    parameters: PowerOfD,
    drawn: Vec<u32>,
}

impl Placement for Sample {
    fn candidates(
        &mut self,
        ask: &Ask<'_>,
        _view: &View<'_>,
        rng: &mut Draw,
        named: &mut Vec<NodeId>,
    ) {
        if self.parameters.d == 2 && ask.nodes.count() > 1 {
            let (first, second) = self.parameters.draw_two(ask.nodes.count(), rng);
            named.push(ask.nodes.nth(first));
            return named.extend((second != first).then(|| ask.nodes.nth(second)));
        }
        draw_ranks(&self.parameters, ask.nodes.count(), &mut self.drawn, rng);
        named.extend(self.drawn.iter().map(|&rank| ask.nodes.nth(rank)));
    }

    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let load = |node| self.parameters.by.of(node, view);
        if ask.nodes.count() == 2 {
            let (first, second) = (ask.nodes.nth(0), ask.nodes.nth(1));
            let order = load(first).cmp(&load(second));
            return Some(lesser([first, second], order, ask.ties, rng));
        }
        view.least_of(ask.nodes.iter(), load, ask, rng)
    }

    fn goes_by_counts(&self) -> bool {
        self.parameters.d == 2 && self.parameters.by == Key::Tasks
    }

    fn place_by_counts(
        &mut self,
        nodes: u32,
        ties: Ties,
        rng: &mut Draw,
        counts: &mut dyn Counts,
    ) -> Option<u32> {
        let (first, second) = match nodes {
            0 => return None,
            1 => (0, 0),
            _ => self.parameters.draw_two(nodes, rng),
        };
        let one = counts.tasks(first);
        if first == second {
            return Some(first);
        }
        let order = one.cmp(&counts.tasks(second));
        Some(lesser([first, second], order, ties, rng))
    }

    fn reads(&self) -> Reads {
        Reads::Named
    }

    fn score(&self, _ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        Some(self.parameters.by.score(node, view))
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

/// The one with the lesser load, as loads compare in this `order`.
fn lesser<T: Copy>(two: [T; 2], order: Ordering, ties: Ties, rng: &mut Draw) -> T {
    two[match order {
        Ordering::Less => 0,
        Ordering::Greater => 1,
        Ordering::Equal => ties.pick(2, rng) as usize,
    }]
}

/// Draws ranks below `n`, each set (or each sequence, with replacement) equally likely. Without
/// replacement the i-th draw is uniform over the n - i places left, found by stepping over the
/// taken ones.
fn draw_ranks(parameters: &PowerOfD, n: u32, drawn: &mut Vec<u32>, rng: &mut Draw) {
    drawn.clear();
    let most = if parameters.replacement {
        parameters.d
    } else {
        parameters.d.min(n)
    };
    for i in 0..if n == 0 { 0 } else { most } {
        let mut rank = rng.below(if parameters.replacement { n } else { n - i });
        let mut at = 0;
        while at < drawn.len() && drawn[at] <= rank {
            if parameters.replacement && drawn[at] == rank {
                break;
            }
            rank += u32::from(!parameters.replacement);
            at += 1;
        }
        if drawn.get(at) != Some(&rank) {
            drawn.insert(at, rank);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    fn counts(parameters: &PowerOfD, n: u32) -> std::collections::BTreeMap<Vec<u32>, u32> {
        let key = Seeds::new(4, 1).key(Purpose::Placement);
        let mut counts = std::collections::BTreeMap::new();
        let mut drawn = Vec::new();
        for job in 0..60_000 {
            draw_ranks(parameters, n, &mut drawn, &mut key.draw(0, job, 0, 0, 0));
            *counts.entry(drawn.clone()).or_insert(0) += 1;
        }
        counts
    }

    /// 3 of 5 without replacement: ten sets, each 6,000 times within 4.5 standard errors.
    #[test]
    fn sets_without_replacement_are_equally_likely() {
        let seen = counts(
            &PowerOfD {
                d: 3,
                ..PowerOfD::default()
            },
            5,
        );
        assert_eq!(seen.len(), 10);
        let error = 4.5 * (60_000.0f64 * 0.1 * 0.9).sqrt();
        assert!(
            seen.values()
                .all(|&count| (f64::from(count) - 6_000.0).abs() < error),
            "{seen:?}"
        );
    }

    /// 2 of 3 with replacement: a pair 2/9, the same node twice 1/9.
    #[test]
    fn sequences_with_replacement_are_equally_likely() {
        let seen = counts(
            &PowerOfD {
                replacement: true,
                ..PowerOfD::default()
            },
            3,
        );
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
        let seen = counts(
            &PowerOfD {
                d: 9,
                ..PowerOfD::default()
            },
            4,
        );
        assert_eq!(seen.keys().collect::<Vec<_>>(), [&vec![0, 1, 2, 3]]);
    }
}
