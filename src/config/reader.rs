//! One pass over the documents of a configuration, gathering complaints.

use core::ops::Range;
use std::collections::BTreeSet;
use std::path::Path;

use crate::config::ReadFile;
use crate::config::complaint::{Complaint, Findings, Severity};
use crate::config::document::Document;
use crate::domain::caller_name::CallerName;
use crate::domain::ids::Malformed;

/// Bytes of one document: what stands there is being complained about.
#[derive(Clone, Debug)]
pub struct Place {
    pub document: usize,
    pub span: Range<usize>,
}

/// What is wrong with a value, not yet with a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub what: String,
    pub nearest: Option<String>,
}

pub struct Reader<'d, 'f> {
    documents: &'d [Document<'d>],
    files: &'f mut ReadFile<'f>,
    found: Vec<Found>,
    /// Settings already warned of: one warning each, however often used.
    warned: BTreeSet<(String, String)>,
}

struct Found {
    document: usize,
    at: usize,
    of: FaultOf,
    complaint: Complaint,
}

/// What is at fault.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FaultOf {
    /// The text is no TOML there.
    Syntax,
    /// In the value, whatever stands elsewhere in the text.
    Value,
    /// In what stands, or lacks, elsewhere.
    Whole,
}

/// Findings of one severity that a person is told; whoever has more mends
/// these first.
const FINDINGS_MAX: usize = 500;
/// Columns of the widest offending value shown.
const VALUE_WIDTH_MAX: usize = 48;

