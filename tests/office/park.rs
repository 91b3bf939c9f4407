//! Parking and retrieving, each story under the product row it proves.

use std::net::SocketAddr;

use bellhop::domain::park_table::LampState;
use bellhop::park::Phase;
use bellhop::sip::wire::{Method, Name};

use crate::calls::talking;
use crate::handset::LineState;
use crate::world::*;

fn parked_at(world: &World) -> Vec<String> {
    world.exchange.lot().calls().iter().map(|call| call.at.to_string()).collect()
}

/// Alice Smith is parked where reception transferred her.
fn parked_with(code: &str) -> (World, SocketAddr, SocketAddr) {
    let (mut world, reception, alice) = talking();
    world.act(reception, |phone, now| phone.refer(0, code, now));
    world.settle();
    (world, reception, alice)
}

#[test]
fn s1_s8_s9_transfer_to_the_code_parks_and_frees_the_parker() {
    let (mut world, reception, alice) = parked_with("*68");
    assert_eq!(parked_at(&world), ["101"]);
    assert_eq!(world.hears(alice), Heard::Music);
    assert_eq!(world.get(reception).last_answer(&Method::Refer).0, 202);
    assert_eq!(world.get(reception).notified("refer").unwrap(), "SIP/2.0 200 OK\r\n");
    world.run_for(s(3));
    assert_eq!(world.get(reception).up(), 0, "the server hung up for him");
    assert_eq!(world.hears(alice), Heard::Music);
}

#[test]
fn s2_q13_parked_at_any_extension_even_one_that_is_away() {
    let (world, ..) = parked_with("%2A68102%23");
    assert_eq!(parked_at(&world), ["102"]);
}

#[test]
fn s8_a_parker_who_hangs_up_at_once_changes_nothing() {
    let (mut world, reception, alice) = talking();
    world.act(reception, |phone, now| {
        phone.refer(0, "*68", now);
        phone.hang_up(0, now);
    });
    world.run_for(s(3));
    assert_eq!((parked_at(&world), world.hears(alice)), (vec!["101".to_owned()], Heard::Music));
}

#[test]
fn s8_a_hang_up_that_overtakes_the_transfer_changes_nothing() {
    let overtaking = |phone: &mut crate::handset::Handset, now| {
        phone.refer(0, "*68", now);
        phone.hang_up(0, now);
        phone.sent.reverse();
    };
    for requests_before in [false, true] {
        let (mut world, reception, alice) = talking();
        for on in [true, false].into_iter().filter(|_| requests_before) {
            world.act(reception, |phone, now| phone.hold(0, on, now));
            world.settle();
        }
        world.act(reception, overtaking);
        world.run_for(s(3));
        assert_eq!((parked_at(&world), world.hears(alice)), (vec!["101".to_owned()], Heard::Music));
        assert_eq!(world.get(reception).last_answer(&Method::Refer).0, 202);
        assert_eq!(world.exchange.legs().count(), 1);
    }
}

