//! Golden screens at the sizes people have, and what must be true at every size.

use bellhop::app::pictures::{Scene, scene, screen};
use bellhop::console::event::Event;
use bellhop::console::state::{Options, State, Ticks};
use bellhop::console::{next_wakeup, update, view};
use bellhop::domain::caller::Caller;
use bellhop::domain::chance::Chance;
use bellhop::domain::park_table::{LampState, PhaseView};
use bellhop::domain::time::Moment;
use bellhop::phone::messages::{Ended, Event as Heard, LineId, LineState};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::desk::{Desk, press, text_of};

fn golden(which: Scene, columns: u16, rows: u16) -> String {
    let (state, now) = scene(which);
    text_of(&screen(&state, now, columns, rows).0)
}

#[test]
fn a_busy_desk_at_every_size_people_have() {
    for (columns, rows) in
        [(160, 45), (240, 67), (120, 35), (80, 24), (60, 20), (40, 10), (30, 5), (20, 3)]
    {
        let name = format!("busy_{columns}x{rows}");
        insta::assert_snapshot!(name, golden(Scene::Busy, columns, rows));
    }
}

#[test]
fn parking_recall_and_help() {
    insta::assert_snapshot!("park_80x24", golden(Scene::ParkingAtDev, 80, 24));
    insta::assert_snapshot!("recall_80x24", golden(Scene::Recall, 80, 24));
    insta::assert_snapshot!("help_80x24", golden(Scene::Help, 80, 24));
}

#[test]
fn an_idle_desk() {
    insta::assert_snapshot!("idle_80x24", Desk::idle().screen(80, 24));
    insta::assert_snapshot!("idle_160x45", Desk::idle().screen(160, 45));
}

/// Every state of a call, of a parked call and of a colleague at once.
fn everything() -> Desk {
    let mut desk = Desk::idle();
    desk.recalls(1, "Gus Lind", "1", "104");
    desk.rings(2, "Ria Ring", "2");
    desk.talks(3, "Tia Talk", "3");
    desk.holds(4, "Hal Hold", "4");
    desk.line(5, LineState::Dialling, "Dia Dial", "5");
    desk.line(6, LineState::HandingOver, "Mo Move", "6");
    for (key, phase) in [
        (1, PhaseView::Waiting),
        (2, PhaseView::Recalling),
        (3, PhaseView::Resting),
        (4, PhaseView::HandingOver),
        (5, PhaseView::Retrieving),
    ] {
        desk.parked(key, "Parked Caller", "7", "104", "101", 20);
        desk.change_table(|table| table.calls.last_mut().unwrap().phase = phase);
    }
    for (place, state) in [
        ("102", LampState::Off),
        ("103", LampState::Free),
        ("104", LampState::Ring),
        ("105", LampState::Talk),
        ("106", LampState::Dnd),
    ] {
        desk.lamp(place, state);
    }
    desk
}

#[test]
fn no_state_is_told_by_colour_alone() {
    let words = [
        "RECALL",
        "RING",
        "TALK",
        "HOLD",
        "DIAL",
        "MOVING",
        "being fetched",
        "rings",
        "off",
        "free",
        "ring",
        "talk",
        "dnd",
        "PARKED",
        "READY",
        "UDP!",
        "RTP!",
    ];
    for columns in [80, 160] {
        let screen = everything().screen(columns, 45);
        let missing: Vec<_> = words.iter().filter(|word| !screen.contains(*word)).collect();
        assert!(missing.is_empty(), "{missing:?}\n{screen}");
    }
}

#[test]
fn without_colour_nothing_is_coloured_and_ascii_draws_no_lines() {
    let mut desk = everything();
    desk.state.options = Options { colour: false, ascii: true, ..Options::default() };
    let buffer = desk.buffer(160, 45);
    let plain = |cell: &ratatui::buffer::Cell| {
        (cell.fg, cell.bg) == (ratatui::style::Color::Reset, ratatui::style::Color::Reset)
    };
    assert!(buffer.content.iter().all(plain));
    assert!(text_of(&buffer).is_ascii(), "{}", text_of(&buffer));
}

