//! `[[call_park_group]]` and `[[ring_group]]`: who rings together, who parks
//! for whom, and what becomes of a call nobody fetches.

use std::collections::BTreeMap;

use crate::config::fields::{extension_form, seconds};
use crate::config::office::people::read_number;
use crate::config::office::tenant::recall_timer_bounds;
use crate::config::office::{CallParkGroup, NoAnswer, RingGroupSettings, Strategy};
use crate::config::reader::{Fault, Place, Reader, malformed};
use crate::config::section::{Item, Section};
use crate::config::values::duration;
use crate::domain::caller_name::CallerName;
use crate::domain::ids::{Extension, Number, RingGroup};
use crate::domain::nearest::nearest;
use crate::domain::recall::{Recall, RecallPolicy};

/// Numbers of the tenant, and where they were given.
#[derive(Default)]
pub struct Known {
    extensions: BTreeMap<Extension, Place>,
    ring_groups: BTreeMap<Extension, Place>,
    pub has_trunk: bool,
    pub emergency: Vec<String>,
    reading_ring_groups: bool,
}

impl Known {
    pub fn with_emergency(numbers: &[String]) -> Self {
        Self { emergency: numbers.to_vec(), ..Self::default() }
    }

    pub fn place_of(&self, number: &Extension) -> Option<&Place> {
        self.extensions.get(number).or_else(|| self.ring_groups.get(number))
    }

    pub fn note_number(&mut self, number: &Extension, place: Place) {
        let numbers =
            if self.reading_ring_groups { &mut self.ring_groups } else { &mut self.extensions };
        numbers.insert(number.clone(), place);
    }

    pub fn has_extensions(&self) -> bool {
        !self.extensions.is_empty()
    }

    pub fn extension_beginning_with(&self, code: &str) -> Option<&Extension> {
        self.extensions.keys().find(|extension| extension.as_str().starts_with(code))
    }

    /// The next number up that nobody has.
    pub fn free_after(&self, number: &Extension) -> Option<String> {
        let (digits, value) = (number.as_str().len(), number.as_str().parse::<u32>().ok()?);
        let free = (value + 1..value + 1000).map(|value| format!("{value:0digits$}"));
        let mut free = free.filter_map(|text| Extension::parse(&text).ok());
        free.find(|number| self.place_of(number).is_none()).map(|free| format!("\"{free}\""))
    }

    /// A number that should be somebody's here already.
    pub fn reference_form(&self, text: &str) -> Result<Extension, Fault> {
        extension_form(text).map_err(|fault| {
            let all = self.extensions.keys().chain(self.ring_groups.keys());
            let near = nearest(text, all.map(Extension::as_str));
            match near {
                Some(near) => fault.with_nearest(Some(format!("\"{near}\""))),
                None => fault,
            }
        })
    }

    /// Complains unless `number` is an extension or a ring group.
    pub fn check_inside(&self, item: &Item<'_>, number: &Extension, reader: &mut Reader<'_, '_>) {
        if self.place_of(number).is_none() {
            let all = self.extensions.keys().chain(self.ring_groups.keys());
            let fault = no_such("extension or ring group", number, all);
            reader.clash(&item.place, &item.path, fault);
        }
    }

    /// Complains when nothing could carry a call to `number`.
    fn check_dialable(&self, item: &Item<'_>, number: &Number, reader: &mut Reader<'_, '_>) {
        let inside = Extension::parse(number.as_str()).ok();
        let is_inside = inside.as_ref().is_some_and(|inside| self.place_of(inside).is_some());
        if !is_inside && !self.has_trunk {
            let fault = format!("{number} is nobody's number here, and no [[trunk]] leads outside");
            let all = self.extensions.keys().chain(self.ring_groups.keys());
            let near = nearest(number.as_str(), all.map(Extension::as_str));
            let near = near.map(|near| format!("\"number:{near}\""));
            reader.clash(&item.place, &item.path, Fault::from(fault).with_nearest(near));
        }
    }
}

fn no_such<'n>(
    what: &str,
    number: &Extension,
    candidates: impl Iterator<Item = &'n Extension>,
) -> Fault {
    let near = nearest(number.as_str(), candidates.map(Extension::as_str));
    let near = near.map(|near| format!("\"{near}\""));
    Fault::from(format!("there is no {what} {number}")).with_nearest(near)
}

