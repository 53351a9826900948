use serde_json::json;

use super::*;
use crate::http::HttpResponse;
use crate::script::{Safe, Script, With as _, answer, arn};

const KEY: &str = r#"{"apiKey":"CONFLUENTKEY","apiSecret":"canary-secret-of-confluent"}"#;
/// `CONFLUENTKEY:canary-secret-of-confluent`
const BASIC: &str = "Q09ORkxVRU5US0VZOmNhbmFyeS1zZWNyZXQtb2YtY29uZmx1ZW50";
const ACCESSES_URL: &str = "https://api.confluent.cloud/networking/v1/private-link-accesses";

fn vendors<const N: usize>(answers: [HttpResponse; N]) -> (Vendors, Script) {
    let http = Script::new(answers);
    (Vendors::new(http.clone(), Safe::new([KEY]), None), http)
}

fn id(text: &str) -> ConfluentId {
    text.parse().unwrap()
}

fn environment() -> ConfluentEnvironment {
    ConfluentEnvironment {
        key: arn("c"),
        environment: id("env-1"),
    }
}

fn forbidden(detail: &str) -> HttpResponse {
    let body = json!({ "errors": [{ "id": "1", "status": "403", "detail": detail }] });
    answer(403, &body.to_string()).with("x-request-id", "req-1")
}

/// As in the recordings that the vendor's Terraform provider tests with.
fn ready() -> serde_json::Value {
    json!({
        "api_version": "networking/v1", "kind": "Network", "id": "n-pr1jy6", "new": [1],
        "spec": {
            "display_name": "prod", "cloud": "AWS", "region": "us-east-2", "connection_types": ["PRIVATELINK"],
            "zones": ["use2-az1", "use2-az2"], "environment": { "id": "env-1" }, "cidr": null,
        },
        "status": {
            "phase": "READY", "dns_domain": "pr1jy6.us-east-2.aws.confluent.cloud", "error_message": null,
            "cloud": {
                "kind": "networking.v1.AwsNetwork", "vpc": "vpc-1", "account": "012345678901",
                "private_link_endpoint_service": "com.amazonaws.vpce.us-east-2.vpce-svc-0089db43e25590123",
            },
        },
    })
}

fn access(id: &str, kind: &str, account: &str) -> serde_json::Value {
    json!({ "id": id, "metadata": {}, "spec": {
        "display_name": "one", "cloud": { "kind": kind, "account": account, "subscription": "s" },
        "network": { "id": "n-1" },
    }, "status": { "phase": "READY" } })
}

#[tokio::test]
async fn a_network_is_read_with_the_kind_as_it_really_comes() {
    let mut gcp = ready();
    gcp["status"]["cloud"]["kind"] = json!("networking.v1.GcpNetwork");
    let mut described = ready();
    described["status"]["cloud"]["kind"] = json!("AwsNetwork");

    for (body, service) in [
        (
            ready(),
            "com.amazonaws.vpce.us-east-2.vpce-svc-0089db43e25590123",
        ),
        (
            described,
            "com.amazonaws.vpce.us-east-2.vpce-svc-0089db43e25590123",
        ),
        (gcp, ""),
    ] {
        let (vendors, http) = vendors([answer(200, &body.to_string())]);

        let network = vendors
            .network(&environment(), &id("n-pr1jy6"))
            .await
            .unwrap()
            .unwrap();

        assert_eq!(network.service, service);
        assert_eq!(network.phase, "READY");
        assert_eq!(network.message, "");
        assert_eq!(network.dns_domain, "pr1jy6.us-east-2.aws.confluent.cloud");
        assert_eq!(network.zone_ids, ["use2-az1", "use2-az2"]);
        assert_eq!(network.connection_types, ["PRIVATELINK"]);
        assert_eq!(
            http.lines(),
            ["GET https://api.confluent.cloud/networking/v1/networks/n-pr1jy6?environment=env-1"]
        );
        let sent = &http.sent()[0];
        assert_eq!(sent.headers()["authorization"], format!("Basic {BASIC}"));
    }
}

#[tokio::test]
async fn a_failed_network_says_why() {
    for (sentence, message) in [("no room", "no room"), ("", "insufficient_capacity")] {
        let status = json!({
            "phase": "FAILED", "error_code": "insufficient_capacity", "error_message": sentence,
        });
        let (vendors, _) = vendors([answer(200, &json!({ "status": status }).to_string())]);

        let network = vendors.network(&environment(), &id("n-1")).await;

        assert_eq!(network.unwrap().unwrap().message, message);
    }
}

