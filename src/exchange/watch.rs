//! Subscriptions: who is to be told of parked calls and lamps (RFC 6665).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::ids::Extension;
use crate::domain::park_table;
use crate::domain::time::{Moment, Wakeup};
use crate::exchange::door::ALLOW_EVENTS;
use crate::exchange::{Due, Errand, Exchange};
use crate::sip::dialog::{Dialog, DialogId};
use crate::sip::flow::Flow;
use crate::sip::wire::{Method, Name, Request};

const EXPIRES_DEFAULT_S: u32 = 3600;
const EXPIRES_MIN_S: u32 = 60;
const EXPIRES_MAX_S: u32 = 86_400;

/// What a subscription tells, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Package {
    /// BroadWorks' park notification; without a body for whoever does not
    /// accept it.
    CallInfo { with_body: bool },
    /// Ours, for consoles.
    ParkTable,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Subscription {
    pub dialog: Dialog,
    pub package: Package,
    /// The event as the subscriber wrote it, to be said back to him.
    pub event: String,
    pub watcher: Extension,
    pub expires_at: Moment,
    pub news: News,
}

/// One NOTIFY outstanding; the newest state goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum News {
    Told,
    /// To be told in the next turn.
    Due,
    /// A NOTIFY is on its way.
    Underway,
    /// And what it says is out of date already.
    UnderwayAndDue,
    /// Its connection is gone or silent and there is no other way: it is told
    /// everything when its phone is back.
    Adrift,
}

impl News {
    fn arrived(self) -> Self {
        match self {
            Self::Told | Self::Due => Self::Due,
            Self::Underway | Self::UnderwayAndDue => Self::UnderwayAndDue,
            Self::Adrift => Self::Adrift,
        }
    }

