//! The keymaps that come with the program.

/// Keys of screens that have nothing to do with a phone: they lie under every
/// keymap that comes with the program.
pub const BASE: &str = include_str!("../../../keymaps/groups.toml");

/// Each with its name in desk.toml.
pub const SHIPPED: [(&str, &str); 7] = [
    ("default", include_str!("../../../keymaps/default.toml")),
    ("fkeys", include_str!("../../../keymaps/fkeys.toml")),
    ("dinstar", include_str!("../../../keymaps/dinstar.toml")),
    ("fanvil", include_str!("../../../keymaps/fanvil.toml")),
    ("grandstream", include_str!("../../../keymaps/grandstream.toml")),
    ("htek", include_str!("../../../keymaps/htek.toml")),
    ("yealink", include_str!("../../../keymaps/yealink.toml")),
];
