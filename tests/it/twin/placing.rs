//! The placements as scans, all ratios as fractions of whole numbers.

use std::cmp::Ordering;

use equipoise::engine::random::Draw;

use super::spec::{By, Place, Score, Spec};

/// What is seen of a node.
#[derive(Clone, Debug)]
pub struct Seen {
    pub tasks: u64,
    /// Remaining service time of all of them, ns.
    pub work: u64,
    /// Their demand.
    pub held: Vec<u64>,
}

/// A node to choose.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub node: usize,
    /// Speed x 4.
    pub quarters: u64,
    pub capacity: Vec<Option<u64>>,
    pub seen: Seen,
}

/// A number over another.
#[derive(Clone, Copy, Debug)]
struct Fraction(i128, i128);

impl Fraction {
    fn cmp(self, other: Fraction) -> Ordering {
        (self.0 * other.1).cmp(&(other.0 * self.1))
    }
}

impl Candidate {
    /// Unlimited slots count as 1.
    fn slots(&self) -> i128 {
        i128::from(self.capacity[0].unwrap_or(1))
    }

    /// Demand held, free units and capacity in each finite dimension that the node has.
    fn finite(&self) -> impl Iterator<Item = (usize, u64, u64)> {
        let each = self.capacity.iter().zip(&self.seen.held).enumerate();
        each.filter_map(|(d, (has, held))| has.filter(|has| *has > 0).map(|has| (d, *held, has)))
    }

    /// The largest share that would be held with `demand` more.
    fn ratio(&self, demand: &[u64]) -> Fraction {
        self.finite()
            .map(|(d, held, has)| Fraction(i128::from(held + demand[d]), i128::from(has)))
            .max_by(|a, b| a.cmp(*b))
            .unwrap_or(Fraction(0, 1))
    }

    fn fits(&self, demand: &[u64]) -> bool {
        self.finite()
            .all(|(d, held, has)| demand[d] == 0 || held + demand[d] <= has)
    }

    fn load(&self, by: By) -> Fraction {
        match by {
            By::Tasks => Fraction(i128::from(self.seen.tasks), 1),
            By::Work => Fraction(i128::from(self.seen.work), self.slots()),
            By::Utilization => self.ratio(&vec![0; self.capacity.len()]),
        }
    }

    /// Smaller is better.
    fn mismatch(&self, score: Score, demand: &[u64]) -> Fraction {
        let whole: i128 = self.finite().map(|(_, _, has)| i128::from(has)).product();
        let shares: Vec<(i128, i128)> = self
            .finite()
            .map(|(d, held, has)| {
                let share = |units: u64| i128::from(units) * whole / i128::from(has);
                (share(has.saturating_sub(held)), share(demand[d]))
            })
            .collect();
        let sum = |f: &dyn Fn(i128, i128) -> i128| shares.iter().map(|&(a, q)| f(a, q)).sum();
        let dot: i128 = sum(&|a, q| a * q);
        match score {
            Score::DotProduct => Fraction(-dot, whole * whole),
            Score::L2Norm => Fraction(sum(&|a, q| (a - q) * (a - q)), whole * whole),
            Score::Cosine => {
                let lengths = sum(&|a, _| a * a) * sum(&|_, q| q * q);
                if lengths == 0 {
                    Fraction(0, 1)
                } else {
                    Fraction(-dot * dot, lengths)
                }
            }
        }
    }
}

/// The memory of one dispatcher for one set of eligible nodes.
pub struct Placing {
    place: Place,
    ties_at_random: bool,
    /// Round-robin: the node whose turn was last.
    last: Option<usize>,
    /// Weighted round-robin: credit by node.
    credits: Vec<i128>,
}

impl Placing {
    pub fn new(spec: &Spec) -> Placing {
        Placing {
            place: spec.place,
            ties_at_random: spec.ties_at_random,
            last: None,
            credits: vec![0; spec.nodes().len()],
        }
    }

