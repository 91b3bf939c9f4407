//! Colours and lines: the terminal's own sixteen colours on its own
//! background. No state is told by colour alone, and no text is bright black:
//! on many screens that cannot be seen.

use ratatui::style::{Color, Modifier, Style};

use crate::console::state::{Options, Weight};

/// What a piece of the screen is, not how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Plain,
    /// Names: what the eye looks for.
    Strong,
    /// The head row.
    Head,
    /// Lines between regions, and the columns' headings.
    Line,
    /// The heading of a region.
    Title,
    /// A key in a hint.
    Key,
    Talk,
    Ring,
    Hold,
    Recall,
    /// The PARKED lamp, lit.
    Lamp,
    /// The selected row's mark.
    Mark,
    Good,
    Soon,
    Now,
    Alarm,
    /// The next key cannot be taken back.
    Danger,
    /// The number in the To: field.
    Typed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    colour: bool,
    ascii: bool,
}

impl Theme {
    pub fn of(options: &Options) -> Self {
        Self { colour: options.colour, ascii: options.ascii }
    }

    pub fn style(self, role: Role) -> Style {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let inverse = bold.add_modifier(Modifier::REVERSED);
        match role {
            Role::Plain => Style::new(),
            Role::Strong | Role::Title | Role::Mark | Role::Typed => bold,
            Role::Head => Style::new().add_modifier(Modifier::REVERSED),
            Role::Line => self.coloured(Style::new(), Color::Cyan),
            Role::Key => self.coloured(bold, Color::Cyan),
            Role::Talk => self.coloured(bold, Color::Green),
            Role::Ring => self.coloured(bold, Color::Yellow),
            Role::Hold => self.coloured(bold, Color::Blue),
            Role::Recall => self.coloured(inverse, Color::Magenta),
            Role::Good => self.coloured(Style::new(), Color::Green),
            Role::Soon => self.coloured(Style::new(), Color::Yellow),
            Role::Now | Role::Alarm => self.coloured(bold, Color::Red),
            Role::Lamp | Role::Danger => self.coloured(inverse, Color::Red),
        }
    }

    pub fn weight(self, weight: Weight) -> Style {
        self.style(match weight {
            Weight::Info => Role::Plain,
            Weight::Done => Role::Good,
            Weight::Warning => Role::Soon,
            Weight::Alarm => Role::Alarm,
        })
    }

    pub fn horizontal(self) -> &'static str {
        if self.ascii { "-" } else { "─" }
    }

    pub fn vertical(self) -> &'static str {
        if self.ascii { "|" } else { "│" }
    }

    /// The text with what plain ASCII lacks of our own marks replaced.
    pub fn mark(self, text: &str) -> String {
        if self.ascii { text.replace('…', "~") } else { text.to_owned() }
    }

    fn coloured(self, style: Style, colour: Color) -> Style {
        if self.colour { style.fg(colour) } else { style }
    }
}
