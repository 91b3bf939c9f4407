//! Recalls by every policy, ring groups by every strategy, and what a caller
//! meets when nobody answers.

use std::net::SocketAddr;
use std::time::Duration;

use bellhop::domain::caller_name::CallerName;
use bellhop::domain::ids::{Number, RingGroup};
use bellhop::domain::park_table::{EVENT_PACKAGE, MIME_TYPE, ParkTable, PhaseView};
use bellhop::domain::recall::RecallPolicy;
use bellhop::exchange::settings::{NoAnswer, RingGroupSettings, Settings, Strategy};
use bellhop::sip::wire::Method;

use crate::world::*;

pub fn sales_by(strategy: Strategy, no_answer: NoAnswer) -> RingGroupSettings {
    RingGroupSettings {
        number: RingGroup(ext("600")),
        name: CallerName::clean("Sales"),
        members: ["102", "103"].map(ext).to_vec(),
        strategy,
        ring_time: s(20),
        no_answer,
    }
}

/// All of them together; nobody answering, the caller is let go.
pub fn sales() -> RingGroupSettings {
    sales_by(Strategy::All, NoAnswer::HangUp)
}

fn with_policy(policy: RecallPolicy, group: RingGroupSettings) -> Settings {
    let mut settings = settings();
    settings.groups[0].recall.policy = policy;
    settings.ring_groups = vec![group];
    settings
}

fn number(text: &str) -> Number {
    text.to_owned().try_into().unwrap()
}

struct Stage {
    world: World,
    reception: SocketAddr,
    alice: SocketAddr,
    /// 102 and 103.
    members: [SocketAddr; 2],
}

/// Alice is parked at reception; two colleagues are there; a console watches.
fn parked(settings: Settings) -> Stage {
    let mut world = World::with(settings, 1);
    let reception = world.phone("101", 11);
    let members = [world.phone("102", 12), world.phone("103", 13)];
    world.get(reception).answer_with = Some(200);
    let alice = world.caller("+3386002678", "Alice Smith");
    world.act(alice, |phone, now| phone.dial("1", now));
    world.settle();
    world.get(reception).answer_with = None;
    world.act(reception, |phone, now| phone.refer(0, "*68", now));
    world.settle();
    let watcher = world.phone("104", 14);
    world.act(watcher, |phone, now| phone.subscribe(EVENT_PACKAGE, MIME_TYPE, now));
    world.settle();
    Stage { world, reception, alice, members }
}

impl Stage {
    /// Who rings at this moment.
    fn ringing(&self) -> Vec<&str> {
        let mut all = Vec::new();
        for (at, name) in
            [(self.reception, "101"), (self.members[0], "102"), (self.members[1], "103")]
        {
            if self.world.handsets[&at].ringing().is_some() {
                all.push(name);
            }
        }
        all
    }

    fn table(&self) -> ParkTable {
        self.world.exchange.park_table(&ext("104"))
    }

    fn promised(&self) -> (u64, String) {
        let next = self.table().calls[0].next.clone().unwrap();
        (next.in_ms / 1000, next.what)
    }

    fn run(&mut self, span: Duration) {
        self.world.run_for(span);
        let parked = self.world.exchange.lot().calls().len();
        assert!(parked == 0 || self.world.hears(self.alice) == Heard::Music);
    }
}

fn first_then_sales() -> RecallPolicy {
    RecallPolicy::ParkingUserThenRingGroup { group_after: s(20), group: RingGroup(ext("600")) }
}

#[test]
fn s32_the_parking_user_first_then_the_group_and_never_back() {
    let mut stage =
        parked(with_policy(first_then_sales(), sales_by(Strategy::All, NoAnswer::HangUp)));
    assert_eq!(stage.promised().1, "rings Reception, then Sales");
    stage.run(s(45));
    assert_eq!(stage.ringing(), ["101"]);
    assert_eq!(stage.promised().1, "rings Sales");
    stage.run(s(20));
    assert_eq!(stage.ringing(), ["102", "103"]);
    assert_eq!(stage.table().calls[0].phase, PhaseView::HandingOver);
    let name = stage.world.get(stage.members[0]).got.iter().rev().find_map(|message| {
        let from = message.headers.from().ok()?;
        from.display
    });
    assert_eq!(name.as_deref(), Some("Park recall: Alice Smith"));
    let [_, bob] = stage.members;
    stage.world.act(bob, |phone, now| {
        phone.answer(now);
    });
    stage.world.settle();
    assert_eq!(stage.world.hears(stage.alice), person(bob));
    assert_eq!(stage.ringing(), [""; 0]);
    assert!(stage.world.exchange.lot().calls().is_empty());
}

#[test]
fn s33_straight_to_the_group_and_when_nobody_can_be_rung_again_after_ten_seconds() {
    let policy = RecallPolicy::RingGroup { group: RingGroup(ext("600")) };
    let mut stage = parked(with_policy(policy, sales_by(Strategy::All, NoAnswer::HangUp)));
    for member in stage.members {
        stage.world.act(member, |phone, now| phone.register(0, now));
    }
    assert_eq!(stage.promised().1, "rings Sales");
    stage.run(s(46));
    assert_eq!(stage.ringing(), [""; 0]);
    assert_eq!(stage.table().calls[0].phase, PhaseView::Resting);
    let [_, bob] = stage.members;
    stage.world.act(bob, |phone, now| phone.register(3600, now));
    stage.run(s(10));
    assert_eq!(stage.ringing(), ["103"], "the parking user is not tried");
}

