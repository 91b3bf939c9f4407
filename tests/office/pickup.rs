//! A call that rings with a colleague is picked up by another: one has it, and
//! the phones of the others list no missed call.

use std::net::SocketAddr;

use bellhop::domain::caller_name::CallerName;
use bellhop::domain::ids::RingGroup;
use bellhop::exchange::Report;
use bellhop::exchange::settings::{NoAnswer, RingGroupSettings, Strategy};
use bellhop::sip::wire::{Method, Name};

use crate::world::*;

/// Alice of outside calls Carol, who is in no group.
fn rings_at_carol() -> (World, SocketAddr, SocketAddr) {
    let mut world = World::open();
    let carol = world.phone("104", 14);
    let alice = calls(&mut world, "+4930104", "Alice Smith");
    assert!(world.get(carol).ringing().is_some());
    (world, carol, alice)
}

fn calls(world: &mut World, number: &str, name: &str) -> SocketAddr {
    let caller = world.caller("+3386002678", name);
    world.act(caller, |phone, now| phone.dial(number, now));
    world.settle();
    caller
}

fn dials(world: &mut World, at: SocketAddr, code: &str) {
    world.act(at, |phone, now| phone.dial(code, now));
    world.settle();
}

/// Why its ringing stopped.
fn reason(world: &mut World, at: SocketAddr) -> Option<String> {
    let cancels = world.get(at).got.iter().filter(|r| r.method == Method::Cancel);
    cancels.last()?.headers.text(&Name::Reason).map(Into::into)
}

const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

#[test]
fn a_call_of_ones_group_is_picked_up_the_oldest_first_and_its_caller_is_shown() {
    let mut world = World::open();
    let (reception, bob) = (world.phone("101", 11), world.phone("103", 13));
    let first = calls(&mut world, "4930555", "Alice Smith");
    let second = calls(&mut world, "4930555", "Zoe Young");
    dials(&mut world, bob, "*98");
    assert_eq!((world.hears(first), world.hears(bob)), (person(bob), person(first)));
    let shown = Some(("Alice Smith".to_owned(), "+3386002678".to_owned()));
    assert_eq!(world.get(bob).asserted(), shown);
    assert_eq!(reason(&mut world, reception).as_deref(), Some(ELSEWHERE));
    // The second still rings there.
    assert!(world.get(reception).ringing().is_some());
    assert_eq!(world.hears(second), Heard::Nothing);
    world.act(first, |phone, now| phone.hang_up(0, now));
    world.settle();
    dials(&mut world, bob, "*98");
    assert_eq!(world.hears(second), person(bob));
    assert!(world.get(reception).ringing().is_none());
}

#[test]
fn with_an_extension_behind_the_code_anybody_is_picked_up() {
    let (mut world, carol, alice) = rings_at_carol();
    let bob = world.phone("103", 13);
    dials(&mut world, bob, "*98");
    let (status, words) = world.get(bob).last_answer(&Method::Invite);
    assert_eq!((status, words.as_str()), (404, "No call rings in Front desk"));
    dials(&mut world, bob, "*98104#");
    assert_eq!(world.hears(alice), person(bob));
    assert!(world.get(carol).ringing().is_none());
    // And then it parks and comes back like any other.
    world.act(bob, |phone, now| phone.refer(1, "*68", now));
    world.settle();
    assert_eq!(world.hears(alice), Heard::Music);
}

#[test]
fn where_nothing_rings_the_phone_is_told_so_in_words() {
    let mut world = World::open();
    let (bob, carol) = (world.phone("103", 13), world.phone("104", 14));
    let cases = [
        (bob, "*98", "No call rings in Front desk"),
        (bob, "*98104", "No call rings at extension 104"),
        (bob, "*98777", "No extension 777"),
        (carol, "*98", "No call rings in a group of yours"),
    ];
    for (at, code, words) in cases {
        dials(&mut world, at, code);
        assert_eq!(world.get(at).last_answer(&Method::Invite), (404, words.to_owned()), "{code}");
    }
    // His own call is not his to pick up.
    world.act(bob, |phone, now| phone.dial("104", now));
    world.settle();
    dials(&mut world, bob, "*98104");
    assert_eq!(world.get(bob).last_answer(&Method::Invite).0, 404);
    assert!(world.get(carol).ringing().is_some());
}

