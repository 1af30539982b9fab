//! The shortest job first, without interruption: the least mean wait of all disciplines that
//! interrupt nobody (Phipps, "Machine repair as a priority waiting-line problem", Operations
//! Research 4, 1956).

use crate::engine::time::Time;

/// What an attempt that takes `service` is ordered by.
pub fn order(service: Time) -> i128 {
    i128::from(service.0)
}
