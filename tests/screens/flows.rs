//! Every job at the desk, key by key: what the phone is told, in how many presses.

use std::time::Duration;

use bellhop::console::event::{Device, Event, Sound};
use bellhop::console::state::{HangUpKey, Options};
use bellhop::console::{Effect, Weight};
use bellhop::domain::caller::Caller;
use bellhop::domain::ids::Number;
use bellhop::domain::park_table::{LampState, PhaseView};
use bellhop::phone::messages::{
    Asked, Command, Ended, Event as Heard, LineId, LineState, Parkplace, Registration, Target,
    Wanted,
};

use crate::desk::{Desk, alice, extension, press, sends, with_parked};

const ONE: LineId = LineId(1);
const TWO: LineId = LineId(2);

fn number(text: &str) -> Target {
    Target::Number(Number::parse(text).unwrap())
}

#[test]
fn space_takes_who_rings_then_recalls_then_the_longest_held() {
    let mut desk = Desk::idle();
    desk.holds(1, "Bob Stone", "1");
    desk.wait_ms(1000);
    desk.holds(2, "Carla Diaz", "2");
    sends(&mut desk, "Space", &[Command::Answer { line: ONE }]);
    desk.recalls(3, "Gus Lind", "3", "104");
    sends(&mut desk, "Space", &[Command::Answer { line: LineId(3) }]);
    desk.rings(4, "Dana Fox", "4");
    sends(&mut desk, "Space", &[Command::Answer { line: LineId(4) }]);
}

#[test]
fn h_holds_and_again_resumes() {
    let mut desk = alice();
    sends(&mut desk, "h", &[Command::Hold { line: ONE }]);
    desk.holds(1, "Alice Meyer", "+33386002678");
    sends(&mut desk, "h", &[Command::Resume { line: ONE }]);
}

#[test]
fn p_parks_here_or_at_a_person_in_two_keys_or_at_digits() {
    sends(&mut alice(), "p", &[Command::Park { line: ONE, at: None }]);
    let at_dev = Command::Park { line: ONE, at: Some(extension("105")) };
    sends(&mut alice(), "D p", std::slice::from_ref(&at_dev));
    sends(&mut alice(), "1 0 5 p", &[at_dev]);
    sends(&mut alice(), "g", &[Command::GroupPark { line: ONE }]);
}

#[test]
fn r_fetches_mine_o_the_oldest_l_a_row_and_digits_a_place() {
    sends(&mut with_parked(), "r", &[Command::Retrieve { which: Wanted::Mine }]);
    let gus = Command::Retrieve { which: Wanted::Call { place: extension("104"), key: 7 } };
    let dana = Command::Retrieve { which: Wanted::Call { place: extension("101"), key: 9 } };
    sends(&mut with_parked(), "o", std::slice::from_ref(&gus));
    sends(&mut with_parked(), "l 2", std::slice::from_ref(&dana));
    sends(&mut with_parked(), "Down Down r", std::slice::from_ref(&dana));
    sends(&mut with_parked(), "Down Enter", &[gus]);
    let at_cleo = Command::Retrieve { which: Wanted::OldestAt(extension("104")) };
    sends(&mut with_parked(), "1 0 4 r", std::slice::from_ref(&at_cleo));
    sends(&mut with_parked(), "C r", &[at_cleo]);
}

#[test]
fn rows_past_nine_take_two_digits() {
    let mut desk = Desk::idle();
    for key in 1..=12 {
        desk.parked(key, "Caller", "5550147", "101", "101", 1);
    }
    let row = |key| Command::Retrieve { which: Wanted::Call { place: extension("101"), key } };
    sends(&mut desk, "l 1 2", &[row(12)]);
    sends(&mut desk, "l 2", &[row(2)]);
    sends(&mut desk, "l 1 Enter", &[row(1)]);
    sends(&mut desk, "l Esc", &[]);
}

#[test]
fn t_sends_to_a_person_or_to_digits() {
    let to_dev = Command::Transfer { line: ONE, to: number("105") };
    sends(&mut alice(), "D t", std::slice::from_ref(&to_dev));
    sends(&mut alice(), "1 0 5 t", std::slice::from_ref(&to_dev));
    sends(&mut alice(), "1 0 5 +", &[to_dev]);
    sends(&mut alice(), "t", &[]);
}

