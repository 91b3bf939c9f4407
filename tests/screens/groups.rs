//! The admin screen, key by key: what the office is asked, what is shown, and
//! that calls are taken and parked from every part of it (product S21, S22, M9).

use bellhop::app::pictures::{Scene, scene, screen};
use bellhop::console::Effect;
use bellhop::console::event::Event;
use bellhop::domain::administration::{GroupForm, Groups, Objection, Outcome, RingGroupName, Wish};
use bellhop::phone::messages::{Command, Event as Heard, LineId};

use crate::desk::{Desk, extension, text_of};

fn group(name: &str, members: &[&str]) -> GroupForm {
    let members = members.iter().map(|member| (*member).to_owned()).collect();
    GroupForm { name: name.to_owned(), members, ..GroupForm::default() }
}

fn front_desk() -> GroupForm {
    let recall_timer = Some("30s".to_owned());
    GroupForm { recall_timer, ..group("Front desk", &["101", "102", "103"]) }
}

fn sales() -> RingGroupName {
    RingGroupName { number: extension("600"), name: "Sales".to_owned() }
}

fn groups() -> Groups {
    Groups { groups: vec![front_desk(), group("Shop", &["105"])], ring_groups: vec![sales()] }
}

/// The list is open, and the office has said what there is.
fn open_with(groups: Groups) -> Desk {
    let mut desk = Desk::idle();
    desk.keys("C-g");
    assert_eq!(desk.commands(), [Command::Administer { wish: Wish::List }]);
    desk.hear(Heard::Administered(Outcome::Done(groups)));
    desk
}

fn open() -> Desk {
    open_with(groups())
}

#[track_caller]
fn asks(desk: &mut Desk, keys: &str, wish: Wish) {
    let commands = desk.keys(keys).commands();
    assert_eq!(commands, [Command::Administer { wish }], "{}", desk.screen(80, 24));
}

fn edit(name: &str, group: GroupForm) -> Wish {
    let was = groups().groups.into_iter().find(|group| group.name == name);
    Wish::Edit { name: name.to_owned(), was, group }
}

fn refused(field: &str, words: &str) -> Heard {
    Heard::Administered(Outcome::Refused(vec![Objection::new(field, words)]))
}

#[test]
fn s21_the_list_opens_by_key_and_by_command_and_esc_leaves_it() {
    let mut desk = open();
    let shown = desk.screen(80, 24);
    for words in ["GROUPS 2", "Front desk", "after 30s: the parker", "102 Alice Weber", "n New"] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    assert!(!desk.keys("Esc").screen(80, 24).contains("GROUPS"));
    let mut desk = Desk::idle();
    desk.keys(": g r o u p s Enter");
    assert_eq!(desk.commands(), [Command::Administer { wish: Wish::List }]);
    assert!(desk.screen(80, 24).contains("asking the office"));
}

#[test]
fn s22_who_is_no_administrator_is_told_why_and_is_back_at_the_desk() {
    let mut desk = Desk::idle();
    desk.keys("C-g").commands();
    desk.hear(refused("", "101 is no administrator: admin = true makes one"));
    assert_eq!(desk.last_notice(), "Groups: 101 is no administrator: admin = true makes one");
    assert!(!desk.screen(80, 24).contains("GROUPS"));
    assert!(desk.keys("C-g").commands().len() == 1, "he may ask again");
}

#[test]
fn s21_a_group_is_written_field_by_field_and_what_is_left_empty_is_not_said() {
    let mut desk = open();
    desk.keys("n B a c k Down Enter Enter Down Enter Esc");
    asks(
        &mut desk,
        "Down 2 0 s C-s",
        Wish::Add {
            group: GroupForm {
                recall_timer: Some("20s".to_owned()),
                ..group("Back", &["101", "103"])
            },
        },
    );
    let mut after = groups();
    after.groups.push(group("Back", &["101", "103"]));
    desk.hear(Heard::Administered(Outcome::Done(after)));
    assert_eq!(desk.last_notice(), "The group Back is there now");
    assert!(desk.screen(80, 24).contains("> Back"), "{}", desk.screen(80, 24));
}

