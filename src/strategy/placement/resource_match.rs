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

use super::best_fit::{Fitting, fitting, least_overfull};
use crate::model::cluster::SLOTS;
use crate::model::ids::NodeId;
use crate::strategy::{Ask, Blueprint, Eligible, Placement, Problem, Score, View};

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
        Ok(Box::new(Fitting::new(
            move |ask, view, rng| {
                let means = matching.means(ask, view);
                let closest = |node| Reverse(matching.beside(means, node, ask.demand, view));
                let best = view.least_of(fitting(ask, view), closest, ask, rng);
                best.or_else(|| least_overfull(ask, view, rng))
            },
            move |ask, view, node| {
                let means = matching.means(ask, view);
                let score = matching.beside(means, node, ask.demand, view);
                Some(Score::larger(score as f64 / FIXED))
            },
        )))
    }

    /// Twice: it computes a score of each.
    fn looks(&self, nodes: u32) -> f64 {
        2.0 * f64::from(nodes)
    }
}

/// Fixed point of scores: 2^-40.
const FIXED: f64 = (1u64 << 40) as f64;

impl Matching {
    /// The mean alignment and the mean of 1 / speed over the nodes on which the task fits, where the
    /// score needs them.
    fn means(self, ask: &Ask<'_>, view: &View<'_>) -> Option<[f64; 2]> {
        if self != Matching::Tetris {
            return None;
        }
        let (mut count, mut aligned, mut lasts) = (0.0, 0.0, 0.0);
        for node in fitting(ask, view) {
            count += 1.0;
            aligned += Matching::DotProduct.of(node, ask.demand, view) as f64;
            lasts += 1.0 / view.layout().factor(node);
        }
        (count > 0.0 && aligned > 0.0).then(|| [aligned / count, lasts / count])
    }

    /// The score, with these means.
    fn beside(self, means: Option<[f64; 2]>, node: NodeId, demand: &[u64], view: &View<'_>) -> i64 {
        let score = self.of(node, demand, view);
        let Some([aligned, lasts]) = means else {
            return score;
        };
        let own = score as f64 / aligned - 1.0 / view.layout().factor(node) / lasts;
        (own * FIXED).round_ties_even() as i64
    }

    /// The score, the larger the better, in fixed point with 2^-40: far finer than any difference
    /// that means something, and coarse enough that equal scores are equal however they were summed.
    fn of(self, node: NodeId, demand: &[u64], view: &View<'_>) -> i64 {
        if matches!(self, Matching::LeastAllocated | Matching::MostAllocated) {
            return i64::from(self.allocated(node, demand, view)) << 40;
        }
        let (mut product, mut free_square, mut need_square, mut distance) = (0.0, 0.0, 0.0, 0.0);
        for (d, (need, has)) in demand.iter().zip(view.layout().capacity(node)).enumerate() {
            let Some(has) = has.filter(|&has| has > 0) else {
                continue;
            };
            let free = (has - view.held(node, d).min(has)) as f64 / has as f64;
            let need = *need as f64 / has as f64;
            product += free * need;
            free_square += free * free;
            need_square += need * need;
            distance += (free - need) * (free - need);
        }
        let score = match self {
            Matching::DotProduct | Matching::Tetris => product,
            Matching::L2Norm => -distance,
            Matching::Cosine if free_square > 0.0 && need_square > 0.0 => {
                product / (free_square.sqrt() * need_square.sqrt())
            }
            _ => 0.0,
        };
        (score * FIXED).round_ties_even() as i64
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
