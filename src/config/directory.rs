//! Address books, CSV or vCard, to names and numbers.

use crate::config::{csv, vcard};
use crate::domain::caller_name::CallerName;

/// The names and numbers in a file; which kind it is is told by what is in
/// it. Cards or rows without a number are nobody's fault and skipped.
///
/// # Errors
/// Nobody with a name and a number is in it: in words for people.
pub fn read(file: &str, bytes: &[u8]) -> Result<Vec<(CallerName, String)>, String> {
    let text = decoded(bytes);
    let is_vcard =
        text.trim_start().get(..11).is_some_and(|head| head.eq_ignore_ascii_case("BEGIN:VCARD"));
    let entries = if is_vcard { vcard::entries(&text) } else { csv::entries(&text) };
    let mut known = Vec::new();
    for (name, number) in entries {
        let name = CallerName::clean(&name);
        if !name.is_empty() && number.contains(|c: char| c.is_ascii_digit()) {
            known.push((name, number));
        }
    }
    if known.is_empty() {
        let kind =
            if is_vcard || file.ends_with(".vcf") { "FN and TEL" } else { "name and number" };
        return Err(format!("nobody with {kind} is in it"));
    }
    Ok(known)
}

/// UTF-8, else Latin-1, which spreadsheets still write; without the byte
/// order mark that some of them put first.
fn decoded(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(bytes: &[u8]) -> Vec<(String, String)> {
        let entries = read("contacts", bytes).unwrap().into_iter();
        entries.map(|(name, number)| (name.to_string(), number)).collect()
    }

    #[test]
    fn the_kind_is_told_by_the_content_and_old_encodings_are_read() {
        let vcard = b"\xEF\xBB\xBFBEGIN:VCARD\nFN:Zo\xC3\xAB\nTEL:1\nEND:VCARD\n";
        assert_eq!(read_all(vcard), [("Zoë".to_owned(), "1".to_owned())]);
        let latin_1 = b"name;number\nZo\xEB;1\nNobody;\n";
        assert_eq!(read_all(latin_1), [("Zoë".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn a_name_from_a_file_is_as_dangerous_as_one_from_a_network() {
        let entries = read_all(b"name,number\n\"\x1b[2JAda\r\nByron\",0301234567\n");
        assert_eq!(entries, [("Ada Byron".to_owned(), "0301234567".to_owned())]);
    }

    #[test]
    fn a_file_of_nobody_is_said_to_be_one() {
        assert_eq!(read("a.csv", b"").unwrap_err(), "nobody with name and number is in it");
        assert_eq!(read("a.vcf", b"\x00\xFF").unwrap_err(), "nobody with FN and TEL is in it");
    }
}
