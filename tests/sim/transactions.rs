//! Requests and their answers (RFC 3261 §17, RFC 6026): once, or told as lost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bellhop::domain::time::Moment;
use bellhop::sip::flow::{Flow, Transport};
use bellhop::sip::transaction::{ClientId, Effect, Incoming, ServerId};
use bellhop::sip::wire::{Message, Method, Name, Request, Response, parse};

use crate::network::{CUT_OFF, FAIR, FOUL, Side, World, answer, at_ms, request};

/// How often each call was told each thing, by its number.
type Tally = BTreeMap<(u32, &'static str), u32>;

/// An office where everybody answers after a while, and the calls it takes.
#[derive(Default)]
struct Office {
    /// Answers to give: when, and to whom.
    due: BTreeMap<(Moment, ServerId), (Request, u16)>,
    calls: BTreeMap<ClientId, u32>,
    answered: BTreeMap<ServerId, u32>,
    told: Tally,
}

impl Office {
    /// `number` of call or server becomes its entry in the tally.
    fn hear(&mut self, world: &mut World, side: Side, incoming: Incoming) {
        match (side, incoming) {
            (Side::Callee, Incoming::Request { request, .. }) => self.take_on(world, &request),
            (_, Incoming::Acknowledged { server, .. }) => {
                self.count(self.answered[&server], "acknowledged");
            }
            (_, Incoming::NotAcknowledged { server }) => {
                self.count(self.answered[&server], "not acknowledged");
            }
            (_, Incoming::Cancelled { server }) => {
                self.count(self.answered[&server], "cancelled");
                let request = world.callee.accepted(server).unwrap().clone();
                self.due.retain(|(_, due), _| *due != server);
                world.respond(server, &answer(&request, 487));
            }
            (_, Incoming::Response { client, response, .. }) => {
                self.answer_heard(world, client, &response);
            }
            (_, Incoming::TimedOut { client }) => self.count(self.calls[&client], "timed out"),
            (side, other) => panic!("{side:?} is told {other:?}"),
        }
    }

    fn take_on(&mut self, world: &mut World, request: &Request) {
        let number = number_of(request);
        self.count(number, "asked");
        let id = world.accept(request);
        self.answered.insert(id, number);
        let mut after_ms = u64::from(number) * 37 % 900;
        if request.method == Method::Invite {
            world.respond(id, &answer(request, 180));
            after_ms += 1_000;
        }
        // One in three is refused.
        let status = if number.is_multiple_of(3) { 486 } else { 200 };
        let at = world.now + Duration::from_millis(after_ms);
        self.due.insert((at, id), (request.clone(), status));
    }

    fn answer_heard(&mut self, world: &mut World, client: ClientId, response: &Response) {
        let number = self.calls[&client];
        match response.status {
            100..200 => self.count(number, "provisional"),
            200..300 => {
                self.count(number, "final");
                if response.headers.cseq().unwrap().method == Method::Invite {
                    world.acknowledge(client, response);
                }
            }
            _ => self.count(number, "final"),
        }
    }

    fn count(&mut self, number: u32, what: &'static str) {
        *self.told.entry((number, what)).or_default() += 1;
    }

    fn times(&self, number: u32, what: &'static str) -> u32 {
        self.told.get(&(number, what)).copied().unwrap_or_default()
    }

    fn run(&mut self, world: &mut World, until: Moment) {
        while world.now < until {
            // What is taken on meanwhile may be due before anything known now.
            let soon = world.now + Duration::from_millis(20);
            let next = self.due.first_key_value().map_or(soon, |((at, _), _)| soon.min(*at));
            let next = next.max(world.now).min(until);
            world.run(next, |world, side, incoming| self.hear(world, side, incoming));
            while let Some(entry) = self.due.first_entry().filter(|it| it.key().0 <= world.now) {
                let ((_, id), (request, status)) = entry.remove_entry();
                world.respond(id, &answer(&request, status));
            }
        }
        // What was answered at the last moment still has to be heard.
        world.run(until, |world, side, incoming| self.hear(world, side, incoming));
    }

    fn call(&mut self, world: &mut World, method: &Method, number: u32) -> ClientId {
        let id = world.send(request(method.clone(), number));
        self.calls.insert(id, number);
        id
    }
}

fn number_of(request: &Request) -> u32 {
    request.headers.cseq().unwrap().number
}

const CALLS: u32 = 30;

/// Calls half a second apart, and time for everything to end.
fn busy_morning(method: &Method, seed: u64, crashing: bool) -> (World, Office) {
    let mut world = World::new(seed, FOUL);
    world.crashing = crashing;
    let mut office = Office::default();
    for number in 1..=CALLS {
        office.call(&mut world, method, number);
        let next = world.now + Duration::from_millis(500);
        office.run(&mut world, next);
    }
    let end = world.now + Duration::from_secs(150);
    office.run(&mut world, end);
    (world, office)
}

#[test]
fn calls_complete_exactly_once_in_foul_weather() {
    let mut completed = 0;
    for seed in 1..=20 {
        let (mut world, office) = busy_morning(&Method::Invite, seed, false);
        for number in 1..=CALLS {
            let story = format!("seed {seed}, call {number}: {:?}", office.told);
            let (asked, ended) = (office.times(number, "asked"), office.times(number, "final"));
            let lost = office.times(number, "timed out");
            assert!(asked <= 1, "{story}");
            assert_eq!(ended + lost, 1, "{story}");
            let (acknowledged, not) =
                (office.times(number, "acknowledged"), office.times(number, "not acknowledged"));
            let answered = u32::from(asked == 1 && !number.is_multiple_of(3));
            assert_eq!(acknowledged + not, answered, "{story}");
            completed += ended;
        }
        world.assert_all_forgotten();
    }
    // Seven INVITEs are lost in a row once in 4,600 times; so are the answers.
    assert!(completed >= 20 * CALLS - 3, "{completed} of {}", 20 * CALLS);
}

#[test]
fn other_requests_complete_exactly_once_in_foul_weather() {
    let mut completed = 0;
    for method in [Method::Options, Method::Register, Method::Refer] {
        for seed in 1..=10 {
            let (mut world, office) = busy_morning(&method, seed, false);
            for number in 1..=CALLS {
                let story = format!("seed {seed}, {method:?} {number}: {:?}", office.told);
                assert!(office.times(number, "asked") <= 1, "{story}");
                let ended = office.times(number, "final");
                assert_eq!(ended + office.times(number, "timed out"), 1, "{story}");
                completed += ended;
            }
            world.assert_all_forgotten();
        }
    }
    // Eleven rounds, of which half fail: one request in 2,000 is lost.
    assert!(completed >= 30 * CALLS - 5, "{completed} of {}", 30 * CALLS);
}

#[test]
fn a_program_that_dies_after_every_event_carries_on_as_if_it_had_not() {
    for method in [Method::Invite, Method::Notify] {
        let (steady, steady_office) = busy_morning(&method, 7, false);
        let (mut dying, dying_office) = busy_morning(&method, 7, true);
        assert_eq!(dying.sent, steady.sent);
        assert_eq!(dying.told, steady.told);
        assert_eq!(dying_office.told, steady_office.told);
        dying.assert_all_forgotten();
    }
}

#[test]
fn a_bad_morning_repeats_from_its_seed() {
    let (one, _) = busy_morning(&Method::Invite, 3, false);
    let (same, _) = busy_morning(&Method::Invite, 3, false);
    let (other, _) = busy_morning(&Method::Invite, 4, false);
    assert_eq!(one.sent, same.sent);
    assert_ne!(one.sent, other.sent);
}

/// One request that has arrived and been accepted, and its octets.
fn arrived(method: Method, transport: Transport) -> (World, ClientId, ServerId, Request) {
    let mut world = World::new(1, FAIR);
    world.transport = transport;
    let client = world.send(request(method, 1));
    let mut asked = None;
    world.run(at_ms(10), |world, _, incoming| {
        let Incoming::Request { request, .. } = incoming else { panic!("{incoming:?}") };
        asked = Some((world.accept(&request), request));
    });
    let (server, request) = asked.unwrap();
    (world, client, server, request)
}

fn nothing(_: &mut World, side: Side, incoming: Incoming) {
    panic!("{side:?} is told {incoming:?}");
}

#[test]
fn a_repetition_never_makes_a_second_call_before_during_or_after_the_answer() {
    let (mut world, client, server, invite) = arrived(Method::Invite, Transport::Udp);
    let original = world.sent[0].2.clone();
    let repeat = |world: &mut World| {
        world.arrive(Side::Callee, original.clone(), 0);
        let (before, now) = (world.sent.len(), world.now);
        world.run(now, nothing);
        world.sent[before..].iter().map(|(_, _, bytes)| status(bytes)).collect::<Vec<u16>>()
    };
    assert_eq!(repeat(&mut world), [0_u16; 0], "nothing has been answered yet");
    world.respond(server, &answer(&invite, 180));
    assert_eq!(repeat(&mut world), [180]);
    world.respond(server, &answer(&invite, 200));
    assert_eq!(repeat(&mut world), [200]);
    let mut told = Vec::new();
    world.run(at_ms(100), |world, _, incoming| {
        if let Incoming::Response { response, .. } = &incoming
            && response.is_success()
        {
            world.acknowledge(client, response);
        }
        told.push(name_of(&incoming));
    });
    // Whoever rings may say so twice; the answer is told once.
    assert_eq!(told, ["180", "180", "200", "acknowledged"]);
    for after_ms in [200, 5_000, 31_000] {
        world.run(at_ms(after_ms), nothing);
        let again = repeat(&mut world);
        assert!(again.iter().all(|status| *status == 200), "{again:?} after {after_ms} ms");
    }
}

fn status(bytes: &bytes::Bytes) -> u16 {
    match parse(bytes).unwrap() {
        Message::Response(response) => response.status,
        Message::Request(request) => panic!("{request:?}"),
    }
}

fn name_of(incoming: &Incoming) -> String {
    match incoming {
        Incoming::Request { request, .. } => request.method.as_str().to_owned(),
        Incoming::Acknowledged { .. } => "acknowledged".to_owned(),
        Incoming::NotAcknowledged { .. } => "not acknowledged".to_owned(),
        Incoming::Cancelled { .. } => "cancelled".to_owned(),
        Incoming::Response { response, .. } => response.status.to_string(),
        Incoming::SecondAnswer { .. } => "second answer".to_owned(),
        Incoming::TimedOut { .. } => "timed out".to_owned(),
    }
}

/// Milliseconds from the first.
fn gaps(moments: &[Moment]) -> Vec<u128> {
    moments.iter().map(|at| at.since(moments[0]).as_millis()).collect()
}

#[test]
fn the_acknowledgement_ends_the_repetition_of_the_answer() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let (mut world, client, server, invite) = arrived(Method::Invite, transport);
        world.respond(server, &answer(&invite, 200));
        let mut ok = None;
        world.run(at_ms(4_000), |_, side, incoming| {
            assert_eq!((side, name_of(&incoming).as_str()), (Side::Caller, "200"));
            let Incoming::Response { response, .. } = incoming else { panic!() };
            assert!(ok.replace(response).is_none(), "told once, however often repeated");
        });
        assert_eq!(gaps(&world.sent_of(Side::Callee, "200")), [0, 500, 1_500, 3_500]);
        world.acknowledge(client, &ok.unwrap());
        let mut told = Vec::new();
        world.run(at_ms(100_000), |_, _, incoming| told.push(name_of(&incoming)));
        assert_eq!(told, ["acknowledged"]);
        assert_eq!(world.sent_of(Side::Callee, "200").len(), 4, "{transport:?}");
        world.assert_all_forgotten();
    }
}

