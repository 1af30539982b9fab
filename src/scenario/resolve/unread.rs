//! Settings that are accepted and that nothing reads, because of what else is said.
//!
//! They are no mistakes: one `[scheduling]` may serve strategies of which some have no use for it, and a comparison
//! may change a part and keep the rest. But who writes one that nobody here reads expects something of it, and is
//! told that it has no effect.

use super::check::Check;
use crate::model::discipline::Discipline;
use crate::scenario::text::tree::{Node, Span};
use crate::sim::setup::Setup;
use crate::strategy::goes_by::goes_by;
use crate::strategy::{
    Backfill, Binding, Copies, Estimates, InFlight, Parts, QueueOrder, Spread, Ties,
};
use crate::text::quoted;
use crate::workload::class::{Class, Shape};

/// A setting of strategies, and who reads it.
struct Setting {
    key: &'static str,
    /// Whether something else is said than the default.
    is_said: fn(&Parts) -> bool,
    is_read: fn(&Setup, &Parts) -> bool,
    /// Why it has no effect, and what to do.
    why: &'static str,
    hint: &'static str,
}

const SETTINGS: [Setting; 5] = [
    Setting {
        key: "estimates",
        is_said: |parts| parts.estimates != Estimates::Exact,
        is_read: reads_estimates,
        why: "nothing there goes by how long tasks take",
        hint: "leave it out, or place by = \"work\", or give the nodes discipline = \"sjf\"",
    },
    Setting {
        key: "estimates",
        is_said: |parts| parts.estimates == Estimates::JobMean,
        is_read: |setup, _| setup.classes.iter().any(has_several_tasks),
        why: "each job has one task, whose work is the mean of its job",
        hint: "leave it out, or write \"class-mean\"",
    },
    Setting {
        key: "ties",
        is_said: |parts| parts.ties != Ties::Random,
        is_read: |_, parts| looks(parts),
        why: "the placement compares no nodes, so that none are equal",
        hint: "leave it out",
    },
    Setting {
        key: "in-flight",
        is_said: |parts| parts.in_flight != InFlight::Counted,
        is_read: |_, parts| looks(parts),
        why: "the placement does not look at nodes",
        hint: "leave it out",
    },
    Setting {
        key: "spread",
        is_said: |parts| parts.spread != Spread::Random,
        is_read: |_, parts| parts.dispatchers > 1,
        why: "all jobs come to its one dispatcher",
        hint: "leave it out, or write `dispatchers`",
    },
];

/// Tells of settings that nothing reads, once nothing is wrong.
pub fn warn(check: &mut Check<'_>, setups: &[Setup], notes: &mut Vec<String>) {
    if !check.is_right() {
        return;
    }
    let mut strategies = check.at("strategies");
    for setting in &SETTINGS {
        unread(&mut strategies, setting, setups);
    }
    keys(check, setups);
    queues(check, setups);
    let names: Vec<&str> = setups.iter().map(|s| s.strategy.name.as_str()).collect();
    for note in out_of_reach(check, &names) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
}

/// Where a setting may be written: for a whole strategy, or for a class of it, and the parts that have it from there.
struct Scope<'a> {
    setup: &'a Setup,
    class: Option<String>,
    parts: &'a [Parts],
}

/// Of a strategy, and of each class for which it says something else.
fn scopes<'a>(check: &mut Check<'_>, setup: &'a Setup) -> Vec<Scope<'a>> {
    let parts = &setup.strategy.parts;
    let own = |(class, _): (String, Node), parts: &'a Parts| Scope {
        setup,
        class: Some(class),
        parts: std::slice::from_ref(parts),
    };
    let classes = check.name(&setup.strategy.name).at("for").entries();
    let classes = classes.into_iter().zip(&parts[1..]);
    let class = None;
    let whole = Scope {
        setup,
        class,
        parts,
    };
    let classes = classes.map(|(class, parts)| own(class, parts));
    std::iter::once(whole).chain(classes).collect()
}

/// What is found where the setting of a scope stands.
fn at<T>(check: &mut Check<'_>, scope: &Scope, key: &str, of: impl Fn(Check<'_>) -> T) -> T {
    let mut check = check.name(&scope.setup.strategy.name);
    match &scope.class {
        None => of(check.at(key)),
        Some(class) => of(check.at("for").name(class).at(key)),
    }
}

/// Warns where a setting is written and none of the strategies that have it from there reads it.
fn unread(check: &mut Check<'_>, setting: &Setting, setups: &[Setup]) {
    let key = setting.key;
    let mut written: Vec<(Span, Vec<Scope>)> = Vec::new();
    for setup in setups {
        let preset = check.name(&setup.strategy.name).at("preset").written();
        for scope in scopes(check, setup) {
            let Some(span) = at(check, &scope, key, |check| check.written()) else {
                continue;
            };
            match written.iter_mut().find(|(known, _)| *known == span) {
                Some((_, of)) => of.push(scope),
                // What a preset brings, nobody wrote here.
                None if preset.as_ref() == Some(&span) => {}
                None => written.push((span, vec![scope])),
            }
        }
    }
    for (_, of) in written {
        let any = |has: &dyn Fn(&Setup, &Parts) -> bool| {
            let mut scopes = of.iter();
            scopes.any(|scope| scope.parts.iter().any(|parts| has(scope.setup, parts)))
        };
        if any(&|_, parts| (setting.is_said)(parts)) && !any(&setting.is_read) {
            let names: Vec<&str> = of.iter().map(|s| s.setup.strategy.name.as_str()).collect();
            let class = of[0].class.as_ref();
            let class = class.map_or(String::new(), |class| format!("for `{class}` "));
            let (names, why) = (quoted(&names), setting.why);
            let title = format!("`{key}` {class}has no effect on {names}: {why}");
            at(check, &of[0], key, |mut check| {
                check.warn(title.clone(), setting.hint);
            });
        }
    }
}

