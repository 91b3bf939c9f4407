//! The multicast group over loopback.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use socket2::SockRef;

use super::*;
use crate::domain::caller_name::CallerName;
use crate::domain::codes::FeatureCodes;
use crate::domain::device::{Mac, Make};
use crate::domain::ids::Extension;
use crate::provision::{Password, Phone};

fn book() -> Book {
    let phone = Phone {
        make: Make::Grandstream,
        mac: Mac::parse("c074ad112233"),
        extension: Extension::parse("103").unwrap(),
        name: CallerName::clean("James"),
        password: Password::new("SECRET"),
        codes: FeatureCodes::default(),
        colleagues: Vec::new(),
        domain: None,
        revision: 1,
    };
    Book::new([phone], &[7; 32])
}

fn question(mac: &str, phone: SocketAddr) -> String {
    format!(
        "SUBSCRIBE sip:MAC%3A{mac}@224.0.1.75 SIP/2.0\r\n\
         Via: SIP/2.0/UDP {phone};branch=z9hG4bK{mac};rport\r\n\
         From: <sip:MAC%3A{mac}@224.0.1.75>;tag=1\r\n\
         To: <sip:MAC%3A{mac}@224.0.1.75>\r\n\
         Call-ID: {mac}@x\r\n\
         CSeq: 1 SUBSCRIBE\r\n\
         Contact: <sip:{phone}>\r\n\
         Event: ua-profile;profile-type=\"device\";vendor=\"Grandstream\";model=\"GRP2612W\"\r\n\
         Expires: 0\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

#[test]
fn only_listed_phones_that_ask_by_multicast_are_told_where_their_settings_are() {
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let pnp = PnpSocket::bind(port).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let http = listener.local_addr().unwrap();
    let settings = Provisioning {
        book: tokio::sync::watch::channel(book()).1,
        listening: vec![(Transport::Udp, "0.0.0.0:5060".parse().unwrap())],
        external_address: None,
        local_networks: Vec::new(),
        vouched: Vec::new(),
    };
    start(settings, listener, Some(pnp)).unwrap();

    let phone = UdpSocket::bind("127.0.0.1:0").unwrap();
    SockRef::from(&phone).set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
    phone.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let group = SocketAddr::from((Ipv4Addr::new(224, 0, 1, 75), port));
    let own = phone.local_addr().unwrap();
    let mut heard = Vec::new();
    // Phones repeat what is not answered; the group may not be joined yet.
    for _ in 0..50 {
        phone.send_to(question("C074AD112244", own).as_bytes(), group).unwrap();
        phone.send_to(question("C074AD112233", own).as_bytes(), group).unwrap();
        let mut buffer = [0; 4096];
        while let Ok(length) = phone.recv(&mut buffer) {
            heard.push(String::from_utf8_lossy(buffer.get(..length).unwrap()).into_owned());
        }
        if heard.len() >= 3 {
            break;
        }
    }
    assert!(
        heard.first().is_some_and(|first| first.starts_with("SIP/2.0 200 OK\r\n")),
        "{heard:?}"
    );
    let notify = heard.iter().find(|text| text.starts_with("NOTIFY ")).unwrap();
    assert!(notify.ends_with(&format!("\r\n\r\nhttp://{http}/prov/")), "{notify}");
    assert!(heard.iter().all(|text| !text.contains("C074AD112244")), "{heard:?}");
}