#[test]
fn a_lost_acknowledgement_is_sent_again_when_the_answer_is() {
    let (mut world, client, server, invite) = arrived(Method::Invite, Transport::Udp);
    world.respond(server, &answer(&invite, 200));
    let mut told = Vec::new();
    world.run(at_ms(40_000), |world, _, incoming| {
        if let Incoming::Response { response, .. } = &incoming {
            world.weather = CUT_OFF;
            world.acknowledge(client, response);
            world.weather = FAIR;
        }
        told.push(name_of(&incoming));
    });
    assert_eq!(told, ["200", "acknowledged"]);
    assert_eq!(world.sent_of(Side::Caller, "ACK").len(), 2);
}

#[test]
fn an_answer_nobody_acknowledges_is_told_after_32_seconds() {
    let (mut world, _, server, invite) = arrived(Method::Invite, Transport::Udp);
    world.respond(server, &answer(&invite, 200));
    let answered_at = world.now;
    let mut told = Vec::new();
    world.run(at_ms(100_000), |world, side, incoming| {
        if side == Side::Callee {
            told.push((name_of(&incoming), world.now.since(answered_at).as_secs()));
        }
    });
    assert_eq!(told, [("not acknowledged".to_owned(), 32)]);
    let sent = world.sent_of(Side::Callee, "200");
    let expected: Vec<u128> =
        [0, 500, 1_500].into_iter().chain((3_500..32_000).step_by(4_000)).collect();
    assert_eq!(gaps(&sent), expected);
    world.assert_all_forgotten();
}

