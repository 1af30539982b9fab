//! The node whose free resources match the task's demand best.
//!
//! With a the free and q the demanded share of the node's own capacity in each finite dimension:
//! `dot-product` takes the largest a.q (the alignment score of Grandl et al., "Multi-resource
//! packing for cluster schedulers", SIGCOMM 2014), `cosine` the largest a.q / (|a| |q|), `l2-norm`
//! the smallest |a - q|^2 (the norm-based greedy of Panigrahy et al., "Heuristics for vector bin
//! packing", 2011). `tetris` weighs alignment against duration as Grandl et al. do: each by its mean,
//! here over the nodes on which the task fits. (Which task comes first, and the penalty for reading
//! over the network, are no matter of the node's score.)

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::best_fit::{Fitting, looks};
use crate::engine::random::Draw;
use crate::engine::time::{float, rounded};
use crate::model::cluster::SLOTS;
use crate::model::ids::NodeId;
use crate::strategy::board::Order;
use crate::strategy::measure::{Figure, LEAST_OVERFULL};
use crate::strategy::{
    Ask, Blueprint, Eligible, Measure, Placement, Problem, Ratio, Reports, Score, View,
};

/// Of the nodes on which the task fits now, the one whose free resources match its demand best;
/// where it fits nowhere, the smallest ratio of demand to capacity.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ResourceMatch {
    /// How a match is scored.
    pub score: Matching,
}

/// How a match is scored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    /// The largest cosine of the angle between free and demanded shares.
    #[default]
    Cosine,
    /// The largest sum of products of free and demanded shares.
    DotProduct,
    /// The smallest distance between free and demanded shares.
    L2Norm,
    /// The largest a.q / (its mean over the nodes on which the task fits), less (1 / speed) / (its mean
    /// there): alignment against duration.
    Tetris,
    /// The largest mean share of the resources left free (of slots where there are no resources), in whole percent, as
    /// Kubernetes scores it.
    LeastAllocated,
    /// The smallest such share.
    MostAllocated,
}

impl Blueprint for ResourceMatch {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        let is_limited = |node: &NodeId| {
            let capacity = eligible.layout().capacity(*node);
            capacity.iter().flatten().any(|&has| has > 0)
        };
        if !eligible.pool().ids().iter().any(is_limited) {
            return Err(
                "resource-match has nothing to match: no node it may use has limited slots or \
                        resources; give the nodes `slots` or `resources`, or take `random`"
                    .to_owned(),
            );
        }
        let matching = self.score;
        Ok(match matching.measure() {
            Some(measure) => Box::new(Fitting::new(eligible, measure, move |node, ask, view| {
                Some(told(matching.of(node, ask.demand, view)))
            })),
            None => Box::new(Tetris {
                least_overfull: eligible.measured_by(LEAST_OVERFULL),
            }),
        })
    }

    fn looks(&self, nodes: u32) -> f64 {
        match self.score {
            Matching::Tetris => 5.0 * f64::from(nodes), // it computes a score of each, twice
            _ => looks(nodes),
        }
    }
}

/// Alignment against duration, by means over all nodes on which the task fits: it looks at all.
struct Tetris {
    least_overfull: Order,
}

impl Placement for Tetris {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let means = means(ask, view);
        let closest = |node| Reverse(beside(means, node, ask.demand, view));
        let best = view.least_of(fitting(ask, view), closest, ask, rng);
        best.or_else(|| view.least_for(self.least_overfull, ask, ask.ties, rng))
    }

    fn reads_work(&self) -> bool {
        false
    }

    fn reports(&self) -> Reports {
        Reports::Loads
    }

    fn score(&self, ask: &Ask<'_>, view: &View<'_>, node: NodeId) -> Option<Score> {
        Some(told(beside(means(ask, view), node, ask.demand, view)))
    }
}

/// The candidates on which the task fits now.
fn fitting(ask: &Ask<'_>, view: &View<'_>) -> impl Iterator<Item = NodeId> {
    let fits = |node: &NodeId| view.fits(*node, ask.demand);
    ask.nodes.iter().filter(fits)
}

/// The mean alignment and the mean of 1 / speed over the nodes on which the task fits.
fn means(ask: &Ask<'_>, view: &View<'_>) -> Option<[f64; 2]> {
    let (mut count, mut aligned, mut lasts) = (0.0, 0.0, 0.0);
    for node in fitting(ask, view) {
        count += 1.0;
        aligned += Matching::Tetris.of(node, ask.demand, view) as f64;
        lasts += 1.0 / view.layout().factor(node);
    }
    (count > 0.0 && aligned > 0.0).then(|| [aligned / count, lasts / count])
}

