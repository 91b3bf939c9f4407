//! How a phone asks: requests, proofs of who it is, and answers.

use std::time::{Duration, Instant};

use crate::phone::Line;
use crate::phone::state::{Asked, Call, Stage, State};
use crate::proof::Who;
use crate::text::{Message, address, offer, sound_to};

/// RFC 3261 §17.1.1.1, T1.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
const PROOFS_MAX: u32 = 2;

impl Line {
    /// A request in the dialog of these four, or the first of one.
    pub(super) fn request(
        &self,
        state: &mut State,
        method: &str,
        target: &str,
        (from, to, id): (&str, &str, &str),
    ) -> Message {
        let transport = if self.wire.is_tcp() { "TCP" } else { "UDP" };
        let (own, branch) = (self.wire.own(), self.branch(state));
        let cseq = state.next_cseq(id);
        let request = Message::new(&format!("{method} {target} SIP/2.0"))
            .with("Via", format!("SIP/2.0/{transport} {own};branch={branch};rport"))
            .with("Max-Forwards", "70")
            .with("From", from)
            .with("To", to)
            .with("Call-ID", id)
            .with("CSeq", format!("{cseq} {method}"));
        self.introduced(request)
    }

    pub(super) fn within(&self, state: &mut State, at: usize, method: &str) -> Message {
        let call = &state.calls[at];
        let (from, to) = (call.local.clone(), call.remote.clone());
        let (target, id) = (call.target.clone(), call.id.clone());
        self.request(state, method, &target, (&from, &to, &id))
    }

    fn branch(&self, state: &mut State) -> String {
        format!("z9hG4bK-{}-{}", self.tag, state.number())
    }

    /// Who it is, and what it takes.
    pub(super) fn introduced(&self, message: Message) -> Message {
        let message = message
            .with("Contact", format!("<{}>", self.contact()))
            .with("User-Agent", self.agent.clone());
        match self.persona.allow {
            Some(allow) => message.with("Allow", allow),
            None => message,
        }
    }

    pub(super) fn contact(&self) -> String {
        let transport = if self.wire.is_tcp() { ";transport=tcp" } else { "" };
        format!("sip:{}@{}{transport}", self.settings.user, self.wire.own())
    }

    /// Sends it; the number under which its answer will be found.
    pub(super) fn ask(&self, state: &mut State, request: Message) -> usize {
        let request = self.proved_ahead(state, request);
        self.send(&mut state.wire, &request);
        state.asked.push(Asked {
            request,
            sent_at: Instant::now(),
            again_after: AGAIN_AFTER,
            is_heard: false,
            answer: None,
            proofs: 0,
        });
        state.asked.len() - 1
    }

    /// Phones that keep a challenge prove at once who they are.
    fn proved_ahead(&self, state: &mut State, request: Message) -> Message {
        let is_first = request.get("To").rfind(";tag=").is_none();
        match &mut state.challenge {
            Some(challenge) if is_first => {
                self.persona.proof.added(request, challenge, &self.who())
            }
            _ => request,
        }
    }

