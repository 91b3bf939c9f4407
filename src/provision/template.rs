//! Settings files with holes. `{{name}}` is a value; what stands between the
//! lines `{{#name}}` and `{{/name}}` is there once if that value is, and for
//! `colleagues` once for each of them.

use crate::provision::escape::Format;

/// A value by its name; none: it is not there. Values of colleagues are asked
/// for with whose turn it is.
pub trait Values {
    fn value(&self, name: &str) -> Option<String>;
    fn colleague(&self, index: usize, name: &str) -> Option<String>;
    fn colleagues(&self) -> usize;
}

pub fn fill(template: &str, format: Format, values: &impl Values) -> String {
    let mut text = String::new();
    let mut lines = template.lines();
    while let Some(line) = lines.next() {
        match section(line, '#') {
            None => filled_line(&mut text, line, format, &|name| values.value(name)),
            Some(name) => {
                let inside = lines.by_ref().take_while(|line| section(line, '/') != Some(name));
                filled_section(&mut text, name, &inside.collect::<Vec<_>>(), format, values);
            }
        }
    }
    text
}

fn filled_section(
    text: &mut String,
    name: &str,
    lines: &[&str],
    format: Format,
    values: &impl Values,
) {
    if name == "colleagues" {
        for index in 0..values.colleagues() {
            let value = |name: &str| numbered(index, name).or(values.colleague(index, name));
            lines.iter().for_each(|line| filled_line(text, line, format, &value));
        }
    } else if values.value(name).is_some() {
        let value = |name: &str| values.value(name);
        lines.iter().for_each(|line| filled_line(text, line, format, &value));
    }
}

/// `{{key+4}}`: the fourth key for the first colleague, and so on.
fn numbered(index: usize, name: &str) -> Option<String> {
    let first: usize = name.strip_prefix("key+")?.parse().ok()?;
    Some((first + index).to_string())
}

fn section(line: &str, mark: char) -> Option<&str> {
    let name = line.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    name.strip_prefix(mark)
}

fn filled_line(
    text: &mut String,
    line: &str,
    format: Format,
    value: &dyn Fn(&str) -> Option<String>,
) {
    let mut rest = line;
    while let Some((before, tail)) = rest.split_once("{{") {
        let (name, after) = tail.split_once("}}").unwrap_or((tail, ""));
        text.push_str(before);
        format.escape(&value(name).unwrap_or_default(), text);
        rest = after;
    }
    text.push_str(rest);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Two;

    impl Values for Two {
        fn value(&self, name: &str) -> Option<String> {
            (name == "a").then(|| "<{{b}}>".to_owned())
        }

        fn colleague(&self, index: usize, name: &str) -> Option<String> {
            (name == "who").then(|| format!("c{index}"))
        }

        fn colleagues(&self) -> usize {
            2
        }
    }

    #[test]
    fn holes_are_filled_once_and_what_fills_them_is_no_template() {
        let template = "x{{a}}y{{a}}\n{{#a}}\n  in\n{{/a}}\n{{#b}}\n  out\n{{/b}}\n{{#colleagues}}\n{{key+4}}={{who}}\n{{/colleagues}}\nend";
        let wanted = "x&lt;{{b}}&gt;y&lt;{{b}}&gt;\n  in\n4=c0\n5=c1\nend\n";
        assert_eq!(fill(template, Format::Xml, &Two), wanted);
    }
}
