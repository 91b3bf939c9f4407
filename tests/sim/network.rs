//! Two transaction cores and the network between them.

use std::collections::BTreeMap;
use std::time::Duration;

use bellhop::domain::chance::Chance;
use bellhop::domain::effects::Effects;
use bellhop::domain::time::Moment;
use bellhop::sip::flow::{Flow, Transport};
use bellhop::sip::transaction::{ClientId, Effect, Incoming, ServerId, Transactions};
use bellhop::sip::wire::{Message, Method, Name, Request, Response, parse};
use bytes::Bytes;

/// Who calls, and who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Caller,
    Callee,
}

/// In percent of all datagrams.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    pub lost: u64,
    pub doubled: u64,
    /// Held back for up to 400 ms, so that later ones overtake.
    pub delayed: u64,
}

pub const FAIR: Weather = Weather { lost: 0, doubled: 0, delayed: 0 };
pub const FOUL: Weather = Weather { lost: 30, doubled: 30, delayed: 30 };
pub const CUT_OFF: Weather = Weather { lost: 100, doubled: 0, delayed: 0 };

pub struct World {
    pub now: Moment,
    pub weather: Weather,
    pub transport: Transport,
    pub caller: Transactions,
    pub callee: Transactions,
    pub chance: Chance,
    /// The network's own dice: how often the cores throw theirs changes nothing.
    dice: Chance,
    under_way: BTreeMap<(Moment, u64), (Side, Bytes)>,
    counter: u64,
    /// Everything put on the wire: when, by whom, what.
    pub sent: Vec<(Moment, Side, Bytes)>,
    /// Everything told to the users.
    pub told: Vec<(Moment, Side, Incoming)>,
    untold: usize,
    /// Both cores are serialised, dropped and restored after every event.
    pub crashing: bool,
}

impl Side {
    pub fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }

    pub fn sent_by(self) -> &'static str {
        match self {
            Self::Caller => "10.0.0.1:5060",
            Self::Callee => "10.0.0.2:5060",
        }
    }
}

impl World {
    pub fn new(seed: u64, weather: Weather) -> Self {
        Self {
            now: Moment::START,
            weather,
            transport: Transport::Udp,
            caller: Transactions::default(),
            callee: Transactions::default(),
            chance: Chance::from_seed(u128::from(seed)),
            dice: Chance::from_seed(u128::from(seed) << 64 | 1),
            under_way: BTreeMap::new(),
            counter: 0,
            sent: Vec::new(),
            told: Vec::new(),
            untold: 0,
            crashing: false,
        }
    }

    pub fn core(&mut self, side: Side) -> &mut Transactions {
        match side {
            Side::Caller => &mut self.caller,
            Side::Callee => &mut self.callee,
        }
    }

    /// The way from `side` to the other.
    pub fn flow(&self, side: Side) -> Flow {
        let address = |side: Side| side.sent_by().parse().unwrap();
        Flow { transport: self.transport, local: address(side), remote: address(side.other()) }
    }

