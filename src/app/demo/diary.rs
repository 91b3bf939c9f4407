//! The diary: what happened on the stage, one JSON object a line.

use std::io::Write;

use serde_json::{Value, json};

use crate::domain::time::Moment;
use crate::sim::people::crowd::News;
use crate::sim::people::ear::Heard;
use crate::sim::people::letter::Shown;
use crate::sim::people::person::messages::Happened;

#[derive(Debug)]
pub struct Diary<W> {
    out: W,
}

impl<W: Write> Diary<W> {
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// A reader that has gone away does not end the morning.
    pub fn write(&mut self, line: &Value) {
        let _ = writeln!(self.out, "{line}");
    }

    pub fn news(&mut self, at: Moment, who: &str, news: &News) {
        if let Some(what) = words(news) {
            let mut line =
                json!({ "at_ms": at.since(Moment::START).as_millis() as u64, "who": who });
            if let (Some(line), Value::Object(what)) = (line.as_object_mut(), what) {
                line.extend(what);
            }
            self.write(&line);
        }
    }
}

fn words(news: &News) -> Option<Value> {
    match news {
        News::Happened(happened) => Some(happened_words(happened)),
        News::Heard { heard: Heard::MusicBegins, .. } => Some(json!({ "hears": "music" })),
        News::Heard { heard: Heard::PeopleBegin, .. } => Some(json!({ "hears": "people" })),
        News::Heard { heard: Heard::Gap { ms }, .. } => Some(json!({ "hears_nothing_ms": ms })),
        News::Spoke { .. } => None,
    }
}

fn happened_words(happened: &Happened) -> Value {
    match happened {
        Happened::Registered => json!({ "event": "registered" }),
        Happened::RegistrationRefused { status } => {
            json!({ "event": "registration refused", "status": status })
        }
        Happened::Rang { who, .. } => json!({ "event": "rings", "shows": shown(who) }),
        Happened::Called { to, .. } => json!({ "event": "calls", "to": to }),
        Happened::Connected { who, .. } => json!({ "event": "connected", "shows": shown(who) }),
        Happened::NameShown { who, .. } => json!({ "event": "display", "shows": shown(who) }),
        Happened::Refused { status, reason, .. } => {
            json!({ "event": "refused", "status": status, "reason": reason })
        }
        Happened::Ended { by_me: true, .. } => json!({ "event": "hangs up" }),
        Happened::Ended { by_me: false, .. } => json!({ "event": "is left" }),
        Happened::TransferAsked { to, .. } => json!({ "event": "transfers", "to": to }),
        Happened::TransferAnswered { status, .. } => {
            json!({ "event": "transfer answered", "status": status })
        }
        Happened::TransferProgress { status, .. } => {
            json!({ "event": "transfer progress", "status": status })
        }
        Happened::ParkShown { parked: Some(who) } => {
            json!({ "event": "parked call shown", "shows": shown(who) })
        }
        Happened::ParkShown { parked: None } => json!({ "event": "no parked call shown" }),
        Happened::LampShown { busy } => json!({ "event": "lamp", "busy": busy }),
        Happened::CannotDo(deed) => json!({ "event": "cannot do", "deed": format!("{deed:?}") }),
        Happened::Unreadable { bytes } => json!({ "event": "unreadable message", "bytes": bytes }),
    }
}

fn shown(who: &Shown) -> Value {
    json!({ "name": who.name, "number": who.number })
}
