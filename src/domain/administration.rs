//! Call park groups as people set them up, and what an administrator asks of
//! the office and is told (product S21, Q21).
//!
//! The body of `application/vnd.bellhop.admin+json` (docs/PROTOCOL.md), and
//! what `bellhop ctl group` says. All values are texts as they stand in the
//! settings file: whoever reads that file checks these too.

use serde::{Deserialize, Serialize};

use crate::domain::ids::Extension;

pub const MIME_TYPE: &str = "application/vnd.bellhop.admin+json";
/// Octets of the longest request read: a group of some thousand members.
pub const REQUEST_BYTES_MAX: usize = 32 << 10;

/// A request, with a number of the asker's own that comes back with the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub id: u32,
    #[serde(flatten)]
    pub wish: Wish,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Wish {
    List,
    Add {
        group: GroupForm,
    },
    Edit {
        /// The group, by the name it has now.
        name: String,
        /// As the asker has seen it: refused, if it is another by now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<GroupForm>,
        group: GroupForm,
    },
    Delete {
        name: String,
    },
}

/// A `[[call_park_group]]`. What is `None` is not written: its default holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupForm {
    pub name: String,
    /// In hunting order.
    pub members: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recall_timer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recall_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_group_wait: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recall_rounds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recall_fallback: Option<String>,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub id: u32,
    #[serde(flatten)]
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All groups as they are now.
    Done(Groups),
    /// Nothing has changed, for these reasons.
    Refused(Vec<Objection>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Groups {
    pub groups: Vec<GroupForm>,
    /// Those that a policy may ring.
    pub ring_groups: Vec<RingGroupName>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingGroupName {
    pub number: Extension,
    pub name: String,
}

/// Why something cannot be, in words for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// The setting of the group at fault, such as `members`; empty when it is
    /// none in particular.
    pub field: String,
    pub words: String,
}

impl Objection {
    pub fn new(field: &str, words: impl Into<String>) -> Self {
        Self { field: field.to_owned(), words: words.into() }
    }
}

impl Outcome {
    /// Refused for one reason that is of no setting in particular.
    pub fn refused(words: impl Into<String>) -> Self {
        Self::Refused(vec![Objection::new("", words)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_the_manual_writes_it() {
        let text = r#"{"id":7,"do":"edit","name":"Front","group":{"name":"Desk","members":["101"],"recall_timer":"30s"}}"#;
        let request: Request = serde_json::from_str(text).unwrap();
        let group = GroupForm {
            name: "Desk".to_owned(),
            members: vec!["101".to_owned()],
            recall_timer: Some("30s".to_owned()),
            ..GroupForm::default()
        };
        let wish = Wish::Edit { name: "Front".to_owned(), was: None, group };
        assert_eq!(request, Request { id: 7, wish });
        assert_eq!(serde_json::to_string(&request).unwrap(), text);
        for wrong in ["{}", r#"{"id":1,"do":"burn"}"#, r#"{"id":1,"do":"add","group":{"nam":1}}"#] {
            assert!(serde_json::from_str::<Request>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_answer_says_what_is_or_why_not() {
        let refused = Reply { id: 7, outcome: Outcome::refused("No") };
        let text = r#"{"id":7,"refused":[{"field":"","words":"No"}]}"#;
        assert_eq!(serde_json::to_string(&refused).unwrap(), text);
        assert_eq!(serde_json::from_str::<Reply>(text).unwrap(), refused);
        let done = r#"{"id":7,"done":{"groups":[],"ring_groups":[]}}"#;
        let outcome = Outcome::Done(Groups::default());
        assert_eq!(serde_json::from_str::<Reply>(done).unwrap(), Reply { id: 7, outcome });
    }
}
