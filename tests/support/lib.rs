//! The whole workflow in one process: `functions/connect.asl.json` interpreted on the real steps and the world's model.
//!
//! Time is tokio's paused clock: whenever nobody has anything to do, it jumps to whoever waits the shortest.

mod check;
mod crowd;
mod execution;
mod machine;
mod plain;
mod remains;
mod simulated;
mod stage;
mod step;
mod verifier;
mod wire;
mod wrong;

use std::path::{Path, PathBuf};

use serde_json::Value;

pub use check::{
    ATTEMPTS, AWAITING, KINDS, Seen, assert_connected, awaited, code, comparable, detail, writes,
};
pub use crowd::{MANY, YOUNG, crowd, waiting};
pub use machine::Machine;
pub use remains::{everything, everything_now};
pub use simulated::Simulated;
pub use stage::{Broken, Ended, Stage, TRIES};
pub use step::invoke;
pub use wrong::Wrong;

/// The root of the project.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Reads a JSON file of the project.
///
/// # Panics
///
/// If it is not there or not JSON.
pub fn json(path: impl AsRef<Path>) -> Value {
    let path = root().join(path);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A request of `events/requests`.
///
/// # Panics
///
/// If there is none of that name.
pub fn request(name: &str) -> Value {
    json(format!("events/requests/{name}.json"))
}

/// Runs one execution in a scenario to its end.
pub async fn play(scenario: &str, input: Value) -> (Ended, Simulated) {
    let mut stage = Stage::on(Simulated::on(world::scenario::world(scenario)));
    stage.start(input, None);
    let mut ended = stage.run().await;
    (ended.remove(0), stage.outside().clone())
}

/// The files of a folder of the project.
///
/// # Panics
///
/// If there is no such folder.
pub fn files(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let folder = root().join(folder);
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    files
}
