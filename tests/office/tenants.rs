//! Several tenants in one server: the same numbers, and nothing crosses.

use std::net::SocketAddr;

use bellhop::domain::park_table::{EVENT_PACKAGE, MIME_TYPE, ParkTable};
use bellhop::exchange::settings::Settings;
use bellhop::sip::digest::Secret;
use bellhop::sip::wire::Method;

use crate::world::*;

const OTHER: &str = "other.example";

/// As the first tenant, under another domain, with another provider's number.
fn other() -> Settings {
    let mut settings = settings();
    settings.domain = OTHER.to_owned();
    for (extension, person) in &mut settings.extensions {
        person.secret = Secret::password(extension.as_str(), OTHER, "secret");
    }
    settings.trunks[0].dids = vec![("+4940555".to_owned(), ext("102"))];
    settings.is_only_tenant = false;
    settings
}

fn two() -> World {
    let first = Settings { is_only_tenant: false, ..settings() };
    World::of(vec![first, other()], 1)
}

fn phone_of(world: &mut World, domain: &str, extension: &str, host: u8) -> SocketAddr {
    let at = world.unregistered(extension, host);
    world.get(at).domain = domain.to_owned();
    world.get(at).from_host = domain.to_owned();
    world.act(at, |phone, now| phone.register(3600, now));
    world.settle();
    at
}

fn parked_in(world: &World, office: usize) -> Vec<String> {
    let calls = world.exchange.0.offices()[office].lot().calls().iter();
    calls.map(|call| call.at.to_string()).collect()
}

#[test]
fn s5_a_code_reaches_only_ones_own_tenants_parked_calls() {
    let mut world = two();
    let here = phone_of(&mut world, DOMAIN, "101", 11);
    let there = phone_of(&mut world, OTHER, "101", 21);
    let colleague = phone_of(&mut world, OTHER, "103", 23);
    world.act(colleague, |phone, now| phone.subscribe(EVENT_PACKAGE, MIME_TYPE, now));
    for phone in [here, there] {
        world.get(phone).answer_with = Some(200);
    }
    let alice = world.caller("+3386002678", "Alice Smith");
    world.act(alice, |phone, now| phone.dial("1", now));
    world.settle();
    assert_eq!((world.get(here).up(), world.get(there).up()), (1, 0), "the first with this trunk");
    world.act(here, |phone, now| phone.refer(0, "*68", now));
    world.run_for(s(3));
    assert_eq!((parked_in(&world, 0), parked_in(&world, 1)), (vec!["101".to_owned()], vec![]));
    let body = world.get(colleague).notified(EVENT_PACKAGE).unwrap();
    let told: ParkTable = serde_json::from_str(&body).unwrap();
    assert!(told.calls.is_empty(), "{body}");

    for code in ["*88", "*88101"] {
        world.act(there, |phone, now| phone.dial(code, now));
        world.settle();
        assert_eq!(world.get(there).last_answer(&Method::Invite).0, 404);
    }
    assert_eq!(world.hears(alice), Heard::Music);
    world.act(here, |phone, now| phone.dial("*88", now));
    world.settle();
    assert_eq!(world.hears(alice), person(here));
}

#[test]
fn each_tenants_calls_park_and_come_back_and_a_number_of_the_provider_finds_its_tenant() {
    let mut world = two();
    let here = phone_of(&mut world, DOMAIN, "102", 12);
    let there = phone_of(&mut world, OTHER, "102", 22);
    for phone in [here, there] {
        world.get(phone).answer_with = Some(200);
    }
    let alice = world.caller("+3386002678", "Alice Smith");
    // As providers write it: the number at our address.
    world.get(alice).domain = "10.0.0.1".to_owned();
    world.act(alice, |phone, now| phone.dial("+4940555", now));
    world.settle();
    assert_eq!((world.get(here).up(), world.get(there).up()), (0, 1));
    world.act(there, |phone, now| phone.refer(0, "*68103", now));
    world.run_for(s(3));
    assert_eq!((parked_in(&world, 0), parked_in(&world, 1)), (vec![], vec!["103".to_owned()]));
    world.act(there, |phone, now| phone.dial("*88103", now));
    world.settle();
    assert_eq!(world.hears(alice), person(there));
    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.run_for(s(40));
    assert_eq!(world.exchange.0.offices()[1].legs().count(), 0);
}

