//! The lines of an audio medium: which payload type is which codec.

use crate::media::control::Codec;
use crate::sip::sdp::{Direction, Fmtp, Media, RtpMap};

use super::Local;

/// Packets of 20 ms where nobody asks for anything else (RFC 3551 §4.5).
pub(super) const PTIME_MS: u8 = 20;
/// Longest packet sent; also what fits every phone's jitter buffer.
const PTIME_MS_MAX: u16 = 60;
/// The number everybody uses for it in offers.
const TELEPHONE_EVENT: u8 = 101;
const CLOCK_RATE_HZ: u32 = 8000;

/// A codec of a description, as numbered there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offered {
    pub codec: Codec,
    pub payload_type: u8,
}

/// The codecs of a medium that we know, best first.
pub(super) fn read(media: &Media) -> Vec<Offered> {
    let codecs = media.payload_types().filter_map(|payload_type| {
        let codec = codec(media, payload_type)?;
        Some(Offered { codec, payload_type })
    });
    codecs.collect()
}

fn codec(media: &Media, payload_type: u8) -> Option<Codec> {
    match media.rtpmap(payload_type) {
        Some(map) => [Codec::Pcmu, Codec::Pcma].into_iter().find(|c| is(map, c.name())),
        None => [Codec::Pcmu, Codec::Pcma].into_iter().find(|c| static_type(*c) == payload_type),
    }
}

/// RFC 4733's events at the clock rate of our codecs.
pub(super) fn telephone_event(media: &Media) -> Option<u8> {
    let is_event = |number: &u8| media.rtpmap(*number).is_some_and(|m| is(m, "telephone-event"));
    media.payload_types().find(is_event)
}

fn is(map: &RtpMap, encoding: &str) -> bool {
    map.encoding.eq_ignore_ascii_case(encoding)
        && map.clock_rate_hz == CLOCK_RATE_HZ
        && map.channels == 1
}

/// RFC 3551 table 4.
fn static_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
    }
}

/// Milliseconds in a packet to the describing side: whole tens of what it
/// asks, within what it bears.
pub(super) fn ptime_ms(media: &Media) -> u8 {
    let most = media.maxptime_ms.unwrap_or(PTIME_MS_MAX).clamp(10, PTIME_MS_MAX);
    let wanted = media.ptime_ms.filter(|wanted| (10..=200).contains(wanted));
    let wanted = wanted.unwrap_or(u16::from(PTIME_MS)).min(most);
    u8::try_from(wanted / 10 * 10).unwrap_or(PTIME_MS)
}

pub(super) fn offered(local: &Local<'_>) -> Media {
    let codecs = local.codecs.iter();
    let codecs = codecs.map(|&codec| Offered { codec, payload_type: static_type(codec) });
    let event = Some((TELEPHONE_EVENT, "0-16"));
    lines("RTP/AVP", local.port, codecs, event, local.direction)
}

/// One codec only: the far end must not change to another in mid-stream.
pub(super) fn answered(
    offer: &Media,
    port: u16,
    codec: Offered,
    dtmf: Option<u8>,
    direction: Direction,
) -> Media {
    let event = dtmf.map(|number| (number, events(offer.fmtp(number))));
    lines(&offer.protocol, port, [codec], event, direction)
}

/// Event 16 is the hook flash; not everybody takes it.
fn events(offered: Option<&str>) -> &'static str {
    match offered {
        Some(events) if events.contains("-16") || events.contains(",16") => "0-16",
        _ => "0-15",
    }
}

fn lines(
    protocol: &str,
    port: u16,
    codecs: impl IntoIterator<Item = Offered>,
    event: Option<(u8, &str)>,
    direction: Direction,
) -> Media {
    let codecs = codecs.into_iter().map(|o| rtpmap(o.payload_type, o.codec.name()));
    let event_map = event.map(|(number, _)| rtpmap(number, "telephone-event"));
    let rtpmaps: Vec<RtpMap> = codecs.chain(event_map).collect();
    let fmtp = event.map(|(payload_type, events)| Fmtp { payload_type, parameters: events.into() });
    Media {
        kind: "audio".into(),
        port,
        protocol: protocol.into(),
        formats: rtpmaps.iter().map(|map| map.payload_type.to_string()).collect(),
        rtpmaps,
        fmtps: fmtp.into_iter().collect(),
        direction: Some(direction),
        ptime_ms: Some(u16::from(PTIME_MS)),
        ..Media::default()
    }
}

fn rtpmap(payload_type: u8, encoding: &str) -> RtpMap {
    let encoding = encoding.to_owned();
    RtpMap { payload_type, encoding, clock_rate_hz: CLOCK_RATE_HZ, channels: 1 }
}
