//! REFER: parking by transfer, and transfers to people (RFC 3515, RFC 3891).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::caller::Caller;
use crate::domain::codes::Dialled;
use crate::domain::ids::{Extension, JourneyId};
use crate::exchange::leg::{Link, Party, RingId, Stage};
use crate::exchange::report::Ending;
use crate::exchange::ring::Purpose;
use crate::exchange::{Errand, Exchange};
use crate::park::ParkRequest;
use crate::sip::dialog::{Dialog, DialogId};
use crate::sip::flow::Flow;
use crate::sip::wire::{Method, Name, Replaces, Request};

/// How long a phone may take to hang up after its call was parked or
/// transferred (docs/PROTOCOL.md, P1).
const OWN_BYE: Duration = Duration::from_secs(2);
/// A REFER that was lost is repeated after half a second.
const REPEATED: Duration = Duration::from_secs(1);
/// Packets that overtake each other arrive within this.
const REORDERED: Duration = Duration::from_millis(200);

/// Where the progress of a transfer is told: the referring dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReferReport {
    transferor: JourneyId,
    /// Kept so that the end can be told after the transferor has hung up.
    dialog: DialogId,
    /// `Event: refer;id=`, when the transferor may have several.
    cseq: u32,
    /// He asked for none (RFC 4488).
    silent: bool,
}

impl Exchange {
    /// A REFER within a call. Parking is a local decision: decide first.
    pub(super) fn refer(&mut self, journey: JourneyId, request: &Request, flow: Flow) {
        let Some(leg) = self.state.legs.get(&journey) else { return };
        let Party::Extension(by) = leg.party.clone() else {
            return self.answer(request, flow, request.response(603).reason("Declined"));
        };
        let Ok(target) = request.headers.refer_to() else {
            let response = request.response(400).reason("Refer-To cannot be read");
            return self.answer(request, flow, response);
        };
        if matches!(leg.link, Link::HasParked) {
            return self.refer_after_parking(request, flow); // Repeated; nothing happens twice.
        }
        if let Some(replaces) = target.uri.header("Replaces").and_then(|v| Replaces::parse(&v)) {
            return self.refer_attended(journey, &by, &replaces, request, flow);
        }
        // A telephone number is nobody's domain; an address elsewhere is not ours to call.
        if target.uri.is_sip() && !self.is_ours(&target.uri, flow) {
            let response = request.response(403).reason("Not our domain");
            return self.answer(request, flow, response);
        }
        let dialled = target.uri.user_decoded().unwrap_or_default();
        match self.settings.codes.understand(&dialled) {
            Dialled::Park(at) => {
                let at = at.unwrap_or_else(|| by.clone());
                self.refer_to_park(journey, request, flow, |exchange, parked| {
                    exchange.park(parked, &by, at)
                });
            }
            Dialled::GroupPark => self.refer_to_park(journey, request, flow, |exchange, parked| {
                exchange.group_park(parked, &by)
            }),
            Dialled::Other(number) => self.refer_to_number(journey, &by, &number, request, flow),
            Dialled::Retrieve(_)
            | Dialled::RetrieveKey(..)
            | Dialled::PickUp(_)
            | Dialled::DoNotDisturb(_)
            | Dialled::UnknownCode => {
                let response = request.response(404).reason("Nobody can be transferred there");
                self.answer(request, flow, response);
            }
        }
    }

    /// The phone has hung up, and a request before its BYE is missing: perhaps
    /// the transfer it hung up after (product S8). Whether a callee's first
    /// request is the first cannot be seen from its number, so then only as
    /// long as packets overtake each other, and without music.
    pub(super) fn await_overtaken(&mut self, journey: JourneyId, last: Option<u32>) {
        self.end_leg_after(journey, if last.is_some() { REPEATED } else { REORDERED });
        if let Some(peer) = self.state.legs.get(&journey).and_then(|leg| leg.peer()) {
            self.refresh_source(peer);
        }
        self.state.watchers.lamp_changed();
    }

