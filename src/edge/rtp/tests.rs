//! The media thread against real sockets on the loopback.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::sync::mpsc::error::TryRecvError;

use super::*;
use crate::media::control::{Agreed, Codec, Learn, PortToken, Source, StreamId, Tone};
use crate::media::g711;
use crate::media::measure::{dominant_frequency_hz, energy_dbfs, share_at};
use crate::media::rtp::{Header, PACKET_BYTES_MAX, Packet};
use crate::media::telephone_event::{Report, SentDigit};
use crate::media::tones::sine;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct Office {
    media: MediaHandle,
    events: UnboundedReceiver<MediaEvent>,
    clock: Clock,
}

/// A phone's end of a stream.
struct Phone {
    socket: UdpSocket,
    server: SocketAddr,
    stream: StreamId,
    agreed: Agreed,
    sequence: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Heard {
    header: Header,
    payload: Vec<u8>,
}

impl Office {
    fn open() -> Self {
        let sounds = Sounds::built_in();
        let ports = range_for_test(20);
        let config = MediaConfig { address: LOCAL, ports, stock: 4, sounds };
        let clock = Clock::start();
        let (media, events) = Media::start(config, clock).unwrap();
        Self { media, events, clock }
    }

    fn token(&mut self) -> PortToken {
        loop {
            if let MediaEvent::PortReady(token) = self.events.blocking_recv().unwrap() {
                return token;
            }
        }
    }

