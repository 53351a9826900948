//! What undo has to remove: everything that this request made, as EC2 and the vendors show it now.

use crate::error::CallError;
use crate::ids::EndpointId;
use crate::outside::{Endpoint, EndpointFilter, Group, Outside};
use crate::parts::PartContext;
use crate::plan::{Claim, Plan, claim, is_ours, is_ready, requests};
use crate::progress::Progress;
use crate::state::State;
use crate::steps::parts::{self, Remaining};

/// What is to become of an endpoint that carries this request's tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disposition {
    /// It is marked as ready, by this or by another run of the request.
    Stays,
    /// Other requests hold it.
    LosesTags,
    /// It goes.
    IsDeleted,
    /// It is going already.
    IsGoing,
    /// It is gone.
    IsGone,
}

/// What this request made, as EC2 shows it now.
pub(super) struct Inventory {
    /// What else the connection is made of. It goes first, the last made part before the others.
    pub(super) parts: Remaining,
    pub(super) endpoints: Vec<(Endpoint, Disposition)>,
    /// The endpoint that the request had and that does not carry its tags: adopted, or lent by other requests.
    pub(super) lent: Option<Endpoint>,
    pub(super) group: Option<Group>,
}

/// Whether the endpoint waits for its parts to go first.
pub(super) fn is_patient(outside: &Outside<'_>, plan: &Plan, progress: &Progress) -> bool {
    let waited = outside.clock.now().since(progress.since);
    waited < plan.phase_limit(progress.phase, &outside.limits) / 2
}

/// Finds what this request holds and what nobody holds any more, and the group of our own if nobody needs it.
pub(super) async fn made(
    outside: &Outside<'_>,
    plan: &Plan,
    progress: &Progress,
) -> Result<Inventory, CallError> {
    let Some(wanted) = &plan.endpoint else {
        return Ok(Inventory {
            parts: parts::left(
                &PartContext {
                    outside,
                    plan,
                    endpoint: None,
                    endpoint_id: None,
                },
                is_patient(outside, plan, progress),
            )
            .await?,
            endpoints: Vec::new(),
            lent: None,
            group: None,
        });
    };
    let which = EndpointFilter {
        vpc: Some(&wanted.vpc_id),
        service: Some(&wanted.service),
        ..EndpointFilter::default()
    };
    // Two requests that fail together both leave the endpoint to the other: then nobody holds it.
    let is_held = |endpoint: &Endpoint| match claim(plan, endpoint) {
        Claim::Ours => true,
        Claim::Other => false,
        Claim::None => requests(endpoint).next().is_none(),
    };
    let all = outside.ec2.endpoints(&which).await?;
    let (held, others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|endpoint| is_ours(endpoint) && is_held(endpoint));
    let with_fate = |endpoint: Endpoint| {
        let fate = fate(plan, &endpoint);
        (endpoint, fate)
    };
    let endpoints: Vec<_> = held.into_iter().map(with_fate).collect();
    let staying = endpoints
        .iter()
        .filter(|(_, fate)| matches!(fate, Disposition::Stays | Disposition::LosesTags));
    let needed: Vec<&String> = staying
        .map(|(endpoint, _)| endpoint)
        .chain(
            others
                .iter()
                .filter(|endpoint| endpoint.state != State::Deleted),
        )
        .flat_map(|endpoint| &endpoint.group_ids)
        .collect();
    let group = super::own_group(outside, wanted)
        .await?
        .filter(|group| !needed.iter().any(|id| *id == group.id.as_str()));
    let lent = others
        .into_iter()
        .find(|endpoint| progress.endpoint.as_ref() == Some(&endpoint.id));
    let mut made = Inventory {
        parts: Remaining::default(),
        endpoints,
        lent,
        group,
    };
    if !plan.parts.is_empty() {
        made.parts = parts_left(outside, plan, progress, &made).await?;
    }
    Ok(made)
}

/// What is left of the parts. They stay with an endpoint that stays.
async fn parts_left(
    outside: &Outside<'_>,
    plan: &Plan,
    progress: &Progress,
    made: &Inventory,
) -> Result<Remaining, CallError> {
    if made
        .endpoints
        .iter()
        .any(|(_, fate)| *fate == Disposition::Stays)
    {
        return Ok(Remaining::default());
    }
    let at = PartContext {
        outside,
        plan,
        endpoint: made.endpoint(),
        endpoint_id: made.endpoint_id(progress),
    };
    parts::left(&at, is_patient(outside, plan, progress)).await
}

