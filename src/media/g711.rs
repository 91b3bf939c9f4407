//! G.711: the two laws of the telephone, and the way from one to the other.

use crate::media::control::Codec;

/// Samples in a millisecond; G.711 has one byte a sample.
pub const SAMPLES_PER_MS: u32 = 8;
pub const SAMPLE_RATE_HZ: u32 = 8000;

/// 14-bit u-law is offset by this much before its logarithm (G.711 table 2).
const ULAW_BIAS: i32 = 132;
const ULAW_CLIP: i32 = 32_635;

static FROM_ULAW: [i16; 256] = decoded(Codec::Pcmu);
static FROM_ALAW: [i16; 256] = decoded(Codec::Pcma);
static ULAW_TO_ALAW: [u8; 256] = converted(Codec::Pcmu);
static ALAW_TO_ULAW: [u8; 256] = converted(Codec::Pcma);

/// One sample as 16-bit linear.
pub fn decode(codec: Codec, byte: u8) -> i16 {
    match codec {
        Codec::Pcmu => FROM_ULAW[usize::from(byte)],
        Codec::Pcma => FROM_ALAW[usize::from(byte)],
    }
}

pub const fn encode(codec: Codec, sample: i16) -> u8 {
    match codec {
        Codec::Pcmu => to_ulaw(sample),
        Codec::Pcma => to_alaw(sample),
    }
}

pub fn decoded_bytes(codec: Codec, bytes: &[u8]) -> impl Iterator<Item = i16> {
    bytes.iter().map(move |byte| decode(codec, *byte))
}

pub fn encoded_samples(codec: Codec, samples: &[i16]) -> impl Iterator<Item = u8> {
    samples.iter().map(move |sample| encode(codec, *sample))
}

/// From one law to the other, in place and by table.
pub fn convert(from: Codec, to: Codec, bytes: &mut [u8]) {
    let table = match (from, to) {
        (Codec::Pcmu, Codec::Pcma) => &ULAW_TO_ALAW,
        (Codec::Pcma, Codec::Pcmu) => &ALAW_TO_ULAW,
        (Codec::Pcmu, Codec::Pcmu) | (Codec::Pcma, Codec::Pcma) => return,
    };
    for byte in bytes {
        *byte = table[usize::from(*byte)];
    }
}

const fn decoded(codec: Codec) -> [i16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match codec {
            Codec::Pcmu => from_ulaw(byte as u8),
            Codec::Pcma => from_alaw(byte as u8),
        };
        byte += 1;
    }
    table
}

/// From this law to the other one.
const fn converted(from: Codec) -> [u8; 256] {
    let linear = decoded(from);
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match from {
            Codec::Pcmu => to_alaw(linear[byte]),
            Codec::Pcma => to_ulaw(linear[byte]),
        };
        byte += 1;
    }
    table
}

const fn from_ulaw(byte: u8) -> i16 {
    let byte = !byte;
    let step = ((byte & 0x0f) as i32) << 3;
    let magnitude = ((step + ULAW_BIAS) << ((byte & 0x70) >> 4)) - ULAW_BIAS;
    if byte & 0x80 == 0 { magnitude as i16 } else { -magnitude as i16 }
}

const fn to_ulaw(sample: i16) -> u8 {
    let (sign, magnitude) = if sample < 0 { (0x80, -(sample as i32)) } else { (0, sample as i32) };
    let clipped = if magnitude > ULAW_CLIP { ULAW_CLIP } else { magnitude };
    let biased = (clipped + ULAW_BIAS) as u32;
    // The highest bit set is one of 7 to 14.
    let segment = 24 - biased.leading_zeros();
    let step = (biased >> (segment + 3)) & 0x0f;
    !(sign | (segment << 4) as u8 | step as u8)
}

const fn from_alaw(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let step = ((byte & 0x0f) as i32) << 4;
    let segment = (byte & 0x70) >> 4;
    let magnitude = match segment {
        0 => step + 8,
        _ => (step + 0x108) << (segment - 1),
    };
    if byte & 0x80 == 0 { -magnitude as i16 } else { magnitude as i16 }
}

const fn to_alaw(sample: i16) -> u8 {
    // Every second bit is turned over on the line (G.711 §3.2).
    let (mask, magnitude) = if sample < 0 { (0x55, !sample) } else { (0xd5, sample) };
    let magnitude = (magnitude as u32) >> 4;
    let segment = if magnitude < 16 { 0 } else { 28 - magnitude.leading_zeros() };
    let step = if segment < 2 { magnitude & 0x0f } else { (magnitude >> (segment - 1)) & 0x0f };
    ((segment << 4) as u8 | step as u8) ^ mask
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];

    #[test]
    fn known_values_of_the_recommendation() {
        assert_eq!(decode(Codec::Pcmu, 0xff), 0);
        assert_eq!(decode(Codec::Pcmu, 0x80), 32_124);
        assert_eq!(decode(Codec::Pcmu, 0x00), -32_124);
        assert_eq!(decode(Codec::Pcma, 0xd5), 8);
        assert_eq!(decode(Codec::Pcma, 0x55), -8);
        assert_eq!(decode(Codec::Pcma, 0xaa), 32_256);
        assert_eq!(decode(Codec::Pcma, 0x2a), -32_256);
    }

    #[test]
    fn every_byte_survives_its_own_law() {
        for codec in BOTH {
            for byte in 0..=255 {
                let back = encode(codec, decode(codec, byte));
                // u-law has a negative zero.
                assert!(back == byte || (codec, byte) == (Codec::Pcmu, 0x7f), "{codec:?} {byte}");
            }
        }
    }

    #[test]
    fn every_sample_comes_back_within_a_step() {
        for codec in BOTH {
            for sample in i16::MIN..=i16::MAX {
                let error =
                    (i32::from(sample) - i32::from(decode(codec, encode(codec, sample)))).abs();
                let bound = 16 + i32::from(sample).abs() / 32;
                assert!(
                    error <= bound.max(700 * i32::from(sample.unsigned_abs() > 32_000)),
                    "{sample}"
                );
            }
        }
    }

    #[test]
    fn there_and_back_again_changes_next_to_nothing() {
        for byte in 0..=255_u8 {
            let mut bytes = [byte];
            convert(Codec::Pcma, Codec::Pcmu, &mut bytes);
            convert(Codec::Pcmu, Codec::Pcma, &mut bytes);
            let (before, after) = (decode(Codec::Pcma, byte), decode(Codec::Pcma, bytes[0]));
            let error = i32::from(before) - i32::from(after);
            assert!(error.abs() <= 16 + i32::from(before).abs() / 16, "{before} {after}");
        }
    }
}
