//! Lives that have names of their own: what people, owners and vendors do that no fault of a call is. Each says what has to come of
//! every event.
//!
//! What else has a name is elsewhere. Two things that meet (the same event at once, after success and on the next day; a change during
//! a create, a removal during a change, a request during a removal, two requests for one service, an abort at each moment):
//! [`crate::meetings`]. Accepted late, in the usual way: `tests/vendors.rs`; for a week: `tests/waiting.rs`. A vendor's key that is
//! refused for good during a removal: `tests/removal.rs`. Aborted at every call: `tests/endings.rs`. What is not ours is held bit by bit
//! against what it was before at the end of every life.

use world::gate::{Fault, FaultKind};
use world::model::endpoints::Decision;

use crate::cast::{Member, OPEN};
use crate::life::{Codes, Hand, Life, Step, Thing};
use crate::meetings::MOMENTS;
use crate::weather;

const HOUR: u64 = 3600;

/// The `acceptanceHours` of the event, in seconds.
const DEADLINE: u64 = 72 * HOUR;

const CONNECTED: Codes = &["CONNECTED"];
const REMOVED: Codes = &["REMOVED"];
const REJECTED: Codes = &["ENDPOINT_REJECTED"];
const QUOTA: Codes = &["ENDPOINT_QUOTA_REACHED"];

const REQUEST: Step = Step::Request { who: 0, form: 1 };
const OTHER_REQUEST: Step = Step::Request { who: 1, form: 1 };
const CHANGE: Step = Step::Change { who: 0, form: 2 };
const REMOVAL: Step = Step::Remove { who: 0, form: 1 };
const REJECT: Step = Step::Decide {
    who: 0,
    decision: Decision::Reject,
};

/// Every life that has a name of its own.
pub fn named_lives() -> impl Iterator<Item = Life> {
    let all = [
        decided(),
        rejected(),
        repeated(),
        full(),
        touched(),
        taken_away(),
        without_key(),
        redriven(),
        deployments(),
        mended(),
    ];
    // Each has its own order of calls.
    let all = all.into_iter().flatten();
    (1..).zip(all).map(|(seed, life)| Life { seed, ..life })
}

fn life(name: String, cast: &[Member], steps: Vec<Step>, outcomes: Vec<Codes>) -> Life {
    Life {
        name: format!("named/{name}"),
        seed: 0,
        cast: cast.to_vec(),
        steps,
        faults: Vec::new(),
        ends_well: false,
        outcomes,
    }
}

fn pass(seconds: u64) -> Step {
    Step::Pass { seconds }
}

fn orders() -> Member {
    Member::of("orders", "aurora-dsql")
}

fn partner() -> Member {
    Member::of("partner", "endpoint-service")
}

/// Something is changed by hand, and the request is sent as a change: alone on its endpoint, and with another one.
fn mended() -> Vec<Life> {
    let mut all = Vec::new();
    for hand in [Hand::Group, Hand::Subnet] {
        for sharers in [1, 2] {
            let cast = [Member::of("orders", OPEN), Member::of("billing", OPEN)];
            let requests = (0..sharers).map(|who| Step::Request { who, form: 1 });
            let mut steps: Vec<Step> = requests.flat_map(|one| [one, Step::Rest]).collect();
            let drift = Step::Drift { who: 0, hand };
            steps.extend([drift, Step::Check, CHANGE, Step::Rest, Step::Check]);
            let outcomes = vec![CONNECTED; sharers + 1];
            let name = format!("mended/{hand:?}/{sharers}").to_lowercase();
            all.push(life(name, &cast[..sharers], steps, outcomes));
        }
    }
    all
}

