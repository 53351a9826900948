//! The verifier: *Ready* is true for a client of the VPC.

mod verify {
    mod corners;
}

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Ended, Seen, Simulated, Stage, Wrong, code, detail, everything, everything_now, request, writes,
};
use tieline::trial::Trial;
use world::gate::Call;
use world::plane::{cluster_authority, public_authority};
use world::scenario::TIDB_HOST;

/// The requests whose target has an endpoint in the VPC.
const WITH_ENDPOINT: [&str; 11] = [
    "aurora-dsql",
    "aurora-dsql-management",
    "aurora-dsql-minimal",
    "aurora-dsql-no-dns",
    "aurora-dsql-private-zone",
    "aws-service-monitoring",
    "aws-service-s3",
    "endpoint-service",
    "endpoint-service-private-zone",
    "tidb-cloud-dedicated",
    "tidb-cloud-serverless",
];

const PATH: &str = "Verify the path";
const DNS: &str = "Enable private DNS";
const NAMES: &str = "Verify the names";

async fn play_on(simulated: Simulated, input: Value) -> (Ended, Simulated) {
    let mut stage = Stage::on(simulated);
    stage.start(input, None);
    let mut ended = stage.run().await;
    (ended.remove(0), stage.outside().clone())
}

async fn play(scenario: &str, input: Value) -> (Ended, Simulated) {
    play_on(Simulated::verified(world::scenario::world(scenario)), input).await
}

fn with(mut request: Value, field: &str, value: Value) -> Value {
    request[field] = value;
    request
}

fn at(ended: &Ended, state: &str) -> Option<usize> {
    ended.states.iter().position(|one| one == state)
}

/// A failure that leaves nothing behind, and switched no name on.
async fn fails_with(scenario: &str, name: &str, expected: &str, names_on: bool) -> Value {
    let before = everything(&mut world::scenario::world(scenario));
    let (ended, outside) = play(scenario, request(name)).await;

    let said = detail(&ended).clone();
    assert_eq!(code(&ended), expected, "{scenario}, {name}: {said:#}");
    assert_eq!(said["leftBehind"], json!([]), "{scenario}, {name}");
    let orders = [
        "ModifyVpcEndpoint",
        "CreateHostedZone",
        "ChangeResourceRecordSets",
    ];
    let on = writes(&outside)
        .iter()
        .any(|one| orders.contains(&one.as_str()));
    assert_eq!(on, names_on, "{scenario}, {name}");
    assert_eq!(at(&ended, DNS).is_some(), names_on, "{scenario}, {name}");
    assert_eq!(
        everything(&mut outside.world()),
        before,
        "{scenario}, {name}"
    );
    said
}

/// In the log of calls, whatever switches names on comes after a connection to every address, and after that every name of the
/// target's was asked for.
fn assert_proven_first(outside: &Simulated, said: &Value, name: &str) {
    let world = outside.world();
    let calls = world.calls();
    let orders = ["ModifyVpcEndpoint", "ChangeResourceRecordSets"];
    let ordered = calls
        .iter()
        .position(|call| orders.contains(&call.action.as_str()));
    let before = &calls[..ordered.unwrap_or(calls.len())];
    for zone in said["endpoint"]["zones"].as_array().expect("zones") {
        let is_open = |call: &&Call| {
            call.action == "Connect"
                && call.outcome == "ok"
                && call.parameters["To"] == zone["privateIp"]
        };
        assert!(before.iter().any(|call| is_open(&call)), "{name}: {zone}");
    }
    let asked = before
        .iter()
        .filter(|call| call.action == "Resolve")
        .count();
    assert!(
        asked == 0 || ordered.is_none(),
        "{name}: a name was asked for too early"
    );
    assert!(
        calls
            .iter()
            .any(|call| call.action == "Resolve" && call.outcome == "ok"),
        "{name}"
    );
}

