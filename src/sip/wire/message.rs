//! Requests and responses, and how they are written.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::sip::wire::headers::Headers;
use crate::sip::wire::method::Method;
use crate::sip::wire::name::Name;
use crate::sip::wire::text::is_token;
use crate::sip::wire::uri::Uri;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    Request(Request),
    Response(Response),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub method: Method,
    pub uri: Uri,
    pub headers: Headers,
    pub body: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    pub status: u16,
    pub reason: String,
    pub headers: Headers,
    pub body: Bytes,
}

impl Message {
    pub fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

impl Request {
    pub fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: Headers::with_capacity(16), body: Bytes::new() }
    }

    pub fn with(mut self, name: Name, value: impl Into<Bytes>) -> Self {
        self.headers.push(name, value);
        self
    }

    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.headers.set(Name::ContentType, Bytes::copy_from_slice(content_type.as_bytes()));
        self.body = body.into();
        self
    }

    /// With what every response repeats of its request (RFC 3261 §8.2.6.2).
    pub fn response(&self, status: u16) -> Response {
        let mut response = Response::new(status);
        for (name, value) in &self.headers.shared() {
            let repeated = [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq];
            if repeated.contains(name) {
                response.headers.push(name.clone(), value.clone());
            }
        }
        response
    }

    pub fn to_bytes(&self) -> Bytes {
        let start = format!("{} {} SIP/2.0", token(self.method.as_str()), self.uri);
        written(&start, &self.headers, &self.body)
    }
}

impl Response {
    pub fn new(status: u16) -> Self {
        let reason = default_reason(status).to_owned();
        Self { status, reason, headers: Headers::with_capacity(16), body: Bytes::new() }
    }

    pub fn with(mut self, name: Name, value: impl Into<Bytes>) -> Self {
        self.headers.push(name, value);
        self
    }

    pub fn reason(mut self, reason: &str) -> Self {
        self.reason = reason.to_owned();
        self
    }

    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.headers.set(Name::ContentType, Bytes::copy_from_slice(content_type.as_bytes()));
        self.body = body.into();
        self
    }

    pub fn is_provisional(&self) -> bool {
        self.status < 200
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn is_final(&self) -> bool {
        self.status >= 200
    }

    pub fn to_bytes(&self) -> Bytes {
        let reason: String = self.reason.chars().filter(|c| !c.is_control()).collect();
        written(&format!("SIP/2.0 {} {reason}", self.status), &self.headers, &self.body)
    }
}

/// Strict: one line for each header, its length as it is, no line ends inside.
fn written(start: &str, headers: &Headers, body: &Bytes) -> Bytes {
    let lines: usize =
        headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let mut out = BytesMut::with_capacity(start.len() + lines + body.len() + 32);
    out.put_slice(start.as_bytes());
    out.put_slice(b"\r\n");
    for (name, value) in headers.iter().filter(|(name, _)| **name != Name::ContentLength) {
        let name = token(name.as_str());
        if name.is_empty() {
            continue;
        }
        out.put_slice(name.as_bytes());
        out.put_slice(b": ");
        put_value(&mut out, value);
        out.put_slice(b"\r\n");
    }
    out.put_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    out.put_slice(body);
    out.freeze()
}

/// Methods and names of headers are tokens, whoever made them up.
fn token(text: &str) -> Cow<'_, str> {
    match text.bytes().all(is_token) {
        true => text.into(),
        false => text.chars().filter(|c| u8::try_from(*c).is_ok_and(is_token)).collect(),
    }
}

/// A line end in a value would begin a header of somebody else's making.
fn put_value(out: &mut BytesMut, value: &[u8]) {
    let white = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0);
    let start = value.iter().position(|byte| !white(byte)).unwrap_or(value.len());
    let value = &value[start..];
    let end = value.iter().rposition(|byte| !white(byte)).map_or(0, |at| at + 1);
    let value = &value[..end];
    if memchr::memchr3(b'\r', b'\n', 0, value).is_none() {
        return out.put_slice(value);
    }
    for byte in value.iter().filter(|byte| **byte != 0) {
        out.put_u8(if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte });
    }
}

/// RFC 3261 §21 and its extensions.
fn default_reason(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        _ => match status / 100 {
            1 => "Progress",
            2 => "OK",
            3 => "Redirected",
            4 => "Request Failed",
            5 => "Server Failed",
            _ => "Global Failure",
        },
    }
}
