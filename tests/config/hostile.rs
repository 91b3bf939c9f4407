//! Whatever stands in a file, reading it ends, and nothing panics.

use bellhop::config::{Desk, Office, directory, no_files};
use proptest::prelude::*;

const OFFICE: &str = include_str!("office-sample.toml");
const DESK: &str = include_str!("desk-sample.toml");

proptest! {
    #[test]
    fn a_damaged_file_is_read_or_refused(
        is_office: bool, at in 0_usize..3000, gone in 0_usize..40, put in "\\PC{0,12}",
    ) {
        let sample = if is_office { OFFICE } else { DESK };
        let start = floor(sample, at);
        let end = floor(sample, start + gone);
        let text = format!("{}{put}{}", &sample[..start], &sample[end..]);
        read(&text);
    }

    #[test]
    fn any_values_at_all_are_read_or_refused(
        lines in prop::collection::vec(
            ("(listen|rtp_ports|domain|number|members|recall_to|recall_timer|mac|peer)",
             "(\"\\PC{0,16}\"|[0-9a-fx_.:+-]{1,12}|\\[\"[0-9:./]{0,12}\"\\]|\\{ a = 1 \\})"),
            0..9),
        table in "(server|park|extension|call_park_group|ring_group|trunk)",
    ) {
        let settings: String = lines.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        read(&format!("[{table}]\n{settings}"));
        read(&format!("[[{table}]]\n{settings}"));
    }

    #[test]
    fn any_address_book_is_read_or_refused(bytes: Vec<u8>, is_card: bool) {
        let head: &[u8] = if is_card { b"BEGIN:VCARD\nFN:" } else { b"name;number\n" };
        let _ = directory::read("book", &[head, &bytes].concat());
    }
}

#[test]
fn a_file_of_nothing_but_faults_is_told_of_in_bounds() {
    let text =
        "colour = 1\n[a]\n".to_owned() + &"x".repeat(100_000) + " = 1\n" + &"= =\n".repeat(2_000);
    let findings = Office::parse_alone("office.toml", &text).unwrap_err();
    assert!(findings.as_slice().len() <= 500);
    assert!(findings.to_string().lines().all(|line| line.len() < 400));
    let depth = "[".repeat(50_000);
    read(&format!("a = {depth}"));
}

fn read(text: &str) {
    let office = Office::parse_alone("office.toml", text);
    if let Err(findings) = office {
        assert!(findings.refuse());
    }
    let desk = Desk::parse("desk.toml", text, &[], &mut no_files);
    if let Err(findings) = desk {
        assert!(findings.refuse());
    }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap()
}
