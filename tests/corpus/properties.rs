//! What must hold for every message, made-up or mutated.

use bellhop::domain::chance::Chance;
use bellhop::domain::time::Moment;
use bellhop::sip::digest::{Answerer, Challenger, NonceWindow};
use bellhop::sip::wire::{
    Contacts, Fault, Framed, Framer, Host, Message, Method, Name, NameAddr, Params, Replaces,
    Request, Response, Uri, Via, check, parse,
};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::own;

fn token() -> impl Strategy<Value = String> {
    "[A-Za-z0-9.!%*_+`'~-]{1,12}"
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![
        "[a-z][a-z0-9-]{0,10}(\\.[a-z]{1,8}){0,2}".prop_map(Host::Name),
        any::<[u8; 4]>().prop_map(|octets| Host::V4(octets.into())),
        any::<[u16; 8]>().prop_map(|groups| Host::V6(groups.into())),
    ]
}

/// Values may hold anything but controls, which no writer lets through.
fn params(value: &'static str) -> impl Strategy<Value = Params> {
    vec(("[a-z][a-z0-9-]{0,8}", option::of(value)), 0..4).prop_map(|list| {
        let mut params = Params::default();
        for (name, value) in list {
            params.set(&name, value);
        }
        params
    })
}

fn uri() -> impl Strategy<Value = Uri> {
    let user = "\\PC{0,12}";
    let headers = option::of("[a-z]{1,5}=[a-zA-Z0-9%]{0,8}");
    (user, host(), option::of(any::<u16>()), params("[A-Za-z0-9._~:&+$-]{0,8}"), headers).prop_map(
        |(user, host, port, params, headers)| {
            let headers = headers.filter(|it| !it.contains('%'));
            Uri { port, params, headers, ..Uri::sip(&user, host) }
        },
    )
}

fn name_addr() -> impl Strategy<Value = NameAddr> {
    (option::of("\\PC{0,20}"), uri(), params("\\PC{0,10}"))
        .prop_map(|(display, uri, params)| NameAddr { display, uri, params })
}

fn via() -> impl Strategy<Value = Via> {
    let transport = select(vec!["UDP", "TCP", "TLS", "WSS", "PIGEON"]);
    (transport, host(), option::of(any::<u16>()), params("\\PC{0,10}")).prop_map(
        |(transport, host, port, params)| Via { transport: transport.into(), host, port, params },
    )
}

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![
        select(vec!["INVITE", "REGISTER", "REFER", "SUBSCRIBE", "NOTIFY", "UPDATE"])
            .prop_map(Method::from),
        "[A-Z!~]{1,20}".prop_map(|name| Method::from(name.as_str())),
    ]
}

/// A header nobody reads, of visible octets and inner spaces.
fn other_header() -> impl Strategy<Value = (Name, Bytes)> {
    let value = "([\\x21-\\x7e]|\\PC){1,20}( ([\\x21-\\x7e]|\\PC){1,10}){0,2}";
    ("X-[A-Za-z]{1,10}", value).prop_map(|(name, value)| {
        (Name::Other(name), Bytes::from(value.trim_matches([' ', '\t']).to_owned()))
    })
}

#[derive(Clone, Debug)]
struct Parts {
    vias: Vec<Via>,
    from: NameAddr,
    to: NameAddr,
    call_id: String,
    number: u32,
    contacts: Vec<NameAddr>,
    others: Vec<(Name, Bytes)>,
    body: Vec<u8>,
}

fn parts() -> impl Strategy<Value = Parts> {
    (
        vec(via(), 1..4),
        name_addr(),
        name_addr(),
        "[!-~]{1,30}",
        0..i32::MAX.unsigned_abs(),
        vec(name_addr(), 0..3),
        vec(other_header(), 0..5),
        vec(any::<u8>(), 0..60),
    )
        .prop_map(|(vias, from, to, call_id, number, contacts, others, body)| Parts {
            vias,
            from,
            to,
            call_id,
            number,
            contacts,
            others,
            body,
        })
}

