//! An office with comments in its file, served; and `bellhop ctl` to it.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::support::running::{Running, free_port, free_range};
use crate::support::serving::{self, PROGRAM, folders};

pub struct Office {
    /// Ends before its folder.
    pub server: Running,
    pub folder: TempDir,
}

/// What a command has said and how it has ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Office {
    pub fn open() -> Self {
        let folder = written();
        let (server, _) = serving::serve(&folder.path().join("office.toml"), folder.path());
        Self { server, folder }
    }

    /// Served by another command line.
    pub fn open_as(change: impl FnOnce(&mut Command)) -> Self {
        let folder = written();
        let file = folder.path().join("office.toml");
        let mut server = serving::started(&file, folder.path(), change);
        let said = serving::first_line(&mut server);
        assert!(said.starts_with("ready"), "{said:?}");
        Self { server, folder }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("office.toml")
    }

    pub fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    /// Somebody edits the file by hand.
    pub fn write(&self, from: &str, to: &str) {
        let text = self.text();
        assert!(text.contains(from), "{text}");
        std::fs::write(self.file(), text.replacen(from, to, 1)).unwrap();
    }

    /// `bellhop ctl`, with this office's settings.
    pub fn ctl(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(PROGRAM);
        command.arg("ctl").args(arguments).arg("--config").arg(self.file());
        said(command.envs(folders(self.folder.path())))
    }

    #[track_caller]
    pub fn done(&self, arguments: &[&str]) -> String {
        let said = self.ctl(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {said:?}");
        said.out
    }

    #[track_caller]
    pub fn refused(&self, arguments: &[&str]) -> String {
        let said = self.ctl(arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{arguments:?}: {said:?}");
        said.err
    }
}

/// A folder with the office's file in it.
pub fn written() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (port, file) = (free_port(), folder.path().join("office.toml"));
    let (first, last) = free_range(100);
    let text = format!(
        "# Our office\n[server]\nlisten = [\"udp:127.0.0.1:{port}\"] # loopback\n\
             rtp_ports = \"{first}-{last}\"\n\n\
             [[extension]]\nnumber = \"101\" # the door\npassword = \"one\"\n\n\
             [[extension]]\nnumber = \"102\"\npassword = \"two\"\n\n\
             # Who sits together.\n\n\
             [[call_park_group]]\nname = \"Front desk\" # on the sign\nmembers = [\"101\"]\n\n\
             [[ring_group]]\nnumber = \"600\"\nmembers = [\"102\"]\n"
    );
    std::fs::write(&file, text).unwrap();
    folder
}

pub fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}
