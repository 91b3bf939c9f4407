//! Text to settings. Complaints name file, line, column, the offending value
//! and the nearest right one, and all of them come in one pass.
//!
//! Pure: whoever calls hands in the text and a function that reads the other
//! files the text names.

mod complaint;
mod csv;
pub mod desk;
pub mod directory;
mod document;
pub mod edit;
mod fields;
mod kind;
pub mod office;
mod reader;
mod secret;
mod section;
mod values;
mod vcard;

pub use complaint::{Complaint, Findings, Severity};
pub use desk::Desk;
pub use kind::{Kind, kind_of};
pub use office::Office;
pub use secret::Secret;
pub use values::{Host, Listener, Network, PortRange, Transport};

/// Reads a file that a configuration names, whole. The error says what is
/// wrong with it, in words for people: "there is no such file".
pub type ReadFile<'f> = dyn FnMut(&str) -> Result<Vec<u8>, String> + 'f;

/// For texts that stand alone: every file they name is missing.
///
/// # Errors
/// Always.
pub fn no_files(_path: &str) -> Result<Vec<u8>, String> {
    Err("there is no such file".to_owned())
}
