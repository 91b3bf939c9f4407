//! Settings from their files, or all that is wrong with them.

use std::path::{Path, PathBuf};

use crate::app::Trouble;
use crate::config::{Desk, Findings, Office};
use crate::console::keymap::{KeyComplaint, Keymap};
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

/// The keymap a desk has chosen, with the changes of the `keys.toml` beside
/// `desk_file` over it, if there is one.
///
/// # Errors
/// There is no such keymap, or something in one of the files is wrong.
pub fn keymap(desk_file: &Path, chosen: &str) -> Result<Keymap, Trouble> {
    let map = keymap_alone(desk_file, chosen)?;
    let changes = desk_file.with_file_name("keys.toml");
    if !changes.exists() {
        return Ok(map);
    }
    let text = text_of(&changes)?;
    map.with_changes(&changes.to_string_lossy(), &text).map_err(|faults| faulty_keys(&faults))
}

/// A bundled keymap by its name, else a file, which changes the default one.
///
/// # Errors
/// There is neither, or something in the file is wrong.
pub fn keymap_alone(desk_file: &Path, chosen: &str) -> Result<Keymap, Trouble> {
    let shipped = Keymap::shipped(chosen).map_err(|faults| faulty_keys(&faults));
    let file = files::beside(desk_file, chosen);
    if shipped.is_ok() || !file.exists() {
        return shipped;
    }
    changed_keymap(&file)
}

/// The default keymap with a file's changes.
///
/// # Errors
/// The file cannot be read, or something in it is wrong.
pub fn changed_keymap(file: &Path) -> Result<Keymap, Trouble> {
    let text = text_of(file)?;
    let default = Keymap::shipped("default").map_err(|faults| faulty_keys(&faults))?;
    default.with_changes(&file.to_string_lossy(), &text).map_err(|faults| faulty_keys(&faults))
}

fn faulty_keys(faults: &[KeyComplaint]) -> Trouble {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Trouble::new(lines.join("\n"))
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