impl<'d, 'f> Reader<'d, 'f> {
    pub fn new(documents: &'d [Document<'d>], files: &'f mut ReadFile<'f>) -> Self {
        let mut reader = Self { documents, files, found: Vec::new(), warned: BTreeSet::new() };
        for (document, broken) in documents.iter().enumerate() {
            for (span, message) in &broken.broken {
                reader.complain_of_syntax(Place { document, span: span.clone() }, message);
            }
        }
        reader
    }

    /// A fault of the value by itself.
    pub fn complain(&mut self, place: &Place, key: &str, fault: Fault) {
        self.note(place, key, self.shown(place), fault, Severity::Refused, FaultOf::Value);
    }

    /// As [`Self::complain`], of a value that nobody may be shown.
    pub fn complain_of_secret(&mut self, place: &Place, key: &str, fault: Fault) {
        self.note(place, key, String::new(), fault, Severity::Refused, FaultOf::Value);
    }

    /// Something missing from the thing that begins at `place`.
    pub fn miss(&mut self, place: &Place, key: &str, fault: impl Into<Fault>) {
        self.note(place, key, String::new(), fault.into(), Severity::Refused, FaultOf::Whole);
    }

    /// A fault that of in how the value fits the rest.
    pub fn clash(&mut self, place: &Place, key: &str, fault: impl Into<Fault>) {
        self.note(place, key, self.shown(place), fault.into(), Severity::Refused, FaultOf::Whole);
    }

    /// A fault that the office can live with.
    pub fn leave_out(&mut self, place: &Place, key: &str, fault: impl Into<Fault>) {
        self.note(place, key, self.shown(place), fault.into(), Severity::LeftOut, FaultOf::Whole);
    }

    /// The setting is understood, but `what` comes with a later release. Once
    /// for each setting.
    pub fn later(&mut self, place: &Place, key: &str, what: &str) {
        if self.warned.insert((key.to_owned(), what.to_owned())) {
            let fault = format!("understood, but {what} with a later release").into();
            self.note(place, key, self.shown(place), fault, Severity::Warning, FaultOf::Whole);
        }
    }

    /// Right as it stands, but perhaps not what is wanted.
    pub fn warn(&mut self, place: &Place, key: &str, words: impl Into<Fault>) {
        self.note(place, key, self.shown(place), words.into(), Severity::Warning, FaultOf::Whole);
    }

    /// The file that `path`, written at `place`, names.
    pub fn read_file(&mut self, place: &Place, path: &str) -> Result<Vec<u8>, String> {
        let folder = self.documents.get(place.document).map_or("", |document| document.folder);
        self.files.read(&Path::new(folder).join(path).to_string_lossy())
    }

    /// The file and line of a place, for naming the other offender.
    pub fn line_of(&self, place: &Place) -> String {
        let Some(document) = self.documents.get(place.document) else {
            return String::new();
        };
        let line = document.line_and_column(place.span.start).0;
        match self.documents.len() {
            1 => format!("line {line}"),
            _ => format!("line {line} of {}", document.file),
        }
    }

    /// Everything found, in the order of the text.
    pub fn finish(mut self) -> Findings {
        let broken_lines: BTreeSet<(usize, u32)> = self.broken_lines();
        if !broken_lines.is_empty() {
            // What a broken text lacks may only have been unreadable.
            self.found.retain(|found| {
                let line = (found.document, found.complaint.line);
                match found.of {
                    FaultOf::Syntax => true,
                    FaultOf::Value => !broken_lines.contains(&line),
                    FaultOf::Whole => false,
                }
            });
        }
        self.found.sort_by_key(|found| (found.document, found.at));
        Findings::from(self.found.into_iter().map(|found| found.complaint).collect::<Vec<_>>())
    }

    fn broken_lines(&self) -> BTreeSet<(usize, u32)> {
        let broken = self.found.iter().filter(|found| found.of == FaultOf::Syntax);
        broken.map(|found| (found.document, found.complaint.line)).collect()
    }

    fn complain_of_syntax(&mut self, place: Place, message: &str) {
        let value = self.shown_unless_secret(&place);
        self.note(&place, "", value, message.to_owned().into(), Severity::Refused, FaultOf::Syntax);
    }

    fn note(
        &mut self,
        place: &Place,
        key: &str,
        value: String,
        fault: Fault,
        severity: Severity,
        of: FaultOf,
    ) {
        let Some(document) = self.documents.get(place.document) else {
            return;
        };
        let alike = self.found.iter().filter(|found| found.complaint.severity == severity);
        if alike.count() >= FINDINGS_MAX {
            return;
        }
        let (line, column) = document.line_and_column(place.span.start);
        self.found.push(Found {
            document: place.document,
            at: place.span.start,
            of,
            complaint: Complaint {
                severity,
                file: document.file.clone(),
                line,
                column,
                key: clean(key, VALUE_WIDTH_MAX),
                value,
                fault: fault.what.replace(char::is_control, " "),
                nearest: fault.nearest.map(|nearest| clean(&nearest, VALUE_WIDTH_MAX)),
            },
        });
    }

    /// Nothing of a section: its name is the key already.
    fn shown(&self, place: &Place) -> String {
        let document = self.documents.get(place.document);
        let document = document.filter(|document| !document.slice(&place.span).starts_with('['));
        document.map_or_else(String::new, |document| {
            clean(document.slice(&place.span), VALUE_WIDTH_MAX)
        })
    }

    /// A broken line may hold a password without its closing quote.
    fn shown_unless_secret(&self, place: &Place) -> String {
        const SECRETS: [&str; 4] = ["password", "ha1", "token", "key"];
        let Some(document) = self.documents.get(place.document) else {
            return String::new();
        };
        let line = document.line_at(place.span.start);
        if SECRETS.iter().any(|secret| line.contains(secret)) {
            return String::new();
        }
        clean(line.trim(), VALUE_WIDTH_MAX)
    }
}

/// A configuration may be hostile too; it reaches a terminal from here.
fn clean(text: &str, columns: usize) -> String {
    CallerName::clean(text).fit(columns)
}

impl<T: Into<String>> From<T> for Fault {
    fn from(what: T) -> Self {
        Self { what: what.into(), nearest: None }
    }
}

impl Fault {
    pub fn with_nearest(mut self, nearest: Option<impl Into<String>>) -> Self {
        self.nearest = nearest.map(Into::into);
        self
    }
}

/// The complaint quotes the text already.
pub fn malformed(malformed: Malformed) -> Fault {
    Fault::from(format!("not {}", malformed.wanted))
}
