//! Prism: where it is installed, and one server for one description.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The folder with the vendors' descriptions.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's setting; nothing of it reaches the crate"
)]
pub(crate) fn specs() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    let specs = std::env::var("TIELINE_SPECS").map_or(beside, PathBuf::from);
    assert!(
        specs.join("tidb").is_dir() && specs.join("confluent").is_dir(),
        "the vendors' API descriptions are not in {}",
        specs.display()
    );
    specs
}

/// Installs Prism where nothing of it gets into the sources, and answers where. Once it is there, it stays.
pub(crate) fn install() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("prism");
    fs::create_dir_all(&folder).unwrap();
    // Two checkouts may share a target directory. The lock goes with the file's handle.
    let lock = File::create(target.join("prism.lock")).unwrap();
    lock.lock().unwrap();
    let done = folder.join("installed");
    let wanted = include_str!("package-lock.json");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
        return folder;
    }
    fs::write(folder.join("package.json"), include_str!("package.json")).unwrap();
    fs::write(folder.join("package-lock.json"), wanted).unwrap();
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&folder)
        .status()
        .expect("npm is needed to install Prism");
    assert!(npm.success(), "npm ci: {npm}");
    fs::write(done, wanted).unwrap();
    folder
}

/// A Prism that answers for one description, until it is dropped.
pub(crate) struct Prism {
    /// Where it is, without a slash at the end.
    pub(crate) url: String,
    child: Child,
}

impl Prism {
    pub(crate) fn start(installed: &Path, spec: &Path) -> Self {
        // Free for now, which is all that can be had from outside.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let port = address.port().to_string();
        let child = Command::new("node")
            .arg(installed.join("node_modules/@stoplight/prism-cli/dist/index.js"))
            .args(["mock", "--host", "127.0.0.1", "--port", &port])
            .args(["--multiprocess", "false"])
            .arg(spec)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is needed to run Prism");
        let mut prism = Self {
            url: format!("http://{address}"),
            child,
        };
        let mut lines = BufReader::new(prism.child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        loop {
            let Some(Ok(line)) = lines.next() else {
                panic!("Prism did not start for {}: {said:#?}", spec.display());
            };
            if line.contains("Prism is listening") {
                break;
            }
            said.push(line);
        }
        // It stops when nobody reads what it says.
        std::thread::spawn(move || lines.for_each(drop));
        prism
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        // By its id, and when a test panics too. That it is gone already is no matter.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
