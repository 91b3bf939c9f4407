//! An office with desks, and a caller from outside.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bellhop::domain::caller_name::CallerName;
use bellhop::domain::chance::Chance;
use bellhop::domain::codes::FeatureCodes;
use bellhop::domain::effects::Effects;
use bellhop::domain::ids::Extension;
use bellhop::domain::lot::Lot;
use bellhop::domain::park_table::ParkTable;
use bellhop::domain::time::{Moment, WallTime};
use bellhop::exchange::{self, Exchange};
use bellhop::media::control::{
    Agreed, DeskSound, MediaEvent, PortToken, RingKind, SoundEvent, StreamId, Tone,
};
use bellhop::phone::account::Account;
use bellhop::phone::messages::{Command, Ended, Event, Line, LineId, LineState, Target};
use bellhop::phone::{self, Phone};
use bellhop::sip::flow::{Flow, Transport};
use bellhop::sip::wire::Host;
use bytes::Bytes;

use crate::handset::Handset;
pub use crate::world::{DOMAIN, Weather, ext, office, s, settings};

/// A desk: its phone, and what it has told and played.
pub struct Desk {
    pub phone: Phone,
    pub at: SocketAddr,
    pub events: Vec<Event>,
    pub lines: BTreeMap<LineId, Line>,
    pub table: Option<ParkTable>,
    pub talk: Option<StreamId>,
    pub ring: Option<RingKind>,
    pub tone: Option<Tone>,
    pub connected: BTreeMap<StreamId, Agreed>,
    pub digits: Vec<char>,
    next_stream: u64,
}

pub struct House {
    pub exchange: Exchange,
    pub desks: Vec<Desk>,
    pub callers: BTreeMap<SocketAddr, Handset>,
    pub now: Moment,
    pub weather: Weather,
    /// Every desk is written down, dropped and restored after each input.
    pub forgetful: bool,
    /// A desk's machine does nothing on the dot.
    pub late: Duration,
    chance: Chance,
    underway: BTreeMap<(Moment, u64), (bool, Flow, Bytes)>,
    sent: u64,
}

impl House {
    pub fn open() -> Self {
        Self::with_seed(1)
    }

    pub fn with_seed(seed: u128) -> Self {
        let exchange = Exchange::new(settings(), Chance::from_seed(seed), [7; 32]);
        let mut house = Self {
            exchange,
            desks: Vec::new(),
            callers: BTreeMap::new(),
            now: Moment::START + s(1),
            weather: Weather::default(),
            forgetful: false,
            late: Duration::ZERO,
            chance: Chance::from_seed(seed + 1),
            underway: BTreeMap::new(),
            sent: 0,
        };
        house.ports_ready();
        house
    }

    fn ports_ready(&mut self) {
        for stream in 0..200 {
            let port = u16::try_from(20_000 + stream * 2).unwrap();
            let token = PortToken { stream: StreamId(stream), port };
            let input = exchange::Input::Media(MediaEvent::PortReady(token));
            let effects = self.exchange.handle(input, self.now);
            self.carry_out_office(effects);
        }
    }

    /// The office dies, and another comes in its place that knows of nothing.
    pub fn new_office(&mut self) {
        self.exchange = Exchange::new(settings(), Chance::from_seed(77), [7; 32]);
        self.ports_ready();
    }

    /// A registered desk with its sound.
    pub fn desk(&mut self, extension: &str) -> usize {
        let desk = self.desk_with(extension, "secret");
        self.settle();
        desk
    }

    pub fn desk_with(&mut self, extension: &str, password: &str) -> usize {
        let host = 50 + self.desks.len();
        let at: SocketAddr = format!("10.0.0.{host}:5060").parse().unwrap();
        let account = Account {
            flow: Flow { transport: Transport::Udp, local: at, remote: office() },
            domain: Host::Name(DOMAIN.to_owned()),
            extension: ext(extension),
            name: CallerName::default(),
            password: password.to_owned(),
            codes: FeatureCodes::default(),
            lot: Lot::Ours,
        };
        let chance = Chance::from_seed(u128::try_from(host).unwrap());
        self.desks.push(Desk {
            phone: Phone::new(account, chance),
            at,
            events: Vec::new(),
            lines: BTreeMap::new(),
            table: None,
            talk: None,
            ring: None,
            tone: None,
            connected: BTreeMap::new(),
            digits: Vec::new(),
            next_stream: 0,
        });
        let desk = self.desks.len() - 1;
        for _ in 0..4 {
            self.port_ready(desk);
        }
        let effects = self.desks[desk].phone.start(self.now);
        self.carry_out(desk, effects);
        desk
    }

