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

/// MiniStack makes the stack's resources within seconds; a busy machine may take longer.
const DEPLOY_TIMEOUT: Duration = Duration::from_secs(60);

/// Deploys the stack and returns the ARN of its state machine.
pub(crate) async fn deploy(
    aws: &Aws,
    functions: &[(&str, PathBuf)],
    parameters: &[(&str, String)],
    log: &Path,
) -> Result<String> {
    let mut template = read("template.yaml")?;
    aws.put(BUCKET, "", Vec::new()).await?;
    for (function, binary) in functions {
        let key = format!("{function}.zip");
        aws.put(BUCKET, &key, package(binary, log)?).await?;
        template = replace(
            &template,
            &format!("CodeUri: functions/{function}/"),
            &format!("CodeUri: s3://{BUCKET}/{key}"),
        )?;
    }
    let definition = "connect.asl.json";
    aws.put(
        BUCKET,
        definition,
        read(&format!("functions/{definition}"))?.into_bytes(),
    )
    .await?;
    let uri = format!("DefinitionUri: s3://{BUCKET}/{definition}");
    template = replace(
        &template,
        &format!("DefinitionUri: functions/{definition}"),
        &uri,
    )?;
    aws.put(BUCKET, "template.yaml", template.into_bytes())
        .await?;
    create(aws, parameters).await?;
    output(&wait(aws).await?, "ConnectMachineArn")
}

async fn create(aws: &Aws, parameters: &[(&str, String)]) -> Result<()> {
    let mut form = vec![
        ("StackName".to_owned(), STACK.to_owned()),
        ("OnFailure".to_owned(), "DO_NOTHING".to_owned()),
        (
            "TemplateURL".to_owned(),
            format!("{}/{BUCKET}/template.yaml", aws.base()),
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
        .context("the stack could not be created")?;
    Ok(())
}

async fn wait(aws: &Aws) -> Result<String> {
    let deadline = Instant::now() + DEPLOY_TIMEOUT;
    let form = [("StackName".to_owned(), STACK.to_owned())];
    loop {
        let stack = aws.cloudformation("DescribeStacks", &form).await?;
        match between(&stack, "<StackStatus>", "</StackStatus>") {
            Some("CREATE_COMPLETE") => return Ok(stack),
            Some("CREATE_IN_PROGRESS") if Instant::now() < deadline => {
                pause(Duration::from_millis(50)).await
            }
            Some("CREATE_IN_PROGRESS") => bail!(
                "the stack was not created within {} s",
                DEPLOY_TIMEOUT.as_secs()
            ),
            status => {
                let reason = between(&stack, "<StackStatusReason>", "</StackStatusReason>")
                    .unwrap_or("no reason");
                bail!("the stack is {}: {reason}", status.unwrap_or("gone"));
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
        bail!("template.yaml has no {from:?}");
    }
    Ok(template.replace(from, to))
}
