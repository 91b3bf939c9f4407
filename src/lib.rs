//! Bellhop: a receptionist's desk phone in a terminal, and the small-office
//! phone system behind it.
//!
//! | room | what it is |
//! |---|---|
//! | [`domain`] | the words of the trade |
//! | [`park`] | the park lot: who is parked where, and what follows |
//! | [`sip`] | SIP and SDP: messages, transactions, dialogs, digest |
//! | [`media`] | RTP, codecs, jitter buffer, tones; what streams are told |
//! | [`phone`] | one softphone |
//! | [`exchange`] | the office: registrar, calls, park service, notifications |
//! | [`provision`] | the settings files that desk phones are handed |
//! | [`console`] | the attendant's screen |
//! | [`config`] | text to settings, with complaints that name file and line |
//! | [`edge`] | everything that touches the outside world |
//! | [`sim`] | a whole office in memory, and the people in it |
//! | [`app`] | the commands |
//!
//! Who leans on whom stands in `tests/tidy.rs`, and fails the build there.

pub mod app;
pub mod config;
pub mod console;
pub mod domain;
pub mod edge;
pub mod exchange;
pub mod media;
pub mod park;
pub mod phone;
pub mod provision;
pub mod sim;
pub mod sip;