    fn port_ready(&mut self, desk: usize) {
        let number = self.desks[desk].next_stream;
        self.desks[desk].next_stream += 1;
        let port = u16::try_from(40_000 + number * 2).unwrap();
        let token = PortToken { stream: StreamId(number), port };
        self.input(desk, phone::Input::Sound(SoundEvent::PortReady(token)));
    }

    /// Somebody outside calls the office's main number.
    pub fn caller(&mut self, number: &str, name: &str) -> SocketAddr {
        let port = 6000 + u16::try_from(self.callers.len()).unwrap();
        let at: SocketAddr = format!("198.51.100.7:{port}").parse().unwrap();
        let mut handset = Handset::new(number, at, office(), Chance::from_seed(u128::from(port)));
        handset.display = name.to_owned();
        handset.from_host = "provider.example".to_owned();
        handset.dial("1", self.now);
        self.callers.insert(at, handset);
        self.collect(at);
        self.settle();
        at
    }

    pub fn caller_hangs_up(&mut self, at: SocketAddr) {
        let now = self.now;
        self.callers.get_mut(&at).unwrap().hang_up(0, now);
        self.collect(at);
        self.settle();
    }

    fn collect(&mut self, at: SocketAddr) {
        for bytes in std::mem::take(&mut self.callers.get_mut(&at).unwrap().sent) {
            let flow = Flow { transport: Transport::Udp, local: office(), remote: at };
            self.post(true, flow, &bytes);
        }
    }

    pub fn input(&mut self, desk: usize, input: phone::Input) {
        let effects = self.desks[desk].phone.handle(input, self.now);
        self.carry_out(desk, effects);
        if self.forgetful {
            self.forget_and_remember(desk);
        }
    }

    pub fn forget_and_remember(&mut self, desk: usize) {
        let saved = serde_json::to_string(&self.desks[desk].phone).unwrap();
        self.desks[desk].phone = serde_json::from_str(&saved).unwrap();
    }

    pub fn moves(&mut self, desk: usize, to: &str) {
        let local = to.parse().unwrap();
        self.desks[desk].at = local;
        let flow = Flow { transport: Transport::Udp, local, remote: office() };
        self.input(desk, phone::Input::Moved { flow });
    }

    pub fn restart_office(&mut self) {
        let wall = WallTime::from_unix_ms(1_795_000_000_000);
        let saved = serde_json::to_string(&self.exchange.snapshot(self.now, wall)).unwrap();
        let snapshot = serde_json::from_str(&saved).unwrap();
        let (exchange, now, effects) = Exchange::restore(snapshot, settings(), [7; 32], wall);
        (self.exchange, self.now) = (exchange, now);
        self.carry_out_office(effects);
    }

    pub fn tell(&mut self, desk: usize, command: Command) {
        self.input(desk, phone::Input::Command(command));
    }

    /// And waits for what comes of it.
    pub fn does(&mut self, desk: usize, command: Command) {
        self.tell(desk, command);
        self.settle();
    }

    pub fn dial(&mut self, desk: usize, number: &str) {
        self.does(desk, Command::Dial { to: Target::Typed(number.to_owned()) });
    }

    /// The caller from outside is on this desk's line.
    pub fn answered(desks: &[&str]) -> (Self, Vec<usize>, SocketAddr, LineId) {
        let mut house = Self::open();
        let all: Vec<usize> = desks.iter().map(|extension| house.desk(extension)).collect();
        let alice = house.caller("+3386002678", "Alice Smith");
        let line = house.desks[all[0]].only();
        house.does(all[0], Command::Answer { line });
        (house, all, alice, line)
    }

    pub fn settle(&mut self) {
        self.run_for(Duration::from_millis(300));
    }

