//! What the template promises, read from the template itself; and that the check of it can fail.
//!
//! cfn-lint sees none of this: a dead-letter queue nobody may write to, a role that may delete what is not ours.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod template {
    mod events;
    pub(crate) mod promises;
}

use serde_json::{Value, json};
use tests::{Broken, Simulated, Stage, request};
use tieline::workflow::Function;

use crate::template::promises::{MAY_LOOK, MAY_MAKE, MAY_READ_KEYS, findings, listed, template};

#[test]
fn the_template_keeps_its_promises() {
    assert_eq!(findings(&template()), [""; 0]);
}

/// The first statement of a function's own policy, or of a managed one, that allows an action.
fn allowing<'t>(template: &'t mut Value, holder: &str, action: &str) -> &'t mut Value {
    let properties = &mut template["Resources"][holder]["Properties"];
    let document = if properties["PolicyDocument"].is_object() {
        &mut properties["PolicyDocument"]
    } else {
        let policies = properties["Policies"].as_array_mut().unwrap();
        policies
            .iter_mut()
            .find(|policy| policy["Statement"].is_array())
            .unwrap()
    };
    let statements = document["Statement"].as_array_mut().unwrap();
    statements
        .iter_mut()
        .find(|statement| listed(statement).contains(&action))
        .unwrap()
}

/// Allows one more action in such a statement.
fn allow(template: &mut Value, holder: &str, action: &str, more: &str) {
    let statement = allowing(template, holder, action);
    let mut actions: Vec<String> = listed(statement).into_iter().map(str::to_owned).collect();
    actions.push(more.to_owned());
    statement["Action"] = json!(actions);
}

fn forget(template: &mut Value, resource: &str) {
    let resources = template["Resources"].as_object_mut().unwrap();
    assert!(resources.remove(resource).is_some(), "{resource}");
}

