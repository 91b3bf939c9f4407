//! The body that tells a phone's lamp of calls at a number, `application/dialog-info+xml`
//! (RFC 4235): lit while any dialog in it is not over.

pub fn is_busy(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let states = text.split("<state").skip(1).filter_map(|rest| rest.split_once('>'));
    let words = states.filter_map(|(_, rest)| rest.split_once("</state>"));
    words.map(|(word, _)| word.trim()).any(|word| word != "terminated")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "<?xml version=\"1.0\"?><dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" \
                        version=\"3\" state=\"full\" entity=\"sip:701@h\">";

    #[test]
    fn a_lamp_is_lit_while_any_dialog_is_not_over() {
        let over = "<dialog id=\"a\"><state event=\"timeout\">terminated</state></dialog>";
        let early = "<dialog id=\"b\">\n <state> early </state></dialog>";
        for (dialogs, busy) in [("", false), (over, false), (early, true)] {
            assert_eq!(is_busy(format!("{HEAD}{dialogs}</dialog-info>").as_bytes()), busy);
        }
        assert!(is_busy(format!("{HEAD}{over}{early}</dialog-info>").as_bytes()));
        assert!(!is_busy(b"<state>"));
    }
}
