//! Groups written in one list, `call_park_group = [{ name = "A" }]`, with the
//! comments that stand between them.

use toml_edit::{Array, Value};

use crate::config::edit::group;
use crate::config::edit::members::raw;
use crate::domain::administration::GroupForm;

/// Behind the last one, on a line of its own where they have lines.
pub fn add(groups: &mut Array, form: &GroupForm) {
    let mut new = Value::InlineTable(group::new_inline(form));
    let trailing = groups.trailing().as_str().unwrap_or_default();
    let last = groups.len().checked_sub(1);
    let behind = last.map(|last| suffix(groups, last)).unwrap_or_default();
    let gap = format!("{behind}{trailing}");
    let Some((_, outdent)) = gap.rsplit_once('\n') else {
        return groups.push(new);
    };
    let first = groups.get(0).map(|first| raw(first.decor().prefix()));
    let indent = first.and_then(|first| first.rsplit_once('\n')).map_or("    ", |(_, last)| last);
    new.decor_mut().set_prefix(format!("{}\n{indent}", gap.trim_end()));
    if let Some(last) = last.and_then(|last| groups.get_mut(last)) {
        last.decor_mut().set_suffix("");
    }
    groups.push_formatted(new);
    groups.set_trailing(format!("\n{outdent}"));
}

/// The comment behind it goes with it; those of others, and those on lines of
/// their own, stay.
pub fn delete(groups: &mut Array, place: usize) {
    let Some(gone) = groups.get(place) else { return };
    let prefix = raw(gone.decor().prefix());
    let before = place.checked_sub(1);
    let above = format!("{}{prefix}", before.map(|at| suffix(groups, at)).unwrap_or_default());
    let next = groups.get(place + 1).map(|next| raw(next.decor().prefix()));
    let trailing = groups.trailing().as_str().unwrap_or_default();
    let below = format!("{}{}", suffix(groups, place), next.unwrap_or(trailing));
    let gap = match below.split_once('\n') {
        Some((_, rest)) => format!("{}\n{rest}", above.trim_end()),
        None if next.is_none() && !above.contains('#') => below,
        None => above,
    };
    groups.remove(place);
    if let Some(before) = before.and_then(|at| groups.get_mut(at)) {
        before.decor_mut().set_suffix("");
    }
    match groups.get_mut(place) {
        Some(next) => next.decor_mut().set_prefix(gap),
        None => groups.set_trailing(gap),
    }
    if groups.is_empty() {
        groups.set_trailing_comma(false);
    }
}

fn suffix(groups: &Array, place: usize) -> String {
    groups.get(place).map(|group| raw(group.decor().suffix()).to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "[\n  { name = \"A\" }, # about A\n  # between\n  { name = \"B\" }, # about B\n  # below\n  { name = \"C\" } # about C\n  # last\n]";

    fn changed(list: &str, change: impl FnOnce(&mut Array)) -> String {
        let mut list: Value = list.parse().unwrap();
        change(list.as_array_mut().unwrap());
        let text = list.to_string();
        assert!(text.parse::<Value>().is_ok(), "{text}");
        text
    }

    #[test]
    fn a_group_that_goes_takes_the_comment_behind_it_and_no_other() {
        assert_eq!(
            changed(LIST, |list| delete(list, 1)),
            "[\n  { name = \"A\" }, # about A\n  # between\n  # below\n  { name = \"C\" } # about C\n  # last\n]"
        );
        assert_eq!(
            changed(LIST, |list| delete(list, 0)),
            "[\n  # between\n  { name = \"B\" }, # about B\n  # below\n  { name = \"C\" } # about C\n  # last\n]"
        );
        assert_eq!(
            changed(LIST, |list| delete(list, 2)),
            "[\n  { name = \"A\" }, # about A\n  # between\n  { name = \"B\" } # about B\n  # below\n  # last\n]"
        );
        let all = |list: &mut Array| (0..3).for_each(|_| delete(list, 0));
        assert_eq!(changed(LIST, all), "[\n  # between\n  # below\n  # last\n]");
        let line = "[{ name = \"A\" }, { name = \"B\" }]";
        assert_eq!(changed(line, |list| delete(list, 0)), "[{ name = \"B\" }]");
        assert_eq!(changed(line, |list| delete(list, 1)), "[{ name = \"A\" }]");
    }

    #[test]
    fn a_new_group_stands_below_the_comments_of_the_others() {
        let form = GroupForm { name: "D".to_owned(), ..GroupForm::default() };
        let text = changed(LIST, |list| add(list, &form));
        let end = "  { name = \"C\" }, # about C\n  # last\n  { name = \"D\", members = [] }\n]";
        assert!(text.ends_with(end), "{text}");
        let text = changed("[]", |list| add(list, &form));
        assert_eq!(text, "[{ name = \"D\", members = [] }]");
    }
}
