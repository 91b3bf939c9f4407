//! Files, read whole and bounded; errors in words for people.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::config::Files;

/// Bytes of the longest file read: half an hour of music, uncompressed.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Bytes of the longest text of settings: some ten thousand people.
const TEXT_BYTES_MAX: u64 = 1 << 20;
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
    let bytes = read_up_to(TEXT_BYTES_MAX, path)?;
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

/// Writes so that a reader sees the old file or the new one, never half of
/// one; nobody but this user may read it.
///
/// # Errors
/// The folder cannot be written to.
pub fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let written = private(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| std::fs::rename(&new, path));
    if renamed.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    renamed
}

/// Writes into a file of somebody's own, whole or not at all: a reader sees
/// the old one or the new one. A link is followed; mode and owner stay.
///
/// # Errors
/// It cannot be written: in words for people. The file is as it was then.
pub fn replace_kept(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let path = path.canonicalize().map_err(|error| in_words(&error))?;
    // A folder that can be written to must not open a file that cannot be.
    let old = File::options().write(true).open(&path).map_err(|error| not_writable(&error))?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let written = write_like(&old, &new, bytes).and_then(|()| std::fs::rename(&new, &path));
    if let Err(error) = written {
        let _ = std::fs::remove_file(&new);
        return Err(not_writable(&error));
    }
    // Its place in the folder is to outlive a power cut too; not all can do that.
    if let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn write_like(old: &File, new: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private(new)?;
    file.write_all(bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let (was, is) = (old.metadata()?, file.metadata()?);
        if (was.uid(), was.gid()) != (is.uid(), is.gid()) {
            let kept = std::os::unix::fs::fchown(&file, Some(was.uid()), Some(was.gid()));
            let why = "it would change its owner: it must belong to the user the server runs as";
            kept.map_err(|_| io::Error::other(why))?;
        }
    }
    file.set_permissions(old.metadata()?.permissions())?;
    file.sync_all()
}

fn not_writable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "this user may not write it".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "its disk is read-only".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => error.to_string(),
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

fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
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

    #[test]
    fn a_file_is_replaced_whole_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        replace_private(&file, b"one, and longer").unwrap();
        replace_private(&file, b"two").unwrap();
        assert_eq!(read_text(&file).unwrap(), "two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(replace_private(&folder.path().join("none/such"), b"").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_somebodys_own_keeps_its_mode_and_a_link_to_it_stays_a_link() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("office.toml"), folder.path().join("link"));
        std::fs::write(&file, "old").unwrap();
        let mode = |mode| std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        mode(0o640);
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace_kept(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(read_text(&file).unwrap(), "new");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        let missing = replace_kept(&folder.path().join("none"), b"x").unwrap_err();
        assert_eq!(missing, "there is no such file");
    }

    #[cfg(unix)]
    #[test]
    fn a_password_command_answers_with_its_first_line() {
        assert_eq!(answer_of("printf 'hunter2\\nmore'").unwrap(), "hunter2");
        assert_eq!(answer_of("true").unwrap_err(), "the command printed nothing");
        assert!(answer_of("echo x; exit 3").unwrap_err().contains("failed"));
    }
}
