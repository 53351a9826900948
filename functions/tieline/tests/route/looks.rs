//! What looks can show, for the table.

use std::time::Duration;
use tieline::execution::Progress;
use tieline::outside::{Endpoint, Interface, State};
use tieline::plan::Plan;
use tieline::problem::{Code, Problem};
use tieline::time::{Limits, Time};
use tieline::workflow::{Decision, Observed, PartsStatus, Situation, StepInput, Then, route};

pub(crate) const LIMITS: Limits = Limits {
    phase: Duration::from_secs(1200),
    settle: Duration::from_secs(60),
    outage: Duration::from_secs(6 * 3600),
};

pub(crate) const STATES: [State; 9] = [
    State::Available,
    State::Pending,
    State::PendingAcceptance,
    State::Unknown,
    State::Deleting,
    State::Deleted,
    State::Failed,
    State::Rejected,
    State::Expired,
];

const STARTED: Time = Time(1_790_000_000_000);

/// What the functions are sent for one of `events/`.
pub(crate) fn sent(case: &str) -> (Plan, Progress) {
    let path = format!("{}/../../events/{case}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let input = StepInput::read(serde_json::from_str(&text).unwrap()).unwrap();
    let mut progress = input.progress.unwrap();
    progress.since = STARTED;
    (input.plan.unwrap(), progress)
}

/// Everything as planned, and confirmed.
pub(crate) fn endpoint(plan: &Plan, progress: &Progress) -> Endpoint {
    let wanted = plan.endpoint.as_ref().unwrap();
    let mut tags = plan.owner.all_tags();
    tags.extend(plan.owner.confirmation(""));
    let ids = match &wanted.groups {
        tieline::endpoint::Groups::Named { ids } => ids.iter().map(ToString::to_string).collect(),
        tieline::endpoint::Groups::Own { .. } | tieline::endpoint::Groups::Unchanged => Vec::new(),
    };
    Endpoint {
        id: progress.endpoint.clone().unwrap(),
        vpc: wanted.vpc_id.to_string(),
        service: wanted.service.clone(),
        is_interface: true,
        state: State::Available,
        raw_state: "available".to_owned(),
        private_dns: wanted.private_dns.is_some(),
        inbound_only: false,
        addressing: None,
        subnet_ids: wanted.subnets().iter().map(ToString::to_string).collect(),
        group_ids: ids,
        interface_ids: vec!["eni-1".to_owned()],
        dns_names: vec!["vpce-1.example".to_owned()],
        dns_zone: None,
        policy: None,
        tags,
        created: None,
        failure_reason: None,
    }
}

fn interfaces(plan: &Plan) -> Vec<Interface> {
    let wanted = plan.endpoint.as_ref().unwrap();
    let interface = |subnet: &tieline::ids::SubnetId| Interface {
        subnet_id: subnet.to_string(),
        id: "eni-1".to_owned(),
        private_ip: Some("10.0.0.1".to_owned()),
        ipv6: None,
        tags: tieline::outside::Tags::new(),
    };
    wanted.subnets().iter().map(interface).collect()
}

fn problem() -> Problem {
    Problem::new(Code::ProviderFailed, "it broke", "mend it")
}

pub(crate) fn statuses() -> [PartsStatus; 4] {
    [
        PartsStatus::Ready(Vec::new()),
        PartsStatus::ToMake,
        PartsStatus::Waiting("a part".to_owned()),
        PartsStatus::Broken(problem()),
    ]
}

/// A look that shows that all is done.
pub(crate) fn done(plan: &Plan, progress: &Progress) -> Observed {
    Observed {
        endpoint: Some(endpoint(plan, progress)),
        parts: Some(PartsStatus::Ready(Vec::new())),
        names: Some(PartsStatus::Ready(Vec::new())),
        interfaces: Some(interfaces(plan)),
        finding: None,
        inventory: None,
    }
}

pub(crate) fn decide(
    plan: &Plan,
    progress: &Progress,
    after: u64,
    observed: &Observed,
) -> Decision {
    let situation = Situation {
        plan,
        progress,
        now: Time(STARTED.0 + 1000 * after),
        limits: &LIMITS,
    };
    route(&situation, observed)
}

/// What a decision comes to, in a word.
pub(crate) fn word(then: &Then) -> String {
    let word = match then {
        Then::Go(next) => next.name(),
        Then::Verify(_) => "verify",
        Then::LeaveUntried(..) => "leave untried",
        Then::StartOver => "start over",
        Then::Wait { .. } => "wait",
        Then::AwaitAcceptance { .. } => "await acceptance",
        Then::Fail(problem) => return problem.code.to_string(),
        Then::Ready => "ready",
        Then::RolledBack => "rolled back",
        Then::GiveUp => "give up",
    };
    word.to_owned()
}
