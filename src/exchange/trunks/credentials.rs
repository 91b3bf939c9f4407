//! Answering a provider's challenges; nobody else's are ever answered.

use serde::{Deserialize, Serialize};

use crate::domain::ids::JourneyId;
use crate::exchange::leg::{Leg, Link, Party, Stage};
use crate::exchange::{Errand, Exchange};
use crate::sip::dialog::DialogId;
use crate::sip::flow::Flow;
use crate::sip::transaction::ClientId;
use crate::sip::wire::{Name, Request, Response};

/// A request of ours to a trunk that has a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedTrunk {
    trunk: String,
    /// How often it has been sent again with credentials.
    repeated: u8,
}

/// A proxy's challenge, the far end's behind it, and one that is stale.
const REPEATED_MAX: u8 = 3;

impl Exchange {
    /// Credentials go only to the trunk's own addresses: whoever found out its
    /// Contact, or sits behind its leg, gets none to try passwords on.
    pub(in crate::exchange) fn sign_for_trunk(
        &mut self,
        request: &mut Request,
        flow: Flow,
        errand: &Errand,
    ) -> Option<AskedTrunk> {
        let name = self.trunk_asked(request, errand)?;
        // A registrar is where the name servers said; a leg may be elsewhere.
        let at_home = || self.trunk(&name).is_some_and(|it| self.is_at(it, flow.remote.ip()));
        if !matches!(errand, Errand::Register(_)) && !at_home() {
            return None;
        }
        let answerer = self.answerers.get_mut(&name)?;
        answerer.authorize(request, &mut self.state.chance);
        Some(AskedTrunk { trunk: name, repeated: 0 })
    }

    fn trunk_asked(&self, request: &Request, errand: &Errand) -> Option<String> {
        if self.answerers.is_empty() {
            return None;
        }
        match errand {
            Errand::Register(name) => Some(name.clone()),
            Errand::Notify(_) | Errand::Herald(_) => None,
            Errand::Leg(_) | Errand::Parting | Errand::AskWhetherThere(_) => {
                match &self.leg_of_request(request)?.party {
                    Party::Trunk(name) => Some(name.clone()),
                    Party::Extension(_) => None,
                }
            }
        }
    }

    fn leg_of_request(&self, request: &Request) -> Option<&Leg> {
        let local_tag = request.headers.from_tag()?;
        let id = DialogId { call_id: request.headers.call_id()?, local_tag };
        self.state.dialogs.get(&id).and_then(|journey| self.state.legs.get(journey))
    }

    /// Sends the challenged request again, if its trunk has what is asked for.
    /// False: the refusal stands.
    pub(in crate::exchange) fn answer_challenge(
        &mut self,
        client: ClientId,
        response: &Response,
        flow: Flow,
    ) -> bool {
        let Some(asked) = self.state.asked_trunks.remove(&client) else { return false };
        let given_up = match self.state.clients.get(&client) {
            Some(Errand::Leg(journey)) => self.is_given_up(*journey),
            Some(_) => false,
            None => true,
        };
        if given_up || asked.repeated >= REPEATED_MAX {
            return false;
        }
        let takes = self.answerers.get_mut(&asked.trunk).map(|it| it.challenged(response));
        let Some(sent) = self.state.transactions.sent(client) else { return false };
        if takes != Some(true) {
            return false;
        }
        let again = sent.clone();
        self.repeat(client, again, asked, flow);
        true
    }

    fn is_given_up(&self, journey: JourneyId) -> bool {
        self.state.legs.get(&journey).is_none_or(|leg| leg.link == Link::Leaves)
    }

    fn repeat(&mut self, client: ClientId, mut request: Request, asked: AskedTrunk, flow: Flow) {
        let Some(errand) = self.state.clients.remove(&client) else { return };
        let Ok(cseq) = request.headers.cseq() else { return };
        let number = match self.leg_of_request(&request).map(|leg| leg.journey) {
            Some(journey) => self.next_number(journey),
            None => cseq.number + 1,
        };
        request.headers.remove(&Name::Via);
        request.headers.set(Name::CSeq, format!("{number} {}", cseq.method.as_str()));
        if let Some(answerer) = self.answerers.get_mut(&asked.trunk) {
            answerer.authorize(&mut request, &mut self.state.chance);
        }
        let asked = AskedTrunk { repeated: asked.repeated + 1, ..asked };
        let again = self.send_signed(request, flow, errand.clone(), Some(asked));
        match errand {
            Errand::Leg(journey) => self.asked_again(journey, client, again),
            Errand::Register(name) => {
                if let Some(it) = self.state.trunks.get_mut(&name) {
                    it.repeated(number, again);
                }
            }
            Errand::Parting
            | Errand::Notify(_)
            | Errand::Herald(_)
            | Errand::AskWhetherThere(_) => {}
        }
    }

    fn next_number(&mut self, journey: JourneyId) -> u32 {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return 1 };
        leg.dialog.local_cseq += 1;
        leg.dialog.local_cseq
    }

    /// The leg waits for the answer to the repetition now.
    fn asked_again(&mut self, journey: JourneyId, before: ClientId, again: ClientId) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        if let Stage::Ringing { client, .. } = &mut leg.stage
            && *client == before
        {
            *client = again;
        }
        if let Some(refresh) = leg.refreshing.as_mut().filter(|it| it.client == before) {
            refresh.client = again;
        }
    }
}
