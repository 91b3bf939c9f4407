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
const DESK: &[&str] = &["account", "office", "sound", "screen"];
/// What the section `[desk]` of a desk.toml holds; in a keymap it holds keys.
const MANNERS: &[&str] = &["hangup", "hold_recall", "return_timer", "announce"];

/// Tells by the tables; where they leave it open, by the file's name.
pub fn kind_of(file: &str, text: &str) -> Kind {
    let (table, _) = DeTable::parse_recoverable(text);
    let table = table.get_ref();
    let count = |names: &[&str]| names.iter().filter(|name| table.contains_key(**name)).count();
    // `[park]` is in both; no office has an account of its own.
    if table.contains_key("account") {
        return Kind::Desk;
    }
    let (office, desk) = (count(OFFICE), count(DESK));
    if office > 0 || desk > 0 {
        return if office >= desk { Kind::Office } else { Kind::Desk };
    }
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    match name {
        "desk.toml" => Kind::Desk,
        "office.toml" => Kind::Office,
        "keys.toml" => Kind::Keys,
        _ => kind_by_desk_section(table),
    }
}

fn kind_by_desk_section(table: &DeTable<'_>) -> Kind {
    let Some(desk) = table.get("desk").and_then(|desk| desk.get_ref().as_table()) else {
        let is_tables = table.values().all(|value| value.get_ref().is_table());
        return if is_tables && !table.is_empty() { Kind::Keys } else { Kind::Office };
    };
    let has_manners = MANNERS.iter().any(|name| desk.contains_key(*name));
    if has_manners { Kind::Desk } else { Kind::Keys }
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
        assert_eq!(kind_of("x.toml", "[desk]\nhangup = \"single\""), Kind::Desk);
        assert_eq!(kind_of("x.toml", "[desk]\np = \"park.here\""), Kind::Keys);
        assert_eq!(kind_of("x.toml", "[to]\np = \"park.here\""), Kind::Keys);
        assert_eq!(kind_of("x.toml", "= broken"), Kind::Office);
    }
}
