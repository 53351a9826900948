//! A step's work on a plan, and the ways in which it can end.

use std::time::Duration;

use super::{LONGEST_POLL, NextState, Situation, StepOutput, wait_seconds};
use crate::execution::{Execution, Phase, Progress};
use crate::outside::{Endpoint, Outside};
use crate::ownership::{Claim, Ownership};
use crate::parts::PartContext;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::result::{Failed, Left, ResultDetail, ResultEvent};
use crate::time::Time;

/// A plan that a step works on.
#[derive(Debug, Clone)]
pub struct Work<'a> {
    pub outside: &'a Outside<'a>,
    pub execution: Execution,
    pub plan: Plan,
    pub progress: Progress,
}

impl Work<'_> {
    pub fn now(&self) -> Time {
        self.outside.clock.now()
    }

    /// How long the phase has lasted.
    pub fn waited(&self) -> Duration {
        self.progress.waited(self.now())
    }

    pub fn enter(&mut self, phase: Phase) {
        let now = self.now();
        self.progress.enter(phase, now);
    }

    /// What a decision is made on now, beside what was observed.
    pub fn situation(&self) -> Situation<'_> {
        self.situation_at(self.now())
    }

    /// The same at another time.
    pub fn situation_at(&self, now: Time) -> Situation<'_> {
        Situation {
            plan: &self.plan,
            progress: &self.progress,
            now,
            limits: &self.outside.limits,
        }
    }

    /// What the plan's parts need to know, with the endpoint as the last look showed it.
    pub fn parts<'b>(&'b self, endpoint: Option<&'b Endpoint>) -> PartContext<'b> {
        PartContext {
            outside: self.outside,
            owner: &self.plan.owner,
            wanted: self.plan.endpoint.as_ref(),
            endpoint,
            endpoint_id: endpoint.map(|endpoint| &endpoint.id),
            removes: self.removes(),
            change: self.plan.change.as_ref(),
        }
    }

    /// Whether an endpoint carries this request's id with other parameters.
    pub fn is_claimed_by_another(&self, endpoint: &Endpoint) -> bool {
        self.plan.owner.claim(&endpoint.tags) == Claim::Other
    }

    /// Whether an endpoint is this request's, or was until this execution let go of it, or one that it goes on for.
    pub fn holds(&self, endpoint: &Endpoint) -> bool {
        let owner = &self.plan.owner;
        owner.of_tags(&endpoint.tags) != Ownership::Others
            || (owner.is_ours(&endpoint.tags) && owner.has_let_go(&endpoint.tags))
    }

    /// Whether so much time has passed since this execution began to let go that every call from before shows.
    pub fn has_settled(&self) -> bool {
        let since = self.progress.closing;
        since.is_some_and(|since| self.now().since(since) >= self.outside.limits.settle)
    }

    /// Whether a connection is removed, and not made.
    pub fn removes(&self) -> bool {
        self.progress.removal.is_some()
    }

    /// Whether nothing of it goes: what a removal has closed that was stopped is opened again.
    pub fn reopens(&self) -> bool {
        let removal = self.progress.removal.as_ref();
        removal.is_some_and(|removal| removal.reopens)
    }

    /// Goes on to a state.
    pub fn go(self, next: NextState) -> StepOutput {
        let is_removal = next == NextState::RollBack && self.removes();
        let next = if is_removal { NextState::Remove } else { next };
        StepOutput {
            plan: Some(self.plan),
            ..StepOutput::to(next, self.execution, self.progress)
        }
    }

    /// Waits for something, or fails if the phase has lasted too long.
    pub fn wait(self, what: impl Into<String>) -> StepOutput {
        let what = what.into();
        match self.situation().overdue(&what) {
            Some(problem) => self.fail(problem),
            None => self.pause(what),
        }
    }

    /// Waits for something, however long it takes.
    pub fn pause(self, what: impl Into<String>) -> StepOutput {
        let seconds = wait_seconds(self.waited(), LONGEST_POLL);
        self.wait_for(seconds, what)
    }

    /// Waits for so many seconds.
    pub fn wait_for(self, seconds: u64, what: impl Into<String>) -> StepOutput {
        StepOutput {
            wait_seconds: Some(seconds),
            waiting_for: Some(what.into()),
            ..self.go(NextState::Wait)
        }
    }

    /// Gives up: what was made is removed, and the reason is announced.
    pub fn fail(mut self, problem: Problem) -> StepOutput {
        self.progress.failure = Some(problem.into());
        self.go(NextState::RollBack)
    }

    /// Says that it failed and why, and what is left.
    pub fn tell(mut self, left: Left<'_>) -> StepOutput {
        let now = self.now();
        self.progress.close(now);
        let why = self.progress.failure.clone().unwrap_or_default();
        let id = Some(&self.plan.owner.request_id);
        let event = Failed::of(&why, left, id, &self.progress, &self.execution, now).event();
        let next = NextState::of_failure(&self.progress);
        self.announce(next, event)
    }

    /// Ends, or pauses, with an event.
    pub fn announce(self, next: NextState, event: ResultEvent) -> StepOutput {
        StepOutput {
            result: Some(event),
            ..self.go(next)
        }
    }
}
