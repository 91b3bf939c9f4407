//! Sound as data: codecs, RTP, jitter, tones, and what streams are told. No sockets, no devices.

pub mod concealment;
pub mod control;
pub mod desk;
pub mod g711;
pub mod jitter;
pub mod latch;
pub mod measure;
pub mod music;
pub mod negotiation;
pub mod relay;
pub mod resample;
pub mod rtp;
pub mod sounds;
pub mod telephone_event;
pub mod tones;