#[test]
fn sending_to_somebody_who_cannot_take_it_asks_the_key_twice() {
    for (state, why) in [
        (LampState::Talk, "is on the phone"),
        (LampState::Dnd, "does not want to be disturbed"),
        (LampState::Off, "is not there"),
    ] {
        let mut desk = alice();
        desk.lamp("105", state);
        sends(&mut desk, "D t", &[]);
        assert!(desk.last_notice().contains(why), "{}", desk.last_notice());
        sends(&mut desk, "t", &[Command::Transfer { line: ONE, to: number("105") }]);
    }
    let mut desk = alice();
    desk.lamp("105", LampState::Talk);
    sends(&mut desk, "D t h", &[Command::Hold { line: ONE }]);
    sends(&mut desk, "t", &[]);
}

#[test]
fn enter_calls_what_is_typed_and_a_plus_opens_an_international_number() {
    let call = |to: &str| Command::Dial { to: number(to) };
    sends(&mut Desk::idle(), "1 0 5 Enter", &[call("105")]);
    sends(&mut Desk::idle(), "+ 4 6 8 Enter", &[call("+468")]);
    sends(&mut Desk::idle(), "D Enter", &[call("105")]);
    let code = Command::Dial { to: Target::Typed("*68105".to_owned()) };
    sends(&mut Desk::idle(), "* 6 8 1 0 5 Enter", &[code]);
    sends(&mut Desk::idle(), "1 0 6 Backspace 5 Enter", &[call("105")]);
    sends(&mut Desk::idle(), "Enter", &[]);
}

#[test]
fn enter_on_a_row_does_what_the_row_is_for() {
    let mut desk = Desk::idle();
    desk.rings(1, "Alice Meyer", "1");
    desk.rings(2, "Bob Stone", "2");
    sends(&mut desk, "Down Down Enter", &[Command::Answer { line: TWO }]);
    desk.talks(2, "Bob Stone", "2");
    sends(&mut desk, "Down Down Enter", &[]);
    desk.holds(2, "Bob Stone", "2");
    sends(&mut desk, "Enter", &[Command::Answer { line: TWO }]);
}

#[test]
fn a_hang_up_takes_two_presses_within_two_seconds_of_each_other() {
    sends(&mut alice(), "x x", &[Command::HangUp { line: ONE }]);
    let mut desk = alice();
    desk.keys("x").wait_ms(2100);
    sends(&mut desk, "x", &[]);
    sends(&mut desk, "h x", &[Command::Hold { line: ONE }]);
    let single = Options { hangup: HangUpKey::Single, ..Options::default() };
    let mut desk = Desk::with(single, "default");
    desk.talks(1, "Alice", "1");
    sends(&mut desk, "x", &[Command::HangUp { line: ONE }]);
    let internal = Options { hangup: HangUpKey::SingleInternal, ..Options::default() };
    let mut desk = Desk::with(internal, "default");
    desk.talks(1, "Dev Patel", "105");
    sends(&mut desk, "x", &[Command::HangUp { line: ONE }]);
}

#[test]
fn a_second_press_never_hangs_up_somebody_else() {
    let mut desk = alice();
    desk.holds(2, "Bob Stone", "2");
    desk.keys("x");
    desk.ends(1, Ended::FarEnd);
    desk.talks(2, "Bob Stone", "2");
    sends(&mut desk, "x", &[]);
    assert!(desk.last_notice().contains("Alice has just hung up"), "{}", desk.last_notice());
}

#[test]
fn a_verb_meant_for_a_call_that_has_just_ended_does_not_take_the_next_one() {
    for key in ["p", "g", "t", "h"] {
        let mut desk = alice();
        desk.holds(2, "Bob Stone", "2");
        desk.ends(1, Ended::FarEnd);
        desk.wait_ms(200);
        desk.tell(press(key));
        assert_eq!(desk.commands(), [], "{key}");
        desk.wait_ms(200);
        desk.tell(press("p"));
        assert_eq!(desk.commands(), [Command::Park { line: TWO, at: None }], "{key}");
    }
}

