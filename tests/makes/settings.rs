//! A phone's settings, read from the file that the office gives it, or from
//! the sheet that a person types in. What is not in there the phone does not
//! know: not even its password.

use std::collections::BTreeMap;

use roxmltree::Document;

/// All that a phone knows of the office.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Host and port.
    pub server: String,
    pub is_tcp: bool,
    pub user: String,
    pub password: String,
    pub name: String,
    pub park: String,
    pub retrieve: String,
    /// Some makes' files have no place for it: their people type it.
    pub group_park: Option<String>,
}

/// How a make's settings come to the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Yealink,
    Fanvil,
    Grandstream,
    Htek,
    Snom,
    /// Printed by `bellhop provision dinstar EXTENSION`, typed in by a person.
    Sheet,
}

impl Form {
    /// What the phone asks for first, in the words of its make.
    pub fn file(self, mac: &str) -> String {
        match self {
            Self::Yealink => format!("{mac}.boot"),
            Self::Fanvil => format!("{mac}.cfg"),
            Self::Grandstream | Self::Htek => format!("cfg{mac}.xml"),
            Self::Snom => format!("snomD785-{mac}.htm"),
            Self::Sheet => unreachable!("a sheet is on paper"),
        }
    }

    pub fn read(self, text: &str) -> Settings {
        match self {
            Self::Yealink => yealink(text),
            Self::Fanvil => fanvil(text),
            Self::Grandstream => grandstream(text),
            Self::Htek => htek(text),
            Self::Snom => snom(text),
            Self::Sheet => sheet(text),
        }
    }
}

/// The files that a Yealink's index names.
pub fn included(index: &str) -> Vec<&str> {
    assert!(index.starts_with("#!version:1.0.0.1\n"), "a Yealink does not read it: {index}");
    let lines = index.lines().filter_map(|line| line.strip_prefix("include:config "));
    lines.map(|name| name.trim_matches('"')).collect()
}

fn yealink(text: &str) -> Settings {
    assert!(text.starts_with("#!version:1.0.0.1\n"), "a Yealink does not read it: {text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs: BTreeMap<&str, &str> = lines
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect();
    let get = |key: &str| found(key, pairs.get(key).map(|value| (*value).to_owned()));
    let is_on = |key: &str| assert_eq!(get(key), "1", "{key}");
    // Without the first a Yealink drops the pop-up, without the second it
    // does not subscribe, without the others it shows nothing.
    is_on("account.1.enable");
    is_on("bw.enable");
    is_on("account.1.callpark_enable");
    is_on("features.call_park.enable");
    is_on("features.call_park.group_enable");
    is_on("features.call_park.park_visual_notify_enable");
    assert_eq!(get("features.call_park.park_mode"), "1", "the codes are dialled beside the call");
    assert_eq!((get("linekey.2.type"), get("linekey.3.type")), ("10".into(), "56".into()));
    Settings {
        server: format!(
            "{}:{}",
            get("account.1.sip_server.1.address"),
            get("account.1.sip_server.1.port")
        ),
        is_tcp: get("account.1.sip_server.1.transport_type") == "1",
        user: get("account.1.auth_name"),
        password: get("account.1.password"),
        name: get("account.1.display_name"),
        park: get("features.call_park.park_code"),
        retrieve: get("features.call_park.park_retrieve_code"),
        group_park: Some(get("features.call_park.group_park_code")),
    }
}

fn fanvil(text: &str) -> Settings {
    let document = Document::parse(text).unwrap();
    assert!(document.root_element().has_tag_name("sysConf"));
    let get = |key: &str| tag(&document, key);
    for switch in ["EnableReg", "SubCallPark", "CallparkVisualAlert", "DisplayParkedInfo"] {
        assert_eq!(get(switch), "1", "{switch}");
    }
    assert_eq!(get("ParkNo"), get("CallParkNum"), "which of them is used is not known");
    Settings {
        server: format!("{}:{}", get("RegisterAddr"), get("RegisterPort")),
        is_tcp: get("Transport") == "1",
        user: get("RegisterUser"),
        password: get("RegisterPswd"),
        name: get("DisplayName"),
        park: get("CallParkNum"),
        retrieve: get("RetrieveNum"),
        group_park: None,
    }
}

fn grandstream(text: &str) -> Settings {
    let document = Document::parse(text).unwrap();
    assert!(document.root_element().has_tag_name("gs_provision"));
    let get = |key: &str| tag(&document, key);
    // Account active, registering, BroadSoft call park.
    assert_eq!((get("P271"), get("P31"), get("P2388")), ("1".into(), "1".into(), "1".into()));
    Settings {
        server: get("P47"),
        is_tcp: get("P130") == "1",
        user: get("P36"),
        password: get("P34"),
        name: get("P3"),
        park: get("P60069"),
        retrieve: get("P2336"),
        group_park: None,
    }
}

fn htek(text: &str) -> Settings {
    let document = Document::parse(text).unwrap();
    assert!(document.root_element().has_tag_name("hl_provision"));
    let get = |key: &str| tag(&document, key);
    for switch in ["Flag", "ShowDPark", "ShowGPark", "VisualAlert", "AudioAlert"] {
        assert_eq!(get(&format!("CallPark_{switch}")), "1", "{switch}");
    }
    Settings {
        server: get("Profile1_Sipserver"),
        is_tcp: get("Profile1_SipTransport") == "1",
        user: get("Account1_AuthenticateID"),
        password: get("Account1_AuthenticatePassword"),
        name: get("Account1_DispalyName"),
        park: get("CallPark_DParkCode"),
        retrieve: get("CallPark_ParkRetrieveCode"),
        group_park: Some(get("CallPark_GParkCode")),
    }
}

fn snom(text: &str) -> Settings {
    let document = Document::parse(text).unwrap();
    let get = |key: &str| {
        let named = |node: &roxmltree::Node<'_, '_>| {
            node.has_tag_name(key) && node.attribute("idx") == Some("1")
        };
        let node = document.descendants().find(named);
        found(key, node.map(|node| node.text().unwrap_or_default().to_owned()))
    };
    assert_eq!((get("user_active"), get("callpark_notify")), ("on".into(), "on".into()));
    Settings {
        server: get("user_host"),
        is_tcp: get("user_outbound").ends_with(";transport=tcp"),
        user: get("user_pname"),
        password: get("user_pass"),
        name: get("user_realname"),
        park: get("callpark_park_fac"),
        retrieve: get("blf_park_pick_up"),
        group_park: None,
    }
}

/// Columns of a label and a value, two blanks or more apart.
fn sheet(text: &str) -> Settings {
    let rows: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.trim().split_once("  "))
        .map(|(label, value)| (label, value.trim()))
        .collect();
    let get = |label: &str| found(label, rows.get(label).map(|value| (*value).to_owned()));
    let code = |label: &str| get(label).split(' ').next().unwrap().to_owned();
    Settings {
        server: format!("{}:{}", get("SIP server, domain"), get("port")),
        is_tcp: get("transport") == "TCP",
        user: get("authentication name"),
        password: get("password"),
        name: get("display name, label"),
        park: code("park"),
        retrieve: code("fetch"),
        group_park: Some(code("park with the group")),
    }
}

fn tag(document: &Document<'_>, name: &str) -> String {
    let node = document.descendants().find(|node| node.has_tag_name(name));
    found(name, node.map(|node| node.text().unwrap_or_default().to_owned()))
}

fn found(what: &str, value: Option<String>) -> String {
    value.unwrap_or_else(|| panic!("its settings say no {what}"))
}