pub fn standard_recall() -> Recall {
    Recall { after: seconds(45), ..Recall::default() }
}

pub fn read_call_park_groups(
    root: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    known: &Known,
) -> Vec<CallParkGroup> {
    let mut names: BTreeMap<String, Place> = BTreeMap::new();
    let mut members: BTreeMap<Extension, (CallerName, Place)> = BTreeMap::new();
    let sections = root.sections("call_park_group", reader);
    let groups = sections.into_iter().filter_map(|mut section| {
        let name = read_group_name(&mut section, reader, &mut names);
        let called = name.clone().unwrap_or_default();
        let mut own = Vec::new();
        for (member, place) in read_members(&mut section, reader, known) {
            let is_here = known.extensions.contains_key(&member);
            let alone = in_no_other_group(&member, &place, &called, &mut members, reader);
            match alone {
                Ok(()) if is_here => own.push(member),
                Ok(()) => {}
                Err(fault) if is_here => reader.clash(&place, MEMBERS, fault),
                // Told before he comes back, and the file is good no longer.
                Err(fault) => reader.leave_out(&place, MEMBERS, fault),
            }
        }
        let recall = read_recall(&mut section, reader, known);
        section.finish(reader);
        Some(CallParkGroup { name: name?, members: own, recall })
    });
    groups.collect()
}

/// Required, and unique in the tenant (product S17, S18).
fn read_group_name(
    section: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    names: &mut BTreeMap<String, Place>,
) -> Option<CallerName> {
    let Some(item) = section.take("name") else {
        let key = section.path_of("name");
        reader.miss(&section.place, &key, "a call park group needs a name");
        return None;
    };
    let name = item.parsed(reader, |text| {
        let name = CallerName::clean(text);
        if name.is_empty() { Err("a call park group needs a name".into()) } else { Ok(name) }
    })?;
    let folded = name.as_str().to_lowercase();
    if let Some(other) = names.get(&folded) {
        let fault =
            format!("there is a call park group {name} already ({})", reader.line_of(other));
        reader.clash(&item.place, &item.path, fault);
        return None;
    }
    names.insert(folded, item.place);
    Some(name)
}

/// The numbers listed, each once. Of one that does not exist it is said that it
/// is left out: an office must open in the morning although somebody has left.
fn read_members(
    section: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    known: &Known,
) -> Vec<(Extension, Place)> {
    let Some(item) = section.take("members") else {
        return Vec::new();
    };
    let listed = item.each(reader, |text| known.reference_form(text));
    let mut members: Vec<(Extension, Place)> = Vec::new();
    for (member, place) in listed {
        let is_here = known.extensions.contains_key(&member);
        if !is_here {
            let fault = no_such("extension", &member, known.extensions.keys());
            reader.leave_out(&place, &item.path, fault);
        }
        match members.iter().any(|(other, _)| *other == member) {
            false => members.push((member, place)),
            true if is_here => {
                reader.clash(&place, &item.path, format!("{member} is listed twice"));
            }
            true => {}
        }
    }
    members
}

const MEMBERS: &str = "call_park_group.members";

/// A user is in at most one call park group (product S19).
fn in_no_other_group(
    member: &Extension,
    place: &Place,
    group: &CallerName,
    members: &mut BTreeMap<Extension, (CallerName, Place)>,
    reader: &Reader<'_, '_>,
) -> Result<(), String> {
    if let Some((other, other_place)) = members.get(member) {
        let line = reader.line_of(other_place);
        let other = group_words(other);
        let group = if group.is_empty() { "this one".to_owned() } else { group.to_string() };
        return Err(format!(
            "{member} is in {other} already ({line}), and cannot be in {group} too"
        ));
    }
    members.insert(member.clone(), (group.clone(), place.clone()));
    Ok(())
}

#[derive(Clone)]
enum PolicyName {
    ParkingUser,
    ParkingUserThenRingGroup,
    RingGroup,
    Number(Number),
}

