//! What carries a request's mark, whatever else is known of the request.

use super::{find_context, parts};
use crate::execution::{EndedExecution, Execution};
use crate::ids::RequestId;
use crate::outside::{Endpoint, EndpointFilter, Outside, Reply};
use crate::ownership::{CLOSING, Owner, Ownership, is_closing, run_mark};
use crate::parts::{Condition, Part, PartContext, PartKind};
use crate::removal::Removal;
use crate::request::Request;
use crate::result::Left;
use crate::targets::{ConnectedThrough, Unresolved};

/// What is known of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked<'a> {
    Of(&'a Request),
    ById(&'a RequestId),
}

impl<'a> Asked<'a> {
    pub(super) fn by(removal: &'a Removal) -> Self {
        match removal {
            Removal::Of(request) => Self::Of(request),
            Removal::ById(asked) => Self::ById(&asked.request_id),
        }
    }

    pub(super) fn id(self) -> &'a RequestId {
        match self {
            Self::Of(request) => &request.request_id,
            Self::ById(id) => id,
        }
    }
}

/// The request as no more than its id.
pub(super) fn owner_by_id(
    outside: &Outside<'_>,
    execution: &Execution,
    id: &RequestId,
) -> Option<Owner> {
    let region = execution.region()?;
    let deployment = &outside.deployment.name;
    let account = execution.account();
    Some(Owner::by_id(
        id,
        &region,
        account,
        deployment,
        &execution.id,
    ))
}

/// How marks name everybody whose work an execution goes on with.
pub(super) fn goes_on_for(ended: &EndedExecution) -> Vec<String> {
    let all = ended.everybody().iter();
    all.map(|execution| run_mark(execution)).collect()
}

/// The endpoints of ours that carry the id, with whatever parameters and in whatever state, the ones that are alive first; then those
/// that somebody let go of for whom this execution goes on, and that do not carry it any more.
pub(super) async fn marked(outside: &Outside<'_>, owner: &Owner) -> Reply<Vec<Endpoint>> {
    let key = owner.request_tag();
    let mut found = with_tag(outside, owner, &key).await?;
    found.sort_by_key(|one| one.state.is_dead());
    if owner.goes_on_for.is_empty() {
        return Ok(found);
    }
    let mut let_go = with_tag(outside, owner, CLOSING).await?;
    let_go.retain(|one| {
        let is_known = found.iter().any(|known| known.id == one.id);
        owner.has_let_go(&one.tags) && !one.state.is_leaving() && !is_known
    });
    found.extend(let_go);
    Ok(found)
}

/// The endpoints of ours that have a tag of this key.
async fn with_tag(outside: &Outside<'_>, owner: &Owner, key: &str) -> Reply<Vec<Endpoint>> {
    let filter = EndpointFilter {
        tag_key: Some(key),
        ..EndpointFilter::default()
    };
    let mut found = outside.ec2.endpoints(&filter).await?;
    found.retain(|one| owner.is_ours(&one.tags));
    Ok(found)
}

/// What there is of a request that nothing more is done about.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Whether its connection stands.
    stands: bool,
    /// What somebody has begun to take away.
    leaving: Vec<String>,
}

impl Standing {
    pub(super) fn of(owner: &Owner, there: &[Endpoint]) -> Self {
        let alive = there.iter().filter(|one| !one.state.is_dead());
        let (leaving, whole): (Vec<&Endpoint>, Vec<&Endpoint>) =
            alive.partition(|one| is_closing(&one.tags));
        let is_confirmed = |one: &&Endpoint| {
            let owner = owner.clone().of_mark_on(&one.tags);
            owner.is_confirmed_on(&one.tags)
        };
        let names = leaving.iter().map(|one| {
            let id = &one.id;
            format!("{id} (it was being let go of: its names may be off)")
        });
        Self {
            stands: whole.iter().any(is_confirmed),
            leaving: names.collect(),
        }
    }

    /// The same of a part that would say that the connection is confirmed.
    async fn note(&mut self, part: &dyn PartKind, context: &PartContext<'_>) -> Reply<()> {
        let owner = context.owner;
        let tags = part.tags(context).await?;
        if !tags.is_some_and(|tags| owner.is_ours(&tags) && owner.has_confirmed(&tags)) {
            return Ok(());
        }
        match part.look(context).await?.condition {
            Condition::Going => self
                .leaving
                .push(format!("{} (it is being removed)", part.name())),
            Condition::Absent => {}
            Condition::Incomplete
            | Condition::Pending(_)
            | Condition::Ready
            | Condition::Broken(_) => self.stands = true,
        }
        Ok(())
    }

    pub(super) fn left(&self) -> Left<'_> {
        Left {
            behind: &self.leaving,
            stands: self.stands,
        }
    }
}

/// Looks at what there is of a request. Where that cannot be seen, all of it may be there.
pub(super) async fn standing(
    outside: &Outside<'_>,
    execution: &Execution,
    asked: Asked<'_>,
) -> Standing {
    match seen(outside, execution, asked).await {
        Ok(Some(standing)) => standing,
        Ok(None) | Err(_) => Standing {
            stands: false,
            leaving: vec![format!(
                "perhaps everything that {} holds: it could not be looked at",
                asked.id()
            )],
        },
    }
}

async fn seen(
    outside: &Outside<'_>,
    execution: &Execution,
    asked: Asked<'_>,
) -> Reply<Option<Standing>> {
    let Some(owner) = owner_by_id(outside, execution, asked.id()) else {
        return Ok(None);
    };
    let there = marked(outside, &owner).await?;
    let mut standing = Standing::of(&owner, &there);
    if let Asked::Of(request) = asked {
        let owner = request.owner(outside.deployment, execution.account(), "", &execution.id);
        let context = PartContext {
            removes: true,
            ..PartContext::of(outside, &owner)
        };
        for part in beside(outside, execution, request).await? {
            if part.kind().carries_mark() {
                standing.note(part.kind(), &context).await?;
            }
        }
    }
    Ok(Some(standing))
}

/// What a connection is made of whose mark is on no endpoint, and on something in AWS. What is made at vendors is not looked at: that
/// takes their keys, which may be what was refused.
async fn beside(
    outside: &Outside<'_>,
    execution: &Execution,
    request: &Request,
) -> Reply<Vec<Part>> {
    let target = &request.shape.target;
    if target.facts().connected_through != ConnectedThrough::Vpc {
        return Ok(Vec::new());
    }
    let context = find_context(outside, request, execution);
    match target.kind().made_of(&context, None).await {
        Ok(resolved) => Ok(resolved.parts),
        Err(Unresolved::Failed(error)) => Err(error),
        Err(Unresolved::NotYet(_) | Unresolved::Refused(_)) => Ok(Vec::new()),
    }
}

/// Whether a request is confirmed that has no endpoint which would say so, with its own parameters.
pub(super) async fn is_confirmed_without_endpoint(
    outside: &Outside<'_>,
    execution: &Execution,
    request: &Request,
) -> Reply<bool> {
    let parts = beside(outside, execution, request).await?;
    let owner = request.owner(outside.deployment, execution.account(), "", &execution.id);
    let tags = parts::marked(&parts, &PartContext::of(outside, &owner)).await?;
    Ok(tags.is_some_and(|tags| owner.of_tags(&tags) == Ownership::Confirmed))
}