#[tokio::test(start_paused = true)]
async fn every_target_with_an_endpoint_is_proven_and_its_names_are_on_only_after_that() {
    for name in WITH_ENDPOINT {
        let (ended, outside) = play("default", request(name)).await;

        let said = detail(&ended);
        assert_eq!(code(&ended), "CONNECTED", "{name}: {said:#}");
        assert_eq!(
            said["verified"]["path"]["outcome"], "proven",
            "{name}: {said:#}"
        );
        // Of a zone for other VPCs nobody in this one can say anything.
        let names = &said["verified"]["names"];
        let expected = if name == "aurora-dsql-private-zone" {
            assert!(
                names["reason"].as_str().unwrap().contains("for others"),
                "{names}"
            );
            "not-tried"
        } else {
            "proven"
        };
        assert_eq!(names["outcome"], expected, "{name}: {names:#}");
        let path = at(&ended, PATH).unwrap();
        assert!(at(&ended, DNS).is_none_or(|dns| path < dns), "{name}");
        assert!(path < at(&ended, NAMES).unwrap(), "{name}");
        assert_proven_first(&outside, said, name);
        let attempts = said["verified"]["path"]["seen"]["attempts"]
            .as_array()
            .unwrap();
        let zones = said["endpoint"]["zones"].as_array().unwrap();
        for (attempt, zone) in attempts.iter().zip(zones) {
            let layers = attempt["layers"].as_array().unwrap();
            assert_eq!(layers[0]["layer"], "tcp", "{name}");
            assert!(
                layers.iter().all(|one| one["outcome"] != "failed"),
                "{name}"
            );
            assert!(
                zones
                    .iter()
                    .any(|one| one["privateIp"] == attempt["address"]),
                "{name}"
            );
            assert!(zone["zoneId"].is_string());
        }
        assert_eq!(attempts.len(), zones.len(), "{name}");
    }
}