#[tokio::test]
async fn every_page_is_read_and_other_clouds_are_left_out() {
    let first = json!({
        "data": [access("pla-1", "networking.v1.AwsPrivateLinkAccess", "111122223333")],
        "metadata": { "next": format!("{ACCESSES_URL}?page_token=a%2Bb%3D"), "total_size": 3 },
    });
    let second = json!({
        "data": [
            access("pla-2", "AzurePrivateLinkAccess", ""),
            access("pla-3", "AwsPrivateLinkAccess", "444455556666"),
        ],
        "metadata": { "next": null },
    });
    let (vendors, http) = vendors([
        answer(200, &first.to_string()),
        answer(200, &second.to_string()),
    ]);

    let found = vendors.accesses(&environment()).await.unwrap();

    let found: Vec<_> = found
        .iter()
        .map(|one| (&*one.id, &*one.network, &*one.account))
        .collect();
    assert_eq!(
        found,
        [
            ("pla-1", "n-1", "111122223333"),
            ("pla-3", "n-1", "444455556666")
        ]
    );
    let query = "environment=env-1&page_size=100";
    assert_eq!(
        http.lines(),
        [
            format!("GET {ACCESSES_URL}?{query}"),
            format!("GET {ACCESSES_URL}?{query}&page_token=a%2Bb%3D"),
        ]
    );
}

#[tokio::test]
async fn a_next_page_elsewhere_or_again_is_no_page() {
    let page = |next: &str| answer(200, &json!({ "metadata": { "next": next } }).to_string());
    for (next, seen) in [
        ("https://evil.example/x?page_token=a", "is on another host"),
        (
            "http://api.confluent.cloud/x?page_token=a",
            "is on another host",
        ),
        (
            "https://api.confluent.cloud@evil.example/?page_token=a",
            "is on another host",
        ),
        (
            "https://api.confluent.cloud:8443/?page_token=a",
            "is on another host",
        ),
        ("not a url", "is no URL"),
        ("https://api.confluent.cloud/x", "has no page_token"),
        (
            "https://api.confluent.cloud/x?page_token=",
            "has no page_token",
        ),
    ] {
        let (vendors, http) = vendors([page(next)]);

        let error = vendors.accesses(&environment()).await.unwrap_err();

        assert!(error.to_string().ends_with(seen), "{next}: {error}");
        assert!(error.code().is_none());
        assert_eq!(http.sent().len(), 1);
    }

    let again = "https://api.confluent.cloud/x?page_token=a";
    let (vendors, _) = vendors([page(again), page(again)]);
    let error = vendors.accesses(&environment()).await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.ends_with("leads back to a page that it had before"),
        "{error}"
    );
}

