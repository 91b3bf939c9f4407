//! The desk's sound with files for devices, over real sockets.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::edge::rtp::range_for_test;
use crate::edge::wav;
use crate::media::control::{
    Agreed, Codec, Learn, PortToken, RingKind, SoundDevice as Device, StreamId, Tone,
};
use crate::media::measure::{energy_dbfs, share_at};
use crate::media::tones::sine;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct TestDesk {
    sound: SoundHandle,
    events: UnboundedReceiver<SoundEvent>,
    token: PortToken,
}

fn settings(talk_in: SoundDevice, talk_out: SoundDevice) -> Settings {
    Settings { talk_in, talk_out, ring: SoundDevice::Null, beep: None }
}

fn open(devices: Settings) -> TestDesk {
    let ports = range_for_test(5);
    let config = SoundConfig { devices, address: LOCAL, ports, stock: 2 };
    let (sound, mut events) = Sound::start(config, Clock::start()).unwrap();
    let token = loop {
        if let SoundEvent::PortReady(token) = events.blocking_recv().unwrap() {
            break token;
        }
    };
    TestDesk { sound, events, token }
}

fn wav_of(path: &Path) -> SoundDevice {
    SoundDevice::Wav(path.to_str().unwrap().to_owned())
}

fn tone_file(folder: &Path, frequency_hz: f32) -> PathBuf {
    let path = folder.join(format!("{frequency_hz}.wav"));
    let mut writer = wav::create(&path).unwrap();
    sine(frequency_hz, 0.3, 1_000).into_iter().for_each(|s| writer.write_sample(s).unwrap());
    writer.finalize().unwrap();
    path
}

impl TestDesk {
    fn call(&self, other: &Self) {
        let agreed = Agreed {
            codec: Codec::Pcma,
            payload_type: 8,
            receive_payload_type: 8,
            dtmf_payload_type: Some(101),
            receive_dtmf_payload_type: Some(101),
            ptime_ms: 20,
            remote: SocketAddr::new(LOCAL, other.token.port),
            send: true,
            receive: true,
        };
        let stream = self.token.stream;
        self.sound.send(DeskSound::Connect { stream, agreed, learn: Learn::Never });
        self.sound.send(DeskSound::Talk { stream: Some(stream) });
    }

    fn wait_for(&mut self, mut wanted: impl FnMut(&SoundEvent) -> bool) -> SoundEvent {
        loop {
            let event = self.events.blocking_recv().expect("the sound thread goes on");
            if wanted(&event) {
                return event;
            }
        }
    }

    fn device_is_ready(&mut self, device: Device) {
        self.wait_for(|e| matches!(e, SoundEvent::DeviceReady { which, .. } if *which == device));
    }

    /// Meters come once a second while there is a call.
    fn meters(&mut self) {
        self.wait_for(|event| matches!(event, SoundEvent::Meters(_)));
    }

    /// The file is whole when the thread has ended.
    fn leave(self) {
        let Self { sound, mut events, .. } = self;
        drop(sound);
        while events.blocking_recv().is_some() {}
    }
}

#[test]
fn two_desks_hear_each_others_microphones() {
    let folder = tempfile::tempdir().unwrap();
    let (ear_a, ear_b) = (folder.path().join("a.wav"), folder.path().join("b.wav"));
    let voice_a = wav_of(&tone_file(folder.path(), 600.0));
    let voice_b = wav_of(&tone_file(folder.path(), 1_000.0));
    let mut a = open(settings(voice_a, wav_of(&ear_a)));
    let mut b = open(settings(voice_b, wav_of(&ear_b)));
    for desk in [&mut a, &mut b] {
        desk.device_is_ready(Device::Microphone);
        desk.device_is_ready(Device::Ear);
    }
    a.call(&b);
    b.call(&a);
    a.wait_for(|event| matches!(event, SoundEvent::FirstPacket { .. }));
    a.sound.send(DeskSound::SendDigit { stream: a.token.stream, digit: '7' });
    let stream = b.token.stream;
    b.wait_for(|event| *event == SoundEvent::Digit { stream, digit: '7' });
    a.meters();
    b.meters();
    a.leave();
    b.leave();
    for (path, frequency_hz) in [(ear_a, 1_000.0), (ear_b, 600.0)] {
        let heard = wav::load(&path).unwrap();
        let end = &heard[heard.len() - 1_600..];
        assert!(energy_dbfs(end) > -20.0, "{}", energy_dbfs(end));
        assert!(share_at(end, frequency_hz) > 0.9, "{frequency_hz}");
    }
}

