//! A handset that does as it is told: real transactions and dialogs, no mind
//! of its own but for answering what must be answered.

use std::net::SocketAddr;

use bellhop::domain::chance::Chance;
use bellhop::domain::effects::Effects;
use bellhop::domain::time::Moment;
use bellhop::media::control::Codec;
use bellhop::media::negotiation::{self, Local, SdpVersion};
use bellhop::sip::dialog::Dialog;
use bellhop::sip::digest::Answerer;
use bellhop::sip::flow::{Flow, Transport};
use bellhop::sip::sdp::{Direction, Session};
use bellhop::sip::transaction::{ClientId, Effect, Incoming, ServerId, Transactions};
use bellhop::sip::wire::{self, Host, Message, Method, Name, NameAddr, Request, Response, Uri};
use bytes::Bytes;

use crate::provider::Provider;

pub struct Handset {
    pub extension: String,
    pub display: String,
    pub from_host: String,
    /// Of the office it belongs to.
    pub domain: String,
    pub allow: &'static str,
    /// Make, model and firmware, as in `User-Agent`.
    pub agent: &'static str,
    /// What an INVITE to it is answered with; None: it rings until told.
    pub answer_with: Option<u16>,
    pub lines: Vec<Line>,
    /// What it answers to OPTIONS within a call.
    pub options_get: u16,
    /// Final answers to what it asked, newest last: method and status.
    pub answers: Vec<(Method, Response)>,
    /// Requests it got, newest last.
    pub got: Vec<Request>,
    pub sent: Vec<Bytes>,
    /// Put on the wire for this word, whatever SIP may think of it.
    pub raw: Option<(&'static str, &'static [u8])>,
    pub transport: Transport,
    /// Its end of the stream to the office, while it has one.
    pub connection: Option<SocketAddr>,
    /// It takes connections at its Contact.
    pub listens: bool,
    /// How the next requests of a method within a call are answered instead: by
    /// this status, by none (0), or by 100 alone.
    pub instead: Vec<(Method, u16)>,
    /// How requests of a method outside calls are answered: by this status, or
    /// by none (0).
    pub outside: Vec<(Method, u16)>,
    unanswered: Vec<(ServerId, Request)>,
    /// The codec it prefers in answers.
    pub codec: Option<Codec>,
    /// What its INVITEs were told before they were answered.
    pub provisional: Vec<Response>,
    /// The ACKs of what it answered.
    pub acknowledged: usize,
    /// In its Contact instead of where it is.
    pub claims: Option<SocketAddr>,
    /// `+sip.instance` in what it registers.
    pub instance: Option<&'static str>,
    /// It is a provider's server.
    pub provider: Option<Provider>,
    /// Where its sound is: the first line's port.
    pub ports_from: u16,
    at: SocketAddr,
    office: SocketAddr,
    transactions: Transactions,
    answerer: Answerer,
    chance: Chance,
    pending: Vec<(ClientId, Request)>,
    registrations: u32,
}

pub struct Line {
    pub dialog: Dialog,
    pub state: LineState,
    pub port: u16,
    session: SdpVersion,
    client: Option<ClientId>,
    server: Option<ServerId>,
    /// The office's description of its end.
    theirs: Option<Session>,
    pub invite: Request,
    /// Which way sound goes by its own wish.
    direction: Direction,
    /// Whom its display names.
    pub shown: Option<NameAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineState {
    Calling,
    Ringing,
    Up,
    Over,
}

impl Handset {
    pub fn with_password(extension: &str, password: &str, at: SocketAddr, chance: Chance) -> Self {
        let handset = Self::new(extension, at, crate::world::office(), chance);
        Self { answerer: Answerer::new(extension, password), ..handset }
    }

