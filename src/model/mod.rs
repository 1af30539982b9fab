//! The model's data: nodes with resources, jobs, tasks and attempts.

pub mod cluster;
pub mod ids;
pub mod layout;
pub mod list;
pub mod nodes;
pub mod slab;
