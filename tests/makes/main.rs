//! Phones of every make at work: each fetches its settings from the real
//! server, registers, subscribes, parks, is told and fetches in the way of its
//! make, and hears what it should. One file for each make; what a make does is
//! in `persona.rs`.
//!
//! The phones are simulated, from public documents, with a SIP of their own.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a story that cannot go on should stop; phones live by the clock of the wall"
)]

mod bodies;
mod dinstar;
mod fanvil;
mod grandstream;
mod hostile;
mod htek;
mod names;
mod office;
mod others;
mod persona;
mod phone;
mod proof;
mod settings;
mod softphone;
mod story;
#[path = "../support/mod.rs"]
mod support;
mod text;
mod wire;
mod yealink;
