//! A telephone and the person at it: what a story says they do and see.
//!
//! A thread of its own answers whatever arrives, as firmware does; the story
//! presses keys and waits until the display, the lamp or the ear is as it
//! should be.

mod answering;
mod asking;
pub mod state;

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::bodies::Lamp;
use crate::office::{Office, PROVIDER};
use crate::persona::{CARRIER, ParkKey, Persona, Watch};
use crate::phone::state::{Call, Stage, State, Watching};
use crate::settings::Settings;
use crate::support::ear::{Ear, Sound};
use crate::support::running::PATIENCE;
use crate::text::{Message, Shown, address, param};
use crate::wire::Wire;

/// What people type where a make's settings have no place for the code.
const GROUP_PARK: &str = "*58";

pub struct Phone {
    pub line: Arc<Line>,
}

pub struct Line {
    pub persona: &'static Persona,
    pub settings: Settings,
    /// Of its maker, model and firmware.
    agent: String,
    /// From, without a tag.
    from: String,
    /// Headers of its first INVITEs.
    says: Vec<(String, String)>,
    wire: Wire,
    /// In all its From and To.
    tag: String,
    voice_hz: f32,
    state: Mutex<State>,
    changed: Condvar,
}

impl Phone {
    /// Out of its box: fetches its settings, registers with what is in them,
    /// subscribes as its make does, and has been told once.
    pub fn unpacked(office: &Office, persona: &'static Persona, extension: &str) -> Self {
        let phone = Self::plugged_in(office, persona, extension);
        phone.registers();
        for watch in persona.watches {
            let answer = phone.subscribes(*watch);
            assert_eq!(answer.status(), Some(200), "{answer:?}");
        }
        phone.until("told of everything it watches", |state| {
            state.watching.iter().all(|watching| !watching.told.is_empty())
        });
        phone
    }

    /// With its settings, and no more.
    pub fn plugged_in(office: &Office, persona: &'static Persona, extension: &str) -> Self {
        let settings = office.settings_of(persona, extension);
        assert_eq!(settings.user, extension);
        let from = format!("\"{}\" <sip:{extension}@{}>", settings.name, settings.server);
        let voice_hz = 100.0 * (extension[2..].parse::<f32>().unwrap() + 3.0);
        let agent = persona.agent_when_calling(&persona.mac(extension));
        let at = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::started(persona, settings, agent, from, Vec::new(), voice_hz, at)
    }

    /// Somebody outside, whose network says of her what these headers say.
    pub fn outside(office: &Office, from: &str, says: &[(&str, &str)]) -> Self {
        let at = SocketAddr::new(PROVIDER.parse().unwrap(), 0);
        Self::carried(office, from, says, at)
    }

    /// Somebody outside whom the office calls.
    pub fn outside_called(office: &Office) -> Self {
        Self::carried(office, "<sip:outside@carrier.example>", &[], office.provider)
    }

    fn carried(office: &Office, from: &str, says: &[(&str, &str)], at: SocketAddr) -> Self {
        let settings = Settings {
            server: office.sip.to_string(),
            is_tcp: !office.is_udp,
            user: "carrier".to_owned(),
            ..Settings::default()
        };
        let says = says.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let agent = CARRIER.agent.to_owned();
        Self::started(&CARRIER, settings, agent, from.to_owned(), says.collect(), 1000.0, at)
    }

    fn started(
        persona: &'static Persona,
        settings: Settings,
        agent: String,
        from: String,
        says: Vec<(String, String)>,
        voice_hz: f32,
        at: SocketAddr,
    ) -> Self {
        let wire = Wire::open(at, settings.server.parse().unwrap(), settings.is_tcp);
        let tag = format!("{}p{}", settings.user, wire.own().port());
        let (state, changed) = (Mutex::new(State::default()), Condvar::new());
        let line =
            Line { persona, settings, agent, from, says, wire, tag, voice_hz, state, changed };
        let line = Arc::new(line);
        let weak = Arc::downgrade(&line);
        // The thread ends with the phone.
        std::thread::spawn(move || {
            while let Some(line) = weak.upgrade() {
                if let Some(bytes) = line.wire.next() {
                    line.receive(&bytes);
                }
                line.look_at_clock();
            }
        });
        Self { line }
    }