#[test]
fn s8_a_transfer_that_is_lost_before_the_hang_up_is_waited_for() {
    let (mut world, reception, alice) = talking();
    for on in [true, false] {
        world.act(reception, |phone, now| phone.hold(0, on, now));
        world.settle();
    }
    world.act(reception, |phone, now| {
        phone.refer(0, "103", now);
        phone.sent.clear();
        phone.hang_up(0, now);
    });
    let bob = world.phone("103", 13);
    assert_eq!((world.get(bob).ringing(), world.hears(alice)), (None, Heard::Music));
    world.settle();
    assert!(world.get(bob).ringing().is_some());
    world.run_for(s(3));
    world.act(bob, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!(world.hears(alice), person(bob));
    assert_eq!(world.exchange.legs().count(), 2);
}

#[test]
fn s8_a_transfer_by_hanging_up_that_nobody_takes_comes_back() {
    let (mut world, reception, alice) = talking();
    let bob = world.phone("103", 13);
    world.get(bob).answer_with = Some(486);
    world.act(reception, |phone, now| {
        phone.refer(0, "103", now);
        phone.hang_up(0, now);
        phone.sent.reverse();
    });
    world.settle();
    assert_eq!(world.hears(alice), Heard::Music);
    assert!(world.get(reception).ringing().is_some());
}

#[test]
fn a_hang_up_is_a_hang_up_when_no_transfer_follows() {
    let (mut world, reception, alice) = talking();
    for on in [true, false] {
        world.act(reception, |phone, now| phone.hold(0, on, now));
        world.settle();
    }
    world.act(reception, |phone, now| {
        phone.lines[0].dialog.local_cseq += 7;
        phone.hang_up(0, now);
    });
    world.settle();
    assert_eq!(world.hears(alice), Heard::Music);
    assert_eq!(world.exchange.lamp_state(&ext("101")), LampState::Free);
    world.run_for(s(1));
    assert_eq!((world.get(alice).up(), world.exchange.legs().count()), (0, 0));
}

#[test]
fn s3_s10_q9_retrieved_from_another_device_and_named_truly() {
    let (mut world, _, alice) = parked_with("*68");
    let other = world.phone("101", 21);
    world.act(other, |phone, now| phone.dial("*88", now));
    world.settle();
    assert_eq!((world.hears(alice), world.hears(other)), (person(other), person(alice)));
    let alice_smith = ("Alice Smith".to_owned(), "+3386002678".to_owned());
    assert_eq!(world.get(other).asserted(), Some(alice_smith));
    assert_eq!(parked_at(&world), [""; 0]);
}

#[test]
fn s4_s5_anybody_of_the_tenant_retrieves_at_n() {
    let (mut world, _, alice) = parked_with("*68102");
    let carol = world.phone("104", 14);
    world.act(carol, |phone, now| phone.dial("*88102#", now));
    world.settle();
    assert_eq!(world.hears(alice), person(carol));
}

#[test]
fn s6_s7_s23_group_park_hunts_and_any_member_retrieves() {
    let (mut world, reception, alice) = talking();
    let (desk, bob) = (world.phone("102", 12), world.phone("103", 13));
    world.act(reception, |phone, now| phone.refer(0, "*58", now));
    world.settle();
    assert_eq!(parked_at(&world), ["102"]);
    world.act(bob, |phone, now| phone.dial("*88", now));
    world.settle();
    assert_eq!(world.hears(alice), person(bob));
    // Q3: when the others are away, it is his own turn.
    for phone in [desk, bob] {
        world.act(phone, |phone, now| phone.register(0, now));
    }
    world.settle();
    world.act(bob, |phone, now| phone.refer(0, "*58", now));
    world.settle();
    assert_eq!(parked_at(&world), ["101"]);
}

#[test]
fn q4_group_park_by_somebody_in_no_group_parks_with_himself() {
    let mut world = World::open();
    let (bob, carol) = (world.phone("103", 13), world.phone("104", 14));
    world.get(bob).answer_with = Some(200);
    world.act(carol, |phone, now| phone.dial("103", now));
    world.settle();
    world.act(carol, |phone, now| phone.refer(0, "*58", now));
    world.settle();
    assert_eq!(parked_at(&world), ["104"]);
    assert_eq!(world.hears(bob), Heard::Music);
}

#[test]
fn q5_over_the_limit_the_refer_is_refused_and_the_parker_still_has_the_call() {
    let mut world = World::open();
    let reception = world.phone("101", 11);
    world.get(reception).answer_with = Some(200);
    for _ in 0..4 {
        let caller = world.caller("+331", "Somebody");
        world.act(caller, |phone, now| phone.dial("1", now));
        world.settle();
        let line = world.get(reception).lines.len() - 1;
        world.act(reception, |phone, now| phone.refer(line, "*68104", now));
        world.run_for(s(3));
        if world.exchange.lot().calls().len() == 3 && line == 3 {
            let (status, reason) = world.get(reception).last_answer(&Method::Refer);
            assert_eq!(
                (status, reason.as_str()),
                (486, "extension 104 already holds 3 parked calls")
            );
            assert_eq!(world.hears(caller), person(reception));
        }
    }
    assert_eq!(world.get(reception).up(), 1);
}

#[test]
fn q6_mine_first_then_the_groups_and_never_a_colleagues_own() {
    let mut world = World::open();
    let (reception, bob) = (world.phone("101", 11), world.phone("103", 13));
    world.get(reception).answer_with = Some(200);
    for code in ["*68102", "*58"] {
        let caller = world.caller("+331", code);
        world.act(caller, |phone, now| phone.dial("1", now));
        world.settle();
        let line = world.get(reception).lines.len() - 1;
        world.act(reception, |phone, now| phone.refer(line, code, now));
        world.run_for(s(3));
    }
    // The group-parked one lies with Bob; his own code fetches it.
    world.act(bob, |phone, now| phone.dial("*88", now));
    world.settle();
    assert_eq!(world.get(bob).asserted().unwrap().0, "*58");
    world.act(bob, |phone, now| phone.dial("*88", now));
    world.settle();
    assert_eq!(world.get(bob).last_answer(&Method::Invite).0, 404);
    assert_eq!(parked_at(&world), ["102"]);
}

#[test]
fn q7_nothing_there_is_404_in_words() {
    let mut world = World::open();
    let bob = world.phone("103", 13);
    world.act(bob, |phone, now| phone.dial("*88102", now));
    world.settle();
    let answer = world.get(bob).last_answer(&Method::Invite);
    assert_eq!(answer, (404, "no call is parked at extension 102".to_owned()));
    world.act(bob, |phone, now| phone.dial("*88999", now));
    world.settle();
    assert_eq!(world.get(bob).last_answer(&Method::Invite).0, 404);
}

#[test]
fn q9_of_two_retrievers_one_wins_and_the_other_is_told() {
    let (mut world, _, alice) = parked_with("*68");
    let (bob, carol) = (world.phone("103", 13), world.phone("104", 14));
    world.act(bob, |phone, now| phone.dial("*88101", now));
    world.act(carol, |phone, now| phone.dial("*88101", now));
    world.settle();
    let up = [world.get(bob).up(), world.get(carol).up()];
    assert_eq!(up.iter().sum::<usize>(), 1);
    let (winner, loser) = if up[0] == 1 { (bob, carol) } else { (carol, bob) };
    assert_eq!(world.hears(alice), person(winner));
    let status = world.get(loser).last_answer(&Method::Invite).0;
    assert!([404, 486].contains(&status), "{status}");
}

#[test]
fn q9_a_retriever_whose_ack_never_comes_leaves_the_caller_parked_with_music() {
    let (mut world, _, alice) = parked_with("*68");
    world.run_for(s(3));
    let bob = world.phone("103", 13);
    world.act(bob, |phone, now| phone.dial("*88101", now));
    world.run_for(std::time::Duration::from_millis(1));
    // The 200 is on its way; the phone dies before it can acknowledge.
    world.handsets.remove(&bob);
    world.run_for(s(1));
    assert_eq!(parked_at(&world), ["101"], "still his place while nobody is connected");
    assert_eq!(world.hears(alice), Heard::Music);
    world.run_for(s(40));
    let phase = &world.exchange.lot().calls()[0].phase;
    assert!(matches!(phase, Phase::Waiting { .. } | Phase::Recalling { .. }), "{phase:?}");
    assert_eq!(world.hears(alice), Heard::Music);
}

#[test]
fn q10_a_caller_from_outside_may_not_refer() {
    let (mut world, _, alice) = talking();
    world.act(alice, |phone, now| phone.refer(0, "*68", now));
    world.settle();
    assert_eq!(world.get(alice).last_answer(&Method::Refer).0, 603);
    assert_eq!(parked_at(&world), [""; 0]);
}

#[test]
fn q11_a_phone_that_holds_and_dials_the_code_parks_what_it_holds() {
    let (mut world, reception, alice) = talking();
    world.act(reception, |phone, now| phone.hold(0, true, now));
    world.settle();
    let code = world.act(reception, |phone, now| phone.dial("*68102", now));
    world.settle();
    assert_eq!((parked_at(&world), world.hears(alice)), (vec!["102".to_owned()], Heard::Music));
    assert_eq!(world.get(reception).lines[0].state, LineState::Over, "the held leg got a BYE");
    assert_eq!(world.hears(reception), Heard::Tone);
    // P4: a transfer of the two legs comes too late to do anything again.
    world.get(reception).lines[0].state = LineState::Up;
    world.act(reception, |phone, now| phone.refer_attended(0, code, now));
    world.settle();
    assert_eq!(world.get(reception).last_answer(&Method::Refer).0, 202);
    assert_eq!(world.get(reception).notified("refer").unwrap(), "SIP/2.0 200 OK\r\n");
    assert_eq!(parked_at(&world), ["102"]);
    world.run_for(s(3));
    assert_eq!(world.exchange.legs().count(), 1);
}

#[test]
fn q11_a_call_that_another_device_holds_is_not_touched() {
    let (mut world, reception, alice) = talking();
    let other = world.phone("101", 21);
    world.act(reception, |phone, now| phone.hold(0, true, now));
    world.settle();
    world.act(other, |phone, now| phone.dial("*68", now));
    world.settle();
    assert_eq!(world.get(other).last_answer(&Method::Invite).0, 404);
    assert_eq!((parked_at(&world), world.hears(alice)), (Vec::new(), Heard::Music));
}

#[test]
fn q12_one_key_parks_and_retrieves() {
    let (mut world, reception, alice) = parked_with("*68102");
    world.run_for(s(3));
    world.act(reception, |phone, now| phone.dial("*68102", now));
    world.settle();
    assert_eq!(world.hears(alice), person(reception));
    let bob = world.phone("103", 13);
    world.act(bob, |phone, now| phone.dial("*58", now));
    world.settle();
    assert_eq!(world.get(bob).last_answer(&Method::Invite).0, 404);
}

#[test]
fn q13_no_such_place_is_404_and_the_call_stays() {
    let (mut world, reception, alice) = parked_with("*68999");
    assert_eq!(world.get(reception).last_answer(&Method::Refer).0, 404);
    assert_eq!(world.hears(alice), person(reception));
}

#[test]
fn q18_one_of_several_is_chosen_by_its_key() {
    let mut world = World::open();
    let (reception, bob) = (world.phone("101", 11), world.phone("103", 13));
    world.get(reception).answer_with = Some(200);
    for name in ["First", "Second"] {
        let caller = world.caller("+331", name);
        world.act(caller, |phone, now| phone.dial("1", now));
        world.settle();
        let line = world.get(reception).lines.len() - 1;
        world.act(reception, |phone, now| phone.refer(line, "*68102", now));
        world.run_for(s(3));
    }
    let key = world.exchange.lot().calls()[1].key;
    world.act(bob, |phone, now| phone.dial(&format!("*88102*{key}"), now));
    world.settle();
    assert_eq!(world.get(bob).asserted().unwrap().0, "Second");
    world.act(bob, |phone, now| phone.dial("*88102*98", now));
    world.settle();
    assert_eq!(world.get(bob).last_answer(&Method::Invite).0, 404);
}

#[test]
fn s14_q17_the_retriever_holds_and_parks_again_with_a_fresh_timer() {
    let (mut world, _, alice) = parked_with("*68102");
    let bob = world.phone("103", 13);
    world.run_for(s(30));
    world.act(bob, |phone, now| phone.dial("*88102", now));
    world.settle();
    world.act(bob, |phone, now| phone.hold(0, true, now));
    world.settle();
    assert_eq!(world.hears(alice), Heard::Music);
    world.act(bob, |phone, now| phone.hold(0, false, now));
    world.settle();
    let now = world.now;
    world.act(bob, |phone, now| phone.refer(0, "*68", now));
    world.settle();
    let call = &world.exchange.lot().calls()[0];
    assert_eq!((call.at.as_str(), call.parking_user.as_str()), ("103", "103"));
    assert!(call.wakeup().at >= now + s(45));
    assert_eq!(world.hears(alice), Heard::Music);
}

#[test]
fn s29_s31_the_parking_user_is_rung_and_tried_again_after_ten_seconds() {
    let (mut world, reception, alice) = parked_with("*68102");
    world.run_for(s(44));
    assert_eq!(world.get(reception).ringing(), None);
    world.run_for(s(2));
    let ringing = world.get(reception).ringing().expect("the recall rings");
    let invite = world.get(reception).lines[ringing].invite.clone();
    let from = invite.headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("Park recall: Alice Smith"));
    assert_eq!(from.uri.user_decoded().as_deref(), Some("+3386002678"));
    assert!(invite.headers.text(&Name::AlertInfo).unwrap().contains("alert-recall"));
    assert_eq!(world.hears(alice), Heard::Music);

    world.run_for(s(46));
    assert_eq!(world.get(reception).ringing(), None, "rung for the recall timer only");
    assert_eq!(world.hears(alice), Heard::Music);
    world.run_for(s(11));
    world.act(reception, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!((world.hears(alice), world.hears(reception)), (person(reception), person(alice)));
    assert_eq!(parked_at(&world), [""; 0]);
}

#[test]
fn q8_a_declined_recall_leaves_the_caller_parked() {
    let (mut world, reception, alice) = parked_with("*68");
    world.run_for(s(46));
    world.act(reception, |phone, now| phone.refuse(603, None, now));
    world.settle();
    assert_eq!((parked_at(&world), world.hears(alice)), (vec!["101".to_owned()], Heard::Music));
    world.run_for(s(11));
    assert!(world.get(reception).ringing().is_some());
}

#[test]
fn q15_a_recalling_call_is_still_anybodys_and_its_ringing_stops() {
    let (mut world, reception, alice) = parked_with("*68");
    let bob = world.phone("103", 13);
    world.run_for(s(46));
    assert!(world.get(reception).ringing().is_some());
    world.act(bob, |phone, now| phone.dial("*88101", now));
    world.settle();
    assert_eq!(world.get(reception).ringing(), None);
    assert_eq!(world.hears(alice), person(bob));
}

#[test]
fn q17_declined_with_the_park_key_it_goes_back_with_a_fresh_timer() {
    let (mut world, reception, alice) = parked_with("*68102");
    world.run_for(s(46));
    world.act(reception, |phone, now| phone.refuse(302, Some("*68"), now));
    world.settle();
    assert_eq!((parked_at(&world), world.hears(alice)), (vec!["102".to_owned()], Heard::Music));
    world.run_for(s(40));
    assert_eq!(world.get(reception).ringing(), None);
    world.run_for(s(6));
    assert!(world.get(reception).ringing().is_some());
}

#[test]
fn p3_a_ringing_phone_that_points_to_the_code_parks_the_caller() {
    let mut world = World::open();
    let reception = world.phone("101", 11);
    let alice = world.caller("+3386002678", "Alice Smith");
    world.act(alice, |phone, now| phone.dial("1", now));
    world.settle();
    world.act(reception, |phone, now| phone.refuse(302, Some("*68103"), now));
    world.settle();
    assert_eq!((parked_at(&world), world.hears(alice)), (vec!["103".to_owned()], Heard::Music));
}

#[test]
fn a_parked_caller_who_hangs_up_is_gone_from_the_lot_even_while_he_recalls() {
    let (mut world, reception, alice) = parked_with("*68");
    world.run_for(s(46));
    assert!(world.get(reception).ringing().is_some());
    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(parked_at(&world), [""; 0]);
    assert_eq!(world.get(reception).ringing(), None);
    assert_eq!(world.exchange.legs().count(), 0);
}

#[test]
fn either_side_of_an_inside_call_parks_the_other() {
    let mut world = World::open();
    let (bob, carol) = (world.phone("103", 13), world.phone("104", 14));
    world.get(bob).answer_with = Some(200);
    world.act(carol, |phone, now| phone.dial("103", now));
    world.settle();
    world.act(bob, |phone, now| phone.refer(0, "*68", now));
    world.settle();
    assert_eq!(parked_at(&world), ["103"]);
    assert_eq!(world.hears(carol), Heard::Music);
    world.run_for(s(3));
    world.act(bob, |phone, now| phone.dial("*88", now));
    world.settle();
    assert_eq!(world.get(bob).asserted(), Some(("Carol".to_owned(), "104".to_owned())));
    world.act(carol, |phone, now| phone.refer(0, "*68", now));
    world.settle();
    assert_eq!(parked_at(&world), ["104"]);
    assert_eq!(world.hears(bob), Heard::Music);
}

#[test]
fn a_refer_repeated_does_nothing_twice() {
    let (mut world, reception, _) = parked_with("*68");
    world.act(reception, |phone, now| phone.refer(0, "*68102", now));
    world.settle();
    assert_eq!(world.get(reception).last_answer(&Method::Refer).0, 202);
    assert_eq!(parked_at(&world), ["101"]);
}

#[test]
fn m2_the_office_is_serialised_dropped_and_restored_and_carries_on() {
    let (mut world, reception, alice) = parked_with("*68102");
    let bob = world.phone("103", 13);
    world.run_for(s(20));
    world.restart(s(10));
    assert_eq!((parked_at(&world), world.hears(alice)), (vec!["102".to_owned()], Heard::Music));
    world.run_for(s(16));
    assert!(world.get(reception).ringing().is_some(), "the recall comes when it was due");
    world.restart(s(1));
    world.act(bob, |phone, now| phone.dial("*88102", now));
    world.run_for(s(2));
    assert_eq!((world.hears(alice), world.hears(bob)), (person(bob), person(alice)));
    world.restart(s(5));
    assert_eq!((world.hears(alice), world.hears(bob)), (person(bob), person(alice)));
    world.act(bob, |phone, now| phone.refer(0, "*68", now));
    world.settle();
    assert_eq!(parked_at(&world), ["103"]);
}

#[test]
fn a_restart_in_the_middle_of_a_recall_rings_nobody_twice() {
    let (mut world, reception, alice) = parked_with("*68102");
    let mobile = world.phone("101", 21);
    let rung = |world: &mut World, phone| {
        world.get(phone).got.iter().filter(|r| r.method == Method::Invite).count()
    };
    let before = [reception, mobile].map(|phone| rung(&mut world, phone));
    world.run_for(s(46));
    world.restart(s(1));
    world.run_for(s(2));
    let now = [reception, mobile].map(|phone| rung(&mut world, phone));
    assert_eq!(now, before.map(|invites| invites + 1));
    world.act(mobile, |phone, now| phone.answer(now));
    world.run_for(s(3));
    assert_eq!(world.hears(alice), person(mobile));
    assert_eq!(world.get(reception).ringing(), None);
    world.run_for(s(60));
    assert_eq!((world.get(reception).ringing(), world.exchange.legs().count()), (None, 2));
}

#[test]
fn a_recall_that_ran_out_during_a_restart_stops_ringing() {
    let (mut world, reception, alice) = parked_with("*68102");
    world.run_for(s(46));
    assert!(world.get(reception).ringing().is_some());
    world.restart(s(70));
    world.run_for(s(2));
    assert_eq!(world.get(reception).ringing(), None);
    assert_eq!((parked_at(&world), world.hears(alice)), (vec!["102".to_owned()], Heard::Music));
    world.run_for(s(10));
    assert!(world.get(reception).ringing().is_some(), "it is tried again");
    assert_eq!(world.exchange.legs().count(), 2);
}

/// Why the phone was told to stop ringing; none when it was not told why.
fn told_why(world: &mut World, phone: SocketAddr) -> Option<String> {
    let cancel = world.get(phone).got.iter().rfind(|r| r.method == Method::Cancel);
    cancel.expect("it was told to stop").headers.text(&Name::Reason).map(Into::into)
}

#[test]
fn a_recall_that_somebody_has_seen_to_is_no_missed_call_on_any_phone() {
    let elsewhere = Some("SIP;cause=200;text=\"Call completed elsewhere\"".to_owned());
    let (mut world, reception, alice) = parked_with("*68102");
    let (mobile, bob) = (world.phone("101", 21), world.phone("103", 13));
    world.run_for(s(46));
    world.act(bob, |phone, now| phone.dial("*88102", now));
    world.settle();
    let why = [reception, mobile].map(|phone| told_why(&mut world, phone));
    assert_eq!(why, [elsewhere.clone(), elsewhere.clone()], "a colleague has fetched him");

    world.act(bob, |phone, now| phone.refer(0, "*68102", now));
    world.run_for(s(3));
    let second = world.phone("103", 23);
    world.run_for(s(46));
    world.act(bob, |phone, now| phone.refuse(302, Some("*68"), now));
    world.settle();
    assert_eq!(told_why(&mut world, second), elsewhere, "put back by a key of another device");

    world.run_for(s(46));
    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(told_why(&mut world, second), None, "that one was missed");
}
