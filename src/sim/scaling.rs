//! Groups that grow and shrink by what is seen of them.
//!
//! Nodes that are asked for come after they have booted, and those that are sent away finish what they have
//! begun. What a rule sees are means since it looked last, so that it does not answer to single tasks.

use std::ops::Range;

use crate::engine::agenda::Place;
use crate::engine::time::Time;
use crate::model::cluster::SLOTS;
use crate::model::elastic::{Autoscaling, Signal};
use crate::model::ids::NodeId;

use super::core::{Core, Timer};
use super::faults::{Faults, Size};

/// Looks before each judgement.
const LOOKS: u64 = 10;

/// All groups that do so.
pub struct Scaling {
    scalers: Vec<Scaler>,
}

struct Scaler {
    group: u32,
    nodes: Range<u32>,
    /// Looks since the last judgement; what was seen in them, and of how much.
    looks: u64,
    seen: u128,
    whole: u128,
    /// When the size was last changed.
    changed: Option<Time>,
}

impl Scaling {
    /// Before the first look, which comes a tenth of its time after 0.
    pub fn new(core: &mut Core<'_>) -> Scaling {
        let (setup, mut first) = (core.setup, 0);
        let mut scalers = Vec::new();
        for (group, of) in (0u32..).zip(&setup.cluster.groups) {
            let nodes = first..first + of.count;
            first = nodes.end;
            if let Some(rule) = &of.autoscaling {
                scalers.push(Scaler {
                    group,
                    nodes,
                    looks: 0,
                    seen: 0,
                    whole: 0,
                    changed: None,
                });
                core.wait_until(pause(rule), Timer::Look, group);
            }
        }
        Scaling { scalers }
    }

    /// A job is complete after `response`.
    pub fn note_response(&mut self, core: &Core<'_>, response: Time) {
        for scaler in &mut self.scalers {
            if rule(core, scaler.group).is_some_and(|rule| rule.on == Signal::Response) {
                scaler.seen += u128::from(response.0);
                scaler.whole += 1_000_000_000;
            }
        }
    }

    /// Looks at `group`, where `central` tasks wait in the central queue; tells the nodes that are asked
    /// for or sent away.
    pub fn look(
        &mut self,
        core: &mut Core<'_>,
        faults: &mut Faults,
        group: u32,
        central: u64,
    ) -> Vec<NodeId> {
        let scaler = self.scalers.iter_mut().find(|scaler| scaler.group == group);
        let (Some(scaler), Some(rule)) = (scaler, rule(core, group)) else {
            return Vec::new();
        };
        let size = faults.size(scaler.nodes.clone());
        scaler.see(core, rule.on, &size, central);
        let now = core.now();
        // Where nothing is left to happen, nothing will ever change.
        if core.agenda.pending() > 0 || core.agenda.outside() != Place::NEVER {
            core.wait_until(now + pause(rule), Timer::Look, group);
        }
        scaler.looks += 1;
        if scaler.looks < LOOKS {
            return Vec::new();
        }
        let nodes = scaler.judge(rule, &size, now);
        for &node in &nodes {
            match size.there.contains(&node) {
                true => faults.send_away(node),
                false => faults.ask_for(core, node, rule.boot),
            }
        }
        (scaler.looks, scaler.seen, scaler.whole) = (0, 0, 0);
        nodes
    }
}

/// The rule of a group.
fn rule<'s>(core: &Core<'s>, group: u32) -> Option<&'s Autoscaling> {
    let setup = core.setup;
    setup.cluster.groups[group as usize].autoscaling.as_ref()
}

/// Time between two looks.
fn pause(rule: &Autoscaling) -> Time {
    Time((rule.every.0 / LOOKS).max(1))
}

impl Scaler {
    /// Adds one look at a group to its signal; means over looks decide, as single ones swing.
    fn see(&mut self, core: &Core<'_>, on: Signal, size: &Size, central: u64) {
        let nodes = || size.there.iter().copied();
        let waiting = |node| u128::from(core.nodes.at(node).queued);
        match on {
            Signal::Response => {}
            Signal::Queue => {
                self.seen += nodes().map(waiting).sum::<u128>() + u128::from(central);
                self.whole += size.there.len() as u128;
            }
            Signal::Utilization => {
                for node in nodes() {
                    let capacity = core.layout.capacity(node);
                    let d = capacity.iter().position(Option::is_some).unwrap_or(SLOTS);
                    self.seen += u128::from(core.nodes.used(node, d));
                    self.whole += u128::from(capacity[d].unwrap_or(0));
                }
            }
        }
    }

    /// The nodes that are asked for, or those that are sent away, if any: nothing within the cooldown,
    /// and nothing where nothing was seen.
    fn judge(&mut self, rule: &Autoscaling, size: &Size, now: Time) -> Vec<NodeId> {
        let is_cool = self.changed.is_none_or(|at| now >= at + rule.cooldown);
        if !is_cool || self.whole == 0 {
            return Vec::new();
        }
        let (level, there) = (
            self.seen as f64 / self.whole as f64,
            size.there.len() as u32,
        );
        let all = there + size.booting;
        let nodes: Vec<NodeId> = if level > rule.above {
            let more = rule.step.min(rule.max.saturating_sub(all));
            size.away.iter().copied().take(more as usize).collect()
        } else if level < rule.below {
            let less = rule.step.min(all.saturating_sub(rule.min));
            size.there
                .iter()
                .rev()
                .copied()
                .take(less as usize)
                .collect()
        } else {
            Vec::new()
        };
        if !nodes.is_empty() {
            self.changed = Some(now);
        }
        nodes
    }
}
