//! The desk's sound without sockets or devices.

use std::time::Duration;

use super::*;
use crate::media::control::Codec;
use crate::media::g711;
use crate::media::measure::share_at;
use crate::media::rtp::Packet;
use crate::media::telephone_event::Report;
use crate::media::tones::sine;

const A: StreamId = StreamId(1);
const B: StreamId = StreamId(2);

struct Office {
    desk: Desk,
    now: Moment,
    sent: Vec<(StreamId, Vec<u8>)>,
    reports: Vec<SoundEvent>,
    ear: Vec<i16>,
    ringer: Vec<i16>,
    knock: Vec<i16>,
}

fn far(stream: StreamId) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, stream.0 as u8], 4_000))
}

fn agreed(stream: StreamId) -> Agreed {
    Agreed {
        codec: Codec::Pcma,
        payload_type: 8,
        receive_payload_type: 8,
        dtmf_payload_type: Some(101),
        receive_dtmf_payload_type: Some(101),
        ptime_ms: 20,
        remote: far(stream),
        send: true,
        receive: true,
    }
}

impl Office {
    fn new() -> Self {
        let desk = Desk::new(Chance::from_seed(1));
        let (sent, reports) = (vec![], vec![]);
        let (ear, ringer, knock) = (vec![], vec![], vec![]);
        Self { desk, now: Moment::START, sent, reports, ear, ringer, knock }
    }

    fn talking() -> Self {
        let mut office = Self::new();
        office.connect(A, agreed(A));
        office.tell(DeskSound::Talk { stream: Some(A) });
        office
    }

    fn tell(&mut self, command: DeskSound) {
        self.desk.handle(command, self.now);
    }

    fn connect(&mut self, stream: StreamId, agreed: Agreed) {
        self.tell(DeskSound::Connect { stream, agreed, learn: Learn::Never });
    }

    /// Speaks into the microphone, 20 ms by 20 ms, while `far_end` speaks on
    /// stream A, and takes down what is heard and sent.
    fn run(&mut self, microphone: &[i16], far_end: &[i16]) {
        for (n, frame) in microphone.chunks_exact(FRAME).enumerate() {
            if let Some(sound) = far_end.chunks_exact(FRAME).nth(n) {
                self.far_end_says(A, n as u16, sound);
            }
            let (heard, effects) = self.desk.frame(&frame.try_into().unwrap(), self.now);
            self.ear.extend(heard.ear);
            self.ringer.extend(heard.ringer);
            self.knock.extend(heard.knock);
            self.take(effects);
            self.now = self.now + Duration::from_millis(20);
        }
    }

    fn far_end_says(&mut self, stream: StreamId, n: u16, sound: &[i16]) {
        let payload: Vec<u8> = g711::encoded_samples(Codec::Pcma, sound).collect();
        let header = crate::media::rtp::Header {
            marker: false,
            payload_type: 8,
            sequence: n,
            timestamp: u32::from(n) * 160,
            ssrc: 5,
        };
        let datagram = [&header.to_bytes()[..], &payload].concat();
        let effects = self.desk.received(stream, far(stream), &datagram, self.now);
        self.take(effects);
    }

    fn take(&mut self, effects: Effects<DeskEffect>) {
        for effect in effects {
            match effect {
                DeskEffect::Send { stream, to, packet } => {
                    assert_eq!(to, far(stream));
                    self.sent.push((stream, packet));
                }
                DeskEffect::Report(report) => self.reports.push(report),
            }
        }
    }

    fn sent_sound(&self) -> Vec<i16> {
        let packets = self.sent.iter().map(|(_, packet)| Packet::read(packet).unwrap());
        packets.flat_map(|packet| g711::decoded_bytes(Codec::Pcma, packet.payload)).collect()
    }
}

fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * 8]
}

#[test]
fn both_sides_hear_each_other() {
    let mut office = Office::talking();
    office.run(&sine(500.0, 0.3, 1_000), &sine(1_000.0, 0.3, 1_000));
    assert_eq!(office.sent.len(), 50);
    assert!(share_at(&office.sent_sound(), 500.0) > 0.98);
    assert!(share_at(&office.ear[1_600..], 1_000.0) > 0.98);
    assert_eq!(office.reports[0], SoundEvent::FirstPacket { stream: A });
}

#[test]
fn a_line_that_does_not_talk_sends_nothing_and_is_not_heard() {
    let mut office = Office::talking();
    office.connect(B, agreed(B));
    office.tell(DeskSound::Talk { stream: Some(B) });
    office.run(&sine(500.0, 0.3, 400), &sine(1_000.0, 0.3, 400));
    assert!(office.sent.iter().all(|(stream, _)| *stream == B));
    assert_eq!(energy_dbfs(&office.ear), -90.0);
    office.tell(DeskSound::Talk { stream: None });
    office.sent.clear();
    office.run(&silence(400), &[]);
    assert!(office.sent.is_empty());
}

#[test]
fn a_line_may_be_taken_up_before_it_is_connected() {
    let mut office = Office::new();
    office.tell(DeskSound::Talk { stream: Some(A) });
    assert!(!office.desk.wants_microphone());
    office.connect(A, agreed(A));
    assert!(office.desk.wants_microphone());
    office.run(&silence(100), &[]);
    assert_eq!(office.sent.len(), 5);
}

#[test]
fn the_muted_send_silence() {
    let mut office = Office::talking();
    office.tell(DeskSound::Mute(true));
    office.run(&sine(500.0, 0.3, 400), &[]);
    assert_eq!(office.sent.len(), 20);
    assert!(energy_dbfs(&office.sent_sound()) < -70.0);
}

