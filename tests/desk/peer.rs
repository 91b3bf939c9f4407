//! A phone that does only what it is told: one socket, and credentials.

use std::net::UdpSocket;

use bellhop::domain::chance::Chance;
use bellhop::sip::digest::Answerer;
use bellhop::sip::wire::{self, Host, Message, Method, Name, Request, Response, Uri};
use bytes::Bytes;

use crate::bench::Office;
use crate::support::running::PATIENCE;

pub struct Peer {
    socket: UdpSocket,
    office_port: u16,
    extension: &'static str,
    answerer: Answerer,
    chance: Chance,
    said: u32,
}

impl Peer {
    pub fn of(office: &Office, extension: &'static str) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(("127.0.0.1", office.port)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let seed = socket.local_addr().unwrap().port();
        Self {
            socket,
            office_port: office.port,
            extension,
            answerer: Answerer::new(extension, &format!("s3cret-{extension}")),
            chance: Chance::from_seed(seed.into()),
            said: 0,
        }
    }

    pub fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.extension, self.socket.local_addr().unwrap())
    }

    pub fn via(&mut self) -> String {
        let branch = self.chance.hex(16);
        format!("SIP/2.0/UDP {};branch=z9hG4bK{branch};rport", self.socket.local_addr().unwrap())
    }

    /// Outside a dialog, not signed.
    pub fn request(&mut self, method: Method, to: &str) -> Request {
        self.said += 1;
        let mut uri = Uri::sip(to, Host::V4([127, 0, 0, 1].into()));
        uri.port = Some(self.office_port);
        Request::new(method.clone(), uri)
            .with(Name::Via, self.via())
            .with(Name::MaxForwards, "70")
            .with(Name::From, format!("<sip:{}@127.0.0.1>;tag=own", self.extension))
            .with(Name::To, format!("<sip:{}@127.0.0.1>", self.extension))
            .with(Name::CallId, self.chance.hex(16))
            .with(Name::CSeq, format!("{} {}", self.said, method.as_str()))
            .with(Name::Contact, self.contact())
    }

    pub fn signed(&mut self, mut request: Request) -> Request {
        self.answerer.authorize(&mut request, &mut self.chance);
        request
    }

    /// False: there is nothing in it to answer.
    pub fn learns(&mut self, challenge: &Response) -> bool {
        self.answerer.challenged(challenge)
    }

    /// Registers; the request that did it.
    pub fn register(&mut self) -> Request {
        let request = self.request(Method::Register, "").with(Name::Expires, "300");
        let challenge = self.ask(&request);
        assert!(self.learns(&challenge), "{challenge:?}");
        let request = self.request(Method::Register, "").with(Name::Expires, "300");
        let request = self.signed(request);
        assert_eq!(self.ask(&request).status, 200);
        request
    }

    pub fn send(&self, request: &Request) {
        self.socket.send(&request.to_bytes()).unwrap();
    }

    pub fn ask(&self, request: &Request) -> Response {
        self.send(request);
        self.response()
    }

    /// The next response; requests are passed over.
    pub fn response(&self) -> Response {
        let mut buffer = [0; 4096];
        loop {
            let length = self.socket.recv(&mut buffer).unwrap();
            let message = wire::parse(&Bytes::copy_from_slice(&buffer[..length]));
            if let Ok(Message::Response(response)) = message {
                return response;
            }
        }
    }
}
