//! The office server: registrar, calls, park service, notifications.
//!
//! One core that owns all of the office's state and translates between SIP
//! and the trade. Datagrams, media reports and the time go in; datagrams,
//! media commands and reports come out.

mod administer;
mod alive;
mod answer;
pub mod building;
mod calls;
mod connections;
mod dialog_info;
mod digits;
mod door;
mod editions;
mod heralds;
mod identity;
mod in_dialog;
mod invite;
mod leg;
mod lines;
mod manner;
mod media;
mod note;
mod notify;
mod pages;
mod park_service;
mod pickup;
mod promise;
mod reconfigure;
mod refer;
mod registrar;
mod report;
mod ring;
mod ring_groups;
pub mod settings;
mod strangers;
mod subscribe;
mod tables;
mod trunks;
mod watch;
mod ways;
mod xml;

use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::domain::administration::Outcome;
use crate::domain::chance::Chance;
use crate::domain::effects::Effects;
use crate::domain::ids::{Extension, JourneyId, RingGroup};
use crate::domain::park_table::ParkedView;
use crate::domain::time::{Anchor, Moment, Wakeup, WallTime};
use crate::domain::timers::Timers;
use crate::media::control::{MediaCommand, MediaEvent, PortToken};
use crate::park::Lot;
use crate::sip::dialog::DialogId;
use crate::sip::digest::{Answerer, Challenger};
use crate::sip::flow::Flow;
use crate::sip::transaction::{self, ClientId, Incoming, ServerId, Transactions};
use crate::sip::wire::{self, Message};

pub use administer::Order;
pub use leg::{Leg, Link, Party, RingId, Stage};
pub use registrar::Registrar;
pub use report::{Ending, Report};
pub use settings::Settings;
pub use trunks::{Found, Place};

use ring::Ring;
use trunks::{AskedTrunk, Registration};
use watch::Watchers;

#[derive(Clone, Debug)]
pub enum Input {
    /// A datagram as it came.
    Datagram {
        bytes: Bytes,
        flow: Flow,
    },
    /// A message of a stream, already framed and read.
    Message {
        message: Message,
        flow: Flow,
    },
    /// What a stream brought that cannot be read; its connection is closing.
    Broken {
        fault: wire::Fault,
        flow: Flow,
    },
    /// The edge could not reach this peer, or its connection is gone.
    TransportFailed {
        flow: Flow,
    },
    Media(MediaEvent),
    /// What became of an [`Order`]; settings that follow from it hold already.
    Administered {
        /// The tenant's.
        domain: String,
        number: u64,
        outcome: Outcome,
    },
    /// The answer to [`Effect::Resolve`], or why there is none.
    Resolved {
        place: Place,
        found: Result<Found, String>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Send {
        flow: Flow,
        bytes: Bytes,
    },
    Media(MediaCommand),
    /// An administrator's wish, to be answered with [`Input::Administered`].
    Administer(Order),
    /// Where this is, is to be asked of the name servers.
    Resolve(Place),
    /// For the log, the demo and statistics.
    Report(Report),
}

/// The office. Everything that must outlive the program is in `State`.
pub struct Exchange {
    settings: Settings,
    challenger: Challenger,
    /// By trunk. With the passwords, which are the settings': never saved.
    answerers: BTreeMap<String, Answerer>,
    /// The program ends.
    is_closing: bool,
    /// Its tenant is no more: only what was under way goes on.
    is_closed_down: bool,
    state: State,
    /// What this turn has decided so far.
    out: Vec<Effect>,
    now: Moment,
}

/// Everything the office knows that its configuration does not say.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    chance: Chance,
    transactions: Transactions,
    registrar: Registrar,
    legs: BTreeMap<JourneyId, Leg>,
    #[serde(with = "crate::domain::pairs")]
    dialogs: BTreeMap<DialogId, JourneyId>,
    /// Dialogs that ended lately, for late BYEs and repeated REFERs.
    #[serde(with = "crate::domain::pairs")]
    tombstones: BTreeMap<DialogId, Tombstone>,
    rings: BTreeMap<RingId, Ring>,
    last_ring: u64,
    /// Whose turn it was last in each ring group.
    last_rung: BTreeMap<RingGroup, Extension>,
    /// When each extension's last call ended.
    last_talk: BTreeMap<Extension, Moment>,
    lot: Lot,
    watchers: Watchers,
    #[serde(default)]
    heralds: heralds::Heralds,
    do_not_disturb: BTreeSet<Extension>,
    ports: VecDeque<PortToken>,
    /// Trunks that register with their providers, by name.
    trunks: BTreeMap<String, Registration>,
    asked_trunks: BTreeMap<ClientId, AskedTrunk>,
    /// Whose turn of requests outside calls it is to be answered.
    clients: BTreeMap<ClientId, Errand>,
    servers: BTreeMap<ServerId, JourneyId>,
    due: Timers<Due>,
    nonces: crate::sip::digest::NonceWindow,
    failures: BTreeMap<String, door::Failures>,
    /// Hosts that have shown to be there, until when that is believed.
    proven: BTreeMap<IpAddr, Moment>,
    orders: administer::Orders,
}

