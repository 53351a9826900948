//! Takes the inventory of what a roll back has to remove.

use super::equals::{self, Equals};
use super::own_group;
use crate::outside::{CallError, Endpoint, EndpointFilter, Reply, State};
use crate::ownership::{CLOSING, Ownership};
use crate::parts::{Condition, PartContext, Stays};
use crate::workflow::{Disposition, First, Inventory, Remaining, RemainingPart, StayingPart, Work};

/// Finds what this request holds and what nobody holds any more, and the group of our own if nobody needs it.
pub(super) async fn take(work: &Work<'_>) -> Reply<Inventory> {
    let patient = work.situation().is_patient();
    let Some(wanted) = &work.plan.endpoint else {
        // Before the things: one that confirms meanwhile is seen on them.
        let equals = equals::look(work, &[]).await?;
        let left = remaining(work, &work.parts(None), patient).await?;
        return Ok(Inventory {
            parts: of_nobody_else(left, &equals),
            is_one_checking: equals.is_one_checking,
            ..Inventory::default()
        });
    };
    let filter = EndpointFilter::of(&wanted.service, &wanted.vpc_id);
    let all = work.outside.ec2.endpoints(&filter).await?;
    let owner = &work.plan.owner;
    let makers = all.iter().filter_map(|one| owner.maker(&one.tags));
    let equals = equals::look(work, &makers.map(str::to_owned).collect::<Vec<_>>()).await?;
    let mut all = work.outside.ec2.endpoints(&filter).await?;
    // A look may show less than there is: what is known counts as gone where two show nothing of it.
    let known = work.progress.endpoint.as_ref();
    if let Some(id) = known.filter(|id| !all.iter().any(|one| one.id == **id)) {
        all.extend(super::look(work.outside, id).await?);
    }
    let (held, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|endpoint| work.holds(endpoint));
    let mut endpoints = Vec::new();
    for endpoint in held {
        let mut disposition = disposition(work, &endpoint, &equals);
        // Two that overwrite each other's word for it would never come to an end.
        if disposition == Disposition::Closes && is_closed_by_another(work, &endpoint).await? {
            disposition = Disposition::IsGoing;
        }
        endpoints.push((endpoint, disposition));
    }
    let staying = endpoints.iter().filter(|(_, disposition)| {
        matches!(
            disposition,
            Disposition::Stays
                | Disposition::IsAnothers
                | Disposition::LosesTags
                | Disposition::Reopens
        )
    });
    let alive = |endpoint: &&Endpoint| endpoint.state != State::Deleted;
    let needed: Vec<&String> = staying
        .map(|(endpoint, _)| endpoint)
        .chain(others.iter().filter(alive))
        .flat_map(|endpoint| &endpoint.group_ids)
        .collect();
    let removed = work.progress.group.as_ref();
    let mut groups = own_group::find_all(work.outside, owner, wanted)
        .await?
        .into_iter()
        .filter(|group| !needed.iter().any(|id| *id == group.id.as_str()))
        .filter(|group| !own_group::is_made_since(wanted, group, removed));
    let group = groups.next();
    // An equal that is at work is about to give it to an endpoint.
    let (group, anothers) = match equals.is_one_at_work() {
        true => (None, group),
        false => (group, None),
    };
    let lent = others
        .into_iter()
        .find(|endpoint| work.progress.endpoint.as_ref() == Some(&endpoint.id));
    let mut inventory = Inventory {
        first: first(work, &endpoints),
        parts: Remaining::default(),
        endpoints,
        lent,
        group,
        is_one_checking: equals.is_one_checking,
    };
    // Parts stay with an endpoint that stays.
    let stays = |(_, disposition): &(Endpoint, Disposition)| {
        matches!(disposition, Disposition::Stays | Disposition::IsAnothers)
    };
    if !inventory.endpoints.iter().any(stays) {
        let context = context(work, &inventory);
        inventory.parts = of_nobody_else(remaining(work, &context, patient).await?, &equals);
    }
    let anothers = anothers.map(|group| group.id.to_string());
    inventory.parts.anothers.extend(anothers);
    Ok(inventory)
}

