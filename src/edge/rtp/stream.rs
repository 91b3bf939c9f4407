//! One stream of the server: its sockets, its peer, what it plays, who listens.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use mio::net::UdpSocket;

use super::ports::PortPair;
use super::{Counters, unheard};
use crate::domain::time::Moment;
use crate::media::control::{Agreed, Codec, Learn, MediaEvent, StreamId, Tone};
use crate::media::g711;
use crate::media::latch::Latch;
use crate::media::relay::Relay;
use crate::media::rtp::{Header, PACKET_BYTES_MAX};
use crate::media::sounds::{Clip, Sounds};
use crate::media::telephone_event::{PACKET_MS, ReceivedDigits, SentDigit};

/// Digits waiting to be sent; a person types no faster.
const DIGITS_MAX: usize = 32;
/// Silence after which a stream is reported silent.
pub(super) const SILENT_AFTER: Duration = Duration::from_secs(10);

pub(super) struct Stream {
    pub id: StreamId,
    pub ports: PortPair,
    pub leg: Option<Leg>,
    /// No longer of the stock.
    pub is_spent: bool,
    pub playing: Playing,
    /// Slots of the streams that play what this one receives.
    pub listeners: Vec<usize>,
    /// The tick at which this stream sends next by itself.
    pub due: Option<u64>,
    digits: VecDeque<SentDigit>,
    relay: Relay,
    /// The kernel drops nearly all that arrives.
    deaf: bool,
}

/// What is known since the peers have agreed.
pub(super) struct Leg {
    pub agreed: Agreed,
    pub latch: Latch,
    pub received: ReceivedDigits,
    pub heard_at: Moment,
    /// No packet since the last [`Stream::connect`].
    pub is_unheard: bool,
    pub told_silent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Playing {
    Nothing,
    Clip { piece: Piece, position: usize },
    Stream { slot: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Music,
    Tone(Tone),
}

/// What a packet of a peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sound(Codec),
    TelephoneEvent,
}

/// The owner's things that sending needs.
pub(super) struct Desk<'a> {
    pub sounds: &'a Sounds,
    pub counters: &'a Arc<Counters>,
    pub now: Moment,
}

impl Stream {
    pub fn new(id: StreamId, ports: PortPair, relay: Relay) -> Self {
        Self {
            id,
            ports,
            leg: None,
            is_spent: false,
            playing: Playing::Nothing,
            listeners: Vec::new(),
            due: None,
            digits: VecDeque::new(),
            relay,
            deaf: false,
        }
    }

    pub fn connect(&mut self, agreed: Agreed, learn: Learn, now: Moment) {
        let (latch, received) = match self.leg.take() {
            Some(Leg { mut latch, received, .. }) => {
                latch.renew(agreed.remote, learn);
                (latch, received)
            }
            None => (Latch::new(agreed.remote, learn), ReceivedDigits::default()),
        };
        let (heard_at, is_unheard, told_silent) = (now, true, false);
        self.leg = Some(Leg { agreed, latch, received, heard_at, is_unheard, told_silent });
        self.hear();
    }

    /// Changes the source. The same piece goes on where it is.
    pub fn play(&mut self, playing: Playing) {
        let same = match (self.playing, playing) {
            (Playing::Clip { piece: now, .. }, Playing::Clip { piece: then, .. }) => now == then,
            (now, then) => now == then,
        };
        if !same {
            self.playing = playing;
            self.relay.change();
        }
    }

    pub fn queue_digit(&mut self, digit: char, duration_ms: u16) {
        if self.digits.len() < DIGITS_MAX {
            self.digits.extend(SentDigit::new(digit, duration_ms));
        }
    }

    /// There is something to send by our own clock.
    pub fn has_own(&self) -> bool {
        let may_send = self.leg.as_ref().is_some_and(|leg| leg.agreed.send);
        may_send && (self.sends_digit() || matches!(self.playing, Playing::Clip { .. }))
    }

    fn sends_digit(&self) -> bool {
        let takes = |leg: &Leg| leg.agreed.dtmf_payload_type.is_some();
        !self.digits.is_empty() && self.leg.as_ref().is_some_and(takes)
    }

