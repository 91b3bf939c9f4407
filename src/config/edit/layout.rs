//! What a text looks like besides what it says, kept through a change.

/// Of a text as its editor saves it.
pub struct Layout {
    byte_order_mark: bool,
    /// Lines end in CR LF.
    windows: bool,
}

const BYTE_ORDER_MARK: char = '\u{FEFF}';

impl Layout {
    pub fn of(text: &str) -> Self {
        let (windows, all) = (text.matches("\r\n").count(), text.matches('\n').count());
        Self { byte_order_mark: text.starts_with(BYTE_ORDER_MARK), windows: windows * 2 > all }
    }

    pub fn plain(&self, text: &str) -> String {
        text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).replace("\r\n", "\n")
    }

    pub fn restored(&self, plain: &str) -> String {
        let text = if self.windows { plain.replace('\n', "\r\n") } else { plain.to_owned() };
        if self.byte_order_mark { format!("{BYTE_ORDER_MARK}{text}") } else { text }
    }
}

/// Cuts lines out of a text. What is to go is marked before the document is
/// written, so that the comments around it stay where they are: the library
/// knows them only as what stands before the next thing.
pub struct Knife {
    mark: String,
    used: bool,
}

impl Knife {
    pub fn for_text(text: &str) -> Self {
        let marks = (0_u64..).map(|number| format!("to-be-cut-{number}"));
        let mut marks = marks.filter(|mark| !text.contains(mark.as_str()));
        Self { mark: marks.next().unwrap_or_default(), used: false }
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
    fn a_text_keeps_the_line_ends_and_the_mark_of_its_editor() {
        for text in ["a = 1\n", "a = 1\r\nb = 2\r\n", "\u{FEFF}a = 1\r\n", ""] {
            let layout = Layout::of(text);
            assert_eq!(layout.restored(&layout.plain(text)), text);
        }
    }

    #[test]
    fn a_mark_is_one_that_the_text_does_not_have() {
        let mut knife = Knife::for_text("a = 'to-be-cut-0'\n");
        let text = format!("# about b\nb = '{}'\nc = 'to-be-cut-0'\n", knife.mark());
        assert_eq!(knife.cut(&text), "# about b\nc = 'to-be-cut-0'\n");
    }
}
