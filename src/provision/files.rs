//! Each make's files: what they are called, and what is in them.

use crate::domain::device::{Mac, Make};
use crate::provision::escape::Format;
use crate::provision::phone::{Filling, Phone, Way};
use crate::provision::template::fill;

/// One of the files a phone may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// Its settings, with its password.
    Settings,
    /// Which files hold its settings.
    Index,
    /// For all phones of a model, without anybody's settings.
    Model,
}

/// A file's text, made to be sent or printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    pub text: String,
    pub content_type: &'static str,
}

const SHEET: &str = include_str!("../../assets/provision/sheet.txt");

/// The template of a make's file; none: the make has no such file. Dinstar's
/// format is not public.
fn template(make: Make, file: File) -> Option<(&'static str, Format)> {
    macro_rules! asset {
        ($name:literal) => {
            include_str!(concat!("../../assets/provision/", $name))
        };
    }
    match (make, file) {
        (Make::Cisco, File::Settings) => Some((asset!("cisco.xml"), Format::Xml)),
        (Make::Fanvil, File::Settings) => Some((asset!("fanvil.xml"), Format::Xml)),
        (Make::Grandstream, File::Settings) => Some((asset!("grandstream.xml"), Format::Xml)),
        (Make::Htek, File::Settings) => Some((asset!("htek.xml"), Format::Xml)),
        (Make::Poly, File::Settings) => Some((asset!("poly.xml"), Format::Xml)),
        (Make::Poly, File::Index) => Some((asset!("poly-master.xml"), Format::Xml)),
        (Make::Snom, File::Settings) => Some((asset!("snom.xml"), Format::Xml)),
        (Make::Yealink, File::Settings) => Some((asset!("yealink.cfg"), Format::Lines)),
        (Make::Yealink, File::Index) => Some((asset!("yealink.boot"), Format::Lines)),
        (Make::Yealink, File::Model) => Some((asset!("yealink-model.cfg"), Format::Lines)),
        _ => None,
    }
}

/// Which file of this phone is meant by a name in lower case.
pub(super) fn named(make: Make, mac: &Mac, name: &str) -> Option<File> {
    let is = |before: &str, after: &str| {
        let rest = name.strip_prefix(before).and_then(|rest| rest.strip_prefix(mac.as_str()));
        rest == Some(after)
    };
    match make {
        Make::Yealink if is("", ".cfg") => Some(File::Settings),
        Make::Yealink if is("", ".boot") => Some(File::Index),
        Make::Fanvil if is("", ".cfg") => Some(File::Settings),
        Make::Grandstream if is("cfg", ".xml") || is("cfg", "") => Some(File::Settings),
        Make::Htek if is("cfg", ".xml") || is("", ".cfg") => Some(File::Settings),
        Make::Snom if is_snoms(name, mac) => Some(File::Settings),
        Make::Poly if is("", "-bellhop.cfg") => Some(File::Settings),
        Make::Poly if is("", ".cfg") => Some(File::Index),
        Make::Cisco if is("", ".xml") || is("", ".cfg") => Some(File::Settings),
        _ => None,
    }
}

/// `805e0c112233.xml`, and `snomD785-000413112233.htm` as the phone adds to an
/// address that names no file.
fn is_snoms(name: &str, mac: &Mac) -> bool {
    let stem = name.strip_suffix(".htm").or_else(|| name.strip_suffix(".xml"));
    let model = stem.and_then(|stem| stem.strip_suffix(mac.as_str()));
    let is_model = |text: &str| {
        let model = text.strip_prefix("snom").and_then(|text| text.strip_suffix('-'));
        model.is_some_and(|model| model.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    model.is_some_and(|model| model.is_empty() || is_model(model))
}

/// Yealink's file for all phones of a model: `y000000000096.cfg`.
pub(super) fn is_model_file(name: &str) -> bool {
    let digits = name.strip_prefix('y').and_then(|rest| rest.strip_suffix(".cfg"));
    digits.is_some_and(|digits| digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// None: this make has no such file.
pub(super) fn paper(phone: &Phone, file: File, way: Way) -> Option<Paper> {
    let (template, format) = template(phone.make, file)?;
    let text = fill(template, format, &Filling { phone, way });
    Some(Paper { text, content_type: format.content_type() })
}

/// The file with a phone's settings; none where the make's format is not
/// public.
pub fn own_file(phone: &Phone, way: Way) -> Option<Paper> {
    paper(phone, File::Settings, way)
}

/// The settings for whoever types them in at the phone.
pub fn sheet(phone: &Phone, way: Way) -> Paper {
    let text = fill(SHEET, Format::Lines, &Filling { phone, way });
    Paper { text, content_type: Format::Lines.content_type() }
}

/// The make that a phone says it is of. Anybody can say that: it is for the
/// log.
pub fn maker_named_in(user_agent: &str) -> Option<Make> {
    let user_agent = user_agent.to_lowercase();
    let named = Make::NAMES.into_iter().find(|(name, _)| user_agent.contains(name));
    named.map(|(_, make)| make)
}
