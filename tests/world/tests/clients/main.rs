//! The wire against clients that nobody here wrote: the AWS CLI, boto3 and requests, all pinned, all from
//! `PyPI`.
//!
//! They are installed once into `<target>/clients`. What cannot be installed fails; where there is no
//! Python at all the tests are ignored, and where `CI` is set they fail there too (see build.rs).

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics, its helpers too"
)]

mod aws_cli;
mod aws_cli_migration;
mod boto3;
mod vendors;
mod venv;

use std::path::Path;
use std::process::{Command, Output};

use tokio::runtime::Runtime;
use world::server::{self, Options, Running};

/// A server on a free port and the runtime that it lives on.
struct Served {
    // Dropped first, so that the runtime has nothing left to do.
    running: Running,
    _runtime: Runtime,
}

impl Served {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(server::start(Options::default())).unwrap();
        running.world().lock().unwrap().scale_throttling(None);
        Self {
            running,
            _runtime: runtime,
        }
    }

    fn url(&self) -> String {
        self.running.url()
    }

    fn pass(&self, seconds: u64) {
        self.running
            .world()
            .lock()
            .unwrap()
            .advance(std::time::Duration::from_secs(seconds));
    }

    /// Runs a client with this world as its AWS and nothing else from outside.
    fn run(&self, program: &Path, arguments: &[&str]) -> Output {
        Command::new(program)
            .args(arguments)
            .env_clear()
            .env("HOME", venv::directory())
            .env("PATH", "/usr/bin:/bin")
            .env("AWS_ENDPOINT_URL", self.url())
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "akid")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_PAGER", "")
            .output()
            .unwrap_or_else(|error| panic!("cannot run {}: {error}", program.display()))
    }
}
