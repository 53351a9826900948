//! What happens in a life, and when.

use std::fmt;

use world::gate::{Fault, FaultKind};

use crate::cast::{FORMS, Member, TARGETS};
use crate::weather;

/// The calls that go wrong more often than others.
const ACTIONS: [&str; 10] = [
    "*",
    "*",
    "Describe*",
    "CreateVpcEndpoint",
    "ModifyVpcEndpoint",
    "DeleteVpcEndpoints",
    "CreateTags",
    "DeleteTags",
    "ListExecutions",
    "DescribeExecution",
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
    Drift { who: usize },
    /// A person stops everything that runs.
    Abort,
    /// The bus takes no events, until more time has passed.
    CloseBus,
    /// So many seconds pass.
    Pass { seconds: u64 },
    /// Everything that runs comes to its end.
    Rest,
}

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
}

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
        let mut steps = Vec::new();
        for _ in 0..dice.usize(3..9) {
            steps.push(step(&cast, &mut dice));
            let seconds = match dice.usize(..4) {
                0 => 0,
                1 => dice.u64(..10),
                2 => dice.u64(..90),
                _ => dice.u64(..600),
            };
            steps.push(Step::Pass { seconds });
        }
        let mut faults: Vec<(usize, Fault)> = (0..dice.usize(6..16))
            .map(|_| {
                let step = dice.usize(..steps.len());
                let action = ACTIONS[dice.usize(..ACTIONS.len())];
                let nth = dice.u32(1..40);
                (
                    step,
                    weather::at(action, nth, weather::by_chance(&mut dice)),
                )
            })
            .collect();
        if dice.usize(..16) == 0 {
            faults.push((dice.usize(..steps.len()), weather::outage(&mut dice)));
        }
        Self {
            name: seed.to_string(),
            seed,
            cast,
            faults,
            steps,
            ends_well: false,
        }
    }

    /// Whether something goes wrong that does not pass.
    #[must_use]
    pub fn is_stormy(&self) -> bool {
        let mut faults = self.faults.iter();
        faults.any(|(_, fault)| fault.kind == FaultKind::AccessDenied)
    }

    /// The same with one thing less, each in turn.
    #[must_use]
    pub fn smaller(&self) -> Vec<Self> {
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

fn step(cast: &[Member], dice: &mut fastrand::Rng) -> Step {
    let (who, form) = (dice.usize(..cast.len()), dice.usize(..FORMS.len()));
    let asks_here = !cast[who].elsewhere;
    match dice.usize(..20) {
        0..=5 => Step::Request { who, form: 0 },
        6..=8 if asks_here => Step::Change { who, form },
        9 | 10 if cast[who].has_forms() => Step::RemoveById { who },
        9..=11 => Step::Remove { who, form },
        12 => Step::Foretell { who, form },
        13 => Step::Check,
        14 if asks_here => Step::Drift { who },
        15 => Step::CloseBus,
        16 | 17 => Step::Again,
        _ => Step::Abort,
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
