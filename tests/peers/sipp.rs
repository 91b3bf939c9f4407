//! Phones played by SIPp, each scene a scenario of its own.

use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::server::Server;
use crate::support::ear::Ear;
use crate::support::running::{self, PATIENCE, Running, free_port, wait_for};

pub struct Phone {
    number: &'static str,
    port: u16,
    server: SocketAddr,
    transport: &'static str,
    folder: PathBuf,
}

/// A scenario that is being played.
pub struct Scene {
    name: String,
    port: u16,
    notes: PathBuf,
    running: Running,
}

impl Phone {
    pub fn new(server: &Server, number: &'static str) -> Self {
        let (server, folder) = (server.udp, server.folder());
        Self { number, port: free_port(), server, transport: "udp", folder }
    }

    pub fn over_tcp(server: &Server, number: &'static str) -> Self {
        Self { server: server.tcp, transport: "tcp", ..Self::new(server, number) }
    }

    pub fn register(&self) {
        self.play("register", self.number, 9).finish();
    }

    pub fn call(&self, scenario: &str, number: &str, ear: &Ear) -> Scene {
        self.play(scenario, number, ear.port)
    }

    /// Ready to be called when this returns.
    pub fn answer(&self, scenario: &str, ear: &Ear) -> Scene {
        let scene = self.play(scenario, self.number, ear.port);
        let local = format!(" 0100007F:{:04X} ", self.port);
        wait_for("SIPp to listen", || {
            running::text("/proc/net/udp".as_ref()).contains(&local).then_some(())
        });
        scene
    }

    fn play(&self, scenario: &str, number: &str, media_port: u16) -> Scene {
        let name = format!("{}-{scenario}", self.number);
        let notes = self.folder.join(&name);
        let file = format!("{}/tests/peers/scenarios/{scenario}.xml", env!("CARGO_MANIFEST_DIR"));
        let mut sipp = Command::new("sipp");
        sipp.arg(self.server.to_string()).args(["-sf", &file, "-m", "1", "-nostdin"]);
        sipp.args(["-i", "127.0.0.1", "-p", &self.port.to_string(), "-s", number]);
        sipp.args(["-t", if self.transport == "tcp" { "t1" } else { "u1" }]);
        let about = match scenario {
            "register" => "office.example".to_owned(),
            _ => format!("{number}@{}", self.server),
        };
        sipp.args(["-auth_uri", &about, "-au", self.number, "-ap", &format!("s{}", self.number)]);
        sipp.args(["-key", "own", self.number, "-key", "sound", &media_port.to_string()]);
        // Its own sound is not used; two of them must not want the same port.
        sipp.args(["-mp", &free_port().to_string()]);
        sipp.args(["-timeout", &PATIENCE.as_secs().to_string(), "-timeout_error"]);
        sipp.args(["-trace_msg", "-message_file"]).arg(notes.with_extension("messages"));
        sipp.args(["-trace_err", "-error_file"]).arg(notes.with_extension("errors"));
        sipp.current_dir(&self.folder).stdout(Stdio::null()).stderr(Stdio::null());
        Scene { name, port: self.port, notes, running: Running::start(&mut sipp, "sip-tester") }
    }
}

impl Scene {
    /// Everything sent and received so far.
    pub fn messages(&self) -> String {
        running::text(&self.notes.with_extension("messages"))
    }

    /// SIPp cannot be told anything, but it can be sent a request of its call:
    /// the scenarios hang up at an INFO. Over UDP only.
    pub fn hang_up(&self) {
        let messages = self.messages();
        let call_id = messages.lines().find(|line| line.starts_with("Call-ID:")).unwrap();
        let info = format!(
            "INFO sip:sipp@127.0.0.1 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-hang-up\r\n\
             From: <sip:test@127.0.0.1>;tag=test\r\nTo: <sip:sipp@127.0.0.1>\r\n\
             {call_id}\r\nCSeq: 900 INFO\r\nContent-Length: 0\r\n\r\n"
        );
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(info.as_bytes(), ("127.0.0.1", self.port)).unwrap();
    }

    /// To its end, which must be as the scenario tells.
    pub fn finish(mut self) -> String {
        let status = self.running.wait(&format!("the end of {}", self.name));
        let errors = running::text(&self.notes.with_extension("errors"));
        assert!(status.success(), "{}: {errors}\n{}", self.name, self.messages());
        self.messages()
    }
}
