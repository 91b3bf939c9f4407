//! A console's subscription over TCP: the table of parked calls, and what is
//! different at every change.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bellhop::domain::chance::Chance;
use bellhop::domain::park_table::{
    CHANGES_MIME_TYPE, EVENT_PACKAGE, MIME_TYPE, ParkChanges, ParkTable,
};
use bellhop::domain::time::Moment;
use bellhop::edge::clock::Clock;
use bellhop::sip::digest::Answerer;
use bellhop::sip::wire::{Framed, Framer, Message, Method, Name, Request, Uri};
use bytes::Bytes;
use memchr::memmem;

use super::Trouble;
use super::office::{DOMAIN, password_of};

pub struct Console {
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

#[derive(Default)]
struct Seen {
    /// Waited for: a text in a table.
    wanted: Vec<u8>,
    found_at: Option<Moment>,
    last: Bytes,
    table: ParkTable,
    told: u64,
    whole: u64,
    fault: Option<String>,
}

struct Line {
    stream: TcpStream,
    framer: Framer,
    local: SocketAddr,
}

impl Console {
    pub fn watch(
        extension: &str,
        office: SocketAddr,
        mut chance: Chance,
        clock: Clock,
    ) -> Result<Self, Trouble> {
        let stream = TcpStream::connect(office)?;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        let mut line = Line { stream, framer: Framer::default(), local };
        line.subscribe(extension, &mut chance)?;
        let seen: Arc<(Mutex<Seen>, Condvar)> = Arc::default();
        let shared = seen.clone();
        thread::Builder::new().name("console".into()).spawn(move || {
            let ended = line.listen(&shared, clock);
            lock(&shared.0).fault = ended.err().map(|fault| fault.to_string());
        })?;
        Ok(Self { seen })
    }

    /// From now on: when does this text first stand in a table?
    pub fn look_for(&self, text: &str) {
        let mut seen = lock(&self.seen.0);
        seen.wanted = text.as_bytes().to_vec();
        seen.found_at = None;
    }

    pub fn found_at(&self, within: Duration) -> Result<Moment, Trouble> {
        let (seen, changed) = &*self.seen;
        let nothing = |seen: &mut Seen| seen.found_at.is_none() && seen.fault.is_none();
        let waited = changed.wait_timeout_while(lock(seen), within, nothing);
        let (seen, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let fault = seen.fault.clone().unwrap_or_else(|| "not in the console's table".into());
        seen.found_at.ok_or_else(|| fault.into())
    }

    /// As far as it has been told.
    pub fn last_table(&self) -> ParkTable {
        lock(&self.seen.0).table.clone()
    }

    /// How often it was told, how often everything, and the octets of the last
    /// time.
    pub fn tables(&self) -> (u64, u64, usize) {
        let seen = lock(&self.seen.0);
        (seen.told, seen.whole, seen.last.len())
    }
}

impl Line {
    fn subscribe(&mut self, extension: &str, chance: &mut Chance) -> Result<(), Trouble> {
        let mut answerer = Answerer::new(extension, &password_of(extension));
        let (call_id, tag) = (chance.hex(16), chance.hex(8));
        for number in 1..=2 {
            let mut request = self.subscription(extension, &call_id, &tag, number)?;
            let via = format!("SIP/2.0/TCP {};branch=z9hG4bK{}", self.local, chance.hex(16));
            request.headers.push_front(Name::Via, via);
            answerer.authorize(&mut request, chance);
            self.stream.write_all(&request.to_bytes())?;
            let Message::Response(response) = self.next()? else {
                return Err("the office asks before it answers".into());
            };
            if response.is_success() {
                return Ok(());
            }
            if !answerer.challenged(&response) {
                return Err(format!("no console: {} {}", response.status, response.reason).into());
            }
        }
        Err("the console's password is not taken".into())
    }

    fn subscription(
        &self,
        extension: &str,
        call_id: &str,
        tag: &str,
        number: u32,
    ) -> Result<Request, Trouble> {
        let own = format!("sip:{extension}@{DOMAIN}");
        let contact = format!("<sip:{extension}@{};transport=tcp>", self.local);
        Ok(Request::new(Method::Subscribe, Uri::parse(&own)?)
            .with(Name::MaxForwards, "70")
            .with(Name::From, format!("<{own}>;tag={tag}"))
            .with(Name::To, format!("<{own}>"))
            .with(Name::CallId, call_id.to_owned())
            .with(Name::CSeq, format!("{number} SUBSCRIBE"))
            .with(Name::Contact, contact)
            .with(Name::Event, EVENT_PACKAGE)
            .with(Name::Accept, format!("{MIME_TYPE}, {CHANGES_MIME_TYPE}"))
            .with(Name::Expires, "3600"))
    }

    /// Until the office hangs up.
    fn listen(&mut self, seen: &(Mutex<Seen>, Condvar), clock: Clock) -> Result<(), Trouble> {
        loop {
            let Message::Request(request) = self.next()? else { continue };
            let now = clock.now();
            self.stream.write_all(&request.response(200).to_bytes())?;
            let (seen, changed) = seen;
            lock(seen).note(&request.body, now);
            lock(seen).read(&request)?;
            changed.notify_all();
        }
    }

    fn next(&mut self) -> Result<Message, Trouble> {
        let mut buffer = [0; 64 * 1024];
        loop {
            if let Some(Framed::Message(message)) = self.framer.next_message()? {
                return Ok(*message);
            }
            let length = self.stream.read(&mut buffer)?;
            if length == 0 {
                return Err("the office has hung up on the console".into());
            }
            self.framer.push(&buffer[..length]);
        }
    }
}

impl Seen {
    fn note(&mut self, table: &Bytes, now: Moment) {
        self.told += 1;
        self.last = table.clone();
        let waits = self.found_at.is_none() && !self.wanted.is_empty();
        if waits && memmem::find(table, &self.wanted).is_some() {
            self.found_at = Some(now);
        }
    }
}

impl Seen {
    fn read(&mut self, notify: &Request) -> Result<(), Trouble> {
        if notify.headers.content_type().as_deref() == Some(MIME_TYPE) {
            self.table = serde_json::from_slice(&notify.body)?;
            self.whole += 1;
            return Ok(());
        }
        let changes: ParkChanges = serde_json::from_slice(&notify.body)?;
        match self.table.change(changes) {
            true => Ok(()),
            false => Err("differences to a table that the console does not have".into()),
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
