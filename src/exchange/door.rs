//! Requests that belong to no dialog: who is it, and where does he go?

use core::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::caller_name::CallerName;
use crate::domain::ids::Extension;
use crate::domain::time::Moment;
use crate::exchange::{Effect, Exchange, Report};
use crate::sip::dialog::DialogId;
use crate::sip::digest::Outcome;
use crate::sip::flow::Flow;
use crate::sip::transaction::{self, Transactions};
use crate::sip::wire::{self, Fault, Host, Method, Name, Request, Response, Uri};

/// What we understand, for Allow.
pub const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, REFER, UPDATE, INFO, MESSAGE";
pub const ALLOW_EVENTS: &str = "call-info, dialog, line-seize, park-info, refer, x-bellhop-park";
pub const SUPPORTED: &str = "replaces";
pub const SERVER: &str = concat!("Bellhop/", env!("CARGO_PKG_VERSION"));

/// Wrong passwords of one host, of late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    since: Moment,
    count: u32,
}

const FAILURES_WINDOW: Duration = Duration::from_secs(60);
/// So many times as many failures stand in the way of an emergency call.
const URGENT: u32 = 10;
/// Hosts remembered; beyond it the table is forgotten as a whole.
const FAILING_HOSTS_MAX: usize = 10_000;
/// Longer than any phone may leave between two registrations.
const PROVEN_FOR: Duration = Duration::from_secs(3 * 3600);
const PROVEN_HOSTS_MAX: usize = 20_000;

impl Exchange {
    pub(super) fn request(&mut self, request: Request, flow: Flow) {
        if let Err(fault) = wire::check(&request) {
            let mut response = request.response(fault.status).reason(&fault.reason);
            if fault.status == 415 {
                response = response.with(Name::Accept, "application/sdp"); // RFC 3261 §8.2.3
            }
            if let Some(unsupported) = fault.unsupported {
                response = response.with(Name::Unsupported, unsupported);
            }
            return self.reply(&request, flow, response);
        }
        match DialogId::of_request(&request.headers) {
            Some(dialog) => self.request_in_dialog(&dialog, &request, flow),
            None => self.request_at_the_door(&request, flow),
        }
    }

    fn request_at_the_door(&mut self, request: &Request, flow: Flow) {
        if self.is_closing {
            return self.refuse(request, flow, 503, "The office is closing");
        }
        match request.method {
            Method::Invite => self.invite(request, flow),
            Method::Register => self.register(request, flow),
            Method::Subscribe => self.subscribe(request, flow),
            Method::Options => self.options(request, flow),
            Method::Ack => {}
            Method::Refer => self.refer_at_the_door(request, flow),
            Method::Bye
            | Method::Update
            | Method::Info
            | Method::Notify
            | Method::Prack
            | Method::Cancel => self.refuse(request, flow, 481, "No such call"),
            Method::Message if Self::is_administration(request) => {
                self.administration_at_the_door(request, flow);
            }
            Method::Message => self.note_at_the_door(request, flow),
            Method::Publish | Method::Other(_) => {
                self.unknown_method(request, flow);
            }
        }
    }

    fn unknown_method(&mut self, request: &Request, flow: Flow) {
        if self.trunk_of(request, flow).is_some() || self.authenticate(request, flow).is_some() {
            let response = request.response(405).with(Name::Allow, ALLOW);
            self.reply(request, flow, response);
        }
    }

    fn options(&mut self, request: &Request, flow: Flow) {
        if self.trunk_of(request, flow).is_none() && self.authenticate(request, flow).is_none() {
            return;
        }
        let response = request
            .response(200)
            .with(Name::Allow, ALLOW)
            .with(Name::Accept, "application/sdp")
            .with(Name::Supported, SUPPORTED)
            .with(Name::AllowEvents, ALLOW_EVENTS);
        self.reply(request, flow, response);
    }

    fn refer_at_the_door(&mut self, request: &Request, flow: Flow) {
        if self.authenticate(request, flow).is_some() {
            self.refuse(request, flow, 403, "Transfers only within a call");
        }
    }

