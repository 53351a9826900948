//! What the template promises, read from the template itself; and that the check of it can fail.
//!
//! cfn-lint sees none of this: a dead-letter queue nobody may write to, a role that may delete what is not ours.

#![expect(clippy::unwrap_used, reason = "a test panics")]

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

const FUNCTIONS: [&str; 5] = [
    "PreflightFunction",
    "CreateEndpointFunction",
    "StatusPollingFunction",
    "EnableDnsFunction",
    "DeleteEndpointFunction",
];

/// Calls that change or delete what exists. (Route 53 knows no conditions on the tags of zones.)
const CHANGES: [&str; 9] = [
    "dms:DeleteCertificate",
    "dms:DeleteEndpoint",
    "dms:DeleteReplicationInstance",
    "dms:DeleteReplicationSubnetGroup",
    "ec2:ModifyVpcEndpoint",
    "ec2:DeleteVpcEndpoints",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteTags",
    "ec2:AuthorizeSecurityGroupIngress",
];

/// Calls that know no resource, beside EC2's and DMS's Describe calls (Service Authorization Reference).
const RESOURCELESS: [&str; 2] = ["route53:CreateHostedZone", "route53:ListHostedZonesByVPC"];

/// Calls that make something, and what of theirs has to carry our tag from its first moment.
const MAKES: [(&str, &str); 6] = [
    ("ec2:CreateVpcEndpoint", "vpc-endpoint/*"),
    ("ec2:CreateSecurityGroup", "security-group/*"),
    ("dms:CreateEndpoint", ":dms:"),
    ("dms:CreateReplicationInstance", ":dms:"),
    ("dms:CreateReplicationSubnetGroup", ":dms:"),
    ("dms:ImportCertificate", ":dms:"),
];

fn template() -> Value {
    let text = std::fs::read_to_string(tests::root().join("template.yaml")).unwrap();
    plain(serde_yaml_ng::from_str(&text).unwrap())
}

/// YAML as JSON; `!Ref x` becomes `{"Ref": "x"}`, other tags `{"Fn::…": …}`.
fn plain(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let name = if name == "Ref" {
                name.to_owned()
            } else {
                format!("Fn::{name}")
            };
            json!({ name: plain(tagged.value) })
        }
        Yaml::Sequence(list) => list.into_iter().map(plain).collect(),
        Yaml::Mapping(map) => {
            let entry = |(key, value): (Yaml, Yaml)| {
                (key.as_str().unwrap_or_default().to_owned(), plain(value))
            };
            Value::Object(map.into_iter().map(entry).collect::<Map<_, _>>())
        }
        scalar @ (Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::String(_)) => {
            serde_json::to_value(scalar).unwrap()
        }
    }
}

/// Everything that is wrong with a template, in sentences.
fn findings(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let resources = &template["Resources"];
    for function in FUNCTIONS {
        for statement in statements(&resources[function]) {
            found.extend(
                statement_findings(&statement)
                    .into_iter()
                    .map(|text| format!("{function}: {text}")),
            );
        }
        let logs = &resources[format!("{function}Logs")]["Properties"];
        let name = json!({"Fn::Sub": format!("/aws/lambda/${{{function}}}")});
        if logs["LogGroupName"] != name || logs["RetentionInDays"].is_null() {
            found.push(format!("{function} has no log group with a retention"));
        }
        if resources[function]["Metadata"]["BuildMethod"] != "rust-cargolambda" {
            found.push(format!("{function} is not built by cargo-lambda"));
        }
    }
    found.extend(event_findings(resources));
    let globals = &template["Globals"]["Function"];
    if globals["Tracing"] != "Active"
        || resources["ConnectMachine"]["Properties"]["Tracing"]["Enabled"] != true
    {
        found.push("something is not traced".to_owned());
    }
    let variables = globals["Environment"]["Variables"].as_object().unwrap();
    if variables
        .keys()
        .any(|name| name.starts_with("AWS_ENDPOINT_URL"))
    {
        found.push("a variable that the clients do not read".to_owned());
    }
    if template["Parameters"]["WorldEndpointUrl"]["Default"] != "" {
        found.push("the world is there in production".to_owned());
    }
    found
}

