//! The words of the trade. No I/O, no SIP, no screen.

pub mod administration;
pub mod caller;
pub mod caller_name;
pub mod chance;
pub mod codes;
pub mod device;
pub mod directory;
pub mod effects;
pub mod habits;
pub mod ids;
pub mod lot;
pub mod nearest;
pub mod note;
pub mod pairs;
pub mod park_table;
pub mod recall;
pub mod ring_group;
pub mod time;
pub mod timers;