#[test]
fn somebody_else_giving_up_does_not_stop_a_verb_for_my_call() {
    let mut desk = alice();
    desk.rings(2, "Bob Stone", "2");
    desk.ends(2, Ended::Missed);
    desk.tell(press("p"));
    assert_eq!(desk.commands(), [Command::Park { line: ONE, at: None }]);
}

#[test]
fn a_recall_is_taken_by_space_and_parked_again_by_p() {
    let mut desk = with_parked();
    desk.recalls(1, "Gus Lind", "+468123456", "104");
    sends(&mut desk, "p", &[Command::ParkAgain { line: ONE }]);
    sends(&mut desk, "Space", &[Command::Answer { line: ONE }]);
    let mut desk = alice();
    desk.recalls(2, "Gus Lind", "+468123456", "104");
    sends(&mut desk, "p", &[Command::Park { line: ONE, at: None }]);
    sends(&mut desk, "Up Up p", &[Command::ParkAgain { line: TWO }]);
}

#[test]
fn u_takes_back_a_park_by_fetching_that_very_call() {
    let mut desk = alice();
    desk.keys("D p").commands();
    let caller = Caller::new("Alice Meyer", "+33386002678");
    let at = Parkplace::Extension(extension("105"));
    desk.hear(Heard::CallParked { line: ONE, caller, at });
    desk.ends(1, Ended::Parked);
    desk.parked(3, "Alice Meyer", "+33386002678", "105", "102", 9);
    desk.parked(4, "Alice Meyer", "+33386002678", "105", "101", 0);
    let hers = Wanted::Call { place: extension("105"), key: 4 };
    sends(&mut desk, "u", &[Command::Retrieve { which: hers }]);
    sends(&mut desk, "u", &[]);
}

#[test]
fn u_says_so_when_the_parked_call_is_gone() {
    let mut desk = alice();
    let caller = Caller::new("Alice Meyer", "+33386002678");
    desk.hear(Heard::CallParked { line: ONE, caller, at: Parkplace::Group });
    desk.ends(1, Ended::Parked);
    desk.wait_ms(100);
    desk.parked(4, "Alice Meyer", "+33386002678", "105", "101", 0);
    desk.gone(4);
    sends(&mut desk, "u", &[]);
    assert_eq!(desk.last_notice(), "Alice is no longer parked: nothing to take back");
}

/// Alice is being parked at Dev's place, and `u` was pressed too soon.
fn taken_back_too_soon() -> Desk {
    let mut desk = alice();
    desk.keys("D p").commands();
    desk.line(1, LineState::HandingOver, "Alice Meyer", "+33386002678");
    sends(&mut desk, "u", &[]);
    assert_eq!(desk.last_notice(), "Taking Alice back as soon as the park is done");
    desk
}

fn parked_at_105(desk: &mut Desk) {
    let caller = Caller::new("Alice Meyer", "+33386002678");
    let at = Parkplace::Extension(extension("105"));
    desk.hear(Heard::CallParked { line: ONE, caller, at });
    desk.ends(1, Ended::Parked);
}

#[test]
fn u_before_the_offices_answer_takes_back_that_park_once_it_is_there() {
    let mut desk = taken_back_too_soon();
    parked_at_105(&mut desk);
    assert_eq!(desk.commands(), [], "the office's table is older than the park");
    desk.wait_ms(10);
    desk.parked(3, "Alice Meyer", "+33386002678", "105", "102", 9);
    assert_eq!(desk.commands(), [], "a colleague's");
    desk.parked(4, "Alice Meyer", "+33386002678", "105", "101", 0);
    let hers = Wanted::Call { place: extension("105"), key: 4 };
    assert_eq!(desk.commands(), [Command::Retrieve { which: hers }]);
    desk.parked(5, "Alice Meyer", "+33386002678", "105", "101", 0);
    assert_eq!(desk.commands(), [], "once is enough");
}