/// The owner decides about the connection request: never, late, or a little too late.
fn decided() -> Vec<Life> {
    let one = |name: String, decision, seconds, outcome: Codes| {
        let steps = vec![Step::Owner { decision, seconds }, REQUEST, Step::Rest];
        life(name, &[partner()], steps, vec![outcome])
    };
    let (accept, days) = (Decision::Accept, 24 * HOUR);
    let mut all = vec![
        one(
            "never-accepted".to_owned(),
            accept,
            30 * days,
            &["NOT_ACCEPTED"],
        ),
        one("accepted-late".to_owned(), accept, 5 * HOUR, CONNECTED),
        one(
            "rejected-late".to_owned(),
            Decision::Reject,
            5 * HOUR,
            REJECTED,
        ),
        one(
            "expired".to_owned(),
            Decision::Expire,
            5 * HOUR,
            &["ENDPOINT_EXPIRED"],
        ),
    ];
    // While a person has to decide, it is looked at every five minutes.
    for late in [0, 60, 150, 240, 300, 330, 400, 900] {
        let outcome: Codes = match late {
            900.. => &["NOT_ACCEPTED"],
            _ => &["NOT_ACCEPTED", "CONNECTED"],
        };
        let name = format!("accepted-after-the-deadline/{late}");
        all.push(one(name, accept, DEADLINE + late, outcome));
    }
    all
}

/// The owner refuses an endpoint at some moment, one that is announced as well.
fn rejected() -> Vec<Life> {
    let mut all = Vec::new();
    for target in ["endpoint-service", "endpoint-service-private-zone"] {
        let cast = [Member::of("partner", target)];
        let steps = vec![
            REQUEST,
            Step::Rest,
            REJECT,
            Step::Check,
            REMOVAL,
            Step::Rest,
        ];
        let name = format!("rejected-once-it-is-announced/{target}");
        all.push(life(name, &cast, steps, vec![CONNECTED, REMOVED]));
        for seconds in MOMENTS {
            let name = format!("rejected-during-request/{target}/{seconds}");
            let steps = vec![REQUEST, pass(seconds), REJECT, Step::Rest];
            let outcome: Codes = &["CONNECTED", "ENDPOINT_REJECTED"];
            all.push(life(name, &cast, steps, vec![outcome]));

            let name = format!("rejected-during-removal/{target}/{seconds}");
            let steps = vec![
                REQUEST,
                Step::Rest,
                REMOVAL,
                pass(seconds),
                REJECT,
                Step::Rest,
            ];
            all.push(life(name, &cast, steps, vec![CONNECTED, REMOVED]));
        }
    }
    all
}

/// The event of a request that failed comes again: at once, on the next day, and once what it failed by is over.
fn repeated() -> Vec<Life> {
    let owner = |decision| Step::Owner {
        decision,
        seconds: 60,
    };
    let steps = vec![
        owner(Decision::Reject),
        REQUEST,
        Step::Rest,
        Step::Again,
        Step::Rest,
        pass(24 * HOUR),
        Step::Again,
        Step::Rest,
        owner(Decision::Accept),
        Step::Again,
        Step::Rest,
    ];
    let outcomes = vec![REJECTED, REJECTED, REJECTED, CONNECTED];
    let rejected = life(
        "again-after-a-refusal".to_owned(),
        &[partner()],
        steps,
        outcomes,
    );
    let steps = vec![
        Step::Quota { more: 0 },
        REQUEST,
        Step::Rest,
        Step::Again,
        Step::Rest,
        Step::Quota { more: 1 },
        Step::Again,
        Step::Rest,
    ];
    let outcomes = vec![QUOTA, QUOTA, CONNECTED];
    let quota = life(
        "again-after-a-quota".to_owned(),
        &[orders()],
        steps,
        outcomes,
    );
    vec![rejected, quota]
}

/// There is no room for an endpoint, and two ask for one at the same time: each is told so, and none keeps the other from it by taking
/// away the group that the other one makes for it.
fn full() -> Vec<Life> {
    let mut all = Vec::new();
    for seconds in MOMENTS {
        for (name, second) in [("again", Step::Again), ("other", OTHER_REQUEST)] {
            let cast = [partner(), Member::of("reporting", "endpoint-service")];
            let full = Step::Quota { more: 0 };
            let steps = vec![full, REQUEST, pass(seconds), second, Step::Rest];
            let name = format!("no-room-for-two/{name}/{seconds}");
            all.push(life(name, &cast, steps, vec![QUOTA, QUOTA]));
        }
    }
    all
}