fn statements(function: &Value) -> Vec<Value> {
    let policies = function["Properties"]["Policies"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    policies
        .iter()
        .flat_map(|policy| policy["Statement"].as_array().cloned().unwrap_or_default())
        .collect()
}

fn statement_findings(statement: &Value) -> Vec<String> {
    let listed = statement["Action"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let single = statement["Action"].as_str();
    let actions: Vec<&str> = listed
        .iter()
        .filter_map(Value::as_str)
        .chain(single)
        .collect();
    let mut found = Vec::new();
    if actions.is_empty() || actions.iter().any(|action| action.contains('*')) {
        found.push(format!("wildcard or no action in {actions:?}"));
    }
    if statement["Resource"] == "*"
        && !actions.iter().all(|action| {
            action.starts_with("ec2:Describe")
                || action.starts_with("dms:Describe")
                || RESOURCELESS.contains(action)
        })
    {
        found.push(format!("{actions:?} on everything"));
    }
    let requires = |key: &str| statement["Condition"]["StringEquals"][key] == "true";
    if actions.iter().any(|action| CHANGES.contains(action))
        && !requires("aws:ResourceTag/tieline:managed")
    {
        found.push(format!("{actions:?} on what is not ours"));
    }
    for (action, resource) in MAKES {
        let named = statement["Resource"].to_string().contains(resource);
        if actions.contains(&action) && named && !requires("aws:RequestTag/tieline:managed") {
            found.push(format!("{action} without our tag"));
        }
    }
    if actions.contains(&"secretsmanager:GetSecretValue")
        && !statement["Resource"]
            .to_string()
            .contains(":secret:${SecretPrefix}*")
    {
        found.push("every secret of the account".to_owned());
    }
    let resource = statement["Resource"].to_string();
    if actions.contains(&"iam:PassRole")
        && (statement["Condition"]["StringEquals"]["iam:PassedToService"].is_null()
            || !resource.contains(":role/${SecretAccessRolePrefix}*"))
    {
        found.push("roles for every service, or every role".to_owned());
    }
    let tests = ["dms:DeleteConnection", "dms:TestConnection"];
    if actions.iter().any(|action| tests.contains(action))
        && !resource.contains(":rep:*")
        && !requires("aws:ResourceTag/tieline:managed")
    {
        found.push(format!("{actions:?} on endpoints that are not ours"));
    }
    if actions.contains(&"dms:AddTagsToResource")
        && !requires("aws:ResourceTag/tieline:managed")
        && (!requires("aws:RequestTag/tieline:managed") || resource.contains(":*:*"))
    {
        found.push("tags on anything of DMS's".to_owned());
    }
    let types = "route53:ChangeResourceRecordSetsRecordTypes";
    if actions.contains(&"route53:ChangeResourceRecordSets")
        && statement["Condition"]["ForAllValues:StringEquals"][types] != json!(["CNAME"])
    {
        found.push("records of every type".to_owned());
    }
    if actions.contains(&"ec2:CreateTags")
        && !requires("aws:ResourceTag/tieline:managed")
        && statement["Condition"]["StringEquals"]["ec2:CreateAction"].is_null()
    {
        found.push("tags on what is not ours".to_owned());
    }
    found
}

/// The rule, the dead-letter queue and the permission to write to it.
fn event_findings(resources: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let events = &resources["ConnectMachine"]["Properties"]["Events"];
    if events["Requested"]["Properties"]["Pattern"]
        != json!({"detail-type": ["Private Connection Requested"]})
    {
        found.push("the rule matches something else than the detail-type".to_owned());
    }
    let ended = &events["Ended"]["Properties"]["Pattern"]["detail"];
    if *ended
        != json!({"status": ["ABORTED", "TIMED_OUT"], "stateMachineArn": [{"Ref": "ConnectMachine"}]})
    {
        found.push(
            "nothing cleans up after an execution that was aborted or ran out of time".to_owned(),
        );
    }
    for (name, event) in events.as_object().unwrap() {
        if event["Properties"]["DeadLetterConfig"]["Arn"]
            != json!({"Fn::GetAtt": "DeadLetterQueue.Arn"})
        {
            found.push(format!("the rule {name} has no dead-letter queue"));
        }
    }
    let policy = &resources["DeadLetterQueuePolicy"]["Properties"];
    let statement = &policy["PolicyDocument"]["Statement"][0];
    let allowed = policy["Queues"] == json!([{"Ref": "DeadLetterQueue"}])
        && statement["Effect"] == "Allow"
        && statement["Principal"]["Service"] == "events.amazonaws.com"
        && statement["Action"] == "sqs:SendMessage"
        && statement["Resource"] == json!({"Fn::GetAtt": "DeadLetterQueue.Arn"})
        && statement["Condition"]["ArnEquals"]["aws:SourceArn"]
            == json!([{"Fn::GetAtt": "ConnectMachineRequested.Arn"}, {"Fn::GetAtt": "ConnectMachineEnded.Arn"}]);
    if !allowed {
        found.push("EventBridge may not write to the dead-letter queue".to_owned());
    }
    found
}

#[test]
fn the_template_keeps_its_promises() {
    assert_eq!(findings(&template()), [""; 0]);
}

/// The statement of a function's role that allows an action.
fn change<'r>(resources: &'r mut Value, function: &str, action: &str) -> &'r mut Value {
    let statements = resources[function]["Properties"]["Policies"][0]["Statement"]
        .as_array_mut()
        .unwrap();
    statements
        .iter_mut()
        .find(|statement| statement["Action"].to_string().contains(action))
        .unwrap()
}

