//! What happens in a life, and when.

use std::fmt;

use tests::{ATTEMPTS, KINDS};
use world::gate::{Fault, FaultKind};

/// The requests of a life: two services, one of which two requests share.
pub(crate) const IDS: [&str; 3] = ["orders", "billing", "metrics"];

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

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A request comes, with one of its forms.
    Request {
        id: usize,
        form: usize,
    },
    /// The request is to have this form.
    Change {
        id: usize,
        form: usize,
    },
    Remove {
        id: usize,
    },
    /// The removal is only asked about.
    Foretell {
        id: usize,
    },
    Check,
    /// A person stops everything that runs.
    Abort,
    /// So many seconds pass.
    Pass {
        seconds: u64,
    },
}

/// A life.
#[derive(Debug, Clone)]
pub struct Life {
    /// What decides how long each call takes, and so who is first.
    pub seed: u64,
    pub steps: Vec<Step>,
    pub faults: Vec<Fault>,
}

impl Life {
    /// The life of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut steps = Vec::new();
        for _ in 0..dice.usize(3..9) {
            let (id, form) = (dice.usize(..IDS.len()), dice.usize(..3));
            steps.push(match dice.usize(..12) {
                0..=3 => Step::Request { id, form: 0 },
                4..=6 => Step::Change { id, form },
                7..=8 => Step::Remove { id },
                9 => Step::Foretell { id },
                10 => Step::Check,
                _ => Step::Abort,
            });
            let seconds = match dice.usize(..4) {
                0 => 0,
                1 => dice.u64(..10),
                2 => dice.u64(..90),
                _ => dice.u64(..600),
            };
            steps.push(Step::Pass { seconds });
        }
        let faults = (0..dice.usize(4..14)).map(|_| fault(&mut dice)).collect();
        Self {
            seed,
            steps,
            faults,
        }
    }

    /// The same with one thing less, each in turn.
    #[must_use]
    pub fn smaller(&self) -> Vec<Self> {
        let without_step = (0..self.steps.len()).map(|at| {
            let mut one = self.clone();
            one.steps.remove(at);
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

fn fault(dice: &mut fastrand::Rng) -> Fault {
    // A permission that is missing is final, and so not in most lives.
    let last = if dice.usize(..8) == 0 {
        KINDS.len()
    } else {
        KINDS.len() - 1
    };
    let kind: FaultKind = KINDS[dice.usize(..last)];
    Fault {
        count: Some(dice.u32(1..=ATTEMPTS)),
        ..Fault::nth(ACTIONS[dice.usize(..ACTIONS.len())], dice.u32(1..60), kind)
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        for step in &self.steps {
            writeln!(f, "  {step:?}")?;
        }
        for fault in &self.faults {
            let (action, nth, count) = (&fault.action, fault.nth, fault.count);
            let (nth, count) = (nth.unwrap_or(1), count.unwrap_or(1));
            writeln!(
                f,
                "  {count} x {:?} from call {nth} of {action}",
                fault.kind
            )?;
        }
        Ok(())
    }
}
