//! Phones played by baresip, told what to do over its control connection.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::server::Server;
use crate::support::ear::{Sound, recorded};
use crate::support::running::{Running, free_port, wait_for};

pub struct Baresip {
    folder: PathBuf,
    control: TcpStream,
    /// Everything it has told so far.
    told: String,
    _running: Running,
}

/// `source` is what it says: one of its audio sources and its device.
fn config(folder: &str, control: u16, source: &str) -> String {
    format!(
        "module_path /usr/lib/baresip/modules\n\
         module g711.so\nmodule aubridge.so\nmodule ausine.so\nmodule sndfile.so\n\
         module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
         sip_listen 127.0.0.1:0\nctrl_tcp_listen 127.0.0.1:{control}\n\
         net_interface 127.0.0.1\n\
         audio_source {source}\naudio_player aubridge,ear\naudio_alert aubridge,bell\n\
         snd_path {folder}\n"
    )
}

/// A voice of one pitch; its module knows one format only.
pub fn voice(hz: u32) -> String {
    format!("ausine,{hz}\nausrc_srate 48000\nausrc_channels 2")
}

impl Baresip {
    /// Registered when this returns; answers calls by itself.
    pub fn start(server: &Server, number: &str, source: &str) -> Self {
        let registered = || server.log().contains(&format!(" {number} registered"));
        let (folder, password) = (server.folder(), format!("s{number}"));
        Self::register(&folder, server.udp, number, &password, source, registered)
    }

    /// As another server's, which knows when it is registered.
    pub fn register(
        folder: &Path,
        at: SocketAddr,
        number: &str,
        password: &str,
        source: &str,
        registered: impl Fn() -> bool,
    ) -> Self {
        let folder = folder.join(format!("baresip-{number}"));
        std::fs::create_dir(&folder).unwrap();
        let port = free_port();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        write("config", &config(&folder.to_string_lossy(), port, source));
        write("contacts", "");
        write(
            "accounts",
            &format!(
                "<sip:{number}@{at}>;auth_user={number};auth_pass={password};regint=60;answermode=auto\n",
            ),
        );
        let log = File::create(folder.join("log")).unwrap();
        let mut command = Command::new("baresip");
        command.arg("-f").arg(&folder).stderr(log.try_clone().unwrap()).stdout(log);
        let running = Running::start(&mut command, "baresip-core");
        // Baresip itself says so too late: its output is buffered.
        wait_for(&format!("baresip {number} to register"), || registered().then_some(()));
        let control =
            wait_for("baresip's control", || TcpStream::connect(("127.0.0.1", port)).ok());
        control.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        Self { folder, control, told: String::new(), _running: running }
    }

    pub fn command(&mut self, command: &str, parameters: &str) {
        let json = format!(r#"{{"command":"{command}","params":"{parameters}"}}"#);
        write!(self.control, "{}:{json},", json.len()).unwrap();
    }

    /// An event after those awaited before.
    pub fn awaits(&mut self, event: &str) {
        let Self { control, told, folder, .. } = self;
        let what = format!("{event} of {}", folder.display());
        let at = wait_for(&what, || {
            let mut piece = [0; 4096];
            if let Ok(length) = control.read(&mut piece) {
                told.push_str(&String::from_utf8_lossy(&piece[..length]));
            }
            told.find(event)
        });
        told.drain(..at + event.len());
    }

    pub fn hears(&self, sound: Sound) {
        wait_for(&format!("{sound:?} in {}", self.folder.display()), || {
            sound.is_in(&self.heard()).then_some(())
        });
    }

    /// The decoded sound of its latest call, from the record it keeps.
    fn heard(&self) -> Vec<i16> {
        let files = std::fs::read_dir(&self.folder).unwrap();
        let mut records: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        records.retain(|path| path.to_string_lossy().ends_with("-dec.wav"));
        records.sort();
        records.last().map(|record| recorded(record)).unwrap_or_default()
    }
}
