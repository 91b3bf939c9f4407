//! A sound that is played frame by frame, once or round and round.

use super::{Frame, SILENCE};

#[derive(Debug, Default)]
pub(super) struct Player {
    sound: Vec<i16>,
    position: usize,
    repeats: bool,
}

impl Player {
    /// From the beginning, in place of what was played.
    pub fn play(&mut self, sound: Vec<i16>, repeats: bool) {
        *self = Self { sound, position: 0, repeats };
    }

    pub fn stop(&mut self) {
        *self = Self::default();
    }

    pub fn is_playing(&self) -> bool {
        self.position < self.sound.len()
    }

    pub fn next_frame(&mut self) -> Frame {
        let mut frame = SILENCE;
        for sample in &mut frame {
            let Some(next) = self.sound.get(self.position) else {
                break;
            };
            *sample = *next;
            self.position += 1;
            if self.repeats && self.position == self.sound.len() {
                self.position = 0;
            }
        }
        frame
    }
}
