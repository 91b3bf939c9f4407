//! Calls we make, until they are answered or refused.

use std::time::Duration;

use crate::domain::caller::Caller;
use crate::domain::ids::Extension;
use crate::domain::time::Moment;
use crate::media::negotiation::{self, SdpVersion};
use crate::phone::line::{Call, Phase};
use crate::phone::messages::{Asked, Direction, Ended, Event, LineId, Target, Wanted};
use crate::phone::requests::{Purpose, SDP};
use crate::phone::{CALLS_MAX, Effect, Leaving, Phone, Timer};
use crate::sip::dialog::Dialog;
use crate::sip::flow::Flow;
use crate::sip::transaction::{self, ClientId};
use crate::sip::wire::{Method, NameAddr, Response, Uri};

const BUSY_TONE: Duration = Duration::from_secs(3);

impl Phone {
    pub(super) fn dial(&mut self, to: Target, now: Moment) {
        let asked = Asked::Dial { to: to.clone() };
        let Some(uri) = self.uri_for(&to) else {
            return self.refused(asked, 484, "not a number");
        };
        let caller = self.callee(&to);
        self.call(uri, Direction::Outgoing, caller, asked, now);
    }

    pub(super) fn retrieve(&mut self, which: Wanted, now: Moment) {
        let wanted = match self.lot_elsewhere() {
            Some(lot) => self.wanted_elsewhere(lot, which.clone()),
            None => Some(which.clone()),
        };
        let Some(which) = wanted else {
            let asked = Asked::Retrieve { which };
            return self.refused(asked, 404, "nobody is known to be parked");
        };
        let dialled = self.account.number_to_retrieve(&which);
        let (uri, caller) = (self.account.uri_of(&dialled), self.wanted_caller(&which));
        self.call(uri, Direction::Retrieved, caller, Asked::Retrieve { which }, now);
    }

    /// Who it is the office says when it answers.
    pub(super) fn pick_up(&mut self, at: Option<Extension>, now: Moment) {
        let place = at.as_ref().map(ToString::to_string).unwrap_or_default();
        let uri = self.account.uri_of(&format!("{}{place}", self.account.codes.pickup));
        let caller = Caller::new("Picking up", "");
        self.call(uri, Direction::Outgoing, caller, Asked::PickUp { at }, now);
    }

    /// Tells the office by its code, unseen. It is a courtesy: this phone
    /// refuses calls by itself.
    pub(super) fn do_not_disturb(&mut self, on: bool, now: Moment) {
        if self.do_not_disturb != on {
            self.set_do_not_disturb(on);
            let codes = &self.account.codes;
            let code = if on { &codes.dnd_on } else { &codes.dnd_off };
            let uri = self.account.uri_of(code);
            let wanted = Asked::DoNotDisturb { on };
            self.call(uri, Direction::Outgoing, Caller::default(), wanted, now);
        }
    }

    fn set_do_not_disturb(&mut self, on: bool) {
        self.do_not_disturb = on;
        self.tell(Event::DoNotDisturbChanged { on });
    }

    fn call(&mut self, uri: Uri, direction: Direction, caller: Caller, wanted: Asked, now: Moment) {
        let hidden = matches!(wanted, Asked::DoNotDisturb { .. });
        if self.leaving != Leaving::No || self.calls.len() >= CALLS_MAX {
            return self.refused_unless(hidden, wanted, 486, "too many calls at this desk");
        }
        let Some(port) = self.ports.pop_front() else {
            return self.refused_unless(hidden, wanted, 503, "no sound port is free");
        };
        self.last_line += 1;
        let line = LineId(self.last_line);
        let talking = self.calls.iter().find(|(_, call)| call.is_up() && call.is_in_the_ear());
        let aside = talking.map(|(id, _)| *id).filter(|_| !hidden);
        if !hidden {
            self.hold_others(line, now);
        }
        // Known only once the request is on its way.
        let phase = Phase::Calling { client: ClientId(0), alerting: false, early: false };
        let dialog = self.new_dialog(uri);
        let call = Call::new(direction, caller, phase, dialog);
        let (session, wanted) = (SdpVersion::new(self.chance.draw()), Some(wanted));
        let call = Call { hidden, wanted, aside, session, port: Some(port), ..call };
        self.calls.insert(line, call);
        self.invite(line, now);
    }

    fn refused_unless(&mut self, hidden: bool, wanted: Asked, status: u16, reason: &str) {
        if !hidden {
            self.refused(wanted, status, reason);
        }
    }

    fn new_dialog(&mut self, uri: Uri) -> Dialog {
        let local = self.account.own_address().with_tag(&self.chance.hex(12));
        let remote = NameAddr::new(None, uri.clone());
        let (contact, flow) = (self.account.contact(), self.account.flow);
        Dialog::outgoing(self.chance.hex(24), local, remote, uri, contact, flow)
    }

    fn invite(&mut self, line: LineId, now: Moment) {
        let Some(offer) = self.offer_on(line) else { return };
        let Some(call) = self.calls.get_mut(&line) else { return };
        let request = call.dialog.request(Method::Invite).body(SDP, offer);
        let client = self.send(request, self.account.flow, Purpose::Invite(line), now);
        if let Some(call) = self.calls.get_mut(&line) {
            call.request_is_now(client);
        }
    }

