//! What preflight makes of requests that do not fit: a code, a path and a fix for each, and no write.

use serde_json::{Value, json};
use tests::{code, detail, play, request, writes};

#[tokio::test(start_paused = true)]
async fn every_change_of_the_request_that_does_not_fit_has_its_code() {
    let cases = [
        (
            "policy-unsupported",
            "aurora-dsql-management",
            "/policy",
            json!("restricted"),
            "POLICY_UNSUPPORTED",
        ),
        (
            "default",
            "aws-service-s3",
            "/target/inboundResolverOnly",
            json!(true),
            "GATEWAY_ENDPOINT_MISSING",
        ),
        (
            "default",
            "aws-service-monitoring",
            "/target/inboundResolverOnly",
            json!(true),
            "GATEWAY_ENDPOINT_MISSING",
        ),
        (
            "default",
            "aws-service-monitoring",
            "/target/service",
            json!("nowhere"),
            "SERVICE_NOT_FOUND",
        ),
        (
            "default",
            "aws-service-monitoring",
            "/target/fips",
            json!(true),
            "SERVICE_NOT_FOUND",
        ),
        (
            "default",
            "aws-service-monitoring",
            "/target/port",
            json!(9999),
            "SECURITY_GROUP_CLOSED",
        ),
        (
            "shared-service",
            "aurora-dsql",
            "/privateDns",
            json!(false),
            "ENDPOINT_DIFFERS",
        ),
        (
            "shared-service",
            "aurora-dsql",
            "/policy",
            json!({"Statement": []}),
            "ENDPOINT_DIFFERS",
        ),
        (
            "shared-service",
            "aurora-dsql",
            "/network/subnetIds",
            json!(["subnet-0e5a92b46d8f013c7"]),
            "ENDPOINT_DIFFERS",
        ),
    ];
    for (scenario, name, path, value, reason) in cases {
        let mut asked = request(name);
        let (parent, field) = path.rsplit_once('/').unwrap();
        asked.pointer_mut(parent).unwrap()[field] = value;

        let (ended, outside) = play(scenario, asked).await;

        assert_eq!(
            code(&ended),
            reason,
            "{scenario} {path}: {}",
            detail(&ended)
        );
        assert_eq!(writes(&outside), [""; 0], "{scenario} {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn preflight_names_every_problem_at_once() {
    let mut asked = request("aurora-dsql");
    asked["network"]["subnetIds"] = json!([
        "subnet-0d4f81a35c7e902b6",
        "subnet-0a1c5e7092b4d6f81",
        "subnet-00000000000000000"
    ]);
    asked["network"]["securityGroupIds"] = json!(["sg-00000000000000000"]);

    let (ended, outside) = play("vpc-dns-off", asked).await;

    let problems = detail(&ended)["problems"].as_array().unwrap().clone();
    let mut codes: Vec<&str> = problems
        .iter()
        .map(|problem| problem["code"].as_str().unwrap())
        .collect();
    codes.sort_unstable();
    let all = [
        "SECURITY_GROUP_NOT_FOUND",
        "SUBNET_NOT_FOUND",
        "SUBNET_ZONE_UNSUPPORTED",
        "VPC_DNS_DISABLED",
    ];
    assert_eq!(codes, all);
    assert!(
        problems
            .iter()
            .all(|problem| problem["path"].is_string()
                && !problem["fix"].as_str().unwrap().is_empty())
    );
    assert_eq!(writes(&outside), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_not_there_hides_no_closed_group() {
    let mut asked = request("aurora-dsql");
    asked["target"]["clusterId"] = json!("a".repeat(26));

    let (ended, outside) = play("group-closed", asked).await;

    let problems = detail(&ended)["problems"].as_array().unwrap();
    let codes: Vec<&str> = problems
        .iter()
        .map(|problem| problem["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["CLUSTER_NOT_FOUND", "SECURITY_GROUP_CLOSED"]);
    assert_eq!(writes(&outside), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_request_is_refused_with_every_path_and_without_a_call() {
    let good = request("aurora-dsql");
    let with = |path: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(path).unwrap() = value;
        bad
    };
    let mut unknown = good.clone();
    unknown["subnets"] = json!([]);
    unknown["network"]["vpc"] = json!("vpc-1");
    let sixty: serde_json::Map<String, Value> =
        (0..60).map(|n| (format!("key-{n}"), json!("x"))).collect();
    let long = json!({"Statement": [{"Sid": "x".repeat(20_480)}]});
    let mut wrong = with("/network/vpcId", json!(7));
    wrong["network"]["subnetIds"] = json!("subnet-1");
    wrong["privateDns"] = json!("yes");
    wrong["dryRun"] = json!(null);
    let names: serde_json::Map<String, Value> = (0..1_000)
        .map(|n| (format!("{n}{}", "x".repeat(150)), json!(1)))
        .collect();
    let mut huge = good.clone();
    huge["note"] = json!("x".repeat(250_000));
    let cases: Vec<(&str, Value, Vec<&str>)> = vec![
        ("a text", json!("connect me"), vec!["$"]),
        ("a list", json!([good]), vec!["$"]),
        ("null", json!(null), vec!["$"]),
        (
            "nothing",
            json!({}),
            vec!["$.requestId", "$.region", "$.target", "$.network"],
        ),
        (
            "unknown fields",
            unknown,
            vec!["$.network.vpc", "$.subnets"],
        ),
        (
            "unknown kind",
            with("/target/kind", json!("oracle")),
            vec!["$.target.kind"],
        ),
        (
            "malformed ids",
            with("/network/subnetIds", json!(["subnet-1", "x"])),
            vec!["$.network.subnetIds[0]", "$.network.subnetIds[1]"],
        ),
        (
            "malformed cluster",
            with("/target/clusterId", json!("SHORT")),
            vec!["$.target.clusterId"],
        ),
        (
            "wrong types",
            wrong,
            vec![
                "$.network.vpcId",
                "$.network.subnetIds",
                "$.privateDns",
                "$.dryRun",
            ],
        ),
        (
            "another Region",
            with("/region", json!("eu-west-1")),
            vec!["$.region"],
        ),
        ("a long policy", with("/policy", long), vec!["$.policy"]),
        (
            "no policy",
            with("/policy", json!("open")),
            vec!["$.policy"],
        ),
        ("60 tags", with("/tags", json!(sixty)), vec!["$.tags"]),
        (
            "a reserved tag",
            with("/tags", json!({"aws:x": "1", "tieline:managed": "no"})),
            vec!["$.tags[\"aws:x\"]", "$.tags[\"tieline:managed\"]"],
        ),
        ("300 KB", huge, vec!["$", "$.note"]),
    ];
    let (ended, _) = play("default", json!(names)).await;
    assert_eq!(detail(&ended)["problems"].as_array().unwrap().len(), 50);
    for (name, input, paths) in cases {
        let (ended, outside) = play("default", input).await;

        assert_eq!(
            (code(&ended), ended.status),
            ("REQUEST_INVALID", "FAILED"),
            "{name}"
        );
        let problems = detail(&ended)["problems"].as_array().unwrap();
        let found: Vec<&str> = problems
            .iter()
            .map(|problem| problem["path"].as_str().unwrap())
            .collect();
        assert_eq!(found, paths, "{name}: {problems:?}");
        assert!(outside.world().calls().is_empty(), "{name}");
    }
}
