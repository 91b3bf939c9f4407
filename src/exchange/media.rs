//! What the media threads report, and the ports they hand over.

use crate::exchange::{Effect, Exchange};
use crate::media::control::{MediaCommand, MediaEvent, PortToken};

impl Exchange {
    /// None: not one is free.
    pub(super) fn spend_port(&mut self) -> Option<PortToken> {
        let token = self.state.ports.pop_front()?;
        let stream = token.stream;
        self.out.push(Effect::Media(MediaCommand::Spend { stream }));
        Some(token)
    }

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
