//! The office server: translates between SIP and the trade.
