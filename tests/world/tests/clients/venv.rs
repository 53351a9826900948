//! The clients' own Python environment.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The versions that the world is held against; the guides' examples are for this generation of the
/// CLI.
const PACKAGES: [&str; 6] = [
    "awscli==1.45.11",
    "boto3==1.43.11",
    "botocore==1.43.11",
    "jsonschema==4.26.0",
    "pyyaml==6.0.3",
    "requests==2.34.2",
];

/// Where the environment lies: beside everything else that is built.
pub(crate) fn directory() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // `<target>/<profile>/deps/<test>`
    let target = test.ancestors().nth(3);
    target
        .unwrap_or_else(|| panic!("{} does not lie in a target directory", test.display()))
        .join("clients")
}

/// A program of the environment, which is made first if it is not there.
pub(crate) fn program(name: &str) -> PathBuf {
    let directory = directory();
    install(&directory);
    directory.join("bin").join(name)
}

fn install(directory: &Path) {
    fs::create_dir_all(directory).unwrap();
    // Several tests, and several test runs, may get here at once.
    let lock = File::create(directory.join("lock")).unwrap();
    lock.lock().unwrap();
    let stamp = directory.join("installed");
    let wanted = PACKAGES.join(" ");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return;
    }
    let environment = directory.to_str().unwrap();
    run(Path::new("python3"), &["-m", "venv", environment]);
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    run(
        &directory.join("bin/python"),
        &[&pip[..], &PACKAGES[..]].concat(),
    );
    fs::write(stamp, wanted).unwrap();
}

fn run(program: &Path, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status();
    let status =
        status.unwrap_or_else(|error| panic!("these tests need {}: {error}", program.display()));
    assert!(
        status.success(),
        "{} {arguments:?} failed",
        program.display()
    );
}
