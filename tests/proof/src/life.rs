//! What happens in a life, and when.

use std::collections::BTreeSet;
use std::fmt;

use world::gate::{Fault, FaultKind};
use world::model::endpoints::Decision;

use crate::cast::{FORMS, Member, TARGETS};
use crate::weather;

/// The calls that go wrong more often than others, and how many of each a life has at least, more or less.
const ACTIONS: [(&str, u32); 10] = [
    ("*", 40),
    ("*", 40),
    ("Describe*", 40),
    ("CreateVpcEndpoint", 3),
    ("ModifyVpcEndpoint", 5),
    ("DeleteVpcEndpoints", 4),
    ("CreateTags", 5),
    ("DeleteTags", 3),
    ("ListExecutions", 8),
    ("DescribeExecution", 8),
];

/// Something that happens to one who takes part, or to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A request comes, in one of its forms.
    Request { who: usize, form: usize },
    /// The request is to have this form.
    Change { who: usize, form: usize },
    /// The whole request is to be removed.
    Remove { who: usize, form: usize },
    /// The same, and only its id is said.
    RemoveById { who: usize },
    /// The removal is only asked about.
    Foretell { who: usize, form: usize },
    /// The event before is delivered once more.
    Again,
    /// Everything that runs comes to its end, and then everything is checked.
    Check,
    /// Somebody changes the endpoint by hand.
    Drift { who: usize, hand: Hand },
    /// Somebody orders what the endpoint has already: EC2 is at work on it, and it is `pending` again.
    Touch { who: usize },
    /// The partner decides like this about each request for a connection that comes from now on, so many seconds after it.
    Owner { decision: Decision, seconds: u64 },
    /// A service's owner decides about the endpoint that there is.
    Decide { who: usize, decision: Decision },
    /// A VPC may have no more interface endpoints than ours has now, and so many more.
    Quota { more: usize },
    /// Something that a request needs is taken away, as far as AWS lets somebody do that.
    Lose(Thing),
    /// It is there again.
    Restore(Thing),
    /// A person stops everything that runs.
    Abort,
    /// Everything that runs has run out of time.
    TimeOut,
    /// Whoever cleans up hears of everything that ended.
    Tell,
    /// A person has everything that was stopped last, or ran out of time, go on where it ended.
    Redrive,
    /// The bus takes no events, until more time has passed.
    CloseBus,
    /// So many seconds pass.
    Pass { seconds: u64 },
    /// Everything that runs comes to its end.
    Rest,
}

/// What somebody makes of an endpoint by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// It gets another group.
    Group,
    /// It loses a zone, where it has several.
    Subnet,
}

/// What a request needs, and others have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A subnet, by its number.
    Subnet(usize),
    /// The security group that requests name.
    Group,
    /// The other VPC of the account, and all in it.
    Vpc,
    /// The DSQL cluster.
    Cluster,
    /// The API keys of TiDB Cloud: revoked there.
    Keys,
    /// The secret that holds one of them.
    Secret,
}

/// The codes of which the result of an event has to have one.
pub type Codes = &'static [&'static str];

/// A life.
#[derive(Debug, Clone)]
pub struct Life {
    /// What it is called, so that it can be played again.
    pub name: String,
    /// What decides how long each call takes, and so who is first.
    pub seed: u64,
    pub cast: Vec<Member>,
    pub steps: Vec<Step>,
    /// What goes wrong, each from a step on.
    pub faults: Vec<(usize, Fault)>,
    /// Whether everything that is asked for has to be done: nothing goes wrong for good.
    pub ends_well: bool,
    /// What has to come of each event that asks for something, in their order; none where the rules alone say it.
    pub outcomes: Vec<Codes>,
}

/// How requests may fail by what was asked for.
const ASKED_FOR: [&str; 6] = [
    "REQUEST_CONFLICT",
    "REQUEST_IN_PROGRESS",
    "NOTHING_TO_CHANGE",
    "CHANGE_NOT_IN_PLACE",
    "CHANGE_TAKES_FROM_OTHERS",
    "ENDPOINT_DIFFERS",
];

