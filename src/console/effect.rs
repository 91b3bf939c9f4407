//! What the screen wants done by others.

use crate::phone::messages::Command;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// For the phone.
    Phone(Command),
    /// The terminal's bell, for a call that rings while no ring device works.
    Bell,
    /// The terminal's title: cleaned, one line.
    SetTitle(String),
    /// Everything is to be drawn anew: something else wrote on the screen.
    Redraw,
    /// Give the terminal back and stop until the shell continues us (Ctrl-Z).
    Suspend,
    /// The program ends. [`Command::Leave`] has been sent before.
    Quit,
}
