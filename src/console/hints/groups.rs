//! What the keys of the admin screen do, for the row below it.

use super::Hint;
use crate::console::intent::{Action, Context};
use crate::console::state::State;
use crate::console::state::groups::{Column, Field, GroupsPage, GroupsScreen};

/// Those that do something here and now.
pub fn of_groups(state: &State) -> Vec<Hint> {
    let Some(screen) = &state.groups else { return Vec::new() };
    let context = screen.context();
    let actions = state.keymap.bound(context).filter(|action| is_possible(screen, *action));
    // The way out is the last that one looks for.
    let (out, on): (Vec<_>, Vec<_>) = actions.partition(|action| *action == Action::Back);
    let hints = on.into_iter().chain(out).filter_map(|action| {
        let keys = state.keymap.keys(context, action).next()?.to_string();
        Some(Hint::new(keys, words(state, screen, context, action)))
    });
    hints.filter(|hint| !hint.words.is_empty()).collect()
}

fn words<'s>(state: &'s State, screen: &GroupsScreen, context: Context, action: Action) -> &'s str {
    match (&screen.page, action) {
        (GroupsPage::Members(_, choice), Action::Go) if choice.column == Column::Available => {
            state.keymap.again(context, action)
        }
        (GroupsPage::Form(form), Action::Go) if form.at == Field::Members => "Choose",
        (GroupsPage::Form(form), Action::Go) if form.at == Field::Save => "Save",
        _ => state.keymap.desc(context, action),
    }
}

fn is_possible(screen: &GroupsScreen, action: Action) -> bool {
    match (&screen.page, action) {
        (GroupsPage::List, Action::Go | Action::Delete) => screen.current().is_some(),
        (GroupsPage::Form(form), Action::Right) => {
            matches!(form.at, Field::Policy | Field::RingGroup)
        }
        (GroupsPage::Members(_, choice), Action::Earlier | Action::Later | Action::Right) => {
            choice.column == Column::Members
        }
        (GroupsPage::Members(_, choice), Action::Left) => choice.column == Column::Available,
        _ => true,
    }
}
