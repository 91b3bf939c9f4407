//! Many callers' sound on few sockets: each sends 50 packets a second and
//! measures what it gets. Callers that share a socket are told apart by the
//! server's port.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bellhop::domain::time::Moment;
use bellhop::edge::clock::Clock;
use bellhop::media::rtp::{Header, Packet};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};

use super::gaps::Gaps;

const PACKET: Duration = Duration::from_millis(20);
/// A caller that falls this far behind gives up the packets in between.
const BEHIND_MAX: Duration = Duration::from_millis(200);
const BUFFER_BYTES: usize = 8 << 20;
/// A-law for silence. All callers say it, and no other sound is all of it.
const VOICE: [u8; 160] = [0xd5; 160];

pub struct RtpCallers {
    poll: Poll,
    sockets: Vec<UdpSocket>,
    callers: Vec<Caller>,
    by_server: HashMap<SocketAddr, usize>,
    clock: Clock,
}

struct Caller {
    socket: usize,
    server: SocketAddr,
    header: Header,
    sends_at: Moment,
    /// When the first music came.
    music_at: Option<Moment>,
    /// None: he has left.
    heard: Option<Heard>,
}

/// What one caller heard since measuring began.
#[derive(Clone, Default)]
pub struct Heard {
    pub packets: u64,
    pub gaps: Gaps,
    /// Packets whose number does not follow the one before.
    pub jumps: u64,
    /// Packets that another caller said, and the server only passed on.
    pub voices: u64,
    last: Option<(Moment, u16)>,
}

impl RtpCallers {
    pub fn new(host: IpAddr, sockets: usize, clock: Clock) -> std::io::Result<Self> {
        let poll = Poll::new()?;
        let mut bound = Vec::new();
        for token in 0..sockets {
            let mut socket = bind(host)?;
            poll.registry().register(&mut socket, Token(token), Interest::READABLE)?;
            bound.push(socket);
        }
        Ok(Self { poll, sockets: bound, callers: vec![], by_server: HashMap::new(), clock })
    }

    /// What caller number `n` puts into its session description.
    pub fn address_of(&self, n: usize) -> std::io::Result<SocketAddr> {
        self.sockets[n % self.sockets.len()].local_addr()
    }

    /// Caller number [`RtpCallers::next`] begins to talk to `server`.
    pub fn add(&mut self, server: SocketAddr, payload_type: u8) -> usize {
        let n = self.callers.len();
        let ssrc = n as u32;
        let header = Header { marker: true, payload_type, sequence: 0, timestamp: 0, ssrc };
        // Callers do not speak in step.
        let sends_at = self.clock.now() + PACKET.mul_f64((n * 7 % 20) as f64 / 20.0);
        let socket = n % self.sockets.len();
        self.by_server.insert(server, n);
        let heard = Some(Heard::default());
        self.callers.push(Caller { socket, server, header, sends_at, music_at: None, heard });
        n
    }

    /// The number of whoever comes next.
    pub fn next(&self) -> usize {
        self.callers.len()
    }

    /// He hangs up: says nothing more, and nobody listens.
    pub fn leave(&mut self, n: usize) {
        self.callers[n].heard = None;
        let server = self.callers[n].server;
        // Another caller may have the server's port by now.
        if self.by_server.get(&server) == Some(&n) {
            self.by_server.remove(&server);
        }
    }

    /// When music first came to him, in this call.
    pub fn music_at(&self, n: usize) -> Option<Moment> {
        self.callers[n].music_at
    }

    /// What he heard since measuring began; none when he has left.
    pub fn heard_by(&self, n: usize) -> Option<&Heard> {
        self.callers[n].heard.as_ref()
    }

    /// Forgets what was heard, so that a warm-up does not count.
    pub fn begin_to_measure(&mut self) {
        for heard in self.callers.iter_mut().filter_map(|caller| caller.heard.as_mut()) {
            *heard = Heard { last: heard.last, ..Heard::default() };
        }
    }

    /// Of everybody who has not left.
    pub fn heard(&self) -> Vec<Heard> {
        self.callers.iter().filter_map(|caller| caller.heard.clone()).collect()
    }

    /// Talks and listens for that long, on this thread.
    pub fn run_for(&mut self, span: Duration) {
        let until = self.clock.now() + span;
        let mut events = Events::with_capacity(64);
        loop {
            let now = self.clock.now();
            if now >= until {
                return;
            }
            self.send_due(now);
            let _ = self.poll.poll(&mut events, Some(Duration::from_millis(1)));
            for event in events.iter() {
                self.read(event.token().0);
            }
        }
    }

    fn send_due(&mut self, now: Moment) {
        let is_due = |caller: &&mut Caller| caller.heard.is_some() && caller.sends_at <= now;
        for caller in self.callers.iter_mut().filter(is_due) {
            let _ = caller.send(&self.sockets[caller.socket]);
            if now.since(caller.sends_at) > BEHIND_MAX {
                caller.sends_at = now;
            }
        }
    }

    fn read(&mut self, socket: usize) {
        let mut buffer = [0; 1_500];
        while let Ok((length, from)) = self.sockets[socket].recv_from(&mut buffer) {
            let packet = Packet::read(&buffer[..length]);
            if let (Some(packet), Some(n)) = (packet, self.by_server.get(&from)) {
                self.callers[*n].hear(&packet, self.clock.now());
            }
        }
    }
}

impl Caller {
    fn send(&mut self, socket: &UdpSocket) -> std::io::Result<()> {
        let mut buffer = [0; 200];
        let length = self.header.write(&VOICE, &mut buffer).unwrap_or(0);
        self.sends_at = self.sends_at + PACKET;
        self.header.marker = false;
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(160);
        socket.send_to(&buffer[..length], self.server).map(drop)
    }

    fn hear(&mut self, packet: &Packet<'_>, now: Moment) {
        let Some(heard) = &mut self.heard else { return };
        heard.note(packet.header.sequence, now);
        if packet.payload == VOICE {
            heard.voices += 1;
        } else {
            self.music_at.get_or_insert(now);
        }
    }
}

impl Heard {
    fn note(&mut self, sequence: u16, now: Moment) {
        if let Some((at, before)) = self.last {
            self.gaps.add(now.since(at));
            self.jumps += u64::from(sequence != before.wrapping_add(1));
        }
        self.packets += 1;
        self.last = Some((now, sequence));
    }
}

fn bind(host: IpAddr) -> std::io::Result<UdpSocket> {
    let address = SocketAddr::new(host, 0);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    socket.set_nonblocking(true)?;
    // Only as much as the system allows.
    let _ = socket.set_recv_buffer_size(BUFFER_BYTES);
    socket.bind(&address.into())?;
    Ok(UdpSocket::from_std(socket.into()))
}
