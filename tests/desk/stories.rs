//! A day at the desk, key by key, on the real screen.

use crate::bench::Office;

#[test]
fn two_desks_call_park_fetch_and_hang_up() {
    let office = Office::open();
    let mut reception = office.desk("101", "udp");
    let mut cleo = office.desk("102", "tcp");
    reception.shows(&["Registered 101", "Cleo"]);
    cleo.shows(&["Registered 102", "Reception"]);

    reception.press("102\r");
    cleo.shows(&["Ringing: Reception 101"]);
    cleo.press(" ");
    reception.shows(&["talk", "Cleo"]);
    cleo.press("p");
    cleo.shows(&["Parked Reception at 102 (here)"]);
    reception.shows(&["PARKED"]);
    cleo.press("r");
    cleo.shows(&["Fetched Reception"]);
    cleo.press("xx");
    reception.shows(&["has hung up"]);

    for desk in [&mut reception, &mut cleo] {
        desk.press(":q\r");
        assert!(desk.ends());
    }
}
