//! The command line; everything else is the library's.

use std::io::Write;
use std::process::ExitCode;

use bellhop::app::{self, cli};
use clap::Parser;

/// Exit codes: 0 done, 1 refused (reason printed), 2 wrong usage.
fn main() -> ExitCode {
    match app::run(&cli::Line::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            let _ = writeln!(std::io::stderr().lock(), "bellhop: {trouble}");
            ExitCode::FAILURE
        }
    }
}
