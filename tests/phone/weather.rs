//! Bad networks, and programs that die and come back in the middle.

use std::time::Duration;

use bellhop::phone::messages::{Command, LineState, Wanted};

use crate::house::*;

/// Answered, held, resumed, parked, fetched, hung up; everything a desk tells
/// at the end must be true.
fn morning(mut house: House, restarts: bool, seed: u128) {
    let desks = [house.desk("101"), house.desk("103")];
    house.run_for(s(40));
    house.caller("+3386002678", "Alice Smith");
    house.run_for(s(10));
    let ringing = house.desks[desks[0]].only();
    house.does(desks[0], Command::Answer { line: ringing });
    house.run_for(s(20));
    assert!(house.desks[desks[0]].talks(), "seed {seed}: answered");
    if restarts {
        house.restart_office();
    }
    house.does(desks[0], Command::Hold { line: ringing });
    house.run_for(s(35));
    house.does(desks[0], Command::Resume { line: ringing });
    house.run_for(s(35));
    assert!(house.desks[desks[0]].talks(), "seed {seed}: resumed");
    house.does(desks[0], Command::Park { line: ringing, at: Some(ext("104")) });
    house.run_for(s(20));
    assert!(
        house.desks[desks[0]].lines.is_empty(),
        "seed {seed}: {:?}",
        house.desks[desks[0]].lines
    );
    let parked = house.desks[desks[1]].parked();
    assert_eq!(parked, [("Alice Smith".to_owned(), ext("104"))], "seed {seed}");
    if restarts {
        house.restart_office();
    }
    house.does(desks[1], Command::Retrieve { which: Wanted::OldestAt(ext("104")) });
    house.run_for(s(20));
    let bob = &house.desks[desks[1]];
    assert_eq!(bob.states(), [("Alice Smith".to_owned(), LineState::Talking)], "seed {seed}");
    assert!(bob.talks() && bob.parked().is_empty(), "seed {seed}: fetched");
    let line = bob.only();
    house.does(desks[1], Command::HangUp { line });
    house.run_for(s(40));
    let idle = |desk: &Desk| desk.lines.is_empty() && desk.connected.is_empty();
    assert!(house.desks.iter().all(idle), "seed {seed}");
    assert_eq!(house.exchange.legs().count(), 0, "seed {seed}");
}

#[test]
fn a_fifth_of_all_packets_lost_changes_nothing() {
    for seed in 0..40 {
        let mut house = House::with_seed(seed);
        house.weather = Weather { loss: 20, ..Weather::default() };
        morning(house, false, seed);
    }
}

#[test]
fn doubled_and_reordered_packets_change_nothing() {
    for seed in 0..40 {
        let mut house = House::with_seed(seed);
        let jitter = Duration::from_millis(80);
        house.weather = Weather { doubled: 30, jitter, ..Weather::default() };
        morning(house, false, seed);
    }
}

#[test]
fn desks_that_forget_all_but_what_was_written_down_carry_on_in_mid_call() {
    for seed in 0..10 {
        let mut house = House::with_seed(seed);
        house.forgetful = true;
        house.weather = Weather { loss: 10, ..Weather::default() };
        morning(house, true, seed);
    }
}
