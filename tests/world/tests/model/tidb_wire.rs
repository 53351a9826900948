//! TiDB Cloud's wire: who may come in, how often, and what is read. Sources: RFC 7616; docs.pingcap.com,
//! "TiDB Cloud API overview".

use world::model::credentials::{Credentials, TIDB_CLOUD, TIDB_CLOUD_OTHER};
use world::scenario::{self, TIDB_CLUSTER};

use crate::pass;
use crate::vendor_http::{Client, cluster, connections, links, request, send};

// RFC 7616, 3.3: the first request earns a challenge, and the nonce can be reused.
#[test]
fn the_first_request_is_challenged_and_the_nonce_serves_many() {
    let mut world = scenario::world("default");

    let challenged = send(&mut world, &request("GET", &cluster(), ""));

    assert_eq!((challenged.status, challenged.code()), (401, 49_900_001));
    let header = challenged.header("WWW-Authenticate");
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
    assert!(late.header("WWW-Authenticate").contains("stale=false"));
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
    assert!(stale.header("WWW-Authenticate").contains("stale=true"));
    client.learn(&stale);
    assert_eq!(client.call(&mut world, "GET", &cluster(), "").status, 200);
    let mut wrong = Client::new(Credentials {
        id: TIDB_CLOUD.id,
        secret: "wrong",
    });
    wrong.learn(&stale);
    pass(&mut world, 300);
    let refused = wrong.call(&mut world, "GET", &cluster(), "");
    assert!(refused.header("WWW-Authenticate").contains("stale=false"));
}

// Docs, "Rate limiting": 100 a minute for each key, over both hosts, with these headers.
#[test]
fn a_key_has_a_hundred_requests_a_minute_over_both_hosts() {
    let mut world = scenario::world("default");
    let mut client = Client::new(TIDB_CLOUD);
    let first = client.call(&mut world, "GET", &cluster(), "");
    assert_eq!(first.header("X-Ratelimit-Limit-Minute"), "100");
    assert_eq!(first.header("X-Ratelimit-Remaining-Minute"), "99");
    assert_eq!(first.header("X-Ratelimit-Reset"), "60");
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
    assert_eq!(throttled.header("X-Ratelimit-Reset"), "48");
    assert!(throttled.headers.contains_key("X-Debug-Trace-Id"));
    assert_eq!(world.calls().last().unwrap().outcome, "49900007");
    let other = Client::new(TIDB_CLOUD_OTHER).call(&mut world, "GET", &cluster(), "");
    assert_eq!((other.status, other.code()), (403, 7));
    pass(&mut world, 48);
    assert_eq!(client.call(&mut world, "GET", &links(), "").status, 200);
}

// Swagger: the body is the endpoint's id and nothing else. Not verified: unknown fields.
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
