//! The system's wish that the program end.

use std::future::{Future, pending};
use std::io::Read;
use std::thread;

use tokio::sync::oneshot;

/// Done when standard input ends: whoever holds its other end has died. A
/// thread waits for that.
pub fn end_of_input() -> impl Future<Output = ()> {
    let (tell, ended) = oneshot::channel();
    let wait = move || {
        let mut input = std::io::stdin().lock();
        let mut ignored = [0; 256];
        while matches!(input.read(&mut ignored), Ok(1..)) {}
        // Nobody listens to a program that ends already.
        let _ = tell.send(());
    };
    let is_awaited = thread::Builder::new().name("input".into()).spawn(wait).is_ok();
    async move {
        if !is_awaited || ended.await.is_err() {
            pending().await
        }
    }
}

/// SIGHUP: somebody wants the settings read anew.
#[derive(Debug)]
pub struct HangUps(#[cfg(unix)] Option<tokio::signal::unix::Signal>);

impl HangUps {
    /// Within an event loop. Where the system has no such signal none comes.
    pub fn listen() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Self(signal(SignalKind::hangup()).ok())
        }
        #[cfg(not(unix))]
        Self()
    }

    pub async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        pending().await
    }
}

/// As [`stop`], or when `end` is done.
pub async fn stop_or(end: Option<impl Future<Output = ()>>) {
    let end = async {
        match end {
            Some(end) => end.await,
            None => pending().await,
        }
    };
    tokio::select! {
        () = stop() => {}
        () = end => {}
    }
}

/// Done when the system or the person at the keyboard wants the program to end.
pub async fn stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
