//! Devices that are told of parked calls without having asked, and phones that
//! show callers in the old way.

use std::net::SocketAddr;

use bellhop::domain::device::{Mac, Make};
use bellhop::domain::habits::Habits;
use bellhop::exchange::settings::DeviceSettings;
use bellhop::sip::wire::{Method, Name, Request};

use crate::world::*;

const PLAIN: Habits = Habits {
    lamp: None,
    park_info: false,
    message: false,
    remote_party_id: false,
    recall_ring: None,
};
const MESSAGE: Habits = Habits { message: true, ..PLAIN };
const PARK_INFO: Habits = Habits { park_info: true, ..PLAIN };
const OLD: Habits = Habits { remote_party_id: true, ..PLAIN };

/// The office, where each of these extensions has one listed device.
fn office_with(habits: &[(&str, Habits)]) -> World {
    let mut settings = settings();
    for ((extension, habits), index) in habits.iter().zip(1_u8..) {
        let mac = Mac::from([0x80, 0x5e, 0x0c, 0x11, 0x22, index]);
        let device = DeviceSettings { make: Make::Snom, mac, habits: habits.clone() };
        settings.extensions.get_mut(&ext(extension)).unwrap().devices = vec![device];
    }
    World::with(settings, 1)
}

/// Reception talks to Alice Smith.
fn talking(world: &mut World) -> (SocketAddr, SocketAddr) {
    let reception = world.phone("101", 11);
    world.get(reception).answer_with = Some(200);
    let alice = world.caller("+3386002678", "Alice Smith");
    world.act(alice, |phone, now| phone.dial("1", now));
    world.settle();
    (reception, alice)
}

fn parked(world: &mut World, code: &str) -> (SocketAddr, SocketAddr) {
    let (reception, alice) = talking(world);
    world.act(reception, |phone, now| phone.refer_noted(0, code, "wants tea", now));
    world.settle();
    (reception, alice)
}

fn got(world: &mut World, phone: SocketAddr, method: Method) -> Vec<Request> {
    let is_new =
        |request: &&Request| request.method == method && request.headers.to_tag().is_none();
    world.get(phone).got.iter().filter(is_new).cloned().collect()
}

fn messages(world: &mut World, phone: SocketAddr) -> Vec<String> {
    let got = got(world, phone, Method::Message);
    got.iter().map(|m| String::from_utf8(m.body.to_vec()).unwrap()).collect()
}

const PARKED: &str = "Parked for you: Alice Smith +3386002678, at 102, dial *88102: wants tea";
const GONE: &str = "No longer parked: Alice Smith +3386002678, at 102";

#[test]
fn s38_m10_a_phone_with_nothing_else_is_told_in_words_and_again_when_he_is_gone() {
    let mut world = office_with(&[("102", MESSAGE)]);
    let desk = world.phone("102", 12);
    assert_eq!(messages(&mut world, desk), [""; 0], "nothing waits, nothing is said");
    let (_, alice) = parked(&mut world, "*68102");
    assert_eq!(messages(&mut world, desk), [PARKED]);
    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(messages(&mut world, desk), [PARKED, GONE]);

    let first = &got(&mut world, desk, Method::Message)[0];
    assert_eq!(first.headers.count(&Name::Contact), 0);
    assert_eq!(first.headers.content_type().as_deref(), Some("text/plain"));
    let from = first.headers.from().unwrap();
    assert_eq!(from.uri.user_decoded().as_deref(), Some("*88"), "calling back fetches");
    assert_eq!(from.display.as_deref(), Some("Parked calls"));
}

#[test]
fn s39_a_group_park_is_told_to_every_member_with_the_place_and_to_nobody_else() {
    let mut world = office_with(&[("102", MESSAGE), ("103", MESSAGE), ("104", MESSAGE)]);
    let phones = [("102", 12), ("103", 13), ("104", 14)];
    let [desk, bob, carol] = phones.map(|(extension, host)| world.phone(extension, host));
    parked(&mut world, "*58");
    assert_eq!(messages(&mut world, desk), [PARKED]);
    let others = PARKED.replace("for you", "for Front desk");
    assert_eq!(messages(&mut world, bob), [others]);
    assert_eq!(messages(&mut world, carol), [""; 0]);
    // Parked with a colleague himself, it is not the group's.
    let mut world = office_with(&[("103", MESSAGE)]);
    let bob = world.phone("103", 13);
    parked(&mut world, "*68102");
    assert_eq!(messages(&mut world, bob), [""; 0]);
}

