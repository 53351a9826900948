//! Changes an endpoint in place: what is added comes first, what is left out goes once all of that works, and what does not work is
//! put back. One order of EC2's at a time.

use super::{equals, own_group, parts};
use crate::endpoint::{Form, Groups};
use crate::execution::Phase;
use crate::ids::EndpointId;
use crate::options::OnFailure;
use crate::outside::{CallError, Endpoint, EndpointChange, Reply, State};
use crate::ownership::CLOSING;
use crate::parts::Narrowed;
use crate::problem::{Code, Problem, Rejection};
use crate::refusals;
use crate::result::Left;
use crate::workflow::{NextState, StepError, StepOutput, StepResult, Work};

/// What came of adding.
pub(super) enum Added<'a> {
    /// Everything is there, as this look showed it.
    All(Box<Work<'a>>, Box<Endpoint>),
    NotYet(Box<StepOutput>),
}

/// Adds what a change adds.
pub(super) async fn add(mut work: Work<'_>) -> Result<Added<'_>, StepError> {
    let not_yet = |output| Ok(Added::NotYet(Box::new(output)));
    let (Some(id), Some(wanted)) = (work.progress.endpoint.clone(), &work.plan.endpoint) else {
        return not_yet(work.go(NextState::Poll));
    };
    let Some(endpoint) = super::look(work.outside, &id).await? else {
        return not_yet(work.wait(format!("EC2 does not show {id}")));
    };
    if work.is_claimed_by_another(&endpoint) {
        return not_yet(work.fail(refusals::conflict(id.as_str())));
    }
    if let Some(closer) = endpoint.tags.get(CLOSING).filter(|one| !one.is_empty()) {
        if equals::runs(work.outside, &work.execution, closer).await? {
            return not_yet(work.wait(format!("{id} is being let go of")));
        }
        // Whoever began to is gone.
        let open = [(CLOSING.to_owned(), String::new())].into();
        work.outside.ec2.tag(&id, &open).await?;
    }
    if let Groups::Own { name, cidrs } = &wanted.groups {
        let (outside, owner) = (work.outside, &work.plan.owner);
        let Some(group) = own_group::find(outside, owner, wanted).await? else {
            let made = outside
                .ec2
                .create_group(&wanted.new_group(owner, name))
                .await;
            return match made {
                Err(error) if !error.is_duplicate() => Err(error.into()),
                Ok(_) | Err(_) => not_yet(work.wait("the group of our own to show")),
            };
        };
        own_group::open_for(outside, &group, wanted, cidrs).await?;
        work.progress.group = Some(group.id);
    }
    let forms = work.plan.forms(work.progress.group.as_ref(), &endpoint);
    let lacks = forms.and_then(|(change, there, wanted)| there.lacks(&wanted?, &change.zones));
    match lacks {
        None => Ok(Added::All(Box::new(work), Box::new(endpoint))),
        Some(order) => not_yet(modify(work, &id, &order).await?),
    }
}

/// Takes away what a change leaves out.
pub(super) async fn narrow(mut work: Work<'_>) -> StepResult {
    work.enter(Phase::Change);
    let Some(id) = work.progress.endpoint.clone() else {
        return Ok(work.go(NextState::Poll));
    };
    let Some(endpoint) = super::look(work.outside, &id).await? else {
        return Ok(work.wait(format!("EC2 does not show {id}")));
    };
    let forms = work.plan.forms(work.progress.group.as_ref(), &endpoint);
    let forms = forms.and_then(|(change, there, wanted)| {
        let tags = change.tags_on(&endpoint.tags);
        Some((tags, there, wanted?))
    });
    let Some((tags, there, wanted)) = forms else {
        return Ok(work.go(NextState::Poll));
    };
    match parts::narrow(&work, Some(&endpoint)).await {
        Ok(Narrowed::Nothing) => {}
        // Until it shows everywhere, its names are still asked for.
        Ok(Narrowed::Ordered) => {
            work.progress.named = Some(work.now());
            return Ok(work.wait("what was just ordered to show"));
        }
        Ok(Narrowed::Refused(problem)) => return Ok(work.fail(problem)),
        Err(error) if error.is_busy() || error.is_missing() => {
            return Ok(work.wait(format!("a part of it cannot be changed yet ({error})")));
        }
        Err(error) => return Err(error.into()),
    }
    if let Some(order) = there.exceeds(&wanted) {
        // Somebody may have joined since it was checked; what gives them more, or back what they had, takes nothing.
        let gives_back = work.plan.owner.others_had(&endpoint.tags, &wanted.built());
        let takes = order.addressing.is_some() || (order.takes() && !gives_back);
        if takes && work.plan.owner.shares(&endpoint.tags) {
            let others = work.plan.owner.with_others(id.as_str(), &endpoint.tags);
            return Ok(work.fail(refusals::takes_from_others(&others)));
        }
        return Ok(modify(work, &id, &order).await?);
    }
    if !tags.is_empty() {
        work.outside.ec2.untag(&id, &tags).await?;
        return Ok(work.wait("tags to go"));
    }
    // The group of our own, which it had until now.
    let left = work.progress.group.take();
    if let Some(group) = left.filter(|group| !wanted.groups.contains(group.as_str())) {
        match work.outside.ec2.delete_group(&group).await {
            // EC2 takes a while to let go of it. It is not worth a failure.
            Err(error) if error.is_busy() && work.situation().is_patient() => {
                work.progress.group = Some(group);
                return Ok(work.wait("the group that it had to be let go of"));
            }
            Err(CallError::Refused { .. }) | Ok(()) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(work.go(NextState::Poll))
}

/// Gives an endpoint one order, and waits for it to show.
async fn modify(mut work: Work<'_>, id: &EndpointId, order: &EndpointChange) -> Reply<StepOutput> {
    match work.outside.ec2.modify_endpoint(id, order).await {
        Ok(()) => {
            // What was tried was let in by what goes now, perhaps: it is tried once more.
            let lets_in = !order.remove_groups.is_empty() || order.addressing.is_some();
            if lets_in && work.progress.path.is_some() && !work.progress.tried_again {
                work.progress.path = None;
                work.progress.tried_again = true;
            }
            Ok(work.wait("what was just ordered to show"))
        }
        // Somebody else's change is under way, or EC2 lags behind itself: the same step works later.
        Err(error) if error.is_busy() || error.is_missing() => {
            let what = format!("{id} cannot be changed yet ({error})");
            Ok(work.wait(what))
        }
        Err(error) => Err(error),
    }
}

/// Puts back what a change that failed has changed, and says why it failed.
pub(super) async fn put_back(mut work: Work<'_>) -> StepResult {
    if work.plan.endpoint.is_none() {
        return put_back_parts(work).await;
    }
    let (Some(id), Some(change)) = (work.progress.endpoint.clone(), work.plan.change.clone())
    else {
        return Ok(announce(work, false, Vec::new()));
    };
    let there = super::look(work.outside, &id).await?;
    let Some(endpoint) = there.filter(|one| !one.state.is_dead()) else {
        return Ok(announce(work, false, Vec::new()));
    };
    let owner = &work.plan.owner;
    let stands = owner.has_confirmed(&endpoint.tags);
    // It was confirmed after all, or somebody else has changed it since.
    let was_confirmed = owner.fingerprint_before.is_some() && owner.is_confirmed_on(&endpoint.tags);
    if was_confirmed || work.is_claimed_by_another(&endpoint) {
        return Ok(announce(work, stands, Vec::new()));
    }
    let form = Form::of(&endpoint);
    let forms = work.plan.forms(work.progress.group.as_ref(), &endpoint);
    let wanted = forms.and_then(|(_, _, wanted)| wanted);
    // What was added others may use by now.
    let keeps = owner.others_rely_on(&endpoint.tags, &form.built());
    let gives = change.gives_back(&form, wanted.as_ref());
    let takes = change.takes_back(&form, wanted.as_ref());
    let takes = takes.filter(|_| !keeps);
    let tags = change.tags_off(&endpoint.tags);
    let context = work.parts(Some(&endpoint));
    let part = parts::changed(&work.plan, &context).await?;
    let own = gives.is_some() || takes.is_some() || !tags.is_empty();
    let names = part.iter().map(|part| part.kind().name());
    let left = own.then(|| id.to_string()).into_iter().chain(names);
    let left: Vec<String> = left.map(|what| by_half(&what)).collect();
    if work.plan.on_failure == OnFailure::Keep || work.situation().is_over() {
        return Ok(announce(work, stands, left));
    }
    if endpoint.state != State::Available {
        return Ok(work.pause(format!("{id} to be available")));
    }
    // What it lacks comes back before the names that lead there, and names that were added go before what they lead to.
    if let Some(part) = part.filter(|_| gives.is_none()) {
        let (name, put_back) = (part.kind().name(), part.kind().put_back(&context).await);
        return Ok(ordered_back(work, put_back, &name, stands, left)?);
    }
    if !tags.is_empty() {
        let put_back = work.outside.ec2.tag(&id, &tags).await;
        return Ok(ordered_back(work, put_back, id.as_str(), stands, left)?);
    }
    if let Some(order) = gives.or(takes) {
        let put_back = work.outside.ec2.modify_endpoint(&id, &order).await;
        return Ok(ordered_back(work, put_back, id.as_str(), stands, left)?);
    }
    // The group that was made for it.
    let wanted = work.plan.endpoint.as_ref();
    if let Some(wanted) = wanted
        && let Some(group) = own_group::find(work.outside, &work.plan.owner, wanted).await?
        && !form.groups.contains(group.id.as_str())
    {
        match work.outside.ec2.delete_group(&group.id).await {
            Err(error) if !error.is_busy() => return Err(error.into()),
            Ok(()) | Err(_) => return Ok(work.pause("the group of our own to be let go of")),
        }
    }
    work.progress.group = None;
    Ok(announce(work, stands, Vec::new()))
}

/// The same of a connection without an endpoint.
async fn put_back_parts(work: Work<'_>) -> StepResult {
    let context = work.parts(None);
    let owner = &work.plan.owner;
    let marks = parts::marked(&work.plan.parts, &context).await?;
    let stands = marks.as_ref().is_some_and(|tags| owner.has_confirmed(tags));
    let is_confirmed = marks.is_some_and(|tags| owner.is_confirmed_on(&tags));
    let was_confirmed = owner.fingerprint_before.is_some() && is_confirmed;
    let part = parts::changed(&work.plan, &context).await?;
    let Some(part) = part.filter(|_| !was_confirmed) else {
        return Ok(announce(work, stands, Vec::new()));
    };
    let name = part.kind().name();
    if work.plan.on_failure == OnFailure::Keep || work.situation().is_over() {
        return Ok(announce(work, stands, vec![by_half(&name)]));
    }
    let put_back = part.kind().put_back(&context).await;
    let left = vec![by_half(&name)];
    Ok(ordered_back(work, put_back, &name, stands, left)?)
}

/// What comes of an order to put something back: another look, or that all of this is left as it is.
fn ordered_back(
    work: Work<'_>,
    ordered: Reply<()>,
    what: &str,
    stands: bool,
    left: Vec<String>,
) -> Reply<StepOutput> {
    match ordered {
        Err(error) if error.is_busy() || error.is_missing() => {
            Ok(work.pause(format!("{what} to take the next order ({error})")))
        }
        Err(CallError::Refused { .. }) => Ok(announce(work, stands, left)),
        Err(error) => Err(error),
        Ok(()) => Ok(work.pause(format!("{what} to be as it was"))),
    }
}

fn by_half(what: &str) -> String {
    format!("{what}, changed by half")
}

fn announce(mut work: Work<'_>, stands: bool, left: Vec<String>) -> StepOutput {
    if !left.is_empty() && work.plan.on_failure == OnFailure::RollBack {
        let what = left.join(", ");
        let failure = work.progress.failure.get_or_insert_with(Rejection::default);
        failure.problems.push(Problem::new(
            Code::RollBackIncomplete,
            format!("not everything could be put back: {what}"),
            "send the change again, or the request as it was as a change",
        ));
    }
    let left = Left {
        behind: &left,
        stands,
    };
    work.tell(left)
}