    /// The extension whose credentials the request carries. None: it has
    /// been answered.
    pub(super) fn authenticate(&mut self, request: &Request, flow: Flow) -> Option<Extension> {
        if !self.is_ours(&request.uri, flow) {
            self.refuse(request, flow, 403, "Not our domain");
            return None;
        }
        let outcome = if self.is_slowed(flow.remote.ip(), self.is_urgent(request)) {
            Outcome::Challenge { stale: false }
        } else {
            self.check_credentials(request, flow)
        };
        match outcome {
            Outcome::Accepted { user } => {
                self.prove(flow.remote.ip());
                self.identified(&user, request, flow)
            }
            Outcome::Challenge { stale } => {
                self.challenge(request, flow, stale);
                None
            }
            Outcome::Refused { user, reason } => {
                self.failed_to_authenticate(flow, &user, reason);
                self.challenge(request, flow, false);
                None
            }
        }
    }

    fn check_credentials(&mut self, request: &Request, flow: Flow) -> Outcome {
        let extensions = &self.settings.extensions;
        let secret_of = |user: &str| {
            let extension = Extension::parse(user).ok()?;
            extensions.get(&extension).map(|e| &e.secret)
        };
        let (window, source) = (&mut self.state.nonces, flow.remote.ip());
        let outcome = self.challenger.check(request, source, secret_of, window, self.now);
        let about_another = matches!(outcome, Outcome::Refused { reason: "uri", .. });
        if !about_another || !is_sipp(request) {
            return outcome;
        }
        // Unless told otherwise SIPp signs for the server's address alone.
        let mut of_server = request.clone();
        of_server.uri.user = None;
        self.challenger.check(&of_server, source, secret_of, window, self.now)
    }

    /// Identity is the credentials: a phone may not call itself another
    /// (RFC 3261 §22 leaves it open; product M1 does not).
    fn identified(&mut self, user: &str, request: &Request, flow: Flow) -> Option<Extension> {
        let extension = Extension::parse(user).ok()?;
        let from = request.headers.from().ok().and_then(|from| from.uri.user_decoded());
        let to = request.headers.to().ok().and_then(|to| to.uri.user_decoded());
        let claimed = if request.method == Method::Register { to } else { from };
        if claimed.as_deref() == Some(extension.as_str()) {
            return Some(extension);
        }
        self.failed_to_authenticate(flow, user, "identity");
        self.refuse(request, flow, 403, "From is not the authenticated user");
        None
    }

    fn challenge(&mut self, request: &Request, flow: Flow, stale: bool) {
        let mut response = request.response(401);
        let ip = flow.remote.ip();
        let chance = &mut self.state.chance;
        let challenges = self.challenger.challenges(ip, stale, chance, self.now);
        let skipped = if gives_up_at_sha256(request) { challenges.len() - 1 } else { 0 };
        for value in challenges.into_iter().skip(skipped) {
            response.headers.push(Name::WwwAuthenticate, value);
        }
        self.reply(request, flow, response);
    }

    fn failed_to_authenticate(&mut self, flow: Flow, user: &str, reason: &'static str) {
        let ip = flow.remote.ip();
        if self.state.failures.len() >= FAILING_HOSTS_MAX {
            self.state.failures.clear();
        }
        let fresh = Failures { since: self.now, count: 0 };
        let failures = self.state.failures.entry(ip.to_string()).or_insert(fresh);
        if self.now.since(failures.since) >= FAILURES_WINDOW {
            *failures = fresh;
        }
        failures.count += 1;
        let user = CallerName::clean(user);
        self.out.push(Effect::Report(Report::AuthenticationFailed { ip, user, reason }));
    }

    /// A nonce serves only where it was sent: whoever uses one is there.
    fn prove(&mut self, ip: IpAddr) {
        let now = self.now;
        if self.state.proven.len() >= PROVEN_HOSTS_MAX && !self.state.proven.contains_key(&ip) {
            self.state.proven.retain(|_, until| *until > now);
        }
        if self.state.proven.len() < PROVEN_HOSTS_MAX {
            self.state.proven.insert(ip, now + PROVEN_FOR);
        }
    }

    /// A phone or a trunk of ours, not somebody who may be another.
    pub(super) fn knows_host(&self, ip: IpAddr, now: Moment) -> bool {
        self.state.proven.get(&ip).is_some_and(|until| *until > now)
            || self.settings.trunks.iter().any(|trunk| self.is_at(trunk, ip))
    }

