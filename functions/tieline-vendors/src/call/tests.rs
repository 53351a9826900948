use tieline::outside::TidbCloud;
use tieline::outside::tidb_cloud::{DedicatedCluster, TidbCluster};

use super::*;
use crate::api::CONFLUENT;
use crate::http::{HttpRequest, target};
use crate::script::{Safe, Script, With as _, answer, arn};
use crate::secrets::KeyFields;

const OLD: &str = r#"{"publicKey":"TIDBPUB1","privateKey":"canary-private-key-1"}"#;
const NEW: &str = r#"{"publicKey":"TIDBPUB2","privateKey":"canary-private-key-2"}"#;

async fn look(vendors: &Vendors) -> Reply<Option<DedicatedCluster>> {
    let cluster = TidbCluster {
        key: arn("t"),
        cluster: "10".parse().unwrap(),
    };
    vendors.dedicated_cluster(&cluster).await
}

fn asked(nonce: &str) -> HttpResponse {
    let header = format!(r#"Digest realm="tidb.cloud", qop="auth", nonce="{nonce}""#);
    answer(401, r#"{"code":49900001,"message":"public_key not found"}"#)
        .with("www-authenticate", &header)
        .with("x-debug-trace-id", "trace-1")
}

fn authorization(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get("authorization")?;
    Some(header.to_str().unwrap().to_owned())
}

fn user(request: &HttpRequest) -> Option<String> {
    let header = authorization(request)?;
    let (_, rest) = header.split_once("username=\"")?;
    Some(rest.split('"').next().unwrap().to_owned())
}

#[tokio::test]
async fn a_key_that_was_changed_is_read_once_and_the_call_made_again() {
    let http = Script::new([
        asked("n1"),
        answer(200, "{}"),
        asked("n2"), // the old key's nonce
        asked("n3"), // the old key
        asked("n4"), // nothing, for the new key
        answer(200, "{}"),
    ]);
    let safe = Safe::new([OLD, NEW]);
    let vendors = Vendors::new(http.clone(), safe.clone(), None);

    look(&vendors).await.unwrap().unwrap();
    look(&vendors).await.unwrap().unwrap();

    let users: Vec<_> = http.sent().iter().map(user).collect();
    let [one, two] = ["TIDBPUB1", "TIDBPUB2"].map(|id| Some(id.to_owned()));
    assert_eq!(users, [None, one.clone(), one.clone(), one, None, two]);
    assert_eq!(safe.reads(), 2);
}

#[tokio::test]
async fn a_key_that_is_refused_is_refused() {
    // Fresh from the secret, there is no sense in reading it again.
    let http = Script::new([asked("n1"), asked("n2")]);
    let safe = Safe::new([OLD]);
    let error = look(&Vendors::new(http, safe.clone(), None))
        .await
        .unwrap_err();
    assert!(error.credentials_problem().is_some());
    assert_eq!(safe.reads(), 1);
    assert_eq!(
        error.to_string(),
        "tidbcloud:GetCluster was refused: Unauthenticated: HTTP 401 49900001: public_key not found \
         (X-Debug-Trace-Id trace-1)"
    );

    // Kept, it is read again; but the same key is not tried twice.
    let http = Script::new([asked("n1"), answer(200, "{}"), asked("n2"), asked("n3")]);
    let safe = Safe::new([OLD]);
    let vendors = Vendors::new(http.clone(), safe.clone(), None);
    look(&vendors).await.unwrap();
    assert!(
        look(&vendors)
            .await
            .unwrap_err()
            .credentials_problem()
            .is_some()
    );
    assert_eq!(safe.reads(), 2);
    assert!(http.is_over());
}

#[tokio::test]
async fn a_refused_key_is_not_kept() {
    let http = Script::new([asked("n1"), asked("n2"), asked("n3"), answer(200, "{}")]);
    let safe = Safe::new([OLD, NEW]);
    let vendors = Vendors::new(http.clone(), safe.clone(), None);

    look(&vendors).await.unwrap_err();
    look(&vendors).await.unwrap().unwrap();

    assert_eq!(user(&http.sent()[3]).unwrap(), "TIDBPUB2");
    assert_eq!(safe.reads(), 2);
}

/// Even if both keys are in one secret: the fields in the API's entry tell them apart.
#[tokio::test]
async fn two_vendors_that_sign_alike_each_get_their_own_key() {
    const OTHER: &Api = &Api {
        host: "api.other.example",
        key: KeyFields {
            id: "user",
            secret: "token",
        },
        ..*CONFLUENT
    };
    let both = r#"{"apiKey":"a","apiSecret":"b","user":"c","token":"d"}"#;
    let http = Script::new([answer(200, "{}"), answer(200, "{}")]);
    let vendors = Vendors::new(http.clone(), Safe::new([both]), None);

    for api in [CONFLUENT, OTHER] {
        let call = Call::new(api, "test:Get", "GET", &["things"]).unwrap();
        vendors.call(&arn("both"), call).await.unwrap();
    }

    let sent: Vec<_> = http.sent().iter().map(authorization).collect();
    assert_eq!(
        sent,
        ["Basic YTpi", "Basic Yzpk"].map(|text| Some(text.to_owned()))
    );
}

#[tokio::test]
async fn with_an_endpoint_url_every_vendor_is_below_it() {
    for endpoint_url in ["http://127.0.0.1:1234", "http://127.0.0.1:1234/"] {
        let http = Script::new([answer(200, "{}")]);
        let vendors = Vendors::new(
            http.clone(),
            Safe::new([OLD]),
            Some(endpoint_url.to_owned()),
        );

        look(&vendors).await.unwrap();

        assert_eq!(
            http.lines(),
            ["GET http://127.0.0.1:1234/dedicated.tidbapi.com/v1beta1/clusters/10"]
        );
        assert_eq!(
            target(&http.sent()[0]),
            "/dedicated.tidbapi.com/v1beta1/clusters/10"
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_none_only_if_the_api_says_so() {
    let http = Script::new([
        answer(404, r#"{"code":5,"message":"cluster 10 not found"}"#),
        answer(404, ""),
        answer(404, "<html>Not Found</html>").with("content-type", "text/html"),
    ]);
    let vendors = Vendors::new(http, Safe::new([OLD]), None);

    assert!(look(&vendors).await.unwrap().is_none());
    assert!(look(&vendors).await.unwrap().is_none());
    assert_eq!(
        look(&vendors).await.unwrap_err().to_string(),
        "tidbcloud:GetCluster got no usable answer: HTTP 404 with text/html instead of JSON: \
         \"<html>Not Found</html>\""
    );
}

#[tokio::test]
async fn errors_carry_the_vendors_words_and_its_trace() {
    for (status, text) in [
        (
            400,
            "was refused: Invalid: HTTP 400 3: bad id (X-Debug-Trace-Id trace-1)",
        ),
        (
            403,
            "was refused: Forbidden: HTTP 403 3: bad id (X-Debug-Trace-Id trace-1)",
        ),
        (
            409,
            "was refused: AlreadyExists: HTTP 409 3: bad id (X-Debug-Trace-Id trace-1)",
        ),
        (
            500,
            "got no usable answer: HTTP 500 3: bad id (X-Debug-Trace-Id trace-1)",
        ),
        (
            302,
            "got no usable answer: HTTP 302, which is not followed (X-Debug-Trace-Id trace-1)",
        ),
        (
            429,
            "was put off for 17 s: HTTP 429 3: bad id (X-Debug-Trace-Id trace-1)",
        ),
    ] {
        let body = r#"{"code":3,"message":"bad id","details":[{"@type":"x"}]}"#;
        let bad = answer(status, body)
            .with("x-debug-trace-id", "trace-1")
            .with("retry-after", "40")
            .with("x-ratelimit-reset", "17");
        let vendors = Vendors::new(Script::new([bad]), Safe::new([OLD]), None);

        let error = look(&vendors).await.unwrap_err();

        assert_eq!(error.to_string(), format!("tidbcloud:GetCluster {text}"));
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_no_answer() {
    let long = "x".repeat(5000);
    let groups = r#"{"tidbNodeSetting":{"tidbNodeGroups":{}}}"#;
    let port = r#"{"tidbNodeSetting":{"tidbNodeGroups":[{"endpoints":[{"port":"four"}]}]}}"#;
    for (body, text) in [
        (
            long.as_str(),
            format!(
                "HTTP 200 with no type instead of JSON: {:?}",
                "x".repeat(200)
            ),
        ),
        ("", "HTTP 200 with no type instead of JSON: \"\"".to_owned()),
        (
            groups,
            "the answer is not as the vendor describes it: invalid type: map".to_owned(),
        ),
        (
            port,
            "the answer is not as the vendor describes it: invalid digit found".to_owned(),
        ),
    ] {
        let vendors = Vendors::new(Script::new([answer(200, body)]), Safe::new([OLD]), None);

        let error = look(&vendors).await.unwrap_err();

        let wanted = format!("tidbcloud:GetCluster got no usable answer: {text}");
        assert!(error.to_string().starts_with(&wanted), "{error}");
        assert!(error.to_string().len() < 400);
    }
}

#[tokio::test]
async fn no_answer_is_no_answer() {
    let vendors = Vendors::new(
        Script::failing("no answer within 25 s"),
        Safe::new([OLD]),
        None,
    );

    let error = look(&vendors).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "tidbcloud:GetCluster got no usable answer: no answer within 25 s"
    );
}

#[tokio::test]
async fn the_key_is_in_no_error_even_if_the_vendor_repeats_it() {
    for status in [200, 302, 400, 403, 404, 409, 429, 500] {
        let bad = answer(status, "canary-private-key-1 was sent")
            .with("x-debug-trace-id", "canary-private-key-1")
            .with("content-type", "canary-private-key-1");
        let http = Script::new([asked("n1"), bad]);
        let vendors = Vendors::new(http.clone(), Safe::new([OLD]), None);

        let seen = format!("{:?} {:?}", look(&vendors).await, http.sent());

        assert!(!seen.contains("canary"), "{seen}");
    }
}