impl Life {
    /// The life of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        // Two who share an endpoint, and another one.
        let third = TARGETS[[2, 2, 2, 2, 0, 1, 3, 4, 5, 6, 7, 8][dice.usize(..12)]];
        let mut cast = vec![
            Member::of("orders", "aurora-dsql"),
            Member::of("billing", "aurora-dsql"),
            Member::of("third", third),
        ];
        if dice.usize(..3) == 0 {
            cast.push(Member::elsewhere());
        }
        let (mut steps, mut refusals) = (Vec::new(), Vec::new());
        for _ in 0..dice.usize(2..7) {
            let next = step(&cast, &mut dice);
            for step in around(next, &cast, &mut dice) {
                let is_refused = match (next, step) {
                    (Step::CloseBus, Step::Request { .. }) => true,
                    (Step::Change { .. }, _) => dice.usize(..4) == 0,
                    _ => false,
                };
                if is_refused {
                    let nth = dice.u32(1..=2);
                    let denied = (FaultKind::AccessDenied, 1);
                    let fault = weather::at("ModifyVpcEndpoint", nth, denied);
                    refusals.push((steps.len(), fault));
                }
                steps.push(step);
            }
            // What comes in the same moment is among the meetings.
            let seconds = match dice.usize(..4) {
                0 => 1,
                1 => dice.u64(1..10),
                2 => dice.u64(1..90),
                _ => dice.u64(1..600),
            };
            steps.push(Step::Pass { seconds });
        }
        let mut faults: Vec<(usize, Fault)> = (0..dice.usize(5..14))
            .map(|_| {
                let step = dice.usize(..steps.len());
                let (action, calls) = ACTIONS[dice.usize(..ACTIONS.len())];
                let nth = dice.u32(1..=calls);
                (
                    step,
                    weather::at(action, nth, weather::by_chance(&mut dice)),
                )
            })
            .collect();
        faults.extend(refusals);
        // Rare: each means hundreds of calls that go wrong. Mostly while something is done that was asked for.
        if dice.usize(..24) == 0 {
            let asked = steps.iter().enumerate().filter(|(_, one)| one.asks());
            let asked: Vec<usize> = asked.map(|(at, _)| at + 1).collect();
            let step = dice.choice(asked).filter(|_| dice.bool());
            let step = step.unwrap_or_else(|| dice.usize(..steps.len()));
            faults.push((step, weather::outage(&mut dice)));
        }
        Self {
            name: seed.to_string(),
            seed,
            cast,
            faults,
            steps,
            ends_well: false,
            outcomes: Vec::new(),
        }
    }

    /// The codes with which a request may fail in this life though nothing goes wrong for good: by what was asked for, and by what
    /// others do.
    pub(crate) fn reasons(&self) -> BTreeSet<&'static str> {
        let after = self.steps.iter().skip(1).map(Some).chain([None]);
        let of_steps = self.steps.iter().zip(after).flat_map(|(step, next)| {
            // A bus that is closed until nothing runs any more takes no result at all.
            let takes_nothing = !matches!(next, Some(Step::Pass { .. }));
            step.reasons(takes_nothing).iter().copied()
        });
        ASKED_FOR.into_iter().chain(of_steps).collect()
    }

    /// Whether something goes wrong that does not pass.
    #[must_use]
    pub fn is_stormy(&self) -> bool {
        let mut faults = self.faults.iter();
        faults.any(|(_, fault)| fault.kind == FaultKind::AccessDenied)
    }

    /// The same with one thing less, each in turn. One that says what has to come of it is as it is.
    #[must_use]
    pub fn smaller(&self) -> Vec<Self> {
        if !self.outcomes.is_empty() {
            return Vec::new();
        }
        let without_step = (0..self.steps.len()).map(|at| {
            let mut one = self.clone();
            one.steps.remove(at);
            for (step, _) in &mut one.faults {
                *step -= usize::from(*step > at);
            }
            one
        });
        let without_fault = (0..self.faults.len()).map(|at| {
            let mut one = self.clone();
            one.faults.remove(at);
            one
        });
        without_step.chain(without_fault).collect()
    }
}

impl Step {
    /// Whether somebody asks for something that takes time.
    fn asks(self) -> bool {
        matches!(
            self,
            Self::Request { .. }
                | Self::Change { .. }
                | Self::Remove { .. }
                | Self::RemoveById { .. }
        )
    }

    /// How requests may fail because of it.
    fn reasons(self, takes_nothing: bool) -> Codes {
        match self {
            Self::Abort | Self::TimeOut => &["EXECUTION_ENDED"],
            Self::CloseBus if takes_nothing => &["EXECUTION_ENDED"],
            // What was cleaned up meanwhile may be gone for good.
            Self::Redrive => &["ENDPOINT_VANISHED", "DEADLINE_EXCEEDED"],
            Self::Owner { decision, .. } | Self::Decide { decision, .. } => match decision {
                Decision::Accept => &["NOT_ACCEPTED"],
                // An equal execution may have deleted it; one that was confirmed stays, and has the names.
                Decision::Reject => &[
                    "ENDPOINT_REJECTED",
                    "ENDPOINT_VANISHED",
                    "PRIVATE_DNS_TAKEN",
                ],
                Decision::Expire => &["ENDPOINT_EXPIRED", "ENDPOINT_VANISHED"],
            },
            Self::Quota { .. } => &["ENDPOINT_QUOTA_REACHED"],
            Self::Lose(thing) => thing.reasons(),
            Self::Request { .. }
            | Self::Change { .. }
            | Self::Remove { .. }
            | Self::RemoveById { .. }
            | Self::Foretell { .. }
            | Self::Again
            | Self::Check
            | Self::Drift { .. }
            | Self::Touch { .. }
            | Self::Restore(_)
            | Self::Tell
            | Self::CloseBus
            | Self::Pass { .. }
            | Self::Rest => &[],
        }
    }
}

