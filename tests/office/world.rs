//! An office in simulated time: the real exchange, a network that may lose,
//! double and delay, and handsets that do what a test tells them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use bellhop::domain::caller_name::CallerName;
use bellhop::domain::chance::Chance;
use bellhop::domain::codes::FeatureCodes;
use bellhop::domain::directory::Directory;
use bellhop::domain::effects::Effects;
use bellhop::domain::ids::Extension;
use bellhop::domain::recall::Recall;
use bellhop::domain::time::{Moment, WallTime};
use bellhop::exchange::building::Building;
use bellhop::exchange::settings::{
    ExtensionSettings, GroupSettings, Limits, Settings, TrunkLine, TrunkSettings,
};
use bellhop::exchange::{self, Exchange, Report, Snapshot};
use bellhop::media::control::{MediaCommand, MediaEvent, PortToken, Source, StreamId};
use bellhop::sip::digest::Secret;
use bellhop::sip::flow::{Flow, Transport};
use bellhop::sip::wire::Method;
use bytes::Bytes;

use crate::handset::Handset;
use crate::provider::Provider;

pub const DOMAIN: &str = "office.example";
const STREAMS: u64 = 200;

/// How bad the network is, in percent.
#[derive(Clone, Copy, Default)]
pub struct Weather {
    pub loss: u64,
    pub doubled: u64,
    /// Packets arrive up to this much later than others.
    pub jitter: Duration,
}

pub enum Packet {
    ToOffice(Flow, Bytes),
    ToHandset(Flow, Bytes),
}

/// What the office was called for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    Told,
    Woken,
    Restarted,
}

/// Looks on after every turn of the office.
pub trait Witness {
    fn turn(&mut self, world: &World, cause: &Cause, reports: &[Report]);
}

/// Everybody under the server's roof; it looks like the first of them.
pub struct Office(pub Building);

impl std::ops::Deref for Office {
    type Target = Exchange;

    fn deref(&self) -> &Exchange {
        &self.0.offices()[0]
    }
}

impl Office {
    pub fn handle(&mut self, input: exchange::Input, now: Moment) -> Effects<exchange::Effect> {
        self.0.handle(input, now)
    }

    pub fn handle_wakeup(&mut self, now: Moment) -> Effects<exchange::Effect> {
        self.0.handle_wakeup(now)
    }

    pub fn next_wakeup(&self) -> Option<bellhop::domain::time::Wakeup> {
        self.0.next_wakeup()
    }
}

pub struct World {
    tenants: Vec<Settings>,
    pub exchange: Office,
    pub handsets: BTreeMap<SocketAddr, Handset>,
    pub now: Moment,
    pub weather: Weather,
    pub reports: Vec<Report>,
    /// What administrators wish, for the edge.
    pub orders: Vec<exchange::Order>,
    /// Requests that the office has sent: to whom, by which method.
    requests: BTreeMap<(SocketAddr, String), usize>,
    /// What each open stream sends, as the media threads were last told.
    pub playing: BTreeMap<StreamId, Source>,
    pub connected: BTreeMap<StreamId, bellhop::media::control::Agreed>,
    pub closed: BTreeSet<StreamId>,
    /// Given to the office so far.
    streams: u64,
    pub witness: Option<Box<dyn Witness>>,
    /// Ends of streams that are gone unnoticed.
    cut: BTreeSet<SocketAddr>,
    connections: u16,
    chance: Chance,
    /// On the network, by when and in which order it arrives.
    pub underway: BTreeMap<(Moment, u64), Packet>,
    sent: u64,
    /// What the name servers were asked.
    pub asked: Vec<exchange::Place>,
    /// What they answer, by host; nothing where nothing is said.
    pub zone: BTreeMap<String, Result<Vec<SocketAddr>, String>>,
}

impl World {
    pub fn open() -> Self {
        Self::with(settings(), 1)
    }

    pub fn with(settings: Settings, seed: u128) -> Self {
        Self::of(vec![settings], seed)
    }

