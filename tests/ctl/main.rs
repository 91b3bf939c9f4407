//! `bellhop ctl` against a running server, both real processes: groups change
//! while the office runs, and its file keeps the comments of its people.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on should stop")]

#[path = "../support/mod.rs"]
mod support;

mod groups;
mod office;
mod reload;
mod socket;