#[test]
fn whoever_is_on_hold_by_the_far_end_sends_nothing() {
    let mut office = Office::talking();
    office.connect(A, Agreed { send: false, ..agreed(A) });
    office.run(&silence(400), &[]);
    assert!(office.sent.is_empty());
}

#[test]
fn packets_are_as_long_as_the_far_end_asks() {
    for (ptime_ms, packets) in [(10, 60), (20, 30), (30, 20), (60, 10)] {
        let mut office = Office::talking();
        office.connect(A, Agreed { ptime_ms, ..agreed(A) });
        office.run(&silence(600), &[]);
        assert_eq!(office.sent.len(), packets, "{ptime_ms}");
        let timestamps: Vec<u32> =
            office.sent.iter().map(|(_, p)| Packet::read(p).unwrap().header.timestamp).collect();
        let step = u32::from(ptime_ms) * 8;
        assert!(timestamps.windows(2).all(|t| t[1].wrapping_sub(t[0]) == step), "{ptime_ms}");
    }
}

#[test]
fn a_digit_goes_out_as_an_event_and_is_heard_in_the_ear() {
    let mut office = Office::talking();
    office.tell(DeskSound::SendDigit { stream: A, digit: '1' });
    office.run(&silence(300), &[]);
    let packets: Vec<Packet<'_>> =
        office.sent.iter().map(|(_, packet)| Packet::read(packet).unwrap()).collect();
    let events = packets.iter().filter(|p| p.header.payload_type == 101);
    assert!(events.clone().all(|p| Report::read(p.payload).unwrap().event == 1));
    assert_eq!(events.count(), 8);
    assert_eq!(packets.last().unwrap().header.payload_type, 8);
    assert!(share_at(&office.ear[..800], 697.0) > 0.4);
}

#[test]
fn without_telephone_event_a_digit_goes_out_as_its_tones() {
    let mut office = Office::talking();
    office.connect(A, Agreed { dtmf_payload_type: None, ..agreed(A) });
    office.tell(DeskSound::SendDigit { stream: A, digit: '5' });
    office.run(&silence(200), &[]);
    let sound = office.sent_sound();
    assert!(share_at(&sound[..800], 770.0) > 0.4 && share_at(&sound[..800], 1_336.0) > 0.4);
}

#[test]
fn a_ring_rings_and_in_a_call_only_knocks() {
    let mut office = Office::new();
    assert!(!office.desk.is_active());
    office.tell(DeskSound::Ring(Some(RingKind::Recall)));
    assert!(office.desk.is_active());
    office.run(&silence(400), &[]);
    assert!(energy_dbfs(&office.ringer) > -20.0);
    assert_eq!(energy_dbfs(&office.ear), -90.0);
    let mut office = Office::talking();
    office.tell(DeskSound::Ring(Some(RingKind::Recall)));
    office.run(&silence(400), &[]);
    assert_eq!(energy_dbfs(&office.ringer), -90.0);
    assert!((-45.0..-25.0).contains(&energy_dbfs(&office.knock)));
    office.tell(DeskSound::Ring(None));
    office.knock.clear();
    office.run(&silence(400), &[]);
    assert_eq!(energy_dbfs(&office.knock), -90.0);
}

#[test]
fn ringback_goes_on_and_a_confirmation_ends_by_itself() {
    let mut office = Office::new();
    office.tell(DeskSound::EarTone(Some(Tone::Confirm)));
    office.run(&silence(700), &[]);
    assert!(energy_dbfs(&office.ear) > -40.0 && !office.desk.is_active());
    office.tell(DeskSound::EarTone(Some(Tone::Ringback)));
    office.run(&silence(7_000), &[]);
    assert!(office.desk.is_active());
    office.tell(DeskSound::EarTone(None));
    assert!(!office.desk.is_active());
}

#[test]
fn meters_are_told_once_a_second_and_only_when_changed() {
    let mut office = Office::talking();
    office.run(&sine(500.0, 0.5, 3_000), &sine(1_000.0, 0.25, 3_000));
    let meters: Vec<Meters> = office
        .reports
        .iter()
        .filter_map(|report| match report {
            SoundEvent::Meters(meters) => Some(*meters),
            _ => None,
        })
        .collect();
    assert!((1..=2).contains(&meters.len()), "{meters:?}");
    let last = meters.last().unwrap();
    assert_eq!((last.microphone_dbfs, last.ear_dbfs), (-9, -15));
    assert_eq!((last.loss_percent, last.jitter_ms), (0, 0));
    assert!((20..=60).contains(&last.delay_ms), "{last:?}");
}

#[test]
fn silence_of_the_far_end_is_told_once() {
    let mut office = Office::talking();
    office.run(&silence(25_000), &[]);
    let silent = |report: &&SoundEvent| matches!(report, SoundEvent::Silent { .. });
    assert_eq!(office.reports.iter().filter(silent).count(), 1);
    office.reports.clear();
    office.run(&silence(1_000), &sine(1_000.0, 0.25, 1_000));
    let back = |report: &&SoundEvent| matches!(report, SoundEvent::FirstPacket { .. });
    assert_eq!(office.reports.iter().filter(back).count(), 1);
}

#[test]
fn a_stranger_is_not_heard() {
    let mut office = Office::talking();
    let header = [0x80, 8, 0, 1, 0, 0, 0, 160, 0, 0, 0, 5];
    let datagram = [&header[..], &[0x2a; 160]].concat();
    let effects = office.desk.received(A, far(B), &datagram, office.now);
    assert!(effects.is_empty());
    office.run(&silence(200), &[]);
    assert_eq!(energy_dbfs(&office.ear), -90.0);
}
