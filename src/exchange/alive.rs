//! Whether the far end of a call is still there. Whoever sends no sound is
//! asked now and then; who neither sends nor answers is let go, so that no
//! dead phone keeps its caller, its lamp and its place in the lot.

use std::time::Duration;

use crate::domain::ids::JourneyId;
use crate::domain::time::Moment;
use crate::exchange::report::Ending;
use crate::exchange::{Due, Errand, Exchange};
use crate::media::control::StreamId;
use crate::sip::wire::{Method, Name};

/// A phone that answers but is silent (it holds, it is muted) is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// A phone on a stream that broke is given the time to come back by another.
const RECONNECT: Duration = Duration::from_secs(120);

impl Exchange {
    pub(super) fn fell_silent(&mut self, stream: StreamId) {
        if let Some(journey) = self.leg_of(stream) {
            self.expect_silence(journey);
            self.ask_whether_there(journey);
        }
    }

    pub(super) fn heard(&mut self, stream: StreamId) {
        if let Some(journey) = self.leg_of(stream) {
            self.expect_sound(journey);
        }
    }

    fn leg_of(&self, stream: StreamId) -> Option<JourneyId> {
        self.legs().find(|leg| leg.stream.stream == stream).map(|leg| leg.journey)
    }

    /// Nothing comes from there, or need come: what the media thread would
    /// never report is asked for instead.
    pub(super) fn expect_silence(&mut self, journey: JourneyId) {
        let now = self.now;
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        if leg.silent_since.is_none() {
            leg.silent_since = Some(now);
            self.state.due.set(Due::AskWhetherThere(journey), now + ASK_AGAIN);
        }
    }

    pub(super) fn expect_sound(&mut self, journey: JourneyId) {
        if let Some(leg) = self.state.legs.get_mut(&journey) {
            leg.silent_since = None;
            self.state.due.clear(&Due::AskWhetherThere(journey));
        }
    }

    /// OPTIONS within the dialog (RFC 3261 §11; RFC 5057 §5.1 on its answers).
    pub(super) fn ask_whether_there(&mut self, journey: JourneyId) {
        self.state.due.clear(&Due::AskWhetherThere(journey));
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        if !leg.is_up() {
            // Its INVITE is watched over as it is.
            return self.state.due.set(Due::AskWhetherThere(journey), self.now + ASK_AGAIN);
        }
        let flow = leg.dialog.flow;
        let options = leg.dialog.request(Method::Options).with(Name::Accept, "application/sdp");
        self.send_request(options, flow, Errand::AskWhetherThere(journey));
    }

    /// What came of asking; none: nothing in time.
    pub(super) fn answered_whether_there(&mut self, journey: JourneyId, status: Option<u16>) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        match (status, leg.silent_since) {
            (Some(481), _) => self.end_leg_as(journey, Ending::Lost),
            // He has been heard meanwhile.
            (_, None) => {}
            (None | Some(408), Some(since)) => self.not_there(journey, since),
            (Some(_), Some(_)) => {
                leg.silent_since = Some(self.now);
                self.state.due.set(Due::AskWhetherThere(journey), self.now + ASK_AGAIN);
            }
        }
    }

    fn not_there(&mut self, journey: JourneyId, since: Moment) {
        let Some(leg) = self.state.legs.get(&journey) else { return };
        let may_come_back = leg.dialog.flow.transport.is_reliable();
        if may_come_back && self.now.since(since) < RECONNECT {
            return self.state.due.set(Due::AskWhetherThere(journey), self.now + ASK_AGAIN);
        }
        self.end_leg_as(journey, Ending::Lost);
    }
}
