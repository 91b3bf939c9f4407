//! The phones: what each make subscribes to, how its keys park and fetch, and
//! what it can and cannot do. From public documents; what a real one does
//! otherwise is to be changed here first.

use bellhop::media::control::Codec;

use crate::bodies::CALL_PARK;
use crate::proof::Proof;
use crate::settings::Form;

#[derive(Clone, Copy, Debug)]
pub struct Persona {
    /// As the office's settings list it; None: a phone of a make that cannot
    /// be listed, or of no make.
    pub make: Option<&'static str>,
    /// Further settings of the device, for what it does not ask for itself.
    pub told: &'static str,
    /// The first ten digits of its hardware address.
    pub maker: &'static str,
    pub settings: Form,
    /// `User-Agent` when it fetches its settings.
    pub fetches_as: &'static str,
    /// `User-Agent` in SIP.
    pub agent: &'static str,
    pub proof: Proof,
    /// None: it says nothing of what it takes.
    pub allow: Option<&'static str>,
    pub watches: &'static [Watch],
    pub parks: ParkKey,
    pub holds_before_transfer: bool,
    /// What its retrieve key dials; `{place}` is where the caller is.
    pub fetches: &'static str,
    /// The codec it likes best comes first.
    pub codecs: &'static [Codec],
    /// What it answers to a NOTIFY that it did not ask for.
    pub unasked: u16,
    /// It hangs up by itself once its transfer has succeeded.
    pub hangs_up_after_transfer: bool,
}

/// One subscription.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    pub event: &'static str,
    /// `{own}` is its extension, `{park}` the office's code.
    pub at: &'static str,
    pub accept: &'static [&'static str],
    pub expires_s: u32,
    /// What it answers to the NOTIFYs.
    pub answers: u16,
}

/// What happens on the wire when the park key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParkKey {
    /// The call is held and the code is dialled as a new call.
    DialsBesideHeldCall,
    /// The call is transferred blindly to the code.
    Transfers,
    /// The same, with all but digits and letters escaped.
    TransfersEscaped,
    /// The call is held, the code is dialled, and both are joined.
    TransfersAttended,
}

const CALL_INFO: Watch =
    Watch { event: "call-info", at: "{own}", accept: &[CALL_PARK], expires_s: 3600, answers: 200 };
const LAMP: Watch = Watch {
    event: "dialog",
    at: "{own}",
    accept: &["application/dialog-info+xml"],
    expires_s: 1800,
    answers: 200,
};

const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, REFER, INFO, MESSAGE";
const ALLOW_WITH_UPDATE: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, REFER, INFO, MESSAGE, UPDATE, PRACK, SUBSCRIBE";

/// Yealink T3 to T8 as provisioned: park mode 1, the codes are dialled.
pub const YEALINK_FAC: Persona = Persona {
    make: Some("yealink"),
    told: "",
    maker: "805e0c1122",
    settings: Form::Yealink,
    fetches_as: "Yealink SIP-T54W 96.86.0.118 {mac:}",
    agent: "Yealink SIP-T54W 96.86.0.118",
    proof: Proof::Md5Counted,
    allow: Some(ALLOW_WITH_UPDATE),
    watches: &[CALL_INFO],
    parks: ParkKey::DialsBesideHeldCall,
    holds_before_transfer: true,
    fetches: "{retrieve}",
    codecs: &[Codec::Pcmu, Codec::Pcma],
    unasked: 481,
    hangs_up_after_transfer: true,
};

/// The same with `park_mode = 2`, set by hand, and keys whose lamps watch the
/// bare park code and James.
pub const YEALINK_TRANSFER: Persona = Persona {
    watches: &[Watch { at: "{park}", ..LAMP }, Watch { at: "103", ..LAMP }],
    parks: ParkKey::Transfers,
    holds_before_transfer: false,
    fetches: "{retrieve}{place}",
    ..YEALINK_FAC
};