fn fate(plan: &Plan, endpoint: &Endpoint) -> Disposition {
    let marked = endpoint
        .tags
        .get(&plan.request_tag())
        .is_some_and(|value| is_ready(value));
    let others = requests(endpoint).any(|(request, _)| request != plan.request_id.as_str());
    match endpoint.state {
        State::Deleted => Disposition::IsGone,
        State::Deleting => Disposition::IsGoing,
        // Perhaps another run of the same request announced it.
        _ if marked => Disposition::Stays,
        _ if others => Disposition::LosesTags,
        State::PendingAcceptance
        | State::Pending
        | State::Available
        | State::Rejected
        | State::Expired
        | State::Failed
        | State::Unknown => Disposition::IsDeleted,
    }
}

impl Inventory {
    /// The endpoint that this request's parts belong to: the one that is alive, or the last one that was.
    pub(super) fn endpoint(&self) -> Option<&Endpoint> {
        let alive = |(_, fate): &&(Endpoint, Disposition)| {
            !matches!(fate, Disposition::IsGone | Disposition::IsGoing)
        };
        let one = self.endpoints.iter().find(alive);
        let last = self.endpoints.last();
        one.map(|(endpoint, _)| endpoint)
            .or(self.lent.as_ref())
            .or(last.map(|(endpoint, _)| endpoint))
    }

    /// The id of that endpoint, also when EC2 does not show it any more.
    pub(super) fn endpoint_id<'a>(&'a self, progress: &'a Progress) -> Option<&'a EndpointId> {
        let shown = self.endpoint().map(|endpoint| &endpoint.id);
        shown.or(progress.endpoint.as_ref())
    }

    /// What is still there, for a person to read.
    pub(super) fn left_over(&self) -> Vec<String> {
        let endpoints = self
            .endpoints
            .iter()
            .filter_map(|(endpoint, fate)| match fate {
                Disposition::Stays => Some(format!(
                    "{} (it was marked as ready: it stays until it is removed)",
                    endpoint.id
                )),
                Disposition::LosesTags | Disposition::IsDeleted | Disposition::IsGoing => {
                    Some(endpoint.id.to_string())
                }
                Disposition::IsGone => None,
            });
        let kept =
            self.parts.kept.iter().map(|name| {
                format!("{name} (it was marked as ready: it stays until it is removed)")
            });
        let unseen = self
            .parts
            .unseen
            .iter()
            .chain(&self.parts.silent)
            .map(|what| format!("perhaps {what}"));
        self.parts
            .names()
            .chain(kept)
            .chain(unseen)
            .chain(endpoints)
            .chain(self.group.iter().map(|group| group.id.to_string()))
            .collect()
    }

    pub(super) fn is_to_go(&self) -> bool {
        let goes = |fate: &Disposition| {
            matches!(
                fate,
                Disposition::LosesTags | Disposition::IsDeleted | Disposition::IsGoing
            )
        };
        self.parts.is_to_go()
            || self.group.is_some()
            || self.endpoints.iter().any(|(_, fate)| goes(fate))
    }

    pub(super) fn endpoints_are_gone(&self) -> bool {
        self.endpoints
            .iter()
            .all(|(_, fate)| matches!(fate, Disposition::IsGone | Disposition::Stays))
    }

    pub(super) fn wants_a_call(&self, patient: bool) -> bool {
        if self.parts.wants_a_call() {
            return true;
        }
        if self.parts.is_to_go() && patient {
            return false;
        }
        self.endpoints
            .iter()
            .any(|(_, fate)| matches!(fate, Disposition::LosesTags | Disposition::IsDeleted))
            || (self.group.is_some() && self.endpoints_are_gone())
    }

    /// Whether the endpoint that the run asked for last was seen, so that no late answer can bring another.
    pub(super) fn is_accounted_for(&self, plan: &Plan, progress: &Progress) -> bool {
        let seen = |id: &EndpointId| {
            self.endpoints
                .iter()
                .any(|(endpoint, _)| endpoint.id == *id)
        };
        plan.is_adopted() || progress.endpoint.as_ref().is_some_and(seen)
    }
}
