//! How the central queue starts what may start, by rules that are not plain.

use crate::model::ids::NodeId;
use crate::model::slab::NONE;

use super::central::Next;
use super::failure::Fallible;
use super::replication::Replication;

impl Replication<'_> {
    /// Starts tasks and gangs from the central queue as long as any may start.
    #[inline(never)]
    pub(super) fn pull_by_rules(&mut self) -> Fallible {
        loop {
            let Some(central) = &mut self.central else {
                return Ok(());
            };
            let (first, nodes) = match central.next(&mut self.core) {
                None => return central.check_hope(&self.core).map_err(Into::into),
                Some(Next::Anywhere(first)) => (first, Vec::new()),
                Some(Next::AsPlanned(first)) => (first, central.planned()),
            };
            self.start_together(first, nodes)?;
        }
    }

    /// Starts a task, or all of its gang; where `nodes` are given there, each task at one of them.
    fn start_together(&mut self, first: u32, mut nodes: Vec<NodeId>) -> Fallible {
        let (task, job) = self.core.records.both(first);
        let is_gang = self.core.facts[job.class as usize].is_gang;
        let tasks = if is_gang { u64::from(job.tasks) } else { 1 };
        debug_assert!(!is_gang || task.job == first);
        if let Some(central) = &mut self.central {
            central.take_out(&mut self.core, first, tasks);
        }
        let mut id = first;
        for _ in 0..tasks {
            let sibling = self.core.records.task(id).sibling;
            let node = match nodes.is_empty() {
                true => self.dispatch.choose(&mut self.core, id)?,
                false => {
                    let mut distinct = nodes.clone();
                    distinct.dedup();
                    let node = self.dispatch.choose_among(&mut self.core, id, &distinct)?;
                    let at = nodes.iter().position(|it| *it == node);
                    nodes.remove(at.unwrap_or(0));
                    node
                }
            };
            self.dispatch.bind(&mut self.core, id, node);
            self.core.start(id);
            self.follow_clock(node);
            id = sibling;
        }
        debug_assert!(!is_gang || id == NONE);
        Ok(())
    }
}
