//! One dialog (RFC 3261 §12), and the requests in it.

use rsip::headers::{
    Allow, CSeq, CallId, Contact, ContentLength, ContentType, From, MaxForwards, To, UntypedHeader,
    UserAgent, Via,
};
use rsip::message::HeadersExt;
use rsip::{Header, Headers, Method, Request, Uri, Version};

use crate::domain::chance::Chance;
use crate::sim::people::letter::{Reading, quoted};
use crate::sim::people::person::messages::Identity;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    pub call_id: String,
    pub local_tag: String,
    /// The whole From of ours, without tag.
    pub local: String,
    pub remote_tag: Option<String>,
    pub remote: String,
    /// The Request-URI.
    pub target: String,
    pub cseq: u32,
}

impl Dialog {
    /// About to be opened by us: `user` at the office's domain.
    pub fn towards(user: &str, identity: &Identity, chance: &mut Chance) -> Self {
        let remote = format!("sip:{user}@{}", identity.domain);
        Self {
            call_id: format!("{}@{}", chance.hex(20), identity.at.ip()),
            local_tag: chance.hex(10),
            local: identity.named(),
            remote_tag: None,
            remote: format!("<{remote}>"),
            target: remote,
            cseq: 0,
        }
    }

    /// Opened by the other side's `invite`.
    pub fn from_invite(invite: &Request, identity: &Identity, chance: &mut Chance) -> Option<Self> {
        let from = invite.from_header().ok()?;
        let remote = from.value();
        Some(Self {
            call_id: invite.call_id()?,
            local_tag: chance.hex(10),
            local: to_of(invite).unwrap_or_else(|| identity.named()),
            remote_tag: invite.sender_tag(),
            remote: without_tag(remote).to_owned(),
            target: invite.target()?,
            cseq: chance.below(1_000) as u32,
        })
    }

    /// A message of this dialog, or of the half that is known of it.
    pub fn has(&self, call_id: &str, their_tag: Option<&str>) -> bool {
        let tag = self.remote_tag.as_deref();
        self.call_id == call_id && (tag.is_none() || tag == their_tag)
    }

    /// The next request; `branch` is of its transaction.
    pub fn request(
        &mut self,
        method: Method,
        identity: &Identity,
        branch: &str,
    ) -> Option<Request> {
        self.cseq += 1;
        self.request_numbered(method, self.cseq, identity, branch)
    }

    /// An ACK has the number of the INVITE it acknowledges.
    pub fn request_numbered(
        &self,
        method: Method,
        number: u32,
        identity: &Identity,
        branch: &str,
    ) -> Option<Request> {
        let uri = Uri::try_from(self.target.as_str()).ok()?;
        let tag = self.remote_tag.as_ref().map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let user = &identity.user;
        let headers = vec![
            Via::new(format!("SIP/2.0/UDP {};branch={branch};rport", identity.at)).into(),
            MaxForwards::new("70").into(),
            From::new(format!("{};tag={}", self.local, self.local_tag)).into(),
            To::new(format!("{}{tag}", self.remote)).into(),
            CallId::new(self.call_id.as_str()).into(),
            CSeq::new(format!("{number} {method}")).into(),
            Contact::new(format!("<sip:{user}@{}>", identity.at)).into(),
            UserAgent::new("people of the rehearsal").into(),
            Header::Allow(Allow::new(
                "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, NOTIFY, REFER, MESSAGE",
            )),
        ];
        let headers = Headers::from(headers);
        Some(Request { method, uri, version: Version::V2, headers, body: Vec::new() })
    }
}

impl Identity {
    /// As a From, without tag.
    pub fn named(&self) -> String {
        let Self { name, user, domain, .. } = self;
        if name.is_empty() {
            return format!("<sip:{user}@{domain}>");
        }
        format!("{} <sip:{user}@{domain}>", quoted(name))
    }
}

/// The body, its type, and the length that every message ends with.
pub fn with_body(headers: &mut Headers, kind: &str, body: &str) {
    if !body.is_empty() {
        headers.push(ContentType::new(kind).into());
    }
    headers.push(ContentLength::new(body.len().to_string()).into());
}

fn to_of(invite: &Request) -> Option<String> {
    let to = invite.to_header().ok()?;
    Some(to.value().to_owned())
}

fn without_tag(value: &str) -> &str {
    let end = value.rfind('>').map_or(0, |at| at + 1);
    let parameters = value.get(end..).and_then(|rest| rest.find(";tag="));
    parameters.and_then(|at| value.get(..end + at)).unwrap_or(value)
}
