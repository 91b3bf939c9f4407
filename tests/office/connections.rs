//! Phones on streams: connections that close, break and come back.

use std::net::SocketAddr;

use bellhop::sip::wire::Method;

use crate::world::*;

const XML: &str = "application/x-broadworks-callpark-info+xml";

/// Bob's phone on a stream, told of what is parked with him.
fn watching() -> (World, SocketAddr) {
    let mut world = World::open();
    let bob = world.tcp_phone("103", 13);
    world.act(bob, |phone, now| phone.subscribe("call-info", XML, now));
    world.settle();
    assert!(world.get(bob).notified("call-info").unwrap().contains("<callpark/>"));
    world.get(bob).got.clear();
    (world, bob)
}

/// Alice Smith is parked with Bob, by reception.
fn park_with_bob(world: &mut World) {
    let reception = world.phone("101", 11);
    world.get(reception).answer_with = Some(200);
    let alice = world.caller("+3386002678", "Alice Smith");
    world.act(alice, |phone, now| phone.dial("1", now));
    world.settle();
    world.act(reception, |phone, now| phone.refer(0, "*68103", now));
    world.settle();
}

fn is_told_of_alice(world: &mut World, phone: SocketAddr) -> bool {
    let told = world.get(phone).notified("call-info");
    told.is_some_and(|told| told.contains("Alice Smith"))
}

/// Bob talks to Carol from his phone on a stream.
fn talking_to_carol() -> (World, SocketAddr, SocketAddr) {
    let mut world = World::open();
    let (bob, carol) = (world.tcp_phone("103", 13), world.phone("104", 14));
    world.get(carol).answer_with = Some(200);
    world.act(bob, |phone, now| phone.dial("104", now));
    world.settle();
    assert_eq!((world.hears(bob), world.hears(carol)), (person(carol), person(bob)));
    (world, bob, carol)
}

