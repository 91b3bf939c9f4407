//! Callers behind the trunk and phones of the office, worked by one patient
//! operator: one thing after the other, and each waited for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::UdpSocket;
use std::time::Duration;

use bellhop::domain::time::Moment;
use bellhop::media::control::Codec;
use bellhop::media::negotiation::{self, Local, SdpVersion};
use bellhop::sip::dialog::Dialog;
use bellhop::sip::digest::Answerer;
use bellhop::sip::flow::Flow;
use bellhop::sip::sdp::{self, Direction, Session};
use bellhop::sip::transaction::{ClientId, Incoming, ServerId};
use bellhop::sip::wire::{Host, Method, Name, NameAddr, Request, Response, Uri};

use super::Trouble;
use super::office::{DESK, DOMAIN, Office, password_of};
use super::voices::Voices;
use super::wires::{Arrival, Side, Wires};

const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, UPDATE, NOTIFY, REFER, OPTIONS";
const DIALOG_INFO: &str = "application/dialog-info+xml";
/// As long as SIP itself waits.
const PATIENCE: Duration = Duration::from_secs(32);

pub struct Phones {
    wires: Wires,
    voices: Voices,
    /// Where the desk's phone listens until a call is parked; nobody reads it.
    ear: UdpSocket,
    answerers: BTreeMap<String, Answerer>,
    callers: usize,
    /// How often lamps were told, and when last and first
    /// since somebody looked.
    told: Vec<Moment>,
    answers: BTreeMap<ClientId, (Moment, Response)>,
    rung: VecDeque<(ServerId, Request, Flow)>,
    acknowledged: BTreeSet<ServerId>,
    /// Call-IDs of transfers that were told to be done, and of calls that
    /// the office ended.
    transferred: BTreeSet<String>,
    ended: BTreeSet<String>,
}

/// Somebody from outside, and his number in the voices.
pub struct Caller {
    pub number: String,
    pub voice: usize,
    dialog: Dialog,
}

/// How long after the REFER.
pub struct Parking {
    pub referred_at: Moment,
    pub accepted: Duration,
    pub music: Duration,
    pub first_told: Duration,
    pub last_told: Duration,
}

impl Phones {
    pub fn new(wires: Wires, voices: Voices) -> Result<Self, Trouble> {
        let ear = UdpSocket::bind((wires.address(Side::Phones).ip(), 0))?;
        Ok(Self {
            wires,
            voices,
            ear,
            answerers: BTreeMap::new(),
            callers: 0,
            told: Vec::new(),
            answers: BTreeMap::new(),
            rung: VecDeque::new(),
            acknowledged: BTreeSet::new(),
            transferred: BTreeSet::new(),
            ended: BTreeSet::new(),
        })
    }

    pub fn voices(&self) -> &Voices {
        &self.voices
    }

    pub fn plug_into(&mut self, office: &Office) {
        self.wires.plug_into(office.udp);
    }

    pub fn provider(&self) -> std::net::SocketAddr {
        self.wires.address(Side::Provider)
    }

    // The office's phones.

    pub fn register(&mut self, extension: &str) -> Result<(), Trouble> {
        let registrar = Uri { user: None, ..office_uri(extension) };
        let own = extension.to_owned();
        let request = self.outside_dialog(Side::Phones, &own, extension, Method::Register);
        let request = Request { uri: registrar, ..request }.with(Name::Expires, "3600");
        self.ask_as(extension, request).map(drop)
    }

    /// Has a key whose lamp shows who is parked at `place`.
    pub fn watch(&mut self, extension: &str, place: &str) -> Result<(), Trouble> {
        let own = extension.to_owned();
        let request = self.outside_dialog(Side::Phones, &own, extension, Method::Subscribe);
        let request = Request { uri: office_uri(&format!("*68{place}")), ..request }
            .with(Name::Event, "dialog")
            .with(Name::Accept, DIALOG_INFO)
            .with(Name::Expires, "3600");
        self.ask_as(extension, request)?;
        self.wait_until_told(1).map(drop)
    }