/// The recall settings of a group, or of users in none.
pub fn read_recall(
    section: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    known: &Known,
) -> Recall {
    let timer = section.take("recall_timer");
    let after = timer
        .and_then(|item| item.parsed(reader, |text| duration(text, &recall_timer_bounds())))
        .unwrap_or(seconds(45));
    let policy = read_policy(section, reader, known).unwrap_or(RecallPolicy::ParkingUser);
    let rounds_item = section.take("recall_rounds");
    let rounds = rounds_item.as_ref().and_then(|item| item.whole(reader, 0..=1000));
    let rounds = rounds.unwrap_or(0);
    let fallback = section.take("recall_fallback").and_then(|item| {
        if rounds == 0 {
            let fault = "it would never ring: recall_rounds must be 1 or more";
            reader.clash(&item.place, &item.path, fault);
        }
        let number = item.parsed(reader, number_form)?;
        known.check_dialable(&item, &number, reader);
        Some(number)
    });
    Recall { after, policy, rounds, fallback }
}

fn read_policy(
    section: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    known: &Known,
) -> Option<RecallPolicy> {
    let to = section.take("recall_to");
    let name = match &to {
        Some(item) => item.parsed(reader, policy_form),
        None => Some(PolicyName::ParkingUser),
    };
    let group = section.take("ring_group");
    let wait = section.take("ring_group_wait");
    let bounds = seconds(5)..=seconds(300);
    let group_after = wait
        .as_ref()
        .and_then(|item| item.parsed(reader, |text| duration(text, &bounds)))
        .unwrap_or(seconds(20));
    let place = to.as_ref().map_or(section.place.clone(), |item| item.place.clone());
    let number = group.as_ref().and_then(|item| read_ring_group(item, reader, known));
    let name = name?;
    check_policy(&name, &place, group.as_ref(), wait.as_ref(), section, reader);
    match name {
        PolicyName::ParkingUser => Some(RecallPolicy::ParkingUser),
        PolicyName::ParkingUserThenRingGroup => {
            number.map(|group| RecallPolicy::ParkingUserThenRingGroup { group_after, group })
        }
        PolicyName::RingGroup => number.map(|group| RecallPolicy::RingGroup { group }),
        PolicyName::Number(number) => {
            if let Some(item) = &to {
                known.check_dialable(item, &number, reader);
            }
            Some(RecallPolicy::Number { number })
        }
    }
}

/// The ring group is required by the two policies that use one, and refused
/// with the others (product S34 to S36).
fn check_policy(
    name: &PolicyName,
    place: &Place,
    group: Option<&Item<'_>>,
    wait: Option<&Item<'_>>,
    section: &Section<'_>,
    reader: &mut Reader<'_, '_>,
) {
    let (uses_group, uses_wait) = match name {
        PolicyName::ParkingUser => (false, false),
        PolicyName::ParkingUserThenRingGroup => (true, true),
        PolicyName::RingGroup => (true, false),
        PolicyName::Number(_) => (false, false),
    };
    let key = section.path_of("recall_to");
    if uses_group && group.is_none() {
        let fault = "this policy rings a ring group: ring_group is missing";
        reader.clash(place, &key, fault);
    }
    if let Some(item) = group.filter(|_| !uses_group) {
        reader.clash(&item.place, &item.path, "recall_to does not ring a ring group");
    }
    if let Some(item) = wait.filter(|_| !uses_wait) {
        reader.clash(&item.place, &item.path, "recall_to does not wait for a ring group");
    }
}

fn read_ring_group(
    item: &Item<'_>,
    reader: &mut Reader<'_, '_>,
    known: &Known,
) -> Option<RingGroup> {
    let number = item.parsed(reader, |text| known.reference_form(text))?;
    if !known.ring_groups.contains_key(&number) {
        let fault = no_such("ring group", &number, known.ring_groups.keys());
        reader.clash(&item.place, &item.path, fault);
        return None;
    }
    Some(RingGroup(number))
}

fn policy_form(text: &str) -> Result<PolicyName, Fault> {
    const NAMES: [&str; 4] =
        ["parking-user", "parking-user-then-ring-group", "ring-group", "number:0301234567"];
    match text {
        "parking-user" => Ok(PolicyName::ParkingUser),
        "parking-user-then-ring-group" => Ok(PolicyName::ParkingUserThenRingGroup),
        "ring-group" => Ok(PolicyName::RingGroup),
        _ if text.starts_with("number:") => number_form(text).map(PolicyName::Number),
        _ => {
            let near = nearest(text, NAMES).map(|near| format!("\"{near}\""));
            Err(Fault::from(format!("not one of {}", NAMES.join(", "))).with_nearest(near))
        }
    }
}

