//! From a key to what it does.

use std::ops::Range;
use std::time::Duration;

use crate::console::effect::Effect;
use crate::console::intent::{Action, Context, Intent};
use crate::console::keymap::Key;
use crate::console::state::{Doubted, LastKey, Mode, Pending, State, Weight};
use crate::domain::effects::Effects;
use crate::domain::time::Moment;

/// Faster than a finger: a key that is held down, or a cat.
const REPEAT_WITHIN: Duration = Duration::from_millis(40);
/// A key that is held down comes again so soon, even on a slow console (ten
/// times a second).
const HELD_WITHIN: Duration = Duration::from_millis(120);
/// How long keyboards wait before a held key begins to repeat: what comes
/// sooner, but not too fast for a finger, is a finger's.
const BEGINS_TO_REPEAT: Range<Duration> = Duration::from_millis(150)..Duration::from_secs(1);
/// A verb so soon after the window got the focus was meant for another one.
const FOCUS_GUARD: Duration = Duration::from_millis(150);

impl State {
    pub(super) fn press(&mut self, key: Key, now: Moment) -> Effects<Effect> {
        let again = self.doubted.is_some_and(|doubted| doubted.key == key);
        let before = if again { Effects::none() } else { self.no_longer_doubt(now) };
        let intent = self.read(key);
        let since = self.last_key.filter(|last| last.key == key);
        let since = since.map(|last| (now.since(last.at), last.is_held));
        let is_held = again || self.repeats_itself(intent, since);
        self.last_key = Some(LastKey { key, at: now, is_held });
        if !is_verb(intent) {
            return before.then(self.follow(intent, now));
        }
        if is_held {
            return before.then(self.held_down(intent, now));
        }
        if self.was_meant_for_another_window(now) {
            return before;
        }
        if let Some(wait) = since.and_then(|(since, _)| doubtful_for(since)) {
            self.doubted = Some(Doubted { key, at: now + wait });
            return before;
        }
        before.then(self.follow(intent, now))
    }

    /// By its pace alone: too fast for a finger, or going on as before. Two
    /// quick presses of a key that is pressed twice are a person's.
    fn repeats_itself(&self, intent: Intent, since: Option<(Duration, bool)>) -> bool {
        let is_double = matches!(intent, Intent::Do(Action::HangUp | Action::VisualPark));
        since.is_some_and(|(since, was_held)| {
            (was_held && since < HELD_WITHIN) || (since < REPEAT_WITHIN && !is_double)
        })
    }

    fn was_meant_for_another_window(&self, now: Moment) -> bool {
        let elsewhere = self.focused_at.is_some_and(|at| now.since(at) < FOCUS_GUARD);
        elsewhere && self.options.focus_guard
    }

    /// What it did, it has done; it does no more until it is let go.
    fn held_down(&mut self, intent: Intent, now: Moment) -> Effects<Effect> {
        self.doubted = None;
        if intent == Intent::Do(Action::HangUp) && self.pending.take().is_some() {
            return self.refuse(now, "The key is held down: nobody more is hung up");
        }
        Effects::none()
    }

    /// When the second press of a key counts for one.
    pub(super) fn doubts_until(&self) -> Option<Moment> {
        self.doubted.map(|doubted| doubted.at)
    }

    /// The key has been pressed twice and not a third time: a person's.
    pub(super) fn no_longer_doubt(&mut self, now: Moment) -> Effects<Effect> {
        match self.doubted.take() {
            Some(doubted) => self.follow(self.read(doubted.key), now),
            None => Effects::none(),
        }
    }

    fn read(&self, key: Key) -> Intent {
        if let Some(digit) = self.digit_wanted(key) {
            return Intent::Type(digit);
        }
        if let Some(action) = self.keymap.action_in(self.contexts(), key) {
            return Intent::Do(action);
        }
        match (&self.mode, key.typed()) {
            (Mode::Prompt(_) | Mode::Note(_), Some(c)) => Intent::Type(c),
            (Mode::Groups, Some(c)) if self.context() == Context::GroupForm => Intent::Type(c),
            (Mode::Desk | Mode::Page { .. }, Some(c)) => self.read_character(c),
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
            Intent::Pick(letter) => {
                self.goes_on_at_place(now);
                self.pick(letter, now)
            }
            Intent::Nothing => self.nothing_bound(now),
        }
    }