#[test]
fn s38_while_a_message_is_on_its_way_what_changes_goes_with_the_next() {
    let mut world = office_with(&[("102", MESSAGE)]);
    let desk = world.phone("102", 12);
    world.get(desk).outside = vec![(Method::Message, 0)];
    let (reception, alice) = parked(&mut world, "*68102");
    let callers: Vec<SocketAddr> = (0..2).map(|n| world.caller(&format!("+4{n}"), "Ben")).collect();
    for caller in callers {
        world.act(caller, |phone, now| phone.dial("1", now));
        world.settle();
        let line = world.get(reception).lines.len() - 1;
        world.act(reception, |phone, now| phone.refer(line, "*68102", now));
        world.settle();
    }
    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.settle();
    let first = |world: &mut World| {
        let ids = got(world, desk, Method::Message);
        let mut ids: Vec<_> = ids.iter().filter_map(|m| m.headers.call_id()).collect();
        ids.dedup();
        ids.len()
    };
    assert_eq!(first(&mut world), 1, "one at a time");
    world.get(desk).outside.clear();
    world.act(desk, |phone, now| phone.answer_late(now));
    world.settle();
    let told = messages(&mut world, desk).pop().unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], GONE);
    assert!(lines[1].starts_with("Parked for you: Ben +40, at 102, dial *88102"), "{told}");
    assert!(lines[2].starts_with("Parked for you: Ben +41, at 102, dial *88102*"), "{told}");
    assert_eq!((lines.len(), first(&mut world)), (3, 2));
}

#[test]
fn s38_a_phone_that_takes_no_messages_gets_no_more_until_it_registers_anew() {
    let mut world = office_with(&[("102", MESSAGE)]);
    let desk = world.phone("102", 12);
    world.get(desk).outside = vec![(Method::Message, 415)];
    let (_, alice) = parked(&mut world, "*68102");
    assert_eq!(messages(&mut world, desk).len(), 1);
    let bob = world.phone("103", 13);
    world.act(bob, |phone, now| phone.note("*88102", "text/plain", b"changed", now));
    world.settle();
    assert_eq!(messages(&mut world, desk).len(), 1, "it has said no");
    world.get(desk).outside.clear();
    world.act(desk, |phone, now| phone.register(3600, now));
    world.settle();
    let changed = PARKED.replace("wants tea", "changed");
    assert_eq!(messages(&mut world, desk)[1..], [changed]);
    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(messages(&mut world, desk).len(), 3);
}

#[test]
fn s38_a_message_that_did_not_get_through_is_said_with_the_next() {
    let mut world = office_with(&[("102", MESSAGE)]);
    let desk = world.phone("102", 12);
    world.get(desk).outside = vec![(Method::Message, 480)];
    let (_, alice) = parked(&mut world, "*68102");
    world.get(desk).outside.clear();
    let bob = world.phone("103", 13);
    world.act(bob, |phone, now| phone.note("*88102", "text/plain", b"x", now));
    world.settle();
    let again = PARKED.replace("wants tea", "x");
    assert_eq!(messages(&mut world, desk), [PARKED.to_owned(), again]);
    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(messages(&mut world, desk).len(), 3);
}

#[test]
fn m3_what_was_told_in_words_outlives_the_office() {
    let mut world = office_with(&[("102", MESSAGE)]);
    let desk = world.phone("102", 12);
    let (_, alice) = parked(&mut world, "*68102");
    world.restart(s(2));
    world.settle();
    assert_eq!(messages(&mut world, desk), [PARKED], "not twice");
    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(messages(&mut world, desk), [PARKED, GONE]);
}

fn park_infos(world: &mut World, phone: SocketAddr) -> Vec<Request> {
    got(world, phone, Method::Notify)
}

#[test]
fn m10_a_phone_is_told_by_park_info_without_having_asked() {
    let mut world = office_with(&[("102", PARK_INFO), ("103", PARK_INFO)]);
    let (desk, bob) = (world.phone("102", 12), world.phone("103", 13));
    let first = park_infos(&mut world, desk);
    assert_eq!(first.len(), 1, "what is so when it comes");
    let body = |notify: &Request| String::from_utf8(notify.body.to_vec()).unwrap();
    assert!(body(&first[0]).contains("<callpark/>"));
    let (_, alice) = parked(&mut world, "*58");
    let told = park_infos(&mut world, desk);
    assert_eq!(told.len(), 2);
    let text = |name| told[1].headers.text(&name).map(|text| text.into_owned());
    assert_eq!(text(Name::Event).as_deref(), Some("park-info"));
    assert_eq!(text(Name::SubscriptionState).as_deref(), Some("active"));
    let kind = "application/x-broadworks-callpark-info+xml";
    assert_eq!(told[1].headers.content_type().as_deref(), Some(kind));
    assert_ne!(told[0].headers.call_id(), told[1].headers.call_id(), "a new Call-ID each time");
    assert!(body(&told[1]).contains("display=\"Alice Smith: wants tea\""));
    let others = park_infos(&mut world, bob);
    assert!(body(&others[1]).contains("display=\"Alice Smith (at 102): wants tea\""));
    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert!(body(park_infos(&mut world, desk).last().unwrap()).contains("<callpark/>"));
}

#[test]
fn m10_a_phone_that_does_not_know_park_info_is_left_in_peace() {
    for status in [481, 489, 405, 501] {
        let mut world = office_with(&[("102", PARK_INFO)]);
        let desk = world.unregistered("102", 12);
        world.get(desk).outside = vec![(Method::Notify, status)];
        world.act(desk, |phone, now| phone.register(3600, now));
        world.settle();
        parked(&mut world, "*68102");
        assert_eq!(park_infos(&mut world, desk).len(), 1, "{status}");
    }
}