#[test]
fn the_sixteen_colours_alone_and_never_bright_black() {
    use ratatui::style::Color::{Blue, Cyan, Green, Magenta, Red, Reset, Yellow};
    let allowed = [Reset, Red, Green, Yellow, Blue, Magenta, Cyan];
    let buffer = everything().buffer(160, 45);
    assert!(buffer.content.iter().all(|cell| allowed.contains(&cell.fg) && cell.bg == Reset));
}

#[test]
fn every_window_has_a_screen_down_to_one_cell() {
    let scenes = [Scene::Busy, Scene::ParkingAtDev, Scene::Recall, Scene::Help].map(scene);
    let edges = [39, 40, 41, 59, 60, 61, 79, 80, 81, 139, 140, 141, 200];
    for columns in (1..24).chain((24..200).step_by(13)).chain(edges) {
        for rows in (1..14).chain((14..61).step_by(3)) {
            // All four scenes take their turn at each width.
            let (state, now) = &scenes[(columns + rows) % scenes.len()];
            draws(state, *now, columns as u16, rows as u16);
        }
    }
}

#[track_caller]
fn draws(state: &State, now: Moment, columns: u16, rows: u16) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    let cursor = view::draw(state, now, &mut buffer);
    assert!(cursor.position.x < columns && cursor.position.y < rows, "{columns}x{rows}");
    assert!(!text_of(&buffer).trim().is_empty(), "{columns}x{rows}");
}

#[test]
fn a_window_of_no_cells_is_drawn_too() {
    let (state, now) = scene(Scene::Busy);
    for (columns, rows) in [(0, 0), (0, 24), (80, 0)] {
        view::draw(&state, now, &mut Buffer::empty(Rect::new(0, 0, columns, rows)));
    }
}

#[test]
fn names_are_cut_by_what_they_take_on_the_screen_and_move_no_column() {
    let mut desk = Desk::idle();
    desk.rings(1, "湯川秀樹さんの長い名前です", "+81");
    desk.rings(2, "Renée\u{301}e Noether-Weierstrass", "+49");
    desk.rings(3, "plain", "+1");
    desk.rings(4, "\u{1b}[31m\u{202e}evil", "+0");
    let buffer = desk.buffer(80, 24);
    let plus = |y: u16| (0..80).filter(|x| buffer[(*x, y)].symbol() == "+").collect::<Vec<u16>>();
    assert_eq!((plus(2), plus(3), plus(5)), (plus(4), plus(4), plus(4)));
    let screen = desk.screen(80, 24);
    assert!(!screen.contains("[31m") && screen.contains("evil"), "{screen}");
}

#[test]
fn clocks_tick_and_promises_count_down() {
    let mut desk = Desk::idle();
    desk.talks(1, "Alice Meyer", "1");
    desk.parked(1, "Gus Lind", "2", "104", "103", 10);
    desk.wait_ms(5_000);
    let screen = desk.screen(80, 24);
    assert!(screen.contains("0:05") && screen.contains("0:15"), "{screen}");
    assert!(screen.contains("rings Ben in 0:30"), "{screen}");
    desk.wait_ms(31_000);
    let screen = desk.screen(160, 45);
    assert!(screen.contains("rings Ben in 0:00"), "{screen}");
}

#[test]
fn marks_grow_with_the_wait() {
    let mut desk = Desk::idle();
    for (key, waited_s, wanted) in [(1, 10, "0:10   "), (2, 20, "0:20 ! "), (3, 36, "0:36 !!")] {
        desk.parked(key, "Gus Lind", "2", "104", "103", waited_s);
        let screen = desk.screen(80, 24);
        assert!(screen.contains(wanted), "{wanted}\n{screen}");
    }
}