/// `number:0301234567`, separators allowed.
fn number_form(text: &str) -> Result<Number, Fault> {
    let Some(number) = text.strip_prefix("number:") else {
        let near = Number::parse(text).ok().map(|number| format!("\"number:{number}\""));
        return Err(Fault::from("not of the form number:0301234567").with_nearest(near));
    };
    Number::parse(number).map_err(|error| {
        let digits = number.replace([' ', '-', '/', '(', ')', '.'], "");
        let near = Number::parse(&digits).ok().map(|near| format!("\"number:{near}\""));
        malformed(error).with_nearest(near)
    })
}

/// First the numbers, because groups and trunks name them.
pub fn number_ring_groups<'d>(
    root: &mut Section<'d>,
    reader: &mut Reader<'_, '_>,
    known: &mut Known,
) -> Vec<(Section<'d>, Option<Extension>)> {
    known.reading_ring_groups = true;
    let sections = root.sections("ring_group", reader);
    let numbered = sections.into_iter().map(|mut section| {
        let number = read_number(&mut section, reader, known);
        (section, number)
    });
    numbered.collect()
}

const STRATEGIES: [(&str, Strategy); 4] = [
    ("all", Strategy::All),
    ("in-order", Strategy::InOrder),
    ("round-robin", Strategy::RoundRobin),
    ("longest-idle", Strategy::LongestIdle),
];

pub fn read_ring_groups(
    sections: Vec<(Section<'_>, Option<Extension>)>,
    reader: &mut Reader<'_, '_>,
    known: &Known,
) -> Vec<RingGroupSettings> {
    let groups = sections.into_iter().filter_map(|(mut section, number)| {
        let name = section.take("name").and_then(|item| item.text(reader));
        let name = CallerName::clean(name.unwrap_or_default());
        if !section.has("members") {
            let key = section.path_of("members");
            reader.miss(&section.place, &key, "a ring group without members rings nobody");
        }
        let mut members = read_members(&mut section, reader, known);
        members.retain(|(member, _)| known.extensions.contains_key(member));
        let strategy = section.take("strategy").and_then(|item| item.one_of(reader, &STRATEGIES));
        let bounds = seconds(5)..=seconds(300);
        let ring_time = section.take("ring_time");
        let ring_time =
            ring_time.and_then(|item| item.parsed(reader, |text| duration(text, &bounds)));
        let no_answer = section.take("no_answer");
        let no_answer = no_answer.and_then(|item| read_no_answer(&item, reader, known));
        section.finish(reader);
        let number = number?;
        let name = if name.is_empty() { CallerName::clean(number.as_str()) } else { name };
        Some(RingGroupSettings {
            number: RingGroup(number),
            name,
            members: members.into_iter().map(|(member, _)| member).collect(),
            strategy: strategy.unwrap_or(Strategy::All),
            ring_time: ring_time.unwrap_or(seconds(20)),
            no_answer: no_answer.unwrap_or(NoAnswer::HangUp),
        })
    });
    groups.collect()
}

fn read_no_answer(item: &Item<'_>, reader: &mut Reader<'_, '_>, known: &Known) -> Option<NoAnswer> {
    let no_answer = item.parsed(reader, |text| match text {
        "park" => Ok(NoAnswer::Park),
        "hang-up" => Ok(NoAnswer::HangUp),
        _ if text.starts_with("number:") => number_form(text).map(NoAnswer::Number),
        _ => {
            let near = Number::parse(text).ok().map(|number| format!("number:{number}"));
            let near = near.or_else(|| nearest(text, ["park", "hang-up"]).map(str::to_owned));
            let near = near.map(|near| format!("\"{near}\""));
            Err(Fault::from("not one of number:101, park, hang-up").with_nearest(near))
        }
    })?;
    if let NoAnswer::Number(number) = &no_answer {
        known.check_dialable(item, number, reader);
    }
    Some(no_answer)
}

/// One without a name has its own complaint, and is spoken of all the same.
fn group_words(name: &CallerName) -> String {
    match name.is_empty() {
        true => "a call park group without a name".to_owned(),
        false => format!("the call park group {name}"),
    }
}
