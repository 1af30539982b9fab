//! The first different decision, in words.
//!
//! After a change of an algorithm the question is seldom "by how much" first; it is "where did it
//! begin to do something else, and what did it see there". Two lines show what each version saw of
//! the node that it took, a third what they asked, a fourth what became of the response times.

use crate::decision_log::first_difference::{
    DecisionRange, DifferenceKind, FirstDifference, SeenDecision, SeenNode,
};
use crate::decision_log::response_shift::ResponseShift;
use crate::metrics::jobs::PARTS;
use crate::text::{counted, lasting, significant, thousands};

/// Nodes of a list that are named.
const LISTED: usize = 12;

/// How the two sides are called.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    /// The old side, for example "baseline".
    pub old: &'a str,
    /// The new one, for example "now".
    pub new: &'a str,
}

/// The difference of a strategy (`of`: its name, with the point's values in a sweep) as lines of
/// text without line ends, the first of which is a heading and the others indented.
pub fn lines(of: &str, first: &FirstDifference, labels: Labels<'_>) -> Vec<String> {
    let replication = first.replication;
    let heading = format!("first different decision of {of}: replication {replication}, ");
    let mut lines = match &first.kind {
        DifferenceKind::Decision(both) => decision(heading, both, labels),
        DifferenceKind::Among(range) => vec![
            heading + &range_text(range),
            "  nothing closer is kept of the old side; to find it, run both with `--record decisions`"
                .to_owned(),
            "  and compare the two folders by `equipoise diff`".to_owned(),
        ],
        DifferenceKind::Timing(range) => vec![
            heading + &range_text(range),
            "  the nodes chosen there are the same; instants, dispatchers or the order of tasks differ"
                .to_owned(),
        ],
        DifferenceKind::Count { old, new } => vec![format!(
            "the decisions of {of} in replication {replication} are the same as far as both go: {} {}, {} {}",
            labels.old,
            thousands(*old),
            labels.new,
            thousands(*new)
        )],
        DifferenceKind::Jobs => vec![format!(
            "every decision of {of} is the same in replication {replication}; what differs comes after it"
        )],
    };
    let shift = first.shift.as_ref();
    lines.extend(shift.map(|shift| format!("  {}", shift_text(shift))));
    lines
}

/// The decision as both sides saw it, and what it says of a placement that decides by memory.
fn decision(
    heading: String,
    (old, new): &(SeenDecision, SeenDecision),
    labels: Labels<'_>,
) -> Vec<String> {
    let mut lines = vec![heading + &occasion(new)];
    if occasion(old) != occasion(new) {
        lines.push(format!("  {} had instead: {}", labels.old, occasion(old)));
    }
    let width = labels.old.len().max(labels.new.len());
    let names = old.chosen.name.len().max(new.chosen.name.len());
    for (label, side) in [(labels.old, old), (labels.new, new)] {
        let node = node(&side.chosen, names, side.eligible);
        lines.push(format!("  {label:<width$}  {node}"));
    }
    lines.extend(asked(old, new, labels));
    lines.extend(new.afresh.as_ref().map(|afresh| {
        format!(
            "  the placement, built anew and shown the same nodes, chooses {}: it decides by a memory of its own",
            afresh.name
        )
    }));
    lines
}

/// When, for what and by whom.
fn occasion(decision: &SeenDecision) -> String {
    format!(
        "t = {}, task {} of {} job {}, dispatcher {} (decision {})",
        lasting(decision.time.as_secs()),
        decision.task,
        decision.class,
        thousands(decision.job),
        decision.dispatcher,
        thousands(decision.number)
    )
}

/// What is known of a node: its score, its tasks, and how many eligible ones rank better.
fn node(node: &SeenNode, width: usize, eligible: u64) -> String {
    let mut text = format!("{:<width$}", node.name);
    if let Some(score) = node.score {
        text += &format!("  score {}", figure(score));
    }
    if let Some(tasks) = node.tasks {
        text += &format!("  {}", counted(tasks, "task"));
    }
    if let Some(used) = node.used {
        text += &format!("  {} % used", (used * 100.0).round());
    }
    let of = thousands(eligible);
    match node.better {
        _ if !node.is_eligible => text + "  not a node that the task may use",
        None => text,
        Some(0) => text + &format!("  none of {of} ranks better"),
        Some(better) => text + &format!("  {} of {of} rank better", thousands(better)),
    }
}

/// A score with three significant digits, whole numbers with all.
fn figure(score: f64) -> String {
    if score == 0.0 || (score.fract() == 0.0 && score.abs() < 1e9) {
        return format!("{score}");
    }
    significant(score, 3)
}

