//! The world: the model behind the gate that every call passes.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Failure;
use crate::clock::{self, Moment};
use crate::failure::{refuse, refuse_as};
use crate::gate::{Effect, Gate, Past, Verdict};
use crate::model::endpoints::Outlook;
use crate::model::{Model, Timing};

/// One of the simulated services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Amazon EC2.
    Ec2,
    /// Amazon Aurora DSQL.
    Dsql,
    /// Service Quotas.
    ServiceQuotas,
    /// AWS Database Migration Service.
    Dms,
    /// Amazon Route 53.
    Route53,
    /// AWS Identity and Access Management.
    Iam,
    /// AWS Secrets Manager.
    SecretsManager,
    /// AWS Step Functions.
    StepFunctions,
    /// The VPC's own network: connections, and the resolver.
    Network,
    /// TiDB Cloud, both of its APIs.
    TidbCloud,
    /// Confluent Cloud.
    Confluent,
}

/// A call that a service offers: its parameters, and what it does to the model.
pub trait Operation: Clone + Send + Serialize + 'static {
    /// What the service answers.
    type Answer: Serialize;

    /// The service that offers it.
    const SERVICE: Service;
    /// Its name in that service's API.
    const ACTION: &'static str;
    /// Whether it changes anything.
    const WRITE: bool;

    /// Whether only the permission is to be checked.
    fn dry_run(&self) -> bool {
        false
    }

    /// Does it.
    ///
    /// # Errors
    ///
    /// The service's refusal, in which case nothing has changed.
    fn perform(self, model: &mut Model) -> Result<Self::Answer, Failure>;
}

/// The simulated world with its own clock. Nothing in it happens by itself: time passes only
/// through [`World::advance`].
pub struct World {
    pub(crate) model: Model,
    pub(crate) gate: Gate,
    late: Vec<LateEffect>,
    past: Option<Remembered>,
    /// Whether the answer that is being written has words that nobody knows.
    pub(crate) words_are_others: bool,
    stack: Vec<(&'static str, &'static str)>,
    verifier: Verifier,
}

/// The verifier that whoever deploys Tieline has in the VPC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Verifier {
    /// It works.
    #[default]
    Works,
    /// It has not been used for weeks, and wakes up for minutes first.
    WakesUp,
    /// There is none.
    Missing,
}

/// What there was, for those who see too little.
#[derive(Debug)]
struct Remembered {
    before_all: Model,
    before_the_last_change: Model,
}

/// A change that a call will make after its caller has been left without an answer.
struct LateEffect {
    due: Moment,
    change: Box<dyn FnOnce(&mut Model) + Send>,
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("World")
            .field("now", &self.now())
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl World {
    /// The parameters that whoever deploys Tieline in this world sets.
    #[must_use]
    pub fn stack(&self) -> &[(&'static str, &'static str)] {
        &self.stack
    }

    /// The verifier in the VPC.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        self.verifier
    }

    pub(crate) fn deploy_verifier(&mut self, verifier: Verifier) {
        self.verifier = verifier;
    }

    /// Sets a parameter of the stack.
    pub fn deploy_with(&mut self, parameter: &'static str, value: &'static str) {
        self.stack.push((parameter, value));
    }

    /// An empty world whose clock shows `now`; [`crate::scenario`] has furnished ones.
    #[must_use]
    pub fn empty(now: Moment) -> Self {
        Self {
            model: Model::new(now),
            gate: Gate::default(),
            late: Vec::new(),
            past: None,
            words_are_others: false,
            stack: Vec::new(),
            verifier: Verifier::default(),
        }
    }

