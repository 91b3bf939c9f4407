//! A phone that does everything wrong that phones and worse do, among others
//! that must not notice.

use std::io::Write;
use std::net::{TcpStream, UdpSocket};

use crate::bodies::CALL_PARK;
use crate::office::Office;
use crate::persona::{HOSTILE, Watch};
use crate::phone::Phone;
use crate::phone::state::Stage;
use crate::story::{a_day_with_pop_ups, alice_is_answered_by, talk};
use crate::support::ear::Sound;
use crate::text::Shown;

const CALL_INFO: Watch = HOSTILE.watches[0];

#[test]
fn hostile_phone_subscribes_in_every_odd_way_and_is_answered_in_the_right_one() {
    let office = Office::of(&HOSTILE);
    let [bob, carol, james] = office.phones();

    // A single look, without a subscription.
    let look = bob.subscribes(Watch { expires_s: 0, ..CALL_INFO });
    assert_eq!((look.status(), look.get("Expires")), (Some(200), "0"));
    bob.until("told once, and for the last time", |state| {
        let last = state.watching.last().unwrap();
        last.told.len() == 1 && last.is_over
    });
    // Three types, in one header and in three.
    const ALL: &str = "application/sdp, application/x-broadworks-callpark-info+xml, text/plain";
    carol.subscribes(Watch { accept: &[ALL], ..CALL_INFO });
    carol.subscribes(Watch { accept: &["text/plain", CALL_PARK, "x/y"], ..CALL_INFO });
    // The body's name for the event's.
    const ALIAS: &str = "x-broadworks-callpark-info";
    carol.subscribes(Watch { event: ALIAS, accept: &[], ..CALL_INFO });
    carol.until("each has its body", |state| {
        state.watching.iter().all(|it| it.told.first().is_some_and(|told| told.body.len() == 161))
    });
    // Too brief, of somebody else, and of what there is not.
    let refused = |watch| james.subscribes(watch).status();
    assert_eq!(refused(Watch { expires_s: 5, ..CALL_INFO }), Some(423));
    assert_eq!(refused(Watch { at: "101", ..CALL_INFO }), Some(403));
    let odd = james.subscribes(Watch { event: "as-feature-event", ..CALL_INFO });
    assert_eq!(odd.status(), Some(489));
    assert!(odd.get("Allow-Events").contains("call-info"), "{odd:?}");
    // A phone that believes its line to be shared asks before it dials.
    const SEIZE: Watch = Watch { event: "line-seize", accept: &[], expires_s: 15, ..CALL_INFO };
    assert_eq!(james.subscribes(SEIZE).status(), Some(200));
    james.is_told_times("line-seize", 1);
    let seized = "<sip:10.0.0.10>;appearance-index=1;appearance-state=seized";
    assert_eq!(james.told("line-seize")[0].get("Call-Info"), seized);

    // One that answers 481 is not told again; the others are.
    let gone = Phone::plugged_in(&office, &HOSTILE, "102");
    gone.registers();
    gone.subscribes(Watch { answers: 481, ..CALL_INFO });
    gone.is_told_times("call-info", 1);
    let alice = alice_is_answered_by(&bob, &office);
    bob.parks_with_the_group();
    carol.until("every subscription has its caller", |state| {
        let her = Some(Shown::new("Alice Smith", "003386002678"));
        state.watching.iter().all(|watching| watching.pop_up == her)
    });
    james.is_alerted("Alice Smith (at 102)", "003386002678");
    alice.hangs_up();
    carol.is_calm();
    assert_eq!(gone.told("call-info").len(), 1);
}

#[test]
fn hostile_phone_transfers_twice_at_once_and_parks_once() {
    let office = Office::of(&HOSTILE);
    let [bob, carol, _james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);
    let both = [bob.refers(0, "*68", ""), bob.refers(0, "*68", "")];
    for asked in both {
        assert_eq!(bob.answer_to(asked).status(), Some(202));
    }
    // It does not hang up: the office does.
    bob.is_hung_up_on();
    alice.hears(Sound::HoldMusic);
    carol.reaches("*88101");
    talk(&alice, &carol);
    assert_eq!(bob.dials("*88101").0, 404);
}

#[test]
fn q9_two_fetch_in_the_same_millisecond_and_one_of_them_wins() {
    let office = Office::of(&HOSTILE);
    let [bob, carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);
    for _ in 0..4 {
        parked(&bob, &carol, &james).parks_at("105");
        alice.hears(Sound::HoldMusic);
        let asked = [carol.calls("*88105"), james.calls("*88105")];
        let statuses = [carol.answer_to(asked[0]), james.answer_to(asked[1])];
        let statuses = statuses.map(|answer| answer.status().unwrap());
        let winner = match statuses {
            [200, 404 | 486] => &carol,
            [404 | 486, 200] => &james,
            _ => panic!("{statuses:?}"),
        };
        talk(&alice, winner);
    }
}

/// Whoever has the caller now.
fn parked<'a>(bob: &'a Phone, carol: &'a Phone, james: &'a Phone) -> &'a Phone {
    let has_call = |phone: &&&Phone| {
        let is_up = |state: &mut crate::phone::state::State| {
            state.live().is_some_and(|at| state.calls[at].stage == Stage::Up)
        };
        phone.wait("its calls", |state| Some(is_up(state)))
    };
    [bob, carol, james].iter().find(has_call).unwrap()
}

#[test]
fn hostile_senders_change_nothing_for_those_who_work() {
    let office = Office::of(&HOSTILE);
    let sip = office.sip;
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            for round in 0_usize.. {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    return;
                }
                let nonsense = &NONSENSE[round % NONSENSE.len()];
                let _ = socket.send_to(nonsense, sip);
                let connection = TcpStream::connect(sip);
                let _ = connection.and_then(|mut it| it.write_all(nonsense));
                std::thread::park_timeout(crate::wire::LOOK / 4);
            }
        });
        let day = std::panic::catch_unwind(|| a_day_with_pop_ups(&office));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        if let Err(fault) = day {
            std::panic::resume_unwind(fault);
        }
    });
}

const NONSENSE: &[&[u8]] = &[
    b"",
    b"\0\0\0\0",
    b"\xff\xfe\r\n\r\n",
    b"INVITE",
    b"INVITE sip:*88 SIP/2.0\r\n\r\n",
    b"REFER sip:101@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK\r\nRefer-To: <<<>>>\r\n\r\n",
    b"NOTIFY sip:101@h SIP/2.0\r\nContent-Length: -1\r\n\r\n",
    b"NOTIFY sip:101@h SIP/2.0\r\nContent-Length: 99999999999999999999\r\n\r\nx",
    b"SUBSCRIBE sip:%zz@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nEvent: ;;;\r\n\r\n",
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nCSeq: 1 INVITE\r\n\r\n",
    b"SIP/2.0 999999 ?\r\n\r\n",
    b"BYE sip:101@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: \r\nTo: ;tag=\r\nCall-ID: \r\nCSeq: x\r\n\r\n",
    b"<?xml version=\"1.0\"?><x-broadworks-callpark-info/>\r\n\r\n",
];
