//! The main job: one event (or N of it) on the bus, progress on standard error, results on standard output.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use serde_json::Value;
use tieline::request::{CHANGE_REQUESTED, REQUESTED};
use world::plane::Count;

use crate::signals::{Interrupted, Signals};
use crate::stage::{Outcome, Settings, Stage};
use crate::{progress, show};

/// An execution that takes longer than this, in seconds of the world, hangs: in the longest scenario somebody accepts
/// after five hours.
const LIMIT: f64 = 6.0 * 3600.0;

/// Runs one request from event to result on this machine: the real template, state machine and functions,
/// against a simulated AWS. Needs Rust with a C compiler and Python 3, and nothing else.
#[derive(Debug, Parser)]
#[command(name = "local")]
pub struct Arguments {
    /// The request: the detail of the event, or the whole event (events/requests/ has one for each target).
    event: PathBuf,
    /// Print exactly the result event, as one line of JSON.
    #[arg(long)]
    json: bool,
    /// The state of the world: `cargo run -p world -- --list` names them.
    #[arg(long, default_value = "default")]
    scenario: String,
    /// Put the same event this many times at once; one result line each.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    repeat: u16,
    /// Another event that is put once the one before has its result, such as a change (events/changes/) or a removal
    /// (events/removals/); more than once, one after the other.
    #[arg(long, value_name = "EVENT")]
    then: Vec<PathBuf>,
    /// Leave everything running until Ctrl-C, and say how to look at it with the AWS CLI.
    #[arg(long)]
    keep: bool,
    /// Use the functions as they were built last.
    #[arg(long)]
    no_build: bool,
    /// Seconds that pass in the world, and in the state machine's waits, while one passes here.
    #[arg(long, default_value_t = 12.0, value_parser = time_scale)]
    time_scale: f64,
}

