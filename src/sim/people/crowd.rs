//! Everybody at once: persons, voices and ears as one core with numbered
//! ports, so that one loop at the edge serves an office full of people.

use core::net::SocketAddr;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::chance::Chance;
use crate::domain::effects::Effects;
use crate::domain::time::{Moment, Wakeup};
use crate::media::control::Codec;
use crate::media::rtp::{HEADER_BYTES, Header, Packet};
use crate::sim::people::ear::{Ear, Heard, MusicKnown, Sound};
use crate::sim::people::letter::{self, Letter, Reading};
use crate::sim::people::person::Person;
use crate::sim::people::person::messages::{Deed, Happened, Identity, Order, PersonEffect, SLOTS};
use crate::sim::people::voice::{FRAME_SAMPLES, Pitch, Voice};

const FRAME_TIME: Duration = Duration::from_millis(20);
/// Later than this, packets are left out rather than sent in a burst.
const LATE_MAX: Duration = Duration::from_millis(200);

/// A member of the crowd, in the order of joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonId(pub usize);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrowdEffect {
    Send { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
    Report { who: PersonId, news: News },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Happened(Happened),
    Heard {
        slot: usize,
        heard: Heard,
    },
    /// The first frame of a call left.
    Spoke {
        slot: usize,
    },
}

#[derive(Debug)]
pub struct Crowd {
    members: Vec<Member>,
    /// Whose sound arrives here.
    sound_ports: BTreeMap<SocketAddr, (PersonId, usize)>,
    music: MusicKnown,
    chance: Chance,
}

#[derive(Debug)]
struct Member {
    person: Person,
    pitch: Pitch,
    voice: Voice,
    /// When his phone's own clock ticks: a phone does not begin to speak the
    /// moment it is answered, but with its next packet.
    phase: Duration,
    slots: [Slot; SLOTS],
}

/// Mouth and ear of one call.
#[derive(Clone, Debug, Default)]
struct Slot {
    ear: Ear,
    mouth: Option<Mouth>,
    next: Option<Header>,
    frames_spoken: usize,
}

#[derive(Clone, Copy, Debug)]
struct Mouth {
    to: SocketAddr,
    codec: Codec,
    payload_type: u8,
    next_at: Moment,
}

impl Crowd {
    pub fn new(chance: Chance) -> Self {
        Self {
            members: Vec::new(),
            sound_ports: BTreeMap::new(),
            music: MusicKnown::built_in(),
            chance,
        }
    }

    /// Pitches go round; see [`crate::sim::people::voice::PITCHES`].
    pub fn join(&mut self, identity: Identity) -> PersonId {
        let id = PersonId(self.members.len());
        let pitch = Pitch(id.0 % crate::sim::people::voice::PITCHES);
        for (slot, at) in identity.sound_at.iter().enumerate() {
            self.sound_ports.insert(*at, (id, slot));
        }
        let voice = Voice::new(pitch, &mut self.chance);
        let seed = u128::from(self.chance.draw()) << 64 | u128::from(self.chance.draw());
        let person = Person::new(identity, Chance::from_seed(seed));
        let slots = core::array::from_fn(|_| Slot::default());
        let phase = Duration::from_micros(self.chance.below(FRAME_TIME.as_micros() as u64));
        self.members.push(Member { person, pitch, voice, phase, slots });
        id
    }

    pub fn pitch(&self, who: PersonId) -> Option<Pitch> {
        self.members.get(who.0).map(|member| member.pitch)
    }

    pub fn person(&self, who: PersonId) -> Option<&Person> {
        self.members.get(who.0).map(|member| &member.person)
    }

    /// Cheaper than [`Crowd::hears`]: by the last frame alone.
    pub fn is_on_music(&self, who: PersonId, slot: usize) -> bool {
        let slot = self.members.get(who.0).and_then(|member| member.slots.get(slot));
        slot.is_some_and(|slot| slot.ear.is_on_music())
    }

