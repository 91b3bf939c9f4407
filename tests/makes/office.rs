//! `bellhop serve` with an office of three desks, and the ways to a phone's
//! settings.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use crate::persona::Persona;
use crate::phone::Phone;
use crate::settings::{self, Form, Settings};
use crate::support::running::{self, PATIENCE, Running};
use crate::support::serving::{LogOnFailure, PROGRAM, folders, serve};

/// As if it were the office's address: bodies have the lengths that the
/// protocol's description counts.
pub const DOMAIN: &str = "10.0.0.10";
/// Who sits where. They are one call park group, in this order.
pub const PEOPLE: [(&str, &str); 3] = [("101", "Bob"), ("102", "Carol"), ("103", "James")];
/// A desk without a phone.
pub const EMPTY_DESK: &str = "105";
/// Where calls from outside come from, for extension 101.
pub const PROVIDER: &str = "127.0.0.2";

/// How an office is set up.
#[derive(Clone, Copy)]
pub struct Plan {
    pub udp: bool,
    pub tcp: bool,
    pub recall_timer: &'static str,
    /// Further lines of the settings.
    pub more: &'static str,
}

pub const UDP_AND_TCP: Plan = Plan { udp: true, tcp: true, recall_timer: "15m", more: "" };
/// Its phones are told to come by TCP.
pub const TCP_ONLY: Plan = Plan { udp: false, ..UDP_AND_TCP };

pub struct Office {
    pub sip: SocketAddr,
    pub is_udp: bool,
    /// None: no phone is listed that fetches anything.
    http: Option<SocketAddr>,
    /// Where its provider takes calls to the outside.
    pub provider: SocketAddr,
    desks: [&'static Persona; 3],
    /// Ends before its folder.
    _running: Running,
    _log: LogOnFailure,
    folder: tempfile::TempDir,
}

impl Office {
    /// With phones of this kind on every desk.
    pub fn of(persona: &'static Persona) -> Self {
        Self::planned(UDP_AND_TCP, [persona; 3])
    }

    pub fn reached_by(plan: Plan, persona: &'static Persona) -> Self {
        Self::planned(plan, [persona; 3])
    }

    /// With these phones on the desks of Bob, Carol and James.
    pub fn planned(plan: Plan, desks: [&'static Persona; 3]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("office.toml");
        let port = running::free_port();
        let provider = SocketAddr::new(PROVIDER.parse().unwrap(), running::free_port());
        std::fs::write(&config, text(&plan, &desks, port, provider)).unwrap();
        let (running, said) = serve(&config, folder.path());
        let word = said.split_whitespace().find_map(|word| word.strip_prefix("provisioning:"));
        let http = word.map(|word| word.parse().unwrap());
        let sip = SocketAddr::from(([127, 0, 0, 1], port));
        let log = LogOnFailure(folder.path().to_path_buf());
        Self { sip, is_udp: plan.udp, http, provider, desks, _running: running, _log: log, folder }
    }

    /// The phones of Bob (101), Carol (102) and James (103), out of their
    /// boxes: each has its settings, is registered and has subscribed.
    pub fn phones(&self) -> [Phone; 3] {
        [0, 1, 2].map(|desk| Phone::unpacked(self, self.desks[desk], PEOPLE[desk].0))
    }

    /// What a phone learns of the office, in the way of its make.
    pub fn settings_of(&self, persona: &Persona, extension: &str) -> Settings {
        match persona.settings {
            Form::Sheet => Form::Sheet.read(&self.sheet_of(extension)),
            form => self.fetched(persona, form, &persona.mac(extension)),
        }
    }

    fn fetched(&self, persona: &Persona, form: Form, mac: &str) -> Settings {
        let agent = persona.agent_when_fetching(mac);
        let first = self.get(&form.file(mac), &agent);
        if form != Form::Yealink {
            return form.read(&first);
        }
        let of_model = self.get("y000000000096.cfg", &agent);
        assert!(of_model.starts_with("#!version:1.0.0.1\n"), "{of_model}");
        let names = settings::included(&first);
        assert_eq!(names.len(), 1, "{first}");
        form.read(&self.get(names[0], &agent))
    }

    fn get(&self, name: &str, agent: &str) -> String {
        let http = self.http.unwrap();
        let mut stream = TcpStream::connect(http).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let ask = format!(
            "GET /prov/{name} HTTP/1.1\r\nHost: {http}\r\nUser-Agent: {agent}\r\n\
             Accept: */*\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(ask.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{name}: {head}");
        body.to_owned()
    }

    /// As it comes out of the printer.
    fn sheet_of(&self, extension: &str) -> String {
        let mut command = Command::new(PROGRAM);
        command.args(["provision", "dinstar", extension, "--config"]);
        command.arg(self.folder.path().join("office.toml")).envs(folders(self.folder.path()));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn text(plan: &Plan, desks: &[&Persona; 3], port: u16, provider: SocketAddr) -> String {
    let (first, last) = running::free_range(200);
    let listen: Vec<String> = [("udp", plan.udp), ("tcp", plan.tcp)]
        .into_iter()
        .filter(|(_, listens)| *listens)
        .map(|(transport, _)| format!("\"{transport}:127.0.0.1:{port}\""))
        .collect();
    let by = if plan.udp { "" } else { "tcp:" };
    let mut office = format!(
        r#"[server]
domain = "{DOMAIN}"
listen = [{}]
rtp_ports = "{first}-{last}"
state = "state/bellhop.db"

[provisioning]
listen = "127.0.0.1:0"
networks = ["127.0.0.0/8"] # loopback has no hardware addresses to be seen

[[call_park_group]]
name = "Front desk"
members = ["101", "102", "103"]
recall_timer = "{}"

[[trunk]]
name = "provider"
peer = "{by}{provider}"
inbound = "101"
outbound_prefix = "0"
{}
"#,
        listen.join(", "),
        plan.recall_timer,
        plan.more,
    );
    for ((extension, name), persona) in PEOPLE.into_iter().zip(desks) {
        let device = persona.listed(extension);
        office += &format!(
            "\n[[extension]]\nnumber = \"{extension}\"\nname = \"{name}\"\n\
             password = \"secret-{extension}\"\ndevices = [{device}]\n"
        );
    }
    office + &format!("\n[[extension]]\nnumber = \"{EMPTY_DESK}\"\npassword = \"nobody's\"\n")
}
