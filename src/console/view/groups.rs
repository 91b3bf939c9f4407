//! GROUPS: the admin screen, in place of the lot and the colleagues or, where
//! there is room for two columns, beside the lot. Calls stay in sight.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::to_row::tail;
use super::{Cursor, Pen, Scene, below, highlight, more, rule, window};
use crate::console::state::Mode;
use crate::console::state::groups::{
    Choice, Column, Field, Form, GroupsPage, GroupsScreen, Policy,
};
use crate::console::theme::Role;
use crate::domain::administration::GroupForm;
use crate::domain::caller_name::{CallerName, cut};

const LABEL: usize = 13;

/// None: it is not open.
pub fn draw_open(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Option<Cursor> {
    let screen = scene.state.groups.as_ref().filter(|_| scene.state.mode == Mode::Groups)?;
    let typed = draw(scene, screen, area, buffer);
    let position = typed.unwrap_or(Position { x: area.x, y: area.y });
    Some(Cursor { position, visible: typed.is_some() })
}

/// Where the cursor belongs, if letters go into a field.
fn draw(scene: &Scene, screen: &GroupsScreen, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let note = if scene.state.wish.is_some() { "asking the office" } else { "" };
    match &screen.page {
        GroupsPage::List | GroupsPage::Deleting => {
            list(scene, screen, note, area, buffer);
            None
        }
        GroupsPage::Form(form) => fields(scene, form, note, area, buffer),
        GroupsPage::Members(form, choice) => {
            members(scene, screen, form, choice, area, buffer);
            None
        }
    }
}

fn list(scene: &Scene, screen: &GroupsScreen, note: &str, area: Rect, buffer: &mut Buffer) {
    let groups = screen.groups();
    let title =
        if groups.is_empty() { "GROUPS".into() } else { format!("GROUPS {}", groups.len()) };
    rule(scene, area, &title, note, buffer);
    let rows = below(area, 1);
    if screen.known.is_some() && groups.is_empty() {
        Pen::at(buffer, scene.theme, rows, 0).plain("  There is no group yet.");
    }
    let room = usize::from(rows.height / 2);
    let current = screen.current().and_then(|it| groups.iter().position(|group| group == it));
    let shown = window(groups.len(), room, current);
    let missing = more(groups.len(), shown.len());
    for (y, index) in (0..).step_by(2).zip(shown) {
        let Some(group) = groups.get(index) else { continue };
        let mut pen = Pen::at(buffer, scene.theme, rows, y);
        let is_current = Some(index) == current;
        pen.role(if is_current { ">" } else { " " }, Role::Mark).plain(" ");
        pen.cell(&shown_name(&group.name), 24, scene.theme.style(Role::Strong));
        pen.plain(&recall_words(scene, group));
        if is_current {
            highlight(rows, y, buffer);
        }
        let mut pen = Pen::at(buffer, scene.theme, rows, y + 1);
        pen.plain("    ").plain(&people(scene, &group.members));
    }
    if !missing.is_empty() && note.is_empty() {
        rule(scene, area, &title, &missing, buffer);
    }
}

/// "after 30s: a ring group, 600 Sales"
fn recall_words(scene: &Scene, group: &GroupForm) -> String {
    let form = Form::of(group);
    let timer = if form.timer.is_empty() { "45s" } else { &form.timer };
    let to = match form.policy {
        Policy::Number => format!("{} is rung", form.number),
        policy if policy.rings_group() => {
            let who = if policy == Policy::RingGroup { "" } else { "the parker, then " };
            format!("{who}{}", ring_group(scene, &form.ring_group))
        }
        _ => "the parker".to_owned(),
    };
    CallerName::clean(&format!("after {timer}: {to}")).to_string()
}

fn ring_group(scene: &Scene, number: &str) -> String {
    let known = scene.state.groups.as_ref().and_then(|screen| screen.known.as_ref());
    let mut all = known.into_iter().flat_map(|known| &known.ring_groups);
    let named = all.find(|group| group.number.as_str() == number);
    named.map_or_else(|| number.to_owned(), |group| format!("{number} {}", shown_name(&group.name)))
}

fn people(scene: &Scene, members: &[String]) -> String {
    if members.is_empty() {
        return "nobody".to_owned();
    }
    members.iter().map(|one| person(scene, one)).collect::<Vec<_>>().join(", ")
}

/// "102 Cleo Martin"
fn person(scene: &Scene, extension: &str) -> String {
    let me = &scene.state.me;
    if extension == me.extension.as_str() {
        return format!("{extension} {}", me.name).trim_end().to_owned();
    }
    match scene.state.people.get(extension) {
        Some(colleague) => format!("{extension} {}", colleague.lamp.name),
        None => shown_name(extension),
    }
}

/// From a file or the office: fit for a screen.
fn shown_name(name: &str) -> String {
    CallerName::clean(name).to_string()
}

fn fields(
    scene: &Scene,
    form: &Form,
    note: &str,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    rule(scene, area, &title_of(form), note, buffer);
    let rows = below(area, 1);
    let width = usize::from(rows.width).saturating_sub(LABEL + 4);
    // Each field, and below it what the office says against it.
    let mut lines: Vec<(Field, Option<String>)> = Vec::new();
    for field in form.fields() {
        lines.push((field, None));
        for line in wrapped(form.objection_to(field).unwrap_or_default(), width) {
            lines.push((field, Some(line)));
        }
    }
    // Where there is little room the field before all that is said against it.
    let first = lines.iter().position(|(field, _)| *field == form.at).unwrap_or_default();
    let last = lines.iter().rposition(|(field, _)| *field == form.at).unwrap_or_default();
    let current = Some(last.min(first + usize::from(rows.height.saturating_sub(1))));
    let mut cursor = None;
    for (y, index) in (0..).zip(window(lines.len(), usize::from(rows.height), current)) {
        let Some((field, objection)) = lines.get(index) else { continue };
        let mut pen = Pen::at(buffer, scene.theme, rows, y);
        match objection {
            Some(words) => {
                pen.skip(LABEL + 4).role(words, Role::Now);
            }
            None => {
                let typed = field_row(scene, form, *field, &mut pen);
                cursor = cursor.or(typed.map(|x| Position { x, y: rows.y + y }));
            }
        }
    }
    cursor
}

fn title_of(form: &Form) -> String {
    match &form.was {
        Some(was) => format!("GROUP  {}", shown_name(&was.name)),
        None => "NEW GROUP".to_owned(),
    }
}

/// The column of the cursor, if letters go in here.
fn field_row(scene: &Scene, form: &Form, field: Field, pen: &mut Pen) -> Option<u16> {
    let is_here = form.at == field;
    pen.role(if is_here { ">" } else { " " }, Role::Mark).plain(" ");
    if field == Field::Save {
        pen.role("[ Save ]", if is_here { Role::Title } else { Role::Plain });
        return None;
    }
    pen.cell(label(field), LABEL, scene.theme.style(Role::Key)).plain(" ");
    let (text, default) = match field {
        Field::Name => (&form.name, "required"),
        Field::Timer => (&form.timer, "45s if left empty; from 5s to 900s"),
        Field::Number => (&form.number, "such as 102 or 0301234567"),
        Field::Wait => (&form.wait, "20s if left empty"),
        Field::Rounds => (&form.rounds, "never, or after how many recalls in vain"),
        Field::Fallback => (&form.fallback, "nobody, or a number such as 102"),
        Field::Members => {
            pen.plain(&people(scene, &form.members));
            return None;
        }
        Field::Policy => {
            choice(form.policy.words(), is_here, pen);
            return None;
        }
        Field::RingGroup => {
            choice(&ring_group(scene, &form.ring_group), is_here, pen);
            return None;
        }
        Field::Save => return None,
    };
    pen.role(&tail(text, pen.left().saturating_sub(1)), Role::Typed);
    let column = pen.column();
    if is_here {
        pen.plain("_");
    }
    if text.is_empty() {
        pen.plain(" ").role(&format!("({default})"), Role::Line);
    }
    is_here.then_some(column)
}

fn choice(words: &str, is_here: bool, pen: &mut Pen) {
    if is_here {
        pen.role("< ", Role::Key).role(words, Role::Typed).role(" >", Role::Key);
    } else {
        pen.plain(words);
    }
}

fn label(field: Field) -> &'static str {
    match field {
        Field::Name => "Name",
        Field::Members => "Members",
        Field::Timer => "Recall after",
        Field::Policy => "Recall rings",
        Field::Number => "Number",
        Field::RingGroup => "Ring group",
        Field::Wait => "Rings after",
        Field::Rounds => "Alarm after",
        Field::Fallback => "Then as well",
        Field::Save => "",
    }
}

