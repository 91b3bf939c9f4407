//! One company's part of the file: codes, people, groups and lines.

use std::collections::BTreeMap;

use crate::config::directory;
use crate::config::fields::seconds;
use crate::config::office::devices::Devices;
use crate::config::office::groups::{self, Known};
use crate::config::office::{Attachment, Park, Tenant, people, trunks};
use crate::config::reader::{Fault, Place, Reader};
use crate::config::section::Section;
use crate::config::values::domain;
use crate::domain::codes::FeatureCodes;
use crate::domain::directory::Directory;

/// A tenant's name on the wire, and whether somebody chose it.
#[derive(Clone)]
pub struct Naming<'e> {
    pub domain: String,
    pub is_set: bool,
    /// Numbers that go out from there whatever else is.
    pub emergency: &'e [String],
}

pub fn read_domain(section: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Option<String> {
    section.take("domain")?.parsed(reader, domain)
}

pub fn read(
    root: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    naming: Naming<'_>,
    devices: &mut Devices,
) -> Tenant {
    let mut known = Known::with_emergency(naming.emergency);
    let extensions = people::read(root, reader, naming.is_set, &mut known, devices);
    let codes = read_codes(root, reader, &known);
    let ring_group_sections = groups::number_ring_groups(root, reader, &mut known);
    let trunk_sections = root.sections("trunk", reader);
    known.has_trunk = !trunk_sections.is_empty();
    let ring_groups = groups::read_ring_groups(ring_group_sections, reader, &known);
    let tenant = Tenant {
        domain: naming.domain,
        file: None,
        codes,
        park: read_park(root, reader, &known),
        music: read_music(root, reader),
        directory: read_directory(root, reader),
        extensions,
        call_park_groups: groups::read_call_park_groups(root, reader, &known),
        ring_groups,
        trunks: trunks::read(trunk_sections, reader, &known),
    };
    if !known.has_extensions() {
        reader.miss(&root.place, "extension", "no [[extension]]: nobody could call");
    }
    tenant
}

/// Those of `[[tenant]]` and those with files of their own.
pub fn read_further<'d>(
    root: &mut Section<'d>,
    own_files: Vec<(String, Section<'d>)>,
    reader: &mut Reader<'_, '_>,
    own: &Naming<'_>,
    devices: &mut Devices,
) -> Vec<Tenant> {
    let mut domains = BTreeMap::from([(own.domain.clone(), "[server]".to_owned())]);
    let blocks = root.sections("tenant", reader).into_iter().map(|section| (None, section));
    let files = own_files.into_iter().map(|(file, section)| (Some(file), section));
    let tenants = blocks.chain(files).map(|(file, mut section)| {
        let domain = read_own_domain(&mut section, reader, &mut domains);
        let emergency = own.emergency;
        let naming = Naming { domain: domain.unwrap_or_default(), is_set: true, emergency };
        let tenant = read(&mut section, reader, naming, devices);
        section.finish(reader);
        Tenant { file, ..tenant }
    });
    tenants.collect()
}

/// Nobody else's.
fn read_own_domain(
    section: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    domains: &mut BTreeMap<String, String>,
) -> Option<String> {
    let place = section.place.clone();
    let key = section.path_of("domain");
    let domain = read_domain(section, reader);
    let Some(domain) = domain else {
        if !section.has("domain") {
            reader.miss(&place, &key, "a tenant needs a domain");
        }
        return None;
    };
    if let Some(other) = domains.get(&domain) {
        let fault = format!("the domain {domain} is that of {other} already");
        reader.clash(&place, &key, fault);
    }
    domains.insert(domain.clone(), format!("the tenant at {}", reader.line_of(&place)));
    Some(domain)
}

fn read_codes(root: &mut Section<'_>, reader: &mut Reader<'_, '_>, known: &Known) -> FeatureCodes {
    let mut codes = FeatureCodes::default();
    let Some(mut section) = root.section("codes", reader) else {
        check_codes(&codes, &BTreeMap::new(), known, reader);
        return codes;
    };
    let mut places = BTreeMap::new();
    for (key, code, later) in entries(&mut codes) {
        let Some(item) = section.take(key) else { continue };
        if let Some(later) = later {
            item.later(reader, later);
        }
        if let Some(text) = item.parsed(reader, code_form) {
            *code = text;
        }
        places.insert(key, item.place);
    }
    section.finish(reader);
    check_codes(&codes, &places, known, reader);
    codes
}

type Entry<'c> = (&'static str, &'c mut String, Option<&'static str>);

