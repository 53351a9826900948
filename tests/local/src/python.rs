//! The Python environment with MiniStack, made once under the target directory.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;
use tokio::time::Instant;

use crate::build;
use crate::ministack::pause;
use crate::process::Process;

/// pip downloads MiniStack and all it needs, perhaps over a slow line.
const INSTALL_TIMEOUT: Duration = Duration::from_secs(600);

/// Longer than another run takes to install.
const LOCK_TIMEOUT: Duration = Duration::from_secs(900);

const REQUIREMENTS: &str = include_str!("../requirements.txt");

/// Makes the environment if it is missing or of other versions, and says where its programs are.
pub(crate) async fn environment() -> Result<PathBuf> {
    let home = build::target()?.join("local");
    std::fs::create_dir_all(&home).with_context(|| format!("could not make {}", home.display()))?;
    // Tests and people may start at the same time; the environment is made by one of them.
    let lock = File::create(home.join("lock")).context("could not make a lock file")?;
    hold(&lock, &home).await?;
    let (venv, stamp) = (home.join("python"), home.join("installed.txt"));
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(venv.join("bin"));
    }
    eprintln!(
        "making a Python environment with MiniStack in {} (once, some 20 s)",
        venv.display()
    );
    install(&venv).await?;
    std::fs::write(stamp, REQUIREMENTS).context("could not note what is installed")?;
    Ok(venv.join("bin"))
}

/// Locks the file until it is dropped. It is tried again and again, because a thread that is blocked in `lock` cannot be
/// interrupted: it would keep the program from ending after a signal.
async fn hold(lock: &File, home: &Path) -> Result<()> {
    let deadline = Instant::now() + LOCK_TIMEOUT;
    let mut told = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => {
                return Err(error).context("could not lock the Python environment");
            }
            Err(TryLockError::WouldBlock) if Instant::now() > deadline => bail!(
                "another run did not release the Python environment in {} within {} s",
                home.display(),
                LOCK_TIMEOUT.as_secs()
            ),
            Err(TryLockError::WouldBlock) => {}
        }
        if !told {
            eprintln!("waiting for another run that holds the Python environment");
            told = true;
        }
        pause(Duration::from_millis(50)).await;
    }
}

async fn install(venv: &Path) -> Result<()> {
    let requirements = build::root().join("tests/local/requirements.txt");
    let venv_text = venv.to_string_lossy();
    let pip = venv.join("bin/pip");
    succeed("python3", &["-m", "venv", "--clear", &venv_text]).await?;
    let requirements = requirements.to_string_lossy();
    succeed(
        &pip.to_string_lossy(),
        &[
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            &requirements,
        ],
    )
    .await
}

async fn succeed(program: &str, arguments: &[&str]) -> Result<()> {
    let name = format!("{program} {}", arguments.join(" "));
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let process = Process::start(&name, &mut command).context("Python 3 is needed")?;
    let (status, stderr) = process.finish(INSTALL_TIMEOUT).await?;
    if !status.success() {
        bail!("{name} failed:\n{stderr}");
    }
    Ok(())
}
