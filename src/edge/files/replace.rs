//! Files written whole or not at all: a reader sees the old one or the new one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::edge::files::{in_words, read};

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
    let renamed = written.and_then(|()| fs::rename(&new, path));
    if renamed.is_err() {
        let _ = fs::remove_file(&new);
    }
    renamed
}

/// Writes into a file of somebody's own, unless it is no longer what it `was`:
/// false then. A link is followed; mode and group stay, and the owner unless
/// he is root, who may do anything with it anyway.
///
/// # Errors
/// It cannot be written: in words for people. The file is as it was then.
pub fn replace_kept(path: &Path, was: &[u8], bytes: &[u8]) -> Result<bool, String> {
    let path = path.canonicalize().map_err(|error| in_words(&error))?;
    // A folder that can be written to must not open a file that cannot be.
    let old = File::options().write(true).open(&path).map_err(|error| not_writable(&error))?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let written = write_like(&old, &new, bytes).map_err(|error| not_writable(&error));
    // Writing takes a disk's time: somebody may have saved it meanwhile.
    let renamed = written.and_then(|()| match read(&path)? == was {
        true => fs::rename(&new, &path).map(|()| true).map_err(|error| not_writable(&error)),
        false => Ok(false),
    });
    if renamed != Ok(true) {
        let _ = fs::remove_file(&new);
        return renamed;
    }
    // Its place in the folder is to outlive a power cut too; not all can do that.
    if let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
    renamed
}

fn write_like(old: &File, new: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private(new)?;
    file.write_all(bytes)?;
    #[cfg(unix)]
    give_to_its_owner(old, &file)?;
    file.set_permissions(old.metadata()?.permissions())?;
    file.sync_all()
}

#[cfg(unix)]
fn give_to_its_owner(old: &File, new: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let lost = |what, id| {
        let words = format!("this user may not leave it to its {what} ({id}), who would lose it");
        io::Error::other(words)
    };
    let (was, is) = (old.metadata()?, new.metadata()?);
    if was.gid() != is.gid() {
        fchown(new, None, Some(was.gid())).map_err(|_| lost("group", was.gid()))?;
    }
    if was.uid() != is.uid() && fchown(new, Some(was.uid()), None).is_err() && was.uid() != 0 {
        return Err(lost("owner", was.uid()));
    }
    Ok(())
}

fn not_writable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "this user may not write it".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "its disk is read-only".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => error.to_string(),
    }
}

/// A new file, whatever a link of that name leads to.
fn private(path: &Path) -> io::Result<File> {
    // Left behind by one that was killed; what is in the way for good is said below.
    let _ = fs::remove_file(path);
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::files::read_text;

    #[test]
    fn a_file_is_replaced_whole_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        replace_private(&file, b"one, and longer").unwrap();
        replace_private(&file, b"two").unwrap();
        assert_eq!(read_text(&file).unwrap(), "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(replace_private(&folder.path().join("none/such"), b"").is_err());
    }

    #[test]
    fn what_somebody_has_saved_meanwhile_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("office.toml");
        fs::write(&file, "saved by hand").unwrap();
        assert_eq!(replace_kept(&file, b"as it was read", b"new"), Ok(false));
        assert_eq!(read_text(&file).unwrap(), "saved by hand");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(replace_kept(&file, b"saved by hand", b"new"), Ok(true));
        assert_eq!(read_text(&file).unwrap(), "new");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_somebodys_own_keeps_its_mode_and_a_link_to_it_stays_a_link() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("office.toml"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(replace_kept(&link, b"old", b"new"), Ok(true));
        assert!(link.is_symlink());
        assert_eq!(read_text(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        let missing = replace_kept(&folder.path().join("none"), b"", b"x").unwrap_err();
        assert_eq!(missing, "there is no such file");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_laid_where_the_new_file_is_written_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("office.toml"), folder.path().join("other"));
        fs::write(&file, "old").unwrap();
        fs::write(&other, "precious").unwrap();
        let kept = format!(".office.toml.{}.new", std::process::id());
        for name in [kept.as_str(), "office.toml.new"] {
            std::os::unix::fs::symlink(&other, folder.path().join(name)).unwrap();
        }
        assert_eq!(replace_kept(&file, b"old", b"new"), Ok(true));
        replace_private(&file, b"newer").unwrap();
        assert_eq!(read_text(&file).unwrap(), "newer");
        assert!(!file.is_symlink());
        assert_eq!(read_text(&other).unwrap(), "precious");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_service_writes_a_file_that_root_has_given_its_group_and_nobody_elses() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
        use std::os::unix::process::CommandExt;
        /// Says to a second run of this test, as another user, what to write.
        const AS_ANOTHER: &str = "BELLHOP_TEST_FILE";
        /// No user of the machine has these numbers.
        const SERVICE: u32 = 54_321;
        const SOMEBODY: u32 = 54_322;
        if let Some(file) = std::env::var_os(AS_ANOTHER) {
            let said = replace_kept(Path::new(&file), b"old", b"new");
            let _ = fs::write(Path::new(&file).with_file_name("said"), format!("{said:?}"));
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        // Only root can give files away.
        if fs::metadata(folder.path()).unwrap().uid() != 0 {
            return;
        }
        let (file, said) = (folder.path().join("office.toml"), folder.path().join("said"));
        chown(folder.path(), None, Some(SERVICE)).unwrap();
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o770)).unwrap();
        let replaced_of = |owner: u32, group: u32, mode: u32| {
            fs::write(&file, "old").unwrap();
            chown(&file, Some(owner), Some(group)).unwrap();
            fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
            // By this way there is no folder on the way that is closed to others.
            let mut again = std::process::Command::new("/proc/self/exe");
            let name = "edge::files::replace::tests::a_service_writes_a_file_that_root_has_given_its_group_and_nobody_elses";
            again.args([name, "--exact"]).env(AS_ANOTHER, &file).current_dir("/");
            let status = again.uid(SERVICE).gid(SERVICE).status();
            assert!(status.unwrap().success());
            fs::read_to_string(&said).unwrap()
        };
        assert_eq!(replaced_of(0, SERVICE, 0o660), "Ok(true)");
        let kept = fs::metadata(&file).unwrap();
        assert_eq!((kept.gid(), kept.mode() & 0o777), (SERVICE, 0o660));
        assert_eq!(read_text(&file).unwrap(), "new");
        assert_eq!(replaced_of(0, SERVICE, 0o640), "Err(\"this user may not write it\")");
        let lost = replaced_of(SOMEBODY, SERVICE, 0o660);
        assert!(lost.contains("may not leave it to its owner (54322)"), "{lost}");
        let lost = replaced_of(0, SOMEBODY, 0o666);
        assert!(lost.contains("may not leave it to its group (54322)"), "{lost}");
        assert_eq!(read_text(&file).unwrap(), "old");
    }
}
