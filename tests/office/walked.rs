//! Stories that the random walks of `tests/model` found first. Each names its
//! walk as it was then.

use bellhop::domain::ids::RingGroup;
use bellhop::domain::recall::RecallPolicy;
use bellhop::park::Phase;

use crate::calls::talking;
use crate::world::*;

const XML: &str = "application/x-broadworks-callpark-info+xml";

/// Walk 42.
#[test]
fn whoever_is_transferred_before_his_phone_has_acknowledged_the_answer_hears_music() {
    let mut world = World::open();
    let (reception, bob) = (world.phone("101", 11), world.phone("103", 13));
    let alice = world.caller("+3386002678", "Alice Smith");
    world.act(alice, |phone, now| phone.dial("1", now));
    world.settle();
    world.act(reception, |phone, now| phone.answer(now));
    world.act(reception, |phone, now| phone.refer(0, "103", now));
    world.settle();
    assert!(world.get(bob).ringing().is_some());
    assert_eq!(world.hears(alice), Heard::Music);
}

/// Walk 48.
#[test]
fn s32_a_retrieve_that_fails_does_not_bring_a_handed_over_call_back_to_the_parking_user() {
    let mut settings = settings();
    settings.groups[0].recall.policy =
        RecallPolicy::ParkingUserThenRingGroup { group_after: s(20), group: RingGroup(ext("600")) };
    settings.ring_groups = vec![crate::recall::sales()];
    let mut world = World::with(settings, 1);
    let (reception, _) = crate::calls::talking_in(&mut world);
    let (desk, bob) = (world.phone("102", 12), world.phone("104", 14));
    world.act(reception, |phone, now| phone.refer(0, "*68", now));
    world.run_for(s(66));
    assert!(world.get(desk).ringing().is_some(), "it is with the group");
    world.act(bob, |phone, now| phone.dial("*88101", now));
    world.run_for(std::time::Duration::from_millis(1));
    world.handsets.remove(&bob);
    world.settle();
    let phase = |world: &World| world.exchange.lot().calls()[0].phase.clone();
    assert!(matches!(phase(&world), Phase::Retrieving { .. }));
    world.run_for(s(40));
    assert!(matches!(phase(&world), Phase::HandingOver { .. }), "{:?}", phase(&world));
    assert_eq!(world.get(reception).ringing(), None);
}

/// Walks 30 and 77.
#[test]
fn a_phone_that_does_not_listen_is_told_on_the_connection_it_uses_after_a_restart() {
    let mut world = World::open();
    let (bob, carol) = (world.tcp_phone("103", 13), world.phone("104", 14));
    world.get(bob).listens = false;
    world.get(carol).answer_with = Some(200);
    world.act(bob, |phone, now| phone.dial("104", now));
    world.settle();
    world.restart(s(5));
    world.act(bob, |phone, now| phone.refer(0, "*68", now));
    world.run_for(s(3));
    assert_eq!(world.hears(carol), Heard::Music);
    assert_eq!(world.get(bob).notified("refer").unwrap(), "SIP/2.0 200 OK\r\n");
    assert_eq!(world.get(bob).up(), 0, "the server hung up for him");
}

/// Walk 31.
#[test]
fn m1_whoever_answers_a_call_that_was_handed_over_while_it_rang_sees_the_caller() {
    let (mut world, reception, alice) = talking();
    let bob = world.phone("103", 13);
    world.act(reception, |phone, now| phone.hold(0, true, now));
    world.settle();
    world.act(reception, |phone, now| phone.dial("103", now));
    world.settle();
    world.act(reception, |phone, now| phone.refer_attended(0, 1, now));
    world.settle();
    world.act(bob, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!((world.hears(alice), world.hears(bob)), (person(bob), person(alice)));
    let alice_smith = ("Alice Smith".to_owned(), "+3386002678".to_owned());
    assert_eq!(world.get(bob).asserted(), Some(alice_smith));
}

/// Walks 10 and 38.
#[test]
fn m3_a_watcher_whose_answer_the_office_missed_while_it_was_away_is_told_afterwards() {
    let (mut world, reception, _) = talking();
    let desk = world.phone("102", 12);
    world.act(desk, |phone, now| phone.subscribe("call-info", XML, now));
    world.settle();
    // The office dies while the phone is being told.
    world.act(reception, |phone, now| phone.refer(0, "*68103", now));
    let deaf = world.handsets.remove(&desk).unwrap();
    world.settle();
    world.handsets.insert(desk, deaf);
    world.restart(s(70));
    world.run_for(s(5));
    let colleague = world.phone("104", 14);
    world.act(colleague, |phone, now| phone.dial("*88103", now));
    world.settle();
    world.act(colleague, |phone, now| phone.refer(0, "*68102", now));
    world.run_for(s(1));
    assert!(world.get(desk).notified("call-info").unwrap().contains("Alice Smith"));
}

/// Walks 2145, 2305 and 2390.
#[test]
fn a_transfer_that_overtakes_the_answer_before_it_parks_all_the_same() {
    let mut world = World::open();
    let (reception, alice) = (world.phone("101", 11), world.caller("+3386002678", "Alice Smith"));
    world.act(alice, |phone, now| phone.dial("1", now));
    world.settle();
    world.act(reception, |phone, now| {
        phone.answer(now);
        phone.sent.clear(); // The answer is lost, and repeated half a second later.
        phone.refer(0, "*68102", now);
    });
    world.run_for(s(4));
    assert_eq!(world.get(reception).last_answer(&bellhop::sip::wire::Method::Refer).0, 202);
    assert_eq!(world.hears(alice), Heard::Music);
    assert_eq!(world.exchange.lot().calls()[0].at, ext("102"));
}
