//! Confluent's wire, and what the vendors' wires have in common. Source: `networking.openapi.yaml`.

use serde_json::Value;
use world::gate::{Fault, FaultKind};
use world::model::credentials::{CANARY, CONFLUENT, TIDB_CLOUD};
use world::scenario::{self, CONFLUENT_NETWORK};
use world::wire::vendors::digest;
use world::wire::{self, Response};

use crate::confluent::access_for;
use crate::vendor_http::{Client, basic, cluster, connections, networking, request, send};

// The same API under the header Host.
#[test]
fn a_host_is_found_by_its_header_too() {
    let mut world = scenario::world("default");
    let mut by_header = basic(
        "GET",
        &format!("/networking/v1/networks/{CONFLUENT_NETWORK}?environment=env-xk27rp"),
        "",
    );
    by_header
        .headers
        .insert("host".to_owned(), "api.confluent.cloud".to_owned());

    assert_eq!(send(&mut world, &by_header).json()["id"], CONFLUENT_NETWORK);

    by_header
        .headers
        .insert("host".to_owned(), "127.0.0.1:4599".to_owned());
    assert_ne!(send(&mut world, &by_header).status, 200);
}

// Spec, UnauthenticatedError: its code and its header.
#[test]
fn confluent_wants_basic_credentials() {
    let mut world = scenario::world("default");
    let url = networking("private-link-accesses?environment=env-xk27rp");

    let unknown = send(&mut world, &request("GET", &url, ""));
    let mut wrong = basic("GET", &url, "");
    wrong
        .headers
        .insert("authorization".to_owned(), "Basic YTpi".to_owned());
    let refused = send(&mut world, &wrong);

    assert_eq!((unknown.status, refused.status), (401, 401));
    assert_eq!(refused.json()["errors"][0]["code"], "user_unauthenticated");
    assert!(refused.header("WWW-Authenticate").contains("invalid_key"));
    assert_eq!(
        refused.header("X-Request-Id"),
        refused.json()["errors"][0]["id"].as_str().unwrap()
    );
    assert_eq!(world.calls().len(), 1);
    assert_eq!(world.calls()[0].outcome, "user_unauthenticated");
}

// Spec: 202 with Location, 204, the errors' `source`; recorded 404s have neither code nor title.
#[test]
fn confluents_answers_have_their_statuses_and_headers() {
    let mut world = scenario::world("default");
    let spec = |account: &str| {
        format!(
            r#"{{"spec": {{"cloud": {{"kind": "AwsPrivateLinkAccess", "account": "{account}"}},
                "environment": {{"id": "env-xk27rp"}}, "network": {{"id": "{CONFLUENT_NETWORK}"}}}}}}"#
        )
    };
    let accesses = networking("private-link-accesses");

    let created = send(&mut world, &basic("POST", &accesses, &spec("123456789012")));
    assert_eq!(created.status, 202);
    assert_eq!(
        created.header("Location"),
        created.json()["metadata"]["self"].as_str().unwrap()
    );
    assert!(created.headers.contains_key("X-RateLimit-Limit"));
    let invalid = send(&mut world, &basic("POST", &accesses, &spec("1")));
    assert_eq!(
        (
            invalid.status,
            invalid.json()["errors"][0]["source"]["pointer"].as_str()
        ),
        (422, Some("/spec/cloud/account"))
    );
    let missing = send(&mut world, &basic("GET", &accesses, ""));
    assert_eq!(
        (
            missing.status,
            missing.json()["errors"][0]["source"]["parameter"].as_str()
        ),
        (400, Some("environment"))
    );
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let one = format!("{accesses}/{id}?environment=env-xk27rp");
    let deleted = send(&mut world, &basic("DELETE", &one, ""));
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    let unknown = send(
        &mut world,
        &basic("GET", &one.replace(&id, "pla-unknown"), ""),
    )
    .json();
    assert_eq!(unknown["errors"][0]["status"], "404");
    assert!(
        unknown["errors"][0].get("code").is_none() && unknown["errors"][0].get("title").is_none()
    );
    let filter = send(
        &mut world,
        &basic(
            "GET",
            &format!("{accesses}?environment=env-xk27rp&num_doors=2"),
            "",
        ),
    );
    assert_eq!(
        filter.json()["errors"][0]["source"]["parameter"],
        "num_doors"
    );
}

// Spec, ListMeta: `next` is a full URL; here it leads back to this server.
#[test]
fn confluents_next_page_is_a_url() {
    let mut world = scenario::world("default");
    for number in 0..6 {
        let access = access_for(CONFLUENT_NETWORK, &format!("{number:012}"));
        world.call(access).unwrap();
    }
    let url = networking("private-link-accesses?environment=env-xk27rp&page_size=4");

    let first = send(&mut world, &basic("GET", &url, "")).json();

    let next = first["metadata"]["next"].as_str().unwrap();
    let next = next
        .strip_prefix("http://127.0.0.1:4599")
        .unwrap()
        .to_owned();
    let second = send(&mut world, &basic("GET", &next, "")).json();
    assert_eq!(second["data"].as_array().unwrap().len(), 2);
    assert_eq!(second["metadata"]["next"], Value::Null);
}

