//! Tables and the settings in them, each of which knows where it stands.

use core::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::document::Document;
use crate::config::reader::{Fault, Place, Reader};
use crate::domain::nearest::nearest;

/// A table, read key by key; [`Section::finish`] complains of what nobody
/// asked for.
pub struct Section<'d> {
    /// Dotted, for people; empty at the top.
    path: String,
    pub place: Place,
    /// The same table in several documents; later ones win.
    layers: Vec<(usize, &'d DeTable<'d>)>,
    asked: Vec<&'static str>,
}

/// One setting.
#[derive(Clone)]
pub struct Item<'d> {
    pub path: String,
    pub place: Place,
    value: &'d DeValue<'d>,
    secret: bool,
}

impl<'d> Section<'d> {
    /// The top of the documents.
    pub fn root(documents: &'d [Document<'d>]) -> Self {
        let layers = documents.iter().map(|document| &document.table).enumerate().collect();
        let place = Place { document: 0, span: 0..0 };
        Self { path: String::new(), place, layers, asked: Vec::new() }
    }

    /// The top of one document among several that have nothing in common.
    pub fn top_of(documents: &'d [Document<'d>], index: usize) -> Self {
        let one = documents.iter().enumerate().skip(index).take(1);
        let layers = one.map(|(index, document)| (index, &document.table)).collect();
        let place = Place { document: index, span: 0..0 };
        Self { path: String::new(), place, layers, asked: Vec::new() }
    }

    pub fn take(&mut self, key: &'static str) -> Option<Item<'d>> {
        self.asked.push(key);
        self.found(key).pop()
    }

    /// A setting whose value is never shown.
    pub fn take_secret(&mut self, key: &'static str) -> Option<Item<'d>> {
        self.take(key).map(|item| Item { secret: true, ..item })
    }

    /// The table `[key]`, all documents' together.
    pub fn section(&mut self, key: &'static str, reader: &mut Reader<'_, '_>) -> Option<Self> {
        self.asked.push(key);
        let tables: Vec<(Item<'d>, &'d DeTable<'d>)> = self
            .found(key)
            .into_iter()
            .filter_map(|item| item.table(reader).map(|table| (item, table)))
            .collect();
        let place = tables.first()?.0.place.clone();
        let layers = tables.into_iter().map(|(item, table)| (item.place.document, table));
        Some(Self { path: self.path_of(key), place, layers: layers.collect(), asked: Vec::new() })
    }

    /// The tables `[[key]]`.
    pub fn sections(&mut self, key: &'static str, reader: &mut Reader<'_, '_>) -> Vec<Self> {
        let Some(item) = self.take(key) else {
            return Vec::new();
        };
        if item.value.is_table() {
            let fault = Fault::from("there may be several of these: two brackets");
            let nearest = format!("[[{}]]", item.path);
            reader.complain(&item.place, &item.path, fault.with_nearest(Some(nearest)));
            return Vec::new();
        }
        item.list(reader).iter().filter_map(|item| item.section(reader)).collect()
    }

    /// Whether the key is there at all, right or wrong.
    pub fn has(&self, key: &str) -> bool {
        self.layers.iter().any(|(_, table)| entry(table, key).is_some())
    }

    /// The dotted name of a setting in this table.
    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Complains of every key that nobody asked for.
    pub fn finish(self, reader: &mut Reader<'_, '_>) {
        for (document, table) in &self.layers {
            let unknown = table.iter().filter(|(key, _)| !self.asked.contains(&&**key.get_ref()));
            for (key, _) in unknown {
                let place = Place { document: *document, span: key.span() };
                let near = nearest(key.get_ref(), self.asked.iter().copied());
                let fault = Fault::from(match self.path.as_str() {
                    "" => "there is no such section".to_owned(),
                    path => format!("there is no such setting in {path}"),
                });
                reader.complain(&place, "", fault.with_nearest(near));
            }
        }
    }

    fn found(&self, key: &str) -> Vec<Item<'d>> {
        let layers = self.layers.iter();
        let found = layers.filter_map(|(document, table)| Some((document, entry(table, key)?)));
        found
            .map(|(document, value)| Item {
                path: self.path_of(key),
                place: Place { document: *document, span: value.span() },
                value: value.get_ref(),
                secret: false,
            })
            .collect()
    }
}

fn entry<'d>(table: &'d DeTable<'d>, wanted: &str) -> Option<&'d Spanned<DeValue<'d>>> {
    table.iter().find(|(key, _)| key.get_ref() == wanted).map(|(_, value)| value)
}