/// Somebody else has EC2 work on the endpoint: `available` goes back to `pending`.
fn touched() -> Vec<Life> {
    let deeds: [(&str, &[Step], Step, Codes); 3] = [
        ("request", &[], REQUEST, CONNECTED),
        ("change", &[REQUEST, Step::Rest], CHANGE, CONNECTED),
        ("removal", &[REQUEST, Step::Rest], REMOVAL, REMOVED),
    ];
    let mut all = Vec::new();
    for (name, before, deed, outcome) in deeds {
        for seconds in MOMENTS {
            let mut steps = before.to_vec();
            // Twice, as a person does who does not see at once that it is done.
            let touch = Step::Touch { who: 0 };
            steps.extend([deed, pass(seconds), touch, pass(35), touch, Step::Rest]);
            let mut outcomes = vec![outcome];
            if !before.is_empty() {
                outcomes.insert(0, CONNECTED);
            }
            let name = format!("pending-again-during-{name}/{seconds}");
            all.push(life(name, &[orders()], steps, outcomes));
        }
    }
    all
}

/// What a request needs goes between its check and the create, which is throttled for so long; or at another moment, when it may be in
/// use already.
fn taken_away() -> Vec<Life> {
    let things: [(&str, Thing, Codes); 4] = [
        (
            "subnet",
            Thing::Subnet(1),
            &["CONNECTED", "SUBNET_NOT_FOUND", "DEADLINE_EXCEEDED"],
        ),
        (
            "group",
            Thing::Group,
            &["CONNECTED", "SECURITY_GROUP_NOT_FOUND", "DEADLINE_EXCEEDED"],
        ),
        (
            "vpc",
            Thing::Vpc,
            &[
                "CONNECTED",
                "VPC_NOT_FOUND",
                "NO_COMMON_ZONE",
                "DEADLINE_EXCEEDED",
            ],
        ),
        (
            "cluster",
            Thing::Cluster,
            &["CONNECTED", "CLUSTER_NOT_FOUND"],
        ),
    ];
    let mut all = Vec::new();
    for seconds in [0, 1, 2, 3, 5, 8, 13, 20, 30, 60, 100] {
        for (name, thing, outcome) in things {
            let one = if thing == Thing::Vpc {
                Member::in_peer("orders", "aurora-dsql")
            } else {
                orders()
            };
            let steps = vec![REQUEST, pass(seconds), Step::Lose(thing), Step::Rest];
            let name = format!("{name}-deleted-during-request/{seconds}");
            all.push(slowly(life(name, &[one], steps, vec![outcome])));
        }
        let steps = vec![REQUEST, pass(seconds), Step::Quota { more: 0 }, Step::Rest];
        let outcome: Codes = &["CONNECTED", "ENDPOINT_QUOTA_REACHED"];
        let name = format!("quota-met-during-request/{seconds}");
        all.push(slowly(life(name, &[orders()], steps, vec![outcome])));

        let gone = Step::Lose(Thing::Subnet(2));
        let steps = vec![REQUEST, Step::Rest, CHANGE, pass(seconds), gone, Step::Rest];
        let outcome: Codes = &["CONNECTED", "SUBNET_NOT_FOUND", "DEADLINE_EXCEEDED"];
        let name = format!("subnet-deleted-during-change/{seconds}");
        all.push(life(name, &[orders()], steps, vec![CONNECTED, outcome]));
    }
    all
}

/// The create is throttled for some invocations, so that it is long after the check.
fn slowly(life: Life) -> Life {
    let throttled = weather::at("CreateVpcEndpoint", 1, (FaultKind::Throttle, 6));
    let faults: Vec<(usize, Fault)> = vec![(0, throttled)];
    Life { faults, ..life }
}

