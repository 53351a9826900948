//! The Python environment with MiniStack, made once under the target directory.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;

use crate::build;

const REQUIREMENTS: &str = include_str!("../requirements.txt");

/// Makes the environment if it is missing or of other versions, and says where its programs are.
pub(crate) async fn environment() -> Result<PathBuf> {
    let home = build::target()?.join("local");
    std::fs::create_dir_all(&home).with_context(|| format!("could not make {}", home.display()))?;
    // Tests and people may start at the same time; the environment is made by one of them.
    let lock = File::create(home.join("lock")).context("could not make a lock file")?;
    let _held = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock))
        .await?
        .context("could not lock the Python environment")?;
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
    let output = Command::new(program)
        .args(arguments)
        .kill_on_drop(true)
        .output()
        .await;
    let output =
        output.with_context(|| format!("could not start {program}: is Python 3 installed?"))?;
    if !output.status.success() {
        bail!(
            "{program} {} failed:\n{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