    pub fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let packet = self.underway.keys().next().map(|(at, _)| *at);
            let office = self.exchange.next_wakeup().map(|wakeup| wakeup.at);
            let desks = self.desks.iter().filter_map(|desk| desk.phone.next_wakeup());
            let desks = desks.map(|wakeup| wakeup.at + self.late).min();
            let callers = self.callers.values().filter_map(Handset::next_wakeup).min();
            let next = [packet, office, desks, callers].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            if packet.is_some_and(|at| at <= self.now) {
                self.deliver();
            } else if office.is_some_and(|at| at <= self.now) {
                let effects = self.exchange.handle_wakeup(self.now);
                self.carry_out_office(effects);
            } else {
                self.wake_desks_and_callers();
            }
        }
        self.now = end;
    }

    fn wake_desks_and_callers(&mut self) {
        for desk in 0..self.desks.len() {
            let effects = self.desks[desk].phone.handle_wakeup(self.now);
            self.carry_out(desk, effects);
        }
        let callers: Vec<SocketAddr> = self.callers.keys().copied().collect();
        for at in callers {
            let now = self.now;
            self.callers.get_mut(&at).unwrap().wake_up(now);
            self.collect(at);
        }
    }

    fn deliver(&mut self) {
        let Some((_, (to_office, flow, bytes))) = self.underway.pop_first() else { return };
        if to_office {
            let effects = self.exchange.handle(exchange::Input::Datagram { bytes, flow }, self.now);
            return self.carry_out_office(effects);
        }
        let now = self.now;
        if let Some(caller) = self.callers.get_mut(&flow.remote) {
            caller.receive(&bytes, now);
            return self.collect(flow.remote);
        }
        if let Some(desk) = self.desks.iter().position(|desk| desk.at == flow.remote) {
            let flow = Flow { local: flow.remote, remote: flow.local, ..flow };
            self.input(desk, phone::Input::Datagram { bytes, flow });
        }
    }

    fn carry_out_office(&mut self, effects: Effects<exchange::Effect>) {
        for effect in effects {
            if let exchange::Effect::Send { flow, bytes } = effect {
                self.post(false, flow, &bytes);
            }
        }
    }

    fn carry_out(&mut self, desk: usize, effects: Effects<phone::Effect>) {
        for effect in effects {
            match effect {
                phone::Effect::Send { flow, bytes } => {
                    let flow = Flow { local: flow.remote, remote: flow.local, ..flow };
                    self.post(true, flow, &bytes);
                }
                phone::Effect::Tell(event) => self.desks[desk].hear(event),
                phone::Effect::Sound(DeskSound::Close { stream }) => {
                    self.desks[desk].connected.remove(&stream);
                    self.port_ready(desk);
                }
                phone::Effect::Sound(sound) => self.desks[desk].play(sound),
            }
        }
    }

    fn post(&mut self, to_office: bool, flow: Flow, bytes: &Bytes) {
        let Weather { loss, doubled, jitter } = self.weather;
        let copies = if self.chance.below(100) < doubled { 2 } else { 1 };
        for _ in 0..copies {
            if self.chance.below(100) < loss {
                continue;
            }
            let jitter_ms = u64::try_from(jitter.as_millis()).unwrap();
            let delay = Duration::from_millis(1 + self.chance.below(jitter_ms + 1));
            self.sent += 1;
            self.underway.insert((self.now + delay, self.sent), (to_office, flow, bytes.clone()));
        }
    }
}

impl Desk {
    fn hear(&mut self, event: Event) {
        match &event {
            Event::LineChanged(line) => drop(self.lines.insert(line.id, line.clone())),
            Event::LineEnded { line, .. } => drop(self.lines.remove(line)),
            Event::ParkTableChanged { table, .. } => self.table = table.clone(),
            _ => {}
        }
        self.events.push(event);
    }

    fn play(&mut self, sound: DeskSound) {
        match sound {
            DeskSound::Connect { stream, agreed, .. } => {
                self.connected.insert(stream, agreed);
            }
            DeskSound::Talk { stream } => self.talk = stream,
            DeskSound::Ring(kind) => self.ring = kind,
            DeskSound::EarTone(tone) => self.tone = tone,
            DeskSound::SendDigit { digit, .. } => self.digits.push(digit),
            DeskSound::Mute(_) | DeskSound::Close { .. } => {}
        }
    }

    /// The only line there is.
    #[track_caller]
    pub fn only(&self) -> LineId {
        let lines: Vec<_> = self.lines.keys().copied().collect();
        assert_eq!(lines.len(), 1, "{:?}", self.lines);
        lines[0]
    }

    pub fn states(&self) -> Vec<(String, LineState)> {
        let lines = self.lines.values();
        lines.map(|line| (line.caller.to_string(), line.state)).collect()
    }

    /// Sound goes both ways with the office on the line in the ear.
    pub fn talks(&self) -> bool {
        let agreed = self.talk.and_then(|stream| self.connected.get(&stream));
        agreed.is_some_and(|agreed| agreed.send && agreed.receive)
    }

    pub fn last_end(&self) -> Option<(String, Ended)> {
        self.events.iter().rev().find_map(|event| match event {
            Event::LineEnded { caller, ended, .. } => Some((caller.to_string(), ended.clone())),
            _ => None,
        })
    }

    pub fn last_refusal(&self) -> Option<(u16, String)> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Refused { status, reason, .. } => Some((*status, reason.clone())),
            _ => None,
        })
    }

    /// Whoever waits where, as the table has it.
    pub fn parked(&self) -> Vec<(String, Extension)> {
        let calls = self.table.iter().flat_map(|table| &table.calls);
        calls.map(|call| (call.caller.to_string(), call.place.clone())).collect()
    }
}
