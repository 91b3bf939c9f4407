//! Transfers that ask for what cannot be.

use std::net::SocketAddr;

use bellhop::sip::wire::{Method, Name};

use crate::calls::talking;
use crate::handset::LineState;
use crate::world::*;

/// A REFER on the first line whose Replaces is `replaces`, escaped already.
fn refer_replacing(world: &mut World, phone: SocketAddr, replaces: &str) {
    world.act(phone, |phone, now| {
        let refer = phone.lines[0].dialog.request(Method::Refer);
        let target = format!("<sip:103@{DOMAIN}?Replaces={replaces}>");
        phone.request(refer.with(Name::ReferTo, target), now);
    });
    world.settle();
}

/// Reception talks to Alice Smith, has her on hold, and talks to Bob: the
/// second line.
fn consulting() -> (World, SocketAddr, SocketAddr, SocketAddr) {
    let (mut world, reception, alice) = talking();
    let bob = world.phone("103", 13);
    world.act(reception, |phone, now| phone.hold(0, true, now));
    world.settle();
    world.get(bob).answer_with = Some(200);
    world.act(reception, |phone, now| phone.dial("103", now));
    world.settle();
    (world, reception, alice, bob)
}

#[test]
fn a_call_is_not_joined_to_itself() {
    let (mut world, reception, alice) = talking();
    world.act(reception, |phone, now| phone.refer_attended(0, 0, now));
    world.run_for(s(3));
    assert_eq!(world.get(reception).last_answer(&Method::Refer).0, 400);
    assert_eq!((world.hears(alice), world.hears(reception)), (person(reception), person(alice)));
}

#[test]
fn the_two_ends_of_one_call_are_not_joined_to_themselves() {
    let mut world = World::open();
    let (desk, mobile) = (world.phone("103", 13), world.phone("103", 23));
    world.get(mobile).answer_with = Some(200);
    world.act(desk, |phone, now| phone.dial("103", now));
    world.settle();
    assert_eq!(world.hears(desk), person(mobile));
    let other_end = world.get(mobile).replaces(0).replace(';', "%3B").replace('=', "%3D");
    refer_replacing(&mut world, desk, &other_end);
    world.run_for(s(3));
    assert_eq!(world.get(desk).last_answer(&Method::Refer).0, 400);
    assert_eq!((world.hears(desk), world.hears(mobile)), (person(mobile), person(desk)));
}

#[test]
fn a_transfer_must_name_both_ends_of_the_other_call() {
    let (mut world, reception, alice, bob) = consulting();
    let id = world.get(reception).lines[1].dialog.id();
    let theirs = world.get(reception).lines[1].dialog.remote.tag().unwrap().to_owned();
    let guessed = format!("{}%3Bto-tag%3D{theirs}%3Bfrom-tag%3Dguessed", id.call_id);
    refer_replacing(&mut world, reception, &guessed);
    assert_eq!(world.get(reception).last_answer(&Method::Refer).0, 404);
    assert_eq!((world.hears(alice), world.hears(bob)), (Heard::Music, person(reception)));
}

#[test]
fn whoever_has_transferred_a_call_is_not_told_that_he_parked_it_too() {
    let (mut world, reception, alice, bob) = consulting();
    world.act(reception, |phone, now| phone.refer_attended(0, 1, now));
    world.settle();
    assert_eq!(world.hears(alice), person(bob));
    let status = |world: &mut World| {
        world.get(reception).lines[0].state = LineState::Up;
        world.act(reception, |phone, now| phone.refer(0, "*68", now));
        world.settle();
        world.get(reception).last_answer(&Method::Refer).0
    };
    assert_eq!(status(&mut world), 403, "nobody is there any more");
    world.run_for(s(5));
    assert_eq!(status(&mut world), 481, "nor is the call");
    assert_eq!(world.exchange.lot().calls().len(), 0);
}
