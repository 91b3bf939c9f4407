//! A real `bellhop console` in a terminal, with files for a headset.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;

use bellhop::edge::wav;

use crate::server::Server;
use crate::support::ear::{Sound, recorded, voice};
use crate::support::running::wait_for;
use crate::support::terminal::Desk;

pub struct Console {
    desk: Desk,
    /// What its person has heard in calls.
    ear: PathBuf,
    /// How much of it is of no account any more.
    forgotten: usize,
}

impl Console {
    /// Registered when this returns; its person says one pitch.
    pub fn start(server: &Server, number: &str, hz: u16) -> Self {
        let home = server.folder().join(format!("desk-{number}"));
        std::fs::create_dir(&home).unwrap();
        let [settings, mouth, ear] = ["desk.toml", "mouth.wav", "ear.wav"].map(|f| home.join(f));
        let mut speech = wav::create(&mouth).unwrap();
        voice(hz).into_iter().for_each(|sample| speech.write_sample(sample).unwrap());
        speech.finalize().unwrap();
        let text = format!(
            "[account]\nserver = \"udp:{}\"\nextension = \"{number}\"\npassword = \"s{number}\"\n\
             domain = \"office.example\"\n\
             [sound]\ntalk_in = \"wav:{}\"\ntalk_out = \"wav:{}\"\nring = \"null\"\n",
            server.udp,
            mouth.display(),
            ear.display()
        );
        std::fs::write(&settings, text).unwrap();
        let mut desk = Desk::start(&["console", "--config", &settings.to_string_lossy()], &home);
        desk.shows(&[&format!("Registered {number}")]);
        Self { desk, ear, forgotten: 0 }
    }

    pub fn hears(&self, sound: Sound) {
        wait_for(&format!("{sound:?} in {}", self.ear.display()), || {
            let heard = recorded(&self.ear);
            sound.is_in(heard.get(self.forgotten..)?).then_some(())
        });
    }

    /// What is heard from now on is new.
    pub fn forgets_what_it_heard(&mut self) {
        self.forgotten = recorded(&self.ear).len();
    }
}

impl Deref for Console {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl DerefMut for Console {
    fn deref_mut(&mut self) -> &mut Desk {
        &mut self.desk
    }
}