    pub(super) fn request_after_bye(
        &mut self,
        journey: JourneyId,
        after: Option<u32>,
        before: u32,
        request: &Request,
        flow: Flow,
    ) {
        let Some(leg) = self.state.legs.get(&journey) else { return };
        let number = request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let between = after.is_none_or(|after| number > after) && number < before;
        let his = request.headers.from_tag().as_deref() == leg.dialog.remote.tag();
        if request.method == Method::Ack {
            return;
        }
        if request.method != Method::Refer || !between || !his {
            return self.refuse(request, flow, 481, "No such call");
        }
        self.refer(journey, request, flow);
        // Taken on, the leg has done its part; refused, the call ends in its time.
        if self.state.legs.get(&journey).is_some_and(|leg| leg.peer().is_none()) {
            self.end_leg_after(journey, OWN_BYE);
        }
    }

    /// The other party of the call, if he is there to be parked or transferred.
    fn other_party(&self, journey: JourneyId) -> Option<JourneyId> {
        let leg = self.state.legs.get(&journey)?;
        let peer = leg.peer()?;
        self.state.legs.get(&peer).filter(|peer| peer.has_media()).map(|peer| peer.journey)
    }

    fn refer_to_park(
        &mut self,
        journey: JourneyId,
        request: &Request,
        flow: Flow,
        park: impl FnOnce(&mut Self, JourneyId) -> Result<(), (u16, String)>,
    ) {
        let Some(parked) = self.other_party(journey) else {
            let response = request.response(403).reason("There is nobody here to park");
            return self.answer(request, flow, response);
        };
        if let Err((status, reason)) = park(self, parked) {
            let response = request.response(status).reason(&reason);
            return self.answer(request, flow, response);
        }
        self.take_note(parked, journey, request);
        let report = self.accept_refer(journey, request, flow);
        self.link(journey, Link::HasParked);
        self.end_leg_after(journey, OWN_BYE);
        self.report_refer(&report, 200, "OK", true);
    }

    /// 202, or 200 where no report is wanted; then "100 Trying".
    fn accept_refer(&mut self, journey: JourneyId, request: &Request, flow: Flow) -> ReferReport {
        let silent = request
            .headers
            .text(&Name::ReferSub)
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
        let mut response = request.response(if silent { 200 } else { 202 });
        if silent {
            response.headers.push(Name::ReferSub, "false");
        }
        let cseq = request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let dialog = self.state.legs.get(&journey).map(|leg| {
            response.headers.push(Name::Contact, format!("<{}>", leg.dialog.contact));
            leg.dialog.id()
        });
        self.answer(request, flow, response);
        let dialog =
            dialog.unwrap_or(DialogId { call_id: String::new(), local_tag: String::new() });
        let report = ReferReport { transferor: journey, dialog, cseq, silent };
        self.report_refer(&report, 100, "Trying", false);
        report
    }

    /// NOTIFY of the transfer's progress, while the transferor is there.
    pub(super) fn report_refer(
        &mut self,
        report: &ReferReport,
        status: u16,
        reason: &str,
        last: bool,
    ) {
        if report.silent {
            return;
        }
        let Some(leg) = self.state.legs.get_mut(&report.transferor) else { return };
        let notify = refer_notify(&mut leg.dialog, report.cseq, status, reason, last);
        let flow = leg.dialog.flow;
        self.send_request(notify, flow, Errand::Parting);
    }

    /// The call was parked from this dialog before: 202 and "200 OK", and
    /// nothing happens twice (P4).
    pub(super) fn refer_after_parking(&mut self, request: &Request, flow: Flow) {
        let contact = self.our_contact(flow);
        let response = request.response(202).with(Name::Contact, format!("<{contact}>"));
        let cseq = request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let tag = request.headers.to_tag().unwrap_or_default();
        let mut dialog = Dialog::from_request(request, &tag, contact, flow);
        dialog.local_cseq = AFTER_THE_END;
        self.answer(request, flow, response);
        for (status, reason, last) in [(100, "Trying", false), (200, "OK", true)] {
            let notify = refer_notify(&mut dialog, cseq, status, reason, last);
            self.send_request(notify, dialog.flow, Errand::Parting);
        }
    }

