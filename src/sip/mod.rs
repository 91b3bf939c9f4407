//! SIP as data: messages, transactions, dialogs. No sockets.

pub mod dialog;
pub mod digest;
pub mod flow;
pub mod sdp;
pub mod transaction;
pub mod wire;