#[test]
fn u_before_the_offices_answer_never_takes_back_something_older() {
    let mut desk = with_parked();
    desk.talks(1, "Gus Lind", "+468123456");
    let caller = Caller::new("Gus Lind", "+468123456");
    desk.hear(Heard::CallRetrieved { line: ONE, caller });
    desk.gone(7);
    desk.keys("D p").commands();
    sends(&mut desk, "u", &[]);
    let what = Asked::Park { line: ONE, at: Some(extension("105")) };
    desk.hear(Heard::Refused { what, status: 486, reason: "Full".to_owned() });
    sends(&mut desk, "u", &[]);
    assert_eq!(desk.last_notice(), "Nothing to take back");
}

#[test]
fn a_park_that_is_refused_or_in_no_table_is_not_taken_back_later() {
    let mut desk = taken_back_too_soon();
    let what = Asked::Park { line: ONE, at: Some(extension("105")) };
    desk.hear(Heard::Refused { what, status: 486, reason: "Full".to_owned() });
    desk.keys("D p").commands();
    parked_at_105(&mut desk);
    desk.parked(4, "Alice Meyer", "+33386002678", "105", "101", 0);
    assert_eq!(desk.commands(), []);

    let mut desk = taken_back_too_soon();
    parked_at_105(&mut desk);
    desk.wait_ms(6_000);
    assert_eq!(desk.last_notice(), "Alice is no longer parked: nothing to take back");
    desk.parked(4, "Alice Meyer", "+33386002678", "105", "101", 0);
    assert_eq!(desk.commands(), []);
}

#[test]
fn u_takes_back_a_retrieve_by_parking_at_the_same_place() {
    let mut desk = with_parked();
    desk.change_table(|table| table.calls[0].phase = PhaseView::Retrieving);
    desk.talks(1, "Gus Lind", "+468123456");
    let caller = Caller::new("Gus Lind", "+468123456");
    desk.hear(Heard::CallRetrieved { line: ONE, caller });
    desk.gone(7);
    sends(&mut desk, "u", &[Command::Park { line: ONE, at: Some(extension("104")) }]);
}

#[test]
fn u_takes_back_a_hold_and_calls_back_after_a_hang_up() {
    let mut desk = alice();
    desk.keys("h").commands();
    desk.holds(1, "Alice Meyer", "+33386002678");
    sends(&mut desk, "u", &[Command::Resume { line: ONE }]);
    let mut desk = alice();
    desk.keys("x x").commands();
    desk.ends(1, Ended::HungUp);
    sends(&mut desk, "u", &[Command::Dial { to: number("+33386002678") }]);
    assert!(desk.state.notices.iter().any(|n| n.text.contains("cannot be undone: calling Alice")));
}

#[test]
fn m_and_d_toggle_what_the_phone_says_is_so() {
    let mut desk = alice();
    sends(&mut desk, "m", &[Command::Mute { on: true }]);
    desk.hear(Heard::MuteChanged { on: true });
    sends(&mut desk, "m", &[Command::Mute { on: false }]);
    sends(&mut desk, "d", &[Command::DoNotDisturb { on: true }]);
    desk.hear(Heard::DoNotDisturbChanged { on: true });
    sends(&mut desk, "d", &[Command::DoNotDisturb { on: false }]);
}

#[test]
fn the_to_field_clears_itself_eight_seconds_after_its_last_key() {
    let mut desk = Desk::idle();
    desk.keys("1 0").wait_ms(7700);
    desk.keys("5").wait_ms(7900);
    assert_eq!(desk.state.to.text, "105");
    desk.wait_ms(200);
    assert_eq!(desk.state.to.text, "");
}

#[test]
fn a_number_typed_for_a_caller_goes_when_he_does() {
    let mut desk = alice();
    desk.keys("1 0 5");
    desk.ends(1, Ended::FarEnd);
    assert_eq!(desk.state.to.text, "");
}

#[test]
fn a_paste_is_a_number_and_never_keys() {
    let mut desk = alice();
    desk.tell(Event::Paste("xxpg\n".to_owned()));
    assert_eq!((desk.commands(), desk.state.to.text.as_str()), (vec![], ""));
    desk.tell(Event::Paste("+49 (30) 90 18 20\n".to_owned()));
    assert_eq!((desk.commands(), desk.state.to.text.as_str()), (vec![], "+4930901820"));
}

