//! docs/CONFIGURATION.md tells the truth, and all of it.

use std::fs;
use std::path::Path;

use bellhop::config::{Desk, Kind, Office, kind_of};
use bellhop::console::keymap::Keymap;

fn manual() -> String {
    fs::read_to_string("docs/CONFIGURATION.md").unwrap()
}

#[test]
fn every_setting_the_program_reads_is_in_the_manual() {
    let manual = manual();
    let mut keys = Vec::new();
    keys_read_in(Path::new("src/config"), &mut keys);
    assert!(keys.len() > 60, "{keys:?}");
    let words: Vec<&str> = manual.split(|c: char| c != '_' && !c.is_ascii_alphanumeric()).collect();
    let untold: Vec<_> = keys.iter().filter(|key| !words.contains(&key.as_str())).collect();
    assert!(untold.is_empty(), "{untold:?}");
}

#[test]
fn every_example_of_the_manual_is_right() {
    let manual = manual();
    let examples = manual.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut kinds = Vec::new();
    for text in examples {
        let mut files = |_: &str| Ok(b"secret".to_vec());
        let kind = kind_of("example.toml", text);
        let findings = match kind {
            Kind::Office => Office::parse("example", text, &mut files).unwrap().1,
            Kind::Desk => Desk::parse("example", text, &[], &mut files).unwrap().1,
            Kind::Keys => {
                let default = Keymap::shipped("default").unwrap();
                default
                    .with_changes("example", text)
                    .map(|_| Default::default())
                    .unwrap_or_else(|faults| panic!("{faults:?}"))
            }
        };
        assert_eq!(findings.to_string(), "");
        kinds.push(kind);
    }
    assert_eq!(kinds, [Kind::Office, Kind::Desk, Kind::Keys]);
}

/// The literals that settings are asked for by.
fn keys_read_in(folder: &Path, keys: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            keys_read_in(&path, keys);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for call in
            ["take(\"", "take_secret(\"", "section(\"", "sections(\"", "device(\"", "    (\""]
        {
            let literals = text.split(call).skip(1).filter_map(|rest| rest.split('"').next());
            keys.extend(literals.map(str::to_owned));
        }
    }
    keys.retain(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
    keys.sort();
    keys.dedup();
}
