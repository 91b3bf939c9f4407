//! Phones that ask by multicast: their messages as they are known from
//! documents, and what is answered.

use bellhop::provision::pnp::Question;
use bellhop::sip::wire::{Message, Method, parse};
use bytes::Bytes;

const GRANDSTREAM: &str = "SUBSCRIBE sip:MAC%3AC074AD112233@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 192.168.1.2:5080;branch=z9hG4bK1611133778;rport
From: <sip:MAC%3AC074AD112233@224.0.1.75>;tag=395400190
To: <sip:MAC%3AC074AD112233@224.0.1.75>
Call-ID: 490431573-5080-1@x
CSeq: 20000 SUBSCRIBE
Contact: <sip:192.168.1.2:5080>
Event: ua-profile;profile-type=\"device\";vendor=\"Grandstream\";model=\"GRP2612W\";version=\"1.0.5.67\"
Accept: application/url
Expires: 0
Content-Length: 0

";

fn question(text: &str) -> Option<Question> {
    Question::read(&Bytes::from(text.replace('\n', "\r\n")))
}

#[test]
fn a_phones_question_is_answered_and_it_is_told_where() {
    let question = question(GRANDSTREAM).unwrap();
    assert_eq!(question.mac.as_str(), "c074ad112233");
    let local = "10.0.0.10:5060".parse().unwrap();
    let from = "192.168.1.2:5080".parse().unwrap();
    let answer = question.answer("http://10.0.0.10:8088/prov/", local, from).unwrap();
    let Ok(Message::Response(response)) = parse(&answer.response) else { panic!() };
    assert_eq!(response.status, 200);
    let via = response.headers.via().unwrap();
    assert_eq!(via.params.get("rport"), Some("5080"));
    assert_eq!(via.params.get("received"), Some("192.168.1.2"));
    assert_eq!(response.headers.call_id().unwrap(), "490431573-5080-1@x");
    assert_eq!(response.headers.from_tag().unwrap(), "395400190");
    assert_eq!(response.headers.expires(), Some(0));
    let Ok(Message::Request(notify)) = parse(&answer.notify) else { panic!() };
    assert_eq!(notify.method, Method::Notify);
    assert_eq!(notify.uri.to_string(), "sip:192.168.1.2:5080");
    assert_eq!(notify.headers.call_id().unwrap(), "490431573-5080-1@x");
    assert_eq!(notify.headers.to_tag().unwrap(), "395400190");
    assert_eq!(notify.headers.from_tag(), response.headers.to_tag());
    assert_eq!(notify.headers.event().unwrap().package, "ua-profile");
    assert_eq!(notify.headers.subscription_state().unwrap().state, "terminated");
    assert_eq!(notify.headers.content_type().unwrap(), "application/url");
    assert_eq!(notify.body, "http://10.0.0.10:8088/prov/");
    // Repeated until it is answered: a repetition is the same question.
    assert_eq!(question.answer("http://10.0.0.10:8088/prov/", local, from).unwrap(), answer);
}

#[test]
fn the_hardware_address_is_read_as_makes_write_it() {
    for spelled in ["MAC%3aC074AD112233", "MAC:C074AD112233", "mac%3Ac074ad112233"] {
        let text = GRANDSTREAM.replacen("MAC%3AC074AD112233", spelled, 1);
        assert_eq!(question(&text).unwrap().mac.as_str(), "c074ad112233", "{spelled}");
    }
    // Panasonic's slip.
    let misspelled = GRANDSTREAM.replace("vendor=", "vender=");
    assert!(question(&misspelled).is_some());
}

#[test]
fn anything_else_is_no_question() {
    for (from, to) in [
        ("Event: ua-profile", "Event: dialog"),
        ("SUBSCRIBE sip:MAC%3AC074AD112233", "SUBSCRIBE sip:101"),
        ("SUBSCRIBE sip:MAC%3AC074AD112233", "SUBSCRIBE sip:MAC%3AC074AD1122"),
        ("SUBSCRIBE sip:MAC%3AC074AD112233", "SUBSCRIBE sip:%C3%A4%C3%A4C074AD112233"),
        ("Contact: <sip:192.168.1.2:5080>\n", ""),
        ("Call-ID: 490431573-5080-1@x\n", ""),
        ("CSeq: 20000 SUBSCRIBE", "CSeq: 20000 NOTIFY"),
    ] {
        let text = GRANDSTREAM.replacen(from, to, 1);
        assert_ne!(text, GRANDSTREAM);
        assert!(question(&text).is_none(), "{to}");
    }
    assert!(Question::read(&Bytes::from_static(b"")).is_none());
    assert!(Question::read(&Bytes::from_static(&[0xFF; 64])).is_none());
}
