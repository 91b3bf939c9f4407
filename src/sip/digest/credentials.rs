//! What a request says of who sends it.

use crate::sip::digest::algorithm::{Algorithm, Protection, Sum};
use crate::sip::digest::fields::{Fields, Unreadable};
use crate::sip::wire::{Headers, Host, Name, Uri};

/// One readable answer to a challenge.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) algorithm: Algorithm,
    pub(super) nonce: String,
    /// In lower case.
    pub(super) response: String,
    uri: String,
    protection: Option<Counted>,
}

#[derive(Clone, Debug)]
struct Counted {
    count: u32,
    /// As written: it is part of what was hashed.
    count_text: String,
    client_nonce: String,
}

/// What of all credentials in a request concerns us.
pub(super) enum Presented {
    None,
    Digest(Credentials),
    Unusable { user: String, reason: &'static str },
}

/// A request carries one answer for each proxy on its way, not dozens.
const HEADERS_MAX: usize = 8;

impl Presented {
    /// The strongest answer for our realm.
    pub(super) fn in_request(headers: &Headers, realm: &str) -> Self {
        let values =
            headers.all(&Name::Authorization).chain(headers.all(&Name::ProxyAuthorization));
        let mut found = Self::None;
        for value in values.take(HEADERS_MAX) {
            let next = Self::read(&String::from_utf8_lossy(value), realm);
            if next.weight() > found.weight() {
                found = next;
            }
        }
        found
    }

    fn weight(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Unusable { .. } => 1,
            Self::Digest(Credentials { algorithm: Algorithm::Md5, .. }) => 2,
            Self::Digest(Credentials { algorithm: Algorithm::Sha256, .. }) => 3,
        }
    }

    fn read(value: &str, realm: &str) -> Self {
        let fields = match Fields::parse(value) {
            Ok(fields) => fields,
            Err(Unreadable::OtherScheme) => return Self::None,
            Err(Unreadable::Malformed) => {
                return Self::Unusable { user: String::new(), reason: "malformed" };
            }
        };
        if fields.get("realm").is_some_and(|other| other != realm) {
            return Self::None;
        }
        let user = fields.get("username").unwrap_or_default().to_owned();
        let Some(algorithm) = Algorithm::parse(fields.get("algorithm")) else {
            return Self::Unusable { user, reason: "algorithm" };
        };
        match Credentials::read(&fields, algorithm) {
            Some(credentials) => Self::Digest(credentials),
            None => Self::Unusable { user, reason: "malformed" },
        }
    }
}

impl Credentials {
    fn read(fields: &Fields, algorithm: Algorithm) -> Option<Self> {
        fields.get("realm")?;
        let response = fields.get("response")?.to_ascii_lowercase();
        let digits = response.len() == algorithm.hex_digits();
        if !digits || !response.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        Some(Self {
            user: fields.get("username")?.to_owned(),
            algorithm,
            nonce: fields.get("nonce")?.to_owned(),
            response,
            uri: fields.get("uri")?.to_owned(),
            protection: Counted::read(fields)?,
        })
    }

    pub(super) fn count(&self) -> Option<u32> {
        self.protection.as_ref().map(|counted| counted.count)
    }

    pub(super) fn sum<'a>(&'a self, method: &'a str) -> Sum<'a> {
        let protection = self.protection.as_ref().map(|counted| Protection {
            nonce_count: &counted.count_text,
            client_nonce: &counted.client_nonce,
        });
        let Self { algorithm, uri, nonce, .. } = self;
        Sum { algorithm: *algorithm, method, uri, nonce, protection }
    }

    /// Credentials overheard for one number must not serve another
    /// (RFC 7616 §3.4.6). Phones differ in how they escape the user, whether
    /// they write the port, and which parameters they repeat.
    pub(super) fn is_about(&self, target: &Uri) -> bool {
        let Ok(uri) = Uri::parse(&self.uri) else { return false };
        let port_differs = matches!((uri.port, target.port), (Some(a), Some(b)) if a != b);
        uri.is_sip() == target.is_sip()
            && uri.user_decoded() == target.user_decoded()
            && same_host(&uri.host, &target.host)
            && !port_differs
    }
}

impl Counted {
    /// The outer None: malformed. The inner: a client of RFC 2069, without `qop`.
    fn read(fields: &Fields) -> Option<Option<Self>> {
        let Some(qop) = fields.get("qop") else { return Some(None) };
        let count_text = fields.get("nc")?;
        let digits = (1..=8).contains(&count_text.len());
        if !qop.eq_ignore_ascii_case("auth") || !digits {
            return None;
        }
        if !count_text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        Some(Some(Self {
            count: u32::from_str_radix(count_text, 16).ok()?,
            count_text: count_text.to_owned(),
            client_nonce: fields.get("cnonce")?.to_owned(),
        }))
    }
}

fn same_host(one: &Host, other: &Host) -> bool {
    match (one, other) {
        (Host::Name(a), Host::Name(b)) => a.eq_ignore_ascii_case(b),
        _ => one == other,
    }
}
