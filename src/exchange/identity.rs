//! Who callers are, and how other people's phones are told (product M1).

use std::time::Duration;

use crate::domain::caller::Caller;
use crate::domain::chance::Chance;
use crate::domain::ids::{Extension, JourneyId};
use crate::exchange::leg::{Leg, Party, Refresh, Stage, Takes};
use crate::exchange::subscribe::agent_of;
use crate::exchange::{Due, Errand, Exchange};
use crate::media::control::Codec;
use crate::media::negotiation;
use crate::sip::sdp::Direction;
use crate::sip::wire::{Headers, Host, Method, Name, NameAddr, Request, Response, Uri};

/// Best first, when nothing else decides.
pub const CODECS: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];

/// Phones answer a re-INVITE of the same session by themselves.
const RE_INVITE_MAX: Duration = Duration::from_secs(10);
/// A phone that is busy with itself for ever need not know who is there.
const PUT_OFF_MAX: u8 = 10;

impl Exchange {
    pub(super) fn extension_identity(&self, extension: &Extension) -> Caller {
        let name = self.settings.name_of(extension);
        Caller::new(name.as_str(), extension.as_str())
    }

    /// A trunk's caller: what the network asserts, else what it says; the
    /// directory knows names it does not send.
    pub(super) fn trunk_identity(&self, headers: &Headers) -> Caller {
        if wants_privacy(headers) {
            return Caller::new("", "anonymous");
        }
        let from = headers.from().ok();
        let Some(said) = headers.asserted_identity().or_else(|| from.clone()) else {
            return Caller::default();
        };
        let number = said.uri.user_decoded().unwrap_or_default();
        // Networks assert numbers; the name is often in From alone.
        let sent = said.display.clone().or_else(|| name_of_person(from?)).unwrap_or_default();
        let caller = Caller::new(&sent, &number);
        let nameless = caller.name.is_empty() || caller.name == caller.number;
        match self.settings.directory.name_of(&number) {
            Some(name) if nameless => Caller { name: name.clone(), ..caller },
            Some(_) | None => caller,
        }
    }

    /// As other people's phones are to show him: never a code, always a
    /// number that can be dialled back.
    pub(super) fn name_addr(&self, caller: &Caller) -> NameAddr {
        let host = Host::Name(self.settings.domain.clone());
        if caller.is_withheld() {
            let host = Host::Name("anonymous.invalid".to_owned());
            let display = if caller.name.is_empty() { "Anonymous" } else { caller.name.as_str() };
            return NameAddr::new(Some(display.to_owned()), Uri::sip("anonymous", host));
        }
        let display = (!caller.name.is_empty()).then(|| caller.name.to_string());
        NameAddr::new(display, Uri::sip(caller.number.as_str(), host))
    }

    /// The same for phones that read nothing newer. None: this one does
    /// (draft-ietf-sip-privacy-04 §6.5; it became no RFC).
    pub(super) fn remote_party_id(&self, journey: JourneyId, caller: &Caller) -> Option<String> {
        let leg = self.state.legs.get(&journey).filter(|leg| leg.remote_party_id)?;
        let party = if leg.was_called { "calling" } else { "called" };
        let privacy = if caller.is_withheld() { "full" } else { "off" };
        let shown = self.name_addr(caller);
        Some(format!("{shown};party={party};privacy={privacy};screen=yes"))
    }

    pub(super) fn reads_remote_party_id(&self, party: &Party, request: &Request) -> bool {
        let Party::Extension(extension) = party else { return false };
        let is_only = self.state.registrar.devices(extension).len() == 1;
        self.habits_at(extension, &agent_of(request), is_only).remote_party_id
    }

    /// Tells a phone whom it is connected to now, if its display shows
    /// somebody else: by UPDATE where it takes one, else by a re-INVITE
    /// (RFC 3325, RFC 3311). One is on its way at a time; its answer leads here
    /// again.
    pub(super) fn tell_identity(&mut self, journey: JourneyId) {
        let Some(leg) = self.state.legs.get(&journey) else { return };
        let Some(peer) = leg.peer().and_then(|peer| self.state.legs.get(&peer)) else { return };
        let may = leg.is_up() && leg.refreshing.is_none() && leg.extension().is_some();
        if !may || peer.identity == leg.shown {
            return;
        }
        match leg.takes {
            Takes::Update => self.send_identity(journey, Method::Update, peer.identity.clone()),
            Takes::ReInvite => self.send_identity(journey, Method::Invite, peer.identity.clone()),
            Takes::Nothing => {}
        }
    }

