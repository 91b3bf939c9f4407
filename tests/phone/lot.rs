//! Park, fetch, recall: what a desk is for.

use std::time::Duration;

use bellhop::domain::note::Note;
use bellhop::media::control::RingKind;
use bellhop::phone::messages::{
    Command, Direction, Ended, Event, LineState, Parkplace, RecallNotice, Target, Wanted,
};

use crate::house::*;

fn alice_at(place: &str) -> Vec<(String, bellhop::domain::ids::Extension)> {
    vec![("Alice Smith".to_owned(), ext(place))]
}

#[test]
fn parked_here_she_is_in_the_table_of_every_desk_and_my_line_is_free() {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    house.does(desks[0], Command::Park { line, at: None });
    let mine = &house.desks[desks[0]];
    let parked = mine.events.iter().find_map(|event| match event {
        Event::CallParked { line, caller, at } => Some((*line, caller.to_string(), at.clone())),
        _ => None,
    });
    let at = Parkplace::Extension(ext("101"));
    assert_eq!(parked, Some((line, "Alice Smith".to_owned(), at)));
    assert_eq!(mine.last_end(), Some(("Alice Smith".to_owned(), Ended::Parked)));
    assert_eq!((mine.talk, mine.lines.len()), (None, 0));
    for desk in desks {
        assert_eq!(house.desks[desk].parked(), alice_at("101"));
    }
}

#[test]
fn a_refused_park_leaves_the_call_as_it_was() {
    let (mut house, desks, _, line) = House::answered(&["101"]);
    house.does(desks[0], Command::Park { line, at: Some(ext("999")) });
    let desk = &house.desks[desks[0]];
    assert_eq!(desk.last_refusal().unwrap().0, 404);
    assert_eq!(desk.states(), [("Alice Smith".to_owned(), LineState::Talking)]);
    assert!(desk.talks() && desk.parked().is_empty());
}

#[test]
fn fetched_by_a_colleague_she_is_shown_by_name_never_by_code() {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    house.does(desks[0], Command::Park { line, at: Some(ext("102")) });
    house.run_for(s(3));
    house.tell(desks[1], Command::Retrieve { which: Wanted::OldestAt(ext("102")) });
    let bob = &house.desks[desks[1]];
    assert_eq!(bob.states(), [("Alice Smith".to_owned(), LineState::Dialling)]);
    house.settle();
    let bob = &house.desks[desks[1]];
    let line = &bob.lines[&bob.only()];
    assert_eq!((line.state, line.direction), (LineState::Talking, Direction::Retrieved));
    assert_eq!(line.caller.number.as_str(), "+3386002678");
    assert!(bob.talks() && bob.parked().is_empty());
    let fetched = |event: &&Event| matches!(event, Event::CallRetrieved { caller, .. } if caller.to_string() == "Alice Smith");
    assert_eq!(bob.events.iter().filter(fetched).count(), 1);
}

#[test]
fn codes_typed_as_a_number_do_what_their_keys_do() {
    let (mut house, desks, _, _) = House::answered(&["101", "103"]);
    house.dial(desks[0], "*68103");
    assert_eq!(house.desks[desks[1]].parked(), alice_at("103"));
    house.dial(desks[1], "*88");
    let bob = &house.desks[desks[1]];
    assert_eq!(bob.states(), [("Alice Smith".to_owned(), LineState::Talking)]);
}

#[test]
fn nothing_to_fetch_is_refused_in_the_offices_words() {
    let mut house = House::open();
    let desk = house.desk("101");
    house.does(desk, Command::Retrieve { which: Wanted::OldestAt(ext("102")) });
    let refusal = (404, "no call is parked at extension 102".to_owned());
    assert_eq!(house.desks[desk].last_refusal(), Some(refusal));
    assert!(house.desks[desk].lines.is_empty());
}

#[test]
fn who_was_held_for_a_fetch_that_fails_is_talked_to_again() {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    house.tell(desks[0], Command::Retrieve { which: Wanted::OldestAt(ext("102")) });
    assert_eq!(house.desks[desks[0]].lines[&line].state, LineState::Held);
    house.settle();
    let desk = &house.desks[desks[0]];
    assert_eq!(desk.states(), [("Alice Smith".to_owned(), LineState::Talking)]);
    assert!(desk.talks());
    assert_eq!(desk.last_refusal().unwrap().0, 404);
}

