//! Who callers are, and how other people's phones are told (product M1).

use crate::domain::caller::Caller;
use crate::domain::ids::{Extension, JourneyId};
use crate::exchange::leg::{Leg, Refresh, Stage, Takes};
use crate::exchange::{Errand, Exchange, Party};
use crate::media::control::Codec;
use crate::media::negotiation;
use crate::sip::sdp::Direction;
use crate::sip::wire::{Headers, Host, Method, Name, NameAddr, Uri};

/// Best first, when nothing else decides.
pub const CODECS: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];

impl Exchange {
    pub(super) fn extension_identity(&self, extension: &Extension) -> Caller {
        let name = self.settings.name_of(extension);
        Caller::new(name.as_str(), extension.as_str())
    }

    /// A trunk's caller: what the network asserts, else what it says; the
    /// directory knows names it does not send.
    pub(super) fn trunk_identity(&self, headers: &Headers) -> Caller {
        // The provider may know him; people are not to (RFC 3323, RFC 3325 §7).
        if headers.tokens(&Name::Privacy).iter().any(|t| matches!(t.as_str(), "id" | "user")) {
            return Caller::new("", "anonymous");
        }
        let said = headers.asserted_identity().or_else(|| headers.from().ok());
        let Some(said) = said else { return Caller::default() };
        let number = said.uri.user_decoded().unwrap_or_default();
        let sent = said.display.clone().unwrap_or_default();
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

    /// Tells a phone whom it is connected to now: UPDATE where it takes one,
    /// else a re-INVITE (RFC 3325, RFC 3311).
    pub(super) fn tell_identity(&mut self, journey: JourneyId, caller: &Caller) {
        let asserted = self.name_addr(caller).to_string();
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        leg.shown = caller.clone();
        let may = leg.is_up() && leg.refreshing.is_none();
        if !may || !matches!(leg.party, Party::Extension(_)) {
            return;
        }
        let method = match leg.takes {
            Takes::Update => Method::Update,
            Takes::ReInvite => Method::Invite,
            Takes::Nothing => return,
        };
        let mut request = leg.dialog.request(method.clone());
        request.headers.push(Name::PAssertedIdentity, asserted);
        let our_offer = (method == Method::Invite).then(|| leg.offer_again());
        if let Some(offer) = &our_offer {
            request = request.body("application/sdp", offer.clone());
        }
        let flow = leg.dialog.flow;
        let client = self.send_request(request, flow, Errand::Leg(journey));
        if let Some(leg) = self.state.legs.get_mut(&journey) {
            leg.refreshing = Some(Refresh { client, our_offer });
        }
    }
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
