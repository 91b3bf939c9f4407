//! Requests that come in: which call or subscription they belong to, and the
//! plain answers.

use crate::domain::time::Moment;
use crate::phone::Phone;
use crate::phone::messages::{Event, LineId};
use crate::phone::requests::{ALLOW, SDP, USER_AGENT};
use crate::sip::dialog::{DialogId, Misfit};
use crate::sip::flow::Flow;
use crate::sip::wire::{Method, Name, Request, Response, check};

impl Phone {
    pub(super) fn request(&mut self, request: &Request, flow: Flow, now: Moment) {
        if let Err(fault) = check(request) {
            let mut response = self.response_to(request, fault.status).reason(&fault.reason);
            if let Some(unsupported) = fault.unsupported {
                response.headers.push(Name::Unsupported, unsupported);
            }
            return self.send_statelessly(flow, &response);
        }
        match DialogId::of_request(&request.headers) {
            None => self.outside(request, flow, now),
            Some(_) if self.is_about_the_table(request) => {
                self.about_the_table(request, flow, now);
            }
            Some(id) => match (self.line_of(&id), self.watched_by(request)) {
                (Some(line), _) => self.within(line, request, flow, now),
                (None, Some(watched)) => self.notified_of_lot(watched, request, flow, now),
                (None, None) => self.refuse(request, flow, 481),
            },
        }
    }

    fn line_of(&self, id: &DialogId) -> Option<LineId> {
        let is_it = |dialog: DialogId| dialog == *id;
        self.calls.iter().find(|(_, call)| is_it(call.dialog.id())).map(|(line, _)| *line)
    }

    fn outside(&mut self, request: &Request, flow: Flow, now: Moment) {
        match request.method {
            Method::Invite => self.invited(request, flow, now),
            Method::Options => self.reply(request, flow, 200, now),
            Method::Notify => self.notified_of_nothing(request, flow, now),
            Method::Message => self.told_of_wish(request, flow, now),
            Method::Bye | Method::Update | Method::Info => self.refuse(request, flow, 481),
            _ => self.refuse(request, flow, 405),
        }
    }

    /// Some systems tell everybody of parked calls unasked (`park-info`).
    fn notified_of_nothing(&mut self, request: &Request, flow: Flow, now: Moment) {
        let package = request.headers.event().map(|event| event.package);
        match package.as_deref() {
            Some("park-info") => {
                self.reply(request, flow, 200, now);
                self.told_of_lot(&request.body, now);
            }
            _ => self.refuse(request, flow, 481),
        }
    }

    fn about_the_table(&mut self, request: &Request, flow: Flow, now: Moment) {
        match request.method {
            Method::Notify => self.notified_of_table(request, flow, now),
            _ => self.refuse(request, flow, 405),
        }
    }

    fn within(&mut self, line: LineId, request: &Request, flow: Flow, now: Moment) {
        let Some(call) = self.calls.get_mut(&line) else { return };
        // A tag not known yet is learned with the answer; nobody can use it before.
        if call.dialog.remote.tag().is_some()
            && let Err(misfit) = call.dialog.admit(request)
        {
            return self.refuse_misfit(request, flow, misfit, now);
        }
        match request.method {
            Method::Bye => self.bye_came(line, request, flow, now),
            Method::Invite => self.reinvited(line, request, flow, now),
            Method::Update => self.updated(line, request, flow, now),
            Method::Notify => self.notified_of_handover(line, request, flow, now),
            Method::Info => self.informed(line, request, flow, now),
            Method::Options => self.reply(request, flow, 200, now),
            _ => self.refuse(request, flow, 405),
        }
    }

    /// Digits of far ends that send them in signalling.
    fn informed(&mut self, line: LineId, request: &Request, flow: Flow, now: Moment) {
        if request.headers.content_type().as_deref() != Some("application/dtmf-relay") {
            return self.reply(request, flow, 415, now);
        }
        self.reply(request, flow, 200, now);
        let text = String::from_utf8_lossy(&request.body);
        let signal = text.lines().find_map(|row| row.trim().strip_prefix("Signal="));
        let digit = signal.and_then(|signal| signal.trim().chars().next());
        if let Some(digit) =
            digit.filter(|digit| digit.is_ascii_digit() || "*#ABCD".contains(*digit))
        {
            self.tell(Event::DigitReceived { line, digit });
        }
    }

    pub(super) fn refuse_misfit(
        &mut self,
        request: &Request,
        flow: Flow,
        misfit: Misfit,
        now: Moment,
    ) {
        match misfit {
            Misfit::WrongTag => self.refuse(request, flow, 481),
            Misfit::OutOfOrder => self.reply(request, flow, 500, now),
        }
    }

    /// Answers once and for all, and the same to repetitions.
    pub(super) fn reply(&mut self, request: &Request, flow: Flow, status: u16, now: Moment) {
        let response = self.response_to(request, status);
        self.reply_with(request, flow, &response, now);
    }

    pub(super) fn reply_with(
        &mut self,
        request: &Request,
        flow: Flow,
        response: &Response,
        now: Moment,
    ) {
        let server = self.transactions.accept(request, flow);
        let effects = self.transactions.respond(server, response, now);
        self.carry_out(effects, now);
    }

    /// Keeps nothing: a repetition is refused again.
    pub(super) fn refuse(&mut self, request: &Request, flow: Flow, status: u16) {
        let response = self.response_to(request, status);
        self.send_statelessly(flow, &response);
    }

    pub(super) fn response_to(&mut self, request: &Request, status: u16) -> Response {
        let mut response = request.response(status);
        if let Ok(to) = response.headers.to()
            && to.tag().is_none()
        {
            let tag = self.chance.hex(12);
            response.headers.set(Name::To, to.with_tag(&tag).to_string());
        }
        response.headers.push(Name::Server, USER_AGENT);
        match status {
            200 | 405 => response.headers.push(Name::Allow, ALLOW),
            415 => response.headers.push(Name::Accept, SDP),
            _ => {}
        }
        response
    }
}