#[test]
fn a_refusal_is_repeated_until_acknowledged_and_its_acknowledgement_is_no_news() {
    let (mut world, _, server, invite) = arrived(Method::Invite, Transport::Udp);
    world.weather = CUT_OFF;
    world.respond(server, &answer(&invite, 486));
    world.run(at_ms(600), nothing);
    world.weather = FAIR;
    let mut told = Vec::new();
    world.run(at_ms(100_000), |_, _, incoming| told.push(name_of(&incoming)));
    assert_eq!(told, ["486"]);
    // By its own clock, and once for the INVITE that is repeated at 1.5 s:
    // both arrive, and both are acknowledged.
    assert_eq!(gaps(&world.sent_of(Side::Callee, "486")), [0, 500, 1_500, 1_500]);
    assert_eq!(world.sent_of(Side::Caller, "ACK").len(), 2);
    world.assert_all_forgotten();
}

/// What was told, by whom, of one INVITE that is cancelled at `cancel_ms`.
fn cancelled(ring_ms: u64, cancel_ms: u64) -> (World, Vec<String>) {
    let (mut world, client, server, invite) = arrived(Method::Invite, Transport::Udp);
    let mut told = Vec::new();
    let mut steps = [(ring_ms, true), (cancel_ms, false), (100_000, false)];
    steps.sort_unstable();
    for (at, rings) in steps {
        world.run(at_ms(at), |world, _, incoming| {
            if matches!(incoming, Incoming::Cancelled { .. }) {
                world.respond(server, &answer(&invite, 487));
            }
            told.push(name_of(&incoming));
        });
        if rings {
            world.respond(server, &answer(&invite, 180));
        } else {
            world.cancel(client);
        }
    }
    (world, told)
}

