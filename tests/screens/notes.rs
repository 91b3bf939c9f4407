//! The note field, key by key, and everywhere a note is seen.

use bellhop::console::Effect;
use bellhop::console::event::Event;
use bellhop::console::state::Weight;
use bellhop::domain::caller::Caller;
use bellhop::domain::note::Note;
use bellhop::domain::park_table::PhaseView;
use bellhop::phone::messages::{
    Asked, Command, Ended, Event as Heard, LineId, LineState, Parkplace, Wanted,
};

use crate::desk::{Desk, alice, extension, sends, with_parked};

const ONE: LineId = LineId(1);

fn note(text: &str) -> Note {
    Note::clean(text)
}

fn this(place: &str, key: u32) -> Wanted {
    Wanted::Call { place: extension(place), key }
}

#[track_caller]
fn shows(desk: &Desk, columns: u16, rows: u16, words: &str) {
    let screen = desk.screen(columns, rows);
    assert!(screen.contains(words), "{words:?} in\n{screen}");
}

#[test]
fn q20_n_writes_a_note_on_the_call_in_the_ear() {
    let mut desk = alice();
    sends(&mut desk, "n w a n t s Space t e a", &[]);
    shows(&desk, 80, 24, " Note on Alice: wants tea_   Enter Keep");
    let written = Command::Note { line: ONE, note: note("wants tea") };
    sends(&mut desk, "Enter", &[written]);
    assert_eq!(desk.last_notice(), "Note on Alice Meyer: wants tea");
    sends(&mut desk, "1 0 5", &[]);
    assert_eq!(desk.state.to.text, "105", "keys are keys again");
}

#[test]
fn q20_n_on_a_parked_row_tells_the_office() {
    let mut desk = with_parked();
    sends(&mut desk, "Down n 4 7 1 1 Enter", &[note_on("104", 7, "4711")]);
    sends(&mut desk, "Esc Down Down n", &[]);
    desk.change_table(|table| table.calls[1].note = note("ab"));
    sends(&mut desk, "Esc n Backspace x Enter", &[note_on("101", 9, "ax")]);
    sends(&mut desk, "n Backspace Backspace Backspace Enter", &[note_on("101", 9, "")]);
}

fn note_on(place: &str, key: u32, text: &str) -> Command {
    Command::NoteParked { which: this(place, key), note: note(text) }
}

#[test]
fn q20_right_after_a_park_n_means_the_call_that_was_parked() {
    let mut desk = alice();
    desk.keys("p");
    let caller = Caller::new("Alice Meyer", "+33386002678");
    let at = Parkplace::Extension(extension("101"));
    desk.hear(Heard::CallParked { line: ONE, caller, at });
    desk.ends(1, Ended::Parked);
    desk.parked(4, "Alice Meyer", "+33386002678", "101", "101", 0);
    desk.commands();
    sends(&mut desk, "n o k Enter", &[note_on("101", 4, "ok")]);
}

#[test]
fn q20_a_note_finished_while_the_call_is_being_parked_follows_it() {
    let mut desk = alice();
    desk.keys("n o k");
    desk.line(1, LineState::HandingOver, "Alice Meyer", "+33386002678");
    sends(&mut desk, "Enter", &[Command::Note { line: ONE, note: note("ok") }]);
    desk.ends(1, Ended::Parked);
    desk.parked(4, "Alice Meyer", "+33386002678", "105", "101", 0);
    assert_eq!(desk.commands(), [note_on("105", 4, "ok")]);
    desk.lamp("105", bellhop::domain::park_table::LampState::Talk);
    assert_eq!(desk.commands(), [], "once");
}

#[test]
fn q20_a_note_on_a_call_parked_meanwhile_goes_to_the_lot_and_on_one_gone_is_not_kept() {
    let mut desk = alice();
    desk.keys("n o k");
    desk.ends(1, Ended::Parked);
    desk.parked(4, "Alice Meyer", "+33386002678", "105", "101", 0);
    sends(&mut desk, "Enter", &[note_on("105", 4, "ok")]);
    let mut desk = alice();
    desk.keys("n o k");
    desk.ends(1, Ended::FarEnd);
    sends(&mut desk, "Enter", &[]);
    assert_eq!(desk.last_notice(), "Alice is no longer here: the note was not kept");
}

#[test]
fn m9_the_park_keys_take_the_note_along_and_no_field_swallows_them() {
    let mut desk = alice();
    let written = Command::Note { line: ONE, note: note("ok p") };
    let parked = Command::Park { line: ONE, at: None };
    sends(&mut desk, "n o k Space p F5", &[written, parked]);
    let mut desk = alice();
    let written = Command::Note { line: ONE, note: note("x") };
    sends(&mut desk, "n x F6", &[written, Command::GroupPark { line: ONE }]);
    let mut desk = alice();
    desk.rings(2, "Bob Stone", "1");
    sends(&mut desk, "n x F2", &[Command::Answer { line: LineId(2) }]);
    shows(&desk, 80, 24, "Note on Alice: x_");
}

