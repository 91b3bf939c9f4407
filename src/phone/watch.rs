//! The subscription to the table of parked calls and colleagues
//! (docs/PROTOCOL.md, event package `x-bellhop-park`; RFC 6665).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::park_table::{
    CHANGES_MIME_TYPE, EVENT_PACKAGE, MIME_TYPE, ParkChanges, ParkTable, VERSION,
};
use crate::domain::time::Moment;
use crate::phone::messages::Event;
use crate::phone::requests::Purpose;
use crate::phone::{Leaving, Phone, Timer};
use crate::sip::dialog::Dialog;
use crate::sip::flow::Flow;
use crate::sip::wire::{Method, Name, Request, Response};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Watch {
    /// From the SUBSCRIBE on; the office's tag comes with its first answer.
    pub(super) dialog: Option<Dialog>,
    pub(super) table: Option<ParkTable>,
    /// When its clocks were right.
    pub(super) table_at: Moment,
    /// In a row.
    pub(super) failures: u32,
}

const EXPIRES: Duration = Duration::from_secs(600);
const EXPIRES_MIN: Duration = Duration::from_secs(30);
const EXPIRES_MAX: Duration = Duration::from_secs(86_400);
/// After a difference that was missed; until then nobody need be alarmed.
const WHOLE_WITHIN: Duration = Duration::from_secs(1);
/// An office that does not know the package may be a newer one tomorrow.
const REFUSED_PAUSE: Duration = Duration::from_secs(300);

impl Phone {
    pub(super) fn subscribe(&mut self, now: Moment) {
        if self.lot_elsewhere().is_some() {
            return self.watch_lot(now);
        }
        if self.leaving != Leaving::No || self.is_asked(Purpose::Subscribe) {
            return;
        }
        self.send_subscribe(EXPIRES, Purpose::Subscribe, now);
    }

    pub(super) fn unsubscribe(&mut self, now: Moment) {
        self.unwatch_lot(now);
        self.timers.clear(&Timer::Subscribe);
        self.timers.clear(&Timer::Lapse);
        if self.watch.dialog.as_ref().is_some_and(|dialog| dialog.remote.tag().is_some()) {
            self.send_subscribe(Duration::ZERO, Purpose::Unsubscribe, now);
        }
    }

    fn send_subscribe(&mut self, expires: Duration, purpose: Purpose, now: Moment) {
        let mut dialog = self.watch.dialog.take().unwrap_or_else(|| self.watch_dialog());
        let mut request = dialog.request(Method::Subscribe);
        let flow = dialog.flow;
        self.watch.dialog = Some(dialog);
        request.headers.push(Name::Event, EVENT_PACKAGE);
        request.headers.push(Name::Accept, format!("{MIME_TYPE}, {CHANGES_MIME_TYPE}"));
        request.headers.push(Name::Expires, expires.as_secs().to_string());
        self.send(request, flow, purpose, now);
    }

    fn watch_dialog(&mut self) -> Dialog {
        let account = &self.account;
        let local = account.own_address().with_tag(&self.chance.hex(12));
        let remote = account.own_address();
        let (target, contact) = (account.own_uri(), account.contact());
        Dialog::outgoing(self.chance.hex(24), local, remote, target, contact, account.flow)
    }

    pub(super) fn subscribe_answered(&mut self, response: &Response, flow: Flow, now: Moment) {
        match response.status {
            200..300 => self.subscribed(response, flow, now),
            481 => self.forgotten(now),
            408 | 500..600 => self.subscribe_failed(now),
            _ => {
                self.watch.dialog = None;
                self.table_is_unknown(now);
                self.subscribe_soon(REFUSED_PAUSE, now);
            }
        }
    }

    fn subscribed(&mut self, response: &Response, flow: Flow, now: Moment) {
        let Some(dialog) = &mut self.watch.dialog else {
            // Its answer took longer than the subscription lasted.
            return self.subscribe_soon(Duration::ZERO, now);
        };
        match dialog.remote.tag() {
            None => dialog.answered(response, flow),
            Some(_) => dialog.refresh_target(&response.headers, flow),
        }
        self.watch.failures = 0;
        let granted = response.headers.expires().map(|s| Duration::from_secs(u64::from(s)));
        let granted = granted.unwrap_or(EXPIRES).clamp(EXPIRES_MIN, EXPIRES_MAX);
        self.timers.set(Timer::Subscribe, now + granted / 2);
        self.timers.set(Timer::Lapse, now + granted);
    }

    /// The office knows nothing of it: once more from the start, at once the
    /// first time.
    fn forgotten(&mut self, now: Moment) {
        self.watch.dialog = None;
        self.timers.clear(&Timer::Lapse);
        let pause = match self.watch.failures {
            0 => Duration::ZERO,
            failures => self.pause_after(failures),
        };
        self.watch.failures = self.watch.failures.saturating_add(1);
        self.subscribe_soon(pause, now);
    }

