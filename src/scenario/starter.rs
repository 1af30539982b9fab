//! The scenario that `equipoise new` writes.

/// A commented scenario to start from; it passes `check` without a warning.
pub fn starter() -> &'static str {
    include_str!("starter.toml")
}
