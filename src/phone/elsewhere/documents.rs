//! What other systems say of parked calls: lamps (RFC 4235), BroadWorks' call
//! park information, and bodies that nobody has published.
//!
//! Nothing in them is trusted: sizes are bounded, document types (and with
//! them entities) are refused, and what is not understood is no fault.

use crate::domain::caller::Caller;
use crate::domain::ids::Extension;
use crate::sip::wire::{NameAddr, Uri};

/// Longer than any honest one.
const BODY_MAX: usize = 32 * 1024;
const NODES_MAX: u32 = 2_000;
/// Facts looked at in one body.
const FACTS_MAX: usize = 200;
/// What a fault in one of their addresses is said of; nobody is told.
const PLACE: &str = "park-info";
/// Words for a call that waits no longer, where a body says what happened.
const OVER: [&str; 6] = ["retriev", "unpark", "abandon", "timeout", "terminated", "idle"];

/// A lamp's document, as far as a lot is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lamp {
    pub is_lit: bool,
    /// Who waits, if it says so.
    pub caller: Option<Caller>,
}

/// Who is parked for me.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Nobody,
    Somebody { caller: Option<Caller>, place: Option<Extension> },
}

/// None for what is no dialog information.
pub fn lamp(body: &[u8]) -> Option<Lamp> {
    let text = text_of(body)?;
    let document = xml(text)?;
    let root = document.root_element();
    if local(&root) != "dialog-info" {
        return None;
    }
    let lit = root.children().filter(|node| local(node) == "dialog").find(is_lit);
    let caller = lit.and_then(|dialog| {
        let inside = |name| dialog.descendants().find(move |node| local(node) == name);
        let identity = |of: roxmltree::Node<'_, '_>| identity_in(&of);
        inside("callpark").and_then(identity).or_else(|| inside("remote").and_then(identity))
    });
    Some(Lamp { is_lit: lit.is_some(), caller })
}

/// Servers differ in the state of an occupied place (docs/PROTOCOL.md): any
/// but an ended one will do.
fn is_lit(dialog: &roxmltree::Node<'_, '_>) -> bool {
    let state = dialog.children().find(|node| local(node) == "state");
    let state = state.and_then(|node| node.text()).unwrap_or_default().trim();
    ["confirmed", "early", "trying", "proceeding", "parked"]
        .iter()
        .any(|lit| state.eq_ignore_ascii_case(lit))
}

fn identity_in(node: &roxmltree::Node<'_, '_>) -> Option<Caller> {
    let identity = node.descendants().find(|node| local(node) == "identity")?;
    let display = identity.attribute("display").unwrap_or_default();
    let number = user_of(identity.text().unwrap_or_default());
    let caller = Caller::new(display, &number);
    (!caller.name.is_empty() || !caller.number.is_empty()).then_some(caller)
}

/// BroadWorks' `application/x-broadworks-callpark-info+xml`; `None` for what
/// is no XML.
pub fn call_park_info(body: &[u8]) -> Option<News> {
    let document = xml(text_of(body)?)?;
    let parked = document.descendants().find(|node| local(node) == "parked");
    Some(match parked {
        None => News::Nobody,
        Some(parked) => News::Somebody { caller: identity_in(&parked), place: None },
    })
}

/// A `park-info` body, in whatever form it comes: XML, JSON, or lines of
/// `key: value`. An empty one says that nobody waits.
pub fn park_info(body: &[u8]) -> News {
    let Some(text) = text_of(body) else {
        return News::Somebody { caller: None, place: None };
    };
    if text.trim().is_empty() {
        return News::Nobody;
    }
    let facts = facts(text);
    let is_over = facts.iter().any(Fact::says_it_is_over);
    let of_parked: Vec<&Fact> = facts.iter().filter(|fact| fact.is_of_parked()).collect();
    let is_empty_callpark = of_parked.is_empty() && text.contains("<callpark");
    if is_over || is_empty_callpark {
        return News::Nobody;
    }
    let place = facts.iter().find_map(Fact::place);
    News::Somebody { caller: caller_in(&of_parked), place }
}

/// One thing that a body says: where it says so, and what.
#[derive(Debug)]
struct Fact {
    /// Lower case, from the outside in: `callpark/parked/identity/display`.
    path: String,
    value: String,
}

