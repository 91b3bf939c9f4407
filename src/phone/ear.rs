//! What follows from all lines together: who is in the ear, what rings, which
//! tone sounds, and what each line looks like. Told only when it differs from
//! what was told last.

use std::collections::BTreeMap;

use crate::domain::time::Moment;
use crate::media::control::{DeskSound, RingKind, StreamId, Tone};
use crate::phone::line::Phase;
use crate::phone::messages::{Event, Line, LineId};
use crate::phone::{Effect, Phone};

/// As told last. Not part of the state that survives: whoever listens to a
/// restored phone is new and knows nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    talk: Option<StreamId>,
    ring: Option<RingKind>,
    tone: Option<Tone>,
    lines: BTreeMap<LineId, Line>,
}

impl Phone {
    pub(super) fn tell_the_whole(&mut self, now: Moment) {
        self.tell_sound();
        self.tell_lines(now);
    }

    fn tell_sound(&mut self) {
        let (talk, ring, tone) = (self.talk(), self.ring_kind(), self.tone());
        if self.told.ring != ring {
            self.told.ring = ring;
            self.play(DeskSound::Ring(ring));
        }
        if self.told.talk != talk {
            self.told.talk = talk;
            self.play(DeskSound::Talk { stream: talk });
        }
        if self.told.tone != tone {
            self.told.tone = tone;
            self.play(DeskSound::EarTone(tone));
        }
    }

    fn talk(&self) -> Option<StreamId> {
        let in_the_ear = self.calls.values().find(|call| call.is_in_the_ear())?;
        in_the_ear.port.map(|port| port.stream)
    }

    /// Nothing rings into a talk; a recall rings before anything else.
    fn ring_kind(&self) -> Option<RingKind> {
        if self.calls.values().any(|call| call.is_in_the_ear()) {
            return None;
        }
        let ringing = || self.calls.values().filter(|call| call.is_ringing()).map(|call| call.ring);
        ringing().find(|kind| *kind == RingKind::Recall).or_else(|| ringing().next())
    }

    fn tone(&self) -> Option<Tone> {
        let in_the_ear = self.calls.values().find(|call| call.is_in_the_ear());
        match in_the_ear.map(|call| &call.phase) {
            Some(Phase::Calling { alerting: true, early: false, .. }) => Some(Tone::Ringback),
            Some(_) => None,
            None => self.busy_tone.then_some(Tone::Busy),
        }
    }

    fn tell_lines(&mut self, now: Moment) {
        let mut shown = BTreeMap::new();
        for (id, call) in self.calls.iter_mut().filter(|(_, call)| !call.hidden) {
            let state = call.state();
            if call.shown != state || call.since == Moment::START {
                (call.shown, call.since) = (state, now);
            }
            shown.insert(*id, call.line(*id));
        }
        for (id, line) in &shown {
            if self.told.lines.get(id) != Some(line) {
                self.effects.push(Effect::Tell(Event::LineChanged(line.clone())));
            }
        }
        self.told.lines = shown;
    }
}