#[tokio::test]
async fn in_a_world_the_next_page_may_be_there_or_under_the_vendors_name() {
    for next in [
        "http://127.0.0.1:1234/api.confluent.cloud/networking/v1/private-link-accesses?page_token=a",
        "https://api.confluent.cloud/networking/v1/private-link-accesses?page_token=a",
        "/networking/v1/private-link-accesses?page_token=a",
    ] {
        let page = json!({ "metadata": { "next": next } }).to_string();
        let http = Script::new([answer(200, &page), answer(200, r#"{"data":[]}"#)]);
        let world = Some("http://127.0.0.1:1234/".to_owned());
        let vendors = Vendors::new(http.clone(), Safe::new([KEY]), world);

        let found = vendors.accesses(&environment()).await;

        assert!(found.unwrap().is_empty());
        let base =
            "GET http://127.0.0.1:1234/api.confluent.cloud/networking/v1/private-link-accesses?";
        for line in http.lines() {
            assert!(line.starts_with(base), "{line}");
        }
        assert!(http.is_over());
    }
}

#[tokio::test]
async fn an_access_is_made_and_renamed_in_its_environment() {
    let (vendors, http) = vendors([answer(202, "{}"), answer(200, "{}")]);

    vendors
        .create_access(&environment(), &id("n-1"), "one", "111122223333")
        .await
        .unwrap();
    assert_eq!(
        http.body(),
        json!({ "spec": {
            "display_name": "one",
            "cloud": { "kind": "AwsPrivateLinkAccess", "account": "111122223333" },
            "environment": { "id": "env-1" },
            "network": { "id": "n-1" },
        }})
    );

    vendors
        .rename_access(&environment(), "pla-1", "two")
        .await
        .unwrap();
    assert_eq!(
        http.body(),
        json!({ "spec": { "display_name": "two", "environment": { "id": "env-1" } } })
    );
    assert_eq!(
        http.lines(),
        [
            format!("POST {ACCESSES_URL}"),
            format!("PATCH {ACCESSES_URL}/pla-1"),
        ]
    );
}

#[tokio::test]
async fn what_is_gone_is_deleted() {
    for status in [204, 404] {
        let (vendors, http) = vendors([answer(status, "")]);
        vendors
            .delete_access(&environment(), "pla-1")
            .await
            .unwrap();
        assert_eq!(
            http.lines(),
            [format!("DELETE {ACCESSES_URL}/pla-1?environment=env-1")]
        );
    }
}

#[tokio::test]
async fn forbidden_means_gone_only_for_a_key_that_may_look() {
    let list = |ids: &[&str]| {
        let data: Vec<_> = ids.iter().map(|id| access(id, "", "1")).collect();
        answer(200, &json!({ "data": data }).to_string())
    };
    let cases = [
        (vec![forbidden("no"), list(&["pla-2"])], None),
        (
            vec![forbidden("no"), list(&["pla-1"])],
            Some("DeletePrivateLinkAccess was refused: Forbidden"),
        ),
        (
            vec![forbidden("no"), forbidden("no")],
            Some("DeletePrivateLinkAccess was refused: Forbidden"),
        ),
        (
            vec![forbidden("no"), answer(429, "")],
            Some("ListPrivateLinkAccesses was put off"),
        ),
        (
            vec![forbidden("no"), answer(503, "")],
            Some("ListPrivateLinkAccesses got no usable"),
        ),
        (
            vec![forbidden("Invalid API key")],
            Some("DeletePrivateLinkAccess was refused: Forbidden"),
        ),
    ];
    for (answers, wanted) in cases {
        let http = Script::new(answers);
        let vendors = Vendors::new(http.clone(), Safe::new([KEY]), None);

        let done = vendors.delete_access(&environment(), "pla-1").await;

        match wanted {
            None => done.unwrap(),
            Some(text) => {
                let error = done.unwrap_err().to_string();
                assert!(error.starts_with(&format!("confluent:{text}")), "{error}");
            }
        }
        assert!(http.is_over());
    }
}

#[tokio::test]
async fn a_network_that_is_hidden_is_none_and_one_of_a_bad_key_is_refused() {
    let (vendors_, http) = vendors([forbidden("no"), answer(200, "{}")]);
    let network = vendors_.network(&environment(), &id("n-1")).await;
    assert!(network.unwrap().is_none());
    assert!(http.lines()[1].contains("environment=env-1&page_size"));

    let (vendors, _) = vendors([forbidden("no"), forbidden("no")]);
    let error = vendors.network(&environment(), &id("n-1")).await;
    let error = error.unwrap_err();
    assert!(error.credentials_problem().is_some());
    assert_eq!(
        error.to_string(),
        "confluent:GetNetwork was refused: Forbidden: HTTP 403 without a code: no (X-Request-Id req-1)"
    );
}

#[tokio::test]
async fn errors_of_both_shapes_are_read() {
    let conflict = r#"{"errors":[{"status":"409","code":"resource_already_exists","title":"Conflict",
        "detail":"a"},{"title":"b"}]}"#;
    let other = r#"{"error":{"code":422,"message":"bad account","status":"x"}}"#;
    for (status, body, text, duplicate) in [
        (
            409,
            conflict,
            "AlreadyExists: HTTP 409 resource_already_exists: a; b",
            true,
        ),
        (422, other, "Invalid: HTTP 422 422: bad account", false),
        (
            402,
            r#"{"errors":[]}"#,
            "Invalid: HTTP 402 without a code: no message",
            false,
        ),
    ] {
        let (vendors, _) = vendors([answer(status, body)]);
        let error = vendors
            .create_access(&environment(), &id("n-1"), "one", "1")
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("confluent:CreatePrivateLinkAccess was refused: {text}")
        );
        assert_eq!(error.is_duplicate(), duplicate);
    }
}

#[tokio::test]
async fn it_says_when_to_come_back() {
    for (headers, seconds) in [
        (vec![("retry-after", "7"), ("x-ratelimit-reset", "40")], 7),
        (vec![("x-ratelimit-reset", "40")], 40),
        (
            vec![
                ("retry-after", "Fri, 20 Nov 2026 23:09:25 GMT"),
                ("x-ratelimit-reset", "1.2"),
            ],
            2,
        ),
        (vec![], 60),
    ] {
        let mut put_off = answer(429, "<html>");
        for (name, value) in headers {
            put_off = put_off.with(name, value);
        }
        put_off = put_off.with("x-request-id", "one");
        let (vendors, _) = vendors([put_off]);

        let error = vendors.rename_access(&environment(), "p", "n").await;

        let expected = CallError::Throttled {
            action: "confluent:UpdatePrivateLinkAccess",
            retry_after: seconds,
            reason: "HTTP 429 without a code: no message (X-Request-Id one)".to_owned(),
        };
        assert_eq!(error.unwrap_err(), expected);
    }
}

#[tokio::test]
async fn the_key_is_in_no_error_even_if_the_vendor_repeats_it() {
    for status in [200, 302, 400, 401, 403, 404, 409, 429, 500] {
        for body in [
            format!("<pre>Authorization: Basic {BASIC}</pre> canary-secret-of-confluent"),
            json!({ "message": format!("{BASIC} canary-secret-of-confluent") }).to_string(),
        ] {
            let bad = answer(status, &body)
                .with("x-request-id", "canary-secret-of-confluent")
                .with("content-type", BASIC);
            let http = Script::new([bad.clone(), bad]);
            let vendors = Vendors::new(http.clone(), Safe::new([KEY]), None);

            let seen = format!(
                "{:?} {:?}",
                vendors.delete_access(&environment(), "pla-1").await,
                http.sent(),
            );

            assert!(!seen.contains("canary"), "{seen}");
            assert!(!seen.contains(BASIC), "{seen}");
        }
    }
}
