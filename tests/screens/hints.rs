//! The hint rows say what a key would do now, and to whom; no less, no more.

use bellhop::domain::park_table::PhaseView;
use bellhop::phone::messages::{Command, Direction, LineId, LineState, Wanted};

use crate::desk::{Desk, extension};

/// Whether the hint rows, the last three but the status row, hold `hint`.
fn shows(desk: &Desk, hint: &str) -> bool {
    let screen = desk.screen(80, 24);
    let rows: Vec<&str> = screen.lines().skip(20).take(3).collect();
    rows.iter().any(|row| row.contains(hint))
}

#[track_caller]
fn hints(desk: &Desk, wanted: &[&str], unwanted: &[&str]) {
    let screen = desk.screen(80, 24);
    for hint in wanted {
        assert!(shows(desk, hint), "missing: {hint}\n{screen}");
    }
    for hint in unwanted {
        assert!(!shows(desk, hint), "there: {hint}\n{screen}");
    }
}

#[test]
fn the_fetch_key_names_whoever_is_parked_at_the_number_typed() {
    let mut desk = Desk::idle();
    desk.parked(1, "Xaver Kern", "1", "101", "101", 5);
    hints(&desk, &["r Get Xaver"], &[]);
    desk.keys("B");
    hints(&desk, &["Enter Call"], &["r Get"]);
    desk.parked(2, "Yara Lund", "2", "103", "102", 3);
    hints(&desk, &["r Get Yara"], &["r Get Xaver"]);
    desk.keys("Down");
    hints(&desk, &["r Get Yara"], &["r Get Xaver"]);
    desk.commands();
    let at_ben = Command::Retrieve { which: Wanted::OldestAt(extension("103")) };
    assert_eq!(desk.keys("r").commands(), [at_ben]);
    hints(&desk, &["r Get Xaver"], &[]);
}

#[test]
fn the_fetch_key_names_nobody_who_is_being_fetched_already() {
    let mut desk = Desk::idle();
    desk.parked(1, "Xaver Kern", "1", "101", "101", 5);
    desk.parked(2, "Yara Lund", "2", "101", "101", 3);
    desk.change_table(|table| table.calls[0].phase = PhaseView::Retrieving);
    hints(&desk, &["r Get Yara"], &["r Get Xaver"]);
}

#[test]
fn a_number_that_is_no_extension_is_no_place_to_park_or_fetch() {
    let mut desk = Desk::idle();
    desk.parked(1, "Xaver Kern", "1", "101", "101", 5);
    desk.talks(1, "Alice Meyer", "3");
    desk.keys("+ 4 9 3 0");
    hints(&desk, &["t Send to +4930", "Enter Call +4930"], &["p Park", "r Get"]);
    desk.keys("Esc D");
    hints(&desk, &["p Park at 105"], &[]);
}

#[test]
fn a_call_that_still_rings_at_the_other_end_cannot_be_parked_or_sent() {
    for state in [LineState::Dialling, LineState::Alerting] {
        let mut desk = Desk::idle();
        desk.calls_out(1, state, "Carol Jones", "104");
        for keys in ["Esc", "D"] {
            desk.keys(keys);
            hints(&desk, &["xx Hang up"], &["p Park", "g Group", "t Send"]);
        }
        desk.commands();
        for key in ["p", "g", "t"] {
            assert_eq!(desk.keys(key).commands(), [], "{key}");
            let verb = if key == "t" { "send" } else { "park" };
            let words = format!("Carol has not answered: no call to {verb}");
            assert_eq!(desk.last_notice(), words);
        }
        desk.line(1, LineState::Talking, "Carol Jones", "104");
        hints(&desk, &["p Park at 105", "g Group park", "t Send"], &[]);
    }
}

#[test]
fn while_something_else_has_the_keyboard_only_its_own_keys_are_shown() {
    let mut desk = Desk::idle();
    desk.talks(1, "Alice Meyer", "3");
    desk.rings(2, "Bob Stone", "2");
    desk.keys("C-c");
    let asked = ["p Park all at the group and quit", "Esc Stay", "Space Answer Bob"];
    hints(&desk, &asked, &["p Park Alice", "F5", "t Send", "h Hold", "xx", "0-9", "? Help"]);
    desk.keys("Esc :");
    let typed = ["F2 Answer Bob", "F5 Park Alice", "F6 Group park"];
    hints(&desk, &typed, &["Space", "p Park", "t Send", "h Hold", "xx", "A-Z", "? Help"]);
    assert!(desk.screen(80, 24).contains("[F2]"), "{}", desk.screen(80, 24));
}