#[test]
fn who_was_on_hold_before_a_fetch_that_fails_stays_there() {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    house.does(desks[0], Command::Hold { line });
    house.does(desks[0], Command::Retrieve { which: Wanted::OldestAt(ext("102")) });
    assert_eq!(house.desks[desks[0]].lines[&line].state, LineState::Held);
    // Nor does one come back into the ear of somebody else.
    house.does(desks[0], Command::Resume { line });
    house.tell(desks[0], Command::Retrieve { which: Wanted::OldestAt(ext("102")) });
    house.tell(desks[0], Command::Dial { to: Target::Typed("103".to_owned()) });
    house.settle();
    let states = [("Alice Smith", LineState::Held), ("Bob", LineState::Alerting)];
    assert_eq!(house.desks[desks[0]].states(), states.map(|(name, s)| (name.to_owned(), s)));
}

#[test]
fn group_parked_calls_are_fetched_by_key_among_several() {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    house.does(desks[0], Command::Park { line, at: Some(ext("103")) });
    house.caller("+332", "Ben");
    let second = house.desks[desks[0]].only();
    house.does(desks[0], Command::Answer { line: second });
    house.does(desks[0], Command::Park { line: second, at: Some(ext("103")) });
    house.run_for(s(3));
    let table = house.desks[desks[1]].table.clone().unwrap();
    let ben = table.calls.iter().find(|call| call.caller.to_string() == "Ben").unwrap();
    let which = Wanted::Call { place: ext("103"), key: ben.key };
    house.does(desks[1], Command::Retrieve { which });
    let bob = &house.desks[desks[1]];
    assert_eq!(bob.states(), [("Ben".to_owned(), LineState::Talking)]);
    assert_eq!(bob.parked(), alice_at("103"));
}

/// Alice was parked at 102 by 101, and comes back.
fn recalled() -> (House, Vec<usize>) {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    house.does(desks[0], Command::Park { line, at: Some(ext("102")) });
    house.run_for(s(46));
    (house, desks)
}

#[test]
fn a_recall_rings_its_own_way_with_the_callers_name_and_place() {
    let (mut house, desks) = recalled();
    let desk = &house.desks[desks[0]];
    assert_eq!(desk.states(), [("Alice Smith".to_owned(), LineState::Ringing)]);
    assert_eq!(desk.ring, Some(RingKind::Recall));
    let line = desk.only();
    let place = Some(ext("102"));
    assert_eq!(desk.lines[&line].recall, Some(RecallNotice { place }));
    house.does(desks[0], Command::Answer { line });
    let desk = &house.desks[desks[0]];
    assert!(desk.talks() && desk.parked().is_empty());
    assert_eq!(desk.states(), [("Alice Smith".to_owned(), LineState::Talking)]);
}

#[test]
fn a_recall_parked_again_waits_where_it_was_from_the_start() {
    let (mut house, desks) = recalled();
    let line = house.desks[desks[0]].only();
    house.does(desks[0], Command::ParkAgain { line });
    let desk = &house.desks[desks[0]];
    assert_eq!(desk.last_end(), Some(("Alice Smith".to_owned(), Ended::Parked)));
    assert_eq!((desk.ring, desk.parked()), (None, alice_at("102")));
    house.run_for(s(40));
    assert!(house.desks[desks[0]].lines.is_empty());
    house.run_for(s(6));
    assert_eq!(house.desks[desks[0]].ring, Some(RingKind::Recall));
}

#[test]
fn her_hanging_up_while_parked_clears_her_from_every_table() {
    let (mut house, desks, alice, line) = House::answered(&["101", "103"]);
    house.does(desks[0], Command::GroupPark { line });
    assert_eq!(house.desks[desks[1]].parked(), alice_at("103"));
    house.caller_hangs_up(alice);
    for desk in desks {
        assert!(house.desks[desk].parked().is_empty());
    }
}

