//! What the media threads report.

use crate::exchange::Exchange;
use crate::media::control::MediaEvent;

impl Exchange {
    pub(super) fn media_event(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::PortReady(token) => self.state.ports.push_back(token),
            // Digits are relayed in the media threads; silence is looked at
            // when calls survive a crash.
            MediaEvent::FirstPacket { .. }
            | MediaEvent::Digit { .. }
            | MediaEvent::Silent { .. } => {}
        }
    }
}
