//! Whatever goes wrong, wherever: one result, and either a whole connection or nothing.

#![expect(clippy::unwrap_used, reason = "a test panics")]

use serde_json::{Value, json};
use tests::{ATTEMPTS, Broken, Ended, KINDS, Seen, Simulated, Stage, TRIES, play, request};
use tieline::workflow::Function;
use world::gate::{Fault, FaultKind};
use world::scenario;

/// One result, and either everything or nothing; or what is left is named in the result.
fn check(ended: &Ended, outside: &Simulated, what: &str) {
    assert_eq!(ended.events.len(), 1, "{what}: {:?}", ended.events);
    let detail = &ended.events[0]["Detail"];
    let seen = Seen::at_last(&mut outside.world());
    match ended.status {
        "SUCCEEDED" => {
            let [endpoint] = seen.ours()[..] else {
                panic!("{what}: {:?}", seen.ours())
            };
            assert_eq!(endpoint.state, "available", "{what}");
            assert!(endpoint.private_dns_enabled, "{what}");
            assert_eq!(
                detail["endpoint"]["id"],
                endpoint.vpc_endpoint_id.as_str(),
                "{what}"
            );
        }
        "FAILED" => {
            let named = detail["leftBehind"].to_string();
            let left: Vec<&str> = seen
                .ours()
                .into_iter()
                .map(|one| one.vpc_endpoint_id.as_str())
                .collect();
            assert!(
                left.iter().all(|id| named.contains(id)),
                "{what}: {left:?} is left: {detail}"
            );
            assert!(
                !left.is_empty() || named != "[]" || seen.left().is_empty(),
                "{what}: {:?}: {detail}",
                seen.left()
            );
        }
        other => panic!("{what}: {other}"),
    }
}

/// Runs it, with something that goes wrong.
async fn run(input: &Value, fault: Option<Fault>, broken: Option<Broken>) -> (Ended, Simulated) {
    let mut world = scenario::world("default");
    if let Some(fault) = fault {
        world.add_fault(fault);
    }
    let mut stage = Stage::on(Simulated::impatient(world));
    stage.start(input.clone(), broken);
    (stage.run().await.remove(0), stage.outside().clone())
}

/// Looks that need not be allowed; whoever may not see whether a removal runs waits, and looks again.
const OPTIONAL: [&str; 6] = [
    "DescribeDhcpOptions",
    "DescribeNetworkAcls",
    "DescribeRouteTables",
    "GetServiceQuota",
    "ListExecutions",
    "ListHostedZonesByVPC",
];

