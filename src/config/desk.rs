//! The settings of a console, as `desk.toml` and `--set` hold them.

use core::ops::RangeInclusive;
use core::time::Duration;

use crate::config::complaint::Findings;
use crate::config::document::{Document, overriding};
use crate::config::fields::{extension_form, firsts, read_secret, required_text};
use crate::config::lot::{read_park, read_system};
use crate::config::reader::{Fault, Reader};
use crate::config::secret::Secret;
use crate::config::section::{Item, Section};
use crate::config::values::{Host, Transport, domain, duration, host};
use crate::config::{Lent, ReadFile};
use crate::domain::ids::Extension;
use crate::domain::lot::Lot;
use crate::domain::nearest::nearest;

/// One `desk.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    pub account: Account,
    /// Where parked calls are: our own server's lot, or another's.
    pub lot: Lot,
    /// The office whose server runs as a child of this console: the path of
    /// its `office.toml`, as written.
    pub office: Option<String>,
    pub sound: Sound,
    pub screen: Screen,
    pub manners: Manners,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub server: Host,
    pub extension: Extension,
    pub password: Password,
    /// `None`: the server's host.
    pub domain: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    Given(Secret),
    /// A command line that prints it.
    Command(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    pub talk_in: SoundDevice,
    pub talk_out: SoundDevice,
    pub ring: SoundDevice,
    /// Call waiting and recall: `None` is the ear, where the talk is.
    pub beep: Option<SoundDevice>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SoundDevice {
    Default,
    /// Silence in, nothing out.
    Null,
    /// The path of a WAV file to read from or write to, as written.
    Wav(String),
    Named(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    pub theme: Theme,
    /// A keymap's name, or the path of one of one's own.
    pub keymap: String,
    pub blink: bool,
    /// How often running clocks are drawn; `None` is never.
    pub ticks: Option<Duration>,
    pub cursor: Cursor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// The terminal's own sixteen colours.
    Terminal,
    /// Blue and orange, for eyes that cannot tell red from green.
    BlueOrange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// On what has the focus, where screen readers look.
    Focus,
    Hidden,
}

/// The section `[desk]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manners {
    pub hangup: Hangup,
    /// A held call asks for attention after this; `None` is never.
    pub hold_recall: Option<Duration>,
    /// An unanswered blind transfer comes back after this; `None` is never.
    pub return_timer: Option<Duration>,
    /// A command and its arguments that speaks a line aloud.
    pub announce: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hangup {
    /// The key twice.
    Double,
    Single,
    /// Once for colleagues, twice for callers from outside.
    SingleInternal,
}

const THEMES: [(&str, Theme); 2] =
    [("terminal", Theme::Terminal), ("blue-orange", Theme::BlueOrange)];
/// Bundled with the console; a test holds the two lists together.
pub const KEYMAPS: [&str; 7] =
    ["default", "fkeys", "dinstar", "fanvil", "grandstream", "htek", "yealink"];
const TICKS: [(&str, Option<Duration>); 3] =
    [("1s", Some(Duration::from_secs(1))), ("10s", Some(Duration::from_secs(10))), ("off", None)];
const CURSORS: [(&str, Cursor); 2] = [("focus", Cursor::Focus), ("hidden", Cursor::Hidden)];
const HANGUPS: [(&str, Hangup); 3] = [
    ("double", Hangup::Double),
    ("single", Hangup::Single),
    ("single-internal", Hangup::SingleInternal),
];
const TIMERS: RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_secs(900);

impl Desk {
    /// Reads a console's settings. `sets` are the `key=value` words of
    /// `--set`, which win over the text; `files` reads `password_file`.
    ///
    /// # Errors
    /// Everything wrong with the text and the words, in one pass.
    pub fn parse(
        file: &str,
        text: &str,
        sets: &[String],
        files: &mut ReadFile<'_>,
    ) -> Result<(Self, Findings), Findings> {
        let overrides: Vec<String> = sets.iter().map(|set| overriding(set)).collect();
        let mut documents = vec![Document::parse(file, text)];
        documents.extend(sets.iter().zip(&overrides).map(|(set, text)| {
            let key = set.split('=').next().unwrap_or_default();
            Document::parse(&format!("--set {key}"), text)
        }));
        let mut files = Lent(files);
        let mut reader = Reader::new(&documents, &mut files);
        let mut root = Section::root(&documents);
        let desk = read_desk(&mut root, &mut reader);
        root.finish(&mut reader);
        let findings = reader.finish();
        match desk {
            Some(desk) if !findings.refuse() => Ok((desk, findings)),
            _ => Err(findings),
        }
    }
}

fn read_desk(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Option<Desk> {
    let account = read_account(root, reader);
    let (account, lot) = account.map_or((None, Lot::Ours), |(account, lot)| (account, lot));
    let lot = read_park(root, lot, reader);
    let office = root.section("office", reader).and_then(|mut section| {
        let config = read_office_path(&mut section, reader);
        section.finish(reader);
        config
    });
    let sound = read_sound(root, reader);
    let screen = read_screen(root, reader);
    let manners = read_manners(root, reader);
    Some(Desk { account: account?, lot, office, sound, screen, manners })
}

/// Without its server this desk is still a desk.
fn read_office_path(section: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Option<String> {
    let path = required_text(section, "config", reader)?;
    let item = section.take("config")?;
    if let Err(fault) = reader.read_file(&item.place, &path) {
        let fault = format!("{fault}; no server is started here");
        reader.leave_out(&item.place, &item.path, fault);
        return None;
    }
    Some(path)
}

/// The account where it is whole, and what kind of server it is at.
fn read_account(
    root: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
) -> Option<(Option<Account>, Lot)> {
    let Some(mut section) = root.section("account", reader) else {
        if !root.has("account") {
            reader.miss(&root.place, "account", "the section [account] is missing");
        }
        return None;
    };
    let server = read_server(&mut section, reader);
    let extension = section.take("extension");
    if extension.is_none() {
        let fault = "extension is missing: the number of this console";
        reader.miss(&section.place, "account.extension", fault);
    }
    let extension = extension.and_then(|item| item.parsed(reader, extension_form));
    let password = read_password(&mut section, reader);
    let domain = section.take("domain").and_then(|item| item.parsed(reader, domain));
    let lot = read_system(&mut section, reader);
    section.finish(reader);
    Some((whole(server, extension, password, domain), lot))
}

fn whole(
    server: Option<Host>,
    extension: Option<Extension>,
    password: Option<Password>,
    domain: Option<String>,
) -> Option<Account> {
    Some(Account { server: server?, extension: extension?, password: password?, domain })
}

fn read_server(section: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Option<Host> {
    let Some(item) = section.take("server") else {
        let fault = "server is missing, such as \"tcp:192.168.1.10:5060\"";
        reader.miss(&section.place, "account.server", fault);
        return None;
    };
    let server = item.parsed(reader, host)?;
    if !matches!(server.transport, Transport::Udp | Transport::Tcp) {
        let fault = "understood, but TLS and WebSocket come with a later release";
        item.complain(reader, Fault::from(fault).with_nearest(Some("udp: or tcp:")));
    }
    Some(server)
}

fn keymap_form(text: &str) -> Result<String, Fault> {
    if text.is_empty() { Err("a keymap needs a name".into()) } else { Ok(text.to_owned()) }
}

fn check_keymap(item: &Item<'_>, name: &str, reader: &mut Reader<'_, '_>) {
    if KEYMAPS.contains(&name) || reader.read_file(&item.place, name).is_ok() {
        return;
    }
    let near = nearest(name, KEYMAPS).map(|near| format!("\"{near}\""));
    let fault = Fault::from("there is no keymap of this name, and no such file");
    item.complain(reader, fault.with_nearest(near));
}

fn read_password(section: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Option<Password> {
    let given = read_secret(section, "password", "password_file", reader);
    let is_given = section.has("password") || section.has("password_file");
    let command = section.take_secret("password_command");
    match command {
        Some(item) if is_given => {
            reader.miss(&item.place, &item.path, "a password is set too: one of the two must go");
            None
        }
        Some(item) => item.text(reader).map(|command| Password::Command(command.to_owned())),
        None if is_given => given.map(Password::Given),
        None => {
            let fault = "there is no password, password_file or password_command";
            reader.miss(&section.place, "account.password", fault);
            None
        }
    }
}

fn read_sound(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Sound {
    let mut sound = Sound {
        talk_in: SoundDevice::Default,
        talk_out: SoundDevice::Default,
        ring: SoundDevice::Default,
        beep: None,
    };
    let Some(mut section) = root.section("sound", reader) else {
        return sound;
    };
    let mut device = |key: &'static str| {
        let item = section.take(key)?;
        item.parsed(reader, device_form)
    };
    sound.talk_in = device("talk_in").unwrap_or(SoundDevice::Default);
    sound.talk_out = device("talk_out").unwrap_or(SoundDevice::Default);
    sound.ring = device("ring").unwrap_or(SoundDevice::Default);
    let beep = section.take("beep").and_then(|item| {
        item.parsed(reader, |text| match text {
            "talk_out" => Ok(None),
            _ => device_form(text).map(Some),
        })
    });
    sound.beep = beep.flatten();
    section.finish(reader);
    sound
}

fn device_form(text: &str) -> Result<SoundDevice, Fault> {
    match text {
        "" => Err("not a device's name, default, null, or wav:FILE".into()),
        "default" => Ok(SoundDevice::Default),
        "null" => Ok(SoundDevice::Null),
        "wav:" => Err("wav: needs a file, such as wav:voice.wav".into()),
        _ => Ok(match text.strip_prefix("wav:") {
            Some(path) => SoundDevice::Wav(path.to_owned()),
            None => SoundDevice::Named(text.to_owned()),
        }),
    }
}

fn read_screen(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Screen {
    let mut screen = Screen {
        theme: Theme::Terminal,
        keymap: "default".to_owned(),
        blink: true,
        ticks: Some(Duration::from_secs(1)),
        cursor: Cursor::Focus,
    };
    let Some(mut section) = root.section("screen", reader) else {
        return screen;
    };
    if let Some(item) = section.take("theme") {
        screen.theme = item.one_of(reader, &THEMES).unwrap_or(Theme::Terminal);
        later_unless(screen.theme == Theme::Terminal, &item, reader, "other themes come");
    }
    if let Some(item) = section.take("keymap") {
        screen.keymap = item.parsed(reader, keymap_form).unwrap_or(screen.keymap);
        check_keymap(&item, &screen.keymap, reader);
    }
    let blink = section.take("blink").and_then(|item| item.flag(reader));
    screen.blink = blink.unwrap_or(true);
    if let Some(item) = section.take("ticks") {
        screen.ticks = item.one_of(reader, &TICKS).unwrap_or(screen.ticks);
    }
    if let Some(item) = section.take("cursor") {
        screen.cursor = item.one_of(reader, &CURSORS).unwrap_or(Cursor::Focus);
    }
    section.finish(reader);
    screen
}

fn read_manners(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Manners {
    let mut manners = Manners {
        hangup: Hangup::Double,
        hold_recall: Some(Duration::from_secs(60)),
        return_timer: Some(Duration::from_secs(20)),
        announce: Vec::new(),
    };
    let Some(mut section) = root.section("desk", reader) else {
        return manners;
    };
    if let Some(item) = section.take("hangup") {
        manners.hangup = item.one_of(reader, &HANGUPS).unwrap_or(Hangup::Double);
    }
    if let Some(item) = section.take("hold_recall") {
        manners.hold_recall = item.parsed(reader, timer_or_off).flatten();
    }
    if let Some(item) = section.take("return_timer") {
        item.later(reader, "bringing back an unanswered transfer comes");
        manners.return_timer = item.parsed(reader, timer_or_off).flatten();
    }
    if let Some(item) = section.take("announce") {
        let words = item.each(reader, |text| Ok(text.to_owned()));
        manners.announce = firsts(words);
        later_unless(manners.announce.is_empty(), &item, reader, "speaking lines aloud comes");
    }
    section.finish(reader);
    manners
}

fn timer_or_off(text: &str) -> Result<Option<Duration>, Fault> {
    if text == "off" { Ok(None) } else { duration(text, &TIMERS).map(Some) }
}

fn later_unless(is_now: bool, item: &Item<'_>, reader: &mut Reader<'_, '_>, what: &str) {
    if !is_now {
        item.later(reader, what);
    }
}