    /// Several tenants of one server. What the stories look at is the first.
    pub fn of(tenants: Vec<Settings>, seed: u128) -> Self {
        let offices = tenants.iter().zip(0..).map(|(settings, index)| {
            Exchange::new(settings.clone(), Chance::from_seed(seed + index * 1_000), [7; 32])
        });
        let exchange = Office(Building::new(offices.collect()));
        let mut world = Self {
            tenants,
            exchange,
            handsets: BTreeMap::new(),
            now: Moment::START,
            weather: Weather::default(),
            reports: Vec::new(),
            orders: Vec::new(),
            requests: BTreeMap::new(),
            playing: BTreeMap::new(),
            connected: BTreeMap::new(),
            closed: BTreeSet::new(),
            streams: 0,
            witness: None,
            cut: BTreeSet::new(),
            connections: 0,
            chance: Chance::from_seed(seed + 1),
            underway: BTreeMap::new(),
            sent: 0,
            asked: Vec::new(),
            zone: BTreeMap::new(),
        };
        world.more_ports(STREAMS);
        world
    }

    pub fn more_ports(&mut self, count: u64) {
        (0..count).for_each(|_| self.give_port());
    }

    fn give_port(&mut self) {
        let stream = self.streams;
        self.streams += 1;
        let port = u16::try_from(20_000 + stream * 2).unwrap();
        let token = PortToken { stream: StreamId(stream), port };
        self.media_reports(MediaEvent::PortReady(token));
    }

    /// A phone of `extension`, registered.
    pub fn phone(&mut self, extension: &str, host: u8) -> SocketAddr {
        let at = self.unregistered(extension, host);
        self.act(at, |handset, now| handset.register(3600, now));
        self.settle();
        at
    }

    pub fn unregistered(&mut self, extension: &str, host: u8) -> SocketAddr {
        let at: SocketAddr = format!("10.0.0.{host}:5060").parse().unwrap();
        let seed = u128::from(host) + 1_000;
        self.handsets.insert(at, Handset::new(extension, at, office(), Chance::from_seed(seed)));
        at
    }

    /// A phone of `extension` on a stream, registered. It listens at its Contact.
    pub fn tcp_phone(&mut self, extension: &str, host: u8) -> SocketAddr {
        self.tcp_phone_that(extension, host, |handset| handset.listens = true)
    }

    pub fn tcp_phone_that(
        &mut self,
        extension: &str,
        host: u8,
        is: impl FnOnce(&mut Handset),
    ) -> SocketAddr {
        let at = self.unregistered(extension, host);
        let handset = self.get(at);
        handset.transport = Transport::Tcp;
        is(handset);
        self.act(at, |handset, now| handset.register(3600, now));
        self.settle();
        at
    }

    fn stream(&self, remote: SocketAddr) -> Flow {
        Flow { transport: Transport::Tcp, local: office(), remote }
    }

    /// The handset closes its connection, and the office is told.
    pub fn disconnect(&mut self, at: SocketAddr) {
        let remote = self.get(at).connection.take().expect("it has no connection");
        self.stream_failed(remote);
    }

    /// The connection is gone and nobody notices: what is sent there vanishes.
    pub fn cut(&mut self, at: SocketAddr) {
        let remote = self.get(at).connection.take().expect("it has no connection");
        self.cut.insert(remote);
    }

    fn stream_failed(&mut self, remote: SocketAddr) {
        let flow = self.stream(remote);
        let effects = self.exchange.handle(exchange::Input::TransportFailed { flow }, self.now);
        self.carry_out(effects);
    }

    /// A provider's server, which asks for a password.
    pub fn provider(&mut self, at: &str) -> SocketAddr {
        let at: SocketAddr = at.parse().unwrap();
        let mut handset = Handset::new("far", at, office(), Chance::from_seed(77));
        handset.from_host = "provider.example".to_owned();
        handset.provider = Some(Provider::default());
        self.handsets.insert(at, handset);
        at
    }

    /// Somebody outside, brought by the trunk.
    pub fn caller(&mut self, number: &str, name: &str) -> SocketAddr {
        let port = 6000 + u16::try_from(self.handsets.len()).unwrap();
        let at: SocketAddr = format!("198.51.100.7:{port}").parse().unwrap();
        let mut handset = Handset::new(number, at, office(), Chance::from_seed(u128::from(port)));
        handset.display = name.to_owned();
        handset.from_host = "provider.example".to_owned();
        self.handsets.insert(at, handset);
        at
    }

    pub fn get(&mut self, at: SocketAddr) -> &mut Handset {
        self.handsets.get_mut(&at).unwrap()
    }