#[test]
fn a_key_that_is_held_down_acts_once() {
    let mut desk = alice();
    for _ in 0..20 {
        desk.tell(press("p"));
        desk.wait_ms(33);
    }
    assert_eq!(desk.commands(), [Command::Park { line: ONE, at: None }]);
}

/// Keyboards wait a quarter of a second to a second before they repeat a key
/// that is held down, then repeat it ten to forty times a second.
const HELD_KEYS: [(u64, u64); 6] = [(0, 33), (250, 25), (500, 30), (500, 92), (660, 40), (900, 60)];

#[test]
fn a_held_hang_up_key_hangs_nobody_up() {
    for (delay_ms, every_ms) in HELD_KEYS {
        for presses in 3..40 {
            let mut desk = alice();
            desk.holds(2, "Bob Stone", "2");
            desk.tell(press("x"));
            desk.wait_ms(delay_ms);
            for _ in 1..presses {
                desk.tell(press("x"));
                desk.wait_ms(every_ms);
            }
            assert_eq!(desk.commands(), [], "{presses} at {delay_ms} ms, then every {every_ms}");
            assert!(desk.last_notice().contains("held down"), "{}", desk.last_notice());
            desk.wait_ms(1000);
            sends(&mut desk, "x x", &[Command::HangUp { line: ONE }]);
        }
    }
}

/// As fast as a drummer: a held key begins later, and then comes faster.
#[test]
fn three_quick_presses_of_a_finger_are_three() {
    for gap_ms in [40, 60, 100, 119, 149] {
        let mut desk = Desk::idle();
        for _ in 0..3 {
            desk.tell(press("d"));
            desk.wait_ms(gap_ms);
        }
        let wanted = [(); 3].map(|()| Command::DoNotDisturb { on: true });
        assert_eq!(desk.commands(), wanted, "{gap_ms}");
    }
}

#[test]
fn a_held_verb_acts_once() {
    for (delay_ms, every_ms) in HELD_KEYS {
        let mut desk = alice();
        desk.holds(2, "Bob Stone", "2");
        desk.tell(press("p"));
        desk.ends(1, Ended::Parked);
        desk.wait_ms(delay_ms);
        for _ in 0..20 {
            desk.tell(press("p"));
            desk.wait_ms(every_ms);
        }
        assert_eq!(desk.commands(), [Command::Park { line: ONE, at: None }], "{delay_ms}");
    }
}

#[test]
fn a_second_press_that_may_be_a_held_keys_counts_a_moment_later_or_with_the_next_key() {
    let hang_up = [Effect::Phone(Command::HangUp { line: ONE })];
    for (gap_ms, later_ms) in
        [(0, 40), (39, 40), (40, 0), (90, 0), (149, 0), (150, 120), (900, 120)]
    {
        let mut desk = alice();
        desk.tell(press("x"));
        desk.wait_ms(gap_ms);
        desk.tell(press("x"));
        if later_ms > 0 {
            desk.wait_ms(later_ms - 1);
            assert_eq!(desk.done, [], "{gap_ms}");
            desk.wait_ms(1);
        }
        assert_eq!(desk.done, hang_up, "{gap_ms}");
    }
    let mut desk = alice();
    desk.holds(2, "Bob Stone", "2");
    desk.tell(press("x"));
    desk.tell(press("x"));
    desk.tell(press("Space"));
    let wanted = [Command::HangUp { line: ONE }, Command::Answer { line: TWO }];
    assert_eq!(desk.commands(), wanted);
}

#[test]
fn a_verb_typed_for_another_window_is_dropped() {
    let mut desk = alice();
    desk.tell(Event::FocusGained);
    desk.wait_ms(100);
    desk.tell(press("p"));
    assert_eq!(desk.commands(), []);
    desk.wait_ms(100);
    desk.tell(press("p"));
    assert_eq!(desk.commands(), [Command::Park { line: ONE, at: None }]);
}

#[test]
fn two_capitals_in_a_row_look_like_caps_lock() {
    let mut desk = alice();
    desk.keys("P");
    assert_eq!(desk.last_notice(), "No colleague has the letter P");
    desk.keys("G");
    assert_eq!(desk.last_notice(), "Caps Lock? Capitals pick people");
    assert_eq!(desk.commands(), []);
}

