//! What TiDB Cloud says of connections, and whether it still takes the key: each change is told once, no answer tells nothing, and a secret
//! is read once for all who have it.

use std::mem;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Seen, Simulated, Stage, assert_connected, code, request};
use world::gate::{Fault, FaultKind};
use world::model::endpoints::VpcEndpoint;
use world::model::secrets::DeleteSecret;
use world::model::tags::CreateTags;
use world::model::tidb::connections::{
    CreatePrivateEndpointConnection, DeletePrivateEndpointConnection,
};
use world::scenario::{self, TIDB_CLUSTER, TIDB_ESSENTIAL, TIDB_GROUP, TIDB_STARTER};
use world::{Service, World};

use crate::{HOUR, check, connected, counts, next, of_type, told_once, wrong};

const SECRET: &str = "tieline/tidb-cloud";
const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:tieline/tidb-cloud-Xk2Lq9";

async fn of_target(name: &str) -> Stage {
    connected(Simulated::on(scenario::world("default")), &[request(name)]).await
}

fn ours(stage: &Stage) -> VpcEndpoint {
    let seen = Seen::now(&mut stage.outside().world());
    seen.ours()[0].clone()
}

/// The mark of the one request that has an endpoint.
fn mark(stage: &Stage) -> (String, String) {
    let tags = ours(stage).tags;
    let mut marks = tags
        .into_iter()
        .filter(|tag| tag.key.starts_with("tieline:request/"));
    let mark = marks.next().unwrap();
    (mark.key, mark.value)
}

