//! Devices that are told of parked calls without having asked, as their
//! settings say: in words by MESSAGE (RFC 3428), or by a NOTIFY of `park-info`.
//!
//! Each is told what is different from what it knows, or the whole; one
//! request is on its way at a time, and what changes meanwhile goes with the next.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::ids::{Extension, JourneyId};
use crate::exchange::pages::Pages;
use crate::exchange::registrar::Binding;
use crate::exchange::watch::CALL_PARK_XML;
use crate::exchange::{Errand, Exchange};
use crate::park::Parked;
use crate::sip::dialog::Dialog;
use crate::sip::flow::Flow;
use crate::sip::wire::{Host, Method, Name, NameAddr, Request, Uri};

/// Calls that one device is told of in words: the oldest. Others follow as these go.
const CALLS_MAX: usize = 20;
/// Octets of a message, so that it fits into any packet with its headers
/// (RFC 3428 §8 has 1,300 for the whole).
const TEXT_MAX: usize = 800;
/// Columns of a name, and of a note, in a message.
const NAME_MAX: usize = 40;
const NOTE_MAX: usize = 80;
const LINE_END: &str = "\r\n";
/// Who is shown as the sender. Whoever calls back fetches a call.
const SENDER: &str = "Parked calls";

/// How a device is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Carrier {
    Message,
    ParkInfo,
}

/// One device and one way of telling it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct HeraldId {
    pub extension: Extension,
    contact: String,
    carrier: Carrier,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Herald {
    stage: Stage,
    /// By message: calls it was told of, oldest first.
    told: Vec<Waiting>,
    /// What it was told before the one that is on its way.
    before: Vec<Waiting>,
    /// By NOTIFY: the last body.
    body: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    #[default]
    Quiet,
    Underway,
    /// It takes nothing of the kind: told no more until it has registered anew.
    Refused,
}

/// A parked call as it is told in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    journey: JourneyId,
    key: u32,
    /// "Alice Smith +33386002678, at 102"
    who: String,
    note: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Heralds {
    #[serde(with = "crate::domain::pairs")]
    by_device: BTreeMap<HeraldId, Herald>,
    /// Whose devices may have something to be told.
    due: BTreeSet<Extension>,
}

impl Heralds {
    pub fn concern(&mut self, extensions: &BTreeSet<Extension>) {
        self.due.extend(extensions.iter().cloned());
    }

    /// What is on its way is answered or times out as before.
    pub fn resume(&mut self) {
        for (id, herald) in &mut self.by_device {
            herald.body = None;
            self.due.insert(id.extension.clone());
        }
    }

    fn forget(&mut self, extension: &Extension, gone: impl Fn(&str) -> bool) {
        self.by_device.retain(|id, _| id.extension != *extension || !gone(&id.contact));
    }
}

impl Exchange {
    /// A device has registered: as a new one it knows nothing.
    pub(super) fn herald_arrives(&mut self, extension: &Extension, new: &Binding, is_new: bool) {
        let contact = new.contact.to_string();
        let devices = self.state.registrar.devices(extension);
        let there: Vec<String> = devices.iter().map(|d| d.contact.to_string()).collect();
        let gone = |known: &str| (is_new && known == contact) || !there.iter().any(|c| c == known);
        self.state.heralds.forget(extension, gone);
        self.state.heralds.due.insert(extension.clone());
        self.state.watchers.has_some_news();
    }

    pub(super) fn send_heralds(&mut self) {
        for extension in std::mem::take(&mut self.state.heralds.due) {
            for (id, contact, flow) in self.heralds_of(&extension) {
                match id.carrier {
                    Carrier::Message => self.send_words(id, contact, flow),
                    Carrier::ParkInfo => self.send_park_info(id, contact, flow),
                }
            }
        }
    }

    fn heralds_of(&self, extension: &Extension) -> Vec<(HeraldId, Uri, Flow)> {
        let mut found = Vec::new();
        for device in self.state.registrar.devices(extension) {
            let habits = self.habits_of(extension, device);
            let Some(flow) = device.route().filter(|_| device.expires_at > self.now) else {
                continue;
            };
            let carriers =
                [(habits.message, Carrier::Message), (habits.park_info, Carrier::ParkInfo)];
            for (_, carrier) in carriers.into_iter().filter(|(wanted, _)| *wanted) {
                let (extension, contact) = (extension.clone(), device.contact.to_string());
                let id = HeraldId { extension, contact, carrier };
                found.push((id, device.contact.clone(), flow));
            }
        }
        found
    }

    fn send_words(&mut self, id: HeraldId, contact: Uri, flow: Flow) {
        let now = self.waiting_for(&id.extension);
        let herald = self.state.heralds.by_device.entry(id.clone()).or_default();
        if herald.stage != Stage::Quiet || herald.told == now {
            return;
        }
        let told = herald.told.clone();
        let text = self.words_of_change(&id.extension, &told, &now);
        let Some(herald) = self.state.heralds.by_device.get_mut(&id) else { return };
        (herald.before, herald.told) = (told, now);
        // A change of order alone is no news.
        if text.is_empty() {
            return;
        }
        herald.stage = Stage::Underway;
        let code = self.settings.codes.retrieve.clone();
        let mut request = self.unasked(Method::Message, &id, Some(SENDER), &code, contact, flow);
        request.headers.remove(&Name::Contact); // RFC 3428 §4
        let request = request.body("text/plain;charset=UTF-8", text);
        self.send_request(request, flow, Errand::Herald(id));
    }