#[test]
fn a_cancel_after_ringing_goes_out_at_once() {
    let (mut world, told) = cancelled(100, 2_000);
    assert_eq!(told, ["180", "cancelled", "487"]);
    assert_eq!(world.sent_of(Side::Caller, "CANCEL"), [at_ms(2_000)]);
    assert_eq!(world.sent_of(Side::Caller, "ACK").len(), 1);
    world.assert_all_forgotten();
}

#[test]
fn a_cancel_before_any_answer_waits_for_the_first_one() {
    let (mut world, told) = cancelled(300, 50);
    assert_eq!(told, ["180", "cancelled", "487"]);
    assert_eq!(world.sent_of(Side::Caller, "CANCEL"), [at_ms(310)], "with the 180's arrival");
    world.assert_all_forgotten();
}

#[test]
fn a_cancel_that_crosses_the_answer_changes_nothing() {
    let (mut world, client, server, invite) = arrived(Method::Invite, Transport::Udp);
    world.respond(server, &answer(&invite, 180));
    world.run(at_ms(100), |_, _, incoming| assert_eq!(name_of(&incoming), "180"));
    world.respond(server, &answer(&invite, 200));
    world.cancel(client);
    let mut told = Vec::new();
    world.run(at_ms(100_000), |world, _, incoming| {
        if let Incoming::Response { response, .. } = &incoming {
            world.acknowledge(client, response);
        }
        told.push(name_of(&incoming));
    });
    assert_eq!(told, ["200", "acknowledged"]);
    world.assert_all_forgotten();
}

