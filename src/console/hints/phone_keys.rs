//! The labels of a desk phone's own park keys: beside the desk's, and on the
//! pages that they open.

use super::{Hint, again, hint, joined, place_in_to, plain, up};
use crate::console::intent::{Action, Context};
use crate::console::state::{Mode, Page, State, short_name};

/// The key that asks where to park, or parks at what is typed.
pub fn park(state: &State) -> Option<Hint> {
    let line = up(state)?;
    let object = if state.to.text.is_empty() {
        short_name(&line.caller)
    } else {
        format!("at {}", place_in_to(state)?)
    };
    let keys = [Action::VisualPark, Action::AskPlace].into_iter();
    keys.filter_map(|action| hint(state, action, object.clone())).next()
}

/// The way to the second page, while a call is up: it is for that.
pub fn more(state: &State) -> Option<Hint> {
    up(state).and_then(|_| plain(state, Action::More))
}

/// The same key while no call is here: who waits for me. It is lit then.
pub fn waiting(state: &State) -> Option<Hint> {
    if !state.is_idle() || !state.to.text.is_empty() {
        return None;
    }
    let name = short_name(&state.parked.mine(&state.me.extension)?.view.caller);
    let keymap = &state.keymap;
    let taken = hint(state, Action::ShowParked, name.clone()).or_else(|| {
        let labelled = keymap.has_again(Context::Desk, Action::VisualPark);
        labelled.then(|| again(state, Action::VisualPark, name))?
    });
    taken.map(|hint| Hint { is_lamp: state.waiting_for_me() > 0, ..hint })
}

/// The labels of the page that is open, in the order of the keymap.
pub fn of_page(state: &State) -> Option<Vec<Hint>> {
    let Mode::Page { page, .. } = state.mode else {
        return None;
    };
    let actions = state.keymap.labelled(state.mode.context());
    Some(actions.filter_map(|action| hint(state, action, object(state, page, action))).collect())
}

/// What the key would be for: the call, or the place.
fn object(state: &State, page: Page, action: Action) -> String {
    match (page, action) {
        (Page::Place { .. }, Action::VisualPark) if state.to.text.is_empty() => {
            "at the group".to_owned()
        }
        (Page::Place { .. }, Action::Park) if state.to.text.is_empty() => "here".to_owned(),
        (Page::Place { .. }, Action::Park | Action::VisualPark) => format!("at {}", state.to.text),
        (Page::More, Action::AskPlace | Action::GroupPark) => caller(state),
        (Page::Parked, Action::Retrieve) => {
            state.selected_parked().map(|row| short_name(&row.view.caller)).unwrap_or_default()
        }
        _ => String::new(),
    }
}

fn caller(state: &State) -> String {
    up(state).map(|line| short_name(&line.caller)).unwrap_or_default()
}

/// "Park Alice Meyer at", "Parked: Dana Fox +442079460018 at 101 you": what an
/// open page is about.
pub fn heading(state: &State) -> Option<String> {
    let Mode::Page { page, .. } = state.mode else {
        return None;
    };
    match page {
        Page::Place { line } => {
            let caller = state.calls.get(line).map(|line| line.caller.to_string());
            Some(
                joined("Park", &caller.unwrap_or_else(|| "a call that is over".to_owned())) + " at",
            )
        }
        Page::More => None,
        Page::Parked => {
            let view = &state.selected_parked()?.view;
            let place = state.place_with_number(&view.place);
            let by = view.parker.extension.as_ref();
            let by = by.map(|by| format!(", by {}", state.place_words(by))).unwrap_or_default();
            Some(format!("Parked: {} {} at {place}{by}", view.caller, view.caller.number))
        }
    }
}
