//! Whatever goes wrong at a vendor, at DMS or at Route 53: one result, and either a whole connection or nothing.

#![expect(clippy::unwrap_used, reason = "a test panics")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;
use tests::{
    ATTEMPTS, Broken, Ended, KINDS, Simulated, Stage, assert_connected, code, detail, everything,
    everything_now, play, request, writes,
};
use world::gate::{Call, Fault, FaultKind};
use world::{World, scenario};

const TARGETS: [&str; 4] = [
    "tidb-cloud-dedicated",
    "tidb-cloud-to-confluent",
    "dms-tidb-cloud",
    "endpoint-service-private-zone",
];

/// Every action of a calm run, and how often it is called.
async fn actions(name: &str) -> BTreeMap<String, u32> {
    let (_, calm) = play("default", request(name)).await;
    let mut counts = BTreeMap::new();
    // A vendor's challenge to log in is not a call that a fault could meet.
    let world = calm.world();
    for call in world.calls().iter().filter(|call| call.outcome == "ok") {
        *counts.entry(call.action.clone()).or_insert(0) += 1;
    }
    counts
}

/// Whether this kind of fault is played at this action: every third at a write, every sixth at a look, and what is final. `-p proof`
/// has all.
fn is_played(action: &str, which: usize, kind: usize) -> bool {
    let is_look = ["Describe", "Get", "List"]
        .iter()
        .any(|word| action.starts_with(word));
    let every = if is_look { 6 } else { 3 };
    KINDS[kind] == FaultKind::AccessDenied || (which + kind).is_multiple_of(every)
}

async fn run(name: &str, fault: Option<Fault>, broken: Option<Broken>, what: &str) -> Ended {
    let mut world = scenario::world("default");
    let before = everything_now(&world);
    let action = fault.as_ref().map_or("", |fault| &fault.action).to_owned();
    if let Some(fault) = fault {
        world.add_fault(fault);
    }
    let mut stage = Stage::on(Simulated::impatient(world));
    stage.start(request(name), broken);
    let ended = stage.run().await.remove(0);
    check(&ended, stage.outside(), &before, &action, what);
    ended
}

/// What EC2 is asked while something is removed: without these, its things have to stay.
const EC2_UNDO: [&str; 5] = [
    "CreateTags", // that nobody is to claim it any more
    "DescribeVpcEndpoints",
    "DescribeSecurityGroups",
    "DeleteVpcEndpoints",
    "DeleteSecurityGroup",
];

