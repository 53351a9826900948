//! Plays a life, and holds the rules against it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Ended, Seen, Simulated, Stage, code, detail, everything, request};
use world::model::endpoints::{CreateVpcEndpoint, VpcEndpoint};
use world::scenario::{self, SUBNETS, VPC};

use crate::life::{IDS, Life, Step};
use crate::rules::Rules;

/// What came of a life.
#[derive(Debug, Clone, Default)]
pub struct Played {
    /// How many executions there were.
    pub executions: usize,
    /// How many calls were made, and how many of them went wrong.
    pub calls: usize,
    pub failed_calls: usize,
    /// The rule that it broke, in words.
    pub broken: Option<String>,
}

/// Plays a life to its end.
///
/// # Panics
///
/// If there is no runtime for it.
#[must_use]
pub fn play(life: &Life) -> Played {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async { Play::begin(life).await.play_on(life).await })
}

struct Play {
    stage: Stage,
    rules: Rules,
    /// What each execution was started with.
    started: Vec<Started>,
    /// Executions of which an end was told to whoever cleans up.
    told: BTreeSet<usize>,
    before: BTreeSet<String>,
    foreign: Vec<VpcEndpoint>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Started {
    Connect,
    Remove,
    Check,
}

/// A request in one of its forms: how many subnets it asks for.
fn asked(id: usize, form: usize) -> Value {
    let mut asked = request(if id == 2 {
        "aws-service-monitoring"
    } else {
        "aurora-dsql"
    });
    asked["requestId"] = json!(IDS[id]);
    asked["network"]["subnetIds"] = json!(&SUBNETS[..1 + form]);
    asked
}

fn event(detail_type: &str, detail: &Value) -> Value {
    json!({"source": "proof", "detail-type": format!("Private Connection {detail_type}"), "detail": detail})
}

impl Play {
    async fn begin(life: &Life) -> Self {
        let mut world = scenario::world("default");
        // Somebody else's, of the same kind.
        let by_hand = json!({
            "VpcEndpointType": "Interface", "VpcId": VPC, "PrivateDnsEnabled": "false",
            "ServiceName": scenario::SERVICE, "SubnetId": [SUBNETS[0]],
            "TagSpecification": [{"ResourceType": "vpc-endpoint", "Tag": [{"Key": "tieline:managed", "Value": "another"}]}],
        });
        let by_hand: CreateVpcEndpoint = serde_json::from_value(by_hand).expect("a call");
        let _ = world.arrange(by_hand).expect("there is room");
        world.advance(Duration::from_secs(600));
        let before = everything(&mut world);
        let foreign = foreign(&mut world);
        for fault in &life.faults {
            world.add_fault(fault.clone());
        }
        let simulated = Simulated::seeded(world, life.seed);
        let rules = Rules::default();
        let watching = rules.clone();
        simulated.watch(move |world| watching.look(world));
        Self {
            stage: Stage::on(simulated),
            rules,
            started: Vec::new(),
            told: BTreeSet::new(),
            before,
            foreign,
        }
    }

    fn start(&mut self, what: Started, input: Value) {
        match what {
            Started::Connect => self.stage.start(input, None),
            Started::Remove => self.stage.remove(input, None),
            Started::Check => self.stage.check(),
        }
        self.started.push(what);
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Request { id, form } => self.start(Started::Connect, asked(id, form)),
            Step::Change { id, form } => {
                let input = event("Change Requested", &asked(id, form));
                self.start(Started::Connect, input);
            }
            Step::Remove { id } => {
                self.rules.may_go(IDS[id]);
                self.remove(id, false);
            }
            Step::Foretell { id } => self.remove(id, true),
            Step::Check => self.start(Started::Check, Value::Null),
            Step::Abort => self.stage.abort(),
            Step::Pass { seconds } => self.stage.pass(Duration::from_secs(seconds)).await,
        }
    }

    fn remove(&mut self, id: usize, dry_run: bool) {
        let by_id = json!({"requestId": IDS[id], "region": "us-east-1", "dryRun": dry_run});
        self.start(Started::Remove, event("Removal Requested", &by_id));
    }

    /// Everything comes to its end, and whoever has to hear of an end does.
    async fn rest(&mut self) -> Vec<Ended> {
        loop {
            let ended = self.stage.run().await;
            let unheard = ended.iter().enumerate().filter(|(number, one)| {
                one.status != "SUCCEEDED"
                    && self.started[*number] != Started::Check
                    && !self.told.contains(number)
            });
            let unheard: Vec<usize> = unheard.map(|(number, _)| number).collect();
            if unheard.is_empty() {
                return ended;
            }
            for number in unheard {
                self.told.insert(number);
                let told = self.stage.status_change(number);
                self.start(self.started[number], told);
            }
        }
    }

    async fn play_on(mut self, life: &Life) -> Played {
        for step in &life.steps {
            self.step(*step).await;
        }
        let ended = self.rest().await;
        let mut broken = self
            .rules
            .broken()
            .or_else(|| results(&ended, &self.started));
        let (calls, failed_calls) = {
            let world = self.stage.outside().world();
            let failed = world.calls().iter().filter(|call| call.outcome != "ok");
            (world.calls().len(), failed.count())
        };
        self.stage.outside().world().clear_faults();
        // In calm weather everything that is still there can be removed, and then all is as it was.
        for (id, name) in IDS.iter().enumerate() {
            self.rules.may_go(name);
            for _ in 0..2 {
                self.remove(id, false);
                let ended = self.rest().await.pop();
                let ended = ended.filter(|one| !one.events.is_empty());
                let code = ended.as_ref().map(code).unwrap_or_default();
                if code != "REMOVED" {
                    let said = ended.map(|one| detail(&one).to_string());
                    broken.get_or_insert_with(|| format!("{name} cannot be removed: {said:?}"));
                }
            }
        }
        let executions = self.started.len();
        let mut world = self.stage.outside().world();
        let after = everything(&mut world);
        let left: Vec<&String> = after.difference(&self.before).collect();
        if !left.is_empty() {
            broken.get_or_insert_with(|| format!("{left:?} is left"));
        }
        if foreign(&mut world) != self.foreign {
            broken.get_or_insert_with(|| "what is not ours was changed".to_owned());
        }
        Played {
            executions,
            calls,
            failed_calls,
            broken: self.rules.broken().or(broken),
        }
    }
}

/// What is not ours.
fn foreign(world: &mut world::World) -> Vec<VpcEndpoint> {
    let seen = Seen::now(world);
    let is_foreign = |one: &VpcEndpoint| {
        let mut tags = one.tags.iter();
        !tags.any(|tag| tag.key == "tieline:managed" && tag.value == "tieline")
    };
    seen.alive.into_iter().filter(is_foreign).collect()
}

/// Every execution that came to its end by itself says so once, unless it had nothing to do.
fn results(ended: &[Ended], started: &[Started]) -> Option<String> {
    let both = ended.iter().zip(started).enumerate();
    let mut judged = both.filter(|(_, (one, what))| {
        **what != Started::Check && ["SUCCEEDED", "FAILED"].contains(&one.status)
    });
    let (number, (one, _)) = judged.find(|(_, (one, _))| {
        let told_nothing = one.events.is_empty()
            && !one
                .states
                .iter()
                .any(|state| state == "Nothing to clean up");
        one.events.len() > 1 || told_nothing
    })?;
    Some(format!(
        "execution {number} put {} results on the bus: {:?}",
        one.events.len(),
        one.states
    ))
}