#[test]
fn whoever_is_first_has_the_call_and_only_he() {
    // The colleague answers, and a second one picks up, at about the same time.
    for lead_ms in 0..6 {
        let (mut world, carol, alice) = rings_at_carol();
        let (bob, reception) = (world.phone("103", 13), world.phone("101", 11));
        world.act(bob, |phone, now| phone.dial("*98104", now));
        world.run_for(std::time::Duration::from_millis(lead_ms));
        if world.get(carol).ringing().is_some() {
            world.act(carol, |phone, now| phone.answer(now));
        }
        world.act(reception, |phone, now| phone.dial("*98104", now));
        world.settle();
        let up = [carol, bob, reception].map(|at| world.get(at).up());
        assert_eq!(up.iter().sum::<usize>(), 1, "after {lead_ms} ms: {up:?}");
        let winner = [carol, bob, reception].into_iter().find(|at| world.get(*at).up() == 1);
        assert_eq!(world.hears(alice), person(winner.unwrap()), "after {lead_ms} ms");
        assert_eq!(world.exchange.legs().count(), 2, "after {lead_ms} ms");
    }
}

#[test]
fn a_caller_who_gives_up_meanwhile_leaves_the_picker_with_nobody() {
    for lead_ms in 0..5 {
        let (mut world, _, alice) = rings_at_carol();
        let bob = world.phone("103", 13);
        world.act(bob, |phone, now| phone.dial("*98104", now));
        world.run_for(std::time::Duration::from_millis(lead_ms));
        world.act(alice, |phone, now| phone.hang_up(0, now));
        world.run_for(s(40));
        let up = [bob, alice].map(|at| world.get(at).up());
        assert_eq!((up, world.exchange.legs().count()), ([0, 0], 0), "after {lead_ms} ms");
    }
}

#[test]
fn a_phone_that_dies_while_it_picks_up_takes_the_call_from_nobody() {
    let (mut world, carol, alice) = rings_at_carol();
    let bob = world.phone("103", 13);
    world.act(bob, |phone, now| phone.dial("*98104", now));
    world.run_for(std::time::Duration::from_millis(1));
    world.handsets.remove(&bob);
    world.run_for(s(20));
    assert!(world.get(carol).ringing().is_some());
    world.act(carol, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!(world.hears(alice), person(carol));
}

#[test]
fn a_recall_that_is_picked_up_is_retrieved() {
    let mut world = World::open();
    let (reception, bob) = (world.phone("101", 11), world.phone("103", 13));
    world.get(reception).answer_with = Some(200);
    let alice = calls(&mut world, "1", "Alice Smith");
    world.get(reception).answer_with = None;
    world.act(reception, |phone, now| phone.refer(0, "*68", now));
    world.run_for(s(46));
    assert!(world.get(reception).ringing().is_some());
    dials(&mut world, bob, "*98");
    assert_eq!(world.hears(alice), person(bob));
    assert!(world.exchange.lot().calls().is_empty());
    assert_eq!(world.get(bob).asserted().unwrap().0, "Alice Smith", "not what the recall says");
    assert_eq!(reason(&mut world, reception).as_deref(), Some(ELSEWHERE));
    let retrieved = |report: &Report| matches!(report, Report::CallRetrieved { .. });
    assert_eq!(world.reports.iter().filter(|r| retrieved(r)).count(), 1);
}

#[test]
fn a_ring_groups_member_picks_up_what_rings_in_it_before_his_turn() {
    let mut settings = settings();
    settings.groups.clear();
    settings.trunks[0].dids = vec![("600".to_owned(), ext("600"))];
    settings.ring_groups = vec![RingGroupSettings {
        number: RingGroup(ext("600")),
        name: CallerName::clean("Sales"),
        members: ["102", "103"].map(ext).to_vec(),
        strategy: Strategy::InOrder,
        ring_time: s(20),
        no_answer: NoAnswer::HangUp,
    }];
    for (picker, code) in [("103", "*98"), ("101", "*98600")] {
        let mut world = World::with(settings.clone(), 1);
        let (alice, picker) = (world.phone("102", 12), world.phone(picker, 13));
        let caller = calls(&mut world, "600", "Zoe Young");
        assert!(world.get(alice).ringing().is_some());
        dials(&mut world, picker, code);
        assert_eq!(world.hears(caller), person(picker), "{code}");
        assert!(world.get(alice).ringing().is_none());
        world.run_for(s(60));
        assert_eq!(world.hears(caller), person(picker), "nobody else has a turn");
    }
}
