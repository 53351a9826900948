//! Many different creates at once, under the token buckets of one account.

use serde_json::{Value, json};
use tests::{Simulated, Stage, Wrong, code, detail};
use world::gate::{Fault, FaultKind};
use world::scenario;

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
