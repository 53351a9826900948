//! Child processes, each in a process group of its own, so that nothing it starts outlives it.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long a process may take to end once it has been told to.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// A running process. Dropping it kills it and everything it started.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    group: Pid,
}

impl Process {
    /// Starts a program that reads no input.
    ///
    /// In a group of its own it does not hear the terminal's Ctrl-C. That is on purpose: it ends when this program ends
    /// it, in the same way whichever signal arrived and whoever sent it.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("could not start {name}"))?;
        // A process that has not been waited for has an id, even if it has already ended.
        let id = child.id().with_context(|| format!("{name} has no id"))?;
        let group = Pid::from_raw(i32::try_from(id)?);
        Ok(Self {
            name: name.to_owned(),
            child,
            group,
        })
    }

    /// Waits for the process to end, and returns what it wrote to standard error if that is a pipe.
    ///
    /// # Errors
    ///
    /// It takes longer than `limit`; it is killed then.
    pub(crate) async fn finish(mut self, limit: Duration) -> Result<(ExitStatus, String)> {
        let Ok(finished) = timeout(limit, self.read_and_wait()).await else {
            bail!("{} did not end within {} s", self.name, limit.as_secs());
        };
        finished.with_context(|| format!("could not wait for {}", self.name))
    }

    async fn read_and_wait(&mut self) -> std::io::Result<(ExitStatus, String)> {
        let mut written = Vec::new();
        if let Some(stderr) = &mut self.child.stderr {
            stderr.read_to_end(&mut written).await?;
        }
        let status = self.child.wait().await?;
        Ok((status, String::from_utf8_lossy(&written).into_owned()))
    }

    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Asks it to end, and kills it if it does not. If this future is dropped, it is killed at once.
    pub(crate) async fn stop(mut self) {
        let _ = killpg(self.group, Signal::SIGTERM);
        if timeout(STOP_TIMEOUT, self.child.wait()).await.is_err() {
            let _ = killpg(self.group, Signal::SIGKILL);
            if timeout(STOP_TIMEOUT, self.child.wait()).await.is_err() {
                let seconds = STOP_TIMEOUT.as_secs();
                eprintln!(
                    "local: {} (process {}) did not end within {seconds} s of being killed",
                    self.name, self.group
                );
            }
        }
    }
}

impl Drop for Process {
    /// A signal, a panic or an error on the way: no time to ask politely.
    #[expect(
        clippy::disallowed_methods,
        reason = "drop cannot be async, and a killed process is gone within milliseconds"
    )]
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = killpg(self.group, Signal::SIGKILL);
            // Whoever sees this program end may rely on the processes being gone, so wait, but not for ever.
            for _ in 0..200 {
                if !matches!(self.child.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}
