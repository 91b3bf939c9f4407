//! Subscriptions: who is to be told of parked calls and lamps (RFC 6665).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::caller_name::CallerName;
use crate::domain::ids::Extension;
use crate::domain::time::{Moment, Wakeup};
use crate::exchange::Exchange;
use crate::exchange::editions::Editions;
use crate::exchange::lines::{self, Line, Lines};
use crate::sip::dialog::{Dialog, DialogId};
use crate::sip::flow::Flow;

pub(super) const CALL_PARK_XML: &str = "application/x-broadworks-callpark-info+xml";

/// Nobody sees a table come later than this behind a lamp.
const TABLES_WAIT_MAX: Duration = Duration::from_millis(50);

/// What a subscription tells, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Package {
    /// BroadWorks' park notification; without a body for whoever does not
    /// accept it.
    CallInfo { with_body: bool },
    /// The same body under the name that is used without being asked for.
    ParkInfo,
    /// A phone that believes its line to be shared wants to dial.
    Seizure { appearance: u8 },
    /// A key's lamp; `entity` is what it watches in the subscriber's words.
    Lamp { watched: Watched, entity: String },
    /// Ours, for consoles; the difference to what they know, for those that
    /// say they can take it.
    ParkTable { changes: bool },
}

/// What a lamp is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Watched {
    /// An extension's calls.
    Calls(Extension),
    /// Who is parked at an extension: the park code, or the retrieve code with
    /// an extension behind it.
    Place(Extension),
    /// Whom the retrieve code alone would fetch.
    Mine,
    /// Who is group-parked in the watcher's group.
    Group,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Subscription {
    pub dialog: Dialog,
    pub package: Package,
    /// The event as the subscriber wrote it, to be said back to him.
    pub event: String,
    pub watcher: Extension,
    /// Make, model and firmware, as it says itself.
    pub agent: String,
    pub expires_at: Moment,
    pub news: News,
    /// What it was last told: the digest of the document, or the edition of the
    /// table.
    pub knows: Option<u64>,
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
    pub(super) fn arrived(self) -> Self {
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
    /// And groups of such calls: who is parked by a group stays its call at a
    /// place that has left it.
    changed_groups: BTreeSet<CallerName>,
    lamps_changed: bool,
    /// As lamps were last told of them.
    lines: Lines,
    pub editions: Editions,
    /// Somebody is to be told something.
    has_news: bool,
    /// Consoles are to be told, and phones have been told first since then.
    tables_wait_since: Option<Moment>,
}

impl Watchers {
    pub fn has(&self, id: &DialogId) -> bool {
        self.by_dialog.contains_key(id)
    }

    pub fn park_changed(&mut self, at: Extension, group: Option<CallerName>) {
        self.changed_places.insert(at);
        self.changed_groups.extend(group);
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
            subscription.knows = None;
        }
    }

    /// Groups, names and members may be others: whatever somebody was told,
    /// he is told what is true now.
    pub fn settings_changed(&mut self) {
        (self.lamps_changed, self.has_news) = (true, true);
        for subscription in self.by_dialog.values_mut() {
            subscription.news = subscription.news.arrived();
        }
    }

    pub fn all_of(&self, watcher: &Extension) -> Vec<DialogId> {
        let own = self.by_dialog.iter().filter(|(_, s)| s.watcher == *watcher);
        own.map(|(id, _)| id.clone()).collect()
    }

    pub fn connection_lost(&mut self, flow: Flow) {
        for subscription in self.by_dialog.values_mut().filter(|s| s.dialog.flow == flow) {
            match subscription.dialog.elsewhere() {
                Some(other) => subscription.dialog.flow = other,
                None => subscription.news = News::Adrift,
            }
        }
    }

    pub fn extensions(&self) -> impl Iterator<Item = &Extension> {
        self.by_dialog.values().map(|subscription| &subscription.watcher)
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
    /// takes a millisecond to write, and nobody's lamp waits for it. But where
    /// some phone is due in every turn, consoles have theirs all the same.
    pub fn whose_turn_it_is(&mut self, now: Moment) -> Vec<DialogId> {
        let due = self.by_dialog.iter().filter(|(_, s)| s.news == News::Due);
        let (tables, mut first): (Vec<_>, Vec<_>) =
            due.partition(|(_, s)| matches!(s.package, Package::ParkTable { .. }));
        let since = self.tables_wait_since.take_if(|_| !tables.is_empty()).unwrap_or(now);
        if first.is_empty() || now.since(since) >= TABLES_WAIT_MAX {
            first.extend(tables);
        } else if !tables.is_empty() {
            self.has_news = true;
            self.tables_wait_since = Some(since);
        }
        first.into_iter().map(|(id, _)| id.clone()).collect()
    }

    pub fn of(&self, watcher: &Extension) -> usize {
        self.by_dialog.values().filter(|s| s.watcher == *watcher).count()
    }

    pub fn len(&self) -> usize {
        self.by_dialog.len()
    }

    pub fn get(&self, id: &DialogId) -> Option<&Subscription> {
        self.by_dialog.get(id)
    }

    pub fn get_mut(&mut self, id: &DialogId) -> Option<&mut Subscription> {
        self.by_dialog.get_mut(id)
    }

    pub fn insert(&mut self, id: DialogId, subscription: Subscription) {
        self.by_dialog.insert(id, subscription);
    }

    pub fn remove(&mut self, id: &DialogId) {
        self.by_dialog.remove(id);
    }

    /// Nothing of what has changed is news to this one.
    pub fn knows_all(&mut self, id: &DialogId) {
        if let Some(subscription) = self.by_dialog.get_mut(id) {
            subscription.news = News::Told;
        }
    }

    pub fn adrift(&self, watcher: &Extension) -> Vec<DialogId> {
        let all = self.by_dialog.iter();
        let adrift = all.filter(|(_, s)| s.news == News::Adrift && s.watcher == *watcher);
        adrift.map(|(id, _)| id.clone()).collect()
    }

    /// Whether there is any; it is seen to now.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.has_news)
    }

    pub fn has_some_news(&mut self) {
        self.has_news = true;
    }

    /// As lamps are told of them.
    pub fn lines_of(&self, extension: &Extension) -> &[Line] {
        self.lines.get(extension).map_or(&[], Vec::as_slice)
    }
}

