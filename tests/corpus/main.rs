//! The wire layer against messages: our own with every class of fault, those
//! of RFC 4475 and RFC 5118 where they are at hand, made-up ones without end.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its messages fails")]

mod format;
mod judge;
mod own;
mod properties;
mod second_opinion;
mod torture;
