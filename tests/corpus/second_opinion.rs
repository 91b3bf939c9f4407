//! `rsip`, written by somebody else, reads the same messages: where both take
//! one, they must agree about what it is.

use bellhop::sip::wire::{Message, parse};
use bytes::Bytes;
use proptest::prelude::*;
use rsip::prelude::{HeadersExt, ToTypedHeader, UntypedHeader};

use crate::own;

/// Method or status, Call-ID, CSeq.
type Essence = (String, String, u32, String);

fn ours(octets: &[u8]) -> Option<Essence> {
    let message = parse(&Bytes::copy_from_slice(octets)).ok()?;
    let what = match &message {
        Message::Request(request) => request.method.as_str().to_owned(),
        Message::Response(response) => response.status.to_string(),
    };
    let cseq = message.headers().cseq().unwrap();
    Some((what, message.headers().call_id().unwrap(), cseq.number, cseq.method.as_str().to_owned()))
}

fn theirs(octets: &[u8]) -> Option<Essence> {
    let message = rsip::SipMessage::try_from(octets).ok()?;
    let what = match &message {
        rsip::SipMessage::Request(request) => request.method.to_string(),
        rsip::SipMessage::Response(response) => response.status_code.code().to_string(),
    };
    let call = message.call_id_header().ok()?.value().to_owned();
    let cseq = message.cseq_header().ok()?.typed().ok()?;
    message.via_header().ok()?.typed().ok()?;
    message.from_header().ok()?.typed().ok()?;
    message.to_header().ok()?.typed().ok()?;
    Some((what, call, cseq.seq, cseq.method.to_string()))
}

#[test]
fn both_understand_our_corpus_the_same() {
    let mut agreed = 0;
    for entry in own::corpus() {
        if let (Some(ours), Some(theirs)) = (ours(&entry.octets), theirs(&entry.octets)) {
            assert_eq!(ours, theirs, "{}", entry.name);
            agreed += 1;
        }
    }
    assert!(agreed >= 20, "too few to say anything: {agreed}");
}

#[test]
fn it_reads_what_we_write() {
    let ordinary = own::corpus().into_iter().find(|entry| entry.name == "ordinary-invite").unwrap();
    let written = parse(&Bytes::from(ordinary.octets)).unwrap().to_bytes();
    assert_eq!(theirs(&written), ours(&written));
    assert!(theirs(&written).is_some());
}

proptest! {
    #[test]
    fn both_understand_a_plain_request_the_same(
        method in prop::sample::select(vec!["INVITE", "BYE", "OPTIONS", "REGISTER", "SUBSCRIBE"]),
        user in "[a-z0-9]{1,8}",
        host in "[a-z]{1,8}\\.example",
        call in "[a-zA-Z0-9.-]{1,20}(@[a-z0-9.]{1,12})?",
        number in 0..i32::MAX.unsigned_abs(),
        tag in "[a-z0-9]{1,8}",
    ) {
        let octets = format!(
            "{method} sip:{user}@{host} SIP/2.0\r\n\
             Via: SIP/2.0/UDP 10.0.0.51:5060;branch=z9hG4bK{tag}\r\nMax-Forwards: 70\r\n\
             From: <sip:101@{host}>;tag={tag}\r\nTo: <sip:{user}@{host}>\r\n\
             Call-ID: {call}\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n"
        );
        prop_assert_eq!(ours(octets.as_bytes()), theirs(octets.as_bytes()));
        prop_assert!(ours(octets.as_bytes()).is_some());
    }
}