#[test]
fn q16_a_group_that_would_hang_up_parks_a_parked_caller_again_at_the_parking_users() {
    let policy = RecallPolicy::RingGroup { group: RingGroup(ext("600")) };
    let mut settings = with_policy(policy, sales_by(Strategy::All, NoAnswer::HangUp));
    settings.groups[0].recall.after = s(30);
    let mut stage = parked(settings);
    stage.run(s(30));
    assert_eq!(stage.ringing(), ["102", "103"]);
    let (in_s, what) = stage.promised();
    assert_eq!((in_s <= 20, what.as_str()), (true, "waits again"));
    stage.run(s(21));
    assert_eq!(stage.ringing(), [""; 0]);
    let call = &stage.table().calls[0];
    assert_eq!((call.place.as_str(), call.phase), ("101", PhaseView::Waiting));
    assert_eq!(stage.world.hears(stage.alice), Heard::Music);
    stage.run(s(31));
    assert_eq!(stage.ringing(), ["102", "103"]);
}

#[test]
fn q16_or_its_number_is_rung_and_then_the_group_again() {
    let policy = RecallPolicy::RingGroup { group: RingGroup(ext("600")) };
    let no_answer = NoAnswer::Number(number("101"));
    let mut stage = parked(with_policy(policy, sales_by(Strategy::All, no_answer)));
    stage.run(s(45));
    assert_eq!(stage.promised().1, "rings Reception");
    stage.run(s(21));
    assert_eq!(stage.ringing(), ["101"]);
    stage.world.act(stage.reception, |phone, now| phone.refuse(486, None, now));
    stage.run(s(1));
    assert_eq!(stage.table().calls[0].phase, PhaseView::Resting);
    stage.run(s(10));
    assert_eq!(stage.ringing(), ["102", "103"]);
}

#[test]
fn s37_a_number_inside_or_outside_is_rung_and_again_ten_seconds_after_it_failed() {
    for (to, rings) in [("102", true), ("0301234567", false)] {
        let policy = RecallPolicy::Number { number: number(to) };
        let mut stage = parked(with_policy(policy, sales_by(Strategy::All, NoAnswer::HangUp)));
        stage.run(s(45));
        assert_eq!(!stage.ringing().is_empty(), rings, "{to}");
        let member = stage.members[0];
        if rings {
            stage.world.act(member, |phone, now| phone.refuse(486, None, now));
            stage.run(s(1));
        } else {
            // The provider does not answer at all: given up after 32 s.
            stage.run(s(33));
        }
        assert_eq!(stage.table().calls[0].phase, PhaseView::Resting, "{to}");
        stage.run(s(10));
        assert_eq!(stage.table().calls[0].phase, PhaseView::HandingOver, "{to}");
    }
}

#[test]
fn s31_after_its_rounds_somebody_else_is_rung_as_well_and_consoles_are_alarmed() {
    let mut settings = settings();
    settings.groups[0].recall.rounds = 2;
    settings.groups[0].recall.fallback = Some(number("102"));
    let mut stage = parked(settings);
    for round in 1..=3 {
        stage.run(s(if round == 1 { 45 } else { 11 }));
        let alarming = round > 2;
        let expected: &[&str] = if alarming { &["101", "102"] } else { &["101"] };
        assert_eq!(stage.ringing(), expected, "round {round}");
        assert_eq!(stage.table().calls[0].alarm, alarming, "round {round}");
        stage.world.act(stage.reception, |phone, now| phone.refuse(486, None, now));
        if alarming {
            let member = stage.members[0];
            stage.world.act(member, |phone, now| phone.refuse(486, None, now));
        }
        stage.world.settle();
    }
}

/// A caller from outside rings Sales.
fn calling_sales(strategy: Strategy, no_answer: NoAnswer) -> Stage {
    let mut settings = settings();
    settings.ring_groups = vec![sales_by(strategy, no_answer)];
    settings.trunks[0].dids = vec![("600".to_owned(), ext("600"))];
    let mut world = World::with(settings, 1);
    let reception = world.phone("101", 11);
    let members = [world.phone("102", 12), world.phone("103", 13)];
    let alice = world.caller("+3386002678", "Alice Smith");
    world.act(alice, |phone, now| phone.dial("600", now));
    world.settle();
    Stage { world, reception, alice, members }
}

#[test]
fn all_members_ring_together_and_who_answers_has_the_call_and_the_others_stop() {
    let mut stage = calling_sales(Strategy::All, NoAnswer::HangUp);
    assert_eq!(stage.ringing(), ["102", "103"]);
    let [desk, bob] = stage.members;
    stage.world.act(bob, |phone, now| {
        phone.answer(now);
    });
    stage.world.settle();
    assert_eq!(stage.world.hears(stage.alice), person(bob));
    assert_eq!(stage.ringing(), [""; 0]);
    assert_eq!(stage.world.get(desk).up(), 0);
}

