//! Phones that die without a word, and phones that are merely quiet.

use std::net::SocketAddr;

use bellhop::exchange::Report;
use bellhop::media::control::MediaEvent;
use bellhop::sip::flow::Transport;
use bellhop::sip::sdp::Direction;
use bellhop::sip::wire::Method;

use crate::calls::talking;
use crate::world::*;

fn falls_silent(world: &mut World, at: SocketAddr) {
    let stream = world.stream_of(at).unwrap();
    world.media_reports(MediaEvent::Silent { stream, for_ms: 10_000 });
}

/// How often it was asked whether it is there.
fn asked(world: &mut World, at: SocketAddr) -> usize {
    world.get(at).got.iter().filter(|request| request.method == Method::Options).count()
}

fn parked() -> (World, SocketAddr, SocketAddr) {
    let (mut world, reception, alice) = talking();
    world.act(reception, |phone, now| phone.refer(0, "*68102", now));
    world.run_for(s(3));
    (world, reception, alice)
}

#[test]
fn a_parked_caller_whose_phone_has_died_leaves_the_lot() {
    let (mut world, _, alice) = parked();
    falls_silent(&mut world, alice);
    world.handsets.remove(&alice);
    world.run_for(s(31));
    assert_eq!(world.exchange.lot().calls().len(), 1, "he is given the time SIP gives");
    world.run_for(s(2));
    assert_eq!((world.exchange.lot().calls().len(), world.exchange.legs().count()), (0, 0));
    assert!(world.reports.iter().any(|r| matches!(r, Report::CallEnded { .. })));
}

#[test]
fn when_one_of_two_has_died_the_other_is_let_go() {
    let (mut world, reception, alice) = talking();
    falls_silent(&mut world, reception);
    world.handsets.remove(&reception);
    world.run_for(s(40));
    assert_eq!((world.get(alice).up(), world.exchange.legs().count()), (0, 0));
}

#[test]
fn a_caller_who_is_silent_for_an_hour_but_answers_is_kept_and_asked_twice_a_minute() {
    let (mut world, reception, alice) = talking();
    world.act(reception, |phone, now| phone.hold(0, true, now));
    world.settle();
    falls_silent(&mut world, alice);
    falls_silent(&mut world, reception);
    world.run_for(s(3600));
    assert_eq!(world.hears(alice), Heard::Music);
    assert_eq!([alice, reception].map(|at| asked(&mut world, at)), [120, 120]);
}

#[test]
fn a_phone_that_says_there_is_no_such_call_is_believed_at_once() {
    let (mut world, _, alice) = parked();
    world.get(alice).options_get = 481;
    falls_silent(&mut world, alice);
    world.settle();
    assert_eq!(world.exchange.lot().calls().len(), 0);
}

#[test]
fn a_phone_that_knows_no_options_is_there_all_the_same() {
    let (mut world, _, alice) = parked();
    world.get(alice).options_get = 501;
    falls_silent(&mut world, alice);
    world.run_for(s(90));
    assert_eq!(world.exchange.lot().calls().len(), 1);
}

#[test]
fn one_who_is_heard_again_is_kept_although_he_answers_nothing() {
    let (mut world, _, alice) = parked();
    let stream = world.stream_of(alice).unwrap();
    falls_silent(&mut world, alice);
    world.handsets.remove(&alice);
    world.run_for(s(20));
    world.media_reports(MediaEvent::HeardAgain { stream });
    world.run_for(s(30));
    assert_eq!(world.exchange.lot().calls().len(), 1);
    world.media_reports(MediaEvent::Silent { stream, for_ms: 10_000 });
    world.run_for(s(40));
    assert_eq!(world.exchange.lot().calls().len(), 0);
}

#[test]
fn a_phone_that_holds_without_sound_is_asked_because_its_silence_tells_nothing() {
    let (mut world, reception, alice) = talking();
    world.act(reception, |phone, now| phone.describe(0, Direction::Inactive, now));
    world.run_for(s(95));
    assert_eq!(asked(&mut world, reception), 3);
    world.act(reception, |phone, now| phone.hold(0, false, now));
    world.run_for(s(95));
    assert_eq!((asked(&mut world, reception), world.hears(alice)), (3, person(reception)));

    world.act(reception, |phone, now| phone.describe(0, Direction::Inactive, now));
    world.settle();
    world.handsets.remove(&reception);
    world.run_for(s(70));
    assert_eq!(world.exchange.legs().count(), 0);
}

#[test]
fn whoever_died_while_the_office_was_away_is_noticed_after_it() {
    let (mut world, _, alice) = parked();
    let stream = world.stream_of(alice).unwrap();
    falls_silent(&mut world, alice);
    world.handsets.remove(&alice);
    world.restart(s(5));
    world.media_reports(MediaEvent::Silent { stream, for_ms: 10_000 });
    world.run_for(s(40));
    assert_eq!(world.exchange.legs().count(), 0);
}

#[test]
fn a_phone_whose_connection_broke_is_given_two_minutes_to_come_back() {
    for comes_back in [false, true] {
        let mut world = World::open();
        let (reception, carol) = (world.unregistered("101", 11), world.phone("104", 14));
        world.get(reception).transport = Transport::Tcp;
        world.act(reception, |phone, now| phone.register(3600, now));
        world.settle();
        world.get(carol).answer_with = Some(200);
        world.act(reception, |phone, now| phone.dial("104", now));
        world.settle();
        falls_silent(&mut world, reception);
        let mut phone = world.handsets.remove(&reception).unwrap();
        phone.connection = None;
        world.run_for(s(110));
        assert_eq!(world.exchange.legs().count(), 2);
        if comes_back {
            world.handsets.insert(reception, phone);
            world.act(reception, |phone, now| phone.register(3600, now));
        }
        world.run_for(s(600));
        assert_eq!(world.exchange.legs().count(), if comes_back { 2 } else { 0 });
    }
}