/// In lines of at most `width` columns; a word longer than that is cut.
fn wrapped(words: &str, width: usize) -> Vec<String> {
    let clean = CallerName::clean;
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        let word = cut(clean(word).as_str(), width.max(1));
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

fn members(
    scene: &Scene,
    screen: &GroupsScreen,
    form: &Form,
    choice: &Choice,
    area: Rect,
    buffer: &mut Buffer,
) {
    let half = area.width / 2;
    let left = Rect { width: half, ..area };
    let right = Rect { x: area.x + half, width: area.width - half, ..area };
    let everybody = scene.state.everybody();
    let available = choice.available(form, &everybody);
    let title = format!("MEMBERS {}  in hunting order", form.members.len());
    let is_left = choice.column == Column::Members;
    let current = |is_here: bool, list: &[String]| {
        let current = choice.current(list).filter(|_| is_here)?;
        list.iter().position(|one| one == current)
    };
    let at = current(is_left, &form.members);
    column(scene, &title, &form.members, at, |_| String::new(), left, buffer);
    let title = format!("AVAILABLE {}", available.len());
    let elsewhere = |one: &String| {
        let group = screen.group_with(one);
        group.map(|group| format!(" (in {})", shown_name(&group.name))).unwrap_or_default()
    };
    column(scene, &title, &available, current(!is_left, &available), elsewhere, right, buffer);
}

fn column(
    scene: &Scene,
    title: &str,
    list: &[String],
    current: Option<usize>,
    note: impl Fn(&String) -> String,
    area: Rect,
    buffer: &mut Buffer,
) {
    let rows = below(area, 1);
    let shown = window(list.len(), usize::from(rows.height), current);
    rule(scene, area, title, &more(list.len(), shown.len()), buffer);
    if list.is_empty() {
        Pen::at(buffer, scene.theme, rows, 0).plain("  nobody");
    }
    for (y, index) in (0..).zip(shown) {
        let Some(one) = list.get(index) else { continue };
        let mut pen = Pen::at(buffer, scene.theme, rows, y);
        let is_current = Some(index) == current;
        pen.role(if is_current { ">" } else { " " }, Role::Mark).plain(" ");
        pen.put(&person(scene, one), Style::new()).plain(&note(one));
        if is_current {
            highlight(rows, y, buffer);
        }
    }
}
