//! Where the work goes from here. This is the one place that knows the order of the phases; it asks nobody and writes
//! nothing, so that every case can be held against a table.

use std::time::Duration;

use super::wait::SOON;
use super::{
    Decision, First, Half, Inventory, LONGEST_FOR_A_PERSON, LONGEST_POLL, NextState, Observed,
    PartsStatus, Then, wait_seconds,
};
use crate::endpoint::{EndpointPlan, differences};
use crate::execution::{Phase, Progress};
use crate::ids::{EndpointId, GroupId};
use crate::outside::{Endpoint, State};
use crate::ownership::Claim;
use crate::plan::Plan;
use crate::problem::{Code, Problem};
use crate::refusals;
use crate::time::{Limits, Time};

/// How often an endpoint that somebody else deletes meanwhile is created again.
const MAX_CREATES: u32 = 3;

/// After which share of its phase a mark that does not show is made again.
const AGAIN: u32 = 20;

/// How long after it was written a name may be missing (Route 53 API reference, `GetChange`: changes generally spread within
/// 60 seconds). Not every VPC that sees a zone has somebody who would notice.
const SPREADS: Duration = Duration::from_secs(60);

/// What a decision is made on, beside what was observed.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    pub plan: &'a Plan,
    pub progress: &'a Progress,
    pub now: Time,
    pub limits: &'a Limits,
}

/// Decides what comes next.
pub fn route(situation: &Situation<'_>, observed: &Observed) -> Decision {
    let then = if let Some(inventory) = &observed.inventory {
        situation.roll_back(inventory)
    } else if situation.progress.phase == Phase::RollBack {
        // A change is put back, and what was closed is opened again, by whoever does it, one look after the other.
        Then::Go(NextState::RollBack)
    } else {
        match &situation.plan.endpoint {
            Some(wanted) => return situation.connection(wanted, observed),
            None => situation.parts_only(observed),
        }
    };
    situation.stay(then)
}

