//! Writing a session description, in the order RFC 4566 §5 demands.

use core::fmt;
use core::net::IpAddr;

use super::{Host, Media, Session};

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = &self.origin;
        let (id, version) = (origin.session_id, origin.version);
        write!(f, "v=0\r\no={} {id} {version} {}\r\ns=-\r\n", origin.username, origin.host)?;
        if let Some(host) = &self.connection {
            write!(f, "c={host}\r\n")?;
        }
        f.write_str("t=0 0\r\n")?;
        if let Some(direction) = self.direction {
            write!(f, "a={}\r\n", direction.word())?;
        }
        self.media.iter().try_for_each(|media| media.fmt(f))
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {} {}", self.kind, self.port, self.protocol)?;
        self.formats.iter().try_for_each(|format| write!(f, " {format}"))?;
        f.write_str("\r\n")?;
        if let Some(host) = &self.connection {
            write!(f, "c={host}\r\n")?;
        }
        self.write_formats(f)?;
        for (name, value) in [("ptime", self.ptime_ms), ("maxptime", self.maxptime_ms)] {
            if let Some(value) = value {
                write!(f, "a={name}:{value}\r\n")?;
            }
        }
        match self.direction {
            Some(direction) => write!(f, "a={}\r\n", direction.word()),
            None => Ok(()),
        }
    }
}

impl Media {
    fn write_formats(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for map in &self.rtpmaps {
            write!(f, "a=rtpmap:{} {}/{}", map.payload_type, map.encoding, map.clock_rate_hz)?;
            match map.channels {
                1 => f.write_str("\r\n")?,
                channels => write!(f, "/{channels}\r\n")?,
            }
        }
        let mut fmtps = self.fmtps.iter();
        fmtps.try_for_each(|p| write!(f, "a=fmtp:{} {}\r\n", p.payload_type, p.parameters))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V4(address)) => write!(f, "IN IP4 {address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "IN IP6 {address}"),
            Self::Name(name) => write!(f, "IN IP4 {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Direction, Fmtp, Media, RtpMap, Session};

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let audio = Media {
            kind: "audio".into(),
            port: 5004,
            protocol: "RTP/AVP".into(),
            formats: vec!["0".into(), "101".into()],
            rtpmaps: vec![RtpMap {
                payload_type: 101,
                encoding: "telephone-event".into(),
                clock_rate_hz: 8000,
                channels: 1,
            }],
            fmtps: vec![Fmtp { payload_type: 101, parameters: "0-16".into() }],
            direction: Some(Direction::RecvOnly),
            ptime_ms: Some(20),
            ..Media::default()
        };
        let head = "v=0\r\no=- 7 8 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\n";
        let mut session = Session::read(head.as_bytes()).unwrap();
        assert_eq!(session.to_string(), head);
        session.media.push(audio);
        assert_eq!(Session::read(session.to_string().as_bytes()), Ok(session));
    }
}