    pub fn new(extension: &str, at: SocketAddr, office: SocketAddr, chance: Chance) -> Self {
        Self {
            extension: extension.to_owned(),
            display: String::new(),
            from_host: crate::world::DOMAIN.to_owned(),
            domain: crate::world::DOMAIN.to_owned(),
            allow: "INVITE, ACK, BYE, CANCEL, UPDATE, NOTIFY, REFER, OPTIONS",
            agent: "Handset 1.0",
            answer_with: None,
            lines: Vec::new(),
            options_get: 200,
            answers: Vec::new(),
            got: Vec::new(),
            sent: Vec::new(),
            raw: None,
            transport: Transport::Udp,
            connection: None,
            listens: false,
            instead: Vec::new(),
            outside: Vec::new(),
            unanswered: Vec::new(),
            codec: None,
            provisional: Vec::new(),
            acknowledged: 0,
            claims: None,
            instance: None,
            provider: None,
            ports_from: 30_000,
            at,
            office,
            transactions: Transactions::default(),
            answerer: Answerer::new(extension, "secret"),
            chance,
            pending: Vec::new(),
            registrations: 0,
        }
    }

    fn flow(&self) -> Flow {
        Flow { transport: self.transport, local: self.at, remote: self.office }
    }

    fn uri(&self, user: &str) -> Uri {
        Uri::sip(user, Host::Name(self.domain.clone()))
    }

    fn contact(&self) -> Uri {
        let at = self.claims.unwrap_or(self.at);
        let mut uri = Uri::sip(&self.extension, Host::from(at.ip()));
        uri.port = Some(at.port());
        if self.transport == Transport::Tcp {
            uri.params.set("transport", Some("tcp".to_owned()));
        }
        uri
    }

    fn own(&self) -> NameAddr {
        let display = (!self.display.is_empty()).then(|| self.display.clone());
        let host = Host::Name(self.from_host.clone());
        NameAddr::new(display, Uri::sip(&self.extension, host))
    }

    fn outside_dialog(&mut self, method: Method, to: &str, uri: Uri) -> Request {
        let (call_id, tag) = (self.chance.hex(16), self.chance.hex(8));
        Request::new(method.clone(), uri)
            .with(Name::MaxForwards, "70")
            .with(Name::From, self.own().with_tag(&tag).to_string())
            .with(Name::To, NameAddr::new(None, self.uri(to)).to_string())
            .with(Name::CallId, call_id)
            .with(Name::CSeq, format!("1 {}", method.as_str()))
            .with(Name::Contact, format!("<{}>", self.contact()))
            .with(Name::Allow, self.allow)
            .with(Name::UserAgent, self.agent)
    }

    pub fn register(&mut self, expires_s: u32, now: Moment) {
        self.registrations += 1;
        let domain = Uri { user: None, ..self.uri("x") };
        let own = self.extension.clone();
        let request = self.outside_dialog(Method::Register, &own, domain);
        let mut request = request.with(Name::Expires, expires_s.to_string());
        if let Some(instance) = self.instance {
            let contact = format!("<{}>;+sip.instance=\"{instance}\"", self.contact());
            request.headers.set(Name::Contact, contact);
        }
        self.request(request, now);
    }

    pub fn subscribe(&mut self, event: &'static str, accept: &'static str, now: Moment) {
        self.subscribe_for("3600", event, accept, now);
    }

    pub fn subscribe_for(
        &mut self,
        expires_s: &'static str,
        event: &'static str,
        accept: &'static str,
        now: Moment,
    ) {
        let own = self.extension.clone();
        let request = self.outside_dialog(Method::Subscribe, &own, self.uri(&own));
        let request = request.with(Name::Event, event).with(Name::Expires, expires_s);
        let request = if accept.is_empty() { request } else { request.with(Name::Accept, accept) };
        self.request(request, now);
    }

    /// To the office itself.
    pub fn message(&mut self, kind: &'static str, body: String, now: Moment) {
        let domain = Uri { user: None, ..self.uri("x") };
        let own = self.extension.clone();
        let request = self.outside_dialog(Method::Message, &own, domain).body(kind, body);
        self.request(request, now);
    }

    /// It knows no credentials.
    pub fn forget_password(&mut self) {
        self.answerer = Answerer::new(&self.extension, "forgotten");
    }

