//! Who is shown on a phone's display, when it is busy, slow or stubborn.

use std::net::SocketAddr;

use bellhop::sip::wire::{Method, Name};

use crate::world::*;

const NO_UPDATE: &str = "INVITE, ACK, BYE, CANCEL, NOTIFY, REFER, OPTIONS";

/// Carol, who has called Bob, is handed over to reception, whose name her
/// phone is told, and answers with each of `instead` first. It allows `allow`.
fn handed_over(allow: &'static str, instead: &[(Method, u16)]) -> (World, SocketAddr, SocketAddr) {
    let mut world = World::open();
    let (reception, bob) = (world.phone("101", 11), world.phone("103", 13));
    let carol = world.phone("104", 14);
    world.get(carol).allow = allow;
    world.get(bob).answer_with = Some(200);
    world.get(reception).answer_with = Some(200);
    world.act(carol, |phone, now| phone.dial("103", now));
    world.settle();
    world.act(bob, |phone, now| phone.dial("101", now));
    world.settle();
    world.get(carol).instead = instead.to_vec();
    world.act(bob, |phone, now| phone.refer_attended(0, 1, now));
    world.settle();
    assert_eq!(world.hears(carol), person(reception));
    (world, carol, reception)
}

/// Reception parks Carol, and Alice of the office fetches her.
fn moves_on_to_alice(world: &mut World, reception: SocketAddr) -> SocketAddr {
    world.act(reception, |phone, now| phone.refer(0, "*68", now));
    world.settle();
    let alice = world.phone("102", 12);
    world.act(alice, |phone, now| phone.dial("*88101", now));
    world.settle();
    alice
}

fn shown(world: &mut World, phone: SocketAddr) -> String {
    world.get(phone).asserted().unwrap().0
}

#[test]
fn m1_a_name_that_changes_while_the_last_one_is_being_told_is_told_next() {
    let allows = ["INVITE, ACK, BYE, UPDATE", NO_UPDATE];
    for (allow, method) in allows.into_iter().zip([Method::Update, Method::Invite]) {
        let (mut world, carol, reception) = handed_over(allow, &[(method, 0)]);
        let alice = moves_on_to_alice(&mut world, reception);
        assert_eq!(world.hears(carol), person(alice));
        assert_eq!(shown(&mut world, carol), "Reception", "one at a time");
        world.act(carol, |phone, now| phone.answer_late(now));
        world.settle();
        assert_eq!(shown(&mut world, carol), "Alice");
    }
}

#[test]
fn m1_a_phone_that_was_busy_with_itself_is_told_the_name_later() {
    for (allow, method) in [("INVITE, UPDATE", Method::Update), (NO_UPDATE, Method::Invite)] {
        let (mut world, carol, _) = handed_over(allow, &[(method.clone(), 491)]);
        let told = |world: &mut World| {
            let got = world.get(carol).got.iter();
            got.filter(|r| r.method == method && r.headers.to_tag().is_some()).count()
        };
        world.run_for(s(4));
        assert_eq!((told(&mut world), shown(&mut world, carol)), (2, "Reception".to_owned()));
        world.run_for(s(60));
        assert_eq!(told(&mut world), 2, "once understood it is not said again");
    }
}

#[test]
fn a_phone_that_is_busy_with_itself_for_ever_is_left_in_peace_at_last() {
    let busy = vec![(Method::Update, 491); 100];
    let (mut world, carol, _) = handed_over("INVITE, UPDATE", &busy);
    world.run_for(s(600));
    let told = world.get(carol).got.iter().filter(|r| r.method == Method::Update).count();
    assert_eq!(told, 11);
}

#[test]
fn a_phone_that_rings_on_a_name_may_hold_its_call_all_the_same() {
    let (mut world, carol, reception) = handed_over(NO_UPDATE, &[(Method::Invite, 100)]);
    world.act(carol, |phone, now| phone.hold(0, true, now));
    world.settle();
    assert_eq!(world.get(carol).last_answer(&Method::Invite).0, 491, "for the moment");
    world.run_for(s(11));
    world.act(carol, |phone, now| phone.hold(0, true, now));
    world.settle();
    assert_eq!(world.get(carol).last_answer(&Method::Invite).0, 200);
    assert_eq!(world.hears(reception), Heard::Music);
    // It answers after all: it is acknowledged, and nothing changes.
    world.act(carol, |phone, now| phone.answer_late(now));
    world.settle();
    assert_eq!((world.get(carol).acknowledged, world.hears(reception)), (1, Heard::Music));
}

#[test]
fn an_offer_by_update_waits_for_the_answer_to_our_own() {
    let (mut world, carol, _) = handed_over(NO_UPDATE, &[(Method::Invite, 0)]);
    world.act(carol, |phone, now| phone.update(0, true, now));
    world.settle();
    assert_eq!(world.get(carol).last_answer(&Method::Update).0, 491);
    world.act(carol, |phone, now| phone.update(0, false, now));
    world.settle();
    assert_eq!(world.get(carol).last_answer(&Method::Update).0, 200, "it offers nothing");
    world.act(carol, |phone, now| phone.answer_late(now));
    world.settle();
    world.act(carol, |phone, now| phone.update(0, true, now));
    world.settle();
    assert_eq!(world.get(carol).last_answer(&Method::Update).0, 200);
}

#[test]
fn an_offer_by_update_waits_for_the_answer_to_its_own_call() {
    let mut world = World::open();
    let (bob, carol) = (world.phone("103", 13), world.phone("104", 14));
    world.act(bob, |phone, now| phone.dial("104", now));
    world.settle();
    world.act(bob, |phone, now| phone.update(0, true, now));
    world.settle();
    let (_, answer) = world.get(bob).answers.last().unwrap();
    let retry_s: u32 = answer.headers.text(&Name::RetryAfter).unwrap().parse().unwrap();
    assert!(answer.status == 500 && retry_s <= 10, "{answer:?}");
    world.act(carol, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!(world.hears(bob), person(carol));
}
