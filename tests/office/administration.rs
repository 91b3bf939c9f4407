//! Groups and people changed in a running office: everybody sees it at once,
//! and no call is lost (product S21, S22, Q21).

use std::net::SocketAddr;

use bellhop::domain::caller_name::CallerName;
use bellhop::domain::ids::RingGroup;
use bellhop::domain::park_table::{EVENT_PACKAGE, MIME_TYPE, ParkTable, PhaseView};
use bellhop::domain::recall::RecallPolicy;
use bellhop::exchange::settings::{GroupSettings, NoAnswer, RingGroupSettings, Settings, Strategy};
use bellhop::sip::digest::Secret;
use bellhop::sip::wire::Method;

use crate::world::*;

struct Stage {
    world: World,
    reception: SocketAddr,
    bob: SocketAddr,
    /// At 104, in no group.
    carol: SocketAddr,
    alice: SocketAddr,
}

/// Alice Smith has been parked at reception for the blink of an eye; Bob's
/// and Carol's consoles watch.
fn parked_by(code: &str) -> Stage {
    let mut world = World::open();
    let reception = world.phone("101", 11);
    let (bob, carol) = (world.phone("103", 13), world.phone("104", 14));
    for watcher in [bob, carol] {
        world.act(watcher, |phone, now| phone.subscribe(EVENT_PACKAGE, MIME_TYPE, now));
    }
    world.get(reception).answer_with = Some(200);
    let alice = world.caller("+3386002678", "Alice Smith");
    world.act(alice, |phone, now| phone.dial("1", now));
    world.settle();
    world.get(reception).answer_with = None;
    world.act(reception, |phone, now| phone.refer(0, code, now));
    world.settle();
    Stage { world, reception, bob, carol, alice }
}

impl Stage {
    /// What a console was told last.
    fn told(&mut self, watcher: SocketAddr) -> ParkTable {
        let body = self.world.get(watcher).notified(EVENT_PACKAGE).unwrap();
        serde_json::from_str(&body).unwrap()
    }

    fn group_of(&mut self, watcher: SocketAddr) -> Option<String> {
        self.told(watcher).group.map(|group| group.name.to_string())
    }

    fn is_safe(&mut self) {
        assert_eq!(self.world.hears(self.alice), Heard::Music);
        assert_eq!(self.world.get(self.alice).up(), 1);
    }

    fn next(&self) -> (u64, String) {
        let table = self.world.exchange.park_table(&ext("104"));
        let next = table.calls[0].next.clone().unwrap();
        (next.in_ms.div_ceil(1000), next.what)
    }

    fn rings(&self) -> bool {
        self.world.handsets[&self.reception].ringing().is_some()
    }
}

fn sales() -> RingGroupSettings {
    RingGroupSettings {
        number: RingGroup(ext("600")),
        name: CallerName::clean("Sales"),
        members: vec![ext("103")],
        strategy: Strategy::All,
        ring_time: s(20),
        no_answer: NoAnswer::HangUp,
    }
}

fn timer(seconds: u64) -> impl FnOnce(&mut Settings) {
    move |settings| settings.groups[0].recall.after = s(seconds)
}

#[test]
fn s21_a_new_timer_counts_what_has_been_waited_already() {
    let mut stage = parked_by("*68");
    stage.world.run_for(s(30));
    stage.world.reconfigure(timer(60));
    stage.world.settle();
    assert_eq!(stage.next().0, 30, "of the 60 s there are 30 left");
    let carol = stage.carol;
    assert_eq!(stage.told(carol).calls[0].next.clone().unwrap().what, "rings Reception");
    stage.world.run_for(s(28));
    assert!(!stage.rings());
    stage.world.run_for(s(2));
    assert!(stage.rings());
    stage.is_safe();
}

#[test]
fn s21_a_timer_shorter_than_what_has_been_waited_recalls_at_once() {
    let mut stage = parked_by("*68");
    stage.world.run_for(s(30));
    stage.world.reconfigure(timer(20));
    stage.world.settle();
    assert!(stage.rings());
    stage.is_safe();
}