    /// Watches something else than its own extension.
    pub fn watch(&mut self, user: &str, event: &'static str, now: Moment) {
        let request = self.outside_dialog(Method::Subscribe, user, self.uri(user));
        let request = request.with(Name::Event, event).with(Name::Expires, "1800");
        self.request(request, now);
    }

    /// Renews the subscription that `answer` was given to; 0 s ends it.
    pub fn watch_on(&mut self, answer: &Response, cseq: u32, expires_s: u32, now: Moment) {
        let headers = &answer.headers;
        let renewal = Request::new(Method::Subscribe, headers.contact().unwrap().uri)
            .with(Name::From, headers.from().unwrap().to_string())
            .with(Name::To, headers.to().unwrap().to_string())
            .with(Name::CallId, headers.call_id().unwrap())
            .with(Name::CSeq, format!("{cseq} SUBSCRIBE"))
            .with(Name::MaxForwards, "70")
            .with(Name::Contact, format!("<{}>", self.contact()))
            .with(Name::Event, "dialog")
            .with(Name::Expires, expires_s.to_string());
        self.request(renewal, now);
    }

    /// MESSAGE to a code of the office.
    pub fn note(&mut self, code: &str, kind: &'static str, text: &[u8], now: Moment) {
        let mut message = self.outside_dialog(Method::Message, code, self.uri(code));
        message.headers.remove(&Name::Contact);
        self.request(message.body(kind, text.to_vec()), now);
    }

    /// Dials; the line's index.
    pub fn dial(&mut self, number: &str, now: Moment) -> usize {
        self.dial_with(number, &[], now)
    }

    pub fn dial_with(
        &mut self,
        number: &str,
        headers: &[(Name, &'static str)],
        now: Moment,
    ) -> usize {
        let mut invite = self.outside_dialog(Method::Invite, number, self.uri(number));
        headers.iter().for_each(|(name, value)| invite.headers.push(name.clone(), *value));
        self.send_invite(number, invite, now)
    }

    /// The number in To, and in the first line something else.
    pub fn dial_at(&mut self, number: &str, at: Uri, now: Moment) -> usize {
        let invite = self.outside_dialog(Method::Invite, number, at);
        self.send_invite(number, invite, now)
    }

    fn send_invite(&mut self, number: &str, invite: Request, now: Moment) -> usize {
        let port = self.ports_from + u16::try_from(self.lines.len() * 2).unwrap();
        let mut session = SdpVersion::new(self.chance.draw());
        let offer = negotiation::offer(&self.local(port, Direction::SendRecv), &mut session);
        let invite = invite.body("application/sdp", offer);
        let (local, remote) = (invite.headers.from().unwrap(), invite.headers.to().unwrap());
        let dialog = Dialog::outgoing(
            invite.headers.call_id().unwrap(),
            local,
            remote,
            self.uri(number),
            self.contact(),
            self.flow(),
        );
        self.calls(dialog, invite, port, session, now)
    }

    /// Sends the INVITE; the number of its line.
    fn calls(
        &mut self,
        dialog: Dialog,
        invite: Request,
        port: u16,
        session: SdpVersion,
        now: Moment,
    ) -> usize {
        let client = self.request(invite.clone(), now);
        self.lines.push(Line {
            dialog: Dialog { local_cseq: 1, ..dialog },
            state: LineState::Calling,
            port,
            session,
            client: Some(client),
            server: None,
            theirs: None,
            invite,
            direction: Direction::SendRecv,
            shown: None,
        });
        self.lines.len() - 1
    }

    fn local(&self, port: u16, direction: Direction) -> Local<'static> {
        const CODECS: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];
        Local { address: self.at.ip(), port, codecs: &CODECS, prefer: self.codec, direction }
    }

