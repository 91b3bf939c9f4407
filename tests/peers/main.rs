//! The real server among real phones: SIPp, baresip and the sound they hear.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a call that cannot go on should stop; real phones live by the clock of the wall"
)]

mod baresip;
mod ear;
mod running;
mod server;
mod sipp;
mod with_baresip;
mod with_sipp;