impl Parts {
    fn headers(&self, method: &Method, mut push: impl FnMut(Name, Bytes)) {
        let text = |text: &dyn std::fmt::Display| Bytes::from(text.to_string());
        self.vias.iter().for_each(|via| push(Name::Via, text(via)));
        push(Name::From, text(&self.from));
        push(Name::To, text(&self.to));
        push(Name::CallId, text(&self.call_id));
        push(Name::CSeq, Bytes::from(format!("{} {}", self.number, method.as_str())));
        self.contacts.iter().for_each(|contact| push(Name::Contact, text(contact)));
        self.others.iter().for_each(|(name, value)| push(name.clone(), value.clone()));
        push(Name::ContentLength, Bytes::from(self.body.len().to_string()));
    }
}

fn request() -> impl Strategy<Value = (Parts, Request)> {
    (parts(), method(), uri()).prop_map(|(parts, method, uri)| {
        let mut request = Request::new(method.clone(), uri);
        parts.headers(&method, |name, value| request.headers.push(name, value));
        request.body = Bytes::from(parts.body.clone());
        (parts, request)
    })
}

fn response() -> impl Strategy<Value = Response> {
    (parts(), method(), 100_u16..700, "\\PC{0,20}").prop_map(|(parts, method, status, reason)| {
        let mut response = Response::new(status).reason(reason.trim());
        parts.headers(&method, |name, value| response.headers.push(name, value));
        response.body = Bytes::from(parts.body);
        response
    })
}

/// Every way the program looks at a message. None of it may panic.
fn look_at_everything(octets: &[u8]) {
    let mut fault: Option<Fault> = None;
    match parse(&Bytes::copy_from_slice(octets)) {
        Ok(message) => look_at(&message),
        Err(found) => fault = Some(found),
    }
    if let Some(response) = fault.and_then(|fault| fault.response()) {
        let written = response.to_bytes();
        assert!(written.len() <= octets.len() + 400, "an answer is no amplifier");
    }
    NameAddr::parse_list(&String::from_utf8_lossy(octets), "anywhere").ok();
    Replaces::parse(&String::from_utf8_lossy(octets));
    Uri::parse(&String::from_utf8_lossy(octets)).ok();
}

fn look_at(message: &Message) {
    let headers = message.headers();
    let _ = (headers.via(), headers.vias(), headers.from(), headers.to(), headers.call_id());
    let _ = (headers.from_tag(), headers.to_tag(), headers.cseq(), headers.contacts());
    let _ = (headers.contact(), headers.routes(), headers.record_routes(), headers.expires());
    let _ = (headers.max_forwards(), headers.event(), headers.subscription_state());
    let _ = (headers.refer_to(), headers.replaces(), headers.tokens(&Name::Supported));
    let _ = (headers.allows(&Method::Update), headers.asserted_identity());
    let _ = (headers.content_type(), headers.accepts("application/sdp"));
    if let Ok(Contacts::List(contacts)) = headers.contacts() {
        for NameAddr { uri, .. } in contacts {
            let _ = (uri.user_decoded(), uri.transport(), uri.header("replaces"));
            assert!(uri.equivalent(&uri));
        }
    }
    match message {
        Message::Request(request) => look_at_request(request),
        Message::Response(response) => {
            Answerer::new("101", "s3cret").challenged(response);
        }
    }
    let written = message.to_bytes();
    let again =
        parse(&written).unwrap_or_else(|fault| panic!("{fault}\n{}", octets_shown(&written)));
    assert_eq!(again.to_bytes(), written, "{}", octets_shown(&written));
}

fn look_at_request(request: &Request) {
    let _ = check(request);
    let source = "10.0.0.51".parse().unwrap();
    let challenger = Challenger::new("office.example", [1; 32]);
    let mut window = NonceWindow::default();
    challenger.check(request, source, |_| None, &mut window, Moment::START);
    let mut request = request.clone();
    let via = request.headers.via().unwrap();
    request.headers.replace_top_via(&via);
    look_at_line_ends(&request.response(200).to_bytes());
}