#[test]
fn without_a_sound_card_calls_go_on_and_the_reason_is_told() {
    let none = || SoundDevice::Named("no such device".into());
    let mut deaf = open(settings(none(), none()));
    let mut other = open(settings(SoundDevice::Null, SoundDevice::Null));
    let event = deaf.wait_for(|event| matches!(event, SoundEvent::NoDevice { .. }));
    let SoundEvent::NoDevice { which: Device::Microphone, why } = event else {
        panic!("{event:?}")
    };
    assert!(why.contains("no such device"), "{why}");
    deaf.call(&other);
    other.call(&deaf);
    deaf.wait_for(|event| matches!(event, SoundEvent::FirstPacket { .. }));
    other.wait_for(|event| matches!(event, SoundEvent::FirstPacket { .. }));
}

#[test]
fn the_default_device_is_there_or_missing_but_never_a_failure() {
    let mut desk = open(settings(SoundDevice::Default, SoundDevice::Null));
    desk.wait_for(|event| {
        matches!(event, SoundEvent::NoDevice { .. } | SoundEvent::DeviceReady { .. })
    });
}

#[test]
fn ring_and_ear_go_to_their_own_devices() {
    let folder = tempfile::tempdir().unwrap();
    let (ear, ring) = (folder.path().join("ear.wav"), folder.path().join("ring.wav"));
    let devices = Settings {
        talk_in: SoundDevice::Null,
        talk_out: wav_of(&ear),
        ring: wav_of(&ring),
        beep: None,
    };
    let mut desk = open(devices);
    desk.device_is_ready(Device::Ear);
    desk.device_is_ready(Device::Ringer);
    desk.sound.send(DeskSound::Ring(Some(RingKind::Inside)));
    desk.sound.send(DeskSound::EarTone(Some(Tone::Ringback)));
    wait(Duration::from_millis(400));
    desk.leave();
    let (ear, ring) = (wav::load(&ear).unwrap(), wav::load(&ring).unwrap());
    assert!(share_at(&ear[400..2_000], 440.0) > 0.4);
    assert!(share_at(&ring[400..2_000], 659.0) > 0.4);
}

#[test]
fn one_device_for_several_ends_is_opened_once() {
    let named = |name: &str| SoundDevice::Named(name.into());
    let all = settings(SoundDevice::Default, SoundDevice::Default);
    let all = Settings { ring: SoundDevice::Default, ..all };
    assert_eq!(outputs(&all), (vec![SoundDevice::Default], Roles { ear: 0, ringer: 0, beep: 0 }));
    let split = Settings { ring: named("speaker"), beep: Some(named("speaker")), ..all };
    let devices = vec![SoundDevice::Default, named("speaker")];
    assert_eq!(outputs(&split), (devices, Roles { ear: 0, ringer: 1, beep: 1 }));
}

#[test]
fn a_closed_line_is_replaced_under_a_new_id() {
    let mut desk = open(settings(SoundDevice::Null, SoundDevice::Null));
    let first = desk.token.stream;
    desk.sound.send(DeskSound::Close { stream: first });
    let mut seen = vec![first];
    while seen.len() < 3 {
        let event = desk.wait_for(|event| matches!(event, SoundEvent::PortReady(_)));
        let SoundEvent::PortReady(PortToken { stream, .. }) = event else { panic!() };
        assert!(!seen.contains(&stream));
        seen.push(stream);
    }
    assert_eq!(seen, [StreamId(1), StreamId(2), StreamId(3)]);
}

/// Until that much sound has been played: there is no event to wait for.
fn wait(span: Duration) {
    let socket = std::net::UdpSocket::bind((LOCAL, 0)).unwrap();
    socket.set_read_timeout(Some(span)).unwrap();
    assert!(socket.recv(&mut [0]).is_err());
}
