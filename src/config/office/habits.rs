//! What `devices` may say of how one telephone is told of parked calls.

use crate::config::reader::Reader;
use crate::config::section::{Item, Section};
use crate::domain::habits::{Habits, LampWord, RING_TEXT_MAX, is_ring_text};

pub fn read(device: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Habits {
    let mut flag = |key| device.take(key).and_then(|item| item.flag(reader));
    let (park_info, message) = (flag("park_info"), flag("message"));
    let remote_party_id = flag("remote_party_id");
    let lamp = device.take("lamp").and_then(|item| item.one_of(reader, &LampWord::NAMES));
    let recall_ring = device.take("recall_ring").and_then(|item| ring(&item, reader));
    Habits {
        lamp,
        park_info: park_info.unwrap_or(false),
        message: message.unwrap_or(false),
        remote_party_id: remote_party_id.unwrap_or(false),
        recall_ring,
    }
}

fn ring(item: &Item<'_>, reader: &mut Reader<'_, '_>) -> Option<String> {
    let text = item.text(reader)?;
    if !is_ring_text(text) {
        let fault = format!(
            "not what a phone can be sent: up to {RING_TEXT_MAX} letters, digits and signs of ASCII, no blank at the ends"
        );
        item.complain(reader, fault);
        return None;
    }
    Some(text.to_owned())
}
