//! The part of an address that only one phone is told.

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;

use crate::domain::device::Mac;

/// Octets of it: nobody guesses sixteen.
const OCTETS: usize = 16;

/// For `http://SERVER:8088/prov/SECRET/`: the same for as long as the key is.
pub fn secret_of(mac: &Mac, key: &[u8; 32]) -> String {
    let Ok(mut hash) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    hash.update(b"provisioning ");
    hash.update(mac.as_str().as_bytes());
    let digest = hash.finalize().into_bytes();
    digest.iter().take(OCTETS).map(|octet| format!("{octet:02x}")).collect()
}

/// Whether two texts are the same, without telling by the time it takes where
/// they begin to differ.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let differ = one.bytes().zip(other.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    !one.is_empty() && one.len() == other.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phone_and_each_key_has_a_secret_of_its_own() {
        let macs = ["805e0c112233", "805e0c112234"].map(|text| Mac::parse(text).unwrap());
        let [one, other] = &macs;
        assert_eq!(secret_of(one, &[1; 32]), secret_of(one, &[1; 32]));
        assert_eq!(secret_of(one, &[1; 32]).len(), 32);
        assert_ne!(secret_of(one, &[1; 32]), secret_of(other, &[1; 32]));
        assert_ne!(secret_of(one, &[1; 32]), secret_of(one, &[2; 32]));
        assert!(is_same("ab", "ab") && !is_same("ab", "ac"));
        assert!(!is_same("ab", "abc") && !is_same("", ""));
    }
}
