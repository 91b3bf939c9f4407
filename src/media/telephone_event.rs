//! Digits as telephone events (RFC 4733): sending one, and knowing one among
//! the many packets that tell of it.

/// Packets of an event come this often, whatever the packet time of the sound.
pub const PACKET_MS: u16 = 20;
const PACKET_SAMPLES: u16 = PACKET_MS * 8;
/// The last packet is sent three times (§2.5.1.4).
const END_PACKETS: u8 = 3;
/// Shortest and longest digit sent; within what receivers recognise.
const DURATION_MS_MIN: u16 = 60;
const DURATION_MS_MAX: u16 = 5_000;
/// -10 dBm0, as phones send it.
const VOLUME: u8 = 10;
/// Sound this long after an event's last packet means that its end was lost.
const LOST_END_SAMPLES: u32 = 800;

const DIGITS: &[u8; 16] = b"0123456789*#ABCD";

/// The digit of an event (§3.2); none for what is no digit.
pub fn digit(event: u8) -> Option<char> {
    DIGITS.get(usize::from(event)).map(|digit| char::from(*digit))
}

pub fn event(digit: char) -> Option<u8> {
    let digit = u8::try_from(digit.to_ascii_uppercase()).ok()?;
    let event = DIGITS.iter().position(|known| *known == digit)?;
    u8::try_from(event).ok()
}

/// The four bytes of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    pub event: u8,
    pub end: bool,
    pub volume: u8,
    pub duration_samples: u16,
}

impl Report {
    pub fn read(payload: &[u8]) -> Option<Self> {
        let ([event, flags, high, low], _) = payload.split_first_chunk::<4>()?;
        let duration_samples = u16::from_be_bytes([*high, *low]);
        let (end, volume) = (flags & 0x80 != 0, flags & 0x3f);
        Some(Self { event: *event, end, volume, duration_samples })
    }

    pub fn to_bytes(self) -> [u8; 4] {
        let [high, low] = self.duration_samples.to_be_bytes();
        [self.event, u8::from(self.end) << 7 | self.volume & 0x3f, high, low]
    }
}

/// One digit on its way out: a packet each [`PACKET_MS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentDigit {
    event: u8,
    duration_samples: u16,
    sent_samples: u16,
    ends_left: u8,
}

impl SentDigit {
    /// None for what is no digit. The duration is brought within reason.
    pub fn new(digit: char, duration_ms: u16) -> Option<Self> {
        let duration_ms = duration_ms.clamp(DURATION_MS_MIN, DURATION_MS_MAX);
        let event = event(digit)?;
        let ends_left = END_PACKETS;
        Some(Self { event, duration_samples: duration_ms * 8, sent_samples: 0, ends_left })
    }

    /// Nothing was sent of it yet.
    pub fn is_new(&self) -> bool {
        self.sent_samples == 0
    }

    /// The next packet's payload; none when all have been sent.
    pub fn next_report(&mut self) -> Option<Report> {
        let grown = self.sent_samples.saturating_add(PACKET_SAMPLES);
        self.sent_samples = grown.min(self.duration_samples);
        let end = self.sent_samples == self.duration_samples;
        if end {
            self.ends_left = self.ends_left.checked_sub(1)?;
        }
        let duration_samples = self.sent_samples;
        Some(Report { event: self.event, end, volume: VOLUME, duration_samples })
    }
}

/// Finds each digit once among its packets, also when some of them are lost,
/// doubled or late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceivedDigits {
    open: Option<Open>,
    /// The timestamp of the last digit told.
    told: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Open {
    event: u8,
    timestamp: u32,
    duration_samples: u16,
}

impl ReceivedDigits {
    /// A telephone event's packet. Answers a digit that has ended by it.
    pub fn event(&mut self, timestamp: u32, report: Report) -> Option<char> {
        if self.told.is_some_and(|told| !is_after(timestamp, told)) {
            return None;
        }
        let lost_end = self.open.filter(|open| open.timestamp != timestamp);
        let Report { event, duration_samples, .. } = report;
        if let Some(open) = lost_end {
            if !is_after(timestamp, open.timestamp) {
                return None;
            }
            self.open = Some(Open { event, timestamp, duration_samples });
            // Should this very packet be an end, its repetition tells it.
            return self.tell(open);
        }
        let open = Open { event, timestamp, duration_samples };
        self.open = Some(open);
        if report.end { self.close(open) } else { None }
    }

