//! Beside Terraform: a team keeps its VPC and an endpoint there, Tieline adopts the endpoint, and Terraform notices
//! nothing.
//!
//! Terraform and its AWS provider are the real ones, with the world as their AWS. They cannot be installed from a package
//! registry, so that the test says that it was not run where they are not on the machine.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use crate::limit::within;
use crate::stage::{put, request, start};
use local::{Settings, Stage};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::process::Command;
use world::model::endpoints::DescribeVpcEndpoints;
use world::model::groups::DescribeSecurityGroups;
use world::model::interfaces::DescribeNetworkInterfaces;
use world::model::network::{DescribeSubnets, DescribeVpcs};
use world::model::shapes::Filter;

/// Where the provider has to lie in a folder that `-plugin-dir` takes; `main.tf` asks for this version.
const PROVIDER: &str = "registry.terraform.io/hashicorp/aws/5.100.0";

/// Folders that may hold providers, beside the one that `TIELINE_TERRAFORM_PLUGINS` names. The last two are those that
/// Terraform itself looks into (Terraform CLI documentation, "Implied Local Mirror Directories").
const PLUGINS: [&str; 3] = [
    "/opt/tf-plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
];

/// One command of Terraform's. By itself the provider would wait ten minutes for an endpoint.
const COMMAND_LIMIT: Duration = Duration::from_secs(300);

const RESULT_LIMIT: Duration = Duration::from_secs(120);

/// What `plan -detailed-exitcode` ends with if there is nothing to do; 2 means changes, 1 an error.
const NO_CHANGES: i32 = 0;

/// Terraform with a folder of its own.
struct Terraform {
    program: PathBuf,
    plugins: PathBuf,
    folder: PathBuf,
    url: String,
}

#[tokio::test]
async fn terraform_notices_nothing_of_the_endpoint_that_tieline_adopted() {
    let Some((program, plugins)) = installed() else {
        return;
    };
    let mut stage = start(&Settings::default()).await;
    let terraform = Terraform::new(program, plugins, stage.world_url());
    terraform.init().await;
    terraform.succeed(&["apply", "-auto-approve"]).await;
    terraform.expect_no_changes("after the apply").await;
    let made = terraform.outputs().await;
    let written = stage.writes();

    let execution = put(&stage, &[adopting(&made)]).await.remove(0);
    let outcome = stage.outcome(&execution, RESULT_LIMIT).await;
    let event = outcome.expect("a result").event;

    let detail = &event["detail"];
    assert_eq!(detail["code"], "CONNECTED", "{detail}");
    assert_eq!(detail["endpoint"]["adopted"], true, "{detail}");
    assert_eq!(detail["endpoint"]["id"], made["endpoint"], "{detail}");
    assert_eq!(stage.writes(), written);
    terraform.expect_no_changes("after the adoption").await;
    assert_eq!(stage.writes(), written);

    assert_ne!(remains(&stage, &made), [""; 0]);
    terraform.succeed(&["destroy", "-auto-approve"]).await;
    assert_eq!(remains(&stage, &made), [""; 0]);
    terraform.clear();
    stage.stop().await;
}

/// The request for what Terraform made already.
fn adopting(made: &Value) -> Value {
    let mut request = request("aws-service-monitoring");
    request["network"] = json!({
        "vpcId": made["vpc"],
        "subnetIds": made["subnets"],
        "securityGroupIds": [made["group"]],
    });
    request["adopt"] = json!(true);
    request
}

/// What the world still has of what Terraform made. EC2 tells of deleted endpoints for a while.
fn remains(stage: &Stage, made: &Value) -> Vec<String> {
    let vpc = made["vpc"].as_str().expect("an id");
    let filters = vec![Filter::new("vpc-id", &[vpc])];
    let world = stage.world();
    let mut world = world.lock().expect("the world");
    let endpoints = world.arrange(DescribeVpcEndpoints {
        filters: filters.clone(),
        ..Default::default()
    });
    let interfaces = world.arrange(DescribeNetworkInterfaces {
        filters: filters.clone(),
        ..Default::default()
    });
    let groups = world.arrange(DescribeSecurityGroups {
        filters: filters.clone(),
        ..Default::default()
    });
    let subnets = world.arrange(DescribeSubnets {
        filters: filters.clone(),
        ..Default::default()
    });
    let vpcs = world.arrange(DescribeVpcs {
        filters,
        ..Default::default()
    });

    let endpoints = endpoints.expect("endpoints").vpc_endpoints;
    let endpoints = endpoints.into_iter().filter(|one| one.state != "deleted");
    let interfaces = interfaces.expect("interfaces").network_interfaces;
    let groups = groups.expect("groups").security_groups;
    let subnets = subnets.expect("subnets").subnets;
    let vpcs = vpcs.expect("VPCs").vpcs;
    let mut found: Vec<String> = endpoints.map(|one| one.vpc_endpoint_id).collect();
    found.extend(interfaces.into_iter().map(|one| one.network_interface_id));
    found.extend(groups.into_iter().map(|one| one.group_id));
    found.extend(subnets.into_iter().map(|one| one.subnet_id));
    found.extend(vpcs.into_iter().map(|one| one.vpc_id));
    found
}

