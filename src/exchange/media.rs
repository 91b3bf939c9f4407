//! What the media threads report.

use crate::exchange::Exchange;
use crate::media::control::MediaEvent;

impl Exchange {
    pub(super) fn media_event(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::PortReady(token) => self.state.ports.push_back(token),
            MediaEvent::Silent { stream, .. } => self.fell_silent(stream),
            MediaEvent::FirstPacket { stream, .. } | MediaEvent::HeardAgain { stream } => {
                self.heard(stream);
            }
            // Digits are relayed in the media threads.
            MediaEvent::Digit { .. } => {}
        }
    }
}
