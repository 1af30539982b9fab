//! The first decision that differs between two sides, and what was seen when it was made.

use super::moved::Moved;
use super::{Detail, STEP, Trail};
use crate::engine::time::Time;
use crate::metrics::jobs::Blame;
use crate::model::cluster::Cluster;
use crate::model::ids::NodeId;
use crate::sim::recorder::{Decision, Recorder, Seen};
use crate::sim::records::{Attempt, Job, Task};
use crate::sim::setup::Setup;
use crate::sim::{self, Failure};
use crate::strategy::Score;

/// Where two sides part.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstDifference {
    /// In which replication, from 1.
    pub replication: u64,
    /// What differs.
    pub what: What,
    /// How the response times moved, where that is known.
    pub moved: Option<Moved>,
}

/// What differs first.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// One decision: as the old and as the new side made it.
    Decision(Box<(Sight, Sight)>),
    /// One of some decisions.
    Among(Range),
    /// Of some decisions the nodes are the same, but not all instants, dispatchers and tasks.
    Timing(Range),
    /// All decisions that both sides made are the same, and one side made more.
    Count {
        /// Decisions of the old side.
        old: u64,
        /// Decisions of the new side.
        new: u64,
    },
    /// All decisions are the same, response times are not.
    Jobs,
}

/// Some decisions in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Number of the first, from 1.
    pub from: u64,
    /// Number of the last.
    pub to: u64,
    /// When the new side made the first.
    pub start: Time,
    /// When it made the last that it made of them.
    pub end: Time,
}

/// A decision as one side made it, and what its dispatcher saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// Its number in the replication, from 1.
    pub number: u64,
    /// When it was made.
    pub time: Time,
    /// By which dispatcher, from 0.
    pub dispatcher: u32,
    /// The job's class.
    pub class: String,
    /// The job's number in its class, from 0.
    pub job: u64,
    /// The task's index in the job, from 0.
    pub task: u32,
    /// Nodes to choose among.
    pub eligible: u64,
    /// The chosen node.
    pub chosen: SeenNode,
    /// Nodes asked for the decision.
    pub asked: Vec<SeenNode>,
    /// What the same algorithm chooses when it is built anew and shown the same, where that is
    /// another node and it does not take turns: its own memory is wrong, or it decides by more than it sees.
    pub afresh: Option<SeenNode>,
}

/// A node and what was seen of it, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeenNode {
    /// `GROUP[index]`.
    pub name: String,
    /// Tasks running, queued and (as far as the dispatcher knew) travelling there.
    pub tasks: Option<u64>,
    /// The largest share of a slot or resource capacity that was held there.
    pub used: Option<f64>,
    /// What the placement ranks the node by, if it ranks.
    pub score: Option<f64>,
    /// False if the task may not use it or it could not hold the task.
    pub is_eligible: bool,
    /// Eligible nodes that the placement ranks before it, where it ranks.
    pub better: Option<u64>,
}

/// Where the new side first decides otherwise than the old one, of which no more than `old` is left,
/// in replication `replication` of `setup`, the new side's; `None` if nothing differs. Runs the
/// replication once more to see what the dispatcher saw.
///
/// # Errors
/// The replication cannot be run.
pub fn difference(
    setup: &Setup,
    replication: u64,
    old: &Trail,
    new: &Trail,
) -> Result<Option<FirstDifference>, Failure> {
    let Some(place) = locate(old, new) else {
        return Ok(None);
    };
    let what = match place {
        Place::Node { number, old } => {
            let glimpse = Glimpse::take(setup, replication, (number, number), Some(old))?;
            glimpse.decision().map_or(What::Jobs, |new| {
                let old = glimpse.other.clone();
                let old = Sight {
                    chosen: old.unwrap_or_else(|| new.chosen.clone()),
                    afresh: None,
                    ..new.clone()
                };
                What::Decision(Box::new((old, new)))
            })
        }
        Place::Timing(from, to) => What::Timing(range(setup, replication, from, to)?),
        Place::Among(from, to) => What::Among(range(setup, replication, from, to)?),
        Place::Count => count(old, new),
        Place::Jobs => What::Jobs,
    };
    Ok(Some(FirstDifference {
        replication,
        what,
        moved: moved(old, new),
    }))
}