    /// Lets a handset do something.
    pub fn act<R>(&mut self, at: SocketAddr, act: impl FnOnce(&mut Handset, Moment) -> R) -> R {
        let now = self.now;
        let handset = self.handsets.get_mut(&at).unwrap();
        let result = act(handset, now);
        self.collect(at);
        result
    }

    /// Until nothing is on its way; 5 s at most.
    pub fn settle(&mut self) {
        self.run_for(Duration::from_millis(300));
    }

    pub fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let packet = self.underway.keys().next().map(|(at, _)| *at);
            let office = self.exchange.next_wakeup().map(|wakeup| wakeup.at);
            let handsets = self.handsets.values().filter_map(Handset::next_wakeup).min();
            let Some(next) = [packet, office, handsets].into_iter().flatten().min() else { break };
            if next > end {
                break;
            }
            self.now = self.now.max(next);
            if packet.is_some_and(|at| at <= self.now) {
                self.deliver();
            } else if office.is_some_and(|at| at <= self.now) {
                let effects = self.exchange.handle_wakeup(self.now);
                self.turn(effects, &Cause::Woken);
            } else {
                let all: Vec<SocketAddr> = self.handsets.keys().copied().collect();
                for at in all {
                    self.act(at, Handset::wake_up);
                }
            }
        }
        self.now = end;
    }

    fn deliver(&mut self) {
        let Some((_, packet)) = self.underway.pop_first() else { return };
        match packet {
            Packet::ToOffice(flow, bytes) => {
                let input = exchange::Input::Datagram { bytes, flow };
                let effects = self.exchange.handle(input, self.now);
                self.carry_out(effects);
            }
            Packet::ToHandset(flow, bytes) => {
                if flow.transport == Transport::Tcp {
                    self.deliver_on_stream(flow, &bytes);
                } else if self.handsets.contains_key(&flow.remote) {
                    self.act(flow.remote, |handset, now| handset.receive(&bytes, now));
                }
            }
        }
    }

    /// On the connection, or a new one to whoever listens there.
    fn deliver_on_stream(&mut self, flow: Flow, bytes: &Bytes) {
        let connected = |handset: &&mut Handset| handset.connection == Some(flow.remote);
        let mut at = self.handsets.iter_mut().find(|(_, h)| connected(h)).map(|(at, _)| *at);
        if at.is_none()
            && let Some(handset) = self.handsets.get_mut(&flow.remote).filter(|h| h.listens)
        {
            handset.connection = Some(flow.remote);
            at = Some(flow.remote);
        }
        match at {
            Some(at) => self.act(at, |handset, now| handset.receive(bytes, now)),
            None if self.cut.contains(&flow.remote) => {}
            None => self.stream_failed(flow.remote),
        }
    }

    fn connection_of(&mut self, at: SocketAddr) -> SocketAddr {
        let handset = self.handsets.get_mut(&at).unwrap();
        *handset.connection.get_or_insert_with(|| {
            self.connections += 1;
            SocketAddr::new(at.ip(), 40_000 + self.connections)
        })
    }

    /// The program ends in good order.
    pub fn close(&mut self) {
        let effects = self.exchange.0.close(self.now);
        self.carry_out(effects);
    }

    /// The program dies and starts again on what was saved, `away` later.
    pub fn restart(&mut self, away: Duration) {
        let wall = WallTime::from_unix_ms(1_795_000_000_000);
        let snapshots: Vec<Snapshot> = self
            .exchange
            .0
            .offices()
            .iter()
            .map(|office| {
                let saved = serde_json::to_string(&office.snapshot(self.now, wall)).unwrap();
                let snapshot = serde_json::from_str(&saved).unwrap();
                assert_eq!(serde_json::to_string(&snapshot).unwrap(), saved, "nothing is lost");
                snapshot
            })
            .collect();
        self.playing.clear();
        self.connected.clear();
        self.handsets.values_mut().for_each(|handset| handset.connection = None);
        let (mut offices, mut all) = (Vec::new(), Effects::none());
        for (snapshot, settings) in snapshots.into_iter().zip(&self.tenants) {
            let (exchange, now, effects) =
                Exchange::restore(snapshot, settings.clone(), [8; 32], wall + away);
            offices.push(exchange);
            self.now = now;
            all.extend(effects);
        }
        self.exchange = Office(Building::new(offices));
        self.turn(all, &Cause::Restarted);
    }

    /// And on other settings.
    pub fn restart_with(&mut self, away: Duration, change: impl FnOnce(&mut Settings)) {
        change(&mut self.tenants[0]);
        self.restart(away);
    }

    /// The office's settings change while it runs.
    pub fn reconfigure(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.tenants[0]);
        self.reconfigure_all(self.tenants.clone());
    }

    pub fn reconfigure_all(&mut self, tenants: Vec<Settings>) {
        let open = |settings| Exchange::new(settings, Chance::from_seed(77), [7; 32]);
        self.tenants = tenants.clone();
        let effects = self.exchange.0.reconfigure(tenants, self.now, open);
        self.carry_out(effects);
    }

    pub fn carry_out(&mut self, effects: Effects<exchange::Effect>) {
        self.turn(effects, &Cause::Told);
    }

    fn turn(&mut self, effects: Effects<exchange::Effect>, cause: &Cause) {
        let before = self.reports.len();
        for effect in effects {
            match effect {
                exchange::Effect::Send { flow, bytes } => {
                    self.count(flow.remote, &bytes);
                    self.post(|| Packet::ToHandset(flow, bytes.clone()));
                }
                exchange::Effect::Media(command) => self.media(command),
                exchange::Effect::Administer(order) => self.orders.push(order),
                exchange::Effect::Resolve(place) => self.name_servers(place),
                exchange::Effect::Report(report) => self.reports.push(report),
            }
        }
        if let Some(mut witness) = self.witness.take() {
            witness.turn(self, cause, &self.reports[before..]);
            self.witness = Some(witness);
        }
    }

    fn count(&mut self, to: SocketAddr, bytes: &Bytes) {
        let method = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
        let method = String::from_utf8_lossy(method).into_owned();
        *self.requests.entry((to, method)).or_default() += 1;
    }

    /// Repetitions count as well, and what is lost on its way.
    pub fn sent_to(&self, to: SocketAddr, method: &Method) -> usize {
        let key = (to, method.as_str().to_owned());
        self.requests.get(&key).copied().unwrap_or_default()
    }

    fn name_servers(&mut self, place: exchange::Place) {
        self.asked.push(place.clone());
        let Some(answer) = self.zone.get(&place.host).cloned() else { return };
        let transport = place.transport.unwrap_or(Transport::Udp);
        let flow = |remote| Flow { transport, local: office(), remote };
        let found = answer.map(|all| exchange::Found {
            flows: all.into_iter().map(flow).collect(),
            valid_for: s(300),
        });
        let effects = self.exchange.handle(exchange::Input::Resolved { place, found }, self.now);
        self.carry_out(effects);
    }

    fn media(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::Connect { stream, agreed, .. } => {
                assert!(!self.closed.contains(&stream), "{stream:?} is closed");
                self.connected.insert(stream, agreed);
            }
            MediaCommand::Play { stream, source } => {
                assert!(!self.closed.contains(&stream), "{stream:?} is closed");
                self.playing.insert(stream, source);
            }
            MediaCommand::Spend { .. } | MediaCommand::SendDigit { .. } => {}
            MediaCommand::Close { stream } => {
                assert!(self.closed.insert(stream), "{stream:?} closed twice");
                self.playing.remove(&stream);
                self.connected.remove(&stream);
            }
        }
    }

    fn collect(&mut self, at: SocketAddr) {
        let handset = self.handsets.get_mut(&at).unwrap();
        let (raw, transport) = (handset.raw, handset.transport);
        let sent = std::mem::take(&mut handset.sent);
        if sent.is_empty() {
            return;
        }
        let remote = if transport == Transport::Tcp { self.connection_of(at) } else { at };
        for bytes in sent {
            let bytes = raw.map_or(bytes.clone(), |(word, raw)| replaced(&bytes, word, raw));
            let flow = Flow { transport, local: office(), remote };
            self.post(|| Packet::ToOffice(flow, bytes.clone()));
        }
    }

    fn post(&mut self, packet: impl Fn() -> Packet) {
        let (Packet::ToOffice(flow, _) | Packet::ToHandset(flow, _)) = packet();
        let weather = if flow.transport.is_reliable() { Weather::default() } else { self.weather };
        let Weather { loss, doubled, jitter } = weather;
        let copies = if self.chance.below(100) < doubled { 2 } else { 1 };
        for _ in 0..copies {
            if self.chance.below(100) < loss {
                continue;
            }
            let jitter_ms = u64::try_from(jitter.as_millis()).unwrap();
            let delay = Duration::from_millis(1 + self.chance.below(jitter_ms + 1));
            self.sent += 1;
            self.underway.insert((self.now + delay, self.sent), packet());
        }
    }

    /// The office's end of this handset's sound.
    pub fn stream_of(&self, at: SocketAddr) -> Option<StreamId> {
        let port = self.handsets[&at].office_port()?;
        Some(StreamId(u64::from((port - 20_000) / 2)))
    }

    /// What the media thread reports.
    pub fn media_reports(&mut self, event: MediaEvent) {
        self.input(exchange::Input::Media(event));
    }

    pub fn input(&mut self, input: exchange::Input) {
        let effects = self.exchange.handle(input, self.now);
        self.carry_out(effects);
    }

    /// What the far end of this handset's call hears from the office.
    pub fn hears(&self, at: SocketAddr) -> Heard {
        let Some(stream) = self.stream_of(at) else { return Heard::Nothing };
        match self.playing.get(&stream) {
            None | Some(Source::Nothing) => Heard::Nothing,
            Some(Source::Music) => Heard::Music,
            Some(Source::Tone(_)) => Heard::Tone,
            Some(Source::Stream(from)) => {
                let speaker = self.connected.get(from).map(|agreed| agreed.remote.ip());
                Heard::Person(speaker.map(|ip| ip.to_string()).unwrap_or_default())
            }
        }
    }
}

