//! The first decision that differs between two sides, and what was seen when it was made.
//!
//! Of thousands of decisions that differ after a change, only the first is a cause; all later ones
//! see another state because of it.

use super::response_shift::ResponseShift;
use super::{DecisionLog, LogDetail, STEP};
use crate::engine::time::Time;
use crate::metrics::jobs::Blame;
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
    pub kind: DifferenceKind,
    /// How the response times changed, where that is known.
    pub shift: Option<ResponseShift>,
}

/// What differs first.
#[derive(Clone, Debug, PartialEq)]
pub enum DifferenceKind {
    /// One decision: as the old and as the new side made it.
    Decision(Box<(SeenDecision, SeenDecision)>),
    /// One of some decisions.
    Among(DecisionRange),
    /// Of some decisions the nodes are the same, but not all instants, dispatchers and tasks.
    Timing(DecisionRange),
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
pub struct DecisionRange {
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
pub struct SeenDecision {
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
pub fn against_log(
    setup: &Setup,
    replication: u64,
    old: &DecisionLog,
    new: &DecisionLog,
) -> Result<Option<FirstDifference>, Failure> {
    let range = |from, to| range(setup, replication, from, to);
    let kind = match divergence(old, new) {
        None => return Ok(None),
        Some(Divergence::Node { number, old }) => choice(setup, replication, number, old)?,
        Some(Divergence::Timing(from, to)) => DifferenceKind::Timing(range(from, to)?),
        Some(Divergence::Among(from, to)) => DifferenceKind::Among(range(from, to)?),
        Some(Divergence::Count) => count(old, new),
        Some(Divergence::Jobs) => DifferenceKind::Jobs,
    };
    Ok(Some(FirstDifference {
        replication,
        kind,
        shift: shift(old, new),
    }))
}

/// Decision `number` of `setup`, and the same on the old side, which chose the node `old`.
fn choice(
    setup: &Setup,
    replication: u64,
    number: u64,
    old: u32,
) -> Result<DifferenceKind, Failure> {
    let inspector = Inspector::run(setup, replication, (number, number), Some(old))?;
    let Some(new) = inspector.seen else {
        return Ok(DifferenceKind::Jobs);
    };
    let old = SeenDecision {
        chosen: inspector.other.unwrap_or_else(|| new.chosen.clone()),
        afresh: None,
        ..new.clone()
    };
    Ok(DifferenceKind::Decision(Box::new((old, new))))
}

/// As [`against_log`], with the old side at hand: both are run once more, and the decision is found
/// however late it is.
///
/// # Errors
/// A replication cannot be run.
pub fn between_setups(
    sides: [&Setup; 2],
    replication: u64,
    old: &DecisionLog,
    new: &DecisionLog,
) -> Result<Option<FirstDifference>, Failure> {
    let first = |from, to| first_of(sides, replication, (from, to));
    let kind = match divergence(old, new) {
        None => return Ok(None),
        // With both sides at hand no doubt is left about instants just before it.
        Some(Divergence::Node { number, .. }) => {
            first(number - (number - 1) % STEP as u64, number)?
        }
        Some(Divergence::Timing(from, to) | Divergence::Among(from, to)) => first(from, to)?,
        Some(Divergence::Count) => None,
        Some(Divergence::Jobs) => Some(DifferenceKind::Jobs),
    };
    Ok(Some(FirstDifference {
        replication,
        kind: kind.unwrap_or_else(|| count(old, new)),
        shift: shift(old, new),
    }))
}

/// The first of the decisions with these numbers that differs, as both sides make it.
fn first_of(
    sides: [&Setup; 2],
    replication: u64,
    (from, to): (u64, u64),
) -> Result<Option<DifferenceKind>, Failure> {
    let inspect = |numbers| -> Result<[Inspector<'_>; 2], Failure> {
        let [a, b] = sides.map(|setup| Inspector::run(setup, replication, numbers, None));
        Ok([a?, b?])
    };
    let [a, b] = inspect((from, to))?;
    let Some(at) = a.rows.iter().zip(&b.rows).position(|(a, b)| a != b) else {
        return Ok(None);
    };
    let number = from + at as u64;
    let [a, b] = inspect((number, number))?;
    let both = a.seen.zip(b.seen);
    Ok(both.map(|both| DifferenceKind::Decision(Box::new(both))))
}

fn count(old: &DecisionLog, new: &DecisionLog) -> DifferenceKind {
    DifferenceKind::Count {
        old: old.decisions,
        new: new.decisions,
    }
}

fn shift(old: &DecisionLog, new: &DecisionLog) -> Option<ResponseShift> {
    let (old, new) = (old.detail.as_ref()?, new.detail.as_ref()?);
    Some(ResponseShift::of_logs(old, new))
}

/// Where two logs part; decisions by number from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Divergence {
    Node { number: u64, old: u32 },
    Timing(u64, u64),
    Among(u64, u64),
    Count,
    Jobs,
}

/// Where two logs part, as closely as what they keep tells: at a decision where nodes were kept, else within a
/// stretch whose digests are unlike.
fn divergence(old: &DecisionLog, new: &DecisionLog) -> Option<Divergence> {
    if old.digests.is_empty() || new.digests.is_empty() {
        return None;
    }
    if (old.decisions, old.digest()) == (new.decisions, new.digest()) {
        let differs = shift(old, new).is_some_and(|shift| shift.differing > 0);
        return differs.then_some(Divergence::Jobs);
    }
    let kept = old.detail.as_ref().zip(new.detail.as_ref());
    let among_kept = kept.and_then(|(old, new)| among_kept(old, new));
    Some(among_kept.unwrap_or_else(|| by_digests(old, new)))
}

/// Where two logs that differ part among the decisions whose nodes both have kept.
fn among_kept(old: &LogDetail, new: &LogDetail) -> Option<Divergence> {
    let node = old.nodes.iter().zip(&new.nodes).position(|(a, b)| a != b);
    let step = old.steps.iter().zip(&new.steps).position(|(a, b)| a != b);
    match (node, step) {
        (node, Some(step)) if node.is_none_or(|at| at >= (step + 1) * STEP) => {
            let from = (step * STEP) as u64;
            Some(Divergence::Timing(from + 1, from + STEP as u64))
        }
        (Some(at), _) => Some(Divergence::Node {
            number: at as u64 + 1,
            old: old.nodes[at],
        }),
        _ => None,
    }
}

/// Where two logs part after what both have kept, by the digests at equal numbers of decisions.
fn by_digests(old: &DecisionLog, new: &DecisionLog) -> Divergence {
    let (mut same, mut differing) = (0, None);
    for &(count, digest) in &old.digests {
        let there = new.digests.binary_search_by_key(&count, |one| one.0);
        match there.map(|at| new.digests[at].1 == digest) {
            Ok(true) => same = count,
            Ok(false) => differing = differing.or(Some(count)),
            Err(_) => {}
        }
    }
    let kept = |log: &DecisionLog| {
        let nodes = log.detail.as_ref().map_or(0, |detail| detail.nodes.len());
        (nodes / STEP * STEP) as u64
    };
    let from = same.max(kept(old).min(kept(new))) + 1;
    let both = old.decisions.min(new.decisions);
    match differing {
        None if from > both => Divergence::Count,
        to => Divergence::Among(from, to.unwrap_or(both)),
    }
}

/// Decisions `from..=to` of the new side.
fn range(setup: &Setup, replication: u64, from: u64, to: u64) -> Result<DecisionRange, Failure> {
    let inspector = Inspector::run(setup, replication, (from, to), None)?;
    let time = |row: Option<&Row>| row.map_or(Time::MAX, |row| row.0);
    Ok(DecisionRange {
        from,
        to,
        start: time(inspector.rows.first()),
        end: time(inspector.rows.last()),
    })
}

/// Instant, dispatcher, class, job, task and node.
type Row = (Time, u32, u32, u64, u32, NodeId);

/// Looks at some decisions of a replication, closely at the first of them.
struct Inspector<'s> {
    setup: &'s Setup,
    names: Vec<String>,
    numbers: (u64, u64),
    /// Another node to look at.
    node: Option<u32>,
    count: u64,
    rows: Vec<Row>,
    seen: Option<SeenDecision>,
    other: Option<SeenNode>,
}

impl<'s> Inspector<'s> {
    fn run(
        setup: &'s Setup,
        replication: u64,
        numbers: (u64, u64),
        node: Option<u32>,
    ) -> Result<Inspector<'s>, Failure> {
        let mut inspector = Inspector {
            setup,
            names: setup.cluster.node_names(),
            numbers,
            node,
            count: 0,
            rows: Vec::new(),
            seen: None,
            other: None,
        };
        sim::run(setup, replication, Some(&mut inspector))?;
        Ok(inspector)
    }

    fn look(&mut self, decision: &Decision<'_>) {
        let at = |node: NodeId| seen(decision, node, &self.names);
        let closely = |node: NodeId| ranked(decision, node, &self.names);
        self.other = self.node.map(|node| closely(NodeId(node)));
        let afresh = (!decision.has_memory())
            .then(|| decision.afresh().ok().flatten())
            .flatten()
            .filter(|&node| node != decision.node);
        self.seen = Some(SeenDecision {
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

impl Recorder for Inspector<'_> {
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
