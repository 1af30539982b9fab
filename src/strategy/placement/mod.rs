//! The placement algorithms, one file each, and their registry.
