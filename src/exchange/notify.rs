//! Sending watchers what they are to be told: the whole truth each time,
//! never a difference, but to consoles that ask for it.

use bytes::Bytes;

use crate::domain::ids::Extension;
use crate::domain::park_table::{self, ParkTable, ParkedView, Parker, PhaseView};
use crate::exchange::dialog_info::{DIALOG_INFO, digest};
use crate::exchange::pages::Pages;
use crate::exchange::watch::{CALL_PARK_XML, News, Package, Subscription};
use crate::exchange::{Due, Errand, Exchange};
use crate::park::{Parked, Phase};
use crate::sip::dialog::DialogId;
use crate::sip::wire::{Method, Name};

/// What a NOTIFY says; its place in the dialog is added when it goes out.
struct Letter {
    event: String,
    state: String,
    call_info: Option<String>,
    body: Option<(&'static str, Bytes)>,
    /// Of a lamp's document; a table's edition.
    digest: Option<u64>,
}

impl Exchange {
    /// Sends what this turn has changed, to everybody concerned.
    pub(super) fn notify_watchers(&mut self) {
        if !self.state.watchers.take_news() {
            return;
        }
        self.mark_concerned();
        let due = self.state.watchers.whose_turn_it_is(self.now);
        self.take_stock_for(&due);
        let mut pages = Pages::of(self);
        let letters: Vec<(DialogId, Option<Letter>)> = due
            .into_iter()
            .map(|id| {
                let letter = self.news_for(&id, &mut pages);
                (id, letter)
            })
            .collect();
        for (id, letter) in letters {
            match letter {
                Some(letter) => self.post(&id, letter),
                None => self.state.watchers.knows_all(&id),
            }
        }
        self.send_heralds();
    }

    /// Consoles too, in this very turn.
    pub(super) fn tell_all_watchers(&mut self) {
        while self.state.watchers.next_wakeup(self.now).is_some() {
            self.notify_watchers();
        }
    }

    /// None: the watcher knows it already.
    fn news_for(&self, id: &DialogId, pages: &mut Pages<'_>) -> Option<Letter> {
        let subscription = self.state.watchers.get(id)?;
        let letter = self.letter(subscription, pages);
        let known = letter.digest.is_some() && letter.digest == subscription.knows;
        (!known).then_some(letter)
    }

    fn post(&mut self, id: &DialogId, letter: Letter) {
        let Some(subscription) = self.state.watchers.get_mut(id) else { return };
        subscription.news = News::Underway;
        subscription.knows = letter.digest;
        let over = subscription.expires_at <= self.now;
        self.send_letter(id, letter, Errand::Notify(id.clone()));
        if over {
            self.state.watchers.remove(id);
            self.state.due.clear(&Due::Subscription(id.clone()));
        }
    }

    fn take_stock_for(&mut self, due: &[DialogId]) {
        let is_table = |id: &DialogId| {
            let subscription = self.state.watchers.get(id);
            subscription.is_some_and(|s| matches!(s.package, Package::ParkTable { .. }))
        };
        if due.iter().any(is_table) {
            self.take_stock();
        }
    }

    pub(super) fn subscription_expired(&mut self, id: &DialogId) {
        self.end_subscription(id, "timeout");
    }

    /// The last NOTIFY says that it is the last, and why (RFC 6665 §4.1.3).
    pub(super) fn end_subscription(&mut self, id: &DialogId, reason: &str) {
        let Some(subscription) = self.state.watchers.get(id) else { return };
        if subscription.news != News::Adrift {
            let letter = self.letter(subscription, &mut Pages::of(self));
            let state = format!("terminated;reason={reason}");
            self.send_letter(id, Letter { state, ..letter }, Errand::Parting);
        }
        self.state.watchers.remove(id);
    }

    fn letter(&self, subscription: &Subscription, pages: &mut Pages<'_>) -> Letter {
        let left_s = subscription.expires_at.since(self.now).as_secs();
        let state = match left_s {
            0 => "terminated;reason=timeout".to_owned(),
            left_s => format!("active;expires={left_s}"),
        };
        let event = subscription.event.clone();
        let letter = Letter { event, state, call_info: None, body: None, digest: None };
        let watcher = &subscription.watcher;
        match &subscription.package {
            Package::CallInfo { with_body } => {
                let text = pages.call_park(watcher);
                let (call_info, digest) = (self.appearance("*", "idle"), Some(digest(&[&text])));
                let body = with_body.then_some((CALL_PARK_XML, text));
                Letter { call_info: Some(call_info), body, digest, ..letter }
            }
            Package::ParkInfo => {
                let text = pages.call_park(watcher);
                let digest = Some(digest(&[&text]));
                Letter { body: Some((CALL_PARK_XML, text)), digest, ..letter }
            }
            Package::Seizure { appearance } => {
                let state = if left_s == 0 { "idle" } else { "seized" };
                let call_info = self.appearance(&appearance.to_string(), state);
                Letter { call_info: Some(call_info), ..letter }
            }
            Package::Lamp { watched, entity } => {
                let page = pages.lamp(subscription, entity, watched);
                // The first NOTIFY of a dialog has CSeq 1 and version 0, and
                // both jump together after a restart (RFC 4235 §4.3).
                let text = page.numbered(subscription.dialog.local_cseq);
                let body = Some((DIALOG_INFO, Bytes::from(text)));
                Letter { body, digest: Some(page.digest()), ..letter }
            }
            Package::ParkTable { changes } => {
                let page = pages.table(subscription, *changes);
                let body = Some((page.content_type, page.text));
                Letter { body, digest: page.edition, ..letter }
            }
        }
    }

    /// Of a line that may be shared; ours are not.
    fn appearance(&self, index: &str, state: &str) -> String {
        let domain = &self.settings.domain;
        format!("<sip:{domain}>;appearance-index={index};appearance-state={state}")
    }

    fn send_letter(&mut self, id: &DialogId, letter: Letter, errand: Errand) {
        let Some(subscription) = self.state.watchers.get_mut(id) else { return };
        let flow = subscription.dialog.flow;
        let mut notify = subscription.dialog.request(Method::Notify);
        notify.headers.push(Name::Event, letter.event);
        notify.headers.push(Name::SubscriptionState, letter.state);
        if let Some(call_info) = letter.call_info {
            notify.headers.push(Name::CallInfo, call_info);
        }
        if let Some((content_type, body)) = letter.body {
            notify = notify.body(content_type, body);
        }
        self.send_request(notify, flow, errand);
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
            edition: self.state.watchers.editions.now(),
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
                extension: Some(parked.parking_user.clone()),
            },
            waited_ms: milliseconds(self.now.since(parked.parked_at)),
            phase: phase_view(&parked.phase),
            next: Some(self.next_step(parked)),
            note: self.note_of(parked.journey).clone(),
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