impl Situation<'_> {
    fn stay(&self, then: Then) -> Decision {
        Decision {
            phase: self.progress.phase,
            then,
        }
    }

    pub(super) fn waited(&self) -> Duration {
        self.progress.waited(self.now)
    }

    pub(super) fn limit(&self) -> Duration {
        self.plan.phase_limit(self.progress.phase, self.limits)
    }

    /// What is wrong if the phase has lasted longer than it may, waiting for this.
    pub(crate) fn overdue(&self, what: &str) -> Option<Problem> {
        let waited = self.waited();
        (waited >= self.limit()).then(|| {
            Problem::new(
                Code::DeadlineExceeded,
                format!("{what}, after {} s", waited.as_secs()),
                "look at the endpoint in the VPC console, and send the event again; \
                 the parameter PhaseDeadlineSeconds of the stack says how long a phase may take",
            )
        })
    }

    /// Waits for something, unless the phase has lasted too long.
    pub(super) fn wait(&self, what: String) -> Then {
        match self.overdue(&what) {
            Some(problem) => Then::Fail(problem),
            None => self.pause(what),
        }
    }

    pub(super) fn pause(&self, what: String) -> Then {
        Then::Wait {
            seconds: wait_seconds(self.waited(), LONGEST_POLL),
            what,
        }
    }

    /// What parts that do not all work lead to; `None` if they do.
    fn unready(&self, parts: Option<&PartsStatus>, made_by: NextState) -> Option<Then> {
        Some(match parts? {
            PartsStatus::Ready(_) => return None,
            PartsStatus::ToMake => Then::Go(made_by),
            PartsStatus::Waiting(what) => self.wait(what.clone()),
            PartsStatus::Broken(problem) => Then::Fail(problem.clone()),
        })
    }

    /// An equal request that joined at the same moment may have written its own mark over it; or the look before it was written showed
    /// nothing to write it on.
    fn marks_again(&self) -> bool {
        self.waited() >= self.limit() / AGAIN && !self.is_over()
    }

    /// A connection that consists of other parts only.
    fn parts_only(&self, observed: &Observed) -> Then {
        if let Some(then) = self.unready(observed.parts.as_ref(), NextState::Create) {
            return then;
        }
        if !observed.lacks_mark() {
            return Then::Ready;
        }
        if self.progress.phase != Phase::Confirm || self.marks_again() {
            Then::Go(NextState::Confirm)
        } else {
            self.wait("the mark does not show yet".to_owned())
        }
    }

    /// A connection through an endpoint.
    fn connection(&self, wanted: &EndpointPlan, observed: &Observed) -> Decision {
        let Some(id) = &self.progress.endpoint else {
            return self.stay(Then::Go(NextState::Create));
        };
        let Some(endpoint) = &observed.endpoint else {
            return self.stay(self.wait(format!("EC2 does not show {id} yet")));
        };
        match endpoint.state {
            State::Deleting | State::Deleted => return self.vanished(id),
            State::Failed => return self.stay(dead(endpoint, Code::EndpointFailed)),
            State::Rejected => return self.stay(dead(endpoint, Code::EndpointRejected)),
            State::Expired => return self.stay(dead(endpoint, Code::EndpointExpired)),
            State::Available | State::Pending | State::PendingAcceptance | State::Unknown => {}
        }
        // What goes on at the vendor's side comes first: it may be what the endpoint waits for.
        let vendors_side = match &observed.parts {
            Some(PartsStatus::Waiting(what)) => Some(what),
            parts => {
                if let Some(then) = self.unready(parts.as_ref(), NextState::Create) {
                    return self.stay(then);
                }
                None
            }
        };
        let word = &endpoint.raw_state;
        match (endpoint.state, vendors_side) {
            (State::Available, None) => self
                .added(endpoint)
                .or_else(|| self.half(Half::Path, wanted, observed))
                .unwrap_or_else(|| self.accepted(self.available(wanted, endpoint, observed))),
            (State::PendingAcceptance, None) => self.unaccepted(wanted, id),
            (State::Available, Some(what)) => self.stay(self.wait(what.clone())),
            (State::Unknown, _) => self.stay(self.wait(format!(
                "{id} is in the state {word:?}, which is not documented"
            ))),
            (_, Some(what)) => self.stay(self.wait(format!("{id} is {word}, and {what}"))),
            (_, None) => self.accepted(Pending::Wait(format!("{id} is pending"))),
        }
    }

    /// What a change adds comes before anything is tried; none if it is there.
    fn added(&self, endpoint: &Endpoint) -> Option<Decision> {
        let (change, there, wanted) = self.plan.forms(self.progress.group.as_ref(), endpoint)?;
        let is_there = wanted.is_some_and(|wanted| there.lacks(&wanted, &change.zones).is_none());
        let then = Then::Go(NextState::Create);
        let phase = Phase::Change;
        (!is_there).then_some(Decision { phase, then })
    }

    /// What it leaves out goes once everything else works; none if it is gone.
    fn left_out(&self, endpoint: &Endpoint, observed: &Observed) -> Option<Decision> {
        let group = self.progress.group.as_ref();
        let (change, there, wanted) = self.plan.forms(group, endpoint)?;
        let wanted = wanted?;
        // The group of our own that it had is left until nothing has to be put back any more.
        let is_confirmed = self.plan.owner.is_confirmed_on(&endpoint.tags);
        let is_left = |group: &GroupId| is_confirmed && !wanted.groups.contains(group.as_str());
        let is_to_go = observed.exceeds()
            || !change.tags_on(&endpoint.tags).is_empty()
            || there.exceeds(&wanted).is_some()
            || group.is_some_and(is_left);
        let then = Then::Go(NextState::Narrow);
        let phase = Phase::Change;
        is_to_go.then_some(Decision { phase, then })
    }

    /// Whoever had to accept the endpoint has done so: it goes on being created.
    fn accepted(&self, pending: Pending) -> Decision {
        let mut progress = self.progress.clone();
        if progress.phase == Phase::Accept {
            progress.enter(Phase::Create, self.now);
        }
        let situation = Situation {
            progress: &progress,
            ..*self
        };
        let then = match pending {
            Pending::Wait(what) => situation.wait(what),
            Pending::Then(then) => then,
            Pending::Decided(decision) => return decision,
        };
        situation.stay(then)
    }

    /// Somebody has to accept the endpoint. Who it is was not our choice, so they get the request's time.
    fn unaccepted(&self, wanted: &EndpointPlan, id: &EndpointId) -> Decision {
        let what = format!("{id} waits for the service's owner to accept it");
        let Some(hours) = wanted.acceptance_hours else {
            return self.stay(self.wait(what));
        };
        let waited = match self.progress.phase {
            Phase::Accept => self.waited(),
            Phase::Check
            | Phase::Create
            | Phase::Change
            | Phase::VerifyPath
            | Phase::EnableDns
            | Phase::VerifyNames
            | Phase::Confirm
            | Phase::RollBack => Duration::ZERO,
        };
        let then = if waited >= Duration::from_secs(3600 * u64::from(hours)) {
            Then::Fail(Problem::new(
                Code::NotAccepted,
                format!(
                    "the owner of {} did not accept {id} within {hours} hours",
                    wanted.service
                ),
                "agree with the owner, and send the event again; acceptanceHours says how long they may take",
            ))
        } else {
            Then::AwaitAcceptance {
                seconds: wait_seconds(waited, LONGEST_FOR_A_PERSON),
                what,
            }
        };
        Decision {
            phase: Phase::Accept,
            then,
        }
    }

    /// The endpoint works: what is left to do, and is everything as planned?
    fn available(
        &self,
        wanted: &EndpointPlan,
        endpoint: &Endpoint,
        observed: &Observed,
    ) -> Pending {
        let owner = &self.plan.owner;
        let adopted = self.plan.is_adopted();
        if wanted.private_dns.is_some() && !endpoint.private_dns {
            return self.dns_missing(endpoint);
        }
        // What one differs in that is adopted, the plan says; what one does that is changed, goes at the end.
        let changes = self.plan.change.is_some();
        let mut differs = if adopted || changes {
            Vec::new()
        } else {
            differences(owner, wanted, endpoint)
        };
        if wanted.private_dns.is_none() && endpoint.private_dns && !adopted && !changes {
            differs.push("its private DNS is on".to_owned());
        }
        if !differs.is_empty() {
            return Pending::Then(Then::Fail(refusals::differing(
                &endpoint.id,
                true,
                &differs,
            )));
        }
        if let Some(PartsStatus::Waiting(what)) = &observed.names {
            return Pending::Wait(what.clone());
        }
        if let Some(then) = self.unready(observed.names.as_ref(), NextState::EnableDns) {
            return Pending::Then(then);
        }
        let soon = SPREADS.min(self.limit() / SOON);
        let spreads = |since: Time| self.now.since(since) < soon;
        if observed.names.is_some() && self.progress.named.is_some_and(spreads) {
            let what = "the servers of Route 53 to have the names of the private zone";
            return Pending::Wait(what.to_owned());
        }
        if owner.claim(&endpoint.tags) == Claim::Other {
            return Pending::Then(Then::Fail(refusals::conflict(endpoint.id.as_str())));
        }
        // The request's own tag is written once more when it is confirmed.
        let own = owner.request_tag();
        let missing = |key: &String| !endpoint.tags.contains_key(key) && *key != own;
        if let Some(key) = owner
            .tags_beside(&endpoint.tags)
            .into_keys()
            .find(missing)
            .filter(|_| !adopted && !changes)
        {
            return Pending::Wait(format!("the tag {key} does not show yet"));
        }
        if !wanted.shows_in(observed.interfaces.as_deref()) {
            let what = "a network interface of the endpoint does not show yet";
            return Pending::Wait(what.to_owned());
        }
        if let Some(decision) = self.half(Half::Names, wanted, observed) {
            return Pending::Decided(decision);
        }
        if let Some(decision) = self.left_out(endpoint, observed) {
            return Pending::Decided(decision);
        }
        if adopted {
            Pending::Then(Then::Ready)
        } else if self.progress.phase != Phase::Confirm {
            Pending::Then(Then::Go(NextState::Confirm))
        } else if owner.is_confirmed_on(&endpoint.tags) {
            Pending::Then(Then::Ready)
        } else if self.marks_again() {
            Pending::Then(Then::Go(NextState::Confirm))
        } else {
            Pending::Wait("the mark on the endpoint does not show yet".to_owned())
        }
    }

    /// Private DNS is wanted and off: it has to be ordered, or the order takes its time.
    fn dns_missing(&self, endpoint: &Endpoint) -> Pending {
        if self.plan.is_adopted() {
            let differs = ["private DNS is off".to_owned()];
            let problem = refusals::differing(&endpoint.id, false, &differs);
            return Pending::Then(Then::Fail(problem));
        }
        if !self.progress.dns_ordered {
            return Pending::Then(Then::Go(NextState::EnableDns));
        }
        let reason = endpoint.failure_reason.as_deref();
        let reason = reason.map(|text| format!(" ({text})")).unwrap_or_default();
        Pending::Wait(format!("private DNS is not on yet{reason}"))
    }

    fn vanished(&self, id: &EndpointId) -> Decision {
        let may_be_made = !self.plan.is_adopted() && self.plan.change.is_none();
        if self.progress.creates < MAX_CREATES && may_be_made {
            return Decision {
                phase: Phase::Create,
                then: Then::StartOver,
            };
        }
        self.stay(Then::Fail(Problem::new(
            Code::EndpointVanished,
            format!("{id} was deleted while it was being set up or changed"),
            "find out who deletes it (CloudTrail, DeleteVpcEndpoints), and send the event again",
        )))
    }

    /// Whether the endpoint waits for its names to go off and its parts to be removed first: for half of the phase, and for a quarter from
    /// when nobody can claim any more what goes, so that what was waited for before does not take it from them. The last quarter is
    /// for what goes all the same.
    pub(crate) fn is_patient(&self) -> bool {
        let (waited, limit) = (self.waited(), self.limit());
        let settled = self
            .progress
            .closing
            .map(|since| since + self.limits.settle);
        let is_new = |since: Time| self.now.since(since) < limit / 4;
        waited < limit / 2 || (settled.is_some_and(is_new) && waited < limit - limit / 4)
    }

    /// Whether the phase has lasted as long as it may.
    pub(crate) fn is_over(&self) -> bool {
        self.waited() >= self.limit()
    }

    /// Whether nothing is removed before another execution of an equal request has done its check, for a quarter of the phase.
    pub(crate) fn waits_for_check(&self, inventory: &Inventory) -> bool {
        let is_early = self.waited() < self.limit() / 4;
        inventory.is_one_checking && inventory.is_to_go() && is_early
    }

    fn roll_back(&self, inventory: &Inventory) -> Then {
        // Until everybody sees that this one has failed: that one may fail as well, and leave it to this one.
        let settles = self.waited() < self.limits.settle;
        if settles && inventory.is_left_to_another() && !self.is_over() {
            return self.pause("another execution of the same request to go on with it".to_owned());
        }
        if self.waits_for_check(inventory) {
            return self.pause(CHECKING.to_owned());
        }
        let is_known = inventory.is_accounted_for(self.plan, self.progress)
            || self.waited() >= self.limits.settle;
        if !inventory.is_to_go() && is_known {
            Then::RolledBack
        } else if self.is_over() {
            Then::GiveUp
        } else if inventory.wants_a_call(self.is_patient()) {
            Then::Go(NextState::RollBack)
        } else if let Some(seconds) = self.until_settled(inventory) {
            let what = still_there(inventory);
            Then::Wait { seconds, what }
        } else {
            self.pause(still_there(inventory))
        }
    }

    /// In how many seconds to look again where claims from before may still have to show: no look before that tells anything.
    fn until_settled(&self, inventory: &Inventory) -> Option<u64> {
        let settles = match inventory.first {
            First::Settle => self.progress.closing? + self.limits.settle,
            First::Nothing => inventory.parts.settles()?,
            First::Close | First::NamesOff(_) | First::NamesGoOff => return None,
        };
        let left = settles.0.checked_sub(self.now.0)?;
        Some(left.div_ceil(1000).clamp(1, LONGEST_POLL))
    }
}

/// What it waits for while an equal checks.
pub(crate) const CHECKING: &str = "another execution of the same request to have done its check";

/// What a roll back waits for.
pub(crate) fn still_there(inventory: &Inventory) -> String {
    if inventory.is_to_go() {
        format!("{} to be removed", inventory.left_over().join(" and "))
    } else {
        "making sure that no late answer left something behind".to_owned()
    }
}

/// What comes next, before it is known in which phase.
enum Pending {
    Wait(String),
    Then(Then),
    Decided(Decision),
}

fn dead(endpoint: &Endpoint, code: Code) -> Then {
    let (id, word) = (&endpoint.id, &endpoint.raw_state);
    let reason = endpoint.failure_reason.as_deref();
    let fix = if code == Code::EndpointRejected {
        "ask the service's owner to accept this account, and send the event again"
    } else {
        "put right what EC2 names, and send the event again"
    };
    let message = format!(
        "{id} is {word}: {}",
        reason.unwrap_or("EC2 gives no reason")
    );
    Then::Fail(Problem::new(code, message, fix))
}