/// The program and the folder of its providers. Without them it says on standard error, past what the test harness
/// catches, that nothing was tested.
fn installed() -> Option<(PathBuf, PathBuf)> {
    let path = env::var_os("PATH").unwrap_or_default();
    let programs = env::split_paths(&path).map(|folder| folder.join("terraform"));
    let programs: Vec<PathBuf> = programs.collect();
    let given = env::var_os("TIELINE_TERRAFORM_PLUGINS").map(PathBuf::from);
    let folders = given.into_iter().chain(PLUGINS.map(PathBuf::from));
    let folders: Vec<PathBuf> = folders.collect();

    let program = programs.iter().find(|program| program.is_file());
    let plugins = folders.iter().find(|folder| folder.join(PROVIDER).is_dir());
    if let (Some(program), Some(plugins)) = (program, plugins) {
        return Some((program.clone(), plugins.clone()));
    }
    let message = format!(
        "\n\
         **** NOT RUN: Terraform beside Tieline ****\n\
         program: {program:?}, looked for in {programs:?}\n\
         {PROVIDER}: {plugins:?}, looked for in {folders:?}\n\
         TIELINE_TERRAFORM_PLUGINS may name another folder.\n\n"
    );
    let _ = std::io::stderr().write_all(message.as_bytes());
    None
}

impl Terraform {
    /// A new folder under the target directory, with `main.tf` in it.
    fn new(program: PathBuf, plugins: PathBuf, url: String) -> Self {
        let name = format!("terraform-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let main = include_str!("../terraform/main.tf");
        fs::write(folder.join("main.tf"), main).expect("main.tf");
        Self {
            program,
            plugins,
            folder,
            url,
        }
    }

    async fn init(&self) {
        let plugins = format!("-plugin-dir={}", self.plugins.display());
        self.succeed(&["init", &plugins]).await;
    }

    async fn expect_no_changes(&self, when: &str) {
        let output = self.run(&["plan", "-detailed-exitcode"]).await;
        let (status, said) = (output.status, said(&output));
        assert_eq!(status.code(), Some(NO_CHANGES), "{when}: {said}");
    }

    /// The outputs of `main.tf`: the value under each name.
    async fn outputs(&self) -> Value {
        let output = self.succeed(&["output", "-json"]).await;
        let outputs: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let outputs = outputs.as_object().expect("an object").iter();
        outputs
            .map(|(name, output)| (name.clone(), output["value"].clone()))
            .collect()
    }

    async fn succeed(&self, arguments: &[&str]) -> Output {
        let output = self.run(arguments).await;
        let said = said(&output);
        assert!(output.status.success(), "terraform {arguments:?}: {said}");
        output
    }

    /// Runs a command to its end, with nothing of this machine's settings.
    async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", &self.folder)
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("TF_CLI_ARGS", "-no-color")
            .env("TF_VAR_url", &self.url)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let child = command.spawn().expect("terraform starts");
        let id = child.id().expect("it was not waited for yet");
        let mut group = Group::new(id);
        let what = format!("terraform {arguments:?} to end");
        let output = within(COMMAND_LIMIT, &what, child.wait_with_output()).await;
        group.has_ended();
        output.expect("its end")
    }

    fn clear(self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn said(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    format!("{stdout}\n{stderr}")
}

/// The processes that a command started: its providers outlive it if it is killed.
struct Group(Option<Pid>);

impl Group {
    fn new(leader: u32) -> Self {
        let leader = i32::try_from(leader).expect("a process id");
        Self(Some(Pid::from_raw(leader)))
    }

    fn has_ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}