    // Transfers to people.

    fn refer_to_number(
        &mut self,
        journey: JourneyId,
        by: &Extension,
        number: &str,
        request: &Request,
        flow: Flow,
    ) {
        let Some(transferee) = self.other_party(journey) else {
            let response = request.response(403).reason("There is nobody here to transfer");
            return self.answer(request, flow, response);
        };
        let reach = match self.reach(number, None) {
            Ok(reach) => reach,
            Err((status, reason)) => {
                let response = request.response(status).reason(reason);
                return self.answer(request, flow, response);
            }
        };
        let Some(leg) = self.state.legs.get(&transferee) else { return };
        let caller = leg.identity.clone();
        self.take_note(transferee, journey, request);
        let report = self.accept_refer(journey, request, flow);
        let purpose =
            Purpose::Transfer { transferee, transferor: by.clone(), report: report.clone() };
        match self.ring_reached(reach, purpose, &caller, None) {
            Some(ring) => {
                self.link(transferee, Link::Awaits(ring));
                self.link(journey, Link::Alone);
            }
            None => self.report_refer(&report, 480, "Nobody can be rung", true),
        }
    }

    /// The caller has arrived; the transferor need not stay.
    pub(super) fn finish_transferor(&mut self, report: &ReferReport) {
        if self.state.legs.get(&report.transferor).is_some_and(|leg| leg.link == Link::Alone) {
            self.link(report.transferor, Link::Leaves);
            self.end_leg_after(report.transferor, OWN_BYE);
        }
    }

    /// Nobody took the caller: he goes back to the transferor, who may still
    /// be there, or else is parked with him and recalls at once.
    pub(super) fn transfer_failed(
        &mut self,
        transferee: JourneyId,
        transferor: &Extension,
        report: &ReferReport,
        status: u16,
        reason: &str,
    ) {
        self.report_refer(report, status, reason, true);
        let waits = self.state.legs.get(&report.transferor);
        if waits.is_some_and(|leg| leg.is_up() && leg.link == Link::Alone) {
            return self.join(transferee, report.transferor);
        }
        self.park_for_recall(transferee, transferor);
    }

    fn refer_attended(
        &mut self,
        journey: JourneyId,
        by: &Extension,
        replaces: &Replaces,
        request: &Request,
        flow: Flow,
    ) {
        let wanted =
            DialogId { call_id: replaces.call_id.clone(), local_tag: replaces.to_tag.clone() };
        let their_tag = Some(replaces.from_tag.as_str());
        let ended = self.state.tombstones.get(&wanted);
        if ended.is_some_and(|t| t.parked && t.remote_tag.as_deref() == their_tag) {
            return self.refer_after_parking(request, flow);
        }
        let other = self.state.dialogs.get(&wanted).copied();
        let other = other.and_then(|other| self.state.legs.get(&other));
        let other = other.filter(|leg| leg.dialog.remote.tag() == their_tag);
        let Some(consulted) = other.filter(|leg| leg.extension() == Some(by)) else {
            // Not 481: phones would take that for the end of this very call (RFC 5057 §5.1).
            let response = request.response(404).reason("The other call is gone");
            return self.answer(request, flow, response);
        };
        let (consulting, link, stage) =
            (consulted.journey, consulted.link.clone(), consulted.stage.clone());
        let transferee = self.other_party(journey);
        let own = [Some(journey), transferee];
        if own.contains(&Some(consulting))
            || matches!(link, Link::With(it) if own.contains(&Some(it)))
        {
            let response = request.response(400).reason("A call cannot be joined to itself");
            return self.answer(request, flow, response);
        }
        match (transferee, link, stage) {
            (Some(transferee), Link::With(target), _) => {
                self.bring_together(journey, consulting, transferee, target, request, flow);
            }
            (Some(transferee), Link::Awaits(ring), Stage::Incoming { .. }) => {
                self.hand_ringing_over(journey, consulting, transferee, ring, request, flow);
            }
            // The code leg of a park: its held call was parked when it was dialled.
            (_, Link::Hears(_), _) => self.refer_after_parking(request, flow),
            _ => {
                let response = request.response(404).reason("The other call is gone");
                self.answer(request, flow, response);
            }
        }
    }