fn entries(codes: &mut FeatureCodes) -> [Entry<'_>; 7] {
    [
        ("park", &mut codes.park, None),
        ("retrieve", &mut codes.retrieve, None),
        ("group_park", &mut codes.group_park, None),
        ("pickup", &mut codes.pickup, None),
        ("dnd_on", &mut codes.dnd_on, None),
        ("dnd_off", &mut codes.dnd_off, None),
        ("echo_test", &mut codes.echo_test, Some("the echo test comes")),
    ]
}

/// A trailing `#` would be dropped when dialled, so a code ends in a digit.
fn code_form(text: &str) -> Result<String, Fault> {
    let digits = text.strip_prefix(['*', '#']).unwrap_or(text);
    let fits = (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if fits { Ok(text.to_owned()) } else { Err("not a code such as *68".into()) }
}

/// With a code that is the beginning of another, or of somebody's number, one
/// of the two could never be dialled.
fn check_codes(
    codes: &FeatureCodes,
    places: &BTreeMap<&'static str, Place>,
    known: &Known,
    reader: &mut Reader<'_, '_>,
) {
    let mut codes = codes.clone();
    let all = entries(&mut codes).map(|(key, code, _)| (key, code.clone()));
    for (index, (key, code)) in all.iter().enumerate() {
        for (other_key, other) in all.iter().take(index) {
            if !(code.starts_with(other.as_str()) || other.starts_with(code.as_str())) {
                continue;
            }
            let Some((key, place, other_key, other)) = (match places.get(key) {
                Some(place) => Some((key, place, other_key, other)),
                None => places.get(other_key).map(|place| (other_key, place, key, code)),
            }) else {
                continue;
            };
            let fault = format!(
                "no code may be the beginning of another: {other_key} is {other}, too close to be told apart"
            );
            reader.clash(place, &format!("codes.{key}"), fault);
        }
        let Some(place) = places.get(key) else { continue };
        if let Some(extension) = known.extension_beginning_with(code) {
            let fault = format!("extension {extension} begins with this code");
            reader.clash(place, &format!("codes.{key}"), fault);
        }
    }
}

fn read_park(root: &mut Section<'_>, reader: &mut Reader<'_, '_>, known: &Known) -> Park {
    let Some(mut section) = root.section("park", reader) else {
        return Park { recall: groups::standard_recall(), max_per_extension: 10 };
    };
    let recall = groups::read_recall(&mut section, reader, known);
    let most = section.take("max_per_extension").and_then(|item| item.whole(reader, 1..=1000));
    section.finish(reader);
    Park { recall, max_per_extension: most.unwrap_or(10) }
}

/// Music that cannot be read is no reason for silence, nor for no office.
fn read_music(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Option<Attachment> {
    let mut section = root.section("music", reader)?;
    let item = section.take("file");
    section.finish(reader);
    let item = item?;
    let path = item.text(reader)?;
    match reader.read_file(&item.place, path) {
        Ok(bytes) => Some(Attachment { path: path.to_owned(), bytes }),
        Err(fault) => {
            let fault = format!("{fault}; the built-in music is played");
            reader.leave_out(&item.place, &item.path, fault);
            None
        }
    }
}

fn read_directory(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Directory {
    let mut directory = Directory::default();
    let Some(mut section) = root.section("directory", reader) else {
        return directory;
    };
    let files = section.take("files").map(|item| item.list(reader)).unwrap_or_default();
    section.finish(reader);
    for item in files {
        let Some(path) = item.text(reader) else { continue };
        let entries =
            reader.read_file(&item.place, path).and_then(|bytes| directory::read(path, &bytes));
        match entries {
            Ok(entries) => directory.extend(entries),
            Err(fault) => {
                let fault = format!("{fault}; its names are not known");
                reader.leave_out(&item.place, &item.path, fault);
            }
        }
    }
    directory
}

/// Bounds of the timers of product S30 and S32.
pub fn recall_timer_bounds() -> core::ops::RangeInclusive<core::time::Duration> {
    seconds(5)..=seconds(900)
}
