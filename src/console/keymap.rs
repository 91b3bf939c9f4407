//! Keys, and the files that say what each of them does.
//!
//! A keymap file has one table a context; a key is bound to an action's name,
//! or to `{ run = ..., desc = ..., again = ..., help = ... }`: these are the only
//! source of the words in hints and help. Every fault is found in one pass.

use std::fmt;

use crossterm::event::{KeyCode as TerminalCode, KeyEvent, KeyEventKind, KeyModifiers};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::console::intent::{ACTIONS, Action, CONTEXTS, Context, ESSENTIAL};
use crate::domain::nearest::nearest;

/// One press of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub code: KeyCode,
    pub control: bool,
    pub alt: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyCode {
    /// As it is printed: a shifted letter is the capital.
    Char(char),
    /// 1 to 24.
    Function(u8),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
}

/// Keys with a name, besides characters and F1 to F24.
const NAMED: [(&str, KeyCode); 16] = [
    ("Space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("BackTab", KeyCode::BackTab),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
];

const DEFAULT: &str = include_str!("../../keymaps/default.toml");
const FKEYS: &str = include_str!("../../keymaps/fkeys.toml");
/// The keymaps that come with the program.
pub const SHIPPED: [(&str, &str); 2] = [("default", DEFAULT), ("fkeys", FKEYS)];

impl Key {
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, control: false, alt: false }
    }

    pub const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// None for a release, a repetition and keys nothing can be bound to.
    pub fn from_terminal(event: KeyEvent) -> Option<Self> {
        if event.kind != KeyEventKind::Press {
            return None;
        }
        let shift = event.modifiers.contains(KeyModifiers::SHIFT);
        Some(Self {
            code: code_from_terminal(event.code, shift)?,
            control: event.modifiers.contains(KeyModifiers::CONTROL),
            alt: event.modifiers.contains(KeyModifiers::ALT),
        })
    }

    /// Reads `p`, `F5`, `Space`, `C-c`, `A-Enter`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("C-").filter(|rest| !rest.is_empty()) {
            return Self::parse(rest).filter(|key| !key.control).map(Self::with_control);
        }
        if let Some(rest) = text.strip_prefix("A-").filter(|rest| !rest.is_empty()) {
            return Self::parse(rest).filter(|key| !key.alt).map(|key| Self { alt: true, ..key });
        }
        code_named(text).map(Self::plain)
    }

    /// The character it types, if it is one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.control && !self.alt => Some(c),
            _ => None,
        }
    }

    fn with_control(self) -> Self {
        Self { control: true, ..self }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.control {
            f.write_str("C-")?;
        }
        if self.alt {
            f.write_str("A-")?;
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Function(number) => write!(f, "F{number}"),
            _ => Ok(()),
        }
    }
}

fn code_from_terminal(code: TerminalCode, shift: bool) -> Option<KeyCode> {
    Some(match code {
        TerminalCode::Char(c) if c.is_control() => return None,
        TerminalCode::Char(c) if shift => KeyCode::Char(capital(c)),
        TerminalCode::Char(c) => KeyCode::Char(c),
        TerminalCode::F(number @ 1..=24) => KeyCode::Function(number),
        TerminalCode::Enter => KeyCode::Enter,
        TerminalCode::Esc => KeyCode::Esc,
        TerminalCode::Tab => KeyCode::Tab,
        TerminalCode::BackTab => KeyCode::BackTab,
        TerminalCode::Backspace => KeyCode::Backspace,
        TerminalCode::Delete => KeyCode::Delete,
        TerminalCode::Insert => KeyCode::Insert,
        TerminalCode::Up => KeyCode::Up,
        TerminalCode::Down => KeyCode::Down,
        TerminalCode::Left => KeyCode::Left,
        TerminalCode::Right => KeyCode::Right,
        TerminalCode::Home => KeyCode::Home,
        TerminalCode::End => KeyCode::End,
        TerminalCode::PageUp => KeyCode::PageUp,
        TerminalCode::PageDown => KeyCode::PageDown,
        _ => return None,
    })
}

/// Letters without one of their own (`ß`) stay as they are.
fn capital(c: char) -> char {
    let mut upper = c.to_uppercase();
    upper.next().filter(|_| upper.next().is_none()).unwrap_or(c)
}

fn code_named(text: &str) -> Option<KeyCode> {
    let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    named.map(|(_, code)| *code).or_else(|| function_key(text)).or_else(|| single(text))
}

fn function_key(text: &str) -> Option<KeyCode> {
    let number = text.strip_prefix(['F', 'f'])?.parse().ok()?;
    (1..=24).contains(&number).then_some(KeyCode::Function(number))
}

