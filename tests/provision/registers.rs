//! What the files say is enough to register: a phone that knows nothing but
//! its file does so with the very server that gave it.

use std::net::UdpSocket;

use bellhop::domain::chance::Chance;
use bellhop::sip::digest::Answerer;
use bellhop::sip::wire::{Message, Method, Name, Request, Response, Uri, parse};
use bytes::Bytes;

use crate::listener::{Server, VOUCHED};
use crate::support::running::PATIENCE;

/// The account as a phone reads it from its file.
struct Account {
    server: String,
    user: String,
    password: String,
}

impl Account {
    fn in_lines(text: &str) -> Self {
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            line.unwrap_or_else(|| panic!("no {key}")).to_owned()
        };
        let (host, port) =
            (value("account.1.sip_server.1.address"), value("account.1.sip_server.1.port"));
        Self {
            server: format!("{host}:{port}"),
            user: value("account.1.auth_name"),
            password: value("account.1.password"),
        }
    }

    fn in_xml(text: &str, server: &[&str], user: &str, password: &str) -> Self {
        let document = roxmltree::Document::parse(text).unwrap();
        let value = |tag: &str| {
            let node = document.descendants().find(|node| node.has_tag_name(tag));
            node.and_then(|node| node.text()).unwrap_or_else(|| panic!("no {tag}")).to_owned()
        };
        let server: Vec<String> = server.iter().map(|tag| value(tag)).collect();
        Self { server: server.join(":"), user: value(user), password: value(password) }
    }

    /// The final answer to its REGISTER.
    fn registers(&self) -> Response {
        let phone = UdpSocket::bind("127.0.0.1:0").unwrap();
        phone.set_read_timeout(Some(PATIENCE)).unwrap();
        phone.connect(&self.server).unwrap();
        let mut answerer = Answerer::new(&self.user, &self.password);
        let mut chance = Chance::from_seed(7);
        for number in 1..=2 {
            let mut register = self.register(&phone, number);
            answerer.authorize(&mut register, &mut chance);
            phone.send(&register.to_bytes()).unwrap();
            let mut buffer = [0; 4096];
            let length = phone.recv(&mut buffer).unwrap();
            let answer = parse(&Bytes::copy_from_slice(&buffer[..length])).unwrap();
            let Message::Response(response) = answer else { panic!("{answer:?}") };
            if response.status != 401 || !answerer.challenged(&response) {
                return response;
            }
        }
        panic!("challenged again");
    }

    fn register(&self, phone: &UdpSocket, number: u32) -> Request {
        let own = phone.local_addr().unwrap();
        let (user, server) = (&self.user, &self.server);
        let uri = Uri::parse(&format!("sip:{server}")).unwrap();
        Request::new(Method::Register, uri)
            .with(Name::Via, format!("SIP/2.0/UDP {own};branch=z9hG4bK{number};rport"))
            .with(Name::From, format!("<sip:{user}@{server}>;tag=1"))
            .with(Name::To, format!("<sip:{user}@{server}>"))
            .with(Name::CallId, format!("{own}"))
            .with(Name::CSeq, format!("{number} REGISTER"))
            .with(Name::Contact, format!("<sip:{user}@{own}>"))
            .with(Name::MaxForwards, "70")
            .with(Name::Expires, "3600")
    }
}

#[test]
fn a_phone_registers_with_nothing_but_its_file() {
    let server = Server::start(VOUCHED);
    let text = |path: &str| {
        let (status, text) = server.get(path);
        assert_eq!(status, 200, "{path}");
        text
    };
    for account in [
        Account::in_lines(&text("/prov/805e0c112233.cfg")),
        Account::in_xml(&text("/prov/cfgc074ad0b63ee.xml"), &["P47"], "P36", "P34"),
        Account::in_xml(
            &text("/prov/0c383e557eb1.cfg"),
            &["RegisterAddr", "RegisterPort"],
            "RegisterUser",
            "RegisterPswd",
        ),
    ] {
        let response = account.registers();
        assert_eq!(response.status, 200, "{} {}", account.user, response.reason);
    }
    let wrong = Account {
        password: "guess".to_owned(),
        ..Account::in_lines(&text("/prov/805e0c112233.cfg"))
    };
    assert_eq!(wrong.registers().status, 401);
}