    /// Answers the newest ringing call; its line.
    pub fn answer(&mut self, now: Moment) -> usize {
        let index = self.ringing().expect("nothing rings");
        let local = self.local(self.lines[index].port, Direction::SendRecv);
        let line = &mut self.lines[index];
        let offer = line.invite.body.clone();
        let (answer, _) = negotiation::answer(&offer, &local, &mut line.session).unwrap();
        line.theirs = Session::read(&offer).ok();
        line.state = LineState::Up;
        let server = line.server.unwrap();
        let response = line.invite.response(200);
        let response = self.in_dialog(index, response).body("application/sdp", answer);
        self.respond(server, &response, now);
        index
    }

    /// Plays something before it answers.
    pub fn progress(&mut self, now: Moment) {
        let index = self.ringing().expect("nothing rings");
        let local = self.local(self.lines[index].port, Direction::SendRecv);
        let line = &mut self.lines[index];
        let (answer, _) =
            negotiation::answer(&line.invite.body, &local, &mut line.session).unwrap();
        let server = line.server.unwrap();
        let response = self.in_dialog(index, self.lines[index].invite.response(183));
        self.respond(server, &response.body("application/sdp", answer), now);
    }

    pub fn ringing(&self) -> Option<usize> {
        self.lines.iter().rposition(|line| line.state == LineState::Ringing)
    }

    pub fn refuse(&mut self, status: u16, contact: Option<&str>, now: Moment) {
        let index = self.ringing().expect("nothing rings");
        self.lines[index].state = LineState::Over;
        let server = self.lines[index].server.unwrap();
        let mut response = self.in_dialog(index, self.lines[index].invite.response(status));
        if let Some(contact) = contact {
            response.headers.set(Name::Contact, format!("<{}>", self.uri(contact)));
        }
        self.respond(server, &response, now);
    }

    /// Sends the newest ringing call to this address.
    pub fn redirect(&mut self, to: &str, now: Moment) {
        let index = self.ringing().expect("nothing rings");
        self.lines[index].state = LineState::Over;
        let server = self.lines[index].server.unwrap();
        let mut response = self.in_dialog(index, self.lines[index].invite.response(302));
        response.headers.set(Name::Contact, format!("<sip:{to}>"));
        self.respond(server, &response, now);
    }

    fn in_dialog(&self, index: usize, mut response: Response) -> Response {
        let dialog = &self.lines[index].dialog;
        response.headers.set(Name::To, dialog.local.to_string());
        response.headers.push(Name::Contact, format!("<{}>", dialog.contact));
        response.headers.push(Name::Allow, self.allow);
        response
    }

    pub fn hang_up(&mut self, index: usize, now: Moment) {
        let state = std::mem::replace(&mut self.lines[index].state, LineState::Over);
        match state {
            LineState::Calling => {
                let client = self.lines[index].client.unwrap();
                let effects = self.transactions.cancel(client, None, now);
                self.carry_out(effects, now);
            }
            LineState::Up => {
                let bye = self.lines[index].dialog.request(Method::Bye);
                self.request(bye, now);
            }
            LineState::Ringing | LineState::Over => {}
        }
    }

    pub fn hold(&mut self, index: usize, on: bool, now: Moment) {
        let direction = if on { Direction::SendOnly } else { Direction::SendRecv };
        self.describe(index, direction, now);
    }

    /// A re-INVITE that says which way sound may go.
    pub fn describe(&mut self, index: usize, direction: Direction, now: Moment) {
        let local = self.local(self.lines[index].port, direction);
        let line = &mut self.lines[index];
        line.direction = direction;
        let offer = negotiation::offer(&local, &mut line.session);
        let invite = line.dialog.request(Method::Invite).body("application/sdp", offer);
        let client = self.request(invite, now);
        self.lines[index].client = Some(client);
    }

    /// Transfers the line's other party to whatever `to` is.
    pub fn refer(&mut self, index: usize, to: &str, now: Moment) {
        self.refer_to(index, &format!("sip:{to}@{}", self.domain), now);
    }

    pub fn refer_noted(&mut self, index: usize, to: &str, note: &'static str, now: Moment) {
        let target = format!("<sip:{to}@{}>", self.domain);
        let refer = self.lines[index].dialog.request(Method::Refer);
        self.request(refer.with(Name::ReferTo, target).with(Name::Subject, note), now);
    }

