//! The stage: MiniStack, the world and the deployed stack, from the first prop to the last curtain.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tieline::request::REQUESTED;
use tokio::time::{Instant, timeout};
use world::plane::{Client, Place, public_authority};
use world::scenario::{CLUSTER, GROUP, SUBNETS, VPC};
use world::server::{Following, Options, Running};
use world::{Verifier, World};

use crate::deploy::Machines;
use crate::http::{ACCOUNT, Aws, REGION};
use crate::ministack::{MiniStack, pause};
use crate::{build, deploy, python};

const BUS: &str = "tieline";
/// Not a result: it says who has to accept, and the execution goes on waiting.
const AWAITING: &str = "Private Connection Awaiting Acceptance";
const QUEUE: &str = "tieline-results";

/// MiniStack starts executions before it answers `PutEvents`; to find the one of an event may take many calls.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// The world stops as soon as it is asked to.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a verifier takes to wake up, in seconds of the world.
const WAKING: f64 = 110.0;

/// How a stage is set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The world's scenario.
    pub scenario: String,
    /// How many seconds pass in the world, and in the state machine's waits, while one passes here.
    pub time_scale: f64,
    /// How long a phase may take, in seconds of the world.
    pub phase_deadline: f64,
    /// Whether the functions are built first.
    pub build: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scenario: "default".to_owned(),
            time_scale: 12.0,
            phase_deadline: 360.0,
            build: true,
        }
    }
}

/// Everything that runs.
#[derive(Debug)]
pub struct Stage {
    stack: MiniStack,
    world: Running,
    machines: Machines,
    /// Results that came before somebody asked for them, by execution.
    results: HashMap<String, Value>,
    notices: Vec<Value>,
}

/// How an execution ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// `SUCCEEDED`, `FAILED`, …
    pub status: String,
    /// The result event, as the bus delivered it.
    pub event: Value,
}

impl Stage {
    /// Builds the functions, starts everything and deploys the template.
    ///
    /// # Errors
    ///
    /// Whatever cannot be built, installed, started or deployed; nothing is left running.
    pub async fn start(settings: &Settings) -> Result<Self> {
        let functions = build::functions(settings.build).await?;
        let programs = python::environment().await?;
        let options = Options {
            port: 0,
            scenario: settings.scenario.clone(),
            time_scale: settings.time_scale,
        };
        let world = world::server::start(options)
            .await
            .context("the world does not start")?;
        let stack = MiniStack::start(&programs, 1.0 / settings.time_scale).await?;
        world.relay_step_functions(stack.aws.address());
        let seconds = |world: f64, least: f64, most: f64| {
            let real = (world / settings.time_scale).ceil();
            real.clamp(least, most).to_string()
        };
        // As much and as little as the template takes.
        let mut parameters = vec![
            ("EndpointUrl", world.url()),
            (
                "PhaseDeadlineSeconds",
                seconds(settings.phase_deadline, 5.0, 1200.0),
            ),
            ("SettleSeconds", seconds(60.0, 1.0, 600.0)),
            ("OutageSeconds", seconds(21600.0, 5.0, 21600.0)),
            // Nothing runs long enough here.
            ("CheckEvery", String::new()),
        ];
        parameters.extend(said_by(&world.world()));
        let log = stack.functions_log();
        deploy::make_bucket(&stack.aws).await?;
        let verifier = lock(&world.world()).verifier();
        if verifier != Verifier::Missing {
            let arn =
                deploy::deploy_verifier(&stack.aws, &functions, &verifier_of(&world.url()), &log)
                    .await?;
            if verifier == Verifier::WakesUp {
                put_to_sleep(&stack.aws, &arn, WAKING / settings.time_scale).await?;
            }
            parameters.push(("VerifierArns", arn));
        }
        let machines = deploy::deploy(&stack.aws, &functions, &parameters, &log).await?;
        listen(&stack.aws).await?;
        Ok(Self {
            stack,
            world,
            machines,
            results: HashMap::new(),
            notices: Vec::new(),
        })
    }

    /// The world.
    pub fn world(&self) -> Arc<Mutex<World>> {
        self.world.world()
    }

    /// Where the world answers.
    pub fn world_url(&self) -> String {
        self.world.url()
    }

    /// The calls that wanted to change something in AWS: the name, and the error if there was one.
    pub fn writes(&self) -> Vec<String> {
        let world = self.world.world();
        let world = lock(&world);
        let name = |call: &world::gate::Call| match call.outcome.as_str() {
            "ok" => call.action.clone(),
            error => format!("{} ({error})", call.action),
        };
        world.writes().map(name).collect()
    }