#[test]
fn a_template_that_breaks_a_promise_is_found_by_its_name() {
    type Break = fn(&mut Value);
    // A part of the sentence that has to be found, and what has to be found.
    let cases: [(&str, Break); 58] = [
        ("by ResultsQueuePolicy, or more than results", |template| {
            let policy = &mut template["Resources"]["ResultsQueuePolicy"]["Properties"];
            policy["PolicyDocument"]["Statement"][0]["Condition"] = Value::Null;
        }),
        ("the rule Results has no dead-letter queue", |template| {
            rule(template, "Results")["Targets"][0]["DeadLetterConfig"] = Value::Null;
        }),
        (
            "ConfirmConnectionFunction: tags on what is not ours",
            |template| {
                let policies = &mut template["Resources"]["ConfirmConnectionFunction"]["Properties"]
                    ["Policies"];
                let own = policies.as_array_mut().unwrap().last_mut().unwrap();
                let statements = own["Statement"].as_array_mut().unwrap();
                let of_interfaces = statements
                    .iter_mut()
                    .find(|one| one["Resource"].to_string().contains(":network-interface/*"));
                of_interfaces.unwrap()["Condition"] = Value::Null;
            },
        ),
        ("nothing cleans up after an execution", |template| {
            rule(template, "Ended")["EventPattern"]["detail"]["status"] =
                json!(["ABORTED", "TIMED_OUT"]);
        }),
        ("the rule Ended starts nothing", |template| {
            rule(template, "Ended")["Targets"][0]["RoleArn"] = json!({});
        }),
        ("nobody hears the alarm DeadLetters", |template| {
            rule(template, "DeadLetters")["AlarmActions"] = json!([]);
        }),
        ("nobody hears of what a person", |template| {
            rule(template, "Troubled")["Targets"][0]["Arn"] = json!("x");
        }),
        ("somebody may not ask about executions", |template| {
            forget(template, "MayAskAboutExecutions");
        }),
        ("somebody may not ask about executions", |template| {
            let policy = &mut template["Resources"]["MayAskAboutExecutions"]["Properties"];
            policy["PolicyDocument"]["Statement"][0]["Resource"] = json!("*");
        }),
        (
            "EventBridge may not write to the dead-letter queue",
            |template| {
                forget(template, "DeadLetterQueuePolicy");
            },
        ),
        (
            "EventBridge may not write to the dead-letter queue",
            |template| {
                let policy = &mut template["Resources"]["DeadLetterQueuePolicy"]["Properties"];
                policy["PolicyDocument"]["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"] =
                    json!([{"Fn::GetAtt": "OtherRule.Arn"}]);
            },
        ),
        ("the rule Requested has no dead-letter queue", |template| {
            rule(template, "Requested")["Targets"][0]["DeadLetterConfig"] = json!({});
        }),
        ("the rule matches something else", |template| {
            rule(template, "Requested")["EventPattern"]["detail"] =
                json!({"target": {"kind": ["aurora-dsql"]}});
        }),
        ("something is not traced", |template| {
            machine(template)["Tracing"]["Enabled"] = json!(false);
        }),
        ("something is not traced", |template| {
            template["Globals"]["Function"]["Tracing"] = json!("PassThrough");
        }),
        ("a variable that the clients do not read", |template| {
            template["Globals"]["Function"]["Environment"]["Variables"]["AWS_ENDPOINT_URL_EC2"] =
                json!("x");
        }),
        ("production does not call AWS", |template| {
            template["Parameters"]["EndpointUrl"]["Default"] = json!("https://world.example");
        }),
        ("it works in one partition only", |template| {
            allowing(template, "EnableDnsFunction", "ec2:ModifyVpcEndpoint")["Resource"] =
                json!({"Fn::Sub": "arn:aws:ec2:${AWS::Region}:${AWS::AccountId}:vpc-endpoint/*"});
        }),
        ("PreflightFunction has no log group", |template| {
            forget(template, "PreflightFunctionLogs");
        }),
        ("EnableDnsFunction has no log group", |template| {
            let logs = &mut template["Resources"]["EnableDnsFunctionLogs"]["Properties"];
            logs["RetentionInDays"] = Value::Null;
        }),
        ("ConfirmConnectionFunction is not built", |template| {
            forget(template, "ConfirmConnectionFunction");
        }),
        ("StatusPollingFunction may not look", |template| {
            template["Resources"]["StatusPollingFunction"]["Properties"]["Policies"] = json!([]);
        }),
        ("MayLook allows ec2:DeleteTags", |template| {
            allow(template, MAY_LOOK, "ec2:DescribeVpcs", "ec2:DeleteTags");
        }),
        (
            "DeleteEndpointFunction: ec2:DescribeVpcs is said twice",
            |template| {
                allow(
                    template,
                    "DeleteEndpointFunction",
                    "ec2:DeleteTags",
                    "ec2:DescribeVpcs",
                );
            },
        ),
        ("dsql:GetCluster is said twice", |template| {
            allow(
                template,
                "EnableDnsFunction",
                "ec2:ModifyVpcEndpoint",
                "dsql:GetCluster",
            );
        }),
        (
            "the machine may not invoke ConfirmConnectionFunction",
            |template| {
                let statements = &mut machine(template)["Policies"][0]["Statement"];
                let invoked = statements[0]["Resource"].as_array_mut().unwrap();
                invoked
                    .retain(|arn| *arn != json!({"Fn::GetAtt": "ConfirmConnectionFunction.Arn"}));
            },
        ),
        ("the definition is given", |template| {
            machine(template)["DefinitionSubstitutions"]["Partition"] = json!("aws");
        }),
        ("the definition is given", |template| {
            machine(template)["DefinitionSubstitutions"]["ConfirmConnectionFunctionArn"] =
                json!({"Fn::GetAtt": "CreateEndpointFunction.Arn"});
        }),
        (r#"wildcard or no action in ["ec2:*"]"#, |template| {
            allowing(template, "PreflightFunction", "ec2:DescribeSubnets")["Action"] =
                json!("ec2:*");
        }),
        (r#"["ec2:ModifyVpcEndpoint"] on everything"#, |template| {
            allowing(template, "EnableDnsFunction", "ec2:ModifyVpcEndpoint")["Resource"] =
                json!("*");
        }),
        (
            r#"["ec2:ModifyVpcEndpoint"] on what is not ours"#,
            |template| {
                allowing(template, "EnableDnsFunction", "ec2:ModifyVpcEndpoint")["Condition"] =
                    json!({});
            },
        ),
        (
            r#""ec2:DeleteVpcEndpoints"] on what is not ours"#,
            |template| {
                allowing(template, "DeleteEndpointFunction", "ec2:DeleteVpcEndpoints")["Condition"] =
                    json!({});
            },
        ),
        (
            "ConfirmConnectionFunction: tags on what is not ours",
            |template| {
                allowing(template, "ConfirmConnectionFunction", "ec2:CreateTags")["Condition"] =
                    json!({});
            },
        ),
        ("ec2:CreateVpcEndpoint without our tag", |template| {
            allowing(template, "CreateEndpointFunction", "ec2:CreateVpcEndpoint")["Condition"] =
                json!({});
        }),
        (
            "dms:CreateReplicationInstance without our tag",
            |template| {
                let action = "dms:CreateReplicationInstance";
                allowing(template, "CreateEndpointFunction", action)["Condition"] = json!({});
            },
        ),
        ("EnableDnsFunction reads keys", |template| {
            let policies =
                &mut template["Resources"]["EnableDnsFunction"]["Properties"]["Policies"];
            let more = json!({"Ref": MAY_READ_KEYS});
            policies.as_array_mut().unwrap().push(more);
        }),
        ("MayReadKeys: every secret of the account", |template| {
            allowing(template, MAY_READ_KEYS, "secretsmanager:GetSecretValue")["Resource"] =
                json!({"Fn::Sub": "arn:${AWS::Partition}:secretsmanager:us-east-1:1:secret:*"});
        }),
        ("roles for every service, or every role", |template| {
            allowing(template, "CreateEndpointFunction", "iam:PassRole")["Condition"] = json!({});
        }),
        ("roles for every service, or every role", |template| {
            allowing(template, "CreateEndpointFunction", "iam:PassRole")["Resource"] =
                json!({"Fn::Sub": "arn:${AWS::Partition}:iam::1:role/*"});
        }),
        (
            r#"["dms:TestConnection"] on endpoints that are not ours"#,
            |template| {
                allowing(template, "CreateEndpointFunction", "dms:TestConnection")["Condition"] =
                    json!({});
            },
        ),
        (
            "CreateEndpointFunction: tags on anything of DMS's",
            |template| {
                allowing(template, "CreateEndpointFunction", "dms:AddTagsToResource")["Resource"] =
                    json!({"Fn::Sub": "arn:${AWS::Partition}:dms:us-east-1:1:*:*"});
            },
        ),
        (
            "ConfirmConnectionFunction: tags on anything of DMS's",
            |template| {
                allowing(
                    template,
                    "ConfirmConnectionFunction",
                    "dms:AddTagsToResource",
                )["Condition"] = json!({});
            },
        ),
        ("records of every type", |template| {
            let action = "route53:ChangeResourceRecordSets";
            allowing(template, "DeleteEndpointFunction", action)["Condition"] = json!({});
        }),
        ("ec2:CreateVpcEndpoint without our tag", |template| {
            allowing(template, "CreateEndpointFunction", "ec2:CreateVpcEndpoint")["Condition"]["StringEquals"]
                ["aws:RequestTag/tieline:managed"] = json!("true");
        }),
        (
            r#""ec2:DeleteVpcEndpoints"] on what is not ours"#,
            |template| {
                let action = "ec2:DeleteVpcEndpoints";
                allowing(template, "DeleteEndpointFunction", action)["Condition"]["StringEquals"]
                    ["aws:ResourceTag/tieline:managed"] = json!([{"Ref": "AWS::StackName"}]);
            },
        ),
        ("TIELINE_DEPLOYMENT does not say", |template| {
            variables(template)["TIELINE_DEPLOYMENT"] = json!("tieline");
        }),
        ("TIELINE_SERVICE_OWNERS does not say", |template| {
            let all = variables(template).as_object_mut().unwrap();
            all.remove("TIELINE_SERVICE_OWNERS");
        }),
        (
            "CreateEndpointFunction: VPCs that do not take part",
            |template| {
                allowing(
                    template,
                    "CreateEndpointFunction",
                    "ec2:CreateSecurityGroup",
                )["Resource"] = json!({"Fn::Sub": "arn:${AWS::Partition}:ec2:us-east-1:1:vpc/*"});
            },
        ),
        (
            "MayMakeInEnrolledVpcs: VPCs that do not take part",
            |template| {
                let text = &mut rule(template, MAY_MAKE)["PolicyDocument"]["Fn::Sub"];
                *text = json!(text.as_str().unwrap().replace("${EnrolledTag}", "Name"));
            },
        ),
        (
            "MayMakeInEnrolledVpcs: VPCs that do not take part",
            |template| {
                rule(template, MAY_MAKE)["PolicyDocument"]["Fn::Sub"] = json!("{");
            },
        ),
        (
            "StatusPollingFunction: VPCs that do not take part",
            |template| {
                let policies = &mut rule(template, "StatusPollingFunction")["Policies"];
                let more = json!({"Ref": MAY_MAKE});
                policies.as_array_mut().unwrap().push(more);
            },
        ),
        ("CreateEndpointFunction does not say", |template| {
            allowing(template, "CreateEndpointFunction", "ec2:CreateVpcEndpoint")["Condition"]["StringEquals"]
                ["ec2:VpceServiceOwner"] = json!("amazon");
        }),
        ("EnableDnsFunction does not say", |template| {
            let action = "route53:ChangeResourceRecordSets";
            allowing(template, "EnableDnsFunction", action)["Condition"]["ForAllValues:StringLike"] =
                json!({});
        }),
        ("names that were made before", |template| {
            let action = "route53:ChangeResourceRecordSets";
            allowing(template, "DeleteEndpointFunction", action)["Condition"]["ForAllValues:StringLike"] =
                json!({"route53:ChangeResourceRecordSetsNormalizedRecordNames": ["corp.example"]});
        }),
        ("MayPut does not say", |template| {
            forget(template, "MayPut");
        }),
        ("MayPut does not say", |template| {
            rule(template, "MayPut")["Statement"]["Principal"] = json!("*");
        }),
        ("OthersMayPut does not say", |template| {
            rule(template, "OthersMayPut")["Statement"]["Condition"] = json!({});
        }),
        (
            "PreflightFunction: every secret of the account",
            |template| {
                allowing(
                    template,
                    "PreflightFunction",
                    "secretsmanager:DescribeSecret",
                )["Resource"] =
                    json!({"Fn::Sub": "arn:${AWS::Partition}:secretsmanager:us-east-1:1:secret:*"});
            },
        ),
    ];
    for (finding, breaks) in cases {
        let mut template = template();
        breaks(&mut template);

        let found = findings(&template);
        assert!(
            found.iter().any(|sentence| sentence.contains(finding)),
            "{finding:?} is not among {found:?}"
        );
    }
}