#[test]
fn a_phone_whose_idle_connection_has_closed_is_rung_where_it_listens() {
    let mut world = World::open();
    let (bob, carol) = (world.tcp_phone("103", 13), world.phone("104", 14));
    world.disconnect(bob);
    world.act(carol, |phone, now| phone.dial("103", now));
    world.settle();
    assert!(world.get(bob).ringing().is_some());
    world.act(bob, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!((world.hears(bob), world.hears(carol)), (person(carol), person(bob)));
    world.act(carol, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(world.get(bob).up(), 0);
}

#[test]
fn a_phone_that_can_only_connect_by_itself_is_away_until_it_does() {
    let mut world = World::open();
    // Behind a NAT: what it says of itself is nothing to us.
    let bob = world.tcp_phone_that("103", 13, |phone| {
        phone.claims = Some("192.168.7.7:5060".parse().unwrap());
    });
    let carol = world.phone("104", 14);
    world.disconnect(bob);
    world.act(carol, |phone, now| phone.dial("103", now));
    world.settle();
    assert_eq!(world.get(carol).last_answer(&Method::Invite).0, 480);
    assert_eq!(world.get(bob).lines.len(), 0);
    world.act(bob, |phone, now| phone.register(3600, now));
    world.settle();
    world.act(carol, |phone, now| phone.dial("103", now));
    world.settle();
    assert!(world.get(bob).ringing().is_some());
}

#[test]
fn m3_a_lamp_is_right_as_soon_as_its_phone_is_back_however_it_was_lost() {
    // Forty seconds are more than a NOTIFY is waited for.
    for (noticed, away_s) in [(true, 10), (false, 10), (false, 40)] {
        let (mut world, bob) = watching();
        world.get(bob).listens = false;
        if noticed {
            world.disconnect(bob)
        } else {
            world.cut(bob)
        }
        park_with_bob(&mut world);
        world.run_for(s(away_s));
        assert!(!is_told_of_alice(&mut world, bob));
        world.act(bob, |phone, now| phone.register(3600, now));
        world.settle();
        assert!(is_told_of_alice(&mut world, bob), "noticed: {noticed}, {away_s} s");
        // And so on, without another SUBSCRIBE.
        let carol = world.phone("104", 14);
        world.act(carol, |phone, now| phone.dial("*88103", now));
        world.settle();
        assert!(world.get(bob).notified("call-info").unwrap().contains("<callpark/>"));
    }
}

#[test]
fn m3_a_phone_that_listens_is_told_without_coming_back() {
    let (mut world, bob) = watching();
    world.disconnect(bob);
    park_with_bob(&mut world);
    assert!(is_told_of_alice(&mut world, bob));
}

#[test]
fn m3_a_lamp_is_right_after_a_restart_of_the_office_with_every_connection_gone() {
    let (mut world, bob) = watching();
    world.get(bob).listens = false;
    park_with_bob(&mut world);
    world.restart(s(5));
    world.get(bob).got.clear();
    world.run_for(s(10));
    world.act(bob, |phone, now| phone.register(3600, now));
    world.settle();
    assert!(is_told_of_alice(&mut world, bob));
}

#[test]
fn a_hang_up_reaches_a_phone_that_came_back_on_another_connection() {
    let (mut world, bob, carol) = talking_to_carol();
    world.get(bob).listens = false;
    world.cut(bob);
    world.act(bob, |phone, now| phone.register(3600, now));
    world.settle();
    world.act(carol, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(world.get(bob).up(), 0);
}

#[test]
fn a_hang_up_while_the_phone_is_cut_off_reaches_it_when_it_is_back() {
    let (mut world, bob, carol) = talking_to_carol();
    world.get(bob).listens = false;
    world.cut(bob);
    world.act(carol, |phone, now| phone.hang_up(0, now));
    world.run_for(s(5));
    assert_eq!(world.get(bob).up(), 1, "it cannot know");
    world.act(bob, |phone, now| phone.register(3600, now));
    world.settle();
    assert_eq!(world.get(bob).up(), 0);
}

#[test]
fn a_hang_up_reaches_a_phone_that_only_listens() {
    let (mut world, bob, carol) = talking_to_carol();
    world.disconnect(bob);
    world.act(carol, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(world.get(bob).up(), 0);
}

#[test]
fn an_answer_reaches_a_caller_whose_connection_closed_while_it_rang() {
    let mut world = World::open();
    let (bob, carol) = (world.tcp_phone("103", 13), world.phone("104", 14));
    world.act(bob, |phone, now| phone.dial("104", now));
    world.settle();
    world.disconnect(bob);
    world.act(carol, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!((world.hears(bob), world.hears(carol)), (person(carol), person(bob)));
}

#[test]
fn a_phone_known_by_its_instance_leaves_no_old_contact_behind_and_keeps_its_call() {
    let mut world = World::open();
    let bob = world.tcp_phone_that("103", 13, |phone| {
        phone.instance = Some("<urn:uuid:00000000-0000-1000-8000-805e0c112233>");
    });
    let carol = world.phone("104", 14);
    world.get(carol).answer_with = Some(200);
    world.act(bob, |phone, now| phone.dial("104", now));
    world.settle();
    for port in [50_001, 50_002] {
        world.cut(bob);
        world.get(bob).claims = Some(SocketAddr::new(bob.ip(), port));
        world.act(bob, |phone, now| phone.register(3600, now));
        world.settle();
        assert_eq!(world.exchange.registrar().devices(&ext("103")).len(), 1);
    }
    world.act(carol, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(world.get(bob).up(), 0);
}

#[test]
fn a_phone_with_a_new_contact_each_time_never_locks_itself_out() {
    let mut world = World::open();
    let bob = world.tcp_phone("103", 13);
    let carol = world.phone("104", 14);
    for port in 50_000..50_025 {
        world.cut(bob);
        world.get(bob).claims = Some(SocketAddr::new(bob.ip(), port));
        world.act(bob, |phone, now| phone.register(7200, now));
        world.settle();
        assert_eq!(world.get(bob).last_answer(&Method::Register).0, 200);
    }
    let limit = settings().limits.bindings_per_extension;
    let devices = world.exchange.registrar().devices(&ext("103"));
    assert_eq!(devices.len(), limit);
    assert_eq!(devices.last().unwrap().contact.port, Some(50_024));
    world.act(carol, |phone, now| phone.dial("103", now));
    world.settle();
    assert_eq!(world.get(bob).lines.len(), 1);
}

#[test]
fn a_device_that_still_registers_is_not_the_one_forgotten() {
    let mut world = World::open();
    let (steady, restless) = (world.phone("103", 13), world.tcp_phone("103", 23));
    for port in 50_000..50_025 {
        world.cut(restless);
        world.get(restless).claims = Some(SocketAddr::new(restless.ip(), port));
        world.act(restless, |phone, now| phone.register(7200, now));
        world.act(steady, |phone, now| phone.register(7200, now));
        world.settle();
    }
    let devices = world.exchange.registrar().devices(&ext("103"));
    assert!(devices.iter().any(|device| device.flow.remote == steady));
}
