//! The body that tells a phone of a parked call,
//! `application/x-broadworks-callpark-info+xml`, read as a phone reads it:
//! the first identity, cut out between `sip:` and `@`.

use crate::sim::people::letter::{Shown, decoded};

/// The parked caller; nothing when the body says that nobody is parked.
pub fn read(body: &[u8]) -> Option<Shown> {
    let text = core::str::from_utf8(body).ok()?;
    let parked = text.split_once("<parked>")?.1;
    let element = parked.split_once("<identity")?.1;
    let (attributes, rest) = element.split_once('>')?;
    let address = rest.split_once("</identity>")?.0;
    let number = address.split_once("sip:")?.1.split_once('@')?.0;
    let name = attributes.split_once("display=\"").and_then(|(_, rest)| rest.split('"').next());
    Some(Shown { name: unescaped(name.unwrap_or_default()), number: decoded(&unescaped(number)) })
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_number_of_the_first_parked_caller_are_read() {
        let body = "<x-broadworks-callpark-info xmlns=\"http://schema.broadsoft.com/callpark\">\n\
            <callpark>\n<parked>\n<identity display=\"Smith &amp; Sons\">sip:0033@h;user=phone\
            </identity></parked></callpark></x-broadworks-callpark-info>";
        let wanted = Shown { name: "Smith & Sons".to_owned(), number: "0033".to_owned() };
        assert_eq!(read(body.as_bytes()), Some(wanted));
        assert_eq!(
            read(b"<x-broadworks-callpark-info><callpark/></x-broadworks-callpark-info>"),
            None
        );
    }
}
