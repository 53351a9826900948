//! How preflight ends: with the plan, or with what stands in its way.

use serde_json::Value;

use crate::execution::{Execution, Progress};
use crate::ids::RequestId;
use crate::outside::Outside;
use crate::plan::Plan;
use crate::problem::{Problem, Rejection};
use crate::request;
use crate::result::{Failed, Left, Planned, ResultDetail};
use crate::steps::marked::{Asked, standing};
use crate::steps::runs::Works;
use crate::workflow::{LONGEST_POLL, NextState, StepOutput, Work, wait_seconds};

/// How preflight ends.
pub(super) struct Answer<'a> {
    pub(super) outside: &'a Outside<'a>,
    pub(super) execution: Execution,
    pub(super) progress: Progress,
}

impl<'a> Answer<'a> {
    pub(super) fn new(
        outside: &'a Outside<'a>,
        execution: Execution,
        progress: Option<Progress>,
        asked: &Value,
    ) -> Self {
        let mut progress = progress.unwrap_or_else(|| Progress::begin(&execution));
        progress.event_id = request::event_id(asked);
        Self {
            outside,
            execution,
            progress,
        }
    }

    pub(super) fn work(self, plan: Plan) -> Work<'a> {
        Work {
            outside: self.outside,
            execution: self.execution,
            plan,
            progress: self.progress,
        }
    }

    /// A dry run ends with the plan.
    pub(super) fn planned(self, plan: Plan) -> StepOutput {
        let mut work = self.work(plan);
        let now = work.now();
        work.progress.close(now);
        let event = Planned::of(&work.plan, &work.progress, &work.execution, now).event();
        work.announce(NextState::AnnouncePlan, event)
    }

    pub(super) fn refuse(
        mut self,
        problems: Vec<Problem>,
        left: Left<'_>,
        id: Option<&RequestId>,
    ) -> StepOutput {
        let now = self.outside.clock.now();
        self.progress.close(now);
        let rejection = Rejection { problems };
        let (progress, execution) = (&self.progress, &self.execution);
        let event = Failed::of(&rejection, left, id, progress, execution, now).event();
        let next = NextState::of_failure(progress);
        StepOutput {
            result: Some(event),
            ..StepOutput::to(next, self.execution, self.progress)
        }
    }

    /// The same where a connection may stand: what carries the id says so.
    pub(super) async fn refuse_as_it_stands(
        self,
        problems: Vec<Problem>,
        asked: Asked<'_>,
    ) -> StepOutput {
        let there = standing(self.outside, &self.execution, asked).await;
        self.refuse(problems, there.left(), Some(asked.id()))
    }

    /// What stands in the way passes: wait for it, unless it has taken too long already, or somebody only asks.
    pub(super) async fn not_yet(
        self,
        problem: Problem,
        asked: Asked<'_>,
        only_asks: bool,
    ) -> StepOutput {
        let waited = self.progress.waited(self.outside.clock.now());
        if only_asks || waited >= self.outside.limits.phase {
            return self.refuse_as_it_stands(vec![problem], asked).await;
        }
        self.wait(problem.message)
    }

    /// The same where somebody works on the request. Where that is not known yet because so many run, also who only asks waits until they
    /// are looked at: it is Step Functions that asks for the time.
    pub(super) async fn not_yet_for(
        self,
        works: &Works,
        problem: Problem,
        asked: Asked<'_>,
        only_asks: bool,
    ) -> StepOutput {
        let waited = self.progress.waited(self.outside.clock.now());
        if works.is_later() && waited < self.outside.limits.outage {
            return self.wait(problem.message);
        }
        self.not_yet(problem, asked, only_asks).await
    }

    /// Has the request read anew, later.
    pub(super) fn wait(self, what: String) -> StepOutput {
        let waited = self.progress.waited(self.outside.clock.now());
        StepOutput {
            wait_seconds: Some(wait_seconds(waited, LONGEST_POLL)),
            waiting_for: Some(what),
            ..StepOutput::to(NextState::WaitForTarget, self.execution, self.progress)
        }
    }
}
