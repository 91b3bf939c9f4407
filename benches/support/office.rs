//! `bellhop serve` as a process of its own, with an office made for the bench.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

use super::Trouble;

pub const DOMAIN: &str = "office.example";
/// Everybody from outside is put through to it.
pub const DESK: &str = "1000";
/// As many calls as one extension holds by default.
pub const CALLS_PER_PLACE: usize = 10;
pub const DEFAULT_WATCHERS: usize = 10;
const READY_WITHIN: Duration = Duration::from_secs(20);

/// The server. It ends with this value.
pub struct Office {
    pub udp: SocketAddr,
    pub tcp: SocketAddr,
    child: Child,
    folder: TempDir,
}

/// Extensions where calls can be parked, in groups of `watchers`; enough for that
/// many calls and one more group for those that come and go.
pub fn places(calls: usize, watchers: usize) -> Vec<String> {
    let groups = calls.div_ceil(CALLS_PER_PLACE).div_ceil(watchers) + 1;
    (0..groups * watchers).map(|n| (2_000 + n).to_string()).collect()
}

pub fn password_of(extension: &str) -> String {
    format!("secret of {extension}")
}

impl Office {
    pub fn open(places: &[String], watchers: usize, provider: SocketAddr) -> Result<Self, Trouble> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("office.toml");
        let port = UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port();
        std::fs::write(&file, settings(places, watchers, provider, port, folder.path()))?;
        let mut child = Command::new(env!("CARGO_BIN_EXE_bellhop"))
            .args(["serve", "--config"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.path().join("log"))?)
            .spawn()?;
        let ready = first_line(&mut child);
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut office = Self { udp: nowhere, tcp: nowhere, child, folder };
        let address = |prefix: &str| {
            let found = ready.split_whitespace().find_map(|word| word.strip_prefix(prefix));
            found.and_then(|address| address.parse().ok())
        };
        let (Some(udp), Some(tcp)) = (address("udp:"), address("tcp:")) else {
            return Err(format!("the server is not ready: {ready:?}\n{}", office.log()).into());
        };
        (office.udp, office.tcp) = (udp, tcp);
        Ok(office)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        let log = std::fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Calls that the log says have begun, and those it does not say have ended.
    pub fn calls(&self) -> (usize, usize) {
        let log = self.log();
        let journey = |line: &str| Some(line.split_once(" call ")?.1.get(..8)?.to_owned());
        let of =
            |what: &str| log.lines().filter(|l| l.contains(what)).filter_map(journey).collect();
        let begun: std::collections::BTreeSet<String> = of(" from ");
        let ended: std::collections::BTreeSet<String> = of(" ended: ");
        (begun.len(), begun.difference(&ended).count())
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Nothing when it does not come.
fn first_line(child: &mut Child) -> String {
    let Some(stdout) = child.stdout.take() else { return String::new() };
    let (say, said) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(stdout).read_line(&mut line);
        let _ = say.send(line);
    });
    said.recv_timeout(READY_WITHIN).unwrap_or_default()
}

/// All but the recall timer as it is by default: nobody is to be recalled
/// while music is measured.
fn settings(
    places: &[String],
    watchers: usize,
    provider: SocketAddr,
    port: u16,
    folder: &Path,
) -> String {
    let state = folder.join("bellhop.db");
    let mut text = format!(
        "[server]\ndomain = \"{DOMAIN}\"\n\
         listen = [\"udp:127.0.0.1:{port}\", \"tcp:127.0.0.1:{port}\"]\nstate = {:?}\n\n\
         [[trunk]]\nname = \"provider\"\npeer = \"{provider}\"\ninbound = \"{DESK}\"\n",
        state.display().to_string()
    );
    for extension in std::iter::once(DESK).chain(places.iter().map(String::as_str)) {
        let password = password_of(extension);
        let _ = write!(
            text,
            "\n[[extension]]\nnumber = \"{extension}\"\nname = \"Office {extension}\"\n\
             password = \"{password}\"\n"
        );
    }
    for (n, members) in places.chunks(watchers).enumerate() {
        let _ = write!(
            text,
            "\n[[call_park_group]]\nname = \"Group {n}\"\nmembers = {members:?}\n\
             recall_timer = \"900s\"\n"
        );
    }
    text + "\n[park]\nrecall_timer = \"900s\"\n"
}
