//! The essentials; every class of fault is in `tests/corpus`.

use bytes::Bytes;

use super::*;

const INVITE: &str = "INVITE sip:%2A68105@office.example;user=phone SIP/2.0\r\n\
    v: SIP/2.0/UDP [2001:db8::9]:5062;branch=z9hG4bK77;rport\r\n\
    Max-Forwards: 70\r\n\
    f: \"J. \\\"Jim\\\" Roe\" <sip:103@office.example>;tag=7f01\r\n\
    t: <sip:*68105@office.example>\r\n\
    i: 1@host\r\n\
    CSeq: 1 INVITE\r\n\
    Subject: a\r\n folded\r\n\tline\r\n\
    m: <sip:103@[2001:db8::9]:5062;transport=tcp>;+sip.instance=\"<urn:uuid:1>\"\r\n\
    l: 4\r\n\
    \r\nbodyrest";

fn request(text: &str) -> Request {
    match parse(&Bytes::copy_from_slice(text.as_bytes())) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn compact_folded_escaped_and_ipv6_are_read() {
    let invite = request(INVITE);
    assert_eq!(invite.method, Method::Invite);
    assert_eq!(invite.uri.user_decoded().as_deref(), Some("*68105"));
    let from = invite.headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("J. \"Jim\" Roe"));
    assert_eq!(from.tag(), Some("7f01"));
    assert_eq!(invite.headers.text(&Name::Subject).unwrap(), "a folded line");
    let via = invite.headers.via().unwrap();
    assert_eq!(via.sent_by(), "[2001:db8::9]:5062");
    assert!(via.params.has("rport"));
    let contact = invite.headers.contact().unwrap();
    assert_eq!(contact.params.get("+sip.instance"), Some("<urn:uuid:1>"));
    assert_eq!(contact.uri.transport(), Some(crate::sip::flow::Transport::Tcp));
    assert_eq!(&invite.body[..], b"body");
}

#[test]
fn what_is_written_reads_the_same() {
    let invite = request(INVITE);
    let again = match parse(&invite.to_bytes()) {
        Ok(Message::Request(again)) => again,
        other => panic!("{other:?}"),
    };
    assert_eq!(again.headers.from(), invite.headers.from());
    assert_eq!(again.headers.vias(), invite.headers.vias());
    assert_eq!(again.body, invite.body);
    assert_eq!(again.to_bytes(), invite.to_bytes());
}

#[test]
fn a_latin_1_name_is_read_and_a_name_cannot_begin_a_header() {
    let mut raw = INVITE.replace("J. \\\"Jim\\\" Roe", "Zo@ M@ller").into_bytes();
    for byte in raw.iter_mut().skip(120).take(60) {
        if *byte == b'@' {
            *byte = 0xeb;
            break;
        }
    }
    let Ok(Message::Request(invite)) = parse(&Bytes::from(raw)) else { panic!() };
    let display = invite.headers.from().unwrap().display.unwrap();
    assert!(display.starts_with("Zo\u{eb} M"), "{display}");

    let evil = NameAddr::new(
        Some("x\"\r\nEvil: yes\r\n\u{1b}[2J".to_owned()),
        Uri::sip("a\r\nb c", Host::Name("office.example".to_owned())),
    );
    assert_eq!(evil.to_string(), "\"x\\\"Evil: yes[2J\" <sip:a%0D%0Ab%20c@office.example>");
}

#[test]
fn a_stream_is_cut_into_messages_wherever_it_breaks() {
    let one = String::from_utf8(request(INVITE).to_bytes().to_vec()).unwrap();
    let stream = format!("\r\n\r\n{one}{one}");
    for chunk in [1, 7, 64, 4096] {
        let mut framer = Framer::default();
        let mut framed = Vec::new();
        for part in stream.as_bytes().chunks(chunk) {
            framer.push(part);
            while let Some(next) = framer.next_message().unwrap() {
                framed.push(next);
            }
        }
        assert_eq!(framed.len(), 3, "in chunks of {chunk}");
        assert_eq!(framed[0], Framed::Ping);
        assert_eq!(framed[1], framed[2]);
    }
}

#[test]
fn a_broken_request_is_answered_and_a_broken_response_is_not() {
    let fault = |text: &str| parse(&Bytes::copy_from_slice(text.as_bytes())).unwrap_err();
    let broken = fault(&INVITE.replace("CSeq: 1 INVITE", "CSeq: one INVITE"));
    assert_eq!(broken.place, "CSeq");
    assert_eq!(broken.response().map(|r| r.status), Some(400));
    let version = fault(&INVITE.replacen("SIP/2.0\r\n", "SIP/7.0\r\n", 1));
    assert_eq!(version.response().map(|r| r.status), Some(505));
    assert!(fault("hello\r\n\r\n").response().is_none());
    assert!(fault("").response().is_none());
}

#[test]
fn what_a_peer_accepts() {
    let accepting = |accept: &'static str| Headers::default().with_accept(accept);
    let xml = "application/xml";
    assert!(Headers::default().accepts("application/sdp") && !Headers::default().accepts(xml));
    assert!(accepting("text/plain, Application/XML;q=0.5").accepts(xml));
    assert!(accepting("application/*").accepts(xml) && accepting("*/*").accepts(xml));
    assert!(!accepting("application/sdp").accepts(xml) && !accepting("").accepts(xml));
}

impl Headers {
    fn with_accept(mut self, accept: &'static str) -> Self {
        self.push(Name::Accept, accept);
        self
    }
}

#[test]
fn uris_compare_as_rfc_3261_says() {
    let uri = |text: &str| Uri::parse(text).unwrap();
    assert!(
        uri("sip:%61lice@A.example;transport=TCP")
            .equivalent(&uri("sip:alice@a.example;Transport=tcp"))
    );
    assert!(!uri("sip:alice@a.example").equivalent(&uri("sip:alice@a.example:5060")));
    assert!(!uri("sip:alice@a.example").equivalent(&uri("sip:alice@a.example;transport=udp")));
    assert!(uri("sip:alice@a.example;x=1").equivalent(&uri("sip:alice@a.example")));
    let refer = uri("sip:*68103@h?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2");
    let replaces = Replaces::parse(&refer.header("replaces").unwrap()).unwrap();
    assert_eq!((replaces.call_id.as_str(), replaces.to_tag.as_str()), ("a@b", "1"));
}