#[test]
fn s21_what_is_not_touched_is_sent_as_it_was() {
    asks(&mut open(), "Enter C-s", edit("Front desk", front_desk()));
    let renamed = GroupForm { name: "Front".to_owned(), ..front_desk() };
    let erase = "Enter Backspace Backspace Backspace Backspace Backspace F10";
    asks(&mut open(), erase, edit("Front desk", renamed));
}

#[test]
fn s33_to_s37_the_recall_destination_is_chosen_and_a_ring_group_only_where_there_is_one() {
    let with = |to: &str| GroupForm { recall_to: Some(to.to_owned()), ..group("Shop", &["105"]) };
    let ring_group = Some("600".to_owned());
    let down = "Down Enter Down Down Down";
    let both = GroupForm {
        ring_group: ring_group.clone(),
        ring_group_wait: Some("9s".to_owned()),
        ..with("parking-user-then-ring-group")
    };
    asks(&mut open(), &format!("{down} Right Down Down 9 s C-s"), edit("Shop", both));
    let alone = GroupForm { ring_group, ..with("ring-group") };
    asks(&mut open(), &format!("{down} Right Right C-s"), edit("Shop", alone));
    let number = with("number:0301");
    asks(&mut open(), &format!("{down} Left Down 0 3 0 1 C-s"), edit("Shop", number));
    // Without one the policies that need it are not offered.
    let mut desk = open_with(Groups { ring_groups: Vec::new(), ..groups() });
    desk.keys(&format!("{down} Right"));
    let shown = desk.screen(80, 24);
    assert!(shown.contains("< a number, inside or outside >"), "{shown}");
    asks(&mut desk, "Right C-s", edit("Shop", group("Shop", &["105"])));
}

#[test]
fn s31_the_alarm_takes_a_count_and_then_somebody_else_to_ring() {
    let mut desk = open();
    desk.keys("Down Enter Down Down Down Down 3 Down 1 0 2");
    let wanted = GroupForm {
        recall_rounds: Some(3),
        recall_fallback: Some("number:102".to_owned()),
        ..group("Shop", &["105"])
    };
    asks(&mut desk, "C-s", edit("Shop", wanted));
    let mut desk = open();
    desk.keys("Down Enter Down Down Down Down x C-s");
    assert_eq!(desk.commands(), []);
    assert!(desk.screen(80, 24).contains("not a whole number"), "{}", desk.screen(80, 24));
}

#[test]
fn s23_members_are_put_in_taken_out_and_moved_in_their_order() {
    let mut desk = open();
    desk.keys("Enter Down Enter");
    let shown = desk.screen(80, 24);
    for words in ["MEMBERS 3", "AVAILABLE 4", "105 Dev Patel (in Shop)", "Enter Take out"] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    // 102 before 101, then 103 out, then 104 and 106 in.
    desk.keys("d Down Enter Right Down Enter");
    asks(
        &mut desk,
        "Down Enter Esc C-s",
        edit(
            "Front desk",
            GroupForm {
                members: vec!["102".into(), "101".into(), "104".into(), "106".into()],
                ..front_desk()
            },
        ),
    );
}

#[test]
fn s17_a_complaint_stands_at_its_field_and_the_cursor_too() {
    let mut desk = open();
    desk.keys("Enter C-s").commands();
    let words = "105 is in the call park group Shop already, and cannot be in Front desk too";
    desk.hear(refused("members", words));
    let shown = desk.screen(80, 24);
    let rows: Vec<&str> = shown.lines().collect();
    let at = rows.iter().position(|row| row.contains("> Members")).expect(&shown);
    assert!(rows[at + 1].trim_start().starts_with("105 is in the call park group"), "{shown}");
    assert!(desk.last_notice().starts_with("Groups: 105 is in"), "{}", desk.last_notice());
    // Nothing typed is lost, and it can be saved again.
    asks(&mut desk, "C-s", edit("Front desk", front_desk()));
}

#[test]
fn s21_the_list_is_asked_for_anew_when_one_comes_back_to_it() {
    let mut desk = open();
    desk.keys("Enter C-s").commands();
    desk.hear(refused("", "somebody has changed the group Front desk meanwhile: look at it again"));
    asks(&mut desk, "Esc", Wish::List);
    let changed = Groups { groups: vec![group("Front hall", &["107"])], ..groups() };
    desk.hear(Heard::Administered(Outcome::Done(changed)));
    assert!(desk.screen(80, 24).contains("> Front hall"), "{}", desk.screen(80, 24));
}

