//! `cargo run -p local -- events/requests/aurora-dsql.json`

use std::process::ExitCode;

use clap::Parser as _;
use local::{Arguments, run};

// One thread, so that no other takes a signal off between the handler's installation and its first listener: tokio would
// drop it (by reading tokio 1.54; never seen).
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(Arguments::parse()).await
}
