//! Looks at a plan's parts, makes them in order, and removes them in the opposite order.

use serde_json::{Map, Value};

use crate::error::CallError;
use crate::outside::{Endpoint, Outside};
use crate::parts::{Condition, Observation, Ownership, Part, PartContext};
use crate::plan::Plan;
use crate::problem::Problem;
use crate::step::NextState;

/// How the parts of a plan are that one state makes.
pub(crate) enum PartsStatus {
    /// All of them work; this is what they say of themselves, and whether the request is marked on them.
    Ready(Vec<(Part, Observation)>),
    /// The next one has to be made, or to be gone on with.
    ToMake,
    /// One is being made.
    Waiting(String),
    /// One will never work.
    Broken(Problem),
}

/// Looks at the parts that `state` makes, in their order, up to the first that does not work yet.
pub(crate) async fn stand(
    outside: &Outside<'_>,
    plan: &Plan,
    endpoint: Option<&Endpoint>,
    state: NextState,
) -> Result<PartsStatus, CallError> {
    let at = PartContext {
        outside,
        plan,
        endpoint,
        endpoint_id: endpoint.map(|endpoint| &endpoint.id),
    };
    let mut ready = Vec::new();
    for part in plan
        .parts
        .iter()
        .filter(|part| part.kind().made_by() == state)
    {
        let look = part.kind().look(&at).await?;
        match look.condition {
            Condition::Ready => ready.push((part.clone(), look)),
            Condition::Absent | Condition::Incomplete => return Ok(PartsStatus::ToMake),
            Condition::Pending(what) => return Ok(PartsStatus::Waiting(what)),
            Condition::Going => {
                return Ok(PartsStatus::Waiting(format!(
                    "{} is being removed",
                    part.kind().name()
                )));
            }
            Condition::Broken(problem) => return Ok(PartsStatus::Broken(problem)),
        }
    }
    Ok(PartsStatus::Ready(ready))
}

/// Makes the first part that is not there. Whatever else is in the way, the poll says.
pub(crate) async fn make(
    outside: &Outside<'_>,
    plan: &Plan,
    endpoint: Option<&Endpoint>,
    state: NextState,
) -> Result<(), CallError> {
    let at = PartContext {
        outside,
        plan,
        endpoint,
        endpoint_id: endpoint.map(|endpoint| &endpoint.id),
    };
    for part in plan
        .parts
        .iter()
        .filter(|part| part.kind().made_by() == state)
    {
        match part.kind().look(&at).await?.condition {
            Condition::Ready => {}
            Condition::Absent | Condition::Incomplete => return part.kind().make(&at).await,
            Condition::Pending(_) | Condition::Going | Condition::Broken(_) => return Ok(()),
        }
    }
    Ok(())
}

/// Marks the request as ready on every part that carries a mark.
pub(crate) async fn mark(outside: &Outside<'_>, plan: &Plan) -> Result<(), CallError> {
    let at = PartContext {
        outside,
        plan,
        endpoint: None,
        endpoint_id: None,
    };
    for part in plan.parts.iter().filter(|part| part.kind().carries_mark()) {
        part.kind().mark(&at).await?;
    }
    Ok(())
}

/// Whether one of the parts that carry marks does not show it yet.
pub(crate) fn lacks_mark(parts: &[(Part, Observation)]) -> bool {
    parts
        .iter()
        .any(|(part, look)| part.kind().carries_mark() && look.hold == Ownership::Ours)
}

/// What the parts say of themselves, by the name of their kind.
pub(crate) fn facts(parts: &[(Part, Observation)]) -> Map<String, Value> {
    let fact = |(part, look): &(Part, Observation)| {
        (
            part.kind_name().to_owned(),
            Value::Object(look.facts.clone()),
        )
    };
    parts.iter().map(fact).collect()
}

