//! What a keymap must not lack: essential keys, and pages with a way on.

use super::{KeyComplaint, Keymap};
use crate::console::intent::{Action, Context, ESSENTIAL};

/// A page of keys, what opens it, and what it is for: one of these must have
/// a key there.
const PAGES: [(Context, &[Action], &[Action]); 3] = [
    (
        Context::Place,
        &[Action::VisualPark, Action::AskPlace],
        &[Action::VisualPark, Action::AskPlace, Action::Park],
    ),
    (Context::More, &[Action::More], &[]),
    (Context::Parked, &[Action::ShowParked], &[Action::Retrieve]),
];

impl Keymap {
    /// Essential actions without a key, and pages that lead nowhere.
    pub(super) fn missing(&self, file: &str) -> Vec<KeyComplaint> {
        let missing = ESSENTIAL.iter().filter(|(c, a)| self.keys(*c, *a).next().is_none());
        let missing = missing.map(|(context, action)| {
            let what = format!("no key is left in [{}] for", context.name());
            nowhere(file, what, action.name())
        });
        missing.chain(self.dead_ends(file)).collect()
    }

    fn dead_ends(&self, file: &str) -> Vec<KeyComplaint> {
        let ends = PAGES.iter().filter_map(|(page, openers, purposes)| {
            let opener = openers.iter().find(|opener| self.is_bound_at_desk(**opener))?;
            let mut bound = self.bound(*page);
            let leads_on = if purposes.is_empty() {
                bound.next().is_some()
            } else {
                bound.any(|action| purposes.contains(&action))
            };
            let needed: Vec<&str> = purposes.iter().map(|action| action.name()).collect();
            let needed =
                if needed.is_empty() { "anything".to_owned() } else { needed.join(" or ") };
            let what = format!("no key in [{}] does {needed}; it is opened by", page.name());
            (!leads_on).then(|| nowhere(file, what, opener.name()))
        });
        ends.collect()
    }

    fn is_bound_at_desk(&self, action: Action) -> bool {
        let contexts = [Context::Desk, Context::Idle, Context::More];
        contexts.iter().any(|context| self.keys(*context, action).next().is_some())
    }
}

/// A fault of the file as a whole.
fn nowhere(file: &str, what: String, value: &str) -> KeyComplaint {
    KeyComplaint {
        file: file.to_owned(),
        line: 0,
        column: 0,
        what,
        value: value.to_owned(),
        nearest: None,
    }
}
