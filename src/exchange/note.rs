//! Notes about callers (product M4, Q20): how they come in, and whom they
//! reach in a `Subject`. They are our own people's and leave by no trunk.

use crate::domain::administration;
use crate::domain::ids::{Extension, JourneyId};
use crate::domain::note::Note;
use crate::exchange::answer::sip_status;
use crate::exchange::leg::Link;
use crate::exchange::{Effect, Exchange, Report};
use crate::sip::flow::Flow;
use crate::sip::wire::{Name, Request};

/// What our own people's messages may hold.
const TEXT: &str = "text/plain";
/// Octets of the longest message that can be a note.
const BODY_MAX: usize = 1_200;

type Refused = (u16, String);

impl Exchange {
    // How they come in.

    /// MESSAGE to the code that would fetch a parked call (RFC 3428).
    pub(super) fn note_at_the_door(&mut self, request: &Request, flow: Flow) {
        if self.trunk_of(request, flow).is_some() {
            return self.refuse(request, flow, 403, "Notes are for our own people");
        }
        let Some(by) = self.authenticate(request, flow) else { return };
        let noted = text_of(request).and_then(|note| Ok((self.meant(request, &by)?, note)));
        let response = match noted {
            Ok((journey, note)) => {
                self.write_down(journey, note, &by);
                request.response(200)
            }
            Err((415, reason)) => {
                let accepted = format!("{TEXT}, {}", administration::MIME_TYPE);
                request.response(415).reason(&reason).with(Name::Accept, accepted)
            }
            Err((status, reason)) => request.response(status).reason(&reason),
        };
        self.answer(request, flow, response);
    }

    fn meant(&self, request: &Request, by: &Extension) -> Result<JourneyId, Refused> {
        let dialled = request.uri.user_decoded().unwrap_or_default();
        let Some(which) = self.which_dialled(&dialled, by) else {
            return Err((404, "Notes go to the code that fetches the call".to_owned()));
        };
        let which = which.map_err(|reason| (404, reason))?;
        let found = self.state.lot.find(&which);
        found.map(|parked| parked.journey).map_err(|r| (sip_status(&r), r.to_string()))
    }

    /// Of a transfer: what its `Subject` says of the party it moves. Saying
    /// nothing leaves a note as it is, an empty one takes it off.
    pub(super) fn take_note(&mut self, of: JourneyId, from: JourneyId, request: &Request) {
        let by = self.state.legs.get(&from).and_then(|leg| leg.extension().cloned());
        if let (Some(note), Some(by)) = (subject_of(request), by) {
            self.write_down(of, note, &by);
        }
    }

    /// Of a code dialled with a call held.
    pub(super) fn take_note_of_code(&mut self, of: JourneyId, code: JourneyId) {
        let server = self.state.legs.get(&code).and_then(|leg| leg.incoming_server());
        let invite = server.and_then(|server| self.state.transactions.accepted(server));
        if let Some(invite) = invite.cloned() {
            self.take_note(of, code, &invite);
        }
    }

    /// Of a code that a phone sends a ringing call to: its URI's header, which
    /// whoever follows it would say (RFC 3261 §19.1.5).
    pub(super) fn take_note_with_code(
        &mut self,
        of: JourneyId,
        subject: Option<&str>,
        by: &Extension,
    ) {
        if let Some(subject) = subject {
            self.write_down(of, Note::clean(subject), by);
        }
    }

    fn write_down(&mut self, journey: JourneyId, note: Note, by: &Extension) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        if leg.note == note {
            return;
        }
        leg.note = note.clone();
        let caller = leg.identity.clone();
        if let Some(parked) = self.state.lot.get(journey) {
            let group = parked.group.as_ref().map(|park| park.name.clone());
            self.state.watchers.park_changed(parked.at.clone(), group);
        }
        let by = by.clone();
        self.out.push(Effect::Report(Report::Noted { journey, caller, note, by }));
    }

    // Whom they reach.

    pub(super) fn note_of(&self, journey: JourneyId) -> Note {
        self.state.legs.get(&journey).map(|leg| leg.note.clone()).unwrap_or_default()
    }

    /// What the phone at `told` is to show of whoever it has, or will have, in
    /// its ear; an empty one if it shows a note that is no longer there. None:
    /// there is nothing to say, or it is no phone of ours.
    pub(super) fn note_to_tell(
        &mut self,
        told: JourneyId,
        about: Option<JourneyId>,
    ) -> Option<Note> {
        let note = self.note_of(about?);
        let leg = self.state.legs.get_mut(&told)?;
        leg.extension()?;
        let before = std::mem::replace(&mut leg.shown_note, note.clone());
        (!note.is_empty() || !before.is_empty()).then_some(note)
    }

    /// Whom an answered leg will talk to.
    pub(super) fn heard_by(&self, journey: JourneyId) -> Option<JourneyId> {
        match self.state.legs.get(&journey)?.link {
            Link::With(peer) => Some(peer),
            Link::Retrieves { journey, .. } => Some(journey),
            _ => None,
        }
    }
}

fn subject_of(request: &Request) -> Option<Note> {
    request.headers.text(&Name::Subject).map(|subject| Note::clean(&subject))
}

/// An empty message takes the note off.
fn text_of(request: &Request) -> Result<Note, Refused> {
    if request.body.len() > BODY_MAX {
        return Err((413, format!("A note has at most {BODY_MAX} octets")));
    }
    match request.headers.content_type().as_deref() {
        Some(TEXT) | None => Ok(Note::clean(&String::from_utf8_lossy(&request.body))),
        Some(_) => Err((415, "A note is plain text".to_owned())),
    }
}
