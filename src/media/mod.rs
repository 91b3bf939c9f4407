//! Sound as data: codecs, RTP, jitter, tones, and what streams are told. No sockets, no devices.

pub mod control;
pub mod negotiation;
