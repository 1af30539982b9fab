//! The engine: simulated time, the list of pending events, random streams and laws.
//! It knows nothing of jobs or nodes.

pub mod agenda;
pub mod law;
pub mod quantity;
pub mod random;
pub mod time;