#[tokio::test(start_paused = true)]
async fn any_fault_at_any_call_ends_in_a_whole_connection_or_in_nothing() {
    let input = request("aurora-dsql-minimal");
    let (_, calm) = play("default", input.clone()).await;
    let calls = u32::try_from(calm.world().calls().len()).unwrap();
    assert!(calls > 20, "{calls} calls");
    // Once, which the clients bridge, and as often as they try.
    for count in [1, ATTEMPTS] {
        for (at, kind) in KINDS.into_iter().enumerate() {
            // Nobody tries again what is not allowed.
            if kind == FaultKind::AccessDenied && count > 1 {
                continue;
            }
            // What clients bridge is one thing at each call, of the rest every second one; `-p proof` has all of them.
            let every = match (kind, count) {
                (FaultKind::AccessDenied, _) => 1,
                (_, 1) => KINDS.len(),
                _ => 2,
            };
            let strikes = |nth: &u32| (*nth as usize + at).is_multiple_of(every);
            for nth in (1..=calls).filter(strikes) {
                let what = format!("{count} times {kind:?} at call {nth}");
                let fault = Fault {
                    count: Some(count),
                    ..Fault::nth("*", nth, kind)
                };
                let (ended, outside) = run(&input, Some(fault), None).await;

                check(&ended, &outside, &what);
                // A refused permission is final, but for a look that only knows earlier what AWS would say later; everything
                // else passes.
                let struck = outside.world().calls()[nth as usize - 1].action.clone();
                assert_eq!(
                    ended.status == "SUCCEEDED",
                    kind != FaultKind::AccessDenied || OPTIONAL.contains(&struck.as_str()),
                    "{what}: {:?}",
                    ended.events
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_stays_ends_in_nothing_but_a_reason() {
    let input = request("aurora-dsql-minimal");
    for action in [
        "CreateVpcEndpoint",
        "ModifyVpcEndpoint",
        "CreateTags",
        "DescribeNetworkInterfaces",
        "AuthorizeSecurityGroupIngress",
    ] {
        for kind in KINDS {
            let what = format!("{kind:?} at every {action}");
            let (ended, outside) = run(&input, Some(Fault::on(action, kind)), None).await;

            check(&ended, &outside, &what);
            let code = ended.events[0]["Detail"]["code"].as_str().unwrap();
            assert!(!code.is_empty() && code != "STEP_FAILED", "{what}: {code}");
        }
    }
}

/// How many functions a calm run invokes, and which of them is the one that marks the endpoint.
async fn calm(input: &Value) -> (usize, usize) {
    let (ended, _) = run(input, None, None).await;
    let keep = ended
        .invoked
        .iter()
        .position(|state| state == "Confirm the connection");
    (ended.invoked.len(), 1 + keep.unwrap())
}

#[tokio::test(start_paused = true)]
async fn any_step_whose_answer_is_lost_is_repeated_without_harm() {
    for name in ["aurora-dsql", "aurora-dsql-minimal"] {
        let input = request(name);
        for invocation in 1..=calm(&input).await.0 {
            for times in [1, 3] {
                let broken = Broken { invocation, times };
                let (ended, outside) = run(&input, None, Some(broken)).await;

                assert_eq!(ended.status, "SUCCEEDED", "{broken:?}: {:?}", ended.events);
                check(&ended, &outside, &format!("{broken:?}"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_never_answers_is_undone_unless_the_endpoint_is_marked() {
    let input = request("aurora-dsql-minimal");
    let (invocations, keep) = calm(&input).await;
    for invocation in 1..=invocations {
        let broken = Broken {
            invocation,
            times: TRIES,
        };
        let (ended, outside) = run(&input, None, Some(broken)).await;

        let detail = &ended.events[0]["Detail"];
        assert_eq!(detail["code"], "STEP_FAILED", "{broken:?}");
        check(&ended, &outside, &format!("{broken:?}"));
        let left = detail["leftBehind"].as_array().unwrap().len();
        assert_eq!(left > 0, invocation >= keep, "{broken:?}: {detail}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_never_answers_again_still_ends_with_a_result() {
    let broken = Broken::for_good(3);
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start_broken_in(
        request("aurora-dsql-minimal"),
        broken,
        Function::StatusPolling,
    );

    let ended = stage.run().await.remove(0);

    let detail = &ended.events[0]["Detail"];
    assert_eq!(
        (ended.status, &detail["code"]),
        ("FAILED", &json!("STEP_FAILED")),
        "{detail}"
    );
    check(&ended, stage.outside(), "a poll that never answers");
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_never_answers_is_announced_with_the_reason() {
    let broken = Broken::for_good(1);
    let mut stage = Stage::on(Simulated::on(scenario::world("endpoint-fails")));
    stage.start_broken_in(request("aurora-dsql"), broken, Function::DeleteEndpoint);

    let ended = stage.run().await.remove(0);

    let detail = &ended.events[0]["Detail"];
    assert_eq!(
        (ended.status, &detail["code"]),
        ("FAILED", &json!("UNDO_INCOMPLETE"))
    );
    assert_eq!(detail["problems"][0]["code"], "UNDO_INCOMPLETE");
    assert_eq!(detail["problems"][1]["code"], "ENDPOINT_FAILED");
    assert!(
        detail["leftBehind"][0]
            .as_str()
            .unwrap()
            .starts_with("vpce-")
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_run_that_fails_at_last_does_not_undo_what_the_first_announced() {
    let input = request("aurora-dsql");
    let (invocations, keep) = calm(&input).await;
    let mut announced = 0;
    for invocation in 2..=invocations {
        let mut stage = Stage::on(Simulated::on(scenario::world("default")));
        stage.start(input.clone(), None);
        stage.start(
            input.clone(),
            Some(Broken {
                invocation,
                times: TRIES,
            }),
        );

        let ended = stage.run().await;

        if ended[0].status == "SUCCEEDED" {
            check(
                &ended[0],
                stage.outside(),
                &format!("invocation {invocation}"),
            );
            announced += 1;
        }
    }
    assert!(
        announced >= invocations - keep,
        "{announced} of {invocations}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_create_that_takes_effect_after_its_repetition_was_refused_is_found_and_undone() {
    let mut world = scenario::world("default");
    world.add_fault(Fault::nth(
        "CreateVpcEndpoint",
        1,
        FaultKind::LateEffect { seconds: 30.0 },
    ));
    world.add_fault(Fault::nth("CreateVpcEndpoint", 2, FaultKind::AccessDenied));
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(request("aurora-dsql"), None);

    let ended = stage.run().await.remove(0);

    assert_eq!(ended.events[0]["Detail"]["code"], "PERMISSION_DENIED");
    assert_eq!(Seen::at_last(&mut stage.outside().world()).left(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_stays_while_undoing_is_survived_or_named() {
    let input = request("aurora-dsql-minimal");
    for action in ["DeleteVpcEndpoints", "DeleteSecurityGroup"] {
        for kind in KINDS {
            let mut world = scenario::world("endpoint-fails");
            world.add_fault(Fault::on(action, kind));
            let mut stage = Stage::on(Simulated::impatient(world));
            stage.start(input.clone(), None);

            let ended = stage.run().await.remove(0);

            let what = format!("{kind:?} at {action}");
            assert_eq!((ended.status, ended.events.len()), ("FAILED", 1), "{what}");
            check(&ended, stage.outside(), &what);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_requests_that_fail_together_leave_no_orphan() {
    for seed in 0..20 {
        let mut stage = Stage::on(Simulated::seeded(scenario::world("endpoint-fails"), seed));
        for id in ["orders", "billing"] {
            let mut input = request("aurora-dsql-minimal");
            input["requestId"] = id.into();
            stage.start(input, None);
        }
        stage.run().await;

        let left = Seen::at_last(&mut stage.outside().world());
        assert_eq!(left.left(), [""; 0], "seed {seed}: {:?}", stage.ended());
    }
}

#[tokio::test(start_paused = true)]
async fn a_conflicting_request_does_not_undo_the_one_before_it() {
    for seed in 0..20 {
        let mut stage = Stage::on(Simulated::seeded(scenario::world("default"), seed));
        let mut other = request("aurora-dsql");
        other["tags"] = json!({"team": "billing"});
        stage.start(request("aurora-dsql"), None);
        stage.start(other, None);
        stage.run().await;

        let ended = stage.ended();
        let well = ended.iter().filter(|one| one.status == "SUCCEEDED").count();
        assert_eq!(well, 1, "seed {seed}: {ended:?}");
        assert_eq!(
            Seen::at_last(&mut stage.outside().world()).ours().len(),
            1,
            "seed {seed}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn many_requests_and_random_faults_never_make_two_endpoints() {
    let mut connected = 0;
    for seed in 0..50 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut world = scenario::world("default");
        for _ in 0..dice.usize(0..4) {
            let kind = KINDS[dice.usize(..7)];
            let action = [
                "*",
                "CreateVpcEndpoint",
                "ModifyVpcEndpoint",
                "Describe*",
                "CreateTags",
            ][dice.usize(..5)];
            world.add_fault(Fault {
                count: Some(dice.u32(1..=ATTEMPTS)),
                ..Fault::nth(action, dice.u32(1..25), kind)
            });
        }
        let mut stage = Stage::on(Simulated::seeded(world, seed));
        for number in 0..dice.usize(2..7) {
            let mut input = request(["aurora-dsql", "aurora-dsql-minimal"][dice.usize(..2)]);
            if dice.bool() {
                input["requestId"] = format!("request-{number}").into();
            }
            stage.start(input, None);
        }
        stage.outside().watch(move |world| {
            let seen = Seen::now(world);
            assert!(seen.ours().len() <= 1, "seed {seed}: {:?}", seen.ours());
        });
        stage.run().await;

        for ended in stage.ended() {
            assert_eq!(ended.events.len(), 1, "seed {seed}");
            connected += u32::from(ended.status == "SUCCEEDED");
        }
        let seen = Seen::at_last(&mut stage.outside().world());
        let any = stage
            .ended()
            .iter()
            .any(|ended| ended.status == "SUCCEEDED");
        assert_eq!(
            seen.ours().len(),
            usize::from(any),
            "seed {seed}: {:?}",
            stage.ended()
        );
    }
    assert!(connected > 100, "{connected}");
}

/// Everything that is decided by chance comes from one seed: a test that fails can be played again.
#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_calls_at_the_same_time() {
    for name in ["aurora-dsql", "tidb-cloud-to-confluent", "dms-tidb-cloud"] {
        let mut lives = Vec::new();
        for _ in 0..2 {
            let (_, outside) = play("default", request(name)).await;
            let world = outside.world();
            let calls = world.calls().iter();
            lives.push(
                calls
                    .map(|call| (call.at, call.action.clone()))
                    .collect::<Vec<_>>(),
            );
        }

        assert_eq!(lives[0], lives[1], "{name}");
    }
}
