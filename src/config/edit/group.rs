//! One group in the file: read as a form, written from one, changed where the
//! form says something else.

use toml_edit::{InlineTable, Item, RawString, Table, TableLike, Value, value};

use crate::config::edit::layout::Knife;
use crate::config::edit::members;
use crate::domain::administration::GroupForm;
use crate::domain::caller_name::CallerName;

/// Settings that are texts, in the order in which they are written.
pub fn texts(form: &GroupForm) -> Vec<(&'static str, &String)> {
    let all = [
        ("name", Some(&form.name)),
        ("recall_timer", form.recall_timer.as_ref()),
        ("recall_to", form.recall_to.as_ref()),
        ("ring_group", form.ring_group.as_ref()),
        ("ring_group_wait", form.ring_group_wait.as_ref()),
        ("recall_fallback", form.recall_fallback.as_ref()),
    ];
    all.into_iter().filter_map(|(key, text)| Some((key, text?))).collect()
}

const KEYS: [&str; 8] = [
    "name",
    "members",
    "recall_timer",
    "recall_to",
    "ring_group",
    "ring_group_wait",
    "recall_rounds",
    "recall_fallback",
];

pub fn form(group: &dyn TableLike) -> GroupForm {
    let text = |key: &str| group.get(key).and_then(Item::as_str).map(str::to_owned);
    let members = group.get("members").and_then(Item::as_array);
    let members = members.into_iter().flat_map(|list| list.iter());
    let rounds = group.get("recall_rounds").and_then(Item::as_integer);
    GroupForm {
        name: text("name").unwrap_or_default(),
        members: members.filter_map(Value::as_str).map(str::to_owned).collect(),
        recall_timer: text("recall_timer"),
        recall_to: text("recall_to"),
        ring_group: text("ring_group"),
        ring_group_wait: text("ring_group_wait"),
        recall_rounds: rounds.and_then(|rounds| u32::try_from(rounds).ok()),
        recall_fallback: text("recall_fallback"),
    }
}

/// What the form says of a setting. Names are written as screens show them.
fn wanted(form: &GroupForm, key: &str) -> Option<Value> {
    match key {
        "name" => Some(CallerName::clean(&form.name).as_str().into()),
        "members" => members::on_one_line(&form.members).parse().ok(),
        "recall_rounds" => form.recall_rounds.map(|rounds| i64::from(rounds).into()),
        _ => texts(form).into_iter().find(|(name, _)| *name == key).map(|(_, text)| text.into()),
    }
}

pub fn new_table(form: &GroupForm) -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    for key in KEYS {
        if let Some(wanted) = wanted(form, key) {
            table.insert(key, value(wanted));
        }
    }
    table
}

pub fn new_inline(form: &GroupForm) -> InlineTable {
    let mut table = InlineTable::new();
    for key in KEYS {
        if let Some(wanted) = wanted(form, key) {
            table.insert(key, wanted);
        }
    }
    table
}

pub fn change_table(table: &mut Table, form: &GroupForm, knife: &mut Knife) {
    for key in differing(table, form) {
        match wanted(form, key) {
            None => mark(table, key, knife),
            Some(wanted) => put(table, key, wanted, &form.members),
        }
    }
}

pub fn change_inline(table: &mut InlineTable, form: &GroupForm) {
    for key in differing(table, form) {
        match (wanted(form, key), table.get_mut(key)) {
            (None, _) => drop(table.remove(key)),
            (Some(wanted), Some(old)) => *old = in_place_of(old, wanted, &form.members),
            (Some(wanted), None) => drop(table.insert(key, wanted)),
        }
    }
}

fn differing(table: &dyn TableLike, wanted: &GroupForm) -> Vec<&'static str> {
    let is = form(table);
    let same = |key: &str| match key {
        "name" => CallerName::clean(&is.name) == CallerName::clean(&wanted.name),
        "members" => is.members == wanted.members,
        "recall_rounds" => is.recall_rounds == wanted.recall_rounds,
        _ => text_of(&is, key) == text_of(wanted, key),
    };
    KEYS.into_iter().filter(|key| !same(key)).collect()
}

fn text_of<'f>(form: &'f GroupForm, key: &str) -> Option<&'f String> {
    texts(form).into_iter().find(|(name, _)| *name == key).map(|(_, text)| text)
}

fn put(table: &mut Table, key: &str, wanted: Value, list: &[String]) {
    match table.get_mut(key) {
        Some(Item::Value(old)) => *old = in_place_of(old, wanted, list),
        Some(item) => *item = value(wanted),
        None => drop(table.insert(key, value(wanted))),
    }
}

/// The comment behind the old value stays behind the new one.
fn in_place_of(old: &Value, wanted: Value, list: &[String]) -> Value {
    let mut new = match old.as_array() {
        Some(array) => members::changed(array, list),
        None => wanted,
    };
    *new.decor_mut() = old.decor().clone();
    new
}

/// The line goes; the comment above it stays.
fn mark(table: &mut Table, key: &str, knife: &mut Knife) {
    if let Some(item) = table.get_mut(key) {
        *item = value(knife.mark());
    }
}

/// The group goes with the comment on top of it; what is farther off is about
/// more than this group.
pub fn delete_table(table: &mut Table, knife: &mut Knife) {
    let above = table.decor().prefix().and_then(RawString::as_str).unwrap_or_default();
    let stays = far_comments(above);
    table.decor_mut().set_prefix(stays);
    table.decor_mut().set_suffix(format!(" # {}", knife.mark()));
    let keys: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        mark(table, &key, knife);
        if let Some(mut key) = table.key_mut(&key) {
            key.leaf_decor_mut().clear();
        }
    }
}

/// All but the comment that touches what follows it.
fn far_comments(above: &str) -> String {
    let lines: Vec<&str> = above.split_inclusive('\n').collect();
    let is_comment = |line: &&&str| line.trim_start().starts_with('#');
    let far = lines.iter().rev().skip_while(is_comment).count();
    let far: String = lines[..far].concat();
    let text = far.trim_end();
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_that_touches_a_group_goes_with_it() {
        assert_eq!(far_comments("\n"), "");
        assert_eq!(far_comments("\n# of it\n"), "");
        assert_eq!(far_comments("\n# Groups\n\n# of it\n# too\n"), "\n# Groups\n");
        assert_eq!(far_comments("\n# Groups\n\n"), "\n# Groups\n");
    }
}