/// Alignment against duration, with these means; alignment alone where there are none.
fn beside(means: Option<[f64; 2]>, node: NodeId, demand: &[u64], view: &View<'_>) -> i64 {
    let score = Matching::Tetris.of(node, demand, view);
    let Some([aligned, lasts]) = means else {
        return score;
    };
    let own = score as f64 / aligned - 1.0 / view.layout().factor(node) / lasts;
    (own * FIXED).round_ties_even() as i64
}

/// A score as it is shown.
fn told(score: i64) -> Score {
    Score::larger(score as f64 / FIXED)
}

/// Fixed point of scores: 2^-40.
const FIXED: f64 = (1u64 << 40) as f64;

impl Matching {
    /// The score as a measure of nodes on which the task fits, where it hangs on the node alone.
    fn measure(self) -> Option<Measure> {
        let (name, of): (_, Figure) = match self {
            Matching::Cosine => ("cosine", |node, demand, view| {
                Matching::Cosine.figure(node, demand, view)
            }),
            Matching::DotProduct => ("dot product", |node, demand, view| {
                Matching::DotProduct.figure(node, demand, view)
            }),
            Matching::L2Norm => ("distance", |node, demand, view| {
                Matching::L2Norm.figure(node, demand, view)
            }),
            Matching::LeastAllocated => ("least allocated", |node, demand, view| {
                Matching::LeastAllocated.figure(node, demand, view)
            }),
            Matching::MostAllocated => ("most allocated", |node, demand, view| {
                Matching::MostAllocated.figure(node, demand, view)
            }),
            Matching::Tetris => return None,
        };
        Some(Measure { name, of })
    }

    /// What is the smaller, the larger the score.
    #[inline(always)]
    fn figure(self, node: NodeId, demand: &[u64], view: &View<'_>) -> Option<Ratio> {
        let score = view.fits(node, demand).then(|| self.of(node, demand, view));
        score.map(|score| Ratio::whole((i64::MAX as u64).wrapping_sub(score as u64)))
    }

    /// The score, the larger the better, in fixed point with 2^-40: far finer than any difference
    /// that means something, and coarse enough that equal scores are equal however they were summed.
    #[inline(always)]
    fn of(self, node: NodeId, demand: &[u64], view: &View<'_>) -> i64 {
        let shares = shares(node, demand, view);
        let fixed = |score: f64| rounded(score * FIXED) as i64;
        match self {
            Matching::DotProduct | Matching::Tetris => {
                fixed(shares.map(|(free, need)| free * need).sum())
            }
            Matching::L2Norm => {
                let square = |(free, need): (f64, f64)| (free - need) * (free - need);
                -fixed(shares.map(square).sum())
            }
            Matching::Cosine => fixed(cosine(shares)),
            Matching::LeastAllocated | Matching::MostAllocated => {
                i64::from(self.allocated(node, demand, view)) << 40
            }
        }
    }

    /// Kubernetes' score of 0 to 100, with its two roundings.
    #[cold]
    fn allocated(self, node: NodeId, demand: &[u64], view: &View<'_>) -> u32 {
        let capacity = view.layout().capacity(node).iter().enumerate();
        let finite = capacity.filter_map(|(d, has)| Some((d, has.filter(|&has| has > 0)?)));
        let has_resources = finite.clone().any(|(d, _)| d != SLOTS);
        let (mut sum, mut count) = (0, 0);
        for (d, has) in finite.filter(|(d, _)| !has_resources || *d != SLOTS) {
            let asked = (view.held(node, d) + demand[d]).min(has);
            let part = match self {
                Matching::MostAllocated => asked,
                _ => has - asked,
            };
            sum += (u128::from(part) * 100 / u128::from(has)) as u32;
            count += 1;
        }
        sum.checked_div(count).unwrap_or(0)
    }
}

/// The free and the demanded shares of the node's capacity in each finite dimension.
#[inline(always)]
fn shares(node: NodeId, demand: &[u64], view: &View<'_>) -> impl Iterator<Item = (f64, f64)> {
    let each = demand.iter().zip(view.layout().capacity(node)).enumerate();
    each.filter_map(move |(d, (need, has))| {
        let has = has.filter(|&has| has > 0)?;
        let (free, of) = (has - view.held(node, d).min(has), float(has));
        Some((float(free) / of, float(*need) / of))
    })
}

/// The cosine of the angle between them; 0 where nothing is free or demanded.
#[inline(always)]
fn cosine(shares: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut product, mut free_square, mut need_square) = (0.0, 0.0, 0.0);
    for (free, need) in shares {
        product += free * need;
        free_square += free * free;
        need_square += need * need;
    }
    match free_square > 0.0 && need_square > 0.0 {
        true => product / (free_square.sqrt() * need_square.sqrt()),
        false => 0.0,
    }
}
