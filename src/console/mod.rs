//! The attendant's screen: a state, a function that changes it, a function that draws it.
//!
//! ```text
//! key -> keymap -> Intent -> update(State) -> Effects -> the phone, the terminal
//! phone, sound, clock -> Event -> update(State)
//! State -> view -> cells
//! ```
//!
//! It speaks to the phone in [`crate::phone::messages`] alone and never sees
//! a SIP message, a terminal or a clock.

pub mod burst;
pub mod effect;
pub mod event;
pub mod hints;
pub mod intent;
pub mod keymap;
pub mod state;
pub mod theme;
pub mod update;
pub mod view;

pub use effect::Effect;
pub use event::{Device, Event, Sound};
pub use keymap::{Key, KeyCode, Keymap};
pub use state::{Me, Notice, Options, State, Ticks, Transport, Weight};
pub use update::{next_wakeup, update};
