//! The log: one line a fact, to standard error; `RUST_LOG` says how much.

use tracing_subscriber::EnvFilter;

/// A second start changes nothing.
pub fn start() {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr);
    let _ = log.with_target(false).with_ansi(false).try_init();
}
