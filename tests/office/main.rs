//! Stories of a whole office in simulated time: real SIP between the
//! exchange and handsets over a network that can be bad.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a story that cannot go on should stop"
)]

mod administration;
mod administrators;
mod alive;
mod calls;
mod changes;
mod connections;
mod door;
mod handset;
mod heralds;
mod identity;
mod lamps;
mod members;
mod notes;
mod park;
mod pickup;
mod provider;
mod recall;
mod strangers;
mod tenants;
mod transfers;
mod trunks;
mod walked;
mod watchers;
mod ways;
mod weather;
mod world;