    /// What he hears in the call with this slot; nothing when half a second
    /// has not passed since it changed.
    pub fn hears(&self, who: PersonId, slot: usize, now: Moment) -> Option<Sound> {
        self.members.get(who.0)?.slots.get(slot)?.ear.judgement(now)
    }

    pub fn ids(&self) -> impl Iterator<Item = PersonId> + use<> {
        (0..self.members.len()).map(PersonId)
    }

    pub fn tell(&mut self, who: PersonId, deed: Deed, now: Moment) -> Effects<CrowdEffect> {
        let Some(member) = self.members.get_mut(who.0) else {
            return Effects::none();
        };
        let effects = member.person.tell(deed, now);
        member.carry_out(who, effects, now)
    }

    /// A datagram that arrived at `at`.
    pub fn handle(
        &mut self,
        at: SocketAddr,
        from: SocketAddr,
        datagram: &[u8],
        now: Moment,
    ) -> Effects<CrowdEffect> {
        if let Some((who, slot)) = self.sound_ports.get(&at).copied() {
            return self.hear(who, slot, datagram, now);
        }
        let Some(who) = self.addressee(at, datagram) else {
            return Effects::none();
        };
        let Some(member) = self.members.get_mut(who.0) else {
            return Effects::none();
        };
        let effects = member.person.handle(from, datagram, now);
        member.carry_out(who, effects, now)
    }

    /// Behind a trunk many share one address: who knows the Call-ID, else
    /// whose number is called, else whoever came first.
    fn addressee(&self, at: SocketAddr, datagram: &[u8]) -> Option<PersonId> {
        let at_of = |who: &PersonId| self.person(*who).map(|person| person.identity().at);
        let people: Vec<PersonId> = self.ids().filter(|who| at_of(who) == Some(at)).collect();
        let first = *people.first()?;
        if people.len() == 1 {
            return Some(first);
        }
        let (call_id, user) = match letter::read(datagram)? {
            Letter::Request(request) => {
                (request.call_id()?, request.uri.user().map(letter::decoded))
            }
            Letter::Response(response) => (response.call_id()?, None),
        };
        let knows = |who: &&PersonId| self.person(**who).is_some_and(|it| it.knows(&call_id));
        let is_called = |who: &&PersonId| {
            self.person(**who).map(|person| &person.identity().user) == user.as_ref()
        };
        let found = people.iter().find(knows).or_else(|| people.iter().find(is_called));
        found.copied().or(Some(first))
    }

    fn hear(
        &mut self,
        who: PersonId,
        slot: usize,
        datagram: &[u8],
        now: Moment,
    ) -> Effects<CrowdEffect> {
        let Some(packet) = Packet::read(datagram) else {
            return Effects::none();
        };
        let codec = match packet.header.payload_type {
            0 => Codec::Pcmu,
            8 => Codec::Pcma,
            _ => return Effects::none(),
        };
        let ear = self.members.get_mut(who.0).and_then(|member| member.slots.get_mut(slot));
        let heard = ear.map(|it| it.ear.hear(codec, packet.payload, &self.music, now));
        let news = heard.into_iter().flatten().map(|heard| News::Heard { slot, heard });
        news.map(|news| CrowdEffect::Report { who, news }).collect()
    }

    pub fn next_wakeup(&self) -> Option<Wakeup> {
        self.members.iter().filter_map(Member::next_wakeup).min()
    }

    pub fn handle_wakeup(&mut self, now: Moment) -> Effects<CrowdEffect> {
        let mut effects = Effects::none();
        for (number, member) in self.members.iter_mut().enumerate() {
            let who = PersonId(number);
            if member.person.next_wakeup().is_some_and(|wakeup| wakeup.at <= now) {
                let deeds = member.person.handle_wakeup(now);
                effects.extend(member.carry_out(who, deeds, now));
            }
            effects.extend(member.speak(who, now));
        }
        effects
    }
}

