//! The words of the screen: names, places and numbers as people say them.

use bellhop::domain::caller::Caller;
use bellhop::domain::caller_name::CallerName;
use bellhop::domain::park_table::{LampState, LampView, ParkTable};
use bellhop::phone::messages::{Ended, Event as Heard, LineId, Parkplace};

use crate::desk::{Desk, extension};

fn group_parked(desk: &mut Desk, line: u32) {
    let caller = Caller::new("Gus Lind", "+468");
    desk.hear(Heard::CallParked { line: LineId(line), caller, at: Parkplace::Group });
}

fn hunted(desk: &mut Desk, key: u32, place: &str) {
    desk.parked_in_group(key, "Gus Lind", "+468", place, "101", "Alice is busy");
}

#[test]
fn a_group_park_says_where_and_why_as_soon_as_the_office_has_told() {
    let said = "Parked Gus Lind at 103 Ben: Alice is busy; u takes the call back";
    let mut desk = Desk::idle();
    desk.talks(1, "Gus Lind", "+468");
    desk.keys("g");
    group_parked(&mut desk, 1);
    assert!(desk.last_notice().starts_with("Parked Gus Lind at the group"));
    desk.ends(1, Ended::Parked);
    hunted(&mut desk, 7, "103");
    assert_eq!(desk.last_notice(), said);
    assert_eq!(desk.state.notices.iter().filter(|n| n.text.starts_with("Parked")).count(), 1);
    assert_eq!(desk.state.past.back().unwrap().outcome, "parked at 103 Ben");
}

#[test]
fn a_table_that_comes_before_the_answer_tells_the_same() {
    let mut desk = Desk::idle();
    desk.talks(1, "Gus Lind", "+468");
    desk.keys("g");
    hunted(&mut desk, 7, "101");
    group_parked(&mut desk, 1);
    desk.ends(1, Ended::Parked);
    assert_eq!(
        desk.last_notice(),
        "Parked Gus Lind at 101 (here): Alice is busy; u takes the call back"
    );
    assert_eq!(desk.state.past.back().unwrap().outcome, "parked at 101 you");
}

#[test]
fn a_call_group_parked_before_is_not_taken_for_the_one_parked_now() {
    let mut desk = Desk::idle();
    desk.talks(1, "Gus Lind", "+468");
    desk.keys("g");
    group_parked(&mut desk, 1);
    desk.ends(1, Ended::Parked);
    hunted(&mut desk, 7, "103");
    desk.talks(2, "Gus Lind", "+468");
    desk.keys("g");
    group_parked(&mut desk, 2);
    assert!(desk.last_notice().starts_with("Parked Gus Lind at the group"));
    hunted(&mut desk, 8, "104");
    assert!(
        desk.last_notice().starts_with("Parked Gus Lind at 104 Cleo"),
        "{}",
        desk.last_notice()
    );
}

#[test]
fn one_call_is_no_calls() {
    let mut desk = Desk::idle();
    desk.talks(1, "Gus Lind", "+468");
    desk.ends(1, Ended::FarEnd);
    assert!(desk.screen(160, 45).contains("TODAY  1 call─"), "{}", desk.screen(160, 45));
    desk.talks(1, "Gus Lind", "+468");
    desk.ends(1, Ended::FarEnd);
    assert!(desk.screen(160, 45).contains("TODAY  2 calls"));
}

#[test]
fn a_caller_who_calls_himself_anonymous_has_withheld_his_number() {
    let mut desk = Desk::idle();
    desk.rings(1, "Anonymous", "anonymous");
    let screen = desk.screen(80, 24);
    assert!(screen.contains("RING   (withheld)"), "{screen}");
    assert!(screen.contains("Space Answer (withheld)"), "{screen}");
    assert!(!screen.contains("nonymous"), "{screen}");
}

#[test]
fn the_help_says_what_its_own_keys_do() {
    let mut desk = Desk::idle();
    let last = desk.keys("?").screen(80, 24).lines().last().unwrap().to_owned();
    assert!(last.contains("Up Scroll up  Down Scroll down  Esc Close"), "{last}");
}

fn people(table: &mut ParkTable) {
    let names = ["Alice Weber", "Ben Carter", "Carol Jones", "Dave Hunt", "Erik Dahlberg"];
    let lamps = names.iter().zip(102..).map(|(name, number)| LampView {
        extension: extension(&number.to_string()),
        name: CallerName::clean(name),
        state: LampState::Free,
        parked: 0,
    });
    table.lamps = lamps.collect();
}

#[test]
fn a_few_colleagues_have_their_whole_names_where_there_is_room() {
    let mut desk = Desk::idle();
    desk.change_table(people);
    for (columns, rows) in [(60, 24), (80, 24), (139, 24), (139, 39), (160, 45)] {
        let screen = desk.screen(columns, rows);
        for name in ["Alice Weber", "Ben Carter", "Carol Jones", "Dave Hunt", "Erik Dahlberg"] {
            assert!(screen.contains(name), "{name} at {columns}x{rows}\n{screen}");
        }
    }
}
