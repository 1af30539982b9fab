//! The first different decision, told.

pub use crate::experiment::trail::first::{FirstDifference, between, difference};

use crate::experiment::trail::first::{Range, SeenNode, Sight, What};
use crate::experiment::trail::moved::Moved;
use crate::metrics::jobs::PARTS;
use crate::text::{counted, thousands};

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
    let mut lines = match &first.what {
        What::Decision(sights) => decision(of, replication, sights, labels),
        What::Among(range) => among(of, replication, range),
        What::Timing(range) => timing(of, replication, range),
        What::Count { old, new } => count(of, replication, *old, *new, labels),
        What::Jobs => vec![format!(
            "every decision of {of} is the same in replication {replication}; what differs comes after it"
        )],
    };
    lines.extend(
        first
            .moved
            .as_ref()
            .map(|moved| format!("  {}", told(moved))),
    );
    lines
}

fn decision(
    of: &str,
    replication: u64,
    sights: &(Sight, Sight),
    labels: Labels<'_>,
) -> Vec<String> {
    let (old, new) = sights;
    let mut lines = vec![format!(
        "first different decision of {of}: replication {replication}, {}",
        place(new)
    )];
    if place(old) != place(new) {
        lines.push(format!("  {} had instead: {}", labels.old, place(old)));
    }
    let width = labels.old.len().max(labels.new.len());
    let names = old.chosen.name.len().max(new.chosen.name.len());
    for (label, sight) in [(labels.old, old), (labels.new, new)] {
        lines.push(format!(
            "  {label:<width$}  {}",
            node(&sight.chosen, names, sight.eligible)
        ));
    }
    lines.extend(asked(old, new, labels));
    if let Some(afresh) = &new.afresh {
        lines.push(format!(
            "  the placement, built anew and shown the same nodes, chooses {}: it decides by a memory of its own",
            afresh.name
        ));
    }
    lines
}

/// When, what and by whom.
fn place(sight: &Sight) -> String {
    format!(
        "t = {} s, task {} of {} job {}, dispatcher {} (decision {})",
        sight.time.as_secs(),
        sight.task,
        sight.class,
        thousands(sight.job),
        sight.dispatcher,
        thousands(sight.number)
    )
}

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
    if !node.is_eligible {
        text += "  not a node that the task may use";
    } else if let Some(better) = node.better {
        text += &match better {
            0 => format!("  none of {} ranks better", thousands(eligible)),
            better => format!(
                "  {} of {} rank better",
                thousands(better),
                thousands(eligible)
            ),
        };
    }
    text
}

/// A score with three significant digits.
fn figure(score: f64) -> String {
    if score == 0.0 || (score.fract() == 0.0 && score.abs() < 1e9) {
        return format!("{score}");
    }
    let exponent = score.abs().log10().floor() as i32;
    format!("{score:.*}", (2 - exponent).clamp(0, 12) as usize)
}

/// Nodes of a list that are named.
const LISTED: usize = 12;

/// The nodes that were asked, where there are others than the chosen ones.
fn asked(old: &Sight, new: &Sight, labels: Labels<'_>) -> Vec<String> {
    let list = |sight: &Sight| -> String {
        let each = sight.asked.iter().map(|node| {
            let tasks = node.tasks.map(|tasks| format!(" ({tasks})"));
            format!("{}{}", node.name, tasks.unwrap_or_default())
        });
        let mut each: Vec<String> = each.collect();
        let more = each.len().saturating_sub(LISTED);
        each.truncate(LISTED);
        if more > 0 {
            each.push(format!("{} more", thousands(more as u64)));
        }
        each.join(", ")
    };
    let (before, now) = (list(old), list(new));
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

fn among(of: &str, replication: u64, range: &Range) -> Vec<String> {
    vec![
        format!(
            "first different decision of {of}: replication {replication}, {}",
            told_range(range)
        ),
        "  nothing closer is kept of the old side; to find it, run both with `--record decisions`"
            .to_owned(),
        "  and compare the two folders by `equipoise diff`".to_owned(),
    ]
}

fn timing(of: &str, replication: u64, range: &Range) -> Vec<String> {
    vec![
        format!(
            "first different decision of {of}: replication {replication}, {}",
            told_range(range)
        ),
        "  the nodes chosen there are the same; instants, dispatchers or the order of tasks differ"
            .to_owned(),
    ]
}

fn told_range(range: &Range) -> String {
    format!(
        "one of the decisions {} to {}, t = {} to {} s",
        thousands(range.from),
        thousands(range.to),
        range.start.as_secs(),
        range.end.as_secs()
    )
}

fn count(of: &str, replication: u64, old: u64, new: u64, labels: Labels<'_>) -> Vec<String> {
    vec![format!(
        "the decisions of {of} in replication {replication} are the same as far as both go: {} {}, {} {}",
        labels.old,
        thousands(old),
        labels.new,
        thousands(new)
    )]
}

/// How the response times moved, in one sentence.
pub fn told(moved: &Moved) -> String {
    let part = if moved.of < moved.measured {
        "the first "
    } else {
        ""
    };
    let least = if moved.is_exact || moved.differing == 0 {
        ""
    } else {
        "at least "
    };
    let mut text = format!(
        "{least}{} of {part}{} measured jobs take another time",
        thousands(moved.differing),
        thousands(moved.of)
    );
    if let Some((_, tail)) = moved.change() {
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
    let amount = |ns: i64| figure_3(ns.unsigned_abs() as f64 / factor);
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

fn figure_3(value: f64) -> String {
    let exponent = value.max(1e-9).log10().floor() as i32;
    format!("{value:.*}", (1 - exponent).clamp(0, 9) as usize)
}

fn unit(ns: i64) -> (&'static str, f64) {
    match ns.unsigned_abs() {
        0..1_000 => ("ns", 1.0),
        1_000..1_000_000 => ("us", 1e3),
        1_000_000..10_000_000_000 => ("ms", 1e6),
        _ => ("s", 1e9),
    }
}