impl Member {
    fn next_wakeup(&self) -> Option<Wakeup> {
        let mouths = self.slots.iter().filter_map(|slot| slot.mouth);
        let next = mouths.map(|mouth| mouth.next_at).min();
        let speech = next.map(|at| Wakeup { at, reason: "a simulated person's next words" });
        speech.into_iter().chain(self.person.next_wakeup()).min()
    }

    fn carry_out(
        &mut self,
        who: PersonId,
        effects: Effects<PersonEffect>,
        now: Moment,
    ) -> Effects<CrowdEffect> {
        let mut out = Effects::none();
        let from = self.person.identity().at;
        for effect in effects {
            match effect {
                PersonEffect::Send { to, bytes } => out.push(CrowdEffect::Send { from, to, bytes }),
                PersonEffect::Sound { slot, order } => {
                    let tick = next_tick(self.phase, now);
                    if let Some(slot) = self.slots.get_mut(slot) {
                        slot.obey(order, tick);
                    }
                }
                PersonEffect::Report(happened) => {
                    out.push(CrowdEffect::Report { who, news: News::Happened(happened) });
                }
            }
        }
        out
    }

    fn speak(&mut self, who: PersonId, now: Moment) -> Effects<CrowdEffect> {
        let mut out = Effects::none();
        for number in 0..SLOTS {
            let from = self.person.identity().sound_at.get(number).copied();
            let (Some(slot), Some(from)) = (self.slots.get_mut(number), from) else {
                continue;
            };
            while let Some((to, bytes, is_first)) = slot.speak(&self.voice, now) {
                out.push(CrowdEffect::Send { from, to, bytes });
                if is_first {
                    out.push(CrowdEffect::Report { who, news: News::Spoke { slot: number } });
                }
            }
        }
        out
    }
}

/// The first tick of a clock with this phase that is not before `now`.
fn next_tick(phase: Duration, now: Moment) -> Moment {
    let frame = FRAME_TIME.as_micros();
    let since = now.since(Moment::START + phase).as_micros();
    let ticks = u64::try_from(since.div_ceil(frame)).unwrap_or(u64::MAX);
    Moment::START + phase + Duration::from_micros(ticks.saturating_mul(frame as u64))
}

impl Slot {
    fn obey(&mut self, order: Order, next_tick: Moment) {
        match order {
            Order::Clear => *self = Self::default(),
            Order::BeQuiet | Order::Close => self.mouth = None,
            Order::Speak { to, codec, payload_type } => {
                let next_at = self.mouth.map_or(next_tick, |mouth| mouth.next_at);
                self.mouth = Some(Mouth { to, codec, payload_type, next_at });
            }
        }
    }

    /// The frame that is due, where it goes, and whether it is the call's first.
    fn speak(&mut self, voice: &Voice, now: Moment) -> Option<(SocketAddr, Vec<u8>, bool)> {
        let mouth = self.mouth.as_mut().filter(|mouth| mouth.next_at <= now)?;
        let lag = now.since(mouth.next_at);
        mouth.next_at = if lag > LATE_MAX { now } else { mouth.next_at } + FRAME_TIME;
        let (to, payload) = (mouth.to, voice.frame(mouth.codec, self.frames_spoken));
        let payload_type = mouth.payload_type;
        let ssrc = u32::from(to.port()) << 16 | 0x51;
        let first = Header { marker: true, payload_type, sequence: 1, timestamp: 0, ssrc };
        let header = Header { payload_type, ..self.next.unwrap_or(first) };
        self.next = Some(Header {
            marker: false,
            sequence: header.sequence.wrapping_add(1),
            timestamp: header.timestamp.wrapping_add(FRAME_SAMPLES as u32),
            ..header
        });
        self.frames_spoken += 1;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
        bytes.extend_from_slice(&header.to_bytes());
        bytes.extend_from_slice(payload);
        Some((to, bytes, self.frames_spoken == 1))
    }
}

#[cfg(test)]
mod tests;
