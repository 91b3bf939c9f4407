//! Calls at a desk: made, answered, held, refused, handed on.

use bellhop::domain::park_table::LampState;
use bellhop::media::control::{RingKind, SoundEvent, Tone};
use bellhop::phone::Input;
use bellhop::phone::messages::{Command, Direction, Ended, Event, LineState, Target};

use crate::house::*;

fn ended(name: &str, how: Ended) -> Option<(String, Ended)> {
    Some((name.to_owned(), how))
}

#[test]
fn a_colleague_is_called_by_number_and_shown_by_name() {
    let mut house = House::open();
    let (reception, bob) = (house.desk("101"), house.desk("103"));
    house.dial(reception, "103");
    assert_eq!(house.desks[reception].states(), [("Bob".to_owned(), LineState::Alerting)]);
    assert_eq!(house.desks[reception].tone, Some(Tone::Ringback));
    assert_eq!(house.desks[bob].states(), [("Reception".to_owned(), LineState::Ringing)]);
    assert_eq!(house.desks[bob].ring, Some(RingKind::Inside));
    let line = house.desks[bob].only();
    house.does(bob, Command::Answer { line });
    for desk in [reception, bob] {
        let desk = &house.desks[desk];
        assert!(desk.talks() && desk.tone.is_none() && desk.ring.is_none());
        let line = &desk.lines[&desk.only()];
        assert_eq!((line.state, line.codec), (LineState::Talking, Some("PCMA")));
        assert!(line.connected_at.is_some());
    }
    house.does(bob, Command::HangUp { line });
    assert_eq!(house.desks[bob].last_end(), ended("Reception", Ended::HungUp));
    assert_eq!(house.desks[reception].last_end(), ended("Bob", Ended::FarEnd));
    assert!(house.desks.iter().all(|desk| desk.talk.is_none() && desk.connected.is_empty()));
}

#[test]
fn a_call_from_outside_rings_differently_and_its_end_before_answer_is_a_miss() {
    let mut house = House::open();
    let desk = house.desk("101");
    let alice = house.caller("+3386002678", "Alice Smith");
    assert_eq!(house.desks[desk].ring, Some(RingKind::Outside));
    house.caller_hangs_up(alice);
    assert_eq!(house.desks[desk].last_end(), ended("Alice Smith", Ended::Missed));
    assert_eq!(house.desks[desk].ring, None);
}

#[test]
fn what_another_device_of_mine_answers_is_no_miss() {
    let mut house = House::open();
    let (one, other) = (house.desk("101"), house.desk("101"));
    house.caller("+3386002678", "Alice Smith");
    let line = house.desks[one].only();
    house.does(one, Command::Answer { line });
    assert_eq!(house.desks[other].last_end(), ended("Alice Smith", Ended::AnsweredElsewhere));
}

#[test]
fn only_one_line_talks_and_the_others_wait_on_hold() {
    let (mut house, desks, _, first) = House::answered(&["101"]);
    let desk = desks[0];
    house.caller("+331", "Ben");
    assert_eq!(house.desks[desk].ring, None, "nothing rings into a talk");
    let second = *house.desks[desk].lines.keys().last().unwrap();
    house.does(desk, Command::Answer { line: second });
    let held_and_talking = |a, b| [("Alice Smith".to_owned(), a), ("Ben".to_owned(), b)];
    let (held, talking) = (LineState::Held, LineState::Talking);
    assert_eq!(house.desks[desk].states(), held_and_talking(held, talking));
    assert!(house.desks[desk].talks());
    house.does(desk, Command::Resume { line: first });
    assert_eq!(house.desks[desk].states(), held_and_talking(talking, held));
    assert!(house.desks[desk].talks());
    house.does(desk, Command::Hold { line: first });
    assert_eq!(house.desks[desk].talk, None);
}

#[test]
fn hold_and_resume_faster_than_the_office_answers_end_where_they_were_left() {
    let (mut house, desks, _, line) = House::answered(&["101"]);
    for _ in 0..3 {
        house.tell(desks[0], Command::Hold { line });
        house.tell(desks[0], Command::Resume { line });
    }
    house.settle();
    assert!(house.desks[desks[0]].talks());
    house.tell(desks[0], Command::Resume { line });
    house.tell(desks[0], Command::Hold { line });
    house.settle();
    let stream = *house.desks[desks[0]].connected.keys().next().unwrap();
    assert!(!house.desks[desks[0]].connected[&stream].receive, "the office sends nothing");
}

#[test]
fn a_refused_call_is_busy_and_a_wrong_number_says_so() {
    let mut house = House::open();
    let (reception, bob) = (house.desk("101"), house.desk("103"));
    house.dial(reception, "103");
    let line = house.desks[bob].only();
    house.does(bob, Command::HangUp { line });
    let Some((name, Ended::Failed { status, .. })) = house.desks[reception].last_end() else {
        panic!("{:?}", house.desks[reception].last_end())
    };
    assert_eq!((name.as_str(), status), ("Bob", 486));
    assert_eq!(house.desks[reception].tone, Some(Tone::Busy));
    house.run_for(s(4));
    assert_eq!(house.desks[reception].tone, None);
    house.dial(reception, "777");
    let last = house.desks[reception].last_end();
    assert!(matches!(last, Some((_, Ended::Failed { status: 404, .. }))), "{last:?}");
}