    /// A packet of sound. Answers a digit whose end was lost.
    pub fn sound(&mut self, timestamp: u32) -> Option<char> {
        let open = self.open?;
        let end = open.timestamp.wrapping_add(u32::from(open.duration_samples));
        let over = is_after(timestamp, end.wrapping_add(LOST_END_SAMPLES));
        if over { self.close(open) } else { None }
    }

    fn close(&mut self, open: Open) -> Option<char> {
        self.open = None;
        self.tell(open)
    }

    fn tell(&mut self, open: Open) -> Option<char> {
        self.told = Some(open.timestamp);
        digit(open.event)
    }
}

fn is_after(timestamp: u32, other: u32) -> bool {
    timestamp.wrapping_sub(other).cast_signed() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(digit: char, duration_ms: u16) -> Vec<Report> {
        let mut digit = SentDigit::new(digit, duration_ms).unwrap();
        core::iter::from_fn(|| digit.next_report()).collect()
    }

    fn heard(packets: &[(u32, Report)]) -> String {
        let mut digits = ReceivedDigits::default();
        packets.iter().filter_map(|(timestamp, report)| digits.event(*timestamp, *report)).collect()
    }

    fn at(timestamp: u32, reports: Vec<Report>) -> Vec<(u32, Report)> {
        reports.into_iter().map(|report| (timestamp, report)).collect()
    }

    #[test]
    fn a_digit_grows_and_ends_three_times() {
        let reports = sent('#', 100);
        let durations: Vec<u16> = reports.iter().map(|r| r.duration_samples).collect();
        assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
        let ends: Vec<bool> = reports.iter().map(|r| r.end).collect();
        assert_eq!(ends, [false, false, false, false, true, true, true]);
        assert!(reports.iter().all(|r| r.event == 11));
        assert_eq!(Report::read(&reports[4].to_bytes()), Some(reports[4]));
    }

    #[test]
    fn what_is_no_digit_is_not_sent_and_durations_stay_within_reason() {
        assert_eq!(SentDigit::new('x', 100), None);
        assert_eq!(SentDigit::new('é', 100), None);
        assert_eq!(sent('1', 0).len(), 3 + 2);
        assert_eq!(sent('1', u16::MAX).last().unwrap().duration_samples, 40_000);
    }

    #[test]
    fn each_digit_is_heard_once() {
        let all: String = DIGITS.iter().map(|digit| char::from(*digit)).collect();
        let packets = all.chars().enumerate();
        let packets = packets.flat_map(|(n, digit)| at(n as u32 * 1600, sent(digit, 100)));
        assert_eq!(heard(&packets.collect::<Vec<_>>()), all);
        assert_eq!(heard(&[at(5, sent('4', 60)), at(2005, sent('4', 60))].concat()), "44");
    }

    #[test]
    fn late_and_doubled_packets_are_no_new_digits() {
        let (four, five) = (at(u32::MAX - 10, sent('4', 100)), at(2_000, sent('5', 100)));
        let packets =
            [&four[..], &five[..2], &four[..], &five[..], &five[..], &four[1..3]].concat();
        assert_eq!(heard(&packets), "45");
    }

    #[test]
    fn a_digit_whose_end_was_lost_is_told_by_what_follows() {
        let (four, five) = (at(0, sent('4', 100)), at(2_000, sent('5', 100)));
        assert_eq!(heard(&[&four[..2], &five[..]].concat()), "45");
        assert_eq!(heard(&[&four[..2], &five[5..]].concat()), "45");
        let mut digits = ReceivedDigits::default();
        assert_eq!(digits.event(0, four[1].1), None);
        assert_eq!(digits.sound(480), None);
        assert_eq!(digits.sound(1_280), Some('4'));
        assert_eq!(digits.event(0, four[6].1), None);
    }

    #[test]
    fn a_hook_flash_is_no_digit() {
        let flash = Report { event: 16, end: true, volume: 0, duration_samples: 800 };
        assert_eq!(heard(&[(0, flash)]), "");
        assert_eq!(Report::read(&[1, 2, 3]), None);
    }
}
