//! The model's data: nodes with resources, jobs, tasks and attempts, and what a dispatcher sees.

pub mod cluster;
pub mod ids;
pub mod layout;
pub mod list;
pub mod nodes;
pub mod slab;
pub mod view;