    // What it is like inside.

    fn with<T>(&self, act: impl FnOnce(&Line, &mut State) -> T) -> T {
        act(&self.line, &mut self.line.locked())
    }

    /// Waits until there is something to be had.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        let mut state = self.line.locked();
        loop {
            assert!(state.faults.is_empty(), "{}: {:?}", self.line.from, state.faults);
            if let Some(found) = look(&mut state) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} waited in vain: {what}\n{}", self.line.from, told(&state));
            state = self.line.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    #[track_caller]
    pub fn until(&self, what: &str, mut is_so: impl FnMut(&mut State) -> bool) {
        self.wait(what, |state| is_so(state).then_some(()));
    }

    #[track_caller]
    pub fn answer_to(&self, asked: usize) -> Message {
        self.wait("an answer", |state| state.asked[asked].answer.clone())
    }

    // Registering and subscribing.

    /// As after being switched on.
    pub fn registers(&self) {
        let asked = self.with(|line, state| {
            let server = format!("sip:{}", line.settings.server);
            let (aor, id) =
                (address(&line.from).to_owned(), format!("reg-{}-{}", line.tag, state.number()));
            let from = format!("<{aor}>;tag={}", line.tag);
            let to = format!("<{aor}>");
            let request = line.request(state, "REGISTER", &server, (&from, &to, &id));
            line.ask(state, request.with("Expires", "3600"))
        });
        let answer = self.answer_to(asked);
        assert_eq!(answer.status(), Some(200), "{answer:?}");
    }

    /// The final answer to its SUBSCRIBE.
    pub fn subscribes(&self, watch: Watch) -> Message {
        let asked = self.with(|line, state| {
            let at = line.number(watch.at, "");
            let id = format!("sub-{}-{}", line.tag, state.number());
            let target = format!("sip:{at}@{}", line.settings.server);
            let local = format!("{};tag={}", line.from, line.tag);
            let to = format!("<{target}>");
            let mut request = line.request(state, "SUBSCRIBE", &target, (&local, &to, &id));
            request =
                request.with("Event", watch.event).with("Expires", watch.expires_s.to_string());
            for accept in watch.accept {
                request = request.with("Accept", *accept);
            }
            state.watching.push(Watching {
                watch,
                id,
                at,
                local,
                remote: to,
                target,
                heard_cseq: 0,
                told: Vec::new(),
                pop_up: None,
                lit: None,
                is_over: false,
            });
            line.ask(state, request)
        });
        self.answer_to(asked)
    }

    /// Each of its subscriptions is told everything anew.
    #[track_caller]
    pub fn renews_subscriptions(&self) {
        let before = self.with(|line, state| {
            for at in 0..state.watching.len() {
                let watching = &state.watching[at];
                let (from, to) = (watching.local.clone(), watching.remote.clone());
                let (target, id) = (watching.target.clone(), watching.id.clone());
                let (event, expires_s) = (watching.watch.event, watching.watch.expires_s);
                let request = line.request(state, "SUBSCRIBE", &target, (&from, &to, &id));
                line.ask(
                    state,
                    request.with("Event", event).with("Expires", expires_s.to_string()),
                );
            }
            state.watching.iter().map(|it| it.told.len()).collect::<Vec<usize>>()
        });
        self.until("told anew", |state| {
            state.watching.iter().zip(&before).all(|(it, before)| it.told.len() > *before)
        });
    }

