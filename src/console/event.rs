//! What reaches the screen.

use crate::console::keymap::Key;
use crate::console::state::Weight;
use crate::phone::messages;

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Key(Key),
    /// Text pasted into the window: a number to dial, never keys.
    Paste(String),
    FocusGained,
    FocusLost,
    Resize {
        columns: u16,
        rows: u16,
    },
    Phone(messages::Event),
    /// The whole truth about the sound, whenever any of it changes.
    Sound(Sound),
    /// What the clock on the wall shows: milliseconds since 1970, as if the
    /// local time were UTC. Told at the start and whenever it may have been set.
    WallClock {
        local_unix_ms: u64,
    },
    /// Words from the program itself for the EVENTS lines.
    Say {
        weight: Weight,
        text: String,
    },
    /// Somebody ends the program from outside (SIGTERM, SIGHUP): live calls
    /// are parked without asking.
    Terminate,
    /// The moment asked for by `next_wakeup` has come.
    Tick,
}

/// What is known of sound devices and of the call in the ear. What nobody
/// has measured is `None`, and not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sound {
    pub ring: Device,
    pub talk: Device,
    /// 0 to 100, of full scale on a logarithmic scale: 0 is -60 dBFS.
    pub microphone_percent: Option<u8>,
    pub speaker_percent: Option<u8>,
    /// Packets lost on the way to us in the last seconds, in thousandths.
    pub loss_permille: Option<u16>,
    pub jitter_ms: Option<u16>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// Nothing is known yet.
    #[default]
    Unknown,
    Working {
        name: String,
    },
    Missing {
        reason: String,
    },
}