    /// Asks with credentials, and once more when they are asked for. What was
    /// asked in the end, when, and the answer to it.
    fn ask_as(&mut self, extension: &str, request: Request) -> Result<Asked, Trouble> {
        for number in 1..=2 {
            let asked = self.ask_once_as(extension, request.clone(), number)?;
            let answerer = self.answerers.get_mut(extension);
            let challenged = answerer.is_some_and(|it| it.challenged(&asked.response));
            if !challenged {
                return succeeded(asked);
            }
        }
        Err(format!("the password of {extension} is not taken").into())
    }

    fn ask_once_as(
        &mut self,
        extension: &str,
        mut request: Request,
        number: u32,
    ) -> Result<Asked, Trouble> {
        let method = request.method.as_str().to_owned();
        request.headers.set(Name::CSeq, format!("{number} {method}"));
        let new = || Answerer::new(extension, &password_of(extension));
        let answerer = self.answerers.entry(extension.to_owned()).or_insert_with(new);
        answerer.authorize(&mut request, &mut self.wires.chance);
        self.ask(Side::Phones, request)
    }

    // Calls.

    /// Somebody calls the desk, and is answered at once.
    pub fn call_in(&mut self) -> Result<(Caller, Dialog), Trouble> {
        let address = self.voices.next_address()?;
        let number = format!("+4930{:07}", self.callers);
        self.callers += 1;
        let (invite, mut dialog) = self.invitation(Side::Provider, &number, DESK, address);
        let (client, _) = self.wires.send(Side::Provider, invite);
        let (server, invite, flow) =
            self.wait("an INVITE at the desk", |it| it.rung.pop_front())?;
        let phone = self.pick_up(server, &invite, flow)?;
        let (_, response) = self.answer_to(client, "the caller's INVITE")?;
        self.answered(Side::Provider, client, &response, &mut dialog)?;
        self.wait("an ACK at the desk", |it| it.acknowledged.take(&server))?;
        let voice = self.voices.add(sound_of(&response)?)?;
        Ok((Caller { number, voice, dialog }, phone))
    }

    fn pick_up(
        &mut self,
        server: ServerId,
        invite: &Request,
        flow: Flow,
    ) -> Result<Dialog, Trouble> {
        let tag = self.wires.chance.hex(8);
        let dialog = Dialog::from_request(invite, &tag, self.contact(Side::Phones, DESK), flow);
        let sound = self.ear.local_addr()?;
        let mut session = SdpVersion::new(self.wires.chance.draw());
        let (answer, _) = negotiation::answer(&invite.body, &local(sound), &mut session)?;
        let mut response = invite.response(200);
        response.headers.set(Name::To, dialog.local.to_string());
        response.headers.push(Name::Contact, format!("<{}>", dialog.contact));
        response.headers.push(Name::Allow, ALLOW);
        self.wires.respond(server, &response.body("application/sdp", answer));
        Ok(dialog)
    }

    /// The desk's phone transfers the caller to the park code of that place,
    /// and hangs up when it is told that he is there.
    pub fn park(
        &mut self,
        caller: &Caller,
        mut phone: Dialog,
        place: &str,
        watchers: usize,
    ) -> Result<Parking, Trouble> {
        self.told.clear();
        let refer = phone.request(Method::Refer);
        let refer = refer.with(Name::ReferTo, format!("<sip:*68{place}@{DOMAIN}>"));
        let asked = succeeded(self.ask(Side::Phones, refer)?)?;
        let call_id = phone.call_id.clone();
        self.wait("a transfer's end", |it| it.transferred.take(&call_id))?;
        let (first, last) = self.wait_until_told(watchers)?;
        let bye = phone.request(Method::Bye);
        succeeded(self.ask(Side::Phones, bye)?)?;
        let voice = caller.voice;
        let music_at = self.music_for(voice)?;
        let after = |moment: Moment| moment.since(asked.left_at);
        Ok(Parking {
            referred_at: asked.left_at,
            accepted: after(asked.answered_at),
            music: after(music_at),
            first_told: after(first),
            last_told: after(last),
        })
    }

    fn music_for(&mut self, voice: usize) -> Result<Moment, Trouble> {
        let until = self.wires.now() + PATIENCE;
        loop {
            if let Some(at) = self.voices.ask(move |callers| callers.music_at(voice))? {
                return Ok(at);
            }
            if self.wires.now() >= until {
                let heard = self.voices.ask(move |callers| callers.heard_by(voice).cloned())?;
                let packets = heard.map(|heard| heard.packets);
                return Err(format!("a parked caller hears no music: {packets:?} packets").into());
            }
        }
    }

