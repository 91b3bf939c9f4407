//! What is known of each person on the stage, from what was told: who rings,
//! who talks with whom, what his phone shows, how his calls ended.

use std::collections::BTreeMap;

use crate::sim::people::crowd::{News, PersonId};
use crate::sim::people::ear::Heard;
use crate::sim::people::letter::Shown;
use crate::sim::people::person::messages::{CallNumber, Happened};

#[derive(Clone, Debug, Default)]
pub struct Memory {
    people: BTreeMap<PersonId, Known>,
}

#[derive(Clone, Debug, Default)]
pub struct Known {
    pub registered: bool,
    pub ringing: Option<Shown>,
    /// In the order in which they were answered.
    up: Vec<(CallNumber, usize, Shown)>,
    pub calling: bool,
    pub refused: Option<u16>,
    pub parked: Option<Shown>,
    /// What his ear had last, music or people.
    on_music: bool,
    pub ended: Ended,
}

/// How a person's calls ended so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// He hung up.
    pub by_himself: u32,
    /// The other side did, while he heard a person.
    pub with_a_person: u32,
    /// The other side did, while he heard music or nothing at all.
    pub lost: u32,
    /// Never connected.
    pub refused: u32,
}

impl Memory {
    pub fn of(&self, who: PersonId) -> Known {
        self.people.get(&who).cloned().unwrap_or_default()
    }

    pub fn note(&mut self, who: PersonId, news: &News) {
        let known = self.people.entry(who).or_default();
        match news {
            News::Happened(happened) => known.happened(happened),
            News::Heard { heard: Heard::MusicBegins, .. } => known.on_music = true,
            News::Heard { heard: Heard::PeopleBegin, .. } => known.on_music = false,
            News::Heard { heard: Heard::Gap { .. }, .. } | News::Spoke { .. } => {}
        }
    }
}

impl Known {
    pub fn is_talking(&self) -> bool {
        !self.up.is_empty()
    }

    pub fn is_free(&self) -> bool {
        self.up.is_empty() && self.ringing.is_none() && !self.calling
    }

    /// The call he is in: the latest.
    pub fn slot(&self) -> Option<usize> {
        self.up.last().map(|(_, slot, _)| *slot)
    }

    pub fn talks_with(&self) -> Option<&Shown> {
        self.up.last().map(|(_, _, who)| who)
    }

    fn happened(&mut self, happened: &Happened) {
        match happened {
            Happened::Registered => self.registered = true,
            Happened::Rang { who, .. } => self.ringing = Some(who.clone()),
            Happened::Called { .. } => {
                self.calling = true;
                self.refused = None;
            }
            Happened::Connected { call, slot, who } => self.connected(*call, *slot, who),
            Happened::NameShown { call, who } => {
                let of_it = self.up.iter_mut().filter(|(number, ..)| number == call);
                of_it.for_each(|(_, _, shown)| *shown = who.clone());
            }
            Happened::Refused { status, .. } => {
                self.calling = false;
                self.refused = Some(*status);
                self.ended.refused += 1;
            }
            Happened::Ended { call, by_me } => self.call_ended(*call, *by_me),
            Happened::ParkShown { parked } => self.parked.clone_from(parked),
            _ => {}
        }
    }

    fn connected(&mut self, call: CallNumber, slot: usize, who: &Shown) {
        self.ringing = None;
        self.calling = false;
        self.on_music = true; // until he hears a person
        self.up.push((call, slot, who.clone()));
    }

    fn call_ended(&mut self, call: CallNumber, by_me: bool) {
        let was_up = self.up.iter().any(|(number, ..)| *number == call);
        self.up.retain(|(number, ..)| *number != call);
        self.ringing = None;
        self.calling = false;
        match (was_up, by_me, self.on_music) {
            (_, true, _) => self.ended.by_himself += 1,
            (true, false, false) => self.ended.with_a_person += 1,
            (true, false, true) => self.ended.lost += 1,
            (false, false, _) => self.ended.refused += 1,
        }
    }
}