/// Runs it. 0: every result is good news; 1: a request failed; 2: it could not be run, or was interrupted before the
/// last result.
pub async fn run(arguments: Arguments) -> ExitCode {
    match prepared(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("local: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The event is read before anybody listens for signals, because nothing has been started yet: while it comes from a
/// pipe or a terminal, a signal may end the process by itself, and nothing else could end the reading.
async fn prepared(arguments: &Arguments) -> Result<bool> {
    let event = read(&arguments.event)?;
    let then: Result<Vec<Value>> = arguments.then.iter().map(|file| read(file)).collect();
    staged(arguments, &event, &then?, Signals::listen()?).await
}

fn read(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("could not read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))
}

/// Whatever happens, also Ctrl-C, what was started is stopped: by [`Stage::stop`], or when the stage is dropped.
async fn staged(
    arguments: &Arguments,
    event: &Value,
    then: &[Value],
    mut signals: Signals,
) -> Result<bool> {
    let settings = Settings {
        scenario: arguments.scenario.clone(),
        time_scale: arguments.time_scale,
        build: !arguments.no_build,
        ..Settings::default()
    };
    let mut stage = signals.unless_interrupted(Stage::start(&settings)).await?;
    let work = in_time(arguments, play(&mut stage, arguments, event, then));
    let result = signals.unless_interrupted(work).await;
    if arguments.keep
        && !result
            .as_ref()
            .is_err_and(|error| error.is::<Interrupted>())
    {
        if let Err(error) = &result {
            eprintln!("local: {error:#}");
        }
        explain(&stage);
        signals.next().await;
    }
    tokio::select! {
        () = stage.stop() => {}
        // Whoever sends one more is in a hurry: a stage that is dropped kills what it has left.
        () = signals.next() => eprintln!("local: stopped at once"),
    }
    result
}

fn limit(arguments: &Arguments) -> Duration {
    Duration::from_secs(60) + Duration::from_secs_f64(LIMIT / arguments.time_scale)
}

async fn in_time<T>(arguments: &Arguments, work: impl Future<Output = Result<T>>) -> Result<T> {
    let limit = limit(arguments);
    let result = tokio::time::timeout(limit, work).await;
    result.unwrap_or_else(|_| {
        let event = arguments.event.display();
        let seconds = limit.as_secs();
        bail!("not every result of {event} arrived within {seconds} s")
    })
}

fn time_scale(text: &str) -> Result<f64, String> {
    let scale: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (0.1..=100.0).contains(&scale) {
        Ok(scale)
    } else {
        Err("expected a number from 0.1 to 100".to_owned())
    }
}

async fn play(
    stage: &mut Stage,
    arguments: &Arguments,
    event: &Value,
    then: &[Value],
) -> Result<bool> {
    let times = usize::from(arguments.repeat);
    eprintln!(
        "{} in the world {:?}, where {} s pass in one",
        arguments.event.display(),
        arguments.scenario,
        arguments.time_scale
    );
    let (mut good, mut last) = put(stage, arguments, event, times).await?;
    for next in then {
        // Clients must not notice a change.
        let client = match next["detail-type"] == CHANGE_REQUESTED {
            true => stage.follow(&last),
            false => None,
        };
        let is_good;
        (is_good, last) = put(stage, arguments, next, 1).await?;
        good &= is_good;
        if let Some(client) = client {
            let Count {
                names,
                tried,
                failed,
            } = client.stop().count(&last["detail"]);
            eprintln!(
                "a client opened {tried} connections to {names} announced names meanwhile, one to each a second: {failed} failed"
            );
            good &= failed == 0 && tried > 0;
        }
    }
    let mut counts = BTreeMap::new();
    for write in stage.writes() {
        *counts.entry(write).or_insert(0) += 1;
    }
    let counts: Vec<String> = counts
        .into_iter()
        .map(|(write, count)| format!("{write} x{count}"))
        .collect();
    eprintln!(
        "writes to AWS and vendors: {}",
        if counts.is_empty() {
            "none".to_owned()
        } else {
            counts.join(", ")
        }
    );
    Ok(good)
}

/// Puts an event so many times at once and shows what comes of it; whether all of that is good news, and the last result.
async fn put(
    stage: &mut Stage,
    arguments: &Arguments,
    event: &Value,
    times: usize,
) -> Result<(bool, Value)> {
    let executions = if is_request(event) {
        let detail_type = event["detail-type"].as_str().unwrap_or(REQUESTED);
        stage
            .put_as(detail_type, &vec![detail(event); times])
            .await?
    } else {
        // The bus takes objects only; the console takes anything.
        vec![stage.start_execution(event).await?]
    };
    if let [execution] = executions.as_slice() {
        progress::follow(stage, execution).await?;
    }
    let (mut good, mut told) = (true, stage.notices().len());
    let mut last = Value::Null;
    for execution in &executions {
        let outcome = stage.outcome(execution, limit(arguments)).await?;
        good &= outcome.status == "SUCCEEDED";
        for notice in stage.notices()[told..].iter().filter(|_| !arguments.json) {
            eprintln!("{}", show::result(notice));
        }
        told = stage.notices().len();
        print(&outcome, arguments.json || times > 1);
        last = outcome.event;
    }
    Ok((good, last))
}

fn print(outcome: &Outcome, json: bool) {
    if json {
        println!("{}", outcome.event);
    } else {
        println!("{}", show::result(&outcome.event));
    }
}

fn is_request(event: &Value) -> bool {
    event.is_object()
}

/// The detail of a whole event, or what is one already.
fn detail(event: &Value) -> Value {
    match event.get("detail") {
        Some(detail) if event.get("detail-type").is_some() => detail.clone(),
        _ => event.clone(),
    }
}

fn explain(stage: &Stage) {
    eprintln!(
        "everything stays until Ctrl-C. In another shell:\n\
         \x20 export AWS_ACCESS_KEY_ID=123456789012 AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1\n\
         \x20 aws --endpoint-url {world} ec2 describe-vpc-endpoints\n\
         \x20 aws --endpoint-url {world} dsql list-clusters\n\
         \x20 aws --endpoint-url {stack} stepfunctions list-executions --state-machine-arn {machine}\n\
         \x20 curl -s '{world}/_world/calls?writes=true'",
        world = stage.world_url(),
        stack = stage.ministack_url(),
        machine = stage.machine(),
    );
}
