//! The command line after `:`, and the help.

use crate::console::effect::Effect;
use crate::console::state::{Mode, State, Weight};
use crate::domain::effects::Effects;
use crate::domain::nearest::nearest;
use crate::domain::time::Moment;

/// Every command, with what it does.
pub const COMMANDS: [(&str, &str); 7] = [
    ("q", "quit; with calls up it asks first"),
    ("quit", "the same"),
    ("help", "all keys"),
    ("mute", "the caller does not hear me; again, he does"),
    ("dnd", "no new calls; again, they ring"),
    ("all", "my group's parked calls, or the whole office's"),
    ("groups", "call park groups: look, add, edit, delete (administrators)"),
];
const LENGTH_MAX: usize = 80;

pub(super) fn type_into(text: &mut String, c: char) -> Effects<Effect> {
    if text.len() < LENGTH_MAX {
        text.push(c);
    }
    Effects::none()
}

impl State {
    pub(super) fn open_prompt(&mut self) -> Effects<Effect> {
        self.mode = Mode::Prompt(String::new());
        Effects::none()
    }

    pub(super) fn open_help(&mut self) -> Effects<Effect> {
        self.mode = Mode::Help { top: 0 };
        Effects::none()
    }

    pub(super) fn scroll_help(&mut self, lines: i16) -> Effects<Effect> {
        let last = super::super::view::help_lines(self).saturating_sub(1);
        if let Mode::Help { top } = &mut self.mode {
            *top = top.saturating_add_signed(lines).min(u16::try_from(last).unwrap_or(u16::MAX));
        }
        Effects::none()
    }

    /// Erasing nothing leaves.
    pub(super) fn erase_in_prompt(&mut self) -> Effects<Effect> {
        if let Mode::Prompt(text) = &mut self.mode
            && text.pop().is_none()
        {
            self.mode = Mode::Desk;
        }
        Effects::none()
    }

    pub(super) fn run_prompt(&mut self, now: Moment) -> Effects<Effect> {
        let Mode::Prompt(text) = std::mem::replace(&mut self.mode, Mode::Desk) else {
            return Effects::none();
        };
        match text.trim() {
            "" => Effects::none(),
            "q" | "quit" => self.quit(now),
            "help" => self.open_help(),
            "mute" => self.mute(),
            "dnd" => self.do_not_disturb(),
            "all" => self.toggle_scope(),
            "groups" => self.open_groups(),
            unknown => self.unknown_command(unknown, now),
        }
    }

    fn unknown_command(&mut self, unknown: &str, now: Moment) -> Effects<Effect> {
        let near = nearest(unknown, COMMANDS.iter().map(|(name, _)| *name));
        let near = near.map(|name| format!("; did you mean :{name}?")).unwrap_or_default();
        self.say(now, Weight::Warning, format!("There is no command :{unknown}{near}"));
        Effects::none()
    }
}
