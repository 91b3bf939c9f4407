//! Bad networks: what must happen happens once, however packets fare.

use std::time::Duration;

use bellhop::exchange::Report;

use crate::world::*;

/// Parks and retrieves through `weather`; how often each was seen to happen.
fn day(weather: Weather, seed: u128) -> (usize, usize) {
    let mut world = World::with(settings(), seed);
    let (reception, bob) = (world.phone("101", 11), world.phone("103", 13));
    let alice = world.caller("+331", "Alice Smith");
    world.get(reception).answer_with = Some(200);
    world.weather = weather;
    world.act(alice, |phone, now| phone.dial("1", now));
    world.run_for(s(30));
    assert_eq!(world.get(reception).up(), 1, "seed {seed}: the call is up");
    world.act(reception, |phone, now| phone.refer(0, "*68", now));
    world.run_for(s(30));
    let calls = world.exchange.lot().calls().len();
    assert_eq!((calls, world.hears(alice)), (1, Heard::Music), "seed {seed}: parked");
    world.act(bob, |phone, now| phone.dial("*88101", now));
    world.run_for(s(12));
    world.weather = Weather::default();
    world.run_for(s(3));
    assert_eq!(world.hears(alice), person(bob), "seed {seed}: retrieved");
    let parked = world.reports.iter().filter(|r| matches!(r, Report::CallParked { .. })).count();
    let got = world.reports.iter().filter(|r| matches!(r, Report::CallRetrieved { .. })).count();
    (parked, got)
}

#[test]
fn a_tenth_of_all_packets_lost_changes_nothing() {
    for seed in 0..60 {
        let weather = Weather { loss: 10, ..Weather::default() };
        assert_eq!(day(weather, seed), (1, 1), "seed {seed}");
    }
}

#[test]
fn a_third_doubled_and_all_reordered_changes_nothing() {
    for seed in 0..60 {
        let jitter = Duration::from_millis(80);
        let weather = Weather { doubled: 30, jitter, ..Weather::default() };
        assert_eq!(day(weather, seed), (1, 1), "seed {seed}");
    }
}
