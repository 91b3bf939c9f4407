//! From a request to its answer. Whatever is not given looks the same: 404.

use std::net::IpAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use tracing::{debug, info, warn};

use crate::domain::caller_name::CallerName;
use crate::edge::provisioning::neighbours::hardware_addresses_of;
use crate::edge::provisioning::{Desk, Provisioning};
use crate::provision::{Asker, File, Found, NotGiven, Paper, Way, maker_named_in};

/// Columns of what strangers say that reach the log.
const SAID_COLUMNS: usize = 60;

/// `peer` is who asks, `local` our address on that connection.
pub(super) fn answer<B>(
    desk: &Desk,
    peer: IpAddr,
    local: IpAddr,
    request: &Request<B>,
) -> Response<Full<Bytes>> {
    if !desk.limits.borrow_mut().asks(peer) {
        return plain(StatusCode::TOO_MANY_REQUESTS);
    }
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let asker = desk.settings.asker(peer);
    let path = request.uri().path();
    let book = desk.settings.book.borrow();
    match book.ask(path, &asker) {
        Ok(found) => match paper(desk, &found, local, peer, &asker) {
            Some(paper) => {
                tell(&found, peer, request);
                given(paper)
            }
            None => plain(StatusCode::NOT_FOUND),
        },
        Err(reason) => {
            tell_refused(desk, &reason, peer, &asker, path);
            plain(StatusCode::NOT_FOUND)
        }
    }
}

fn paper(
    desk: &Desk,
    found: &Found<'_>,
    local: IpAddr,
    peer: IpAddr,
    asker: &Asker,
) -> Option<Paper> {
    let settings = &desk.settings;
    let shown = match settings.external_address {
        Some(external) if !settings.is_near(peer, asker) => external,
        Some(_) | None => local,
    };
    found.paper(Way::at(shown, &settings.listening)?)
}

impl Provisioning {
    fn asker(&self, peer: IpAddr) -> Asker {
        if self.vouched.iter().any(|network| network.contains(peer)) {
            return Asker::Vouched;
        }
        match hardware_addresses_of(peer) {
            seen if seen.is_empty() => Asker::Stranger,
            seen => Asker::Neighbour(seen),
        }
    }

    /// Whether our own address leads a phone there to us.
    fn is_near(&self, peer: IpAddr, asker: &Asker) -> bool {
        *asker != Asker::Stranger
            || peer.is_loopback()
            || self.local_networks.iter().any(|network| network.contains(peer))
    }
}

fn given(paper: Paper) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(paper.text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(paper.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn tell<B>(found: &Found<'_>, peer: IpAddr, request: &Request<B>) {
    let (listed, said) = (found.listed, user_agent(request));
    let (mac, make, extension) = (&listed.mac, listed.phone.make, &listed.phone.extension);
    if found.file == File::Settings {
        info!(
            "provisioning: {mac} ({make}, {extension}) has taken its settings, ip={peer} ({said})"
        );
    }
    if let Some(other) = maker_named_in(&said).filter(|other| *other != make) {
        warn!("provisioning: {mac} is listed as {make}, and says it is {other}");
    }
}

/// The path may hold a phone's secret, and its last word may not.
fn tell_refused(desk: &Desk, reason: &NotGiven, peer: IpAddr, asker: &Asker, path: &str) {
    let name = said(path.rsplit('/').next().unwrap_or_default());
    match reason {
        NotGiven::Unknown => debug!("provisioning: nothing for ip={peer}"),
        NotGiven::NoSuchFile { mac, make } => {
            info!("provisioning: {mac} ({make}) asks for {name}, which there is not, ip={peer}");
        }
        NotGiven::NotYours { mac, make, extension } => {
            if desk.limits.borrow_mut().warns(mac, peer) {
                let why = unknown_because(asker);
                warn!(
                    "provisioning: the settings of {mac} ({make}, {extension}) were asked for and \
                     not given: {why}, ip={peer}"
                );
            }
        }
    }
}

fn unknown_because(asker: &Asker) -> String {
    match asker {
        Asker::Neighbour(seen) => {
            let seen: Vec<String> = seen.iter().map(ToString::to_string).collect();
            format!("whoever asked is {}", seen.join(" or "))
        }
        Asker::Stranger | Asker::Vouched => "the hardware address of whoever asked is not seen \
             from here (see docs/PROVISIONING.md)"
            .to_owned(),
    }
}

fn user_agent<B>(request: &Request<B>) -> String {
    let header = request.headers().get(USER_AGENT).map(HeaderValue::as_bytes);
    said(&String::from_utf8_lossy(header.unwrap_or_default()))
}

fn said(text: &str) -> String {
    CallerName::clean(text).fit(SAID_COLUMNS)
}
