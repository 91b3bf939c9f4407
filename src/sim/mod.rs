//! A whole office in memory, and the people in it.

pub mod people;
