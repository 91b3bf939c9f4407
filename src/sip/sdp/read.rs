//! Reading a session description: whatever can be understood is, within bounds.

use core::net::{IpAddr, Ipv4Addr};
use core::str::FromStr;

use super::{Direction, Fmtp, Host, Media, Origin, RtpMap, Session};

/// Longest body looked at. Offers of browsers take about 6 kB.
pub const BYTES_MAX: usize = 32 * 1024;
/// Most `m=` lines.
pub const MEDIA_MAX: usize = 16;
/// Most formats, rtpmaps or fmtps of one medium; those after are not read.
const FORMATS_MAX: usize = 64;
/// Longest token kept: a format, an encoding's name, a host.
const TOKEN_BYTES_MAX: usize = 128;
/// Longest format parameters kept.
const PARAMETERS_BYTES_MAX: usize = 512;

/// Why a body is no session description at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the session description is longer than {BYTES_MAX} bytes")]
    TooLong,
    #[error("the session description does not begin with v=0")]
    NoVersion,
    #[error("line {line} of the session description is no media line")]
    MediaLine { line: usize },
    #[error("the session description has more than {MEDIA_MAX} media lines")]
    TooManyMedia,
}

impl Session {
    /// Reads a body. Unknown and mangled lines are passed over; line ends may
    /// be CRLF, LF or CR; text may be in any character set.
    ///
    /// # Errors
    /// Where an answer could not even be laid out: see [`Fault`].
    pub fn read(body: &[u8]) -> Result<Self, Fault> {
        if body.len() > BYTES_MAX {
            return Err(Fault::TooLong);
        }
        let text = String::from_utf8_lossy(body);
        let lines = text.split(['\r', '\n']).map(str::trim);
        let mut lines = lines.filter(|line| !line.is_empty()).enumerate();
        match lines.next() {
            Some((_, "v=0")) => {}
            _ => return Err(Fault::NoVersion),
        }
        let mut session = Self::empty();
        for (index, line) in lines {
            session.read_line(line, index + 1)?;
        }
        Ok(session)
    }