    /// Attended transfer: the two others talk; both legs of the transferor end.
    fn bring_together(
        &mut self,
        journey: JourneyId,
        consulting: JourneyId,
        transferee: JourneyId,
        target: JourneyId,
        request: &Request,
        flow: Flow,
    ) {
        self.take_note(transferee, journey, request);
        let report = self.accept_refer(journey, request, flow);
        for own in [journey, consulting] {
            self.link(own, Link::Leaves);
            self.end_leg_after(own, OWN_BYE);
        }
        self.join(transferee, target);
        self.introduce(transferee, target);
        self.report_refer(&report, 200, "OK", true);
    }

    /// Each one's phone shows the other. Not every phone reads whom an answer
    /// names: they are told whatever their answers said.
    pub(super) fn introduce(&mut self, one: JourneyId, other: JourneyId) {
        for journey in [one, other] {
            if let Some(leg) = self.state.legs.get_mut(&journey) {
                leg.shown = Caller::default();
            }
            self.tell_identity(journey);
        }
    }

    /// Transferred while the target still rings: the caller waits for him now.
    fn hand_ringing_over(
        &mut self,
        journey: JourneyId,
        consulting: JourneyId,
        transferee: JourneyId,
        ring: RingId,
        request: &Request,
        flow: Flow,
    ) {
        self.take_note(transferee, journey, request);
        let report = self.accept_refer(journey, request, flow);
        let Party::Extension(transferor) = self.state.legs[&journey].party.clone() else { return };
        self.repurpose(ring, Purpose::Transfer { transferee, transferor, report });
        self.link(transferee, Link::Awaits(ring));
        self.link(journey, Link::Alone);
        self.link(consulting, Link::Leaves);
        self.refuse_leg(consulting, 487, "Transferred");
    }

    // Parking by answering a ringing call 302 (P3).

    /// A phone that rings points to a park code instead of answering.
    pub(super) fn park_instead(&mut self, purpose: Purpose, by: &Extension, code: Dialled) {
        match purpose {
            Purpose::Recall { journey, .. } => {
                self.tell_lot(crate::park::Input::ParkAgain { journey });
            }
            Purpose::Call { caller } => {
                if !self.answer_leg(caller, None) {
                    return;
                }
                let parked = match code {
                    Dialled::GroupPark => self.group_park(caller, by),
                    Dialled::Park(Some(at)) => self.park(caller, by, at),
                    _ => self.park(caller, by, by.clone()),
                };
                // He has been answered: nobody is dropped for a full place.
                if parked.is_err() {
                    self.park_for_recall(caller, by);
                }
            }
            Purpose::Transfer { transferee, transferor, report } => {
                self.report_refer(&report, 200, "OK", true);
                self.finish_transferor(&report);
                self.park_for_recall(transferee, &transferor);
            }
        }
    }

    pub(super) fn park_for_recall(&mut self, journey: JourneyId, parking_user: &Extension) {
        let request = ParkRequest {
            journey,
            at: parking_user.clone(),
            parking_user: parking_user.clone(),
            recall: self.settings.recall_of(parking_user),
            recall_in: Duration::ZERO,
            group: None,
            // A full place takes him all the same: nobody is dropped for it.
            calls_max: usize::MAX,
        };
        if self.park_as(request).is_err() {
            self.end_leg_as(journey, Ending::Lost);
        }
    }
}

/// Numbers of NOTIFYs after a dialog's end lie above any used before it.
const AFTER_THE_END: u32 = 1 << 20;

fn refer_notify(dialog: &mut Dialog, cseq: u32, status: u16, reason: &str, last: bool) -> Request {
    let state = if last { "terminated;reason=noresource" } else { "active;expires=60" };
    dialog
        .request(Method::Notify)
        .with(Name::Event, format!("refer;id={cseq}"))
        .with(Name::SubscriptionState, state)
        .body("message/sipfrag;version=2.0", format!("SIP/2.0 {status} {reason}\r\n"))
}
