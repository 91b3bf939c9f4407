//! The lines to the outside: registered with a provider, or known by address;
//! what comes by them and what is theirs to be told.

mod credentials;
mod outbound;
mod place;
mod registration;

use core::net::IpAddr;
use std::time::Duration;

use crate::domain::ids::{Extension, JourneyId};
use crate::exchange::settings::{Settings, TrunkLine, TrunkSettings};
use crate::exchange::{Due, Effect, Errand, Exchange, Report};
use crate::sip::flow::Flow;
use crate::sip::transaction::ClientId;
use crate::sip::wire::{Request, Response, Uri};

pub(super) use credentials::AskedTrunk;
pub use place::{Found, Place};
pub(super) use registration::Registration;
use registration::{Next, Trouble};

/// Addresses are asked for anew no more often, and no less.
const KNOWN_FOR_MIN: Duration = Duration::from_secs(30);
const KNOWN_FOR_MAX: Duration = Duration::from_secs(3_600);
/// The edge has not answered: it was restarted, or forgot.
const ASK_EDGE_AGAIN: Duration = Duration::from_secs(60);
/// Routers forget an idle UDP mapping after half a minute (RFC 5626 §4.4).
const KEEP_OPEN: Duration = Duration::from_secs(25);
/// What a stream's keep-alive is (RFC 5626 §4.4.1); UDP peers pass over it.
const KEEP_ALIVE: &[u8] = b"\r\n\r\n";
const RECONNECT_IN: Duration = Duration::from_secs(1);

impl Exchange {
    /// Every registering trunk that is new is looked up.
    pub(super) fn open_trunks(&mut self) {
        let trunks = self.settings.trunks.iter();
        let registering = trunks.filter(|trunk| matches!(trunk.line, TrunkLine::Registrar(_)));
        let names: Vec<String> = registering.map(|trunk| trunk.name.clone()).collect();
        self.state.trunks.retain(|name, _| names.contains(name));
        for name in names {
            if !self.state.trunks.contains_key(&name) {
                let registration = Registration::new(&mut self.state.chance);
                self.state.trunks.insert(name.clone(), registration);
                self.state.due.set(Due::LookUpTrunk(name), self.now);
            }
        }
    }

    /// After a restart all register again, at once where they were.
    pub(super) fn resume_trunks(&mut self) {
        for (name, trunk) in &mut self.state.trunks {
            trunk.resume();
            self.state.due.set(Due::RegisterTrunk(name.clone()), self.now);
            self.state.due.set(Due::LookUpTrunk(name.clone()), self.now);
        }
        self.open_trunks();
    }

    /// Before other settings hold: trunks that are gone or changed take leave.
    pub(super) fn leave_trunks(&mut self, settings: &Settings) {
        let names: Vec<String> = self.state.trunks.keys().cloned().collect();
        for name in names {
            let same = |now: &TrunkSettings, then: &TrunkSettings| {
                now.line == then.line && now.account == then.account
            };
            let then = settings.trunks.iter().find(|trunk| trunk.name == name);
            if self.trunk(&name).zip(then).is_some_and(|(now, then)| same(now, then)) {
                continue;
            }
            if self.state.trunks.get(&name).is_some_and(|trunk| trunk.is_up(self.now)) {
                self.send_registration(&name, true);
            }
            self.state.trunks.remove(&name);
            let due = [Due::LookUpTrunk, Due::RegisterTrunk, Due::KeepTrunkOpen];
            due.iter().for_each(|due| self.state.due.clear(&due(name.clone())));
        }
    }

    /// Other settings hold.
    pub(super) fn take_on_trunks(&mut self) {
        let mut answerers = super::answerers(&self.settings);
        for (name, answerer) in &mut answerers {
            // A challenge that was answered well goes on.
            let before = self.answerers.remove(name);
            if let Some(before) = before.filter(|before| before.same_account(answerer)) {
                *answerer = before;
            }
        }
        // Whoever takes leave may be asked once more who he is.
        answerers.append(&mut self.answerers);
        self.answerers = answerers;
        self.open_trunks();
    }

    pub(super) fn trunk(&self, name: &str) -> Option<&TrunkSettings> {
        self.settings.trunks.iter().find(|trunk| trunk.name == name)
    }

    /// Where its registrar is to be looked for.
    fn place_of(&self, name: &str) -> Option<Place> {
        let redirected = self.state.trunks.get(name).and_then(|it| it.redirected.clone());
        redirected.or_else(|| match &self.trunk(name)?.line {
            TrunkLine::Registrar(place) => Some(place.clone()),
            TrunkLine::Peer(_) => None,
        })
    }

    pub(super) fn look_up_trunk(&mut self, name: &str) {
        let Some(place) = self.place_of(name) else { return };
        self.state.due.set(Due::LookUpTrunk(name.to_owned()), self.now + ASK_EDGE_AGAIN);
        if let Some(trunk) = self.state.trunks.get_mut(name) {
            trunk.looks = true;
        }
        self.out.push(Effect::Resolve(place));
    }