#[test]
fn park_answer_and_retrieve_work_from_every_screen() {
    for open in [":", "?", "1"] {
        let mut desk = alice();
        desk.rings(2, "Bob Stone", "2");
        desk.keys(open);
        sends(&mut desk, "F2", &[Command::Answer { line: TWO }]);
        desk.keys("Esc");
        sends(&mut desk, "Esc F5", &[Command::Park { line: ONE, at: None }]);
        let mut desk = alice();
        sends(&mut desk, ": F6", &[Command::GroupPark { line: ONE }]);
        sends(&mut desk, "F7", &[Command::Retrieve { which: Wanted::Mine }]);
        sends(&mut desk, "p p p Enter", &[]);
    }
}

#[test]
fn the_selection_stays_with_its_call_when_rows_come_and_go() {
    let mut desk = with_parked();
    desk.keys("Down Down");
    desk.parked(11, "Eric Olsen", "+4722000011", "105", "102", 0);
    desk.gone(7);
    let dana = Wanted::Call { place: extension("101"), key: 9 };
    sends(&mut desk, "r", &[Command::Retrieve { which: dana }]);
}

#[test]
fn a_key_for_a_row_that_has_just_left_takes_no_other() {
    let mut desk = with_parked();
    desk.keys("Down");
    desk.gone(7);
    desk.tell(press("r"));
    desk.tell(press("Enter"));
    assert_eq!(desk.commands(), []);
    assert!(desk.last_notice().contains("Gus is no longer there"), "{}", desk.last_notice());
}

#[test]
fn row_numbers_stay_while_their_calls_wait() {
    let mut desk = with_parked();
    desk.gone(7);
    desk.parked(12, "Farah Khan", "204", "102", "103", 0);
    let numbers: Vec<_> =
        desk.state.parked.visible().map(|row| (row.number, row.view.key)).collect();
    assert_eq!(numbers, [(2, 9), (1, 12)]);
}

#[test]
fn the_table_shows_my_group_and_a_widens_it() {
    let mut desk = with_parked();
    desk.parked(20, "Far Away", "5550", "107", "106", 0);
    assert_eq!(desk.state.parked.visible().count(), 2);
    desk.keys("a");
    assert_eq!(desk.state.parked.visible().count(), 3);
    desk.change_table(|table| table.group = None);
    desk.keys("a");
    assert_eq!(desk.state.parked.visible().count(), 1);
}

#[test]
fn quitting_with_nobody_here_leaves_at_once() {
    for keys in [": q Enter", "C-c"] {
        let mut desk = with_parked();
        desk.keys(keys);
        assert_eq!(desk.done, [Effect::Phone(Command::Leave), Effect::Quit], "{keys}");
    }
}

#[test]
fn quitting_with_calls_up_asks_and_parks_them_all() {
    let mut desk = alice();
    desk.holds(2, "Bob Stone", "2");
    desk.commands();
    sends(&mut desk, ": q Enter", &[]);
    assert!(desk.screen(80, 24).contains("QUIT? 2 calls are up"), "{}", desk.screen(80, 24));
    sends(&mut desk, "Esc", &[]);
    let parks = [Command::GroupPark { line: ONE }, Command::GroupPark { line: TWO }];
    sends(&mut desk, ": q Enter p", &parks);
    desk.line(1, LineState::HandingOver, "Alice", "1");
    desk.ends(1, Ended::Parked);
    assert_eq!(desk.done, []);
    desk.ends(2, Ended::Parked);
    desk.done.retain(|effect| !matches!(effect, Effect::SetTitle(_)));
    assert_eq!(desk.done, [Effect::Phone(Command::Leave), Effect::Quit]);
}

#[test]
fn a_call_that_cannot_be_parked_keeps_its_person() {
    let mut desk = alice();
    desk.keys("C-c p").commands();
    let what = Asked::GroupPark { line: ONE };
    desk.hear(Heard::Refused { what, status: 486, reason: "Every place is full".to_owned() });
    assert_eq!(desk.state.leaving, None);
    assert!(!desk.done.contains(&Effect::Quit));
    assert_eq!(desk.last_notice(), "A call could not be parked: staying");
}