/// The properties of a rule, or of any other resource.
fn rule<'t>(template: &'t mut Value, name: &str) -> &'t mut Value {
    &mut template["Resources"][name]["Properties"]
}

fn variables(template: &mut Value) -> &mut Value {
    &mut template["Globals"]["Function"]["Environment"]["Variables"]
}

fn machine(template: &mut Value) -> &mut Value {
    &mut template["Resources"]["ConnectMachine"]["Properties"]
}

/// Whether an event pattern takes an event, as far as ours go: lists of values, and fields within fields or within lists.
/// (EventBridge User Guide, "Creating event patterns".)
fn takes(pattern: &Value, event: &Value) -> bool {
    match (pattern, event) {
        (Value::Array(values), Value::Array(all)) => all.iter().any(|one| values.contains(one)),
        (Value::Array(values), one) => values.contains(one),
        (pattern, Value::Array(all)) => all.iter().any(|one| takes(pattern, one)),
        (Value::Object(fields), event) => fields
            .iter()
            .all(|(name, pattern)| takes(pattern, &event[name])),
        _ => false,
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_is_told_of_what_a_person_has_to_look_at_and_of_nothing_else() {
    let pattern = template()["Resources"]["Troubled"]["Properties"]["EventPattern"].clone();
    // In the last one, what was made cannot be removed: no function answers.
    for (scenario, breaks, told) in [
        ("endpoint-fails", None, false),
        ("default", None, false),
        ("ec2-outage-for-ever", None, true),
        ("endpoint-fails", Some(Function::DeleteEndpoint), true),
    ] {
        let input = request("aurora-dsql");
        let mut stage = Stage::on(Simulated::impatient(world::scenario::world(scenario)));
        match breaks {
            Some(function) => stage.start_broken_in(input, Broken::for_good(1), function),
            None => stage.start(input, None),
        }
        let ended = stage.run().await.remove(0);

        let [event] = &ended.events[..] else {
            panic!("{scenario}: {:?}", ended.events)
        };
        let event = json!({"source": event["Source"], "detail-type": event["DetailType"], "detail": event["Detail"]});
        assert_eq!(takes(&pattern, &event), told, "{scenario}: {event}");
    }
}