    /// The edge has asked the name servers.
    pub(super) fn resolved(&mut self, place: &Place, found: Result<Found, String>) {
        // Not whoever waits: a refused password is not to be tried again when
        // a trunk of the same provider looks him up.
        let looking = self.state.trunks.iter().filter(|(_, trunk)| trunk.looks);
        let names: Vec<String> = looking.map(|(name, _)| name.clone()).collect();
        for name in names {
            if self.place_of(&name).as_ref() == Some(place) {
                self.trunk_resolved(name, found.clone());
            }
        }
    }

    fn trunk_resolved(&mut self, name: String, found: Result<Found, String>) {
        let Some(trunk) = self.state.trunks.get_mut(&name) else { return };
        let look_up = Due::LookUpTrunk(name.clone());
        match found {
            Ok(Found { flows, valid_for }) if !flows.is_empty() => {
                let valid_for = valid_for.clamp(KNOWN_FOR_MIN, KNOWN_FOR_MAX);
                self.state.due.set(look_up, self.now + valid_for);
                if trunk.found_at(flows) {
                    self.register_trunk(&name);
                }
            }
            // What was known is better than nothing.
            _ if trunk.is_up(self.now) => {}
            found => {
                let why = found.err().unwrap_or_else(|| "it has no address".to_owned());
                let next = trunk.not_found(&why, &mut self.state.chance);
                if let Next::Pause { span, trouble } = next {
                    self.state.due.set(look_up, self.now + span);
                    self.tell_trouble(&name, &trouble, span);
                }
            }
        }
    }

    pub(super) fn register_trunk(&mut self, name: &str) {
        self.send_registration(name, false);
    }

    fn send_registration(&mut self, name: &str, leaving: bool) -> Option<()> {
        let place = self.place_of(name)?;
        let user = self.trunk(name)?.user().to_owned();
        let trunk = self.state.trunks.get(name)?;
        let flow = trunk.flow()?;
        let contact = Uri { user: Some(trunk.contact_user.clone()), ..self.our_contact(flow) };
        let trunk = self.state.trunks.get_mut(name)?;
        let request = trunk.request(&place, &user, &contact, leaving);
        self.state.due.clear(&Due::RegisterTrunk(name.to_owned()));
        let client = self.send_request(request, flow, Errand::Register(name.to_owned()));
        self.state.trunks.get_mut(name)?.asked = Some(client);
        Some(())
    }

    /// The answer to a REGISTER of ours; none: there was none in time.
    pub(super) fn registration_answered(
        &mut self,
        name: &str,
        client: ClientId,
        response: Option<&Response>,
    ) {
        let (now, chance) = (self.now, &mut self.state.chance);
        let Some(trunk) = self.state.trunks.get_mut(name) else { return };
        if trunk.asked != Some(client) || self.is_closing {
            return;
        }
        let next = match response {
            Some(response) => trunk.answered(response, now, chance),
            None => trunk.unanswered(chance),
        };
        match next {
            Next::Renew { granted, renew_in } => self.trunk_registered(name, granted, renew_in),
            Next::AskAgain => self.register_trunk(name),
            Next::LookElsewhere(_) => self.look_up_trunk(name),
            Next::Pause { span, trouble } => {
                self.state.due.set(Due::RegisterTrunk(name.to_owned()), now + span);
                // Perhaps he has moved.
                self.state.due.set(Due::LookUpTrunk(name.to_owned()), now + span);
                self.tell_trouble(name, &trouble, span);
            }
        }
    }

    fn trunk_registered(&mut self, name: &str, granted: Duration, renew_in: Duration) {
        self.state.due.set(Due::RegisterTrunk(name.to_owned()), self.now + renew_in);
        let Some(trunk) = self.state.trunks.get_mut(name) else { return };
        let Some(flow) = trunk.flow() else { return };
        let is_news = trunk.is_news("");
        if !self.settings.is_local(flow.remote.ip()) {
            self.state.due.set(Due::KeepTrunkOpen(name.to_owned()), self.now + KEEP_OPEN);
        }
        if is_news {
            let (trunk, at) = (name.to_owned(), flow.remote);
            self.out.push(Effect::Report(Report::TrunkRegistered { trunk, at, granted }));
        }
    }

    /// Each trouble once, however often it is met.
    fn tell_trouble(&mut self, name: &str, trouble: &Trouble, again_in: Duration) {
        let Some(place) = self.place_of(name) else { return };
        let has_password = self.answerers.contains_key(name);
        let trouble = match trouble {
            Trouble::WrongPassword if !has_password => &Trouble::NoPassword,
            trouble => trouble,
        };
        let words = trouble.words(name, &place.host);
        let Some(trunk) = self.state.trunks.get_mut(name) else { return };
        if trunk.is_news(&words) {
            let trunk = name.to_owned();
            self.out.push(Effect::Report(Report::TrunkTrouble { trunk, words, again_in }));
        }
    }

    pub(super) fn keep_trunk_open(&mut self, name: &str) {
        let Some(trunk) = self.state.trunks.get(name).filter(|it| it.is_up(self.now)) else {
            return;
        };
        if let Some(flow) = trunk.flow() {
            self.out.push(Effect::Send { flow, bytes: KEEP_ALIVE.into() });
            self.state.due.set(Due::KeepTrunkOpen(name.to_owned()), self.now + KEEP_OPEN);
        }
    }