impl<'d> Item<'d> {
    pub fn text(&self, reader: &mut Reader<'_, '_>) -> Option<&'d str> {
        let text = self.value.as_str();
        if text.is_none() {
            let quoted = matches!(self.value, DeValue::Integer(_) | DeValue::Float(_));
            let raw = self.value.as_integer().map(ToString::to_string);
            let nearest = raw.filter(|_| quoted).map(|raw| format!("\"{raw}\""));
            self.wrong_type(reader, "a text in quotes", nearest);
        }
        text
    }

    /// A text that is understood by `parse`.
    pub fn parsed<T>(
        &self,
        reader: &mut Reader<'_, '_>,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        let text = self.text(reader)?;
        parse(text).map_err(|fault| self.complain(reader, fault)).ok()
    }

    /// A text that is one of these.
    pub fn one_of<T: Clone>(
        &self,
        reader: &mut Reader<'_, '_>,
        choices: &[(&str, T)],
    ) -> Option<T> {
        self.parsed(reader, |text| {
            let chosen = choices.iter().find(|(name, _)| *name == text);
            chosen.map(|(_, choice)| choice.clone()).ok_or_else(|| {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                let near = nearest(text, names.iter().copied());
                let near = near.map(|near| format!("\"{near}\""));
                Fault::from(format!("not one of {}", names.join(", "))).with_nearest(near)
            })
        })
    }

    pub fn flag(&self, reader: &mut Reader<'_, '_>) -> Option<bool> {
        let flag = self.value.as_bool();
        if flag.is_none() {
            let meant = match self.value.as_str().map(str::to_lowercase).as_deref() {
                Some("true" | "yes" | "on") => Some("true".to_owned()),
                Some("false" | "no" | "off") => Some("false".to_owned()),
                _ => None,
            };
            self.wrong_type(reader, "true or false", meant);
        }
        flag
    }

    pub fn whole(&self, reader: &mut Reader<'_, '_>, within: RangeInclusive<u32>) -> Option<u32> {
        let Some(integer) = self.value.as_integer() else {
            let meant = self.value.as_str().filter(|text| text.parse::<u32>().is_ok());
            self.wrong_type(reader, "a whole number", meant.map(str::to_owned));
            return None;
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix());
        let number = number.ok().and_then(|number| u32::try_from(number).ok());
        let fits = number.filter(|number| within.contains(number));
        if fits.is_none() {
            let (least, most) = (within.start(), within.end());
            let too_much = number.is_some_and(|number| number > *most);
            let nearest = if too_much { most } else { least };
            let fault = Fault::from(format!("not from {least} to {most}"));
            self.complain(reader, fault.with_nearest(Some(nearest.to_string())));
        }
        fits
    }

    pub fn is_empty_list(&self) -> bool {
        self.value.as_array().is_some_and(|list| list.is_empty())
    }

    pub fn list(&self, reader: &mut Reader<'_, '_>) -> Vec<Self> {
        let Some(array) = self.value.as_array() else {
            let raw = self.value.as_str().filter(|_| !self.secret);
            self.wrong_type(reader, "a list", raw.map(|raw| format!("[\"{raw}\"]")));
            return Vec::new();
        };
        let items = array.iter().map(|value| Self {
            path: self.path.clone(),
            place: Place { document: self.place.document, span: value.span() },
            value: value.get_ref(),
            secret: self.secret,
        });
        items.collect()
    }

    /// A list of texts, each understood by `parse`; the faulty are left out,
    /// and complained of.
    pub fn each<T>(
        &self,
        reader: &mut Reader<'_, '_>,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Vec<(T, Place)> {
        let items = self.list(reader);
        let parsed = items.iter().filter_map(|item| {
            item.parsed(reader, &parse).map(|value| (value, item.place.clone()))
        });
        parsed.collect()
    }

    /// This item as a table of its own, such as `{ make = "...", mac = "..." }`.
    pub fn section(&self, reader: &mut Reader<'_, '_>) -> Option<Section<'d>> {
        let layers = vec![(self.place.document, self.table(reader)?)];
        let (path, place) = (self.path.clone(), self.place.clone());
        Some(Section { path, place, layers, asked: Vec::new() })
    }

    pub fn complain(&self, reader: &mut Reader<'_, '_>, fault: impl Into<Fault>) {
        if self.secret {
            reader.complain_of_secret(&self.place, &self.path, fault.into());
        } else {
            reader.complain(&self.place, &self.path, fault.into());
        }
    }

    pub fn later(&self, reader: &mut Reader<'_, '_>, what: &str) {
        reader.later(&self.place, &self.path, what);
    }

    fn table(&self, reader: &mut Reader<'_, '_>) -> Option<&'d DeTable<'d>> {
        let table = self.value.as_table();
        if table.is_none() {
            let wanted = format!("a section: [{}] and its settings below it", self.path);
            self.wrong_type(reader, &wanted, None);
        }
        table
    }

    fn wrong_type(&self, reader: &mut Reader<'_, '_>, wanted: &str, nearest: Option<String>) {
        let fault = Fault::from(format!("this is {}, wanted is {wanted}", self.type_in_words()));
        self.complain(reader, fault.with_nearest(nearest.filter(|_| !self.secret)));
    }

    fn type_in_words(&self) -> &'static str {
        match self.value {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a section",
        }
    }
}
