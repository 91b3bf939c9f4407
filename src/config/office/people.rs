//! `[[extension]]`: the people of the office and their phones.

use crate::config::fields::{extension_form, read_secret};
use crate::config::office::devices::Devices;
use crate::config::office::groups::Known;
use crate::config::office::{Credentials, Person};
use crate::config::reader::{Fault, Reader};
use crate::config::secret::Secret;
use crate::config::section::{Item, Section};
use crate::domain::caller_name::CallerName;
use crate::domain::ids::Extension;

pub fn read(
    root: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    domain_is_set: bool,
    known: &mut Known,
    devices: &mut Devices,
) -> Vec<Person> {
    let sections = root.sections("extension", reader).into_iter();
    sections
        .filter_map(|section| read_person(section, reader, domain_is_set, known, devices))
        .collect()
}

fn read_person(
    mut section: Section<'_>,
    reader: &mut Reader<'_, '_>,
    domain_is_set: bool,
    known: &mut Known,
    devices: &mut Devices,
) -> Option<Person> {
    let extension = read_number(&mut section, reader, known);
    let name = section.take("name").and_then(|item| item.text(reader));
    let name = CallerName::clean(name.unwrap_or_default());
    let credentials = read_credentials(&mut section, reader, domain_is_set, extension.as_ref());
    let admin = section.take("admin").and_then(|item| item.flag(reader));
    let devices = devices.read(&mut section, reader, credentials.as_ref());
    section.finish(reader);
    let extension = extension?;
    let name = if name.is_empty() { CallerName::clean(extension.as_str()) } else { name };
    let admin = admin.unwrap_or(false);
    Some(Person { extension, name, credentials: credentials?, admin, devices })
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
    if known.emergency.iter().any(|emergency| emergency == number.as_str()) {
        let words = format!("whoever dials {number} in an emergency rings this instead");
        reader.warn(&item.place, &item.path, words);
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
