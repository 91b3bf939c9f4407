//! Digits that phones send as INFO instead of telephone events.

/// When nothing is said of its length.
const DIGIT_MS: u32 = 160;
/// Heard everywhere (ETSI ES 201 235-2 §4.2.4).
const DIGIT_MS_MIN: u32 = 40;
/// While a digit is sent the other side hears nothing else.
const DIGIT_MS_MAX: u32 = 2_000;

/// `application/dtmf-relay`: the digit and its milliseconds.
pub(super) fn relayed(body: &[u8]) -> Option<(char, u16)> {
    let text = String::from_utf8_lossy(body);
    let value = |key: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case(key).then(|| value.trim().to_owned())
        })
    };
    let digit = value("signal")?.chars().next().filter(is_digit)?;
    let asked_ms = value("duration").and_then(|duration| duration.parse().ok());
    Some((digit, bounded(asked_ms.unwrap_or(DIGIT_MS))))
}

/// `application/dtmf`: nothing but the digit.
pub(super) fn plain(body: &[u8]) -> Option<(char, u16)> {
    let digit = String::from_utf8_lossy(body).trim().chars().next().filter(is_digit)?;
    Some((digit, bounded(DIGIT_MS)))
}

fn bounded(asked_ms: u32) -> u16 {
    asked_ms.clamp(DIGIT_MS_MIN, DIGIT_MS_MAX) as u16
}

fn is_digit(c: &char) -> bool {
    matches!(c, '0'..='9' | '*' | '#' | 'A'..='D')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_is_long_enough_to_be_heard_and_holds_up_nobody_for_a_minute() {
        let of =
            |duration: &str| relayed(format!("Signal=5\r\nDuration={duration}\r\n").as_bytes());
        let lengths = ["250", "0", "65535", "4294967295", "99999999999", "-1", ""].map(of);
        let expected = [250, 40, 2_000, 2_000, 160, 160, 160].map(|ms| Some(('5', ms)));
        assert_eq!(lengths, expected);
    }

    #[test]
    fn what_is_no_digit_is_none() {
        assert_eq!(relayed(b"Signal = #\n"), Some(('#', 160)));
        assert_eq!(plain(b" 7\r\n"), Some(('7', 160)));
        assert_eq!((relayed(b"Signal=x"), plain(b"\xff"), plain(b"")), (None, None, None));
    }
}