    pub(super) fn call_proceeds(&mut self, line: LineId, response: &Response, flow: Flow) {
        let connected_to = self.connected_to(&response.headers);
        let Some(call) = self.calls.get_mut(&line) else { return };
        let Phase::Calling { alerting, early, .. } = &mut call.phase else { return };
        *alerting |= matches!(response.status, 180 | 182);
        let offer = call.offer.as_deref().unwrap_or_default();
        let answer = negotiation::accept_answer(offer, &response.body);
        let has_sound = answer.is_ok();
        if let Ok(agreed) = answer {
            (*alerting, *early) = (true, true);
            call.agreed = Some(agreed);
        }
        if response.headers.to_tag().is_some() {
            call.dialog.answered(response, flow);
        }
        call.is_with(connected_to, &response.headers);
        if has_sound {
            self.connect(line);
        }
    }

    pub(super) fn call_answered(
        &mut self,
        line: LineId,
        client: ClientId,
        response: &Response,
        flow: Flow,
        now: Moment,
    ) {
        let phase = self.calls.get(&line).map(|call| call.phase.clone());
        match (phase, response.is_success()) {
            (Some(Phase::Calling { .. }), true) => {
                self.connected(line, client, response, flow, now);
            }
            (Some(Phase::Calling { .. }), false) => self.call_failed(line, response, now),
            (Some(Phase::GivingUp { .. }), true) => {
                self.acknowledge(line, client, response, flow);
                self.send_bye(line, now);
            }
            (Some(_), _) => self.gone(line),
            (None, true) => self.end_second_answer(client, response, flow, now),
            (None, false) => {}
        }
    }

    fn connected(
        &mut self,
        line: LineId,
        client: ClientId,
        response: &Response,
        flow: Flow,
        now: Moment,
    ) {
        self.acknowledge(line, client, response, flow);
        let connected_to = self.connected_to(&response.headers);
        let Some(call) = self.calls.get_mut(&line) else { return };
        let offer = call.offer.take().unwrap_or_default();
        // An answer given early need not be repeated.
        let agreed = match call.agreed {
            Some(agreed) if response.body.is_empty() => Ok(agreed),
            _ => negotiation::accept_answer(offer, &response.body),
        };
        call.phase = Phase::Up;
        call.is_with(connected_to, &response.headers);
        call.connected_at = Some(now);
        match agreed {
            _ if call.hidden => self.send_bye(line, now),
            Err(refusal) => self.has_no_sound(line, &refusal, now),
            Ok(agreed) => {
                call.agreed = Some(agreed);
                let retrieved = call.direction == Direction::Retrieved;
                let caller = call.caller.clone();
                self.connect(line);
                if retrieved {
                    self.tell(Event::CallRetrieved { line, caller });
                }
            }
        }
    }

    /// The ACK of a 200, and what the 200 says of the dialog.
    pub(super) fn acknowledge(
        &mut self,
        line: LineId,
        client: ClientId,
        response: &Response,
        flow: Flow,
    ) {
        let number = response.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let Some(call) = self.calls.get_mut(&line) else { return };
        if call.is_up() {
            call.dialog.refresh_target(&response.headers, flow);
        } else {
            call.dialog.answered(response, flow);
        }
        let (ack, flow) = (call.dialog.ack(number), call.dialog.flow);
        let sent_by = self.account.flow.local.to_string();
        let effect = self.transactions.acknowledge(client, ack, flow, &sent_by, &mut self.chance);
        if let transaction::Effect::Send { flow, bytes } = effect {
            self.effects.push(Effect::Send { flow, bytes });
        }
    }

    fn call_failed(&mut self, line: LineId, response: &Response, now: Moment) {
        let Some(call) = self.calls.get_mut(&line) else { return };
        let (status, reason) = (response.status, response.reason.clone());
        let mut put_aside = None;
        match call.wanted.take() {
            // An office without the code: then only this phone knows.
            Some(Asked::DoNotDisturb { on }) => {
                if status == 403 {
                    self.set_do_not_disturb(!on);
                    self.refused(Asked::DoNotDisturb { on }, status, &reason);
                }
            }
            Some(what @ (Asked::Retrieve { .. } | Asked::PickUp { .. })) => {
                put_aside = call.aside;
                self.refused(what, status, &reason);
            }
            _ => self.sound_busy(now),
        }
        self.end(line, Ended::Failed { status, reason });
        if let Some(line) = put_aside {
            self.back_to(line, now);
        }
    }

    /// Nobody was fetched: whoever was held for it is talked to again, unless
    /// somebody else is by now.
    fn back_to(&mut self, line: LineId, now: Moment) {
        if !self.calls.values().any(|call| call.is_in_the_ear()) {
            self.resume(line, now);
        }
    }

    fn sound_busy(&mut self, now: Moment) {
        self.busy_tone = true;
        self.timers.set(Timer::BusyTone, now + BUSY_TONE);
    }

    pub(super) fn refused(&mut self, what: Asked, status: u16, reason: &str) {
        self.tell(Event::Refused { what, status, reason: reason.to_owned() });
    }
}
