//! Reads the template, and holds it against everything that it promises.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;
use tieline::workflow::Function;

use super::events::{asking_findings, event_findings};

/// The policy of what every function may read.
pub(crate) const MAY_LOOK: &str = "MayLook";

/// The policy of the vendors' keys.
pub(crate) const MAY_READ_KEYS: &str = "MayReadKeys";

/// The policy of the VPCs that things are made in.
pub(crate) const MAY_MAKE: &str = "MayMakeInEnrolledVpcs";

/// What bounds a request, as the functions hear of it.
const BOUNDS: &str = "
TIELINE_DEPLOYMENT: !Ref AWS::StackName
TIELINE_ENROLLED_TAG: !Ref EnrolledTag
TIELINE_SERVICE_OWNERS: !Ref ServiceOwners
TIELINE_PRIVATE_ZONE_SUFFIXES: !Ref PrivateZoneSuffixes
TIELINE_DMS_INSTANCE_CLASSES: !Ref DmsInstanceClasses
TIELINE_DMS_MAX_STORAGE_GIB: !Ref DmsMaxStorageGib
TIELINE_SECRET_ACCESS_ROLE_PREFIX: !Ref SecretAccessRolePrefix
";

/// Where IAM holds the functions to these bounds, and senders to the bus's: the template's own words.
const BOUNDED: &str = r#"
CreateEndpointFunction:
  "aws:RequestTag/tieline:managed": [!Ref AWS::StackName, "true"]
  "ec2:VpceServiceOwner": !If [HasServiceOwners, !Split [",", !Ref ServiceOwners], !Ref AWS::NoValue]
EnableDnsFunction:
  "route53:ChangeResourceRecordSetsNormalizedRecordNames": !If
    - HasZoneSuffixes
    - !Split [",", !Sub ["${All},*.${Below}", { All: !Ref PrivateZoneSuffixes, Below: !Join [",*.", !Split [",", !Ref PrivateZoneSuffixes]] }]]
    - ["*"]