#[test]
fn in_order_each_has_its_time_and_a_refusal_passes_the_call_on_at_once() {
    let mut stage = calling_sales(Strategy::InOrder, NoAnswer::HangUp);
    assert_eq!(stage.ringing(), ["102"]);
    stage.world.run_for(s(20));
    assert_eq!(stage.ringing(), ["103"]);
    let [_, bob] = stage.members;
    stage.world.act(bob, |phone, now| phone.refuse(603, None, now));
    stage.world.settle();
    assert_eq!(stage.ringing(), [""; 0]);
    assert_eq!(stage.world.get(stage.alice).last_answer(&Method::Invite).0, 480);
}

#[test]
fn round_robin_begins_after_the_last_one_rung_and_longest_idle_with_who_has_rested_most() {
    for strategy in [Strategy::RoundRobin, Strategy::LongestIdle] {
        let mut stage = calling_sales(strategy, NoAnswer::HangUp);
        assert_eq!(stage.ringing(), ["102"], "{strategy:?}");
        let [desk, bob] = stage.members;
        stage.world.act(desk, |phone, now| {
            phone.answer(now);
        });
        stage.world.settle();
        stage.world.act(desk, |phone, now| phone.hang_up(0, now));
        stage.world.settle();
        for (rings, at) in [("103", bob), ("102", desk)] {
            let next = stage.world.caller("+331", "Next");
            stage.world.act(next, |phone, now| phone.dial("600", now));
            stage.world.settle();
            assert_eq!(stage.ringing(), [rings], "{strategy:?}");
            let line = stage.world.act(at, |phone, now| phone.answer(now));
            stage.world.settle();
            stage.world.run_for(s(1));
            stage.world.act(at, |phone, now| phone.hang_up(line, now));
            stage.world.settle();
        }
    }
}

#[test]
fn nobody_answers_and_the_groups_rule_sends_the_caller_on_or_parks_him() {
    let mut stage = calling_sales(Strategy::All, NoAnswer::Number(number("101")));
    stage.world.run_for(s(20));
    assert_eq!(stage.ringing(), ["101"]);
    let reception = stage.reception;
    stage.world.act(reception, |phone, now| {
        phone.answer(now);
    });
    stage.world.settle();
    assert_eq!(stage.world.hears(stage.alice), person(reception));

    let mut stage = calling_sales(Strategy::All, NoAnswer::Park);
    stage.world.run_for(s(21));
    assert_eq!(stage.world.hears(stage.alice), Heard::Music);
    assert_eq!(stage.world.exchange.lot().calls()[0].at, ext("102"));
}

#[test]
fn members_in_a_call_or_in_do_not_disturb_are_passed_over() {
    let mut stage = calling_sales(Strategy::All, NoAnswer::HangUp);
    stage.world.act(stage.alice, |phone, now| phone.hang_up(0, now));
    stage.world.settle();
    let [desk, _] = stage.members;
    stage.world.act(desk, |phone, now| phone.dial("*78", now));
    stage.world.run_for(s(3));
    let next = stage.world.caller("+331", "Next");
    stage.world.act(next, |phone, now| phone.dial("600", now));
    stage.world.settle();
    assert_eq!(stage.ringing(), ["103"]);
}

#[test]
fn groups_that_point_to_each_other_end_with_an_answer() {
    let mut settings = settings();
    let first = sales_by(Strategy::All, NoAnswer::Number(number("601")));
    let second = RingGroupSettings {
        number: RingGroup(ext("601")),
        no_answer: NoAnswer::Number(number("600")),
        ..first.clone()
    };
    settings.ring_groups = vec![first, second];
    settings.trunks[0].dids = vec![("600".to_owned(), ext("600"))];
    let mut world = World::with(settings, 1);
    let alice = world.caller("+3386002678", "Alice Smith");
    world.act(alice, |phone, now| phone.dial("600", now));
    world.settle();
    assert_eq!(world.get(alice).last_answer(&Method::Invite).0, 480, "nobody is registered");
}

#[test]
fn a_blind_transfer_to_a_group_that_does_not_answer_comes_back() {
    let mut settings = settings();
    settings.ring_groups = vec![sales_by(Strategy::All, NoAnswer::HangUp)];
    let mut world = World::with(settings, 1);
    let reception = world.phone("101", 11);
    world.phone("102", 12);
    world.get(reception).answer_with = Some(200);
    let alice = world.caller("+3386002678", "Alice Smith");
    world.act(alice, |phone, now| phone.dial("1", now));
    world.settle();
    world.get(reception).answer_with = None;
    world.act(reception, |phone, now| {
        phone.refer(0, "600", now);
        phone.hang_up(0, now);
    });
    world.settle();
    assert_eq!(world.hears(alice), Heard::Music);
    world.run_for(s(21));
    assert!(world.get(reception).ringing().is_some(), "it comes back to the transferor");
}
