//! Many different creates at once, under the token buckets of one account; and one among many that only run.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{MANY, Simulated, Stage, Wrong, YOUNG, code, crowd, detail, request, waiting, writes};
use world::gate::{Fault, FaultKind};
use world::{World, scenario};

/// EC2 developer guide, "Request throttling for the Amazon EC2 API": the bucket of `CreateVpcEndpoint` and its refill a second.
const BUCKET: f64 = 4.0;
const REFILL: f64 = 0.3;

const CREATES: usize = 100;

fn asked(number: usize) -> Value {
    let vpcs = [scenario::VPC, scenario::CONNECTED_VPC, scenario::PEER_VPC];
    json!({
        "requestId": format!("fleet-{number}"), "region": "us-east-1", "privateDns": false,
        "target": {"kind": "aws-service", "service": format!("fleet-{:02}", 1 + number / vpcs.len())},
        "network": {"vpcId": vpcs[number % vpcs.len()]},
    })
}

#[tokio::test(start_paused = true)]
async fn a_hundred_creates_take_no_longer_than_the_bucket_has_them_take() {
    let mut calm = Stage::on(Simulated::on(scenario::world("many-services")));
    calm.start(asked(0), None);
    let one = calm.run().await.remove(0);
    assert_eq!(code(&one), "CONNECTED", "{}", detail(&one));

    let mut stage = Stage::on(Simulated::on(scenario::world("many-services")));
    for number in 0..CREATES {
        stage.start(asked(number), None);
    }
    let ended = stage.run().await;

    for one in &ended {
        assert_eq!(code(one), "CONNECTED", "{}", detail(one));
    }
    let seconds = ended.iter().map(|one| one.seconds).max().unwrap();
    let creates = f64::from(u32::try_from(CREATES).unwrap());
    let least = (creates - BUCKET) / REFILL;
    let world = stage.outside().world();
    let throttled = world
        .calls()
        .iter()
        .filter(|call| call.outcome == "RequestLimitExceeded");
    let history = ended.iter().map(|one| one.history).max().unwrap();
    println!(
        "{CREATES} creates: {seconds} s, of which the bucket takes {least:.0} and a calm run {}; {} calls, {} of them throttled; at most {history} events",
        one.seconds,
        world.calls().len(),
        throttled.count(),
    );
    #[expect(clippy::cast_precision_loss, reason = "some minutes")]
    let (seconds, calm) = (seconds as f64, one.seconds as f64);
    assert!(seconds <= 1.2 * least + calm, "{seconds} s");
}

