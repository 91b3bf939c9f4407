//! Servers of other makes, scripted: each does on the wire what its kind does
//! with parked calls, and no more.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bellhop::domain::caller_name::CallerName;
use bellhop::domain::chance::Chance;
use bellhop::domain::codes::FeatureCodes;
use bellhop::domain::effects::Effects;
use bellhop::domain::lot::{Elsewhere, Lot};
use bellhop::domain::park_table::ParkTable;
use bellhop::domain::time::Moment;
use bellhop::media::control::{PortToken, SoundEvent, StreamId};
use bellhop::phone::account::Account;
use bellhop::phone::messages::{Command, Event, Line, LineId};
use bellhop::phone::{Effect, Input, Phone};
use bellhop::sip::flow::{Flow, Transport};
use bellhop::sip::wire::{self, Host, Message, Method, Name, Request};
use bytes::Bytes;

use crate::world::{ext, s};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// 700 parks at the next slot; lamps say "confirmed" and no name.
    Asterisk,
    /// A slot's number parks there; lamps say "park" for a name.
    FreeSwitch,
    /// `call-info` with names; knows no lamps of slots.
    BroadWorks,
    /// Tells of parked calls unasked.
    Unasked,
}

pub struct OtherPbx {
    pub make: Make,
    pub phone: Phone,
    pub now: Moment,
    pub events: Vec<Event>,
    pub lines: BTreeMap<LineId, Line>,
    pub table: Option<ParkTable>,
    /// What the desk asked, oldest first: method and user.
    pub asked: Vec<(Method, String)>,
    /// Who waits where.
    pub slots: BTreeMap<String, String>,
    /// Subscriptions by what they watch: the desk's SUBSCRIBE.
    watchers: BTreeMap<String, Request>,
    /// The desk's end of its call: the 200 to our INVITE, or its own INVITE.
    sent: u32,
    at: SocketAddr,
    inbox: Vec<Message>,
}

const PBX: &str = "10.0.0.9:5060";
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n\
    m=audio 30000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n";

impl OtherPbx {
    pub fn new(make: Make) -> Self {
        let lot = match make {
            Make::Asterisk => Elsewhere::asterisk(),
            Make::FreeSwitch => Elsewhere { park: None, ..Elsewhere::freeswitch() },
            Make::BroadWorks | Make::Unasked => Elsewhere::other(),
        };
        let at: SocketAddr = "10.0.0.50:5060".parse().unwrap();
        let account = Account {
            flow: Flow { transport: Transport::Udp, local: at, remote: PBX.parse().unwrap() },
            domain: Host::Name("pbx.example".to_owned()),
            extension: ext("101"),
            name: CallerName::default(),
            password: "secret".to_owned(),
            codes: FeatureCodes::default(),
            lot: Lot::Elsewhere(lot),
        };
        let mut pbx = Self {
            make,
            phone: Phone::new(account, Chance::from_seed(5)),
            now: Moment::START + s(1),
            events: Vec::new(),
            lines: BTreeMap::new(),
            table: None,
            asked: Vec::new(),
            slots: BTreeMap::new(),
            watchers: BTreeMap::new(),
            sent: 0,
            at,
            inbox: Vec::new(),
        };
        for stream in 0..4 {
            let port = u16::try_from(40_000 + stream * 2).unwrap();
            let token = PortToken { stream: StreamId(stream), port };
            pbx.input(Input::Sound(SoundEvent::PortReady(token)));
        }
        pbx
    }

    /// Registered, and whatever it watches watched.
    pub fn open(make: Make) -> Self {
        let mut pbx = Self::new(make);
        pbx.start();
        pbx
    }

    pub fn start(&mut self) {
        let effects = self.phone.start(self.now);
        self.carry_out(effects);
        self.run_for_ms(2_000);
    }

    pub fn does(&mut self, command: Command) {
        self.input(Input::Command(command));
        self.run_for_ms(1_000);
    }

