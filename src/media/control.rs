//! What media streams are told by call control, and what they report.
//!
//! A stream is one UDP port pair of one call leg. The edge binds a stock of
//! them ahead; call control spends one for each leg and knows it by its id.

use core::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// One anchored stream. Never used twice while the program lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId(pub u64);

/// A bound port pair, ready to be spent on a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortToken {
    pub stream: StreamId,
    /// RTP; RTCP is the next one up.
    pub port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Codec {
    /// G.711 u-law, static payload type 0 (RFC 3551 §4.5.14).
    Pcmu,
    /// G.711 A-law, static payload type 8.
    Pcma,
}

impl Codec {
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }
}

/// What two sides agreed for one audio stream (RFC 3264).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    pub codec: Codec,
    /// The payload type we send to the peer for `codec`.
    pub payload_type: u8,
    /// The payload type we receive it as.
    pub receive_payload_type: u8,
    /// telephone-event as sent to the peer, if he takes it (RFC 4733).
    pub dtmf_payload_type: Option<u8>,
    pub receive_dtmf_payload_type: Option<u8>,
    /// Milliseconds of sound in a packet to the peer.
    pub ptime_ms: u8,
    /// Where the peer's SDP wants its packets.
    pub remote: SocketAddr,
    /// We may send: the peer did not say `sendonly` or `inactive`.
    pub send: bool,
    /// The peer may send: he did not say `recvonly` or `inactive`.
    pub receive: bool,
}

/// From whom a stream takes packets, besides the negotiated address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Learn {
    /// Only from the negotiated address.
    Never,
    /// Once, from any port of this host: the one signalling comes from (a
    /// phone behind a NAT). Afterwards only from what was learned.
    OnceFrom(IpAddr),
}

/// What goes out on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    Nothing,
    /// The hold music, from its shared encoded frames, the first packet at once.
    Music,
    /// What this other stream receives, relayed in both payload and telephone events.
    Stream(StreamId),
    Tone(Tone),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    /// Two short beeps: done.
    Confirm,
    /// Low and short: refused, nothing there.
    Refused,
    Ringback,
    Busy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaCommand {
    /// It is a leg's now, and rings perhaps for minutes before it connects:
    /// the stock is filled up behind it.
    Spend {
        stream: StreamId,
    },
    /// The negotiation's result, first or new. Sending may begin.
    Connect {
        stream: StreamId,
        agreed: Agreed,
        learn: Learn,
    },
    Play {
        stream: StreamId,
        source: Source,
    },
    /// One telephone event of `duration_ms` (RFC 4733).
    SendDigit {
        stream: StreamId,
        digit: char,
        duration_ms: u16,
    },
    /// The port goes back to the stock under a new id.
    Close {
        stream: StreamId,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaEvent {
    /// Newly bound; the stock grows by it.
    PortReady(PortToken),
    /// The peer's first packet since [`MediaCommand::Connect`].
    FirstPacket { stream: StreamId, from: SocketAddr },
    /// A telephone event has ended.
    Digit { stream: StreamId, digit: char },
    /// Nothing from the peer for `for_ms`. Told once until he sends again.
    Silent { stream: StreamId, for_ms: u32 },
    /// He does, after [`Self::Silent`].
    HeardAgain { stream: StreamId },
}

impl MediaEvent {
    pub fn stream(&self) -> StreamId {
        match self {
            Self::PortReady(token) => token.stream,
            Self::FirstPacket { stream, .. }
            | Self::Digit { stream, .. }
            | Self::Silent { stream, .. }
            | Self::HeardAgain { stream } => *stream,
        }
    }
}

/// What the desk's sound is told. Streams are the desk's own, one for each
/// line, spent from the stock that [`SoundEvent::PortReady`] fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeskSound {
    /// The negotiation's result, first or new. The stream is silent until it
    /// is the one that talks.
    Connect { stream: StreamId, agreed: Agreed, learn: Learn },
    /// The stream between microphone and ear; all others send nothing and
    /// are not heard. One may be named before it is connected: early media
    /// and the first word are heard at once.
    Talk { stream: Option<StreamId> },
    /// The port goes back to the stock under a new id.
    Close { stream: StreamId },
    /// Rings until told otherwise.
    Ring(Option<RingKind>),
    /// In the ear, over what is heard: ringback and busy until told
    /// otherwise, confirm and refused once.
    EarTone(Option<Tone>),
    /// The microphone sends silence.
    Mute(bool),
    /// One telephone event to the far end and its tones in the ear.
    SendDigit { stream: StreamId, digit: char },
}

/// Rings that can be told apart with closed eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RingKind {
    /// From outside: a double ring.
    Outside,
    /// From a colleague: a single ring.
    Inside,
    /// A parked call comes back.
    Recall,
}

/// What the desk's sound reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SoundEvent {
    /// Newly bound; the stock grows by it.
    PortReady(PortToken),
    /// The peer's first packet since [`DeskSound::Connect`], or since he was
    /// [`Self::Silent`].
    FirstPacket { stream: StreamId },
    /// The far end sent a telephone event; it has ended.
    Digit { stream: StreamId, digit: char },
    /// Nothing from the peer for `for_ms`. Told once until he sends again.
    Silent { stream: StreamId, for_ms: u32 },
    /// A sound device is missing or has failed; calls go on without it.
    NoDevice { which: SoundDevice, why: String },
    /// A device works again, by this name.
    DeviceReady { which: SoundDevice, name: String },
    /// At most once a second, and only when something has changed.
    Meters(Meters),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SoundDevice {
    Microphone,
    Ear,
    Ringer,
}

/// How the talking stream fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meters {
    /// From -90 (silence) to 0.
    pub microphone_dbfs: i8,
    pub ear_dbfs: i8,
    /// Of the last second's packets: lost, or too late to be heard.
    pub loss_percent: u8,
    /// As RFC 3550 §6.4.1 estimates it.
    pub jitter_ms: u16,
    /// From a packet's arrival to the ear: what the jitter buffer holds.
    pub delay_ms: u16,
}