    fn send_identity(&mut self, journey: JourneyId, method: Method, caller: Caller) {
        let asserted = self.name_addr(&caller).to_string();
        let note = self.note_to_tell(journey, self.heard_by(journey));
        let remote_party_id = self.remote_party_id(journey, &caller);
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        let our_offer = (method == Method::Invite).then(|| leg.offer_again());
        let mut request = leg.dialog.request(method);
        request.headers.push(Name::PAssertedIdentity, asserted);
        if let Some(caller) = remote_party_id {
            request.headers.push(Name::RemotePartyId, caller);
        }
        if let Some(note) = note {
            request.headers.push(Name::Subject, note.to_string());
        }
        if let Some(offer) = &our_offer {
            request = request.body("application/sdp", offer.clone());
            self.state.due.set(Due::GiveUpRefresh(journey), self.now + RE_INVITE_MAX);
        }
        let flow = leg.dialog.flow;
        let client = self.send_request(request, flow, Errand::Leg(journey));
        if let Some(leg) = self.state.legs.get_mut(&journey) {
            leg.refreshing = Some(Refresh { client, our_offer, names: Some(caller) });
        }
    }

    /// The phone has answered. Whoever it is with may have changed meanwhile.
    pub(super) fn identity_answered(
        &mut self,
        journey: JourneyId,
        names: Caller,
        response: &Response,
    ) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        if let Some(pause) = put_off(leg, response, &mut self.state.chance) {
            leg.put_off += 1;
            return self.state.due.set(Due::TellIdentity(journey), self.now + pause);
        }
        // A phone that refuses to be told would refuse it again.
        leg.shown = names;
        leg.put_off = 0;
        self.tell_identity(journey);
    }

    /// A phone that rings on our re-INVITE must not keep its own user from
    /// holding the call. What it may answer yet is acknowledged, and no more.
    pub(super) fn give_up_refresh(&mut self, journey: JourneyId) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        let Some(refresh) = leg.refreshing.take_if(|refresh| refresh.names.is_some()) else {
            return;
        };
        let effects = self.state.transactions.cancel(refresh.client, None, self.now);
        self.carry_out(effects);
    }
}

/// How long until it is tried again, when the phone was in the middle of
/// something itself: 491, or 500 with Retry-After (RFC 3311 §5.2).
fn put_off(leg: &Leg, response: &Response, chance: &mut Chance) -> Option<Duration> {
    let retry_after = response.headers.text(&Name::RetryAfter);
    let after_s = retry_after.and_then(|text| text.trim().parse::<u64>().ok());
    match (response.status, after_s) {
        _ if leg.put_off >= PUT_OFF_MAX => None,
        (491, _) => Some(leg.dialog.pause_after_collision(chance)),
        (500, Some(after_s)) => Some(Duration::from_secs(after_s.min(10))),
        _ => None,
    }
}

/// The provider may know him; people are not to (RFC 3325 §7). The values
/// stand between semicolons (RFC 3323 §4.2), some write commas.
fn wants_privacy(headers: &Headers) -> bool {
    let lists = headers.tokens(&Name::Privacy);
    let mut values = lists.iter().flat_map(|list| list.split(';')).map(str::trim);
    values.any(|value| matches!(value, "id" | "user"))
}

/// Who withholds his number is not called `Anonymous`.
fn name_of_person(from: NameAddr) -> Option<String> {
    let named = Caller::new("", &from.uri.user_decoded().unwrap_or_default());
    from.display.filter(|_| !named.is_withheld())
}

impl Leg {
    fn offer_again(&mut self) -> String {
        let local = negotiation::Local {
            address: self.address,
            port: self.stream.port,
            codecs: &CODECS,
            prefer: self.agreed.map(|agreed| agreed.codec),
            direction: Direction::SendRecv,
        };
        negotiation::offer(&local, &mut self.session)
    }

    /// Whether anything of its own is still to be answered by us.
    pub(super) fn incoming_server(&self) -> Option<crate::sip::transaction::ServerId> {
        match self.stage {
            Stage::Incoming { server, .. } => Some(server),
            _ => None,
        }
    }
}