    pub fn refer_to(&mut self, index: usize, uri: &str, now: Moment) {
        let refer = self.lines[index].dialog.request(Method::Refer);
        self.request(refer.with(Name::ReferTo, format!("<{uri}>")), now);
    }

    pub fn refer_attended(&mut self, index: usize, other: usize, now: Moment) {
        let refer = self.attended(index, other);
        self.request(refer, now);
    }

    fn attended(&mut self, index: usize, other: usize) -> Request {
        let consulted = &self.lines[other].dialog;
        let id = consulted.id();
        let replaces = format!(
            "{}%3Bto-tag%3D{}%3Bfrom-tag%3D{}",
            id.call_id,
            consulted.remote.tag().unwrap_or_default(),
            id.local_tag
        );
        let target = format!("<{}?Replaces={replaces}>", consulted.target);
        self.lines[index].dialog.request(Method::Refer).with(Name::ReferTo, target)
    }

    pub fn refer_attended_noted(
        &mut self,
        index: usize,
        other: usize,
        note: &'static str,
        now: Moment,
    ) {
        let refer = self.attended(index, other).with(Name::Subject, note);
        self.request(refer, now);
    }

    /// A call of another device of ours moves to this one.
    pub fn take_over(&mut self, replaces: String, now: Moment) {
        let own = self.extension.clone();
        let invite = self.outside_dialog(Method::Invite, &own, self.uri(&own));
        let mut session = SdpVersion::new(1);
        let port = self.ports_from + u16::try_from(self.lines.len() * 2).unwrap();
        let offer = negotiation::offer(&self.local(port, Direction::SendRecv), &mut session);
        let invite = invite.with(Name::Replaces, replaces).body("application/sdp", offer);
        let (local, remote) = (invite.headers.from().unwrap(), invite.headers.to().unwrap());
        let call_id = invite.headers.call_id().unwrap();
        let (target, contact) = (self.uri(&own), self.contact());
        let dialog = Dialog::outgoing(call_id, local, remote, target, contact, self.flow());
        self.calls(dialog, invite, port, session, now);
    }

    /// Names the line's dialog as the office knows it.
    pub fn replaces(&self, index: usize) -> String {
        let dialog = &self.lines[index].dialog;
        let id = dialog.id();
        let to_tag = dialog.remote.tag().unwrap_or_default();
        format!("{};to-tag={to_tag};from-tag={}", id.call_id, id.local_tag)
    }

    /// Puts credentials on a request that goes its own way.
    pub fn sign(&mut self, request: &mut Request) {
        self.answerer.authorize(request, &mut self.chance);
    }

    /// Sends a request as it is, under credentials if any are known.
    pub fn request(&mut self, mut request: Request, now: Moment) -> ClientId {
        self.answerer.authorize(&mut request, &mut self.chance);
        let (sent_by, flow) = (self.at.to_string(), self.flow());
        let original = request.clone();
        let (client, effects) =
            self.transactions.send(request, flow, &sent_by, &mut self.chance, now);
        self.pending.push((client, original));
        self.carry_out(effects, now);
        client
    }

    pub fn receive(&mut self, bytes: &Bytes, now: Moment) {
        if bytes.iter().all(|byte| b"\r\n".contains(byte)) {
            return; // It keeps the way open.
        }
        let message = wire::parse(bytes).expect("the office writes readable SIP");
        if let Message::Request(request) = &message
            && request.method == Method::Cancel
        {
            self.got.push(request.clone());
        }
        let flow = self.flow();
        let effects = self.transactions.receive(message, flow, now);
        self.carry_out(effects, now);
    }

    pub fn next_wakeup(&self) -> Option<Moment> {
        self.transactions.next_wakeup().map(|wakeup| wakeup.at)
    }

    pub fn wake_up(&mut self, now: Moment) {
        let effects = self.transactions.handle_wakeup(now);
        self.carry_out(effects, now);
    }