#[test]
fn q20_esc_leaves_the_note_as_it_was_and_without_a_call_there_is_none_to_write() {
    let mut desk = alice();
    sends(&mut desk, "n x Esc", &[]);
    let mut desk = Desk::idle();
    sends(&mut desk, "n", &[]);
    assert_eq!(desk.last_notice(), "No call to write a note about: select one");
}

#[test]
fn q20_what_is_pasted_becomes_one_line_of_the_note() {
    let mut desk = alice();
    desk.keys("n");
    desk.tell(Event::Paste("order 12\r\nblue\u{1b}[2J".to_owned()));
    let pasted = Command::Note { line: ONE, note: note("order 12 blue [2J") };
    sends(&mut desk, "Enter", &[pasted]);
    desk.keys("n");
    desk.tell(Event::Paste("w".repeat(5_000)));
    let long = desk.keys("Enter").commands();
    let Some(Command::Note { note, .. }) = long.first() else { panic!("{long:?}") };
    assert!(note.as_str().chars().count() <= 200);
}

#[test]
fn m4_a_note_is_in_the_parked_rows_at_every_size() {
    let mut desk = with_parked();
    desk.change_table(|table| table.calls[0].note = note("wants invoice 4711"));
    shows(&desk, 80, 24, "note: wants invoice 4711");
    shows(&desk, 160, 45, "note: wants invoice 4711");
    shows(&desk, 40, 10, "note");
    for key in 20..40 {
        desk.parked(key, "Somebody Else", "1", "105", "102", 1);
    }
    shows(&desk, 80, 24, "Gus Lind (note)");
}

#[test]
fn m4_a_note_is_beside_the_call_it_came_with_and_in_its_history() {
    let mut desk = alice();
    let mut line = desk.state.calls.get(ONE).unwrap().clone();
    line.note = note("wants invoice 4711");
    desk.hear(Heard::LineChanged(line));
    shows(&desk, 80, 24, "note: wants invoice");
    shows(&desk, 160, 45, "  note: wants invoice 4711");
    desk.ends(1, Ended::HungUp);
    shows(&desk, 160, 45, "note: wants invoice 4711");
    assert_eq!(desk.state.past[0].note, note("wants invoice 4711"));
}

#[test]
fn m4_notes_of_others_are_said_and_stand_behind_who_was_parked() {
    let mut desk = with_parked();
    desk.change_table(|table| table.calls[0].note = note("is angry"));
    assert_eq!(desk.last_notice(), "Note on Gus Lind: is angry");
    desk.change_table(|table| table.calls[0].note = Note::default());
    assert_eq!(desk.last_notice(), "The note on Gus Lind is off");
    desk.noted(8, "Bob Stone", "1", "101", "105", "is back at 5");
    let said = "105 Dev parked Bob Stone here, for you; note: is back at 5";
    assert_eq!(desk.last_notice(), said);
}

#[test]
fn q20_a_refused_note_is_said_with_the_offices_reason() {
    let mut desk = with_parked();
    let what = Asked::Note { which: this("104", 7) };
    let reason = "no call with key 7 is parked at extension 104".to_owned();
    desk.hear(Heard::Refused { what, status: 404, reason });
    let said = "Note not taken: no call with key 7 is parked at extension 104 (404)";
    assert_eq!(desk.last_notice(), said);
}

#[test]
fn s31_a_call_that_nobody_takes_is_an_alarm_in_words_once() {
    let mut desk = with_parked();
    desk.done.clear();
    let alarm = |desk: &mut Desk| {
        desk.change_table(|table| {
            (table.calls[0].alarm, table.calls[0].phase) = (true, PhaseView::Resting);
        });
    };
    alarm(&mut desk);
    assert!(desk.done.contains(&Effect::Bell));
    let newest = desk.state.notices.back().unwrap();
    assert_eq!(newest.weight, Weight::Alarm);
    let said = "NOBODY TAKES Gus Lind, parked at 104 Cleo for 0:30: fetch the call";
    assert_eq!(newest.text, said);
    shows(&desk, 80, 24, "ALARM");
    let before = desk.state.notices.len();
    alarm(&mut desk);
    assert_eq!(desk.state.notices.len(), before, "once");
}

#[test]
fn m7_a_noted_group_park_says_why_as_well() {
    let mut desk = Desk::idle();
    desk.parked_in_group(3, "Gus Lind", "1", "104", "102", "Alice busy, Ben away");
    assert!(desk.last_notice().ends_with("(group park): Alice busy, Ben away"));
    desk.change_table(|table| table.calls[0].note = note("is angry"));
    shows(&desk, 80, 24, "note: is angry; Alice busy, Ben away");
}