    /// A colleague fetches the oldest call at that place, hears the caller,
    /// and hangs up. How long his INVITE took to be answered.
    pub fn retrieve(
        &mut self,
        by: &str,
        place: &str,
        caller: &Caller,
        watchers: usize,
    ) -> Result<Duration, Trouble> {
        self.told.clear();
        let address = self.voices.next_address()?;
        let (invite, mut dialog) =
            self.invitation(Side::Phones, by, &format!("*88{place}"), address);
        let asked = self.ask_as(by, invite)?;
        dialog.local_cseq = asked.response.headers.cseq()?.number;
        self.answered(Side::Phones, asked.client, &asked.response, &mut dialog)?;
        let voice = self.voices.add(sound_of(&asked.response)?)?;
        self.wait_until_told(watchers)?;
        self.hear_each_other(voice, caller.voice)?;
        let bye = dialog.request(Method::Bye);
        succeeded(self.ask(Side::Phones, bye)?)?;
        let call_id = caller.dialog.call_id.clone();
        self.wait("a BYE to the caller", |it| it.ended.take(&call_id))?;
        self.voices.leave(voice)?;
        self.voices.leave(caller.voice)?;
        Ok(asked.answered_at.since(asked.left_at))
    }

    fn hear_each_other(&mut self, one: usize, other: usize) -> Result<(), Trouble> {
        let until = self.wires.now() + PATIENCE;
        while self.wires.now() < until {
            let hears = self.voices.ask(move |callers| {
                let voices = |n| callers.heard_by(n).is_some_and(|heard| heard.voices > 0);
                voices(one) && voices(other)
            })?;
            if hears {
                return Ok(());
            }
        }
        Err("a retrieved caller and his retriever do not hear each other".into())
    }

    /// A parked caller has waited long enough.
    pub fn hang_up(&mut self, mut caller: Caller, watchers: usize) -> Result<(), Trouble> {
        self.told.clear();
        let bye = caller.dialog.request(Method::Bye);
        succeeded(self.ask(Side::Provider, bye)?)?;
        self.voices.leave(caller.voice)?;
        self.wait_until_told(watchers).map(drop)
    }

    /// An INVITE that has not been sent, and the dialog it will open.
    fn invitation(
        &mut self,
        side: Side,
        from: &str,
        to: &str,
        sound: std::net::SocketAddr,
    ) -> (Request, Dialog) {
        let mut session = SdpVersion::new(self.wires.chance.draw());
        let offer = negotiation::offer(&local(sound), &mut session);
        let request = self.outside_dialog(side, from, to, Method::Invite);
        let request = request.body("application/sdp", offer);
        let call_id = request.headers.call_id().unwrap_or_default();
        let nobody = || NameAddr::new(None, office_uri(to));
        let own = request.headers.from().unwrap_or_else(|_| nobody());
        let (contact, flow) = (self.contact(side, from), self.wires.flow(side));
        let dialog = Dialog::outgoing(call_id, own, nobody(), office_uri(to), contact, flow);
        (request, Dialog { local_cseq: 1, ..dialog })
    }

    fn answered(
        &mut self,
        side: Side,
        client: ClientId,
        response: &Response,
        dialog: &mut Dialog,
    ) -> Result<(), Trouble> {
        dialog.answered(response, self.wires.flow(side));
        let ack = dialog.ack(response.headers.cseq()?.number);
        self.wires.acknowledge(side, client, ack);
        Ok(())
    }

    fn outside_dialog(&mut self, side: Side, from: &str, to: &str, method: Method) -> Request {
        let (call_id, tag) = (self.wires.chance.hex(16), self.wires.chance.hex(8));
        let host = match side {
            Side::Provider => Host::from(self.wires.address(side).ip()),
            Side::Phones => Host::Name(DOMAIN.to_owned()),
        };
        let display = format!("Person {from}");
        let own = NameAddr::new(Some(display), Uri::sip(from, host)).with_tag(&tag);
        Request::new(method.clone(), office_uri(to))
            .with(Name::MaxForwards, "70")
            .with(Name::From, own.to_string())
            .with(Name::To, NameAddr::new(None, office_uri(to)).to_string())
            .with(Name::CallId, call_id)
            .with(Name::CSeq, format!("1 {}", method.as_str()))
            .with(Name::Contact, format!("<{}>", self.contact(side, from)))
            .with(Name::Allow, ALLOW)
    }

