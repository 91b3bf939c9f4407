//! How fast SIP is read and written, and with how many allocations. Goals:
//! 500,000 INVITEs a second on one core, 10 allocations for each.

use bellhop::domain::chance::Chance;
use bellhop::domain::time::Moment;
use bellhop::sip::digest::{Answerer, Challenger, NonceWindow, Secret};
use bellhop::sip::wire::{Framed, Framer, Message, Name, Request, check, parse};
use bytes::Bytes;
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// As desk phones write them.
const INVITE: &str = "INVITE sip:201@office.example;user=phone SIP/2.0\r\n\
    Via: SIP/2.0/UDP 10.0.0.51:5062;branch=z9hG4bK3728719283;rport\r\n\
    From: \"Ann Archer\" <sip:101@office.example>;tag=3827193847\r\n\
    To: <sip:201@office.example;user=phone>\r\n\
    Call-ID: 0_3892173982@10.0.0.51\r\n\
    CSeq: 1 INVITE\r\n\
    Contact: <sip:101@10.0.0.51:5062>\r\n\
    Content-Type: application/sdp\r\n\
    Allow: INVITE, INFO, PRACK, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REGISTER, SUBSCRIBE, REFER, UPDATE\r\n\
    Max-Forwards: 70\r\n\
    User-Agent: Desk Phone T99 66.86.0.15\r\n\
    Supported: replaces\r\n\
    Allow-Events: talk,hold,conference,refer,check-sync\r\n\
    Content-Length: 200\r\n\
    \r\n\
    v=0\r\n\
    o=- 20000 20000 IN IP4 10.0.0.51\r\n\
    s=SDP data\r\n\
    c=IN IP4 10.0.0.51\r\n\
    t=0 0\r\n\
    m=audio 11780 RTP/AVP 8 0 101\r\n\
    a=rtpmap:8 PCMA/8000\r\n\
    a=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\n\
    a=sendrecv\r\n";

fn main() {
    divan::main();
}

fn datagram() -> Bytes {
    Bytes::copy_from_slice(INVITE.as_bytes())
}

fn invite() -> Request {
    match parse(&datagram()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

/// From a datagram of its own, as they arrive, to nothing left of it.
#[divan::bench(sample_size = 200)]
fn parse_invite(bencher: Bencher) {
    bencher.counter(ItemsCount::new(1_usize)).bench(|| parse(&datagram()).is_ok());
}

#[divan::bench(sample_size = 200)]
fn parse_and_check_invite(bencher: Bencher) {
    bencher.counter(ItemsCount::new(1_usize)).bench(|| match parse(&datagram()) {
        Ok(Message::Request(request)) => check(&request).is_ok(),
        _ => false,
    });
}

#[divan::bench(sample_size = 200)]
fn write_invite(bencher: Bencher) {
    let request = invite();
    bencher.counter(ItemsCount::new(1_usize)).bench(|| divan::black_box(&request).to_bytes());
}

#[divan::bench(sample_size = 200)]
fn answer_invite(bencher: Bencher) {
    let request = invite();
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench(|| divan::black_box(&request).response(100).to_bytes());
}

#[divan::bench(sample_size = 200)]
fn frame_invite(bencher: Bencher) {
    let mut framer = Framer::default();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        framer.push(INVITE.as_bytes());
        let framed = framer.next_message();
        assert!(matches!(framed, Ok(Some(Framed::Message(_)))));
        framed
    });
}

#[divan::bench(sample_size = 200)]
fn check_credentials(bencher: Bencher) {
    let source = [10, 0, 0, 51].into();
    let secret = Secret::password("101", "office.example", "s3cret");
    let challenger = Challenger::new("office.example", [7; 32]);
    let mut chance = Chance::from_seed(1);
    let mut request = invite();
    let mut challenge = request.response(401);
    for value in challenger.challenges(source, false, &mut chance, Moment::START) {
        challenge.headers.push(Name::WwwAuthenticate, value);
    }
    let mut phone = Answerer::new("101", "s3cret");
    assert!(phone.challenged(&challenge));
    phone.authorize(&mut request, &mut chance);
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        let mut window = NonceWindow::default();
        challenger.check(&request, source, |_| Some(&secret), &mut window, Moment::START)
    });
}
