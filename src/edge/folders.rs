//! Where this platform keeps a user's settings and a program's state.

use std::path::PathBuf;

use directories::ProjectDirs;

/// Folders of this user; none of them need exist.
#[derive(Clone, Debug)]
pub struct Folders {
    /// `desk.toml`, `keys.toml`, keymaps of one's own.
    pub settings: PathBuf,
    /// What a server must find again after a restart. A service manager's
    /// choice wins (systemd's `StateDirectory=`).
    pub state: PathBuf,
    /// Sockets of running programs; emptied when the user logs out.
    pub runtime: PathBuf,
}

impl Folders {
    /// `None` for a user without a home folder.
    pub fn of_this_user() -> Option<Self> {
        let project = ProjectDirs::from("", "", "bellhop")?;
        let state = project.state_dir().unwrap_or(project.data_local_dir());
        let state = chosen("STATE_DIRECTORY").unwrap_or_else(|| state.to_owned());
        let runtime = project.runtime_dir().map(ToOwned::to_owned);
        let runtime = chosen("RUNTIME_DIRECTORY").or(runtime);
        Some(Self {
            settings: project.config_dir().to_owned(),
            runtime: runtime.unwrap_or_else(|| state.join("run")),
            state,
        })
    }

    pub fn desk_file(&self) -> PathBuf {
        self.settings.join("desk.toml")
    }

    pub fn keys_file(&self) -> PathBuf {
        self.settings.join("keys.toml")
    }
}

/// The first folder of a list that a service manager hands over.
fn chosen(variable: &str) -> Option<PathBuf> {
    let value = std::env::var_os(variable)?;
    std::env::split_paths(&value).next().filter(|path| path.is_absolute())
}