    /// Where MiniStack answers.
    pub fn ministack_url(&self) -> &str {
        self.stack.aws.base()
    }

    /// The ARN of the state machine that makes connections.
    pub fn machine(&self) -> &str {
        &self.machines.connect
    }

    /// Puts requests on the bus at once and returns the executions that they started.
    ///
    /// # Errors
    ///
    /// The bus does not take an event, or no execution follows.
    pub async fn put(&self, details: &[Value]) -> Result<Vec<String>> {
        self.put_as(REQUESTED, details).await
    }

    /// The same with events of another type.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn put_as(&self, detail_type: &str, details: &[Value]) -> Result<Vec<String>> {
        let mut events = Vec::new();
        // PutEvents takes ten entries.
        for details in details.chunks(10) {
            let entry = |detail: &Value| json!({"EventBusName": BUS, "Source": "local", "DetailType": detail_type, "Detail": detail.to_string()});
            let entries: Vec<Value> = details.iter().map(entry).collect();
            let answer = self
                .stack
                .aws
                .json("events", "PutEvents", json!({"Entries": entries}))
                .await?;
            if answer["FailedEntryCount"] != 0 {
                bail!("the bus did not take an event: {answer}");
            }
            let ids = answer["Entries"].as_array().into_iter().flatten();
            events.extend(ids.filter_map(|entry| entry["EventId"].as_str().map(str::to_owned)));
        }
        let mut executions = Vec::new();
        for event in &events {
            let execution = timeout(START_TIMEOUT, self.execution_of(event)).await;
            executions.push(execution.unwrap_or_else(|_| {
                let seconds = START_TIMEOUT.as_secs();
                bail!("the event {event} started no execution within {seconds} s")
            })?);
        }
        Ok(executions)
    }

    /// Starts the machine by hand, as the Step Functions console does.
    ///
    /// # Errors
    ///
    /// Step Functions does not take the input.
    pub async fn start_execution(&self, input: &Value) -> Result<String> {
        let body = json!({"stateMachineArn": self.machines.connect, "input": input.to_string()});
        let answer = self
            .stack
            .aws
            .json("states", "StartExecution", body)
            .await?;
        Ok(answer["executionArn"]
            .as_str()
            .context("StartExecution answered no ARN")?
            .to_owned())
    }

    /// The history of an execution.
    ///
    /// # Errors
    ///
    /// Step Functions does not answer.
    pub async fn history(&self, execution: &str) -> Result<Vec<Value>> {
        let body =
            json!({"executionArn": execution, "maxResults": 1000, "includeExecutionData": true});
        let answer = self
            .stack
            .aws
            .json("states", "GetExecutionHistory", body)
            .await?;
        Ok(answer["events"].as_array().cloned().unwrap_or_default())
    }

    /// The status of an execution.
    ///
    /// # Errors
    ///
    /// Step Functions does not answer.
    pub async fn status(&self, execution: &str) -> Result<String> {
        let answer = self.describe(execution).await?;
        Ok(answer["status"].as_str().unwrap_or("unknown").to_owned())
    }

    /// Waits for an execution to end and for its result on the bus.
    ///
    /// # Errors
    ///
    /// It takes longer than `limit`, or ends without a result event.
    pub async fn outcome(&mut self, execution: &str, limit: Duration) -> Result<Outcome> {
        let deadline = Instant::now() + limit;
        let mut ended = None;
        loop {
            let status = self.status(execution).await?;
            self.receive().await?;
            if status != "RUNNING" {
                if let Some(event) = self.results.get(execution) {
                    return Ok(Outcome {
                        status,
                        event: event.clone(),
                    });
                }
                // The event is put before the execution ends, so it is on its way.
                let late = *ended.get_or_insert_with(Instant::now) + Duration::from_secs(10);
                if Instant::now() < late {
                    pause(Duration::from_millis(100)).await;
                    continue;
                }
                let description = self.describe(execution).await?;
                bail!("the execution is {status} and put no result on the bus: {description}");
            }
            if Instant::now() > deadline {
                bail!("{execution} did not end within {} s", limit.as_secs());
            }
            pause(Duration::from_millis(100)).await;
        }
    }

    /// What was announced on the way to the results.
    pub fn notices(&self) -> &[Value] {
        &self.notices
    }

    /// What the functions logged.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn log(&self) -> Result<String> {
        self.stack.log()
    }

    /// Has a client in the VPC open a new connection to every name that a result announces, once a second.
    pub fn follow(&self, result: &Value) -> Option<Following> {
        let place = Place {
            subnet_id: SUBNETS[3].to_owned(),
            group_ids: vec![GROUP.to_owned()],
        };
        let client = Client::of(place, &result["detail"])?;
        Some(self.world.follow(client))
    }

    /// Stops everything.
    pub async fn stop(self) {
        self.stack.stop().await;
        if timeout(STOP_TIMEOUT, self.world.stop()).await.is_err() {
            eprintln!(
                "local: the world did not stop within {} s",
                STOP_TIMEOUT.as_secs()
            );
        }
    }

    async fn describe(&self, execution: &str) -> Result<Value> {
        self.stack
            .aws
            .json(
                "states",
                "DescribeExecution",
                json!({"executionArn": execution}),
            )
            .await
    }

    /// Waits for the execution that an event started.
    async fn execution_of(&self, event: &str) -> Result<String> {
        loop {
            for machine in [&self.machines.connect, &self.machines.remove] {
                let body = json!({"stateMachineArn": machine, "maxResults": 1000});
                let list = self
                    .stack
                    .aws
                    .json("states", "ListExecutions", body)
                    .await?;
                for execution in list["executions"].as_array().into_iter().flatten() {
                    let arn = execution["executionArn"].as_str().unwrap_or_default();
                    if self.describe(arn).await?["input"]
                        .as_str()
                        .is_some_and(|input| input.contains(event))
                    {
                        return Ok(arn.to_owned());
                    }
                }
            }
            pause(Duration::from_millis(50)).await;
        }
    }

    async fn receive(&mut self) -> Result<()> {
        let url = queue_url(&self.stack.aws);
        let body = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0});
        let answer = self.stack.aws.json("sqs", "ReceiveMessage", body).await?;
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let event: Value = serde_json::from_str(message["Body"].as_str().unwrap_or_default())?;
            let execution = event["detail"]["execution"]["id"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            if event["detail-type"] == AWAITING {
                self.notices.push(event);
            } else if self.results.insert(execution.clone(), event).is_some() {
                bail!("{execution} put more than one result on the bus");
            }
            let delete = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]});
            self.stack.aws.json("sqs", "DeleteMessage", delete).await?;
        }
        Ok(())
    }
}

