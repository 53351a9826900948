//! Looks at a plan's parts, makes them in order, and removes them in the opposite order.

use serde_json::{Map, Value};

use crate::error::CallError;
use crate::outside::{Endpoint, Outside};
use crate::part::{At, Condition, Hold, Look, Part};
use crate::plan::Plan;
use crate::problem::Problem;
use crate::step::Next;

/// How the parts of a plan are that one state makes.
pub(crate) enum Stand {
    /// All of them work; this is what they say of themselves, and whether the request is marked on them.
    Ready(Vec<(Part, Look)>),
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
    state: Next,
) -> Result<Stand, CallError> {
    let at = At {
        outside,
        plan,
        endpoint,
        endpoint_id: endpoint.map(|endpoint| &endpoint.id),
    };
    let mut ready = Vec::new();
    for part in plan.parts.iter().filter(|part| part.made_by() == state) {
        let look = part.look(&at).await?;
        match look.condition {
            Condition::Ready => ready.push((part.clone(), look)),
            Condition::Absent | Condition::Incomplete => return Ok(Stand::ToMake),
            Condition::Pending(what) => return Ok(Stand::Waiting(what)),
            Condition::Going => {
                return Ok(Stand::Waiting(format!("{} is being removed", part.name())));
            }
            Condition::Broken(problem) => return Ok(Stand::Broken(problem)),
        }
    }
    Ok(Stand::Ready(ready))
}

/// Makes the first part that is not there. Whatever else is in the way, the poll says.
pub(crate) async fn make(
    outside: &Outside<'_>,
    plan: &Plan,
    endpoint: Option<&Endpoint>,
    state: Next,
) -> Result<(), CallError> {
    let at = At {
        outside,
        plan,
        endpoint,
        endpoint_id: endpoint.map(|endpoint| &endpoint.id),
    };
    for part in plan.parts.iter().filter(|part| part.made_by() == state) {
        match part.look(&at).await?.condition {
            Condition::Ready => {}
            Condition::Absent | Condition::Incomplete => return part.make(&at).await,
            Condition::Pending(_) | Condition::Going | Condition::Broken(_) => return Ok(()),
        }
    }
    Ok(())
}

/// Marks the request as ready on every part that carries a mark.
pub(crate) async fn mark(outside: &Outside<'_>, plan: &Plan) -> Result<(), CallError> {
    let at = At {
        outside,
        plan,
        endpoint: None,
        endpoint_id: None,
    };
    for part in plan.parts.iter().filter(|part| part.carries_mark()) {
        part.mark(&at).await?;
    }
    Ok(())
}

/// Whether one of the parts that carry marks does not show it yet.
pub(crate) fn lacks_mark(parts: &[(Part, Look)]) -> bool {
    parts
        .iter()
        .any(|(part, look)| part.carries_mark() && look.hold == Hold::Ours)
}

/// What the parts say of themselves, by the name of their kind.
pub(crate) fn facts(parts: &[(Part, Look)]) -> Map<String, Value> {
    let fact =
        |(part, look): &(Part, Look)| (part.kind().to_owned(), Value::Object(look.facts.clone()));
    parts.iter().map(fact).collect()
}

/// The parts of this request's making that are still there, in the order in which they were made; none if the request is
/// marked as ready on one of them, which then is said by its name.
pub(crate) async fn left(at: &At<'_>) -> Result<Left, CallError> {
    let mut left = Left::default();
    let (mut whole, mut foreign) = (true, at.plan.is_adopted());
    for part in &at.plan.parts {
        let look = match part.look(at).await {
            Ok(look) => look,
            // What this run may not look at any more must not keep it from removing the rest.
            Err(error) if error.credentials_problem().is_some() => {
                left.unseen.push(format!("{} ({error})", part.name()));
                continue;
            }
            Err(error) => return Err(error),
        };
        whole &= look.condition == Condition::Ready;
        match (look.hold, look.condition) {
            (Hold::Others, _) => foreign = true,
            (_, Condition::Absent) => {}
            (Hold::Kept, _) => left.kept = Some(part.name()),
            (Hold::Ours, condition) => left.parts.push(LeftPart {
                part: part.clone(),
                is_going: condition == Condition::Going,
            }),
        }
    }
    // What is adopted carries no mark. If everything works, another run of the request may have announced it.
    if whole && foreign && at.plan.adopt && !left.parts.is_empty() {
        left.kept = Some(at.plan.target.name());
    }
    if left.kept.is_some() {
        left.parts.clear();
    }
    Ok(left)
}

/// What is left of a plan's parts.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// What is to go, in the order in which it was made.
    pub(crate) parts: Vec<LeftPart>,
    /// The part on which the request is marked as ready.
    pub(crate) kept: Option<String>,
    /// What could not be looked at, and why.
    pub(crate) unseen: Vec<String>,
}

/// A part that is to go.
#[derive(Debug)]
pub(crate) struct LeftPart {
    part: Part,
    is_going: bool,
}

impl Left {
    /// What is left, for a person to read.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.parts.iter().map(|left| left.part.name())
    }

    /// Whether the next part to go has to be asked to.
    pub(crate) fn wants_a_call(&self) -> bool {
        self.parts.last().is_some_and(|left| !left.is_going)
    }

    /// Asks the last part to go. The one before it has to wait: it may still be needed.
    pub(crate) async fn remove_last(&self, at: &At<'_>) -> Result<(), CallError> {
        match self.parts.last() {
            Some(left) if !left.is_going => left.part.remove(at).await,
            _ => Ok(()),
        }
    }
}
