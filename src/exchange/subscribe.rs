//! SUBSCRIBE: who may watch what, and for how long (RFC 6665).

use std::time::Duration;

use crate::domain::codes::Dialled;
use crate::domain::ids::Extension;
use crate::domain::park_table;
use crate::exchange::door::ALLOW_EVENTS;
use crate::exchange::watch::{CALL_PARK_XML, News, Package, Subscription, Watched};
use crate::exchange::{Due, Exchange};
use crate::sip::dialog::{Dialog, DialogId};
use crate::sip::flow::Flow;
use crate::sip::wire::{Method, Name, Request, Uri};

const EXPIRES_DEFAULT_S: u32 = 3600;
const EXPIRES_MIN_S: u32 = 60;
const EXPIRES_MAX_S: u32 = 86_400;
/// A line is held while somebody dials, no longer.
const SEIZURE_MAX_S: u32 = 30;
/// Of a name that a phone gives itself.
const AGENT_MAX: usize = 128;

/// Nobody is known to use the body's name as the event's, but it is easily
/// mistaken for it; it is understood and never originated.
const CALL_INFO_ALIAS: &str = "x-broadworks-callpark-info";

type Refused = (u16, &'static str);

impl Exchange {
    pub(super) fn subscribe(&mut self, request: &Request, flow: Flow) {
        let Some(extension) = self.authenticate(request, flow) else { return };
        let package = match self.package_asked(request, &extension) {
            Ok(package) => package,
            Err((489, reason)) => {
                let response = request.response(489).reason(reason);
                return self.reply(request, flow, response.with(Name::AllowEvents, ALLOW_EVENTS));
            }
            Err((status, reason)) => return self.refuse(request, flow, status, reason),
        };
        if is_too_brief(request, &package) {
            return self.refuse_brief(request, flow);
        }
        let limits = self.settings.limits;
        if self.state.watchers.of(&extension) >= limits.subscriptions_per_extension {
            self.forget_those_adrift(&extension);
        }
        if self.state.watchers.of(&extension) >= limits.subscriptions_per_extension
            || self.state.watchers.len() >= limits.subscriptions
        {
            let response = request.response(503).with(Name::RetryAfter, "60");
            return self.reply(request, flow, response);
        }
        let tag = self.state.chance.hex(16);
        let contact = self.our_contact(flow);
        let subscription = Subscription {
            dialog: Dialog::from_request(request, &tag, contact, flow),
            package,
            event: request.headers.text(&Name::Event).unwrap_or_default().into_owned(),
            watcher: extension,
            agent: agent_of(request),
            expires_at: self.now,
            news: News::Due,
            knows: None,
        };
        let id = subscription.dialog.id();
        self.state.watchers.insert(id.clone(), subscription);
        self.renew(&id, request, flow);
    }

    fn package_asked(&self, request: &Request, by: &Extension) -> Result<Package, Refused> {
        let event = request.headers.event().ok_or((489, "Bad Event"))?;
        let package = match event.package.as_str() {
            "dialog" => return self.lamp_asked(&request.uri, by),
            "call-info" => Package::CallInfo { with_body: accepts(request, CALL_PARK_XML) },
            CALL_INFO_ALIAS => Package::CallInfo { with_body: true },
            "park-info" => Package::ParkInfo,
            "line-seize" => Package::Seizure { appearance: appearance_of(request) },
            park_table::EVENT_PACKAGE => {
                Package::ParkTable { changes: accepts(request, park_table::CHANGES_MIME_TYPE) }
            }
            // It begins with a REFER only (RFC 3515 §2.4.4).
            "refer" => return Err((403, "Only a transfer tells of itself")),
            _ => return Err((489, "Bad Event")),
        };
        match request.uri.user_decoded() {
            Some(user) if user == by.as_str() => Ok(package),
            _ => Err((403, "Only one's own extension can be watched")),
        }
    }

    /// Any colleague, and the codes that park and fetch.
    fn lamp_asked(&self, uri: &Uri, by: &Extension) -> Result<Package, Refused> {
        let user = uri.user_decoded().unwrap_or_default();
        let known = |at: Extension| {
            let known = self.settings.extensions.contains_key(&at);
            known.then_some(at).ok_or((404, "Nobody has this number"))
        };
        let watched = match self.settings.codes.understand(&user) {
            Dialled::Park(at) => Watched::Place(known(at.unwrap_or_else(|| by.clone()))?),
            Dialled::Retrieve(Some(at)) => Watched::Place(known(at)?),
            Dialled::Retrieve(None) => Watched::Mine,
            Dialled::GroupPark => Watched::Group,
            Dialled::Other(number) => {
                let at = Extension::parse(&number).map_err(|_| (404, "Nobody has this number"))?;
                Watched::Calls(known(at)?)
            }
            _ => return Err((404, "This code has no lamp")),
        };
        // Phones cut it off at a second colon: no port (docs/PROTOCOL.md).
        let entity = Uri::sip(&user, uri.host.clone()).to_string();
        Ok(Package::Lamp { watched, entity })
    }

    pub(super) fn request_on_subscription(&mut self, id: &DialogId, request: &Request, flow: Flow) {
        let Some(subscription) = self.state.watchers.get_mut(id) else { return };
        if request.method == Method::Options
            && request.headers.from_tag().as_deref() == subscription.dialog.remote.tag()
        {
            // Only a sign of life: it changes nothing and may come out of order.
            return self.reply(request, flow, request.response(200));
        }
        if subscription.dialog.admit(request).is_err() {
            return self.refuse(request, flow, 481, "No such subscription");
        }
        match request.method {
            Method::Subscribe if is_too_brief(request, &subscription.package) => {
                self.refuse_brief(request, flow);
            }
            Method::Subscribe => {
                subscription.dialog.refresh_target(&request.headers, flow);
                self.renew(id, request, flow);
            }
            Method::Ack => {}
            _ => {
                self.answer(request, flow, request.response(405).with(Name::Allow, "SUBSCRIBE"));
            }
        }
    }

    /// A phone that subscribes anew with each connection leaves the old ones
    /// behind; they must not use up its extension's share.
    fn forget_those_adrift(&mut self, watcher: &Extension) {
        for id in self.state.watchers.adrift(watcher) {
            self.state.watchers.remove(&id);
            self.state.due.clear(&Due::Subscription(id));
        }
    }

    /// A notifier may shorten, never lengthen (RFC 6665 §4.2.1.1).
    fn refuse_brief(&mut self, request: &Request, flow: Flow) {
        let response = request.response(423).with(Name::MinExpires, EXPIRES_MIN_S.to_string());
        self.answer(request, flow, response);
    }

    /// 200 and, at once after it, the whole state (RFC 6665 §4.2.1).
    fn renew(&mut self, id: &DialogId, request: &Request, flow: Flow) {
        let Some(subscription) = self.state.watchers.get_mut(id) else { return };
        let most_s = match subscription.package {
            Package::Seizure { .. } => SEIZURE_MAX_S,
            _ => EXPIRES_MAX_S,
        };
        let expires_s = request.headers.expires().unwrap_or(EXPIRES_DEFAULT_S).min(most_s);
        subscription.expires_at = self.now + Duration::from_secs(u64::from(expires_s));
        subscription.news = subscription.news.back();
        subscription.knows = None;
        let local = subscription.dialog.local.to_string();
        let contact = format!("<{}>", subscription.dialog.contact);
        self.state.due.set(Due::Subscription(id.clone()), subscription.expires_at);
        self.state.watchers.has_some_news();
        let mut response = request.response(200).with(Name::Expires, expires_s.to_string());
        response.headers.set(Name::To, local);
        response.headers.push(Name::Contact, contact);
        for value in request.headers.all(&Name::RecordRoute) {
            response.headers.push(Name::RecordRoute, value.to_vec());
        }
        self.answer(request, flow, response);
    }

    /// Whoever has them may watch no longer; each is told that it has ended.
    pub(super) fn end_subscriptions_of(&mut self, watcher: &Extension, reason: &'static str) {
        for id in self.state.watchers.all_of(watcher) {
            if let Some(subscription) = self.state.watchers.get_mut(&id) {
                subscription.expires_at = self.now;
            }
            self.state.due.clear(&Due::Subscription(id.clone()));
            self.end_subscription(&id, reason);
        }
    }

    /// A NOTIFY has its answer, or none in time.
    pub(super) fn notified(&mut self, id: &DialogId, status: Option<u16>) {
        let Some(subscription) = self.state.watchers.get_mut(id) else { return };
        // A peer on a stream that says nothing is cut off and knows it not: he
        // is told everything when he registers again.
        if status.is_none() && subscription.dialog.flow.transport.is_reliable() {
            subscription.news = News::Adrift;
            return;
        }
        if !matches!(status, Some(200..=299)) {
            self.state.watchers.remove(id);
            return self.state.due.clear(&Due::Subscription(id.clone()));
        }
        let more = matches!(subscription.news, News::Due | News::UnderwayAndDue);
        subscription.news = match subscription.news {
            News::Due | News::UnderwayAndDue => News::Due,
            News::Told | News::Underway => News::Told,
            News::Adrift => News::Adrift,
        };
        if more {
            self.state.watchers.has_some_news();
        }
    }
}

/// Zero is no interval: it ends a subscription, or fetches the state once.
fn is_too_brief(request: &Request, package: &Package) -> bool {
    let brief = |asked_s| (1..EXPIRES_MIN_S).contains(&asked_s);
    !matches!(package, Package::Seizure { .. }) && request.headers.expires().is_some_and(brief)
}

pub(super) fn agent_of(request: &Request) -> String {
    let agent = request.headers.text(&Name::UserAgent).unwrap_or_default();
    agent.chars().take(AGENT_MAX).collect()
}

fn accepts(request: &Request, content_type: &str) -> bool {
    let accepted = request.headers.all(&Name::Accept);
    let mut accepted = accepted.map(|value| String::from_utf8_lossy(value).to_lowercase());
    accepted.any(|value| value.contains(content_type))
}

/// The line's number on that phone, as its Call-Info says; else the first.
fn appearance_of(request: &Request) -> u8 {
    let said = request.headers.text(&Name::CallInfo).unwrap_or_default();
    let index = said.split(';').find_map(|param| param.trim().strip_prefix("appearance-index="));
    index.and_then(|index| index.trim().parse().ok()).unwrap_or(1)
}
