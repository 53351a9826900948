//! boto3 walks through an endpoint's life, in Python of its own.

use std::path::Path;

use crate::{Served, venv};

/// How many checks the script makes; fewer would mean that it ended early.
const CHECKS: usize = 186;

#[test]
fn boto3_walks_through_the_life_of_endpoints() {
    let world = Served::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/lifecycle.py");

    let output = world.run(&venv::program("python"), &[script.to_str().unwrap()]);

    let report = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}\n{complaint}");
    assert_eq!(
        report.lines().last(),
        Some(format!("{CHECKS} checks passed").as_str())
    );
}