/// How often an action was called since the calls were cleared; a challenge of HTTP Digest is no answer.
fn count(stage: &Stage, action: &str) -> usize {
    let world = stage.outside().world();
    let calls = world.calls().iter();
    let calls = calls.filter(|call| call.action == action && call.outcome == "ok");
    calls.count()
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_refused_and_accepted_again_is_told_once_each() {
    for target in ["tidb-cloud-serverless", "tidb-cloud-dedicated"] {
        let mut stage = of_target(target).await;
        let revoke =
            |revoked| move |stage: &Stage| stage.outside().world().revoke_tidb_keys(revoked);
        let said = told_once(&mut stage, revoke(true), revoke(false)).await;
        let expected = format!("TiDB Cloud refuses the key in {ARN} (Unauthenticated)");
        assert_eq!(said, ("key".to_owned(), expected), "{target}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_gone_or_may_not_be_read_is_told_by_its_name() {
    let mut stage = of_target("tidb-cloud-dedicated").await;
    let delete = |stage: &Stage| {
        let call = DeleteSecret {
            secret_id: SECRET.to_owned(),
            ..DeleteSecret::default()
        };
        stage.outside().world().arrange(call).unwrap();
    };
    let restore = |stage: &Stage| stage.outside().world().restore_secret(SECRET);
    let (field, now) = told_once(&mut stage, delete, restore).await;
    let begins = format!("no key can be read from {ARN} (");
    assert!(field == "key" && now.starts_with(&begins), "{field}: {now}");

    let deny = |stage: &Stage| {
        let denied = Fault::on("GetSecretValue", FaultKind::AccessDenied);
        stage.outside().world().add_fault(denied);
    };
    let allow = |stage: &Stage| stage.outside().world().clear_faults();
    let (field, now) = told_once(&mut stage, deny, allow).await;
    assert!(field == "key" && now.starts_with(&begins), "{field}: {now}");
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_tidb_cloud_does_not_list_any_more_is_told() {
    let mut stage = of_target("tidb-cloud-dedicated").await;
    let lose = |stage: &Stage| stage.outside().world().lose_tidb_registrations();
    let register = |stage: &Stage| {
        let call = CreatePrivateEndpointConnection {
            cluster_id: TIDB_CLUSTER.to_owned(),
            tidb_node_group_id: TIDB_GROUP.to_owned(),
            endpoint_id: ours(stage).vpc_endpoint_id,
            ..CreatePrivateEndpointConnection::default()
        };
        stage.outside().world().arrange(call).unwrap();
    };
    let said = told_once(&mut stage, lose, register).await;
    let now = format!("it is not registered at cluster {}", TIDB_CLUSTER);
    assert_eq!(said, ("vendor".to_owned(), now));

    // Somebody takes it away in TiDB Cloud's console, which takes its time.
    stage.outside().world().timing().tidb.unregister = 3 * HOUR;
    let registered = stage.outside().world().state().registrations;
    let call = DeletePrivateEndpointConnection {
        cluster_id: TIDB_CLUSTER.to_owned(),
        tidb_node_group_id: TIDB_GROUP.to_owned(),
        private_endpoint_connection_id: registered[0].private_endpoint_connection_id.clone(),
        ..DeletePrivateEndpointConnection::default()
    };
    stage.outside().world().arrange(call).unwrap();
    let now = format!("cluster {} has it as DELETING", TIDB_CLUSTER);
    assert_eq!(wrong(&next(&mut stage).await), ("vendor".to_owned(), now));
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_on_its_way_out_or_gone_is_told() {
    let mut stage = of_target("tidb-cloud-serverless").await;
    let is = |state| {
        move |stage: &Stage| {
            let mut world = stage.outside().world();
            world.tidb_cluster_is(TIDB_STARTER, state);
        }
    };
    let said = told_once(&mut stage, is(Some("INACTIVE")), is(Some("ACTIVE"))).await;
    let now = format!("cluster {} is INACTIVE", TIDB_STARTER);
    assert_eq!(said, ("vendor".to_owned(), now));
    // Whoever pauses a cluster knows it.
    is(Some("PAUSED"))(&stage);
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
    is(None)(&stage);
    let now = format!("TiDB Cloud knows no cluster {}", TIDB_STARTER);
    assert_eq!(wrong(&next(&mut stage).await), ("vendor".to_owned(), now));
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn no_answer_tells_nothing_and_is_named() {
    for service in [Service::TidbCloud, Service::SecretsManager] {
        for kind in [
            FaultKind::ErrorBeforeEffect,
            FaultKind::Throttle,
            FaultKind::Hang,
        ] {
            let mut stage = of_target("tidb-cloud-dedicated").await;
            // What was told stays until there is an answer.
            for was_lost in [false, true] {
                if was_lost {
                    stage.outside().world().lose_tidb_registrations();
                    assert_eq!(counts(&next(&mut stage).await), (1, 0));
                }
                stage.outside().world().add_fault(Fault::of(service, kind));
                for _ in 0..2 {
                    let events = next(&mut stage).await;
                    assert_eq!(counts(&events), (0, 0), "{kind:?}: {events:#?}");
                    let page = &of_type(&events, "Checked")[0]["Detail"];
                    let missing = page["notLookedAt"].as_array().unwrap();
                    let [missing] = &missing[..] else {
                        panic!("{service:?} {kind:?}: {page:#}");
                    };
                    let missing = missing.as_str().unwrap();
                    assert!(missing.starts_with("TiDB Cloud ("), "{missing}");
                    let condition = if was_lost { "degraded" } else { "confirmed" };
                    let connection = &page["connections"][0];
                    assert_eq!(connection["condition"], condition, "{page:#}");
                }
                stage.outside().world().clear_faults();
            }
        }
    }
}

/// Every Starter and Essential cluster of a Region is behind one service, so all of these share an endpoint.
#[tokio::test(start_paused = true)]
async fn twenty_connections_with_one_secret_and_two_clusters_are_two_questions() {
    let asked = (0..20).map(|number| {
        let mut asked = request("tidb-cloud-serverless");
        asked["requestId"] = json!(format!("catalog-{number}"));
        if number % 2 == 1 {
            asked["target"]["clusterId"] = json!(TIDB_ESSENTIAL);
        }
        asked
    });
    let asked: Vec<Value> = asked.collect();
    let world = scenario::world("default");
    let mut stage = connected(Simulated::on(world), &asked).await;
    stage.pass(HOUR).await;
    stage.outside().world().clear_calls();
    assert_eq!(counts(&check(&mut stage).await), (0, 0));
    assert_eq!(count(&stage, "GetSecretValue"), 1);
    assert_eq!(count(&stage, "GetServerlessCluster"), 2);

    // One cluster is its requests' matter only.
    let inactive = Some("INACTIVE");
    stage
        .outside()
        .world()
        .tidb_cluster_is(TIDB_ESSENTIAL, inactive);
    assert_eq!(counts(&next(&mut stage).await), (10, 0));

    // The key is everybody's: once it is refused, it is not read again for the other cluster.
    stage.outside().world().revoke_tidb_keys(true);
    stage.pass(HOUR).await;
    stage.outside().world().clear_calls();
    assert_eq!(counts(&check(&mut stage).await), (20, 0));
    assert_eq!(count(&stage, "GetSecretValue"), 1);
}

/// Two connections, each with a cluster of its own: two questions.
async fn of_two_clusters() -> Stage {
    let asked = [("catalog", TIDB_STARTER), ("events", TIDB_ESSENTIAL)].map(|(id, cluster)| {
        let mut asked = request("tidb-cloud-serverless");
        asked["requestId"] = json!(id);
        asked["target"]["clusterId"] = json!(cluster);
        asked
    });
    connected(Simulated::on(scenario::world("default")), &asked).await
}

/// Runs a check an hour later, which tells nothing: what it did not look at, and how many seconds it took.
async fn unlooked(stage: &mut Stage) -> (Vec<String>, u64) {
    stage.pass(HOUR).await;
    stage.outside().world().clear_calls();
    stage.check();
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(ended.status, "SUCCEEDED", "{ended:#?}");
    let [page] = &ended.events[..] else {
        panic!("{:#?}", ended.events);
    };
    let missing = page["Detail"]["notLookedAt"].as_array().unwrap().iter();
    let missing = missing.map(|one| one.as_str().unwrap().to_owned());
    (missing.collect(), ended.seconds)
}

/// One that gives no answer is asked nothing more in this check, and for one that takes its time there is only so much of it.
#[tokio::test(start_paused = true)]
async fn a_vendor_that_is_slow_does_not_hold_up_the_check() {
    let mut stage = of_two_clusters().await;
    let silent = Fault::of(Service::TidbCloud, FaultKind::Hang);
    stage.outside().world().add_fault(silent);
    let (missing, seconds) = unlooked(&mut stage).await;
    let [said] = &missing[..] else {
        panic!("{missing:?}");
    };
    assert!(said.starts_with("TiDB Cloud ("), "{said}");
    assert!(seconds < 45, "{seconds} s");

    // Each call takes so long that there is time for one question. The same world has other clients now, who make all calls that slowly.
    stage.outside().world().clear_faults();
    let world = mem::replace(&mut *stage.outside().world(), World::empty(0));
    let slow = Simulated::with_latency(world, Duration::from_millis(1500));
    let mut stage = Stage::on(slow);
    let (missing, seconds) = unlooked(&mut stage).await;
    assert_eq!(
        missing,
        ["TiDB Cloud, of some connections (it takes its time)"]
    );
    assert_eq!(count(&stage, "GetServerlessCluster"), 1);
    assert!(seconds < 120, "{seconds} s");
}

/// Vendors may have been what it was too slow for.
#[tokio::test(start_paused = true)]
async fn a_check_that_was_put_off_asks_no_vendor() {
    let mut stage = of_two_clusters().await;
    let outage = Fault {
        seconds: Some(HOUR.as_secs_f64() + 120.0),
        ..Fault::of(Service::Ec2, FaultKind::ErrorBeforeEffect)
    };
    stage.outside().world().add_fault(outage);
    let (missing, seconds) = unlooked(&mut stage).await;
    assert_eq!(
        missing,
        ["TiDB Cloud (a look of this check was put off before)"]
    );
    assert!(seconds >= 120, "it was not put off: {seconds} s");
    assert_eq!(count(&stage, "GetServerlessCluster"), 0);
    assert_eq!(count(&stage, "GetSecretValue"), 0);

    // The next one is not slow.
    let (missing, _) = unlooked(&mut stage).await;
    assert_eq!(missing, [""; 0]);
    assert_eq!(count(&stage, "GetServerlessCluster"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_removal_leaves_no_mark_and_marks_of_the_version_before_are_not_judged() {
    let mut stage = of_target("tidb-cloud-serverless").await;
    let (key, value) = mark(&stage);
    let words: Vec<&str> = value.split('.').collect();
    let (of_vendor, rest): (Vec<&str>, Vec<&str>) =
        words.into_iter().partition(|word| word.starts_with('k'));
    let expected = format!("ks{}/{SECRET}-Xk2Lq9", TIDB_STARTER);
    assert_eq!(of_vendor, [expected]);

    // The version before did not write it.
    let call = json!({"ResourceId": [ours(&stage).vpc_endpoint_id], "Tag": [{"Key": key, "Value": rest.join(".")}]});
    let call: CreateTags = serde_json::from_value(call).unwrap();
    stage.outside().world().arrange(call).unwrap();
    stage.outside().world().revoke_tidb_keys(true);
    stage.pass(HOUR).await;
    stage.outside().world().clear_calls();
    assert_eq!(counts(&check(&mut stage).await), (0, 0));
    let asked = stage.outside().world().calls().to_vec();
    assert!(
        asked
            .iter()
            .all(|call| call.action != "GetServerlessCluster" && call.action != "GetSecretValue"),
        "{asked:#?}"
    );
    stage.outside().world().revoke_tidb_keys(false);

    // Who shares it keeps its own word; with the other one's mark, that one's goes.
    let mut second = request("tidb-cloud-serverless");
    second["requestId"] = json!("other");
    second["target"]["clusterId"] = json!(TIDB_ESSENTIAL);
    stage.start(second, None);
    let ended = stage.run().await.pop().unwrap();
    assert_connected(&ended, "the second");
    let removal = json!({"detail-type": "Private Connection Removal Requested", "detail": request("tidb-cloud-serverless")});
    stage.remove(removal, None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "REMOVED");
    stage.pass(HOUR).await;
    let (key, value) = mark(&stage);
    assert_eq!(key, "tieline:request/other");
    assert!(value.contains(TIDB_ESSENTIAL), "{value}");
    let mut tags = ours(&stage).tags.into_iter();
    assert!(!tags.any(|tag| tag.value.contains(TIDB_STARTER)));
}