/// What a request of ours was for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Errand {
    /// INVITE, re-INVITE, UPDATE of this leg.
    Leg(JourneyId),
    /// BYE, NOTIFY of a REFER: the answer changes nothing.
    Parting,
    Notify(DialogId),
    /// Told to a device that had not asked.
    Herald(heralds::HeraldId),
    /// OPTIONS to a far end that sends nothing.
    AskWhetherThere(JourneyId),
    /// REGISTER of this trunk.
    Register(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Tombstone {
    /// The call was parked from here: a REFER with Replaces that follows
    /// has been carried out already (docs/PROTOCOL.md, P4).
    parked: bool,
    remote_tag: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Due {
    /// The far end should have hung up by itself.
    EndLeg(JourneyId),
    /// Nobody answers.
    GiveUpRing(RingId),
    /// A re-INVITE of ours has no answer.
    GiveUpRefresh(JourneyId),
    /// Its phone was busy when it was to be told who is there.
    TellIdentity(JourneyId),
    Tombstone(DialogId),
    Subscription(DialogId),
    Bindings(Extension),
    /// The far end sends nothing.
    AskWhetherThere(JourneyId),
    /// This way out is silent: the next one's turn.
    TryNextWay(JourneyId),
    LookUpTrunk(String),
    RegisterTrunk(String),
    KeepTrunkOpen(String),
}

/// The whole office as plain data, to outlive the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    anchor: Anchor,
    state: State,
}

impl Exchange {
    /// `nonce_key` is of this run alone: of nonces given before it nobody
    /// knows which were used, so none may be believed. Phones are challenged
    /// anew after a restart (`stale=true`), which their users do not notice.
    pub fn new(settings: Settings, chance: Chance, nonce_key: [u8; 32]) -> Self {
        let state = State {
            chance,
            transactions: Transactions::default(),
            registrar: Registrar::default(),
            legs: BTreeMap::new(),
            dialogs: BTreeMap::new(),
            tombstones: BTreeMap::new(),
            rings: BTreeMap::new(),
            last_ring: 0,
            last_rung: BTreeMap::new(),
            last_talk: BTreeMap::new(),
            lot: Lot::default(),
            watchers: Watchers::default(),
            heralds: heralds::Heralds::default(),
            do_not_disturb: BTreeSet::new(),
            ports: VecDeque::new(),
            trunks: BTreeMap::new(),
            asked_trunks: BTreeMap::new(),
            clients: BTreeMap::new(),
            servers: BTreeMap::new(),
            due: Timers::default(),
            nonces: crate::sip::digest::NonceWindow::default(),
            failures: BTreeMap::new(),
            proven: BTreeMap::new(),
            orders: administer::Orders::default(),
        };
        let mut exchange = Self::with(settings, nonce_key, state, Moment::START);
        exchange.open_trunks();
        exchange
    }

    fn with(settings: Settings, nonce_key: [u8; 32], state: State, now: Moment) -> Self {
        let challenger = Challenger::new(&settings.domain, nonce_key);
        let answerers = answerers(&settings);
        Self {
            settings,
            challenger,
            answerers,
            is_closing: false,
            is_closed_down: false,
            state,
            out: Vec::new(),
            now,
        }
    }

    pub fn snapshot(&self, now: Moment, wall_now: WallTime) -> Snapshot {
        Snapshot { anchor: Anchor { moment: now, wall: wall_now }, state: self.state.clone() }
    }

    /// Carries on where `snapshot` stopped. The clock must go on from the
    /// moment returned; the effects say again what the media threads have
    /// forgotten.
    pub fn restore(
        snapshot: Snapshot,
        settings: Settings,
        nonce_key: [u8; 32],
        wall_now: WallTime,
    ) -> (Self, Moment, Effects<Effect>) {
        let now = snapshot.anchor.resume(wall_now);
        let away = now.since(snapshot.anchor.moment);
        let mut exchange = Self::with(settings, nonce_key, snapshot.state, now);
        exchange.state.orders.forget();
        exchange.state.transactions.were_away(away);
        exchange.revise_parked();
        exchange.resume();
        exchange.leave_who_is_gone();
        let effects = exchange.turn_over();
        (exchange, now, effects)
    }

    pub fn handle(&mut self, input: Input, now: Moment) -> Effects<Effect> {
        self.now = now;
        match input {
            Input::Datagram { bytes, flow } => self.datagram(&bytes, flow),
            Input::Message { message, flow } => self.message(message, flow),
            Input::Broken { fault, flow } => self.answer_broken(&fault, flow),
            Input::TransportFailed { flow } => self.connection_lost(flow),
            Input::Media(event) => self.media_event(event),
            Input::Administered { number, outcome, .. } => self.administered(number, outcome),
            Input::Resolved { place, found } => self.resolved(&place, found),
        }
        self.turn_over()
    }

    pub fn next_wakeup(&self) -> Option<Wakeup> {
        let due = self.state.due.next().map(|at| Wakeup { at, reason: "call control" });
        let transactions = self.state.transactions.next_wakeup();
        let news = self.state.watchers.next_wakeup(self.now);
        let all = [transactions, self.state.lot.next_wakeup(), due, news];
        all.into_iter().flatten().min()
    }

    /// Acts on everything that has fallen due. Calling it early does nothing.
    pub fn handle_wakeup(&mut self, now: Moment) -> Effects<Effect> {
        self.now = now;
        let effects = self.state.transactions.handle_wakeup(now);
        self.carry_out(effects);
        let effects = self.state.lot.handle_wakeup(now);
        self.carry_out_lot(effects);
        while let Some(due) = self.state.due.pop_due(now) {
            self.fall_due(due);
        }
        self.notify_watchers();
        self.turn_over()
    }

    /// The program ends: every call is ended in good order.
    pub fn close(&mut self, now: Moment) -> Effects<Effect> {
        self.now = now;
        let journeys: Vec<JourneyId> = self.state.legs.keys().copied().collect();
        for journey in journeys {
            self.end_leg(journey);
        }
        self.close_trunks();
        self.turn_over()
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn lot(&self) -> &Lot {
        &self.state.lot
    }

    pub fn legs(&self) -> impl Iterator<Item = &Leg> {
        self.state.legs.values()
    }

    /// Every parked call, oldest first, as consoles are told of it.
    pub fn parked(&self) -> Vec<ParkedView> {
        self.state.lot.calls().iter().map(|call| self.parked_view(call)).collect()
    }

    pub fn registrar(&self) -> &Registrar {
        &self.state.registrar
    }

    /// It belongs to a call, subscription or transaction of this office.
    fn is_about(&self, message: &Message) -> bool {
        match message {
            Message::Response(response) => self.state.transactions.has_sent_for(response),
            Message::Request(request) => {
                self.state.transactions.has_seen(request)
                    || DialogId::of_request(&request.headers).is_some_and(|id| self.has(&id))
            }
        }
    }

    fn has(&self, id: &DialogId) -> bool {
        self.state.dialogs.contains_key(id)
            || self.state.tombstones.contains_key(id)
            || self.state.watchers.has(id)
    }

    /// Every stream it has, on a leg or not spent yet.
    pub fn streams(&self) -> impl Iterator<Item = crate::media::control::StreamId> {
        let spare = self.state.ports.iter().map(|token| token.stream);
        self.legs().map(|leg| leg.stream.stream).chain(spare)
    }

    /// Streams not spent yet.
    pub fn spare_ports(&self) -> usize {
        self.state.ports.len()
    }

    /// Watchers are told in a turn of their own, at once after this one: no
    /// reply waits until their bodies are written.
    fn turn_over(&mut self) -> Effects<Effect> {
        std::mem::take(&mut self.out).into_iter().collect()
    }

    fn fall_due(&mut self, due: Due) {
        match due {
            Due::EndLeg(journey) => self.end_leg(journey),
            Due::GiveUpRing(ring) => self.ring_unanswered(ring),
            Due::GiveUpRefresh(journey) => self.give_up_refresh(journey),
            Due::TellIdentity(journey) => self.tell_identity(journey),
            Due::Tombstone(dialog) => drop(self.state.tombstones.remove(&dialog)),
            Due::Subscription(dialog) => self.subscription_expired(&dialog),
            Due::Bindings(extension) => self.bindings_expired(&extension),
            Due::AskWhetherThere(journey) => self.ask_whether_there(journey),
            Due::TryNextWay(journey) => self.try_next_way(journey),
            Due::LookUpTrunk(name) => self.look_up_trunk(&name),
            Due::RegisterTrunk(name) => self.register_trunk(&name),
            Due::KeepTrunkOpen(name) => self.keep_trunk_open(&name),
        }
    }

    fn datagram(&mut self, bytes: &Bytes, flow: Flow) {
        match wire::parse(bytes) {
            Ok(message) => self.message(message, flow),
            Err(fault) => self.answer_broken(&fault, flow),
        }
    }

    fn message(&mut self, message: Message, flow: Flow) {
        let effects = self.state.transactions.receive(message, flow, self.now);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Effects<transaction::Effect>) {
        for effect in effects {
            match effect {
                transaction::Effect::Send { flow, bytes } => {
                    self.out.push(Effect::Send { flow, bytes });
                }
                transaction::Effect::Up(incoming) => self.incoming(incoming),
            }
        }
    }

    fn incoming(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Request { request, flow } => self.request(request, flow),
            Incoming::Acknowledged { server, request } => self.acknowledged(server, &request),
            Incoming::NotAcknowledged { server } => self.not_acknowledged(server),
            Incoming::Cancelled { server } => self.cancelled(server),
            Incoming::Response { client, response, flow } => {
                self.response(client, &response, flow);
            }
            Incoming::SecondAnswer { client, response, flow } => {
                self.second_answer(client, &response, flow);
            }
            Incoming::TimedOut { client } => self.timed_out(client),
        }
    }
}

fn answerers(settings: &Settings) -> BTreeMap<String, Answerer> {
    let of = |trunk: &settings::TrunkSettings| {
        let account = trunk.account.as_ref()?;
        let password = account.password.as_deref()?;
        Some((trunk.name.clone(), Answerer::new(&account.user, password)))
    };
    settings.trunks.iter().filter_map(of).collect()
}
