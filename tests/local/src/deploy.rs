//! Deploys the real template: only the places of the code are replaced, as `sam deploy` does it.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::time::Instant;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::build;
use crate::http::Aws;
use crate::ministack::pause;

const BUCKET: &str = "tieline-artifacts";
const STACK: &str = "tieline";

/// The folder of the verifier and of its own template.
const VERIFIER: &str = "functions/verify-connection";

/// MiniStack makes a stack's resources within seconds; a busy machine may take longer.
const DEPLOY_TIMEOUT: Duration = Duration::from_secs(60);

/// The parameters of a stack.
pub(crate) type Parameters<'p> = [(&'p str, String)];

/// Deploys the stack and returns its state machines.
pub(crate) async fn deploy(
    aws: &Aws,
    functions: &[(&str, PathBuf)],
    parameters: &Parameters<'_>,
    log: &Path,
) -> Result<Machines> {
    let mut template = read("template.yaml")?;
    for (function, binary) in functions.iter().filter(|one| one.0 != build::VERIFIER) {
        let uri = upload(aws, function, binary, log).await?;
        let from = format!("CodeUri: functions/{function}/");
        template = replace(&template, &from, &uri)?;
    }
    for definition in ["connect.asl.json", "remove.asl.json", "check.asl.json"] {
        let file = format!("functions/{definition}");
        aws.put(BUCKET, definition, read(&file)?.into_bytes())
            .await?;
        let from = format!("DefinitionUri: {file}");
        let uri = format!("DefinitionUri: s3://{BUCKET}/{definition}");
        template = replace(&template, &from, &uri)?;
    }
    let stack = create(aws, STACK, template, parameters).await?;
    Ok(Machines {
        connect: output(&stack, "ConnectMachineArn")?,
        remove: output(&stack, "RemoveMachineArn")?,
    })
}

/// The ARNs of the state machines.
#[derive(Debug)]
pub(crate) struct Machines {
    pub(crate) connect: String,
    pub(crate) remove: String,
}

/// Deploys the verifier by its own template and returns its ARN.
pub(crate) async fn deploy_verifier(
    aws: &Aws,
    functions: &[(&str, PathBuf)],
    parameters: &Parameters<'_>,
    log: &Path,
) -> Result<String> {
    let mut all = functions.iter();
    let built = all.find(|one| one.0 == build::VERIFIER);
    let (function, binary) = built.context("the verifier was not built")?;
    let uri = upload(aws, function, binary, log).await?;
    let template = replace(
        &read(&format!("{VERIFIER}/template.yaml"))?,
        "CodeUri: ./",
        &uri,
    )?;
    let stack = create(aws, "tieline-verify", template, parameters).await?;
    output(&stack, "VerifierArn")
}

/// Makes the place for what is deployed.
pub(crate) async fn make_bucket(aws: &Aws) -> Result<()> {
    aws.put(BUCKET, "", Vec::new()).await
}

/// Uploads a function, and says so as a template does.
async fn upload(aws: &Aws, function: &str, binary: &Path, log: &Path) -> Result<String> {
    let key = format!("{function}.zip");
    aws.put(BUCKET, &key, package(binary, log)?).await?;
    Ok(format!("CodeUri: s3://{BUCKET}/{key}"))
}

/// Creates a stack and returns what CloudFormation says of it then.
async fn create(
    aws: &Aws,
    name: &str,
    template: String,
    parameters: &Parameters<'_>,
) -> Result<String> {
    let key = format!("{name}.yaml");
    aws.put(BUCKET, &key, template.into_bytes()).await?;
    let mut form = vec![
        ("StackName".to_owned(), name.to_owned()),
        ("OnFailure".to_owned(), "DO_NOTHING".to_owned()),
        (
            "TemplateURL".to_owned(),
            format!("{}/{BUCKET}/{key}", aws.base()),
        ),
        (
            "Capabilities.member.1".to_owned(),
            "CAPABILITY_IAM".to_owned(),
        ),
        (
            "Capabilities.member.2".to_owned(),
            "CAPABILITY_AUTO_EXPAND".to_owned(),
        ),
    ];
    for (index, (name, value)) in parameters.iter().enumerate() {
        let member = format!("Parameters.member.{}", index + 1);
        form.push((format!("{member}.ParameterKey"), (*name).to_owned()));
        form.push((format!("{member}.ParameterValue"), value.clone()));
    }
    aws.cloudformation("CreateStack", &form)
        .await
        .with_context(|| format!("the stack {name} could not be created"))?;
    wait(aws, name).await
}

async fn wait(aws: &Aws, name: &str) -> Result<String> {
    let deadline = Instant::now() + DEPLOY_TIMEOUT;
    let form = [("StackName".to_owned(), name.to_owned())];
    loop {
        let stack = aws.cloudformation("DescribeStacks", &form).await?;
        match between(&stack, "<StackStatus>", "</StackStatus>") {
            Some("CREATE_COMPLETE") => return Ok(stack),
            Some("CREATE_IN_PROGRESS") if Instant::now() < deadline => {
                pause(Duration::from_millis(50)).await
            }
            Some("CREATE_IN_PROGRESS") => bail!(
                "the stack {name} was not created within {} s",
                DEPLOY_TIMEOUT.as_secs()
            ),
            status => {
                let reason = between(&stack, "<StackStatusReason>", "</StackStatusReason>")
                    .unwrap_or("no reason");
                bail!("the stack {name} is {}: {reason}", status.unwrap_or("gone"));
            }
        }
    }
}

fn output(stack: &str, key: &str) -> Result<String> {
    let after = stack
        .split_once(&format!("<OutputKey>{key}</OutputKey>"))
        .map(|(_, after)| after);
    let value = after.and_then(|after| between(after, "<OutputValue>", "</OutputValue>"));
    Ok(value
        .with_context(|| format!("the stack has no output {key}"))?
        .to_owned())
}

fn between<'t>(text: &'t str, begin: &str, end: &str) -> Option<&'t str> {
    text.split_once(begin)?
        .1
        .split_once(end)
        .map(|(inner, _)| inner)
}

/// A package whose bootstrap hands over to the binary: MiniStack need not copy 50 MB a function. What the function logs
/// goes to a file, because MiniStack keeps none of it.
fn package(binary: &Path, log: &Path) -> Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .unix_permissions(0o755);
    zip.start_file("bootstrap", options)?;
    let (binary, log) = (binary.display(), log.display());
    write!(zip, "#!/bin/sh\nexec '{binary}' 2>>'{log}'\n")?;
    Ok(zip.finish()?.into_inner())
}

fn read(path: &str) -> Result<String> {
    let path = build::root().join(path);
    std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))
}

fn replace(template: &str, from: &str, to: &str) -> Result<String> {
    if !template.contains(from) {
        bail!("the template has no {from:?}");
    }
    Ok(template.replace(from, to))
}
