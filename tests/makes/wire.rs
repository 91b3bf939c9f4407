//! A phone's socket.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Mutex;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::text;

/// How often a phone looks at its clock while nothing comes.
pub const LOOK: Duration = Duration::from_millis(100);

pub enum Wire {
    Udp(UdpSocket),
    Tcp { writer: Mutex<TcpStream>, reader: Mutex<(TcpStream, Vec<u8>)> },
}

impl Wire {
    /// `from` with port 0: any.
    pub fn open(from: SocketAddr, server: SocketAddr, is_tcp: bool) -> Self {
        if !is_tcp {
            let socket = UdpSocket::bind(from).unwrap();
            socket.connect(server).unwrap();
            socket.set_read_timeout(Some(LOOK)).unwrap();
            return Self::Udp(socket);
        }
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&from.into()).unwrap();
        socket.connect(&server.into()).unwrap();
        let writer = TcpStream::from(socket);
        writer.set_read_timeout(Some(LOOK)).unwrap();
        let reader = Mutex::new((writer.try_clone().unwrap(), Vec::new()));
        Self::Tcp { writer: Mutex::new(writer), reader }
    }

    pub fn own(&self) -> SocketAddr {
        match self {
            Self::Udp(socket) => socket.local_addr().unwrap(),
            Self::Tcp { writer, .. } => writer.lock().unwrap().local_addr().unwrap(),
        }
    }

    pub fn is_tcp(&self) -> bool {
        matches!(self, Self::Tcp { .. })
    }

    pub fn send(&self, bytes: &[u8]) {
        match self {
            // A server that has gone is noticed by whoever waits for it.
            Self::Udp(socket) => drop(socket.send(bytes)),
            Self::Tcp { writer, .. } => drop(writer.lock().unwrap().write_all(bytes)),
        }
    }

    /// The next message; none after a while without any.
    pub fn next(&self) -> Option<Vec<u8>> {
        match self {
            Self::Udp(socket) => {
                let mut buffer = vec![0; 65_536];
                let length = socket.recv(&mut buffer).ok()?;
                buffer.truncate(length);
                Some(buffer)
            }
            Self::Tcp { reader, .. } => {
                let (stream, seen) = &mut *reader.lock().unwrap();
                loop {
                    while seen.starts_with(b"\r\n") {
                        seen.drain(..2);
                    }
                    if let Some(length) = text::length_in(seen) {
                        return Some(seen.drain(..length).collect());
                    }
                    let mut buffer = [0; 8192];
                    match stream.read(&mut buffer) {
                        Ok(0) => {
                            std::thread::park_timeout(LOOK);
                            return None;
                        }
                        Ok(length) => seen.extend(&buffer[..length]),
                        Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
                        Err(_) => return None,
                    }
                }
            }
        }
    }
}
