//! What the media threads report, and the ports they hand over.

use crate::exchange::{Effect, Exchange};
use crate::media::control::{MediaCommand, MediaEvent, PortToken};

/// Two legs.
const KEPT_FOR_EMERGENCIES: usize = 2;

impl Exchange {
    /// None: not one is free. The last ones are for emergency calls.
    pub(super) fn spend_port(&mut self, urgent: bool) -> Option<PortToken> {
        if self.free_ports(urgent) == 0 {
            return None;
        }
        let token = self.state.ports.pop_front()?;
        let stream = token.stream;
        self.out.push(Effect::Media(MediaCommand::Spend { stream }));
        Some(token)
    }

    pub(super) fn free_ports(&self, urgent: bool) -> usize {
        let nobody_to_call = self.settings.trunks.is_empty() || self.settings.emergency.is_empty();
        let kept = if urgent || nobody_to_call { 0 } else { KEPT_FOR_EMERGENCIES };
        self.state.ports.len().saturating_sub(kept)
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
