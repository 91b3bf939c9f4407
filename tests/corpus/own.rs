//! Our own messages, `messages/*.txt`: every class of fault of RFC 4475 and
//! RFC 5118, and what made other systems fall over.

use std::fmt::Write;

use bellhop::sip::wire::{Contacts, Message, parse};
use bytes::Bytes;

use crate::format::{Entry, entries};
use crate::judge::Fate;

pub fn corpus() -> Vec<Entry> {
    let all = [
        include_str!("messages/valid.txt"),
        include_str!("messages/malformed.txt"),
        include_str!("messages/unacceptable.txt"),
        include_str!("messages/ipv6.txt"),
        include_str!("messages/hostile.txt"),
    ];
    all.into_iter().flat_map(entries).collect()
}

#[test]
fn every_message_meets_its_fate() {
    let all = corpus();
    assert!(all.len() > 100, "{} messages", all.len());
    let differ: Vec<String> = all
        .iter()
        .filter_map(|entry| {
            let fate = Fate::of(&entry.octets);
            let why = parse(&Bytes::copy_from_slice(&entry.octets)).err().map(|it| it.to_string());
            (fate != entry.expected)
                .then(|| format!("{}: {fate}, not {} ({why:?})", entry.name, entry.expected))
        })
        .collect();
    assert!(differ.is_empty(), "\n{}", differ.join("\n"));
}

#[test]
fn no_name_is_given_twice() {
    let mut names: Vec<String> = corpus().into_iter().map(|entry| entry.name).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn what_is_read_is_written_strictly_and_reads_the_same() {
    for entry in corpus() {
        let Ok(message) = parse(&Bytes::from(entry.octets)) else { continue };
        let written = message.to_bytes();
        let again = parse(&written).unwrap_or_else(|fault| panic!("{}: {fault}", entry.name));
        assert_eq!(again.to_bytes(), written, "{}", entry.name);
        assert_eq!(told(&again), told(&message), "{}", entry.name);
    }
}

#[test]
fn what_is_read_is_understood() {
    let mut text = String::new();
    for entry in corpus() {
        if let Ok(message) = parse(&Bytes::from(entry.octets)) {
            writeln!(text, "== {}\n{}", entry.name, told(&message)).unwrap();
        }
    }
    insta::assert_snapshot!("understood", text);
}

/// A message through its typed accessors; what is absent is left out.
fn told(message: &Message) -> String {
    let headers = message.headers();
    let mut text = match message {
        Message::Request(it) => format!("{} {}", it.method.as_str(), it.uri),
        Message::Response(it) => format!("{} {:?}", it.status, it.reason),
    };
    if let Message::Request(request) = message
        && let Some(user) = request.uri.user_decoded()
    {
        write!(text, "\n  asks for {user:?}").unwrap();
    }
    let mut tell = |what: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            write!(text, "\n  {what} {}", shortened(&value)).unwrap();
        }
    };
    let listed = |list: Vec<String>| Some(list.join(" | "));
    tell("via", listed(headers.vias().unwrap().iter().map(ToString::to_string).collect()));
    tell("from", headers.from().ok().map(|it| it.to_string()));
    tell("to", headers.to().ok().map(|it| it.to_string()));
    tell("call", headers.call_id().map(|it| format!("{it:?}")));
    tell("cseq", headers.cseq().ok().map(|it| it.to_string()));
    tell(
        "contact",
        match headers.contacts() {
            Ok(Contacts::Star) => Some("all".to_owned()),
            Ok(Contacts::List(list)) => listed(list.iter().map(ToString::to_string).collect()),
            Err(fault) => Some(fault.to_string()),
        },
    );
    tell("route", listed(headers.routes().iter().map(ToString::to_string).collect()));
    tell("max-forwards", headers.max_forwards().map(|it| it.to_string()));
    tell("expires", headers.expires().map(|it| it.to_string()));
    tell("event", headers.event().map(|it| format!("{it:?}")));
    tell("state", headers.subscription_state().map(|it| format!("{it:?}")));
    tell("refer-to", headers.refer_to().ok().map(|it| it.to_string()));
    tell("replaces", headers.replaces().map(|it| format!("{it:?}")));
    tell("content", headers.content_type());
    let body = match message {
        Message::Request(it) => &it.body,
        Message::Response(it) => &it.body,
    };
    tell("body", (!body.is_empty()).then(|| format!("{} octets", body.len())));
    text
}

fn shortened(value: &str) -> String {
    let shown: String = value.chars().take(300).collect();
    if shown.len() < value.len() { format!("{shown}... ({} octets)", value.len()) } else { shown }
}

#[test]
fn a_refusal_says_only_what_it_was_told() {
    for entry in corpus() {
        let Err(fault) = parse(&Bytes::from(entry.octets)) else { continue };
        let Some(response) = fault.response() else { continue };
        let line = response.to_bytes();
        let line = line.split(|b| *b == b'\r').next().unwrap();
        assert!(line.is_ascii() && line.len() < 120, "{}: {line:?}", entry.name);
        assert!(matches!(entry.expected, Fate::Refused(_)), "{}", entry.name);
    }
}
