//! From text to a tree, and from the tree to the grammar, with all mistakes told where they are.

pub mod arguments;
pub mod like;
pub mod messages;
pub mod mistakes;
pub mod reader;
pub mod suggest;
pub mod sweep;
pub mod tree;
