//! What a console is told of the park lot: the whole table at one instant.
//!
//! The body of our own notification, `application/vnd.bellhop.park+json`
//! (docs/PROTOCOL.md). Durations, never clock times: two machines' clocks differ.

use serde::{Deserialize, Serialize};

use crate::domain::caller::Caller;
use crate::domain::caller_name::CallerName;
use crate::domain::ids::Extension;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkTable {
    /// Of this format.
    pub version: u32,
    pub place_of_watcher: Option<Extension>,
    /// The watcher's call park group, if he is in one.
    pub group: Option<GroupView>,
    /// All of the tenant's, oldest first.
    pub calls: Vec<ParkedView>,
    /// All of the tenant's extensions, by number.
    pub lamps: Vec<LampView>,
    /// Calls that did not fit into a datagram; over TCP there are none.
    #[serde(default)]
    pub more: u32,
}

pub const VERSION: u32 = 1;
/// The event package of consoles and the type of its bodies.
pub const EVENT_PACKAGE: &str = "x-bellhop-park";
pub const MIME_TYPE: &str = "application/vnd.bellhop.park+json";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupView {
    pub name: CallerName,
    pub members: Vec<Extension>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedView {
    /// Chooses this call among several at its place (`*88N*K`, product Q18).
    /// No other call in the lot has it while this one is there.
    pub key: u32,
    pub place: Extension,
    /// The group, when it was group-parked.
    pub group: Option<CallerName>,
    pub caller: Caller,
    pub parker: Parker,
    pub waited_ms: u64,
    pub phase: PhaseView,
    pub next: Option<Next>,
    pub note: CallerName,
    /// Recalled in vain more often than its settings bear (product S31).
    #[serde(default)]
    pub alarm: bool,
    /// Why the hunt chose this place (product M7); empty when nobody hunted.
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parker {
    pub name: CallerName,
    pub extension: Extension,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseView {
    Waiting,
    Recalling,
    Resting,
    HandingOver,
    Retrieving,
}

/// The promise clock (product M5): what happens next, in words for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    pub in_ms: u64,
    /// Such as "rings Bob".
    pub what: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LampView {
    pub extension: Extension,
    pub name: CallerName,
    pub state: LampState,
    /// How many calls wait there.
    pub parked: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LampState {
    /// Not registered.
    #[default]
    Off,
    Free,
    Ring,
    Talk,
    Dnd,
}