#[test]
fn differences_keep_the_clocks_of_the_calls_that_did_not_change() {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    house.does(desks[0], Command::Park { line, at: Some(ext("102")) });
    house.run_for(s(20));
    // A second one: the first is not told again.
    let bob = house.caller("+4930123", "Bob Stone");
    let _ = bob;
    house.settle();
    let second = house.desks[desks[0]].only();
    house.does(desks[0], Command::Answer { line: second });
    house.does(desks[0], Command::Park { line: second, at: Some(ext("102")) });
    let table = house.desks[desks[1]].table.clone().unwrap();
    let waited: Vec<u64> = table.calls.iter().map(|call| call.waited_ms / 1_000).collect();
    let left: Vec<u64> =
        table.calls.iter().map(|call| call.next.as_ref().unwrap().in_ms.div_ceil(1_000)).collect();
    assert!(waited[0] >= 20 && waited[1] == 0, "{waited:?}");
    assert!(left[0] <= 25 && left[1] >= 44, "{left:?}");
    assert!(table.edition > 0);
}

/// The notes in this desk's table.
fn notes(house: &House, desk: usize) -> Vec<String> {
    let calls = house.desks[desk].table.iter().flat_map(|table| &table.calls);
    calls.map(|call| call.note.to_string()).collect()
}

#[test]
fn q20_a_note_written_during_the_call_is_kept_at_the_desk_until_it_is_parked() {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    house.does(desks[0], Command::Note { line, note: Note::clean("wants invoice 4711") });
    assert_eq!(house.desks[desks[0]].lines[&line].note.as_str(), "wants invoice 4711");
    house.forget_and_remember(desks[0]);
    house.does(desks[0], Command::Park { line, at: Some(ext("103")) });
    for desk in &desks {
        assert_eq!(notes(&house, *desk), ["wants invoice 4711"]);
    }
    house.run_for(s(3));
    house.does(desks[1], Command::Retrieve { which: Wanted::Mine });
    let bob = &house.desks[desks[1]];
    let fetched = bob.only();
    assert_eq!(bob.lines[&fetched].note.as_str(), "wants invoice 4711");
    assert_eq!(bob.states(), [("Alice Smith".to_owned(), LineState::Talking)]);
    // He takes it off, and parks her again.
    house.does(desks[1], Command::Note { line: fetched, note: Note::default() });
    house.does(desks[1], Command::Park { line: fetched, at: None });
    assert_eq!(notes(&house, desks[0]), [""]);
}

#[test]
fn q20_a_note_on_a_parked_call_reaches_every_desk_and_the_recall() {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    house.does(desks[0], Command::Park { line, at: Some(ext("102")) });
    let key = house.desks[desks[1]].table.as_ref().unwrap().calls[0].key;
    let which = Wanted::Call { place: ext("102"), key };
    let note = Note::clean("is angry");
    house.does(desks[1], Command::NoteParked { which, note });
    for desk in &desks {
        assert_eq!(notes(&house, *desk), ["is angry"]);
    }
    house.run_for(s(46));
    let reception = &house.desks[desks[0]];
    assert_eq!(reception.lines[&reception.only()].note.as_str(), "is angry");
}

#[test]
fn q20_a_note_the_office_refuses_is_said_in_its_words_and_one_after_a_restart_is_taken() {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    let note = || Note::clean("x");
    let which = Wanted::Call { place: ext("102"), key: 7 };
    house.does(desks[1], Command::NoteParked { which, note: note() });
    let refusal = (404, "no call with key 7 is parked at extension 102".to_owned());
    assert_eq!(house.desks[desks[1]].last_refusal(), Some(refusal));
    house.does(desks[0], Command::Park { line, at: Some(ext("102")) });
    // Its credentials are of the office before: it is challenged anew.
    house.restart_office();
    house.does(desks[1], Command::NoteParked { which: Wanted::OldestAt(ext("102")), note: note() });
    assert_eq!(notes(&house, desks[0]), ["x"]);
}

