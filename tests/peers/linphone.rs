//! A phone played by linphonec, told what to do at its prompt.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::{ChildStdin, Command};

use bellhop::edge::wav;

use crate::server::Server;
use crate::support::ear::{Sound, recorded, voice};
use crate::support::running::{Running, free_port, wait_for};

/// Longer than any story.
const SPEECH_S: usize = 120;

pub struct Linphone {
    prompt: ChildStdin,
    ear: PathBuf,
    _running: Running,
}

fn settings(server: &Server, number: &str) -> String {
    let (udp, rtp) = (server.udp, free_port());
    format!(
        "[sip]\nsip_port=-1\nsip_tcp_port=-1\nsip_tls_port=-1\ndefault_proxy=0\n\
         register_only_when_network_is_up=0\n\
         [rtp]\naudio_rtp_port={rtp}\n\
         [proxy_0]\nreg_proxy=<sip:{udp}>\nreg_identity=sip:{number}@{udp}\nreg_expires=600\n\
         reg_sendregister=1\npublish=0\n\
         [auth_info_0]\nusername={number}\npasswd=s{number}\n\
         [sound]\nechocancellation=0\n\
         [video]\nenabled=0\ndisplay=0\ncapture=0\n"
    )
}

impl Linphone {
    /// Registered when this returns; answers calls by itself, in a voice of
    /// one pitch.
    pub fn start(server: &Server, number: &str, hz: u16) -> Self {
        let home = server.folder().join(format!("linphone-{number}"));
        std::fs::create_dir_all(home.join(".local/share/linphone")).unwrap();
        let [settings_file, mouth, ear] = ["rc", "mouth.wav", "ear.wav"].map(|it| home.join(it));
        std::fs::write(&settings_file, settings(server, number)).unwrap();
        let mut speech = wav::create(&mouth).unwrap();
        let second = voice(hz);
        for _ in 0..SPEECH_S {
            second.iter().for_each(|sample| speech.write_sample(*sample).unwrap());
        }
        speech.finalize().unwrap();
        let log = File::create(home.join("log")).unwrap();
        let mut command = Command::new("linphonec");
        command.arg("-a").arg("-c").arg(&settings_file).env("HOME", &home);
        command.stderr(log.try_clone().unwrap()).stdout(log);
        let mut running = Running::at_prompt(&mut command, "linphone-cli");
        let prompt = running.child().stdin.take().unwrap();
        let mut phone = Self { prompt, ear, _running: running };
        phone.command("soundcard use files");
        phone.command(&format!("play {}", mouth.display()));
        phone.command(&format!("record {}", phone.ear.display()));
        wait_for(&format!("linphonec {number} to register"), || {
            server.log().contains(&format!(" {number} registered")).then_some(())
        });
        phone
    }

    pub fn command(&mut self, line: &str) {
        writeln!(self.prompt, "{line}").unwrap();
    }

    pub fn hears(&self, sound: Sound) {
        wait_for(&format!("{sound:?} in {}", self.ear.display()), || {
            sound.is_in(&recorded(&self.ear)).then_some(())
        });
    }
}