    fn who(&self) -> Who<'_> {
        Who { user: &self.settings.user, password: &self.settings.password }
    }

    pub(super) fn take_answer(&self, state: &mut State, answer: Message) {
        let (number, method) = answer.cseq();
        let of = |asked: &Asked| {
            asked.request.branch() == answer.branch() && asked.request.cseq() == (number, method)
        };
        let Some(at) = state.asked.iter().position(of) else {
            return state.fault(format!("an answer to nothing: {}", answer.first));
        };
        let status = answer.status().unwrap_or_default();
        state.asked[at].is_heard = true;
        if status < 200 {
            return;
        }
        if state.asked[at].answer.is_some() {
            return self.acknowledge_again(state, &answer);
        }
        if method == "INVITE" && status >= 300 {
            self.acknowledge_refusal(state, at, &answer);
        }
        if matches!(status, 401 | 407) && self.proves(state, at, &answer) {
            return;
        }
        match method {
            "INVITE" => self.invite_answered(state, &answer),
            "SUBSCRIBE" if status < 300 => subscribed(state, &answer),
            _ => {}
        }
        state.asked[at].answer = Some(answer);
    }

    /// False: it cannot, or has done so in vain.
    fn proves(&self, state: &mut State, at: usize, answer: &Message) -> bool {
        let challenge = self.persona.proof.challenge_in(answer);
        let Some(mut challenge) = challenge.filter(|_| state.asked[at].proofs < PROOFS_MAX) else {
            return false;
        };
        let request = state.asked[at].request.clone();
        let method = request.method().unwrap().to_owned();
        let cseq = state.next_cseq(request.get("Call-ID"));
        let via = request.get("Via").replace(request.branch(), &self.branch(state));
        let mut again = request;
        for (name, value) in &mut again.headers {
            match name.as_str() {
                "Via" => value.clone_from(&via),
                "CSeq" => *value = format!("{cseq} {method}"),
                _ => {}
            }
        }
        let again = self.persona.proof.added(again, &mut challenge, &self.who());
        self.send(&mut state.wire, &again);
        state.challenge = self.persona.proof.keeps().then_some(challenge);
        let asked = &mut state.asked[at];
        asked.proofs += 1;
        asked.request = again;
        asked.sent_at = Instant::now();
        asked.again_after = AGAIN_AFTER;
        asked.is_heard = false;
        true
    }

    fn invite_answered(&self, state: &mut State, answer: &Message) {
        let Some(at) = state.call_of(answer) else { return };
        let status = answer.status().unwrap_or_default();
        let is_first = state.calls[at].stage == Stage::Calling;
        if status >= 300 {
            if is_first {
                state.calls[at].ends(Stage::Refused(status));
            }
            return;
        }
        let call = &mut state.calls[at];
        if is_first {
            call.stage = Stage::Up;
            answer.get("To").clone_into(&mut call.remote);
            let asserted = answer.get("P-Asserted-Identity");
            if !asserted.is_empty() {
                call.shown = crate::text::shown(asserted);
                "200".clone_into(&mut call.told_by);
            }
        }
        address(answer.get("Contact")).clone_into(&mut call.target);
        match sound_to(&answer.text()) {
            Some((to, codec)) if self.persona.codecs.contains(&codec) => call.speaks_to(to, codec),
            _ => return state.fault(format!("no answer to the offer: {}", answer.text())),
        }
        let (from, to) = (call.local.clone(), call.remote.clone());
        let (target, id) = (call.target.clone(), call.id.clone());
        let branch = self.branch(state);
        let transport = if self.wire.is_tcp() { "TCP" } else { "UDP" };
        let ack = Message::new(&format!("ACK {target} SIP/2.0"))
            .with("Via", format!("SIP/2.0/{transport} {};branch={branch};rport", self.wire.own()))
            .with("Max-Forwards", "70")
            .with("From", from)
            .with("To", to)
            .with("Call-ID", id)
            .with("CSeq", format!("{} ACK", answer.cseq().0));
        self.send(&mut state.wire, &ack);
        state.calls[at].ack = Some(ack);
    }

    fn acknowledge_again(&self, state: &mut State, answer: &Message) {
        let at = state.call_of(answer).filter(|_| answer.cseq().1 == "INVITE");
        if let Some(ack) = at.and_then(|at| state.calls[at].ack.clone()) {
            self.send(&mut state.wire, &ack);
        }
    }

    fn acknowledge_refusal(&self, state: &mut State, at: usize, answer: &Message) {
        let invite = &state.asked[at].request;
        let target = invite.first.split(' ').nth(1).unwrap();
        let mut ack = Message::new(&format!("ACK {target} SIP/2.0"));
        for name in ["Via", "Max-Forwards", "From", "Call-ID"] {
            ack = ack.with(name, invite.get(name));
        }
        let ack = ack.with("To", answer.get("To")).with("CSeq", format!("{} ACK", answer.cseq().0));
        self.send(&mut state.wire, &ack);
    }

    pub(super) fn description(&self, call: &mut Call, way: &str) -> String {
        call.descriptions += 1;
        let port = call.ear.as_ref().map_or(0, |ear| ear.port);
        let at = std::net::SocketAddr::new(self.wire.own().ip(), port);
        offer(at, self.persona.codecs, way, call.descriptions)
    }

    /// What has had no answer is sent again, by datagrams.
    pub(super) fn look_at_clock(&self) {
        let mut state = self.locked();
        let state = &mut *state;
        if self.wire.is_tcp() {
            return;
        }
        for asked in state.asked.iter_mut().filter(|it| !it.is_heard && it.answer.is_none()) {
            if asked.sent_at.elapsed() >= asked.again_after {
                asked.again_after *= 2;
                asked.sent_at = Instant::now();
                self.wire.send(&asked.request.bytes());
                state.wire.push(format!("-> again {}", asked.request.first));
            }
        }
    }

    pub(super) fn send(&self, log: &mut Vec<String>, message: &Message) {
        log.push(format!("-> {}", message.first));
        self.wire.send(&message.bytes());
    }
}

fn subscribed(state: &mut State, answer: &Message) {
    let Some(at) = state.watch_of(answer) else { return };
    let watching = &mut state.watching[at];
    answer.get("To").clone_into(&mut watching.remote);
    address(answer.get("Contact")).clone_into(&mut watching.target);
}
