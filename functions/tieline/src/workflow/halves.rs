//! What is tried before the names are on and before anybody is told, and for how long.

use super::wait::SOON;
use super::{Decision, Finding, Half, Observed, Situation, Then};
use crate::endpoint::EndpointPlan;
use crate::plan::Verifier;
use crate::problem::{Code, Problem};
use crate::refusals;

impl Situation<'_> {
    /// What is still to be done to try a half of the connection; none if that is over, or nobody can.
    pub(super) fn half(
        &self,
        half: Half,
        wanted: &EndpointPlan,
        observed: &Observed,
    ) -> Option<Decision> {
        let Verifier::Function { must, doubtful, .. } = self.plan.verifier else {
            return None;
        };
        if half.tried(self.progress).is_some() {
            return None;
        }
        let phase = half.phase();
        let mut progress = self.progress.clone();
        progress.enter(phase, self.now);
        let situation = Situation {
            progress: &progress,
            ..*self
        };
        let then = match &observed.finding {
            _ if !wanted.shows_in(observed.interfaces.as_deref()) => {
                situation.wait("a network interface of the endpoint does not show yet".to_owned())
            }
            None => Then::Verify(half),
            Some(finding) => situation.try_again(half, wanted, finding, (must, doubtful)),
        };
        Some(Decision { phase, then })
    }

    /// What works late is not wrong: EC2's changes take minutes to act after it shows them, and resolvers remember for as
    /// long as a phase lasts that there was no such name.
    fn try_again(
        &self,
        half: Half,
        wanted: &EndpointPlan,
        finding: &Finding,
        (must, doubtful): (bool, bool),
    ) -> Then {
        let (what, patience) = match finding {
            Finding::Wrong(problem) if half == Half::Names => (&problem.message, self.limit()),
            Finding::Wrong(problem) => (&problem.message, self.limit() / SOON),
            Finding::Unreached(why) => (why, self.limit() / SOON),
        };
        if self.waited() < patience {
            return self.pause(what.clone());
        }
        match finding {
            // The verifier may be one of those whom the groups are meant to keep out.
            Finding::Wrong(Problem {
                code: Code::PathClosed,
                ..
            }) if doubtful && !must => {
                let why = "the verifier did not get through, and may be one of those who are not to: the groups let in only a part of the VPC";
                Then::LeaveUntried(half, why.to_owned())
            }
            Finding::Wrong(problem) => Then::Fail(problem.clone()),
            Finding::Unreached(why) if must => {
                let (vpc, region) = (&wanted.vpc_id, &self.plan.owner.region);
                Then::Fail(refusals::no_verifier(why, vpc, region))
            }
            Finding::Unreached(why) => Then::LeaveUntried(half, why.clone()),
        }
    }
}