    /// A text message; the status of its answer.
    pub fn writes(&self, to: &str, text: &str) -> u16 {
        let asked = self.with(|line, state| {
            let id = format!("note-{}-{}", line.tag, state.number());
            let target = format!("sip:{to}@{}", line.settings.server);
            let local = format!("{};tag={}", line.from, line.tag);
            let remote = format!("<{target}>");
            let request = line.request(state, "MESSAGE", &target, (&local, &remote, &id));
            line.ask(state, request.carrying("text/plain", text))
        });
        self.answer_to(asked).status().unwrap()
    }

    // Calling and being called.

    /// Lifts the receiver, dials, and does not wait for what comes of it.
    pub fn calls(&self, number: &str) -> usize {
        self.with(|line, state| {
            let id = format!("call-{}-{}", line.tag, state.number());
            let target = format!("sip:{number}@{}", line.settings.server);
            let local = format!("{};tag={}", line.from, line.tag);
            let remote = format!("<{target}>");
            let mut call = Call {
                id: id.clone(),
                local: local.clone(),
                remote: remote.clone(),
                target: target.clone(),
                heard_cseq: 0,
                stage: Stage::Calling,
                shown: Shown::new("", number),
                told_by: String::new(),
                invite: None,
                ack: None,
                ear: Some(line.new_ear()),
                descriptions: 0,
                reports: Vec::new(),
                last_report_is_final: false,
            };
            let body = line.description(&mut call, "sendrecv");
            state.calls.push(call);
            let mut request = line.request(state, "INVITE", &target, (&local, &remote, &id));
            for (name, value) in &line.says {
                request = request.with(name, value);
            }
            line.ask(state, request.carrying("application/sdp", &body))
        })
    }

    /// The final answer: status and reason.
    pub fn dials(&self, number: &str) -> (u16, String) {
        let answer = self.answer_to(self.calls(number));
        (answer.status().unwrap(), answer.reason().to_owned())
    }

    #[track_caller]
    pub fn reaches(&self, number: &str) {
        let (status, reason) = self.dials(number);
        assert_eq!(status, 200, "{number}: {reason}");
    }

    #[track_caller]
    pub fn rings_for(&self, who: &Shown) {
        self.wait(&format!("a call from {who:?}"), |state| {
            let mut calls = state.calls.iter();
            calls.find(|call| call.stage == Stage::Ringing && call.shown == *who).map(|_| ())
        });
    }

    #[track_caller]
    pub fn answers(&self) {
        self.until("a call to answer", |state| {
            state.calls.iter().any(|call| call.stage == Stage::Ringing)
        });
        self.with(|line, state| {
            let ringing = |call: &Call| call.stage == Stage::Ringing;
            let at = state.calls.iter().position(ringing).unwrap();
            let call = &mut state.calls[at];
            call.stage = Stage::Up;
            let invite = call.invite.take().unwrap();
            let body = line.description(call, "sendrecv");
            let answer = line.introduced(invite.answer(200, "OK", &line.tag));
            let answer = answer.carrying("application/sdp", &body);
            line.send(&mut state.wire, &answer);
        });
    }

    /// Sends the caller who rings on to a number.
    #[track_caller]
    pub fn redirects_to(&self, number: &str) {
        self.until("a call to redirect", |state| {
            state.calls.iter().any(|call| call.stage == Stage::Ringing)
        });
        self.with(|line, state| {
            let ringing = |call: &Call| call.stage == Stage::Ringing;
            let at = state.calls.iter().position(ringing).unwrap();
            state.calls[at].ends(Stage::HungUp);
            let invite = state.calls[at].invite.take().unwrap();
            let to = format!("<sip:{number}@{}>", line.settings.server);
            let answer = invite.answer(302, "Moved Temporarily", &line.tag).with("Contact", to);
            line.send(&mut state.wire, &answer);
        });
    }

    #[track_caller]
    pub fn holds(&self) {
        self.offers_anew("sendonly", "a=recvonly");
    }

