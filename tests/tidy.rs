//! House rules that the compiler does not know: who may lean on whom, and
//! what the pure rooms may not mention.

#![allow(clippy::unwrap_used, reason = "an unreadable house is not tidy")]

use std::fs;
use std::path::{Path, PathBuf};

/// Every room of `src` and the rooms it may lean on.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("park", &["domain"]),
    ("sip", &["domain"]),
    ("media", &["domain", "sip"]),
    ("phone", &["domain", "sip", "media"]),
    ("provision", &["domain", "sip"]),
    ("exchange", &["domain", "sip", "media", "park"]),
    ("console", &["domain", "phone"]),
    ("config", &["domain"]),
    ("sim", &["domain", "park", "sip", "media", "phone", "exchange", "console"]),
    (
        "edge",
        &["domain", "park", "sip", "media", "phone", "exchange", "provision", "console", "config"],
    ),
    (
        "app",
        &[
            "domain",
            "park",
            "sip",
            "media",
            "phone",
            "exchange",
            "provision",
            "console",
            "config",
            "sim",
            "edge",
        ],
    ),
];
/// Rooms that must not know there is an outside world.
const PURE: &[&str] = &[
    "domain",
    "park",
    "sip",
    "media",
    "phone",
    "exchange",
    "provision",
    "console",
    "config",
    "sim",
];
/// `media` speaks of SDP, not of SIP; `console` never sees a SIP message.
const FORBIDDEN_PATHS: &[(&str, &str)] = &[("media", "crate::sip::"), ("console", "crate::sip")];
const EXCEPT: &[(&str, &str)] = &[("media", "crate::sip::sdp")];
const OUTSIDE: &str = "async tokio getrandom rand:: RandomState Instant SystemTime \
    std::env std::fs std::io std::net std::process std::sync std::thread";

#[test]
fn every_room_leans_only_on_its_friends_and_the_pure_ones_on_nothing_outside() {
    let faults: Vec<String> = rust_files(Path::new("src"))
        .iter()
        .filter_map(|path| Some((path, room_of(path)?)))
        .flat_map(|(path, room)| {
            let text = fs::read_to_string(path).unwrap();
            let faults = faults_in(&room, &text).into_iter();
            faults.map(move |fault| format!("{}: {fault}", path.display()))
        })
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_file_opens_by_saying_what_it_is_for() {
    let silent: Vec<_> = rust_files(Path::new("src"))
        .into_iter()
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//!"))
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

/// The rows of what the office promises (S28 is not used).
fn promised() -> Vec<String> {
    let numbered = |letter: char, last: u32| (1..=last).map(move |n| format!("{letter}{n}"));
    let others = ["M1", "M3", "M4", "M5", "M7", "M10"].map(str::to_owned);
    numbered('S', 55).filter(|row| row != "S28").chain(numbered('Q', 22)).chain(others).collect()
}

#[test]
fn every_promise_has_its_row_and_every_test_named_there_exists() {
    let manual = fs::read_to_string("docs/BEHAVIOUR.md").unwrap();
    let faults = faults_of_manual(&manual, |path| fs::read_to_string(path).ok());
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn a_promise_without_a_proof_is_found() {
    let row = |row: &String| format!("| {row} | words | `a.rs`: `it_holds` |\n");
    let whole: String = promised().iter().map(row).collect();
    let read = |path: &str| (path == "a.rs").then(|| "fn it_holds() {".to_owned());
    assert!(faults_of_manual(&whole, read).is_empty());
    let lacking = whole.replace("| S9 |", "| S99 |");
    assert_eq!(faults_of_manual(&lacking, read), ["S9 has no row"]);
    let unproved = whole.replacen("`a.rs`: `it_holds`", "", 1);
    assert_eq!(faults_of_manual(&unproved, read), ["S1 names no test"]);
    let gone = whole.replacen("it_holds", "it_held", 1);
    assert_eq!(faults_of_manual(&gone, read), ["S1: no test it_held in a.rs"]);
}

fn faults_of_manual(manual: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let rows = manual.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        Some((cells.next()?, cells.last()?))
    });
    let rows: Vec<(&str, &str)> = rows.collect();
    let mut faults = Vec::new();
    for row in promised() {
        let Some((_, proofs)) = rows.iter().find(|(name, _)| *name == row) else {
            faults.push(format!("{row} has no row"));
            continue;
        };
        let named: Vec<&str> = proofs.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            faults.push(format!("{row} names no test"));
        }
        for pair in named.chunks(2) {
            let [path, test] = pair else { continue };
            let there = read(path).is_some_and(|text| text.contains(&format!("fn {test}()")));
            if !there {
                faults.push(format!("{row}: no test {test} in {path}"));
            }
        }
    }
    faults
}

#[test]
fn a_broken_rule_is_found() {
    assert_eq!(faults_in("park", "use crate::edge::x;"), ["`park` leans on `edge`"]);
    assert_eq!(faults_in("park", "Instant::now()"), ["`park` mentions `Instant`"]);
    assert_eq!(faults_in("attic", ""), ["`attic` is not among the ROOMS"]);
    assert_eq!(faults_in("media", "crate::sip::wire"), ["`media` mentions `crate::sip::`"]);
    assert!(faults_in("media", "crate::sip::sdp::X").is_empty());
    assert!(faults_in("edge", "// crate::sim\nInstant::now()").is_empty());
}

fn faults_in(room: &str, text: &str) -> Vec<String> {
    let Some((_, friends)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![format!("`{room}` is not among the ROOMS")];
    };
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut code: String = code.flat_map(|line| [line, "\n"]).collect();
    let strangers = rooms_named_in(&code).filter(|used| *used != room && !friends.contains(used));
    let mut faults: Vec<String> =
        strangers.map(|used| format!("`{room}` leans on `{used}`")).collect();
    for (_, allowed) in EXCEPT.iter().filter(|(of, _)| *of == room) {
        code = code.replace(allowed, "");
    }
    let paths = FORBIDDEN_PATHS.iter().filter(|(of, path)| *of == room && code.contains(path));
    faults.extend(paths.map(|(_, path)| format!("`{room}` mentions `{path}`")));
    let words = OUTSIDE.split_whitespace();
    let leaks = words.filter(|word| PURE.contains(&room) && mentions(&code, word));
    faults.extend(leaks.map(|word| format!("`{room}` mentions `{word}`")));
    faults
}

/// As a word of its own: `Instantly` is no `Instant`.
fn mentions(code: &str, word: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c == '_' || c.is_alphanumeric());
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        !inside(before) && (word.ends_with(':') || !inside(after))
    })
}

fn rooms_named_in(code: &str) -> impl Iterator<Item = &str> {
    let paths = code.split("crate::").skip(1);
    paths.map(|path| path.split(|c: char| c != '_' && !c.is_alphanumeric()).next().unwrap())
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// The folder under `src`; none for `lib.rs` itself.
fn room_of(path: &Path) -> Option<String> {
    let mut parts = path.strip_prefix("src").ok()?.components();
    let room = parts.next()?.as_os_str().to_str()?.to_owned();
    parts.next().map(|_| room)
}