    /// What is known stays known until the subscription lapses.
    fn subscribe_failed(&mut self, now: Moment) {
        let pause = self.pause_after(self.watch.failures);
        self.watch.failures = self.watch.failures.saturating_add(1);
        if self.timers.get(&Timer::Lapse).is_none() {
            self.watch.dialog = None;
            self.table_is_unknown(now);
        }
        self.subscribe_soon(pause, now);
    }

    fn subscribe_soon(&mut self, pause: Duration, now: Moment) {
        self.timers.set(Timer::Subscribe, now + pause);
    }

    pub(super) fn watch_lapsed(&mut self, now: Moment) {
        self.watch.dialog = None;
        self.table_is_unknown(now);
        self.subscribe(now);
    }

    pub(super) fn table_is_unknown(&mut self, now: Moment) {
        self.lot_is_unknown();
        self.timers.clear(&Timer::Doubt);
        if self.watch.table.take().is_some() {
            self.tell(Event::ParkTableChanged { table: None, at: now });
        }
    }

    /// True when `request` belongs to the subscription. It may come before
    /// the answer to our SUBSCRIBE (RFC 6665 §4.1.2.4).
    pub(super) fn is_about_the_table(&self, request: &Request) -> bool {
        let headers = &request.headers;
        self.watch.dialog.as_ref().is_some_and(|dialog| {
            headers.call_id().as_deref() == Some(dialog.call_id.as_str())
                && headers.to_tag().as_deref() == dialog.local.tag()
        })
    }

    pub(super) fn notified_of_table(&mut self, request: &Request, flow: Flow, now: Moment) {
        let Some(dialog) = &mut self.watch.dialog else { return };
        if dialog.remote.tag().is_none() {
            dialog.remote = request.headers.from().unwrap_or(dialog.remote.clone());
            dialog.refresh_target(&request.headers, flow);
        }
        if let Err(misfit) = dialog.admit(request) {
            return self.refuse_misfit(request, flow, misfit, now);
        }
        let status = self.read_table(request, now);
        self.reply(request, flow, status, now);
        let state = request.headers.subscription_state();
        if let Some(state) = state.filter(|state| state.state == "terminated") {
            self.watch_ended(state.reason.as_deref(), now);
        }
    }

    fn read_table(&mut self, request: &Request, now: Moment) -> u16 {
        if request.body.is_empty() {
            return 200;
        }
        match request.headers.content_type().as_deref() {
            Some(MIME_TYPE) => self.read_whole_table(&request.body, now),
            Some(CHANGES_MIME_TYPE) => self.read_changes(&request.body, now),
            _ => 415,
        }
    }

    fn read_whole_table(&mut self, body: &[u8], now: Moment) -> u16 {
        let Ok(table) = serde_json::from_slice::<ParkTable>(body) else { return 400 };
        if table.version != VERSION {
            return 415;
        }
        self.watch.table = Some(table);
        self.timers.clear(&Timer::Doubt);
        self.table_changed(now);
        200
    }

    fn read_changes(&mut self, body: &[u8], now: Moment) -> u16 {
        let Ok(changes) = serde_json::from_slice::<ParkChanges>(body) else { return 400 };
        if changes.version != VERSION {
            return 415;
        }
        let Watch { table, table_at, .. } = &mut self.watch;
        let fits = table.as_mut().is_some_and(|table| {
            table.grow_older(now.since(*table_at));
            *table_at = now;
            table.change(changes)
        });
        match fits {
            true => self.table_changed(now),
            // Something has been missed: the whole table, please.
            false => {
                if self.timers.get(&Timer::Doubt).is_none() {
                    self.timers.set(Timer::Doubt, now + WHOLE_WITHIN);
                }
                self.subscribe_soon(Duration::ZERO, now);
            }
        }
        200
    }

    fn table_changed(&mut self, now: Moment) {
        self.watch.table_at = now;
        self.tell(Event::ParkTableChanged { table: self.watch.table.clone(), at: now });
    }

    fn watch_ended(&mut self, reason: Option<&str>, now: Moment) {
        self.watch.dialog = None;
        self.timers.clear(&Timer::Lapse);
        if self.leaving != Leaving::No {
            return;
        }
        if matches!(reason, Some("rejected" | "noresource")) {
            self.table_is_unknown(now);
            return self.subscribe_soon(REFUSED_PAUSE, now);
        }
        let soon = Duration::from_millis(200 + self.chance.below(800));
        self.subscribe_soon(soon, now);
    }
}
