//! The engine: simulated time, the list of pending events, random streams and laws. It knows
//! nothing of jobs or nodes.
//!
//! Being apart, it can be tested to the last bit, and its three promises are easy to hold: the same
//! order of events everywhere, the same random numbers everywhere, no allocation once a run is
//! under way.

pub mod agenda;
pub mod column;
pub mod law;
pub mod quantity;
pub mod random;
pub mod time;