#[test]
fn a_cancel_for_no_call_is_told_so() {
    let mut world = World::new(1, FAIR);
    let client = world.send(request(Method::Cancel, 1));
    let mut told = Vec::new();
    world.run(at_ms(100_000), |_, side, incoming| {
        told.push((side, name_of(&incoming)));
        let Incoming::Response { client: heard, .. } = incoming else { panic!() };
        assert_eq!(heard, client);
    });
    assert_eq!(told, [(Side::Caller, "481".to_owned())]);
}

#[test]
fn cancelled_calls_end_once_in_foul_weather() {
    let mut refused = 0;
    for seed in 1..=20 {
        let mut world = World::new(seed, FOUL);
        let mut office = Office::default();
        for number in (1..=CALLS).filter(|number| !number.is_multiple_of(3)) {
            let id = office.call(&mut world, &Method::Invite, number);
            let next = world.now + Duration::from_millis(u64::from(number) * 91 % 1_500);
            office.run(&mut world, next);
            world.cancel(id);
        }
        let end = world.now + Duration::from_secs(150);
        office.run(&mut world, end);
        for number in (1..=CALLS).filter(|number| !number.is_multiple_of(3)) {
            let story = format!("seed {seed}, call {number}: {:?}", office.told);
            assert!(office.times(number, "asked") <= 1, "{story}");
            assert!(office.times(number, "cancelled") <= 1, "{story}");
            let ended = office.times(number, "final") + office.times(number, "timed out");
            assert_eq!(ended, 1, "{story}");
            refused += office.times(number, "cancelled");
        }
        world.assert_all_forgotten();
    }
    assert!(refused > 200, "most were given up in time: {refused}");
}

#[test]
fn the_same_request_by_another_way_is_merged() {
    let (mut world, _, _, _) = arrived(Method::Invite, Transport::Udp);
    let mut by_another_way = request(Method::Invite, 1);
    let via = "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKanotherway;rport";
    by_another_way.headers.push_front(Name::Via, via);
    world.arrive(Side::Callee, by_another_way.to_bytes(), 0);
    let before = world.sent.len();
    let now = world.now;
    world.run(now, nothing);
    let answers: Vec<u16> = world.sent[before..].iter().map(|(.., bytes)| status(bytes)).collect();
    assert_eq!(answers, [482]);
}

