//! Whatever goes wrong, wherever: one result, and either a whole connection or nothing.

use serde_json::Value;
use tests::{Broken, Ended, Seen, Simulated, Stage, play, request};
use world::gate::{Fault, FaultKind};
use world::scenario;

const KINDS: [FaultKind; 8] = [
    FaultKind::Throttle,
    FaultKind::ErrorBeforeEffect,
    FaultKind::ErrorAfterEffect,
    FaultKind::LostAnswer,
    FaultKind::LateEffect { seconds: 20.0 },
    FaultKind::Hang,
    FaultKind::Malformed,
    FaultKind::AccessDenied,
];

/// One result, and either everything or nothing.
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
        "FAILED"
            if detail["leftBehind"].as_array().is_none_or(Vec::is_empty)
                && detail["code"] != "UNDO_INCOMPLETE" =>
        {
            assert_eq!(seen.left(), [""; 0], "{what}: {detail}");
        }
        "FAILED" => {}
        other => panic!("{what}: {other}"),
    }
}

async fn run(input: &Value, fault: Option<Fault>, broken: Option<Broken>) -> (Ended, Simulated) {
    let mut world = scenario::world("default");
    if let Some(fault) = fault {
        world.add_fault(fault);
    }
    let mut stage = Stage::on(Simulated::on(world).without_retries());
    stage.start(input.clone(), broken);
    (stage.run().await.remove(0), stage.outside().clone())
}

#[tokio::test]
async fn any_fault_at_any_call_ends_in_a_whole_connection_or_in_nothing() {
    let input = request("aurora-dsql-minimal");
    let (_, calm) = play("default", input.clone()).await;
    let calls = u32::try_from(calm.world().calls().len()).unwrap();
    assert!(calls > 20, "{calls} calls");
    let mut connected = 0;
    for kind in KINDS {
        for nth in 1..=calls {
            let what = format!("{kind:?} at call {nth}");
            let (ended, outside) = run(&input, Some(Fault::nth("*", nth, kind)), None).await;

            check(&ended, &outside, &what);
            // A refused permission is final; everything else passes.
            assert_eq!(
                ended.status == "SUCCEEDED",
                kind != FaultKind::AccessDenied,
                "{what}: {:?}",
                ended.events
            );
            connected += u32::from(ended.status == "SUCCEEDED");
        }
    }
    assert_eq!(connected, 7 * calls);
}

#[tokio::test]
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

#[tokio::test]
async fn any_step_whose_answer_is_lost_is_repeated_without_harm() {
    for name in ["aurora-dsql", "aurora-dsql-minimal"] {
        let input = request(name);
        for invocation in 1..=9 {
            for times in [1, 3] {
                let broken = Broken { invocation, times };
                let (ended, outside) = run(&input, None, Some(broken)).await;

                assert_eq!(ended.status, "SUCCEEDED", "{broken:?}: {:?}", ended.events);
                check(&ended, &outside, &format!("{broken:?}"));
            }
        }
    }
}

#[tokio::test]
async fn a_step_that_never_answers_is_undone() {
    for invocation in 1..=9 {
        let broken = Broken {
            invocation,
            times: 7,
        };
        let (ended, outside) = run(&request("aurora-dsql-minimal"), None, Some(broken)).await;

        assert_eq!(
            ended.events[0]["Detail"]["code"], "STEP_FAILED",
            "{broken:?}"
        );
        check(&ended, &outside, &format!("{broken:?}"));
    }
}

#[tokio::test]
async fn many_requests_and_random_faults_never_make_two_endpoints() {
    let mut connected = 0;
    for seed in 0..100 {
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
            world.add_fault(Fault::nth(action, dice.u32(1..25), kind));
        }
        let outside = Simulated::on(world);
        let retries = dice.bool();
        let mut stage = Stage::on(if retries {
            outside
        } else {
            outside.without_retries()
        });
        for number in 0..dice.usize(2..7) {
            let mut input = request(["aurora-dsql", "aurora-dsql-minimal"][dice.usize(..2)]);
            if dice.bool() {
                input["requestId"] = format!("request-{number}").into();
            }
            stage.start(input, None);
        }
        while stage.tick(&mut dice).await {
            let seen = Seen::now(&mut stage.outside().world());
            assert!(seen.ours().len() <= 1, "seed {seed}: {:?}", seen.ours());
        }

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
    assert!(connected > 200, "{connected}");
}