/// Fanvil X and V: Visual Park, number, Visual Park.
pub const FANVIL: Persona = Persona {
    make: Some("fanvil"),
    told: "",
    maker: "0c383e557e",
    settings: Form::Fanvil,
    fetches_as: "Fanvil X5U-V2 2.12.16.17 {mac}",
    agent: "Fanvil X5U-V2 2.12.16.17 {mac}",
    proof: Proof::Sha256,
    allow: Some(ALLOW),
    watches: &[Watch { expires_s: 300, ..CALL_INFO }],
    parks: ParkKey::TransfersEscaped,
    holds_before_transfer: true,
    fetches: "{retrieve}#",
    codecs: &[Codec::Pcma, Codec::Pcmu],
    unasked: 489,
    hangs_up_after_transfer: true,
};

/// Grandstream GRP26xx: Call Park, number, Park.
pub const GRANDSTREAM: Persona = Persona {
    make: Some("grandstream"),
    told: "",
    maker: "c074ad0b63",
    settings: Form::Grandstream,
    fetches_as: "Grandstream Model HW GRP2614 SW 1.0.5.15 DevId {mac}",
    agent: "Grandstream GRP2614 1.0.5.15",
    proof: Proof::Sha256,
    allow: Some(ALLOW_WITH_UPDATE),
    watches: &[CALL_INFO],
    parks: ParkKey::TransfersAttended,
    holds_before_transfer: true,
    fetches: "{retrieve}",
    codecs: &[Codec::Pcmu, Codec::Pcma],
    unasked: 481,
    hangs_up_after_transfer: true,
};

/// Htek UC9xx without the body in its Accept: told that something is parked,
/// not who.
pub const HTEK: Persona = Persona {
    make: Some("htek"),
    told: "",
    maker: "001fc10000",
    settings: Form::Htek,
    fetches_as: "Htek UC926 2.0.4.2 {mac:}",
    agent: "Htek UC926 V2.42.6.6.1R22",
    proof: Proof::Md5,
    allow: Some(ALLOW),
    watches: &[Watch { accept: &[], expires_s: 1800, ..CALL_INFO }],
    parks: ParkKey::DialsBesideHeldCall,
    holds_before_transfer: true,
    fetches: "{retrieve}",
    codecs: &[Codec::Pcma],
    unasked: 481,
    hangs_up_after_transfer: true,
};

/// The same where its settings' visual alert does ask for the body.
pub const HTEK_TOLD_WHO: Persona =
    Persona { watches: &[Watch { expires_s: 1800, ..CALL_INFO }], ..HTEK };

/// OBi with an orbit key: one number that parks and fetches, whose lamp must
/// ring to flash.
pub const OBI_ORBIT: Persona = Persona {
    make: None,
    told: "",
    maker: "9cadef0000",
    settings: Form::Sheet,
    fetches_as: "",
    agent: "OBIHAI/OBi1062-5.1.11",
    proof: Proof::WithoutQop,
    allow: Some(ALLOW),
    watches: &[Watch { at: "{park}103", ..LAMP }],
    parks: ParkKey::Transfers,
    holds_before_transfer: false,
    fetches: "{park}{place}",
    codecs: &[Codec::Pcmu],
    unasked: 481,
    hangs_up_after_transfer: false,
};

/// Snom D7xx: told twice over.
pub const SNOM: Persona = Persona {
    make: Some("snom"),
    told: "",
    maker: "0004135566",
    settings: Form::Snom,
    fetches_as: "Mozilla/4.0 (compatible; snomD785-SIP 10.1.204.5 {mac})",
    agent: "snomD785/10.1.204.5",
    proof: Proof::Md5Counted,
    allow: Some(ALLOW_WITH_UPDATE),
    watches: &[Watch { at: "{park}103", ..LAMP }, CALL_INFO],
    parks: ParkKey::Transfers,
    holds_before_transfer: true,
    fetches: "{retrieve}{place}",
    codecs: &[Codec::Pcma, Codec::Pcmu],
    unasked: 481,
    hangs_up_after_transfer: true,
};

