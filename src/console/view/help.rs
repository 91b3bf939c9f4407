//! The help: every key, from the live keymap.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::{Cursor, Pen, Scene, below, hint_rows, rule};
use crate::console::hints;
use crate::console::intent::Context;
use crate::console::state::State;
use crate::console::theme::Role;

pub fn draw(scene: &Scene, top: u16, area: Rect, buffer: &mut Buffer) -> Cursor {
    rule(scene, area, "HELP", "", buffer);
    let rows = Rect { height: area.height.saturating_sub(2), ..below(area, 1) };
    let entries = entries(scene.state);
    let keys_width = entries.iter().map(|(keys, _)| keys.chars().count()).max().unwrap_or_default();
    let top = usize::from(top).min(entries.len().saturating_sub(usize::from(rows.height)));
    for (y, (keys, words)) in (0..rows.height).zip(entries.iter().skip(top)) {
        let mut pen = Pen::at(buffer, scene.theme, rows, y);
        pen.skip(2).cell(keys, keys_width, scene.theme.style(Role::Key)).skip(1);
        pen.put(words, Style::new());
    }
    let foot = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
    let mut pen = Pen::at(buffer, scene.theme, foot, 0);
    pen.plain(" ");
    hint_rows::put(scene, &hints::of_context(scene.state, Context::Help), &mut pen);
    let rest = entries.len().saturating_sub(top + usize::from(rows.height));
    if rest > 0 {
        pen.put_right(&format!("{rest} more below "), Style::new());
    }
    Cursor { position: Position { x: rows.x, y: rows.y }, visible: false }
}

/// How many lines the help has.
pub fn lines(state: &State) -> usize {
    entries(state).len()
}

fn entries(state: &State) -> Vec<(String, String)> {
    let actions = of_context(state, Context::Desk, "");
    let fixed = [
        ("0-9 * # +", "Type a number into To:"),
        ("A-Z", "Pick a colleague by his letter into To:"),
    ];
    let fixed = fixed.map(|(keys, words)| (keys.to_owned(), words.to_owned()));
    let pages = PAGES.iter().flat_map(|(page, lead)| of_context(state, *page, lead));
    fixed.into_iter().chain(actions).chain(pages).collect()
}

/// Keys that a phone's own keys open, and when they are open.
const PAGES: [(Context, &str); 4] = [
    (Context::Idle, "no call: "),
    (Context::More, "second page: "),
    (Context::Place, "asked where: "),
    (Context::Parked, "shown who waits: "),
];

fn of_context(state: &State, context: Context, lead: &str) -> Vec<(String, String)> {
    let keymap = &state.keymap;
    let actions = keymap.bound(context).map(|action| {
        let keys: Vec<String> = keymap.keys(context, action).map(|k| k.to_string()).collect();
        (keys.join(" "), format!("{lead}{}", keymap.help(context, action)))
    });
    actions.collect()
}
