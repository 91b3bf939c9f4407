//! What speaks against a change, for whoever wished for it: nothing that was
//! so before, and nothing out of another tenant's settings.

use std::path::Path;

use toml_edit::{Document, Item, Table};

use crate::config::ReadFile;
use crate::config::complaint::{Complaint, Findings, Severity};
use crate::config::edit::Holder;
use crate::config::edit::layout::Layout;
use crate::domain::administration::Objection;

/// What of the settings is one tenant's to know of.
pub enum Part {
    /// Everything: there is no other.
    All,
    /// In one file, from each of these lines to the next: his or not.
    Of { file: String, from: Vec<(u32, bool)> },
    /// It cannot be told from the others'.
    Nothing,
}

impl Part {
    pub fn of(holder: &Holder, file: &str, text: &str) -> Self {
        if let Holder::File(path) = holder {
            let file = Path::new(file).with_file_name(path).display().to_string();
            return Self::Of { file, from: vec![(1, true)] };
        }
        let text = Layout::of(text).plain();
        let Ok(document) = Document::parse(text.as_str()) else { return Self::Nothing };
        let is_top = matches!(holder, Holder::Top);
        let mut from = vec![(1, is_top)];
        for (key, item) in document.as_table().iter() {
            match item {
                Item::ArrayOfTables(tenants) if key == "tenant" => {
                    for (place, tenant) in tenants.iter().enumerate() {
                        let is_his = matches!(holder, Holder::Tenant(his) if *his == place);
                        headers(tenant, &text, is_his, &mut from);
                    }
                }
                Item::Value(_) if key == "tenant" => return Self::Nothing,
                item => headers_in(item, &text, is_top, &mut from),
            }
        }
        from.sort_unstable();
        Self::Of { file: file.to_owned(), from }
    }

    /// Of settings with which there is no office.
    pub fn of_broken(domain: &str, file: &str, text: &str, files: &mut ReadFile<'_>) -> Self {
        let has_others =
            text.contains("tenant") || files.list("tenants.d").is_ok_and(|names| !names.is_empty());
        if !has_others {
            return Self::All;
        }
        let plain = Layout::of(text).plain();
        let Ok(document) = Document::parse(plain.as_str()) else { return Self::Nothing };
        let table = document.as_table();
        let server = table.get("server").and_then(|server| server.get("domain"));
        if server.and_then(Item::as_str) == Some(domain) {
            return Self::of(&Holder::Top, file, text);
        }
        let tenants = table.get("tenant").and_then(Item::as_array_of_tables);
        let is_his = |tenant: &Table| tenant.get("domain").and_then(Item::as_str) == Some(domain);
        let place = tenants.and_then(|tenants| tenants.iter().position(is_his));
        place.map_or(Self::Nothing, |place| Self::of(&Holder::Tenant(place), file, text))
    }

    fn holds(&self, complaint: &Complaint) -> bool {
        match self {
            Self::All => true,
            Self::Nothing => false,
            Self::Of { file, from } => {
                let mut before = from.iter().rev().filter(|(line, _)| *line <= complaint.line);
                complaint.file == *file && before.next().is_some_and(|(_, is_his)| *is_his)
            }
        }
    }
}

fn headers_in(item: &Item, text: &str, is_his: bool, from: &mut Vec<(u32, bool)>) {
    match item {
        Item::Table(table) => headers(table, text, is_his, from),
        Item::ArrayOfTables(tables) => {
            tables.iter().for_each(|table| headers(table, text, is_his, from));
        }
        Item::Value(_) | Item::None => {}
    }
}

fn headers(table: &Table, text: &str, is_his: bool, from: &mut Vec<(u32, bool)>) {
    if let Some(span) = table.span() {
        let above = text.get(..span.start).unwrap_or_default();
        let line = above.matches('\n').count() + 1;
        from.push((u32::try_from(line).unwrap_or(u32::MAX), is_his));
    }
    table.iter().for_each(|(_, item)| headers_in(item, text, is_his, from));
}

/// The file was no good before anybody wished anything.
pub fn at_fault(findings: &Findings, part: &Part) -> Vec<Objection> {
    let own = findings.of(Severity::Refused).filter(|found| part.holds(found));
    let own: Vec<String> = own.map(ToString::to_string).collect();
    let more = match own.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let words = match own.first() {
        Some(first) => format!("the settings file has a fault, mend it first: {first}{more}"),
        None => "the settings have a fault elsewhere that must be mended first: `bellhop check` \
             names it"
            .to_owned(),
    };
    vec![Objection::new("", words)]
}

/// Faults that were not there before, each as often as it is new.
pub fn fresh(new: &Findings, old: &Findings) -> Vec<Complaint> {
    let is_fault = |found: &&Complaint| found.severity != Severity::Warning;
    let mut known: Vec<&Complaint> = old.as_slice().iter().filter(is_fault).collect();
    let faults = new.as_slice().iter().filter(is_fault);
    let fresh = faults.filter(|found| match known.iter().position(|one| is_same(one, found)) {
        Some(place) => {
            known.swap_remove(place);
            false
        }
        None => true,
    });
    fresh.cloned().collect()
}

/// An edit moves what stands below it.
fn is_same(one: &Complaint, other: &Complaint) -> bool {
    (&one.file, &one.key, &one.value) == (&other.file, &other.key, &other.value)
        && without_lines(&one.fault) == without_lines(&other.fault)
}

/// Something at least: nobody is refused without a word.
pub fn objections(fresh: &[Complaint], part: &Part) -> Vec<Objection> {
    let own: Vec<Objection> =
        fresh.iter().filter(|found| part.holds(found)).map(objection).collect();
    if own.is_empty() {
        let words = "it does not go with what stands elsewhere in the settings";
        return vec![Objection::new("", words)];
    }
    own
}

fn objection(complaint: &Complaint) -> Objection {
    let field = complaint.key.rsplit_once("call_park_group.").map_or("", |(_, field)| field);
    let mut words = without_lines(&complaint.fault);
    // The setting itself stands before the reader's eyes, but not in a list.
    if field == "members" && !words.contains(complaint.value.trim_matches('"')) {
        words = format!("{}: {words}", complaint.value);
    }
    if let Some(nearest) = &complaint.nearest {
        words = format!("{words}; did you mean {nearest}?");
    }
    Objection::new(field, words)
}

/// Whoever sits at a screen sees no lines: ` (line 12)` is left out.
fn without_lines(fault: &str) -> String {
    let mut words = fault.to_owned();
    while let Some(start) = words.find(" (line ")
        && let Some(length) = words[start..].find(')')
    {
        words.replace_range(start..=start + length, "");
    }
    words
}