/// Has the bus deliver every result to a queue that this program reads.
async fn listen(aws: &Aws) -> Result<()> {
    aws.json("sqs", "CreateQueue", json!({"QueueName": QUEUE}))
        .await?;
    let pattern = json!({"source": ["tieline"]}).to_string();
    let rule = json!({"Name": "local-results", "EventBusName": BUS, "State": "ENABLED", "EventPattern": pattern});
    aws.json("events", "PutRule", rule).await?;
    let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}");
    let targets = json!({"Rule": "local-results", "EventBusName": BUS, "Targets": [{"Id": "queue", "Arn": arn}]});
    aws.json("events", "PutTargets", targets).await?;
    Ok(())
}

fn queue_url(aws: &Aws) -> String {
    format!("{}/{ACCOUNT}/{QUEUE}", aws.base())
}

/// The parameters that a scenario deploys with.
fn said_by(world: &Mutex<World>) -> Vec<(&'static str, String)> {
    let world = lock(world);
    let stack = world.stack().iter();
    stack
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect()
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The parameters of the verifier, in a subnet where nothing else is.
fn verifier_of(world_url: &str) -> [(&'static str, String); 6] {
    let cluster = format!("arn:aws:dsql:{REGION}:{ACCOUNT}:cluster/{CLUSTER}");
    [
        ("VpcId", VPC.to_owned()),
        ("SubnetIds", SUBNETS[3].to_owned()),
        ("SecurityGroupIds", GROUP.to_owned()),
        ("DsqlClusterArns", cluster),
        ("Authorities", public_authority().to_owned()),
        ("EndpointUrl", world_url.to_owned()),
    ]
}

/// Has a function refuse invocations for some seconds. MiniStack knows no functions that wake up: these are throttled.
async fn put_to_sleep(aws: &Aws, arn: &str, seconds: f64) -> Result<()> {
    let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
    aws.let_invoke(&name, false).await?;
    let aws = aws.clone();
    tokio::spawn(async move {
        pause(Duration::from_secs_f64(seconds)).await;
        // A stage that is gone needs nobody to wake up.
        let _ = aws.let_invoke(&name, true).await;
    });
    Ok(())
}
