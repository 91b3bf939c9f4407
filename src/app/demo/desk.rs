//! The receptionist's desk in a morning that is played without a terminal:
//! the real console and its phone, pressed and read from outside.

use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;

use crate::app::demo::cast::{DESK, DESK_PITCH, colleagues};
use crate::app::demo::office::{DOMAIN, Office};
use crate::app::{Trouble, cli, console, settings};
use crate::console::Event;
use crate::console::keymap::Key;
use crate::domain::chance::Chance;
use crate::edge::desk::window::{Sitter, Window, nowhere};
use crate::edge::wav;
use crate::sim::people::ear::{Sound, recognised};
use crate::sim::people::voice::speech;

const COLUMNS: u16 = 120;
const ROWS: u16 = 36;
/// Half a second at 8 kHz.
const WINDOW_SAMPLES: usize = 4_000;
const WINDOW: Duration = Duration::from_millis(500);

/// The desk's settings file, for a person at a terminal.
///
/// # Errors
/// It cannot be written.
pub fn settings_file(office: &Office, sound: &str) -> Result<PathBuf, Trouble> {
    let path = office.folder().join("desk.toml");
    let desk = colleagues().iter().find(|one| one.number == DESK);
    let password = desk.map(|one| one.password).unwrap_or_default();
    let text = format!(
        "[account]\nserver = \"udp:{}\"\nextension = \"{DESK}\"\npassword = \"{password}\"\n\
         domain = \"{DOMAIN}\"\n\n{sound}",
        office.address
    );
    std::fs::write(&path, text)
        .map_err(|error| Trouble::new(format!("{}: {error}", path.display())))?;
    Ok(path)
}

#[derive(Debug)]
pub struct Desk {
    sitter: Sitter,
    console: Option<JoinHandle<Result<(), Trouble>>>,
    /// What the receptionist's ear got, recorded.
    ear: PathBuf,
}

impl Desk {
    /// Starts the console on a thread of its own. Its microphone is a file
    /// with the receptionist's voice, its ear another file.
    ///
    /// # Errors
    /// Files cannot be written, or the settings are wrong.
    pub fn open(office: &Office) -> Result<Self, Trouble> {
        let (mouth, ear) = (office.folder().join("mouth.wav"), office.folder().join("ear.wav"));
        record_voice(&mouth)?;
        let sound = format!(
            "[sound]\ntalk_in = {:?}\ntalk_out = {:?}\nring = \"null\"\n",
            format!("wav:{}", mouth.display()),
            format!("wav:{}", ear.display()),
        );
        let file = settings_file(office, &sound)?;
        let (window, sitter) = nowhere(COLUMNS, ROWS);
        let console = thread::Builder::new()
            .name("desk".into())
            .spawn(move || sit_down(&file, Window::Nowhere(window)))
            .map_err(|error| Trouble::new(format!("no thread for the desk: {error}")))?;
        Ok(Self { sitter, console: Some(console), ear })
    }

    /// Keys by their names, one after the other: `Space`, `1 0 3 p`.
    ///
    /// # Errors
    /// The first that is no key.
    pub fn press(&self, keys: &str) -> Result<(), String> {
        for name in keys.split_whitespace() {
            let key = Key::parse(name).ok_or_else(|| format!("{name:?} is no key"))?;
            self.sitter.send(Event::Key(key));
        }
        Ok(())
    }

    pub fn screen(&self) -> String {
        self.sitter.screen()
    }

    /// What the ear got in the last half second that is on disk.
    pub fn hears(&self) -> Option<Sound> {
        let sound = wav::load(&self.ear).ok()?;
        let last = sound.len().checked_sub(WINDOW_SAMPLES)?;
        Some(recognised(sound.get(last..)?))
    }

    /// How long a sound must last to be heard for certain: the record is
    /// written in pieces.
    pub fn ear_lags(&self) -> Duration {
        WINDOW * 4
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.sitter.send(Event::Terminate);
        if let Some(console) = self.console.take() {
            let _ = console.join();
        }
    }
}

fn sit_down(file: &Path, window: Window) -> Result<(), Trouble> {
    let (settings, findings) = settings::desk(file, &[])?;
    let (_, news) = unbounded_channel();
    let args = cli::ConsoleArgs::default();
    console::sit_down(&args, file, &settings, &findings, news, || Ok(window))
}

fn record_voice(path: &Path) -> Result<(), Trouble> {
    let fault = |error| Trouble::new(format!("{}: {error}", path.display()));
    let mut writer = wav::create(path).map_err(fault)?;
    for sample in speech(DESK_PITCH, &mut Chance::from_seed(101)) {
        writer.write_sample(sample).map_err(fault)?;
    }
    writer.finalize().map_err(fault)
}