    #[track_caller]
    pub fn resumes(&self) {
        self.offers_anew("sendrecv", "a=sendrecv");
    }

    #[track_caller]
    fn offers_anew(&self, way: &str, answered: &str) {
        let at = self.live();
        let asked = self.with(|line, state| {
            let body = line.description(&mut state.calls[at], way);
            let request = line.within(state, at, "INVITE");
            line.ask(state, request.carrying("application/sdp", &body))
        });
        let answer = self.answer_to(asked);
        assert_eq!(answer.status(), Some(200), "{answer:?}");
        assert!(answer.text().contains(answered), "not {answered}: {}", answer.text());
    }

    /// A blind transfer of the call it has, which the other must answer.
    #[track_caller]
    pub fn transfers_to(&self, number: &str, other: &Phone) {
        let at = self.live();
        let asked = self.refers(at, number, "");
        let answer = self.answer_to(asked);
        assert_eq!(answer.status(), Some(202), "{answer:?}");
        other.answers();
        self.until("the transfer's success", |state| {
            let call = &state.calls[at];
            let last = call.reports.last().map(String::as_str);
            call.last_report_is_final && last == Some("SIP/2.0 200 OK")
        });
        if self.with(|_, state| state.calls[at].stage == Stage::Up) {
            self.hangs_up();
        }
    }

    /// `Alert-Info` of the call that rings.
    pub fn rings_like(&self) -> String {
        self.wait("a call that rings", |state| {
            let ringing = state.calls.iter().find(|call| call.stage == Stage::Ringing)?;
            Some(ringing.invite.as_ref()?.get("Alert-Info").to_owned())
        })
    }

    pub fn hangs_up(&self) {
        let at = self.live();
        let asked = self.with(|line, state| {
            state.calls[at].ends(Stage::HungUp);
            let bye = line.within(state, at, "BYE");
            line.ask(state, bye)
        });
        assert_eq!(self.answer_to(asked).status(), Some(200));
    }

    fn live(&self) -> usize {
        self.wait("a call that is up", |state| state.live())
    }

    #[track_caller]
    pub fn is_free(&self) {
        self.until("no call any more", |state| state.live().is_none());
    }

    /// Everybody else's hang-up, not its own.
    #[track_caller]
    pub fn is_hung_up_on(&self) {
        self.until("hung up on", |state| {
            state.calls.last().is_some_and(|call| call.stage == Stage::HungUpOn)
        });
    }

    /// What the display says of the call that it has.
    #[track_caller]
    pub fn shows(&self, who: &Shown) {
        self.until(&format!("{who:?} on its display"), |state| {
            state.live().is_some_and(|at| state.calls[at].shown == *who)
        });
    }

    /// And by which message the display learnt it.
    #[track_caller]
    pub fn shows_by(&self, how: &str, who: &Shown) {
        self.until(&format!("{who:?} on its display, by {how}"), |state| {
            let live = state.live().map(|at| &state.calls[at]);
            live.is_some_and(|call| call.shown == *who && call.told_by == how)
        });
    }

    #[track_caller]
    pub fn hears(&self, sound: Sound) {
        let end = Instant::now() + PATIENCE;
        // Sound arrives by another way than messages do.
        loop {
            let is_heard = self.with(|_, state| {
                let ear = state.live().and_then(|at| state.calls[at].ear.as_ref());
                ear.is_some_and(|ear| ear.hears(sound))
            });
            if is_heard {
                return;
            }
            assert!(Instant::now() < end, "{} does not hear {sound:?}", self.line.from);
            std::thread::park_timeout(crate::wire::LOOK / 4);
        }
    }

    pub fn voice(&self) -> Sound {
        Sound::Tone(self.line.voice_hz)
    }

    // Parking and fetching, by the keys of its make.

    #[track_caller]
    pub fn parks_at(&self, place: &str) {
        self.parks_by(&format!("{{park}}{place}"));
    }

