//! Tasks by their size: each node serves an interval of works, so that short tasks never wait
//! behind long ones (SITA). Where no cut-offs are given every node gets the same load for its
//! speed x slots (SITA-E: Harchol-Balter, Crovella & Murta, "On choosing a task assignment policy
//! for a distributed server system", J. Parallel and Distributed Computing 59, 1999).

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::law::Law;
use crate::engine::law::heavy::Mixture;
use crate::engine::quantity::Seconds;
use crate::engine::random::Draw;
use crate::model::ids::NodeId;
use crate::strategy::{Ask, Blueprint, Eligible, Placement, Pool, Problem, Reads, View};

/// The eligible nodes in id order serve rising intervals of works. Without `cut-offs` every node has
/// an interval of its own and gets the same load for its speed x slots: by the laws of the works,
/// where all are known and no trace, else by the works that its dispatcher has placed so far.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SizeInterval {
    /// Works (seconds at speed 1), rising, that part the intervals: a task belongs to the first whose
    /// cut-off its work does not exceed. The nodes are shared out evenly among the intervals; of the
    /// nodes of an interval each is equally likely.
    pub cut_offs: Vec<Seconds>,
    /// Laws of the works, each with its tasks a second.
    #[serde(skip)]
    works: Vec<(f64, Law)>,
}

impl SizeInterval {
    /// The cut-offs that are given.
    pub fn given(&self) -> Vec<f64> {
        self.cut_offs.iter().map(|cut| cut.0).collect()
    }

    /// The cut-offs between `shares` of the capacity: those that are given, else those of equal load
    /// by the laws of the works; nothing if these are not known.
    pub fn cut_offs(&self, shares: &[f64]) -> Option<Vec<f64>> {
        if !self.cut_offs.is_empty() {
            return Some(self.given());
        }
        let laws: Vec<(f64, &Law)> = self.works.iter().map(|(rate, law)| (*rate, law)).collect();
        let load = mean(&laws, 0.0);
        (load > 0.0 && load.is_finite()).then(|| equal_load(&laws, shares))
    }
}

impl Blueprint for SizeInterval {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        let rises = |pair: &[Seconds]| pair[0].0 < pair[1].0;
        if !self.cut_offs.windows(2).all(rises) {
            return Err("`cut-offs` must rise, as in [\"1s\", \"10s\"]".to_owned());
        }
        let (pool, layout) = (eligible.pool(), eligible.layout());
        let weights = pool.ids().iter().map(|node| layout.weight(*node) as f64);
        let shares: Vec<f64> = weights.collect();
        let sizes = match self.cut_offs(&shares) {
            Some(cut_offs) => Sizes::Known(cut_offs),
            None => Sizes::Seen(Seen::new(shares)),
        };
        Ok(Box::new(Intervals {
            pool: pool.clone(),
            is_given: !self.cut_offs.is_empty(),
            sizes,
        }))
    }

    fn knowing(&self, works: &[(f64, Law)]) -> Option<Arc<dyn Blueprint>> {
        self.cut_offs.is_empty().then(|| {
            let (cut_offs, works) = (Vec::new(), works.to_vec());
            Arc::new(SizeInterval { cut_offs, works }) as Arc<dyn Blueprint>
        })
    }
}

/// E(X; X > x) of a mixture, by its weights.
fn mean(works: &Mixture<'_>, x: f64) -> f64 {
    let above = works
        .iter()
        .map(|(rate, law)| rate * law.upper_moment(1, x));
    above.sum()
}

/// Works that part the load in proportion to `shares`: each the least with at most the rest above.
fn equal_load(works: &Mixture<'_>, shares: &[f64]) -> Vec<f64> {
    let (load, all) = (mean(works, 0.0), shares.iter().sum::<f64>());
    let (mut cut, mut below) = (0.0, 0.0);
    let inner = shares.len().saturating_sub(1);
    let next = |share: &f64| {
        below += share;
        let rest = load * (1.0 - below / all);
        cut = least_from(cut, |x| mean(works, x) <= rest);
        cut
    };
    shares[..inner].iter().map(next).collect()
}