    fn type_character(&mut self, c: char, now: Moment) -> Effects<Effect> {
        if let Mode::Prompt(text) = &mut self.mode {
            return super::prompt::type_into(text, c);
        }
        if let Mode::Note(field) = &mut self.mode {
            return super::notes::type_into(&mut field.text, c);
        }
        if self.mode == Mode::Groups {
            return self.type_into_groups(c);
        }
        self.goes_on_at_place(now);
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
        if let Some(effects) = self.act_on_groups(action, now) {
            return effects;
        }
        if let Some(effects) = self.act_on_page(action, now) {
            return effects;
        }
        // A park key takes what has been typed along.
        let noted = match &self.mode {
            Mode::Note(_) if action.is_park() => self.keep_note(now),
            _ => Effects::none(),
        };
        noted.then(self.act_at_desk(action, pending.as_ref(), now))
    }

    fn act_at_desk(
        &mut self,
        action: Action,
        pending: Option<&Pending>,
        now: Moment,
    ) -> Effects<Effect> {
        match (&self.mode, action) {
            (Mode::Prompt(_), Action::Go) => self.run_prompt(now),
            (Mode::Prompt(_), Action::Erase) => self.erase_in_prompt(),
            (Mode::Note(_), Action::Go) => self.keep_note(now),
            (Mode::Note(_), Action::Erase) => self.erase_in_note(),
            (Mode::Help { .. }, Action::Up) => self.scroll_help(-1),
            (Mode::Help { .. }, Action::Down) => self.scroll_help(1),
            (Mode::Desk, Action::Back) if pending.is_some() => Effects::none(),
            (Mode::Desk, Action::Back) => self.clear(),
            (_, Action::Back | Action::Stay) => self.back_to_desk(),
            (_, Action::NextCaller) => self.take_next(now),
            (_, Action::Go) => self.go(pending, now),
            (_, Action::Up) => self.select_by(-1),
            (_, Action::Down) => self.select_by(1),
            (_, Action::Park) => self.park(now),
            (_, Action::GroupPark) => self.group_park(now),
            (_, Action::VisualPark) => self.visual_park(now),
            (_, Action::AskPlace) => self.ask_place(now),
            (_, Action::More) => self.open_more(now),
            (_, Action::ShowParked) => self.show_parked(now),
            (_, Action::Retrieve) => self.retrieve(now),
            (_, Action::RetrieveOldest) => self.retrieve_oldest(now),
            (_, Action::PickUp) => self.pick_up(now),
            (_, Action::List) => self.open_list(now),
            (_, Action::Scope) => self.toggle_scope(),
            (_, Action::Send) => self.send(pending, now),
            (_, Action::Hold) => self.hold(now),
            (_, Action::Mute) => self.mute(),
            (_, Action::Note) => self.open_note(now),
            (_, Action::DoNotDisturb) => self.do_not_disturb(),
            (_, Action::HangUp) => self.hang_up(pending, now),
            (_, Action::Undo) => self.take_back(now),
            (_, Action::Help) => self.open_help(),
            (_, Action::Groups) => self.open_groups(),
            (_, Action::Commands) => self.open_prompt(),
            (_, Action::Erase) => self.erase_digit(now),
            (_, Action::Redraw) => Effects::one(Effect::Redraw),
            (_, Action::Suspend) => self.suspend(now),
            (_, Action::Quit) => self.quit(now),
            (_, Action::ParkAllAndQuit) => self.park_all_and_quit(now),
            // Of the admin screen alone.
            (
                _,
                Action::New
                | Action::Delete
                | Action::Save
                | Action::Left
                | Action::Right
                | Action::Earlier
                | Action::Later,
            ) => Effects::none(),
        }
    }

    fn nothing_bound(&mut self, now: Moment) -> Effects<Effect> {
        if matches!(self.mode, Mode::Desk | Mode::Page { .. }) {
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

/// How long a second press waits for a third, `since` the first: that long,
/// and the key is not held down.
fn doubtful_for(since: Duration) -> Option<Duration> {
    if since < REPEAT_WITHIN {
        return Some(REPEAT_WITHIN);
    }
    BEGINS_TO_REPEAT.contains(&since).then_some(HELD_WITHIN)
}

fn is_verb(intent: Intent) -> bool {
    matches!(intent, Intent::Do(action) if action.is_verb())
}