    /// The choice among `nodes`, in id order.
    pub fn choose(
        &mut self,
        _eligible: &[usize],
        nodes: &[Candidate],
        demand: &[u64],
        draw: &mut Draw,
    ) -> Candidate {
        let all: Vec<&Candidate> = nodes.iter().collect();
        let fitting: Vec<&Candidate> = nodes.iter().filter(|n| n.fits(demand)).collect();
        let by_ratio = |sign: i128| {
            move |n: &Candidate| {
                let Fraction(over, under) = n.ratio(demand);
                Fraction(sign * over, under)
            }
        };
        let chosen = match self.place {
            Place::Random => all[draw.below(all.len() as u32) as usize],
            Place::RoundRobin { is_weighted: false } => self.next_turn(&all),
            Place::RoundRobin { is_weighted: true } => self.smooth_turn(&all),
            Place::LeastLoaded(by) => self.least(&all, |n| n.load(by), draw),
            Place::PowerOfD { d, by, replacement } => {
                let drawn = draw_some(&all, d, replacement, draw);
                self.least(&drawn, |n| n.load(by), draw)
            }
            Place::JoinIdleQueue => {
                let idle: Vec<_> = all.iter().copied().filter(|n| n.seen.tasks == 0).collect();
                if idle.is_empty() {
                    all[draw.below(all.len() as u32) as usize]
                } else {
                    self.least(&idle, |_| Fraction(0, 1), draw)
                }
            }
            Place::ShortestExpectedDelay => {
                let delay = |n: &Candidate| {
                    let rate = i128::from(n.quarters) * n.slots();
                    Fraction(i128::from(n.seen.tasks + 1), rate)
                };
                self.least(&all, delay, draw)
            }
            _ if fitting.is_empty() => self.least(&all, by_ratio(1), draw),
            Place::FirstFit => fitting[0],
            Place::BestFit => self.least(&fitting, by_ratio(-1), draw),
            Place::WorstFit => self.least(&fitting, by_ratio(1), draw),
            Place::ResourceMatch(score) => {
                self.least(&fitting, |n| n.mismatch(score, demand), draw)
            }
        };
        chosen.clone()
    }

    /// The node after the last one, round and round.
    fn next_turn<'c>(&mut self, nodes: &[&'c Candidate]) -> &'c Candidate {
        let after = |n: &&&Candidate| self.last.is_none_or(|last| n.node > last);
        let next = nodes.iter().find(after).unwrap_or(&nodes[0]);
        self.last = Some(next.node);
        next
    }

    fn smooth_turn<'c>(&mut self, nodes: &[&'c Candidate]) -> &'c Candidate {
        let weight = |n: &Candidate| i128::from(n.quarters) * n.slots();
        for node in nodes {
            self.credits[node.node] += weight(node);
        }
        let richest = |n: &&&Candidate| (self.credits[n.node], std::cmp::Reverse(n.node));
        let best = nodes.iter().max_by_key(richest).unwrap();
        self.credits[best.node] -= nodes.iter().map(|n| weight(n)).sum::<i128>();
        best
    }

    /// The least of `nodes`, ties by one draw or the lowest id.
    fn least<'c>(
        &self,
        nodes: &[&'c Candidate],
        score: impl Fn(&Candidate) -> Fraction,
        draw: &mut Draw,
    ) -> &'c Candidate {
        let least = |n: &&&Candidate| {
            nodes
                .iter()
                .all(|other| score(n).cmp(score(other)) != Ordering::Greater)
        };
        let tied: Vec<&Candidate> = nodes.iter().filter(least).copied().collect();
        if self.ties_at_random && tied.len() > 1 {
            tied[draw.below(tied.len() as u32) as usize]
        } else {
            tied[0]
        }
    }
}

/// d nodes, in id order, each once: with replacement the i-th draw is any node; without, any of
/// those not drawn yet, by its place among them.
fn draw_some<'c>(
    nodes: &[&'c Candidate],
    d: u32,
    replacement: bool,
    draw: &mut Draw,
) -> Vec<&'c Candidate> {
    let mut is_drawn = vec![false; nodes.len()];
    for _ in 0..if replacement {
        d
    } else {
        d.min(nodes.len() as u32)
    } {
        let left: Vec<usize> = (0..nodes.len())
            .filter(|&place| replacement || !is_drawn[place])
            .collect();
        is_drawn[left[draw.below(left.len() as u32) as usize]] = true;
    }
    let each = nodes.iter().zip(&is_drawn);
    each.filter(|(_, is_drawn)| **is_drawn)
        .map(|(n, _)| *n)
        .collect()
}
