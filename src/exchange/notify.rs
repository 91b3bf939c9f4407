//! What watchers are told: the whole truth each time, never a difference.

use std::fmt::Write;

use crate::domain::ids::Extension;
use crate::domain::park_table::{self, ParkTable, ParkedView, Parker, PhaseView};
use crate::exchange::Exchange;
use crate::exchange::tables::{DATAGRAM_ROOM, Written};
use crate::exchange::watch::{CALL_PARK_XML, NotifyBody, Package, Subscription};
use crate::park::{Parked, Phase, Which};

/// Yealink keeps no longer names (docs/PROTOCOL.md).
const DISPLAY_MAX: usize = 32;

impl Exchange {
    /// `all` is written when the first console needs it, and kept for the rest
    /// of the turn.
    pub(super) fn notify_of(
        &self,
        subscription: &Subscription,
        all: &mut Option<Written>,
    ) -> NotifyBody {
        let left_s = subscription.expires_at.since(self.now).as_secs();
        let state = match left_s {
            0 => "terminated;reason=timeout".to_owned(),
            left_s => format!("active;expires={left_s}"),
        };
        let event = subscription.event.clone();
        match subscription.package {
            Package::CallInfo { with_body } => {
                let domain = &self.settings.domain;
                let idle = format!("<sip:{domain}>;appearance-index=*;appearance-state=idle");
                let body =
                    with_body.then(|| (CALL_PARK_XML, self.call_park_xml(&subscription.watcher)));
                NotifyBody { event, state, call_info: Some(idle), body }
            }
            Package::ParkTable => {
                let all = all.get_or_insert_with(|| self.written());
                let reliable = subscription.dialog.flow.transport.is_reliable();
                let room = if reliable { usize::MAX } else { DATAGRAM_ROOM };
                let text = self.table_text(&subscription.watcher, all, room);
                let body = Some((park_table::MIME_TYPE, text));
                NotifyBody { event, state, call_info: None, body }
            }
        }
    }

    /// The call that this watcher's next retrieve code would fetch.
    fn call_park_xml(&self, watcher: &Extension) -> String {
        let group = self.settings.group_of(watcher).map(|group| group.name.clone());
        let mine = Which::Mine { me: watcher.clone(), group };
        let mut xml = String::from(concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            "\r\n",
            r#"<x-broadworks-callpark-info xmlns="http://schema.broadsoft.com/callpark">"#,
            "\r\n",
        ));
        match self.state.lot.find(&mine) {
            Err(_) => xml.push_str("  <callpark/>\r\n"),
            Ok(parked) => xml.push_str(&self.parked_xml(parked, watcher)),
        }
        xml.push_str("</x-broadworks-callpark-info>\r\n");
        xml
    }

    fn parked_xml(&self, parked: &Parked, watcher: &Extension) -> String {
        let caller = self.caller_of(parked.journey);
        let display = if parked.at == *watcher {
            caller.name.fit(DISPLAY_MAX)
        } else {
            let place = format!(" (at {})", parked.at);
            let room = DISPLAY_MAX.saturating_sub(place.len());
            crate::domain::caller_name::CallerName::clean(&caller.to_string()).fit(room) + &place
        };
        let uri = self.name_addr(&caller).uri;
        let uri = if caller.is_withheld() { uri.to_string() } else { format!("{uri};user=phone") };
        let mut xml = String::from("  <callpark>\r\n    <parked>\r\n");
        let (display, uri) = (escaped(&display), escaped(&uri));
        let _ = write!(xml, "      <identity display=\"{display}\">{uri}</identity>\r\n");
        xml.push_str("    </parked>\r\n  </callpark>\r\n");
        xml
    }

    /// The whole table as one watcher may see it (product Q19).
    pub fn park_table(&self, watcher: &Extension) -> ParkTable {
        ParkTable {
            version: park_table::VERSION,
            place_of_watcher: Some(watcher.clone()),
            group: self.group_view(watcher),
            calls: self.state.lot.calls().iter().map(|call| self.parked_view(call)).collect(),
            lamps: self.lamps(),
            more: 0,
        }
    }

    pub(super) fn parked_view(&self, parked: &Parked) -> ParkedView {
        let group = parked.group.as_ref();
        ParkedView {
            key: parked.key,
            place: parked.at.clone(),
            group: group.map(|g| g.name.clone()),
            caller: self.caller_of(parked.journey),
            parker: Parker {
                name: self.settings.name_of(&parked.parking_user),
                extension: parked.parking_user.clone(),
            },
            waited_ms: milliseconds(self.now.since(parked.parked_at)),
            phase: phase_view(&parked.phase),
            next: Some(self.next_step(parked)),
            note: Default::default(),
            alarm: parked.is_alarming(),
            why: group.map(|g| g.why.clone()).unwrap_or_default(),
        }
    }

    pub(super) fn person(&self, extension: &Extension) -> String {
        let name = self.settings.name_of(extension);
        if name.is_empty() { extension.to_string() } else { name.to_string() }
    }
}

fn phase_view(phase: &Phase) -> PhaseView {
    match phase {
        Phase::Waiting { .. } => PhaseView::Waiting,
        Phase::Recalling { .. } => PhaseView::Recalling,
        Phase::Resting { .. } => PhaseView::Resting,
        Phase::HandingOver { .. } => PhaseView::HandingOver,
        Phase::Retrieving { .. } => PhaseView::Retrieving,
    }
}

pub(super) fn milliseconds(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Text and attribute values (XML 1.0 §2.4). Controls cannot be here: names
/// are cleaned at the door.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            c => safe.push(c),
        }
    }
    safe
}
