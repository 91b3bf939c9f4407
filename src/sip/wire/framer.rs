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
    /// A head that has been read, and how long the body is it waits for.
    waiting: Option<(Message, usize)>,
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
        if self.waiting.is_none() {
            self.skip_line_ends();
            if self.buffer.starts_with(b"\r\n\r\n") {
                self.skip(4);
                return Ok(Some(Framed::Ping));
            }
            self.waiting = self.take_head()?;
        }
        match self.waiting.take() {
            Some((message, length)) if self.buffer.len() >= length => {
                let body = self.buffer.split_to(length).freeze();
                Ok(Some(Framed::Message(Box::new(with_body(message, body)))))
            }
            waiting => {
                self.waiting = waiting;
                Ok(None)
            }
        }
    }

    fn take_head(&mut self) -> Result<Option<(Message, usize)>, Fault> {
        let head = self.head_length();
        if head.unwrap_or(self.buffer.len()) > HEAD_MAX {
            return Err(Fault::new(What::TooLong, "message head"));
        }
        let Some(head) = head else { return Ok(None) };
        let bytes = Bytes::copy_from_slice(&self.buffer[..head]);
        self.skip(head);
        let (message, _, length) = read_head(&bytes)?;
        match length {
            None => Err(answerable(Fault::new(What::Missing, "Content-Length"), &message)),
            Some(length) if length > BODY_MAX => {
                Err(answerable(Fault::new(What::TooLong, "body"), &message))
            }
            Some(length) => Ok(Some((message, length))),
        }
    }

    /// Line ends may come before a message (§7.5); one alone may be half a ping.
    fn skip_line_ends(&mut self) {
        loop {
            match *self.buffer {
                [b'\r', b'\n', b'\r', ..] | [b'\r', b'\n'] => return,
                [b'\r', b'\n', ..] => self.skip(2),
                [b'\n', ..] => self.skip(1),
                _ => return,
            }
        }
    }

    fn skip(&mut self, octets: usize) {
        self.buffer.advance(octets);
        self.searched = 0;
    }

    /// Up to and with the first empty line, ended like any other by CRLF or LF.
    fn head_length(&mut self) -> Option<usize> {
        let from = self.searched.saturating_sub(2);
        let searched = self.buffer.get(from..)?;
        let found = memchr::memchr_iter(b'\n', searched).find_map(|at| match searched[at + 1..] {
            [b'\n', ..] => Some(from + at + 2),
            [b'\r', b'\n', ..] => Some(from + at + 3),
            _ => None,
        });
        self.searched = self.buffer.len();
        found
    }
}