    fn input(&mut self, input: Input) {
        let effects = self.phone.handle(input, self.now);
        self.carry_out(effects);
        // It forgets nothing that it must not.
        let saved = serde_json::to_string(&self.phone).unwrap();
        self.phone = serde_json::from_str(&saved).unwrap();
    }

    fn carry_out(&mut self, effects: Effects<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { bytes, .. } => self.inbox.push(wire::parse(&bytes).unwrap()),
                Effect::Tell(event) => self.hear(event),
                Effect::Sound(_) => {}
            }
        }
    }

    fn hear(&mut self, event: Event) {
        match &event {
            Event::LineChanged(line) => drop(self.lines.insert(line.id, line.clone())),
            Event::LineEnded { line, .. } => drop(self.lines.remove(line)),
            Event::ParkTableChanged { table, .. } => self.table.clone_from(table),
            _ => {}
        }
        self.events.push(event);
    }

    pub fn run_for_ms(&mut self, ms: u64) {
        let end = self.now + std::time::Duration::from_millis(ms);
        loop {
            while !self.inbox.is_empty() {
                if let Message::Request(request) = self.inbox.remove(0) {
                    self.answer(&request);
                }
            }
            let Some(wakeup) = self.phone.next_wakeup().filter(|wakeup| wakeup.at <= end) else {
                break;
            };
            self.now = self.now.max(wakeup.at);
            let effects = self.phone.handle_wakeup(self.now);
            self.carry_out(effects);
        }
        self.now = end;
    }

    fn answer(&mut self, request: &Request) {
        // A refresh goes to our Contact; whom it watches stands in To.
        let watched = request.headers.to().unwrap().uri.user_decoded();
        let user = match request.method {
            Method::Subscribe => watched.unwrap_or_default(),
            _ => request.uri.user_decoded().unwrap_or_default(),
        };
        if request.method != Method::Ack {
            self.asked.push((request.method.clone(), user.clone()));
        }
        match request.method {
            Method::Register => self.respond(request, 200, "Expires: 300\r\n", ""),
            Method::Subscribe => self.subscribed(request, &user),
            Method::Invite => {
                self.take_from(&user);
                self.respond(request, 200, "Contact: <sip:10.0.0.9:5060>\r\n", SDP);
            }
            Method::Refer => self.referred(request),
            Method::Ack => {}
            _ => self.respond(request, 200, "", ""),
        }
    }

    /// To what it knows; else 489, as each of these servers does.
    fn subscribed(&mut self, request: &Request, user: &str) {
        let package = request.headers.event().unwrap().package;
        let knows = match self.make {
            Make::Asterisk => package == "dialog" && user.starts_with("70"),
            Make::FreeSwitch => package == "dialog" && user.starts_with("park+600"),
            Make::BroadWorks => package == "call-info" && request.headers.accepts(CALL_PARK),
            Make::Unasked => false,
        };
        if !knows {
            return self.respond(request, 489, "Allow-Events: presence\r\n", "");
        }
        self.respond(request, 200, "Expires: 600\r\nContact: <sip:10.0.0.9:5060>\r\n", "");
        self.watchers.insert(user.to_owned(), request.clone());
        self.notify(user);
    }

    fn notify(&mut self, user: &str) {
        let Some(subscribe) = self.watchers.get(user).cloned() else { return };
        let slot = user.strip_prefix("park+").unwrap_or(user);
        let waits = self.slots.get(slot).cloned();
        let (package, kind, body) = match self.make {
            Make::BroadWorks => ("call-info", CALL_PARK, call_park_info(self.slots.get("101"))),
            _ => ("dialog", "application/dialog-info+xml", lamp(user, waits.is_some(), self.make)),
        };
        let extra = format!(
            "Event: {package}\r\nSubscription-State: active;expires=600\r\nContent-Type: {kind}\r\n"
        );
        self.send_within(&subscribe, "NOTIFY", &extra, &body);
    }

    /// Whoever waits at a slot is fetched by its number.
    fn take_from(&mut self, user: &str) {
        let slot = match user {
            "*88" => "101",
            user => user,
        };
        if self.slots.remove(slot).is_some() {
            self.tell_watchers(slot);
        }
    }

    fn tell_watchers(&mut self, slot: &str) {
        let watched: Vec<String> = self.watchers.keys().cloned().collect();
        let concerns = |user: &&String| self.make == Make::BroadWorks || user.ends_with(slot);
        for user in watched.iter().filter(concerns).cloned().collect::<Vec<_>>() {
            self.notify(&user);
        }
    }

    /// Somebody is parked, by whomever.
    pub fn park(&mut self, slot: &str, who: &str) {
        self.slots.insert(slot.to_owned(), who.to_owned());
        self.tell_watchers(slot);
        self.run_for_ms(10);
    }

    pub fn leaves(&mut self, slot: &str) {
        self.slots.remove(slot);
        self.tell_watchers(slot);
        self.run_for_ms(10);
    }

    fn referred(&mut self, request: &Request) {
        let to = request.headers.refer_to().unwrap().uri.user_decoded().unwrap();
        self.asked.push((Method::Refer, to.clone()));
        self.respond(request, 202, "", "");
        let slot = match self.make {
            Make::Asterisk => {
                (701..=720).map(|n| n.to_string()).find(|n| !self.slots.contains_key(n)).unwrap()
            }
            Make::FreeSwitch => to,
            Make::BroadWorks | Make::Unasked => "101".to_owned(),
        };
        self.park(&slot, "whoever it was");
        let extra = "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n\
            Content-Type: message/sipfrag;version=2.0\r\n";
        self.send_within(request, "NOTIFY", extra, "SIP/2.0 200 OK\r\n");
        self.send_within(request, "BYE", "", "");
    }

    fn respond(&mut self, request: &Request, status: u16, extra: &str, body: &str) {
        let mut response = request.response(status);
        let tagged = response.headers.to().unwrap();
        if tagged.tag().is_none() {
            response.headers.set(Name::To, tagged.with_tag("pbx").to_string());
        }
        for line in extra.lines() {
            let (name, value) = line.split_once(": ").unwrap();
            response.headers.push(Name::parse(name), value.to_owned());
        }
        let response = if body.is_empty() {
            response
        } else {
            response.body("application/sdp", body.to_owned())
        };
        let bytes = Message::Response(response).to_bytes();
        self.receive(bytes);
    }

    /// In the dialog that this request of the desk's belongs to.
    fn send_within(&mut self, theirs: &Request, method: &str, extra: &str, body: &str) {
        let headers = &theirs.headers;
        let from = headers.to().unwrap();
        let from = if from.tag().is_some() { from } else { from.with_tag("pbx") };
        let (from, to) = (from.to_string(), headers.from().unwrap().to_string());
        self.send(method, &from, &to, &headers.call_id().unwrap(), extra, body);
    }

    fn send(&mut self, method: &str, from: &str, to: &str, call_id: &str, extra: &str, body: &str) {
        self.sent += 1;
        let (n, at) = (self.sent, self.at);
        let text = format!(
            "{method} sip:101@{at} SIP/2.0\r\nVia: SIP/2.0/UDP {PBX};branch=z9hG4bKpbx{n};rport\r\n\
             Max-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
             CSeq: {n} {method}\r\nContact: <sip:{PBX}>\r\n{extra}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.receive(Bytes::from(text));
    }

    fn receive(&mut self, bytes: Bytes) {
        let flow = Flow { transport: Transport::Udp, local: self.at, remote: PBX.parse().unwrap() };
        self.input(Input::Datagram { bytes, flow });
    }

    /// A call that is answered.
    pub fn talks_with(&mut self, name: &str, number: &str) -> LineId {
        let before: Vec<LineId> = self.lines.keys().copied().collect();
        let from = format!("\"{name}\" <sip:{number}@pbx.example>;tag=c{number}");
        let extra = "Content-Type: application/sdp\r\n";
        self.send("INVITE", &from, "<sip:101@pbx.example>", &format!("call-{number}"), extra, SDP);
        self.run_for_ms(50);
        let line = self.lines.keys().find(|line| !before.contains(line)).copied().unwrap();
        self.input(Input::Command(Command::Answer { line }));
        let answered = self.inbox.iter().rev().find_map(|message| match message {
            Message::Response(response) if response.status == 200 => response.headers.to().ok(),
            _ => None,
        });
        self.sent -= 1;
        self.send("ACK", &from, &answered.unwrap().to_string(), &format!("call-{number}"), "", "");
        self.run_for_ms(50);
        line
    }

    /// A body that nobody asked for, in a NOTIFY of its own.
    pub fn tells_unasked(&mut self, kind: &str, body: &str) {
        let extra =
            format!("Event: park-info\r\nSubscription-State: active\r\nContent-Type: {kind}\r\n");
        let call_id = format!("unasked-{}", self.sent);
        self.send(
            "NOTIFY",
            "<sip:666@pbx.example>;tag=u",
            "<sip:101@pbx.example>",
            &call_id,
            &extra,
            body,
        );
    }

    /// In the subscription to this lamp.
    pub fn tells_of(&mut self, user: &str, kind: &str, body: &str) {
        let subscribe = self.watchers[user].clone();
        let extra = format!(
            "Event: dialog\r\nSubscription-State: active;expires=600\r\nContent-Type: {kind}\r\n"
        );
        self.send_within(&subscribe, "NOTIFY", &extra, body);
    }

    pub fn tell(&mut self, command: Command) {
        self.input(Input::Command(command));
    }

    pub fn refusal(&self) -> Option<&str> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Refused { reason, .. } => Some(reason.as_str()),
            _ => None,
        })
    }

    /// The desk's answer to what was sent last.
    pub fn last_answer(&self) -> Option<u16> {
        self.inbox.iter().rev().find_map(|message| match message {
            Message::Response(response) => Some(response.status),
            Message::Request(_) => None,
        })
    }

    /// Who is shown where.
    pub fn shown(&self) -> Vec<(String, String)> {
        let calls = self.table.iter().flat_map(|table| &table.calls);
        calls.map(|call| (call.place.to_string(), call.caller.to_string())).collect()
    }

    pub fn was_asked(&self, method: &Method) -> Vec<&str> {
        let asked = self.asked.iter().filter(|(asked, _)| asked == method);
        asked.map(|(_, user)| user.as_str()).collect()
    }
}

