//! What is noted of some nodes for a moment; the others cost nothing.

use crate::model::ids::NodeId;
use crate::strategy::board::node_set::NodeSet;

/// A note by node.
#[derive(Default)]
pub struct Noted<T> {
    notes: Vec<T>,
    nodes: NodeSet,
}

impl<T: Copy + Default> Noted<T> {
    /// Nothing is noted of any of so many nodes.
    pub fn new(count: u32) -> Noted<T> {
        Noted {
            notes: vec![T::default(); count as usize],
            nodes: NodeSet::new(count as usize),
        }
    }

    /// What is noted of `node`: its default if nothing was.
    #[inline]
    pub fn at(&mut self, node: NodeId) -> &mut T {
        self.nodes.put(node.index(), true);
        &mut self.notes[node.index()]
    }

    /// Tells all that is noted, in id order, and forgets it.
    pub fn drain(&mut self, mut tell: impl FnMut(NodeId, T)) {
        let mut from = 0;
        while let Some(at) = self.nodes.next_from(from) {
            self.nodes.remove(at);
            tell(NodeId(at as u32), std::mem::take(&mut self.notes[at]));
            from = at + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_told_in_order_and_once() {
        let mut noted = Noted::new(3_000);
        for node in [2_999, 5, 70, 5, 1_024] {
            *noted.at(NodeId(node)) += 1;
        }
        let mut told = Vec::new();
        noted.drain(|node, note: u32| told.push((node.0, note)));
        assert_eq!(told, [(5, 2), (70, 1), (1_024, 1), (2_999, 1)]);
        noted.drain(|node, note: u32| told.push((node.0, note)));
        assert_eq!(told.len(), 4);
        assert_eq!(*noted.at(NodeId(5)), 0);
    }
}
