//! The keymaps named after makes of desk phones: each make's own sequence for
//! parking, group park and fetching, its labels, and every other job of a desk.

use bellhop::console::intent::Action;
use bellhop::console::keymap::SHIPPED;
use bellhop::console::state::Options;
use bellhop::console::theme::{Role, Theme};
use bellhop::phone::messages::{Command, Ended, LineId, Wanted};

use crate::desk::{Desk, extension, press, sends};

const ONE: LineId = LineId(1);
const MAKES: [&str; 5] = ["dinstar", "fanvil", "grandstream", "htek", "yealink"];

fn talking(make: &str) -> Desk {
    let mut desk = Desk::with(Options::default(), make);
    desk.talks(1, "Alice Meyer", "+33386002678");
    desk.commands();
    desk
}

/// Dana is parked at my place by Ben.
fn waiting(make: &str) -> Desk {
    let mut desk = Desk::with(Options::default(), make);
    desk.parked(9, "Dana Fox", "+442079460018", "101", "103", 10);
    desk.commands();
    desk
}

/// The To: row and the hint rows: the last rows but one.
fn labels(desk: &Desk) -> Vec<String> {
    let screen = desk.screen(80, 24);
    let rows: Vec<&str> = screen.lines().collect();
    rows[20..23].iter().map(|row| row.trim().to_owned()).collect()
}

fn park_at_dev() -> Command {
    Command::Park { line: ONE, at: Some(extension("105")) }
}

fn group_park() -> Command {
    Command::GroupPark { line: ONE }
}

fn mine() -> Command {
    Command::Retrieve { which: Wanted::Mine }
}

fn dana() -> Command {
    Command::Retrieve { which: Wanted::Call { place: extension("101"), key: 9 } }
}

#[test]
fn s50_dinstar_visual_park_number_visual_park_twice_and_once() {
    let mut desk = talking("dinstar");
    assert_eq!(
        labels(&desk),
        [
            "To: _",
            "v Visual Park Alice  t Transfer  h Hold",
            "xx Hang up  m Mute  d DND  0-9 Number  A-Z Colleague  ? Help  : Commands"
        ]
    );
    desk.keys("v");
    assert_eq!(
        labels(&desk)[..2],
        ["Park Alice Meyer at: _", "v Visual Park at the group  Enter Park here  Esc Cancel"]
    );
    desk.keys("1 0 5");
    assert_eq!(
        labels(&desk)[..2],
        [
            "Park Alice Meyer at: 105_  Dev Patel, free",
            "v Visual Park at 105  Enter Park at 105  Esc Cancel"
        ]
    );
    sends(&mut desk, "v", &[park_at_dev()]);
    sends(&mut talking("dinstar"), "v 1 0 5 v", &[park_at_dev()]);
    sends(&mut talking("dinstar"), "v D v", &[park_at_dev()]);
    sends(&mut talking("dinstar"), "v v", &[group_park()]);
    sends(&mut talking("dinstar"), "F5 F5", &[group_park()]);
    sends(&mut talking("dinstar"), "v Enter", &[Command::Park { line: ONE, at: None }]);
    let mut desk = waiting("dinstar");
    assert_eq!(labels(&desk)[1], "v Parked Dana  r Retrieve Dana  o Oldest Dana  l 1 List");
    sends(&mut desk, "v", &[mine()]);
}

#[test]
fn s51_htek_more_dpark_number_dpark_and_more_gpark() {
    let mut desk = talking("htek");
    assert_eq!(labels(&desk)[1], "v More  t Transfer  h Hold");
    desk.keys("v");
    assert_eq!(labels(&desk)[1], "d DPark Alice  g GPark Alice  Esc Back");
    desk.keys("d 1 0 5");
    assert_eq!(
        labels(&desk)[..2],
        ["Park Alice Meyer at: 105_  Dev Patel, free", "d DPark at 105  Esc Cancel"]
    );
    sends(&mut desk, "d", &[park_at_dev()]);
    sends(&mut talking("htek"), "v d 1 0 5 d", &[park_at_dev()]);
    sends(&mut talking("htek"), "v g", &[group_park()]);
    let mut desk = waiting("htek");
    assert_eq!(labels(&desk)[1], "r Retrieve Dana  o Oldest Dana  l 1 List");
    sends(&mut desk, "r", &[mine()]);
    // Outside of More these are the desk's own keys.
    sends(&mut talking("htek"), "d", &[Command::DoNotDisturb { on: true }]);
}

