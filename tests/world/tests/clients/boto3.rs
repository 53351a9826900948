//! boto3 walks through an endpoint's life, in Python of its own.

use std::path::Path;

use crate::{Served, venv};

/// How many checks each script makes; fewer would mean that it ended early.
const CHECKS: usize = 200;
const MIGRATION_CHECKS: usize = 196;

#[test]
#[cfg_attr(
    no_python,
    ignore = "there was no python3 with venv when this was built"
)]
fn boto3_walks_through_the_life_of_endpoints() {
    walk("lifecycle.py", CHECKS);
}

#[test]
#[cfg_attr(
    no_python,
    ignore = "there was no python3 with venv when this was built"
)]
fn boto3_walks_through_migrations_zones_roles_and_secrets() {
    walk("migration.py", MIGRATION_CHECKS);
}

fn walk(script: &str, checks: usize) {
    let world = Served::start();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let script = directory.join(script);

    let output = world.run(&venv::program("python"), &[script.to_str().unwrap()]);

    let report = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}\n{complaint}");
    assert_eq!(
        report.lines().last(),
        Some(format!("{checks} checks passed").as_str())
    );
}
