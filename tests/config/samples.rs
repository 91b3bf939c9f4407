//! The samples of the manual, as they stand.

use bellhop::config::{Desk, Office, no_files};

const OFFICE: &str = include_str!("office-sample.toml");
const DESK: &str = include_str!("desk-sample.toml");

#[test]
fn the_sample_office_starts_and_each_later_feature_warns_once() {
    let (office, findings) = Office::parse_alone("office.toml", OFFICE).unwrap();
    insta::assert_snapshot!("office_findings", findings.to_string());
    insta::assert_debug_snapshot!("office", office);
}

#[test]
fn the_sample_desk_starts() {
    let mut files = |path: &str| if path == "office.toml" { Ok(vec![]) } else { no_files(path) };
    let (desk, findings) = Desk::parse("desk.toml", DESK, &[], &mut files).unwrap();
    insta::assert_snapshot!("desk_findings", findings.to_string());
    insta::assert_debug_snapshot!("desk", desk);
}