/// Whether decisions of these parts go by the state of nodes. (Reservations are made by chance, too, but find
/// nodes in their own way.)
fn looks(parts: &Parts) -> bool {
    parts.late.is_some() || goes_by(parts.placement.as_ref()).nodes
}

/// Whether anything goes by how long the tasks of these parts are said to take.
fn reads_estimates(setup: &Setup, parts: &Parts) -> bool {
    let strategy = &setup.strategy;
    let is_ordered =
        |discipline: &Discipline| matches!(discipline, Discipline::Sjf | Discipline::Srpt);
    let mut groups = setup.cluster.groups.iter();
    groups.any(|group| is_ordered(&group.discipline))
        || strategy.queue.order == QueueOrder::Sjf
        || matches!(
            strategy.queue.backfill,
            Backfill::Easy | Backfill::Conservative
        )
        || matches!(strategy.copies, Some(Copies::Speculation { .. }))
        || goes_by(parts.placement.as_ref()).work
}

/// Whether jobs of a class may have more than one task.
fn has_several_tasks(class: &Class) -> bool {
    let count = |shape: &Shape| match shape {
        Shape::Tasks { count, .. } | Shape::Split { into: count, .. } => count.constant(),
        Shape::Trace => None,
    };
    match &class.stages[..] {
        [stage] => count(&stage.shape) != Some(1.0),
        _ => true,
    }
}

/// Warns of keys of jobs by which nobody goes.
fn keys(check: &mut Check<'_>, setups: &[Setup]) {
    let goes = |setup: &Setup| {
        let mut parts = setup.strategy.parts.iter();
        parts.any(|parts| goes_by(parts.placement.as_ref()).key)
    };
    let Some(first) = setups.first().filter(|_| !setups.iter().any(goes)) else {
        return;
    };
    let mut jobs = check.at("jobs");
    for class in first.classes.iter().filter(|class| class.key.is_some()) {
        let mut check = jobs.name(&class.name);
        let mut check = check.at("key");
        if check.was_there() {
            let title = format!(
                "`key` of `{}` has no effect: no placement goes by it",
                class.name
            );
            check.warn(
                title,
                "leave it out, or place by `consistent-hash` or `sticky`",
            );
        }
    }
}

/// Warns of how nodes queue where all tasks wait in a central queue.
fn queues(check: &mut Check<'_>, setups: &[Setup]) {
    let is_central = |setup: &Setup| setup.strategy.binding == Binding::CentralQueue;
    let Some(first) = setups.first().filter(|_| setups.iter().all(is_central)) else {
        return;
    };
    let mut nodes = check.at("nodes");
    for group in &first.cluster.groups {
        let is_in_turn = group.discipline == Discipline::Fifo || group.discipline.shares();
        let mut check = nodes.name(&group.name);
        for (key, is_said) in [
            ("discipline", !is_in_turn),
            ("queue-limit", group.queue_limit.is_some()),
        ] {
            if is_said {
                let title = format!(
                    "`{key}` of nodes.{} has no effect: all tasks wait in central queues",
                    group.name
                );
                let hint = "leave it out, or say it of the queue: binding.central-queue";
                check.at(key).warn(title, hint);
            }
        }
    }
}

/// What is said for all strategies and does not come to some of them: a preset that brings its own goes before it,
/// or every strategy has its own.
fn out_of_reach(check: &mut Check<'_>, names: &[&str]) -> Vec<String> {
    let said = check.at("scheduling").entries();
    let note = |(key, value): (String, Node)| {
        let reached = names.iter().map(|name| reached(check, name, &key, &value));
        let reached: Vec<Reached> = reached.collect();
        let by_presets = names.iter().zip(&reached);
        let by_presets = by_presets.filter(|(_, reached)| **reached == Reached::Preset);
        let by_presets: Vec<&str> = by_presets.map(|(name, _)| *name).collect();
        // By what a task is placed and bound is what a preset is named for: nobody expects anything else of it.
        let is_named_for = ["placement", "binding"].contains(&key.as_str());
        match by_presets[..] {
            [] if !reached.contains(&Reached::Yes) => Some(format!(
                "scheduling.{key} has no effect: every strategy has its own"
            )),
            [_, ..] if !is_named_for => Some(format!(
                "scheduling.{key} has no effect on {}: the preset brings its own",
                quoted(&by_presets)
            )),
            _ => None,
        }
    };
    said.into_iter().filter_map(note).collect()
}

/// Whether something that is said for all strategies comes to one of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    Yes,
    /// It says something else itself.
    No,
    /// Its preset does.
    Preset,
}

fn reached(check: &mut Check<'_>, name: &str, key: &str, value: &Node) -> Reached {
    let mut strategies = check.at("strategies");
    let mut strategy = strategies.name(name);
    let preset = strategy.at("preset").written();
    let own = strategy.at(key).node();
    let spans = own.as_ref().map_or(Vec::new(), Node::leaves);
    let is_preset = preset.is_some_and(|preset| spans.contains(&preset));
    let is_same = own.is_some_and(|own| own.to_inline() == value.to_inline());
    match is_same || value.leaves().iter().any(|span| spans.contains(span)) {
        true => Reached::Yes,
        false if is_preset => Reached::Preset,
        false => Reached::No,
    }
}
