//! The command `local` as a child process.

use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::limit::within;

pub(crate) const EVENT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../events/requests/aurora-dsql-dry-run.json"
);

/// `env` starts the command at once, or not at all.
const EXEC: Duration = Duration::from_secs(10);

/// A running command.
pub(crate) struct Runner {
    child: Child,
    stdout: ChildStdout,
    stderr: Lines<BufReader<ChildStderr>>,
    lines: Vec<String>,
}

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Runner {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("local runs");
        let stdout = child.stdout.take().expect("stdout");
        let stderr = BufReader::new(child.stderr.take().expect("stderr")).lines();
        Self {
            child,
            stdout,
            stderr,
            lines: Vec::new(),
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.id().expect("it runs");
        // Until `env` has set the usual dispositions, those of whoever runs the tests hold: a shell in the background
        // ignores SIGINT.
        let comm = format!("/proc/{id}/comm");
        let begun = Instant::now();
        while std::fs::read_to_string(&comm).is_ok_and(|name| name.trim() == "env") {
            assert!(begun.elapsed() < EXEC, "env did not start local");
            std::thread::yield_now();
        }
        kill(id, signal).expect("a signal");
    }

    /// Reads the lines on standard error up to one with these words, and returns all of them.
    pub(crate) async fn line_with(&mut self, words: &str, limit: Duration) -> &[String] {
        let what = format!("local to say {words:?}");
        within(limit, &what, async {
            loop {
                let line = self.stderr.next_line().await.expect("text");
                let line = line.unwrap_or_else(|| {
                    panic!("local ended without {words:?}: {}", self.lines.join("\n"))
                });
                let found = line.contains(words);
                self.lines.push(line);
                if found {
                    return;
                }
            }
        })
        .await;
        &self.lines
    }

    /// Waits for the end of the command and of everything that writes to its standard error.
    pub(crate) async fn end(&mut self, limit: Duration) -> Ended {
        let mut stdout = String::new();
        let read_stdout = self.stdout.read_to_string(&mut stdout);
        let read_stderr = async {
            while let Some(line) = self.stderr.next_line().await.expect("text") {
                self.lines.push(line);
            }
        };
        let all = async { tokio::join!(self.child.wait(), read_stdout, read_stderr) };
        let (status, read, ()) = within(limit, "local and its children to end", all).await;
        read.expect("text");
        Ended {
            status: status.expect("it ended"),
            stdout,
            stderr: self.lines.join("\n"),
        }
    }

    fn id(&self) -> Option<Pid> {
        let id = i32::try_from(self.child.id()?).expect("a process id");
        Some(Pid::from_raw(id))
    }
}

impl Drop for Runner {
    /// A test that fails asks first, because a killed command leaves MiniStack running.
    #[expect(clippy::disallowed_methods, reason = "drop cannot be async")]
    fn drop(&mut self) {
        let Some(id) = self.id() else { return };
        let _ = kill(id, Signal::SIGTERM);
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = kill(id, Signal::SIGKILL);
    }
}