const CALL_PARK: &str = "application/x-broadworks-callpark-info+xml";

fn call_park_info(waits: Option<&String>) -> String {
    let parked = waits.map_or(String::new(), |who| {
        format!(
            "<parked><identity display=\"{who}\">sip:003386002678@pbx.example;user=phone</identity></parked>"
        )
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<x-broadworks-callpark-info \
         xmlns=\"http://schema.broadsoft.com/callpark\"><callpark>{parked}</callpark></x-broadworks-callpark-info>"
    )
}

fn lamp(user: &str, is_lit: bool, make: Make) -> String {
    let identity = format!("<identity display=\"park\">sip:{user}@pbx.example</identity>");
    let dialog = match (is_lit, make) {
        (false, _) => format!("<dialog id=\"{user}\"><state>terminated</state></dialog>"),
        (true, Make::FreeSwitch) => format!(
            "<dialog id=\"{user}\" direction=\"recipient\"><state>confirmed</state><local>{identity}</local>\
             <remote>{identity}</remote></dialog>"
        ),
        (true, _) => format!("<dialog id=\"{user}\"><state>confirmed</state></dialog>"),
    };
    format!(
        "<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" \
         state=\"full\" entity=\"sip:{user}@pbx.example\">{dialog}</dialog-info>"
    )
}
