//! Session descriptions (RFC 4566) as the simulated people write and read
//! them: one audio line, G.711 and telephone events, nothing else.

use core::net::{IpAddr, SocketAddr};

use crate::media::control::Codec;

/// Which ways sound may go, from the writer's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Both,
    SendOnly,
    ReceiveOnly,
    Neither,
}

/// What the other side wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub to: SocketAddr,
    /// In the writer's order of preference, with his payload types.
    pub codecs: Vec<(Codec, u8)>,
    pub dtmf: Option<u8>,
    pub way: Way,
}

impl Way {
    fn word(self) -> &'static str {
        match self {
            Self::Both => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::ReceiveOnly => "recvonly",
            Self::Neither => "inactive",
        }
    }

    /// The way that answers this one when nothing else is wanted.
    pub fn mirrored(self) -> Self {
        match self {
            Self::SendOnly => Self::ReceiveOnly,
            Self::ReceiveOnly => Self::SendOnly,
            same => same,
        }
    }

    pub fn sends(self) -> bool {
        matches!(self, Self::Both | Self::SendOnly)
    }

    pub fn receives(self) -> bool {
        matches!(self, Self::Both | Self::ReceiveOnly)
    }
}

/// An offer or answer. `version` must rise with each change (RFC 3264 §8).
pub fn write(at: SocketAddr, codecs: &[Codec], way: Way, version: u64) -> String {
    let family = if at.is_ipv6() { "IP6" } else { "IP4" };
    let ip = at.ip();
    let types: Vec<String> = codecs.iter().map(|codec| static_type(*codec).to_string()).collect();
    let mut text = format!(
        "v=0\r\no=- {} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {} RTP/AVP {} 101\r\n",
        u64::from(at.port()),
        at.port(),
        types.join(" "),
    );
    for codec in codecs {
        text += &format!("a=rtpmap:{} {}/8000\r\n", static_type(*codec), codec.name());
    }
    text += "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\n";
    text + "a=" + way.word() + "\r\n"
}

fn static_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
    }
}

/// The first audio line of `body`; nothing if there is none that makes sense.
pub fn read(body: &[u8]) -> Option<Session> {
    let text = core::str::from_utf8(body).ok()?;
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let at = lines.iter().position(|line| line.starts_with("m=audio "))?;
    let (before, audio) = lines.split_at(at);
    let (media, rest) = audio.split_first()?;
    let after: Vec<&str> = rest.iter().take_while(|it| !it.starts_with("m=")).copied().collect();
    let ip = connection(&after).or_else(|| connection(before))?;
    let mut words = media.strip_prefix("m=audio ")?.split_whitespace();
    let port = words.next()?.parse().ok()?;
    let types: Vec<u8> = words.skip(1).filter_map(|word| word.parse().ok()).collect();
    let name_of = |payload_type: &u8| encoding(&after, *payload_type);
    let codecs = types.iter().filter_map(|it| Some((codec_named(&name_of(it)?)?, *it)));
    let dtmf = types.iter().find(|it| name_of(it).as_deref() == Some("TELEPHONE-EVENT"));
    let way = way_in(&after).or_else(|| way_in(before)).unwrap_or(Way::Both);
    Some(Session {
        to: SocketAddr::new(ip, port),
        codecs: codecs.collect(),
        dtmf: dtmf.copied(),
        way,
    })
}

fn connection(lines: &[&str]) -> Option<IpAddr> {
    let line = lines.iter().find_map(|line| line.strip_prefix("c=IN IP"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn encoding(lines: &[&str], payload_type: u8) -> Option<String> {
    let mapped = lines.iter().find_map(|line| {
        let (number, name) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
        (number.parse() == Ok(payload_type)).then(|| name.split('/').next())?
    });
    let fixed = match payload_type {
        0 => Some("PCMU"),
        8 => Some("PCMA"),
        _ => None,
    };
    mapped.or(fixed).map(str::to_uppercase)
}

fn codec_named(name: &str) -> Option<Codec> {
    match name {
        "PCMU" => Some(Codec::Pcmu),
        "PCMA" => Some(Codec::Pcma),
        _ => None,
    }
}

fn way_in(lines: &[&str]) -> Option<Way> {
    let ways = [Way::Both, Way::SendOnly, Way::ReceiveOnly, Way::Neither];
    let attributes = lines.iter().filter_map(|line| line.strip_prefix("a="));
    attributes.filter_map(|word| ways.into_iter().find(|way| way.word() == word)).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let at = "127.0.0.1:4000".parse().unwrap();
        let text = write(at, &[Codec::Pcma, Codec::Pcmu], Way::SendOnly, 2);
        let wanted = Session {
            to: at,
            codecs: vec![(Codec::Pcma, 8), (Codec::Pcmu, 0)],
            dtmf: Some(101),
            way: Way::SendOnly,
        };
        assert_eq!(read(text.as_bytes()), Some(wanted));
    }

    #[test]
    fn the_address_of_the_media_line_goes_before_the_session_s() {
        let text = "v=0\nc=IN IP4 10.0.0.1\na=sendonly\nm=audio 9 RTP/AVP 96 0\nc=IN IP4 \
                    10.0.0.2\na=rtpmap:96 PCMA/8000\nm=video 7 RTP/AVP 97\n";
        let session = read(text.as_bytes()).unwrap();
        assert_eq!(session.to, "10.0.0.2:9".parse().unwrap());
        assert_eq!(session.codecs, [(Codec::Pcma, 96), (Codec::Pcmu, 0)]);
        assert_eq!((session.dtmf, session.way), (None, Way::SendOnly));
        assert_eq!(read(b"m=audio x"), None);
    }
}
