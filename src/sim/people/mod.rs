//! The simulated callers and colleagues of the demo, the rehearsal and the
//! tests: people with names, phones, voices and ears.
//!
//! Their SIP is built and read with `rsip`, their session descriptions and
//! digests are their own: what our wire layer writes is understood by
//! somebody else's code at every run, or a story fails.

pub mod crowd;
mod digest;
pub mod ear;
mod lamp;
pub mod letter;
mod parked;
pub mod person;
mod session;
pub mod voice;
