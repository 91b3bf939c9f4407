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
mod lot;
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

/// The files beside a configuration. Errors say what is wrong, in words for
/// people: "there is no such file".
pub trait Files {
    /// A file that the configuration names, whole.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String>;

    /// The files in a folder, by name; none where there is no such folder.
    ///
    /// # Errors
    /// It cannot be looked into.
    fn list(&mut self, folder: &str) -> Result<Vec<String>, String> {
        let _ = folder;
        Ok(Vec::new())
    }
}

/// Whatever reads files, and knows no folders.
impl<F: FnMut(&str) -> Result<Vec<u8>, String>> Files for F {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        self(path)
    }
}

pub type ReadFile<'f> = dyn Files + 'f;

/// Lent to one reading.
struct Lent<'l, 'f>(&'l mut ReadFile<'f>);

impl Files for Lent<'_, '_> {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        self.0.read(path)
    }

    fn list(&mut self, folder: &str) -> Result<Vec<String>, String> {
        self.0.list(folder)
    }
}
/// Octets of the longest text of settings: some ten thousand people.
pub const TEXT_BYTES_MAX: usize = 1 << 20;

/// For texts that stand alone: every file they name is missing.
///
/// # Errors
/// Always.
pub fn no_files(_path: &str) -> Result<Vec<u8>, String> {
    Err("there is no such file".to_owned())
}
