//! Stories of desks: the real softphone and the real office, over a network
//! that can be bad, in simulated time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a story that cannot go on should stop"
)]

mod calls;
mod elsewhere;
#[path = "../office/handset.rs"]
#[allow(dead_code, reason = "the office's own stories need more of it")]
mod handset;
mod house;
mod lot;
mod other_pbx;
mod outage;
#[path = "../office/provider.rs"]
#[allow(dead_code, reason = "the office's own stories need it")]
mod provider;
mod standing;
mod weather;
#[path = "../office/world.rs"]
#[allow(dead_code, reason = "the office's own stories need more of it")]
mod world;