/// The same without what another execution of an equal request goes on with: its parts say no execution. What is an
/// endpoint's own goes with it.
fn of_nobody_else(left: Remaining, equals: &Equals) -> Remaining {
    if !equals.is_one_at_work() {
        return left;
    }
    let (own, anothers): (Vec<_>, Vec<_>) = left
        .parts
        .into_iter()
        .partition(|left| left.part.kind().is_of_endpoint());
    let names = anothers.iter().map(|left| left.part.kind().name());
    Remaining {
        anothers: names.collect(),
        parts: own,
        ..Remaining::default()
    }
}

/// What the parts need to know while they are removed.
pub(super) fn context<'a>(work: &'a Work<'_>, inventory: &'a Inventory) -> PartContext<'a> {
    PartContext {
        endpoint_id: inventory.endpoint_id(&work.progress),
        ..work.parts(inventory.endpoint())
    }
}

fn disposition(work: &Work<'_>, endpoint: &Endpoint, equals: &Equals) -> Disposition {
    let (owner, tags) = (&work.plan.owner, &endpoint.tags);
    match endpoint.state {
        State::Deleted => return Disposition::IsGone,
        State::Deleting => return Disposition::IsGoing,
        State::PendingAcceptance
        | State::Pending
        | State::Available
        | State::Rejected
        | State::Expired
        | State::Failed
        | State::Unknown => {}
    }
    // Perhaps another run of the same request announced it.
    if owner.is_confirmed_on(tags) && !work.removes() {
        return Disposition::Stays;
    }
    let shared = owner.shares(tags);
    // A step whose answer was lost says it once more.
    if owner.closes(tags) && work.progress.closing.is_some() {
        // An equal that does not know it yet waits for it to go.
        let is_used = equals.uses(&endpoint.id);
        return match (work.has_settled(), shared || is_used) {
            (false, _) => Disposition::IsClosing,
            (true, true) => Disposition::Reopens,
            (true, false) => Disposition::IsDeleted,
        };
    }
    if !endpoint.state.is_dead() && equals.may_use(&endpoint.id) {
        return Disposition::IsAnothers;
    }
    match shared {
        true => Disposition::LosesTags,
        // Nobody claims one that is dead.
        false if endpoint.state.is_dead() || owner.closer.is_empty() => Disposition::IsDeleted,
        false => Disposition::Closes,
    }
}

/// Nobody may come to hold what goes, and no name may lead there any more. What a roll back takes has no names in most cases, and then
/// nobody has to wait for that.
fn first(work: &Work<'_>, endpoints: &[(Endpoint, Disposition)]) -> First {
    // One that is going, and is not dead, is closed by another execution, which turns its names off.
    let goes_with_names = |(endpoint, disposition): &(Endpoint, Disposition)| {
        let goes = matches!(
            disposition,
            Disposition::Closes
                | Disposition::IsClosing
                | Disposition::IsDeleted
                | Disposition::IsGoing
        );
        goes && !endpoint.state.is_dead() && is_named(work, endpoint)
    };
    if !work.removes() && !endpoints.iter().any(goes_with_names) {
        return First::Nothing;
    }
    let has = |wanted: Disposition| endpoints.iter().any(|(_, one)| *one == wanted);
    // Another execution lets go of it, and does all of this.
    let is_anothers = |(endpoint, disposition): &(Endpoint, Disposition)| {
        *disposition == Disposition::IsGoing && endpoint.state != State::Deleting
    };
    if has(Disposition::Closes) {
        return First::Close;
    } else if has(Disposition::IsClosing) || endpoints.iter().any(is_anothers) {
        return First::Settle;
    }
    let mut named = endpoints.iter().filter(|(endpoint, disposition)| {
        let is_alive = !endpoint.state.is_dead();
        *disposition == Disposition::IsDeleted && is_alive && is_named(work, endpoint)
    });
    match named.next() {
        None => First::Nothing,
        Some((endpoint, _)) if work.progress.has_names_off(&endpoint.id) => First::NamesGoOff,
        Some((endpoint, _)) => First::NamesOff(endpoint.id.clone()),
    }
}

