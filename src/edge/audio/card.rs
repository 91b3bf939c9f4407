//! A sound card's microphone or loudspeaker. The card's own thread touches
//! nothing but a lock-free ring; rates are converted on our side of it.

use std::collections::VecDeque;
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    Device, ErrorKind, FromSample, Sample, SampleFormat, SizedSample, Stream, StreamConfig,
    SupportedStreamConfig,
};
use rtrb::{Consumer, Producer, RingBuffer};

use crate::config::desk::SoundDevice;
use crate::media::desk::{Frame, SILENCE};
use crate::media::g711::SAMPLE_RATE_HZ;
use crate::media::jitter::FRAME;
use crate::media::resample::{Resampler, from_pcm, to_pcm};

/// What a ring holds at most.
const RING: Duration = Duration::from_millis(400);
/// What is kept in it, so that neither side ever waits for the other.
const CUSHION: Duration = Duration::from_millis(40);
/// The longest that opening a device may take.
const OPENING_MAX: Duration = Duration::from_secs(3);
/// Microphone sound kept at most, in frames.
const FRAMES_MAX: usize = 6;

pub(super) struct CardMicrophone {
    stream: Stream,
    ring: Consumer<f32>,
    resampler: Resampler,
    ready: VecDeque<f32>,
    is_running: bool,
}

pub(super) struct CardSpeaker {
    stream: Stream,
    ring: Producer<f32>,
    resampler: Resampler,
    converted: Vec<f32>,
    rate_hz: u32,
    is_running: bool,
}

/// Told once when a device has gone, with the reason.
pub(super) type Gone = Box<dyn FnMut(String) + Send>;

impl CardMicrophone {
    /// Paused; answers the device's name too.
    pub fn open(which: &SoundDevice, gone: Gone) -> Result<(Self, String), String> {
        let host = cpal::default_host();
        let found = match which {
            SoundDevice::Named(name) => named(host.input_devices(), name)?,
            _ => host.default_input_device().ok_or("there is no microphone")?,
        };
        let config = found.default_input_config().map_err(words)?;
        let (producer, ring) = RingBuffer::new(samples_in(RING, config.sample_rate()));
        let stream = input(&found, &config, producer, gone)?;
        let resampler = Resampler::new(config.sample_rate(), SAMPLE_RATE_HZ);
        let ready = VecDeque::new();
        Ok((Self { stream, ring, resampler, ready, is_running: false }, name_of(&found)))
    }

    pub fn run(&mut self, run: bool) {
        if run != self.is_running {
            self.is_running = run;
            set_running(&self.stream, run);
            // What was said before is nobody's business any more.
            while self.ring.pop().is_ok() {}
            self.ready.clear();
        }
    }

    /// Silence where the card has nothing yet.
    pub fn frame(&mut self) -> Frame {
        let waiting = self.ring.slots();
        let Self { ring, resampler, ready, .. } = self;
        let new = (0..waiting).map_while(|_| ring.pop().ok());
        resampler.process(new, ready);
        let surplus = ready.len() as f64 / FRAME as f64 - 2.0;
        resampler.bend(surplus * 0.001);
        if ready.len() > FRAME * FRAMES_MAX {
            ready.drain(..ready.len() - FRAME * 2);
        }
        if ready.len() < FRAME {
            return SILENCE;
        }
        let mut frame = SILENCE;
        for (sample, heard) in frame.iter_mut().zip(ready.drain(..FRAME)) {
            *sample = to_pcm(heard);
        }
        frame
    }
}

impl CardSpeaker {
    pub fn open(which: &SoundDevice, gone: Gone) -> Result<(Self, String), String> {
        let host = cpal::default_host();
        let found = match which {
            SoundDevice::Named(name) => named(host.output_devices(), name)?,
            _ => host.default_output_device().ok_or("there is no loudspeaker")?,
        };
        let config = found.default_output_config().map_err(words)?;
        let rate_hz = config.sample_rate();
        let (ring, consumer) = RingBuffer::new(samples_in(RING, rate_hz));
        let stream = output(&found, &config, consumer, gone)?;
        let resampler = Resampler::new(SAMPLE_RATE_HZ, rate_hz);
        let (converted, is_running) = (Vec::new(), false);
        Ok((Self { stream, ring, resampler, converted, rate_hz, is_running }, name_of(&found)))
    }

    pub fn run(&mut self, run: bool) {
        if run != self.is_running {
            self.is_running = run;
            if run {
                self.fill_up();
            }
            set_running(&self.stream, run);
        }
    }

    /// The card's clock is not ours: its ring shows which one is faster.
    pub fn play(&mut self, frame: &Frame) {
        let cushion = samples_in(CUSHION, self.rate_hz) as f64;
        let surplus = self.waiting() as f64 / cushion - 1.0;
        self.resampler.bend(surplus * 0.005);
        self.converted.clear();
        self.resampler.process(frame.iter().map(|sample| from_pcm(*sample)), &mut self.converted);
        if self.waiting() == 0 {
            self.fill_up();
        }
        for sample in &self.converted {
            // A card that takes nothing loses it.
            let _ = self.ring.push(*sample);
        }
    }

