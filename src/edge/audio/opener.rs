//! Opens devices on a thread of its own, for it may take seconds, and opens
//! them again when they have gone or were not there.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use mio::Waker;

use super::devices::{Microphone, Speaker};
use crate::config::desk::SoundDevice;

/// How often a missing device is looked for.
const RETRY: Duration = Duration::from_secs(2);

/// Which of the desk's devices: the microphone, or a loudspeaker by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Microphone,
    Speaker(usize),
}

/// What the sound thread is told.
pub(super) enum News {
    Microphone(Microphone),
    Speaker(usize, Speaker),
    /// Open, under this name.
    Ready(Place, String),
    /// Not there, or gone. Told once until the reason changes.
    Missing(Place, String),
}

pub(super) struct Opener {
    wanted: Vec<Wanted>,
    news: Sender<News>,
    waker: Arc<Waker>,
    gone: Sender<(Place, String)>,
    gone_places: Receiver<(Place, String)>,
}

struct Wanted {
    place: Place,
    device: SoundDevice,
    is_open: bool,
    told: Option<String>,
}

impl Opener {
    /// Until nobody listens to its news.
    pub fn start(
        microphone: SoundDevice,
        speakers: &[SoundDevice],
        news: Sender<News>,
        waker: Arc<Waker>,
    ) -> std::io::Result<()> {
        let places = speakers.iter().cloned().enumerate();
        let places = places.map(|(n, device)| (Place::Speaker(n), device));
        let places = [(Place::Microphone, microphone)].into_iter().chain(places);
        let wanted =
            places.map(|(place, device)| Wanted { place, device, is_open: false, told: None });
        let (gone, gone_places) = channel();
        let opener = Self { wanted: wanted.collect(), news, waker, gone, gone_places };
        thread::Builder::new().name("sound devices".into()).spawn(move || opener.run()).map(drop)
    }

    fn run(mut self) {
        loop {
            if self.open_missing().is_err() {
                return;
            }
            match self.wait() {
                Ok((place, why)) => self.has_gone(place, why),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// With all open, there is nothing to do until one goes.
    fn wait(&self) -> Result<(Place, String), RecvTimeoutError> {
        if self.wanted.iter().all(|wanted| wanted.is_open) {
            return self.gone_places.recv().map_err(RecvTimeoutError::from);
        }
        self.gone_places.recv_timeout(RETRY)
    }

    /// # Errors
    /// The sound thread has ended.
    fn open_missing(&mut self) -> Result<(), ()> {
        for index in 0..self.wanted.len() {
            if self.wanted[index].is_open {
                continue;
            }
            let (place, device) = (self.wanted[index].place, self.wanted[index].device.clone());
            match self.open(place, &device) {
                Ok((opened, name)) => {
                    self.wanted[index].is_open = true;
                    self.tell(opened)?;
                    if let Some(name) = name {
                        self.tell(News::Ready(place, name))?;
                    }
                }
                Err(why) => self.missing(index, why)?,
            }
        }
        Ok(())
    }

    fn open(&self, place: Place, device: &SoundDevice) -> Result<(News, Option<String>), String> {
        let sender = self.gone.clone();
        let gone = Box::new(move |why: String| {
            // The opener outlives its devices, or nobody cares.
            let _ = sender.send((place, why));
        });
        match place {
            Place::Microphone => {
                let (microphone, name) = Microphone::open(device, gone)?;
                Ok((News::Microphone(microphone), name))
            }
            Place::Speaker(number) => {
                let (speaker, name) = Speaker::open(device, gone)?;
                Ok((News::Speaker(number, speaker), name))
            }
        }
    }

    fn has_gone(&mut self, place: Place, why: String) {
        let Some(index) = self.wanted.iter().position(|wanted| wanted.place == place) else {
            return;
        };
        if std::mem::take(&mut self.wanted[index].is_open) {
            self.wanted[index].told = None;
            let nowhere = match place {
                Place::Microphone => News::Microphone(Microphone::Nowhere),
                Place::Speaker(number) => News::Speaker(number, Speaker::Nowhere),
            };
            // If nobody listens, the next attempt to open finds out.
            let _ = self.tell(nowhere);
            let _ = self.missing(index, why);
        }
    }

    fn missing(&mut self, index: usize, why: String) -> Result<(), ()> {
        let wanted = &mut self.wanted[index];
        if wanted.told.as_ref() == Some(&why) {
            return self.still_wanted();
        }
        wanted.told = Some(why.clone());
        let place = wanted.place;
        self.tell(News::Missing(place, why))
    }

    /// A sound thread that has ended is noticed though there is no news.
    fn still_wanted(&self) -> Result<(), ()> {
        if Arc::strong_count(&self.waker) > 1 { Ok(()) } else { Err(()) }
    }

    fn tell(&self, news: News) -> Result<(), ()> {
        self.news.send(news).map_err(drop)?;
        self.waker.wake().map_err(drop)
    }
}