    /// Sends what is due; the milliseconds until the next, if there is one.
    pub fn send_own(&mut self, desk: &Desk<'_>) -> Option<u64> {
        if !self.has_own() {
            return None;
        }
        match (self.sends_digit(), self.playing) {
            (true, _) => self.send_digit(desk),
            (false, Playing::Clip { piece, position }) => self.send_frame(piece, position, desk),
            (false, _) => None,
        }
    }

    fn send_digit(&mut self, desk: &Desk<'_>) -> Option<u64> {
        let payload_type = self.leg.as_ref()?.agreed.dtmf_payload_type?;
        let digit = self.digits.front_mut()?;
        let begins = digit.is_new();
        match digit.next_report() {
            Some(report) => {
                let header = self.relay.event(payload_type, begins, desk.now);
                self.send(header, &report.to_bytes(), None, desk);
                Some(u64::from(PACKET_MS))
            }
            None => {
                self.digits.pop_front();
                // A pause between two digits, or straight back to the music.
                self.has_own().then_some(u64::from(PACKET_MS))
            }
        }
    }

    fn send_frame(&mut self, piece: Piece, position: usize, desk: &Desk<'_>) -> Option<u64> {
        let agreed = self.leg.as_ref()?.agreed;
        let samples = u32::from(agreed.ptime_ms) * g711::SAMPLES_PER_MS;
        let clip = piece.clip(desk.sounds);
        let Some((frame, next)) = clip.frame(agreed.codec, position, samples as usize) else {
            self.play(Playing::Nothing);
            return None;
        };
        self.playing = Playing::Clip { piece, position: next };
        let header = self.relay.own(agreed.payload_type, samples, desk.now);
        self.send(header, frame, None, desk);
        Some(u64::from(agreed.ptime_ms))
    }

    /// Passes on what the stream it plays has received.
    pub fn send_relayed(&mut self, incoming: &Header, kind: Kind, payload: &[u8], desk: &Desk<'_>) {
        let Some(leg) = self.leg.as_ref().filter(|leg| leg.agreed.send) else {
            return;
        };
        let agreed = leg.agreed;
        // A digit of ours speaks over the peer.
        if self.sends_digit() {
            return;
        }
        let (payload_type, samples, conversion) = match kind {
            Kind::Sound(codec) => {
                (agreed.payload_type, payload.len() as u32, Some((codec, agreed.codec)))
            }
            Kind::TelephoneEvent => match agreed.dtmf_payload_type {
                Some(payload_type) => (payload_type, 0, None),
                None => return,
            },
        };
        let header = self.relay.relayed(incoming, payload_type, samples, desk.now);
        if let Some(header) = header {
            self.send(header, payload, conversion, desk);
        }
    }

    fn send(
        &mut self,
        header: Header,
        payload: &[u8],
        conversion: Option<(Codec, Codec)>,
        desk: &Desk<'_>,
    ) {
        let Some(peer) = self.leg.as_mut().and_then(|leg| leg.latch.spend()) else {
            return;
        };
        let mut buffer = [0; PACKET_BYTES_MAX];
        let Some(length) = header.write(payload, &mut buffer) else {
            return;
        };
        let packet = &mut buffer[..length];
        if let Some((from, to)) = conversion {
            g711::convert(from, to, &mut packet[length - payload.len()..]);
        }
        match send_to(&self.ports.rtp, packet, peer) {
            Ok(_) => desk.counters.packets_sent.fetch_add(1, Relaxed),
            Err(_) => desk.counters.packets_not_sent.fetch_add(1, Relaxed),
        };
    }

    /// Nobody listens: what arrives may be dropped in the kernel, but for
    /// signs of life, once the peer's address is known.
    pub fn turn_deaf_if_unheard(&mut self) {
        let is_music = matches!(self.playing, Playing::Clip { piece: Piece::Music, .. });
        let settled = self.leg.as_ref().is_some_and(|leg| !leg.is_unheard);
        if is_music && settled && self.listeners.is_empty() && !self.deaf {
            self.deaf = unheard::drop_most(&self.ports.rtp);
        }
    }

    pub fn hear(&mut self) {
        if std::mem::take(&mut self.deaf) {
            unheard::hear_again(&self.ports.rtp);
        }
    }

