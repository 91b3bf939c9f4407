//! Comma-separated address books (RFC 4180), and the semicolons and tabs that
//! spreadsheets write instead.

/// Names and numbers: of the columns whose headers say so, else of the first
/// two columns. Nothing is left out.
pub fn entries(text: &str) -> Vec<(String, String)> {
    let rows = rows(text, separator(text));
    let Some(header) = rows.first() else {
        return Vec::new();
    };
    let (names, numbers, skip) = columns(header);
    let cell = |row: &[String], index: usize| row.get(index).cloned().unwrap_or_default();
    let people = rows.iter().skip(skip).flat_map(|row| {
        let name = names.iter().map(|index| cell(row, *index)).collect::<Vec<_>>().join(" ");
        let own = numbers.iter().map(|index| cell(row, *index)).collect::<Vec<_>>();
        own.into_iter().map(move |number| (name.clone(), number))
    });
    people.collect()
}

/// The columns that make up the name, those that hold numbers, and how many
/// rows are headers.
fn columns(header: &[String]) -> (Vec<usize>, Vec<usize>, usize) {
    let titles: Vec<String> = header.iter().map(|title| title.trim().to_lowercase()).collect();
    let having = |words: &[&str]| -> Vec<usize> {
        let titles = titles.iter().enumerate();
        titles.filter(|(_, title)| words.contains(&title.as_str())).map(|(at, _)| at).collect()
    };
    let mut names = having(&["name", "full name", "display name", "fn"]);
    names.truncate(1);
    if names.is_empty() {
        names = having(&["first name", "given name", "last name", "family name"]);
    }
    let numbers: Vec<usize> = (0..titles.len())
        .filter(|at| titles.get(*at).is_some_and(|title| is_number_title(title)))
        .collect();
    if !names.is_empty() && !numbers.is_empty() {
        return (names, numbers, 1);
    }
    let headed = header.get(1).is_none_or(|cell| !cell.contains(|c: char| c.is_ascii_digit()));
    (vec![0], vec![1], usize::from(headed))
}

fn is_number_title(title: &str) -> bool {
    const WORDS: [&str; 5] = ["number", "phone", "tel", "mobile", "telephone"];
    let mut words = title.split(|c: char| !c.is_alphabetic());
    words.any(|word| WORDS.contains(&word))
}

/// Whichever is most often in the first line.
fn separator(text: &str) -> char {
    let first = text.lines().next().unwrap_or_default();
    let count = |separator: &char| first.matches(*separator).count();
    [';', '\t', ','].into_iter().max_by_key(count).unwrap_or(',')
}

fn rows(text: &str, separator: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted => {
                if chars.next_if_eq(&'"').is_some() {
                    cell.push('"');
                } else {
                    quoted = false;
                }
            }
            '"' if cell.trim().is_empty() => {
                cell.clear();
                quoted = true;
            }
            '\n' if !quoted => {
                row.push(core::mem::take(&mut cell));
                rows.push(core::mem::take(&mut row));
            }
            '\r' if !quoted => {}
            _ if c == separator && !quoted => row.push(core::mem::take(&mut cell)),
            _ => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows.retain(|row| row.iter().any(|cell| !cell.trim().is_empty()));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        entries(text)
    }

    fn pair(name: &str, number: &str) -> (String, String) {
        (name.to_owned(), number.to_owned())
    }

    #[test]
    fn columns_are_found_by_their_titles_or_are_the_first_two() {
        assert_eq!(read("Number,City,Name\n1,Paris,Ada\n"), [pair("Ada", "1")]);
        assert_eq!(read("Ada,1\nBob,2"), [pair("Ada", "1"), pair("Bob", "2")]);
        assert_eq!(read("Wer;Wo\nAda;1"), [pair("Ada", "1")]);
        let many = "First Name\tLast Name\tHome Phone\tMobile\nAda\tByron\t1\t2\n";
        assert_eq!(read(many), [pair("Ada Byron", "1"), pair("Ada Byron", "2")]);
    }

    #[test]
    fn quotes_hold_separators_newlines_and_quotes() {
        let text = "name,number\r\n\"Byron, \"\"Ada\"\"\nKing\", 1\r\n\r\n";
        assert_eq!(read(text), [pair("Byron, \"Ada\"\nKing", " 1")]);
        assert_eq!(read("name,number\n\"open,1\n"), [pair("open,1\n", "")]);
    }
}
