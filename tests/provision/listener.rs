//! The listener of the real server, asked by phones, by curious people, and by
//! those who mean harm.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::running::{self, Running};
use crate::support::serving::{self, PROGRAM, folders, serve};

const PASSWORDS: [&str; 3] = ["first-secret", "s<e>&c\"ret #2", "third-secret"];

pub struct Server {
    http: SocketAddr,
    udp: SocketAddr,
    _running: Running,
    folder: tempfile::TempDir,
}

impl Server {
    /// `provisioning` is further lines of that section.
    pub fn start(provisioning: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let office = folder.path().join("office.toml");
        std::fs::write(&office, office_with(provisioning)).unwrap();
        let (running, said) = serve(&office, folder.path());
        let address = |prefix: &str| {
            let word = said.split_whitespace().find_map(|word| word.strip_prefix(prefix));
            word.unwrap_or_else(|| panic!("{said}")).parse().unwrap()
        };
        let (http, udp) = (address("provisioning:"), address("udp:"));
        Self { http, udp, _running: running, folder }
    }

    fn log(&self) -> String {
        running::text(&serving::log(self.folder.path()))
    }

    fn open(&self) -> TcpStream {
        let stream = TcpStream::connect(self.http).unwrap();
        stream.set_read_timeout(Some(running::PATIENCE)).unwrap();
        stream
    }

    /// All that comes back until the server closes.
    fn says(&self, request: &[u8]) -> String {
        let mut stream = self.open();
        // It may have been hung up on meanwhile.
        let _ = stream.write_all(request);
        rest(&mut stream)
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        self.ask("GET", path, "Yealink SIP-T54W 96.86.0.118 80:5e:0c:11:22:33")
    }

    fn ask(&self, method: &str, path: &str, user_agent: &str) -> (u16, String) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {user_agent}\r\nConnection: close\r\n\r\n"
        );
        let answer = self.says(request.as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split_whitespace().nth(1).and_then(|word| word.parse().ok());
        (status.unwrap_or_else(|| panic!("{path}: {answer:?}")), body.to_owned())
    }
}

fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn office_with(provisioning: &str) -> String {
    format!(
        r#"[server]
listen = ["udp:127.0.0.1:0"]
state = "state/bellhop.db"
[provisioning]
listen = "127.0.0.1:0"
{provisioning}
[[extension]]
number = "101"
name = "Tom & <Jerry>"
password = "first-secret"
devices = [{{ make = "yealink", mac = "805e0c112233" }}, {{ make = "grandstream", mac = "c074ad0b63ee" }}]
[[extension]]
number = "102"
password = 's<e>&c"ret #2'
devices = [{{ make = "fanvil", mac = "0c383e557eb1" }}, {{ make = "dinstar", mac = "f8a03d000001" }}]
[[extension]]
number = "103"
password = "third-secret"
"#
    )
}

/// Loopback has no hardware addresses: here its phones are vouched for.
pub const VOUCHED: &str = "networks = [\"127.0.0.0/8\"]";

