//! Where jobs come from.

pub mod trace;