/// As [`difference`], with the old side at hand: both are run once more, and the decision is found
/// however late it is.
///
/// # Errors
/// A replication cannot be run.
pub fn between(
    sides: [&Setup; 2],
    replication: u64,
    old: &Trail,
    new: &Trail,
) -> Result<Option<FirstDifference>, Failure> {
    let Some(place) = locate(old, new) else {
        return Ok(None);
    };
    // The first of some decisions that differs.
    let part = |from, to| -> Result<Option<u64>, Failure> {
        let [a, b] = sides.map(|setup| Glimpse::take(setup, replication, (from, to), None));
        let (a, b) = (a?, b?);
        let at = a.rows.iter().zip(&b.rows).position(|(a, b)| a != b);
        Ok(at.map(|at| from + at as u64))
    };
    let number = match place {
        // With both sides at hand no doubt is left about instants just before it.
        Place::Node { number, .. } => part(number - (number - 1) % STEP as u64, number)?,
        Place::Timing(from, to) | Place::Among(from, to) => part(from, to)?,
        Place::Count | Place::Jobs => None,
    };
    let what = match number {
        Some(number) => {
            let [a, b] =
                sides.map(|setup| Glimpse::take(setup, replication, (number, number), None));
            match (a?.decision(), b?.decision()) {
                (Some(a), Some(b)) => What::Decision(Box::new((a, b))),
                _ => count(old, new),
            }
        }
        None if place == Place::Jobs => What::Jobs,
        None => count(old, new),
    };
    Ok(Some(FirstDifference {
        replication,
        what,
        moved: moved(old, new),
    }))
}

fn count(old: &Trail, new: &Trail) -> What {
    What::Count {
        old: old.decisions,
        new: new.decisions,
    }
}

fn moved(old: &Trail, new: &Trail) -> Option<Moved> {
    let (old, new) = (old.detail.as_ref()?, new.detail.as_ref()?);
    Some(Moved::between(old, new))
}

/// Where two trails part; decisions by number from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Node { number: u64, old: u32 },
    Timing(u64, u64),
    Among(u64, u64),
    Count,
    Jobs,
}

fn locate(old: &Trail, new: &Trail) -> Option<Place> {
    if old.digests.is_empty() || new.digests.is_empty() {
        return None;
    }
    if (old.decisions, old.digest()) == (new.decisions, new.digest()) {
        let moved = moved(old, new);
        return moved
            .filter(|moved| moved.differing > 0)
            .map(|_| Place::Jobs);
    }
    if let (Some(old), Some(new)) = (&old.detail, &new.detail)
        && let Some(place) = within(old, new)
    {
        return Some(place);
    }
    let (mut same, mut differing) = (0, None);
    for &(count, digest) in &old.digests {
        let there = new
            .digests
            .binary_search_by_key(&count, |&(count, _)| count);
        let Ok(at) = there else { continue };
        if new.digests[at].1 == digest {
            same = count;
        } else {
            differing = differing.or(Some(count));
        }
    }
    let kept = |trail: &Trail| {
        trail
            .detail
            .as_ref()
            .map_or(0, |detail| detail.nodes.len() / STEP * STEP)
    };
    let from = same.max(kept(old).min(kept(new)) as u64) + 1;
    let both = old.decisions.min(new.decisions);
    match differing {
        None if from > both => Some(Place::Count),
        to => Some(Place::Among(from, to.unwrap_or(both))),
    }
}

/// Where they part among the decisions whose nodes both have kept.
fn within(old: &Detail, new: &Detail) -> Option<Place> {
    let node = old.nodes.iter().zip(&new.nodes).position(|(a, b)| a != b);
    let step = old.steps.iter().zip(&new.steps).position(|(a, b)| a != b);
    match (node, step) {
        (node, Some(step)) if node.is_none_or(|at| at >= (step + 1) * STEP) => {
            let from = (step * STEP) as u64;
            Some(Place::Timing(from + 1, from + STEP as u64))
        }
        (Some(at), _) => Some(Place::Node {
            number: at as u64 + 1,
            old: old.nodes[at],
        }),
        _ => None,
    }
}

