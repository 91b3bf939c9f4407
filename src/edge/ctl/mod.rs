//! The local socket by which `bellhop ctl` reaches a running server: lines of
//! JSON, one question and one answer each.
//!
//! Whoever may open the socket may ask anything: it is this user's alone, in a
//! folder of this user's alone.

mod protocol;

use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::edge::files;
use crate::edge::folders::Folders;

pub use protocol::{Answer, ParkedCall, Question, Status, TenantStatus};

/// Octets of the longest question.
const QUESTION_MAX: u64 = 256 << 10;
/// Octets of the longest answer: the lot of a very large office.
const ANSWER_MAX: u64 = 64 << 20;
const CONNECTIONS_MAX: usize = 16;
/// Somebody who has connected and says nothing.
const QUESTION_WITHIN: Duration = Duration::from_secs(60);
/// The office, or a disk, does something else.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// A question, and the way back.
#[derive(Debug)]
pub struct Asked {
    pub question: Question,
    answer: SyncSender<Answer>,
}

impl Asked {
    pub fn answer(self, answer: Answer) {
        // Who does not wait for it does not get it.
        let _ = self.answer.try_send(answer);
    }
}

/// The open socket. Dropped, it is gone from the folder.
pub struct Socket {
    path: PathBuf,
    questions: UnboundedReceiver<Asked>,
}

impl Socket {
    /// # Errors
    /// The folder cannot be made this user's alone, a server listens there
    /// already, something else has that name, or the system gives no socket or
    /// thread.
    pub fn open(path: &Path) -> io::Result<Self> {
        let folder = private_folder_of(path)?;
        // Of two that start at the same moment one is first: the other sees it.
        let alone = File::open(folder)?;
        // Without it where the disk knows no locks.
        let _ = flock(&alone, FlockOperation::LockExclusive);
        clear_away(path)?;
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        let (tell, questions) = unbounded_channel();
        let listen = move || listen(&listener, &tell);
        thread::Builder::new().name("ctl".into()).spawn(listen)?;
        Ok(Self { path: path.to_owned(), questions })
    }

    pub async fn asked(&mut self) -> Asked {
        match self.questions.recv().await {
            Some(asked) => asked,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Where the service of `assets/packaging` keeps what lives while it runs.
const SERVICE_RUNTIME: &str = "/run/bellhop";

/// Where the server of the office with these settings is reached.
pub fn socket_of(folders: &Folders, settings: &Path) -> PathBuf {
    folders.runtime.join("ctl").join(socket_name(settings))
}

/// Where it may be reached, the likeliest first: it may have been started by
/// the system, or where nobody had logged in.
pub fn sockets_of(folders: &Folders, settings: &Path) -> Vec<PathBuf> {
    let name = socket_name(settings);
    let elsewhere = [PathBuf::from(SERVICE_RUNTIME), folders.state.join("run")];
    let folders = [folders.runtime.clone()].into_iter().chain(elsewhere);
    folders.map(|folder| folder.join("ctl").join(&name)).collect()
}

fn socket_name(settings: &Path) -> String {
    let settings = settings.canonicalize().unwrap_or_else(|_| settings.to_owned());
    let digest = Sha256::digest(settings.as_os_str().as_encoded_bytes());
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{name}.sock")
}

/// Whatever was there before, nobody else looks into it from now on.
fn private_folder_of(path: &Path) -> io::Result<&Path> {
    let named = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = named.unwrap_or(Path::new("."));
    files::private_folder(folder)?;
    if fs::metadata(folder)?.permissions().mode() & 0o077 == 0 {
        return Ok(folder);
    }
    // A folder of many is not ours to close.
    match folder.file_name().is_some_and(|name| name == "ctl") {
        true => fs::set_permissions(folder, Permissions::from_mode(0o700)).map(|()| folder),
        false => Err(io::Error::other("its folder is open to others: chmod 700")),
    }
}

/// Takes away the socket of a server that was killed, and nothing else.
fn clear_away(path: &Path) -> io::Result<()> {
    let there = match fs::symlink_metadata(path) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(()),
        there => there?,
    };
    if !there.file_type().is_socket() {
        let words = "something else has that name: it is no socket, and stays";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, words));
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "a server with these settings runs already",
        )),
        Err(fault) if fault.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(fault) => Err(fault),
    }
}

