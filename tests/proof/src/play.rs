//! Plays a life, and holds the rules against it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Ended, Seen, Simulated, Stage, code, everything};
use world::admin::State;
use world::gate::Call;
use world::model::endpoints::Outlook;
use world::model::groups::CreateSecurityGroup;
use world::scenario::{self, VPC};

use crate::cast::{ANOTHER, Member};
use crate::hands::{by_hand, foreign};
use crate::life::{Life, Step};
use crate::rules::Rules;
use crate::told::{self, Started, What};

/// What came of a life.
#[derive(Debug, Clone, Default)]
pub struct Played {
    /// How many executions there were.
    pub executions: usize,
    /// How many calls were made, and how many of them went wrong.
    pub calls: usize,
    pub failed_calls: usize,
    /// How many were made from the last step on.
    pub calls_of_last_step: usize,
    /// The last calls that went wrong or were to change something: when, in seconds since the beginning, which, and how.
    pub notable: Vec<String>,
    /// What each execution was for, how it ended, and what it said.
    pub told: Vec<String>,
    /// The rule that it broke, in words.
    pub broken: Option<String>,
}

/// How much time there is at least from one check to the next. In a stack it is an hour.
const CHECKED: Duration = Duration::from_secs(60);

/// How many of those calls are shown.
const SHOWN: usize = 60;

/// Plays a life to its end.
///
/// # Panics
///
/// If there is no runtime for it.
#[must_use]
pub fn play(life: &Life) -> Played {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async { Play::begin(life).play_on(life).await })
}

pub(crate) struct Play {
    pub(crate) stage: Stage,
    /// The other stack in the account, where somebody asks it.
    another: Option<Simulated>,
    pub(crate) rules: Rules,
    pub(crate) cast: Vec<Member>,
    pub(crate) started: Vec<Started>,
    /// The event before: what it starts, and whose it is.
    last: Option<(What, usize, Value)>,
    /// Executions of which an end was told to whoever cleans up.
    pub(crate) told: BTreeSet<usize>,
    /// The executions that were stopped last.
    pub(crate) stopped: Vec<usize>,
    /// Those that a person had go on once they had ended.
    pub(crate) redriven: BTreeSet<usize>,
    /// A group that somebody gives endpoints by hand.
    pub(crate) group: String,
    /// The subnets that somebody took from endpoints by hand: how many executions there were by then, endpoint, subnet.
    pub(crate) taken: Vec<(usize, String, String)>,
    /// The executions that are to change something.
    pub(crate) changes: Vec<usize>,
    /// Who was changed by hand, and how many executions there were by then.
    pub(crate) drifted: Vec<(usize, &'static str)>,
    /// What there was before, but for what somebody took away.
    pub(crate) before: BTreeSet<String>,
    pub(crate) foreign: State,
}

impl Play {
    fn begin(life: &Life) -> Self {
        let mut world = scenario::world("default");
        let rules = Rules::default();
        let _ = by_hand(&mut world, scenario::SERVICE, ("owner", "somebody"));
        let secrets = "com.amazonaws.us-east-1.secretsmanager";
        let ours = ("tieline:managed", "tieline");
        rules.stays(&by_hand(&mut world, secrets, ours));
        // Where most of the cast look for what is to go. Nobody joins what is dead; who cannot see that it is, is refused, which may
        // be where not all ends well.
        if !life.ends_well {
            world.foresee(Outlook::Rejected);
            let _ = by_hand(&mut world, scenario::SERVICE, ours);
            world.foresee(Outlook::Available);
        }
        let group = CreateSecurityGroup {
            group_name: "by-hand".to_owned(),
            description: "by hand".to_owned(),
            vpc_id: VPC.to_owned(),
            ..CreateSecurityGroup::default()
        };
        let group = world.arrange(group).expect("there is room").group_id;
        world.advance(Duration::from_secs(600));
        let before = everything(&mut world);
        let foreign = foreign(&world);
        let simulated = Simulated::seeded(world, life.seed);
        let is_asked = life.cast.iter().any(|member| member.elsewhere);
        let another = is_asked.then(|| simulated.beside(ANOTHER));
        let watching = rules.clone();
        simulated.watch(move |world| watching.look(world));
        Self {
            stage: Stage::on(simulated),
            another,
            rules,
            cast: life.cast.clone(),
            started: Vec::new(),
            last: None,
            told: BTreeSet::new(),
            stopped: Vec::new(),
            redriven: BTreeSet::new(),
            group,
            taken: Vec::new(),
            changes: Vec::new(),
            drifted: Vec::new(),
            before,
            foreign,
        }
    }

