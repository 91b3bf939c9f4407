//! The attendant's screen: keys in, commands and golden screens out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod desk;
mod flows;
mod golden;
mod groups;
mod hints;
mod keymaps;
mod makes;
mod notes;
mod pictures;
mod terminal;
mod words;
