//! Looks for what some tests need, so that a machine without it reports them as ignored instead of
//! passing what never ran. Where `CI` is set they run in any case, and fail.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(no_python, no_descriptions)");
    // Only these: a file that is missing would have everything built again each time.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CI");
    println!("cargo::rerun-if-env-changed=TIELINE_SPECS");
    let descriptions = descriptions();
    println!("cargo::rustc-env=DESCRIPTIONS={}", descriptions.display());
    let in_ci = env::var_os("CI").is_some();
    if !in_ci && !has_python() {
        println!("cargo::rustc-cfg=no_python");
    }
    if !in_ci && !descriptions.is_dir() {
        println!("cargo::rustc-cfg=no_descriptions");
    }
}

fn has_python() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import ensurepip, venv"]);
    let quiet = python.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Where the vendors' descriptions are: beside the repository, because they are not ours to publish.
fn descriptions() -> PathBuf {
    let given = env::var_os("TIELINE_SPECS").map(PathBuf::from);
    // Tests run in this crate's folder, as this does.
    given.unwrap_or_else(|| Path::new("../../../shared/specs").to_owned())
}
