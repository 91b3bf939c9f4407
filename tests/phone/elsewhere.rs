//! The desk at servers of other makes: what it shows, and what it must not
//! pretend to know.

use bellhop::domain::lot::{Elsewhere, Lot};
use bellhop::phone::messages::{Command, Direction, Event, LineState, Parkplace, Target, Wanted};
use bellhop::sip::wire::Method;

use crate::other_pbx::{Make, OtherPbx};
use crate::world::ext;

const UNKNOWN: &str = "call parked (details unknown)";

fn shown(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(place, who)| ((*place).to_owned(), (*who).to_owned())).collect()
}

#[test]
fn asterisk_is_asked_once_for_call_info_and_then_for_each_slots_lamp() {
    let mut pbx = OtherPbx::open(Make::Asterisk);
    let asked = pbx.was_asked(&Method::Subscribe);
    assert_eq!(asked[0], "101");
    assert_eq!(asked.iter().filter(|user| **user == "101").count(), 1);
    let mut slots: Vec<&str> = asked[1..].to_vec();
    slots.sort_unstable();
    assert_eq!(slots, (701..=720).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(pbx.table.as_ref().map(|table| table.calls.len()), Some(0));
    // Refused for this session: not even registering anew asks again.
    pbx.run_for_ms(400_000);
    let asked = pbx.was_asked(&Method::Subscribe);
    assert_eq!(asked.iter().filter(|user| **user == "101").count(), 1);
    assert!(asked.iter().filter(|user| **user == "701").count() > 1, "lamps are kept");
}

#[test]
fn on_asterisk_whom_i_parked_is_known_by_the_lamp_that_came_on() {
    let mut pbx = OtherPbx::open(Make::Asterisk);
    pbx.park("701", "somebody else's");
    assert_eq!(pbx.shown(), shown(&[("701", UNKNOWN)]));
    let line = pbx.talks_with("Alice Smith", "3386002678");
    pbx.does(Command::Park { line, at: None });
    assert_eq!(pbx.was_asked(&Method::Refer).last(), Some(&"700"));
    assert_eq!(pbx.shown(), shown(&[("701", UNKNOWN), ("702", "Alice Smith")]));
    let parked = pbx.events.iter().find_map(|event| match event {
        Event::CallParked { caller, at, .. } => Some((caller.to_string(), at.clone())),
        _ => None,
    });
    assert_eq!(parked, Some(("Alice Smith".to_owned(), Parkplace::Untold)));
    let was_nameless = |event: &Event| match event {
        Event::ParkTableChanged { table: Some(table), .. } => table
            .calls
            .iter()
            .any(|call| call.place == ext("702") && call.parker.extension.is_none()),
        _ => false,
    };
    assert!(!pbx.events.iter().any(was_nameless), "a call of mine is no news of a stranger");
    let row = &pbx.table.as_ref().unwrap().calls[1];
    assert!(row.is_by(&ext("101")) && row.next.is_none());
    assert!(pbx.lines.is_empty());

    pbx.does(Command::Retrieve { which: Wanted::Mine });
    assert_eq!(pbx.was_asked(&Method::Invite), ["702"]);
    let line = pbx.lines.values().next().unwrap();
    assert_eq!((line.state, line.direction), (LineState::Talking, Direction::Retrieved));
    assert_eq!(line.caller.to_string(), "Alice Smith");
    assert_eq!(pbx.shown(), shown(&[("701", UNKNOWN)]));
}

#[test]
fn two_lamps_that_come_on_together_name_nobody() {
    let mut pbx = OtherPbx::open(Make::Asterisk);
    let line = pbx.talks_with("Alice Smith", "3386002678");
    pbx.tell(Command::Park { line, at: None });
    pbx.run_for_ms(100);
    pbx.park("709", "a colleague's");
    pbx.run_for_ms(2_000);
    assert_eq!(pbx.shown(), shown(&[("701", UNKNOWN), ("709", UNKNOWN)]));
}

#[test]
fn asterisk_chooses_the_slot_and_a_number_is_refused_with_that_reason() {
    let mut pbx = OtherPbx::open(Make::Asterisk);
    let line = pbx.talks_with("Alice Smith", "3386002678");
    pbx.does(Command::Park { line, at: Some(ext("105")) });
    assert!(pbx.was_asked(&Method::Refer).is_empty());
    assert_eq!(
        pbx.refusal(),
        Some("this phone system chooses the slot itself: park without a number")
    );
    assert_eq!(pbx.lines[&line].state, LineState::Talking);
}

#[test]
fn on_freeswitch_a_call_is_parked_at_the_first_free_slot_and_never_on_somebody() {
    let mut pbx = OtherPbx::open(Make::FreeSwitch);
    pbx.park("6001", "somebody else's");
    assert_eq!(pbx.shown(), shown(&[("6001", UNKNOWN)]), "\"park\" is nobody's name");
    let line = pbx.talks_with("Alice Smith", "3386002678");
    pbx.does(Command::Park { line, at: Some(ext("6001")) });
    assert!(pbx.was_asked(&Method::Refer).is_empty(), "it would connect two strangers");
    assert_eq!(pbx.refusal(), Some("somebody is parked at 6001 already"));
    pbx.does(Command::Park { line, at: None });
    assert_eq!(pbx.was_asked(&Method::Refer).last(), Some(&"6002"));
    assert_eq!(pbx.shown(), shown(&[("6001", UNKNOWN), ("6002", "Alice Smith")]));

    let key = pbx.table.as_ref().unwrap().calls[0].key;
    pbx.does(Command::Retrieve { which: Wanted::Call { place: ext("6001"), key } });
    assert_eq!(pbx.was_asked(&Method::Invite), ["6001"]);
    pbx.leaves("6002");
    assert_eq!(pbx.shown(), shown(&[]));
}

#[test]
fn broadworks_says_who_is_parked_for_me_and_its_codes_are_used() {
    let mut pbx = OtherPbx::open(Make::BroadWorks);
    assert_eq!(pbx.was_asked(&Method::Subscribe), ["101"]);
    pbx.park("101", "Alice Smith");
    assert_eq!(pbx.shown(), shown(&[("101", "Alice Smith")]));
    assert_eq!(pbx.table.as_ref().unwrap().calls[0].caller.number.as_str(), "003386002678");
    pbx.does(Command::Retrieve { which: Wanted::Mine });
    assert_eq!(pbx.was_asked(&Method::Invite), ["*88"]);
    assert_eq!(pbx.shown(), shown(&[]));
    let line = pbx.talks_with("Bob Stone", "12125550147");
    pbx.does(Command::Park { line, at: Some(ext("105")) });
    assert_eq!(pbx.was_asked(&Method::Refer).last(), Some(&"*68105"));
}

#[test]
fn what_is_told_unasked_is_taken_whatever_it_is() {
    let mut pbx = OtherPbx::open(Make::Unasked);
    assert_eq!(pbx.table, None, "nobody tells of parked calls, and none is made up");
    pbx.tells_unasked(
        "application/json",
        r#"{"parked":{"name":"James","number":"1003"},"retrieve":"*88103"}"#,
    );
    assert_eq!(pbx.last_answer(), Some(200));
    assert_eq!(pbx.shown(), shown(&[("103", "James")]));
    pbx.tells_unasked("application/x-whatever", "\u{1}\u{2}");
    assert_eq!(pbx.last_answer(), Some(200));
    assert_eq!(pbx.shown(), shown(&[("101", UNKNOWN)]));
    pbx.tells_unasked("text/plain", "event: retrieved\r\nparked: 1003\r\n");
    assert_eq!(pbx.shown(), shown(&[]));
    pbx.tells_unasked("text/plain", "parked: James\r\n");
    pbx.run_for_ms(901_000);
    assert_eq!(pbx.shown(), shown(&[]), "what nobody takes back is not believed for ever");
}

#[test]
fn a_number_typed_there_is_dialled_as_it_is() {
    let mut pbx = OtherPbx::open(Make::Asterisk);
    let to = Target::Typed("*68105".to_owned());
    pbx.does(Command::Dial { to });
    assert_eq!(pbx.was_asked(&Method::Invite), ["*68105"]);
}

#[test]
fn nothing_to_fetch_is_said_and_nothing_is_dialled() {
    let mut pbx = OtherPbx::open(Make::Asterisk);
    pbx.does(Command::Retrieve { which: Wanted::Mine });
    assert_eq!(pbx.refusal(), Some("nobody is known to be parked"));
    assert!(pbx.was_asked(&Method::Invite).is_empty());
}

#[test]
fn a_lamp_in_no_known_form_changes_nothing() {
    let mut pbx = OtherPbx::open(Make::Asterisk);
    pbx.park("703", "somebody");
    for (kind, body, status) in [
        ("application/dialog-info+xml", "<!DOCTYPE a [<!ENTITY b \"c\">]><dialog-info/>", 400),
        ("application/dialog-info+xml", "nothing of the kind", 400),
        ("text/plain", "hello", 415),
    ] {
        pbx.tells_of("703", kind, body);
        assert_eq!(pbx.last_answer(), Some(status), "{body}");
    }
    assert_eq!(pbx.shown(), shown(&[("703", UNKNOWN)]));
}

#[test]
fn our_own_server_is_the_default() {
    assert_eq!(Lot::default(), Lot::Ours);
    assert_ne!(Lot::default(), Lot::Elsewhere(Elsewhere::other()));
}
