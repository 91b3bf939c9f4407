//! Digest authentication both ways (RFC 7616, RFC 8760; RFC 2069 for old
//! phones): challenges and their checks for the office, answers for a phone.

mod algorithm;
mod answer;
mod challenge;
mod credentials;
mod fields;
mod secret;
#[cfg(test)]
mod tests;
mod window;

pub use answer::Answerer;
pub use challenge::{Challenger, Outcome};
pub use secret::Secret;
pub use window::NonceWindow;