/// The least number of at least `low` that is enough, to the last digit.
fn least_from(mut low: f64, is_enough: impl Fn(f64) -> bool) -> f64 {
    if is_enough(low) {
        return low;
    }
    let mut high = low.max(1e-12) * 2.0;
    while !is_enough(high) && high < 1e300 {
        low = high;
        high *= 2.0;
    }
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return high;
        }
        if is_enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
}

/// The nodes that serve interval `at` of `count`, as positions among `nodes` of them: the first, and
/// how many.
pub fn nodes_of(at: usize, count: usize, nodes: usize) -> (usize, usize) {
    let [first, next] = [at, at + 1].map(|at| at * nodes / count);
    (first, (next - first).max(1))
}

struct Intervals {
    pool: Pool,
    /// Whether the cut-offs are the user's.
    is_given: bool,
    sizes: Sizes,
}

enum Sizes {
    /// Cut-offs.
    Known(Vec<f64>),
    /// What was placed so far.
    Seen(Seen),
}

impl Intervals {
    /// The node for a task of so much work, as a position.
    fn position(&mut self, work: f64, rng: &mut Draw) -> usize {
        match &mut self.sizes {
            Sizes::Known(cut_offs) if self.is_given => {
                let at = cut_offs.partition_point(|cut| *cut < work);
                let (first, count) = nodes_of(at, cut_offs.len() + 1, self.pool.ids().len());
                first + one_of(count, rng)
            }
            Sizes::Known(cut_offs) => interval(cut_offs, work, rng),
            Sizes::Seen(seen) => {
                let bin = Seen::bin(work);
                seen.add(bin, work);
                interval(&seen.cut_offs, bin, rng)
            }
        }
    }
}

/// One of so many (at least 1), each equally likely.
fn one_of(count: usize, rng: &mut Draw) -> usize {
    if count > 1 {
        rng.below(count as u32) as usize
    } else {
        0
    }
}

/// The interval of `size`; where it is itself a cut-off, any of those that meet there.
fn interval<T: PartialOrd + Copy>(cut_offs: &[T], size: T, rng: &mut Draw) -> usize {
    let first = cut_offs.partition_point(|cut| *cut < size);
    let equal = cut_offs[first..].partition_point(|cut| *cut <= size);
    first + one_of(equal + 1, rng)
}

/// The load of the works so far, by bins of an eighth of an octave.
struct Seen {
    shares: Vec<f64>,
    loads: Vec<f64>,
    count: u64,
    cut_offs: Vec<u16>,
}

/// Bins: from 2^-40 to 2^40 seconds.
const BINS: u16 = 640;

impl Seen {
    fn new(shares: Vec<f64>) -> Seen {
        Seen {
            cut_offs: Vec::with_capacity(shares.len()),
            shares,
            loads: vec![0.0; usize::from(BINS)],
            count: 0,
        }
    }

    /// By exponent and three more bits.
    fn bin(work: f64) -> u16 {
        let lowest = 2f64.powi(-40).to_bits() >> 49;
        let bin = (work.to_bits() >> 49).saturating_sub(lowest);
        bin.min(u64::from(BINS) - 1) as u16
    }

    /// One more; whenever there are twice as many as before, the cut-offs are computed anew.
    fn add(&mut self, bin: u16, work: f64) {
        self.loads[usize::from(bin)] += work;
        self.count += 1;
        if self.count.is_power_of_two() {
            self.divide();
        }
    }

    /// Puts the cut-offs where each interval has its share of the work so far (SITA-E: Harchol-Balter, Crovella
    /// & Murta, J. Parallel Distrib. Comput. 59, 1999).
    fn divide(&mut self) {
        let load: f64 = self.loads.iter().sum();
        let all: f64 = self.shares.iter().sum();
        let (mut bin, mut upto, mut below) = (0, self.loads[0], 0.0);
        self.cut_offs.clear();
        for share in &self.shares[..self.shares.len() - 1] {
            below += share;
            while upto < load * below / all && bin + 1 < BINS {
                bin += 1;
                upto += self.loads[usize::from(bin)];
            }
            self.cut_offs.push(bin);
        }
    }
}

