//! Telephones as things: who made one, and its hardware address.

use std::fmt;

use crate::domain::nearest::nearest;

/// Makes whose habits are known, at least from documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Make {
    Cisco,
    Dinstar,
    Fanvil,
    Grandstream,
    Htek,
    Poly,
    Snom,
    Yealink,
}

impl Make {
    /// As settings and commands spell them.
    pub const NAMES: [(&'static str, Self); 8] = [
        ("cisco", Self::Cisco),
        ("dinstar", Self::Dinstar),
        ("fanvil", Self::Fanvil),
        ("grandstream", Self::Grandstream),
        ("htek", Self::Htek),
        ("poly", Self::Poly),
        ("snom", Self::Snom),
        ("yealink", Self::Yealink),
    ];

    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(_, make)| *make == self).map_or("", |(name, _)| name)
    }

    /// # Errors
    /// There is none of this name: says which there are, and which was meant.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wanted = text.to_lowercase();
        let found = Self::NAMES.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, make)| *make).ok_or_else(|| {
            let names = Self::NAMES.map(|(name, _)| name);
            let near = nearest(text, names).map(|near| format!("; did you mean {near}?"));
            format!("not one of {}{}", names.join(", "), near.unwrap_or_default())
        })
    }
}

impl fmt::Display for Make {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A device's hardware address: twelve lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mac(String);

impl Mac {
    /// Twelve hexadecimal digits, plain or with `:`, `-` or `.` between them.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
        let fits = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        fits.then(|| Self(digits.to_ascii_lowercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<[u8; 6]> for Mac {
    fn from(octets: [u8; 6]) -> Self {
        Self(octets.iter().map(|octet| format!("{octet:02x}")).collect())
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a password can be written into every make's settings: XML has no
/// controls and no U+FFFE, U+FFFF (XML 1.0 section 2.2), and phones cut blanks
/// off at both ends.
pub fn fits_settings(password: &str) -> bool {
    !password.is_empty()
        && password.trim() == password
        && !password.contains(|c: char| {
            c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_are_read_in_any_case_and_a_slip_is_understood() {
        assert_eq!(Make::parse("Yealink"), Ok(Make::Yealink));
        let all = "not one of cisco, dinstar, fanvil, grandstream, htek, poly, snom, yealink";
        assert_eq!(Make::parse("yealnk"), Err(format!("{all}; did you mean yealink?")));
        assert_eq!(Make::parse("toaster"), Err(all.to_owned()));
        for (name, make) in Make::NAMES {
            assert_eq!((Make::parse(name), make.as_str()), (Ok(make), name));
        }
    }

    #[test]
    fn passwords_that_a_phone_would_read_otherwise_are_known() {
        for password in ["hunter2", "a b", "<&>\"'", "#pass", "pässwörd", "%NULL%x"] {
            assert!(fits_settings(password), "{password:?}");
        }
        for password in ["", " x", "x ", "a\nb", "a\tb", "\u{1b}", "\u{ffff}"] {
            assert!(!fits_settings(password), "{password:?}");
        }
    }

    #[test]
    fn hardware_addresses_are_read_as_people_write_them() {
        let mac = Mac::from([0x80, 0x5e, 0x0c, 0x11, 0x22, 0x33]);
        for text in ["805e0c112233", "80:5E:0C:11:22:33", "80-5e-0c-11-22-33", "805e.0c11.2233"] {
            assert_eq!(Mac::parse(text).as_ref(), Some(&mac));
        }
        for text in ["", "805e0c11223", "805e0c1122334", "805e0c11223g", "８05e0c112233"] {
            assert_eq!(Mac::parse(text), None, "{text}");
        }
    }
}