    /// The watcher is heard again: whatever it was told, it is told anew.
    pub(super) fn back(self) -> Self {
        match self {
            Self::Adrift => Self::Due,
            news => news.arrived(),
        }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Watchers {
    #[serde(with = "crate::domain::pairs")]
    by_dialog: BTreeMap<DialogId, Subscription>,
    /// Places whose parked calls have changed in this turn.
    changed_places: BTreeSet<Extension>,
    lamps_changed: bool,
    /// Somebody is to be told something.
    has_news: bool,
}

impl Watchers {
    pub fn has(&self, id: &DialogId) -> bool {
        self.by_dialog.contains_key(id)
    }

    pub fn park_changed(&mut self, at: &Extension) {
        self.changed_places.insert(at.clone());
        self.has_news = true;
    }

    pub fn lamp_changed(&mut self) {
        self.lamps_changed = true;
        self.has_news = true;
    }

    pub fn next_wakeup(&self, now: Moment) -> Option<Wakeup> {
        self.has_news.then_some(Wakeup { at: now, reason: "watchers to be told" })
    }

    pub fn all_changed(&mut self) {
        self.has_news = true;
        for subscription in self.by_dialog.values_mut() {
            subscription.dialog.local_cseq += 65_536;
            subscription.news = News::Due;
        }
    }

    pub fn connection_lost(&mut self, flow: Flow) {
        for subscription in self.by_dialog.values_mut().filter(|s| s.dialog.flow == flow) {
            match subscription.dialog.elsewhere() {
                Some(other) => subscription.dialog.flow = other,
                None => subscription.news = News::Adrift,
            }
        }
    }

    pub fn flows(&self) -> impl Iterator<Item = Flow> {
        self.by_dialog.values().map(|subscription| subscription.dialog.flow)
    }

    pub fn of_mut(&mut self, watcher: &Extension) -> impl Iterator<Item = &mut Subscription> {
        self.by_dialog.values_mut().filter(move |s| s.watcher == *watcher)
    }

    pub fn some_news(&mut self) {
        self.has_news |= self.by_dialog.values().any(|s| s.news == News::Due);
    }

    /// Phones before consoles: with a thousand calls parked their table
    /// takes a millisecond to write, and nobody's lamp waits for it.
    fn whose_turn_it_is(&mut self) -> Vec<DialogId> {
        let due = self.by_dialog.iter().filter(|(_, s)| s.news == News::Due);
        let (tables, phones): (Vec<_>, Vec<_>) =
            due.partition(|(_, s)| s.package == Package::ParkTable);
        self.has_news |= !phones.is_empty() && !tables.is_empty();
        let first = if phones.is_empty() { tables } else { phones };
        first.into_iter().map(|(id, _)| id.clone()).collect()
    }

    fn of(&self, watcher: &Extension) -> usize {
        self.by_dialog.values().filter(|s| s.watcher == *watcher).count()
    }
}

impl Exchange {
    pub(super) fn subscribe(&mut self, request: &Request, flow: Flow) {
        let Some(extension) = self.authenticate(request, flow) else { return };
        let Some(package) = package_asked(request) else {
            let response = request.response(489).with(Name::AllowEvents, ALLOW_EVENTS);
            return self.reply(request, flow, response);
        };
        let asked = request.uri.user_decoded().unwrap_or_default();
        if asked != extension.as_str() {
            return self.refuse(request, flow, 403, "Only one's own extension can be watched");
        }
        if is_too_brief(request) {
            return self.refuse_brief(request, flow);
        }
        let limits = self.settings.limits;
        if self.state.watchers.of(&extension) >= limits.subscriptions_per_extension {
            self.forget_those_adrift(&extension);
        }
        if self.state.watchers.of(&extension) >= limits.subscriptions_per_extension
            || self.state.watchers.by_dialog.len() >= limits.subscriptions
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
            expires_at: self.now,
            news: News::Due,
        };
        let id = subscription.dialog.id();
        self.state.watchers.by_dialog.insert(id.clone(), subscription);
        self.renew(&id, request, flow);
    }

    pub(super) fn request_on_subscription(&mut self, id: &DialogId, request: &Request, flow: Flow) {
        let Some(subscription) = self.state.watchers.by_dialog.get_mut(id) else { return };
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
            Method::Subscribe if is_too_brief(request) => self.refuse_brief(request, flow),
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
        let all = self.state.watchers.by_dialog.iter();
        let adrift = all.filter(|(_, s)| s.news == News::Adrift && s.watcher == *watcher);
        let adrift: Vec<DialogId> = adrift.map(|(id, _)| id.clone()).collect();
        for id in adrift {
            self.state.watchers.by_dialog.remove(&id);
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
        let asked_s = request.headers.expires().unwrap_or(EXPIRES_DEFAULT_S);
        let expires_s = asked_s.min(EXPIRES_MAX_S);
        let Some(subscription) = self.state.watchers.by_dialog.get_mut(id) else { return };
        subscription.expires_at = self.now + Duration::from_secs(u64::from(expires_s));
        subscription.news = subscription.news.back();
        let local = subscription.dialog.local.to_string();
        let contact = format!("<{}>", subscription.dialog.contact);
        self.state.due.set(Due::Subscription(id.clone()), subscription.expires_at);
        self.state.watchers.has_news = true;
        let mut response = request.response(200).with(Name::Expires, expires_s.to_string());
        response.headers.set(Name::To, local);
        response.headers.push(Name::Contact, contact);
        for value in request.headers.all(&Name::RecordRoute) {
            response.headers.push(Name::RecordRoute, value.to_vec());
        }
        self.answer(request, flow, response);
    }

    pub(super) fn subscription_expired(&mut self, id: &DialogId) {
        let Some(subscription) = self.state.watchers.by_dialog.get(id) else { return };
        // The last one says that it is the last (RFC 6665 §4.1.3).
        if subscription.news != News::Adrift {
            let notify = self.notify_of(subscription, &mut None);
            let flow = subscription.dialog.flow;
            self.number_and_send(id, notify, flow, Errand::Parting);
        }
        self.state.watchers.by_dialog.remove(id);
    }

    /// A NOTIFY has its answer, or none in time.
    pub(super) fn notified(&mut self, id: &DialogId, status: Option<u16>) {
        let Some(subscription) = self.state.watchers.by_dialog.get_mut(id) else { return };
        // A peer on a stream that says nothing is cut off and knows it not: he
        // is told everything when he registers again.
        if status.is_none() && subscription.dialog.flow.transport.is_reliable() {
            subscription.news = News::Adrift;
            return;
        }
        if !matches!(status, Some(200..=299)) {
            self.state.watchers.by_dialog.remove(id);
            return self.state.due.clear(&Due::Subscription(id.clone()));
        }
        let more = matches!(subscription.news, News::Due | News::UnderwayAndDue);
        subscription.news = match subscription.news {
            News::Due | News::UnderwayAndDue => News::Due,
            News::Told | News::Underway => News::Told,
            News::Adrift => News::Adrift,
        };
        self.state.watchers.has_news |= more;
    }

    /// Sends what this turn has changed, to everybody concerned.
    pub(super) fn notify_watchers(&mut self) {
        if !std::mem::take(&mut self.state.watchers.has_news) {
            return;
        }
        self.mark_concerned();
        let mut all = None;
        for id in self.state.watchers.whose_turn_it_is() {
            let Some(subscription) = self.state.watchers.by_dialog.get(&id) else { continue };
            let notify = self.notify_of(subscription, &mut all);
            let flow = subscription.dialog.flow;
            let over = subscription.expires_at <= self.now;
            if let Some(subscription) = self.state.watchers.by_dialog.get_mut(&id) {
                subscription.news = News::Underway;
            }
            self.number_and_send(&id, notify, flow, Errand::Notify(id.clone()));
            if over {
                self.state.watchers.by_dialog.remove(&id);
                self.state.due.clear(&Due::Subscription(id));
            }
        }
    }

    fn mark_concerned(&mut self) {
        let places = std::mem::take(&mut self.state.watchers.changed_places);
        let lamps = std::mem::take(&mut self.state.watchers.lamps_changed);
        if places.is_empty() && !lamps {
            return;
        }
        let settings = &self.settings;
        for subscription in self.state.watchers.by_dialog.values_mut() {
            let concerned = match subscription.package {
                Package::ParkTable => true,
                Package::CallInfo { .. } => {
                    let group = settings.group_of(&subscription.watcher);
                    places.contains(&subscription.watcher)
                        || group.is_some_and(|g| g.members.iter().any(|m| places.contains(m)))
                }
            };
            if concerned {
                subscription.news = subscription.news.arrived();
            }
        }
    }

    fn number_and_send(&mut self, id: &DialogId, body: NotifyBody, flow: Flow, errand: Errand) {
        let Some(subscription) = self.state.watchers.by_dialog.get_mut(id) else { return };
        let mut notify = subscription.dialog.request(Method::Notify);
        notify.headers.push(Name::Event, body.event);
        notify.headers.push(Name::SubscriptionState, body.state);
        if let Some(call_info) = body.call_info {
            notify.headers.push(Name::CallInfo, call_info);
        }
        if let Some((content_type, text)) = body.body {
            notify = notify.body(content_type, text);
        }
        self.send_request(notify, flow, errand);
    }
}

/// What a NOTIFY says; its place in the dialog is added when it goes out.
pub(super) struct NotifyBody {
    pub event: String,
    pub state: String,
    pub call_info: Option<String>,
    pub body: Option<(&'static str, String)>,
}

/// Nobody is known to use the body's name as the event's, but it is easily
/// mistaken for it; it is understood and never originated.
const CALL_INFO_ALIAS: &str = "x-broadworks-callpark-info";
pub(super) const CALL_PARK_XML: &str = "application/x-broadworks-callpark-info+xml";

/// Zero is no interval: it ends a subscription, or fetches the state once.
fn is_too_brief(request: &Request) -> bool {
    request.headers.expires().is_some_and(|asked_s| (1..EXPIRES_MIN_S).contains(&asked_s))
}

fn package_asked(request: &Request) -> Option<Package> {
    let event = request.headers.event()?;
    match event.package.as_str() {
        "call-info" => {
            let with_body = request
                .headers
                .all(&Name::Accept)
                .any(|value| String::from_utf8_lossy(value).to_lowercase().contains(CALL_PARK_XML));
            Some(Package::CallInfo { with_body })
        }
        CALL_INFO_ALIAS => Some(Package::CallInfo { with_body: true }),
        park_table::EVENT_PACKAGE => Some(Package::ParkTable),
        _ => None,
    }
}