#[test]
fn a_call_given_up_while_it_rings_ends_on_both_sides() {
    let mut house = House::open();
    let (reception, bob) = (house.desk("101"), house.desk("103"));
    house.dial(reception, "103");
    let line = house.desks[reception].only();
    house.does(reception, Command::HangUp { line });
    assert_eq!(house.desks[reception].last_end(), ended("Bob", Ended::HungUp));
    assert_eq!(house.desks[bob].last_end(), ended("Reception", Ended::Missed));
    assert_eq!(house.exchange.legs().count(), 0);
}

#[test]
fn do_not_disturb_refuses_calls_and_shows_on_everybodys_desk() {
    let mut house = House::open();
    let (reception, bob) = (house.desk("101"), house.desk("103"));
    house.does(bob, Command::DoNotDisturb { on: true });
    house.run_for(s(3));
    assert!(house.desks[bob].events.contains(&Event::DoNotDisturbChanged { on: true }));
    assert!(house.desks[bob].lines.is_empty() && house.desks[bob].last_end().is_none());
    let lamp = |house: &House| {
        let table = house.desks[reception].table.as_ref().unwrap();
        table.lamps.iter().find(|lamp| lamp.extension == ext("103")).unwrap().state
    };
    assert_eq!(lamp(&house), LampState::Dnd);
    house.dial(reception, "103");
    assert!(matches!(house.desks[reception].last_end(), Some((_, Ended::Failed { .. }))));
    assert!(house.desks[bob].last_end().is_none());
    house.does(bob, Command::DoNotDisturb { on: false });
    house.run_for(s(3));
    assert_eq!(lamp(&house), LampState::Free);
}

#[test]
fn a_blind_transfer_joins_the_two_and_frees_the_desk() {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    let to = Target::Typed("103".to_owned());
    house.does(desks[0], Command::Transfer { line, to });
    assert_eq!(house.desks[desks[0]].states()[0].1, LineState::HandingOver);
    let bobs = house.desks[desks[1]].only();
    house.does(desks[1], Command::Answer { line: bobs });
    house.run_for(s(3));
    assert_eq!(house.desks[desks[0]].last_end(), ended("Alice Smith", Ended::Transferred));
    let bob = &house.desks[desks[1]];
    assert_eq!(bob.states(), [("Alice Smith".to_owned(), LineState::Talking)]);
}

#[test]
fn a_transfer_to_nobody_is_refused_and_the_call_is_still_here() {
    let (mut house, desks, _, line) = House::answered(&["101"]);
    let to = Target::Typed("777".to_owned());
    house.does(desks[0], Command::Transfer { line, to });
    let desk = &house.desks[desks[0]];
    assert_eq!(desk.last_refusal().unwrap().0, 404);
    assert_eq!(desk.states(), [("Alice Smith".to_owned(), LineState::Talking)]);
    assert!(desk.talks());
}

#[test]
fn digits_go_out_only_on_the_line_in_the_ear_and_come_in_on_theirs() {
    let (mut house, desks, _, line) = House::answered(&["101"]);
    for digit in ['5', '#', 'x'] {
        house.does(desks[0], Command::SendDigit { line, digit });
    }
    assert_eq!(house.desks[desks[0]].digits, ['5', '#']);
    let stream = house.desks[desks[0]].talk.unwrap();
    house.input(desks[0], Input::Sound(SoundEvent::Digit { stream, digit: '7' }));
    assert!(house.desks[desks[0]].events.contains(&Event::DigitReceived { line, digit: '7' }));
    house.does(desks[0], Command::Hold { line });
    house.does(desks[0], Command::SendDigit { line, digit: '6' });
    assert_eq!(house.desks[desks[0]].digits, ['5', '#']);
}

#[test]
fn the_fifth_call_finds_no_port_and_is_seen_as_missed() {
    let mut house = House::open();
    let desk = house.desk("101");
    for name in ["A", "B", "C", "D"] {
        house.caller("+331", name);
    }
    house.caller("+331", "Eve");
    assert_eq!(house.desks[desk].lines.len(), 4);
    assert_eq!(house.desks[desk].last_end(), ended("Eve", Ended::Missed));
}

#[test]
fn a_desk_that_calls_names_no_direction_wrong() {
    let mut house = House::open();
    let (reception, bob) = (house.desk("101"), house.desk("103"));
    house.dial(reception, "103");
    let direction = |desk: &Desk| desk.lines[&desk.only()].direction;
    assert_eq!(direction(&house.desks[reception]), Direction::Outgoing);
    assert_eq!(direction(&house.desks[bob]), Direction::Incoming);
}
