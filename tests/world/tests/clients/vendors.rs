//! requests, with its own HTTP Digest, walks through TiDB Cloud and Confluent Cloud; and their answers
//! are held against the vendors' own descriptions.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{Served, venv};

/// How many checks the script makes; fewer would mean that it ended early.
const CHECKS: usize = 262;
/// How many answers are held against a description.
const ANSWERS: usize = 172;

fn walk(arguments: &[&str]) -> String {
    let world = Served::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/vendors.py");
    let arguments = [&[script.to_str().unwrap()], arguments].concat();

    let output = world.run(&venv::program("python"), &arguments);

    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}\n{complaint}");
    report
}

/// The vendors' descriptions lie beside the repository; they are not ours to publish.
fn specs() -> PathBuf {
    #[expect(
        clippy::disallowed_methods,
        reason = "where somebody keeps the descriptions is no setting of the program"
    )]
    let elsewhere = std::env::var("TIELINE_SPECS");
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    elsewhere.map_or(usual, PathBuf::from)
}

#[test]
fn requests_walks_through_the_vendors() {
    let report = walk(&[]);

    let last = report.lines().last();
    assert_eq!(last, Some(format!("{CHECKS} checks passed").as_str()));
}

#[test]
fn every_answer_is_as_the_vendors_describe_it() {
    let specs = specs();
    if !specs.is_dir() {
        // Past the test harness, which keeps to itself what a passing test prints.
        let loudly = writeln!(
            std::io::stderr(),
            "SKIPPED: the vendors' descriptions are not in {}; set TIELINE_SPECS",
            specs.display()
        );
        return loudly.unwrap();
    }

    let report = walk(&[specs.to_str().unwrap()]);

    let wanted = format!("{ANSWERS} answers are as described");
    assert!(report.lines().any(|line| line == wanted), "{report}");
}
