//! A 4-ary heap: half the levels of a binary one, and a node's children share a cache line or two.

/// Time and rank.
type Key = (u64, u64);

pub struct Heap<E> {
    entries: Vec<(Key, E)>,
}

const ARITY: usize = 4;

impl<E: Copy> Heap<E> {
    pub fn with_capacity(capacity: usize) -> Heap<E> {
        Heap {
            entries: Vec::with_capacity(capacity),
        }
    }

    pub fn push(&mut self, key: Key, event: E) {
        let mut hole = self.entries.len();
        self.entries.push((key, event));
        while hole > 0 {
            let parent = (hole - 1) / ARITY;
            if self.entries[parent].0 <= key {
                break;
            }
            self.entries[hole] = self.entries[parent];
            hole = parent;
        }
        self.entries[hole] = (key, event);
    }

    pub fn pop(&mut self) -> Option<(Key, E)> {
        let last = self.entries.pop()?;
        let Some(&first) = self.entries.first() else {
            return Some(last);
        };
        let mut hole = 0;
        loop {
            let child = ARITY * hole + 1;
            let end = (child + ARITY).min(self.entries.len());
            let Some(least) = (child..end).min_by_key(|&i| self.entries[i].0) else {
                break;
            };
            if last.0 <= self.entries[least].0 {
                break;
            }
            self.entries[hole] = self.entries[least];
            hole = least;
        }
        self.entries[hole] = last;
        Some(first)
    }
}