#[test]
fn s21_deleting_asks_and_only_y_does_it() {
    let mut desk = open();
    desk.keys("Down d");
    assert!(desk.screen(80, 24).contains("DELETE the group Shop?"));
    assert_eq!(desk.keys("Enter").commands(), []);
    assert_eq!(desk.keys("Esc").commands(), []);
    asks(&mut desk, "d y", Wish::Delete { name: "Shop".to_owned() });
    desk.hear(Heard::Administered(Outcome::Done(Groups {
        groups: vec![front_desk()],
        ..groups()
    })));
    assert_eq!(desk.last_notice(), "The group Shop is deleted; its calls stay where they are");
}

#[test]
fn m9_calls_are_taken_parked_and_fetched_in_one_key_from_every_part_of_it() {
    for keys in ["", "n", "n Down Enter", "d", "n Down Down Down"] {
        let mut desk = open();
        if !keys.is_empty() {
            desk.keys(keys);
        }
        desk.rings(1, "Alice Meyer", "+33386002678");
        let shown = desk.screen(80, 24);
        assert!(
            shown.contains("Alice Meyer") && shown.contains("F2 Answer Alice")
                || shown.contains("Space Answer Alice"),
            "{keys}: {shown}"
        );
        assert_eq!(desk.keys("F2").commands(), [Command::Answer { line: LineId(1) }], "{keys}");
        desk.talks(1, "Alice Meyer", "+33386002678");
        assert_eq!(desk.keys("F5").commands(), [Command::Park { line: LineId(1), at: None }]);
        assert_eq!(desk.keys("F6").commands(), [Command::GroupPark { line: LineId(1) }]);
        assert!(matches!(desk.keys("F7").commands()[..], [Command::Retrieve { .. }]));
        let shown = desk.screen(80, 24);
        assert!(shown.contains("GROUP") || shown.contains("MEMBERS"), "{keys}: {shown}");
    }
}

#[test]
fn what_lies_over_it_for_a_moment_loses_nothing_that_was_typed() {
    let mut desk = open();
    desk.keys("n B a c k");
    desk.talks(1, "Alice Meyer", "1");
    desk.keys("C-c");
    assert!(desk.screen(80, 24).contains("QUIT?"));
    desk.keys("Esc");
    desk.tell(Event::Paste("stairs\n".to_owned()));
    assert!(desk.screen(80, 24).contains("Backstairs"), "{}", desk.screen(80, 24));
    assert!(desk.done.iter().all(|effect| *effect != Effect::Quit));
}

#[test]
fn while_the_office_thinks_nothing_is_asked_twice_and_late_words_are_still_said() {
    let mut desk = open();
    asks(&mut desk, "d y", Wish::Delete { name: "Front desk".to_owned() });
    assert_eq!(desk.keys("y").commands(), []);
    assert_eq!(desk.last_notice(), "The office has not answered yet");
    desk.keys("Esc Esc");
    desk.hear(refused("", "office.toml cannot be written: this user may not write it"));
    assert!(desk.last_notice().contains("cannot be written"));
}

#[test]
fn names_from_a_file_or_the_office_cannot_write_on_the_screen() {
    let evil = "\u{1b}[31mEvil\u{202e}\u{7}";
    let mut desk = open_with(Groups {
        groups: vec![group(evil, &[evil])],
        ring_groups: vec![RingGroupName { number: extension("600"), name: evil.to_owned() }],
    });
    desk.hear(refused("", evil));
    for keys in ["Up", "Enter", "Down Enter"] {
        let shown = desk.keys(keys).screen(80, 24);
        assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{shown:?}");
    }
}

#[test]
fn the_screens_of_the_manual() {
    for (name, which, columns, rows) in [
        ("groups_80x24", Scene::Groups, 80, 24),
        ("groups_form_80x24", Scene::GroupForm, 80, 24),
        ("groups_members_160x45", Scene::GroupMembers, 160, 45),
        ("groups_form_40x10", Scene::GroupForm, 40, 10),
        ("groups_form_20x3", Scene::GroupForm, 20, 3),
    ] {
        let (state, now) = scene(which);
        insta::assert_snapshot!(name, text_of(&screen(&state, now, columns, rows).0));
    }
}
