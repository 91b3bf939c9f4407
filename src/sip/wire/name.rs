//! Header names, long and compact.

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($($variant:ident $long:literal $($compact:literal)?),+ $(,)?) => {
        /// A header's name. Read in any case and in its compact form, written long.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Name {
            $($variant,)+
            /// Any other, as it was written.
            Other(String),
        }

        impl Name {
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $long,)+
                    Self::Other(name) => name,
                }
            }

            pub fn parse(text: &str) -> Self {
                Self::from_token(text.as_bytes())
            }

            pub(super) fn from_token(text: &[u8]) -> Self {
                let known = match text {
                    [letter] => Self::compact(letter.to_ascii_lowercase()),
                    _ => Self::long(text),
                };
                known.unwrap_or_else(|| Self::Other(String::from_utf8_lossy(text).into_owned()))
            }

            fn compact(letter: u8) -> Option<Self> {
                $($(
                    if letter == $compact.as_bytes()[0] {
                        return Some(Self::$variant);
                    }
                )?)+
                None
            }

            fn long(text: &[u8]) -> Option<Self> {
                $(
                    if text.len() == $long.len() && text.eq_ignore_ascii_case($long.as_bytes()) {
                        return Some(Self::$variant);
                    }
                )+
                None
            }
        }
    };
}

// The most frequent first: they are compared in this order.
names! {
    Via "Via" "v",
    From "From" "f",
    To "To" "t",
    CallId "Call-ID" "i",
    CSeq "CSeq",
    Contact "Contact" "m",
    MaxForwards "Max-Forwards",
    ContentLength "Content-Length" "l",
    ContentType "Content-Type" "c",
    UserAgent "User-Agent",
    Allow "Allow",
    Supported "Supported" "k",
    Route "Route",
    RecordRoute "Record-Route",
    Authorization "Authorization",
    Expires "Expires",
    Event "Event" "o",
    SubscriptionState "Subscription-State",
    Accept "Accept",
    PAssertedIdentity "P-Asserted-Identity",
    WwwAuthenticate "WWW-Authenticate",
    ProxyAuthorization "Proxy-Authorization",
    ProxyAuthenticate "Proxy-Authenticate",
    AuthenticationInfo "Authentication-Info",
    Server "Server",
    ReferTo "Refer-To" "r",
    ReferredBy "Referred-By" "b",
    ReferSub "Refer-Sub",
    Replaces "Replaces",
    Require "Require",
    ProxyRequire "Proxy-Require",
    Unsupported "Unsupported",
    MinExpires "Min-Expires",
    AllowEvents "Allow-Events" "u",
    ContentEncoding "Content-Encoding" "e",
    ContentDisposition "Content-Disposition",
    Subject "Subject" "s",
    Warning "Warning",
    Reason "Reason",
    RetryAfter "Retry-After",
    AlertInfo "Alert-Info",
    CallInfo "Call-Info",
    Diversion "Diversion",
    HistoryInfo "History-Info",
    PPreferredIdentity "P-Preferred-Identity",
    RemotePartyId "Remote-Party-ID",
    Privacy "Privacy",
    SessionExpires "Session-Expires" "x",
    Date "Date",
    Path "Path",
}
