//! An administrator's wishes, told to the office by MESSAGE (RFC 3428), and
//! what became of them (docs/PROTOCOL.md).
//!
//! One at a time: the screen asks the next when it has heard of the last.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::administration::{MIME_TYPE, Outcome, Reply, Request as Asked, Wish};
use crate::domain::time::Moment;
use crate::phone::messages::Event;
use crate::phone::requests::Purpose;
use crate::phone::{Leaving, Phone, Timer};
use crate::sip::flow::Flow;
use crate::sip::wire::{CSeq, Method, Name, Request, Response};

/// Longer than any disk takes, and as long as somebody looks at a screen.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Wishes {
    /// Which of them waits for its outcome.
    open: Option<u32>,
    last: u32,
    pub(super) number: u32,
}

impl Phone {
    pub(super) fn administer(&mut self, wish: Wish, now: Moment) {
        if self.leaving != Leaving::No {
            return;
        }
        self.wishes.last = self.wishes.last.wrapping_add(1);
        self.wishes.number = 1;
        let id = self.wishes.last;
        self.wishes.open = Some(id);
        self.timers.set(Timer::Administer, now + PATIENCE);
        let Ok(text) = serde_json::to_string(&Asked { id, wish }) else { return };
        let request = self.letter_to_office().body(MIME_TYPE, text);
        self.send(request, self.account.flow, Purpose::Administer(id), now);
    }

    fn letter_to_office(&mut self) -> Request {
        let own = self.account.own_address().with_tag(&self.chance.hex(12));
        let office = self.account.registrar();
        let mut request = Request::new(Method::Message, office.clone());
        let headers = &mut request.headers;
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, own.to_string());
        headers.push(Name::To, format!("<{office}>"));
        headers.push(Name::CallId, self.chance.hex(24));
        headers.push(Name::CSeq, CSeq { number: 1, method: Method::Message }.to_string());
        request
    }

    /// That the office has it, or will not have it.
    pub(super) fn wish_answered(&mut self, id: u32, response: &Response) {
        if response.is_success() {
            return;
        }
        let words = match response.status {
            408 => "the office does not answer".to_owned(),
            405 | 415 | 501 => "this server has no administration".to_owned(),
            status if response.reason.trim().is_empty() => format!("refused ({status})"),
            _ => response.reason.clone(),
        };
        self.wish_has(id, Outcome::refused(words));
    }

    /// A MESSAGE of the office's.
    pub(super) fn told_of_wish(&mut self, request: &Request, flow: Flow, now: Moment) {
        let kind = request.headers.content_type().unwrap_or_default();
        if !kind.eq_ignore_ascii_case(MIME_TYPE) {
            return self.refuse(request, flow, 415);
        }
        let Ok(reply) = serde_json::from_slice::<Reply>(&request.body) else {
            return self.refuse(request, flow, 400);
        };
        self.reply(request, flow, 200, now);
        self.wish_has(reply.id, reply.outcome);
    }

    pub(super) fn no_word_of_wish(&mut self) {
        if let Some(id) = self.wishes.open {
            let words = "the office has not said what became of it: look again";
            self.wish_has(id, Outcome::refused(words));
        }
    }

    /// Late news of an older one is no news.
    fn wish_has(&mut self, id: u32, outcome: Outcome) {
        if self.wishes.open == Some(id) {
            self.wishes.open = None;
            self.timers.clear(&Timer::Administer);
            self.tell(Event::Administered(outcome));
        }
    }
}
