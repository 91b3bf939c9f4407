//! The commands: each composes cores and edge.
