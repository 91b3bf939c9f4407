//! Notifications as phones' firmware reads them, which is not how XML readers
//! do; and as an XML reader does, so that both agree.

use roxmltree::{Document, Node};

use crate::text::{Message, Shown};

pub const CALL_PARK: &str = "application/x-broadworks-callpark-info+xml";
const CALL_PARK_SPACE: &str = "http://schema.broadsoft.com/callpark";
const DIALOG_INFO: &str = "application/dialog-info+xml";
const DIALOG_INFO_SPACE: &str = "urn:ietf:params:xml:ns:dialog-info";

/// A lamp's state, in the words of Yealink's table of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lamp {
    Off,
    /// Early: flashes.
    Ringing,
    Talking,
    /// Talking, but nobody is heard: as a call on hold.
    Held,
    /// A parked caller, told from a call by a make that can.
    Parked,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lit {
    pub lamp: Lamp,
    /// Whoever is said to be there.
    pub who: Option<Shown>,
    /// What the key is to dial, if that is said.
    pub dials: Option<String>,
    version: u32,
}

/// The pop-up that this body opens; None closes it. As Yealink walks it:
/// first child, `callpark`, `parked`, `identity`, and the number between
/// `sip:` and `@`.
pub fn pop_up(body: &str) -> Result<Option<Shown>, String> {
    let document = Document::parse(body).map_err(|fault| format!("{fault}: {body}"))?;
    let root = document.root_element();
    if !root.has_tag_name((CALL_PARK_SPACE, "x-broadworks-callpark-info")) {
        return Err(format!("not the root a phone looks for: {body}"));
    }
    let call_park = child(root, "callpark").ok_or_else(|| format!("no callpark: {body}"))?;
    let Some(parked) = child(call_park, "parked") else {
        let closes = body.contains("<callpark/>");
        return if closes { Ok(None) } else { Err(format!("closes nothing: {body}")) };
    };
    let identity = child(parked, "identity").ok_or_else(|| format!("nobody: {body}"))?;
    who(identity, body).map(Some)
}

fn child<'a, 'i>(of: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    of.children().find(|it| it.has_tag_name((CALL_PARK_SPACE, name)))
}

fn who(identity: Node<'_, '_>, body: &str) -> Result<Shown, String> {
    let name = identity.attribute("display").ok_or_else(|| format!("no display: {body}"))?;
    let uri = identity.text().unwrap_or_default();
    let number = uri.split_once("sip:").and_then(|(_, rest)| rest.split_once('@'));
    let (number, _) = number.ok_or_else(|| format!("no number between sip: and @: {body}"))?;
    Ok(Shown::new(name, number))
}

/// What a key with a lamp makes of a dialog document of one dialog.
pub fn lit(message: &Message) -> Result<Lit, String> {
    let body = message.text();
    if message.get("Content-Type") != DIALOG_INFO {
        return Err(format!(
            "a lamp is told by {DIALOG_INFO}, not {:?}",
            message.get("Content-Type")
        ));
    }
    let document = Document::parse(&body).map_err(|fault| format!("{fault}: {body}"))?;
    let root = document.root_element();
    let right = root.has_tag_name((DIALOG_INFO_SPACE, "dialog-info"))
        && root.attribute("state") == Some("full")
        && entity_is_whole(root.attribute("entity").unwrap_or_default());
    let version = root.attribute("version").and_then(|it| it.parse().ok());
    let (true, Some(version)) = (right, version) else {
        return Err(format!("not a whole document of a lamp: {body}"));
    };
    let find = |name: &str| root.descendants().find(|it| it.tag_name().name() == name);
    let remote = find("remote");
    let inside = |name: &'static str| {
        remote.and_then(|of| of.children().find(|it| it.tag_name().name() == name))
    };
    let parked = call_park_in(&body)?;
    let named = inside("identity").map(|it| who(it, &body)).transpose()?;
    Ok(Lit {
        lamp: lamp_of(&body, root, parked.is_some())?,
        who: parked.or(named),
        dials: inside("target").and_then(|it| it.attribute("uri")).map(crate::text::user),
        version,
    })
}

/// Yealink cuts it at the first colon after `sip:`.
fn entity_is_whole(entity: &str) -> bool {
    entity.strip_prefix("sip:").is_some_and(|rest| rest.contains('@') && !rest.contains(':'))
}

fn lamp_of(body: &str, root: Node<'_, '_>, has_call_park: bool) -> Result<Lamp, String> {
    let states = root.descendants().filter(|it| it.tag_name().name() == "state");
    let words: Vec<&str> = states.filter_map(|it| it.text()).collect();
    let silent = root
        .descendants()
        .any(|it| it.tag_name().name() == "param" && it.attribute("pvalue") == Some("no"));
    let first = words.first().copied().ok_or_else(|| format!("no state: {body}"))?;
    match first {
        "terminated" => Ok(Lamp::Off),
        "early" => Ok(Lamp::Ringing),
        "parked" => Ok(Lamp::Parked),
        "confirmed" if has_call_park => Ok(Lamp::Parked),
        "confirmed" if silent => Ok(Lamp::Held),
        "confirmed" => Ok(Lamp::Talking),
        other => Err(format!("no lamp knows {other}: {body}")),
    }
}

/// By the literal name, prefix and all: Yealink does not resolve namespaces,
/// and counts it only within a dialog that talks.
fn call_park_in(body: &str) -> Result<Option<Shown>, String> {
    let Some((before, rest)) = body.split_once("<bw:callpark>") else { return Ok(None) };
    if !before.trim_end().ends_with("<state>confirmed</state>") {
        return Err(format!("bw:callpark without a dialog that talks: {body}"));
    }
    let identity = rest.split_once("<bw:identity display=\"").map(|(_, it)| it);
    let (name, rest) = identity.and_then(|it| it.split_once("\">")).ok_or("nobody in it")?;
    let number = rest.split_once("sip:").and_then(|(_, it)| it.split_once('@'));
    let (number, _) = number.ok_or_else(|| format!("no number: {body}"))?;
    Ok(Some(Shown::new(name, number)))
}

impl Lit {
    /// RFC 4235 §4.3: what is older than what is known is not believed.
    pub fn is_newer_than(&self, known: Option<&Self>) -> bool {
        known.is_none_or(|known| self.version > known.version)
    }

    pub fn is_first(&self) -> bool {
        self.version == 0
    }
}
