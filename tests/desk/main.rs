//! The real program on loopback: `bellhop serve`, and consoles in terminals
//! of their own whose keys are pressed and whose screens are read.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on should stop")]

mod bench;
mod burst;
mod eavesdropper;
mod ends;
mod groups;
mod peer;
mod stories;
#[path = "../support/mod.rs"]
mod support;
