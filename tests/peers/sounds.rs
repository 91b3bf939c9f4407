//! What the ear of a test makes of sounds that are known.

use bellhop::media::control::Codec;
use bellhop::media::g711;
use bellhop::media::sounds::Sounds;

use crate::support::ear::{MOMENT, Sound, voice};

#[test]
fn sounds_are_told_apart() {
    let tone = voice(1000)[..MOMENT].to_vec();
    let music = Sounds::built_in();
    let piece = &music.music().bytes(Codec::Pcmu)[8000..8000 + MOMENT];
    let music: Vec<i16> = g711::decoded_bytes(Codec::Pcmu, piece).collect();
    let silence = vec![0; MOMENT];
    let is = |sound: Sound| [&tone, &music, &silence].map(|heard| sound.is_in(heard));
    assert_eq!(is(Sound::Tone(1000.0)), [true, false, false]);
    assert_eq!(is(Sound::Tone(500.0)), [false; 3]);
    assert_eq!(is(Sound::HoldMusic), [false, true, false]);
    assert_eq!(is(Sound::Silence), [false, false, true]);
}
