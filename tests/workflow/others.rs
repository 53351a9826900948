//! What others do beside a request, and what it leaves to them: they share, adopt, delete, come late, and abort.

use std::time::Duration;

use serde_json::json;
use tests::{Seen, Simulated, Stage, TRIES, code, detail, play, request, writes};
use world::World;
use world::gate::{Fault, FaultKind};
use world::model::endpoints::{DeleteVpcEndpoints, DescribeVpcEndpoints};
use world::model::shapes::TagInput;
use world::model::tags::DeleteTags;
use world::scenario;

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_serves_two_requests_survives_the_failure_of_one() {
    let (ended, outside) = play("shared-service", request("aurora-dsql")).await;
    assert_eq!(code(&ended), "CONNECTED");
    let seen = Seen::now(&mut outside.world());
    assert_eq!(seen.ours().len(), 1);

    // The second request breaks before, while or after it puts its tags on the endpoint.
    for invocation in [2, 3, 4] {
        let mut stage = Stage::on(Simulated::on(scenario::world("shared-service")));
        stage.start(
            request("aurora-dsql"),
            Some(tests::Broken {
                invocation,
                times: TRIES,
            }),
        );
        let ended = stage.run().await;

        assert_eq!(code(&ended[0]), "STEP_FAILED");
        let tagged = stage
            .outside()
            .world()
            .writes()
            .any(|call| call.action == "CreateTags");
        assert_eq!(tagged, invocation > 2);
        let seen = Seen::at_last(&mut stage.outside().world());
        let [endpoint] = seen.ours()[..] else {
            panic!("the shared endpoint is gone")
        };
        let keys: Vec<&str> = endpoint.tags.iter().map(|tag| tag.key.as_str()).collect();
        assert!(keys.contains(&"tieline:request/billing-prod"), "{keys:?}");
        assert!(
            !keys.contains(&"tieline:request/orders-prod") && !keys.contains(&"team"),
            "{keys:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_somebody_took_away_comes_back_with_the_same_request() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql"), None);
    assert_eq!(code(&stage.run().await[0]), "CONNECTED");
    let endpoint = Seen::now(&mut stage.outside().world()).ours()[0].clone();
    stage
        .outside()
        .world()
        .call(DeleteTags {
            resources: vec![endpoint.vpc_endpoint_id.clone()],
            tags: vec![TagInput {
                key: "team".to_owned(),
                value: None,
            }],
            ..DeleteTags::default()
        })
        .unwrap();
    // EC2 shows it seconds later.
    stage.pass(Duration::from_secs(60)).await;
    stage.start(request("aurora-dsql"), None);
    let second = stage.run().await.pop().unwrap();

    assert_eq!(code(&second), "CONNECTED", "{}", detail(&second));
    let seen = Seen::at_last(&mut stage.outside().world());
    assert_eq!(seen.ours()[0].tags, endpoint.tags);
}

#[tokio::test(start_paused = true)]
async fn a_foreign_endpoint_serves_only_if_asked_and_is_never_touched() {
    let mut asked = request("aurora-dsql");
    asked["adopt"] = json!(true);
    asked["network"] = json!({"vpcId": scenario::VPC});

    let (ended, outside) = play("dns-name-taken", asked).await;

    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    assert_eq!(detail(&ended)["endpoint"]["adopted"], true);
    assert_eq!(writes(&outside), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn on_failure_keep_leaves_the_endpoint_and_says_so() {
    let mut asked = request("aurora-dsql");
    asked["onFailure"] = json!("keep");

    let (ended, outside) = play("endpoint-never-available", asked).await;

    let left = detail(&ended)["leftBehind"].as_array().unwrap();
    let seen = Seen::at_last(&mut outside.world());
    assert_eq!(left[0], seen.ours()[0].vpc_endpoint_id.as_str());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_deleted_under_our_hands_is_made_again_with_another_token() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql"), None);
    let created = |world: &mut World| world.writes().count() > 0;
    stage.until("a write", created).await;
    stage.pass(Duration::from_secs(1)).await;
    let ids = stage
        .outside()
        .world()
        .arrange(DescribeVpcEndpoints::default())
        .unwrap()
        .vpc_endpoints;
    let vpc_endpoint_ids = ids.into_iter().map(|one| one.vpc_endpoint_id).collect();
    let delete = DeleteVpcEndpoints {
        vpc_endpoint_ids,
        ..DeleteVpcEndpoints::default()
    };
    stage.outside().world().arrange(delete).unwrap();

    let ended = stage.run().await;

    assert_eq!(code(&ended[0]), "CONNECTED", "{}", detail(&ended[0]));
    assert_eq!(Seen::at_last(&mut stage.outside().world()).ours().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_announced_is_not_undone_by_a_late_second_run() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql"), None);
    stage.run().await;

    // The same event again, and every one of its looks is lost.
    stage.start(
        request("aurora-dsql"),
        Some(tests::Broken {
            invocation: 3,
            times: TRIES,
        }),
    );
    let ended = stage.run().await;

    assert_eq!(
        (code(&ended[0]), code(&ended[1])),
        ("CONNECTED", "STEP_FAILED")
    );
    assert_eq!(Seen::at_last(&mut stage.outside().world()).ours().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_an_aborted_execution_made_is_undone_and_announced() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql-minimal"), None);
    let created = |world: &mut World| {
        world
            .writes()
            .any(|call| call.action == "CreateVpcEndpoint")
    };
    stage.until("a create", created).await;
    stage.abort();
    stage.pass(Duration::from_secs(5)).await;
    assert_eq!(Seen::now(&mut stage.outside().world()).ours().len(), 1);
    // A look that only warns must not keep anybody from cleaning up.
    let fault = Fault::on("ListHostedZonesByVPC", FaultKind::AccessDenied);
    stage.outside().world().add_fault(fault);

    stage.start(
        json!({
            "source": "aws.states", "detail-type": "Step Functions Execution Status Change",
            "detail": {
                "executionArn": "arn:aws:states:us-east-1:123456789012:execution:connect:0", "status": "ABORTED",
                "input": request("aurora-dsql-minimal").to_string(),
            },
        }),
        None,
    );
    let ended = stage.run().await;

    assert_eq!(code(&ended[1]), "EXECUTION_ENDED", "{}", detail(&ended[1]));
    assert_eq!(detail(&ended[1])["requestId"], "orders-minimal");
    assert_eq!(Seen::at_last(&mut stage.outside().world()).left(), [""; 0]);
}
