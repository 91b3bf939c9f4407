//! Ring groups as they are set up: who is rung, how, and what then.

use std::time::Duration;

use crate::domain::caller_name::CallerName;
use crate::domain::ids::{Extension, Number, RingGroup};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingGroupSettings {
    pub number: RingGroup,
    pub name: CallerName,
    pub members: Vec<Extension>,
    pub strategy: Strategy,
    /// Of all together, or of each member whose turn it is.
    pub ring_time: Duration,
    pub no_answer: NoAnswer,
}

/// In which order members are rung. Those in a call, in do-not-disturb or
/// not registered are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    All,
    /// As they are listed, always from the first.
    InOrder,
    /// As they are listed, from the one after the last that was rung.
    RoundRobin,
    /// Whose last call ended longest ago.
    LongestIdle,
}

/// What becomes of a caller whom nobody of the group answers. A parked one
/// is never hung up (product Q16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    Number(Number),
    Park,
    HangUp,
}