/// Whether an endpoint has private DNS, or is perhaps about to: what was ordered on a moment ago does not show yet, also where no answer
/// came.
fn is_named(work: &Work<'_>, endpoint: &Endpoint) -> bool {
    let progress = &work.progress;
    let is_ordered = progress.dns_asked || progress.dns_ordered;
    let is_ordered = is_ordered && progress.endpoint.as_ref() == Some(&endpoint.id);
    endpoint.private_dns || (is_ordered && !progress.has_names_off(&endpoint.id))
}

/// Whether another execution, which runs, lets go of an endpoint.
async fn is_closed_by_another(work: &Work<'_>, endpoint: &Endpoint) -> Reply<bool> {
    let owner = &work.plan.owner;
    match endpoint.tags.get(CLOSING) {
        Some(closer) if !closer.is_empty() && *closer != owner.closer => {
            equals::runs(work.outside, &work.execution, closer).await
        }
        _ => Ok(false),
    }
}

/// The parts of this request's making that are still there, in the order in which they were made; none if the request is
/// marked as ready on one of them, which then is said by its name.
///
/// # Errors
///
/// [`CallError::Throttled`] and [`CallError::Unavailable`], and only to those who are patient: the service is asked again later.
/// What else keeps a part from being seen is in the answer, because it must not keep the rest from being removed.
async fn remaining(work: &Work<'_>, context: &PartContext<'_>, patient: bool) -> Reply<Remaining> {
    let plan = &work.plan;
    let mut left = Remaining::default();
    let (mut whole, mut foreign) = (true, plan.is_adopted());
    for part in &plan.parts {
        let kind = part.kind();
        if !left.silent.is_empty() {
            // One silent service takes long enough, and nothing is removed before everything was seen.
            left.silent.push(kind.name());
            continue;
        }
        let seen = match kind.look(context).await {
            Ok(seen) => seen,
            Err(error @ (CallError::Throttled { .. } | CallError::Unavailable { .. }))
                if patient =>
            {
                return Err(error);
            }
            Err(error) => {
                let what = format!("{} ({error})", kind.name());
                match error {
                    CallError::Refused { .. } => {
                        left.may_be_marked |= kind.carries_mark();
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
        whole &= seen.condition == Condition::Ready;
        let is_told = seen.stays.is_some();
        let staying = |words| StayingPart {
            name: kind.name(),
            words,
        };
        match seen.stays {
            Some(Stays::WithOthers(words)) => left.stays.push(staying(words)),
            Some(Stays::LeftBehind(words)) => left.behind.push(staying(words)),
            None => {}
        }
        match (seen.ownership, seen.condition) {
            (Ownership::Others, _) => {
                foreign = true;
                if !is_told {
                    let words = format!("{} (what is there is not this request's)", kind.name());
                    left.foreign.push(staying(words));
                }
            }
            (_, Condition::Absent) => {}
            (Ownership::Confirmed, _) if !work.removes() => left.confirmed = Some(kind.name()),
            (Ownership::Ours | Ownership::Confirmed, condition) => left.parts.push(RemainingPart {
                part: part.clone(),
                is_going: condition == Condition::Going,
                settles: seen.settles,
                goes: seen.goes.unwrap_or_else(|| vec![kind.name()]),
            }),
        }
    }
    // What is adopted carries no mark. If everything works, another run of the request may have announced it.
    if whole && foreign && plan.owner.adopt && !left.parts.is_empty() && !work.removes() {
        left.confirmed = Some(plan.target.kind().name());
    }
    if left.confirmed.is_some() {
        return Ok(Remaining {
            confirmed: left.confirmed,
            ..Remaining::default()
        });
    }
    if left.may_be_marked && !work.removes() {
        // Perhaps another run announced the connection: better something stays than that this is taken away.
        let names = left.parts.drain(..).map(|left| left.part.kind().name());
        left.unseen.extend(names);
    }
    Ok(left)
}
