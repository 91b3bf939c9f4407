//! What a phone does when something arrives, whoever is at it.

use crate::bodies::{self, CALL_PARK};
use crate::phone::Line;
use crate::phone::state::{Call, Stage, State};
use crate::text::{self, Message, address, param, shown, sound_to};

impl Line {
    pub(super) fn receive(&self, bytes: &[u8]) {
        let mut state = self.locked();
        let state = &mut *state;
        match text::read(bytes) {
            Err(fault) => state.fault(fault),
            Ok(message) => {
                state.wire.push(format!("<- {}", message.first));
                match message.method() {
                    None => self.take_answer(state, message),
                    Some("ACK") => {}
                    Some(_) => self.take_request(state, message),
                }
            }
        }
        self.changed.notify_all();
    }

    fn take_request(&self, state: &mut State, request: Message) {
        let key = (request.branch().to_owned(), request.cseq().1.to_owned());
        if let Some(answer) = state.answered.get(&key) {
            self.send(&mut state.wire, answer);
            return;
        }
        check(state, &request);
        let answer = match request.method().unwrap() {
            "INVITE" if param(request.get("To"), "tag").is_none() => self.rings(state, &request),
            "INVITE" => self.asked_anew(state, &request),
            "UPDATE" => self.updated(state, &request),
            "BYE" => self.hung_up_on(state, &request),
            "CANCEL" => self.cancelled(state, &request),
            "NOTIFY" => self.notified(state, &request),
            "OPTIONS" => (200, "OK", None),
            "MESSAGE" => {
                state.texts.push(request.text());
                (200, "OK", None)
            }
            _ => (405, "Method Not Allowed", None),
        };
        let (status, reason, body) = answer;
        let mut answer = request.answer(status, reason, &self.tag);
        answer = self.introduced(answer);
        if let Some(body) = body {
            answer = answer.carrying("application/sdp", &body);
        }
        self.send(&mut state.wire, &answer);
        state.answered.insert(key, answer);
    }

    /// A new call: it rings until somebody does something about it.
    fn rings(&self, state: &mut State, invite: &Message) -> Answer {
        let ear = self.new_ear();
        match sound_to(&invite.text()) {
            Some((to, codec)) => ear.speaks_to(to, codec),
            None => state.fault("a call without a description of its sound"),
        }
        state.calls.push(Call {
            id: invite.get("Call-ID").to_owned(),
            local: format!("{};tag={}", invite.get("To"), self.tag),
            remote: invite.get("From").to_owned(),
            target: address(invite.get("Contact")).to_owned(),
            heard_cseq: invite.cseq().0,
            stage: Stage::Ringing,
            shown: invite.sender(),
            told_by: "INVITE".to_owned(),
            invite: Some(invite.clone()),
            ack: None,
            ear: Some(ear),
            descriptions: 0,
            reports: Vec::new(),
            last_report_is_final: false,
        });
        (180, "Ringing", None)
    }

    fn asked_anew(&self, state: &mut State, invite: &Message) -> Answer {
        let Some(at) = self.in_call(state, invite) else { return GONE };
        let call = &mut state.calls[at];
        show(call, invite);
        if let Some((to, codec)) = sound_to(&invite.text()) {
            call.speaks_to(to, codec);
        }
        let body = self.description(call, "sendrecv");
        (200, "OK", Some(body))
    }

    fn updated(&self, state: &mut State, update: &Message) -> Answer {
        if !self.persona.takes_update() {
            state.fault("an UPDATE, which this phone has not said that it takes");
        }
        let Some(at) = self.in_call(state, update) else { return GONE };
        show(&mut state.calls[at], update);
        (200, "OK", None)
    }

    fn hung_up_on(&self, state: &mut State, bye: &Message) -> Answer {
        let Some(at) = self.in_call(state, bye) else { return GONE };
        state.calls[at].ends(Stage::HungUpOn);
        (200, "OK", None)
    }

    fn cancelled(&self, state: &mut State, cancel: &Message) -> Answer {
        let Some(at) = state.call_of(cancel) else { return GONE };
        if let Some(invite) = state.calls[at].invite.take() {
            state.calls[at].ends(Stage::HungUpOn);
            let answer = invite.answer(487, "Request Terminated", &self.tag);
            self.send(&mut state.wire, &answer);
        }
        (200, "OK", None)
    }

    fn in_call(&self, state: &mut State, request: &Message) -> Option<usize> {
        let at = state.call_of(request).filter(|at| !state.calls[*at].stage.is_over())?;
        let call = &mut state.calls[at];
        let (number, method) = (request.cseq().0, request.first.clone());
        let is_new = number > call.heard_cseq;
        let ours = param(request.get("To"), "tag") == param(&call.local, "tag");
        call.heard_cseq = number;
        if !is_new || !ours {
            state.fault(format!("out of order, or for another: {method}"));
        }
        Some(at)
    }

