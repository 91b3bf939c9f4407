//! The settings files of desk phones: what each make is handed so that it
//! registers and parks, who may have them, and where phones look for them.
//!
//! Built from public documents: what is not confirmed is marked in the
//! templates (`assets/provision`).

mod book;
mod escape;
mod files;
mod phone;
pub mod pnp;
mod secret;
mod template;

pub use book::{Asker, Book, Found, Listed, NotGiven};
pub use files::{File, Paper, maker_named_in, own_file, sheet};
pub use phone::{Password, Phone, Way};
pub use secret::secret_of;
