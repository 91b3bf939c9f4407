//! What is wrong in a keymap file, in words that name the place.

/// None for what is wrong with the file as a whole.
fn position(line: usize, column: usize) -> String {
    if line == 0 { String::new() } else { format!(":{line}:{column}") }
}

/// One fault in a keymap file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {what}{}{}", position(*line, *column), quoted(value), nearest_words(nearest))]
pub struct KeyComplaint {
    pub file: String,
    /// From 1; 0 when the fault is that something is nowhere.
    pub line: usize,
    pub column: usize,
    pub what: String,
    pub value: String,
    pub nearest: Option<String>,
}

fn quoted(value: &str) -> String {
    if value.is_empty() { String::new() } else { format!(" {value:?}") }
}

fn nearest_words(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}
