//! How a desk stands with its office: registered, watching, gone.

use bellhop::domain::park_table::LampState;
use bellhop::phone::messages::{Command, Event, Registration};
use bellhop::phone::{Effect, Input};
use bellhop::sip::flow::{Flow, Transport};
use bytes::Bytes;

use crate::house::*;

fn registrations(desk: &Desk) -> Vec<&Registration> {
    let events = desk.events.iter();
    events
        .filter_map(|event| match event {
            Event::RegistrationChanged(registration) => Some(registration),
            _ => None,
        })
        .collect()
}

#[test]
fn a_desk_signs_in_sees_everybody_and_stays_signed_in() {
    let mut house = House::open();
    let desk = house.desk("101");
    let told = registrations(&house.desks[desk]);
    assert_eq!(told, [&Registration::Registering, &Registration::Registered { expires: s(300) }]);
    house.run_for(s(7_200));
    let desk = &house.desks[desk];
    let lamps = &desk.table.as_ref().unwrap().lamps;
    let lamp = |number: &str| lamps.iter().find(|lamp| lamp.extension == ext(number)).unwrap();
    assert_eq!((lamp("101").state, lamp("102").state), (LampState::Free, LampState::Off));
    let lost = desk.events.iter();
    let lost = lost.filter(|event| matches!(event, Event::ParkTableChanged { table: None, .. }));
    assert_eq!(lost.count(), 0, "the table was known all day");
    assert!(matches!(registrations(desk).last(), Some(Registration::Registered { .. })));
}

#[test]
fn a_wrong_password_is_said_and_tried_again_ever_more_seldom() {
    let mut house = House::open();
    let desk = house.desk_with("101", "guessed");
    house.run_for(s(120));
    let told = registrations(&house.desks[desk]);
    let failures = told.iter().filter(|r| matches!(r, Registration::Failed { .. })).count();
    assert!((4..12).contains(&failures), "{failures} in two minutes");
    let Some(Registration::Failed { reason, retry_at }) = told.last() else { panic!("{told:?}") };
    assert_eq!(reason, "the office does not accept the password");
    assert!(*retry_at > house.now);
}

#[test]
fn an_office_that_does_not_answer_leaves_the_table_unknown_until_it_does() {
    let mut house = House::open();
    let desk = house.desk("101");
    house.weather.loss = 100;
    house.run_for(s(400));
    let told = registrations(&house.desks[desk]);
    let Some(Registration::Failed { reason, .. }) = told.last() else { panic!("{told:?}") };
    assert_eq!(reason, "no answer from the office");
    assert!(house.desks[desk].table.is_none());
    house.weather.loss = 0;
    house.run_for(s(70));
    let told = registrations(&house.desks[desk]);
    assert!(matches!(told.last(), Some(Registration::Registered { .. })), "{told:?}");
    assert!(house.desks[desk].table.is_some());
}

#[test]
fn leaving_ends_calls_and_registration_in_good_order() {
    let (mut house, desks, _, _) = House::answered(&["101", "102"]);
    house.does(desks[0], Command::Leave);
    assert!(house.desks[desks[0]].phone.finished());
    let told = registrations(&house.desks[desks[0]]);
    assert_eq!(told.last(), Some(&&Registration::Unregistered));
    assert!(house.desks[desks[0]].lines.is_empty());
    assert!(!house.exchange.registrar().is_registered(&ext("101")));
    assert_eq!(house.exchange.legs().count(), 0);
}

#[test]
fn leaving_does_not_wait_for_an_office_that_is_gone() {
    let (mut house, desks, _, _) = House::answered(&["101"]);
    house.weather.loss = 100;
    house.tell(desks[0], Command::Leave);
    house.run_for(s(2));
    assert!(house.desks[desks[0]].phone.finished());
}

#[test]
fn strangers_are_turned_away() {
    let mut house = House::open();
    let desk = house.desk("101");
    let text = "INVITE sip:101@10.0.0.50 SIP/2.0\r\nVia: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bK1\r\n\
        From: <sip:evil@10.9.9.9>;tag=1\r\nTo: <sip:101@10.0.0.50>\r\nCall-ID: 1\r\n\
        CSeq: 1 INVITE\r\nContact: <sip:evil@10.9.9.9>\r\nMax-Forwards: 70\r\n\r\n";
    let remote = "10.9.9.9:5060".parse().unwrap();
    let flow = Flow { transport: Transport::Udp, local: house.desks[desk].at, remote };
    let now = house.now;
    let input = Input::Datagram { bytes: Bytes::from(text), flow };
    let effects: Vec<Effect> = house.desks[desk].phone.handle(input, now).into_iter().collect();
    let [Effect::Send { flow: to, bytes }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(to.remote, remote);
    assert!(bytes.starts_with(b"SIP/2.0 403 "));
}

#[test]
fn an_office_that_is_silent_from_the_start_is_said_within_seconds() {
    let mut house = House::open();
    house.weather.loss = 100;
    let desk = house.desk_with("101", "secret");
    house.run_for(s(6));
    let told = registrations(&house.desks[desk]);
    let [Registration::Registering, Registration::Failed { reason, .. }] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(reason, "no answer from the office");
    house.weather.loss = 0;
    house.run_for(s(5));
    let told = registrations(&house.desks[desk]);
    assert!(matches!(told.last(), Some(Registration::Registered { .. })), "{told:?}");
}

#[test]
fn a_desk_that_moves_to_another_network_takes_its_call_along() {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    house.moves(desks[0], "10.0.7.7:5060");
    house.settle();
    let from = |leg: &bellhop::exchange::Leg| leg.agreed.map(|agreed| agreed.remote.ip());
    let moved = "10.0.7.7".parse().unwrap();
    assert!(house.exchange.legs().any(|leg| from(leg) == Some(moved)), "sound follows");
    assert!(house.desks[desks[0]].talks());
    house.does(desks[0], Command::Park { line, at: None });
    let parked = [("Alice Smith".to_owned(), ext("101"))];
    assert_eq!(house.desks[desks[0]].parked(), parked);
    house.dial(desks[1], "101");
    assert_eq!(house.desks[desks[0]].states().len(), 1, "it rings where it is now");
}
