//! Answers to digest challenges as phones of several ages give them.

use md5::Md5;
use sha2::{Digest, Sha256};

use crate::text::Message;

/// How a phone proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// MD5, the only one most desk phones know, each challenge used once.
    Md5,
    /// The same, and a challenge serves for many requests, counted.
    Md5Counted,
    /// The better one (RFC 8760), where it is offered.
    Sha256,
    /// As before `qop` (RFC 2069).
    WithoutQop,
    /// A count that is not padded to eight digits, `nc=1`: against RFC 2617,
    /// but proved as it is written.
    ShortCount,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// `WWW` or `Proxy`.
    header: &'static str,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: &'static str,
    pub used: u32,
}

pub struct Who<'a> {
    pub user: &'a str,
    pub password: &'a str,
}

impl Proof {
    /// Whether a challenge serves for the next request too.
    pub fn keeps(self) -> bool {
        self == Self::Md5Counted
    }

    /// The challenge of an answer that this phone can take up.
    pub fn challenge_in(self, answer: &Message) -> Option<Challenge> {
        let wanted = if self == Self::Sha256 { "SHA-256" } else { "MD5" };
        let of = |name: &'static str, header| {
            let all: Vec<_> = answer.all(name).map(|text| (header, text.to_owned())).collect();
            all
        };
        let mut all = of("WWW-Authenticate", "Authorization");
        all.extend(of("Proxy-Authenticate", "Proxy-Authorization"));
        let chosen = all.into_iter().find(|(_, text)| {
            field(text, "algorithm").unwrap_or_else(|| "MD5".to_owned()) == wanted
        });
        let (header, text) = chosen?;
        Some(Challenge {
            header,
            realm: field(&text, "realm")?,
            nonce: field(&text, "nonce")?,
            opaque: field(&text, "opaque"),
            algorithm: wanted,
            used: 0,
        })
    }

    /// The request with the proof in it.
    pub fn added(self, request: Message, challenge: &mut Challenge, who: &Who<'_>) -> Message {
        challenge.used += 1;
        let hash = |text: String| match challenge.algorithm {
            "SHA-256" => hex(&Sha256::digest(text)),
            _ => hex(&Md5::digest(text)),
        };
        let Challenge { realm, nonce, .. } = challenge;
        let (method, rest) = request.first.split_once(' ').unwrap();
        let uri = rest.rsplit_once(' ').unwrap().0.to_owned();
        let secret = hash(format!("{}:{realm}:{}", who.user, who.password));
        let what = hash(format!("{method}:{uri}"));
        let count = match self {
            Self::ShortCount => challenge.used.to_string(),
            _ => format!("{:08x}", challenge.used),
        };
        let (response, qop) = match self {
            Self::WithoutQop => (hash(format!("{secret}:{nonce}:{what}")), String::new()),
            _ => (
                hash(format!("{secret}:{nonce}:{count}:0a4f113b:auth:{what}")),
                format!(", qop=auth, nc={count}, cnonce=\"0a4f113b\""),
            ),
        };
        let algorithm = challenge.algorithm;
        let mut value = format!(
            "Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm={algorithm}{qop}",
            who.user
        );
        if let Some(opaque) = &challenge.opaque {
            value += &format!(", opaque=\"{opaque}\"");
        }
        request.without(challenge.header).with(challenge.header, value)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `name="value"` or `name=value`, at a comma or the scheme's space.
fn field(challenge: &str, name: &str) -> Option<String> {
    let parameters = challenge.strip_prefix("Digest ")?;
    let mut quoted = false;
    let mut pieces = parameters.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    let value = pieces.find_map(|piece| piece.trim().strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches('"').to_owned())
}

#[test]
fn the_examples_of_the_standards_are_answered_as_printed_there() {
    let who = Who { user: "Mufasa", password: "Circle Of Life" };
    let challenge = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
        nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let answer = Message::new("SIP/2.0 401 Unauthorized").with("WWW-Authenticate", challenge);
    let mut challenge = Proof::Md5.challenge_in(&answer).unwrap();
    let get = Message::new("GET /dir/index.html SIP/2.0");
    let proved = Proof::Md5.added(get, &mut challenge, &who);
    // RFC 2617 §3.5.
    assert!(proved.get("Authorization").contains("\"6629fae49393a05397450978507c4ef1\""));
    assert_eq!(Proof::Sha256.challenge_in(&answer), None);
}