impl Fact {
    fn last(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    fn is_of_parked(&self) -> bool {
        self.path.contains("parked") && !self.path.contains("parker")
    }

    fn says_it_is_over(&self) -> bool {
        let value = self.value.to_ascii_lowercase();
        let tells = ["event", "state", "action", "status", "type"].contains(&self.last());
        tells && OVER.iter().any(|word| value.contains(word))
    }

    /// A retrieve code ends with the place: `*88101`.
    fn place(&self) -> Option<Extension> {
        let user = self.path.contains("retrieve").then(|| user_of(&self.value))?;
        let digits = user.strip_prefix("*88").unwrap_or(&user);
        Extension::parse(digits).ok()
    }
}

fn caller_in(facts: &[&Fact]) -> Option<Caller> {
    let called = |words: &[&str]| {
        let mut found = facts.iter().filter(|fact| words.iter().any(|w| fact.last().contains(w)));
        found.next().map(|fact| fact.value.as_str())
    };
    let name = called(&["display", "name"]);
    let address = facts.iter().find(|fact| fact.value.contains("sip:")).map(|f| f.value.as_str());
    let number = called(&["number", "uri", "user"]).or(address);
    if name.is_none() && number.is_none() {
        return facts.first().map(|fact| of_one_value(&fact.value));
    }
    let in_address = address.and_then(|text| NameAddr::parse(text, PLACE).ok()?.display);
    let name = name.map(str::to_owned).or(in_address).unwrap_or_default();
    Some(Caller::new(&name, &number.map(user_of).unwrap_or_default()))
}

/// "1003", "James", or both as in an address.
fn of_one_value(value: &str) -> Caller {
    let is_number = value.chars().all(|c| c.is_ascii_digit() || c == '+');
    if is_number { Caller::new("", value) } else { Caller::new(value, "") }
}

fn facts(text: &str) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(document) = xml(text) {
        xml_facts(&document, &mut facts);
    } else if let Ok(value) = serde_json::from_str::<serde_json::Value>(text) {
        json_facts("", &value, &mut facts);
    } else {
        let lines = text.lines().filter_map(|line| line.split_once([':', '=']));
        lines.for_each(|(key, value)| note(&mut facts, key.trim(), value));
    }
    facts
}

fn xml_facts(document: &roxmltree::Document<'_>, facts: &mut Vec<Fact>) {
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let mut above: Vec<String> = node.ancestors().take(16).map(|n| local(&n)).collect();
        above.reverse();
        let path = above.join("/");
        for attribute in node.attributes() {
            note(facts, &format!("{path}/{}", attribute.name()), attribute.value());
        }
        note(facts, &path, node.text().unwrap_or_default());
    }
}

/// The parser bounds the depth.
fn json_facts(path: &str, value: &serde_json::Value, facts: &mut Vec<Fact>) {
    match value {
        serde_json::Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(key, value)| json_facts(&format!("{path}/{key}"), value, facts));
        }
        serde_json::Value::Array(items) => {
            items.iter().for_each(|item| json_facts(path, item, facts));
        }
        serde_json::Value::String(text) => note(facts, path, text),
        other => note(facts, path, &other.to_string()),
    }
}

fn note(facts: &mut Vec<Fact>, path: &str, value: &str) {
    let value = value.trim();
    if facts.len() < FACTS_MAX && !value.is_empty() {
        facts.push(Fact { path: path.to_ascii_lowercase(), value: value.to_owned() });
    }
}

fn text_of(body: &[u8]) -> Option<&str> {
    if body.len() > BODY_MAX { None } else { core::str::from_utf8(body).ok() }
}

/// Without document types: no entity is ever expanded.
fn xml(text: &str) -> Option<roxmltree::Document<'_>> {
    let options = roxmltree::ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        ..Default::default()
    };
    roxmltree::Document::parse_with_options(text.trim_start(), options).ok()
}

fn local(node: &roxmltree::Node<'_, '_>) -> String {
    node.tag_name().name().to_ascii_lowercase()
}

