//! The keymaps that come with the program, and complaints about others.

use bellhop::console::keymap::{Keymap, SHIPPED};

fn complaints(text: &str) -> Vec<String> {
    let base = Keymap::shipped("default").unwrap();
    let complaints = base.with_changes("keys.toml", text).unwrap_err();
    complaints.iter().map(ToString::to_string).collect()
}

#[test]
fn the_bundled_keymaps_have_no_faults() {
    for (name, _) in SHIPPED {
        assert_eq!(Keymap::shipped(name).map(drop), Ok(()), "{name}");
    }
}

#[test]
fn the_list_of_bindings_is_as_printed() {
    for (name, _) in SHIPPED {
        insta::assert_snapshot!(
            format!("bindings_{name}"),
            Keymap::shipped(name).unwrap().listing()
        );
    }
}

#[test]
fn every_fault_is_found_in_one_pass_and_names_its_place() {
    let text = "[desk]\n\"z\" = \"park.heer\"\n\"Spase\" = \"hold\"\n\"F5\" = \"hold\"\n\"f5\" = \"mute\"\n\
        \"q\" = 3\n\"w\" = { desc = \"?\" }\n\"e\" = { run = \"mute\", dsc = \"?\" }\n[dek]\n\"p\" = \"none\"\n";
    assert_eq!(
        complaints(text),
        [
            "keys.toml:2:7: unknown action \"park.heer\"; did you mean \"park.here\"?",
            "keys.toml:3:1: unknown key \"Spase\"; did you mean \"Space\"?",
            "keys.toml:5:1: bound twice in [desk]: the key \"f5\"",
            "keys.toml:6:7: a key is bound to an action's name, not to a \"integer\"",
            "keys.toml:7:7: `run` is missing: which action?",
            "keys.toml:8:23: unknown field \"dsc\"; did you mean \"desc\"?",
            "keys.toml:9:2: unknown context \"dek\"; did you mean \"desk\"?",
        ]
    );
}

#[test]
fn text_that_is_no_toml_and_a_key_written_twice_are_complained_of() {
    assert!(complaints("[desk]\n\"p\" \"hold\"\n")[0].starts_with("keys.toml:2:"));
    assert!(
        complaints("[desk]\n\"p\" = \"hold\"\n\"p\" = \"mute\"\n")[0].starts_with("keys.toml:3:")
    );
}

#[test]
fn an_essential_action_keeps_a_key() {
    let text = "[desk]\n\"p\" = \"none\"\n\"F5\" = \"none\"\n";
    assert_eq!(complaints(text), ["keys.toml: no key is left in [desk] for \"park.here\""]);
}

#[test]
fn changes_move_keys_and_take_their_words_along() {
    use bellhop::console::intent::{Action, Context};
    let text = "[desk]\n\"z\" = \"park.here\"\n\"p\" = { run = \"hold\", desc = \"Wait\" }\n";
    let map = Keymap::shipped("default").unwrap().with_changes("keys.toml", text).unwrap();
    let keys: Vec<String> = map.keys(Context::Desk, Action::Park).map(|k| k.to_string()).collect();
    assert_eq!(keys, ["z", "F5"]);
    assert_eq!(map.desc(Context::Desk, Action::Park), "Park");
    assert_eq!(map.desc(Context::Desk, Action::Hold), "Wait");
    assert_eq!(map.keys(Context::Desk, Action::Hold).next().unwrap().to_string(), "p");
}

#[test]
fn an_unknown_keymap_is_named_with_the_nearest() {
    let complaint = Keymap::shipped("defalt").unwrap_err().remove(0).to_string();
    assert!(complaint.contains("\"defalt\"; did you mean \"default\"?"), "{complaint}");
}

#[test]
fn the_settings_know_the_same_keymaps() {
    let shipped = SHIPPED.map(|(name, _)| name);
    assert_eq!(shipped, bellhop::config::desk::KEYMAPS);
}

#[test]
fn a_page_of_keys_leads_on_and_leaves_numbers_to_the_field() {
    assert_eq!(
        complaints("[desk]\n\"y\" = \"more\"\n\"w\" = \"parked.show\"\n"),
        [
            "keys.toml: no key in [more] does anything; it is opened by \"more\"",
            "keys.toml: no key in [parked] does retrieve; it is opened by \"parked.show\"",
        ]
    );
    assert_eq!(
        complaints("[place]\n\"v\" = \"none\"\n\".\" = \"none\"\n\"Enter\" = \"none\"\n"),
        [
            "keys.toml: no key in [place] does park.visual or park.ask or park.here; it is opened by \"park.visual\""
        ]
    );
    assert_eq!(
        complaints(
            "[place]\n\"1\" = \"park.here\"\n\"D\" = \"park.here\"\n\"Enter\" = \"back\"\n\"enter\" = \"erase\"\n"
        ),
        [
            "keys.toml:2:1: typed into To: in [place], and so no key for anything else: \"1\"",
            "keys.toml:3:1: typed into To: in [place], and so no key for anything else: \"D\"",
            "keys.toml:5:1: bound twice in [place]: the key \"enter\"",
        ]
    );
}