/// Everything once, or nothing; or what is left is named in the result. Whatever a vendor does, nothing of EC2's is left.
fn check(ended: &Ended, outside: &Simulated, before: &BTreeSet<String>, action: &str, what: &str) {
    let after = everything(&mut outside.world());
    let made: Vec<&String> = after.difference(before).collect();
    let of_ec2 = |one: &&&String| one.starts_with("endpoint ") || one.starts_with("group ");
    let is_marked = detail(ended)["leftBehind"]
        .to_string()
        .contains("marked as ready");
    if ended.status != "SUCCEEDED" && !is_marked && !EC2_UNDO.contains(&action) {
        let left: Vec<_> = made.iter().filter(of_ec2).collect();
        assert!(left.is_empty(), "{what}: {left:?}: {}", detail(ended));
    }
    if ended.status == "SUCCEEDED" {
        let kinds: BTreeSet<&str> = made
            .iter()
            .map(|one| one.rsplit_once(' ').unwrap().0)
            .collect();
        assert_eq!(made.len(), kinds.len(), "{what}: {made:?}");
    } else {
        let named = !detail(ended)["leftBehind"].as_array().unwrap().is_empty();
        assert!(
            made.is_empty() || named,
            "{what}: {made:?}: {}",
            detail(ended)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_action_ends_in_a_whole_connection_or_in_nothing() {
    for name in TARGETS {
        for (which, (action, count)) in actions(name).await.into_iter().enumerate() {
            let turns: BTreeSet<u32> = [1, 2, count]
                .into_iter()
                .filter(|nth| *nth <= count)
                .collect();
            for (at, kind) in KINDS.into_iter().enumerate() {
                let is_final = kind == FaultKind::AccessDenied;
                let strikes = |nth: &&u32| match **nth {
                    1 => is_played(&action, which, at),
                    nth => (nth as usize + which) % KINDS.len() == at,
                };
                for nth in turns.iter().filter(strikes) {
                    let what = format!("{name}: {kind:?} at {action} {nth}");
                    let ended = run(name, Some(Fault::nth(&action, *nth, kind)), None, &what).await;

                    // A refused permission is final, but for a look that only knows earlier what AWS would say later;
                    // everything else passes. The zones of a VPC are needed where a zone of our own is made.
                    // Whoever may not see whether a removal runs waits, and looks again.
                    let never_needed = [
                        "ListExecutions",
                        "DescribeDhcpOptions",
                        "DescribeNetworkAcls",
                        "DescribeRouteTables",
                        "GetServiceQuota",
                    ];
                    let optional = never_needed.contains(&action.as_str())
                        || (action == "ListHostedZonesByVPC" && !name.contains("private-zone"));
                    assert_eq!(
                        ended.status == "SUCCEEDED",
                        !is_final || optional,
                        "{what}: {}",
                        detail(&ended)
                    );
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_stays_ends_in_nothing_but_a_reason() {
    for name in TARGETS {
        for (which, action) in actions(name).await.into_keys().enumerate() {
            let kinds = KINDS.into_iter().enumerate();
            for (_, kind) in kinds.filter(|(at, _)| is_played(&action, which, *at)) {
                let what = format!("{name}: {kind:?} at every {action}");
                let ended = run(name, Some(Fault::on(&action, kind)), None, &what).await;

                assert_ne!(code(&ended), "STEP_FAILED", "{what}: {}", detail(&ended));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn any_step_whose_answer_is_lost_is_repeated_without_harm() {
    for name in TARGETS {
        let (calm, _) = play("default", request(name)).await;
        for invocation in 1..=calm.invoked.len() {
            let broken = Broken {
                invocation,
                times: 1,
            };
            let what = format!("{name}: {broken:?}");
            let ended = run(name, None, Some(broken), &what).await;

            assert_eq!(ended.status, "SUCCEEDED", "{what}: {}", detail(&ended));
        }
    }
}

/// The time from the first call of one action to the first of another, in milliseconds.
fn between(outside: &Simulated, from: &str, to: &str) -> u64 {
    let world = outside.world();
    let first = |action: &str| {
        let mut calls = world.calls().iter();
        calls.find(|call| call.action == action).unwrap().at
    };
    first(to).saturating_sub(first(from))
}

#[tokio::test(start_paused = true)]
async fn what_a_vendor_does_not_remove_keeps_nothing_of_ec2_and_is_named() {
    let cases = [
        (
            "tidb-cloud-dedicated",
            "ModifyVpcEndpoint",
            ["DeletePrivateEndpointConnection", "endpoint connection"],
        ),
        (
            "endpoint-service-private-zone",
            "ChangeResourceRecordSets",
            ["DeleteHostedZone", "zone"],
        ),
    ];
    for (name, breaks, [removes, left]) in cases {
        for kind in KINDS {
            let what = format!("{name}: {kind:?} at {removes}");
            let mut world = scenario::world("default");
            let before = everything_now(&world);
            world.add_fault(Fault::on(breaks, FaultKind::AccessDenied));
            world.add_fault(Fault::on(removes, kind));
            let mut stage = Stage::on(Simulated::impatient(world));
            stage.start(request(name), None);
            let ended = stage.run().await.remove(0);

            check(&ended, stage.outside(), &before, removes, &what);
            let result = detail(&ended);
            assert_eq!(result["code"], "PERMISSION_DENIED", "{what}: {result}");
            let after = everything(&mut stage.outside().world());
            let stays = after.difference(&before).count() > 0;
            let named = result["leftBehind"].to_string().contains(left);
            assert_eq!(stays, named, "{what}: {result}");
            let reason = result["problems"].to_string();
            assert_eq!(
                reason.contains("UNDO_INCOMPLETE"),
                stays,
                "{what}: {result}"
            );
            assert!(!stays || reason.contains(removes), "{what}: {result}");
            let waited = between(stage.outside(), removes, "DeleteVpcEndpoints");
            // In milliseconds: at once after a refusal, but for the time in which nobody may claim it any more; half a phase
            // for one that is silent.
            match (stays, kind == FaultKind::AccessDenied) {
                (true, true) => assert!(waited < 60_000 + 180_000, "{what}: {waited}"),
                (true, false) => assert!(waited >= 400_000, "{what}: {waited}"),
                (false, refused) => assert!(!refused && waited >= 5_000, "{what}: {waited}"),
            }
        }
    }
}

/// Whether names lead to an endpoint of ours that goes, or that TiDB Cloud lets nobody through to.
fn leads_nowhere(world: &World) -> bool {
    let state = world.state();
    let mut ours = state
        .endpoints
        .iter()
        .filter(|one| one.tags.iter().any(|tag| tag.key == "tieline:managed"));
    ours.any(|one| {
        let goes = one.state.starts_with("delet") || state.registrations.is_empty();
        one.private_dns_enabled && goes
    })
}

/// EC2 takes the order to turn private DNS on, does not show it yet, and refuses the look that follows; also where its answer is lost.
#[tokio::test(start_paused = true)]
async fn names_that_were_ordered_on_a_moment_ago_go_off_before_what_they_lead_to() {
    for is_lost in [false, true] {
        let mut world = scenario::world("default");
        let before = everything_now(&world);
        if is_lost {
            // Longer than until the step is tried again.
            world.timing().visible_after = Duration::from_secs(60);
            world.add_fault(Fault {
                count: Some(ATTEMPTS),
                ..Fault::once("ModifyVpcEndpoint", FaultKind::LostAnswer)
            });
        }
        world.add_fault(Fault {
            after: Some("ModifyVpcEndpoint".to_owned()),
            ..Fault::once("DescribeVpcEndpoints", FaultKind::AccessDenied)
        });
        let mut stage = Stage::on(Simulated::on(world));
        stage.outside().watch(|world| {
            assert!(!leads_nowhere(world), "{:#?}", world.calls().last());
        });
        stage.start(request("tidb-cloud-dedicated"), None);
        let ended = stage.run().await.remove(0);

        let said = detail(&ended);
        assert_eq!(code(&ended), "PERMISSION_DENIED", "{is_lost}: {said:#}");
        assert_eq!(said["leftBehind"], json!([]), "{is_lost}: {said:#}");
        {
            let world = stage.outside().world();
            let orders: Vec<&Call> = world.writes().collect();
            let off = orders.iter().position(|call| {
                call.action == "ModifyVpcEndpoint" && call.parameters["PrivateDnsEnabled"] == false
            });
            let at = |action: &str| orders.iter().position(|call| call.action == action);
            for goes in ["DeletePrivateEndpointConnection", "DeleteVpcEndpoints"] {
                assert!(off.is_some() && off < at(goes), "{goes}: {orders:#?}");
            }
        }
        assert_eq!(everything(&mut stage.outside().world()), before);
    }
}

/// A mark is written on what a look shows: if that shows nothing, it is written later, and what works is not given up.
#[tokio::test(start_paused = true)]
async fn a_look_that_shows_nothing_when_the_mark_is_written_undoes_nothing() {
    for name in ["dms-tidb-cloud", "tidb-cloud-to-confluent"] {
        let (_, calm) = play("default", request(name)).await;
        let answered: Vec<String> = {
            let world = calm.world();
            let calls = world.calls().iter();
            calls.map(|call| call.action.clone()).collect()
        };
        let mark = {
            let world = calm.world();
            let last = world.writes().last().unwrap().action.clone();
            answered.iter().rposition(|action| *action == last).unwrap()
        };
        let looks = answered.iter().zip(1..).take(mark).skip(mark - 3);
        for (action, nth) in looks {
            let what = format!("{name}: nothing at {action} ({nth})");
            let empty = Fault::nth("*", nth, FaultKind::Empty);
            let ended = run(name, Some(empty), None, &what).await;

            assert_connected(&ended, &what);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_asks_for_time_is_left_alone_for_that_long() {
    let (ended, simulated) = play("tidb-throttled", request("tidb-cloud-dedicated")).await;

    assert_connected(&ended, "throttled");
    let world = simulated.world();
    let refused = world
        .calls()
        .iter()
        .filter(|call| call.outcome == "49900007");
    // Two minutes of storm, and a vendor that counts by the minute.
    assert!((1..=4).contains(&refused.count()), "{:?}", ended.invoked);
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_asks_for_time_again_and_again_is_quoted_in_the_end() {
    let mut world = scenario::world("default");
    world.add_fault(Fault::on("GetDedicatedCluster", FaultKind::Throttle));
    let mut stage = Stage::on(Simulated::impatient(world));
    stage.start(request("tidb-cloud-dedicated"), None);
    let ended = stage.run().await.remove(0);

    assert_eq!(code(&ended), "SERVICE_UNAVAILABLE", "{}", detail(&ended));
    let said = detail(&ended)["message"].to_string();
    assert!(said.contains("HTTP 429 49900007"), "{said}");
    assert!(said.contains("X-Debug-Trace-Id"), "{said}");
    assert_eq!(writes(stage.outside()), [""; 0]);
}