#[test]
fn a_template_that_breaks_a_promise_is_found() {
    type Break = fn(&mut Value);
    let statement = "/Properties/Policies/0/Statement";
    let cases: [(&str, Break); 19] = [
        ("no clean-up", |resources| {
            resources["ConnectMachine"]["Properties"]["Events"]["Ended"]["Properties"]["Pattern"]
                ["detail"]["status"] = json!(["ABORTED"]);
        }),
        ("no queue policy", |resources| {
            drop(
                resources
                    .as_object_mut()
                    .unwrap()
                    .remove("DeadLetterQueuePolicy"),
            )
        }),
        ("another rule's queue policy", |resources| {
            let policy = &mut resources["DeadLetterQueuePolicy"]["Properties"]["PolicyDocument"];
            policy["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"] =
                json!("arn:aws:events:x");
        }),
        ("no queue", |resources| {
            resources["ConnectMachine"]["Properties"]["Events"]["Requested"]["Properties"]["DeadLetterConfig"] =
                json!({});
        }),
        ("a kind in the pattern", |resources| {
            let rule =
                &mut resources["ConnectMachine"]["Properties"]["Events"]["Requested"]["Properties"];
            rule["Pattern"]["detail"] = json!({"target": {"kind": ["aurora-dsql"]}});
        }),
        ("no tracing", |resources| {
            resources["ConnectMachine"]["Properties"]["Tracing"]["Enabled"] = json!(false)
        }),
        ("no log group", |resources| {
            drop(
                resources
                    .as_object_mut()
                    .unwrap()
                    .remove("PreflightFunctionLogs"),
            )
        }),
        ("a wildcard action", |resources| {
            resources["PreflightFunction"]["Properties"]["Policies"][0]["Statement"][0]["Action"] =
                json!("ec2:*");
        }),
        ("a write on everything", |resources| {
            resources["EnableDnsFunction"]["Properties"]["Policies"][0]["Statement"][1]["Resource"] =
                json!("*");
        }),
        ("a change of what is not ours", |resources| {
            resources["EnableDnsFunction"]["Properties"]["Policies"][0]["Statement"][1]["Condition"] =
                json!({});
        }),
        ("a create without our tag", |resources| {
            resources["CreateEndpointFunction"]["Properties"]["Policies"][0]["Statement"][1]["Condition"] =
                json!({});
        }),
        ("every secret", |resources| {
            let found = change(
                resources,
                "PreflightFunction",
                "secretsmanager:GetSecretValue",
            );
            found["Resource"] = json!({"Fn::Sub": "arn:aws:secretsmanager:us-east-1:1:secret:*"});
        }),
        ("a replication instance without our tag", |resources| {
            change(
                resources,
                "CreateEndpointFunction",
                "dms:CreateReplicationInstance",
            )["Condition"] = json!({});
        }),
        ("a role for any service", |resources| {
            change(resources, "CreateEndpointFunction", "iam:PassRole")["Condition"] = json!({});
        }),
        ("every role", |resources| {
            change(resources, "CreateEndpointFunction", "iam:PassRole")["Resource"] =
                json!({"Fn::Sub": "arn:aws:iam::1:role/*"});
        }),
        ("a test of an endpoint that is not ours", |resources| {
            change(resources, "CreateEndpointFunction", "dms:TestConnection")["Condition"] =
                json!({});
        }),
        ("a tag on anything of DMS's", |resources| {
            change(resources, "CreateEndpointFunction", "dms:AddTagsToResource")["Resource"] =
                json!({"Fn::Sub": "arn:aws:dms:us-east-1:1:*:*"});
        }),
        ("a record of any type", |resources| {
            change(
                resources,
                "DeleteEndpointFunction",
                "route53:ChangeResourceRecordSets",
            )["Condition"] = json!({});
        }),
        ("a delete of what is not ours", |resources| {
            resources["DeleteEndpointFunction"]["Properties"]["Policies"][0]["Statement"][1]["Condition"] =
                json!({});
        }),
    ];
    assert!(
        template()["Resources"]["EnableDnsFunction"]
            .pointer(statement)
            .is_some()
    );
    for (what, breaks) in cases {
        let mut template = template();
        breaks(&mut template["Resources"]);

        assert!(!findings(&template).is_empty(), "{what}");
    }
}