impl Exchange {
    /// Whoever is concerned by what has changed is to be told.
    pub(super) fn mark_concerned(&mut self) {
        let places = std::mem::take(&mut self.state.watchers.changed_places);
        let groups = std::mem::take(&mut self.state.watchers.changed_groups);
        let lamps = std::mem::take(&mut self.state.watchers.lamps_changed);
        if places.is_empty() && !lamps {
            return;
        }
        let lines = self.lines();
        let in_calls = lines::changed(&self.state.watchers.lines, &lines);
        let neighbours = self.neighbours(&places, &groups);
        self.state.heralds.concern(&neighbours);
        self.state.watchers.lines = lines;
        for subscription in self.state.watchers.by_dialog.values_mut() {
            let concerned = match &subscription.package {
                Package::ParkTable { .. } => true,
                Package::Seizure { .. } => false,
                Package::CallInfo { .. }
                | Package::ParkInfo
                | Package::Lamp { watched: Watched::Mine | Watched::Group, .. } => {
                    neighbours.contains(&subscription.watcher)
                }
                Package::Lamp { watched: Watched::Place(at), .. } => places.contains(at),
                Package::Lamp { watched: Watched::Calls(at), .. } => {
                    in_calls.contains(at) || places.contains(at)
                }
            };
            if concerned {
                subscription.news = subscription.news.arrived();
            }
        }
    }

    /// Those who are told of what is parked at these places and by these
    /// groups: everybody there, and everybody of either group.
    fn neighbours(
        &self,
        places: &BTreeSet<Extension>,
        groups: &BTreeSet<CallerName>,
    ) -> BTreeSet<Extension> {
        let concerned = self.settings.groups.iter().filter(|group| {
            groups.contains(&group.name) || group.members.iter().any(|m| places.contains(m))
        });
        let members = concerned.flat_map(|group| &group.members);
        places.iter().chain(members).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::flow::Transport;
    use crate::sip::wire::{Host, NameAddr, Uri};

    fn subscription(package: Package) -> (DialogId, Subscription) {
        let uri = Uri::sip("101", Host::Name("office.example".to_owned()));
        let local = NameAddr::new(None, uri.clone()).with_tag("ours");
        let at = "10.0.0.1:5060".parse().unwrap();
        let flow = Flow { transport: Transport::Udp, local: at, remote: at };
        let (remote, target, call_id) = (local.clone(), uri.clone(), format!("{package:?}"));
        let dialog = Dialog::outgoing(call_id, local, remote, target, uri, flow);
        let watcher = Extension::parse("101").unwrap();
        let subscription = Subscription {
            dialog,
            package,
            event: String::new(),
            watcher,
            agent: String::new(),
            expires_at: Moment::START,
            news: News::Due,
            knows: None,
        };
        (subscription.dialog.id(), subscription)
    }

    #[test]
    fn a_console_is_told_though_some_phone_is_due_in_every_turn() {
        let mut watchers = Watchers::default();
        let (table, console) = subscription(Package::ParkTable { changes: true });
        let (lamp, phone) = subscription(Package::ParkInfo);
        watchers.insert(table.clone(), console);
        watchers.insert(lamp.clone(), phone);
        let mut now = Moment::START;
        let mut turns = Vec::new();
        for _ in 0..200 {
            let turn = watchers.whose_turn_it_is(now);
            assert_eq!(turn.first(), Some(&lamp), "the phone never waits for the console");
            assert!(watchers.take_news() || turn.len() == 2, "nobody who waits is forgotten");
            turns.push(turn.len() - 1);
            now = now + Duration::from_millis(1);
        }
        assert!((3..=4).contains(&turns.iter().sum::<usize>()), "every 50 ms: {turns:?}");
        watchers.get_mut(&lamp).unwrap().news = News::Told;
        assert_eq!(watchers.whose_turn_it_is(now), [table], "else it is told at once");
    }
}
