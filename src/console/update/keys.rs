//! From a key to what it does.

use std::time::Duration;

use crate::console::effect::Effect;
use crate::console::intent::{Action, Context, Intent};
use crate::console::keymap::Key;
use crate::console::state::{LastKey, Mode, Pending, State, Weight};
use crate::domain::effects::Effects;
use crate::domain::time::Moment;

/// Faster than a finger: a key that is held down, or a cat.
const REPEAT_WITHIN: Duration = Duration::from_millis(40);
/// A verb so soon after the window got the focus was meant for another one.
const FOCUS_GUARD: Duration = Duration::from_millis(150);

impl State {
    pub(super) fn press(&mut self, key: Key, now: Moment) -> Effects<Effect> {
        let run = self.run_of(key, now);
        self.last_key = Some(LastKey { key, at: now, run });
        let intent = self.read(key);
        if self.was_not_meant(intent, run, now) {
            return Effects::none();
        }
        self.follow(intent, now)
    }

    /// How often this key has come in a row, faster than a finger can.
    fn run_of(&self, key: Key, now: Moment) -> u32 {
        let last = self.last_key.filter(|last| last.key == key);
        let last = last.filter(|last| now.since(last.at) < REPEAT_WITHIN);
        last.map_or(1, |last| last.run.saturating_add(1))
    }

    fn was_not_meant(&self, intent: Intent, run: u32, now: Moment) -> bool {
        let Intent::Do(action) = intent else {
            return false;
        };
        // Two quick presses of the hang-up key are a person's.
        let run_max = if action == Action::HangUp { 2 } else { 1 };
        let elsewhere = self.focused_at.is_some_and(|at| now.since(at) < FOCUS_GUARD);
        action.is_verb() && (run > run_max || (elsewhere && self.options.focus_guard))
    }

    fn read(&self, key: Key) -> Intent {
        if let Some(digit) = self.digit_wanted(key) {
            return Intent::Type(digit);
        }
        let context = self.mode.context();
        if let Some(action) = self.keymap.action(context, key) {
            return Intent::Do(action);
        }
        match (context, key.typed()) {
            (Context::Prompt, Some(c)) => Intent::Type(c),
            (Context::Desk, Some(c)) => self.read_character(c),
            _ => self.read_any_time(key),
        }
    }

    /// A digit comes before the keymap while a row's number is typed, and so
    /// does the `+` that opens an international number.
    fn digit_wanted(&self, key: Key) -> Option<char> {
        let typed = key.typed().filter(|_| self.mode == Mode::Desk)?;
        let row = matches!(self.pending, Some(Pending::Row { .. })) && typed.is_ascii_digit();
        let international = typed == '+' && self.to.text.is_empty();
        (row || international).then_some(typed)
    }

    fn read_character(&self, c: char) -> Intent {
        match c {
            '0'..='9' | '*' | '#' | '+' => Intent::Type(c),
            'A'..='Z' => Intent::Pick(c),
            _ => Intent::Nothing,
        }
    }

    /// Park, answer and retrieve have keys that no field swallows.
    fn read_any_time(&self, key: Key) -> Intent {
        let action = self.keymap.action(Context::Desk, key);
        action.filter(|a| a.is_any_time()).map_or(Intent::Nothing, Intent::Do)
    }

    fn follow(&mut self, intent: Intent, now: Moment) -> Effects<Effect> {
        match intent {
            Intent::Do(action) => self.act(action, now),
            Intent::Type(c) => self.type_character(c, now),
            Intent::Pick(letter) => self.pick(letter, now),
            Intent::Nothing => self.nothing_bound(now),
        }
    }

    fn type_character(&mut self, c: char, now: Moment) -> Effects<Effect> {
        if let Mode::Prompt(text) = &mut self.mode {
            return super::prompt::type_into(text, c);
        }
        match self.pending.take() {
            Some(Pending::Row { digits, .. }) => self.type_row_number(digits, c, now),
            _ => self.type_digit(c, now),
        }
    }

    fn act(&mut self, action: Action, now: Moment) -> Effects<Effect> {
        let pending = self.pending.take();
        if action.is_verb() {
            self.last_pick = None;
        }
        match (&self.mode, action) {
            (Mode::Prompt(_), Action::Go) => self.run_prompt(now),
            (Mode::Prompt(_), Action::Erase) => self.erase_in_prompt(),
            (Mode::Help { .. }, Action::Up) => self.scroll_help(-1),
            (Mode::Help { .. }, Action::Down) => self.scroll_help(1),
            (Mode::Desk, Action::Back) if pending.is_some() => Effects::none(),
            (Mode::Desk, Action::Back) => self.clear(),
            (_, Action::Back | Action::Stay) => self.back_to_desk(),
            (_, Action::NextCaller) => self.take_next(now),
            (_, Action::Go) => self.go(pending.as_ref(), now),
            (_, Action::Up) => self.select_by(-1),
            (_, Action::Down) => self.select_by(1),
            (_, Action::Park) => self.park(now),
            (_, Action::GroupPark) => self.group_park(now),
            (_, Action::Retrieve) => self.retrieve(now),
            (_, Action::RetrieveOldest) => self.retrieve_oldest(now),
            (_, Action::List) => self.open_list(now),
            (_, Action::Scope) => self.toggle_scope(),
            (_, Action::Send) => self.send(pending.as_ref(), now),
            (_, Action::Hold) => self.hold(now),
            (_, Action::Mute) => self.mute(),
            (_, Action::DoNotDisturb) => self.do_not_disturb(),
            (_, Action::HangUp) => self.hang_up(pending.as_ref(), now),
            (_, Action::Undo) => self.take_back(now),
            (_, Action::Help) => self.open_help(),
            (_, Action::Commands) => self.open_prompt(),
            (_, Action::Erase) => self.erase_digit(now),
            (_, Action::Redraw) => Effects::one(Effect::Redraw),
            (_, Action::Suspend) => self.suspend(now),
            (_, Action::Quit) => self.quit(now),
            (_, Action::ParkAllAndQuit) => self.park_all_and_quit(now),
        }
    }

    fn nothing_bound(&mut self, now: Moment) -> Effects<Effect> {
        if self.mode == Mode::Desk {
            let help = self.keymap.keys(Context::Desk, Action::Help).next();
            let help = help.map(|key| format!("; {key} shows all keys")).unwrap_or_default();
            self.say(now, Weight::Info, format!("That key does nothing here{help}"));
        }
        Effects::none()
    }

    /// Esc: first what is typed, then what is selected.
    fn clear(&mut self) -> Effects<Effect> {
        if self.to.text.is_empty() {
            self.selected = None;
        }
        self.clear_to();
        Effects::none()
    }

    fn back_to_desk(&mut self) -> Effects<Effect> {
        self.mode = Mode::Desk;
        Effects::none()
    }
}
