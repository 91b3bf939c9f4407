//! Whoever overhears a phone may say again what it said, to the real server
//! and from the phone's own host. It must never do anything.

use std::net::UdpSocket;

use bellhop::domain::chance::Chance;
use bellhop::sip::digest::Answerer;
use bellhop::sip::wire::{self, Message, Method, Name, Request, Response, Uri};
use bytes::Bytes;

use crate::bench::Office;
use crate::support::running::PATIENCE;

#[test]
fn what_was_overheard_before_a_restart_registers_nobody_after_it() {
    let mut office = Office::open();
    let phone = Peer::of(&office);
    let mut answerer = Answerer::new("101", "s3cret-101");
    let challenge = phone.ask(phone.register(1));
    assert!(answerer.challenged(&challenge));
    let mut overheard = phone.register(2);
    answerer.authorize(&mut overheard, &mut Chance::from_seed(7));
    assert_eq!(phone.ask(overheard.clone()).status, 200);

    office.kill();
    office.start();
    let thief = Peer::of(&office);
    overheard.headers.set(Name::Contact, format!("<sip:101@{}>", thief.own()));
    overheard.headers.set(Name::Via, thief.via("z9hG4bKstolen"));
    let answer = thief.ask(overheard);
    let challenge = answer.headers.text(&Name::WwwAuthenticate).unwrap().into_owned();
    assert_eq!((answer.status, challenge.contains("stale=true")), (401, true), "{challenge}");
    // The phone itself only has to answer once more.
    assert!(answerer.challenged(&answer));
    let mut again = phone.register(3);
    answerer.authorize(&mut again, &mut Chance::from_seed(8));
    assert_eq!(phone.ask(again).status, 200);
}

struct Peer {
    socket: UdpSocket,
    port: u16,
}

impl Peer {
    fn of(office: &Office) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(("127.0.0.1", office.port)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, port: office.port }
    }

    fn own(&self) -> String {
        self.socket.local_addr().unwrap().to_string()
    }

    fn via(&self, branch: &str) -> String {
        format!("SIP/2.0/UDP {};branch={branch};rport", self.own())
    }

    fn register(&self, number: u32) -> Request {
        let domain = format!("sip:127.0.0.1:{}", self.port);
        Request::new(Method::Register, Uri::parse(&domain).unwrap())
            .with(Name::Via, self.via(&format!("z9hG4bKphone{number}")))
            .with(Name::MaxForwards, "70")
            .with(Name::From, "<sip:101@127.0.0.1>;tag=phone")
            .with(Name::To, "<sip:101@127.0.0.1>")
            .with(Name::CallId, "overheard@127.0.0.1")
            .with(Name::CSeq, format!("{number} REGISTER"))
            .with(Name::Contact, format!("<sip:101@{}>", self.own()))
            .with(Name::Expires, "300")
    }

    fn ask(&self, request: Request) -> Response {
        self.socket.send(&request.to_bytes()).unwrap();
        let mut buffer = [0; 4096];
        loop {
            let length = self.socket.recv(&mut buffer).unwrap();
            if let Ok(Message::Response(response)) =
                wire::parse(&Bytes::copy_from_slice(&buffer[..length]))
            {
                return response;
            }
        }
    }
}
