use serde_json::{Value, json};
use tieline::outside::tidb_cloud::NodeGroupId;

use super::*;
use crate::http::HttpResponse;
use crate::script::{Safe, Script, answer, arn};

const KEY: &str = r#"{"publicKey":"TIDBPUB","privateKey":"canary-private-key"}"#;
const DEDICATED_URL: &str = "https://dedicated.tidbapi.com/v1beta1/clusters/10/tidbNodeGroups/20";
const SERVERLESS_URL: &str = "https://serverless.tidbapi.com/v1beta1/clusters/10";

/// The vendor, which takes the key without asking for a digest; [`crate::digest`] has the tests where it does.
fn vendors<const N: usize>(answers: [HttpResponse; N]) -> (Vendors, Script) {
    let http = Script::new(answers);
    (Vendors::new(http.clone(), Safe::new([KEY]), None), http)
}

fn says(body: &Value) -> HttpResponse {
    answer(200, &body.to_string())
}

fn cluster() -> TidbCluster {
    TidbCluster {
        key: arn("t"),
        cluster: "10".parse().unwrap(),
    }
}

fn group() -> TidbNodeGroup {
    let TidbCluster { key, cluster } = cluster();
    let group = NodeGroupId {
        cluster,
        group: "20".parse().unwrap(),
    };
    TidbNodeGroup { key, group }
}

#[tokio::test]
async fn a_dedicated_cluster_is_read_with_its_private_endpoints() {
    let endpoint = |kind: &str, host: &str, port: Value| json!({ "connectionType": kind, "host": host, "port": port });
    let (vendors, http) = vendors([says(&json!({
        "displayName": "prod", "state": "SOMETHING_NEW", "regionId": "aws-us-east-1", "new": { "a": 1 },
        "pausePlan": null,
        "tidbNodeSetting": { "tidbNodeGroups": [
            { "tidbNodeGroupId": "20", "isDefaultGroup": true, "state": "ACTIVE", "endpoints": [
                endpoint("PUBLIC", "public.example", json!(4000)),
                endpoint("PRIVATE_ENDPOINT", "", json!(4000)),
                endpoint("PRIVATE_ENDPOINT", "private.example", json!("4001")),
            ]},
            { "tidbNodeGroupId": "21", "endpoints": null },
        ]},
    }))]);

    let found = vendors.dedicated_cluster(&cluster()).await;

    let found = found.unwrap().unwrap();
    assert_eq!(found.state, "SOMETHING_NEW");
    assert_eq!(found.region_id, "aws-us-east-1");
    let [first, second] = &found.groups[..] else {
        panic!("{found:?}");
    };
    assert!(first.is_default && !second.is_default);
    assert_eq!(first.private, Some(("private.example".to_owned(), 4001)));
    assert_eq!((second.id.as_str(), &second.private), ("21", &None));
    assert_eq!(
        http.lines(),
        ["GET https://dedicated.tidbapi.com/v1beta1/clusters/10"]
    );
}

#[tokio::test]
async fn a_link_service_is_read() {
    let (vendors, http) = vendors([
        says(
            &json!({ "serviceName": "com.amazonaws.vpce.us-east-1.vpce-svc-1", "serviceDnsName": "d",
            "availableZones": ["use1-az1"], "state": "ACTIVE" }),
        ),
        says(&json!({ "state": "CREATING" })),
    ]);

    let ready = vendors.link_service(&group()).await;
    let early = vendors.link_service(&group()).await;

    let ready = ready.unwrap().unwrap();
    assert_eq!(ready.service, "com.amazonaws.vpce.us-east-1.vpce-svc-1");
    assert_eq!(ready.dns_name, "d");
    assert_eq!(early.unwrap().unwrap().service, "");
    assert_eq!(
        http.lines()[0],
        format!("GET {DEDICATED_URL}/privateLinkService")
    );
}

