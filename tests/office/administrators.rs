//! An administrator's console asks by MESSAGE, everybody else is refused, and
//! no call minds (product S21, S22).

use std::net::SocketAddr;

use bellhop::domain::administration::{GroupForm, Groups, MIME_TYPE, Outcome, Reply, Wish};
use bellhop::domain::caller_name::CallerName;
use bellhop::domain::park_table::{EVENT_PACKAGE, MIME_TYPE as PARK_TABLE, ParkTable};
use bellhop::exchange::settings::Settings;
use bellhop::exchange::{Input, Order};
use bellhop::sip::wire::{Method, Name};

use crate::world::*;

const LIST: &str = r#"{"id":7,"do":"list"}"#;
const RENAME: &str =
    r#"{"id":8,"do":"edit","name":"Front desk","group":{"name":"Desk","members":["101"]}}"#;

/// Carol, 104, is the administrator.
fn office() -> World {
    let mut settings: Settings = settings();
    settings.extensions.get_mut(&ext("104")).unwrap().admin = true;
    World::with(settings, 1)
}

fn ask(world: &mut World, at: SocketAddr, body: &str) -> (u16, String) {
    let body = body.to_owned();
    world.act(at, |phone, now| phone.message(MIME_TYPE, body, now));
    world.settle();
    world.get(at).last_answer(&Method::Message)
}

/// As the edge does: the settings first, then the answer.
fn carry_out(world: &mut World, order: &Order, outcome: Outcome) {
    let (domain, number) = (order.domain.clone(), order.number);
    world.input(Input::Administered { domain, number, outcome });
    world.settle();
}

fn replies(world: &mut World, at: SocketAddr) -> Vec<Reply> {
    let letters = world.get(at).got.iter().filter(|request| request.method == Method::Message);
    let letters = letters.filter(|l| l.headers.content_type().as_deref() == Some(MIME_TYPE));
    letters.map(|letter| serde_json::from_slice(&letter.body).unwrap()).collect()
}

fn groups() -> Groups {
    let group = GroupForm { name: "Desk".to_owned(), ..GroupForm::default() };
    Groups { groups: vec![group], ring_groups: Vec::new() }
}

#[test]
fn s21_a_wish_is_taken_on_and_answered_when_it_holds_while_a_call_is_recalled() {
    let mut world = office();
    let (reception, carol) = (world.phone("101", 11), world.phone("104", 14));
    world.get(reception).answer_with = Some(200);
    let alice = world.caller("+3386002678", "Alice Smith");
    world.act(alice, |phone, now| phone.dial("1", now));
    world.settle();
    world.get(reception).answer_with = None;
    world.act(reception, |phone, now| phone.refer(0, "*58", now));
    world.run_for(s(46));
    assert!(world.get(reception).ringing().is_some());

    assert_eq!(ask(&mut world, carol, RENAME).0, 202);
    let order = world.orders.pop().unwrap();
    assert_eq!((order.by.clone(), order.domain.as_str()), (ext("104"), DOMAIN));
    assert!(matches!(&order.wish, Wish::Edit { name, .. } if name == "Front desk"));
    assert_eq!(replies(&mut world, carol), []);
    world.reconfigure(|settings| settings.groups[0].name = CallerName::clean("Desk"));
    carry_out(&mut world, &order, Outcome::Done(groups()));
    assert_eq!(replies(&mut world, carol), [Reply { id: 8, outcome: Outcome::Done(groups()) }]);
    let letter = world.get(carol).got.iter().rev().find(|r| r.method == Method::Message).unwrap();
    assert!(letter.headers.get(&Name::Contact).is_none(), "RFC 3428 §4");

    assert!(world.get(reception).ringing().is_some(), "the recall goes on");
    assert_eq!(world.hears(alice), Heard::Music);
    world.act(reception, |phone, now| {
        phone.answer(now);
    });
    world.settle();
    assert_eq!(world.hears(alice), person(reception));
}

#[test]
fn s22_nobody_else_may() {
    let mut world = office();
    let bob = world.phone("103", 13);
    let (status, reason) = ask(&mut world, bob, LIST);
    assert_eq!((status, reason.as_str()), (403, "103 is no administrator: admin = true makes one"));
    let stranger = world.unregistered("104", 31);
    world.handsets.get_mut(&stranger).unwrap().forget_password();
    assert_eq!(ask(&mut world, stranger, LIST).0, 401);
    let provider = world.caller("104", "Carol");
    assert_eq!(ask(&mut world, provider, LIST).0, 403);
    // The right password on a phone that cannot be answered.
    let elsewhere = world.unregistered("104", 32);
    assert_eq!(ask(&mut world, elsewhere, LIST).0, 480);
    assert!(world.orders.is_empty());
}

