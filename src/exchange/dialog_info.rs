//! The documents behind lamps on phones' keys (RFC 4235): an extension's calls,
//! and whether somebody is parked where a code leads.
//!
//! Call-ID and tags are never told: phones would answer with INVITE and
//! Replaces instead of dialling the code.

use std::fmt::Write;

use crate::domain::habits::LampWord;
use crate::domain::ids::Extension;
use crate::exchange::Exchange;
use crate::exchange::lines::Line;
use crate::exchange::xml::escaped;
use crate::park::Parked;

pub(super) const DIALOG_INFO: &str = "application/dialog-info+xml";

/// A document but for its number, which is each watcher's own.
#[derive(Clone)]
pub(super) struct LampPage {
    before: String,
    after: String,
}

impl LampPage {
    pub fn numbered(&self, version: u32) -> String {
        format!("{}{version}{}", self.before, self.after)
    }

    /// Whether a watcher knows all this already.
    pub fn digest(&self) -> u64 {
        digest(&[self.before.as_bytes(), self.after.as_bytes()])
    }
}

/// FNV-1a, 64 bits.
pub(super) fn digest(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().copied().flatten();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Whoever waits at a place, as a lamp's watcher is to be told of him.
pub(super) struct Shown<'a> {
    pub parked: &'a Parked,
    pub display: String,
    /// What fetches this very call.
    pub code: String,
}

impl Exchange {
    /// An extension's calls; with `parked` also whoever waits there, in the
    /// word that the watcher's make knows.
    pub(super) fn extension_page(
        &self,
        entity: &str,
        extension: &Extension,
        lines: &[Line],
        parked: Option<(LampWord, &Shown<'_>)>,
    ) -> LampPage {
        let mut dialogs = String::new();
        match &parked {
            Some((LampWord::CallPark, shown)) => {
                dialogs += &opened(&format!("callpark-{extension}-1"), "confirmed");
                dialogs += &self.call_park_element(shown);
                dialogs += CLOSED;
            }
            Some((LampWord::Parked, shown)) => {
                dialogs += &opened(&format!("callpark-{extension}-1"), "parked");
                dialogs += &self.remote_element(shown);
                dialogs += CLOSED;
            }
            Some((LampWord::Early | LampWord::Confirmed, _)) | None => {}
        }
        for (line, index) in lines.iter().zip(1..) {
            let direction = if line.was_called { "recipient" } else { "initiator" };
            let state = if line.is_answered { "confirmed" } else { "early" };
            let _ = write!(
                dialogs,
                "  <dialog id=\"{extension}-{index}\" direction=\"{direction}\">\r\n    <state>{state}</state>\r\n  </dialog>\r\n",
            );
        }
        if dialogs.is_empty() {
            dialogs = idle(&format!("{extension}-1"));
        }
        page(entity, &dialogs)
    }

    /// A place that a code leads to: occupied, or free.
    pub(super) fn place_page(
        &self,
        entity: &str,
        id: &str,
        word: LampWord,
        shown: Option<&Shown<'_>>,
    ) -> LampPage {
        let Some(shown) = shown else { return page(entity, &idle(id)) };
        let mut dialog = opened(id, state_of(word));
        dialog += &local_element(entity, &shown.parked.at, word);
        dialog += &self.remote_element(shown);
        if word == LampWord::CallPark {
            dialog += &self.call_park_element(shown);
        }
        dialog += CLOSED;
        page(entity, &dialog)
    }

    fn remote_element(&self, shown: &Shown<'_>) -> String {
        let uri = self.name_addr(&self.caller_of(shown.parked.journey)).uri.to_string();
        let target = self.office_uri(&shown.code);
        format!(
            "    <remote>\r\n      <identity display=\"{}\">{}</identity>\r\n      <target uri=\"{}\"/>\r\n    </remote>\r\n",
            escaped(&shown.display),
            escaped(&uri),
            escaped(&target)
        )
    }

    /// Yealink looks for the name `bw:callpark`, prefix and all.
    fn call_park_element(&self, shown: &Shown<'_>) -> String {
        let uri = self.call_park_uri(&self.caller_of(shown.parked.journey));
        format!(
            "    <bw:callpark>\r\n      <bw:parked>\r\n        <bw:identity display=\"{}\">{}</bw:identity>\r\n      </bw:parked>\r\n    </bw:callpark>\r\n",
            escaped(&shown.display),
            escaped(&uri)
        )
    }
}

const CLOSED: &str = "  </dialog>\r\n";

fn opened(id: &str, state: &str) -> String {
    format!("  <dialog id=\"{id}\" direction=\"recipient\">\r\n    <state>{state}</state>\r\n")
}

fn idle(id: &str) -> String {
    format!("  <dialog id=\"{id}\">\r\n    <state>terminated</state>\r\n  </dialog>\r\n")
}

fn state_of(word: LampWord) -> &'static str {
    match word {
        LampWord::Early => "early",
        LampWord::Parked => "parked",
        LampWord::Confirmed | LampWord::CallPark => "confirmed",
    }
}

/// `+sip.rendering` says that nobody is heard, as with a call on hold; a lamp
/// that is to ring or to show a parked call must not be told so.
fn local_element(entity: &str, at: &Extension, word: LampWord) -> String {
    let entity = escaped(entity);
    let target = match word {
        LampWord::Confirmed => format!(
            "      <target uri=\"{entity}\">\r\n        <param pname=\"+sip.rendering\" pvalue=\"no\"/>\r\n      </target>\r\n"
        ),
        LampWord::Early | LampWord::Parked | LampWord::CallPark => {
            format!("      <target uri=\"{entity}\"/>\r\n")
        }
    };
    format!(
        "    <local>\r\n      <identity display=\"Park {at}\">{entity}</identity>\r\n{target}    </local>\r\n"
    )
}

fn page(entity: &str, dialogs: &str) -> LampPage {
    let mut before = String::from(concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?>"#,
        "\r\n",
        r#"<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info""#,
    ));
    if dialogs.contains("<bw:") {
        before += r#" xmlns:bw="http://schema.broadsoft.com/callpark""#;
    }
    before += " version=\"";
    let entity = escaped(entity);
    let after = format!("\" state=\"full\" entity=\"{entity}\">\r\n{dialogs}</dialog-info>\r\n");
    LampPage { before, after }
}
