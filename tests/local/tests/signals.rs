//! Ctrl-C, SIGTERM and SIGHUP end the command at every moment, and nothing that it started is left.
//!
//! The command is the real one; cargo, MiniStack and the functions are scripts, so that a test can choose the moment.

mod limit;
mod runner;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use limit::within;
use nix::sys::signal::Signal::{self, SIGHUP, SIGINT, SIGTERM};
use runner::{EVENT, Runner};
use serde_json::json;
use tokio::process::Command;

const SIGNALS: [Signal; 3] = [SIGINT, SIGTERM, SIGHUP];

/// The scripts start within a second; a busy machine may take longer.
const LIMIT: Duration = Duration::from_secs(60);

/// What a script does first: it starts a process of its own. Both hold a lock for as long as they live.
const BEGIN: &str = r#"
import fcntl, http.server, os, signal, socketserver, subprocess, sys, time
alive = open(ROOT + "/alive", "w")
fcntl.flock(alive, fcntl.LOCK_EX)
os.set_inheritable(alive.fileno(), True)
subprocess.Popen(["sleep", "120"], close_fds=False)
"#;

/// The script's parent is the command.
const SIGNAL_THE_COMMAND: &str = "
os.kill(os.getppid(), SIGNAL)
time.sleep(120)
";

const NOTE_SIGTERM_AND_GO_ON: &str = r#"
signal.signal(signal.SIGTERM, lambda *_: open(ROOT + "/asked", "w").close())
"#;

/// Answers every call of every service in the same way.
const SERVE: &str = r#"
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER.encode())
    do_POST = do_PUT = do_GET

socketserver.ThreadingTCPServer(("127.0.0.1", int(os.environ["GATEWAY_PORT"])), Handler).serve_forever()
"#;

/// A target directory with the command in it, where the scripts are what the command finds.
struct Scene {
    root: PathBuf,
    python: String,
    signal: Signal,
}

impl Scene {
    async fn new(name: &str, signal: Signal) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{signal}"));
        let _ = fs::remove_dir_all(&root);
        for folder in ["bin", "target/debug", "target/local/python/bin"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        // It looks for everything in the target directory that it lies in.
        fs::hard_link(env!("CARGO_BIN_EXE_local"), root.join("target/debug/local"))
            .expect("a link");
        let requirements = include_str!("../requirements.txt");
        fs::write(root.join("target/local/installed.txt"), requirements).expect("a stamp");
        for function in functions() {
            fs::write(root.join("target/debug").join(function), "").expect("a function");
        }
        let mut python = Command::new("python3");
        python.args(["-c", "import sys; print(sys.executable)"]);
        let python = within(LIMIT, "python3", python.output()).await;
        let python = String::from_utf8(python.expect("Python 3").stdout).expect("text");
        Self {
            root,
            python: python.trim().to_owned(),
            signal,
        }
    }

    fn cargo(self, then: &str) -> Self {
        self.script("bin/cargo", then)
    }

    fn ministack(self, then: &str) -> Self {
        self.script("target/local/python/bin/ministack", then)
    }

    fn script(self, path: &str, then: &str) -> Self {
        let (python, root) = (&self.python, &self.root);
        let signal = self.signal as i32;
        let text = format!("#!{python}\nROOT = {root:?}\nSIGNAL = {signal}\n{BEGIN}{then}");
        let path = self.root.join(path);
        fs::write(&path, text).expect("a script");
        fs::set_permissions(path, Permissions::from_mode(0o755)).expect("a program");
        self
    }

    fn run(&self, options: &[&str]) -> Runner {
        // Whoever runs the tests may ignore signals, as `nohup` does and a shell for what it puts into the background.
        let mut command = Command::new("env");
        command.arg("--default-signal=INT,TERM,HUP");
        command.arg(self.root.join("target/debug/local"));
        let bin = self.root.join("bin");
        command
            .args(options)
            .arg(EVENT)
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
        Runner::start(&mut command)
    }

    fn has(&self, file: &str) -> bool {
        self.root.join(file).exists()
    }

    /// Waits until no script and no child of one lives, if there ever was one.
    async fn assert_nothing_is_left(&self) {
        if self.has("alive") {
            let alive = File::open(self.root.join("alive")).expect("a file");
            let what = format!("what local started to end after {}", self.signal);
            within(LIMIT, &what, until(|| alive.try_lock().is_ok())).await;
        }
    }
}

/// As the template names them.
fn functions() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");
    let template = fs::read_to_string(path).expect("the template");
    let mut functions: Vec<String> = template
        .lines()
        .filter_map(|line| line.trim().strip_prefix("CodeUri: functions/"))
        .map(|folder| folder.trim_end_matches('/').to_owned())
        .collect();
    assert!(!functions.is_empty(), "the template has no functions");
    // And the one that has a template of its own.
    functions.push("verify-connection".to_owned());
    functions
}