fn replaced(bytes: &Bytes, word: &str, raw: &[u8]) -> Bytes {
    let found = bytes.windows(word.len()).position(|window| window == word.as_bytes());
    found.map_or(bytes.clone(), |at| [&bytes[..at], raw, &bytes[at + word.len()..]].concat().into())
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Nothing,
    Music,
    Tone,
    /// By the host that speaks.
    Person(String),
}

pub fn person(at: SocketAddr) -> Heard {
    Heard::Person(at.ip().to_string())
}

pub fn office() -> SocketAddr {
    "10.0.0.1:5060".parse().unwrap()
}

pub fn ext(text: &str) -> Extension {
    Extension::parse(text).unwrap()
}

pub fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Reception 101, Alice 102, Bob 103 are Front desk; Carol 104 is in no group.
pub fn settings() -> Settings {
    let people = [("101", "Reception"), ("102", "Alice"), ("103", "Bob"), ("104", "Carol")];
    let recall = Recall { after: s(45), ..Recall::default() };
    Settings {
        domain: DOMAIN.to_owned(),
        is_only_tenant: true,
        listen: vec![(Transport::Udp, office())],
        external_address: None,
        local_networks: Vec::new(),
        codes: FeatureCodes::default(),
        recall: recall.clone(),
        parked_per_extension_max: 3,
        extensions: people
            .iter()
            .map(|(number, name)| {
                let secret = Secret::password(number, DOMAIN, "secret");
                (
                    ext(number),
                    ExtensionSettings {
                        name: CallerName::clean(name),
                        secret,
                        admin: false,
                        devices: Vec::new(),
                    },
                )
            })
            .collect(),
        groups: vec![GroupSettings {
            name: CallerName::clean("Front desk"),
            members: ["101", "102", "103"].map(ext).to_vec(),
            recall,
        }],
        ring_groups: Vec::new(),
        trunks: vec![TrunkSettings {
            name: "provider".to_owned(),
            line: TrunkLine::Peer(Flow {
                transport: Transport::Udp,
                local: office(),
                remote: "198.51.100.7:5060".parse().unwrap(),
            }),
            account: None,
            caller_id: None,
            inbound: Some(ext("101")),
            dids: vec![("+4930104".to_owned(), ext("104"))],
            outbound_prefix: Some("0".to_owned()),
            media_from: Vec::new(),
        }],
        emergency: ["112", "911"].map(str::to_owned).to_vec(),
        directory: Directory::default(),
        limits: Limits::default(),
    }
}
