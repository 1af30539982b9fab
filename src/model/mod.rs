//! The model's data: nodes with resources, jobs, tasks and attempts.
//!
//! Data only: what happens to it is the business of `sim`. What is constant (layout) is apart from
//! what changes (nodes), so that a placement can be shown the one without the other.

pub mod cluster;
pub mod discipline;
pub mod elastic;
pub mod heap;
pub mod ids;
pub mod layout;
pub mod list;
pub mod nodes;
pub mod slab;