#[test]
fn a_request_nobody_hears_is_given_up_after_32_seconds() {
    let invite: &[u128] = &[0, 500, 1_500, 3_500, 7_500, 15_500, 31_500];
    let other: &[u128] =
        &[0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    let cases = [
        (Method::Invite, Transport::Udp, invite),
        (Method::Register, Transport::Udp, other),
        (Method::Invite, Transport::Tcp, &invite[..1]),
        (Method::Register, Transport::Tcp, &other[..1]),
    ];
    for (method, transport, expected) in cases {
        let mut world = World::new(1, CUT_OFF);
        world.transport = transport;
        let client = world.send(request(method.clone(), 1));
        let mut told = Vec::new();
        world.run(at_ms(100_000), |world, side, incoming| told.push((world.now, side, incoming)));
        let given_up = (at_ms(32_000), Side::Caller, Incoming::TimedOut { client });
        assert_eq!(told, [given_up], "{method:?} over {transport:?}");
        assert_eq!(gaps(&world.sent_of(Side::Caller, method.as_str())), expected);
        world.assert_all_forgotten();
    }
}

#[test]
fn a_call_that_rings_is_never_given_up() {
    let (mut world, _, server, invite) = arrived(Method::Invite, Transport::Udp);
    world.respond(server, &answer(&invite, 180));
    let mut told = Vec::new();
    world.run(at_ms(3_600_000), |_, _, incoming| told.push(name_of(&incoming)));
    assert_eq!(told, ["180"]);
    assert_eq!(world.sent_of(Side::Caller, "INVITE").len(), 1);
}

#[test]
fn a_cancelled_call_whose_end_never_comes_is_given_up() {
    let (mut world, client, server, invite) = arrived(Method::Invite, Transport::Udp);
    world.respond(server, &answer(&invite, 180));
    world.run(at_ms(1_000), |_, _, incoming| assert_eq!(name_of(&incoming), "180"));
    world.cancel(client);
    let mut told = Vec::new();
    world.run(at_ms(100_000), |world, side, incoming| {
        if side == Side::Caller {
            told.push((world.now, name_of(&incoming)));
        }
    });
    assert_eq!(told, [(at_ms(33_000), "timed out".to_owned())]);
}

#[test]
fn a_lost_connection_ends_what_was_sent_over_it() {
    let mut world = World::new(1, CUT_OFF);
    world.transport = Transport::Tcp;
    let ids = BTreeSet::from([
        world.send(request(Method::Invite, 1)),
        world.send(request(Method::Register, 2)),
    ]);
    let flow = world.flow(Side::Caller);
    let effects = world.caller.transport_failed(flow);
    let ended: BTreeSet<ClientId> = effects
        .into_iter()
        .map(|effect| match effect {
            Effect::Up(Incoming::TimedOut { client }) => client,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ended, ids);
    world.assert_all_forgotten();
}

#[test]
fn a_second_phone_that_answers_a_forked_call_is_told_apart() {
    let (mut world, client, server, invite) = arrived(Method::Invite, Transport::Udp);
    world.respond(server, &answer(&invite, 200));
    let mut second = answer(&invite, 200);
    let to = second.headers.to().unwrap().with_tag("another");
    second.headers.set(Name::To, to.to_string());
    world.arrive(Side::Caller, second.to_bytes(), 50);
    let mut told = Vec::new();
    world.run(at_ms(200), |world, _, incoming| {
        if let Incoming::Response { response, .. } = &incoming {
            world.acknowledge(client, response);
        }
        told.push(name_of(&incoming));
    });
    assert_eq!(told, ["200", "acknowledged", "second answer"]);
}

#[test]
fn a_request_that_did_what_it_was_to_do_is_forgotten_at_once_and_repeated_answers_are_dropped() {
    let (mut world, client, server, notify) = arrived(Method::Notify, Transport::Udp);
    let ok = answer(&notify, 200);
    world.respond(server, &ok);
    assert!(world.callee.accepted(server).is_none(), "only its answer is kept");
    world.arrive(Side::Caller, ok.to_bytes(), 100);
    let mut told = Vec::new();
    world.run(at_ms(200), |world, _, incoming| {
        told.push(name_of(&incoming));
        assert!(world.caller.sent(client).is_none());
    });
    assert_eq!(told, ["200"]);
    assert_eq!(world.caller.next_wakeup(), None);
}

#[test]
fn a_refused_request_is_kept_for_a_while_to_be_sent_again_with_credentials() {
    let (mut world, client, server, register) = arrived(Method::Register, Transport::Udp);
    world.respond(server, &answer(&register, 401));
    world.run(at_ms(200), |world, _, incoming| {
        assert_eq!(name_of(&incoming), "401");
        assert_eq!(world.caller.sent(client).map(|it| &it.method), Some(&Method::Register));
    });
    world.run(at_ms(100_000), nothing);
    world.assert_all_forgotten();
}

/// The To tags of what the callee answered to `method`.
fn tags_of(world: &World, method: &Method) -> Vec<(u16, Option<String>)> {
    let by_callee = world.sent.iter().filter(|(_, side, _)| *side == Side::Callee);
    let responses = by_callee.filter_map(|(.., bytes)| match parse(bytes).unwrap() {
        Message::Response(response) => Some(response),
        Message::Request(_) => None,
    });
    responses
        .filter(|response| response.headers.cseq().unwrap().method == *method)
        .map(|response| (response.status, response.headers.to_tag()))
        .collect()
}

#[test]
fn the_answer_to_a_cancel_bears_the_tag_of_the_answers_to_its_call() {
    let (world, _) = cancelled(100, 2_000);
    assert_eq!(tags_of(&world, &Method::Cancel), [(200, Some("callee".to_owned()))]);
    // Told in time, also when nothing with a tag has been answered yet.
    let (mut world, client, server, invite) = arrived(Method::Invite, Transport::Udp);
    world.callee.will_be_tagged(server, "callee");
    world.respond(server, &invite.response(100));
    world.run(at_ms(100), |_, _, incoming| assert_eq!(name_of(&incoming), "100"));
    world.cancel(client);
    world.run(at_ms(200), |world, _, incoming| {
        if matches!(incoming, Incoming::Cancelled { .. }) {
            world.respond(server, &answer(&invite, 487));
        }
    });
    assert_eq!(tags_of(&world, &Method::Cancel), [(200, Some("callee".to_owned()))]);
}

#[test]
fn refusals_of_our_own_have_a_tag_that_is_the_same_when_they_are_repeated() {
    let mut world = World::new(1, FAIR);
    world.send(request(Method::Cancel, 1));
    world.run(at_ms(100), |_, _, _| {});
    let original = world.sent[0].2.clone();
    world.arrive(Side::Callee, original, 0);
    world.run(at_ms(200), |_, _, _| {});
    let tags = tags_of(&world, &Method::Cancel);
    assert!(tags.len() == 2 && tags[0].1.is_some() && tags[0] == tags[1], "{tags:?}");

    let (mut world, ..) = arrived(Method::Invite, Transport::Udp);
    let mut by_another_way = request(Method::Invite, 1);
    let via = "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKanotherway;rport";
    by_another_way.headers.push_front(Name::Via, via);
    world.arrive(Side::Callee, by_another_way.to_bytes(), 0);
    world.run(at_ms(100), nothing);
    let tags = tags_of(&world, &Method::Invite);
    assert!(matches!(&tags[..], [(482, Some(_))]), "{tags:?}");
}

#[test]
fn an_answer_counts_only_from_the_host_that_was_asked() {
    let (mut world, client, server, invite) = arrived(Method::Invite, Transport::Udp);
    let right = world.flow(Side::Caller);
    let from = |remote: &str| Flow { remote: remote.parse().unwrap(), ..right };
    let answered = |world: &mut World, flow: Flow| {
        let now = world.now;
        let forged = answer(&world.caller.sent(client).unwrap().clone(), 486);
        let effects = world.caller.receive(Message::Response(forged), flow, now);
        effects.into_iter().count()
    };
    assert_eq!(answered(&mut world, from("10.0.0.66:5060")), 0);
    assert_eq!(answered(&mut world, Flow { transport: Transport::Tcp, ..right }), 0);
    world.respond(server, &answer(&invite, 180));
    world.run(at_ms(100), |_, _, incoming| assert_eq!(name_of(&incoming), "180"));
    // A proxy may use another port: told, and acknowledged.
    assert_eq!(answered(&mut world, from("10.0.0.2:49152")), 2);
}
