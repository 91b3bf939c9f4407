//! Settings from their files, or all that is wrong with them.

use std::path::{Path, PathBuf};

use crate::app::Trouble;
use crate::config::{Desk, Findings, Office};
use crate::edge::files;
use crate::edge::folders::Folders;

/// The office, and what is left out of it or comes later: to be shown, none
/// of it keeps the office from starting.
///
/// # Errors
/// The file cannot be read, or something in it is wrong.
pub fn office(path: &Path) -> Result<(Office, Findings), Trouble> {
    let text = text_of(path)?;
    Office::parse(&path.to_string_lossy(), &text, &mut files::reader_beside(path)).map_err(refused)
}

/// The console's settings, as [`office`]; `sets` are the words of `--set`.
///
/// # Errors
/// The file cannot be read, or something in it or in the words is wrong.
pub fn desk(path: &Path, sets: &[String]) -> Result<(Desk, Findings), Trouble> {
    let text = text_of(path)?;
    Desk::parse(&path.to_string_lossy(), &text, sets, &mut files::reader_beside(path))
        .map_err(refused)
}

/// The file named, or the user's own.
///
/// # Errors
/// None is named, and the user has no settings folder.
pub fn desk_file(named: Option<&Path>) -> Result<PathBuf, Trouble> {
    let own = || Folders::of_this_user().map(|folders| folders.desk_file());
    let file = named.map(ToOwned::to_owned).or_else(own);
    file.ok_or_else(|| Trouble::new("this user has no home folder: name a file with --config"))
}

/// The text of a settings file.
///
/// # Errors
/// It cannot be read.
pub fn text_of(path: &Path) -> Result<String, Trouble> {
    files::read_text(path).map_err(|fault| Trouble::new(format!("{}: {fault}", path.display())))
}

fn refused(findings: Findings) -> Trouble {
    Trouble::new(findings.to_string())
}
