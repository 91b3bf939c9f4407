//! A message's headers, in order, each value the octets that came.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::sip::wire::fault::{Fault, What};
use crate::sip::wire::method::Method;
use crate::sip::wire::name::Name;
use crate::sip::wire::name_addr::{NameAddr, NameAddrParts};
use crate::sip::wire::text::{decoded, split_outside, trim};
use crate::sip::wire::values::{CSeq, Contacts, Event, Replaces, SubscriptionState};
use crate::sip::wire::via::Via;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers(Vec<(Name, Bytes)>);

impl Headers {
    pub(super) fn with_capacity(lines: usize) -> Self {
        Self(Vec::with_capacity(lines))
    }

    pub fn get(&self, name: &Name) -> Option<&[u8]> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_ref())
    }

    /// The first value, as UTF-8 or Latin-1.
    pub fn text(&self, name: &Name) -> Option<Cow<'_, str>> {
        self.get(name).map(decoded)
    }

    pub fn all<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_ref())
    }

    pub fn count(&self, name: &Name) -> usize {
        self.all(name).count()
    }

    pub fn push(&mut self, name: Name, value: impl Into<Bytes>) {
        self.0.push((name, value.into()));
    }

    pub fn push_front(&mut self, name: Name, value: impl Into<Bytes>) {
        self.0.insert(0, (name, value.into()));
    }

    /// Replaces all of this name, in the place of the first.
    pub fn set(&mut self, name: Name, value: impl Into<Bytes>) {
        let value = value.into();
        match self.0.iter().position(|(n, _)| *n == name) {
            Some(first) => {
                self.0[first].1 = value;
                let mut seen = false;
                self.0.retain(|(n, _)| *n != name || !std::mem::replace(&mut seen, true));
            }
            None => self.push(name, value),
        }
    }

    pub fn remove(&mut self, name: &Name) {
        self.0.retain(|(n, _)| n != name);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Name, &[u8])> {
        self.0.iter().map(|(name, value)| (name, value.as_ref()))
    }

    pub(super) fn shared(&self) -> Vec<(Name, Bytes)> {
        self.0.clone()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// # Errors
    /// There is none, or it cannot be read.
    pub fn via(&self) -> Result<Via, Fault> {
        let text = self.text(&Name::Via).ok_or(Fault::new(What::Missing, "Via"))?;
        let first = split_outside(&text, b',').next().flatten();
        Via::parse(trim(first.unwrap_or_default()))
    }

    /// # Errors
    /// One cannot be read.
    pub fn vias(&self) -> Result<Vec<Via>, Fault> {
        let mut vias = Vec::new();
        for value in self.all(&Name::Via) {
            for part in split_outside(&decoded(value), b',') {
                vias.push(Via::parse(trim(part.unwrap_or_default()))?);
            }
        }
        Ok(vias)
    }

    /// Writes the topmost Via anew; those after it in the same line stay.
    pub fn replace_top_via(&mut self, via: &Via) {
        let Some((_, value)) = self.0.iter_mut().find(|(name, _)| *name == Name::Via) else {
            return;
        };
        let text = decoded(value).into_owned();
        let mut line = via.to_string();
        for part in split_outside(&text, b',').flatten().skip(1) {
            line.push_str(", ");
            line.push_str(trim(part));
        }
        *value = Bytes::from(line);
    }

    /// # Errors
    /// There is none, or it cannot be read.
    pub fn from(&self) -> Result<NameAddr, Fault> {
        self.name_addr(&Name::From, "From")
    }

    /// # Errors
    /// There is none, or it cannot be read.
    pub fn to(&self) -> Result<NameAddr, Fault> {
        self.name_addr(&Name::To, "To")
    }

    /// # Errors
    /// There is none, or it cannot be read.
    pub fn refer_to(&self) -> Result<NameAddr, Fault> {
        self.name_addr(&Name::ReferTo, "Refer-To")
    }

    fn name_addr(&self, name: &Name, place: &'static str) -> Result<NameAddr, Fault> {
        let text = self.text(name).ok_or(Fault::new(What::Missing, place))?;
        NameAddr::parse(&text, place)
    }

    pub fn from_tag(&self) -> Option<String> {
        self.tag_of(&Name::From)
    }

    pub fn to_tag(&self) -> Option<String> {
        self.tag_of(&Name::To)
    }

    fn tag_of(&self, name: &Name) -> Option<String> {
        NameAddrParts::read(&self.text(name)?)?.tag().map(Cow::into_owned)
    }

    pub fn call_id(&self) -> Option<String> {
        self.text(&Name::CallId).map(|text| trim(&text).to_owned())
    }

    /// # Errors
    /// There is none, or it cannot be read.
    pub fn cseq(&self) -> Result<CSeq, Fault> {
        let text = self.text(&Name::CSeq).ok_or(Fault::new(What::Missing, "CSeq"))?;
        CSeq::parse(&text)
    }

    /// # Errors
    /// One cannot be read.
    pub fn contacts(&self) -> Result<Contacts, Fault> {
        let mut list = Vec::new();
        for value in self.all(&Name::Contact) {
            let text = decoded(value);
            if text.trim() == "*" {
                return Ok(Contacts::Star);
            }
            list.extend(NameAddr::parse_list(&text, "Contact")?);
        }
        Ok(Contacts::List(list))
    }

    pub fn contact(&self) -> Option<NameAddr> {
        let text = self.text(&Name::Contact)?;
        NameAddr::parse_list(&text, "Contact").ok()?.into_iter().next()
    }

    pub fn routes(&self) -> Vec<NameAddr> {
        self.list(&Name::Route, "Route")
    }

    pub fn record_routes(&self) -> Vec<NameAddr> {
        self.list(&Name::RecordRoute, "Record-Route")
    }

    fn list(&self, name: &Name, place: &'static str) -> Vec<NameAddr> {
        self.all(name)
            .flat_map(|value| NameAddr::parse_list(&decoded(value), place).unwrap_or_default())
            .collect()
    }

    /// Seconds; what is too large for the type is the largest (RFC 3261 §20.19).
    pub fn expires(&self) -> Option<u32> {
        seconds(&self.text(&Name::Expires)?)
    }

    pub fn max_forwards(&self) -> Option<u32> {
        seconds(&self.text(&Name::MaxForwards)?)
    }

    pub fn event(&self) -> Option<Event> {
        Event::parse(&self.text(&Name::Event)?)
    }

    pub fn subscription_state(&self) -> Option<SubscriptionState> {
        SubscriptionState::parse(&self.text(&Name::SubscriptionState)?)
    }

    pub fn replaces(&self) -> Option<Replaces> {
        Replaces::parse(&self.text(&Name::Replaces)?)
    }

    /// A comma-separated list, in lower case: Supported, Require, Allow-Events.
    pub fn tokens(&self, name: &Name) -> Vec<String> {
        let mut tokens = Vec::new();
        for value in self.all(name) {
            let text = decoded(value);
            let parts = text.split(',').map(|part| part.trim().to_ascii_lowercase());
            tokens.extend(parts.filter(|part| !part.is_empty()));
        }
        tokens
    }

    /// Whether a body of this type may be sent back. Who says nothing accepts
    /// session descriptions (RFC 3261 §20.1).
    pub fn accepts(&self, kind: &str) -> bool {
        if self.count(&Name::Accept) == 0 {
            return kind.eq_ignore_ascii_case("application/sdp");
        }
        let (family, _) = kind.split_once('/').unwrap_or((kind, ""));
        self.tokens(&Name::Accept).iter().any(|range| {
            let range = range.split(';').next().unwrap_or_default().trim();
            let all = range
                .strip_suffix("/*")
                .is_some_and(|f| f == "*" || f.eq_ignore_ascii_case(family));
            all || range.eq_ignore_ascii_case(kind)
        })
    }

    pub fn allows(&self, method: &Method) -> bool {
        self.tokens(&Name::Allow).iter().any(|token| token.eq_ignore_ascii_case(method.as_str()))
    }

    pub fn asserted_identity(&self) -> Option<NameAddr> {
        let text = self.text(&Name::PAssertedIdentity)?;
        NameAddr::parse_list(&text, "P-Asserted-Identity").ok()?.into_iter().next()
    }

    /// `type/subtype` in lower case, without parameters.
    pub fn content_type(&self) -> Option<String> {
        let text = self.text(&Name::ContentType)?;
        let kind = text.split(';').next().unwrap_or_default();
        Some(kind.split_whitespace().collect::<String>().to_ascii_lowercase())
    }
}

pub(super) fn seconds(text: &str) -> Option<u32> {
    let digits = text.trim();
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u32::MAX))
}
