//! One softphone: an account, its lines, and what it knows of parked calls and colleagues.
//!
//! ```text
//! commands ─┐                    ┌─▶ datagrams for the server
//! messages ─┼─▶ Phone::handle ───┼─▶ events for the screen
//! sound    ─┘                    └─▶ what the desk's sound is told
//! ```
//!
//! What follows from the state as a whole (who is in the ear, what rings,
//! what a line looks like) is not told by every change but compared and told
//! once at the end of each turn: see `ear`.

pub mod account;
mod administer;
mod answers;
mod calling;
mod commands;
mod ear;
mod elsewhere;
mod ending;
mod handover;
mod line;
mod liveness;
pub mod messages;
mod names;
mod notes;
mod registration;
mod requests;
mod ringing;
mod session;
mod watch;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::domain::chance::Chance;
use crate::domain::effects::Effects;
use crate::domain::time::{Moment, Wakeup};
use crate::domain::timers::Timers;
use crate::media::control::{DeskSound, PortToken, SoundEvent, StreamId};
use crate::sip::digest::Answerer;
use crate::sip::flow::Flow;
use crate::sip::transaction::{self, ClientId, Incoming, Transactions};
use crate::sip::wire::{self, Message, Method, Name};

use account::Account;
use administer::Wishes;
use ear::Told;
use elsewhere::{LotWatch, Watched};
use line::Call;
use liveness::Liveness;
use messages::{Command, Event, LineId};
use notes::Telling;
use registration::Register;
use requests::Purpose;
use watch::Watch;

/// What reaches the phone.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Datagram {
        bytes: Bytes,
        flow: Flow,
    },
    /// From a stream, read already.
    Message {
        message: Message,
        flow: Flow,
    },
    /// The stream to the server is gone, or could not be had.
    TransportFailed {
        flow: Flow,
    },
    /// This machine has another address now: the way to the server is this.
    Moved {
        flow: Flow,
    },
    Command(Command),
    Sound(SoundEvent),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Send { flow: Flow, bytes: Bytes },
    Tell(Event),
    Sound(DeskSound),
}

