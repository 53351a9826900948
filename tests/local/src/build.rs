//! The functions' binaries.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tieline::workflow::Function;
use tokio::process::Command;

use crate::process::Process;

/// The first build compiles the AWS SDK, which may take long on a slow or busy machine.
const BUILD_TIMEOUT: Duration = Duration::from_secs(45 * 60);

/// The function that is deployed in a VPC.
pub(crate) const VERIFIER: &str = "verify-connection";

/// The root of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The target directory that this program was built into: `<target>/<profile>[/deps]/<program>`.
pub(crate) fn target() -> Result<PathBuf> {
    let program = std::env::current_exe().context("could not find this program")?;
    let folder = program.parent().map(|folder| {
        if folder.ends_with("deps") {
            folder.parent()
        } else {
            Some(folder)
        }
    });
    let target = folder
        .flatten()
        .and_then(Path::parent)
        .context("this program lies in no target directory")?;
    Ok(target.to_owned())
}

/// Builds the functions, unless that is said to be done, and says where they are.
pub(crate) async fn functions(build: bool) -> Result<Vec<(&'static str, PathBuf)>> {
    let target = target()?;
    // Their packages carry their names.
    let steps = Function::ALL.iter().map(|function| function.name());
    let functions: Vec<&str> = steps.chain([VERIFIER]).collect();
    if build {
        let mut cargo = Command::new("cargo");
        // The whole workspace, as `cargo test --workspace` builds it: for single packages cargo would choose other
        // features of shared crates, and compile the SDK once more.
        cargo
            .current_dir(root())
            .args(["build", "--quiet", "--workspace", "--target-dir"])
            .arg(&target)
            .args(functions.iter().flat_map(|function| ["--bin", function]))
            // Standard output belongs to the result.
            .stdout(Stdio::null());
        let cargo = Process::start("cargo build", &mut cargo)?;
        let (status, _) = cargo.finish(BUILD_TIMEOUT).await?;
        if !status.success() {
            bail!("the functions do not build: see cargo's messages above");
        }
    }
    functions
        .into_iter()
        .map(|function| {
            let binary = target.join("debug").join(function);
            if !binary.is_file() {
                bail!(
                    "{} is not there: run again without --no-build",
                    binary.display()
                );
            }
            Ok((function, binary))
        })
        .collect()
}