#[test]
fn a_name_of_one_endless_word_leaves_the_other_hints_where_they_are() {
    let mut desk = Desk::idle();
    let endless = "W".repeat(64);
    desk.rings(1, &endless, "1");
    hints(&desk, &["Space Answer WWWWWWWWWWWWWWW…", "? Help"], &[]);
    desk.talks(1, &endless, "1");
    desk.parked(1, &endless, "2", "101", "101", 5);
    let all = ["p Park WWWWWWWWWWWWWWW…", "g Group park", "r Get WWWWWWWWWWWWWWW…", "xx", "m Mute"];
    hints(&desk, &all, &[]);
    let mut desk = Desk::idle();
    desk.talks(1, "", &"9".repeat(64));
    hints(&desk, &["p Park 999999999999999…", "g Group park", "t Send", "h Hold"], &[]);
}

#[test]
fn the_one_row_of_a_small_window_holds_the_verbs_of_the_call_in_hand() {
    let mut desk = Desk::idle();
    desk.talks(1, "Alice Meyer", "3");
    let screen = desk.screen(59, 12);
    let last = screen.lines().last().unwrap();
    for hint in ["p Park Alice", "h Hold", "xx Hang up"] {
        assert!(last.contains(hint), "{hint}\n{screen}");
    }
    desk.rings(2, "Bob Stone", "2");
    let screen = desk.screen(40, 10);
    assert!(
        screen.lines().last().unwrap().starts_with("Space Answer Bob  p Park Alice"),
        "{screen}"
    );
}

#[test]
fn a_window_without_events_shows_what_was_refused() {
    let mut desk = Desk::idle();
    desk.keys("p");
    for (columns, rows) in [(79, 19), (59, 19), (40, 10), (30, 5), (20, 3)] {
        let screen = desk.screen(columns, rows);
        assert!(screen.contains("No call to park"), "{columns}x{rows}\n{screen}");
    }
    desk.wait_ms(5_000);
    assert!(desk.screen(20, 3).starts_with("0R 0P"), "{}", desk.screen(20, 3));
    desk.keys("1");
    assert!(!desk.screen(40, 10).contains("No call to park"));
}

#[test]
fn nobody_hears_me_and_nobody_reaches_me_are_both_said() {
    let mut desk = Desk::idle();
    desk.talks(1, "Alice Meyer", "3");
    desk.hear(bellhop::phone::messages::Event::DoNotDisturbChanged { on: true });
    desk.hear(bellhop::phone::messages::Event::MuteChanged { on: true });
    desk.parked(1, "Xaver Kern", "1", "101", "102", 5);
    for (columns, rows) in [(160, 45), (80, 24), (60, 20)] {
        let screen = desk.screen(columns, rows);
        let head = screen.lines().next().unwrap();
        assert!(head.contains("MUTED") && head.contains("DO NOT DISTURB"), "{head}");
        assert!(head.contains("[PARKED 1]"), "{head}");
    }
}

#[test]
fn who_was_called_back_keeps_his_name() {
    let mut desk = Desk::idle();
    desk.talks(1, "Alice Meyer", "+33386002678");
    desk.keys("x x").commands();
    desk.ends(1, bellhop::phone::messages::Ended::HungUp);
    desk.keys("u");
    desk.calls_out(2, LineState::Alerting, "", "+33386002678");
    assert!(desk.screen(80, 24).contains("RINGS  Alice Meyer"), "{}", desk.screen(80, 24));
    let caller = bellhop::domain::caller::Caller::new("", "+33386002678");
    let ended = bellhop::phone::messages::Ended::FarEnd;
    let line = LineId(2);
    desk.hear(bellhop::phone::messages::Event::LineEnded { line, caller, ended });
    let past = desk.state.past.back().unwrap();
    assert_eq!((past.direction, past.caller.name.as_str()), (Direction::Outgoing, "Alice Meyer"));
}