/// `101` of `"James" <sip:101@office>`, or the text itself.
fn user_of(text: &str) -> String {
    let text = text.trim();
    let of_address =
        || NameAddr::parse(text, PLACE).ok().and_then(|address| address.uri.user_decoded());
    let of_uri = || Uri::parse(text).ok().and_then(|uri| uri.user_decoded());
    if !text.contains("sip") {
        return text.to_owned();
    }
    of_address().or_else(of_uri).map(|user| user.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somebody(name: &str, number: &str, place: Option<&str>) -> News {
        let place = place.map(|place| Extension::parse(place).unwrap());
        News::Somebody { caller: Some(Caller::new(name, number)), place }
    }

    fn lamp_of(dialog: &str) -> Option<Lamp> {
        let head = "<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" \
             version=\"1\" state=\"full\" entity=\"sip:701@pbx\">";
        lamp(format!("{head}{dialog}</dialog-info>").as_bytes())
    }

    #[test]
    fn a_lamp_is_lit_by_any_state_but_an_ended_one() {
        for state in ["confirmed", "early", "Confirmed", "parked"] {
            let lit = lamp_of(&format!("<dialog id=\"701\"><state>{state}</state></dialog>"));
            assert_eq!(lit, Some(Lamp { is_lit: true, caller: None }), "{state}");
        }
        let dark = Some(Lamp { is_lit: false, caller: None });
        assert_eq!(lamp_of("<dialog id=\"701\"><state>terminated</state></dialog>"), dark);
        assert_eq!(lamp_of(""), dark);
    }

    #[test]
    fn whoever_a_lamp_names_is_read_from_its_far_end() {
        let dialog = "<dialog id=\"1\"><state>confirmed</state><local><identity display=\"Park\">sip:701@pbx\
            </identity></local><remote><identity display=\"Alice &amp; Co\">sip:+33386@pbx</identity></remote></dialog>";
        let caller = Some(Caller::new("Alice & Co", "+33386"));
        assert_eq!(lamp_of(dialog), Some(Lamp { is_lit: true, caller }));
    }

    #[test]
    fn hostile_documents_are_nothing_at_all() {
        let laughs = "<!DOCTYPE d [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;\">]>\
            <dialog-info><dialog><state>&b;</state></dialog></dialog-info>";
        assert_eq!(lamp(laughs.as_bytes()), None);
        assert_eq!(lamp(b"<dialog-info>"), None);
        assert_eq!(lamp(b"\xff\xfe"), None);
        assert_eq!(lamp("<a>".repeat(9_000).as_bytes()), None);
        let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(1_000));
        assert_eq!(park_info(deep.as_bytes()), News::Somebody { caller: None, place: None });
        let wide = format!("<dialog-info>{}</dialog-info>", "<d/>".repeat(5_000));
        assert_eq!(lamp(wide.as_bytes()), None);
    }

    #[test]
    fn broadworks_says_who_is_parked_for_me() {
        let body = r#"<?xml version="1.0" encoding="UTF-8"?>
<x-broadworks-callpark-info xmlns="http://schema.broadsoft.com/callpark">
  <callpark><parked><identity display="Alice Smith">sip:003386002678@10.0.0.10;user=phone</identity></parked></callpark>
</x-broadworks-callpark-info>"#;
        let alice = somebody("Alice Smith", "003386002678", None);
        assert_eq!(call_park_info(body.as_bytes()), Some(alice.clone()));
        assert_eq!(park_info(body.as_bytes()), alice);
        let nobody = b"<x-broadworks-callpark-info><callpark/></x-broadworks-callpark-info>";
        assert_eq!(call_park_info(nobody), Some(News::Nobody));
        assert_eq!(park_info(nobody), News::Nobody);
        assert_eq!(call_park_info(b"no xml"), None);
    }

    #[test]
    fn unpublished_bodies_are_read_in_whatever_form_they_come() {
        let json = br#"{"parker":{"name":"Bob","number":"1004"},"parked":{"name":"James","number":"1003"},"retrieve":"*88101"}"#;
        assert_eq!(park_info(json), somebody("James", "1003", Some("101")));
        let lines =
            b"parker: Bob\r\nparked: \"James\" <sip:1003@pbx>\r\nretrieve: sip:*88101@pbx\r\n";
        assert_eq!(park_info(lines), somebody("James", "1003", Some("101")));
        let xml = br#"<park-info><parker display="Bob">sip:1004@pbx</parker><parked-user display="James">sip:1003@pbx</parked-user></park-info>"#;
        assert_eq!(park_info(xml), somebody("James", "1003", None));
        assert_eq!(park_info(b"parked=1003\n"), somebody("", "1003", None));
        for over in [&b""[..], b" \r\n", br#"{"event":"retrieved","parked":"1003"}"#] {
            assert_eq!(park_info(over), News::Nobody);
        }
        let unknown = News::Somebody { caller: None, place: None };
        assert_eq!(park_info(b"\x01\x02 something"), unknown);
        assert_eq!(park_info(b"\xff"), unknown);
    }
}
