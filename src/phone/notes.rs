//! Notes about callers (product M4, Q20): kept on the call until it is parked
//! or sent, and then said in the transfer's `Subject`; about a call in the lot
//! told by MESSAGE.

use serde::{Deserialize, Serialize};

use crate::domain::caller::Caller;
use crate::domain::note::Note;
use crate::domain::time::Moment;
use crate::phone::line::Call;
use crate::phone::messages::{Asked, LineId, Wanted};
use crate::phone::requests::Purpose;
use crate::phone::{Leaving, Phone};
use crate::sip::wire::{CSeq, Headers, Method, Name, Request, Response};

const TEXT: &str = "text/plain;charset=UTF-8";

/// One that the office has not taken yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Telling {
    which: Wanted,
    pub(super) number: u32,
}

impl Phone {
    pub(super) fn note(&mut self, line: LineId, note: Note) {
        if let Some(call) = self.calls.get_mut(&line) {
            call.noted_here |= call.note != note;
            call.note = note;
        }
    }

    pub(super) fn note_parked(&mut self, which: Wanted, note: &Note, now: Moment) {
        if self.leaving != Leaving::No {
            return;
        }
        if self.lot_elsewhere().is_some() {
            return self.refused(Asked::Note { which }, 501, "this phone system keeps no notes");
        }
        let code = self.account.number_to_retrieve(&which);
        let own = self.account.own_address().with_tag(&self.chance.hex(12));
        let target = self.account.uri_of(&code);
        let mut request = Request::new(Method::Message, target.clone());
        let headers = &mut request.headers;
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, own.to_string());
        headers.push(Name::To, format!("<{target}>"));
        headers.push(Name::CallId, self.chance.hex(24));
        headers.push(Name::CSeq, CSeq { number: 1, method: Method::Message }.to_string());
        let request = request.body(TEXT, note.to_string());
        self.last_note += 1;
        self.notes.insert(self.last_note, Telling { which, number: 1 });
        self.send(request, self.account.flow, Purpose::Note(self.last_note), now);
    }

    /// The table says the rest.
    pub(super) fn note_answered(&mut self, note: u32, response: &Response) {
        let Some(Telling { which, .. }) = self.notes.remove(&note) else { return };
        if !response.is_success() {
            self.refused(Asked::Note { which }, response.status, &response.reason);
        }
    }
}

impl Call {
    /// Who is there, as far as the office says it, and what is noted about him.
    pub(super) fn is_with(&mut self, caller: Option<Caller>, headers: &Headers) {
        if let Some(caller) = caller {
            if self.connected_at.is_some() {
                if self.is_another(&caller) {
                    (self.note, self.noted_here) = (Note::default(), false);
                }
                self.introduced = true;
            }
            self.caller = caller;
        }
        // What was written here meanwhile is newer.
        let note = note_of(headers).filter(|_| !self.noted_here);
        self.note = note.unwrap_or_else(|| self.note.clone());
    }

    /// Two who withhold their number look alike. The office says once who the
    /// call has begun with; whoever it names after that has taken his place.
    fn is_another(&self, caller: &Caller) -> bool {
        self.caller.number != caller.number || (caller.is_withheld() && self.introduced)
    }

    /// For whoever has the call next. None: the office knows it, or knows
    /// better by now.
    pub(super) fn note_to_say(&self) -> Option<String> {
        self.noted_here.then(|| self.note.to_string())
    }
}

pub(super) fn note_of(headers: &Headers) -> Option<Note> {
    headers.text(&Name::Subject).map(|subject| Note::clean(&subject))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::line::Phase;
    use crate::phone::messages::Direction;
    use crate::sip::dialog::Dialog;
    use crate::sip::flow::{Flow, Transport};
    use crate::sip::wire::{Host, NameAddr, Uri};

    fn call_with(caller: &Caller) -> Call {
        let uri = Uri::sip("101", Host::Name("office.example".to_owned()));
        let address = NameAddr::new(None, uri.clone());
        let at = "10.0.0.1:5060".parse().unwrap();
        let flow = Flow { transport: Transport::Udp, local: at, remote: at };
        let (target, call_id) = (uri.clone(), "1".to_owned());
        let dialog = Dialog::outgoing(call_id, address.clone(), address, target, uri, flow);
        let mut call = Call::new(Direction::Incoming, caller.clone(), Phase::Up, dialog);
        call.connected_at = Some(Moment::START);
        call
    }

    #[test]
    fn a_note_about_one_who_withholds_his_number_is_not_about_the_next_who_does() {
        let nobody = Caller::new("", "anonymous");
        let mut call = call_with(&nobody);
        (call.note, call.noted_here) = (Note::clean("is angry"), true);
        call.is_with(Some(nobody.clone()), &Headers::default());
        assert_eq!(call.note_to_say().as_deref(), Some("is angry"), "it begins with him");
        call.is_with(Some(nobody), &Headers::default());
        assert_eq!((call.note.as_str(), call.note_to_say()), ("", None), "that is somebody else");
    }

    #[test]
    fn a_note_stays_with_whoever_has_a_number_however_often_he_is_named() {
        let alice = Caller::new("Alice Smith", "+3386002678");
        let mut call = call_with(&alice);
        (call.note, call.noted_here) = (Note::clean("is angry"), true);
        for _ in 0..3 {
            call.is_with(Some(alice.clone()), &Headers::default());
        }
        assert_eq!(call.note_to_say().as_deref(), Some("is angry"));
        call.is_with(Some(Caller::new("Bob", "103")), &Headers::default());
        assert_eq!(call.note_to_say(), None);
    }
}