    pub fn carry_out(&mut self, side: Side, effects: Effects<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { flow, bytes } => self.put_on_the_wire(side, flow, bytes),
                Effect::Up(incoming) => self.told.push((self.now, side, incoming)),
            }
        }
    }

    fn put_on_the_wire(&mut self, side: Side, flow: Flow, bytes: Bytes) {
        assert_eq!(flow, self.flow(side), "sent to somebody else");
        self.sent.push((self.now, side, bytes.clone()));
        let copies = if self.percent(self.weather.doubled) { 2 } else { 1 };
        for _ in 0..copies {
            if self.percent(self.weather.lost) {
                continue;
            }
            let held_ms = if self.percent(self.weather.delayed) { self.dice.below(400) } else { 0 };
            self.arrive(side.other(), bytes.clone(), 10 + held_ms);
        }
    }

    /// Lets `side` receive `bytes` in `later_ms` milliseconds.
    pub fn arrive(&mut self, side: Side, bytes: Bytes, later_ms: u64) {
        let at = self.now + Duration::from_millis(later_ms);
        self.counter += 1;
        self.under_way.insert((at, self.counter), (side, bytes));
    }

    fn percent(&mut self, share: u64) -> bool {
        self.dice.below(100) < share
    }

    /// Runs up to `until`; `user` hears what the cores tell, when they do.
    pub fn run(&mut self, until: Moment, mut user: impl FnMut(&mut Self, Side, Incoming)) {
        loop {
            while let Some((_, side, incoming)) = self.told.get(self.untold).cloned() {
                self.untold += 1;
                user(self, side, incoming);
            }
            let arrival = self.under_way.first_key_value().map(|((at, _), _)| *at);
            let wakeups = [self.caller.next_wakeup(), self.callee.next_wakeup()];
            let next = wakeups.iter().flatten().map(|wakeup| wakeup.at).chain(arrival).min();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            self.now = self.now.max(next);
            self.step(arrival == Some(next));
            if self.crashing {
                self.crash();
            }
        }
        self.now = until;
    }

    fn step(&mut self, arrival: bool) {
        if arrival {
            let (_, (side, bytes)) = self.under_way.pop_first().unwrap();
            let (flow, now) = (self.flow(side), self.now);
            let effects = self.core(side).receive(parse(&bytes).unwrap(), flow, now);
            return self.carry_out(side, effects);
        }
        for side in [Side::Caller, Side::Callee] {
            let now = self.now;
            let effects = self.core(side).handle_wakeup(now);
            self.carry_out(side, effects);
        }
    }

    fn crash(&mut self) {
        for side in [Side::Caller, Side::Callee] {
            let saved = serde_json::to_string(self.core(side)).unwrap();
            *self.core(side) = serde_json::from_str(&saved).unwrap();
        }
    }

    /// Sends a request of the caller's as a client transaction.
    pub fn send(&mut self, request: Request) -> ClientId {
        let (flow, now) = (self.flow(Side::Caller), self.now);
        let by = Side::Caller.sent_by();
        let (id, effects) = self.caller.send(request, flow, by, &mut self.chance, now);
        self.carry_out(Side::Caller, effects);
        id
    }

    pub fn accept(&mut self, request: &Request) -> ServerId {
        let flow = self.flow(Side::Callee);
        self.callee.accept(request, flow)
    }

    pub fn respond(&mut self, id: ServerId, response: &Response) {
        let now = self.now;
        let effects = self.callee.respond(id, response, now);
        self.carry_out(Side::Callee, effects);
    }

    pub fn cancel(&mut self, id: ClientId) {
        let now = self.now;
        let effects = self.caller.cancel(id, None, now);
        self.carry_out(Side::Caller, effects);
    }

    pub fn acknowledge(&mut self, id: ClientId, ok: &Response) {
        let mut ack = Request::new(Method::Ack, uri()).with(Name::MaxForwards, "70");
        for name in [Name::From, Name::To, Name::CallId] {
            ack.headers.push(name.clone(), ok.headers.get(&name).unwrap().to_vec());
        }
        let number = ok.headers.cseq().unwrap().number;
        ack.headers.push(Name::CSeq, format!("{number} ACK"));
        let flow = self.flow(Side::Caller);
        let by = Side::Caller.sent_by();
        let effect = self.caller.acknowledge(id, ack, flow, by, &mut self.chance);
        self.carry_out(Side::Caller, Effects::one(effect));
    }

    /// When and what `side` sent of `kind`: a method, or a status.
    pub fn sent_of(&self, side: Side, kind: &str) -> Vec<Moment> {
        let of_kind = self.sent.iter().filter(|(_, by, bytes)| *by == side && is(bytes, kind));
        of_kind.map(|(at, ..)| *at).collect()
    }

    /// Nothing is kept of what is over.
    pub fn assert_all_forgotten(&mut self) {
        for side in [Side::Caller, Side::Callee] {
            let core = self.core(side);
            assert_eq!(core.next_wakeup(), None, "{side:?}");
            let mut left = serde_json::to_value(&*core).unwrap();
            let mut fresh = serde_json::to_value(Transactions::default()).unwrap();
            for state in [&mut left, &mut fresh] {
                state.as_object_mut().unwrap().remove("last_id");
            }
            assert_eq!(left, fresh, "{side:?}");
        }
    }
}

fn is(bytes: &Bytes, kind: &str) -> bool {
    match parse(bytes).unwrap() {
        Message::Request(request) => request.method.as_str() == kind,
        Message::Response(response) => response.status.to_string() == kind,
    }
}

pub fn uri() -> bellhop::sip::wire::Uri {
    bellhop::sip::wire::Uri::parse("sip:201@10.0.0.2").unwrap()
}

/// A request outside any dialog; `number` tells it from others.
pub fn request(method: Method, number: u32) -> Request {
    let cseq = format!("{number} {}", method.as_str());
    Request::new(method, uri())
        .with(Name::MaxForwards, "70")
        .with(Name::From, format!("<sip:101@office.example>;tag=from{number}"))
        .with(Name::To, "<sip:201@office.example>")
        .with(Name::CallId, format!("call{number}@office.example"))
        .with(Name::CSeq, cseq)
        .with(Name::Contact, "<sip:101@10.0.0.1>")
}

/// The answer, with the callee's tag.
pub fn answer(request: &Request, status: u16) -> Response {
    let mut response = request.response(status);
    let to = response.headers.to().unwrap().with_tag("callee");
    response.headers.set(Name::To, to.to_string());
    response.with(Name::Contact, "<sip:201@10.0.0.2>")
}

pub fn at_ms(ms: u64) -> Moment {
    Moment::START + Duration::from_millis(ms)
}
