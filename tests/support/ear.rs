//! What a person hears and says: an RTP socket with a tone for a voice.

use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use bellhop::media::control::Codec;
use bellhop::media::g711;
use bellhop::media::measure::{energy_dbfs, share_at};
use bellhop::media::sounds::Sounds;
use bellhop::media::tones::sine;

use super::running::wait_for;

const HEADER: usize = 12;
const FRAME: usize = 160;
const PACE: Duration = Duration::from_millis(20);
const PCMU: u8 = 0;
const PCMA: u8 = 8;
const WAV_HEADER: usize = 44;
/// A voice that is neither faint nor distorted.
const LEVEL: f32 = 0.25;
/// Long enough to tell sounds apart, short enough to follow their changes.
pub const MOMENT: usize = 1200;

/// Speaks to whoever spoke to it last.
pub struct Ear {
    pub port: u16,
    heard: Arc<Mutex<Vec<i16>>>,
    /// Whom it speaks to and how, once it knows.
    peer: Arc<Mutex<Option<(SocketAddr, Codec)>>>,
}

impl Ear {
    pub fn with_voice(hz: f32) -> Self {
        Self::at("127.0.0.1", hz)
    }

    pub fn at(address: &str, hz: f32) -> Self {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        socket.set_read_timeout(Some(PACE / 4)).unwrap();
        let port = socket.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::downgrade(&heard);
        let peer = Arc::new(Mutex::new(None::<(SocketAddr, Codec)>));
        let to = Arc::clone(&peer);
        std::thread::spawn(move || {
            let (mut packet, mut sequence) = ([0; 2048], 0);
            let mut next = Instant::now();
            // The thread ends with the ear.
            while let Some(heard) = theirs.upgrade() {
                if let Ok((length, from)) = socket.recv_from(&mut packet)
                    && length > HEADER
                    && matches!(packet[1] & 0x7f, PCMU | PCMA)
                {
                    heard.lock().unwrap().extend(decoded(&packet[..length]));
                    let mut to = to.lock().unwrap();
                    *to = Some((from, to.map_or(Codec::Pcma, |(_, codec)| codec)));
                }
                let peer = *to.lock().unwrap();
                if let Some((peer, codec)) = peer.filter(|_| Instant::now() >= next) {
                    let _ = socket.send_to(&spoken(codec, hz, sequence), peer);
                    sequence += 1;
                    next = Instant::now() + PACE;
                }
            }
        });
        Self { port, heard, peer }
    }

    /// Without waiting to be spoken to.
    pub fn speaks_to(&self, peer: SocketAddr, codec: Codec) {
        *self.peer.lock().unwrap() = Some((peer, codec));
    }

    pub fn hears(&self, sound: Sound) -> bool {
        sound.is_in(&self.heard.lock().unwrap())
    }

    pub fn awaits(&self, sound: Sound) {
        wait_for(&format!("{sound:?} at port {}", self.port), || self.hears(sound).then_some(()));
    }
}

fn decoded(packet: &[u8]) -> Vec<i16> {
    let codec = if packet[1] & 0x7f == PCMA { Codec::Pcma } else { Codec::Pcmu };
    g711::decoded_bytes(codec, &packet[HEADER..]).collect()
}

fn spoken(codec: Codec, hz: f32, sequence: u16) -> Vec<u8> {
    let start = u32::from(sequence) * FRAME as u32;
    let payload_type = if codec == Codec::Pcma { PCMA } else { PCMU };
    let mut packet = vec![0x80, payload_type];
    packet.extend(sequence.to_be_bytes());
    packet.extend(start.to_be_bytes());
    packet.extend([7, 7, 7, 7]);
    packet.extend((start..start + FRAME as u32).map(|at| {
        let turns = at as f32 * hz / 8000.0;
        g711::encode(codec, (8000.0 * (turns * core::f32::consts::TAU).sin()) as i16)
    }));
    packet
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sound {
    Tone(f32),
    HoldMusic,
    Silence,
}

impl Sound {
    /// Whether it is what was heard last.
    pub fn is_in(self, heard: &[i16]) -> bool {
        let Some(start) = heard.len().checked_sub(MOMENT) else { return false };
        let last = &heard[start..];
        match self {
            Self::Tone(hz) => energy_dbfs(last) > -30.0 && share_at(last, hz) > 0.9,
            Self::HoldMusic => energy_dbfs(last) > -50.0 && is_hold_music(last),
            Self::Silence => energy_dbfs(last) < -60.0,
        }
    }
}

/// A voice of one pitch for a second; it can be said again and again.
pub fn voice(hz: u16) -> Vec<i16> {
    sine(f32::from(hz), LEVEL, 1000)
}

/// The sound in a WAV file of 8 kHz, 16 bits and one channel, which may still
/// be growing; none before it is there.
pub fn recorded(file: &Path) -> Vec<i16> {
    let bytes = std::fs::read(file).unwrap_or_default();
    let sound = bytes.get(WAV_HEADER..).unwrap_or_default();
    sound.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
}

/// Byte for byte a piece of the music the server has.
fn is_hold_music(samples: &[i16]) -> bool {
    static MUSIC: OnceLock<[(Codec, Vec<u8>); 2]> = OnceLock::new();
    let music = MUSIC.get_or_init(|| {
        let sounds = Sounds::built_in();
        [Codec::Pcma, Codec::Pcmu].map(|codec| {
            let once = sounds.music().bytes(codec);
            // It begins again where it ends.
            (codec, once.iter().chain(&once[..MOMENT]).copied().collect())
        })
    });
    music.iter().any(|(codec, music)| {
        let heard: Vec<u8> = g711::encoded_samples(*codec, samples).collect();
        let mut pieces = music.windows(heard.len());
        pieces.any(|piece| piece[0] == heard[0] && piece == heard)
    })
}