    /// Starts what an event asks for.
    fn ask(&mut self, what: What, who: usize, input: Value) {
        self.last = Some((what, who, input.clone()));
        if input["detail-type"] == "Private Connection Change Requested" {
            self.changes.push(self.started.len());
        }
        let event = input["id"].as_str().map(str::to_owned);
        self.start(what, Some(who), event, input);
    }

    fn start(&mut self, what: What, who: Option<usize>, event: Option<String>, input: Value) {
        let elsewhere = who.is_some_and(|who| self.cast[who].elsewhere);
        let removes = match what {
            What::CleanUp(number) => self.removes(number),
            What::Remove => true,
            What::Connect | What::Check => false,
        };
        let another = self.another.as_ref().filter(|_| elsewhere);
        match (what, another, removes) {
            (What::Check, _, _) => self.stage.check(),
            (_, Some(stack), true) => self.stage.remove_in(stack, input),
            (_, Some(stack), false) => self.stage.start_in(stack, input),
            (_, None, true) => self.stage.remove(input, None),
            (_, None, false) => self.stage.start(input, None),
        }
        let at = self.stage.outside().world().now() / 1000;
        self.started.push(Started {
            what,
            who,
            event,
            at,
        });
    }

    /// Whether an execution is one of the machine that removes.
    fn removes(&self, number: usize) -> bool {
        match self.started[number].what {
            What::CleanUp(of) => self.removes(of),
            What::Remove => true,
            What::Connect | What::Check => false,
        }
    }

    fn event(&self, what: &str, detail: &Value) -> Value {
        json!({
            "id": format!("event-{}", self.started.len()), "source": "proof",
            "detail-type": format!("Private Connection {what}"), "detail": detail,
        })
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Request { who, form } => {
                let event = self.event("Requested", &self.cast[who].asked(form));
                self.ask(What::Connect, who, event);
            }
            Step::Change { who, form } => {
                let event = self.event("Change Requested", &self.cast[who].asked(form));
                self.ask(What::Connect, who, event);
            }
            Step::Remove { who, form } => self.remove(who, &self.cast[who].asked(form)),
            Step::RemoveById { who } => self.remove(who, &self.cast[who].by_id()),
            Step::Foretell { who, form } => {
                let mut asked = self.cast[who].asked(form);
                asked["dryRun"] = json!(true);
                let event = self.event("Removal Requested", &asked);
                self.ask(What::Remove, who, event);
            }
            Step::Again => {
                if let Some((what, who, input)) = self.last.clone() {
                    self.ask(what, who, input);
                }
            }
            Step::Check => {
                self.rest().await;
                self.start(What::Check, None, None, Value::Null);
                self.rest().await;
                // The next one sees what this one noted.
                self.stage.pass(CHECKED).await;
            }
            Step::Drift { who, hand } => self.drift(who, hand),
            Step::Touch { who } => self.touch(who),
            Step::Owner { decision, seconds } => self.script_owner(decision, seconds),
            Step::Decide { who, decision } => self.decide(who, decision),
            Step::Quota { more } => self.set_quota(more),
            Step::Lose(thing) => self.lose(thing),
            Step::Restore(thing) => self.restore(thing),
            Step::Abort => self.stop(Stage::abort),
            Step::TimeOut => self.stop(Stage::time_out),
            Step::Tell => {
                self.tell();
            }
            Step::Redrive => self.redrive(),
            Step::CloseBus => self.stage.outside().close_bus(true),
            Step::Pass { seconds } => {
                self.stage.pass(Duration::from_secs(seconds)).await;
                self.stage.outside().close_bus(false);
            }
            Step::Rest => {
                self.rest().await;
            }
        }
    }

