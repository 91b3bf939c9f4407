//! One softphone: an account, its lines, and what it knows of parked calls and colleagues.

pub mod messages;
