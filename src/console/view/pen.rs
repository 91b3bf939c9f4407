//! Writing on one row: cut and padded by what letters take on the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::console::theme::{Role, Theme};
use crate::domain::caller_name::cut;

/// A row of the screen and how far it is written.
pub struct Pen<'b> {
    buffer: &'b mut Buffer,
    theme: Theme,
    y: u16,
    /// The next free column, and the first one that is not ours.
    x: u16,
    end: u16,
}

impl<'b> Pen<'b> {
    /// At the left end of the `row`th row of `area`.
    pub fn at(buffer: &'b mut Buffer, theme: Theme, area: Rect, row: u16) -> Self {
        let area = area.intersection(buffer.area);
        let exists = row < area.height;
        let end = if exists { area.right() } else { area.left() };
        Self { buffer, theme, y: area.top().saturating_add(row), x: area.left(), end }
    }

    pub fn left(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    pub fn column(&self) -> u16 {
        self.x
    }

    /// The text, cut where the row ends.
    pub fn put(&mut self, text: &str, style: Style) -> &mut Self {
        let text = self.theme.mark(&cut(text, self.left()));
        self.write(&text, style)
    }

    pub fn role(&mut self, text: &str, role: Role) -> &mut Self {
        self.put(text, self.theme.style(role))
    }

    pub fn plain(&mut self, text: &str) -> &mut Self {
        self.put(text, Style::new())
    }

    /// The text in a column of `width`, then a gap of one.
    pub fn cell(&mut self, text: &str, width: usize, style: Style) -> &mut Self {
        let text = self.theme.mark(&cut(text, width.min(self.left())));
        let after = self.x.saturating_add(u16::try_from(width + 1).unwrap_or(u16::MAX));
        self.write(&text, style);
        self.to(after)
    }

    /// As [`Pen::cell`], set to the right.
    pub fn cell_right(&mut self, text: &str, width: usize, style: Style) -> &mut Self {
        self.skip(width.saturating_sub(text.width()));
        self.cell(text, width.min(text.width()), style)
    }

    pub fn skip(&mut self, columns: usize) -> &mut Self {
        let columns = u16::try_from(columns).unwrap_or(u16::MAX);
        self.to(self.x.saturating_add(columns))
    }

    /// Never back, never past the end.
    pub fn to(&mut self, column: u16) -> &mut Self {
        self.x = column.max(self.x).min(self.end);
        self
    }

    /// The text at the right end, if it fits behind what is written.
    pub fn put_right(&mut self, text: &str, style: Style) -> &mut Self {
        let width = text.width();
        if width <= self.left() {
            self.skip(self.left() - width);
            self.put(text, style);
        }
        self
    }

    /// The rest of the row, filled.
    pub fn fill(&mut self, with: &str, style: Style) -> &mut Self {
        let text = with.repeat(self.left());
        self.write(&text, style)
    }

    fn write(&mut self, text: &str, style: Style) -> &mut Self {
        if self.left() > 0 {
            let (x, _) = self.buffer.set_stringn(self.x, self.y, text, self.left(), style);
            self.x = x.min(self.end);
        }
        self
    }
}