    fn remove(&mut self, who: usize, asked: &Value) {
        let member = self.cast[who];
        self.rules.may_go(member.stack(), member.id);
        let event = self.event("Removal Requested", asked);
        self.ask(What::Remove, who, event);
    }

    /// Whoever has to hear of an end does; whether there was any.
    fn tell(&mut self) -> bool {
        let ended = self.stage.ended();
        let unheard = ended.iter().enumerate().filter(|(number, one)| {
            !["RUNNING", "SUCCEEDED"].contains(&one.status)
                && self.started[*number].what != What::Check
                && !self.told.contains(number)
        });
        let unheard: Vec<usize> = unheard.map(|(number, _)| number).collect();
        for number in &unheard {
            self.told.insert(*number);
            let told = self.stage.status_change(*number);
            let who = self.started[*number].who;
            self.start(What::CleanUp(*number), who, None, told);
        }
        !unheard.is_empty()
    }

    /// Everything comes to its end, and whoever has to hear of an end does.
    async fn rest(&mut self) -> Vec<Ended> {
        loop {
            let ended = self.stage.run().await;
            self.stage.outside().close_bus(false);
            if !self.tell() {
                return ended;
            }
        }
    }

    async fn play_on(mut self, life: &Life) -> Played {
        let mut calls_before = 0;
        for (at, step) in life.steps.iter().enumerate() {
            {
                let mut world = self.stage.outside().world();
                calls_before = world.calls().len();
                for (_, fault) in life.faults.iter().filter(|(from, _)| *from == at) {
                    world.add_fault(fault.clone());
                }
            }
            self.step(*step).await;
        }
        let ended = self.rest().await;
        let (calls, failed_calls, notable) = {
            let world = self.stage.outside().world();
            let all = world.calls();
            let began = all.first().map_or(0, |call| call.at);
            let is_failed = |call: &&Call| call.outcome != "ok";
            let mut notable = Vec::new();
            let last = all
                .iter()
                .rev()
                .filter(|call| is_failed(call) || call.write);
            for call in last.take(SHOWN) {
                let (at, parameters) = ((call.at - began) / 1000, &call.parameters);
                let with = if call.write {
                    parameters.to_string()
                } else {
                    String::new()
                };
                notable.push(format!("{at} s: {} {} {with}", call.action, call.outcome));
            }
            notable.reverse();
            (all.len(), all.iter().filter(is_failed).count(), notable)
        };
        let broken = self.rules.broken().or_else(|| self.judge(&ended, life));
        self.stage.outside().world().clear_faults();
        let untold = self.untold_drift().await;
        let removed = self.all_go().await;
        let broken = self.rules.broken().or(broken).or(untold).or(removed);
        Played {
            executions: self.started.len(),
            told: told::in_words(&self.stage.ended(), &self.started),
            calls,
            failed_calls,
            notable,
            calls_of_last_step: calls - calls_before,
            broken: broken.or_else(|| self.differs()),
        }
    }

    /// What was told, and whether it is true.
    fn judge(&self, ended: &[Ended], life: &Life) -> Option<String> {
        let seen = Seen::at_last(&mut self.stage.outside().world());
        let started = &self.started;
        let cast = &self.cast;
        let fails = || told::fails_for_a_reason(ended, &life.reasons());
        let ends_well = || told::ends_well(ended, started).filter(|_| life.ends_well);
        let is_known = !life.outcomes.is_empty() && !self.rules.has_dead();
        told::one_result_each(ended, started, &self.redriven)
            .or_else(|| told::same_ids(ended, started))
            .or_else(|| told::as_expected(ended, started, &self.redriven, &life.outcomes))
            .or_else(|| fails().filter(|_| !life.is_stormy()))
            .or_else(ends_well)
            .or_else(|| told::nothing_left(ended, started, cast, &seen))
            .or_else(|| told::removed_as_told(ended, started, &self.redriven, cast, &seen))
            .or_else(|| told::left_to_somebody(ended, started, cast, &seen))
            .or_else(|| told::stands_as_told(ended, started, cast, &seen).filter(|_| is_known))
            .or_else(|| told::drift_is_told_once(ended, started, cast, &self.may_differ(ended)))
    }

