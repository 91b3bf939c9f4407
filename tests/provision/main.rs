//! Desk phones are handed their settings: what is in the files, what
//! `bellhop provision` prints, and what the server gives to whom.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on should stop")]

#[path = "../support/mod.rs"]
mod support;

mod command;
mod files;
mod listener;
mod pnp;
mod registers;
