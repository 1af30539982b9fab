//! What a simulation runs on: time, the agenda, random streams, distributions.

pub mod time;