    /// Where it was registered a call could not come any more.
    pub(super) fn trunk_connection_lost(&mut self, flow: Flow) {
        for (name, trunk) in &mut self.state.trunks {
            if trunk.disconnected(flow) {
                self.state.due.set(Due::RegisterTrunk(name.clone()), self.now + RECONNECT_IN);
            }
        }
    }

    /// The program ends: providers need not send calls here any more.
    pub(super) fn close_trunks(&mut self) {
        self.is_closing = true;
        let up = self.state.trunks.iter().filter(|(_, trunk)| trunk.is_up(self.now));
        let names: Vec<String> = up.map(|(name, _)| name.clone()).collect();
        for name in names {
            self.send_registration(&name, true);
        }
    }

    // What comes by trunks.

    /// Where a trunk's provider is.
    pub(super) fn flows_of<'a>(&'a self, trunk: &'a TrunkSettings) -> &'a [Flow] {
        match &trunk.line {
            TrunkLine::Peer(flow) => core::slice::from_ref(flow),
            TrunkLine::Registrar(_) => {
                self.state.trunks.get(&trunk.name).map_or(&[], |it| it.flows.as_slice())
            }
        }
    }

    pub(super) fn is_at(&self, trunk: &TrunkSettings, ip: IpAddr) -> bool {
        self.flows_of(trunk).iter().any(|flow| flow.remote.ip() == ip)
    }

    /// The trunk that brought this (decision 20). A request in the name of one
    /// of our own extensions is a phone's, wherever it comes from.
    pub(super) fn trunk_of(&self, request: &Request, flow: Flow) -> Option<&TrunkSettings> {
        let from = request.headers.from().ok()?;
        let user = from.uri.user_decoded().and_then(|user| Extension::parse(&user).ok());
        let known = user.is_some_and(|user| self.settings.extensions.contains_key(&user));
        if known && self.is_ours(&from.uri, flow) {
            return None;
        }
        let named = |trunk: &&TrunkSettings| self.is_contact_of(trunk, &request.uri);
        let trunks = || self.settings.trunks.iter();
        let mut there = trunks().filter(|trunk| self.is_at(trunk, flow.remote.ip()));
        let exact = |trunk: &&TrunkSettings| {
            self.flows_of(trunk).iter().any(|known| known.remote == flow.remote)
        };
        let by_address = there.clone().find(named).or_else(|| there.clone().find(exact));
        by_address.or_else(|| there.next()).or_else(|| trunks().find(named))
    }

    /// Our Contact of this very trunk, which nobody but its provider was told,
    /// while he may use it.
    fn is_contact_of(&self, trunk: &TrunkSettings, uri: &Uri) -> bool {
        let registration = self.state.trunks.get(&trunk.name);
        registration.is_some_and(|registration| {
            registration.is_up(self.now)
                && uri.user.as_deref() == Some(registration.contact_user.as_str())
        })
    }

    /// It comes by a trunk of this office's.
    pub(super) fn has_trunk_for(&self, request: &Request, flow: Flow) -> bool {
        let mut trunks = self.settings.trunks.iter();
        trunks.any(|trunk| {
            self.is_at(trunk, flow.remote.ip()) || self.is_contact_of(trunk, &request.uri)
        })
    }

    /// One of its trunks brings calls for the number dialled.
    pub(super) fn has_number(&self, request: &Request) -> bool {
        let mut trunks = self.settings.trunks.iter();
        trunks.any(|trunk| trunk.number_called(request).is_some())
    }

    /// Feature codes are for our own people: a trunk reaches extensions only.
    pub(super) fn route_from_trunk(&mut self, journey: JourneyId, name: &str, request: &Request) {
        let Some(trunk) = self.trunk(name) else {
            return self.refuse_leg(journey, 404, "Unknown trunk");
        };
        match trunk.number_called(request).or(trunk.inbound.as_ref()).cloned() {
            Some(to) => self.call_number_after(journey, to.as_str(), 0),
            None => self.refuse_leg(journey, 404, "Nobody has this number"),
        }
    }
}

impl TrunkSettings {
    /// What it calls itself at the provider's.
    fn user(&self) -> &str {
        self.account.as_ref().map_or("", |account| account.user.as_str())
    }

    /// Whose number was dialled. A provider we are registered with writes our
    /// Contact in the first line, and the number into To.
    fn number_called(&self, request: &Request) -> Option<&Extension> {
        let to = request.headers.to().ok().and_then(|to| to.uri.user_decoded());
        [request.uri.user_decoded(), to].iter().flatten().find_map(|dialled| {
            let did = self.dids.iter().find(|(number, _)| same_number(number, dialled));
            did.map(|(_, to)| to)
        })
    }
}

/// As two ways of writing it: with and without `+` or leading zeros.
fn same_number(one: &str, other: &str) -> bool {
    let bare = |n: &str| n.trim_start_matches(['+', '0']).to_owned();
    bare(one) == bare(other)
}
