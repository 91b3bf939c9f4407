//! Answers to digest challenges (RFC 2617, RFC 8760): MD5, the algorithm
//! every phone knows, even when stronger ones are offered first.

use std::collections::BTreeMap;

use md5::{Digest, Md5};

/// Who answers, for which request.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub user: &'a str,
    pub password: &'a str,
    pub method: &'a str,
    /// The Request-URI exactly as it stands in the request.
    pub uri: &'a str,
    pub cnonce: &'a str,
}

/// The value of an Authorization header for the first MD5 challenge among
/// `challenges`; none if there is no such.
pub fn answer(challenges: &[String], asked: Asked<'_>) -> Option<String> {
    let challenges = challenges.iter().filter_map(|text| parameters(text));
    let challenge = challenges.into_iter().find(is_md5)?;
    let realm = challenge.get("realm")?;
    let nonce = challenge.get("nonce")?;
    let Asked { user, password, method, uri, cnonce } = asked;
    let ha1 = md5(&format!("{user}:{realm}:{password}"));
    let ha2 = md5(&format!("{method}:{uri}"));
    let with_qop = offers_auth(&challenge);
    let proof = if with_qop {
        md5(&format!("{ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}"))
    } else {
        md5(&format!("{ha1}:{nonce}:{ha2}"))
    };
    let mut value = format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{proof}\", algorithm=MD5"
    );
    if with_qop {
        value += &format!(", qop=auth, nc=00000001, cnonce=\"{cnonce}\"");
    }
    if let Some(opaque) = challenge.get("opaque") {
        value += &format!(", opaque=\"{opaque}\"");
    }
    Some(value)
}

fn is_md5(challenge: &BTreeMap<String, String>) -> bool {
    challenge.get("algorithm").is_none_or(|algorithm| algorithm.eq_ignore_ascii_case("MD5"))
}

fn offers_auth(challenge: &BTreeMap<String, String>) -> bool {
    let offered = challenge.get("qop").map(String::as_str).unwrap_or_default();
    offered.split(',').any(|qop| qop.trim().eq_ignore_ascii_case("auth"))
}

/// `Digest a="b, c", d=e`; none for another scheme.
fn parameters(challenge: &str) -> Option<BTreeMap<String, String>> {
    let (scheme, rest) = challenge.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    let mut quoted = false;
    let pieces = rest.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    let pairs = pieces.filter_map(|piece| piece.split_once('='));
    Some(pairs.map(|(name, value)| (name.trim().to_lowercase(), plain(value))).collect())
}

fn plain(value: &str) -> String {
    value.trim().trim_matches('"').to_owned()
}

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Asked<'static> = Asked {
        user: "Mufasa",
        password: "Circle Of Life",
        method: "GET",
        uri: "/dir/index.html",
        cnonce: "0a4f113b",
    };

    #[test]
    fn the_example_of_rfc_2617_is_answered_as_printed_there() {
        let challenge = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
            nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
            opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let answer = answer(&[challenge.to_owned()], ASKED).unwrap();
        assert!(answer.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{answer}");
        assert!(answer.contains("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""), "{answer}");
    }

    #[test]
    fn of_two_challenges_the_one_in_md5_is_answered() {
        let sha = "Digest realm=\"a\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"".to_owned();
        let md5 = "Digest realm=\"a\", nonce=\"n2\", algorithm=MD5, qop=\"auth\"".to_owned();
        assert!(answer(&[sha.clone(), md5], ASKED).unwrap().contains("nonce=\"n2\""));
        assert_eq!(answer(&[sha], ASKED), None);
    }
}