/// Every name of every *Ready* leads to the endpoint, asked of the model and not of what the result says of itself.
#[tokio::test(start_paused = true)]
async fn every_name_that_is_announced_resolves_to_the_endpoint() {
    for name in WITH_ENDPOINT {
        let (ended, outside) = play("default", request(name)).await;

        let said = detail(&ended);
        let id = &said["endpoint"]["id"];
        let vpc = said["endpoint"]["vpcId"].as_str().unwrap();
        let texts = |value: &Value| -> Vec<String> {
            let list = value.as_array().cloned().unwrap_or_default();
            list.iter()
                .map(|one| one.as_str().unwrap().to_owned())
                .collect()
        };
        let host = said["connection"]["host"].as_str().map(str::to_owned);
        assert!(
            host.as_ref().is_none_or(|host| !host.contains('*')),
            "{name}: {host:?}"
        );
        let mut names: Vec<(String, String)> = host
            .map(|host| (vpc.to_owned(), host))
            .into_iter()
            .collect();
        let endpoint = &said["endpoint"];
        for one in [
            texts(&endpoint["dnsNames"]),
            texts(&endpoint["privateDnsNames"]),
        ]
        .concat()
        {
            names.push((vpc.to_owned(), one.replacen('*', "anything", 1)));
        }
        let zone = &said["parts"]["private-zone"];
        for seen_in in texts(&zone["vpcIds"]) {
            for one in texts(&zone["names"]) {
                names.push((seen_in.clone(), one.replacen('*', "anything", 1)));
            }
        }
        assert!(names.len() > 2, "{name}: {names:?}");
        let world = outside.world();
        for (vpc, one) in names {
            let found = world.resolve(&vpc, &one);
            assert!(
                !found.is_empty(),
                "{name}: {one} resolves to nothing in {vpc}"
            );
            for there in found {
                assert_eq!(json!(there.endpoint_id), *id, "{name}: {one}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_path_that_is_closed_fails_before_any_name_is_on() {
    for name in WITH_ENDPOINT {
        let said = fails_with("path-closed", name, "PATH_CLOSED", false).await;

        let fix = said["problems"][0]["fix"].as_str().unwrap();
        assert!(fix.contains("create-network-insights-path"), "{fix}");
        assert!(
            said["message"]
                .as_str()
                .unwrap()
                .contains("subnet-0d4f81a35c7e902b6"),
            "{said:#}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_server_shows_and_says_is_checked() {
    let dsql = "aurora-dsql";
    fails_with(
        "path-wrong-certificate",
        dsql,
        "PATH_WRONG_CERTIFICATE",
        false,
    )
    .await;
    fails_with(
        "path-wrong-certificate",
        "tidb-cloud-serverless",
        "PATH_WRONG_CERTIFICATE",
        false,
    )
    .await;
    for name in [dsql, "aurora-dsql-management", "tidb-cloud-serverless"] {
        fails_with("path-wrong-protocol", name, "PATH_WRONG_PROTOCOL", false).await;
    }
    let said = fails_with("login-refused", dsql, "LOGIN_REFUSED", false).await;
    assert!(
        said["message"].as_str().unwrap().contains("access denied"),
        "{said:#}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_name_that_does_not_resolve_fails_after_a_quarter_of_an_hour_at_the_earliest() {
    let said = fails_with(
        "name-not-resolving",
        "aurora-dsql",
        "NAME_NOT_RESOLVING",
        true,
    )
    .await;

    let phases = said["phases"].as_array().unwrap();
    let names = phases
        .iter()
        .find(|one| one["phase"] == "verify-names")
        .unwrap();
    assert!(names["seconds"].as_f64().unwrap() >= 900.0, "{phases:?}");
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_remembers_and_a_verifier_that_sleeps_are_waited_for() {
    for scenario in ["resolver-remembers", "verifier-waking-up"] {
        let mut world = world::scenario::world(scenario);
        if scenario == "resolver-remembers" {
            // As long as a resolver may (RFC 2308, and AWS's zones have a minimum of 900 s).
            world.remember_missing_names(Duration::from_secs(880));
        }
        let (ended, _) = play_on(Simulated::verified(world), request("aurora-dsql")).await;

        let verified = &detail(&ended)["verified"];
        assert_eq!(code(&ended), "CONNECTED", "{scenario}");
        assert_eq!(verified["path"]["outcome"], "proven", "{scenario}");
        assert_eq!(verified["names"]["outcome"], "proven", "{scenario}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_verifier_the_result_says_how_to_get_one_or_the_request_is_refused() {
    let (ended, _) = play("verifier-missing", request("aurora-dsql")).await;
    assert_eq!(code(&ended), "CONNECTED");
    for half in ["path", "names"] {
        let tried = &detail(&ended)["verified"][half];
        assert_eq!(tried["outcome"], "not-tried");
        assert!(
            tried["reason"].as_str().unwrap().contains("sam deploy"),
            "{tried}"
        );
    }

    let required = with(request("aurora-dsql"), "verify", json!("required"));
    let (ended, outside) = play("verifier-missing", required).await;
    assert_eq!(code(&ended), "VERIFIER_MISSING");
    assert_eq!(writes(&outside), [""; 0]);

    let skip = with(request("aurora-dsql"), "verify", json!("skip"));
    let (ended, _) = play("default", skip).await;
    assert_eq!(code(&ended), "CONNECTED");
    assert_eq!(at(&ended, PATH), None);
    let tried = &detail(&ended)["verified"]["path"];
    assert_eq!(tried["reason"], "the request says \"verify\": \"skip\"");
}

/// A verifier that never answers: who must have its proof fails, who can do without is told.
#[tokio::test(start_paused = true)]
async fn a_verifier_that_never_answers_ends_the_trial_and_not_the_request() {
    let asleep = || {
        let world = world::scenario::world("default");
        Simulated::verified_after(world, Duration::from_secs(86_400))
    };
    let (ended, _) = play_on(asleep(), request("aurora-dsql")).await;
    assert_eq!(code(&ended), "CONNECTED");
    let tried = &detail(&ended)["verified"]["path"];
    assert_eq!(tried["outcome"], "not-tried");
    assert!(
        tried["reason"].as_str().unwrap().contains("state: Pending"),
        "{tried}"
    );

    let required = with(request("aurora-dsql"), "verify", json!("required"));
    let (ended, outside) = play_on(asleep(), required).await;
    assert_eq!(code(&ended), "VERIFIER_MISSING");
    assert!(!writes(&outside).contains(&"ModifyVpcEndpoint".to_owned()));
    assert_eq!(Seen::at_last(&mut outside.world()).left(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_authority_of_the_requests_own_is_trusted_and_no_other() {
    for (authority, expected) in [
        (cluster_authority(), "CONNECTED"),
        (public_authority(), "PATH_WRONG_CERTIFICATE"),
    ] {
        let mut asked = request("tidb-cloud-dedicated");
        asked["target"]["caCertificate"] = json!(authority);
        let (ended, _) = play("default", asked).await;

        let said = detail(&ended);
        assert_eq!(code(&ended), expected, "{said:#}");
        let layers = said["verified"]["path"]["seen"]["attempts"][0]["layers"].as_array();
        let left_out = layers.map(|all| all.iter().any(|one| one["outcome"] == "not-tried"));
        assert_ne!(left_out, Some(true), "{said:#}");
    }
    let (ended, _) = play("default", request("tidb-cloud-dedicated")).await;
    let layers = &detail(&ended)["verified"]["path"]["seen"]["attempts"][0]["layers"];
    let last = layers.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["layer"], &last["outcome"]),
        (&json!("certificate"), &json!("not-tried"))
    );
    assert!(layers.to_string().contains(TIDB_HOST));
}

/// A connection that was confirmed stands, whatever a repetition of its request sees.
#[tokio::test(start_paused = true)]
async fn a_confirmed_connection_stands_when_a_repetition_does_not_get_through() {
    let simulated = Simulated::verified(world::scenario::world("default"));
    let mut stage = Stage::on(simulated.clone());
    stage.start(request("aurora-dsql"), None);
    stage.run().await;
    let before = everything_now(&simulated.world());
    simulated.world().clear_calls();
    simulated.world().close_paths(true);

    stage.start(request("aurora-dsql"), None);
    let ended = stage.run().await;

    assert_eq!(code(&ended[0]), "CONNECTED");
    assert_eq!(code(&ended[1]), "PATH_CLOSED");
    assert_eq!(everything_now(&simulated.world()), before);
    assert_eq!(writes(&simulated), [""; 0]);
    let said = detail(&ended[1])["message"].as_str().unwrap();
    assert!(said.contains("stands"), "{said}");
}

/// Who says what it tries says it in a file that `sam local invoke` takes.
#[test]
fn the_files_in_events_are_trials() {
    for file in tests::files("events/verify-connection") {
        let trial: Trial = serde_json::from_value(tests::json(&file)).unwrap();
        assert!(
            !trial.addresses.is_empty() || !trial.names.is_empty(),
            "{}",
            file.display()
        );
    }
}

#[test]
fn wrong_variants_are_noticed() {
    for (wrong, test) in [
        (
            Wrong::PathsCountAsProven,
            a_path_that_is_closed_fails_before_any_name_is_on as fn(),
        ),
        (
            Wrong::NamesCountAsProven,
            a_name_that_does_not_resolve_fails_after_a_quarter_of_an_hour_at_the_earliest,
        ),
        (
            Wrong::CertificatesAreNotChecked,
            what_the_server_shows_and_says_is_checked,
        ),
        (
            Wrong::ProtocolsAreNotSpoken,
            what_the_server_shows_and_says_is_checked,
        ),
        (
            Wrong::VerifiersAreAskedOnce,
            a_resolver_that_remembers_and_a_verifier_that_sleeps_are_waited_for,
        ),
    ] {
        assert!(wrong.is_noticed_by(test), "{wrong:?} is not noticed");
    }
}
