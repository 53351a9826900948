//! MiniStack as a child process in a process group of its own, so that nothing it starts outlives it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::build;
use crate::http::Aws;

/// A running MiniStack.
#[derive(Debug)]
pub(crate) struct MiniStack {
    child: Child,
    group: Pid,
    pub(crate) aws: Aws,
    home: PathBuf,
}

impl MiniStack {
    /// Starts it on a free loopback port and waits until it answers. Waits in state machines last `wait_scale` of
    /// their time.
    pub(crate) async fn start(programs: &Path, wait_scale: f64) -> Result<Self> {
        let port = free_port()?;
        let home = build::target()?
            .join("local")
            .join(format!("ministack-{port}"));
        std::fs::create_dir_all(&home)
            .with_context(|| format!("could not make {}", home.display()))?;
        let log = std::fs::File::create(home.join("ministack.log"))
            .context("could not make MiniStack's log file")?;
        // Functions inherit MiniStack's environment, so it gets nothing but what it needs.
        let child = Command::new(programs.join("ministack"))
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
            .env("HOME", &home)
            .env("TMPDIR", &home)
            .env("STATE_DIR", home.join("state"))
            .env("S3_DATA_DIR", home.join("s3"))
            .env("BIND_HOST", "127.0.0.1")
            .env("MINISTACK_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("LAMBDA_EXECUTOR", "local")
            .env("LAMBDA_ACCOUNT_CONCURRENCY", "0")
            .env("SFN_WAIT_SCALE", wait_scale.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .context("could not start MiniStack")?;
        let id = child.id().context("MiniStack ended at once")?;
        let group = Pid::from_raw(i32::try_from(id)?);
        let mut stack = Self {
            child,
            group,
            aws: Aws::at(port)?,
            home: home.clone(),
        };
        stack.wait_until_ready(&home).await?;
        Ok(stack)
    }

    async fn wait_until_ready(&mut self, home: &Path) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.aws.answers("/_ministack/ready").await {
            let ended = self.child.try_wait()?;
            if ended.is_some() || Instant::now() > deadline {
                bail!(
                    "MiniStack does not start: see {}",
                    home.join("ministack.log").display()
                );
            }
            pause(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Where the functions' log lines go.
    pub(crate) fn functions_log(&self) -> PathBuf {
        self.home.join("functions.log")
    }

    /// What the functions logged.
    pub(crate) fn log(&self) -> Result<String> {
        let path = self.functions_log();
        std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))
    }

    /// Stops it and everything it started.
    pub(crate) async fn stop(mut self) {
        let _ = killpg(self.group, Signal::SIGTERM);
        if timeout(Duration::from_secs(5), self.child.wait())
            .await
            .is_err()
        {
            let _ = killpg(self.group, Signal::SIGKILL);
            let _ = self.child.wait().await;
        }
        // Best effort: what is left of it is under the target directory.
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

impl Drop for MiniStack {
    fn drop(&mut self) {
        // A panic or an error on the way: no time to ask politely.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = killpg(self.group, Signal::SIGKILL);
        }
    }
}

/// Lets real time pass.
#[expect(
    clippy::disallowed_methods,
    reason = "the runner watches from outside; no step waits here"
)]
pub(crate) async fn pause(time: Duration) {
    sleep(time).await;
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no loopback port is free")?;
    Ok(listener.local_addr()?.port())
}