/// The softphone. It can be serialised at any moment, dropped, restored and
/// carry on; what the screen must know is then told anew.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Phone {
    account: Account,
    chance: Chance,
    transactions: Transactions,
    answerer: Answerer,
    /// What our open requests are for.
    asked: BTreeMap<ClientId, Purpose>,
    register: Register,
    liveness: Liveness,
    watch: Watch,
    #[serde(default)]
    lot: LotWatch,
    calls: BTreeMap<LineId, Call>,
    last_line: u32,
    #[serde(default)]
    notes: BTreeMap<u32, Telling>,
    #[serde(default)]
    last_note: u32,
    /// Bound and not yet spent.
    ports: VecDeque<PortToken>,
    #[serde(default)]
    wishes: Wishes,
    timers: Timers<Timer>,
    do_not_disturb: bool,
    busy_tone: bool,
    leaving: Leaving,
    #[serde(skip)]
    told: Told,
    #[serde(skip)]
    effects: Effects<Effect>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Timer {
    Register,
    /// The office has not answered for a while, and is asked on.
    Unanswered,
    Subscribe,
    /// At a server that is not ours.
    WatchAgain(Watched),
    LotSettles,
    NamesParked,
    NewsAgesOut,
    /// The subscription has run out unrefreshed.
    Lapse,
    /// A difference was missed, and the whole table does not come.
    Doubt,
    /// The office has been silent for a while: is it there?
    AskOffice,
    /// And it has not answered.
    Silence,
    BusyTone,
    Leaving,
    /// Nobody says what became of an administrator's wish.
    Administer,
    /// A hold that met one of the far end's is tried again (RFC 3261 §14.1).
    Glare(LineId),
    /// Nobody confirms that we hung up.
    Ending(LineId),
    /// Nobody says what became of a park or transfer.
    HandingOver(LineId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Leaving {
    No,
    /// What can be said is said; answers are awaited.
    Waiting,
    Done,
}

/// Longest wait for the answers to our leaving.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);
/// More calls than one person can have in hand.
const CALLS_MAX: usize = 32;

impl Phone {
    pub fn new(account: Account, mut chance: Chance) -> Self {
        let answerer = Answerer::new(&account.user(), &account.password);
        let register = Register::new(&mut chance);
        Self {
            account,
            chance,
            transactions: Transactions::default(),
            answerer,
            asked: BTreeMap::new(),
            register,
            liveness: Liveness::default(),
            watch: Watch::default(),
            lot: LotWatch::default(),
            calls: BTreeMap::new(),
            last_line: 0,
            notes: BTreeMap::new(),
            last_note: 0,
            ports: VecDeque::new(),
            wishes: Wishes::default(),
            timers: Timers::default(),
            do_not_disturb: false,
            busy_tone: false,
            leaving: Leaving::No,
            told: Told::default(),
            effects: Effects::none(),
        }
    }

    /// Registers and watches the lot. Also for a restored phone: it says
    /// again who it is, and its calls go on.
    pub fn start(&mut self, now: Moment) -> Effects<Effect> {
        self.liveness.heard_at = now;
        self.watch_over_office(now);
        self.register(now);
        self.turn_ends(now)
    }

    pub fn handle(&mut self, input: Input, now: Moment) -> Effects<Effect> {
        match input {
            Input::Datagram { bytes, flow } => self.datagram(&bytes, flow, now),
            Input::Message { message, flow } => self.message(message, flow, now),
            Input::TransportFailed { flow } => self.transport_failed(flow, now),
            Input::Moved { flow } => self.moved(flow, now),
            Input::Command(command) => self.command(command, now),
            Input::Sound(event) => self.sound(event, now),
        }
        self.turn_ends(now)
    }

    pub fn next_wakeup(&self) -> Option<Wakeup> {
        let own = self.timers.next().map(|at| Wakeup { at, reason: "phone timer" });
        own.into_iter().chain(self.transactions.next_wakeup()).min()
    }

    /// Acts on everything that has fallen due. Calling it early does nothing.
    pub fn handle_wakeup(&mut self, now: Moment) -> Effects<Effect> {
        let effects = self.transactions.handle_wakeup(now);
        self.carry_out(effects, now);
        while let Some(timer) = self.timers.pop_due(now) {
            self.due(timer, now);
        }
        self.turn_ends(now)
    }

    /// [`Command::Leave`] has been carried out: the program may end.
    pub fn finished(&self) -> bool {
        self.leaving == Leaving::Done
    }

    fn turn_ends(&mut self, now: Moment) -> Effects<Effect> {
        if self.leaving == Leaving::Waiting && self.asked.is_empty() && self.calls.is_empty() {
            self.leaving = Leaving::Done;
        }
        self.tell_the_whole(now);
        std::mem::take(&mut self.effects)
    }

    fn due(&mut self, timer: Timer, now: Moment) {
        match timer {
            Timer::Register => self.register(now),
            Timer::Unanswered => self.is_not_answered_yet(now),
            Timer::Subscribe => self.subscribe(now),
            Timer::WatchAgain(watched) => self.watch_again(watched, now),
            Timer::LotSettles => self.lot_settles(now),
            Timer::NamesParked => self.name_by_lamps(now),
            Timer::NewsAgesOut => self.news_is_old(now),
            Timer::Lapse => self.watch_lapsed(now),
            Timer::Doubt => self.table_is_unknown(now),
            Timer::AskOffice => self.watch_over_office(now),
            Timer::Silence => self.perhaps_office_is_silent(now),
            Timer::BusyTone => self.busy_tone = false,
            Timer::Leaving => self.leaving = Leaving::Done,
            Timer::Administer => self.no_word_of_wish(),
            Timer::Glare(line) => self.try_hold_again(line, now),
            Timer::Ending(line) => self.no_longer_shown(line),
            Timer::HandingOver(line) => self.no_word_of_handover(line),
        }
    }

    fn datagram(&mut self, bytes: &Bytes, flow: Flow, now: Moment) {
        match wire::parse(bytes) {
            Ok(message) => self.message(message, flow, now),
            Err(fault) => {
                if let Some(response) = fault.response().filter(|_| !self.is_stranger(flow)) {
                    self.send_statelessly(flow, &response);
                }
            }
        }
    }

    fn message(&mut self, message: Message, flow: Flow, now: Moment) {
        if self.is_stranger(flow) {
            return self.turn_away(&message, flow);
        }
        self.liveness.heard_at = now;
        let elsewhere = is_elsewhere(&message);
        let effects = self.transactions.receive(message, flow, now);
        for effect in effects {
            match effect {
                transaction::Effect::Up(Incoming::Cancelled { server }) => {
                    self.cancelled(server, elsewhere, now);
                }
                effect => self.carry_out(Effects::one(effect), now),
            }
        }
    }

    /// Calls come through the office or not at all.
    fn is_stranger(&self, flow: Flow) -> bool {
        flow.remote.ip() != self.account.flow.remote.ip()
    }

    fn turn_away(&mut self, message: &Message, flow: Flow) {
        if let Message::Request(request) = message
            && request.method != Method::Ack
        {
            let response = self.response_to(request, 403);
            self.send_statelessly(flow, &response);
        }
    }

    fn transport_failed(&mut self, flow: Flow, now: Moment) {
        let effects = self.transactions.transport_failed(flow);
        self.carry_out(effects, now);
        if flow.remote == self.account.flow.remote {
            self.connection_lost(now);
        }
    }

    /// Everybody is told anew where we are: the office, its table, and the
    /// far end of each call.
    fn moved(&mut self, flow: Flow, now: Moment) {
        self.account.flow = flow;
        let contact = self.account.contact();
        for call in self.calls.values_mut() {
            call.dialog.contact = contact.clone();
            call.dialog.flow.local = flow.local;
            call.moved = true;
        }
        self.watch.dialog = None;
        self.lot_begins_anew();
        self.register_anew(now);
        let lines: Vec<LineId> = self.calls.keys().copied().collect();
        for line in lines {
            self.settle_session(line, now);
        }
    }

    fn carry_out(&mut self, effects: Effects<transaction::Effect>, now: Moment) {
        for effect in effects {
            match effect {
                transaction::Effect::Send { flow, bytes } => {
                    self.effects.push(Effect::Send { flow, bytes });
                }
                transaction::Effect::Up(incoming) => self.incoming(incoming, now),
            }
        }
    }

    fn incoming(&mut self, incoming: Incoming, now: Moment) {
        match incoming {
            Incoming::Request { request, flow } => self.request(&request, flow, now),
            Incoming::Acknowledged { server, request } => self.acknowledged(server, &request, now),
            Incoming::NotAcknowledged { server } => self.not_acknowledged(server, now),
            Incoming::Cancelled { server } => self.cancelled(server, false, now),
            Incoming::Response { client, response, flow } => {
                self.answered(client, &response, flow, now);
            }
            Incoming::SecondAnswer { client, response, flow } => {
                self.end_second_answer(client, &response, flow, now);
            }
            Incoming::TimedOut { client } => self.unanswered(client, now),
        }
    }

    fn sound(&mut self, event: SoundEvent, now: Moment) {
        match event {
            SoundEvent::PortReady(port) => self.ports.push_back(port),
            SoundEvent::Digit { stream, digit } => {
                if let Some(line) = self.line_with(stream) {
                    self.tell(Event::DigitReceived { line, digit });
                }
            }
            SoundEvent::Silent { stream, .. } => self.is_silent(stream, true, now),
            SoundEvent::FirstPacket { stream } => self.is_silent(stream, false, now),
            SoundEvent::NoDevice { .. }
            | SoundEvent::DeviceReady { .. }
            | SoundEvent::Meters(_) => {}
        }
    }

    fn line_with(&self, stream: StreamId) -> Option<LineId> {
        let with = |call: &Call| call.port.is_some_and(|port| port.stream == stream);
        self.calls.iter().find(|(_, call)| with(call)).map(|(line, _)| *line)
    }

    /// Nothing comes on a line that should be heard: perhaps only we believe
    /// in that call.
    fn is_silent(&mut self, stream: StreamId, is_silent: bool, now: Moment) {
        let Some(line) = self.line_with(stream) else { return };
        if let Some(call) = self.calls.get_mut(&line) {
            call.silent = is_silent;
        }
        if is_silent {
            self.ask_for_call(line, now);
        }
    }

    fn tell(&mut self, event: Event) {
        self.effects.push(Effect::Tell(event));
    }

    fn play(&mut self, sound: DeskSound) {
        self.effects.push(Effect::Sound(sound));
    }
}

/// A CANCEL because somebody else answered (RFC 3326: `SIP;cause=200`).
fn is_elsewhere(message: &Message) -> bool {
    let Message::Request(request) = message else { return false };
    let reason = request.headers.text(&Name::Reason).unwrap_or_default().to_ascii_lowercase();
    request.method == Method::Cancel && reason.contains("cause=200")
}