/// The vendor's key is revoked, or the secret that has it deleted, and a person puts that right some minutes later.
fn without_key() -> Vec<Life> {
    let lost: [(&str, Thing, Codes, Codes); 2] = [
        (
            "key-revoked",
            Thing::Keys,
            &["CONNECTED", "CREDENTIALS_REFUSED"],
            &["REMOVED", "CREDENTIALS_REFUSED", "UNDO_INCOMPLETE"],
        ),
        (
            "secret-deleted",
            Thing::Secret,
            &["CONNECTED", "SECRET_UNUSABLE"],
            &["REMOVED", "SECRET_UNUSABLE", "UNDO_INCOMPLETE"],
        ),
    ];
    let cast = [Member::of("reports", "tidb-cloud-dedicated")];
    let mut all = Vec::new();
    for (name, thing, made, removed) in lost {
        let meanwhile = |seconds| {
            let (lose, restore) = (Step::Lose(thing), Step::Restore(thing));
            [pass(seconds), lose, pass(200), restore, Step::Rest]
        };
        for seconds in MOMENTS {
            let mut steps = vec![REQUEST];
            steps.extend(meanwhile(seconds));
            let request = format!("{name}-during-request/{seconds}");
            all.push(life(request, &cast, steps, vec![made]));

            let mut steps = vec![REQUEST, Step::Rest, REMOVAL];
            steps.extend(meanwhile(seconds));
            let removal = format!("{name}-during-removal/{seconds}");
            all.push(life(removal, &cast, steps, vec![CONNECTED, removed]));
        }
    }
    all
}

/// An execution is stopped, or runs out of time, at each moment, and a person has it go on: before anybody else has heard of that,
/// while it is being cleaned up after, or once that is done.
fn redriven() -> Vec<Life> {
    let ended: Codes = &[
        "CONNECTED",
        "EXECUTION_ENDED",
        "ENDPOINT_VANISHED",
        "DEADLINE_EXCEEDED",
    ];
    let of_change: Codes = &["CONNECTED", "EXECUTION_ENDED"];
    let of_removal: Codes = &["REMOVED", "EXECUTION_ENDED"];
    let deeds: [(&str, &[Step], Step, [Codes; 2]); 3] = [
        ("request", &[], REQUEST, [CONNECTED, ended]),
        (
            "change",
            &[REQUEST, Step::Rest],
            CHANGE,
            [CONNECTED, of_change],
        ),
        (
            "removal",
            &[REQUEST, Step::Rest],
            REMOVAL,
            [REMOVED, of_removal],
        ),
    ];
    let when: [(&str, &[Step], usize); 4] = [
        ("redriven", &[pass(20)], 0),
        ("redriven-an-hour-later", &[pass(HOUR)], 0),
        ("redriven-during-cleanup", &[Step::Tell, pass(90)], 1),
        ("redriven-after-cleanup", &[Step::Rest], 1),
    ];
    let mut all = Vec::new();
    for (deed, before, step, outcomes) in deeds {
        for (at, seconds) in MOMENTS.into_iter().enumerate() {
            for (how, meanwhile, outcome) in when {
                let stop = [Step::Abort, Step::TimeOut][at % 2];
                let mut steps = before.to_vec();
                steps.extend([step, pass(seconds), stop]);
                steps.extend(meanwhile);
                steps.extend([Step::Redrive, Step::Rest]);
                let mut outcomes = vec![outcomes[outcome]];
                if !before.is_empty() {
                    outcomes.insert(0, CONNECTED);
                }
                let name = format!("{deed}-{how}/{seconds}");
                all.push(life(name, &[orders()], steps, outcomes));
            }
        }
    }
    all
}

/// Two deployments in one account, and the same id in both, for the same service.
fn deployments() -> Vec<Life> {
    let cast = [orders(), Member::elsewhere()];
    let of_other = Step::Request { who: 1, form: 0 };
    let all = MOMENTS.into_iter().map(|seconds| {
        let steps = vec![
            REQUEST,
            pass(seconds),
            of_other,
            pass(seconds),
            REMOVAL,
            Step::Rest,
        ];
        let outcomes = vec![CONNECTED, CONNECTED, REMOVED];
        life(format!("two-deployments/{seconds}"), &cast, steps, outcomes)
    });
    all.collect()
}