    /// The peer has just gone silent, and should not have; told once.
    pub fn falls_silent(&mut self, now: Moment) -> Option<Duration> {
        let leg = self.leg.as_mut()?;
        let silence = now.since(leg.heard_at);
        let tell = leg.agreed.receive && !leg.told_silent && silence >= SILENT_AFTER;
        leg.told_silent |= tell;
        tell.then_some(silence)
    }
}

impl Leg {
    /// A packet of the peer's has come; what that tells, if it is news.
    pub fn hears(&mut self, stream: StreamId, from: SocketAddr, now: Moment) -> Option<MediaEvent> {
        self.heard_at = now;
        let was_silent = std::mem::take(&mut self.told_silent);
        if std::mem::take(&mut self.is_unheard) {
            return Some(MediaEvent::FirstPacket { stream, from });
        }
        was_silent.then_some(MediaEvent::HeardAgain { stream })
    }

    /// None for a payload nobody agreed on: comfort noise, a stray codec.
    pub fn kind(&self, payload_type: u8) -> Option<Kind> {
        let agreed = &self.agreed;
        match payload_type {
            sound if sound == agreed.receive_payload_type => Some(Kind::Sound(agreed.codec)),
            event if Some(event) == agreed.receive_dtmf_payload_type => Some(Kind::TelephoneEvent),
            // A peer whose answer named both may send either.
            0 => Some(Kind::Sound(Codec::Pcmu)),
            8 => Some(Kind::Sound(Codec::Pcma)),
            _ => None,
        }
    }
}

impl Piece {
    fn clip(self, sounds: &Sounds) -> &Clip {
        match self {
            Self::Music => sounds.music(),
            Self::Tone(tone) => sounds.tone(tone),
        }
    }
}

/// A socket of both families wants IPv4 addresses in IPv6's clothes.
pub(in crate::edge) fn send_to(
    socket: &UdpSocket,
    packet: &[u8],
    peer: SocketAddr,
) -> io::Result<usize> {
    match (socket.send_to(packet, peer), peer.ip()) {
        (Err(error), IpAddr::V4(v4)) if is_wrong_family(&error) => {
            let mapped: Ipv6Addr = v4.to_ipv6_mapped();
            socket.send_to(packet, SocketAddr::new(mapped.into(), peer.port()))
        }
        (result, _) => result,
    }
}

/// EAFNOSUPPORT; the standard library has no kind of error for it.
fn is_wrong_family(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(97 | 47)) || error.kind() == io::ErrorKind::InvalidInput
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::ports::range_for_test;
    use super::*;

    #[test]
    fn silence_is_told_once_until_the_peer_speaks_again() {
        let s = |seconds| Moment::START + Duration::from_secs(seconds);
        let ports = PortPair::bind(Ipv4Addr::LOCALHOST.into(), *range_for_test(1).start()).unwrap();
        let mut stream = Stream::new(StreamId(1), ports, Relay::new(1, 2, 3));
        assert_eq!(stream.falls_silent(s(100)), None);
        let agreed = Agreed {
            codec: Codec::Pcma,
            payload_type: 8,
            receive_payload_type: 8,
            dtmf_payload_type: None,
            receive_dtmf_payload_type: None,
            ptime_ms: 20,
            remote: (Ipv4Addr::LOCALHOST, 4_000).into(),
            send: true,
            receive: true,
        };
        stream.connect(agreed, Learn::Never, s(100));
        assert_eq!(stream.falls_silent(s(109)), None);
        assert_eq!(stream.falls_silent(s(110)), Some(Duration::from_secs(10)));
        assert_eq!(stream.falls_silent(s(111)), None);
        let from = agreed.remote;
        let mut heard = |at| stream.leg.as_mut().unwrap().hears(StreamId(1), from, s(at));
        let first = Some(MediaEvent::FirstPacket { stream: StreamId(1), from });
        assert_eq!((heard(112), heard(113)), (first, None));
        assert_eq!(stream.falls_silent(s(123)), Some(Duration::from_secs(10)));
        let mut heard = |at| stream.leg.as_mut().unwrap().hears(StreamId(1), from, s(at));
        let again = Some(MediaEvent::HeardAgain { stream: StreamId(1) });
        assert_eq!((heard(124), heard(125)), (again, None));
        // On hold by the peer's own wish he owes us nothing.
        stream.connect(Agreed { receive: false, ..agreed }, Learn::Never, s(120));
        assert_eq!(stream.falls_silent(s(200)), None);
    }
}
