//! Subscriptions at a server that is not ours (RFC 6665): first for who is
//! parked for me, then each slot's lamp (RFC 4235), a few at a time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::documents;
use super::{LotWatch, Slot, TABLE_WITHIN, Watched};
use crate::domain::time::Moment;
use crate::phone::requests::Purpose;
use crate::phone::{Leaving, Phone, Timer};
use crate::sip::dialog::Dialog;
use crate::sip::flow::Flow;
use crate::sip::wire::{Method, Name, Request, Response};

const EXPIRES: Duration = Duration::from_secs(600);
const EXPIRES_MIN: Duration = Duration::from_secs(30);
const EXPIRES_MAX: Duration = Duration::from_secs(86_400);
/// A lamp that is refused may be there tomorrow, when hints have been configured.
const REFUSED_PAUSE: Duration = Duration::from_secs(300);
/// Asked at a time: a server is not to be met by a hundred requests at once.
const ASKED_MAX: usize = 4;
const CALL_PARK_INFO: &str = "application/x-broadworks-callpark-info+xml";
const DIALOG_INFO: &str = "application/dialog-info+xml";

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Subscription {
    /// From the SUBSCRIBE on.
    dialog: Option<Dialog>,
    standing: Standing,
    /// In a row.
    failures: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Standing {
    /// Not asked, or no answer yet.
    #[default]
    Open,
    On,
    Refused,
}

impl Subscription {
    pub(super) fn is_on(&self) -> bool {
        self.standing == Standing::On
    }

    pub(super) fn is_refused(&self) -> bool {
        self.standing == Standing::Refused
    }

    pub(super) fn has_answered(&self) -> bool {
        self.standing != Standing::Open
    }
}

impl Phone {
    /// Registered: everything is asked for, what stands already anew.
    pub(in crate::phone) fn watch_lot(&mut self, now: Moment) {
        let Some(lot) = self.lot_elsewhere() else { return };
        if self.leaving != Leaving::No {
            return;
        }
        if self.lot.slots.is_empty() && lot.watch.is_some() {
            let slot = |number: &_| Slot {
                number: Clone::clone(number),
                subscription: Subscription::default(),
                is_known: false,
                waiting: None,
            };
            self.lot.slots = lot.slots.iter().map(slot).collect();
        }
        self.timers.set(Timer::LotSettles, now + TABLE_WITHIN);
        if self.lot.call_info.is_refused() {
            return self.watch_slots_again(now);
        }
        self.watch_again(Watched::CallInfo, now);
        if self.lot.call_info.is_on() {
            self.watch_slots_again(now);
        }
    }

    fn watch_slots_again(&mut self, now: Moment) {
        for slot in self.all_slots() {
            self.timers.set(Timer::WatchAgain(slot), now);
        }
    }

    fn all_slots(&self) -> Vec<Watched> {
        let slots = (0..self.lot.slots.len()).filter_map(|slot| u16::try_from(slot).ok());
        slots.map(Watched::Slot).collect()
    }

    /// Due: asked for, unless enough is asked already; then a moment later.
    pub(in crate::phone) fn watch_again(&mut self, watched: Watched, now: Moment) {
        if self.leaving != Leaving::No || self.is_asked(Purpose::Watch(watched)) {
            return;
        }
        let asked = self.asked.values().filter(|asked| matches!(asked, Purpose::Watch(_))).count();
        if asked >= ASKED_MAX {
            return self.timers.set(Timer::WatchAgain(watched), now + Duration::from_millis(100));
        }
        self.send_watch(watched, EXPIRES, Purpose::Watch(watched), now);
    }

    fn send_watch(&mut self, watched: Watched, expires: Duration, purpose: Purpose, now: Moment) {
        let Some(user) = self.user_watched(watched) else { return };
        let fresh = self.dialog_to(&user);
        let Some(subscription) = self.lot.subscription(watched) else { return };
        let dialog = subscription.dialog.get_or_insert(fresh);
        let mut request = dialog.request(Method::Subscribe);
        let flow = dialog.flow;
        let (package, accept) = match watched {
            Watched::CallInfo => ("call-info", CALL_PARK_INFO),
            Watched::Slot(_) => ("dialog", DIALOG_INFO),
        };
        request.headers.push(Name::Event, package);
        request.headers.push(Name::Accept, accept);
        request.headers.push(Name::Expires, expires.as_secs().to_string());
        self.send(request, flow, purpose, now);
    }

    fn user_watched(&self, watched: Watched) -> Option<String> {
        match watched {
            Watched::CallInfo => Some(self.account.user()),
            Watched::Slot(slot) => {
                let slot = self.lot.slots.get(usize::from(slot))?;
                Some(self.lot_elsewhere()?.watch.as_ref()?.of(&slot.number))
            }
        }
    }

    fn dialog_to(&mut self, user: &str) -> Dialog {
        let account = &self.account;
        let local = account.own_address().with_tag(&self.chance.hex(12));
        let target = account.uri_of(user);
        let remote = crate::sip::wire::NameAddr::new(None, target.clone());
        let contact = account.contact();
        Dialog::outgoing(self.chance.hex(24), local, remote, target, contact, account.flow)
    }

    pub(in crate::phone) fn unwatch_lot(&mut self, now: Moment) {
        let all = [Watched::CallInfo].into_iter().chain(self.all_slots());
        for watched in all.collect::<Vec<_>>() {
            self.timers.clear(&Timer::WatchAgain(watched));
            if self.lot.subscription(watched).is_some_and(|it| it.is_on()) {
                self.send_watch(watched, Duration::ZERO, Purpose::Unwatch(watched), now);
            }
        }
    }

    pub(in crate::phone) fn watch_answered(
        &mut self,
        watched: Watched,
        response: &Response,
        flow: Flow,
        now: Moment,
    ) {
        let was_open = self.lot.subscription(watched).is_some_and(|it| !it.has_answered());
        match response.status {
            200..300 => self.watched(watched, response, flow, now),
            408 | 481 | 500 | 502..600 => self.watch_failed(watched, now),
            _ => self.watch_refused(watched, now),
        }
        if was_open && watched == Watched::CallInfo {
            self.watch_slots_again(now);
        }
        self.tell_lot(now);
    }

    fn watched(&mut self, watched: Watched, response: &Response, flow: Flow, now: Moment) {
        let Some(subscription) = self.lot.subscription(watched) else { return };
        (subscription.standing, subscription.failures) = (Standing::On, 0);
        if let Some(dialog) = &mut subscription.dialog {
            match dialog.remote.tag() {
                None => dialog.answered(response, flow),
                Some(_) => dialog.refresh_target(&response.headers, flow),
            }
        }
        let granted = response.headers.expires().map(|s| Duration::from_secs(u64::from(s)));
        let granted = granted.unwrap_or(EXPIRES).clamp(EXPIRES_MIN, EXPIRES_MAX);
        self.timers.set(Timer::WatchAgain(watched), now + granted / 2);
    }

    /// The server does not know it any more, or says nothing: from the start.
    fn watch_failed(&mut self, watched: Watched, now: Moment) {
        let failures = self.lot.subscription(watched).map_or(0, |it| it.failures);
        let pause = if failures == 0 { Duration::ZERO } else { self.pause_after(failures) };
        let Some(subscription) = self.lot.subscription(watched) else { return };
        subscription.dialog = None;
        subscription.failures = failures.saturating_add(1);
        if let Watched::Slot(slot) = watched {
            self.lot.forget(slot);
        }
        self.timers.set(Timer::WatchAgain(watched), now + pause);
    }

    /// There is no such thing here: `call-info` is not asked for again, a
    /// slot's lamp is after a while.
    fn watch_refused(&mut self, watched: Watched, now: Moment) {
        let Some(subscription) = self.lot.subscription(watched) else { return };
        (subscription.dialog, subscription.standing) = (None, Standing::Refused);
        if let Watched::Slot(slot) = watched {
            self.lot.forget(slot);
            self.timers.set(Timer::WatchAgain(watched), now + REFUSED_PAUSE);
        }
    }

    /// Whose NOTIFY this is; it may come before the answer to our SUBSCRIBE.
    pub(in crate::phone) fn watched_by(&self, request: &Request) -> Option<Watched> {
        let headers = &request.headers;
        let (call_id, tag) = (headers.call_id()?, headers.to_tag()?);
        let is_it = |subscription: &Subscription| {
            let dialog = subscription.dialog.as_ref();
            dialog.is_some_and(|it| it.call_id == call_id && it.local.tag() == Some(tag.as_str()))
        };
        if is_it(&self.lot.call_info) {
            return Some(Watched::CallInfo);
        }
        let slot = self.lot.slots.iter().position(|slot| is_it(&slot.subscription))?;
        u16::try_from(slot).ok().map(Watched::Slot)
    }

    pub(in crate::phone) fn notified_of_lot(
        &mut self,
        watched: Watched,
        request: &Request,
        flow: Flow,
        now: Moment,
    ) {
        if request.method != Method::Notify {
            return self.refuse(request, flow, 405);
        }
        let subscription = self.lot.subscription(watched);
        let Some(dialog) = subscription.and_then(|it| it.dialog.as_mut()) else { return };
        if dialog.remote.tag().is_none() {
            dialog.remote = request.headers.from().unwrap_or(dialog.remote.clone());
            dialog.refresh_target(&request.headers, flow);
        }
        if let Err(misfit) = dialog.admit(request) {
            return self.refuse_misfit(request, flow, misfit, now);
        }
        let status = self.read_lot(watched, request, now);
        self.reply(request, flow, status, now);
        let state = request.headers.subscription_state();
        if let Some(state) = state.filter(|state| state.state == "terminated") {
            self.lamp_ended(watched, state.reason.as_deref(), now);
        }
    }

    fn read_lot(&mut self, watched: Watched, request: &Request, now: Moment) -> u16 {
        // A state without a body says nothing new (RFC 6665 §4.1.3).
        if request.body.is_empty() {
            return 200;
        }
        let kind = request.headers.content_type();
        match (watched, kind.as_deref()) {
            (Watched::Slot(slot), Some(DIALOG_INFO)) => match documents::lamp(&request.body) {
                Some(lamp) => self.lamp_changed(slot, lamp, now),
                None => return 400,
            },
            (Watched::CallInfo, Some(CALL_PARK_INFO)) => {
                match documents::call_park_info(&request.body) {
                    Some(news) => self.news_for_me(news, now),
                    None => return 400,
                }
            }
            _ => return 415,
        }
        200
    }

    fn lamp_ended(&mut self, watched: Watched, reason: Option<&str>, now: Moment) {
        if self.leaving != Leaving::No {
            return;
        }
        if matches!(reason, Some("rejected" | "noresource")) {
            self.watch_refused(watched, now);
        } else {
            self.watch_failed(watched, now);
        }
        self.tell_lot(now);
    }

    /// Another address, or a server without its memory.
    pub(in crate::phone) fn lot_begins_anew(&mut self) {
        self.lot.call_info.dialog = None;
        for slot in &mut self.lot.slots {
            slot.subscription.dialog = None;
        }
    }

    pub(in crate::phone) fn dialog_watched(&mut self, watched: Watched) -> Option<&mut Dialog> {
        self.lot.subscription(watched)?.dialog.as_mut()
    }
}

impl LotWatch {
    fn subscription(&mut self, watched: Watched) -> Option<&mut Subscription> {
        match watched {
            Watched::CallInfo => Some(&mut self.call_info),
            Watched::Slot(slot) => {
                self.slots.get_mut(usize::from(slot)).map(|slot| &mut slot.subscription)
            }
        }
    }

    /// Its lamp tells nothing any more.
    fn forget(&mut self, slot: u16) {
        if let Some(slot) = self.slots.get_mut(usize::from(slot)) {
            (slot.is_known, slot.waiting) = (false, None);
        }
    }
}
