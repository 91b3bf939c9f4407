//! Who plays in the demo: the colleagues of the office, and those who call.

use crate::sim::people::voice::{PITCHES, Pitch};

/// The receptionist's own extension: the person at the terminal.
pub const DESK: &str = "101";
/// Her voice, when she is played; nobody else of the cast has it.
pub const DESK_PITCH: Pitch = Pitch(PITCHES - 1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colleague {
    /// As the script calls him.
    pub key: &'static str,
    pub number: &'static str,
    pub name: &'static str,
    pub password: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    pub key: &'static str,
    pub number: &'static str,
    pub name: &'static str,
}

const fn colleague(
    key: &'static str,
    number: &'static str,
    name: &'static str,
    password: &'static str,
) -> Colleague {
    Colleague { key, number, name, password }
}

const fn caller(key: &'static str, number: &'static str, name: &'static str) -> Caller {
    Caller { key, number, name }
}

/// In the order of the office's group.
pub fn colleagues() -> &'static [Colleague] {
    const ALL: &[Colleague] = &[
        colleague("desk", DESK, "Reception", "rehearsal-of-the-desk"),
        colleague("bob", "102", "Bob Miller", "rehearsal-of-bob"),
        colleague("carol", "103", "Carol Jones", "rehearsal-of-carol"),
        colleague("dave", "104", "Dave Fischer", "rehearsal-of-dave"),
        colleague("erin", "105", "Erin Novak", "rehearsal-of-erin"),
    ];
    ALL
}

/// Names of many countries, because callers have them. The numbers are of the
/// ranges kept for fiction.
pub fn callers() -> &'static [Caller] {
    const ALL: &[Caller] = &[
        caller("alice", "+33199002678", "Alice Smith"),
        caller("zoe", "+4930230125401", "Zoë Müller"),
        caller("frank", "+13125550142", "Frank O'Neil"),
        caller("grace", "+442079460018", "Grace Hopper & Sons"),
        caller("henri", "+33353017732", "Henri Dupont"),
        caller("ines", "+351210000017", "Inês Conceição"),
        caller("jack", "+12125550188", "Jack \"JJ\" Johnson"),
        caller("kumiko", "+81312345670", "湯川 久美子"),
        caller("lars", "+46705550119", "Lars Ångström"),
        caller("maria", "+390612345601", "Maria Rossi"),
        caller("nikos", "+302101234501", "Νίκος Παππάς"),
        caller("olga", "+79585550133", "Ольга Иванова"),
        caller("pedro", "+34910001122", "Pedro García"),
        caller("quentin", "+33199004711", ""),
    ];
    ALL
}
