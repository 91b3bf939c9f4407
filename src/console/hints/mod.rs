//! What is possible now, and what it would do to whom: the hint rows and the
//! To: row are built of it, with the keymap's own words.

mod groups;
mod phone_keys;

pub use groups::of_groups;
pub use phone_keys::heading;

use crate::console::intent::{Action, Context};
use crate::console::keymap::Key;
use crate::console::state::calls::is_up;
use crate::console::state::{Mode, SHORT_NAME, State, Undo, short_name};
use crate::domain::caller_name::cut;
use crate::domain::ids::Extension;
use crate::domain::park_table::LampState;
use crate::phone::messages::{Line, LineState};

/// A key and what it would do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// As shown: `p`, `xx`, `Space`.
    pub keys: String,
    /// "Get Dana"
    pub words: String,
    /// It is the PARKED lamp too: a call waits for me, and this key fetches it.
    pub is_lamp: bool,
}

impl Hint {
    fn new(keys: impl Into<String>, words: impl Into<String>) -> Self {
        Self { keys: keys.into(), words: words.into(), is_lamp: false }
    }

    /// Columns it takes: key, space, words.
    pub fn width(&self) -> usize {
        use unicode_width::UnicodeWidthStr;
        self.keys.width() + 1 + self.words.width()
    }
}

/// Verbs for calls and the lot: the first hint row.
pub fn verbs(state: &State) -> Vec<Hint> {
    if let Some(hints) = phone_keys::of_page(state) {
        return hints;
    }
    // A phone's own key for parking comes first where it is the only one with a label.
    let phone = phone_keys::park(state);
    let is_plain = park(state).is_some();
    let (first, late) = if is_plain { (None, phone) } else { (phone, None) };
    let all = [
        phone_keys::waiting(state),
        first,
        phone_keys::more(state),
        park(state),
        group_park(state),
        retrieve(state),
        oldest(state),
        send(state),
        hold(state),
        late,
        list(state),
        scope(state),
    ];
    all.into_iter().flatten().collect()
}

/// Answering, the desk itself, and help: the second hint row.
pub fn desk(state: &State) -> Vec<Hint> {
    let all = [
        next_caller(state),
        row_verb(state),
        hang_up(state),
        mute(state),
        undo(state),
        note(state),
        do_not_disturb(state),
        dial(state),
        pick(state),
    ];
    all.into_iter().flatten().collect()
}

