//! The messages of RFC 4475 and RFC 5118 themselves. They are not kept here:
//! `BELLHOP_CORPUS` names a folder with `rfc4475/*.dat` and `rfc5118/*.dat`.

use std::path::PathBuf;

use crate::judge::Fate;
#[test]
fn look() {
    let Some(folder) = std::env::var_os("BELLHOP_CORPUS").map(PathBuf::from) else { return };
    for sub in ["rfc4475", "rfc5118"] {
        let mut names: Vec<_> =
            std::fs::read_dir(folder.join(sub)).unwrap().map(|e| e.unwrap().path()).collect();
        names.sort();
        for name in names {
            let octets = std::fs::read(&name).unwrap();
            let why = bellhop::sip::wire::parse(&bytes::Bytes::from(octets.clone())).err();
            eprintln!(
                "{} {} {:?}",
                name.file_stem().unwrap().to_str().unwrap(),
                Fate::of(&octets),
                why.map(|w| w.to_string())
            );
        }
    }
}