/// MiniStack, as far as a run with one request needs it.
fn serve(machine: &str) -> String {
    let result = json!({
        "detail-type": "Private Connection Planned",
        "detail": {"message": "planned", "execution": {"id": "execution-1"}},
    });
    let answer = json!({
        "CloudFormation": format!(
            "<StackStatus>CREATE_COMPLETE</StackStatus>\
             <OutputKey>ConnectMachineArn</OutputKey><OutputValue>{machine}</OutputValue>\
             <OutputKey>RemoveMachineArn</OutputKey><OutputValue>{machine}</OutputValue>\
             <OutputKey>VerifierArn</OutputKey><OutputValue>verifier</OutputValue>"
        ),
        "FailedEntryCount": 0,
        "Entries": [{"EventId": "event-1"}],
        "executions": [{"executionArn": "execution-1"}],
        "input": "event-1",
        "status": "SUCCEEDED",
        "events": [],
        "Messages": [{"Body": result.to_string(), "ReceiptHandle": "receipt-1"}],
    });
    // JSON text in quotes is a string of Python's as well.
    format!("ANSWER = {}\n{SERVE}", json!(answer.to_string()))
}

#[expect(clippy::disallowed_methods, reason = "a test watches from outside")]
async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        pause(10).await;
    }
}

#[tokio::test]
async fn a_signal_in_the_first_milliseconds_ends_the_command() {
    for signal in SIGNALS {
        for delay in (0..50).step_by(5) {
            let scene = Scene::new("first-milliseconds", signal).await;
            let scene = scene.cargo("time.sleep(120)");

            let mut runner = scene.run(&[]);
            pause(delay).await;
            runner.signal(signal);
            let ended = runner.end(LIMIT).await;

            // Before anything is started a signal may end the process by itself.
            let by_itself = ended.status.signal() == Some(signal as i32);
            assert!(
                by_itself || ended.status.code() == Some(2),
                "{signal} after {delay} ms: {}, {}",
                ended.status,
                ended.stderr
            );
            scene.assert_nothing_is_left().await;
        }
    }
}

#[tokio::test]
async fn a_signal_while_the_build_starts_ends_the_build_and_its_children() {
    for signal in SIGNALS {
        let scene = Scene::new("build-starts", signal).await;
        let scene = scene.cargo(SIGNAL_THE_COMMAND);

        let ended = scene.run(&[]).end(LIMIT).await;

        assert_eq!(ended.status.code(), Some(2), "{signal}: {}", ended.stderr);
        assert_eq!(ended.stderr, "local: interrupted", "{signal}");
        assert!(scene.has("alive"), "{signal}: cargo was not started");
        scene.assert_nothing_is_left().await;
    }
}

#[tokio::test]
async fn a_signal_while_ministack_starts_ends_it_and_its_children() {
    for signal in SIGNALS {
        let scene = Scene::new("ministack-starts", signal).await;
        let scene = scene.ministack(SIGNAL_THE_COMMAND);

        let ended = scene.run(&["--no-build"]).end(LIMIT).await;

        assert_eq!(ended.status.code(), Some(2), "{signal}: {}", ended.stderr);
        assert_eq!(ended.stderr, "local: interrupted", "{signal}");
        assert!(scene.has("alive"), "{signal}: MiniStack was not started");
        scene.assert_nothing_is_left().await;
    }
}

#[tokio::test]
async fn a_signal_while_another_run_installs_ends_the_command() {
    for signal in SIGNALS {
        let scene = Scene::new("another-installs", signal).await;
        let lock = File::create(scene.root.join("target/local/lock")).expect("a file");
        lock.lock().expect("a lock");

        let mut runner = scene.run(&["--no-build"]);
        runner.line_with("another run", LIMIT).await;
        runner.signal(signal);
        let ended = runner.end(LIMIT).await;

        assert_eq!(ended.status.code(), Some(2), "{signal}: {}", ended.stderr);
        assert!(ended.stderr.ends_with("local: interrupted"), "{signal}");
    }
}

/// The moment between the result and the wait for Ctrl-C is held open by an ARN that does not fit into the pipe.
#[tokio::test]
async fn a_signal_between_two_waits_is_heard_by_the_next_one() {
    for signal in SIGNALS {
        let scene = Scene::new("between-two-waits", signal).await;
        let scene = scene.ministack(&serve(&"m".repeat(200_000)));

        let mut runner = scene.run(&["--json", "--keep", "--no-build"]);
        runner.line_with("everything stays", LIMIT).await;
        runner.signal(signal);
        // The signal has reached whoever listens before the command can go on.
        pause(200).await;
        let ended = runner.end(LIMIT).await;

        // The result was good, and to end a kept stage is no failure.
        assert_eq!(ended.status.code(), Some(0), "{signal}: {}", ended.status);
        assert_eq!(ended.stdout.lines().count(), 1, "{signal}");
        assert!(scene.has("alive"), "{signal}: MiniStack was not started");
        scene.assert_nothing_is_left().await;
    }
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_what_ends_slowly() {
    for signal in SIGNALS {
        let scene = Scene::new("second-signal", signal).await;
        let script = format!("{NOTE_SIGTERM_AND_GO_ON}{}", serve("machine"));
        let scene = scene.ministack(&script);
        let mut runner = scene.run(&["--json", "--keep", "--no-build"]);
        runner.line_with("_world/calls", LIMIT).await;

        runner.signal(signal);
        let asked = until(|| scene.has("asked"));
        within(LIMIT, "MiniStack to be asked to end", asked).await;
        runner.signal(signal);
        let ended = runner.end(LIMIT).await;

        assert_eq!(ended.status.code(), Some(0), "{signal}: {}", ended.stderr);
        assert!(
            ended.stderr.ends_with("local: stopped at once"),
            "{signal}: {}",
            ended.stderr
        );
        scene.assert_nothing_is_left().await;
    }
}
