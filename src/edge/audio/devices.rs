//! Where sound comes from and goes to: a card, a file, or nowhere. Whatever
//! fails becomes nowhere, so that calls go on.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use hound::WavWriter;

use super::card::{CardMicrophone, CardSpeaker, Gone};
use crate::config::desk::SoundDevice;
use crate::edge::wav;
use crate::media::desk::{Frame, SILENCE};

/// Frames after which a file's header is made true: once a second.
const FLUSH_FRAMES: u32 = 50;

#[derive(Default)]
pub(super) enum Microphone {
    #[default]
    Nowhere,
    /// Played round and round.
    File {
        sound: Vec<i16>,
        position: usize,
    },
    Card(CardMicrophone),
}

#[derive(Default)]
pub(super) enum Speaker {
    #[default]
    Nowhere,
    File {
        writer: WavWriter<BufWriter<File>>,
        frames: u32,
    },
    Card(CardSpeaker),
}

impl Microphone {
    /// Answers its name too; nothing for a device that is meant to be none.
    pub fn open(which: &SoundDevice, gone: Gone) -> Result<(Self, Option<String>), String> {
        match which {
            SoundDevice::Null => Ok((Self::Nowhere, None)),
            SoundDevice::Wav(path) => {
                let sound =
                    wav::load(Path::new(path)).map_err(|fault| format!("{path}: {fault}"))?;
                Ok((Self::File { sound, position: 0 }, Some(path.clone())))
            }
            SoundDevice::Default | SoundDevice::Named(_) => {
                let (card, name) = CardMicrophone::open(which, gone)?;
                Ok((Self::Card(card), Some(name)))
            }
        }
    }

    pub fn run(&mut self, run: bool) {
        if let Self::Card(card) = self {
            card.run(run);
        }
    }

    pub fn frame(&mut self) -> Frame {
        match self {
            Self::Nowhere => SILENCE,
            Self::File { sound, position } => next_of(sound, position),
            Self::Card(card) => card.frame(),
        }
    }
}

fn next_of(sound: &[i16], position: &mut usize) -> Frame {
    let mut frame = SILENCE;
    for (sample, next) in frame.iter_mut().zip(sound.iter().cycle().skip(*position)) {
        *sample = *next;
    }
    *position = (*position + frame.len()) % sound.len().max(1);
    frame
}

impl Speaker {
    pub fn open(which: &SoundDevice, gone: Gone) -> Result<(Self, Option<String>), String> {
        match which {
            SoundDevice::Null => Ok((Self::Nowhere, None)),
            SoundDevice::Wav(path) => {
                let writer = wav::create(Path::new(path));
                let writer = writer.map_err(|why| format!("cannot write {path}: {why}"))?;
                Ok((Self::File { writer, frames: 0 }, Some(path.clone())))
            }
            SoundDevice::Default | SoundDevice::Named(_) => {
                let (card, name) = CardSpeaker::open(which, gone)?;
                Ok((Self::Card(card), Some(name)))
            }
        }
    }

    pub fn run(&mut self, run: bool) {
        if let Self::Card(card) = self {
            card.run(run);
        }
    }

    pub fn play(&mut self, frame: &Frame) {
        match self {
            Self::Nowhere => {}
            Self::Card(card) => card.play(frame),
            Self::File { writer, frames } => {
                *frames += 1;
                if write(writer, frame, frames.is_multiple_of(FLUSH_FRAMES)).is_err() {
                    // The disk is full: the call is worth more than its record.
                    *self = Self::Nowhere;
                }
            }
        }
    }
}

fn write(writer: &mut WavWriter<BufWriter<File>>, frame: &Frame, flush: bool) -> hound::Result<()> {
    for sample in frame {
        writer.write_sample(*sample)?;
    }
    if flush { writer.flush() } else { Ok(()) }
}
