//! `[account] system` and `[park]` of a console: how another make of server
//! parks calls.

use crate::config::reader::{Fault, Reader};
use crate::config::section::{Item, Section};
use crate::domain::ids::Extension;
use crate::domain::lot::{Elsewhere, Lot, Pattern, SLOT};

/// More lamps than one screen can show.
const SLOTS_MAX: usize = 100;

/// How a make of server parks as it comes.
type AsItComes = fn() -> Lot;

const SYSTEMS: [(&str, AsItComes); 4] = [
    ("bellhop", || Lot::Ours),
    ("asterisk", || Lot::Elsewhere(Elsewhere::asterisk())),
    ("freeswitch", || Lot::Elsewhere(Elsewhere::freeswitch())),
    ("other", || Lot::Elsewhere(Elsewhere::other())),
];

/// Of the section `[account]`.
pub fn read_system(account: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Lot {
    let make = account.take("system").and_then(|item| item.one_of(reader, &SYSTEMS));
    make.map_or(Lot::Ours, |lot| lot())
}

/// `lot` as `[park]` changes it.
pub fn read_park(root: &mut Section<'_>, lot: Lot, reader: &mut Reader<'_, '_>) -> Lot {
    let Some(mut section) = root.section("park", reader) else {
        return lot;
    };
    let mut elsewhere = match lot {
        Lot::Elsewhere(elsewhere) => elsewhere,
        Lot::Ours => {
            let fault =
                "Bellhop's own server needs no such settings; for another set account.system";
            reader.clash(&section.place, "park", fault);
            Elsewhere::other()
        }
    };
    if let Some(slots) = section.take("slots").and_then(|item| item.parsed(reader, slots)) {
        elsewhere.slots = slots;
    }
    number(&mut section, "park", &mut elsewhere.park, reader);
    number(&mut section, "group", &mut elsewhere.group_park, reader);
    number(&mut section, "retrieve_mine", &mut elsewhere.retrieve_mine, reader);
    pattern(&mut section, "park_at", &mut elsewhere.park_at, reader);
    pattern(&mut section, "watch", &mut elsewhere.watch, reader);
    let retrieve = section.take("retrieve").and_then(|item| item.parsed(reader, pattern_form));
    elsewhere.retrieve = retrieve.unwrap_or(elsewhere.retrieve);
    if elsewhere.park.is_none() && elsewhere.park_at.is_none() {
        reader.clash(&section.place, "park", "neither park nor park_at: calls could not be parked");
    }
    section.finish(reader);
    Lot::Elsewhere(elsewhere)
}

/// An empty text takes a default away.
fn number(
    section: &mut Section<'_>,
    key: &'static str,
    number: &mut Option<String>,
    reader: &mut Reader<'_, '_>,
) {
    if let Some(item) = section.take(key) {
        *number = optional(&item, reader, number_form).unwrap_or(number.take());
    }
}

fn pattern(
    section: &mut Section<'_>,
    key: &'static str,
    pattern: &mut Option<Pattern>,
    reader: &mut Reader<'_, '_>,
) {
    if let Some(item) = section.take(key) {
        *pattern = optional(&item, reader, pattern_form).unwrap_or(pattern.take());
    }
}

fn optional<T>(
    item: &Item<'_>,
    reader: &mut Reader<'_, '_>,
    parse: fn(&str) -> Result<T, Fault>,
) -> Option<Option<T>> {
    item.parsed(reader, |text| if text.is_empty() { Ok(None) } else { parse(text).map(Some) })
}

fn is_dialled(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "*#+-._".contains(c);
    !text.is_empty() && text.len() <= 64 && text.chars().all(fits)
}

fn number_form(text: &str) -> Result<String, Fault> {
    let fault = "not a number to transfer to, such as 700";
    if is_dialled(text) { Ok(text.to_owned()) } else { Err(fault.into()) }
}

fn pattern_form(text: &str) -> Result<Pattern, Fault> {
    let fault =
        || Fault::from(format!("not a number with {SLOT} where the slot's goes, such as *{SLOT}"));
    let pattern = Pattern::parse(text).ok_or_else(fault)?;
    if is_dialled(&text.replace(SLOT, "1")) { Ok(pattern) } else { Err(fault()) }
}

/// `701-720`, `701, 703, 710-712`.
fn slots(text: &str) -> Result<Vec<Extension>, Fault> {
    let mut slots: Vec<Extension> = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (slot(first)?, slot(last)?);
        if last < first {
            let near = format!("\"{last}-{first}\"");
            return Err(
                Fault::from("a range goes from the lower to the higher").with_nearest(Some(near))
            );
        }
        for number in (first..=last).take(SLOTS_MAX + 1) {
            let number = Extension::parse(&number.to_string());
            let number = number.map_err(|_| Fault::from(NOT_SLOTS))?;
            if !slots.contains(&number) {
                slots.push(number);
            }
        }
        if slots.len() > SLOTS_MAX {
            return Err(format!("more than {SLOTS_MAX} slots").into());
        }
    }
    Ok(slots)
}

const NOT_SLOTS: &str = "not the numbers of slots, such as 701-720";

fn slot(text: &str) -> Result<u32, Fault> {
    let text = text.trim();
    // A leading zero would be lost.
    let fits = Extension::parse(text).is_ok() && !text.starts_with('0');
    let number = text.parse().ok().filter(|_| fits);
    number.ok_or_else(|| NOT_SLOTS.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_numbers_and_ranges() {
        let read = |text| slots(text).map(|slots| slots.iter().map(ToString::to_string).collect());
        let wanted: Vec<String> = ["701", "702", "710"].map(str::to_owned).to_vec();
        assert_eq!(read("701-702, 710,702"), Ok(wanted));
        for wrong in ["", "7o1", "720-701", "1-1000", "701-", "0701", "9999999"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