impl Placement for Intervals {
    fn place(&mut self, ask: &Ask<'_>, _: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let position = self.position(ask.work, rng);
        let node = self.pool.at(position);
        let next = ask.nodes.next_from(node);
        next.or_else(|| ask.nodes.next_from(NodeId(0)))
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }

    fn has_memory(&self) -> bool {
        matches!(self.sizes, Sizes::Seen(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    fn draw(k: u64) -> Draw {
        Seeds::new(3, 1).key(Purpose::Placement).draw(0, k, 0, 0, 0)
    }

    /// Bounded Pareto of index 1: the load between a and b is as log(b / a). Exponential: 1 - (1 + x)
    /// exp(-x) = 1/2 at 1.678347 (the median of a gamma law of shape 2).
    #[test]
    fn loads_are_equal() {
        let pareto = Law::BoundedPareto {
            shape: 1.0,
            min: 1.0,
            max: 1e4,
        };
        let cuts = equal_load(&[(2.0, &pareto)], &[1.0; 4]);
        for (cut, expected) in cuts.iter().zip([10.0, 100.0, 1000.0]) {
            assert!((cut / expected - 1.0).abs() < 1e-9, "{cuts:?}");
        }
        let uneven = equal_load(&[(2.0, &pareto)], &[3.0, 1.0]);
        assert!((uneven[0] / 1000.0 - 1.0).abs() < 1e-9, "{uneven:?}");
        let exponential = equal_load(&[(1.0, &Law::Exponential { mean: 1.0 })], &[1.0, 1.0]);
        assert!((exponential[0] - 1.678_346_990_016_661).abs() < 1e-12);
    }

    /// Where all tasks are alike each node gets as many; of two sizes a cut-off is one of them.
    #[test]
    fn equal_works_are_shared_out() {
        let cuts = equal_load(&[(1.0, &Law::Constant(2.0))], &[1.0; 4]);
        assert_eq!(cuts, [2.0; 3]);
        let mut counts = [0; 4];
        (0..40_000).for_each(|k| counts[interval(&cuts, 2.0, &mut draw(k))] += 1);
        let error = 4.5 * (40_000.0f64 * 0.25 * 0.75).sqrt();
        let near = |count: &i32| (f64::from(*count) - 10_000.0).abs() < error;
        assert!(counts.iter().all(near), "{counts:?}");
        let two = Law::discrete(&[1.0, 3.0], &[3.0, 1.0]);
        assert_eq!(equal_load(&[(1.0, &two)], &[1.0, 1.0]), [1.0]);
        assert_eq!(interval(&[1.0], 0.5, &mut draw(0)), 0);
        assert_eq!(interval(&[1.0], 1.5, &mut draw(0)), 1);
    }

    /// What was seen parts the load as the law does, to the width of a bin.
    #[test]
    fn what_is_seen_is_parted_alike() {
        let law = Law::BoundedPareto {
            shape: 1.0,
            min: 1.0,
            max: 1e2,
        };
        let mut seen = Seen::new(vec![1.0; 4]);
        for k in 0..1 << 16 {
            let work = law.sample(&mut draw(k));
            seen.add(Seen::bin(work), work);
        }
        for (bin, cut) in seen.cut_offs.iter().zip([3.1623, 10.0, 31.623]) {
            assert!(bin.abs_diff(Seen::bin(cut)) <= 1, "{cut}");
        }
        assert_eq!([0.0, 1e-13, 1e300].map(Seen::bin), [0, 0, BINS - 1]);
    }

    #[test]
    fn nodes_are_shared_out_among_intervals() {
        let of = |count, nodes| -> Vec<_> {
            let each = (0..count).map(|at| nodes_of(at, count, nodes));
            each.collect()
        };
        assert_eq!(of(2, 5), [(0, 2), (2, 3)]);
        assert_eq!(of(3, 3), [(0, 1), (1, 1), (2, 1)]);
        assert_eq!(of(3, 2), [(0, 1), (0, 1), (1, 1)]);
    }
}
