//! Files that say what each key does.
//!
//! A keymap file has one table a context; a key is bound to an action's name,
//! or to `{ run = ..., desc = ..., again = ..., help = ... }`: these are the only
//! source of the words in hints and help. Every fault is found in one pass.

mod complaint;
mod faults;
mod key;
mod reader;
mod shipped;

use crate::console::intent::{ACTIONS, Action, CONTEXTS, Context};
use crate::domain::nearest::nearest;

pub use complaint::KeyComplaint;
pub use key::{Key, KeyCode};
use reader::Reader;
use shipped::BASE;
pub use shipped::SHIPPED;

/// What every key does, and the words for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    /// In the order of the file: the first key of an action is the one shown.
    bindings: Vec<Binding>,
    words: Vec<Words>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Binding {
    context: Context,
    key: Key,
    /// `None`: the key is switched off.
    action: Option<Action>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Words {
    context: Context,
    action: Action,
    desc: String,
    /// The word when pressing takes back what the key did.
    again: String,
    help: String,
}

impl Keymap {
    /// The bundled map of that name.
    ///
    /// # Errors
    /// None of that name. The bundled files themselves have no faults: a test reads them.
    pub fn shipped(name: &str) -> Result<Self, Vec<KeyComplaint>> {
        let found = SHIPPED.iter().find(|(known, _)| *known == name);
        let Some((name, text)) = found else {
            let names = SHIPPED.iter().map(|(known, _)| *known);
            return Err(vec![KeyComplaint {
                file: "keymap".to_owned(),
                line: 0,
                column: 0,
                what: "there is no keymap".to_owned(),
                value: name.to_owned(),
                nearest: nearest(name, names).map(str::to_owned),
            }]);
        };
        let (base, faults) = Reader::read("keymaps/groups.toml", BASE);
        if !faults.is_empty() {
            return Err(faults);
        }
        base.map.with_changes(&format!("keymaps/{name}.toml"), text)
    }

    /// Reads a whole keymap.
    ///
    /// # Errors
    /// Every fault of the text, in its order; then essential actions without a key.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<KeyComplaint>> {
        Self::default().with_changes(file, text)
    }

    /// This map with a person's changes over it: bound keys move, `"none"`
    /// switches a key off.
    ///
    /// # Errors
    /// As [`Keymap::parse`].
    pub fn with_changes(mut self, file: &str, text: &str) -> Result<Self, Vec<KeyComplaint>> {
        let (read, mut complaints) = Reader::read(file, text);
        // A person's key goes first: it is the one he wants to be shown.
        let kept = self.bindings.iter().filter(|old| !read.binds(old.context, old.key));
        let kept: Vec<Binding> = kept.copied().collect();
        self.bindings = [read.map.bindings, kept].concat();
        self.words.retain(|old| !read.map.words.iter().any(|new| new.is_for(old)));
        self.words.extend(read.map.words);
        complaints.extend(self.missing(file));
        if complaints.is_empty() { Ok(self) } else { Err(complaints) }
    }

    pub fn action(&self, context: Context, key: Key) -> Option<Action> {
        let found = self.bindings.iter().find(|b| b.context == context && b.key == key);
        found.and_then(|binding| binding.action)
    }

    /// Whether the key has a meaning of its own there, or is switched off.
    pub fn binds(&self, context: Context, key: Key) -> bool {
        self.bindings.iter().any(|b| b.context == context && b.key == key)
    }

    /// What the key does where the first of `contexts` that binds it rules.
    pub fn action_in(&self, contexts: &[Context], key: Key) -> Option<Action> {
        let context = contexts.iter().find(|context| self.binds(**context, key))?;
        self.action(*context, key)
    }

    /// The keys of an action, the one to show first.
    pub fn keys(&self, context: Context, action: Action) -> impl Iterator<Item = Key> + '_ {
        let found = self.bindings.iter();
        found
            .filter(move |b| b.context == context && b.action == Some(action))
            .map(|binding| binding.key)
    }

    /// The short word for an action; empty where hints are not to show it.
    pub fn desc(&self, context: Context, action: Action) -> &str {
        self.words(context, action).map_or_else(|| action.name(), |words| &words.desc)
    }

    /// The short word for taking back what the action did: "Resume" for a hold.
    pub fn again(&self, context: Context, action: Action) -> &str {
        let again = self.words(context, action).map_or("", |words| &words.again);
        if again.is_empty() { self.desc(context, action) } else { again }
    }

    /// Whether it has a word of its own for taking back what it did.
    pub fn has_again(&self, context: Context, action: Action) -> bool {
        self.words(context, action).is_some_and(|words| !words.again.is_empty())
    }

    /// The actions that have words in this very context, in the order of the file.
    pub fn labelled(&self, context: Context) -> impl Iterator<Item = Action> + '_ {
        let here = self.words.iter().filter(move |w| w.context == context && !w.desc.is_empty());
        here.map(|words| words.action)
    }

    /// The sentence for an action; the short word where there is none.
    pub fn help(&self, context: Context, action: Action) -> &str {
        let words = self.words(context, action);
        words.map_or_else(
            || action.name(),
            |words| if words.help.is_empty() { &words.desc } else { &words.help },
        )
    }

    /// Every action that has a key in `context`, in the order of the help.
    pub fn bound(&self, context: Context) -> impl Iterator<Item = Action> + '_ {
        let actions = ACTIONS.iter().map(|(action, _)| *action);
        actions.filter(move |action| self.keys(context, *action).next().is_some())
    }

    /// The list of bindings as text, one a line.
    pub fn listing(&self) -> String {
        let lines = CONTEXTS.iter().flat_map(|(context, name)| {
            self.bound(*context).map(move |action| {
                let keys: Vec<String> =
                    self.keys(*context, action).map(|k| k.to_string()).collect();
                let (keys, help) = (keys.join(" "), self.help(*context, action));
                format!("{name:<8} {keys:<16} {:<16} {help}\n", action.name())
            })
        });
        lines.collect()
    }

    fn words(&self, context: Context, action: Action) -> Option<&Words> {
        let here = self.words.iter().find(|w| w.context == context && w.action == action);
        here.or_else(|| self.words.iter().find(|w| w.action == action))
    }
}

impl Words {
    fn is_for(&self, other: &Self) -> bool {
        self.context == other.context && self.action == other.action
    }
}
