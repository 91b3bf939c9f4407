//! A provider's server: registers its customer and asks for the password,
//! with a digest of its own making.

use bellhop::domain::time::Moment;
use bellhop::sip::wire::{Method, Name, Request, Response, Uri};
use md5::{Digest, Md5};

pub struct Provider {
    pub user: &'static str,
    pub password: &'static str,
    /// As some write it: with `qop`, or without as in RFC 2069.
    pub qop: bool,
    /// What is asked for at calls: 401, or 407 as a proxy.
    pub challenge: u16,
    /// Methods that are challenged.
    pub asks: Vec<Method>,
    /// Seconds granted, whatever was asked.
    pub grants_s: u32,
    pub least_s: u32,
    /// The answer to everything instead; 0: none.
    pub instead: Option<u16>,
    /// Headers that go with it.
    pub with: Option<(Name, String)>,
    /// Where its customer is, and until when.
    pub registered: Option<(Uri, Moment)>,
    /// Nonces it has given, each good for one request.
    pub given: Vec<String>,
    pub used_up: bool,
    /// When it was asked to register, and with which answer.
    pub registers: Vec<(Moment, u16)>,
}

impl Default for Provider {
    fn default() -> Self {
        Self {
            user: "4930555",
            password: "fritz",
            qop: true,
            challenge: 407,
            asks: vec![Method::Register, Method::Invite],
            grants_s: 600,
            least_s: 60,
            instead: None,
            with: None,
            registered: None,
            given: Vec::new(),
            used_up: false,
            registers: Vec::new(),
        }
    }
}

impl Provider {
    /// Its answer; None: the request goes on to whoever it is for.
    pub fn judge(&mut self, request: &Request, now: Moment) -> Option<Response> {
        let answer = self.answer(request, now);
        if request.method == Method::Register {
            let status = answer.as_ref().map_or(0, |answer| answer.status);
            self.registers.push((now, status));
        }
        answer
    }

    fn answer(&mut self, request: &Request, now: Moment) -> Option<Response> {
        if let Some(status) = self.instead {
            let mut response = request.response(status.max(100));
            response.status = status;
            if let Some((name, value)) = &self.with {
                response.headers.push(name.clone(), value.clone());
            }
            return Some(response);
        }
        if self.asks.contains(&request.method) && !self.is_authorized(request) {
            return Some(self.ask(request));
        }
        if request.method != Method::Register {
            return None;
        }
        let expires_s = request.headers.expires().unwrap_or(3600);
        if (1..self.least_s).contains(&expires_s) {
            return Some(request.response(423).with(Name::MinExpires, self.least_s.to_string()));
        }
        let contact = request.headers.contact().unwrap();
        let granted_s = if expires_s == 0 { 0 } else { self.grants_s };
        let until = now + std::time::Duration::from_secs(granted_s.into());
        self.registered = (granted_s > 0).then(|| (contact.uri.clone(), until));
        let bound = format!("<{}>;expires={granted_s}", contact.uri);
        Some(request.response(200).with(Name::Contact, bound))
    }

    fn names(&self, request: &Request) -> (u16, Name, Name) {
        match (&request.method, self.challenge) {
            (Method::Register, _) | (_, 401) => (401, Name::WwwAuthenticate, Name::Authorization),
            _ => (407, Name::ProxyAuthenticate, Name::ProxyAuthorization),
        }
    }

    fn ask(&mut self, request: &Request) -> Response {
        let (status, name, _) = self.names(request);
        let nonce = format!("nonce-{}", self.given.len());
        let qop = if self.qop { ", qop=\"auth,auth-int\"" } else { "" };
        let stale = if std::mem::take(&mut self.used_up) { ", stale=true" } else { "" };
        let value = format!("Digest realm=\"the provider\", nonce=\"{nonce}\"{qop}{stale}");
        self.given.push(nonce);
        request.response(status).with(name, value)
    }

    fn is_authorized(&mut self, request: &Request) -> bool {
        let (_, _, name) = self.names(request);
        let said = request.headers.text(&name).map(|text| text.into_owned()).unwrap_or_default();
        let field = |key: &str| {
            let start = said.find(&format!("{key}="))? + key.len() + 1;
            let rest = &said[start..];
            Some(match rest.strip_prefix('"') {
                Some(rest) => rest.split('"').next()?.to_owned(),
                None => rest.split(',').next()?.trim().to_owned(),
            })
        };
        let (Some(nonce), Some(response), Some(uri)) =
            (field("nonce"), field("response"), field(" uri"))
        else {
            return false;
        };
        let Some(known) = self.given.iter_mut().find(|given| **given == nonce) else {
            self.used_up = true;
            return false;
        };
        // No second request with it.
        known.clear();
        let ha1 = md5(&format!("{}:the provider:{}", self.user, self.password));
        let ha2 = md5(&format!("{}:{uri}", request.method.as_str()));
        let expected = match (field("nc"), field("cnonce")) {
            (Some(nc), Some(cnonce)) if self.qop => {
                md5(&format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}"))
            }
            _ => md5(&format!("{ha1}:{nonce}:{ha2}")),
        };
        field("username").as_deref() == Some(self.user)
            && uri == request.uri.to_string()
            && response == expected
    }

    /// Registrations that held.
    pub fn accepted(&self) -> usize {
        self.registers.iter().filter(|(_, status)| *status == 200).count()
    }
}

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