#[test]
fn what_rings_with_a_colleague_is_picked_up_and_shown_by_name() {
    for by_code in [false, true] {
        let mut house = House::open();
        let (reception, bob) = (house.desk("101"), house.desk("103"));
        house.caller("+3386002678", "Alice Smith");
        assert_eq!(house.desks[reception].lines.len(), 1);
        match by_code {
            true => house.dial(bob, "*98101"),
            false => house.does(bob, Command::PickUp { at: None }),
        }
        house.settle();
        let desk = &house.desks[bob];
        assert_eq!(desk.states(), [("Alice Smith".to_owned(), LineState::Talking)]);
        assert!(desk.talks());
        let elsewhere = Some(("Alice Smith".to_owned(), Ended::AnsweredElsewhere));
        assert_eq!(house.desks[reception].last_end(), elsewhere);
        house.does(reception, Command::PickUp { at: Some(ext("102")) });
        let refused = house.desks[reception].last_refusal().unwrap();
        assert_eq!(refused, (404, "No call rings at extension 102".to_owned()));
    }
}

#[test]
fn q20_a_note_written_on_a_call_that_rings_goes_with_it_into_the_lot() {
    let mut house = House::open();
    let desks: Vec<usize> = ["101", "103"].iter().map(|extension| house.desk(extension)).collect();
    house.caller("+3386002678", "Alice Smith");
    let line = house.desks[desks[0]].only();
    let said = "will 4711 & 50% do? é😀";
    house.does(desks[0], Command::Note { line, note: Note::clean(said) });
    house.does(desks[0], Command::Park { line, at: Some(ext("102")) });
    assert_eq!(house.desks[desks[0]].last_end().unwrap().1, Ended::Parked);
    assert_eq!(notes(&house, desks[1]), [said]);
    // However long it is, the call is parked.
    house.caller("+332", "Ben");
    let line = house.desks[desks[0]].only();
    let long = Note::clean(&"\u{1d15e}\u{301}".repeat(200));
    house.does(desks[0], Command::Note { line, note: long });
    house.does(desks[0], Command::Park { line, at: Some(ext("102")) });
    assert_eq!(house.desks[desks[1]].parked().len(), 2);
}

#[test]
fn m4_a_note_that_was_taken_off_while_it_rang_does_not_come_back_with_the_next_park() {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    house.does(desks[0], Command::Note { line, note: Note::clean("wants invoice 4711") });
    house.does(desks[0], Command::Park { line, at: Some(ext("102")) });
    house.run_for(s(46));
    let line = house.desks[desks[0]].only();
    assert_eq!(house.desks[desks[0]].lines[&line].note.as_str(), "wants invoice 4711");
    let which = Wanted::OldestAt(ext("102"));
    house.does(desks[1], Command::NoteParked { which, note: Note::default() });
    house.does(desks[0], Command::Answer { line });
    assert_eq!(house.desks[desks[0]].lines[&line].note.as_str(), "");
    house.does(desks[0], Command::Park { line, at: Some(ext("102")) });
    assert_eq!(notes(&house, desks[1]), [""]);
}

#[test]
fn a_desk_that_has_missed_a_difference_says_so_until_it_has_the_whole_table() {
    let (mut house, desks, _, line) = House::answered(&["101", "103"]);
    // As if it had slept through one.
    let phone = serde_json::to_value(&house.desks[desks[1]].phone).unwrap();
    let edition = phone["watch"]["table"]["edition"].as_u64().unwrap();
    let mut phone = phone;
    phone["watch"]["table"]["edition"] = (edition + 1_000).into();
    house.desks[desks[1]].phone = serde_json::from_value(phone).unwrap();
    house.tell(desks[0], Command::Park { line, at: Some(ext("102")) });
    house.run_for(Duration::from_millis(1));
    // What tells of it is on its way; what asks for the whole is lost.
    house.weather = Weather { loss: 100, ..Weather::default() };
    house.settle();
    assert!(house.desks[desks[1]].table.is_some(), "no alarm for the blink of an eye");
    house.run_for(s(1));
    assert!(house.desks[desks[1]].table.is_none(), "it cannot know who is parked");
    house.weather = Weather::default();
    house.run_for(s(3));
    assert_eq!(house.desks[desks[1]].parked(), alice_at("102"));
}