#[tokio::test]
async fn every_page_of_registrations_is_read() {
    let one = |id: &str, port: Value| {
        json!({ "privateEndpointConnectionId": id, "endpointId": "vpce-1",
        "endpointState": "DISCOVERED", "message": null, "host": "h", "port": port })
    };
    let (vendors, http) = vendors([
        says(
            &json!({ "privateEndpointConnections": [one("1", json!("4000"))], "totalSize": "3",
            "nextPageToken": "a/b&c" }),
        ),
        says(
            &json!({ "privateEndpointConnections": [one("2", json!(4000)), one("3", json!(null)), one("4", json!(-2147483648i64))],
            "totalSize": 3, "nextPageToken": "" }),
        ),
    ]);

    let found = vendors.registrations(&group()).await.unwrap();

    let found: Vec<_> = found.iter().map(|one| (&*one.id, one.port)).collect();
    assert_eq!(found, [("1", 4000), ("2", 4000), ("3", 0), ("4", 0)]);
    assert_eq!(
        http.lines(),
        [
            format!("GET {DEDICATED_URL}/privateEndpointConnections?pageSize=100"),
            format!(
                "GET {DEDICATED_URL}/privateEndpointConnections?pageSize=100&pageToken=a%2Fb%26c"
            ),
        ]
    );
}

#[tokio::test]
async fn a_list_without_end_is_no_list() {
    let page = |token: &str| says(&json!({ "nextPageToken": token }));
    let (vendors_, _) = vendors([page("a"), page("b"), page("a")]);
    let error = vendors_.links(&cluster()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "tidbcloud:ListPrivateLinkConnections got no usable answer: the list leads back to a page that it had before"
    );

    let http = Script::new((0..100).map(|number| page(&number.to_string())));
    let vendors = Vendors::new(http.clone(), Safe::new([KEY]), None);
    let error = vendors.registrations(&group()).await.unwrap_err();
    assert!(
        error.to_string().ends_with("more than 100 pages"),
        "{error}"
    );
    assert!(http.is_over());
}