    fn carry_out(&mut self, effects: Effects<Effect>, now: Moment) {
        for effect in effects {
            match effect {
                Effect::Send { bytes, .. } => self.sent.push(bytes),
                Effect::Up(incoming) => self.incoming(incoming, now),
            }
        }
    }

    fn incoming(&mut self, incoming: Incoming, now: Moment) {
        match incoming {
            Incoming::Request { request, .. } => self.asked(request, now),
            Incoming::Response { client, response, .. } => self.answered(client, response, now),
            Incoming::Cancelled { server } => self.given_up(server, now),
            Incoming::Acknowledged { .. } => self.acknowledged += 1,
            Incoming::TimedOut { client } => self.timed_out(client),
            Incoming::NotAcknowledged { server } => self.not_acknowledged(server, now),
            Incoming::SecondAnswer { .. } => {}
        }
    }

    fn timed_out(&mut self, client: ClientId) {
        self.pending.retain(|(pending, _)| *pending != client);
        let calling =
            |line: &&mut Line| line.client == Some(client) && line.state == LineState::Calling;
        if let Some(line) = self.lines.iter_mut().find(calling) {
            line.state = LineState::Over;
        }
    }

    fn not_acknowledged(&mut self, server: ServerId, now: Moment) {
        if let Some(index) = self.lines.iter().position(|line| line.server == Some(server)) {
            self.hang_up(index, now);
        }
    }

    /// It has asked for a change of this line and has no answer yet.
    pub fn is_negotiating(&self, index: usize) -> bool {
        let client = self.lines[index].client;
        self.pending.iter().any(|(pending, _)| Some(*pending) == client)
    }

    fn given_up(&mut self, server: ServerId, now: Moment) {
        let Some(index) = self.lines.iter().position(|l| l.server == Some(server)) else { return };
        if self.lines[index].state != LineState::Ringing {
            return;
        }
        self.lines[index].state = LineState::Over;
        let response = self.in_dialog(index, self.lines[index].invite.response(487));
        self.respond(server, &response, now);
    }

    fn asked(&mut self, request: Request, now: Moment) {
        self.got.push(request.clone());
        let flow = self.flow();
        if request.method == Method::Ack {
            return;
        }
        let server = self.transactions.accept(&request, flow);
        if let Some(answer) = self.provider.as_mut().and_then(|it| it.judge(&request, now)) {
            if answer.status > 0 {
                self.respond(server, &answer, now);
            }
            return;
        }
        let line = request.headers.to_tag().and_then(|tag| {
            self.lines.iter().position(|line| line.dialog.local.tag() == Some(tag.as_str()))
        });
        if let Some(index) = line {
            let line = &mut self.lines[index];
            let _ = line.dialog.admit(&request);
            line.shown = request.headers.asserted_identity().or(line.shown.take());
        }
        let instead = self.instead.iter().position(|(method, _)| *method == request.method);
        if let (Some(instead), Some(_)) = (instead, line) {
            let (_, status) = self.instead.remove(instead);
            return self.answer_instead(server, request, status, now);
        }
        let outside = self.outside.iter().find(|(method, _)| *method == request.method);
        if let (Some((_, status)), None) = (outside, line) {
            return self.answer_instead(server, request, *status, now);
        }
        match (&request.method, line) {
            (Method::Notify, _) => self.respond(server, &request.response(200), now),
            (_, None) if request.headers.to_tag().is_some() => {
                self.respond(server, &request.response(481), now);
            }
            (Method::Invite, None) => self.rung(request, server, now),
            (Method::Invite, Some(index)) if self.is_negotiating(index) => {
                self.respond(server, &request.response(491), now);
            }
            (Method::Invite, Some(index)) => self.reinvited(index, server, &request, now),
            (Method::Bye, Some(index)) => {
                self.lines[index].state = LineState::Over;
                self.respond(server, &request.response(200), now);
            }
            (Method::Options, Some(_)) => {
                self.respond(server, &request.response(self.options_get), now);
            }
            _ => self.respond(server, &request.response(200), now),
        }
    }

