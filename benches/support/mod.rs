//! What load benches are made of; each uses its part.
#![allow(dead_code, reason = "no bench uses all of it")]

pub mod cpu;
pub mod gaps;
pub mod rtp_callers;