/// The nodes that were asked, where there are others than the chosen ones.
fn asked(old: &SeenDecision, new: &SeenDecision, labels: Labels<'_>) -> Vec<String> {
    let (before, now) = (nodes(&old.asked), nodes(&new.asked));
    let line = |who: &str, list: &str| format!("  nodes asked{who} (with tasks): {list}");
    match (before.is_empty(), now.is_empty()) {
        (true, true) => Vec::new(),
        _ if before == now => vec![line("", &now)],
        _ => vec![
            line(&format!(" by {}", labels.old), &before),
            line(&format!(" by {}", labels.new), &now),
        ],
    }
}

/// Nodes with their tasks; of many the first dozen.
fn nodes(asked: &[SeenNode]) -> String {
    let name = |node: &SeenNode| {
        let tasks = node.tasks.map(|tasks| format!(" ({tasks})"));
        format!("{}{}", node.name, tasks.unwrap_or_default())
    };
    let mut names: Vec<String> = asked.iter().take(LISTED).map(name).collect();
    let more = asked.len() - names.len();
    if more > 0 {
        names.push(format!("{} more", thousands(more as u64)));
    }
    names.join(", ")
}

fn range_text(range: &DecisionRange) -> String {
    format!(
        "one of the decisions {} to {}, t = {} to {}",
        thousands(range.from),
        thousands(range.to),
        lasting(range.start.as_secs()),
        lasting(range.end.as_secs())
    )
}

/// How the response times changed, in one sentence.
fn shift_text(shift: &ResponseShift) -> String {
    let is_part = shift.of < shift.measured;
    let is_least = !shift.is_exact && shift.differing > 0;
    let mut text = format!(
        "{}{} of {}{} measured jobs take another time",
        if is_least { "at least " } else { "" },
        thousands(shift.differing),
        if is_part { "the first " } else { "" },
        thousands(shift.of)
    );
    if let Some(tail) = shift.tail_change() {
        text += &format!("; the slowest 1 % {}", slower(tail));
    }
    text
}

/// "take 31 ms longer (retry +29, queue +2)": the parts that make up most of it.
fn slower(change: [i64; 7]) -> String {
    let total: i64 = change.iter().sum();
    if total == 0 {
        return "take as long as before".to_owned();
    }
    let (unit, factor) = unit(total);
    let amount = |ns: i64| significant(ns.unsigned_abs() as f64 / factor, 2);
    let way = if total > 0 { "longer" } else { "less" };
    let mut parts: Vec<(i64, &str)> = change.into_iter().zip(PARTS).collect();
    parts.retain(|(ns, _)| ns.unsigned_abs() * 10 >= total.unsigned_abs());
    parts.sort_by_key(|(ns, _)| std::cmp::Reverse(ns.unsigned_abs()));
    let one = |(ns, part): &(i64, &str)| {
        let sign = if *ns > 0 { '+' } else { '-' };
        format!("{part} {sign}{}", amount(*ns))
    };
    let parts: Vec<String> = parts.iter().take(3).map(one).collect();
    format!("take {} {unit} {way} ({})", amount(total), parts.join(", "))
}

fn unit(ns: i64) -> (&'static str, f64) {
    match ns.unsigned_abs() {
        0..1_000 => ("ns", 1.0),
        1_000..1_000_000 => ("us", 1e3),
        1_000_000..10_000_000_000 => ("ms", 1e6),
        _ => ("s", 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    #[test]
    fn the_parts_that_make_up_most_of_a_change_are_named() {
        // dispatch, decision, network, queue, service, retry, gather
        let longer = [0, 0, MS / 10, 6 * MS, 0, 25 * MS, 0];
        // A part below a tenth is left out.
        assert_eq!(slower(longer), "take 31 ms longer (retry +25, queue +6.0)");
        let less = [0, 0, 0, -8 * MS, 2 * MS, 0, 0];
        assert_eq!(slower(less), "take 6.0 ms less (queue -8.0, service +2.0)");
        assert_eq!(slower([0, 0, 0, 5, -5, 0, 0]), "take as long as before");
    }

    #[test]
    fn how_much_is_known_of_the_response_times_is_said() {
        let mut shift = ResponseShift {
            differing: 12,
            of: 65_536,
            measured: 100_000,
            is_exact: false,
            old: None,
            new: None,
        };
        let known = "at least 12 of the first 65,536 measured jobs take another time";
        assert_eq!(shift_text(&shift), known);
        (shift.is_exact, shift.measured) = (true, 65_536);
        let known = "12 of 65,536 measured jobs take another time";
        assert_eq!(shift_text(&shift), known);
    }
}
