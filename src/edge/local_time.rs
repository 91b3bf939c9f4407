//! The clock on this office's wall: the machine's time zone, read from its files.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::time::WallTime;

/// Milliseconds since 1970 as if the local time were UTC. Where the time zone
/// cannot be found, that is UTC itself.
pub fn local_unix_ms(wall: WallTime) -> u64 {
    in_zone(wall, &TimeZone::system())
}

fn in_zone(wall: WallTime, zone: &TimeZone) -> u64 {
    let unix_ms = i64::try_from(wall.unix_ms()).unwrap_or(i64::MAX);
    let offset_s = Timestamp::from_millisecond(unix_ms)
        .map_or(0, |timestamp| i64::from(zone.to_offset(timestamp).seconds()));
    u64::try_from(unix_ms.saturating_add(offset_s * 1000)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_is_hours_away_from_utc_and_never_before_1970() {
        let east = TimeZone::fixed(jiff::tz::offset(2));
        let west = TimeZone::fixed(jiff::tz::offset(-5));
        assert_eq!(in_zone(WallTime::from_unix_ms(60_000), &east), 7_260_000);
        assert_eq!(in_zone(WallTime::from_unix_ms(60_000), &west), 0);
        assert_eq!(in_zone(WallTime::from_unix_ms(u64::MAX), &east), i64::MAX as u64);
    }
}