/// Decisions `from..=to` of the new side.
fn range(setup: &Setup, replication: u64, from: u64, to: u64) -> Result<Range, Failure> {
    let glimpse = Glimpse::take(setup, replication, (from, to), None)?;
    let time = |row: Option<&Row>| row.map_or(Time::MAX, |row| row.0);
    Ok(Range {
        from,
        to,
        start: time(glimpse.rows.first()),
        end: time(glimpse.rows.last()),
    })
}

/// Instant, dispatcher, class, job, task and node.
type Row = (Time, u32, u32, u64, u32, NodeId);

/// Looks at some decisions of a replication, closely at the first of them.
struct Glimpse<'s> {
    setup: &'s Setup,
    names: Vec<String>,
    numbers: (u64, u64),
    /// Another node to look at.
    node: Option<u32>,
    count: u64,
    rows: Vec<Row>,
    sight: Option<Sight>,
    other: Option<SeenNode>,
}

impl<'s> Glimpse<'s> {
    fn take(
        setup: &'s Setup,
        replication: u64,
        numbers: (u64, u64),
        node: Option<u32>,
    ) -> Result<Glimpse<'s>, Failure> {
        let mut glimpse = Glimpse {
            setup,
            names: names(&setup.cluster),
            numbers,
            node,
            count: 0,
            rows: Vec::new(),
            sight: None,
            other: None,
        };
        sim::run(setup, replication, Some(&mut glimpse))?;
        Ok(glimpse)
    }

    fn decision(&self) -> Option<Sight> {
        self.sight.clone()
    }

    fn look(&mut self, decision: &Decision<'_>) {
        let at = |node: NodeId| seen(decision, node, &self.names);
        let closely = |node: NodeId| ranked(decision, node, &self.names);
        self.other = self.node.map(|node| closely(NodeId(node)));
        let afresh = (!decision.has_memory())
            .then(|| decision.afresh().ok().flatten())
            .flatten()
            .filter(|&node| node != decision.node);
        self.sight = Some(Sight {
            number: self.count,
            time: decision.time,
            dispatcher: decision.dispatcher,
            class: self.setup.classes[decision.job.class as usize].name.clone(),
            job: decision.job.number,
            task: decision.task,
            eligible: u64::from(decision.candidates().count()),
            chosen: closely(decision.node),
            asked: decision.asked.iter().map(|&node| at(node)).collect(),
            afresh: afresh.map(at),
        });
    }
}

impl Recorder for Glimpse<'_> {
    fn job(&mut self, _: &Job, _: Option<(Time, Blame)>) {}

    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}

    fn decision(&mut self, decision: &Decision<'_>) {
        self.count += 1;
        let (from, to) = self.numbers;
        if !(from..=to).contains(&self.count) {
            return;
        }
        if self.count == from {
            self.look(decision);
        }
        let Decision {
            time,
            dispatcher,
            job,
            task,
            node,
            ..
        } = *decision;
        self.rows
            .push((time, dispatcher, job.class, job.number, task, node));
    }
}

/// The nodes' names by id, `GROUP[index]`.
pub fn names(cluster: &Cluster) -> Vec<String> {
    let of = |group: &crate::model::cluster::Group| {
        let name = group.name.clone();
        (0..group.count).map(move |index| format!("{name}[{index}]"))
    };
    cluster.groups.iter().flat_map(of).collect()
}

fn seen(decision: &Decision<'_>, node: NodeId, names: &[String]) -> SeenNode {
    let Some(name) = names.get(node.index()) else {
        return SeenNode {
            name: format!("node {}, which is not in this cluster", node.0),
            ..SeenNode::default()
        };
    };
    let Seen {
        tasks, used, score, ..
    } = decision.seen(node);
    SeenNode {
        name: name.clone(),
        is_eligible: decision.candidates().contains(node),
        tasks: Some(u64::from(tasks)),
        used: Some(used),
        score: score.map(|score| score.value),
        better: None,
    }
}

/// The same, with how many eligible nodes rank before it.
fn ranked(decision: &Decision<'_>, node: NodeId, names: &[String]) -> SeenNode {
    let seen = seen(decision, node, names);
    if !seen.is_eligible {
        return seen;
    }
    let before = |score: Score| {
        let others = decision.candidates().iter();
        let others = others.filter_map(|other| decision.seen(other).score);
        others.filter(|other| other.beats(&score)).count() as u64
    };
    SeenNode {
        better: decision.seen(node).score.map(before),
        ..seen
    }
}