/// What is written has no line end but CRLF, and begins no folded line.
fn look_at_line_ends(written: &[u8]) {
    let head = written.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    for (at, line) in written[..head].split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(!line.contains(&b'\r') && !line.contains(&0), "{}", octets_shown(written));
        assert!(
            at == 0 || !line.starts_with(b" ") && !line.starts_with(b"\t"),
            "{}",
            octets_shown(written)
        );
        assert!(!line.starts_with(b":"), "{}", octets_shown(written));
    }
}

fn framed(stream: &[u8], cuts: &[Index]) -> (Vec<Framed>, Option<Fault>) {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    let mut framer = Framer::default();
    let mut all = Vec::new();
    for pair in cuts.windows(2) {
        framer.push(&stream[pair[0]..pair[1]]);
        loop {
            match framer.next_message() {
                Ok(Some(next)) => all.push(next),
                Ok(None) => break,
                Err(fault) => return (all, Some(fault)),
            }
        }
    }
    (all, None)
}

/// A message of the corpus with a few octets changed, added or removed.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let corpus: Vec<Vec<u8>> = own::corpus().into_iter().map(|entry| entry.octets).collect();
    let change = (
        any::<Index>(),
        0_u8..5,
        prop_oneof![any::<u8>(), select(b"\r\n :;,<>\"\\%@[]?=\0".to_vec())],
    );
    (select(corpus), vec(change, 1..8)).prop_map(|(mut octets, changes)| {
        for (at, kind, byte) in changes {
            let at = at.index(octets.len() + 1);
            match kind {
                0 => octets.insert(at, byte),
                1 if at < octets.len() => octets[at] = byte,
                2 if at < octets.len() => drop(octets.remove(at)),
                3 => octets.truncate(at.max(octets.len() / 2)),
                _ => {
                    let again = octets[at..].iter().take(40).copied().collect::<Vec<u8>>();
                    octets.splice(at..at, again);
                }
            }
        }
        octets
    })
}

