//! Messages out of a stream: each as long as its Content-Length says (RFC 3261 §18.3).

use bytes::{Buf, Bytes, BytesMut};

use crate::sip::wire::fault::{Fault, What};
use crate::sip::wire::message::Message;
use crate::sip::wire::parse::{answerable, read_head, with_body};

/// Octets of a message's head.
pub const HEAD_MAX: usize = 64 * 1024;
/// Octets of a message's body.
pub const BODY_MAX: usize = 1024 * 1024;

#[derive(Debug, Default)]
pub struct Framer {
    buffer: BytesMut,
    /// Searched already without an end of the head.
    searched: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framed {
    Message(Box<Message>),
    /// An empty line pair between messages: to be answered with one (RFC 5626 §3.5.1).
    Ping,
}

impl Framer {
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// The next whole message, if it is there.
    ///
    /// # Errors
    /// Where a message ends cannot be told any more: answer if the fault can
    /// be answered, then close the connection.
    pub fn next_message(&mut self) -> Result<Option<Framed>, Fault> {
        if self.buffer.starts_with(b"\r\n\r\n") {
            self.buffer.advance(4);
            self.searched = 0;
            return Ok(Some(Framed::Ping));
        }
        // A lone line end may be half a ping, or come before a message.
        while self.buffer.len() > 2 && self.buffer.starts_with(b"\r\n") && self.buffer[2] != b'\r' {
            self.buffer.advance(2);
            self.searched = 0;
        }
        let Some(head) = self.head_length() else {
            if self.buffer.len() > HEAD_MAX {
                return Err(Fault::new(What::TooLong, "message head"));
            }
            return Ok(None);
        };
        if head > HEAD_MAX {
            return Err(Fault::new(What::TooLong, "message head"));
        }
        let bytes = Bytes::copy_from_slice(&self.buffer[..head]);
        let (message, _, length) = read_head(&bytes)?;
        let Some(length) = length else {
            return Err(answerable(Fault::new(What::Missing, "Content-Length"), &message));
        };
        if length > BODY_MAX {
            return Err(answerable(Fault::new(What::TooLong, "body"), &message));
        }
        if self.buffer.len() < head + length {
            return Ok(None);
        }
        self.buffer.advance(head);
        self.searched = 0;
        let body = self.buffer.split_to(length).freeze();
        Ok(Some(Framed::Message(Box::new(with_body(message, body)))))
    }

    fn head_length(&mut self) -> Option<usize> {
        let from = self.searched.saturating_sub(3);
        let found = memchr::memmem::find(&self.buffer[from..], b"\r\n\r\n");
        self.searched = found.map_or(self.buffer.len(), |at| from + at);
        found.map(|at| from + at + 4)
    }
}
