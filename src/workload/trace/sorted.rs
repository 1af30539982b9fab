//! A trace whose rows do not come in order: sorted once, in memory, for all replications.

use super::read::{Block, Row};
use std::fmt;
use std::sync::Arc;

/// The kept jobs of a trace in order of arrival, unscaled. Copies share it.
#[derive(Clone)]
pub(super) struct Sorted(Arc<Block>);

impl Sorted {
    pub(super) fn new(rows: Block) -> Sorted {
        Sorted(Arc::new(rows))
    }

    /// The job at this place; `None` behind the last.
    pub(super) fn row(&self, place: usize) -> Option<Row<'_>> {
        self.0.row(place)
    }
}

impl fmt::Debug for Sorted {
    /// That it is; its rows are told by the trace's digest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sorted")
    }
}

impl PartialEq for Sorted {
    fn eq(&self, other: &Sorted) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
