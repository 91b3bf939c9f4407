//! `[[extension]]`: the people of the office and their phones.

use crate::config::fields::{extension_form, read_secret};
use crate::config::office::groups::Known;
use crate::config::office::{Credentials, Device, Make, Person};
use crate::config::reader::{Fault, Place, Reader};
use crate::config::secret::Secret;
use crate::config::section::{Item, Section};
use crate::config::values::mac;
use crate::domain::caller_name::CallerName;
use crate::domain::ids::Extension;

const MAKES: [(&str, Make); 5] = [
    ("dinstar", Make::Dinstar),
    ("fanvil", Make::Fanvil),
    ("grandstream", Make::Grandstream),
    ("htek", Make::Htek),
    ("yealink", Make::Yealink),
];

pub fn read(
    root: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    domain_is_set: bool,
    known: &mut Known,
) -> Vec<Person> {
    let sections = root.sections("extension", reader);
    let mut macs = Vec::new();
    let people = sections.into_iter().filter_map(|section| {
        let (person, devices) = read_person(section, reader, domain_is_set, known)?;
        macs.extend(devices);
        Some(person)
    });
    let people = people.collect();
    complain_of_twins(&macs, reader);
    people
}

type PlacedDevice = (Device, Place);

fn read_person(
    mut section: Section<'_>,
    reader: &mut Reader<'_, '_>,
    domain_is_set: bool,
    known: &mut Known,
) -> Option<(Person, Vec<PlacedDevice>)> {
    let extension = read_number(&mut section, reader, known);
    let name = section.take("name").and_then(|item| item.text(reader));
    let name = CallerName::clean(name.unwrap_or_default());
    let credentials = read_credentials(&mut section, reader, domain_is_set, extension.as_ref());
    let admin = section.take("admin").and_then(|item| {
        item.later(reader, "the admin screen comes");
        item.flag(reader)
    });
    let devices = section.take("devices").map(|item| {
        item.later(reader, "handing phones their settings comes");
        item.list(reader)
    });
    let devices = devices.unwrap_or_default();
    let devices: Vec<_> = devices.iter().filter_map(|item| read_device(item, reader)).collect();
    section.finish(reader);
    let extension = extension?;
    let name = if name.is_empty() { CallerName::clean(extension.as_str()) } else { name };
    let own = devices.iter().map(|(device, _)| device.clone()).collect();
    let admin = admin.unwrap_or(false);
    Some((Person { extension, name, credentials: credentials?, admin, devices: own }, devices))
}

/// The number of an extension or ring group, which nobody else has.
pub fn read_number(
    section: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    known: &mut Known,
) -> Option<Extension> {
    let Some(item) = section.take("number") else {
        let key = section.path_of("number");
        reader.miss(&section.place, &key, "number is missing");
        return None;
    };
    let number = item.parsed(reader, extension_form)?;
    if let Some(other) = known.place_of(&number) {
        let fault = format!("{number} is taken already ({})", reader.line_of(other));
        let fault = Fault::from(fault).with_nearest(known.free_after(&number));
        reader.clash(&item.place, &item.path, fault);
        return Some(number);
    }
    known.note_number(&number, item.place);
    Some(number)
}

fn read_credentials(
    section: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    domain_is_set: bool,
    extension: Option<&Extension>,
) -> Option<Credentials> {
    let has_password = section.has("password") || section.has("password_file");
    let password = read_secret(section, "password", "password_file", reader);
    let md5 = section.take_secret("ha1");
    let sha256 = section.take_secret("ha1_sha256");
    if has_password {
        if let Some(item) = md5.as_ref().or(sha256.as_ref()) {
            reader.miss(&item.place, &item.path, "a password is set too: one of the two must go");
        }
        return password.map(Credentials::Password);
    }
    let (Some(md5), Some(sha256)) = (&md5, &sha256) else {
        let who = extension.map_or("the extension".to_owned(), |number| format!("{number}"));
        let (place, fault) = match md5.as_ref().or(sha256.as_ref()) {
            Some(one) => (&one.place, "ha1 and ha1_sha256 belong together".to_owned()),
            None => (&section.place, format!("{who} has no password, password_file or ha1")),
        };
        let (place, key) = (place.clone(), section.path_of("password"));
        reader.miss(&place, &key, fault);
        return None;
    };
    if !domain_is_set {
        let fault = "a hash holds the domain: set [server] domain too";
        reader.miss(&md5.place, &md5.path, fault);
    }
    let md5 = read_hash(md5, 32, reader);
    let sha256 = read_hash(sha256, 64, reader);
    Some(Credentials::Hashes { md5: md5?, sha256: sha256? })
}

fn read_hash(item: &Item<'_>, digits: usize, reader: &mut Reader<'_, '_>) -> Option<Secret> {
    item.parsed(reader, |text| {
        let fits = text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
        let secret = fits.then(|| Secret::new(text.to_ascii_lowercase()));
        secret.ok_or_else(|| Fault::from(format!("not {digits} hexadecimal digits")))
    })
}

fn read_device(item: &Item<'_>, reader: &mut Reader<'_, '_>) -> Option<PlacedDevice> {
    let mut section = item.section(reader)?;
    let make = section.take("make");
    let address = section.take("mac");
    if make.is_none() || address.is_none() {
        let fault = "a device is { make = \"...\", mac = \"...\" }";
        reader.miss(&section.place, "extension.devices", fault);
    }
    let make = make.and_then(|item| item.one_of(reader, &MAKES));
    let mac = address.as_ref().and_then(|item| item.parsed(reader, mac));
    section.finish(reader);
    Some((Device { make: make?, mac: mac? }, address?.place))
}

/// One telephone has one user.
fn complain_of_twins(devices: &[PlacedDevice], reader: &mut Reader<'_, '_>) {
    for (index, (device, place)) in devices.iter().enumerate() {
        let mut earlier = devices.iter().take(index);
        if let Some((_, other)) = earlier.find(|(other, _)| other.mac == device.mac) {
            let fault = format!("this device is listed already ({})", reader.line_of(other));
            reader.clash(place, "extension.devices.mac", fault);
        }
    }
}
