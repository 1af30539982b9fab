//! How the central queue starts what may start, by rules that are not plain.

use crate::model::ids::NodeId;

use super::central::Next;
use super::failure::Fallible;
use super::replication::Replication;
use crate::strategy::How;

impl Replication<'_> {
    /// Starts tasks and gangs from the central queue as long as any may start; who is too many to wait is
    /// refused.
    #[cold]
    pub(super) fn pass_through_queue(&mut self) -> Fallible {
        self.start_by_rules()?;
        let limit = self.core.setup.strategy.limits.central_queue;
        while let Some(central) = &mut self.central
            && let Some(last) = central.surplus(limit)
        {
            central.withdraw(&mut self.core, last);
            self.end_attempt(last, How::Refused)?;
        }
        Ok(())
    }

    fn start_by_rules(&mut self) -> Fallible {
        while let Some(central) = &mut self.central {
            central.begin_pass();
            let (first, nodes) = match central.next(&mut self.core) {
                None => return central.check_hope(&self.core).map_err(Into::into),
                Some(Next::Anywhere(first)) => (first, Vec::new()),
                Some(Next::AsPlanned(first)) => (first, central.planned()),
            };
            self.start_together(first, &nodes)?;
        }
        Ok(())
    }

    /// Starts a task, or all of its gang: where the placement says, or at the `nodes` that are given, one
    /// for each task.
    fn start_together(&mut self, first: u32, nodes: &[NodeId]) -> Fallible {
        let (task, job) = self.core.records.both(first);
        let is_gang = self.core.facts[job.class as usize].is_gang;
        let tasks = if is_gang { job.tasks } else { 1 };
        debug_assert!(!is_gang || task.job == first);
        if let Some(central) = &mut self.central {
            central.take_out(&mut self.core, first, u64::from(tasks));
        }
        let mut id = first;
        for at in 0..tasks as usize {
            let sibling = self.core.records.task(id).sibling;
            let node = match nodes.get(at) {
                Some(node) => *node,
                None => self.dispatch.choose(&mut self.core, id)?,
            };
            self.dispatch.bind(&mut self.core, id, node);
            self.core.start(id);
            self.follow_clock(node);
            id = sibling;
        }
        let in_window = self.core.window.contains(self.core.now());
        nodes
            .iter()
            .for_each(|_| self.core.totals.placed(in_window, 0));
        Ok(())
    }
}
