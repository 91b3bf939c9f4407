//! The command line; everything else is the library's.

fn main() {}
