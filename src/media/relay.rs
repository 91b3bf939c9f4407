//! One clean RTP stream out of many sources: a peer, then music, then another
//! peer, under one SSRC, with sequence and timestamps that never jump.

use crate::domain::time::Moment;
use crate::media::g711::SAMPLES_PER_MS;
use crate::media::rtp::Header;

/// How far a source's sequence may step back (late packets) and forward
/// (lost ones) before it is taken for a new beginning. As RFC 3550 §A.1.
const LATE_PACKETS_MAX: i16 = 100;
const LOST_PACKETS_MAX: i16 = 3_000;
/// How far a source's clock may be off before it is taken for another clock.
const CLOCK_OFF_SAMPLES_MAX: i64 = 5 * 8_000;

/// The numbering of what leaves on one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    ssrc: u32,
    next_sequence: u16,
    /// Of the newest packet, when it was sent, and the sound in it.
    timestamp: u32,
    clocked_at: Option<Moment>,
    samples: u32,
    feed: Feed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Feed {
    /// Whatever comes next begins a talk spurt.
    Changed,
    /// Sound made here, packet by packet.
    Own,
    /// A telephone event made here.
    Event,
    Peer(Mapping),
}

/// From a peer's numbers to ours: by adding, so that his losses and late
/// packets look to the listener as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mapping {
    ssrc: u32,
    first_sequence: u16,
    newest_sequence: u16,
    newest_timestamp: u32,
    newest_at: Moment,
    add_sequence: u16,
    add_timestamp: u32,
}

impl Relay {
    /// All three chosen at random (RFC 3550 §5.1).
    pub fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        let feed = Feed::Changed;
        Self { ssrc, next_sequence: sequence, timestamp, clocked_at: None, samples: 0, feed }
    }

    /// The source has changed: what comes next begins a talk spurt.
    pub fn change(&mut self) {
        self.feed = Feed::Changed;
    }

    /// The header of a packet made here: music, a tone, silence.
    pub fn own(&mut self, payload_type: u8, samples: u32, now: Moment) -> Header {
        let goes_on = self.feed == Feed::Own;
        let timestamp = match goes_on {
            true => self.timestamp.wrapping_add(self.samples),
            false => self.timestamp_at(now),
        };
        self.feed = Feed::Own;
        self.clock(timestamp, samples, now);
        self.header(!goes_on, payload_type, timestamp)
    }

    /// The header of a telephone event's packet made here; all packets of an
    /// event bear the timestamp of its beginning.
    pub fn event(&mut self, payload_type: u8, begins: bool, now: Moment) -> Header {
        if begins || self.feed != Feed::Event {
            self.clock(self.timestamp_at(now), 0, now);
        }
        self.feed = Feed::Event;
        self.header(begins, payload_type, self.timestamp)
    }

    /// The header under which a peer's packet goes on. None for one from
    /// before he became the source.
    pub fn relayed(
        &mut self,
        incoming: &Header,
        payload_type: u8,
        samples: u32,
        now: Moment,
    ) -> Option<Header> {
        let known = match &self.feed {
            Feed::Peer(mapping) if mapping.continues(incoming, now) => Some(mapping.clone()),
            _ => None,
        };
        let begins = known.is_none();
        let mut mapping = known.unwrap_or_else(|| self.begin(incoming, now));
        let is_early = mapping.is_before_first(incoming);
        mapping.note(incoming, now);
        let sequence = incoming.sequence.wrapping_add(mapping.add_sequence);
        let timestamp = incoming.timestamp.wrapping_add(mapping.add_timestamp);
        self.feed = Feed::Peer(mapping);
        if is_early {
            return None;
        }
        self.note_relayed(sequence, timestamp, samples, now);
        let marker = begins || incoming.marker;
        Some(Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc })
    }

    fn begin(&self, incoming: &Header, now: Moment) -> Mapping {
        Mapping {
            ssrc: incoming.ssrc,
            first_sequence: incoming.sequence,
            newest_sequence: incoming.sequence,
            newest_timestamp: incoming.timestamp,
            newest_at: now,
            add_sequence: self.next_sequence.wrapping_sub(incoming.sequence),
            add_timestamp: self.timestamp_at(now).wrapping_sub(incoming.timestamp),
        }
    }

    fn note_relayed(&mut self, sequence: u16, timestamp: u32, samples: u32, now: Moment) {
        if sequence.wrapping_sub(self.next_sequence).cast_signed() >= 0 {
            self.next_sequence = sequence.wrapping_add(1);
        }
        if self.clocked_at.is_none() || is_after(timestamp, self.timestamp) {
            self.clock(timestamp, samples, now);
        }
    }

    fn header(&mut self, marker: bool, payload_type: u8, timestamp: u32) -> Header {
        let sequence = self.next_sequence;
        self.next_sequence = sequence.wrapping_add(1);
        Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc }
    }

    fn clock(&mut self, timestamp: u32, samples: u32, now: Moment) {
        (self.timestamp, self.samples, self.clocked_at) = (timestamp, samples, Some(now));
    }

    /// What the stream's clock shows now: never inside the packet sent last.
    fn timestamp_at(&self, now: Moment) -> u32 {
        let Some(clocked_at) = self.clocked_at else {
            return self.timestamp;
        };
        let passed = now.since(clocked_at).as_millis() as u32 * SAMPLES_PER_MS;
        self.timestamp.wrapping_add(passed.max(self.samples).max(1))
    }
}