#[test]
fn s21_a_recall_that_rings_goes_on_and_what_follows_is_as_set_now() {
    let mut stage = parked_by("*68");
    stage.world.run_for(s(50));
    assert!(stage.rings());
    stage.world.reconfigure(|settings| {
        settings.ring_groups = vec![sales()];
        let (group, group_after) = (RingGroup(ext("600")), s(20));
        settings.groups[0].recall.policy =
            RecallPolicy::ParkingUserThenRingGroup { group_after, group };
    });
    stage.world.settle();
    assert!(stage.rings());
    assert_eq!(stage.next().1, "rings Sales");
    stage.world.run_for(s(45));
    assert!(!stage.rings());
    let bob = stage.bob;
    assert!(stage.world.get(bob).ringing().is_some());
    assert_eq!(stage.told(bob).calls[0].phase, PhaseView::HandingOver);
    // The ring group goes while it rings: whoever answers has the call all the same.
    stage.world.reconfigure(|settings| {
        settings.groups[0].recall.policy = RecallPolicy::ParkingUser;
        settings.ring_groups.clear();
    });
    stage.world.settle();
    stage.is_safe();
    stage.world.act(bob, |phone, now| {
        phone.answer(now);
    });
    stage.world.settle();
    assert_eq!(stage.world.hears(stage.alice), person(bob));
}

#[test]
fn s21_members_who_come_and_go_see_the_groups_calls_at_once_and_no_longer() {
    let mut stage = parked_by("*58");
    let (bob, carol) = (stage.bob, stage.carol);
    assert_eq!(stage.group_of(bob).as_deref(), Some("Front desk"));
    assert_eq!(stage.group_of(carol), None);
    stage.world.reconfigure(|settings| {
        settings.groups[0].members = ["101", "104"].map(ext).to_vec();
    });
    stage.world.settle();
    assert_eq!(stage.group_of(bob), None);
    assert_eq!(stage.group_of(carol).as_deref(), Some("Front desk"));
    stage.is_safe();
    // The newcomer fetches it with her *88.
    stage.world.act(carol, |phone, now| phone.dial("*88", now));
    stage.world.settle();
    assert_eq!(stage.world.hears(stage.alice), person(carol));
}

#[test]
fn s21_a_call_of_a_group_that_is_renamed_stays_that_groups() {
    let mut stage = parked_by("*58");
    let reception = stage.reception;
    stage.world.reconfigure(|settings| settings.groups[0].name = CallerName::clean("Desk"));
    stage.world.settle();
    let bob = stage.bob;
    let group = stage.told(bob).calls[0].group.clone();
    assert_eq!(group.unwrap().as_str(), "Desk");
    stage.is_safe();
    stage.world.act(reception, |phone, now| phone.dial("*88", now));
    stage.world.settle();
    assert_eq!(stage.world.hears(stage.alice), person(reception));
}

#[test]
fn s21_a_call_of_a_group_that_is_deleted_stays_at_its_place_by_the_tenants_rules() {
    let mut stage = parked_by("*58");
    let place = stage.world.exchange.lot().calls()[0].at.clone();
    stage.world.reconfigure(|settings| {
        settings.groups.clear();
        settings.recall.after = s(100);
    });
    stage.world.settle();
    let call = stage.world.exchange.lot().calls()[0].clone();
    assert_eq!((call.at, call.group), (place.clone(), None));
    assert!(stage.next().0 > 95, "{:?}", stage.next());
    stage.is_safe();
    let bob = stage.bob;
    stage.world.act(bob, |phone, now| phone.dial(&format!("*88{place}"), now));
    stage.world.settle();
    assert_eq!(stage.world.hears(stage.alice), person(bob));
}

#[test]
fn a_call_of_an_extension_that_is_gone_ends_when_its_people_end_it() {
    let mut stage = parked_by("*68104");
    let (reception, bob, alice) = (stage.reception, stage.bob, stage.alice);
    stage.world.get(bob).answer_with = Some(200);
    stage.world.act(reception, |phone, now| phone.dial("103", now));
    stage.world.settle();
    stage.world.reconfigure(|settings| {
        settings.extensions.remove(&ext("103"));
        settings.extensions.remove(&ext("104"));
        settings.groups[0].members = vec![ext("101")];
    });
    stage.world.settle();
    assert_eq!(stage.world.hears(reception), person(bob), "they talk on");
    stage.is_safe();
    // Nobody rings it, and it may not come back.
    assert!(!stage.world.exchange.registrar().is_registered(&ext("103")));
    stage.world.act(bob, |phone, now| phone.register(3600, now));
    stage.world.settle();
    assert_eq!(stage.world.get(bob).last_answer(&Method::Register).0, 401);
    stage.world.act(bob, |phone, now| phone.hang_up(0, now));
    stage.world.settle();
    assert_eq!(stage.world.hears(reception), Heard::Nothing);
    // Whoever is parked where nobody is any more is fetched as ever.
    stage.world.act(reception, |phone, now| phone.dial("*88104", now));
    stage.world.settle();
    assert_eq!(stage.world.hears(alice), person(reception));
}