    #[track_caller]
    pub fn parks_here(&self) {
        self.parks_by("{park}");
    }

    #[track_caller]
    pub fn parks_with_the_group(&self) {
        self.parks_by("{group_park}");
    }

    /// Until the call is out of this phone's hands.
    #[track_caller]
    fn parks_by(&self, code: &str) {
        let code = self.line.number(code, "");
        let at = self.live();
        if self.line.persona.holds_before_transfer {
            self.holds();
        }
        match self.line.persona.parks {
            ParkKey::DialsBesideHeldCall => self.dials_beside(&code, at),
            ParkKey::Transfers => self.transfers(at, &code),
            ParkKey::TransfersEscaped => {
                self.transfers(at, &format!("{};user=phone", code.replace('*', "%2A")));
            }
            ParkKey::TransfersAttended => self.transfers_attended(&code, at),
        }
        self.until("the parked call to be over", |state| state.calls[at].stage.is_over());
    }

    /// Both its calls are ended for it: the held one as soon as the caller is
    /// parked, the code's after a tone, which nobody need wait for.
    #[track_caller]
    fn dials_beside(&self, code: &str, held: usize) {
        self.reaches(code);
        self.until("the held call to be ended", |state| state.calls[held].stage == Stage::HungUpOn);
        self.is_hung_up_on();
    }

    #[track_caller]
    fn transfers(&self, at: usize, to: &str) {
        let asked = self.refers(at, to, "");
        let answer = self.answer_to(asked);
        assert_eq!(answer.status(), Some(202), "{answer:?}");
        self.transfer_succeeds(at);
        if self.line.persona.hangs_up_after_transfer {
            self.hangs_up();
        }
    }

    /// The code is dialled, which parks; then both are joined all the same.
    #[track_caller]
    fn transfers_attended(&self, code: &str, held: usize) {
        self.reaches(code);
        let with = self.with(|_, state| {
            let call = state.calls.last().unwrap();
            let tag = |value: &str| param(value, "tag").unwrap_or_default().to_owned();
            let (to, from) = (tag(&call.remote), tag(&call.local));
            format!("?Replaces={}%3Bto-tag%3D{to}%3Bfrom-tag%3D{from}", call.id)
        });
        let answer = self.answer_to(self.refers(held, code, &with));
        assert_eq!(answer.status(), Some(202), "{answer:?}");
        self.transfer_succeeds(held);
        self.hangs_up();
    }

    /// Asks for the transfer; the number of its answer.
    pub fn refers(&self, at: usize, to: &str, with: &str) -> usize {
        self.with(|line, state| {
            let (user, parameters) = to.split_once(';').unwrap_or((to, ""));
            let parameters = if parameters.is_empty() { "" } else { &to[user.len()..] };
            let server = &line.settings.server;
            let refer_to = format!("<sip:{user}@{server}{parameters}{with}>");
            let refer = line.within(state, at, "REFER");
            let by = format!("<{}>", address(&line.from));
            line.ask(state, refer.with("Refer-To", refer_to).with("Referred-By", by))
        })
    }

