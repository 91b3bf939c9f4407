//! Feature access codes: what somebody dialled or transferred to.

use serde::{Deserialize, Serialize};

use crate::domain::ids::Extension;

/// The office's codes as configured, each without its argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureCodes {
    pub park: String,
    pub retrieve: String,
    pub group_park: String,
    pub pickup: String,
    pub dnd_on: String,
    pub dnd_off: String,
    pub echo_test: String,
}

impl Default for FeatureCodes {
    fn default() -> Self {
        Self {
            park: "*68".to_owned(),
            retrieve: "*88".to_owned(),
            group_park: "*58".to_owned(),
            pickup: "*98".to_owned(),
            dnd_on: "*78".to_owned(),
            dnd_off: "*79".to_owned(),
            echo_test: "*43".to_owned(),
        }
    }
}

/// A dialled string understood. `None` as a place means "my own extension".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialled {
    Park(Option<Extension>),
    GroupPark,
    Retrieve(Option<Extension>),
    /// One of several calls at a place, by its key (product Q18).
    RetrieveKey(Extension, u32),
    /// A call that rings with a colleague; `None`: with any of mine.
    PickUp(Option<Extension>),
    DoNotDisturb(bool),
    /// A code of the office that means nothing with what follows it.
    UnknownCode,
    /// Anything else: an extension, a number, a name.
    Other(String),
}

impl FeatureCodes {
    /// Understands `dialled`, the user part with escapes already decoded. One
    /// trailing `#` is dropped: some phones send it to end the number.
    pub fn understand(&self, dialled: &str) -> Dialled {
        let dialled = dialled.strip_suffix('#').unwrap_or(dialled);
        if dialled == self.dnd_on {
            return Dialled::DoNotDisturb(true);
        }
        if dialled == self.dnd_off {
            return Dialled::DoNotDisturb(false);
        }
        if dialled == self.group_park {
            return Dialled::GroupPark;
        }
        if let Some(rest) = dialled.strip_prefix(self.park.as_str()) {
            return place(rest).map_or(Dialled::UnknownCode, Dialled::Park);
        }
        if let Some(rest) = dialled.strip_prefix(self.retrieve.as_str()) {
            if let Some((at, key)) = rest.split_once('*') {
                let key = key.parse().ok().filter(|_| key.len() <= 9);
                return match (Extension::parse(at), key) {
                    (Ok(at), Some(key)) => Dialled::RetrieveKey(at, key),
                    _ => Dialled::UnknownCode,
                };
            }
            return place(rest).map_or(Dialled::UnknownCode, Dialled::Retrieve);
        }
        if let Some(rest) = dialled.strip_prefix(self.pickup.as_str()) {
            return place(rest).map_or(Dialled::UnknownCode, Dialled::PickUp);
        }
        if [&self.group_park, &self.echo_test, &self.dnd_on, &self.dnd_off]
            .iter()
            .any(|code| dialled.starts_with(code.as_str()))
        {
            return Dialled::UnknownCode;
        }
        Dialled::Other(dialled.to_owned())
    }
}

/// Nothing is one's own extension; what is neither is no place.
fn place(rest: &str) -> Option<Option<Extension>> {
    if rest.is_empty() { Some(None) } else { Extension::parse(rest).ok().map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_understood_with_place_key_and_trailing_hash() {
        let codes = FeatureCodes::default();
        let ext = |text| Extension::parse(text).unwrap();
        let cases = [
            ("*68", Dialled::Park(None)),
            ("*68#", Dialled::Park(None)),
            ("*68105", Dialled::Park(Some(ext("105")))),
            ("*68105#", Dialled::Park(Some(ext("105")))),
            ("*58", Dialled::GroupPark),
            ("*58#", Dialled::GroupPark),
            ("*88", Dialled::Retrieve(None)),
            ("*88102", Dialled::Retrieve(Some(ext("102")))),
            ("*88102*4", Dialled::RetrieveKey(ext("102"), 4)),
            ("*98", Dialled::PickUp(None)),
            ("*98103#", Dialled::PickUp(Some(ext("103")))),
            ("*98x", Dialled::UnknownCode),
            ("*78", Dialled::DoNotDisturb(true)),
            ("*79", Dialled::DoNotDisturb(false)),
            ("*68x", Dialled::UnknownCode),
            ("*88102*", Dialled::UnknownCode),
            ("*88*4", Dialled::UnknownCode),
            ("*581", Dialled::UnknownCode),
            ("105", Dialled::Other("105".to_owned())),
            ("*6", Dialled::Other("*6".to_owned())),
        ];
        for (dialled, wanted) in cases {
            assert_eq!(codes.understand(dialled), wanted, "{dialled}");
        }
    }
}