#[test]
fn s15_a_tenant_that_is_added_takes_calls_and_one_that_is_gone_ends_none() {
    let mut stage = parked_by("*68");
    let mut other = Settings { is_only_tenant: false, ..settings() };
    other.domain = "b.example".to_owned();
    for (extension, person) in &mut other.extensions {
        person.secret = Secret::password(extension.as_str(), "b.example", "secret");
    }
    let first = Settings { is_only_tenant: false, ..settings() };
    stage.world.reconfigure_all(vec![first, other.clone()]);
    let phones = [("101", 31), ("102", 32)].map(|(extension, host)| {
        let at = stage.world.unregistered(extension, host);
        let phone = stage.world.get(at);
        phone.domain = "b.example".to_owned();
        phone.from_host = "b.example".to_owned();
        phone.answer_with = Some(200);
        stage.world.act(at, |phone, now| phone.register(3600, now));
        stage.world.settle();
        at
    });
    stage.world.act(phones[0], |phone, now| phone.dial("102", now));
    stage.world.settle();
    assert_eq!(stage.world.hears(phones[0]), person(phones[1]));
    // The first is gone from the file: its caller waits on.
    stage.world.reconfigure_all(vec![other]);
    stage.world.settle();
    stage.is_safe();
    assert_eq!(stage.world.hears(phones[0]), person(phones[1]));
}

#[test]
fn settings_changed_survive_together_with_their_calls() {
    let mut stage = parked_by("*58");
    stage.world.reconfigure(|settings| {
        let members = ["101", "103"].map(ext).to_vec();
        let recall = settings.groups[0].recall.clone();
        settings.groups =
            vec![GroupSettings { name: CallerName::clean("Late shift"), members, recall }];
    });
    stage.world.settle();
    stage.world.restart(s(2));
    stage.world.settle();
    let group = stage.world.exchange.lot().calls()[0].group.clone().unwrap();
    assert_eq!(group.name.as_str(), "Late shift");
    stage.is_safe();
}

/// Bob fetches, and his phone dies before it has acknowledged; meanwhile the
/// timer changes.
fn changed_during_a_fetch_that_fails(seconds: u64) -> Stage {
    let mut stage = parked_by("*68");
    stage.world.run_for(s(30));
    let bob = stage.bob;
    stage.world.act(bob, |phone, now| phone.dial("*88101", now));
    let silent = stage.world.handsets.remove(&bob).unwrap();
    stage.world.run_for(s(1));
    let phase = stage.told(stage.carol).calls[0].phase;
    assert_eq!(phase, PhaseView::Retrieving);
    stage.world.reconfigure(timer(seconds));
    stage.world.run_for(s(36));
    drop(silent);
    stage
}

#[test]
fn s21_a_new_timer_during_a_fetch_that_fails_counts_what_was_waited_before_it() {
    let mut stage = changed_during_a_fetch_that_fails(60);
    assert!(!stage.rings());
    let left = stage.next().0;
    assert!((25..=30).contains(&left), "{left}: of the 60 s there were 30 left");
    stage.world.run_for(s(left + 1));
    assert!(stage.rings());
    stage.is_safe();
}

#[test]
fn s21_a_shorter_timer_during_a_fetch_that_fails_recalls_as_soon_as_it_has() {
    let mut stage = changed_during_a_fetch_that_fails(20);
    assert!(stage.rings());
    stage.is_safe();
}

#[test]
fn settings_that_changed_while_the_office_was_down_hold_when_it_is_back() {
    let mut stage = parked_by("*58");
    assert_eq!(stage.world.exchange.lot().calls()[0].at, ext("103"));
    stage.world.run_for(s(30));
    stage.world.restart_with(s(2), |settings| {
        settings.groups[0].name = CallerName::clean("Desk");
        settings.groups[0].recall.after = s(60);
        settings.groups[0].members = vec![ext("101")];
        settings.extensions.remove(&ext("103"));
    });
    stage.world.settle();
    let left = stage.next().0;
    assert!((25..=28).contains(&left), "{left}: 32 of 60 s are waited");
    let group = stage.world.exchange.lot().calls()[0].group.clone().unwrap();
    assert_eq!(group.name.as_str(), "Desk");
    assert!(!stage.world.exchange.registrar().is_registered(&ext("103")));
    let bob = stage.bob;
    let notifies = stage.world.get(bob).got.iter().filter(|r| r.method == Method::Notify);
    let last = notifies.last().unwrap().headers.subscription_state().unwrap();
    assert_eq!((last.state.as_str(), last.reason.as_deref()), ("terminated", Some("rejected")));
    stage.is_safe();
}