#[test]
fn credentials_of_one_tenant_open_nothing_of_another() {
    let mut world = two();
    let at = world.unregistered("101", 31);
    // The other's domain with this one's identity, and the other way round.
    world.get(at).domain = OTHER.to_owned();
    world.act(at, |phone, now| phone.dial("102", now));
    world.settle();
    assert_eq!(world.get(at).up(), 0);
    assert!(world.get(at).last_answer(&Method::Invite).0 >= 400);
    // An address is nobody's domain where there are several.
    let nameless = phone_of(&mut world, "10.0.0.1", "101", 32);
    assert_eq!(world.get(nameless).last_answer(&Method::Register).0, 403);
}

fn spare(world: &World) -> Vec<usize> {
    world.exchange.0.offices().iter().map(|office| office.spare_ports()).collect()
}

/// Two colleagues of the other tenant talk, and it goes from the file.
fn left_in_a_call() -> (World, SocketAddr, SocketAddr) {
    let mut world = two();
    let one = phone_of(&mut world, OTHER, "101", 21);
    let two = phone_of(&mut world, OTHER, "102", 22);
    world.get(two).answer_with = Some(200);
    world.act(one, |phone, now| phone.dial("102", now));
    world.settle();
    assert_eq!(spare(&world), [100, 98]);
    world.reconfigure_all(vec![settings()]);
    (world, one, two)
}

#[test]
fn a_tenant_that_is_gone_keeps_no_ports_but_those_its_last_calls_are_on() {
    let (mut world, one, two) = left_in_a_call();
    assert_eq!(spare(&world), [198, 0]);
    world.more_ports(20);
    assert_eq!(spare(&world), [218, 0], "nor is it given new ones");
    assert_eq!(world.hears(one), person(two));
    assert!(!world.exchange.0.offices()[1].is_over());
    world.act(one, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert!(world.exchange.0.offices().get(1).is_none_or(|office| office.is_over()));
    world.run_for(s(120));
    assert_eq!(spare(&world), [218], "and with its last call it is no more");
    // What comes for it finds the first, who knows nobody there.
    world.act(one, |phone, now| phone.register(3600, now));
    world.settle();
    assert!(world.get(one).last_answer(&Method::Register).0 >= 400);
    let here = phone_of(&mut world, DOMAIN, "101", 11);
    assert_eq!(world.get(here).last_answer(&Method::Register).0, 200);
}

#[test]
fn a_tenant_that_comes_back_before_its_last_call_has_ended_has_ports_again() {
    let (mut world, one, two) = left_in_a_call();
    let first = Settings { is_only_tenant: false, ..settings() };
    world.reconfigure_all(vec![first, other()]);
    assert_eq!(spare(&world), [99, 99]);
    assert_eq!(world.hears(one), person(two));
    let three = phone_of(&mut world, OTHER, "103", 23);
    world.get(three).answer_with = Some(200);
    let four = phone_of(&mut world, OTHER, "104", 24);
    world.act(four, |phone, now| phone.dial("103", now));
    world.settle();
    assert_eq!(world.hears(four), person(three));
}

#[test]
fn of_several_tenants_each_keeps_its_calls_when_one_before_it_is_gone() {
    let mut third = other();
    third.domain = "third.example".to_owned();
    for (extension, person) in &mut third.extensions {
        person.secret = Secret::password(extension.as_str(), "third.example", "secret");
    }
    let first = Settings { is_only_tenant: false, ..settings() };
    let mut world = World::of(vec![first.clone(), other(), third.clone()], 1);
    let [one, two] = [("101", 31), ("102", 32)]
        .map(|(extension, host)| phone_of(&mut world, "third.example", extension, host));
    world.get(two).answer_with = Some(200);
    world.act(one, |phone, now| phone.dial("102", now));
    world.settle();
    world.reconfigure_all(vec![first, third]);
    world.run_for(s(1));
    assert_eq!(world.exchange.0.offices().len(), 2, "the one without a call is gone at once");
    assert_eq!(spare(&world).iter().sum::<usize>(), 198);
    // What the media thread says of a stream finds its office still.
    let stream = world.stream_of(one).unwrap();
    world.act(two, |phone, now| phone.hang_up(0, now));
    world.run_for(s(40));
    assert!(!world.playing.contains_key(&stream));
    assert_eq!(world.exchange.0.offices()[1].legs().count(), 0);
}