proptest! {
    #[test]
    fn a_request_written_and_read_is_the_same((parts, request) in request()) {
        let read = parse(&request.to_bytes()).unwrap();
        let headers = read.headers();
        prop_assert_eq!(headers.vias().unwrap(), parts.vias);
        prop_assert_eq!(headers.from().unwrap(), parts.from);
        prop_assert_eq!(headers.to().unwrap(), parts.to);
        prop_assert_eq!(headers.call_id().unwrap(), parts.call_id);
        prop_assert_eq!(headers.contacts().unwrap(), Contacts::List(parts.contacts));
        prop_assert_eq!(read, Message::Request(request));
    }

    #[test]
    fn a_response_written_and_read_is_the_same(response in response()) {
        prop_assert_eq!(parse(&response.to_bytes()).unwrap(), Message::Response(response));
    }

    #[test]
    fn any_octets_are_survived(octets in vec(any::<u8>(), 0..300)) {
        look_at_everything(&octets);
    }

    #[test]
    fn any_text_in_any_header_is_survived(name in token(), value in "\\PC{0,80}", which in 0_usize..12) {
        let known = ["Via", "From", "To", "Contact", "CSeq", "Refer-To", "Replaces", "Event",
            "Authorization", "Subscription-State", "Route", ""][which];
        let name = if known.is_empty() { name.as_str() } else { known };
        look_at_everything(format!(
            "INVITE sip:a@b SIP/2.0\r\n{name}: {value}\r\nVia: SIP/2.0/UDP c;branch=z9hG4bKd\r\n\
             From: <sip:e@f>;tag=g\r\nTo: <sip:a@b>\r\nCall-ID: h\r\nCSeq: 1 INVITE\r\n\r\n"
        ).as_bytes());
    }

    #[test]
    fn a_mutated_message_is_survived(octets in mutated()) {
        look_at_everything(&octets);
    }

    #[test]
    fn a_stream_of_any_octets_is_survived(octets in mutated(), cuts in vec(any::<Index>(), 0..8)) {
        let whole = framed(&octets, &[]);
        let (in_pieces, fault) = framed(&octets, &cuts);
        prop_assert_eq!(&whole.1, &fault, "however it is cut");
        let messages = |all: &[Framed]| -> Vec<Framed> {
            all.iter().filter(|one| **one != Framed::Ping).cloned().collect()
        };
        prop_assert_eq!(messages(&whole.0), messages(&in_pieces));
    }

    #[test]
    fn a_stream_of_messages_is_cut_where_they_end(
        messages in vec(request().prop_map(|(_, request)| request), 1..4),
        cuts in vec(any::<Index>(), 0..20),
    ) {
        let stream: Vec<u8> = messages.iter().flat_map(|message| message.to_bytes()).collect();
        let expected: Vec<Framed> = messages
            .into_iter()
            .map(|message| Framed::Message(Box::new(Message::Request(message))))
            .collect();
        prop_assert_eq!(framed(&stream, &cuts), (expected, None));
    }

    #[test]
    fn nothing_a_writer_is_given_begins_a_header(
        text in "[\\x00-\\x7f\u{80}-\u{a0}\u{2028}é<>\";,@:?]{0,30}",
        place in 0_usize..14,
    ) {
        let written = with_text_in(place, &text).to_bytes();
        look_at_line_ends(&written);
        let plain = with_text_in(place, "x").to_bytes();
        let lines = |octets: &[u8]| octets.split(|byte| *byte == b'\n').count();
        prop_assert!(lines(&written) <= lines(&plain), "{:?}", written);
    }

    #[test]
    fn a_name_and_its_uri_stay_one_address(text in "[\\x00-\\x7f\u{80}-\u{a0}é]{0,30}", place in 0_usize..8) {
        let Ok(list) = NameAddr::parse_list(&address_with(place, &text).to_string(), "To") else {
            // An empty user or host is no address; nothing else may fail.
            return Ok(());
        };
        prop_assert_eq!(list.len(), 1);
        prop_assert_eq!(list[0].tag(), Some("t"));
    }
}

/// An address with hostile text in one of its parts.
fn address_with(place: usize, text: &str) -> NameAddr {
    let mut uri = Uri::sip("101", Host::Name("office.example".to_owned()));
    let mut display = Some("Ann".to_owned());
    let mut params = Params::default();
    let text = text.to_owned();
    match place {
        0 => display = Some(text),
        1 => uri = Uri::sip(&text, uri.host),
        2 => uri.user = Some(text),
        3 => uri.password = Some(text),
        4 => uri.host = Host::Name(text),
        5 => uri.params.set("p", Some(text)),
        6 => uri.headers = Some(text),
        _ => params.set("p", Some(text)),
    }
    NameAddr { display, uri, params }.with_tag("t")
}

fn with_text_in(place: usize, text: &str) -> Message {
    let address = address_with(place, text);
    let text = text.to_owned();
    let mut uri = Uri::sip("201", Host::Name("office.example".to_owned()));
    let mut method = Method::Invite;
    let mut name = Name::Subject;
    let mut value = "hello".to_owned();
    match place {
        8 => method = Method::Other(text.clone()),
        9 => name = Name::Other(text.clone()),
        10 => value = text.clone(),
        11 => uri.params.set(&text, None),
        _ => {}
    }
    if place >= 12 {
        let response = Response::new(486).reason(&text).with(Name::To, address.to_string());
        return Message::Response(response);
    }
    let request = Request::new(method, uri).with(Name::To, address.to_string()).with(name, value);
    let mut chance = Chance::from_seed(1);
    let mut request = request.with(Name::CallId, chance.hex(8));
    Answerer::new(&text, "s3cret").authorize(&mut request, &mut chance);
    Message::Request(request)
}

fn octets_shown(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}