impl Mapping {
    /// The same source as before, and neither of its numbers has jumped.
    fn continues(&self, incoming: &Header, now: Moment) -> bool {
        let steps = incoming.sequence.wrapping_sub(self.newest_sequence).cast_signed();
        let samples = incoming.timestamp.wrapping_sub(self.newest_timestamp).cast_signed();
        let passed = now.since(self.newest_at).as_millis() as i64 * i64::from(SAMPLES_PER_MS);
        let clock_off = i64::from(samples) - passed;
        incoming.ssrc == self.ssrc
            && (-LATE_PACKETS_MAX..=LOST_PACKETS_MAX).contains(&steps)
            && clock_off.abs() <= CLOCK_OFF_SAMPLES_MAX
    }

    fn is_before_first(&self, incoming: &Header) -> bool {
        let steps = incoming.sequence.wrapping_sub(self.first_sequence).cast_signed();
        (-LATE_PACKETS_MAX..0).contains(&steps)
    }

    fn note(&mut self, incoming: &Header, now: Moment) {
        if incoming.sequence.wrapping_sub(self.newest_sequence).cast_signed() <= 0 {
            return;
        }
        self.newest_sequence = incoming.sequence;
        self.newest_timestamp = incoming.timestamp;
        self.newest_at = now;
        // Half the circle away, the first packet says nothing any more.
        if incoming.sequence.wrapping_sub(self.first_sequence) > 1_000 {
            self.first_sequence = incoming.sequence.wrapping_sub(1_000);
        }
    }
}

fn is_after(timestamp: u32, other: u32) -> bool {
    timestamp.wrapping_sub(other).cast_signed() > 0
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    fn ms(ms: u64) -> Moment {
        Moment::START + Duration::from_millis(ms)
    }

    fn peer(sequence: u16, timestamp: u32) -> Header {
        Header { marker: false, payload_type: 8, sequence, timestamp, ssrc: 77 }
    }

    fn numbers(header: Header) -> (u16, u32, bool) {
        assert_eq!(header.ssrc, 1);
        (header.sequence, header.timestamp, header.marker)
    }

    #[test]
    fn peer_then_music_then_peer_is_one_clean_stream() {
        let mut relay = Relay::new(1, 65_534, u32::MAX - 159);
        let mut sent = Vec::new();
        for n in 0..3_u16 {
            let incoming = peer(500 + n, 9_000 + u32::from(n) * 160);
            sent.extend(relay.relayed(&incoming, 0, 160, ms(u64::from(n) * 20)).map(numbers));
        }
        relay.change();
        sent.push(numbers(relay.own(0, 160, ms(47))));
        sent.push(numbers(relay.own(0, 160, ms(67))));
        relay.change();
        let again = peer(2, 7);
        sent.extend(relay.relayed(&again, 0, 160, ms(97)).map(numbers));
        let first = u32::MAX - 159;
        assert_eq!(
            sent,
            [
                (65_534, first, true),
                (65_535, 0, false),
                (0, 160, false),
                (1, 320, true),
                (2, 480, false),
                (3, 720, true),
            ]
        );
    }

    #[test]
    fn a_pause_between_sources_shows_in_the_timestamp() {
        let mut relay = Relay::new(1, 0, 0);
        assert_eq!(numbers(relay.own(0, 160, ms(0))), (0, 0, true));
        relay.change();
        assert_eq!(numbers(relay.own(0, 160, ms(1_000))), (1, 8_000, true));
    }

    #[test]
    fn losses_late_packets_and_doubles_pass_as_they_are() {
        let mut relay = Relay::new(1, 100, 0);
        let mut at = |sequence: u16, ms_now| {
            let timestamp = u32::from(sequence).wrapping_mul(160);
            relay.relayed(&peer(sequence, timestamp), 0, 160, ms(ms_now)).map(|h| h.sequence)
        };
        assert_eq!(at(10, 0), Some(100));
        assert_eq!(at(13, 60), Some(103));
        assert_eq!(at(12, 61), Some(102));
        assert_eq!(at(13, 62), Some(103));
        // From before he was joined: it would fall into the sound before.
        assert_eq!(at(9, 63), None);
        assert_eq!(at(14, 80), Some(104));
    }

    #[test]
    fn a_source_that_starts_afresh_does_not_make_the_stream_jump() {
        let mut relay = Relay::new(1, 0, 0);
        let mut at = |header: Header, ms_now| {
            relay.relayed(&header, 0, 160, ms(ms_now)).map(|h| (h.sequence, h.timestamp, h.marker))
        };
        assert_eq!(at(peer(10, 1_600), 0), Some((0, 0, true)));
        assert_eq!(at(peer(40_000, 1_760), 20), Some((1, 160, true)));
        assert_eq!(at(peer(40_001, 900_000_000), 40), Some((2, 320, true)));
        let other = Header { ssrc: 78, ..peer(5, 5) };
        assert_eq!(at(other, 60), Some((3, 480, true)));
    }

    #[test]
    fn a_digit_of_ours_keeps_its_timestamp_and_the_sound_goes_on_after_it() {
        let mut relay = Relay::new(1, 0, 0);
        relay.own(0, 160, ms(0));
        assert_eq!(numbers(relay.event(101, true, ms(20))), (1, 160, true));
        assert_eq!(numbers(relay.event(101, false, ms(40))), (2, 160, false));
        assert_eq!(numbers(relay.event(101, true, ms(140))), (3, 1_120, true));
        assert_eq!(numbers(relay.own(0, 160, ms(200))), (4, 1_600, true));
    }

    #[test]
    fn a_long_call_is_never_taken_for_a_late_packet() {
        let mut relay = Relay::new(1, 0, 0);
        for n in 0..200_000_u32 {
            let incoming = peer(n as u16, n.wrapping_mul(160));
            let out = relay.relayed(&incoming, 0, 160, ms(u64::from(n) * 20)).unwrap();
            assert_eq!((out.sequence, out.timestamp), (n as u16, n.wrapping_mul(160)));
        }
    }
}
