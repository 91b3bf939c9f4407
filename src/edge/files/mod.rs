//! Files, read whole and bounded; errors in words for people.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::config::{Files, TEXT_BYTES_MAX};

mod replace;

pub use replace::{replace_kept, replace_private};

/// Bytes of the longest file read: half an hour of music, uncompressed.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Bytes of the longest answer of a password command.
const ANSWER_BYTES_MAX: u64 = 4096;
/// Entries of the largest folder that is looked through.
const ENTRIES_MAX: usize = 10_000;

/// # Errors
/// The file cannot be read, or is too long: in words for people.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    read_up_to(FILE_BYTES_MAX, path)
}

fn read_up_to(bytes_max: u64, path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| in_words(&error))?;
    let read = file.take(bytes_max + 1).read_to_end(&mut bytes);
    let read = read.map_err(|error| in_words(&error))?;
    if read as u64 > bytes_max {
        return Err(format!("it is longer than {} MiB", bytes_max >> 20));
    }
    Ok(bytes)
}

/// A text of settings.
///
/// # Errors
/// As [`read`], or the file is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, String> {
    let bytes = read_up_to(TEXT_BYTES_MAX as u64, path)?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(valid).filter(|byte| **byte == b'\n').count() + 1;
        format!("it is not UTF-8 (line {line})")
    })
}

/// A path written in a file: relative ones begin where that file is.
pub fn beside(file: &Path, path: &str) -> PathBuf {
    file.parent().map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
}

/// What a configuration names, for its parser.
pub struct Beside(PathBuf);

pub fn reader_beside(file: &Path) -> Beside {
    Beside(file.to_owned())
}

impl Files for Beside {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        read(&beside(&self.0, path))
    }

    fn list(&mut self, folder: &str) -> Result<Vec<String>, String> {
        let entries = match std::fs::read_dir(beside(&self.0, folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(in_words(&error)),
        };
        let names = entries.take(ENTRIES_MAX).filter_map(|entry| {
            let name = entry.ok()?.file_name();
            name.to_str().map(str::to_owned)
        });
        Ok(names.collect())
    }
}

/// Makes a folder that nobody else may look into, unless it is there.
///
/// # Errors
/// It cannot be made.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The first line a password command prints. It may ask at the terminal.
///
/// # Errors
/// It cannot be run, fails, or prints nothing.
pub fn answer_of(command_line: &str) -> Result<String, String> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut child = Command::new(shell)
        .args([flag, command_line])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| in_words(&error))?;
    let mut answer = String::new();
    let read = match child.stdout.take() {
        Some(out) => out.take(ANSWER_BYTES_MAX).read_to_string(&mut answer),
        None => Ok(0),
    };
    let status = child.wait().map_err(|error| in_words(&error))?;
    read.map_err(|error| in_words(&error))?;
    let line = answer.lines().next().unwrap_or_default();
    match (status.success(), line) {
        (false, _) => Err(format!("the command failed ({status})")),
        (true, "") => Err("the command printed nothing".to_owned()),
        (true, line) => Ok(line.to_owned()),
    }
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_said_in_words() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap_err(), "it is a folder");
        let file = folder.path().join("office.toml");
        assert_eq!(read(&file).unwrap_err(), "there is no such file");
        std::fs::write(&file, b"a\nb\xFF").unwrap();
        assert_eq!(read_text(&file).unwrap_err(), "it is not UTF-8 (line 2)");
        let mut reader = reader_beside(&file);
        assert_eq!(reader.read("office.toml").unwrap(), b"a\nb\xFF");
    }

    #[cfg(unix)]
    #[test]
    fn a_password_command_answers_with_its_first_line() {
        assert_eq!(answer_of("printf 'hunter2\\nmore'").unwrap(), "hunter2");
        assert_eq!(answer_of("true").unwrap_err(), "the command printed nothing");
        assert!(answer_of("echo x; exit 3").unwrap_err().contains("failed"));
    }
}
