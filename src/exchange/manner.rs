//! How one device is told things: what the settings say of it, else what its
//! make is known for (docs/PROTOCOL.md).

use crate::domain::device::Make;
use crate::domain::habits::{Habits, LampWord};
use crate::domain::ids::Extension;
use crate::exchange::Exchange;
use crate::exchange::registrar::Binding;
use crate::exchange::settings::{DeviceSettings, Settings};

/// A device, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manner {
    make: Option<Make>,
    /// Obihai's adapters are not among the makes that can be listed.
    is_obi: bool,
    pub habits: Habits,
}

impl Settings {
    /// The device of an extension that calls itself `agent`: the listed one
    /// whose hardware address it says, else one that its own name does not
    /// speak against, if there is only one of these.
    pub(super) fn manner_of(&self, extension: &Extension, agent: &str) -> Manner {
        let listed = self.extensions.get(extension).map_or(&[][..], |e| e.devices.as_slice());
        Manner::of(listed, agent, true)
    }
}

impl Exchange {
    /// Of a device that has registered: one that says nothing of its make is
    /// the listed one if it is the only one there.
    pub(super) fn habits_of(&self, extension: &Extension, device: &Binding) -> Habits {
        let is_only = self.state.registrar.devices(extension).len() == 1;
        self.habits_at(extension, &device.says(), is_only)
    }

    pub(super) fn habits_at(&self, extension: &Extension, says: &str, is_only: bool) -> Habits {
        let people = &self.settings.extensions;
        let listed = people.get(extension).map_or(&[][..], |e| e.devices.as_slice());
        if listed.is_empty() { Habits::default() } else { Manner::of(listed, says, is_only).habits }
    }
}

impl Manner {
    /// `is_only`: whoever says nothing of its make can be no other device.
    fn of(listed: &[DeviceSettings], agent: &str, is_only: bool) -> Self {
        let agent = agent.to_ascii_lowercase();
        let (make, is_obi) = (make_of(&agent), agent.starts_with("obi"));
        let named = listed.iter().find(|device| says(&agent, device));
        let unnamed = is_only && !is_obi;
        let fits = |device: &&DeviceSettings| make.map_or(unnamed, |make| make == device.make);
        let mut fitting = listed.iter().filter(fits);
        let only = fitting.next().filter(|_| fitting.next().is_none() && !is_console(&agent));
        match named.or(only) {
            Some(device) => Self { make: Some(device.make), is_obi, habits: device.habits.clone() },
            None => Self { make, is_obi, habits: Habits::default() },
        }
    }

    /// On the URIs of codes: what makes an occupied place's key flash.
    pub fn word_at_code(&self) -> LampWord {
        use Make::{Dinstar, Fanvil, Grandstream, Htek};
        let flashes = matches!(self.make, Some(Dinstar | Fanvil | Grandstream | Htek));
        let usual = if flashes || self.is_obi { LampWord::Early } else { LampWord::Confirmed };
        self.habits.lamp.unwrap_or(usual)
    }

    /// On the URI of an extension: makes that would take a parked call for a
    /// conversation are told of conversations only.
    pub fn word_at_extension(&self) -> Option<LampWord> {
        match (self.habits.lamp, self.make) {
            (Some(word @ (LampWord::Parked | LampWord::CallPark)), _) => Some(word),
            (Some(LampWord::Early | LampWord::Confirmed), _) => None,
            (None, Some(Make::Yealink | Make::Cisco)) => Some(LampWord::CallPark),
            (None, _) => None,
        }
    }
}

/// As in `Yealink SIP-T54W 96.86.0.118`, `snomD785/10.1`, `PolycomVVX-VVX_411-UA/6.4`.
fn make_of(agent: &str) -> Option<Make> {
    let mut known = Make::NAMES.iter();
    known.find(|(name, _)| agent.starts_with(name)).map(|(_, make)| *make)
}

fn is_console(agent: &str) -> bool {
    agent.starts_with("bellhop")
}

/// Some makes write it with colons.
fn says(agent: &str, device: &DeviceSettings) -> bool {
    let plain = device.mac.as_str();
    agent.contains(plain) || agent.contains(':') && agent.replace(':', "").contains(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::device::Mac;

    fn device(make: Make, mac: &str, lamp: Option<LampWord>) -> DeviceSettings {
        let habits = Habits { lamp, ..Habits::default() };
        DeviceSettings { make, mac: Mac::parse(mac).unwrap(), habits }
    }

    fn word(devices: &[DeviceSettings], agent: &str) -> (LampWord, Option<LampWord>) {
        let manner = Manner::of(devices, agent, true);
        (manner.word_at_code(), manner.word_at_extension())
    }

    #[test]
    fn an_unlisted_phone_is_told_in_the_way_of_its_make() {
        use LampWord::{CallPark, Confirmed, Early};
        let cases = [
            ("Yealink SIP-T54W 96.86.0.118", (Confirmed, Some(CallPark))),
            ("Cisco-CP-8851-3PCC/11.3.1", (Confirmed, Some(CallPark))),
            ("Fanvil X5U-V2 2.12.16.17", (Early, None)),
            ("Grandstream GRP2614 1.0.5.15", (Early, None)),
            ("Htek UC926 2.0.4.2", (Early, None)),
            ("DINSTAR C62 2.62.6.9.7", (Early, None)),
            ("OBIHAI/OBi1062-5.1", (Early, None)),
            ("snomD785/10.1.204", (Confirmed, None)),
            ("baresip v2.0", (Confirmed, None)),
            ("", (Confirmed, None)),
        ];
        for (agent, wanted) in cases {
            assert_eq!(word(&[], agent), wanted, "{agent}");
        }
    }

    #[test]
    fn a_listed_phone_is_known_by_its_address_or_by_being_the_only_one() {
        use LampWord::{CallPark, Confirmed, Early, Parked};
        let yealink = device(Make::Yealink, "805e0c112233", Some(Parked));
        let other = device(Make::Yealink, "805e0c112244", Some(Early));
        let both = [yealink.clone(), other];
        assert_eq!(word(&both, "Yealink T54W 80:5E:0C:11:22:33"), (Parked, Some(Parked)));
        assert_eq!(word(&both, "Yealink T54W 805e0c112244"), (Early, None));
        assert_eq!(word(&both, "Yealink T54W"), (Confirmed, Some(CallPark)), "either");
        let only = [yealink];
        assert_eq!(word(&only, ""), (Parked, Some(Parked)));
        assert_eq!(word(&only, "Desk phone of the house"), (Parked, Some(Parked)));
        assert_eq!(word(&only, "Fanvil X5U"), (Early, None), "another's make");
        assert_eq!(word(&only, "Bellhop/0.1.0"), (Confirmed, None), "a console");
    }

    #[test]
    fn one_of_several_is_known_by_what_it_says_alone() {
        let yealink = device(Make::Yealink, "805e0c112233", Some(LampWord::Parked));
        let lamp = |says| Manner::of(std::slice::from_ref(&yealink), says, false).habits.lamp;
        assert_eq!(lamp("Some softphone 3.1"), None);
        assert_eq!(lamp("Yealink SIP-T54W 96.86"), Some(LampWord::Parked));
        let instance = "Desk <urn:uuid:00000000-0000-1000-8000-805E0C112233>";
        assert_eq!(lamp(instance), Some(LampWord::Parked));
    }
}
