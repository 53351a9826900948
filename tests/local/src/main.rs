//! `cargo run -p local -- events/requests/aurora-dsql.json`

use std::process::ExitCode;

use clap::Parser as _;
use local::{Arguments, run};

#[tokio::main]
async fn main() -> ExitCode {
    run(Arguments::parse()).await
}