#[test]
fn an_idle_desk_wakes_for_its_minute_clock_alone_and_changes_that_alone() {
    let mut desk = Desk::idle();
    let wakeup = next_wakeup(&desk.state, desk.now);
    assert_eq!(wakeup.at.since(desk.now).as_secs(), 60);
    let before = desk.buffer(80, 24);
    desk.wait_ms(59_999);
    assert!(before.diff(&desk.buffer(80, 24)).is_empty());
    desk.wait_ms(1);
    let after = desk.buffer(80, 24);
    assert_eq!(before.diff(&after).len(), 1);
    assert!(desk.screen(80, 24).contains("09:31"));
}

#[test]
fn a_second_changes_only_the_cells_that_count_it() {
    let mut desk = Desk::idle();
    desk.talks(1, "Alice Meyer", "1");
    desk.parked(1, "Gus Lind", "2", "104", "103", 11);
    let before = desk.buffer(80, 24);
    desk.wait_ms(1_000);
    let changed = before.diff(&desk.buffer(80, 24)).len();
    assert!((1..=6).contains(&changed), "{changed}");
}

#[test]
fn ticks_can_be_slower_or_off() {
    let mut desk = Desk::idle();
    desk.talks(1, "Alice Meyer", "1");
    desk.state.options.ticks = Ticks::EveryTenSeconds;
    assert_eq!(next_wakeup(&desk.state, desk.now).at.since(desk.now).as_secs(), 10);
    desk.state.options.ticks = Ticks::Off;
    assert_eq!(next_wakeup(&desk.state, desk.now).at.since(desk.now).as_secs(), 60);
}

fn lamp_is_red(desk: &Desk) -> bool {
    let buffer = desk.buffer(80, 24);
    let row: Vec<_> = (0..80).map(|x| &buffer[(x, 0)]).collect();
    let lamp = row.iter().find(|cell| cell.symbol() == "[").unwrap();
    lamp.fg == ratatui::style::Color::Red && lamp.modifier.contains(Modifier::REVERSED)
}

#[test]
fn the_parked_lamp_blinks_once_a_second_while_a_call_waits_for_me() {
    let mut desk = Desk::idle();
    desk.parked(1, "Gus Lind", "2", "104", "101", 1);
    assert!(!desk.screen(80, 24).contains("[PARKED"));
    desk.parked(2, "Dana Fox", "3", "101", "102", 1);
    assert!(desk.screen(80, 24).contains("[PARKED 1]"));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(lamp_is_red(&desk));
        desk.wait_ms(1_000);
    }
    assert_eq!(seen, [true, false, true, false]);
    desk.state.options.blink = false;
    assert!(lamp_is_red(&desk));
    desk.wait_ms(1_000);
    assert!(lamp_is_red(&desk));
}

#[test]
fn a_lost_table_says_that_it_may_be_wrong_and_keeps_its_rows() {
    let mut desk = Desk::idle();
    desk.parked(2, "Dana Fox", "3", "101", "102", 1);
    desk.hear(Heard::ParkTableChanged { table: None, at: desk.now });
    let screen = desk.screen(80, 24);
    assert!(screen.contains("MAY BE WRONG") && screen.contains("Dana Fox"), "{screen}");
    assert!(screen.contains("[PARKED 1?]"), "{screen}");
}

