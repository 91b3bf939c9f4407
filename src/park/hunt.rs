//! Group park: which member a call is parked against (product S23-S25, Q2-Q4).

use crate::domain::ids::Extension;

/// A member of the group, as the office sees him this instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub extension: Extension,
    pub name: String,
    pub registered: bool,
    pub do_not_disturb: bool,
    /// A device of his rings or is in a call.
    pub busy: bool,
    /// Calls parked against him.
    pub parked: usize,
    /// His place holds no more (product Q5).
    pub full: bool,
}

/// Where the hunt ended, and why, in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub at: Extension,
    pub why: String,
}

/// Hunts `members` in their assigned order, always from the first. The
/// parker himself counts only when no other member is registered. None when
/// every place is full, or nobody is there to hunt.
pub fn hunt(members: &[Member], parker: &Extension) -> Option<Found> {
    let others: Vec<&Member> = members.iter().filter(|m| m.extension != *parker).collect();
    let alone = !others.iter().any(|m| m.registered);
    let hunted: Vec<&Member> = if alone { members.iter().collect() } else { others };
    let open = || hunted.iter().copied().filter(|m| !m.full);
    let chosen = open()
        .find(|m| m.is_available())
        .or_else(|| open().find(|m| m.registered && m.parked == 0))
        .or_else(|| open().min_by_key(|m| m.parked))?;
    Some(Found { at: chosen.extension.clone(), why: why(chosen, &hunted) })
}

impl Member {
    /// Product Q2.
    fn is_available(&self) -> bool {
        self.registered && !self.do_not_disturb && !self.busy && self.parked == 0
    }

    fn hindrance(&self) -> &'static str {
        match self {
            Self { full: true, .. } => "full",
            Self { registered: false, .. } => "away",
            Self { do_not_disturb: true, .. } => "do not disturb",
            Self { busy: true, .. } => "busy",
            Self { parked: 0, .. } => "free",
            Self { .. } => "has a parked call",
        }
    }
}

/// "first free; Alice busy, Bob away".
fn why(chosen: &Member, hunted: &[&Member]) -> String {
    let passed = hunted.iter().take_while(|m| m.extension != chosen.extension);
    let passed: Vec<String> = passed.map(|m| format!("{} {}", m.name, m.hindrance())).collect();
    let head = if chosen.is_available() { "first free" } else { "nobody free" };
    if passed.is_empty() { head.to_owned() } else { format!("{head}; {}", passed.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ext(text: &str) -> Extension {
        Extension::parse(text).unwrap()
    }

    fn member(number: &str, name: &str) -> Member {
        Member {
            extension: ext(number),
            name: name.to_owned(),
            registered: true,
            do_not_disturb: false,
            busy: false,
            parked: 0,
            full: false,
        }
    }

    fn office() -> [Member; 3] {
        [member("101", "Reception"), member("102", "Alice"), member("103", "Bob")]
    }

    fn found(at: &str, why: &str) -> Option<Found> {
        Some(Found { at: ext(at), why: why.to_owned() })
    }

    #[test]
    fn s23_the_first_available_other_member_gets_it_always_from_the_first() {
        assert_eq!(hunt(&office(), &ext("101")), found("102", "first free"));
        let mut members = office();
        members[1].busy = true;
        assert_eq!(hunt(&members, &ext("101")), found("103", "first free; Alice busy"));
    }

    #[test]
    fn q2_with_nobody_available_the_first_registered_without_a_parked_call_then_the_fewest() {
        let mut members = office();
        members[1].parked = 1;
        members[2].do_not_disturb = true;
        let nobody = "nobody free; Alice has a parked call";
        assert_eq!(hunt(&members, &ext("101")), found("103", nobody));
        members[2].parked = 2;
        assert_eq!(hunt(&members, &ext("101")), found("102", "nobody free"));
    }

    #[test]
    fn q3_the_parker_is_hunted_only_when_no_other_is_registered() {
        let mut members = office();
        members[1].registered = false;
        members[2].registered = false;
        assert_eq!(hunt(&members, &ext("101")), found("101", "first free"));
    }

    #[test]
    fn a_full_place_is_passed_over_and_a_full_group_finds_nobody() {
        let mut members = office();
        members[1].full = true;
        assert_eq!(hunt(&members, &ext("101")), found("103", "first free; Alice full"));
        members[2].full = true;
        assert_eq!(hunt(&members, &ext("101")), None);
    }
}
