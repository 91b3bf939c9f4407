//! Which of our files a text is, told by the tables in it.

use toml::de::DeTable;

/// A kind of configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Office,
    Desk,
    Keys,
}

const OFFICE: &[&str] = &[
    "server",
    "http",
    "provisioning",
    "codes",
    "park",
    "music",
    "directory",
    "extension",
    "call_park_group",
    "ring_group",
    "trunk",
    "tenant",
];
const DESK: &[&str] = &["account", "office", "sound", "screen", "desk"];

/// Tells by the tables; where they leave it open, by the file's name.
pub fn kind_of(file: &str, text: &str) -> Kind {
    let (table, _) = DeTable::parse_recoverable(text);
    let count = |names: &[&str]| {
        table.get_ref().iter().filter(|(key, _)| names.contains(&&**key.get_ref())).count()
    };
    let (office, desk) = (count(OFFICE), count(DESK));
    if office > 0 || desk > 0 {
        return if office >= desk { Kind::Office } else { Kind::Desk };
    }
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    match name {
        "desk.toml" => Kind::Desk,
        "office.toml" => Kind::Office,
        _ if name.contains("keys") || table.get_ref().contains_key("keys") => Kind::Keys,
        _ => Kind::Office,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_tell_and_else_the_name() {
        assert_eq!(kind_of("x.toml", "[server]\n[office]\n[trunk]"), Kind::Office);
        assert_eq!(kind_of("x.toml", "[office]\nconfig = 1\n[sound]"), Kind::Desk);
        assert_eq!(kind_of("/etc/keys.toml", "[calls]\np = 1"), Kind::Keys);
        assert_eq!(kind_of("desk.toml", ""), Kind::Desk);
        assert_eq!(kind_of("x.toml", "= broken"), Kind::Office);
    }
}