    fn send_park_info(&mut self, id: HeraldId, contact: Uri, flow: Flow) {
        let stage = self.state.heralds.by_device.get(&id).map(|herald| herald.stage);
        if stage.is_some_and(|stage| stage != Stage::Quiet) {
            return;
        }
        let body = Pages::of(self).call_park(&id.extension);
        let text = String::from_utf8_lossy(&body).into_owned();
        let herald = self.state.heralds.by_device.entry(id.clone()).or_default();
        if herald.body.as_ref() == Some(&text) {
            return;
        }
        (herald.body, herald.stage) = (Some(text), Stage::Underway);
        let own = id.extension.to_string();
        let request = self
            .unasked(Method::Notify, &id, None, &own, contact, flow)
            .with(Name::Event, "park-info")
            .with(Name::SubscriptionState, "active")
            .body(CALL_PARK_XML, body);
        self.send_request(request, flow, Errand::Herald(id));
    }

    /// A request outside any dialog: every one has a Call-ID of its own.
    fn unasked(
        &mut self,
        method: Method,
        id: &HeraldId,
        name: Option<&str>,
        from: &str,
        contact: Uri,
        flow: Flow,
    ) -> Request {
        let host = || Host::Name(self.settings.domain.clone());
        let local = NameAddr::new(name.map(str::to_owned), Uri::sip(from, host()));
        let remote = NameAddr::new(None, Uri::sip(id.extension.as_str(), host()));
        let chance = &mut self.state.chance;
        let (call_id, tag) = (chance.hex(32), chance.hex(16));
        let ours = self.our_contact(flow);
        let local = local.with_tag(&tag);
        Dialog::outgoing(call_id, local, remote, contact, ours, flow).request(method)
    }

    /// It has its answer, or none in time.
    pub(super) fn heralded(&mut self, id: &HeraldId, status: Option<u16>) {
        let Some(herald) = self.state.heralds.by_device.get_mut(id) else { return };
        if herald.stage != Stage::Underway {
            return;
        }
        herald.stage = Stage::Quiet;
        match status {
            Some(200..=299) => {
                self.state.heralds.due.insert(id.extension.clone());
                self.state.watchers.has_some_news();
            }
            Some(403 | 405 | 406 | 415 | 420 | 481 | 489 | 501) => {
                *herald = Herald { stage: Stage::Refused, ..Herald::default() };
            }
            // Told with whatever changes next.
            Some(_) | None => {
                herald.told = std::mem::take(&mut herald.before);
                herald.body = None;
            }
        }
    }

    /// At his place, or group-parked in his group.
    fn waiting_for(&self, extension: &Extension) -> Vec<Waiting> {
        let calls = self.state.lot.calls().iter();
        let his = calls.filter(|call| self.is_for(call, extension));
        his.take(CALLS_MAX).map(|call| self.waiting(call)).collect()
    }

    fn is_for(&self, call: &Parked, extension: &Extension) -> bool {
        let group = self.settings.group_of(extension).map(|group| &group.name);
        let parked_in = call.group.as_ref().map(|park| &park.name);
        call.at == *extension || (parked_in.is_some() && parked_in == group)
    }

    fn waiting(&self, call: &Parked) -> Waiting {
        let caller = self.caller_of(call.journey);
        let name = crate::domain::caller_name::cut(&caller.to_string(), NAME_MAX);
        let numbered = !caller.is_withheld() && name != caller.number.as_str();
        let number = if numbered { format!(" {}", caller.number) } else { String::new() };
        Waiting {
            journey: call.journey,
            key: call.key,
            who: format!("{name}{number}, at {}", call.at),
            note: self.note_of(call.journey).fit(NOTE_MAX),
        }
    }

    /// A line for each call that has gone, come or changed.
    fn words_of_change(&self, to: &Extension, told: &[Waiting], now: &[Waiting]) -> String {
        let still = |call: &&Waiting| now.iter().any(|other| other.journey == call.journey);
        let gone = told.iter().filter(|call| !still(call));
        let gone = gone.map(|call| format!("No longer parked: {}", call.who));
        let news = now.iter().filter(|call| !told.contains(call));
        let news = news.filter_map(|call| self.words_of(call, to));
        let lines: Vec<String> = gone.chain(news).collect();
        within(lines, TEXT_MAX)
    }

    fn words_of(&self, waiting: &Waiting, to: &Extension) -> Option<String> {
        let call = self.state.lot.get(waiting.journey)?;
        let whom = match &call.group {
            Some(group) if call.at != *to => group.name.as_str(),
            Some(_) | None => "you",
        };
        let first = self.state.lot.at(&call.at).next().map(|first| first.journey);
        let key =
            if first == Some(call.journey) { String::new() } else { format!("*{}", call.key) };
        let code = format!("{}{}{key}", self.settings.codes.retrieve, call.at);
        let note =
            if waiting.note.is_empty() { String::new() } else { format!(": {}", waiting.note) };
        Some(format!("Parked for {whom}: {}, dial {code}{note}", waiting.who))
    }
}

/// The lines that fit, and how many more there are. Lines of plain text end in
/// CR and LF (RFC 2046 §4.1.1).
fn within(lines: Vec<String>, octets: usize) -> String {
    let (count, mut text, mut kept) = (lines.len(), String::new(), 0);
    for line in lines {
        if kept > 0 && text.len() + LINE_END.len() + line.len() > octets {
            break;
        }
        if kept > 0 {
            text.push_str(LINE_END);
        }
        (text, kept) = (text + &line, kept + 1);
    }
    if kept < count { format!("{text}{LINE_END}and {} more", count - kept) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_as_many_lines_as_fit_and_says_how_many_are_left_out() {
        let lines = |count| vec!["12345678".to_owned(); count];
        assert_eq!(within(lines(0), 20), "");
        assert_eq!(within(lines(2), 20), "12345678\r\n12345678");
        assert_eq!(within(lines(5), 20), "12345678\r\n12345678\r\nand 3 more");
        assert_eq!(within(lines(1), 3), "12345678", "one is always told");
    }
}
