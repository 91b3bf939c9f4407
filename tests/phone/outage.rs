//! Offices that fall silent, die, and come back without their memory.

use std::time::Duration;

use bellhop::media::control::{SoundEvent, StreamId};
use bellhop::phone::Input;
use bellhop::phone::messages::{Command, Ended, Event, LineState, Registration};

use crate::house::*;

fn registration(desk: &Desk) -> &Registration {
    let told = desk.events.iter().rev().find_map(|event| match event {
        Event::RegistrationChanged(registration) => Some(registration),
        _ => None,
    });
    told.unwrap()
}

fn is_registered(desk: &Desk) -> bool {
    matches!(registration(desk), Registration::Registered { .. })
}

fn lost() -> Option<(String, Ended)> {
    Some(("Alice Smith".to_owned(), Ended::Lost))
}

#[test]
fn an_office_that_falls_silent_is_said_within_ten_seconds_and_so_is_its_return() {
    let mut house = House::open();
    let desk = house.desk("101");
    house.run_for(s(100));
    house.weather.loss = 100;
    house.run_for(s(10));
    let Registration::Failed { reason, .. } = registration(&house.desks[desk]) else {
        panic!("{:?}", registration(&house.desks[desk]))
    };
    assert_eq!(reason, "no answer from the office");
    assert!(house.desks[desk].table.is_none());
    house.run_for(s(300));
    house.weather.loss = 0;
    house.run_for(s(9));
    assert!(is_registered(&house.desks[desk]) && house.desks[desk].table.is_some());
}

#[test]
fn an_idle_desk_asks_and_tells_nothing_new_for_hours() {
    for late_ms in [0, 1, 5, 900] {
        let mut house = House::open();
        house.late = Duration::from_millis(late_ms);
        let desk = house.desk("101");
        house.run_for(s(2));
        house.desks[desk].events.clear();
        house.run_for(s(7_200));
        let is_refresh = |event: &Event| {
            matches!(
                event,
                Event::RegistrationChanged(Registration::Registered { .. })
                    | Event::ParkTableChanged { table: Some(_), .. }
            )
        };
        let events = &house.desks[desk].events;
        assert!(events.iter().all(is_refresh), "{late_ms} ms late: {events:?}");
    }
}

#[test]
fn an_office_that_comes_back_at_once_without_its_memory_gets_its_desks_back() {
    let mut house = House::open();
    let desk = house.desk("101");
    house.new_office();
    house.run_for(s(6));
    assert!(house.exchange.registrar().is_registered(&ext("101")));
    assert!(is_registered(&house.desks[desk]) && house.desks[desk].table.is_some());
}

#[test]
fn a_call_the_office_has_lost_ends_when_the_office_is_back() {
    for silent_s in [0, 20, 90] {
        let (mut house, desks, _, _) = House::answered(&["101"]);
        house.weather.loss = 100;
        house.run_for(s(silent_s));
        house.new_office();
        house.weather.loss = 0;
        house.run_for(s(10));
        let desk = &house.desks[desks[0]];
        assert_eq!(desk.last_end(), lost(), "after {silent_s} s");
        assert!(desk.lines.is_empty() && desk.talk.is_none() && is_registered(desk));
    }
}

#[test]
fn a_call_goes_on_when_the_network_comes_back() {
    let (mut house, desks, _, line) = House::answered(&["101"]);
    house.weather.loss = 100;
    house.run_for(s(40));
    assert!(!is_registered(&house.desks[desks[0]]));
    house.weather.loss = 0;
    house.run_for(s(10));
    assert!(is_registered(&house.desks[desks[0]]) && house.desks[desks[0]].talks());
    house.does(desks[0], Command::Park { line, at: None });
    assert_eq!(house.desks[desks[0]].parked(), [("Alice Smith".to_owned(), ext("101"))]);
}

#[test]
fn park_and_hold_of_a_call_the_office_has_lost_say_so() {
    for hold in [true, false] {
        let (mut house, desks, _, line) = House::answered(&["101"]);
        house.new_office();
        let command = if hold { Command::Hold { line } } else { Command::Park { line, at: None } };
        house.does(desks[0], command);
        let desk = &house.desks[desks[0]];
        assert_eq!((desk.last_end(), desk.last_refusal()), (lost(), None));
        assert!(desk.lines.is_empty());
    }
}

#[test]
fn a_park_that_a_silent_office_does_not_answer_leaves_the_call_and_the_doubt() {
    let (mut house, desks, _, line) = House::answered(&["101"]);
    house.weather.loss = 100;
    house.does(desks[0], Command::Park { line, at: None });
    house.run_for(s(33));
    let desk = &house.desks[desks[0]];
    assert_eq!(desk.last_refusal(), Some((408, String::new())));
    assert_eq!(desk.states(), [("Alice Smith".to_owned(), LineState::Talking)]);
    assert!(!is_registered(desk), "nobody can say that she is still there");
}

#[test]
fn a_line_without_sound_is_told_and_asked_for() {
    let (mut house, desks, _, line) = House::answered(&["101"]);
    let desk = desks[0];
    let stream = house.desks[desk].talk.unwrap();
    let silent = |stream: StreamId| Input::Sound(SoundEvent::Silent { stream, for_ms: 10_000 });
    house.input(desk, silent(stream));
    assert!(house.desks[desk].lines[&line].silent);
    house.settle();
    house.input(desk, Input::Sound(SoundEvent::FirstPacket { stream }));
    assert!(!house.desks[desk].lines[&line].silent && house.desks[desk].talks());
    house.new_office();
    house.input(desk, silent(stream));
    house.settle();
    assert_eq!(house.desks[desk].last_end(), lost());
}