    /// Too many wrong passwords of late: no more are looked at for a while,
    /// but for a phone that calls for help from there.
    fn is_slowed(&self, ip: IpAddr, urgent: bool) -> bool {
        let Some(failures) = self.state.failures.get(&ip.to_string()) else { return false };
        let recent = self.now.since(failures.since) < FAILURES_WINDOW;
        let most = self.settings.limits.failures_per_minute;
        recent && failures.count >= most.saturating_mul(if urgent { URGENT } else { 1 })
    }

    /// Somebody calls an emergency number.
    pub(super) fn is_urgent(&self, request: &Request) -> bool {
        let dialled = request.uri.user_decoded().unwrap_or_default();
        request.method == Method::Invite && self.emergency(&dialled).is_some()
    }

    /// Our domain or, with one tenant, any of this machine's addresses.
    pub(super) fn is_ours(&self, uri: &Uri, flow: Flow) -> bool {
        let ip = match &uri.host {
            Host::Name(name) => {
                let name = name.trim_end_matches('.');
                return name.eq_ignore_ascii_case(&self.settings.domain)
                    || self.settings.is_only_tenant && name.eq_ignore_ascii_case("localhost");
            }
            Host::V4(ip) => IpAddr::V4(*ip),
            Host::V6(ip) => IpAddr::V6(*ip),
        };
        self.settings.domain == ip.to_string()
            || self.settings.is_only_tenant && self.is_here(ip, flow)
    }

    fn is_here(&self, ip: IpAddr, flow: Flow) -> bool {
        ip == flow.local.ip()
            || self.settings.external_address == Some(ip)
            || self.settings.listen.iter().any(|(_, address)| address.ip() == ip)
    }

    /// A message that cannot be read: 400 to a request that says who it is
    /// from, silence to all else (RFC 3261 §16.3, §18.3).
    pub(super) fn answer_broken(&mut self, fault: &Fault, flow: Flow) {
        if let Some(response) = fault.response() {
            let send = Transactions::reply_statelessly(flow, &Transactions::tagged(response));
            self.carry_out([send].into_iter().collect());
        }
    }

    pub(super) fn refuse(&mut self, request: &Request, flow: Flow, status: u16, reason: &str) {
        let response = request.response(status).reason(reason);
        self.reply(request, flow, response);
    }

    /// Answers without keeping a transaction: the same request would get the
    /// same answer.
    pub(super) fn reply(&mut self, request: &Request, flow: Flow, response: Response) {
        if request.method == Method::Ack {
            return;
        }
        // Who we are it does not say: it may go to a stranger, or to somebody who
        // never asked, and is kept small.
        let response = Transactions::tagged(response);
        let effect: transaction::Effect = Transactions::reply_statelessly(flow, &response);
        self.carry_out([effect].into_iter().collect());
    }

    /// As it goes out to our own people: with our name, and with a To tag.
    pub(super) fn completed(&self, mut response: Response) -> Response {
        response.headers.set(Name::Server, SERVER);
        Transactions::tagged(response)
    }
}

/// Phones that refuse every challenge when one is not MD5, instead of passing
/// over it (RFC 8760 §2.4): baresip 1.0 of Debian 12 ("Function not
/// implemented"), SIPp 3.6 ("authentication must use MD5").
const MD5_ONLY: [&str; 3] = ["baresip v0.", "baresip v1.", "SIPp"];

fn gives_up_at_sha256(request: &Request) -> bool {
    let agent = request.headers.text(&Name::UserAgent).unwrap_or_default();
    MD5_ONLY.iter().any(|known| agent.trim_start().starts_with(known)) || is_sipp(request)
}

/// SIPp names itself in no header, but in its branches: `z9hG4bK-4711-1-0`.
fn is_sipp(request: &Request) -> bool {
    let via = request.headers.via().ok();
    let branch = via.as_ref().and_then(|via| via.branch()).unwrap_or_default();
    let Some(numbers) = branch.strip_prefix("z9hG4bK-") else { return false };
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    numbers.split('-').count() == 3 && numbers.split('-').all(numeric)
}