/// The parts of this request's making that are still there, in the order in which they were made; none if the request is
/// marked as ready on one of them, which then is said by its name.
///
/// # Errors
///
/// [`CallError::Throttled`], and only to those who are patient: a service that says when to come back is asked again then.
/// What else keeps a part from being seen is in the answer, because it must not keep the rest from being removed.
pub(crate) async fn left(at: &PartContext<'_>, patient: bool) -> Result<Remaining, CallError> {
    let mut left = Remaining::default();
    let (mut whole, mut foreign) = (true, at.plan.is_adopted());
    for part in &at.plan.parts {
        if !left.silent.is_empty() {
            // One silent service takes long enough, and nothing goes before everything was seen.
            left.silent.push(part.kind().name());
            continue;
        }
        let look = match part.kind().look(at).await {
            Ok(look) => look,
            Err(error @ CallError::Throttled { .. }) if patient => return Err(error),
            Err(error) => {
                let what = format!("{} ({error})", part.kind().name());
                match error {
                    CallError::Refused { .. } => {
                        left.may_be_marked |= part.kind().carries_mark();
                        left.unseen.push(what);
                    }
                    CallError::Throttled { .. } | CallError::Unavailable { .. } => {
                        whole = false;
                        left.silent.push(what);
                    }
                }
                continue;
            }
        };
        whole &= look.condition == Condition::Ready;
        match (look.hold, look.condition) {
            (Ownership::Others, _) => foreign = true,
            (_, Condition::Absent) => {}
            (Ownership::Confirmed, _) => left.kept = Some(part.kind().name()),
            (Ownership::Ours, condition) => left.parts.push(RemainingPart {
                part: part.clone(),
                is_going: condition == Condition::Going,
            }),
        }
    }
    // What is adopted carries no mark. If everything works, another run of the request may have announced it.
    if whole && foreign && at.plan.adopt && !left.parts.is_empty() {
        left.kept = Some(at.plan.target.kind().name());
    }
    if left.kept.is_some() {
        let kept = left.kept;
        return Ok(Remaining {
            kept,
            ..Remaining::default()
        });
    }
    if left.may_be_marked {
        // Perhaps another run announced the connection: better something stays than that this is taken away.
        let names = left.parts.drain(..).map(|left| left.part.kind().name());
        left.unseen.extend(names);
    }
    Ok(left)
}

/// What is left of a plan's parts.
#[derive(Debug, Default)]
pub(crate) struct Remaining {
    /// What is to go, in the order in which it was made.
    pub(crate) parts: Vec<RemainingPart>,
    /// The part on which the request is marked as ready.
    pub(crate) kept: Option<String>,
    /// What may not be looked at, and why.
    pub(crate) unseen: Vec<String>,
    /// Whether the request's mark may be on one of these: then all the others are among them.
    pub(crate) may_be_marked: bool,
    /// What could not be looked at now, and why.
    pub(crate) silent: Vec<String>,
}

/// A part that is to go.
#[derive(Debug)]
pub(crate) struct RemainingPart {
    part: Part,
    is_going: bool,
}

impl Remaining {
    /// What is left, for a person to read.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.parts.iter().map(|left| left.part.kind().name())
    }

    /// Whether something is still to go, or may be.
    pub(crate) fn is_to_go(&self) -> bool {
        !self.parts.is_empty() || !self.silent.is_empty()
    }

    /// Whether the next part to go has to be asked to.
    pub(crate) fn wants_a_call(&self) -> bool {
        self.next().is_some_and(|left| !left.is_going)
    }

    /// Asks the last part to go. The one before it has to wait: it may still be needed.
    pub(crate) async fn remove_last(&self, at: &PartContext<'_>) -> Result<(), CallError> {
        match self.next() {
            Some(left) if !left.is_going => left.part.kind().remove(at).await,
            _ => Ok(()),
        }
    }

    /// None while one is silent: the mark may be on it, or it may still need the others.
    fn next(&self) -> Option<&RemainingPart> {
        self.parts.last().filter(|_| self.silent.is_empty())
    }
}