    fn notified(&self, state: &mut State, notify: &Message) -> Answer {
        if notify.get("Event").starts_with("refer") {
            return self.transfer_reported(state, notify);
        }
        let Some(at) = state.watch_of(notify) else {
            return self.told_unasked(state, notify);
        };
        if let Err(fault) = state.watching[at].notified(notify) {
            state.fault(fault);
        }
        let status = state.watching[at].watch.answers;
        (status, if status == 200 { "OK" } else { "No" }, None)
    }

    /// PortSIP's event, without a subscription. Those who know it take it in,
    /// others say that there is no such subscription.
    fn told_unasked(&self, state: &mut State, notify: &Message) -> Answer {
        let is_in_dialog = param(notify.get("To"), "tag").is_some();
        let is_known = state.unasked.iter().any(|old| old.get("Call-ID") == notify.get("Call-ID"));
        if is_in_dialog || is_known || notify.get("Subscription-State") != "active" {
            state.fault(format!("not a NOTIFY of its own: {notify:?}"));
        }
        state.unasked.push(notify.clone());
        if self.persona.unasked != 200 {
            return (self.persona.unasked, "Nobody asked", None);
        }
        let is_right =
            notify.get("Event") == "park-info" && notify.get("Content-Type") == CALL_PARK;
        match bodies::pop_up(&notify.text()) {
            Ok(pop_up) if is_right => state.pop_up = pop_up,
            Ok(_) => state.fault(format!("told of something else: {notify:?}")),
            Err(fault) => state.fault(fault),
        }
        (200, "OK", None)
    }

    fn transfer_reported(&self, state: &mut State, notify: &Message) -> Answer {
        let Some(at) = state.call_of(notify) else { return GONE };
        if !notify.get("Content-Type").starts_with("message/sipfrag") {
            state.fault(format!("a transfer is reported by a sipfrag: {notify:?}"));
        }
        let call = &mut state.calls[at];
        call.reports.push(notify.text().lines().next().unwrap_or_default().to_owned());
        call.last_report_is_final = notify.get("Subscription-State").starts_with("terminated");
        (200, "OK", None)
    }
}

type Answer = (u16, &'static str, Option<String>);

const GONE: Answer = (481, "Call Does Not Exist", None);

/// What RFC 3261 §8.1.1 asks of every request.
fn check(state: &mut State, request: &Message) {
    for name in ["Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards"] {
        if request.all(name).count() != 1 {
            state.fault(format!("not one {name}: {request:?}"));
        }
    }
    let tagless = param(request.get("From"), "tag").is_none();
    if tagless || !request.branch().starts_with("z9hG4bK") {
        state.fault(format!("no tag or branch: {request:?}"));
    }
}

fn show(call: &mut Call, request: &Message) {
    let asserted = request.get("P-Asserted-Identity");
    if !asserted.is_empty() {
        call.shown = shown(asserted);
        call.told_by = request.method().unwrap().to_owned();
    }
}

impl super::state::Watching {
    /// Taken in as the phone's firmware would.
    fn notified(&mut self, notify: &Message) -> Result<(), String> {
        let event = notify.get("Event").split(';').next().unwrap_or_default();
        if event != self.watch.event {
            return Err(format!("told of {event}, not of {}", self.watch.event));
        }
        let state = notify.get("Subscription-State");
        self.is_over = state.starts_with("terminated");
        if !self.is_over && !state.starts_with("active;expires=") {
            return Err(format!("in no state that a phone knows: {state}"));
        }
        if notify.cseq().0 <= self.heard_cseq {
            return Err(format!("out of order: {}", notify.get("CSeq")));
        }
        self.heard_cseq = notify.cseq().0;
        if address(notify.get("Contact")).is_empty() {
            return Err("a NOTIFY without a Contact".to_owned());
        }
        self.told.push(notify.clone());
        match event {
            "dialog" => self.lamp_told(notify),
            "line-seize" => Ok(()),
            _ => self.park_told(notify),
        }
    }

    fn lamp_told(&mut self, notify: &Message) -> Result<(), String> {
        let lit = bodies::lit(notify)?;
        if self.lit.is_none() && !lit.is_first() || !lit.is_newer_than(self.lit.as_ref()) {
            return Err(format!("not the next document: {lit:?} after {:?}", self.lit));
        }
        self.lit = Some(lit);
        Ok(())
    }

    fn park_told(&mut self, notify: &Message) -> Result<(), String> {
        let idle = ";appearance-index=*;appearance-state=idle";
        if self.watch.event == "call-info" && !notify.get("Call-Info").ends_with(idle) {
            return Err(format!("not its line's state: {:?}", notify.get("Call-Info")));
        }
        if notify.body.is_empty() {
            return Ok(());
        }
        if notify.get("Content-Type") != CALL_PARK {
            return Err(format!("not what it accepts: {}", notify.get("Content-Type")));
        }
        self.pop_up = bodies::pop_up(&notify.text())?;
        Ok(())
    }
}
