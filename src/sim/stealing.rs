//! Work stealing: a node that falls idle takes waiting tasks from another (Blumofe & Leiserson, JACM
//! 46, 1999; Mitzenmacher, "Analyses of load stealing models", SPAA 1998). What has started stays. And
//! pushing: a node that has much to do sends on what would have to wait there.

use crate::model::ids::NodeId;
use crate::model::nodes::NodeState;
use crate::model::slab::NONE;
use crate::strategy::Loot;

use super::failure::Fallible;
use super::recorder::Incident;
use super::records::Phase;
use super::replication::Replication;
use super::service;
use super::thieves::{Pushed, emptiest, longest};

impl Replication<'_> {
    /// A service has ended: reservations may have found room, or the node fallen idle.
    #[cold]
    pub(super) fn turn_to_others(&mut self, node: NodeId) -> Fallible {
        self.follow_starts();
        self.steal(node)?;
        self.follow_starts();
        Ok(())
    }

    /// A node has come up, or joined: it may be idle.
    #[cold]
    pub(super) fn turn_up(&mut self, node: NodeId) -> Fallible {
        match self.core.setup.strategy.stealing {
            Some(_) => self.turn_to_others(node),
            None => Ok(()),
        }
    }

    /// An attempt that has just reached its node has to wait there: where too many are it goes on to another;
    /// true if it does.
    #[cold]
    pub(super) fn push(&mut self, id: u32) -> Fallible<bool> {
        let node = self.core.records.task(id).node;
        let Some(pushing) = self.core.setup.strategy.pushing else {
            return Ok(false);
        };
        let attempt = Pushed::of(&self.core, id);
        if self.core.nodes.at(node).tasks <= pushing.above || !self.thieves.push(id, attempt) {
            return Ok(false);
        }
        let mut draw = self.thieves.draw(&self.core, node);
        let target = emptiest(&mut self.core, (id, node), pushing, &mut draw);
        if let Some(target) = target {
            self.take_away(id, target)?;
            service::start_waiting(&mut self.core, node);
        }
        Ok(target.is_some())
    }

    /// A node may have fallen idle: then it looks at some others and takes from the longest queue.
    fn steal(&mut self, thief: NodeId) -> Fallible {
        let is_idle = self.core.nodes.at(thief).tasks == 0;
        let Some(stealing) = self.core.setup.strategy.stealing.filter(|_| is_idle) else {
            return Ok(());
        };
        if self.core.nodes.state(thief) != NodeState::Up {
            return Ok(());
        }
        let mut draw = self.thieves.draw(&self.core, thief);
        let victim = longest(&mut self.core, thief, stealing, &mut draw);
        let queued = self.core.nodes.in_queue(victim);
        let loot = match stealing.loot {
            Loot::One => queued.min(1),
            Loot::Half => queued.div_ceil(2),
        };
        if self.core.setup.strategy.stolen.is_empty() {
            self.take_first(victim, thief, loot)?;
        } else {
            self.take_some(victim, thief, stealing.loot)?;
        }
        service::start_waiting(&mut self.core, victim);
        Ok(())
    }

    /// Takes so many from the head of a queue, up to the first that may not go.
    fn take_first(&mut self, victim: NodeId, thief: NodeId, count: u64) -> Fallible {
        for taken in 0..count {
            let id = service::first_waiting(&self.core, victim);
            if id == NONE || !self.may_be_stolen(id, thief) || !self.has_place(thief, taken) {
                break;
            }
            self.take_away(id, thief)?;
        }
        Ok(())
    }

    /// Takes one, or half, of those of a queue that may go, from the first on, whoever stands between them.
    fn take_some(&mut self, victim: NodeId, thief: NodeId, loot: Loot) -> Fallible {
        self.look_for_loot(victim, thief);
        let count = match loot {
            Loot::One => 1,
            Loot::Half => self.thieves.ids.len().div_ceil(2) as u64,
        };
        for taken in 0..count {
            if self.thieves.ids.is_empty() || !self.has_place(thief, taken) {
                break;
            }
            self.take_away(self.thieves.ids[0], thief)?;
            // What starts at the thief may have called off others.
            self.look_for_loot(victim, thief);
        }
        Ok(())
    }

    /// Lists those of a queue that may go.
    fn look_for_loot(&mut self, victim: NodeId, thief: NodeId) {
        let mut ids = std::mem::take(&mut self.thieves.ids);
        service::waiting(&self.core, victim, &mut ids);
        ids.retain(|&id| {
            let class = self.core.records.both(id).1.class;
            self.core.setup.strategy.lets_steal(class) && self.may_be_stolen(id, thief)
        });
        self.thieves.ids = ids;
    }

    /// True if a thief that has `taken` some may take one more: the first starts, and the others may have to
    /// wait there. It would not take what it had to refuse.
    fn has_place(&self, thief: NodeId, taken: u64) -> bool {
        let limit = self.core.layout.group(thief).queue_limit;
        let queued = self.core.nodes.in_queue(thief);
        taken == 0 || limit.is_none_or(|limit| queued < limit)
    }

    /// True if a task that waits has not been served yet and may run at `thief`.
    fn may_be_stolen(&self, id: u32, thief: NodeId) -> bool {
        let (task, job) = self.core.records.both(id);
        let is_untouched = task.parts()[Phase::Service as usize] == 0;
        is_untouched && self.core.board.may_use(self.core.pool_of(task, job), thief)
    }

    /// A task leaves the queue that it waits in and goes to `thief`.
    fn take_away(&mut self, id: u32, thief: NodeId) -> Fallible {
        service::leave_queue(&mut self.core, id);
        self.core.release(id);
        self.dispatch.forget(&mut self.core, id);
        match self.core.records.task(id).is_reservation() {
            true => self.dispatch.bind_reservation(&mut self.core, id, thief),
            false => self.dispatch.bind(&mut self.core, id, thief),
        }
        if self.core.window.contains(self.core.now()) {
            self.core.totals.messages += 1;
        }
        self.core.tell(thief, Incident::Stolen, Some(id));
        self.go(id)
    }
}
