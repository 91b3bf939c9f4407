//! What load benches are made of; each uses its part.
#![allow(dead_code, reason = "no bench uses all of it")]

pub mod console;
pub mod gaps;
pub mod office;
pub mod phones;
pub mod process;
pub mod rtp_callers;
pub mod streams;
pub mod times;
pub mod voices;
pub mod wires;

/// What goes wrong in a bench, in words.
pub type Trouble = Box<dyn std::error::Error>;
