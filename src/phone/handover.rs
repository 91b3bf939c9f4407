//! Park and transfer: REFER and what becomes of it (RFC 3515), or a ringing
//! call sent back.

use std::time::Duration;

use crate::domain::ids::Extension;
use crate::domain::lot::{NoWay, Way};
use crate::domain::time::Moment;
use crate::phone::line::{Call, Handover, Phase};
use crate::phone::messages::{Asked, Ended, Event, LineId, Parkplace, Target};
use crate::phone::requests::Purpose;
use crate::phone::{Phone, Timer};
use crate::sip::flow::Flow;
use crate::sip::wire::{Method, Name, Request, Response, Uri};

/// A park is decided before it is accepted; its outcome follows at once.
const PARK_WITHIN: Duration = Duration::from_secs(10);
/// Somebody has to answer.
const TRANSFER_WITHIN: Duration = Duration::from_secs(180);
/// Characters; of the longest writing each takes twelve octets.
const NOTE_IN_ADDRESS_MAX: usize = 300;

impl Phone {
    pub(super) fn park(&mut self, line: LineId, at: Option<Extension>, now: Moment) {
        if let Some(lot) = self.lot_elsewhere() {
            let way = self.way_elsewhere(lot, at.as_ref());
            return self.park_elsewhere(line, way, Asked::Park { line, at }, now);
        }
        let place = at.as_ref().map(Extension::as_str).unwrap_or_default();
        let uri = self.account.uri_of(&format!("{}{place}", self.account.codes.park));
        self.hand_over(line, uri, Asked::Park { line, at }, now);
    }

    pub(super) fn group_park(&mut self, line: LineId, now: Moment) {
        if let Some(lot) = self.lot_elsewhere() {
            let way = self.way_to_group_elsewhere(lot);
            return self.park_elsewhere(line, way, Asked::GroupPark { line }, now);
        }
        let uri = self.account.uri_of(&self.account.codes.group_park);
        self.hand_over(line, uri, Asked::GroupPark { line }, now);
    }

    /// Only a call that was answered: other servers do not take one that rings
    /// for parked.
    fn park_elsewhere(&mut self, line: LineId, way: Result<Way, NoWay>, asked: Asked, now: Moment) {
        let is_ringing = self.calls.get(&line).is_some_and(Call::is_ringing);
        match way {
            _ if is_ringing => self.refused(asked, 480, "answer the call first"),
            Err(why) => self.refused(asked, 404, &why.to_string()),
            Ok(Way { number, place }) => {
                self.parks_elsewhere(line, place, now);
                self.hand_over(line, self.account.uri_of(&number), asked, now);
            }
        }
    }

    pub(super) fn transfer(&mut self, line: LineId, to: Target, now: Moment) {
        let uri = self.uri_for(&to);
        let asked = Asked::Transfer { line, to };
        match uri {
            Some(uri) => self.hand_over(line, uri, asked, now),
            None => self.refused(asked, 484, "not a number"),
        }
    }

    /// A recall goes back where it was; a call that was answered meanwhile is
    /// parked at the same place.
    pub(super) fn park_again(&mut self, line: LineId, now: Moment) {
        let Some(call) = self.calls.get(&line) else { return };
        match &call.recall {
            // Declined to the bare code: the office knows the place (product Q17).
            Some(recall) if call.is_ringing() => {
                let place = recall.place.clone();
                let uri = self.account.uri_of(&self.account.codes.park);
                self.send_back(line, &uri, &Asked::Park { line, at: place }, now);
            }
            _ => self.park(line, None, now),
        }
    }

    fn hand_over(&mut self, line: LineId, uri: Uri, asked: Asked, now: Moment) {
        let Some(call) = self.calls.get(&line) else { return };
        match (&call.phase, &asked) {
            (Phase::Up, _) if call.handover.is_none() => self.refer(line, &uri, asked, now),
            (Phase::Ringing { .. }, Asked::Park { .. } | Asked::GroupPark { .. }) => {
                self.send_back(line, &uri, &asked, now);
            }
            (Phase::Up, _) => self.refused(asked, 491, "it is being handed over already"),
            _ => self.refused(asked, 480, "the call is not up"),
        }
    }

    fn refer(&mut self, line: LineId, uri: &Uri, asked: Asked, now: Moment) {
        let own = self.account.own_uri();
        let Some(call) = self.calls.get_mut(&line) else { return };
        let mut request = call.dialog.request(Method::Refer);
        request.headers.push(Name::ReferTo, format!("<{uri}>"));
        request.headers.push(Name::ReferredBy, format!("<{own}>"));
        if let Some(note) = call.note_to_say() {
            request.headers.push(Name::Subject, note);
        }
        call.handover = Some(Handover { asked, accepted: false });
        let flow = call.dialog.flow;
        self.send(request, flow, Purpose::Refer(line), now);
    }

    /// Declines a ringing call to where it is to wait.
    fn send_back(&mut self, line: LineId, uri: &Uri, asked: &Asked, now: Moment) {
        let Some(call) = self.calls.get(&line) else { return };
        let Phase::Ringing { server, .. } = call.phase else { return };
        let Some(request) = self.transactions.accepted(server).cloned() else { return };
        let local = call.dialog.local.to_string();
        let uri = match call.note_to_say() {
            Some(note) => uri.clone().with_header("Subject", &in_address(&note)),
            None => uri.clone(),
        };
        let mut response = self.response_to(&request, 302);
        response.headers.set(Name::To, local);
        response.headers.push(Name::Contact, format!("<{uri}>"));
        let effects = self.transactions.respond(server, &response, now);
        self.carry_out(effects, now);
        self.tell_parked(line, asked, now);
        self.end(line, Ended::Parked);
    }