    #[track_caller]
    fn transfer_succeeds(&self, at: usize) {
        self.until("the transfer's success", |state| {
            let call = &state.calls[at];
            call.last_report_is_final && call.reports == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]
        });
    }

    /// Presses the key that fetches whoever waits at a place.
    #[track_caller]
    pub fn fetches_from(&self, place: &str) {
        self.reaches(&self.line.number(self.line.persona.fetches, place));
    }

    // What it is told of parked callers.

    /// The pop-up says that this caller is parked.
    #[track_caller]
    pub fn is_alerted(&self, name: &str, number: &str) {
        let who = Shown::new(name, number);
        self.until(&format!("a pop-up of {who:?}"), |state| {
            let asked = state.watching.iter().map(|watching| &watching.pop_up);
            asked.chain([&state.pop_up]).any(|pop_up| pop_up.as_ref() == Some(&who))
        });
    }

    /// No pop-up is open, no lamp is lit.
    #[track_caller]
    pub fn is_calm(&self) {
        self.until("no pop-up and no lamp", |state| {
            let is_calm = |watching: &Watching| {
                let lamp = watching.lit.as_ref().map_or(Lamp::Off, |lit| lit.lamp);
                watching.pop_up.is_none() && lamp == Lamp::Off
            };
            state.pop_up.is_none() && state.watching.iter().all(is_calm)
        });
    }

    /// The lamp of the key that watches `at`; who it says is there.
    #[track_caller]
    pub fn has_lamp(&self, at: &str, lamp: Lamp, who: Option<&Shown>) {
        let at = self.line.number(at, "");
        self.until(&format!("the lamp of {at} as {lamp:?} with {who:?}"), |state| {
            let of = state.watching.iter().filter(|watching| watching.at == at);
            let mut lit = of.filter_map(|watching| watching.lit.as_ref());
            lit.any(|lit| lit.lamp == lamp && lit.who.as_ref() == who)
        });
    }

    /// Presses the key under that lamp: it dials what the lamp was told.
    #[track_caller]
    pub fn presses_lamp(&self, at: &str) {
        let at = self.line.number(at, "");
        let dials = self.wait("a lamp that says what to dial", |state| {
            let watching = state.watching.iter().find(|watching| watching.at == at)?;
            watching.lit.as_ref()?.dials.clone()
        });
        self.reaches(&dials);
    }

    /// In words, by a message.
    #[track_caller]
    pub fn is_written(&self, text: &str) {
        self.until(&format!("a message: {text}"), |state| {
            state.texts.iter().any(|message| message == text)
        });
    }

    /// NOTIFYs that it had not asked for.
    pub fn told_unasked(&self) -> usize {
        self.with(|_, state| state.unasked.len())
    }

    /// At least so often since it subscribed.
    #[track_caller]
    pub fn is_told_times(&self, event: &str, times: usize) {
        self.until(&format!("told of {event} {times} times"), |state| {
            let of = state.watching.iter().filter(|watching| watching.watch.event == event);
            of.map(|watching| watching.told.len()).sum::<usize>() >= times
        });
    }

    /// Everything that one of its subscriptions was told.
    pub fn told(&self, event: &str) -> Vec<Message> {
        self.with(|_, state| {
            let of = state.watching.iter().filter(|watching| watching.watch.event == event);
            of.flat_map(|watching| watching.told.clone()).collect()
        })
    }
}

impl Line {
    /// Names of codes become what the settings say.
    pub fn number(&self, template: &str, place: &str) -> String {
        let settings = &self.settings;
        template
            .replace("{own}", &settings.user)
            .replace("{park}", &settings.park)
            .replace("{retrieve}", &settings.retrieve)
            .replace("{group_park}", settings.group_park.as_deref().unwrap_or(GROUP_PARK))
            .replace("{place}", place)
    }

    /// Also after a story has failed, to tell how far it came.
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_ear(&self) -> Ear {
        Ear::at(&self.wire.own().ip().to_string(), self.voice_hz)
    }
}

/// What a phone that waits in vain has said and heard.
fn told(state: &State) -> String {
    let watching = state.watching.iter().map(|it| {
        let last = it.told.last().map(Message::text).unwrap_or_default();
        format!("{} at {}: {last}", it.watch.event, it.at)
    });
    [state.wire.clone(), watching.collect()].concat().join("\n")
}

/// A fault that nobody waited for is a fault all the same.
impl Drop for Phone {
    fn drop(&mut self) {
        let state = self.line.locked();
        if std::thread::panicking() {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "{}:\n{}", self.line.from, told(&state));
        } else {
            assert!(state.faults.is_empty(), "{}: {:?}", self.line.from, state.faults);
        }
    }
}