fn single(text: &str) -> Option<KeyCode> {
    let mut chars = text.chars();
    let c = chars.next().filter(|c| !c.is_control() && chars.next().is_none())?;
    Some(KeyCode::Char(c))
}

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

/// None for what is wrong with the file as a whole.
fn position(line: usize, column: usize) -> String {
    if line == 0 { String::new() } else { format!(":{line}:{column}") }
}

/// One fault in a keymap file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {what}{}{}", position(*line, *column), quoted(value), nearest_words(nearest))]
pub struct KeyComplaint {
    pub file: String,
    /// From 1; 0 when the fault is that something is nowhere.
    pub line: usize,
    pub column: usize,
    pub what: String,
    pub value: String,
    pub nearest: Option<String>,
}

fn quoted(value: &str) -> String {
    if value.is_empty() { String::new() } else { format!(" {value:?}") }
}

fn nearest_words(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
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
        Self::parse(&format!("keymaps/{name}.toml"), text)
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

    /// The keys of an action, the one to show first.
    pub fn keys(&self, context: Context, action: Action) -> impl Iterator<Item = Key> + '_ {
        let found = self.bindings.iter();
        found
            .filter(move |b| b.context == context && b.action == Some(action))
            .map(|binding| binding.key)
    }

    /// The short word for an action.
    pub fn desc(&self, context: Context, action: Action) -> &str {
        self.words(context, action).map_or_else(|| action.name(), |words| &words.desc)
    }

    /// The short word for taking back what the action did: "Resume" for a hold.
    pub fn again(&self, context: Context, action: Action) -> &str {
        let again = self.words(context, action).map_or("", |words| &words.again);
        if again.is_empty() { self.desc(context, action) } else { again }
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

    fn missing(&self, file: &str) -> Vec<KeyComplaint> {
        let missing = ESSENTIAL.iter().filter(|(c, a)| self.keys(*c, *a).next().is_none());
        let missing = missing.map(|(context, action)| KeyComplaint {
            file: file.to_owned(),
            line: 0,
            column: 0,
            what: format!("no key is left in [{}] for", context.name()),
            value: action.name().to_owned(),
            nearest: None,
        });
        missing.collect()
    }
}

impl Words {
    fn is_for(&self, other: &Self) -> bool {
        self.context == other.context && self.action == other.action
    }
}

/// Reads one file; remembers every fault and goes on.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    map: Keymap,
    complaints: Vec<KeyComplaint>,
}

impl<'a> Reader<'a> {
    fn read(file: &'a str, text: &'a str) -> (Self, Vec<KeyComplaint>) {
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

    fn binds(&self, context: Context, key: Key) -> bool {
        self.map.bindings.iter().any(|new| new.context == context && new.key == key)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: TerminalCode, modifiers: KeyModifiers) -> Option<String> {
        Key::from_terminal(KeyEvent::new(code, modifiers)).map(|key| key.to_string())
    }

    #[test]
    fn keys_have_the_names_that_keymaps_use() {
        for name in ["p", "P", "Space", "F12", "C-c", "A-Enter", "C-A-x", "-", "+", "é", "BackTab"]
        {
            assert_eq!(Key::parse(name).map(|key| key.to_string()), Some(name.to_owned()));
        }
        for name in ["", "C-", "pp", "F0", "F25", "C-C-c", "\u{7}"] {
            assert_eq!(Key::parse(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_shifted_letter_is_the_capital_however_the_terminal_tells_it() {
        let (none, shift) = (KeyModifiers::NONE, KeyModifiers::SHIFT);
        assert_eq!(pressed(TerminalCode::Char('a'), shift).as_deref(), Some("A"));
        assert_eq!(pressed(TerminalCode::Char('A'), shift).as_deref(), Some("A"));
        assert_eq!(pressed(TerminalCode::Char('A'), none).as_deref(), Some("A"));
        assert_eq!(pressed(TerminalCode::Char('ß'), shift).as_deref(), Some("ß"));
        assert_eq!(pressed(TerminalCode::Char('c'), KeyModifiers::CONTROL).as_deref(), Some("C-c"));
        assert_eq!(pressed(TerminalCode::Char('\u{1}'), none), None);
    }

    #[test]
    fn releases_and_repetitions_are_no_presses() {
        for kind in [KeyEventKind::Release, KeyEventKind::Repeat] {
            let mut event = KeyEvent::new(TerminalCode::Char('p'), KeyModifiers::NONE);
            event.kind = kind;
            assert_eq!(Key::from_terminal(event), None);
        }
    }
}