#[tokio::test]
async fn an_endpoint_is_registered_and_unregistered() {
    let (vendors, http) = vendors([
        answer(200, "{}"),
        answer(200, "{}"),
        answer(404, r#"{"code":5}"#),
    ]);
    let endpoint = "vpce-0123456789abcdef0".parse().unwrap();

    vendors.register(&group(), &endpoint).await.unwrap();
    assert_eq!(
        http.body(),
        json!({ "endpointId": "vpce-0123456789abcdef0" })
    );
    vendors.unregister(&group(), "30").await.unwrap();
    vendors.unregister(&group(), "30").await.unwrap();

    let url = format!("{DEDICATED_URL}/privateEndpointConnections");
    assert_eq!(
        http.lines(),
        [
            format!("POST {url}"),
            format!("DELETE {url}/30"),
            format!("DELETE {url}/30")
        ]
    );
}

#[tokio::test]
async fn a_serverless_cluster_is_asked_for_in_full() {
    let full = json!({
        "displayName": "dev", "state": "ACTIVE", "clusterPlan": "ESSENTIAL", "userPrefix": "2Nk",
        "region": { "name": "regions/aws-us-east-1", "regionId": "aws-us-east-1" },
        "endpoints": { "public": { "host": "p" }, "private": { "host": "h", "port": "4000", "aws": {
            "serviceName": "com.amazonaws.vpce.us-east-1.vpce-svc-1", "availabilityZone": ["use1-az1"] } } },
    });
    let mut elsewhere = full.clone();
    elsewhere["endpoints"]["private"] =
        json!({ "host": "h", "port": 4000, "gcp": {}, "aws": null });
    elsewhere["region"]["regionId"] = json!(null);
    let (vendors, http) = vendors([says(&full), says(&elsewhere), says(&json!({}))]);
    let look = || async {
        vendors
            .serverless_cluster(&cluster())
            .await
            .unwrap()
            .unwrap()
    };

    let on_aws = look().await;
    let elsewhere = look().await;
    let empty = look().await;

    let private = on_aws.private.unwrap();
    assert_eq!((private.host.as_str(), private.port), ("h", 4000));
    assert_eq!(private.service, "com.amazonaws.vpce.us-east-1.vpce-svc-1");
    assert_eq!(
        (&*on_aws.plan, &*on_aws.region, &*on_aws.user_prefix),
        ("ESSENTIAL", "aws-us-east-1", "2Nk")
    );
    assert!(elsewhere.private.is_none() && empty.private.is_none());
    assert_eq!(elsewhere.region, "regions/aws-us-east-1");
    assert_eq!(http.lines()[0], format!("GET {SERVERLESS_URL}?view=FULL"));
}

#[tokio::test]
async fn links_are_made_looked_at_and_deleted() {
    let domain = json!({ "name": "*.x.confluent.cloud", "state": "CREATING", "message": "m" });
    let link = json!({ "privateLinkConnectionId": "plc-1", "displayName": "n", "state": "FAILED", "message": "why",
        "awsEndpointService": { "name": "com.amazonaws.vpce.us-east-1.vpce-svc-1" }, "attachedDomains": [
            { "attachDomainId": "ad-1", "uniqueName": "x.us-east-1", "domains": [domain] } ] });
    let (vendors, http) = vendors([says(&link), says(&link), answer(200, ""), says(&json!({}))]);

    let id = vendors
        .create_link(&cluster(), "n", "com.amazonaws.vpce.us-east-1.vpce-svc-1")
        .await
        .unwrap();
    let made = http.body();
    let found = vendors.link(&cluster(), &id).await.unwrap().unwrap();
    vendors.delete_link(&cluster(), &id).await.unwrap();
    let error = vendors.create_link(&cluster(), "n", "s").await.unwrap_err();

    assert_eq!(
        made,
        json!({ "privateLinkConnection": { "clusterId": "10", "displayName": "n",
            "type": "AWS_ENDPOINT_SERVICE",
            "awsEndpointService": { "name": "com.amazonaws.vpce.us-east-1.vpce-svc-1" } } })
    );
    assert_eq!(
        (&*found.id, &*found.state, &*found.message),
        ("plc-1", "FAILED", "why")
    );
    assert_eq!(found.service, "com.amazonaws.vpce.us-east-1.vpce-svc-1");
    let attached = &found.domains[0];
    assert_eq!(
        (&*attached.id, &*attached.unique_name),
        ("ad-1", "x.us-east-1")
    );
    assert_eq!(attached.domains[0].name, "*.x.confluent.cloud");
    assert!(
        error
            .to_string()
            .ends_with("the answer has no privateLinkConnectionId")
    );
    let url = format!("{SERVERLESS_URL}/privateLinkConnections");
    assert_eq!(
        http.lines()[..3],
        [
            format!("POST {url}"),
            format!("GET {url}/plc-1"),
            format!("DELETE {url}/plc-1")
        ]
    );
}

#[tokio::test]
async fn verbs_keep_their_colon() {
    let (vendors, http) = vendors([
        says(&json!({ "accountId": "111122223333", "azIds": ["use1-az1"] })),
        answer(200, "{}"),
        answer(200, "{}"),
        answer(404, r#"{"code":5,"message":"gone"}"#),
        says(&json!({ "azIds": [] })),
    ]);

    let dataflow = vendors.dataflow(&cluster()).await.unwrap();
    vendors
        .attach_confluent(&cluster(), "plc-1", "x.us-east-1")
        .await
        .unwrap();
    assert_eq!(
        http.body(),
        json!({ "attachDomain": { "type": "CONFLUENT", "uniqueName": "x.us-east-1" }, "validateOnly": false })
    );
    vendors.detach(&cluster(), "plc-1", "ad-1").await.unwrap();
    assert_eq!(http.body(), json!({ "attachDomainId": "ad-1" }));
    vendors.detach(&cluster(), "plc-1", "ad-1").await.unwrap();
    let error = vendors.dataflow(&cluster()).await.unwrap_err();

    assert_eq!(
        (&*dataflow.account, &*dataflow.zone_ids),
        ("111122223333", &["use1-az1".to_owned()][..])
    );
    assert!(error.to_string().ends_with("the answer has no accountId"));
    let url = format!("{SERVERLESS_URL}/privateLinkConnections");
    assert_eq!(
        http.lines()[..3],
        [
            format!("GET {url}:getAvailabilityZones"),
            format!("POST {url}/plc-1:attachDomains"),
            format!("POST {url}/plc-1:detachDomains"),
        ]
    );
}

#[tokio::test]
async fn nothing_is_sent_for_an_id_that_would_be_another_path() {
    let (vendors, http) = vendors([answer(200, "{}")]);
    for id in ["", ".", ".."] {
        let error = vendors.unregister(&group(), id).await.unwrap_err();
        assert!(error.is_invalid(), "{error}");
    }
    assert!(http.sent().is_empty());

    vendors.unregister(&group(), "a/../b?c#d:e").await.unwrap();
    assert_eq!(
        http.lines(),
        [format!(
            "DELETE {DEDICATED_URL}/privateEndpointConnections/a%2F..%2Fb%3Fc%23d%3Ae"
        )]
    );
}