#[test]
fn s22_who_was_an_administrator_is_none_from_the_moment_that_says_so() {
    let mut world = office();
    let carol = world.phone("104", 14);
    assert_eq!(ask(&mut world, carol, LIST).0, 202);
    world.reconfigure(|settings| {
        settings.extensions.get_mut(&ext("104")).unwrap().admin = false;
    });
    assert_eq!(ask(&mut world, carol, LIST).0, 403);
    assert_eq!(world.orders.len(), 1);
}

#[test]
fn nonsense_and_too_much_of_it_is_refused() {
    let mut world = office();
    let carol = world.phone("104", 14);
    for nonsense in ["", "{", "[]", r#"{"id":-1,"do":"list"}"#, r#"{"id":1,"do":"add"}"#] {
        assert_eq!(ask(&mut world, carol, nonsense).0, 400, "{nonsense}");
    }
    assert_eq!(ask(&mut world, carol, &"[".repeat(20_000)).0, 400);
    assert_eq!(ask(&mut world, carol, &" ".repeat(40_000)).0, 413);
    let (status, reason) = ask(&mut world, carol, &LIST.replace("list", &"burn".repeat(5_000)));
    assert_eq!(status, 400);
    assert!(reason.starts_with("Not understood: unknown variant `burnburn"), "{reason}");
    assert!(reason.len() < 100, "{reason}");
    let statuses: Vec<u16> = (0..17).map(|_| ask(&mut world, carol, LIST).0).collect();
    assert_eq!((statuses[15], statuses[16]), (202, 503));
    let orders = std::mem::take(&mut world.orders);
    for order in &orders {
        carry_out(&mut world, order, Outcome::refused("no"));
    }
    assert_eq!(replies(&mut world, carol).len(), 16);
    assert_eq!(ask(&mut world, carol, LIST).0, 202);
}

#[test]
fn a_wish_that_comes_twice_is_carried_out_once_and_its_answer_finds_a_bad_network() {
    let mut world = office();
    let carol = world.phone("104", 14);
    world.weather = Weather { loss: 20, doubled: 40, ..Weather::default() };
    world.act(carol, |phone, now| phone.message(MIME_TYPE, RENAME.to_owned(), now));
    world.run_for(s(20));
    assert_eq!(world.orders.len(), 1);
    let order = world.orders.pop().unwrap();
    carry_out(&mut world, &order, Outcome::Done(groups()));
    world.run_for(s(20));
    assert_eq!(replies(&mut world, carol).len(), 1);
    // An outcome nobody has asked for, or twice, goes nowhere.
    carry_out(&mut world, &order, Outcome::Done(groups()));
    world.run_for(s(20));
    assert_eq!(replies(&mut world, carol).len(), 1);
}

#[test]
fn an_answer_too_long_for_a_datagram_says_so() {
    let mut world = office();
    let carol = world.phone("104", 14);
    assert_eq!(ask(&mut world, carol, LIST).0, 202);
    let order = world.orders.pop().unwrap();
    let group = GroupForm { name: "x".repeat(200), ..GroupForm::default() };
    let groups = Groups { groups: vec![group; 400], ring_groups: Vec::new() };
    carry_out(&mut world, &order, Outcome::Done(groups));
    let Outcome::Refused(why) = &replies(&mut world, carol)[0].outcome else { panic!() };
    assert!(why[0].words.contains("this desk needs tcp:"), "{why:?}");
}

#[test]
fn s21_done_is_said_after_the_tables_that_show_it() {
    let mut world = office();
    let (reception, carol) = (world.phone("101", 11), world.phone("104", 14));
    world.act(carol, |phone, now| phone.subscribe(EVENT_PACKAGE, PARK_TABLE, now));
    world.act(reception, |phone, now| phone.subscribe("call-info", "", now));
    world.settle();
    assert_eq!(ask(&mut world, carol, RENAME).0, 202);
    let order = world.orders.pop().unwrap();
    let before = world.get(carol).got.len();
    world.reconfigure(|settings| {
        settings.groups[0].name = CallerName::clean("Desk");
        settings.groups[0].members.push(ext("104"));
    });
    carry_out(&mut world, &order, Outcome::Done(groups()));
    let got = &world.get(carol).got[before..];
    let methods: Vec<_> = got.iter().map(|request| request.method.clone()).collect();
    assert_eq!(methods, [Method::Notify, Method::Message]);
    let table: ParkTable = serde_json::from_slice(&got[0].body).unwrap();
    assert_eq!(table.group.unwrap().name.as_str(), "Desk");
}