// Scripted faults, as they look at each vendor.
#[test]
fn faults_look_like_the_vendors_own() {
    let mut world = scenario::world("default");
    let mut client = Client::new(TIDB_CLOUD);
    client.call(&mut world, "GET", &cluster(), "");
    let network = networking(&format!(
        "networks/{CONFLUENT_NETWORK}?environment=env-xk27rp"
    ));
    let mut next = |kind, action: &str| {
        world.add_fault(Fault::once(action, kind));
        match action {
            "GetNetwork" => send(&mut world, &basic("GET", &network, "")),
            _ => client.call(&mut world, "GET", &cluster(), ""),
        }
    };

    let throttled = next(FaultKind::Throttle, "GetDedicatedCluster");
    assert_eq!((throttled.status, throttled.code()), (429, 49_900_007));
    assert_eq!(throttled.header("X-Ratelimit-Remaining-Minute"), "0");
    let broken = next(FaultKind::ErrorBeforeEffect, "GetDedicatedCluster");
    assert_eq!((broken.status, broken.code()), (500, 13));
    let denied = next(FaultKind::AccessDenied, "GetDedicatedCluster");
    assert_eq!((denied.status, denied.code()), (403, 7));
    let malformed = next(FaultKind::Malformed, "GetDedicatedCluster");
    assert!(malformed.status == 200 && serde_json::from_str::<Value>(&malformed.text).is_err());

    let throttled = next(FaultKind::Throttle, "GetNetwork");
    assert_eq!((throttled.status, throttled.text.as_str()), (429, ""));
    assert_eq!(
        throttled.header("Retry-After"),
        throttled.header("X-RateLimit-Reset")
    );
    let broken = next(FaultKind::ErrorBeforeEffect, "GetNetwork");
    assert_eq!(
        (broken.status, broken.json()["errors"][0]["status"].as_str()),
        (500, Some("500"))
    );
    let denied = next(FaultKind::AccessDenied, "GetNetwork");
    assert_eq!(
        (denied.status, denied.json()["errors"][0]["code"].as_str()),
        (403, Some("user_unauthorized"))
    );
}

#[test]
fn a_vendors_answer_can_be_lost_or_never_come() {
    let mut world = scenario::world("default");
    let mut client = Client::new(TIDB_CLOUD);
    client.call(&mut world, "GET", &cluster(), "");
    let body = r#"{"endpointId": "vpce-0123456789abcdef0"}"#;
    let action = "CreatePrivateEndpointConnection";

    world.add_fault(Fault::once(action, FaultKind::Hang));
    let request = client.signed("POST", &connections(), body);
    let answer = wire::answer(&mut world, &request);
    assert!(matches!(answer, Response::Hang), "{answer:?}");
    assert!(world.state().registrations.is_empty());
    world.add_fault(Fault::once(action, FaultKind::LostAnswer));
    let request = client.signed("POST", &connections(), body);
    let answer = wire::answer(&mut world, &request);
    assert!(matches!(answer, Response::Drop), "{answer:?}");
    assert_eq!(world.state().registrations.len(), 1);
}

// The log of calls is for everybody's eyes.
#[test]
fn the_log_has_no_secrets() {
    let mut world = scenario::world("default");
    let mut client = Client::new(TIDB_CLOUD);
    client.call(&mut world, "GET", &cluster(), "");
    client.call(&mut world, "POST", &connections(), "not json");
    let replay = client.signed("GET", &cluster(), "");
    send(&mut world, &replay);
    send(&mut world, &replay);
    let url = networking("private-link-accesses?environment=env-xk27rp");
    let mut wrong = basic("GET", &url, "");
    wrong
        .headers
        .insert("authorization".to_owned(), "Basic YTpi".to_owned());
    send(&mut world, &wrong);
    send(&mut world, &basic("GET", &url, ""));

    let log = serde_json::to_string(world.calls()).unwrap();

    assert_eq!(world.calls().len(), 6);
    let secrets = [
        CANARY,
        "response",
        "cnonce",
        "Digest",
        "Basic",
        "YTpi",
        TIDB_CLOUD.id,
        CONFLUENT.id,
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    assert!(!format!("{:?}", world).contains("cnonce"));
}

#[test]
fn a_header_is_read_field_by_field() {
    let header = r#"Digest username="a\"b", uri="/x?y=1,2", nc=00000001,qop=auth, response="r""#;

    let fields = digest::fields(&header["Digest ".len()..]);

    let wanted = [
        ("username", "a\"b"),
        ("uri", "/x?y=1,2"),
        ("nc", "00000001"),
        ("qop", "auth"),
        ("response", "r"),
    ];
    assert_eq!(
        fields,
        wanted.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}