#[test]
fn a_park_asked_before_quitting_that_is_refused_keeps_its_person_too() {
    let mut desk = alice();
    desk.keys("p").commands();
    desk.line(1, LineState::HandingOver, "Alice Meyer", "+33386002678");
    sends(&mut desk, ": q Enter p", &[]);
    desk.line(1, LineState::Talking, "Alice Meyer", "+33386002678");
    let what = Asked::Park { line: ONE, at: None };
    desk.hear(Heard::Refused { what, status: 408, reason: "No answer".to_owned() });
    assert_eq!(desk.last_notice(), "A call could not be parked: staying");
    desk.ends(1, Ended::FarEnd);
    assert!(!desk.done.contains(&Effect::Quit));
}

#[test]
fn ended_from_outside_while_quitting_waits_it_goes_after_five_seconds_at_the_latest() {
    let mut desk = alice();
    desk.keys("p").commands();
    desk.line(1, LineState::HandingOver, "Alice Meyer", "+33386002678");
    desk.keys(": q Enter p").commands();
    desk.tell(Event::Terminate);
    desk.wait_ms(3_000);
    desk.tell(Event::Terminate);
    desk.wait_ms(1_900);
    assert!(!desk.done.contains(&Effect::Quit));
    desk.wait_ms(200);
    assert!(desk.done.contains(&Effect::Quit));
}

#[test]
fn ended_from_outside_it_parks_without_asking_and_goes_after_five_seconds_at_the_latest() {
    let mut desk = alice();
    desk.tell(Event::Terminate);
    assert_eq!(desk.commands(), [Command::GroupPark { line: ONE }]);
    desk.wait_ms(4900);
    assert!(!desk.done.contains(&Effect::Quit));
    desk.wait_ms(200);
    assert!(desk.done.contains(&Effect::Quit));
}

#[test]
fn ctrl_z_is_refused_while_a_call_is_here() {
    let mut desk = Desk::idle();
    desk.keys("C-z");
    assert_eq!(desk.done, [Effect::Suspend]);
    desk.done.clear();
    desk.rings(1, "Alice", "1");
    desk.done.clear();
    desk.keys("C-z");
    assert_eq!(desk.done, []);
    assert!(desk.last_notice().contains("Not while calls are here"));
}

#[test]
fn a_ring_without_a_ring_device_sounds_the_terminals_bell() {
    let mut desk = Desk::idle();
    desk.rings(1, "Alice", "1");
    assert!(desk.done.contains(&Effect::Bell));
    let ring = Device::Working { name: "Speakers".to_owned() };
    desk.tell(Event::Sound(Sound { ring, ..Sound::default() }));
    desk.done.clear();
    desk.rings(2, "Bob", "2");
    assert!(!desk.done.contains(&Effect::Bell));
}

#[test]
fn a_recall_is_announced_ten_seconds_before_it_rings() {
    let mut desk = with_parked();
    desk.wait_ms(4_000);
    assert_eq!(desk.state.notices.len(), 0);
    desk.wait_ms(1_100);
    let notice = desk.state.notices.back().unwrap();
    assert_eq!(notice.text, "RECALL in 0:10: 1 Gus Lind, parked for Cleo");
    assert_eq!(notice.weight, Weight::Alarm);
    desk.wait_ms(5_000);
    assert_eq!(desk.state.notices.len(), 1);
}

#[test]
fn what_is_refused_is_said_with_the_reason_and_who_is_still_here() {
    let mut desk = alice();
    let what = Asked::Park { line: ONE, at: Some(extension("105")) };
    let reason = "Ten calls are parked there".to_owned();
    desk.hear(Heard::Refused { what, status: 486, reason });
    assert_eq!(
        desk.last_notice(),
        "Not parked at 105: Ten calls are parked there (486). Alice is still here"
    );
}