/// One row for everything: who waits and the call in hand before the rest.
pub fn in_one_row(state: &State) -> Vec<Hint> {
    if let Some(hints) = phone_keys::of_page(state) {
        return hints;
    }
    let park = park(state).or_else(|| phone_keys::park(state)).or_else(|| phone_keys::more(state));
    let first = [next_caller(state), park, retrieve(state), hold(state), hang_up(state)];
    let mut hints: Vec<Hint> = first.into_iter().flatten().collect();
    for hint in verbs(state).into_iter().chain(desk(state)).chain(always(state)) {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    hints
}

/// The way to everything else: always shown.
pub fn always(state: &State) -> Vec<Hint> {
    [Action::Help, Action::Commands].into_iter().filter_map(|a| plain(state, a)).collect()
}

/// What each verb would do with what stands in the To: field.
///
/// `in_full`: with the number, else the verbs alone.
pub fn for_target(state: &State, in_full: bool) -> Vec<Hint> {
    let to = &state.to.text;
    if to.is_empty() {
        return Vec::new();
    }
    let words = |object: String| if in_full { object } else { String::new() };
    let place = place_in_to(state);
    let up = up(state);
    let keys = [Action::Park, Action::VisualPark, Action::AskPlace].into_iter();
    let park = keys.filter_map(|key| hint(state, key, words(format!("at {to}")))).next();
    let park = park.filter(|_| up.is_some() && place.is_some());
    let send = hint(state, Action::Send, words(format!("to {to}"))).filter(|_| up.is_some());
    let call = hint(state, Action::Go, words(to.clone()));
    let rings = place.as_ref().is_some_and(|place| {
        state.people.get(place.as_str()).is_some_and(|it| it.lamp.state == LampState::Ring)
    });
    let take = hint(state, Action::PickUp, words(String::new())).filter(|_| rings);
    let waits = place.and_then(|place| state.parked.oldest_at(&place));
    let get =
        waits.and_then(|row| hint(state, Action::Retrieve, words(short_name(&row.view.caller))));
    [park, take, send, call, get].into_iter().flatten().collect()
}

/// The extension typed or picked, if it is one.
fn place_in_to(state: &State) -> Option<Extension> {
    Extension::parse(&state.to.text).ok()
}

/// The call that can be parked or sent; one that still rings at the other
/// end cannot.
fn up(state: &State) -> Option<&Line> {
    state.current().filter(|line| is_up(line))
}

/// The choices of a question or a field other than the desk.
pub fn of_context(state: &State, context: Context) -> Vec<Hint> {
    let actions = state.keymap.bound(context);
    let hints = actions.filter_map(|action| {
        let keys = state.keymap.keys(context, action).next()?.to_string();
        Some(Hint::new(keys, state.keymap.desc(context, action)))
    });
    hints.collect()
}

/// Keep it or leave it; the keymap's words are the command line's.
pub fn of_note(state: &State) -> Vec<Hint> {
    let hints = [(Action::Go, "Keep"), (Action::Back, "Leave as it was")];
    let hints = hints.into_iter().filter_map(|(action, words)| {
        let keys = state.keymap.keys(Context::Prompt, action).next()?.to_string();
        Some(Hint::new(keys, words))
    });
    hints.collect()
}

fn note(state: &State) -> Option<Hint> {
    state.to_note().and_then(|_| plain(state, Action::Note))
}

fn park(state: &State) -> Option<Hint> {
    if state.to.text.is_empty()
        && let Some(line) = state.recall_to_park_again()
    {
        return again(state, Action::Park, short_name(&line.caller));
    }
    let line = up(state)?;
    if state.to.text.is_empty() {
        return hint(state, Action::Park, short_name(&line.caller));
    }
    hint(state, Action::Park, format!("at {}", place_in_to(state)?))
}

fn group_park(state: &State) -> Option<Hint> {
    up(state).and_then(|_| plain(state, Action::GroupPark))
}

/// At the extension in To:, else the selected row, else mine.
fn retrieve(state: &State) -> Option<Hint> {
    let row = if state.to.text.is_empty() {
        state.selected_parked().or_else(|| state.parked.mine(&state.me.extension))
    } else {
        state.parked.oldest_at(&place_in_to(state)?)
    };
    hint(state, Action::Retrieve, short_name(&row?.view.caller))
}

fn oldest(state: &State) -> Option<Hint> {
    let row = state.parked.oldest()?;
    hint(state, Action::RetrieveOldest, short_name(&row.view.caller))
}

fn list(state: &State) -> Option<Hint> {
    let last = state.parked.visible().map(|row| row.number).max()?;
    let keys = key(state, Action::List)?;
    let numbers = if last == 1 { "1".to_owned() } else { format!("1-{last}") };
    let words = state.keymap.desc(Context::Desk, Action::List).to_owned();
    Some(Hint::new(format!("{keys} {numbers}"), words))
}

fn scope(state: &State) -> Option<Hint> {
    state.parked.group.as_ref()?;
    if state.parked.is_whole_office() {
        return again(state, Action::Scope, String::new());
    }
    let hidden = state.parked.hidden();
    (hidden > 0).then(|| hint(state, Action::Scope, format!("({hidden} more)")))?
}

fn send(state: &State) -> Option<Hint> {
    up(state)?;
    let to = &state.to.text;
    let object = if to.is_empty() { String::new() } else { format!("to {}", cut(to, SHORT_NAME)) };
    hint(state, Action::Send, object)
}

fn hold(state: &State) -> Option<Hint> {
    let selected = state.selected_line().filter(|line| line.state == LineState::Held);
    if let Some(line) = selected {
        return again(state, Action::Hold, short_name(&line.caller));
    }
    if state.calls.talking().is_some() {
        return plain(state, Action::Hold);
    }
    let line = state.calls.longest_held()?;
    again(state, Action::Hold, short_name(&line.caller))
}

/// Whom the answer key takes, and how it is pressed here.
pub fn next_caller(state: &State) -> Option<Hint> {
    let line = state.next_caller()?;
    let name = short_name(&line.caller);
    if line.state != LineState::Held {
        return hint(state, Action::NextCaller, name);
    }
    let keys = key(state, Action::NextCaller)?;
    let resume = state.keymap.again(Context::Desk, Action::Hold);
    Some(Hint::new(keys, joined(resume, &name)))
}

/// Enter on the selected row, while nothing is typed.
fn row_verb(state: &State) -> Option<Hint> {
    if !state.to.text.is_empty() {
        return None;
    }
    let keys = key(state, Action::Go)?;
    let keymap = &state.keymap;
    let (verb, caller) = match (state.selected_line(), state.selected_parked()) {
        (Some(line), _) if line.state == LineState::Ringing => {
            (keymap.desc(Context::Desk, Action::NextCaller), &line.caller)
        }
        (Some(line), _) if line.state == LineState::Held => {
            (keymap.again(Context::Desk, Action::Hold), &line.caller)
        }
        (_, Some(row)) => (keymap.desc(Context::Desk, Action::Retrieve), &row.view.caller),
        _ => return None,
    };
    Some(Hint::new(keys, joined(verb, &short_name(caller))))
}

fn mute(state: &State) -> Option<Hint> {
    if state.muted {
        return again(state, Action::Mute, String::new());
    }
    state.calls.talking().and_then(|_| plain(state, Action::Mute))
}

fn hang_up(state: &State) -> Option<Hint> {
    state
        .selected_line()
        .or_else(|| state.calls.in_the_ear())
        .or_else(|| state.calls.only_held())?;
    let keys = key(state, Action::HangUp)?;
    let twice = state.options.hangup == crate::console::state::HangUpKey::Double;
    let keys = match (twice, keys.chars().count()) {
        (true, 1) => format!("{keys}{keys}"),
        (true, _) => format!("{keys} {keys}"),
        (false, _) => keys,
    };
    let selected = state.selected_line().map(|line| short_name(&line.caller));
    let verb = state.keymap.desc(Context::Desk, Action::HangUp);
    Some(Hint::new(keys, joined(verb, &selected.unwrap_or_default())))
}

fn do_not_disturb(state: &State) -> Option<Hint> {
    let on = state.do_not_disturb;
    if on {
        again(state, Action::DoNotDisturb, String::new())
    } else {
        plain(state, Action::DoNotDisturb)
    }
}

fn undo(state: &State) -> Option<Hint> {
    let object = match state.undo.as_ref()? {
        Undo::Parking { .. } | Undo::Parked { .. } => "park",
        Undo::Retrieved { .. } => "fetch",
        Undo::Held { .. } => "hold",
        Undo::HungUp { .. } => "hang-up",
    };
    hint(state, Action::Undo, object.to_owned())
}

fn dial(state: &State) -> Option<Hint> {
    let idle = state.mode == Mode::Desk && state.to.text.is_empty();
    idle.then(|| Hint::new("0-9", "Number"))
}

fn pick(state: &State) -> Option<Hint> {
    let idle = state.mode == Mode::Desk && state.to.text.is_empty();
    let shown = idle && !state.people.rows().is_empty();
    shown.then(|| Hint::new("A-Z", "Colleague"))
}

/// The key that does it here and now.
fn key(state: &State, action: Action) -> Option<String> {
    bound(state, action).map(|(_, key)| key.to_string())
}

/// Where it has a key that reaches the desk, and the key: one that something
/// open over the desk has taken does not, nor one that a field takes for a letter.
fn bound(state: &State, action: Action) -> Option<(Context, Key)> {
    let contexts = state.contexts();
    if contexts.contains(&Context::Desk) {
        return over_the_desk(state, contexts, action);
    }
    let context = state.context();
    let takes_letters = matches!(context, Context::Prompt | Context::GroupForm);
    let reaches = |key: &Key| {
        let taken = state.keymap.action(context, *key).is_some()
            || (takes_letters && key.typed().is_some());
        action.is_any_time() && !taken
    };
    state.keymap.keys(Context::Desk, action).find(reaches).map(|key| (Context::Desk, key))
}

fn over_the_desk(state: &State, contexts: &[Context], action: Action) -> Option<(Context, Key)> {
    let keymap = &state.keymap;
    contexts.iter().enumerate().find_map(|(above, context)| {
        let hidden = |key: &Key| contexts[..above].iter().any(|over| keymap.binds(*over, *key));
        let key = keymap.keys(*context, action).find(|key| !hidden(key));
        key.map(|key| (*context, key))
    })
}

fn plain(state: &State, action: Action) -> Option<Hint> {
    hint(state, action, String::new())
}

/// None for a key whose label the keymap leaves empty.
fn hint(state: &State, action: Action, object: String) -> Option<Hint> {
    let (context, key) = bound(state, action)?;
    let verb = state.keymap.desc(context, action);
    (!verb.is_empty()).then(|| Hint::new(key.to_string(), joined(verb, &object)))
}

fn again(state: &State, action: Action, object: String) -> Option<Hint> {
    let (context, key) = bound(state, action)?;
    let verb = state.keymap.again(context, action);
    (!verb.is_empty()).then(|| Hint::new(key.to_string(), joined(verb, &object)))
}

fn joined(verb: &str, object: &str) -> String {
    if object.is_empty() { verb.to_owned() } else { format!("{verb} {object}") }
}