#[test]
fn the_hints_name_whom_a_key_would_hit() {
    let mut desk = Desk::idle();
    desk.parked(9, "Dana Fox", "3", "101", "102", 1);
    desk.rings(1, "Carla Diaz", "4");
    let screen = desk.screen(80, 24);
    for hint in ["Space Answer Carla", "r Get Dana", "o Oldest Dana"] {
        assert!(screen.contains(hint), "{hint}\n{screen}");
    }
    assert!(!screen.contains("p Park"), "{screen}");
    desk.talks(1, "Carla Diaz", "4");
    let screen = desk.screen(80, 24);
    for hint in ["p Park Carla", "g Group park", "t Send", "h Hold", "xx Hang up", "m Mute"] {
        assert!(screen.contains(hint), "{hint}\n{screen}");
    }
    desk.holds(1, "Carla Diaz", "4");
    assert!(desk.screen(80, 24).contains("h Resume Carla"), "{}", desk.screen(80, 24));
    let again = desk.keys("x").screen(80, 24);
    assert!(again.contains("x again: HANG UP Carla Diaz"), "{again}");
}

#[test]
fn the_cursor_is_at_the_selected_row_or_in_the_field() {
    let mut desk = Desk::idle();
    desk.parked(9, "Dana Fox", "3", "101", "102", 1);
    let cursor = |desk: &Desk| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
        let cursor = view::draw(&desk.state, desk.now, &mut buffer);
        (buffer[cursor.position].symbol().to_owned(), cursor.visible)
    };
    desk.keys("Down");
    assert_eq!(cursor(&desk), (">".to_owned(), true));
    desk.keys("1");
    assert_eq!(cursor(&desk), ("_".to_owned(), true));
}

const KEYS: &[&str] = &[
    "Space",
    "Enter",
    "Esc",
    "Tab",
    "Up",
    "Down",
    "Backspace",
    "p",
    "g",
    "r",
    "o",
    "l",
    "a",
    "t",
    "h",
    "m",
    "d",
    "x",
    "x",
    "u",
    "?",
    ":",
    "q",
    "C-c",
    "C-z",
    "C-l",
    "F2",
    "F5",
    "F6",
    "F7",
    "F12",
    "0",
    "1",
    "1",
    "0",
    "5",
    "*",
    "#",
    "+",
    "-",
    "A",
    "B",
    "C",
    "D",
    "Z",
    "é",
    "Home",
];

/// 200 people who press whatever they like while calls come and go.
#[test]
fn no_keys_in_any_order_break_the_desk() {
    for seed in 0..200 {
        let mut chance = Chance::from_seed(seed);
        let mut desk = Desk::idle();
        for _ in 0..200 {
            let key = chance.pick(KEYS).unwrap();
            desk.now = desk.now + std::time::Duration::from_millis(chance.below(700));
            desk.tell(press(key));
            if chance.below(3) == 0 {
                something_happens(&mut desk, &mut chance);
            }
            if chance.below(10) == 0 {
                let (columns, rows) = (chance.below(170) as u16 + 1, chance.below(50) as u16 + 1);
                draws(&desk.state, desk.now, columns, rows);
            }
            let wakeup = next_wakeup(&desk.state, desk.now);
            assert!(wakeup.at > desk.now, "seed {seed}: woken for ever by {wakeup:?}");
        }
    }
}

fn something_happens(desk: &mut Desk, chance: &mut Chance) {
    let id = chance.below(6) as u32;
    let known = desk.state.calls.get(LineId(id)).is_some();
    let key = chance.below(14) as u32;
    match chance.below(9) {
        0 => desk.rings(id, "Ada Byron", "+44"),
        1 => desk.talks(id, "湯川秀樹", "+81"),
        2 => desk.holds(id, "", "anonymous"),
        3 => desk.recalls(id + 10, "Gus Lind", "1", "104"),
        4 if known => {
            desk.ends(id, chance.pick(&[Ended::FarEnd, Ended::Parked, Ended::Missed]).unwrap())
        }
        5 => {
            desk.gone(key);
            desk.parked(key, "Dana Fox", "3", "101", "102", u64::from(key));
        }
        6 => desk.gone(key),
        7 => desk
            .hear(Heard::CallRetrieved { line: LineId(id), caller: Caller::new("Dana Fox", "3") }),
        _ => drop(update(&mut desk.state, Event::Tick, desk.now)),
    }
}
