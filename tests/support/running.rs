//! Processes that end with their test, and waiting for what they do.

use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// For a machine that does much else.
pub const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Killed when dropped.
pub struct Running(Child);

impl Running {
    /// `package` is what to install on Debian where the program is missing.
    pub fn start(command: &mut Command, package: &str) -> Self {
        Self::spawn(command.stdin(Stdio::null()), package)
    }

    /// One that is told what to do, on its standard input.
    pub fn at_prompt(command: &mut Command, package: &str) -> Self {
        Self::spawn(command.stdin(Stdio::piped()), package)
    }

    fn spawn(command: &mut Command, package: &str) -> Self {
        let program = command.get_program().to_string_lossy().into_owned();
        match command.spawn() {
            Ok(child) => Self(child),
            Err(fault) => panic!("{program}: {fault}; it is in Debian's package {package}"),
        }
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    pub fn wait(&mut self, what: &str) -> ExitStatus {
        wait_for(what, || self.0.try_wait().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Looks again and again, until there is something or patience is at its end.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

/// Free a moment ago, for both transports.
pub fn free_port() -> u16 {
    wait_for("a free port", || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        std::net::TcpListener::bind(("127.0.0.1", port)).ok().map(|_| port)
    })
}

/// So many ports in a row that nobody holds, below those that systems hand
/// out. Tests that run at the same time begin to look at different places.
pub fn free_range(count: u16) -> (u16, u16) {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    wait_for("a free range of ports", || {
        let nth = std::process::id() % 1000 * 7 + TRIED.fetch_add(1, Ordering::Relaxed);
        let first = 10_000 + count * (nth % u32::from(20_000 / count)) as u16;
        let is_free = |port: u16| UdpSocket::bind(("127.0.0.1", port)).is_ok();
        let last = first + count - 1;
        (first..=last).all(is_free).then_some((first, last))
    })
}

/// Nothing, while the file is not there yet.
pub fn text(file: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned()
}