#[tokio::test(start_paused = true)]
async fn a_fleet_that_fails_is_removed_under_the_same_buckets() {
    let mut world = scenario::world("many-services");
    world.add_fault(Fault::on(
        "DescribeNetworkInterfaces",
        FaultKind::AccessDenied,
    ));
    let mut stage = Stage::on(Simulated::on(world));
    for number in 0..30 {
        stage.start(asked(number), None);
    }
    let ended = stage.run().await;

    for one in &ended {
        assert_eq!(code(one), "PERMISSION_DENIED", "{}", detail(one));
        assert_eq!(detail(one)["leftBehind"], json!([]), "{}", detail(one));
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// A change of a request, and its removal, as they come on the bus.
fn changed() -> (Value, Value) {
    let change = tests::json("events/changes/aurora-dsql-third-zone.json");
    let removal = json!({
        "id": "e-removal", "source": "me", "detail-type": "Private Connection Removal Requested",
        "detail": change["detail"],
    });
    (change, removal)
}

/// Connected, and an hour later many executions have run for an hour. Each was started with what `input` says.
async fn among_many(input: impl Fn(usize) -> Value) -> (Stage, Vec<String>) {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql"), None);
    let made = stage.run().await.remove(0);
    assert_eq!(code(&made), "CONNECTED", "{}", detail(&made));
    let arns = crowd(&mut stage.outside().world(), "connect", MANY, input);
    stage.pass(HOUR).await;
    stage.outside().world().clear_calls();
    (stage, arns)
}

fn looks(world: &World) -> usize {
    let calls = world.calls().iter();
    calls
        .filter(|call| call.action == "DescribeExecution")
        .count()
}

/// More run than one step may look at. Each of them is looked at once, and nobody is refused for it: also who only asks is not.
#[tokio::test(start_paused = true)]
async fn changes_and_removals_know_that_none_of_hundreds_works_on_theirs() {
    let (mut stage, _) = among_many(waiting).await;
    let (change, removal) = changed();
    let mut asked = change.clone();
    asked["detail"]["dryRun"] = json!(true);
    let mut foretold = removal.clone();
    foretold["detail"]["dryRun"] = json!(true);
    for (input, removes, expected) in [
        (asked, false, "PLANNED"),
        (change, false, "CONNECTED"),
        (foretold, true, "PLANNED"),
        (removal, true, "REMOVED"),
    ] {
        stage.outside().world().clear_calls();
        match removes {
            true => stage.remove(input, None),
            false => stage.start(input, None),
        }
        let ended = stage.run().await.pop().unwrap();
        let said = detail(&ended);
        assert_eq!(code(&ended), expected, "{said:#}");
        assert!(ended.seconds < 900, "{expected}: {} s", ended.seconds);
        let looks = looks(&stage.outside().world());
        assert!((MANY..MANY + 20).contains(&looks), "{expected}: {looks}");
    }
}

/// One of the youngest works on the request: whoever comes after it waits for its end, and a question has it.
#[tokio::test(start_paused = true)]
async fn the_one_of_hundreds_that_works_on_a_request_is_waited_for() {
    for removes in [false, true] {
        let (change, mut removal) = changed();
        removal["detail"] = request("aurora-dsql");
        let own = change["detail"].clone();
        let is_own = |number| match number {
            YOUNG => own.clone(),
            other => waiting(other),
        };
        let (mut stage, arns) = among_many(is_own).await;
        let question = json!({
            "id": "e-question", "source": "me", "detail-type": "Private Connection Status Requested",
            "detail": {"requestId": own["requestId"], "region": own["region"]},
        });
        stage.start(question, None);
        let ended = stage.run().await.pop().unwrap();
        let said = detail(&ended);
        assert_eq!(
            said["running"][0]["execution"]["id"], arns[YOUNG],
            "{said:#}"
        );

        match removes {
            true => stage.remove(removal, None),
            false => stage.start(change, None),
        }
        stage.pass(Duration::from_secs(600)).await;
        assert_eq!(writes(stage.outside()), [""; 0], "{removes}");
        assert_eq!(stage.ended()[2].status, "RUNNING", "{removes}");
        {
            let mut world = stage.outside().world();
            world.end_execution(&arns[YOUNG], "FAILED", Some("QUOTA_EXCEEDED"));
        }
        let ended = stage.run().await.pop().unwrap();
        let expected = if removes { "REMOVED" } else { "CONNECTED" };
        assert_eq!(code(&ended), expected, "{:#}", detail(&ended));
    }
}

/// A request among as many removals.
#[tokio::test(start_paused = true)]
async fn a_request_knows_that_none_of_hundreds_of_removals_is_of_its_own() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    let removal = |number| {
        let detail = waiting(number);
        json!({"detail-type": "Private Connection Removal Requested", "detail": detail})
    };
    crowd(
        &mut stage.outside().world(),
        "tieline-remove",
        MANY,
        removal,
    );
    stage.pass(HOUR).await;
    stage.start(request("dms-tidb-cloud"), None);
    let ended = stage.run().await.remove(0);
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
    let looks = looks(&stage.outside().world());
    assert!((MANY..MANY + 20).contains(&looks), "{looks}");
}

#[test]
fn each_protocol_that_is_done_wrongly_is_noticed() {
    let guards: [(Wrong, fn()); 1] = [(
        Wrong::ThrottlesAreRefusals,
        a_fleet_that_fails_is_removed_under_the_same_buckets,
    )];
    for (wrong, guard) in guards {
        assert!(wrong.is_noticed_by(guard), "{wrong:?}");
    }
}