fn listen(listener: &UnixListener, tell: &UnboundedSender<Asked>) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            // Out of files: some close in a moment.
            thread::park_timeout(Duration::from_millis(100));
            continue;
        };
        if tell.is_closed() {
            return;
        }
        if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS_MAX {
            open.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let (tell, one) = (tell.clone(), Arc::clone(&open));
        let converse = move || {
            let _ = converse(&stream, &tell);
            one.fetch_sub(1, Ordering::SeqCst);
        };
        if thread::Builder::new().name("ctl".into()).spawn(converse).is_err() {
            open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn converse(mut stream: &UnixStream, tell: &UnboundedSender<Asked>) -> io::Result<()> {
    stream.set_read_timeout(Some(QUESTION_WITHIN))?;
    stream.set_write_timeout(Some(QUESTION_WITHIN))?;
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        let read = (&mut lines).take(QUESTION_MAX).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        let answer = match serde_json::from_slice(&line) {
            Ok(question) => answer_to(question, tell),
            Err(fault) => Answer::refused(format!("not understood: {fault}")),
        };
        let mut text = serde_json::to_vec(&answer)?;
        text.push(b'\n');
        stream.write_all(&text)?;
        if !line.ends_with(b"\n") {
            return Ok(());
        }
    }
}

fn answer_to(question: Question, tell: &UnboundedSender<Asked>) -> Answer {
    let (answer, heard) = sync_channel(1);
    let sent = tell.send(Asked { question, answer });
    let answer = sent.ok().and_then(|()| heard.recv_timeout(ANSWER_WITHIN).ok());
    answer.unwrap_or_else(|| Answer::refused("the office has not answered: see its log"))
}

/// Asks the server that listens there.
///
/// # Errors
/// None does, or it does not answer in its words.
pub fn ask(path: &Path, question: &Question) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN + QUESTION_WITHIN))?;
    let mut text = serde_json::to_vec(question)?;
    text.push(b'\n');
    stream.write_all(&text)?;
    let mut line = String::new();
    BufReader::new(stream.take(ANSWER_MAX)).read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_its_users_alone_and_goes_with_its_server() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("run/ctl/x.sock");
        let socket = Socket::open(&path).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let second = Socket::open(&path).map(drop).unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::AddrInUse);
        drop(socket);
        assert!(!path.exists());
        // What a killed one left behind is in nobody's way.
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        drop(Socket::open(&path).unwrap());
    }

    #[test]
    fn a_socket_takes_no_other_files_place() {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), Permissions::from_mode(0o700)).unwrap();
        let (path, link) = (home.path().join("office.toml"), home.path().join("link"));
        fs::write(&path, "mine").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for path in [&path, &link] {
            let fault = Socket::open(path).map(drop).unwrap_err();
            assert_eq!(fault.kind(), io::ErrorKind::AlreadyExists);
        }
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn of_servers_that_start_at_the_same_moment_one_has_the_socket() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ctl/x.sock");
        for _ in 0..20 {
            let open = || Socket::open(&path);
            let opened: Vec<Socket> = thread::scope(|scope| {
                let all: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
                all.into_iter().filter_map(|one| one.join().unwrap().ok()).collect()
            });
            assert_eq!(opened.len(), 1);
            assert!(UnixStream::connect(&path).is_ok());
            drop(opened);
            // As one that was killed leaves it.
            drop(UnixListener::bind(&path).unwrap());
        }
    }

    #[test]
    fn a_server_is_looked_for_where_a_user_and_where_the_system_starts_it() {
        let folders = Folders {
            settings: "/home/a/.config/bellhop".into(),
            state: "/home/a/.local/state/bellhop".into(),
            runtime: "/run/user/7/bellhop".into(),
        };
        let file = Path::new("/nowhere/office.toml");
        let sockets = sockets_of(&folders, file);
        let all: Vec<&Path> = sockets.iter().filter_map(|socket| socket.parent()).collect();
        let places = ["/run/user/7/bellhop", "/run/bellhop", "/home/a/.local/state/bellhop/run"];
        assert_eq!(all, places.map(|place| Path::new(place).join("ctl")));
        assert_eq!(sockets[0], socket_of(&folders, file));
    }

    #[test]
    fn nonsense_is_refused_in_words_and_a_question_is_answered() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ctl/x.sock");
        let mut socket = Socket::open(&path).unwrap();
        let answering = thread::spawn(move || {
            let asked = socket.questions.blocking_recv().unwrap();
            assert_eq!(asked.question, Question::Reload);
            asked.answer(Answer::Reloaded { remarks: vec!["done".to_owned()] });
        });
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(b"{\"do\":\"burn\"}\n\xFF\n{\"do\":\"reload\"}\n").unwrap();
        let mut lines = BufReader::new(stream).lines();
        let mut next = || serde_json::from_str::<Answer>(&lines.next().unwrap().unwrap()).unwrap();
        assert!(matches!(next(), Answer::Refused(_)));
        assert!(matches!(next(), Answer::Refused(_)));
        assert_eq!(next(), Answer::Reloaded { remarks: vec!["done".to_owned()] });
        answering.join().unwrap();
    }
}