MayPut: { Effect: Allow, Principal: { AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" }, Action: events:PutEvents, Resource: !GetAtt Bus.Arn }
OthersMayPut:
  { Effect: Allow, Principal: { AWS: !Split [",", !Ref SenderAccounts] }, Action: events:PutEvents, Resource: !GetAtt Bus.Arn,
  Condition: { "ForAllValues:StringEquals": { "events:detail-type": ["Private Connection Requested"] }, "Null": { "events:detail-type": "false" } } }
"#;

/// Calls that change or delete what exists. (Route 53 knows no conditions on the tags of zones.)
const CHANGES: [&str; 10] = [
    "dms:DeleteCertificate",
    "dms:DeleteEndpoint",
    "dms:DeleteReplicationInstance",
    "dms:DeleteReplicationSubnetGroup",
    "dms:ModifyReplicationInstance",
    "ec2:ModifyVpcEndpoint",
    "ec2:DeleteVpcEndpoints",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteTags",
    "ec2:AuthorizeSecurityGroupIngress",
];

/// Calls that know no resource, beside EC2's and DMS's Describe calls (Service Authorization Reference).
const RESOURCELESS: [&str; 3] = [
    "route53:CreateHostedZone",
    "route53:ListHostedZonesByName",
    "route53:ListHostedZonesByVPC",
];

/// Calls that make something, and what of theirs has to carry our tag from its first moment.
const MAKES: [(&str, &str); 6] = [
    ("ec2:CreateVpcEndpoint", "vpc-endpoint/*"),
    ("ec2:CreateSecurityGroup", "security-group/*"),
    ("dms:CreateEndpoint", ":dms:"),
    ("dms:CreateReplicationInstance", ":dms:"),
    ("dms:CreateReplicationSubnetGroup", ":dms:"),
    ("dms:ImportCertificate", ":dms:"),
];

pub(crate) fn template() -> Value {
    yaml(&std::fs::read_to_string(tests::root().join("template.yaml")).unwrap())
}

fn yaml(text: &str) -> Value {
    plain(serde_yaml_ng::from_str(text).unwrap())
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
pub(crate) fn findings(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let resources = &template["Resources"];
    let functions: Vec<String> = Function::ALL
        .iter()
        .map(|function| function.logical_id())
        .collect();
    for holder in functions
        .iter()
        .map(String::as_str)
        .chain([MAY_LOOK, MAY_READ_KEYS])
    {
        for statement in statements(&resources[holder]) {
            found.extend(
                statement_findings(statement)
                    .into_iter()
                    .map(|text| format!("{holder}: {text}")),
            );
        }
    }
    for function in &functions {
        let logs = &resources[format!("{function}Logs")]["Properties"];
        let name = json!({"Fn::Sub": format!("/aws/lambda/${{{function}}}")});
        if logs["LogGroupName"] != name || logs["RetentionInDays"].is_null() {
            found.push(format!("{function} has no log group with a retention"));
        }
        if resources[function]["Metadata"]["BuildMethod"] != "rust-cargolambda" {
            found.push(format!("{function} is not built by cargo-lambda"));
        }
    }
    found.extend(look_findings(resources, &functions));
    found.extend(key_findings(resources, &functions));
    found.extend(machine_findings(resources, &functions));
    found.extend(event_findings(resources));
    found.extend(asking_findings(resources));
    found.extend(bound_findings(resources, &functions));
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
    for (variable, value) in yaml(BOUNDS).as_object().unwrap() {
        if variables.get(variable) != Some(value) {
            found.push(format!("{variable} does not say {value}"));
        }
    }
    if template["Parameters"]["EndpointUrl"]["Default"] != "" {
        found.push("production does not call AWS".to_owned());
    }
    if template.to_string().contains("arn:aws") {
        found.push("it works in one partition only".to_owned());
    }
    found
}

/// A function that calls no vendor reads no vendor's key.
fn key_findings(resources: &Value, functions: &[String]) -> Vec<String> {
    let calls_none = Function::EnableDns.logical_id();
    let reads = |function: &&String| {
        let policies = resources[function]["Properties"]["Policies"].as_array();
        policies.is_some_and(|all| all.contains(&json!({"Ref": MAY_READ_KEYS})))
    };
    let wrong = functions
        .iter()
        .filter(|function| reads(function) == (**function == calls_none));
    wrong
        .map(|function| format!("{function} reads keys or it does not: the other is right"))
        .collect()
}

/// What is read is said once, and what is said there is read.
fn look_findings(resources: &Value, functions: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let by_all = actions(&resources[MAY_LOOK]);
    for action in by_all.iter().filter(|action| !is_look(action)) {
        found.push(format!("{MAY_LOOK} allows {action}, which is no look"));
    }
    let mut by_one: BTreeSet<&str> = BTreeSet::new();
    for function in functions {
        let policies = resources[function]["Properties"]["Policies"].as_array();
        if !policies.is_some_and(|policies| policies.contains(&json!({"Ref": MAY_LOOK}))) {
            found.push(format!("{function} may not look"));
        }
        for action in actions(&resources[function]) {
            if is_look(action) && (by_all.contains(action) || !by_one.insert(action)) {
                found.push(format!("{function}: {action} is said twice"));
            }
        }
    }
    found
}

fn is_look(action: &str) -> bool {
    let call = action.split_once(':').map_or(action, |(_, call)| call);
    ["Describe", "Get", "List"]
        .iter()
        .any(|word| call.starts_with(word))
}

/// What the definition names is there, and the machine may invoke it.
fn machine_findings(resources: &Value, functions: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let machine = &resources["ConnectMachine"];
    let mut expected = json!({"Partition": {"Ref": "AWS::Partition"}, "BusName": {"Ref": "Bus"}});
    for function in functions {
        let arn = json!({"Fn::GetAtt": format!("{function}.Arn")});
        let may = statements(machine).into_iter().any(|statement| {
            let invoked = statement["Resource"].as_array();
            statement["Action"] == "lambda:InvokeFunction"
                && invoked.is_some_and(|invoked| invoked.contains(&arn))
        });
        if !may {
            found.push(format!("the machine may not invoke {function}"));
        }
        expected[format!("{function}Arn")] = arn;
    }
    let given = &machine["Properties"]["DefinitionSubstitutions"];
    if *given != expected {
        found.push(format!(
            "the definition is given {given} and wants {expected}"
        ));
    }
    let text = std::fs::read_to_string(tests::root().join("functions/connect.asl.json")).unwrap();
    let wanted: BTreeSet<&str> = text
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .collect();
    let keys = expected.as_object().unwrap().keys().map(String::as_str);
    if wanted != keys.collect() {
        found.push(format!("the definition names {wanted:?}"));
    }
    found
}

/// The statements of a function's or a machine's own policy, or of a managed policy.
fn statements(resource: &Value) -> Vec<&Value> {
    let properties = &resource["Properties"];
    let own = properties["Policies"].as_array().into_iter().flatten();
    own.chain([&properties["PolicyDocument"]])
        .filter_map(|policy| policy["Statement"].as_array())
        .flatten()
        .collect()
}

/// The actions of a statement.
pub(crate) fn listed(statement: &Value) -> Vec<&str> {
    let action = &statement["Action"];
    let list = action.as_array().into_iter().flatten();
    list.chain([action]).filter_map(Value::as_str).collect()
}

fn actions(resource: &Value) -> BTreeSet<&str> {
    statements(resource).into_iter().flat_map(listed).collect()
}

fn statement_findings(statement: &Value) -> Vec<String> {
    let actions = listed(statement);
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
    // Versions before wrote "true", and what they made stands.
    let ours = json!([{"Ref": "AWS::StackName"}, "true"]);
    let requires = |key: &str| statement["Condition"]["StringEquals"][key] == ours;
    // What an endpoint gets or loses is only named by the call that changes the endpoint.
    let named = ["subnet/*", "security-group/*"];
    let resources = statement["Resource"].as_array().into_iter().flatten();
    let mut resources = resources.map(|one| one["Fn::Sub"].as_str().unwrap_or_default());
    let only_names = statement["Resource"].is_array()
        && actions == ["ec2:ModifyVpcEndpoint"]
        && resources.all(|one| named.iter().any(|name| one.ends_with(name)));
    if actions.iter().any(|action| CHANGES.contains(action))
        && !requires("aws:ResourceTag/tieline:managed")
        && !only_names
    {
        found.push(format!("{actions:?} on what is not ours"));
    }
    for (action, resource) in MAKES {
        let named = statement["Resource"].to_string().contains(resource);
        if actions.contains(&action) && named && !requires("aws:RequestTag/tieline:managed") {
            found.push(format!("{action} without our tag"));
        }
    }
    let resource = statement["Resource"].to_string();
    let of_secret = |action: &&str| action.starts_with("secretsmanager:");
    if actions.iter().any(of_secret) && !resource.contains(":secret:${SecretPrefix}*") {
        found.push("every secret of the account".to_owned());
    }
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
        && statement["Condition"]["ForAllValues:StringEquals"][types]
            != json!(["A", "AAAA", "CNAME"])
    {
        found.push("records of every type".to_owned());
    }
    let is_of_interfaces = statement["Resource"]["Fn::Sub"]
        .as_str()
        .is_some_and(|one| one.ends_with(":network-interface/*"));
    if actions.contains(&"ec2:CreateTags")
        && !requires("aws:ResourceTag/tieline:managed")
        && statement["Condition"]["StringEquals"]["ec2:CreateAction"].is_null()
        // EC2 makes the network interfaces of endpoints of ours, without a tag.
        && !(is_of_interfaces && requires("aws:RequestTag/tieline:managed"))
    {
        found.push("tags on what is not ours".to_owned());
    }
    found
}

/// What holds a request to the stack's bounds is there word for word, and nothing is made in a VPC beside it.
fn bound_findings(resources: &Value, functions: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (holder, words) in yaml(BOUNDED).as_object().unwrap() {
        if !resources[holder].to_string().contains(&words.to_string()) {
            found.push(format!("{holder} does not say {words}"));
        }
    }
    // Text, because a condition's key cannot be a function.
    let text = &resources[MAY_MAKE]["Properties"]["PolicyDocument"]["Fn::Sub"];
    let text = text.as_str().unwrap_or_default();
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let expected = json!([{
        "Effect": "Allow",
        "Action": ["ec2:CreateVpcEndpoint", "ec2:CreateSecurityGroup"],
        "Resource": "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc/*",
        "Condition": {"StringEquals": {"aws:ResourceTag/${EnrolledTag}": "true"}},
    }]);
    if document["Statement"] != expected {
        found.push(format!("{MAY_MAKE}: VPCs that do not take part"));
    }
    for function in functions {
        let policies = resources[function]["Properties"]["Policies"].to_string();
        let makes = *function == Function::CreateEndpoint.logical_id();
        if policies.contains(":vpc/*") || policies.contains(MAY_MAKE) != makes {
            found.push(format!("{function}: VPCs that do not take part, or none"));
        }
    }
    let removes = resources[Function::DeleteEndpoint.logical_id()].to_string();
    if removes.contains("NormalizedRecordNames") {
        found.push("names that were made before the stack had bounds stay".to_owned());
    }
    found
}
