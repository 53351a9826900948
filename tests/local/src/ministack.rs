//! MiniStack as a child process.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use crate::build;
use crate::http::Aws;
use crate::process::Process;

/// It starts within seconds; a busy machine may take longer.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running MiniStack.
#[derive(Debug)]
pub(crate) struct MiniStack {
    process: Process,
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
        let mut command = Command::new(programs.join("ministack"));
        command
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
            .stdout(log.try_clone()?)
            .stderr(log);
        let mut stack = Self {
            process: Process::start("MiniStack", &mut command)?,
            aws: Aws::at(port)?,
            home,
        };
        let log = stack.home.join("ministack.log");
        timeout(START_TIMEOUT, stack.wait_until_ready())
            .await
            .unwrap_or_else(|_| bail!("it did not answer within {} s", START_TIMEOUT.as_secs()))
            .with_context(|| format!("MiniStack does not start: see {}", log.display()))?;
        Ok(stack)
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        while !self.aws.answers("/_ministack/ready").await {
            if self.process.has_ended()? {
                bail!("it ended");
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
    pub(crate) async fn stop(self) {
        self.process.stop().await;
        // Best effort: what is left of it is under the target directory.
        let _ = std::fs::remove_dir_all(&self.home);
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
