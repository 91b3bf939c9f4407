//! What is wrong with a configuration, told to the person who wrote it.

use std::fmt;

/// What follows from a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing starts on this file, and a running server keeps its old one.
    Refused,
    /// A fault the office can live with: the thing named is left out.
    LeftOut,
    /// No fault: its feature comes later, or it may not do what is wanted.
    Warning,
}

/// One finding. Its text is made for a terminal: one line, no escapes, and
/// never a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub severity: Severity,
    pub file: String,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// The setting, as a dotted path; empty when the text could not be read.
    pub key: String,
    /// The offending text as it stands in the file; empty when something is
    /// missing, or secret.
    pub value: String,
    pub fault: String,
    /// The nearest right one, where there is one.
    pub nearest: Option<String>,
}

/// All findings of one pass, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(Vec<Complaint>);

impl Findings {
    pub fn as_slice(&self) -> &[Complaint] {
        &self.0
    }

    /// Those of one severity.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Complaint> {
        self.0.iter().filter(move |complaint| complaint.severity == severity)
    }

    /// Whether nothing may start on this.
    pub fn refuse(&self) -> bool {
        self.of(Severity::Refused).next().is_some()
    }

    /// Whether somebody should mend something.
    pub fn has_faults(&self) -> bool {
        self.0.iter().any(|complaint| complaint.severity != Severity::Warning)
    }
}

impl From<Vec<Complaint>> for Findings {
    fn from(complaints: Vec<Complaint>) -> Self {
        Self(complaints)
    }
}

impl IntoIterator for Findings {
    type Item = Complaint;
    type IntoIter = std::vec::IntoIter<Complaint>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// `office.toml:44:12: call_park_group.members = "10l": ...; did you mean "101"?`
impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        f.write_str(self.severity.prefix())?;
        if !self.key.is_empty() {
            f.write_str(&self.key)?;
        }
        if !self.value.is_empty() {
            f.write_str(if self.key.is_empty() { "" } else { " = " })?;
            f.write_str(&self.value)?;
        }
        if !(self.key.is_empty() && self.value.is_empty()) {
            f.write_str(": ")?;
        }
        f.write_str(&self.fault)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest}?"),
            None => Ok(()),
        }
    }
}

/// A line for each.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, complaint) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "\n" })?;
            complaint.fmt(f)?;
        }
        Ok(())
    }
}

impl Severity {
    fn prefix(self) -> &'static str {
        match self {
            Self::Refused => "",
            Self::LeftOut => "left out: ",
            Self::Warning => "warning: ",
        }
    }
}
