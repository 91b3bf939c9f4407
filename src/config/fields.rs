//! Settings that more than one section, or more than one file, has.

use core::time::Duration;

use crate::config::reader::{Fault, Reader, malformed};
use crate::config::secret::Secret;
use crate::config::section::{Item, Section};
use crate::domain::ids::Extension;

pub fn firsts<T, P>(pairs: Vec<(T, P)>) -> Vec<T> {
    pairs.into_iter().map(|(first, _)| first).collect()
}

pub fn required_text(
    section: &mut Section<'_>,
    key: &'static str,
    reader: &mut Reader<'_, '_>,
) -> Option<String> {
    let Some(item) = section.take(key) else {
        let path = section.path_of(key);
        reader.miss(&section.place, &path, format!("{key} is missing"));
        return None;
    };
    let text = item.text(reader)?;
    if text.trim().is_empty() {
        item.complain(reader, format!("{key} is empty"));
        return None;
    }
    Some(text.to_owned())
}

/// A secret written out under `key`, or alone in the file named by `key_file`;
/// both at once are complained of.
pub fn read_secret(
    section: &mut Section<'_>,
    key: &'static str,
    key_file: &'static str,
    reader: &mut Reader<'_, '_>,
) -> Option<Secret> {
    let written = section.take_secret(key);
    let filed = section.take(key_file);
    if let (Some(_), Some(filed)) = (&written, &filed) {
        let fault = format!("{key} is set too: one of the two must go");
        reader.clash(&filed.place, &filed.path, fault);
    }
    if let Some(item) = written {
        let text = item.text(reader)?;
        if text.is_empty() {
            item.complain(reader, format!("{key} is empty"));
            return None;
        }
        return Some(Secret::new(text));
    }
    filed.and_then(|item| {
        item.parsed(reader, |_| Ok(()))?;
        secret_from_file(&item, reader)
    })
}

/// The file's first line, without the newline at its end.
fn secret_from_file(item: &Item<'_>, reader: &mut Reader<'_, '_>) -> Option<Secret> {
    let path = item.text(reader)?;
    let read = reader.read_file(&item.place, path).and_then(|bytes| {
        let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        let line = text.lines().next().unwrap_or_default();
        if line.is_empty() {
            Err("its first line is empty".to_owned())
        } else {
            Ok(line.to_owned())
        }
    });
    match read {
        Ok(line) => Some(Secret::new(line)),
        Err(fault) => {
            item.complain(reader, Fault::from(fault));
            None
        }
    }
}

pub fn extension_form(text: &str) -> Result<Extension, Fault> {
    Extension::parse(text).map_err(|error| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let near = Extension::parse(&digits).ok().map(|near| format!("\"{near}\""));
        malformed(error).with_nearest(near)
    })
}

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