    fn contact(&self, side: Side, user: &str) -> Uri {
        let address = self.wires.address(side);
        let mut uri = Uri::sip(user, Host::from(address.ip()));
        uri.port = Some(address.port());
        uri
    }

    // Waiting.

    fn ask(&mut self, side: Side, request: Request) -> Result<Asked, Trouble> {
        let what = request.method.as_str().to_owned();
        let (client, left_at) = self.wires.send(side, request);
        let (answered_at, response) = self.answer_to(client, &what)?;
        Ok(Asked { client, left_at, answered_at, response })
    }

    fn answer_to(&mut self, client: ClientId, what: &str) -> Result<(Moment, Response), Trouble> {
        self.wait(&format!("an answer to {what}"), |it| it.answers.remove(&client))
    }

    /// That many notifications of lamps; when the first and the last came.
    fn wait_until_told(&mut self, watchers: usize) -> Result<(Moment, Moment), Trouble> {
        if watchers == 0 {
            let now = self.wires.now();
            return Ok((now, now));
        }
        self.wait("NOTIFY at all watchers", |it| {
            let last = it.told.get(watchers.checked_sub(1)?)?;
            Some((*it.told.first()?, *last))
        })
    }

    fn wait<T>(
        &mut self,
        what: &str,
        mut found: impl FnMut(&mut Self) -> Option<T>,
    ) -> Result<T, Trouble> {
        let until = self.wires.now() + PATIENCE;
        loop {
            if let Some(found) = found(self) {
                return Ok(found);
            }
            let arrival = self.wires.next(until)?;
            let arrival = arrival.ok_or_else(|| format!("waited in vain for {what}"))?;
            self.take(arrival);
        }
    }

    fn take(&mut self, arrival: Arrival) {
        let Arrival { at, what } = arrival;
        match what {
            Incoming::Response { client, response, .. } if response.is_final() => {
                self.answers.insert(client, (at, response));
            }
            Incoming::Request { request, flow } => self.asked(at, request, flow),
            Incoming::Acknowledged { server, .. } => drop(self.acknowledged.insert(server)),
            _ => {}
        }
    }

    fn asked(&mut self, at: Moment, request: Request, flow: Flow) {
        let server = self.wires.accept(&request, flow);
        if request.method == Method::Invite && request.headers.to_tag().is_none() {
            return self.rung.push_back((server, request, flow));
        }
        self.wires.respond(server, &request.response(200));
        let call_id = request.headers.call_id().unwrap_or_default();
        let event = request.headers.event().map(|event| event.package).unwrap_or_default();
        match (&request.method, event.as_str()) {
            (Method::Notify, "dialog") => self.told.push(at),
            (Method::Notify, "refer") if request.body.starts_with(b"SIP/2.0 200") => {
                self.transferred.insert(call_id);
            }
            (Method::Bye, _) => drop(self.ended.insert(call_id)),
            _ => {}
        }
    }
}

struct Asked {
    client: ClientId,
    left_at: Moment,
    answered_at: Moment,
    response: Response,
}

fn succeeded(asked: Asked) -> Result<Asked, Trouble> {
    if asked.response.is_success() {
        return Ok(asked);
    }
    Err(format!("{} {}", asked.response.status, asked.response.reason).into())
}

fn office_uri(user: &str) -> Uri {
    Uri::sip(user, Host::Name(DOMAIN.to_owned()))
}

fn local(sound: std::net::SocketAddr) -> Local<'static> {
    const CODECS: [Codec; 1] = [Codec::Pcma];
    let (address, port) = (sound.ip(), sound.port());
    Local { address, port, codecs: &CODECS, prefer: None, direction: Direction::SendRecv }
}

/// Where the office's end of a call wants to hear us.
fn sound_of(response: &Response) -> Result<std::net::SocketAddr, Trouble> {
    let session = Session::read(&response.body)?;
    let media = session.media.first().ok_or("an answer without sound")?;
    let host = session.host_of(media).ok_or("an answer without an address")?;
    let sdp::Host::Address(ip) = host else { return Err("a name for an address".into()) };
    Ok(std::net::SocketAddr::new(*ip, media.port))
}
