//! A list of members, rewritten with the comments that stand in it.

use toml_edit::{Array, RawString, Value};

/// One member with what is said of him.
struct Entry {
    /// Comments on lines of their own above him.
    above: Vec<String>,
    text: String,
    /// The comment behind him.
    beside: Option<String>,
}

/// The list with these members in this order. Comments behind a member go
/// where he goes, and with him; those on lines of their own stay.
pub fn changed(list: &Array, members: &[String]) -> Value {
    let outline = Outline::of(list);
    let text = match outline.lines {
        true => outline.written(members),
        false => on_one_line(members),
    };
    text.parse().unwrap_or_else(|_| Value::from_iter(members.iter().map(String::as_str)))
}

pub fn on_one_line(members: &[String]) -> String {
    let quoted: Vec<String> = members.iter().map(|member| quoted(member)).collect();
    format!("[{}]", quoted.join(", "))
}

struct Outline {
    /// It stands on several lines.
    lines: bool,
    indent: String,
    /// Before the closing bracket.
    outdent: String,
    opening: Option<String>,
    entries: Vec<Entry>,
    /// Comments on lines of their own below the last member.
    below: Vec<String>,
}

impl Outline {
    fn of(list: &Array) -> Self {
        let before: Vec<&str> = list.iter().map(|value| raw(value.decor().prefix())).collect();
        let after: Vec<&str> = list.iter().map(|value| raw(value.decor().suffix())).collect();
        let end = list.trailing().as_str().unwrap_or_default();
        // What stands before each member, and at last before the bracket.
        let gaps: Vec<String> = (0..=before.len())
            .map(|index| {
                let behind = index.checked_sub(1).and_then(|last| after.get(last)).unwrap_or(&"");
                format!("{behind}{}", before.get(index).unwrap_or(&end))
            })
            .collect();
        let lines = gaps.iter().any(|gap| gap.contains('\n'));
        let last_line = |gap: &String| gap.rsplit_once('\n').map(|(_, last)| last.to_owned());
        // What stands in an empty list is before its bracket.
        let before_first = gaps.first().filter(|_| !list.is_empty());
        let indent = before_first.and_then(last_line).unwrap_or_else(|| "    ".to_owned());
        let outdent = gaps.last().and_then(last_line).unwrap_or_default();
        let mut opening = None;
        let mut entries: Vec<Entry> = Vec::new();
        let mut below = Vec::new();
        for (gap, value) in gaps.iter().zip(list.iter().map(Some).chain([None])) {
            let (beside, above) = comments(gap);
            match entries.last_mut() {
                Some(entry) => entry.beside = beside,
                None => opening = beside,
            }
            match value {
                Some(value) => {
                    let text = value.as_str().unwrap_or_default().to_owned();
                    entries.push(Entry { above, text, beside: None });
                }
                None => below = above,
            }
        }
        Self { lines, indent, outdent, opening, entries, below }
    }

    fn written(&self, members: &[String]) -> String {
        let Self { indent, .. } = self;
        let comment = |beside: Option<&String>| beside.map(|c| format!(" {c}")).unwrap_or_default();
        let mut text = format!("[{}\n", comment(self.opening.as_ref()));
        let stay = |entry: &&Entry| members.contains(&entry.text);
        // Of those who go, what stood above them stays at the end.
        let gone = self.entries.iter().filter(|entry| !stay(entry)).flat_map(|e| &e.above);
        let below: Vec<&String> = gone.chain(&self.below).collect();
        for member in members {
            let entry = self.entries.iter().find(|entry| entry.text == *member);
            for above in entry.iter().flat_map(|entry| &entry.above) {
                text.push_str(&format!("{indent}{above}\n"));
            }
            let beside = comment(entry.and_then(|entry| entry.beside.as_ref()));
            text.push_str(&format!("{indent}{},{beside}\n", quoted(member)));
        }
        for comment in below {
            text.push_str(&format!("{indent}{comment}\n"));
        }
        format!("{text}{}]", self.outdent)
    }
}

/// What stands on the line just begun, and on lines of their own after it.
fn comments(gap: &str) -> (Option<String>, Vec<String>) {
    let mut lines = gap.split('\n').map(str::trim);
    let is_comment = |line: &&str| line.starts_with('#');
    let beside = lines.next().filter(is_comment).map(str::to_owned);
    (beside, lines.filter(is_comment).map(str::to_owned).collect())
}

/// Of what has been read from a text.
pub fn raw(decor: Option<&RawString>) -> &str {
    decor.and_then(RawString::as_str).unwrap_or_default()
}

fn quoted(member: &str) -> String {
    Value::from(member).to_string().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(list: &str, members: &[&str]) -> String {
        let list: Value = list.parse().unwrap();
        let members: Vec<String> = members.iter().map(|member| (*member).to_owned()).collect();
        changed(list.as_array().unwrap(), &members).to_string()
    }

    #[test]
    fn comments_go_with_their_member_and_the_others_stay() {
        let list = "[ # hunting order\n  # first shift\n  \"101\", # Reception\n  \"102\", # Alice\n  # stand-in\n  \"103\" # Bob\n]";
        assert_eq!(
            after(list, &["102", "101", "104"]),
            "[ # hunting order\n  \"102\", # Alice\n  # first shift\n  \"101\", # Reception\n  \"104\",\n  # stand-in\n]"
        );
    }

    #[test]
    fn a_list_on_one_line_stays_on_it() {
        assert_eq!(after("[ \"101\" ,\"102\"]", &["102", "101"]), "[\"102\", \"101\"]");
        assert_eq!(after("[]", &["101"]), "[\"101\"]");
        assert_eq!(after("[\"101\"]", &[]), "[]");
        assert_eq!(after("[\n]", &["a\"b"]), "[\n    'a\"b',\n]");
    }
}