/// Dinstar C60 to C66, whose formats are not public: its sheet is typed in, and
/// a key watches its own place.
pub const DINSTAR: Persona = Persona {
    make: Some("dinstar"),
    told: "",
    maker: "f8a03d0000",
    settings: Form::Sheet,
    fetches_as: "",
    agent: "DINSTAR C62 2.62.6.9.7",
    proof: Proof::Md5,
    allow: Some(ALLOW),
    watches: &[Watch { at: "{park}{own}", ..LAMP }],
    parks: ParkKey::Transfers,
    holds_before_transfer: false,
    fetches: "{retrieve}{place}",
    codecs: &[Codec::Pcma, Codec::Pcmu],
    unasked: 200,
    hangs_up_after_transfer: true,
};

/// The same without that key, told without having asked.
pub const DINSTAR_TOLD: Persona = Persona { told: ", park_info = true", watches: &[], ..DINSTAR };

/// The same, of a firmware that does not know what it is told.
pub const DINSTAR_DEAF: Persona = Persona { told: ", park_info = true", unasked: 481, ..DINSTAR };

/// Any softphone: it knows transfers, and the codes from its person.
pub const SOFTPHONE: Persona = Persona {
    make: None,
    told: "",
    maker: "0000000000",
    settings: Form::Sheet,
    fetches_as: "",
    agent: "Softphone/1.0",
    proof: Proof::ShortCount,
    allow: None,
    watches: &[LAMP, Watch { at: "{park}{own}", ..LAMP }],
    parks: ParkKey::Transfers,
    holds_before_transfer: false,
    fetches: "{retrieve}",
    codecs: &[Codec::Pcmu, Codec::Pcma],
    unasked: 481,
    hangs_up_after_transfer: true,
};

/// The same without lamps, on a desk whose device is told in words.
pub const SOFTPHONE_TOLD: Persona =
    Persona { make: Some("poly"), told: ", message = true", watches: &[], ..SOFTPHONE };

/// The same, by a person who talks to the code first.
pub const SOFTPHONE_ATTENDED: Persona = Persona {
    parks: ParkKey::TransfersAttended,
    holds_before_transfer: true,
    allow: Some(ALLOW_WITH_UPDATE),
    ..SOFTPHONE
};

/// Whatever phones do wrong.
pub const HOSTILE: Persona = Persona {
    agent: "\u{fffd}",
    proof: Proof::Md5,
    allow: Some(ALLOW),
    watches: &[CALL_INFO],
    ..SOFTPHONE
};

/// A line from the provider; no phone of the office's.
pub const CARRIER: Persona = Persona {
    agent: "Carrier",
    watches: &[],
    allow: Some("INVITE, ACK, CANCEL, BYE, OPTIONS"),
    codecs: &[Codec::Pcma, Codec::Pcmu],
    ..SOFTPHONE
};

impl Persona {
    pub fn mac(&self, extension: &str) -> String {
        format!("{}{}", self.maker, &extension[1..])
    }

    /// The table of the settings that lists it.
    pub fn listed(&self, extension: &str) -> String {
        let mac = self.mac(extension);
        let told = self.told;
        let listed = |make| format!("{{ make = \"{make}\", mac = \"{mac}\"{told} }}");
        self.make.map_or(String::new(), listed)
    }

    pub fn agent_when_fetching(&self, mac: &str) -> String {
        named(self.fetches_as, mac)
    }

    pub fn agent_when_calling(&self, mac: &str) -> String {
        named(self.agent, mac)
    }

    pub fn takes_update(&self) -> bool {
        self.allow.is_some_and(|allow| allow.contains("UPDATE"))
    }
}

/// A hardware address as makes write it into their names.
fn named(agent: &str, mac: &str) -> String {
    let pairs: Vec<String> =
        mac.as_bytes().chunks(2).map(|it| String::from_utf8_lossy(it).into_owned()).collect();
    agent.replace("{mac}", mac).replace("{mac:}", &pairs.join(":"))
}