    fn reinvited(&mut self, index: usize, server: ServerId, request: &Request, now: Moment) {
        let local = self.local(self.lines[index].port, self.lines[index].direction);
        let line = &mut self.lines[index];
        let answer = negotiation::answer(&request.body, &local, &mut line.session);
        let (answer, _) = answer.unwrap();
        let response = self.in_dialog(index, request.response(200));
        self.respond(server, &response.body("application/sdp", answer), now);
    }

    fn answer_instead(&mut self, server: ServerId, request: Request, status: u16, now: Moment) {
        if status > 0 {
            self.respond(server, &request.response(status), now);
        }
        if status < 200 {
            self.unanswered.push((server, request));
        }
    }

    /// Answers 200 what it has left unanswered.
    pub fn answer_late(&mut self, now: Moment) {
        for (server, request) in std::mem::take(&mut self.unanswered) {
            match request.method {
                Method::Invite => self.reinvited(0, server, &request, now),
                _ => self.respond(server, &request.response(200), now),
            }
        }
    }

    /// A session description offered by UPDATE.
    pub fn update(&mut self, index: usize, offers: bool, now: Moment) {
        let local = self.local(self.lines[index].port, Direction::SendRecv);
        let line = &mut self.lines[index];
        let mut update = line.dialog.request(Method::Update);
        if offers {
            let offer = negotiation::offer(&local, &mut line.session);
            update = update.body("application/sdp", offer);
        }
        self.request(update, now);
    }

    fn rung(&mut self, request: Request, server: ServerId, now: Moment) {
        let tag = self.chance.hex(8);
        let dialog = Dialog::from_request(&request, &tag, self.contact(), self.flow());
        let port = self.ports_from + u16::try_from(self.lines.len() * 2).unwrap();
        let session = SdpVersion::new(self.chance.draw());
        self.lines.push(Line {
            dialog,
            state: LineState::Ringing,
            port,
            session,
            client: None,
            server: Some(server),
            theirs: None,
            shown: request.headers.asserted_identity().or(request.headers.from().ok()),
            invite: request.clone(),
            direction: Direction::SendRecv,
        });
        let index = self.lines.len() - 1;
        match self.answer_with {
            Some(200) => drop(self.answer(now)),
            Some(status) => self.refuse(status, None, now),
            None => {
                let ringing = self.in_dialog(index, request.response(180));
                self.respond(server, &ringing, now);
            }
        }
    }

    fn respond(&mut self, server: ServerId, response: &Response, now: Moment) {
        let effects = self.transactions.respond(server, response, now);
        self.carry_out(effects, now);
    }

    fn answered(&mut self, client: ClientId, response: Response, now: Moment) {
        if response.is_provisional() {
            self.provisional.push(response.clone());
            let flow = self.flow();
            let line = self.lines.iter_mut().find(|line| line.client == Some(client));
            if let Some(line) = line.filter(|_| response.headers.to_tag().is_some()) {
                line.dialog.answered(&response, flow);
            }
            return;
        }
        let Some(found) = self.pending.iter().position(|(c, _)| *c == client) else { return };
        let (_, request) = self.pending.remove(found);
        let line = self.lines.iter().position(|line| line.client == Some(client));
        if response.status == 401 && self.answerer.challenged(&response) {
            return self.again(request, line, now);
        }
        if response.status == 481 && request.headers.to_tag().is_some() {
            self.believe_it_over(&request);
        }
        if let Some(index) = line {
            self.line_answered(index, client, &request, &response, now);
        }
        self.answers.push((request.method, response));
    }

    /// RFC 3261 §12.2.1.2.
    fn believe_it_over(&mut self, request: &Request) {
        let (call_id, tag) = (request.headers.call_id(), request.headers.from_tag());
        let lines = self.lines.iter_mut().filter(|line| line.state == LineState::Up);
        let mut of_call = lines.filter(|line| {
            Some(&line.dialog.call_id) == call_id.as_ref()
                && line.dialog.local.tag() == tag.as_deref()
        });
        if let Some(line) = of_call.next() {
            line.state = LineState::Over;
        }
    }

