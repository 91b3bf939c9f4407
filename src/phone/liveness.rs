//! Whether the office is there: an office that has been silent for a while is
//! asked, and so are its calls when it has come back.
//!
//! Any answer will do: a program that refuses is a program that runs. 481
//! says more: it runs, and has forgotten us (RFC 3261 §12.2.1.2).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::time::Moment;
use crate::phone::line::{Call, Change};
use crate::phone::messages::{Ended, LineId};
use crate::phone::requests::Purpose;
use crate::phone::{Leaving, Phone, Timer};
use crate::sip::wire::{CSeq, Method, Name, Request, Response};

/// Short enough that nobody trusts a lamp of a dead office for long, and that
/// holes in firewalls stay open (they close after half a minute).
const ASK_AFTER: Duration = Duration::from_secs(5);
/// Until the person is told: four repetitions of the question.
const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Liveness {
    /// The last message of the office's.
    pub(super) heard_at: Moment,
}

impl Phone {
    pub(super) fn watch_over_office(&mut self, now: Moment) {
        let ask_at = self.liveness.heard_at + ASK_AFTER;
        let at = if self.register.is_up() { ask_at } else { now + ASK_AFTER };
        if at > now {
            return self.timers.set(Timer::AskOffice, at);
        }
        self.timers.set(Timer::AskOffice, now + ASK_AFTER);
        self.timers.set(Timer::Silence, now + PATIENCE);
        self.ask_office(now);
    }

    /// Within the subscription where there is one: only an office that still
    /// knows it tells us of parked calls.
    fn ask_office(&mut self, now: Moment) {
        let watch = self.watch.dialog.as_mut().filter(|dialog| dialog.remote.tag().is_some());
        let (request, flow) = match watch {
            Some(dialog) => (dialog.request(Method::Options), dialog.flow),
            None => (self.options_at_the_door(), self.account.flow),
        };
        self.send_unsigned(request, flow, Purpose::Liveness, now);
    }

    fn options_at_the_door(&mut self) -> Request {
        let own = self.account.own_address().with_tag(&self.chance.hex(12));
        let office = self.account.registrar();
        let mut request = Request::new(Method::Options, office.clone());
        let headers = &mut request.headers;
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, own.to_string());
        headers.push(Name::To, format!("<{office}>"));
        headers.push(Name::CallId, self.chance.hex(24));
        headers.push(Name::CSeq, CSeq { number: 1, method: Method::Options }.to_string());
        headers.push(Name::Contact, format!("<{}>", self.account.contact()));
        request
    }

    pub(super) fn office_lives(&mut self, response: &Response, now: Moment) {
        let asked_in = response.headers.call_id();
        let ours = self.watch.dialog.as_ref().map(|dialog| &dialog.call_id);
        if response.status == 481 && asked_in.as_ref() == ours {
            self.watch.dialog = None;
            self.register_anew(now);
        }
    }

    /// The office has had time to answer, unless something of it came after
    /// it was asked.
    pub(super) fn perhaps_office_is_silent(&mut self, now: Moment) {
        let is_silent = now.since(self.liveness.heard_at) >= ASK_AFTER + PATIENCE;
        if is_silent && self.register.is_up() && self.leaving == Leaving::No {
            self.office_is_silent(now);
        }
    }

    /// Calls the office may have forgotten while it was away.
    pub(super) fn ask_for_calls(&mut self, now: Moment) {
        let lines: Vec<LineId> = self.calls.keys().copied().collect();
        for line in lines {
            self.ask_for_call(line, now);
        }
    }

    /// A call with a request of ours on its way hears by that.
    pub(super) fn ask_for_call(&mut self, line: LineId, now: Moment) {
        let Some(call) = self.calls.get_mut(&line).filter(|call| is_at_rest(call)) else { return };
        let request = call.dialog.request(Method::Options);
        let flow = call.dialog.flow;
        self.send_unsigned(request, flow, Purpose::CallLiveness(line), now);
    }

    pub(super) fn call_lives(&mut self, line: LineId, response: &Response, now: Moment) {
        if matches!(response.status, 408 | 481) {
            self.lost(line, response.status, now);
        }
    }

    /// There is no such call any more (RFC 3261 §12.2.1.2). Where that is not
    /// certain its end is said once more.
    pub(super) fn lost(&mut self, line: LineId, status: u16, now: Moment) {
        if status == 481 {
            return self.end(line, Ended::Lost);
        }
        self.send_bye(line, now);
        self.vanish(line, Ended::Lost);
    }
}

fn is_at_rest(call: &Call) -> bool {
    let has_nothing_open = call.change == Change::Nothing && call.handover.is_none();
    call.is_up() && !call.hidden && has_nothing_open && call.unacknowledged.is_none()
}
