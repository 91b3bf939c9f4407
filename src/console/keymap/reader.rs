//! Reads a keymap file; remembers every fault and goes on.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::NAMED;
use super::{Binding, Key, KeyComplaint, Keymap, Words};
use crate::console::intent::{ACTIONS, Action, CONTEXTS, Context};
use crate::domain::nearest::nearest;

/// Reads one file; remembers every fault and goes on.
pub(super) struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    pub(super) map: Keymap,
    complaints: Vec<KeyComplaint>,
}

impl<'a> Reader<'a> {
    pub(super) fn read(file: &'a str, text: &'a str) -> (Self, Vec<KeyComplaint>) {
        let mut reader = Self { file, text, map: Keymap::default(), complaints: Vec::new() };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            reader.complain(at, error.message(), "", None);
        }
        for (name, context) in in_file_order(table.get_ref()) {
            reader.context(name, context);
        }
        let complaints = std::mem::take(&mut reader.complaints);
        (reader, complaints)
    }

    pub(super) fn binds(&self, context: Context, key: Key) -> bool {
        self.map.binds(context, key)
    }

    fn context(&mut self, name: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) {
        let Some(context) = Context::named(name.get_ref()) else {
            let near = nearest(name.get_ref(), CONTEXTS.iter().map(|(_, known)| *known));
            return self.complain(name.span().start, "unknown context", name.get_ref(), near);
        };
        let DeValue::Table(keys) = value.get_ref() else {
            return self.complain(value.span().start, "not a table of keys:", name.get_ref(), None);
        };
        for (key, run) in in_file_order(keys) {
            self.binding(context, key, run);
        }
    }

    fn binding(
        &mut self,
        context: Context,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let at = name.span().start;
        let Some(key) = Key::parse(name.get_ref()) else {
            let near = nearest(name.get_ref(), NAMED.iter().map(|(known, _)| *known));
            return self.complain(at, "unknown key", name.get_ref(), near);
        };
        if self.binds(context, key) {
            let what = format!("bound twice in [{}]: the key", context.name());
            return self.complain(at, &what, name.get_ref(), None);
        }
        if context == Context::Place && is_typed_into_to(key) {
            let what = "typed into To: in [place], and so no key for anything else:";
            return self.complain(at, what, name.get_ref(), None);
        }
        if let Some(action) = self.action(context, value) {
            self.map.bindings.push(Binding { context, key, action });
        }
    }

    /// `Some(None)` switches the key off; `None` is a fault, complained of.
    fn action(&mut self, context: Context, value: &Spanned<DeValue<'_>>) -> Option<Option<Action>> {
        match value.get_ref() {
            DeValue::String(name) => self.named(value.span().start, name),
            DeValue::Table(fields) => self.described(context, value.span().start, fields),
            other => {
                let what = "a key is bound to an action's name, not to a";
                self.complain(value.span().start, what, other.type_str(), None);
                None
            }
        }
    }

    fn named(&mut self, at: usize, name: &str) -> Option<Option<Action>> {
        if name == "none" {
            return Some(None);
        }
        let action = Action::named(name);
        if action.is_none() {
            let near = nearest(name, ACTIONS.iter().map(|(_, known)| *known));
            self.complain(at, "unknown action", name, near);
        }
        action.map(Some)
    }

    fn described(
        &mut self,
        context: Context,
        at: usize,
        fields: &DeTable<'_>,
    ) -> Option<Option<Action>> {
        let mut words = [("run", None), ("desc", None), ("again", None), ("help", None)];
        for (field, value) in in_file_order(fields) {
            let known = words.iter_mut().find(|(name, _)| name == field.get_ref());
            match (known, value.get_ref()) {
                (Some((_, word)), DeValue::String(text)) => {
                    *word = Some((value.span().start, text.to_string()));
                }
                (Some(_), other) => {
                    let (at, kind) = (value.span().start, other.type_str());
                    self.complain(at, "not a text but a", kind, None);
                }
                (None, _) => {
                    let near = nearest(field.get_ref(), ["run", "desc", "again", "help"]);
                    self.complain(field.span().start, "unknown field", field.get_ref(), near);
                }
            }
        }
        let [(_, run), (_, desc), (_, again), (_, help)] = words;
        let Some((run_at, run)) = run else {
            self.complain(at, "`run` is missing: which action?", "", None);
            return None;
        };
        let action = self.named(run_at, &run)?;
        if let (Some(action), Some((_, desc))) = (action, desc) {
            let [again, help] = [again, help].map(|word| word.map(|(_, w)| w).unwrap_or_default());
            self.map.words.push(Words { context, action, desc, again, help });
        }
        Some(action)
    }

    fn complain(&mut self, at: usize, what: &str, value: &str, nearest: Option<&str>) {
        let (line, column) = line_and_column(self.text, at);
        let (file, what, value) = (self.file.to_owned(), what.to_owned(), value.to_owned());
        let nearest = nearest.map(str::to_owned);
        self.complaints.push(KeyComplaint { file, line, column, what, value, nearest });
    }
}

/// Numbers, codes, and the capitals that pick people.
fn is_typed_into_to(key: Key) -> bool {
    let typed = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase() || matches!(c, '*' | '#');
    key.typed().is_some_and(typed)
}

type Entry<'t, 'i> = (&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>);

/// The parser sorts by name; people read from the top.
fn in_file_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<Entry<'t, 'i>> {
    let mut entries: Vec<Entry<'t, 'i>> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

/// Both from 1; columns in characters.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (line, before.get(start..).map_or(0, |head| head.chars().count()) + 1)
}