    fn phone(&mut self, codec: Codec, payload_type: u8, event: Option<u8>) -> Phone {
        let PortToken { stream, port } = self.token();
        let socket = UdpSocket::bind((LOCAL, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let agreed = Agreed {
            codec,
            payload_type,
            receive_payload_type: payload_type,
            dtmf_payload_type: event,
            receive_dtmf_payload_type: event,
            ptime_ms: 20,
            remote: socket.local_addr().unwrap(),
            send: true,
            receive: true,
        };
        self.media.send(MediaCommand::Connect { stream, agreed, learn: Learn::Never });
        Phone { socket, server: SocketAddr::new(LOCAL, port), stream, agreed, sequence: 900 }
    }

    fn play(&self, phone: &Phone, source: Source) {
        self.media.send(MediaCommand::Play { stream: phone.stream, source });
    }

    fn bridge(&self, a: &Phone, b: &Phone) {
        self.play(a, Source::Stream(b.stream));
        self.play(b, Source::Stream(a.stream));
    }

    /// The next event of another kind than a ready port.
    fn event(&mut self) -> MediaEvent {
        loop {
            match self.events.blocking_recv().unwrap() {
                MediaEvent::PortReady(_) => {}
                event => return event,
            }
        }
    }
}

impl Phone {
    fn hear(&self) -> Heard {
        let mut buffer = [0; PACKET_BYTES_MAX];
        let (length, from) = self.socket.recv_from(&mut buffer).unwrap();
        assert_eq!(from, self.server);
        let packet = Packet::read(&buffer[..length]).unwrap();
        Heard { header: packet.header, payload: packet.payload.to_vec() }
    }

    fn hear_many(&self, count: usize) -> Vec<Heard> {
        (0..count).map(|_| self.hear()).collect()
    }

    fn hears_nothing_for(&self, ms: u64) {
        self.socket.set_read_timeout(Some(Duration::from_millis(ms))).unwrap();
        assert!(self.socket.recv_from(&mut [0; 64]).is_err());
        self.socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    }

    fn say(&mut self, payload: &[u8]) {
        let timestamp = u32::from(self.sequence) * 160;
        self.send(self.agreed.payload_type, timestamp, payload);
    }

    fn send(&mut self, payload_type: u8, timestamp: u32, payload: &[u8]) {
        let packet = packet(payload_type, self.sequence, timestamp, payload);
        self.socket.send_to(&packet, self.server).unwrap();
        self.sequence += 1;
    }
}

fn packet(payload_type: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let header = Header { marker: false, payload_type, sequence, timestamp, ssrc: 4711 };
    let mut buffer = [0; 400];
    let length = header.write(payload, &mut buffer).unwrap();
    buffer[..length].to_vec()
}

fn sequences_are_whole(heard: &[Heard]) {
    for pair in heard.windows(2) {
        let (before, after) = (pair[0].header, pair[1].header);
        assert_eq!(after.ssrc, before.ssrc);
        assert_eq!(after.sequence, before.sequence.wrapping_add(1));
        let step = after.timestamp.wrapping_sub(before.timestamp);
        assert!((160..8_000).contains(&step), "{step}");
    }
}

#[test]
fn music_begins_at_once() {
    let mut office = Office::open();
    // The best of some: the machine may be busy with other things.
    let waits = (0..5).map(|_| {
        let phone = office.phone(Codec::Pcma, 8, None);
        let asked = office.clock.now();
        office.play(&phone, Source::Music);
        phone.hear();
        office.clock.now().since(asked)
    });
    let least = waits.min().unwrap();
    assert!(least < Duration::from_millis(5), "{least:?}");
}

#[test]
fn music_goes_on_without_a_gap_in_its_own_time() {
    let mut office = Office::open();
    let phone = office.phone(Codec::Pcma, 8, None);
    let asked = office.clock.now();
    office.play(&phone, Source::Music);
    let heard = phone.hear_many(25);
    let took = office.clock.now().since(asked);
    assert!((450..2_000).contains(&took.as_millis()), "{took:?}");
    sequences_are_whole(&heard);
    let marks: Vec<bool> = heard.iter().map(|h| h.header.marker).collect();
    assert_eq!(marks.iter().position(|mark| *mark), Some(0));
    assert_eq!(marks.iter().filter(|mark| **mark).count(), 1);
    let sounds = Sounds::built_in();
    let expected = sounds.music().bytes(Codec::Pcma).chunks(160);
    assert!(heard.iter().map(|h| h.payload.as_slice()).eq(expected.take(25)));
}

#[test]
fn peer_then_music_then_peer_is_one_clean_stream() {
    let mut office = Office::open();
    let caller = office.phone(Codec::Pcmu, 0, None);
    let mut bob = office.phone(Codec::Pcmu, 0, None);
    let mut ann = office.phone(Codec::Pcmu, 0, None);
    office.bridge(&caller, &bob);
    let mut heard = Vec::new();
    for _ in 0..3 {
        bob.say(&[0x11; 160]);
        heard.push(caller.hear());
    }
    office.play(&caller, Source::Music);
    heard.extend(caller.hear_many(5));
    office.bridge(&caller, &ann);
    ann.say(&[0x22; 160]);
    // A packet of music may still have been on its way.
    let mut next = caller.hear();
    while next.payload != [0x22; 160] {
        heard.push(next);
        next = caller.hear();
    }
    assert!(next.header.marker);
    heard.push(next);
    sequences_are_whole(&heard);
    // Bob is still there, but nobody plays him any more.
    bob.say(&[0x33; 160]);
    caller.hears_nothing_for(100);
}

#[test]
fn a_stranger_is_never_heard() {
    let mut office = Office::open();
    let (mut a, b) = (office.phone(Codec::Pcma, 8, None), office.phone(Codec::Pcma, 8, None));
    office.bridge(&a, &b);
    a.say(&[1; 160]);
    let first = b.hear();
    let stranger = UdpSocket::bind((LOCAL, 0)).unwrap();
    for sequence in 901..921 {
        // All he could know: the port, the codec, the very numbers.
        let forged = packet(8, sequence, u32::from(sequence) * 160, &[6; 160]);
        stranger.send_to(&forged, a.server).unwrap();
    }
    a.say(&[2; 160]);
    let second = b.hear();
    assert_eq!((first.payload[0], second.payload[0]), (1, 2));
    assert_eq!(second.header.sequence, first.header.sequence.wrapping_add(1));
    assert_eq!(office.media.counters().of_strangers(), 20);
    stranger.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(stranger.recv_from(&mut [0; 64]).is_err());
}

#[test]
fn a_phone_behind_a_nat_is_learned_and_answered_where_it_is() {
    let mut office = Office::open();
    let (mut a, mut b) = (office.phone(Codec::Pcma, 8, None), office.phone(Codec::Pcma, 8, None));
    office.bridge(&a, &b);
    // What its description says leads nowhere.
    let agreed = Agreed { remote: "192.0.2.55:4000".parse().unwrap(), ..a.agreed };
    let learn = Learn::OnceFrom(LOCAL);
    office.media.send(MediaCommand::Connect { stream: a.stream, agreed, learn });
    a.say(&[7; 160]);
    assert_eq!(b.hear().payload, [7; 160]);
    let from = a.socket.local_addr().unwrap();
    assert_eq!(office.event(), MediaEvent::FirstPacket { stream: a.stream, from });
    b.say(&[8; 160]);
    assert_eq!(a.hear().payload, [8; 160]);
}

#[test]
fn from_one_law_to_the_other_a_tone_keeps_pitch_and_loudness() {
    for (from, to) in [(Codec::Pcma, Codec::Pcmu), (Codec::Pcmu, Codec::Pcma)] {
        let mut office = Office::open();
        let number = |codec| if codec == Codec::Pcma { 8 } else { 0 };
        let mut a = office.phone(from, number(from), None);
        let b = office.phone(to, number(to), None);
        office.bridge(&a, &b);
        let tone = sine(1_000.0, 0.3, 400);
        let mut heard = Vec::new();
        for frame in tone.chunks(160) {
            a.say(&g711::encoded_samples(from, frame).collect::<Vec<_>>());
            let packet = b.hear();
            assert_eq!(packet.header.payload_type, number(to));
            heard.extend(g711::decoded_bytes(to, &packet.payload));
        }
        assert_eq!(dominant_frequency_hz(&heard), Some(1_000.0));
        assert!(share_at(&heard, 1_000.0) > 0.99);
        assert!((energy_dbfs(&heard) - energy_dbfs(&tone)).abs() < 0.2);
    }
}

#[test]
fn digits_pass_under_the_listeners_number_and_are_told_once() {
    let mut office = Office::open();
    let (mut a, b) =
        (office.phone(Codec::Pcma, 8, Some(96)), office.phone(Codec::Pcmu, 0, Some(101)));
    office.bridge(&a, &b);
    a.say(&[0xd5; 160]);
    let mut heard = vec![b.hear()];
    let mut digit = SentDigit::new('5', 100).unwrap();
    let timestamp = u32::from(a.sequence) * 160;
    while let Some(report) = digit.next_report() {
        a.send(96, timestamp, &report.to_bytes());
        heard.push(b.hear());
    }
    assert_eq!(heard.len(), 8);
    for packet in &heard[1..] {
        assert_eq!(packet.header.payload_type, 101);
        assert_eq!(packet.header.timestamp, heard[0].header.timestamp.wrapping_add(160));
        assert_eq!(Report::read(&packet.payload).unwrap().event, 5);
    }
    let from = a.socket.local_addr().unwrap();
    assert_eq!(office.event(), MediaEvent::FirstPacket { stream: a.stream, from });
    assert_eq!(office.event(), MediaEvent::Digit { stream: a.stream, digit: '5' });
    while let Ok(event) = office.events.try_recv() {
        assert!(matches!(event, MediaEvent::PortReady(_)), "{event:?}");
    }
}

#[test]
fn a_digit_of_ours_interrupts_the_music_and_the_music_goes_on() {
    let mut office = Office::open();
    let phone = office.phone(Codec::Pcma, 8, Some(101));
    office.play(&phone, Source::Music);
    let before = phone.hear();
    let (stream, duration_ms) = (phone.stream, 60);
    office.media.send(MediaCommand::SendDigit { stream, digit: '#', duration_ms });
    let heard = phone.hear_many(8);
    let events: Vec<Report> = heard
        .iter()
        .filter(|h| h.header.payload_type == 101)
        .map(|h| Report::read(&h.payload).unwrap())
        .collect();
    assert_eq!(events.iter().filter(|report| report.end).count(), 3);
    assert!(events.iter().all(|report| report.event == 11));
    assert_eq!(heard.last().unwrap().header.payload_type, 8);
    let last = before.header.sequence.wrapping_add(8);
    assert_eq!(heard.last().unwrap().header.sequence, last);
}

#[test]
fn a_tone_ends_by_itself() {
    let mut office = Office::open();
    let phone = office.phone(Codec::Pcma, 8, None);
    office.play(&phone, Source::Tone(Tone::Confirm));
    let heard = phone.hear_many(30);
    let sound: Vec<i16> =
        heard.iter().flat_map(|h| g711::decoded_bytes(Codec::Pcma, &h.payload)).collect();
    assert!(share_at(&sound[400..1_120], 660.0) > 0.9);
    phone.hears_nothing_for(100);
}

#[test]
#[cfg(target_os = "linux")]
fn of_what_a_parked_caller_says_hardly_anything_is_read_until_somebody_listens() {
    let mut office = Office::open();
    let (mut caller, desk) =
        (office.phone(Codec::Pcma, 8, None), office.phone(Codec::Pcma, 8, None));
    office.play(&caller, Source::Music);
    caller.say(&[1; 160]);
    let from = caller.socket.local_addr().unwrap();
    assert_eq!(office.event(), MediaEvent::FirstPacket { stream: caller.stream, from });
    caller.hear_many(3);
    let read = office.media.counters().received();
    for _ in 0..unheard::SIGN_OF_LIFE_ONE_IN {
        caller.say(&[1; 160]);
    }
    caller.hear_many(3);
    assert_eq!(office.media.counters().received(), read + 1);
    office.bridge(&caller, &desk);
    caller.say(&[2; 160]);
    // The command and the packet race; a phone goes on talking.
    let mut heard = None;
    desk.socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    for _ in 0..50 {
        caller.say(&[2; 160]);
        let mut buffer = [0; 200];
        if let Ok((length, _)) = desk.socket.recv_from(&mut buffer) {
            heard = Some(buffer[length - 1]);
            break;
        }
    }
    assert_eq!(heard, Some(2));
}

#[test]
fn a_closed_port_comes_back_under_a_new_id_after_its_rest() {
    let config = MediaConfig {
        address: LOCAL,
        ports: range_for_test(1),
        stock: 1,
        sounds: Sounds::with_music(&[]),
    };
    let clock = Clock::start();
    let (media, mut events) = Media::start(config, clock).unwrap();
    let MediaEvent::PortReady(first) = events.blocking_recv().unwrap() else { panic!() };
    let closed_at = clock.now();
    media.send(MediaCommand::Close { stream: first.stream });
    let MediaEvent::PortReady(second) = events.blocking_recv().unwrap() else { panic!() };
    assert_eq!(second.port, first.port);
    assert_ne!(second.stream, first.stream);
    assert!(clock.now().since(closed_at) >= Duration::from_millis(1_900));
}

#[test]
fn every_connected_stream_is_replaced_until_the_range_is_spent() {
    let mut office = Office::open();
    let phones: Vec<Phone> = (0..20).map(|_| office.phone(Codec::Pcma, 8, None)).collect();
    let ports: std::collections::BTreeSet<u16> = phones.iter().map(|p| p.server.port()).collect();
    assert_eq!(ports.len(), 20);
    assert_eq!(office.events.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn streams_that_only_ring_are_replaced_as_well() {
    let mut office = Office::open();
    for _ in 0..20 {
        let stream = office.token().stream;
        office.media.send(MediaCommand::Spend { stream });
    }
    // None of the range is left.
    assert_eq!(office.events.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_range_without_a_free_port_is_told_at_the_start() {
    let ports = range_for_test(1);
    let _other = UdpSocket::bind((LOCAL, *ports.start())).unwrap();
    let sounds = Sounds::with_music(&[]);
    let config = MediaConfig { address: LOCAL, ports, stock: 1, sounds };
    assert!(Media::start(config, Clock::start()).is_err());
}

#[test]
fn one_socket_serves_both_families() {
    let config = MediaConfig {
        address: "::".parse().unwrap(),
        ports: range_for_test(10),
        stock: 2,
        sounds: Sounds::built_in(),
    };
    let clock = Clock::start();
    let (media, events) = Media::start(config, clock).unwrap();
    let mut office = Office { media, events, clock };
    let phone = office.phone(Codec::Pcma, 8, None);
    office.play(&phone, Source::Music);
    phone.hear_many(3);
}
