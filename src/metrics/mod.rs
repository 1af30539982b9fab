//! What is measured. Accumulators are whole numbers that do not depend on the order of events, so
//! that every thread count gives the same bytes; floating point appears in the summary only.

mod cells;
pub mod columns;
pub mod distribution;
pub mod figures;
pub mod histogram;
pub mod jobs;
pub mod nodes;
pub mod registry;
