//! What a console is told of the park lot: the whole table at one instant.
//!
//! The body of our own notification, `application/vnd.bellhop.park+json`
//! (docs/PROTOCOL.md). Durations, never clock times: two machines' clocks differ.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::caller::Caller;
use crate::domain::caller_name::CallerName;
use crate::domain::ids::Extension;
use crate::domain::note::Note;

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
    /// Which state of the lot this is: changes say what they come after.
    #[serde(default)]
    pub edition: u64,
}

/// What is different since a table of an earlier edition: for watchers that
/// say they can take it ([`CHANGES_MIME_TYPE`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkChanges {
    pub version: u32,
    /// The edition that these changes come after.
    pub since: u64,
    pub edition: u64,
    /// Keys of calls that are no longer there. They come first: a key that is
    /// here and among the changed ones has been given to another call.
    pub gone: Vec<u32>,
    /// Whole rows; those with a new key come after all others.
    pub changed: Vec<ParkedView>,
    pub lamps: Vec<LampView>,
}

pub const VERSION: u32 = 1;
/// The event package of consoles and the type of its bodies.
pub const EVENT_PACKAGE: &str = "x-bellhop-park";
pub const MIME_TYPE: &str = "application/vnd.bellhop.park+json";
/// The type of differences, beside the other one in `Accept`.
pub const CHANGES_MIME_TYPE: &str = "application/vnd.bellhop.park-changes+json";

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
    /// What whoever parked it wants known (product M4).
    #[serde(default)]
    pub note: Note,
    /// Recalled in vain more often than its settings bear (product S31).
    #[serde(default)]
    pub alarm: bool,
    /// Why the hunt chose this place (product M7); empty when nobody hunted.
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parker {
    pub name: CallerName,
    /// `None` where nobody says: in the lot of another make of server.
    pub extension: Option<Extension>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseView {
    /// In the lot of another make of server: what comes next nobody tells.
    Untold,
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

impl ParkedView {
    pub fn is_by(&self, extension: &Extension) -> bool {
        self.parker.extension.as_ref() == Some(extension)
    }
}

impl ParkTable {
    /// The same table some time later, for all that its clocks can tell.
    pub fn grow_older(&mut self, by: Duration) {
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        for call in &mut self.calls {
            call.waited_ms = call.waited_ms.saturating_add(by_ms);
            if let Some(next) = &mut call.next {
                next.in_ms = next.in_ms.saturating_sub(by_ms);
            }
        }
    }

    /// False, and nothing is changed, when they come after another edition.
    #[must_use]
    pub fn change(&mut self, changes: ParkChanges) -> bool {
        if changes.since != self.edition {
            return false;
        }
        self.edition = changes.edition;
        self.calls.retain(|call| !changes.gone.contains(&call.key));
        for row in changes.changed {
            match self.calls.iter_mut().find(|call| call.key == row.key) {
                Some(call) => *call = row,
                None => self.calls.push(row),
            }
        }
        for lamp in changes.lamps {
            match self.lamps.iter_mut().find(|known| known.extension == lamp.extension) {
                Some(known) => *known = lamp,
                None => self.lamps.push(lamp),
            }
        }
        true
    }
}
