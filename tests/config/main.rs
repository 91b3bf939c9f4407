//! Configuration files, right and wrong: what is read, and what is said.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod check_command;
mod desk_wrong;
mod edits;
mod everything;
mod hostile;
mod manual;
mod office_wrong;
mod samples;
mod tenant_files;
