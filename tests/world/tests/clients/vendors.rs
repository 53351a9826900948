//! requests, with its own HTTP Digest, walks through TiDB Cloud and Confluent Cloud; and their answers
//! are held against the vendors' own descriptions.

use std::path::Path;

use crate::{Served, venv};

/// How many checks the script makes; fewer would mean that it ended early.
const CHECKS: usize = 264;
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
    let last = report.lines().last();
    assert_eq!(last, Some(format!("{CHECKS} checks passed").as_str()));
    report
}

#[test]
#[cfg_attr(
    no_python,
    ignore = "there was no python3 with venv when this was built"
)]
fn requests_walks_through_the_vendors() {
    walk(&[]);
}

#[test]
#[cfg_attr(
    no_python,
    ignore = "there was no python3 with venv when this was built"
)]
#[cfg_attr(
    all(no_descriptions, not(no_python)),
    ignore = "the vendors' descriptions were not there when this was built; set TIELINE_SPECS"
)]
fn every_answer_is_as_the_vendors_describe_it() {
    let descriptions = env!("DESCRIPTIONS");
    assert!(
        Path::new(descriptions).is_dir(),
        "the vendors' descriptions are not in {descriptions}; set TIELINE_SPECS"
    );

    let report = walk(&[descriptions]);

    let wanted = format!("{ANSWERS} answers are as described");
    assert!(report.lines().any(|line| line == wanted), "{report}");
}