    /// The virtual time in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.model.now
    }

    /// Lets time pass. Late effects, and what others decide, happen at their own moment on the way.
    pub fn advance(&mut self, wait: Duration) {
        let end = clock::after(self.now(), wait);
        loop {
            let late = self.next_late_effect(end);
            let event = self.model.agenda.next_due().filter(|due| *due <= end);
            match (late, event) {
                (Some(next), event) if event.is_none_or(|due| self.late[next].due < due) => {
                    let effect = self.late.swap_remove(next);
                    self.model.now = self.model.now.max(effect.due);
                    (effect.change)(&mut self.model);
                }
                (_, Some(_)) => self.model.next_event(),
                (_, None) => break,
            }
        }
        self.model.now = end;
    }

    fn next_late_effect(&self, end: Moment) -> Option<usize> {
        let due = self
            .late
            .iter()
            .enumerate()
            .filter(|(_, effect)| effect.due <= end);
        due.min_by_key(|(_, effect)| effect.due)
            .map(|(index, _)| index)
    }

    /// Makes a call: it is logged, may be throttled or meet a scripted fault, and then takes
    /// effect.
    ///
    /// # Errors
    ///
    /// See [`Failure`].
    pub fn call<O: Operation>(&mut self, operation: O) -> Result<O::Answer, Failure> {
        let parameters = serde_json::to_value(&operation).unwrap_or_default();
        // Copying the model costs more than most calls: only as long as somebody may see the copy.
        let is_kept = O::WRITE && self.gate.may_be_stale(self.now());
        let verdict = self.gate.judge(O::SERVICE, O::ACTION, self.now());
        let oddity = verdict.oddity(O::WRITE);
        if let (Some(past), true) = (&mut self.past, is_kept) {
            past.before_the_last_change = self.model.clone();
        }
        let outcome = self.carry_out(operation, verdict);

        let failure = outcome.as_ref().err().map(Failure::code);
        self.log::<O>(parameters, failure.or(oddity));
        outcome
    }

    /// Writes a call that could not even be read into the log.
    pub(crate) fn note<O: Operation>(&mut self, parameters: Value, failure: Option<&Failure>) {
        self.log::<O>(parameters, failure.map(Failure::code));
    }

    fn log<O: Operation>(&mut self, parameters: Value, went_wrong: Option<&str>) {
        let outcome = went_wrong.unwrap_or("ok").to_owned();
        self.gate.log(
            O::SERVICE,
            O::ACTION,
            self.model.now,
            parameters,
            outcome,
            O::WRITE,
        );
    }

    /// Keeps what there is, for who will see too little.
    pub(crate) fn remember(&mut self) {
        let is_kept = self.gate.may_be_stale(self.now());
        match &mut self.past {
            // Of the changes until now nothing was kept.
            Some(past) if !is_kept => past.before_the_last_change = self.model.clone(),
            Some(_) => {}
            None => {
                self.past = Some(Remembered {
                    before_all: self.model.clone(),
                    before_the_last_change: self.model.clone(),
                });
            }
        }
    }

    /// What there was.
    fn past(&self, past: Past) -> Option<Model> {
        let all = self.past.as_ref()?;
        Some(match past {
            Past::BeforeAll => all.before_all.clone(),
            Past::BeforeTheLastChange => all.before_the_last_change.clone(),
        })
    }

    fn carry_out<O: Operation>(
        &mut self,
        operation: O,
        verdict: Verdict,
    ) -> Result<O::Answer, Failure> {
        match verdict {
            Verdict::Refuse(failure) => Err(failure),
            Verdict::Perform(Effect::AsItWas(past)) if !O::WRITE => match self.past(past) {
                Some(mut past) => operation.perform(&mut past),
                None => self.perform(operation),
            },
            Verdict::Perform(Effect::Normal | Effect::AsItWas(_)) => self.perform(operation),
            Verdict::Perform(Effect::InOtherWords) => {
                self.words_are_others = true;
                self.perform(operation)
            }
            Verdict::Perform(Effect::ThenFail(failure)) => {
                self.perform(operation).and(Err(failure))
            }
            Verdict::Perform(Effect::Late(delay)) => {
                let due = clock::after(self.now(), delay);
                // Nobody is left to hear whether it is refused.
                let change = Box::new(move |model: &mut Model| drop(operation.perform(model)));
                self.late.push(LateEffect { due, change });
                Err(Failure::NoAnswer)
            }
        }
    }

    /// Sets something up past the gate: it is not logged, not throttled and meets no fault.
    ///
    /// # Errors
    ///
    /// The service's refusal.
    pub fn arrange<O: Operation>(&mut self, operation: O) -> Result<O::Answer, Failure> {
        operation.perform(&mut self.model)
    }

    /// How long things take; to be changed at will.
    pub fn timing(&mut self) -> &mut Timing {
        &mut self.model.timing
    }

    /// What becomes of the endpoints that are created from now on.
    pub fn foresee(&mut self, outlook: Outlook) {
        self.model.outlook = outlook;
    }

    fn perform<O: Operation>(&mut self, operation: O) -> Result<O::Answer, Failure> {
        if operation.dry_run() {
            // EC2 API reference, "DryRun": the error DryRunOperation means that the caller would be
            // allowed to. The call's other preconditions are not checked.
            return Err(refuse_as(
                412,
                "DryRunOperation",
                "Request would have succeeded, but DryRun flag is set.",
            ));
        }
        operation.perform(&mut self.model)
    }

    /// Refuses a call to something that nobody here offers.
    pub(crate) fn unknown_action(action: &str) -> Failure {
        refuse(
            "InvalidAction",
            format!("The action {action} is not valid for this web service."),
        )
    }
}
