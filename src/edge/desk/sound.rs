//! What the sound reports, as the screen shows it.

use crate::console::{Device, Sound};
use crate::media::control::{DeskSound, Meters, SoundDevice, SoundEvent, StreamId};

/// What is known of the devices; the talk device is two.
#[derive(Default)]
pub(super) struct Devices {
    microphone: Device,
    ear: Device,
    ringer: Device,
    talking: Option<StreamId>,
    /// Of the call in the ear.
    meters: Option<Meters>,
}

impl Devices {
    /// The whole, when `event` changes any of it.
    pub(super) fn learn(&mut self, event: &SoundEvent) -> Option<Sound> {
        match event {
            SoundEvent::NoDevice { which, why } => {
                *self.of(*which) = Device::Missing { reason: why.clone() };
            }
            SoundEvent::DeviceReady { which, name } => {
                *self.of(*which) = Device::Working { name: name.clone() };
            }
            // What was measured before a call ended may be told after it.
            SoundEvent::Meters(_) if self.talking.is_none() => return None,
            SoundEvent::Meters(meters) => self.meters = Some(*meters),
            SoundEvent::PortReady(_)
            | SoundEvent::FirstPacket { .. }
            | SoundEvent::Digit { .. }
            | SoundEvent::Silent { .. } => return None,
        }
        Some(self.whole())
    }

    /// As [`Self::learn`], of what the sound is told.
    pub(super) fn follow(&mut self, command: &DeskSound) -> Option<Sound> {
        let DeskSound::Talk { stream } = command else { return None };
        self.talking = *stream;
        self.meters.take().map(|_| self.whole())
    }

    fn of(&mut self, which: SoundDevice) -> &mut Device {
        match which {
            SoundDevice::Microphone => &mut self.microphone,
            SoundDevice::Ear => &mut self.ear,
            SoundDevice::Ringer => &mut self.ringer,
        }
    }

    fn whole(&self) -> Sound {
        let meters = self.meters;
        Sound {
            ring: self.ringer.clone(),
            talk: self.talk(),
            microphone_percent: meters.map(|m| percent(m.microphone_dbfs)),
            speaker_percent: meters.map(|m| percent(m.ear_dbfs)),
            loss_permille: meters.map(|m| u16::from(m.loss_percent) * 10),
            jitter_ms: meters.map(|m| m.jitter_ms),
        }
    }

    /// Whichever is missing is what must be known.
    fn talk(&self) -> Device {
        let missing = |device: &&Device| matches!(device, Device::Missing { .. });
        let found = [&self.microphone, &self.ear].into_iter().find(missing);
        found.unwrap_or(&self.ear).clone()
    }
}

/// 0 is -60 dBFS.
fn percent(dbfs: i8) -> u8 {
    let above = (i16::from(dbfs) + 60).clamp(0, 60);
    u8::try_from(above * 100 / 60).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headset_without_a_microphone_is_missing() {
        let mut devices = Devices::default();
        let name = "Jabra".to_owned();
        let ready = SoundEvent::DeviceReady { which: SoundDevice::Ear, name: name.clone() };
        assert_eq!(devices.learn(&ready).unwrap().talk, Device::Working { name });
        let why = "unplugged".to_owned();
        let gone = SoundEvent::NoDevice { which: SoundDevice::Microphone, why: why.clone() };
        assert_eq!(devices.learn(&gone).unwrap().talk, Device::Missing { reason: why });
    }

    #[test]
    fn meters_are_of_the_call_in_the_ear_and_of_no_other_time() {
        let meters = SoundEvent::Meters(Meters {
            microphone_dbfs: -30,
            ear_dbfs: -12,
            loss_percent: 0,
            jitter_ms: 3,
            delay_ms: 40,
        });
        let talk = |stream| DeskSound::Talk { stream };
        let mut devices = Devices::default();
        assert_eq!(devices.learn(&meters), None);
        assert_eq!(devices.follow(&talk(Some(StreamId(1)))), None);
        assert_eq!(devices.learn(&meters).unwrap().speaker_percent, Some(80));
        assert_eq!(devices.follow(&talk(Some(StreamId(2)))), Some(Sound::default()));
        devices.learn(&meters);
        assert_eq!(devices.follow(&talk(None)), Some(Sound::default()));
        assert_eq!(devices.learn(&meters), None);
    }

    #[test]
    fn meters_run_from_sixty_below_to_full_scale() {
        assert_eq!([-90, -60, -30, 0].map(percent), [0, 0, 50, 100]);
    }
}
