//! What a text looks like besides what it says, kept through a change.

/// Of a text as its editors have saved it.
pub struct Layout<'t> {
    byte_order_mark: bool,
    text: &'t str,
}

const BYTE_ORDER_MARK: char = '\u{FEFF}';
/// Pairs of lines compared: a group of a thousand members, rewritten.
const PAIRS_MAX: usize = 4_000_000;

impl<'t> Layout<'t> {
    pub fn of(text: &'t str) -> Self {
        let plain = text.strip_prefix(BYTE_ORDER_MARK);
        Self { byte_order_mark: plain.is_some(), text: plain.unwrap_or(text) }
    }

    pub fn plain(&self) -> String {
        self.text.replace("\r\n", "\n")
    }

    /// Lines that stand in both keep their ends; new ones end as most do.
    pub fn restored(&self, plain: &str) -> String {
        let mark = if self.byte_order_mark { BYTE_ORDER_MARK.to_string() } else { String::new() };
        if !self.text.contains('\r') {
            return mark + plain;
        }
        let old: Vec<&str> = self.text.split_inclusive('\n').collect();
        let new: Vec<&str> = plain.split_inclusive('\n').collect();
        let windows = old.iter().filter(|line| line.ends_with("\r\n")).count() * 2 > old.len();
        let with_end = |line: &str, windows| match line.strip_suffix('\n') {
            Some(words) if windows => format!("{words}\r\n"),
            _ => line.to_owned(),
        };
        let lines = new.iter().zip(stands_at(&old, &new)).map(|(line, old)| match old {
            Some(old) => (*old).to_owned(),
            None => with_end(line, windows),
        });
        mark + &lines.collect::<String>()
    }
}

/// Which of the old lines each of the new ones is, if any.
fn stands_at<'o>(old: &[&'o str], new: &[&str]) -> Vec<Option<&'o str>> {
    let same = |(old, new): &(&&str, &&str)| is_same(old, new);
    let first = old.iter().zip(new).take_while(same).count();
    let (old_rest, new_rest) = (&old[first..], &new[first..]);
    let last = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(same).count();
    let old_middle = &old_rest[..old_rest.len() - last];
    let new_middle = &new_rest[..new_rest.len() - last];
    let ends = old[old.len() - last..].iter().map(|line| Some(*line));
    let begins = old[..first].iter().map(|line| Some(*line));
    begins.chain(aligned(old_middle, new_middle)).chain(ends).collect()
}

fn is_same(old: &str, new: &str) -> bool {
    let words = |line: &'_ str| line.trim_end_matches(['\r', '\n']).len();
    old.ends_with('\n') == new.ends_with('\n') && old[..words(old)] == new[..words(new)]
}

/// By the longest common subsequence; of very long ones nothing is known.
fn aligned<'o>(old: &[&'o str], new: &[&str]) -> Vec<Option<&'o str>> {
    let width = new.len() + 1;
    if old.len().saturating_mul(width) > PAIRS_MAX {
        return vec![None; new.len()];
    }
    // How much is common from each pair of lines to the ends.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for (row, line) in old.iter().enumerate().rev() {
        for (column, other) in new.iter().enumerate().rev() {
            let at = row * width + column;
            common[at] = match is_same(line, other) {
                true => common[at + width + 1] + 1,
                false => common[at + width].max(common[at + 1]),
            };
        }
    }
    let mut row = 0;
    let mut found = Vec::with_capacity(new.len());
    for (column, other) in new.iter().enumerate() {
        let at = |row: usize| common[row * width + column];
        // Old lines without which no less is common are gone.
        while row < old.len() && !is_same(old[row], other) && at(row + 1) == at(row) {
            row += 1;
        }
        let pair = old.get(row).filter(|line| is_same(line, other));
        row += usize::from(pair.is_some());
        found.push(pair.copied());
    }
    found
}

/// Cuts lines out of a text. What is to go is marked before the document is
/// written, so that the comments around it stay where they are: the library
/// knows them only as what stands before the next thing.
pub struct Knife {
    mark: String,
    used: bool,
}

impl Knife {
    /// For a text that is made of these.
    pub fn for_texts(texts: &[&str]) -> Self {
        let marks = (0_u64..).map(|number| format!("to-be-cut-{number}"));
        let is_free = |mark: &String| !texts.iter().any(|text| text.contains(mark.as_str()));
        Self { mark: marks.into_iter().find(is_free).unwrap_or_default(), used: false }
    }

    /// Stands in no other line than those to be cut.
    pub fn mark(&mut self) -> &str {
        self.used = true;
        &self.mark
    }

    pub fn cut(&self, text: &str) -> String {
        let lines = text.split_inclusive('\n');
        lines.filter(|line| !self.used || !line.contains(&self.mark)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_the_line_ends_and_the_mark_of_its_editors() {
        let mixed = "a = 1\r\nb = '''x\r\ny'''\nc = 1\n\r\n";
        for text in ["a = 1\n", "a = 1\r\nb = 2\r\n", "\u{FEFF}a = 1\r\n", "", mixed, "a\r\nb"] {
            let layout = Layout::of(text);
            assert_eq!(layout.restored(&layout.plain()), text);
        }
    }

    #[test]
    fn lines_that_stay_keep_their_ends_whatever_comes_and_goes_between_them() {
        let layout = Layout::of("a\r\nb\nc\r\nx\nd\ne\r\nf\r\n");
        assert_eq!(
            layout.restored("a\nnew\nc\nx\ne\nalso\nf\n"),
            "a\r\nnew\r\nc\r\nx\ne\r\nalso\r\nf\r\n"
        );
        assert_eq!(layout.restored("c\nd\n"), "c\r\nd\n");
    }

    #[test]
    fn a_mark_is_one_that_no_text_has() {
        let mut knife = Knife::for_texts(&["a = 'to-be-cut-0'\n", "to-be-cut-1"]);
        let text = format!("# about b\nb = '{}'\nc = 'to-be-cut-0'\n", knife.mark());
        assert_eq!(knife.cut(&text), "# about b\nc = 'to-be-cut-0'\n");
        assert!(!knife.mark().contains("to-be-cut-1"));
    }
}