#[test]
fn a_listed_phone_gets_its_file_and_the_way_it_came_by() {
    let server = Server::start(VOUCHED);
    let (status, text) = server.get("/prov/805e0c112233.cfg");
    assert_eq!(status, 200);
    assert!(text.starts_with("#!version:1.0.0.1\n"), "{text}");
    assert!(text.contains("account.1.password = first-secret\n"));
    assert!(text.contains("account.1.display_name = Tom & <Jerry>\n"));
    assert!(text.contains("account.1.sip_server.1.address = 127.0.0.1\n"));
    assert!(text.contains(&format!("account.1.sip_server.1.port = {}\n", server.udp.port())));
    let (status, index) = server.get("/prov/805e0c112233.boot");
    assert_eq!((status, index.contains("\"805e0c112233.cfg\"")), (200, true), "{index}");
    assert_eq!(server.get("/prov/y000000000096.cfg").0, 200);
    // As phones also write it.
    assert_eq!(server.get("/prov//805E0C112233.CFG?x=1").0, 200);
    let (status, xml) = server.ask("GET", "/prov/cfgc074ad0b63ee.xml", "Grandstream Model");
    assert_eq!(status, 200);
    let document = roxmltree::Document::parse(&xml).unwrap();
    let name = document.descendants().find(|node| node.has_tag_name("P270")).unwrap();
    assert_eq!(name.text(), Some("Tom & <Jerry>"));
    let head = server
        .says(b"HEAD /prov/0c383e557eb1.cfg HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(head.contains("content-type: application/xml") && head.contains("no-store"), "{head}");
    let log = server.log();
    assert!(log.contains("805e0c112233 (yealink, 101) has taken its settings"), "{log}");
    assert!(!PASSWORDS.iter().any(|password| log.contains(password)), "{log}");
}

#[test]
fn after_a_reload_phones_are_handed_what_holds_now() {
    let server = Server::start(VOUCHED);
    let file = server.folder.path().join("office.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("Tom & <Jerry>", "Spike").replace("f8a03d000001", "f8a03d000002");
    std::fs::write(&file, text.replace("0c383e557eb1", "0c383e557eb2")).unwrap();
    let mut reload = Command::new(PROGRAM);
    reload.args(["ctl", "reload", "--config"]).arg(&file).envs(folders(server.folder.path()));
    assert!(reload.status().unwrap().success());
    let (_, text) = server.get("/prov/805e0c112233.cfg");
    assert!(text.contains("account.1.display_name = Spike\n"), "{text}");
    assert_eq!(server.get("/prov/0c383e557eb1.cfg").0, 404);
    assert_eq!(server.get("/prov/0c383e557eb2.cfg").0, 200);
}

#[test]
fn whatever_is_not_given_looks_the_same() {
    let server = Server::start(VOUCHED);
    let unknown = server.says(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let without_date = |answer: &str| -> Vec<String> {
        let lines = answer.lines().filter(|line| !line.starts_with("date:"));
        lines.map(str::to_owned).collect()
    };
    assert!(unknown.starts_with("HTTP/1.1 404"), "{unknown}");
    for path in [
        "/",
        "/prov",
        "/prov/",
        "/prov/805e0c112234.cfg",
        "/prov/805e0c112233-local.cfg",
        "/prov/805e0c112233.xml",
        "/prov/805e0c112233",
        "/prov/cfg805e0c112233.xml",
        "/prov/f8a03d000001.cfg",
        "/prov/00000000000000000000000000000000/805e0c112233.cfg",
        "/prov/../prov/805e0c112233.cfg",
        "/prov/../../../etc/passwd",
        "/prov/%2e%2e/%2e%2e/etc/passwd",
        "/prov/..%2f805e0c112233.cfg",
        "/prov/805e0c112233%2ecfg",
        "/prov/805e0c112233.cfg%00",
        "/prov/./805e0c112233.cfg/..",
        "//etc/passwd",
        "/office.toml",
        "/prov/office.toml",
        "/prov/C:\\office.toml",
        "http://other/prov/nothing",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = server.says(request.as_bytes());
        assert_eq!(without_date(&answer), without_date(&unknown), "{path}");
    }
    let log = server.log();
    assert!(log.contains("f8a03d000001 (dinstar) asks for f8a03d000001.cfg"), "{log}");
}

#[test]
fn nobody_is_given_a_phones_file_for_its_number_alone() {
    let server = Server::start("");
    assert_eq!(server.get("/prov/805e0c112233.cfg").0, 404);
    assert_eq!(server.get("/prov/805e0c112233.boot").0, 404);
    assert_eq!(server.get("/prov/y000000000096.cfg").0, 404);
    let log = server.log();
    let told = "the settings of 805e0c112233 (yealink, 101) were asked for and not given";
    assert_eq!(log.matches(told).count(), 1, "{log}");
    // Its own address is for it alone.
    let secret = secret_path(server.folder.path(), "yealink", "101");
    let (status, text) = server.get(&format!("{secret}805e0c112233.cfg"));
    assert_eq!((status, text.contains("first-secret")), (200, true), "{text}");
    assert_eq!(server.get(&format!("{secret}y000000000096.cfg")).0, 200);
    assert_eq!(server.get(&format!("{secret}0c383e557eb1.cfg")).0, 404);
    assert_eq!(server.get(&format!("{secret}cfgc074ad0b63ee.xml")).0, 404);
    assert_eq!(server.get(&secret).0, 404);
    assert_ne!(secret, secret_path(server.folder.path(), "fanvil", "102"));
    let log = server.log();
    let word = secret.split('/').nth(2).unwrap();
    assert!(!log.contains(word), "a secret is in the log:\n{log}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key = server.folder.path().join("state/provisioning.key");
        assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// `/prov/SECRET/`, as `bellhop provision --url` prints it.
fn secret_path(folder: &Path, make: &str, extension: &str) -> String {
    let mut command = Command::new(PROGRAM);
    command.args(["provision", make, extension, "--url", "--config"]);
    command.arg(folder.join("office.toml")).envs(folders(folder));
    let output = command.output().unwrap();
    let url = String::from_utf8(output.stdout).unwrap();
    let path = url.trim_end().strip_prefix("http://127.0.0.1:0");
    path.unwrap_or_else(|| panic!("{url:?}")).to_owned()
}

#[test]
fn only_reading_is_understood_and_nothing_endless_is_read() {
    let server = Server::start(VOUCHED);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"] {
        assert_eq!(server.ask(method, "/prov/805e0c112233.cfg", "x").0, 405, "{method}");
    }
    let long = "x".repeat(1 << 20);
    for request in [
        format!("GET /prov/{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET /prov/805e0c112233.cfg HTTP/1.1\r\nHost: {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1_000)),
        long.clone(),
        "\u{16}\u{3}\u{1}\r\n\r\n".to_owned(),
    ] {
        let answer = server.says(request.as_bytes());
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(refused, "{}", answer.get(..80.min(answer.len())).unwrap_or_default());
    }
    assert_eq!(server.get("/prov/805e0c112233.cfg").0, 200);
}

#[test]
fn whoever_dawdles_is_hung_up_on_and_holds_up_nobody() {
    let server = Server::start(VOUCHED);
    let mut slow: Vec<TcpStream> = (0..10).map(|_| server.open()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /prov/805e0c112233.cfg HTTP/1.1\r\nX: ").unwrap();
    }
    assert_eq!(server.get("/prov/805e0c112233.cfg").0, 200);
    for mut stream in slow {
        // Ends: the patience of a test is longer than the server's.
        assert!(!rest(&mut stream).contains("first-secret"));
    }
}

#[test]
fn one_address_has_so_many_connections_and_no_more() {
    let server = Server::start(VOUCHED);
    let mut open: Vec<TcpStream> = (0..40).map(|_| server.open()).collect();
    let mut closed = 0;
    for stream in &mut open {
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        closed += usize::from(matches!(stream.read(&mut [0; 16]), Ok(0)));
        if closed == 24 {
            break;
        }
    }
    assert_eq!(closed, 24);
    drop(open);
    running::wait_for("the connections are free again", || {
        let mut stream = server.open();
        stream.write_all(b"GET /prov/805e0c112233.cfg HTTP/1.0\r\n\r\n").ok()?;
        rest(&mut stream).starts_with("HTTP/1.0 200").then_some(())
    });
}

#[test]
fn an_address_that_tries_and_tries_is_put_off() {
    let server = Server::start("");
    let mut stream = server.open();
    let mut statuses = String::new();
    for guess in 0..130 {
        let path = format!("/prov/805e0c1122{guess:02x}.cfg");
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
    }
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    statuses.push_str(&rest(&mut stream));
    assert_eq!(statuses.matches("HTTP/1.1 404").count(), 120);
    assert!(statuses.contains("HTTP/1.1 429"));
}

#[test]
fn without_a_listed_phone_nothing_listens() {
    let folder = tempfile::tempdir().unwrap();
    let office = folder.path().join("office.toml");
    let text = office_with(VOUCHED);
    let without: Vec<&str> = text.lines().filter(|line| !line.starts_with("devices")).collect();
    std::fs::write(&office, without.join("\n")).unwrap();
    let (_running, said) = serve(&office, folder.path());
    assert!(!said.contains("provisioning:"), "{said}");
}

#[test]
fn a_port_that_is_taken_keeps_no_office_from_answering_calls() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let office = folder.path().join("office.toml");
    let listen = format!("listen = \"{}\"", taken.local_addr().unwrap());
    std::fs::write(&office, office_with("").replace("listen = \"127.0.0.1:0\"", &listen)).unwrap();
    let (_running, said) = serve(&office, folder.path());
    assert!(said.starts_with("ready udp:") && !said.contains("provisioning:"), "{said}");
    let log = running::text(&serving::log(folder.path()));
    assert!(log.contains("no phone is handed its settings"), "{log}");
}