    pub(super) fn refer_answered(&mut self, line: LineId, response: &Response, now: Moment) {
        let Some(call) = self.calls.get_mut(&line) else { return };
        let Some(handover) = &mut call.handover else { return };
        if matches!(response.status, 408 | 481) {
            return self.lost(line, response.status, now);
        }
        if !response.is_success() {
            let reason = response.reason.clone();
            return self.handover_failed(line, response.status, &reason);
        }
        handover.accepted = true;
        let is_transfer = matches!(handover.asked, Asked::Transfer { .. });
        let is_decided = response.headers.text(&Name::ReferSub).is_some_and(|it| it == "false");
        if is_decided {
            return self.handover_done(line, now);
        }
        let within = if is_transfer { TRANSFER_WITHIN } else { PARK_WITHIN };
        self.timers.set(Timer::HandingOver(line), now + within);
    }

    /// A NOTIFY with the status line of what was referred to (RFC 3515 §2.4.5).
    pub(super) fn notified_of_handover(
        &mut self,
        line: LineId,
        request: &Request,
        flow: Flow,
        now: Moment,
    ) {
        let package = request.headers.event().map(|event| event.package);
        if package.as_deref() != Some("refer") {
            return self.refuse(request, flow, 489);
        }
        self.reply(request, flow, 200, now);
        let state = request.headers.subscription_state();
        let is_over = state.is_some_and(|state| state.state == "terminated");
        match fragment(&request.body) {
            Some((200..300, _)) => self.handover_done(line, now),
            Some((status @ 300.., reason)) => self.handover_failed(line, status, &reason),
            _ if is_over => self.handover_failed(line, 408, "the office does not say more"),
            _ => {}
        }
    }

    fn handover_done(&mut self, line: LineId, now: Moment) {
        if self.tell_handed_over(line, now) {
            self.send_bye(line, now);
        }
    }

    /// The call is as it was.
    pub(super) fn handover_failed(&mut self, line: LineId, status: u16, reason: &str) {
        self.timers.clear(&Timer::HandingOver(line));
        self.not_parked_elsewhere(line);
        let handover = self.calls.get_mut(&line).and_then(|call| call.handover.take());
        if let Some(handover) = handover {
            self.refused(handover.asked, status, reason);
        }
    }

    pub(super) fn no_word_of_handover(&mut self, line: LineId) {
        self.handover_failed(line, 408, "no word from the office");
    }

    /// The office ends the call once it is handed over, perhaps before its
    /// word reaches us.
    pub(super) fn ended_by_handover(&mut self, line: LineId, now: Moment) -> bool {
        let handover = self.calls.get(&line).and_then(|call| call.handover.as_ref());
        handover.is_some_and(|handover| handover.accepted) && self.tell_handed_over(line, now)
    }

    fn tell_handed_over(&mut self, line: LineId, now: Moment) -> bool {
        let handover = self.calls.get_mut(&line).and_then(|call| call.handover.take());
        let Some(Handover { asked, .. }) = handover else { return false };
        self.timers.clear(&Timer::HandingOver(line));
        self.tell_parked(line, &asked, now);
        let is_transfer = matches!(asked, Asked::Transfer { .. });
        self.vanish(line, if is_transfer { Ended::Transferred } else { Ended::Parked });
        true
    }

    fn tell_parked(&mut self, line: LineId, asked: &Asked, now: Moment) {
        let Some(caller) = self.calls.get(&line).map(|call| call.caller.clone()) else { return };
        if self.lot_elsewhere().is_some() && !matches!(asked, Asked::Transfer { .. }) {
            let place = self.parked_elsewhere(line, now);
            let at = place.map_or(Parkplace::Untold, Parkplace::Extension);
            return self.tell(Event::CallParked { line, caller, at });
        }
        let own = || self.account.extension.clone();
        let at = match asked {
            Asked::Park { at, .. } => Parkplace::Extension(at.clone().unwrap_or_else(own)),
            Asked::GroupPark { .. } => Parkplace::Group,
            _ => return,
        };
        self.tell(Event::CallParked { line, caller, at });
    }
}

/// Escapes may treble it, and an address that is too long is none at all.
fn in_address(note: &str) -> String {
    note.chars().take(NOTE_IN_ADDRESS_MAX).collect()
}

/// `SIP/2.0 200 OK` out of a `message/sipfrag` body (RFC 3420).
fn fragment(body: &[u8]) -> Option<(u16, String)> {
    let text = String::from_utf8_lossy(body.get(..256.min(body.len()))?).into_owned();
    let rest = text.lines().next()?.strip_prefix("SIP/2.0 ")?;
    let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    Some((status.trim().parse().ok()?, reason.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_is_a_status_line_or_nothing() {
        assert_eq!(fragment(b"SIP/2.0 200 OK\r\n"), Some((200, "OK".to_owned())));
        assert_eq!(fragment(b"SIP/2.0 486\r\nTo: <sip:a@b>"), Some((486, String::new())));
        for nothing in ["", "SIP/2.0", "SIP/2.0 x OK", "HTTP/1.1 200 OK", "\u{ff}"] {
            assert_eq!(fragment(nothing.as_bytes()), None, "{nothing}");
        }
    }
}