    fn again(&mut self, mut request: Request, line: Option<usize>, now: Moment) {
        let cseq = request.headers.cseq().unwrap();
        let number = cseq.number + 1;
        request.headers.set(Name::CSeq, format!("{number} {}", cseq.method.as_str()));
        request.headers.remove(&Name::Authorization);
        let client = self.request(request, now);
        if let Some(index) = line {
            self.lines[index].client = Some(client);
            self.lines[index].dialog.local_cseq = number;
        }
    }

    fn line_answered(
        &mut self,
        index: usize,
        client: ClientId,
        request: &Request,
        response: &Response,
        now: Moment,
    ) {
        let flow = self.flow();
        let line = &mut self.lines[index];
        if request.method != Method::Invite {
            return;
        }
        if !response.is_success() {
            if line.state == LineState::Calling {
                line.state = LineState::Over;
            }
            return;
        }
        let given_up = line.state == LineState::Over;
        if line.state == LineState::Calling || given_up {
            line.dialog.answered(response, flow);
        }
        if line.state == LineState::Calling {
            line.state = LineState::Up;
        }
        line.shown = response.headers.asserted_identity().or(line.shown.take());
        line.theirs = Session::read(&response.body).ok();
        let number = response.headers.cseq().unwrap().number;
        let ack = line.dialog.ack(number);
        let sent_by = self.at.to_string();
        let send = self.transactions.acknowledge(client, ack, flow, &sent_by, &mut self.chance);
        if let Effect::Send { bytes, .. } = send {
            self.sent.push(bytes);
        }
        // Its CANCEL came too late (RFC 3261 §15.1.1).
        if given_up {
            let bye = self.lines[index].dialog.request(Method::Bye);
            self.request(bye, now);
        }
    }

    /// The office's port of the newest call that is up.
    pub fn office_port(&self) -> Option<u16> {
        let mut up = self.lines.iter().filter(|line| line.state == LineState::Up);
        up.next_back()?.theirs.as_ref()?.media.first().map(|media| media.port)
    }

    pub fn up(&self) -> usize {
        self.lines.iter().filter(|line| line.state == LineState::Up).count()
    }

    /// Status and reason of the last final answer to `method`.
    pub fn last_answer(&self, method: &Method) -> (u16, String) {
        let found = self.answers.iter().rev().find(|(m, _)| m == method);
        found.map(|(_, r)| (r.status, r.reason.clone())).unwrap_or_default()
    }

    /// Who the last response, UPDATE or re-INVITE says the other side is.
    pub fn asserted(&self) -> Option<(String, String)> {
        let refresh = |r: &&Request| {
            let again = r.method == Method::Invite && r.headers.to_tag().is_some();
            again || r.method == Method::Update
        };
        let update = self.got.iter().rev().find(refresh);
        let from_update = update.and_then(|r| r.headers.asserted_identity());
        let answer = || {
            let invite = self.answers.iter().rev().find(|(m, _)| *m == Method::Invite);
            invite.and_then(|(_, r)| r.headers.asserted_identity())
        };
        let named = from_update.or_else(answer)?;
        Some((named.display.clone().unwrap_or_default(), named.uri.user_decoded()?))
    }

    /// The bodies of its NOTIFYs of this event about `entity`.
    pub fn lamp(&self, entity: &str) -> Vec<String> {
        let entity = format!("entity=\"{entity}\"");
        let notifies = self.got.iter().filter(|r| r.method == Method::Notify);
        let bodies = notifies.map(|r| String::from_utf8(r.body.to_vec()).unwrap());
        bodies.filter(|body| body.contains(&entity)).collect()
    }

    /// The last NOTIFY of this event, as text.
    pub fn notified(&self, event: &str) -> Option<String> {
        let mut notifies = self.got.iter().rev().filter(|r| r.method == Method::Notify);
        let last = notifies.find(|r| r.headers.event().is_some_and(|e| e.package == event))?;
        Some(String::from_utf8_lossy(&last.body).into_owned())
    }
}