#[test]
fn the_window_title_counts_who_waits() {
    let mut desk = with_parked();
    desk.rings(1, "Alice", "1");
    let title = Effect::SetTitle("Bellhop 101: 1 ringing, 2 parked".to_owned());
    assert_eq!(desk.done.last(), Some(&title));
}

#[test]
fn the_function_keys_alone_do_every_job() {
    let mut desk = Desk::with(Options::default(), "fkeys");
    desk.talks(1, "Alice", "1");
    desk.commands();
    sends(&mut desk, "F5", &[Command::Park { line: ONE, at: None }]);
    sends(&mut desk, "1 0 5 F5", &[Command::Park { line: ONE, at: Some(extension("105")) }]);
    sends(&mut desk, "F6", &[Command::GroupPark { line: ONE }]);
    sends(&mut desk, "F7", &[Command::Retrieve { which: Wanted::Mine }]);
    sends(&mut desk, "1 0 5 F4", &[Command::Transfer { line: ONE, to: number("105") }]);
    sends(&mut desk, "1 0 5 F3", &[Command::Dial { to: number("105") }]);
    sends(&mut desk, "F9", &[Command::DoNotDisturb { on: true }]);
    sends(&mut desk, "p g x x", &[]);
    sends(&mut desk, "F12 F12", &[Command::HangUp { line: ONE }]);
}

#[test]
fn an_unknown_command_names_the_nearest() {
    let mut desk = Desk::idle();
    desk.keys(": h e p l Enter");
    assert_eq!(desk.last_notice(), "There is no command :hepl; did you mean :help?");
}

#[test]
fn a_call_that_only_this_desk_believed_in_is_said_to_be_lost() {
    let mut desk = alice();
    desk.ends(1, Ended::Lost);
    assert_eq!(desk.last_notice(), "Alice Meyer +33386002678: the office has lost this call");
    assert_eq!(desk.state.past.back().unwrap().outcome, "lost by the office");
}

#[test]
fn nothing_is_claimed_in_the_name_of_an_office_that_does_not_answer() {
    let mut desk = with_parked();
    desk.talks(1, "Alice Meyer", "+33386002678");
    assert!(desk.screen(80, 24).contains("rings you in 0:15"), "{}", desk.screen(80, 24));
    let reason = "no answer from the office".to_owned();
    let retry_at = desk.now + Duration::from_secs(4);
    desk.hear(Heard::RegistrationChanged(Registration::Failed { reason, retry_at }));
    desk.hear(Heard::ParkTableChanged { table: None, at: desk.now });
    let screen = desk.screen(80, 24);
    assert!(!screen.contains("rings ") && screen.contains("not known"), "{screen}");
    let said = desk.state.notices.len();
    desk.wait_ms(60_000);
    assert_eq!(desk.state.notices.len(), said, "no recall is announced");
    let what = Asked::Park { line: ONE, at: None };
    desk.hear(Heard::Refused { what, status: 408, reason: String::new() });
    let words = "Not parked: no answer from the office; Alice may still be there";
    assert_eq!(desk.last_notice(), words);
}

#[test]
fn a_call_without_sound_says_so() {
    let mut desk = alice();
    let mut line = desk.state.calls.get(ONE).unwrap().clone();
    line.silent = true;
    desk.hear(Heard::LineChanged(line.clone()));
    assert!(desk.screen(80, 24).contains("no sound"));
    line.silent = false;
    desk.hear(Heard::LineChanged(line));
    assert!(!desk.screen(80, 24).contains("no sound"));
}

#[test]
fn f_picks_up_what_rings_with_the_colleague_in_to_or_in_the_group() {
    let mut desk = Desk::idle();
    sends(&mut desk, "f", &[Command::PickUp { at: None }]);
    desk.lamp("104", LampState::Ring);
    desk.keys("1 0 4");
    assert!(desk.screen(80, 24).contains("Pick up"), "{}", desk.screen(80, 24));
    sends(&mut desk, "f", &[Command::PickUp { at: Some(extension("104")) }]);
    desk.lamp("104", LampState::Free);
    desk.keys("1 0 4");
    assert!(!desk.screen(80, 24).contains("Pick up"));
    // An outside number is no colleague's.
    desk.keys("5 5 5 5");
    sends(&mut desk, "f", &[]);
}
