//! What tests with real processes share: running them, waiting for what they
//! do, and a terminal for a console.

#![allow(dead_code, reason = "each test needs another part of it")]
#![allow(clippy::disallowed_methods, reason = "real programs live by the clock of the wall")]

pub mod ear;
pub mod running;
pub mod serving;
pub mod terminal;
