//! What is asked and answered over the local socket.

use serde::{Deserialize, Serialize};

use crate::domain::administration::{Groups, Objection, Wish};
use crate::domain::park_table::ParkedView;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Question {
    Status,
    Parked,
    Reload,
    /// Without a domain: of the only tenant.
    Group {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
        wish: Wish,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    Status(Status),
    Parked(Vec<ParkedCall>),
    Reloaded { remarks: Vec<String> },
    Groups(Groups),
    Refused(Vec<Objection>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub version: String,
    pub running_s: u64,
    pub tenants: Vec<TenantStatus>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantStatus {
    pub domain: String,
    pub extensions: usize,
    /// Extensions with a device.
    pub registered: usize,
    /// Phones in a call, ringing ones among them.
    pub legs: usize,
    pub parked: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedCall {
    pub domain: String,
    #[serde(flatten)]
    pub call: ParkedView,
}

impl Answer {
    pub fn refused(words: impl Into<String>) -> Self {
        Self::Refused(vec![Objection::new("", words)])
    }
}
