//! Desk phones when members come and go, passwords change, and people leave:
//! what they show is what a phone that asks anew is told.

use std::net::SocketAddr;

use bellhop::exchange::settings::Settings;
use bellhop::sip::digest::Secret;
use bellhop::sip::wire::Method;

use crate::world::*;

const XML: &str = "application/x-broadworks-callpark-info+xml";

struct Desks {
    world: World,
    reception: SocketAddr,
    alice: SocketAddr,
    bob: SocketAddr,
    caller: SocketAddr,
}

/// All of Front desk watch as desk phones do: who is parked for them, and the
/// group's lamp.
fn parked_by(code: &str) -> Desks {
    let mut world = World::open();
    let [reception, alice, bob] = [("101", 11), ("102", 12), ("103", 13)]
        .map(|(extension, host)| world.phone(extension, host));
    for phone in [reception, alice, bob] {
        world.act(phone, |phone, now| phone.subscribe("call-info", XML, now));
        world.act(phone, |phone, now| phone.watch("*58", "dialog", now));
    }
    world.get(reception).answer_with = Some(200);
    let caller = world.caller("+3386002678", "Alice Smith");
    world.act(caller, |phone, now| phone.dial("1", now));
    world.settle();
    world.get(reception).answer_with = None;
    world.act(reception, |phone, now| phone.refer(0, code, now));
    world.settle();
    Desks { world, reception, alice, bob, caller }
}

impl Desks {
    fn shows(&mut self, phone: SocketAddr) -> (bool, bool) {
        let phone = self.world.get(phone);
        let parked = phone.notified("call-info").unwrap();
        let lamp = phone.lamp("sip:*58@office.example").pop().unwrap();
        (parked.contains("Alice Smith"), lamp.contains("Alice Smith"))
    }
}

fn members(all: &'static [&'static str]) -> impl FnOnce(&mut Settings) {
    move |settings| settings.groups[0].members = all.iter().map(|member| ext(member)).collect()
}

const SHOWN: (bool, bool) = (true, true);
const DARK: (bool, bool) = (false, false);

#[test]
fn s23_a_call_parked_with_a_member_who_has_left_the_group_goes_out_at_the_others_when_it_ends() {
    let mut desks = parked_by("*58");
    assert_eq!(desks.world.exchange.lot().calls()[0].at, ext("102"));
    let (reception, bob, caller) = (desks.reception, desks.bob, desks.caller);
    assert_eq!((desks.shows(reception), desks.shows(bob)), (SHOWN, SHOWN));
    desks.world.reconfigure(members(&["101", "103"]));
    desks.world.settle();
    assert_eq!((desks.shows(reception), desks.shows(bob)), (SHOWN, SHOWN), "it is theirs still");
    desks.world.act(bob, |phone, now| phone.note("*88102", "text/plain", b"is angry", now));
    desks.world.settle();
    let noted = desks.world.get(bob).notified("call-info").unwrap();
    assert!(noted.contains("(at 102): is angry"), "{noted}");
    desks.world.act(caller, |phone, now| phone.hang_up(0, now));
    desks.world.settle();
    assert_eq!((desks.shows(reception), desks.shows(bob)), (DARK, DARK));
}

#[test]
fn s23_fetched_from_a_member_who_has_left_the_group_it_goes_out_at_the_others() {
    let mut desks = parked_by("*58");
    let (reception, alice, bob) = (desks.reception, desks.alice, desks.bob);
    desks.world.reconfigure(members(&["101", "103"]));
    desks.world.settle();
    desks.world.act(alice, |phone, now| phone.dial("*88", now));
    desks.world.settle();
    assert_eq!(desks.world.hears(desks.caller), person(alice));
    assert_eq!((desks.shows(reception), desks.shows(bob)), (DARK, DARK));
}

fn new_password(extension: &'static str) -> impl FnOnce(&mut Settings) {
    move |settings| {
        let person = settings.extensions.get_mut(&ext(extension)).unwrap();
        person.secret = Secret::password(extension, DOMAIN, "another");
    }
}

#[test]
fn whoever_knows_only_the_old_password_is_out_from_the_moment_it_changes() {
    let mut desks = parked_by("*68102");
    let (alice, bob) = (desks.alice, desks.bob);
    let subscribed = desks.world.get(alice).answers.iter();
    let subscribed: Vec<_> = subscribed.filter(|(m, _)| *m == Method::Subscribe).collect();
    let (_, lamp) = subscribed.into_iter().rev().find(|(_, a)| a.status == 200).unwrap().clone();
    desks.world.reconfigure(new_password("102"));
    desks.world.settle();
    assert!(!desks.world.exchange.registrar().is_registered(&ext("102")));
    assert!(desks.world.exchange.registrar().is_registered(&ext("103")), "his is as it was");
    let told = |world: &mut World, phone| {
        let notifies = world.get(phone).got.iter().filter(|r| r.method == Method::Notify);
        notifies.map(|n| n.headers.subscription_state().unwrap()).last().unwrap()
    };
    let state = told(&mut desks.world, alice);
    assert_eq!(
        (state.state.as_str(), state.reason.as_deref()),
        ("terminated", Some("deactivated"))
    );
    assert_eq!(told(&mut desks.world, bob).state, "active");
    // Nor does a renewal within the subscription keep it.
    desks.world.act(alice, |phone, now| phone.watch_on(&lamp, 3, 1800, now));
    desks.world.settle();
    assert_eq!(desks.world.get(alice).last_answer(&Method::Subscribe).0, 481);
    desks.world.act(alice, |phone, now| phone.register(3600, now));
    desks.world.settle();
    assert_eq!(desks.world.get(alice).last_answer(&Method::Register).0, 401);
    let caller = desks.caller;
    assert_eq!(desks.world.hears(caller), Heard::Music, "her caller waits on");
}

#[test]
fn the_last_word_to_the_phone_of_somebody_who_is_gone_is_that_it_may_not_ask_again() {
    let mut desks = parked_by("*68102");
    let alice = desks.alice;
    desks.world.reconfigure(|settings| {
        settings.extensions.remove(&ext("102"));
        settings.groups[0].members = ["101", "103"].map(ext).to_vec();
    });
    desks.world.settle();
    let notifies = desks.world.get(alice).got.iter().filter(|r| r.method == Method::Notify);
    let states = notifies.map(|n| n.headers.subscription_state().unwrap());
    let last: Vec<_> = states.filter(|s| s.state == "terminated").map(|s| s.reason).collect();
    assert_eq!(last, [Some("rejected".to_owned()), Some("rejected".to_owned())]);
}

#[test]
fn a_password_that_is_the_same_one_ends_nothing() {
    let mut desks = parked_by("*68102");
    desks.world.reconfigure(|settings| {
        for (extension, person) in &mut settings.extensions {
            person.secret = Secret::password(extension.as_str(), DOMAIN, "secret");
        }
    });
    desks.world.settle();
    assert!(desks.world.exchange.registrar().is_registered(&ext("102")));
    let alice = desks.alice;
    let notifies = desks.world.get(alice).got.iter().filter(|r| r.method == Method::Notify);
    let states: Vec<_> = notifies.map(|n| n.headers.subscription_state().unwrap().state).collect();
    assert!(states.iter().all(|state| state == "active"), "{states:?}");
}
