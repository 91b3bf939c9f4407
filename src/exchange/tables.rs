//! The park table in writing: once a turn for everybody who watches, since
//! only its first few words differ from one console to the next.

use std::collections::BTreeMap;
use std::fmt::Write;

use bytes::Bytes;
use serde::Serialize;

use crate::domain::ids::Extension;
use crate::domain::park_table::{GroupView, LampState, LampView, ParkChanges, VERSION};
use crate::exchange::Exchange;
use crate::exchange::leg::Stage;
use crate::park::Parked;

/// What fits into one datagram beside the headers (RFC 768: 65,507 octets in
/// all with IPv4).
pub(super) const DATAGRAM_ROOM: usize = 63_000;

/// And into a message over a stream, whose readers take no body of more than
/// a mebibyte.
pub(super) const STREAM_ROOM: usize = 1_000_000;

/// What one console is told.
pub(super) struct TablePage {
    pub content_type: &'static str,
    pub text: Bytes,
    /// None: the table is not all there.
    pub edition: Option<u64>,
}

/// What all consoles are told alike.
pub(super) struct Written {
    /// Every parked call, oldest first, as JSON.
    rows: Vec<String>,
    lamps: String,
}

/// An extension's calls, seen from its lamp.
#[derive(Clone, Copy, Default)]
pub(super) struct Busy {
    talks: bool,
    rings: bool,
}

impl Exchange {
    pub(super) fn written(&self) -> Written {
        let calls = self.state.lot.calls().iter();
        Written {
            rows: calls.map(|call| json(&self.parked_view(call))).collect(),
            lamps: json(&self.lamps()),
        }
    }

    /// One console's table. Where it must fit into `room` octets, the calls
    /// that its user may fetch with one key come first (product Q19), and how
    /// many were left out is said.
    pub(super) fn table_text(
        &self,
        watcher: &Extension,
        all: &Written,
        room: usize,
    ) -> (String, usize) {
        let group = self.group_view(watcher);
        let mut text = format!(
            r#"{{"version":{VERSION},"edition":{},"place_of_watcher":{},"group":{},"lamps":{},"calls":["#,
            self.state.watchers.editions.now(),
            json(watcher),
            json(&group),
            all.lamps
        );
        let room = room.saturating_sub(text.len() + r#"],"more":4294967295}"#.len());
        let rows = self.rows_within(room, watcher, group.as_ref(), all);
        let left_out = all.rows.len() - rows.len();
        for (index, row) in rows.into_iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(row);
        }
        let _ = write!(text, r#"],"more":{left_out}}}"#);
        (text, left_out)
    }

    pub(super) fn changes_text(&self, since: u64) -> String {
        let editions = &self.state.watchers.editions;
        let calls = self.state.lot.calls().iter();
        let newer = calls.filter(|call| editions.is_newer(call.key, since));
        json(&ParkChanges {
            version: VERSION,
            since,
            edition: editions.now(),
            gone: editions.gone_since(since).collect(),
            changed: newer.map(|call| self.parked_view(call)).collect(),
            lamps: editions.lamps_since(since).cloned().collect(),
        })
    }

    fn rows_within<'a>(
        &self,
        room: usize,
        watcher: &Extension,
        group: Option<&GroupView>,
        all: &'a Written,
    ) -> Vec<&'a str> {
        let length: usize = all.rows.iter().map(|row| row.len() + 1).sum();
        if length <= room {
            return all.rows.iter().map(String::as_str).collect();
        }
        let near = |call: &Parked| {
            call.at == *watcher || group.is_some_and(|g| g.members.contains(&call.at))
        };
        let mut order: Vec<usize> = (0..all.rows.len()).collect();
        order.sort_by_key(|index| !self.state.lot.calls().get(*index).is_some_and(near));
        let mut left = room;
        let mut taken: Vec<usize> = order
            .into_iter()
            .take_while(|index| {
                let fits = left.checked_sub(all.rows[*index].len() + 1);
                left = fits.unwrap_or_default();
                fits.is_some()
            })
            .collect();
        taken.sort_unstable();
        taken.into_iter().map(|index| all.rows[index].as_str()).collect()
    }

    pub(super) fn group_view(&self, watcher: &Extension) -> Option<GroupView> {
        let group = self.settings.group_of(watcher)?;
        Some(GroupView { name: group.name.clone(), members: group.members.clone() })
    }

    /// All of the tenant's, from one walk over its calls.
    pub(super) fn lamps(&self) -> Vec<LampView> {
        let mut parked: BTreeMap<&Extension, u32> = BTreeMap::new();
        for call in self.state.lot.calls() {
            *parked.entry(&call.at).or_default() += 1;
        }
        let busy = self.busy();
        let of = |extension: &Extension| LampView {
            extension: extension.clone(),
            name: self.settings.name_of(extension),
            state: self.lamp(extension, busy.get(extension).copied().unwrap_or_default()),
            parked: parked.get(extension).copied().unwrap_or_default(),
        };
        self.settings.extensions.keys().map(of).collect()
    }

    fn busy(&self) -> BTreeMap<&Extension, Busy> {
        let mut busy: BTreeMap<&Extension, Busy> = BTreeMap::new();
        for leg in self.legs() {
            if let Some(extension) = leg.extension()
                && !leg.is_leaving()
            {
                let busy = busy.entry(extension).or_default();
                match leg.stage {
                    Stage::Ringing { .. } => busy.rings = true,
                    Stage::Incoming { .. } | Stage::Answered { .. } | Stage::Up => {
                        busy.talks = true;
                    }
                    Stage::HungUp { .. } => {}
                }
            }
        }
        busy
    }

    fn lamp(&self, extension: &Extension, busy: Busy) -> LampState {
        if !self.state.registrar.is_registered(extension) {
            LampState::Off
        } else if busy.talks {
            LampState::Talk
        } else if busy.rings {
            LampState::Ring
        } else if self.state.do_not_disturb.contains(extension) {
            LampState::Dnd
        } else {
            LampState::Free
        }
    }

    pub fn lamp_state(&self, extension: &Extension) -> LampState {
        self.lamp(extension, self.busy().get(extension).copied().unwrap_or_default())
    }
}

/// Our own plain types are always written.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
