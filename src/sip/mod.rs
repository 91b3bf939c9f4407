//! SIP as data: messages, transactions, dialogs. No sockets.

pub mod sdp;
