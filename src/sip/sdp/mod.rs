//! Session descriptions (RFC 4566): what a body says, read leniently and
//! within bounds, written strictly. What two of them agree on is not decided here.

mod read;
mod write;

use core::net::IpAddr;

use serde::{Deserialize, Serialize};

pub use read::{BYTES_MAX, Fault, MEDIA_MAX};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub origin: Origin,
    /// Where packets go, for every medium that does not say otherwise.
    pub connection: Option<Host>,
    pub direction: Option<Direction>,
    pub media: Vec<Media>,
}

/// The `o=` line: which session this is, and which version of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub username: String,
    pub session_id: u64,
    pub version: u64,
    pub host: Host,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Host {
    Address(IpAddr),
    /// A name, which nobody here looks up.
    Name(String),
}

/// One `m=` line and the lines below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// `audio`, `video`, `image`.
    pub kind: String,
    /// Zero: refused, or gone.
    pub port: u16,
    /// `RTP/AVP`.
    pub protocol: String,
    /// RTP payload types, best first; words for other protocols.
    pub formats: Vec<String>,
    pub connection: Option<Host>,
    pub rtpmaps: Vec<RtpMap>,
    pub fmtps: Vec<Fmtp>,
    pub direction: Option<Direction>,
    pub ptime_ms: Option<u16>,
    pub maxptime_ms: Option<u16>,
}

/// `a=rtpmap:101 telephone-event/8000`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RtpMap {
    pub payload_type: u8,
    pub encoding: String,
    pub clock_rate_hz: u32,
    pub channels: u8,
}

/// `a=fmtp:101 0-16`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fmtp {
    pub payload_type: u8,
    pub parameters: String,
}

/// As the describing side sees it (RFC 3264 §5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    #[default]
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Session {
    /// The medium's own address, or else the session's.
    pub fn host_of<'a>(&'a self, media: &'a Media) -> Option<&'a Host> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    pub fn direction_of(&self, media: &Media) -> Direction {
        media.direction.or(self.direction).unwrap_or_default()
    }
}

impl Media {
    pub fn rtpmap(&self, payload_type: u8) -> Option<&RtpMap> {
        self.rtpmaps.iter().find(|map| map.payload_type == payload_type)
    }

    pub fn fmtp(&self, payload_type: u8) -> Option<&str> {
        let mut fmtps = self.fmtps.iter();
        fmtps.find(|f| f.payload_type == payload_type).map(|f| f.parameters.as_str())
    }

    /// The formats that are RTP payload types, best first.
    pub fn payload_types(&self) -> impl Iterator<Item = u8> {
        self.formats.iter().filter_map(|format| format.parse().ok()).filter(|number| *number < 128)
    }
}

impl Direction {
    pub fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same stream from the other end.
    pub fn mirrored(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// What both allow.
    pub fn and(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}