    /// Who is not as it was confirmed since which execution: by hand, or by a change that somebody stopped in the middle, which is of
    /// all who have the same endpoint.
    fn may_differ(&self, ended: &[Ended]) -> Vec<(usize, &'static str)> {
        let stopped = self.changes.iter().copied();
        let stopped = stopped.filter(|at| ended[*at].status != "SUCCEEDED");
        let all = stopped.flat_map(|at| {
            let who = self.started[at].who;
            let sharers = who.into_iter().flat_map(|who| self.sharers(who));
            sharers.map(move |id| (at, id))
        });
        self.drifted.iter().copied().chain(all).collect()
    }

    /// The ids of those who have the same endpoint, its own included.
    pub(crate) fn sharers(&self, who: usize) -> impl Iterator<Item = &'static str> {
        let one = self.cast[who];
        let all = self.cast.iter().filter(move |other| other.shares_with(one));
        all.map(|member| member.id)
    }

    /// In calm weather a check tells what was changed by hand, if no check before has.
    async fn untold_drift(&mut self) -> Option<String> {
        if self.drifted.is_empty() {
            return None;
        }
        self.step(Step::Check).await;
        let still = self.still_differ(true);
        let ended = self.stage.ended();
        // Who leaves its zones open wants all of them, whatever it is changed to.
        let wants_all = |id: &&String| {
            let mut cast = self.cast.iter();
            cast.any(|one| one.id == **id && one.is_open())
        };
        let open: Vec<String> = still.iter().filter(wants_all).cloned().collect();
        told::drift_is_told(&ended, &self.drifted, &self.still_differ(false))
            .or_else(|| told::nobody_has_recovered(&ended, &open))
    }

    /// In calm weather everything that is still there can be removed; or in words what cannot.
    async fn all_go(&mut self) -> Option<String> {
        for (who, member) in self.cast.clone().into_iter().enumerate() {
            // Who never asked for anything has nothing; that nothing is left shows in the end.
            if !self.started.iter().any(|one| one.who == Some(who)) {
                continue;
            }
            self.rules.may_go(member.stack(), member.id);
            let (mut said, mut is_gone) = (Vec::new(), false);
            for removal in member.removals() {
                let number = self.started.len();
                let event = self.event("Removal Requested", &removal);
                self.ask(What::Remove, who, event);
                let ended = self.rest().await.swap_remove(number);
                let is_removed = !ended.events.is_empty() && code(&ended) == "REMOVED";
                let results = ended.events.iter();
                said.extend(results.map(|event| told::in_short(&event["Detail"])));
                // One of its forms is the one that it has.
                if is_removed {
                    is_gone = true;
                    break;
                }
            }
            if !is_gone {
                let id = member.id;
                return Some(format!("{id} cannot be removed: {said:?}"));
            }
        }
        None
    }

    /// Whether all is as it was before anybody asked.
    fn differs(&self) -> Option<String> {
        let mut world = self.stage.outside().world();
        let after = everything(&mut world);
        // What TiDB Cloud kept because there was no key was named; once its endpoint is gone, no removal finds it.
        let is_named = |one: &Ended| {
            let mut said = one
                .events
                .iter()
                .map(|event| &event["Detail"]["leftBehind"]);
            said.any(|left| left.to_string().contains("private endpoint connection"))
        };
        let was_named = self.stage.ended().iter().any(is_named);
        let is_known = |one: &&String| was_named && one.starts_with("registration ");
        let left = after.difference(&self.before);
        let left: Vec<&String> = left.filter(|one| !is_known(one)).collect();
        let missing: Vec<&String> = self.before.difference(&after).collect();
        if !left.is_empty() {
            return Some(format!("{left:?} is left"));
        }
        if !missing.is_empty() {
            return Some(format!("{missing:?} was not ours, and is gone"));
        }
        let now = foreign(&world);
        // Registrations carry no mark.
        let is_changed = now != self.foreign && !was_named;
        is_changed.then(|| {
            let before = &self.foreign;
            format!("what is not ours was changed: {before:?} is now {now:?}")
        })
    }
}
