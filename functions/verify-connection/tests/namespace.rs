//! The verifier that is shipped, with its real resolver and its real sockets, in a network namespace that has the model's
//! addresses on its loopback interface, a DNS server, and Lambda's runtime API.
//!
//! Where namespaces are not allowed, or `unshare` and `ip` are not there, this says so and tries nothing.

#![expect(clippy::unwrap_used, reason = "a test panics")]
#![cfg(target_os = "linux")]

mod namespace {
    pub(crate) mod inside;
    pub(crate) mod lambda;
}

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Everything in the namespace, layers that time out included.
const LIMIT: Duration = Duration::from_secs(120);

/// The variable that tells this program that it is in the namespace.
const INSIDE: &str = "TIELINE_TEST_INSIDE";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that starts itself again tells itself so"
)]
fn the_shipped_verifier_sees_what_a_client_in_the_vpc_would() {
    if std::env::var(INSIDE).is_ok() {
        namespace::inside::run();
        return;
    }
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--net", "--mount", "--"]);
        command
    };
    let can = unshare()
        .args(["ip", "link", "set", "lo", "up"])
        .stdout(Stdio::null())
        .output();
    if !can.as_ref().is_ok_and(|output| output.status.success()) {
        println!("NOT RUN: no network namespace can be made here ({can:?})");
        return;
    }
    let mut inside = unshare()
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("the_shipped_verifier_sees_what_a_client_in_the_vpc_would")
        .env(INSIDE, "1")
        .spawn()
        .unwrap();
    let began = Instant::now();
    let status = loop {
        if let Some(status) = inside.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > LIMIT {
            inside.kill().unwrap();
            panic!("what runs in the namespace does not end");
        }
        std::thread::park_timeout(Duration::from_millis(50));
    };
    assert!(status.success(), "see above");
}
