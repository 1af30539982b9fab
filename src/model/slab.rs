//! A store of records that come and go: places are reused, so that a run of any length needs only
//! as much memory as it ever holds at once.
//!
//! Numbers of places are handed out again in an order that depends on the run alone, so that the same run has
//! the same numbers on every machine.

/// Names no record; ends lists.
pub const NONE: u32 = u32::MAX;

/// Records by number, with a list of free places.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    records: Vec<T>,
    free: Vec<u32>,
}

impl<T: Default> Slab<T> {
    /// An empty store with places for `count` records, if the machine has room for so many: what is not used
    /// takes no memory, and what is used is not copied when it grows.
    pub fn with_room(count: usize) -> Slab<T> {
        let mut slab = Slab::default();
        // Else it grows as it would have.
        let _ = slab.records.try_reserve_exact(count);
        let _ = slab.free.try_reserve_exact(count);
        slab
    }

    /// A place for a new record, which still holds what was last there: whoever claims it writes
    /// the new record where it lies.
    #[inline]
    pub fn claim(&mut self) -> u32 {
        match self.free.pop() {
            Some(id) => id,
            None => self.grow(),
        }
    }

    /// Both lists grow together, so that giving back never allocates.
    #[cold]
    fn grow(&mut self) -> u32 {
        if self.records.len() == self.records.capacity() {
            self.records.reserve(self.records.len().max(256));
        }
        if self.free.capacity() < self.records.capacity() {
            self.free.reserve(self.records.capacity() - self.free.len());
        }
        self.records.push(T::default());
        self.records.len() as u32 - 1
    }
}

impl<T> Slab<T> {
    /// Gives the place of `id` back.
    #[inline]
    pub fn remove(&mut self, id: u32) {
        self.free.push(id);
    }

    /// Number of records held.
    pub fn len(&self) -> usize {
        self.records.len() - self.free.len()
    }

    /// Number of places: all names are below.
    pub fn places(&self) -> usize {
        self.records.len()
    }

    /// True if no record is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Names of all records held, in order; for the end of a run only.
    pub fn ids(&self) -> Vec<u32> {
        let mut held = vec![true; self.records.len()];
        for &id in &self.free {
            held[id as usize] = false;
        }
        (0..self.records.len() as u32)
            .filter(|&id| held[id as usize])
            .collect()
    }
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab {
            records: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;
    #[inline]
    fn index(&self, id: u32) -> &T {
        &self.records[id as usize]
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, id: u32) -> &mut T {
        &mut self.records[id as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_reused() {
        let mut slab = Slab::default();
        let (a, b) = (slab.claim(), slab.claim());
        (slab[a], slab[b]) = ('a', 'b');
        slab.remove(a);
        assert_eq!(slab.len(), 1);
        assert_eq!(slab.ids(), [b]);
        assert_eq!(slab.claim(), a);
        assert_eq!((slab[a], slab[b]), ('a', 'b'));
    }
}