    fn waiting(&self) -> usize {
        self.ring.buffer().capacity() - self.ring.slots()
    }

    fn fill_up(&mut self) {
        for _ in self.waiting()..samples_in(CUSHION, self.rate_hz) {
            let _ = self.ring.push(0.0);
        }
    }
}

fn input(
    device: &Device,
    config: &SupportedStreamConfig,
    ring: Producer<f32>,
    gone: Gone,
) -> Result<Stream, String> {
    let stream_config = config.config();
    match config.sample_format() {
        SampleFormat::F32 => input_of::<f32>(device, stream_config, ring, gone),
        SampleFormat::I16 => input_of::<i16>(device, stream_config, ring, gone),
        SampleFormat::I32 => input_of::<i32>(device, stream_config, ring, gone),
        SampleFormat::U16 => input_of::<u16>(device, stream_config, ring, gone),
        SampleFormat::U8 => input_of::<u8>(device, stream_config, ring, gone),
        other => Err(format!("the device delivers {other}, which is not understood")),
    }
}

fn input_of<T>(
    device: &Device,
    config: StreamConfig,
    mut ring: Producer<f32>,
    gone: Gone,
) -> Result<Stream, String>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let channels = usize::from(config.channels.max(1));
    let take = move |data: &[T], _: &cpal::InputCallbackInfo| {
        for frame in data.chunks_exact(channels) {
            let sum: f32 = frame.iter().map(|sample| f32::from_sample(*sample)).sum();
            // A desk that takes nothing loses it.
            let _ = ring.push(sum / channels as f32);
        }
    };
    let stream = device.build_input_stream(config, take, grave_only(gone), Some(OPENING_MAX));
    stream.map_err(words)
}

fn output(
    device: &Device,
    config: &SupportedStreamConfig,
    ring: Consumer<f32>,
    gone: Gone,
) -> Result<Stream, String> {
    let stream_config = config.config();
    match config.sample_format() {
        SampleFormat::F32 => output_of::<f32>(device, stream_config, ring, gone),
        SampleFormat::I16 => output_of::<i16>(device, stream_config, ring, gone),
        SampleFormat::I32 => output_of::<i32>(device, stream_config, ring, gone),
        SampleFormat::U16 => output_of::<u16>(device, stream_config, ring, gone),
        SampleFormat::U8 => output_of::<u8>(device, stream_config, ring, gone),
        other => Err(format!("the device wants {other}, which is not understood")),
    }
}

fn output_of<T>(
    device: &Device,
    config: StreamConfig,
    mut ring: Consumer<f32>,
    gone: Gone,
) -> Result<Stream, String>
where
    T: SizedSample + FromSample<f32>,
{
    let channels = usize::from(config.channels.max(1));
    let give = move |data: &mut [T], _: &cpal::OutputCallbackInfo| {
        for frame in data.chunks_mut(channels) {
            frame.fill(T::from_sample(ring.pop().unwrap_or(0.0)));
        }
    };
    let stream = device.build_output_stream(config, give, grave_only(gone), Some(OPENING_MAX));
    stream.map_err(words)
}

/// A crackle or a new route is no reason to open the device again.
fn grave_only(mut gone: Gone) -> impl FnMut(cpal::Error) + Send + 'static {
    move |error| match error.kind() {
        ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {}
        _ => gone(words(error)),
    }
}

fn named<D: Iterator<Item = Device>>(
    devices: Result<D, cpal::Error>,
    name: &str,
) -> Result<Device, String> {
    let mut others = Vec::new();
    for device in devices.map_err(words)? {
        let known = name_of(&device);
        if known == name || device.id().is_ok_and(|id| id.to_string() == name) {
            return Ok(device);
        }
        others.push(known);
    }
    match others.is_empty() {
        true => Err(format!("there is no device {name:?}, nor any other")),
        false => Err(format!("there is no device {name:?}; there is {}", others.join(", "))),
    }
}

fn name_of(device: &Device) -> String {
    device.description().map_or_else(|_| "unnamed".into(), |about| about.name().to_owned())
}

fn set_running(stream: &Stream, run: bool) {
    // One that cannot be paused goes on; its sound is not used.
    let _ = if run { stream.play() } else { stream.pause() };
}

fn samples_in(span: Duration, rate_hz: u32) -> usize {
    (span.as_secs_f64() * f64::from(rate_hz)) as usize
}

/// In words that fit into a status row; the library's own are sentences.
fn words(error: cpal::Error) -> String {
    match error.kind() {
        ErrorKind::DeviceNotAvailable => "no sound card".to_owned(),
        ErrorKind::HostUnavailable => "no sound system".to_owned(),
        ErrorKind::DeviceBusy => "in use by another program".to_owned(),
        ErrorKind::PermissionDenied => "not allowed".to_owned(),
        _ => error.to_string(),
    }
}
