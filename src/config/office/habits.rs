//! What `devices` may say of how one telephone is told of parked calls.

use crate::config::reader::Reader;
use crate::config::section::Section;
use crate::domain::habits::{Habits, LampWord};

pub fn read(device: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Habits {
    let mut flag = |key| device.take(key).and_then(|item| item.flag(reader));
    let (park_info, message) = (flag("park_info"), flag("message"));
    let remote_party_id = flag("remote_party_id");
    let lamp = device.take("lamp").and_then(|item| item.one_of(reader, &LampWord::NAMES));
    Habits {
        lamp,
        park_info: park_info.unwrap_or(false),
        message: message.unwrap_or(false),
        remote_party_id: remote_party_id.unwrap_or(false),
    }
}
