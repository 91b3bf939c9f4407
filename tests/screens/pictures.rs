//! The pictures in `screenshots/` are what the program draws.

use std::path::Path;

use bellhop::app::pictures;

/// `BELLHOP_PICTURES=draw cargo test pictures` draws them anew, as
/// `bellhop pictures` does.
#[test]
fn the_pictures_are_what_the_program_draws() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    if std::env::var("BELLHOP_PICTURES").is_ok_and(|wish| wish == "draw") {
        pictures::draw(&folder).unwrap();
    }
    assert_eq!(pictures::drifted(&folder), Vec::<String>::new());
}