#[test]
fn m3_after_a_restart_a_phone_is_told_the_whole_by_park_info_again() {
    let mut world = office_with(&[("102", PARK_INFO)]);
    let desk = world.phone("102", 12);
    parked(&mut world, "*68102");
    assert_eq!(park_infos(&mut world, desk).len(), 2);
    world.restart(s(2));
    world.settle();
    let told = park_infos(&mut world, desk);
    assert_eq!(told.len(), 3);
    assert_eq!(told[1].body, told[2].body);
}

#[test]
fn m10_only_the_listed_device_is_told_where_an_extension_has_several() {
    let mut world = office_with(&[("102", MESSAGE)]);
    let listed = world.unregistered("102", 12);
    world.get(listed).agent = "snomD785/10.1.204";
    world.act(listed, |phone, now| phone.register(3600, now));
    let softphone = world.phone("102", 22);
    let by_instance = world.unregistered("102", 32);
    world.get(by_instance).instance = Some("<urn:uuid:00000000-0000-1000-8000-805E0C112201>");
    world.act(by_instance, |phone, now| phone.register(3600, now));
    let console = world.unregistered("102", 42);
    world.get(console).agent = "Bellhop/0.1.0";
    world.act(console, |phone, now| phone.register(3600, now));
    world.settle();
    parked(&mut world, "*68102");
    for (phone, count) in [(listed, 1), (softphone, 0), (by_instance, 1), (console, 0)] {
        assert_eq!(messages(&mut world, phone).len(), count, "{phone}");
    }
}

#[test]
fn m1_an_old_phone_is_told_callers_by_remote_party_id_beside_the_other() {
    let mut world = office_with(&[("102", OLD)]);
    let (desk, bob) = (world.phone("102", 12), world.phone("103", 13));
    let party = |headers: &bellhop::sip::wire::Headers| {
        headers.text(&Name::RemotePartyId).map(|text| text.into_owned())
    };
    // Rung.
    world.act(bob, |phone, now| phone.dial("102", now));
    world.settle();
    let invite = world.get(desk).lines[0].invite.clone();
    let calling = "\"Bob\" <sip:103@office.example>;party=calling;privacy=off;screen=yes";
    assert_eq!(party(&invite.headers).as_deref(), Some(calling));
    assert_eq!(invite.headers.asserted_identity().unwrap().display.as_deref(), Some("Bob"));
    world.act(bob, |phone, now| phone.hang_up(0, now));
    // Fetching.
    parked(&mut world, "*68102");
    world.act(desk, |phone, now| phone.dial("*88", now));
    world.settle();
    let called =
        "\"Alice Smith\" <sip:+3386002678@office.example>;party=called;privacy=off;screen=yes";
    let (_, answer) = world.get(desk).answers.last().unwrap().clone();
    assert_eq!(party(&answer.headers).as_deref(), Some(called));
    let update = world.get(desk).got.iter().rev().find(|r| r.method == Method::Update).cloned();
    assert_eq!(party(&update.unwrap().headers).as_deref(), Some(called));
    // Nobody else's.
    let plain = world.get(bob).answers.iter().chain([]).all(|(_, r)| party(&r.headers).is_none());
    assert!(plain);
}

#[test]
fn m1_a_withheld_number_is_withheld_in_the_old_way_too() {
    let mut world = office_with(&[("104", OLD)]);
    let carol = world.phone("104", 14);
    let caller = world.caller("anonymous", "Anonymous");
    world.act(caller, |phone, now| phone.dial("+4930104", now));
    world.settle();
    let invite = world.get(carol).lines[0].invite.clone();
    let party = invite.headers.text(&Name::RemotePartyId).unwrap().into_owned();
    let withheld =
        "\"Anonymous\" <sip:anonymous@anonymous.invalid>;party=calling;privacy=full;screen=yes";
    assert_eq!(party, withheld);
}

#[test]
fn a_recall_rings_each_device_in_its_own_words() {
    let own = Habits { recall_ring: Some("info=internal".to_owned()), ..PLAIN };
    let silent = Habits { recall_ring: Some(String::new()), ..PLAIN };
    let usual = "<http://127.0.0.1/Bellcore-dr3>;info=alert-recall";
    for (habits, said) in [(own, Some("info=internal")), (silent, None), (PLAIN, Some(usual))] {
        let mut world = office_with(&[("101", habits)]);
        let (reception, _) = parked(&mut world, "*68102");
        world.get(reception).answer_with = None;
        world.run_for(s(46));
        let desk = world.get(reception);
        let recall = desk.ringing().map(|line| desk.lines[line].invite.clone()).unwrap();
        let alert = recall.headers.text(&Name::AlertInfo).map(|text| text.into_owned());
        assert_eq!(alert.as_deref(), said);
    }
    // A plain call rings as ever.
    let mut world = office_with(&[]);
    let (desk, bob) = (world.phone("102", 12), world.phone("103", 13));
    world.act(bob, |phone, now| phone.dial("102", now));
    world.settle();
    assert!(world.get(desk).lines[0].invite.headers.text(&Name::AlertInfo).is_none());
}