    fn empty() -> Self {
        let host = Host::Address(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let origin = Origin { username: "-".into(), session_id: 0, version: 0, host };
        Self { origin, connection: None, direction: None, media: Vec::new() }
    }

    fn read_line(&mut self, line: &str, number: usize) -> Result<(), Fault> {
        let Some((kind, value)) = line.split_once('=') else {
            return Ok(());
        };
        match kind {
            "o" => self.origin = origin(value).unwrap_or_else(|| self.origin.clone()),
            "c" => self.set_connection(host(value)),
            "a" => self.read_attribute(value),
            "m" if self.media.len() == MEDIA_MAX => return Err(Fault::TooManyMedia),
            "m" => self.media.push(media(value).ok_or(Fault::MediaLine { line: number })?),
            _ => {}
        }
        Ok(())
    }

    fn set_connection(&mut self, host: Option<Host>) {
        match self.media.last_mut() {
            Some(media) => media.connection = host,
            None => self.connection = host,
        }
    }

    fn read_attribute(&mut self, value: &str) {
        let (name, value) = value.split_once(':').unwrap_or((value, ""));
        let value = value.trim();
        match (direction(name), self.media.last_mut()) {
            (Some(direction), Some(media)) => media.direction = Some(direction),
            (Some(direction), None) => self.direction = Some(direction),
            (None, Some(media)) => media.read_attribute(name, value),
            (None, None) => {}
        }
    }
}

impl Media {
    fn read_attribute(&mut self, name: &str, value: &str) {
        match name {
            "rtpmap" => push(&mut self.rtpmaps, rtpmap(value)),
            "fmtp" => push(&mut self.fmtps, fmtp(value)),
            "ptime" => self.ptime_ms = milliseconds(value),
            "maxptime" => self.maxptime_ms = milliseconds(value),
            _ => {}
        }
    }
}

fn push<T>(list: &mut Vec<T>, item: Option<T>) {
    if list.len() < FORMATS_MAX {
        list.extend(item);
    }
}

fn origin(value: &str) -> Option<Origin> {
    let mut words = value.split_whitespace();
    let username = token(words.next()?)?;
    // Numbers of any length are allowed; they are only compared.
    let session_id = words.next()?.parse().unwrap_or(0);
    let version = words.next()?.parse().unwrap_or(0);
    let (_, _) = (words.next()?, words.next()?);
    Some(Origin { username, session_id, version, host: address(words.next()?)? })
}

/// `IN IP4 192.0.2.1/127`: the slash and what follows belong to multicast.
fn host(value: &str) -> Option<Host> {
    address(value.split_whitespace().nth(2)?)
}

fn address(word: &str) -> Option<Host> {
    let word = word.split('/').next()?;
    match IpAddr::from_str(word) {
        Ok(address) => Some(Host::Address(address.to_canonical())),
        Err(_) => token(word).map(Host::Name),
    }
}

fn media(value: &str) -> Option<Media> {
    let mut words = value.split_whitespace();
    let kind = token(words.next()?)?;
    // `49170/2`: the number of ports belongs to layered encodings.
    let port = words.next()?.split('/').next()?.parse().ok()?;
    let protocol = token(words.next()?)?;
    let formats = words.filter_map(token).take(FORMATS_MAX).collect();
    Some(Media { kind, port, protocol, formats, ..Media::default() })
}

fn rtpmap(value: &str) -> Option<RtpMap> {
    let (payload_type, encoding) = payload_type_and(value)?;
    let mut parts = encoding.split_whitespace().next()?.split('/');
    let encoding = token(parts.next()?)?;
    let clock_rate_hz = parts.next()?.parse().ok()?;
    let channels = parts.next().and_then(|channels| channels.parse().ok()).unwrap_or(1);
    Some(RtpMap { payload_type, encoding, clock_rate_hz, channels })
}

fn fmtp(value: &str) -> Option<Fmtp> {
    let (payload_type, parameters) = payload_type_and(value)?;
    let fits = parameters.len() <= PARAMETERS_BYTES_MAX;
    fits.then(|| Fmtp { payload_type, parameters: parameters.to_owned() })
}

fn payload_type_and(value: &str) -> Option<(u8, &str)> {
    let (number, rest) = value.split_once(char::is_whitespace)?;
    let number = number.parse().ok().filter(|number| *number < 128)?;
    Some((number, rest.trim()))
}

/// Some phones write `20.0`.
fn milliseconds(value: &str) -> Option<u16> {
    value.split('.').next()?.parse().ok()
}

fn direction(name: &str) -> Option<Direction> {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    [SendRecv, SendOnly, RecvOnly, Inactive].into_iter().find(|d| name == d.word())
}

/// Visible ASCII of bounded length: what may be written back.
fn token(word: &str) -> Option<String> {
    let fits = word.len() <= TOKEN_BYTES_MAX && word.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OFFER: &str = "v=0\r\no=alice 2890844526 2890844527 IN IP4 host.example\r\ns=-\r\n\
        c=IN IP4 192.0.2.1\r\nt=0 0\r\na=sendonly\r\nm=audio 49170/2 RTP/AVP 8 0 97 101\r\n\
        a=rtpmap:97 iLBC/8000\r\na=rtpmap:101 telephone-event/8000/1\r\na=fmtp:101 0-15\r\n\
        a=ptime:30\r\na=maxptime:40.0\r\nm=video 0 RTP/AVP 31\r\nc=IN IP6 ::ffff:192.0.2.9\r\n\
        a=inactive\r\n";

    #[test]
    fn everything_that_negotiation_needs_is_read() {
        let session = Session::read(OFFER.as_bytes()).unwrap();
        assert_eq!(session.origin.session_id, 2_890_844_526);
        assert_eq!(session.origin.version, 2_890_844_527);
        assert_eq!(session.origin.host, Host::Name("host.example".into()));
        let [audio, video] = session.media.as_slice() else { panic!() };
        assert_eq!((audio.kind.as_str(), audio.port), ("audio", 49_170));
        assert_eq!(audio.payload_types().collect::<Vec<_>>(), [8, 0, 97, 101]);
        assert_eq!(audio.rtpmap(101).unwrap().encoding, "telephone-event");
        assert_eq!(audio.fmtp(101), Some("0-15"));
        assert_eq!((audio.ptime_ms, audio.maxptime_ms), (Some(30), Some(40)));
        assert_eq!(session.direction_of(audio), Direction::SendOnly);
        assert_eq!(session.direction_of(video), Direction::Inactive);
        let mapped = Host::Address("192.0.2.9".parse().unwrap());
        assert_eq!(session.host_of(video), Some(&mapped));
    }

    #[test]
    fn line_ends_character_sets_and_nonsense_lines_do_not_matter() {
        let body = b"v=0\no=- 1 1 IN IP4 1.2.3.4\ns=B\xfcro\n=\nxyz\na\nm=audio 4 RTP/AVP 0\n";
        let session = Session::read(body).unwrap();
        assert_eq!(session.origin.session_id, 1);
        assert_eq!(session.media[0].port, 4);
    }

    #[test]
    fn a_body_that_cannot_be_answered_is_refused_with_its_reason() {
        let read = |text: &str| Session::read(text.as_bytes()).unwrap_err();
        assert_eq!(read(""), Fault::NoVersion);
        assert_eq!(read("o=- 1 1 IN IP4 1.2.3.4\r\n"), Fault::NoVersion);
        assert_eq!(read("v=0\r\nm=audio 99999 RTP/AVP 0"), Fault::MediaLine { line: 2 });
        assert_eq!(read("v=0\r\nm=audio"), Fault::MediaLine { line: 2 });
        assert_eq!(read(&"v=0\r\n".repeat(10_000)), Fault::TooLong);
        let many = format!("v=0\r\n{}", "m=a 1 b 0\r\n".repeat(MEDIA_MAX + 1));
        assert_eq!(read(&many), Fault::TooManyMedia);
    }

    #[test]
    fn hostile_attributes_are_passed_over() {
        // The shapes of AST-2018-002, AST-2018-003 and AST-2019-001.
        let long = "9".repeat(3_000);
        let body = format!(
            "v=0\r\nc=IN\r\nm=audio 5 RTP/AVP 0 {long} -1 256 x\r\na=rtpmap:{long} A/1\r\n\
             a=rtpmap:300 B/8000\r\na=rtpmap:96\r\na=rtpmap:96 /\r\na=fmtp:0 {long}\r\n\
             a=fmtp:\r\na=ptime:-4\r\na=ptime:{long}\r\na=rtpmap:97 {long}/8000\r\n{}",
            "a=rtpmap:98 x/8000\r\n".repeat(500)
        );
        let session = Session::read(body.as_bytes()).unwrap();
        let audio = &session.media[0];
        assert_eq!(audio.payload_types().collect::<Vec<_>>(), [0]);
        assert_eq!((audio.fmtps.len(), audio.ptime_ms), (0, None));
        assert_eq!(audio.rtpmaps.len(), FORMATS_MAX);
    }

    proptest! {
        #[test]
        fn no_bytes_at_all_upset_the_reader(body in prop::collection::vec(any::<u8>(), 0..600)) {
            let mut with_version = b"v=0\r\n".to_vec();
            with_version.extend(&body);
            let _ = Session::read(&body);
            let _ = Session::read(&with_version);
        }

        #[test]
        fn no_mangled_offer_upsets_the_reader(
            cut in 0..OFFER.len(), at in 0..OFFER.len(), byte in any::<u8>()
        ) {
            let mut body = OFFER.as_bytes().to_vec();
            body[at] = byte;
            let _ = Session::read(&body[..cut]);
            let _ = Session::read(&body);
        }
    }
}