#[test]
fn s52_fanvil_visual_park_and_the_flashing_key_opens_the_details() {
    sends(&mut talking("fanvil"), "v 1 0 5 v", &[park_at_dev()]);
    sends(&mut talking("fanvil"), "v v", &[group_park()]);
    let mut desk = waiting("fanvil");
    assert_eq!(labels(&desk)[1], "v Parked Dana  r Retrieve Dana  o Oldest Dana  l 1 List");
    sends(&mut desk, "v", &[]);
    assert_eq!(
        labels(&desk)[..2],
        [
            "Parked: Dana Fox +442079460018 at 101 you, by Ben",
            "r Retrieve Dana  Down Next  Esc Exit"
        ]
    );
    sends(&mut desk, "r", &[dana()]);
    sends(&mut waiting("fanvil"), "v Enter", &[dana()]);
    sends(&mut waiting("fanvil"), "v Esc", &[]);
}

#[test]
fn s53_grandstream_call_park_number_park_and_gpark_and_retrievepark() {
    let mut desk = talking("grandstream");
    assert_eq!(labels(&desk)[1], "v Call Park Alice  t Transfer  h Hold");
    desk.keys("v");
    assert_eq!(labels(&desk)[1], "p Park here  g GPark  Esc Cancel");
    desk.keys("1 0 5");
    assert_eq!(labels(&desk)[1], "p Park at 105  g GPark  Esc Cancel");
    sends(&mut desk, "p", &[park_at_dev()]);
    sends(&mut talking("grandstream"), "v 1 0 5 p", &[park_at_dev()]);
    sends(&mut talking("grandstream"), "v g", &[group_park()]);
    let mut desk = waiting("grandstream");
    assert_eq!(labels(&desk)[1], "v Retrieve Dana  r RetrievePark Dana  o Oldest Dana  l 1 List");
    sends(&mut desk, "r", &[mine()]);
    let mut desk = waiting("grandstream");
    desk.keys("v");
    assert_eq!(labels(&desk)[1], "r RetrievePark Dana  Down ParkedCalls  Esc Dismiss");
    sends(&mut desk, "r", &[dana()]);
}

#[test]
fn s54_yealink_park_number_ok_group_park_and_retrieve() {
    let mut desk = talking("yealink");
    assert_eq!(labels(&desk)[1], "v Park Alice  g Group Park  t Transfer  h Hold");
    desk.keys("v 1 0 5");
    assert_eq!(labels(&desk)[1], "Enter OK at 105  Esc Cancel");
    sends(&mut desk, "Enter", &[park_at_dev()]);
    sends(&mut talking("yealink"), "v 1 0 5 Enter", &[park_at_dev()]);
    sends(&mut talking("yealink"), "g", &[group_park()]);
    let mut desk = waiting("yealink");
    assert_eq!(labels(&desk)[1], "r Retrieve Dana  o Oldest Dana  l 1 List");
    sends(&mut desk, "r", &[mine()]);
}

/// Console.md's own key of that name, beside the one-key verbs.
#[test]
fn the_default_keymap_has_the_visual_park_key_too() {
    sends(&mut talking("default"), "v 1 0 5 v", &[park_at_dev()]);
    sends(&mut talking("default"), "v v", &[group_park()]);
    sends(&mut talking("default"), "D v", &[park_at_dev()]);
    sends(&mut talking("default"), ". .", &[group_park()]);
    sends(&mut waiting("default"), "v", &[mine()]);
}

#[test]
fn the_lamp_is_a_word_that_blinks_red_once_a_second_or_stands_still() {
    for make in MAKES {
        for blink in [true, false] {
            let mut desk = waiting(make);
            desk.state.options.blink = blink;
            let lit = Theme::of(&desk.state.options).style(Role::Lamp);
            let mut seen = Vec::new();
            for _ in 0..4 {
                let (head, hints) = lamps(&desk, lit);
                assert!(desk.screen(80, 24).contains("[PARKED 1]"), "{make}");
                // Dinstar, Fanvil and Grandstream light a key as well.
                let has_key = !matches!(make, "htek" | "yealink");
                assert_eq!(hints, head && has_key, "{make}");
                seen.push(head);
                desk.wait_ms(1000);
            }
            let wanted = if blink { [seen[0], !seen[0], seen[0], !seen[0]] } else { [true; 4] };
            assert_eq!(seen, wanted, "{make}");
        }
    }
}

