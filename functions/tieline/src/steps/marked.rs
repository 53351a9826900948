//! What carries a request's mark, whatever else is known of the request.

use crate::execution::Execution;
use crate::ids::RequestId;
use crate::outside::{Endpoint, EndpointFilter, Outside, Reply};
use crate::ownership::{Owner, is_closing};
use crate::result::Left;

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

/// The endpoints of ours that carry the id, with whatever parameters and in whatever state, the ones that are alive first.
pub(super) async fn marked(outside: &Outside<'_>, owner: &Owner) -> Reply<Vec<Endpoint>> {
    let key = owner.request_tag();
    let filter = EndpointFilter {
        tag_key: Some(&key),
        ..EndpointFilter::default()
    };
    let mut found = outside.ec2.endpoints(&filter).await?;
    found.retain(|one| owner.is_ours(&one.tags));
    found.sort_by_key(|one| one.state.is_dead());
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

    pub(super) fn left(&self) -> Left<'_> {
        Left {
            behind: &self.leaving,
            stands: self.stands,
        }
    }
}

/// Looks at what there is of a request of which no more is known than its id. Where that cannot be seen, all of it may be there.
pub(super) async fn standing(
    outside: &Outside<'_>,
    execution: &Execution,
    id: &RequestId,
) -> Standing {
    let owner = owner_by_id(outside, execution, id);
    let seen = match &owner {
        Some(owner) => marked(outside, owner)
            .await
            .ok()
            .map(|there| (owner, there)),
        None => None,
    };
    match seen {
        Some((owner, there)) => Standing::of(owner, &there),
        None => Standing {
            stands: false,
            leaving: vec![format!(
                "perhaps everything that {id} holds: it could not be looked at"
            )],
        },
    }
}
