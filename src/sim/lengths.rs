//! Lines at nodes of which nothing is asked but how many stand in each.
//!
//! Nobody is let go from such a line: whose end has passed is not counted, and gives his place to the next
//! who comes, in turn, as who came first leaves first. That takes a look at one line of memory and no guess of
//! the processor about how many have left.

use crate::engine::time::Time;
use crate::model::ids::NodeId;

use super::far::{Far, Rear};

/// How many ends lie in the line's own record.
const NEAR: usize = 5;

/// See the module.
pub struct Lengths {
    lines: Vec<Line>,
    /// Ends of those who stand farther back.
    far: Far,
}

/// The tasks bound to one node.
#[derive(Clone)]
#[repr(align(64))]
struct Line {
    /// When the service of the last ends, or ended.
    last: Time,
    /// When services end, or ended, in a ring; there are others only while none of these has.
    ends: [Time; NEAR],
    /// The first of the ring, whose place the next takes.
    turn: u32,
    /// The others, in order, and their number.
    far: u32,
    rear: Rear,
}

impl Line {
    const EMPTY: Line = Line {
        last: Time::ZERO,
        ends: [Time::ZERO; NEAR],
        turn: 0,
        far: 0,
        rear: Rear::EMPTY,
    };

    /// True if the first of the ring has left.
    #[inline(always)]
    fn has_place(&self, now: Time) -> bool {
        self.ends[self.turn as usize] <= now
    }

    /// His place is taken by one whose service ends at `end`.
    #[inline(always)]
    fn take_place(&mut self, end: Time) {
        self.ends[self.turn as usize] = end;
        self.turn = (self.turn + 1) % NEAR as u32;
    }
}

impl Lengths {
    /// Empty lines at so many nodes.
    pub fn new(nodes: usize) -> Lengths {
        Lengths {
            lines: vec![Line::EMPTY; nodes],
            far: Far::new(),
        }
    }

    /// When the service of the last in line at `node` ends, or ended.
    #[inline(always)]
    pub fn last(&self, node: NodeId) -> Time {
        self.lines[node.index()].last
    }

    /// How many are in line at `node` `now`.
    #[inline(always)]
    pub fn count(&self, node: NodeId, now: Time) -> u32 {
        let line = &self.lines[node.index()];
        let near: u32 = line.ends.iter().map(|&end| u32::from(end > now)).sum();
        match line.far {
            0 => near,
            far if near > 0 => near + far,
            far => far - self.far.gone(line.rear, now), // all near have left
        }
    }

    /// A task of `service` that is placed `now` is the last in line at `node`; tells when it starts and ends.
    #[inline(always)]
    pub fn push(&mut self, node: NodeId, service: Time, now: Time) -> (Time, Time) {
        let line = &mut self.lines[node.index()];
        let start = line.last.max(now);
        let end = start + service;
        line.last = end;
        match line.far == 0 && line.has_place(now) {
            true => line.take_place(end),
            false => self.push_far(node, end, now),
        }
        (start, end)
    }

    /// The same where others stand far back, or come to do so: as many of them as may come near.
    #[cold]
    #[inline(never)]
    fn push_far(&mut self, node: NodeId, end: Time, now: Time) {
        let line = &mut self.lines[node.index()];
        self.far.push(&mut line.rear, end);
        line.far += 1;
        while line.far > 0 && line.has_place(now) {
            let end = self.far.pop(&mut line.rear);
            line.take_place(end);
            line.far -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seeds};

    /// Against a list of all ends, in lines that grow long and empty again.
    #[test]
    fn lengths_are_those_of_a_list() {
        let key = Seeds::new(5, 1).key(Purpose::Placement);
        let (mut lengths, mut now, mut longest) = (Lengths::new(3), Time::ZERO, 0);
        let mut ends: [Vec<Time>; 3] = Default::default();
        for step in 0..20_000u64 {
            let mut draw = key.draw(0, step, 0, 0, 0);
            let calm = if step / 500 % 2 == 0 { 3 } else { 30 };
            now += Time(u64::from(draw.below(calm)));
            let node = draw.below(3);
            let (own, service) = (&mut ends[node as usize], Time(u64::from(draw.below(20))));
            let start = own.last().copied().unwrap_or_default().max(now);
            own.push(start + service);
            let told = lengths.push(NodeId(node), service, now);
            assert_eq!(told, (start, start + service));
            for (node, ends) in (0..3).map(NodeId).zip(&ends) {
                let count = ends.iter().filter(|end| **end > now).count();
                assert_eq!(lengths.count(node, now) as usize, count);
                longest = longest.max(count);
            }
        }
        assert!(longest > 100 && lengths.far.places() < 3 * longest);
    }
}
