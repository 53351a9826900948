//! The vendors' wires: who may come in, how often, and what every answer carries. Sources: RFC 7616;
//! docs.pingcap.com, "TiDB Cloud API overview"; `networking.openapi.yaml`.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde_json::Value;
use world::gate::{Fault, FaultKind};
use world::model::credentials::{CANARY, CONFLUENT, Credentials, TIDB_CLOUD, TIDB_CLOUD_OTHER};
use world::scenario::*;
use world::wire::{self, Request, Response};
use world::{World, scenario};

use crate::pass;

/// An answer as a client sees it.
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn code(&self) -> i64 {
        self.json()["code"].as_i64().unwrap()
    }
}

fn send(world: &mut World, request: &Request) -> Answer {
    match wire::answer(world, request) {
        Response::Answer {
            status,
            headers,
            body,
            ..
        } => Answer {
            status,
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            text: body,
        },
        silent @ (Response::Drop | Response::Hang) => panic!("{silent:?}"),
    }
}

fn request(method: &str, url: &str, body: &str) -> Request {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        body: body.as_bytes().to_vec(),
        ..Default::default()
    }
}

fn hash(text: &str) -> String {
    let digest = Md5::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A client that answers challenges, written after RFC 7616 alone.
struct Client {
    key: Credentials,
    challenge: BTreeMap<String, String>,
    count: u32,
}

impl Client {
    fn new(key: Credentials) -> Self {
        Self {
            key,
            challenge: BTreeMap::new(),
            count: 0,
        }
    }

    /// Takes a challenge.
    fn learn(&mut self, answer: &Answer) {
        let header = answer.headers["WWW-Authenticate"]
            .strip_prefix("Digest ")
            .unwrap();
        self.challenge = header
            .split(", ")
            .map(|field| field.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
            .collect();
        self.count = 0;
    }

    fn signed(&mut self, method: &str, url: &str, body: &str) -> Request {
        self.count += 1;
        let (realm, nonce) = (&self.challenge["realm"], &self.challenge["nonce"]);
        let (id, count) = (self.key.id, format!("{:08x}", self.count));
        let known = hash(&format!("{id}:{realm}:{}", self.key.secret));
        let asked = hash(&format!("{method}:{url}"));
        let response = hash(&format!("{known}:{nonce}:{count}:c0ffee:auth:{asked}"));
        let opaque = &self.challenge["opaque"];
        let mut request = request(method, url, body);
        let header = format!(
            "Digest username=\"{id}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{url}\", algorithm=MD5, \
             qop=auth, nc={count}, cnonce=\"c0ffee\", response=\"{response}\", opaque=\"{opaque}\""
        );
        request.headers.insert("authorization".to_owned(), header);
        request
    }

    fn call(&mut self, world: &mut World, method: &str, url: &str, body: &str) -> Answer {
        if self.challenge.is_empty() {
            let first = send(world, &request(method, url, body));
            self.learn(&first);
        }
        let request = self.signed(method, url, body);
        send(world, &request)
    }
}

fn cluster() -> String {
    format!("/dedicated.tidbapi.com/v1beta1/clusters/{TIDB_CLUSTER}")
}

fn connections() -> String {
    format!(
        "{}/tidbNodeGroups/{TIDB_GROUP}/privateEndpointConnections",
        cluster()
    )
}

fn links() -> String {
    format!("/serverless.tidbapi.com/v1beta1/clusters/{TIDB_ESSENTIAL}/privateLinkConnections")
}

fn networking(rest: &str) -> String {
    format!("/api.confluent.cloud/networking/v1/{rest}")
}

fn basic(method: &str, url: &str, body: &str) -> Request {
    let mut request = request(method, url, body);
    // `CNFL4QX7T2ZPLM6D:` and the secret, encoded with `base64`.
    assert_eq!(CONFLUENT.id, "CNFL4QX7T2ZPLM6D");
    let encoded = "Q05GTDRRWDdUMlpQTE02RDpjYW5hcnk3ZjFjMGI5ZS1jb25mbHVlbnQtYXBpLXNlY3JldA==";
    request
        .headers
        .insert("authorization".to_owned(), format!("Basic {encoded}"));
    request
        .headers
        .insert("host".to_owned(), "127.0.0.1:4599".to_owned());
    request
}

// RFC 7616, 3.3; CONTRACTS 3.1: the first request earns a challenge, and the nonce can be reused.
#[test]
fn the_first_request_is_challenged_and_the_nonce_serves_many() {
    let mut world = scenario::world("default");

    let challenged = send(&mut world, &request("GET", &cluster(), ""));

    assert_eq!((challenged.status, challenged.code()), (401, 49_900_001));
    let header = &challenged.headers["WWW-Authenticate"];
    assert!(
        header.starts_with("Digest ")
            && header.contains("qop=\"auth\"")
            && header.contains("stale=false")
    );
    assert!(challenged.headers.contains_key("X-Debug-Trace-Id"));
    assert!(!challenged.headers.contains_key("X-Ratelimit-Limit-Minute"));
    assert!(world.calls().is_empty());
    let mut client = Client::new(TIDB_CLOUD);
    client.learn(&challenged);
    for _ in 0..3 {
        assert_eq!(client.call(&mut world, "GET", &cluster(), "").status, 200);
    }
}

// RFC 7616, 3.4: the response depends on the secret, the method, the URI and the count.
#[test]
fn a_response_is_good_for_one_request_only() {
    let mut world = scenario::world("default");
    let mut client = Client::new(TIDB_CLOUD);
    client.call(&mut world, "GET", &cluster(), "");
    let good = client.signed("GET", &cluster(), "");
    assert_eq!(send(&mut world, &good).status, 200);

    let replayed = send(&mut world, &good);
    assert_eq!((replayed.status, replayed.code()), (401, 49_900_001));
    let mut elsewhere = client.signed("GET", &cluster(), "");
    elsewhere.path = connections();
    assert_eq!(send(&mut world, &elsewhere).status, 401);
    let mut query = client.signed("GET", &cluster(), "");
    query.query = "view=FULL".to_owned();
    assert_eq!(send(&mut world, &query).status, 401);
    let mut method = client.signed("GET", &cluster(), "");
    method.method = "DELETE".to_owned();
    assert_eq!(send(&mut world, &method).status, 401);
    let stolen = Credentials {
        id: TIDB_CLOUD.id,
        secret: TIDB_CLOUD_OTHER.secret,
    };
    assert_eq!(
        Client::new(stolen)
            .call(&mut world, "GET", &cluster(), "")
            .status,
        401
    );
    assert_eq!(client.call(&mut world, "GET", &cluster(), "").status, 200);
}

// RFC 7616, 3.4: a count that was seen is a replay; a lower one too, here.
#[test]
fn the_count_must_rise() {
    let mut world = scenario::world("default");
    let mut client = Client::new(TIDB_CLOUD);
    client.call(&mut world, "GET", &cluster(), "");
    let (second, third) = (
        client.signed("GET", &cluster(), ""),
        client.signed("GET", &cluster(), ""),
    );

    assert_eq!(send(&mut world, &third).status, 200);

    let late = send(&mut world, &second);
    assert_eq!(late.status, 401);
    assert!(late.headers["WWW-Authenticate"].contains("stale=false"));
}

// RFC 7616, 3.3: stale says that only the nonce was wrong. Its lifetime is not verified.
#[test]
fn an_old_nonce_is_stale() {
    let mut world = scenario::world("default");
    let mut client = Client::new(TIDB_CLOUD);
    client.call(&mut world, "GET", &cluster(), "");
    pass(&mut world, 300);

    let stale = client.call(&mut world, "GET", &cluster(), "");

    assert_eq!(stale.status, 401);
    assert!(stale.headers["WWW-Authenticate"].contains("stale=true"));
    client.learn(&stale);
    assert_eq!(client.call(&mut world, "GET", &cluster(), "").status, 200);
    let mut wrong = Client::new(Credentials {
        id: TIDB_CLOUD.id,
        secret: "wrong",
    });
    wrong.learn(&stale);
    pass(&mut world, 300);
    let refused = wrong.call(&mut world, "GET", &cluster(), "");
    assert!(refused.headers["WWW-Authenticate"].contains("stale=false"));
}

// Docs, "Rate limiting": 100 a minute for each key, over both hosts, with these headers.
#[test]
fn a_key_has_a_hundred_requests_a_minute_over_both_hosts() {
    let mut world = scenario::world("default");
    let mut client = Client::new(TIDB_CLOUD);
    let first = client.call(&mut world, "GET", &cluster(), "");
    assert_eq!(first.headers["X-Ratelimit-Limit-Minute"], "100");
    assert_eq!(first.headers["X-Ratelimit-Remaining-Minute"], "99");
    assert_eq!(first.headers["X-Ratelimit-Reset"], "60");
    for _ in 1..99 {
        client.call(&mut world, "GET", &cluster(), "");
    }
    assert_eq!(
        client.call(&mut world, "GET", &links(), "").headers["X-Ratelimit-Remaining-Minute"],
        "0"
    );
    pass(&mut world, 12);

    let throttled = client.call(&mut world, "GET", &links(), "");

    assert_eq!((throttled.status, throttled.code()), (429, 49_900_007));
    assert_eq!(throttled.headers["X-Ratelimit-Reset"], "48");
    assert!(throttled.headers.contains_key("X-Debug-Trace-Id"));
    assert_eq!(world.calls().last().unwrap().outcome, "49900007");
    let other = Client::new(TIDB_CLOUD_OTHER).call(&mut world, "GET", &cluster(), "");
    assert_eq!((other.status, other.code()), (403, 7));
    pass(&mut world, 48);
    assert_eq!(client.call(&mut world, "GET", &links(), "").status, 200);
}

// CONTRACTS 3.2: the body is the endpoint's id and nothing else. Not verified: unknown fields.
#[test]
fn the_body_of_a_registration_is_read_strictly() {
    let mut world = scenario::world("default");
    let mut client = Client::new(TIDB_CLOUD);
    for body in [
        "",
        "{}",
        r#"{"endpointId": "vpce-0123456789abcdef0", "clusterId": "1"}"#,
        r#"{"privateEndpointConnection": {"endpointId": "vpce-0123456789abcdef0"}}"#,
    ] {
        let refused = client.call(&mut world, "POST", &connections(), body);
        assert_eq!((refused.status, refused.code()), (400, 3), "{body}");
    }

    let body = r#"{"endpointId": "vpce-0123456789abcdef0"}"#;
    let answer = client.call(&mut world, "POST", &connections(), body);

    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["endpointState"], "PENDING");
    let id = answer.json()["privateEndpointConnectionId"]
        .as_str()
        .unwrap()
        .to_owned();
    let one = format!("{}/{id}", connections());
    assert_eq!(client.call(&mut world, "DELETE", &one, "").text, "{}");
    let every = cluster().replace(TIDB_CLUSTER, "-")
        + "/tidbNodeGroups/-/privateEndpointConnections?pageSize=1";
    let list = client.call(&mut world, "GET", &every, "").json();
    assert_eq!(
        (
            list["totalSize"].as_i64(),
            list["privateEndpointConnections"][0]["endpointState"].as_str()
        ),
        (Some(1), Some("DELETING"))
    );
}

// Not verified: an encoded colon leads nowhere.
#[test]
fn a_verbs_colon_is_a_colon() {
    let mut world = scenario::world("default");
    let mut client = Client::new(TIDB_CLOUD);

    let zones = client.call(
        &mut world,
        "GET",
        &format!("{}:getAvailabilityZones", links()),
        "",
    );
    assert_eq!(zones.status, 200);
    for url in [
        format!("{}%3AgetAvailabilityZones", links()),
        format!("{}/plc-unknown:attachDomains", links()),
        format!("{}/plc-unknown%3AattachDomains", links()),
    ] {
        let method = if url.contains("attach") {
            "POST"
        } else {
            "GET"
        };
        let body = r#"{"attachDomain": {"type": "CONFLUENT", "uniqueName": "a.b"}}"#;
        assert_eq!(
            client.call(&mut world, method, &url, body).status,
            404,
            "{url}"
        );
    }
    let actions: Vec<_> = world
        .calls()
        .iter()
        .map(|call| call.action.as_str())
        .collect();
    assert_eq!(actions, ["GetAvailabilityZones", "AttachDomains"]);
}

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
    let url = networking("networks?environment=env-xk27rp");

    let unknown = send(&mut world, &request("GET", &url, ""));
    let mut wrong = basic("GET", &url, "");
    wrong
        .headers
        .insert("authorization".to_owned(), "Basic YTpi".to_owned());
    let refused = send(&mut world, &wrong);

    assert_eq!((unknown.status, refused.status), (401, 401));
    assert_eq!(refused.json()["errors"][0]["code"], "user_unauthenticated");
    assert!(refused.headers["WWW-Authenticate"].contains("invalid_key"));
    assert_eq!(
        refused.headers["X-Request-Id"],
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
        created.headers["Location"],
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
    let url = networking("networks?environment=env-xk27rp&page_size=4");

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
    assert_eq!(throttled.headers["X-Ratelimit-Remaining-Minute"], "0");
    let broken = next(FaultKind::ErrorBeforeEffect, "GetDedicatedCluster");
    assert_eq!((broken.status, broken.code()), (500, 13));
    let denied = next(FaultKind::AccessDenied, "GetDedicatedCluster");
    assert_eq!((denied.status, denied.code()), (403, 7));
    let malformed = next(FaultKind::Malformed, "GetDedicatedCluster");
    assert!(malformed.status == 200 && serde_json::from_str::<Value>(&malformed.text).is_err());

    let throttled = next(FaultKind::Throttle, "GetNetwork");
    assert_eq!((throttled.status, throttled.text.as_str()), (429, ""));
    assert_eq!(
        throttled.headers["Retry-After"],
        throttled.headers["X-RateLimit-Reset"]
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
    assert_eq!(wire::answer(&mut world, &request), Response::Hang);
    assert!(world.state().registrations.is_empty());
    world.add_fault(Fault::once(action, FaultKind::LostAnswer));
    let request = client.signed("POST", &connections(), body);
    assert_eq!(wire::answer(&mut world, &request), Response::Drop);
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
    let url = networking("networks?environment=env-xk27rp");
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