impl Thing {
    /// How requests may fail without it. What EC2 does not see may be too new for it, so that is waited for.
    fn reasons(self) -> Codes {
        match self {
            Self::Subnet(_) => &["SUBNET_NOT_FOUND", "DEADLINE_EXCEEDED"],
            Self::Group => &["SECURITY_GROUP_NOT_FOUND", "DEADLINE_EXCEEDED"],
            Self::Vpc => &["VPC_NOT_FOUND", "NO_COMMON_ZONE", "DEADLINE_EXCEEDED"],
            Self::Cluster => &["CLUSTER_NOT_FOUND"],
            Self::Keys => &["CREDENTIALS_REFUSED", "UNDO_INCOMPLETE"],
            Self::Secret => &["SECRET_UNUSABLE", "UNDO_INCOMPLETE"],
        }
    }
}

fn step(cast: &[Member], dice: &mut fastrand::Rng) -> Step {
    let (who, form) = (dice.usize(..cast.len()), dice.usize(..FORMS.len()));
    let asks_here = !cast[who].elsewhere;
    match dice.usize(..24) {
        0..=5 => Step::Request { who, form: 0 },
        6..=8 if asks_here => Step::Change { who, form },
        9 | 10 if cast[who].has_forms() => Step::RemoveById { who },
        9..=11 => Step::Remove { who, form },
        12 => Step::Foretell { who, form },
        13 => Step::Check,
        14 if asks_here => {
            let hand = [Hand::Group, Hand::Subnet][usize::from(form == 0)];
            Step::Drift { who, hand }
        }
        15 => Step::CloseBus,
        16 | 17 => Step::Again,
        18 | 19 if asks_here => Step::Touch { who },
        20 => Step::TimeOut,
        21 => by_others(cast, dice),
        _ => Step::Abort,
    }
}

/// A step, and what comes before and after it so that something comes of it.
fn around(step: Step, cast: &[Member], dice: &mut fastrand::Rng) -> Vec<Step> {
    let pass = |most, dice: &mut fastrand::Rng| Step::Pass {
        seconds: dice.u64(1..most),
    };
    if matches!(step, Step::Abort | Step::TimeOut) && dice.bool() {
        return vec![step, pass(90, dice), Step::Redrive];
    }
    // Only while nothing runs, and told by the one check and not by the other.
    if matches!(step, Step::Drift { .. }) {
        let (some, more) = (pass(600, dice), pass(7200, dice));
        return vec![Step::Rest, step, some, Step::Check, more, Step::Check];
    }
    // One that has failed cannot say so, and its equal begins.
    if step == Step::CloseBus && dice.bool() {
        let request = Step::Request {
            who: dice.usize(..cast.len()),
            form: 0,
        };
        let (some, more) = (pass(900, dice), pass(900, dice));
        return vec![step, request, some, step, request, more];
    }
    vec![step]
}

/// What others do: seldom, as most requests come to nothing after some of that.
fn by_others(cast: &[Member], dice: &mut fastrand::Rng) -> Step {
    let decision = [Decision::Reject, Decision::Expire][dice.usize(..2)];
    let has_owner = |one: &Member| one.is_of_partner();
    match (cast.iter().position(has_owner), dice.usize(..4)) {
        (Some(who), 0 | 1) => Step::Decide {
            who,
            decision: Decision::Reject,
        },
        (Some(_), 2) => Step::Owner {
            decision,
            seconds: dice.u64(..100),
        },
        (_, 3) => Step::Lose(Thing::Cluster),
        _ => Step::Quota {
            more: dice.usize(..3),
        },
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "life {} (seed {})", self.name, self.seed)?;
        for (number, member) in self.cast.iter().enumerate() {
            let (id, target, stack) = (member.id, member.target, member.stack());
            writeln!(f, "  {number}: {id} asks {stack} for {target}")?;
        }
        for (at, step) in self.steps.iter().enumerate() {
            for (_, fault) in self.faults.iter().filter(|(from, _)| *from == at) {
                let (action, kind) = (&fault.action, fault.kind);
                match (fault.nth, fault.count) {
                    (Some(nth), Some(count)) => {
                        writeln!(f, "  {count} x {kind:?} from call {nth} of {action} on")?;
                    }
                    _ => writeln!(f, "  {kind:?} at {action} for {:?} s", fault.seconds)?,
                }
            }
            writeln!(f, "  {step:?}")?;
        }
        Ok(())
    }
}