/// Whether PARKED in the head is lit, and whether a key's label is.
fn lamps(desk: &Desk, lit: ratatui::style::Style) -> (bool, bool) {
    let buffer = desk.buffer(80, 24);
    let row =
        |y: u16| (0..80).any(|x| buffer[(x, y)].style().fg == lit.fg && is_lit(&buffer[(x, y)]));
    (row(0), row(21))
}

fn is_lit(cell: &ratatui::buffer::Cell) -> bool {
    use ratatui::style::{Color, Modifier};
    cell.fg == Color::Red && cell.modifier.contains(Modifier::REVERSED)
}

#[test]
fn every_other_job_has_its_key_in_every_keymap() {
    use bellhop::console::intent::{Context, ESSENTIAL};
    use bellhop::console::keymap::Keymap;
    for (name, _) in SHIPPED {
        let map = Keymap::shipped(name).unwrap();
        for (context, action) in ESSENTIAL {
            assert!(map.keys(context, action).next().is_some(), "{name}: {action:?}");
        }
        for action in [Action::Undo, Action::DoNotDisturb, Action::RetrieveOldest, Action::Scope] {
            assert!(map.keys(Context::Desk, action).next().is_some(), "{name}: {action:?}");
        }
    }
    for make in MAKES {
        let mut desk = Desk::with(Options::default(), make);
        desk.rings(1, "Alice Meyer", "+33386002678");
        sends(&mut desk, "Space", &[Command::Answer { line: ONE }]);
        sends(&mut talking(make), "h", &[Command::Hold { line: ONE }]);
        sends(&mut talking(make), "x x", &[Command::HangUp { line: ONE }]);
        sends(&mut talking(make), "p", &[Command::Park { line: ONE, at: None }]);
        sends(&mut talking(make), "F6", &[group_park()]);
        sends(&mut waiting(make), "F7", &[mine()]);
        assert!(matches!(talking(make).keys("D t").commands()[..], [Command::Transfer { .. }]));
    }
}

#[test]
fn a_key_of_the_desk_closes_the_question_and_does_its_work() {
    sends(&mut talking("dinstar"), "v h", &[Command::Hold { line: ONE }]);
    let mut desk = talking("dinstar");
    sends(&mut desk, "v Esc", &[]);
    sends(&mut desk, "v", &[]);
    desk.wait_ms(8001);
    assert_eq!(labels(&desk)[0], "To: _");
}

#[test]
fn a_number_that_is_no_place_is_said_and_can_be_mended() {
    let mut desk = talking("dinstar");
    sends(&mut desk, "v * 1 v", &[]);
    assert!(desk.last_notice().contains("needs an extension"), "{}", desk.last_notice());
    sends(&mut desk, "Backspace Backspace 1 0 5 v", &[park_at_dev()]);
}

#[test]
fn nobody_else_is_parked_when_the_caller_goes_while_the_place_is_asked() {
    let mut desk = talking("fanvil");
    desk.holds(2, "Bob Stone", "2");
    desk.parked(9, "Dana Fox", "+442079460018", "101", "103", 10);
    desk.keys("v");
    desk.ends(1, Ended::FarEnd);
    desk.wait_ms(2000);
    sends(&mut desk, "v", &[]);
    assert!(desk.last_notice().contains("nobody else is parked"), "{}", desk.last_notice());
}

#[test]
fn a_caller_fetched_by_somebody_else_while_shown_is_not_exchanged_for_the_next() {
    let mut desk = waiting("fanvil");
    desk.keys("v");
    desk.parked(10, "Gus Lind", "+468123456", "101", "103", 1);
    desk.gone(9);
    sends(&mut desk, "r", &[]);
    assert!(desk.last_notice().contains("Dana is no longer there"), "{}", desk.last_notice());
}

#[test]
fn a_visual_park_key_held_down_asks_once() {
    let mut desk = talking("dinstar");
    for _ in 0..20 {
        desk.tell(press("v"));
        desk.wait_ms(33);
    }
    assert_eq!(desk.commands(), []);
}
