//! Stories in simulated time, over a network that loses, doubles and
//! reorders. Every run repeats from its seed.

#![allow(clippy::unwrap_used, reason = "a story that goes another way is a failure")]

mod network;
mod transactions;
