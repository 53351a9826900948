//! Ctrl-C, SIGTERM and SIGHUP, none of which is lost between two waits.

use anyhow::{Context as _, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask this program to end: Ctrl-C, a polite request, the end of the terminal.
///
/// There is one of these for the whole run, made before anything is started. tokio drops a signal that nobody listens
/// for at that moment, and once somebody has listened, the signal no longer ends the process by itself either. So a
/// listener made anew for each wait loses what arrives between two of them. This one keeps it for the next wait.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// From here on a signal no longer ends the process: somebody has to call [`Signals::next`].
    pub(crate) fn listen() -> Result<Self> {
        let listen =
            |kind, name| signal(kind).with_context(|| format!("could not listen for {name}"));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt(), "SIGINT")?,
            terminate: listen(SignalKind::terminate(), "SIGTERM")?,
            hangup: listen(SignalKind::hangup(), "SIGHUP")?,
        })
    }

    /// Waits for the next signal, which may have arrived long ago. Dropping the future loses none.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }

    /// Does the work unless a signal arrives first. Work that has not begun by then never begins.
    ///
    /// # Errors
    ///
    /// The work's own, or [`Interrupted`].
    pub(crate) async fn unless_interrupted<T>(
        &mut self,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        tokio::select! {
            biased;
            () = self.next() => Err(Interrupted.into()),
            result = work => result,
        }
    }
}

/// Somebody wants it to end.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nix::sys::signal::Signal::{SIGHUP, SIGINT, SIGTERM};
    use nix::sys::signal::raise;
    use tokio::time::timeout;

    use super::{Interrupted, Signals};

    const LIMIT: Duration = Duration::from_secs(10);

    /// One test for all moments: a signal is heard by every listener in the process.
    #[tokio::test]
    async fn a_signal_is_heard_by_the_next_wait_whenever_it_arrives() {
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let mut signals = Signals::listen().unwrap();

            raise(signal).unwrap();
            let before_the_first_wait = timeout(LIMIT, signals.next()).await;
            signals.unless_interrupted(async { Ok(()) }).await.unwrap();
            raise(signal).unwrap();
            let between_two_waits = timeout(LIMIT, async {
                let work = std::future::pending::<anyhow::Result<()>>();
                signals.unless_interrupted(work).await
            });
            let between_two_waits = between_two_waits.await;

            assert!(
                before_the_first_wait.is_ok(),
                "waited {LIMIT:?} for {signal} sent before the first wait"
            );
            let error = between_two_waits
                .unwrap_or_else(|_| panic!("waited {LIMIT:?} for {signal} sent between two waits"))
                .unwrap_err();
            assert!(error.is::<Interrupted>(), "{error}");
        }
    }
}
