//! `devices` of an extension: which telephones are whose.

use crate::config::office::{Credentials, Device, habits};
use crate::config::reader::{Place, Reader};
use crate::config::section::{Item, Section};
use crate::config::values::mac;
use crate::domain::device::{Make, fits_settings};

/// All telephones of the file, whatever tenant's, and where they are written.
#[derive(Default)]
pub struct Devices(Vec<(Device, Place)>);

impl Devices {
    /// One person's. They are his even where they cannot be handed settings.
    pub fn read(
        &mut self,
        section: &mut Section<'_>,
        reader: &mut Reader<'_, '_>,
        credentials: Option<&Credentials>,
    ) -> Vec<Device> {
        let Some(item) = section.take("devices") else { return Vec::new() };
        let own: Vec<_> = item.list(reader).iter().filter_map(|item| read(item, reader)).collect();
        if let Some(fault) = credentials.and_then(unfit).filter(|_| !own.is_empty()) {
            reader.leave_out(&item.place, &item.path, fault);
        }
        self.0.extend(own.iter().cloned());
        own.into_iter().map(|(device, _)| device).collect()
    }

    /// One telephone has one user.
    pub fn complain_of_twins(&self, reader: &mut Reader<'_, '_>) {
        for (index, (device, place)) in self.0.iter().enumerate() {
            let mut earlier = self.0.iter().take(index);
            if let Some((_, other)) = earlier.find(|(other, _)| other.mac == device.mac) {
                let fault = format!("this device is listed already ({})", reader.line_of(other));
                reader.clash(place, "extension.devices.mac", fault);
            }
        }
    }
}

fn unfit(credentials: &Credentials) -> Option<&'static str> {
    match credentials {
        Credentials::Hashes { .. } => Some(
            "a phone is handed its settings with the password itself, which ha1 does not tell: \
             set password or password_file",
        ),
        Credentials::Password(password) if !fits_settings(password.reveal()) => Some(
            "the password cannot be written into a phone's settings: it begins or ends with a \
             blank, or has a control character in it",
        ),
        Credentials::Password(_) => None,
    }
}

fn read(item: &Item<'_>, reader: &mut Reader<'_, '_>) -> Option<(Device, Place)> {
    let mut section = item.section(reader)?;
    let make = section.take("make");
    let address = section.take("mac");
    if make.is_none() || address.is_none() {
        let fault = "a device is { make = \"...\", mac = \"...\" }";
        reader.miss(&section.place, "extension.devices", fault);
    }
    let make = make.and_then(|item| item.one_of(reader, &Make::NAMES));
    let mac = address.as_ref().and_then(|item| item.parsed(reader, mac));
    let habits = habits::read(&mut section, reader);
    section.finish(reader);
    Some((Device { make: make?, mac: mac?, habits }, address?.place))
}
