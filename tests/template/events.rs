//! How events start executions, where those go that start none, and who may ask about executions.

use serde_json::{Value, json};
use tieline::execution::{EXECUTION_ENDED, REMOVAL_ENDED};
use tieline::question::STATUS_REQUESTED;
use tieline::removal::REMOVAL_REQUESTED;
use tieline::request::{CHANGE_REQUESTED, REQUESTED};
use tieline::workflow::Function;

/// The state machines about whose executions functions may ask, and those whose executions they may list.
const ASKED_ABOUT: [&str; 2] = ["ConnectMachine", "RemoveMachine"];
const LISTED: [&str; 3] = ["ConnectMachine", "RemoveMachine", "CheckMachine"];

/// Who cleans up may ask how an execution ended, by a policy of its own: in a function's it would make the template a circle.
pub(super) fn asking_findings(resources: &Value) -> Vec<String> {
    let properties = &resources["MayAskAboutExecutions"]["Properties"];
    let who = [
        Function::Preflight,
        Function::CreateEndpoint,
        Function::StatusPolling,
        Function::DeleteEndpoint,
    ];
    let roles = who.map(|function| json!({"Ref": format!("{}Role", function.logical_id())}));
    let executions = ASKED_ABOUT.map(|machine| {
        let arn = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution";
        json!({"Fn::Sub": format!("{arn}:${{{machine}.Name}}:*")})
    });
    let machines = LISTED.map(|machine| json!({"Ref": machine}));
    let what = json!([
        {"Effect": "Allow", "Action": ["states:DescribeExecution", "states:GetExecutionHistory"], "Resource": executions},
        {"Effect": "Allow", "Action": "states:ListExecutions", "Resource": machines},
    ]);
    let document = &properties["PolicyDocument"]["Statement"];
    if properties["Roles"] == json!(roles) && *document == what {
        return Vec::new();
    }
    vec!["somebody may not ask about executions, or about others than ours".to_owned()]
}

/// The rule, the dead-letter queue and the permission to write to it.
pub(super) fn event_findings(resources: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let rule = |name: &str| &resources[name]["Properties"];
    let asked = [
        REQUESTED,
        CHANGE_REQUESTED,
        STATUS_REQUESTED,
        EXECUTION_ENDED,
    ];
    if rule("Requested")["EventPattern"] != json!({"detail-type": asked}) {
        found.push("the rule matches something else than the detail-type".to_owned());
    }
    if rule("RemovalRequested")["EventPattern"]
        != json!({"detail-type": [REMOVAL_REQUESTED, REMOVAL_ENDED]})
    {
        found.push("the rule for removals matches something else than the detail-type".to_owned());
    }
    let schedule = rule("CheckEveryNow");
    let target = &schedule["Targets"][0];
    if schedule["ScheduleExpression"] != json!({"Ref": "CheckEvery"})
        || target["Arn"] != json!({"Ref": "CheckMachine"})
        || target["RoleArn"] != json!({"Fn::GetAtt": "MayStart.Arn"})
    {
        found.push("nothing checks the connections".to_owned());
    }
    let kinds = [
        ("Requested", "Ended", "ConnectMachine"),
        ("RemovalRequested", "RemovalEnded", "RemoveMachine"),
    ];
    for (requested, ended, machine) in kinds {
        let detail = &rule(ended)["EventPattern"]["detail"];
        if *detail
            != json!({"status": ["ABORTED", "TIMED_OUT", "FAILED"], "stateMachineArn": [{"Ref": machine}]})
        {
            found.push(
                "nothing cleans up after an execution that ended without a result".to_owned(),
            );
        }
        for name in [requested, ended] {
            let target = &rule(name)["Targets"][0];
            if target["Arn"] != json!({"Ref": machine})
                || target["RoleArn"] != json!({"Fn::GetAtt": "MayStart.Arn"})
            {
                found.push(format!("the rule {name} starts nothing"));
            }
        }
    }
    for name in [
        "Requested",
        "RemovalRequested",
        "Ended",
        "RemovalEnded",
        "CheckEveryNow",
        "Troubled",
        "Results",
    ] {
        let target = &rule(name)["Targets"][0];
        if target["DeadLetterConfig"]["Arn"] != json!({"Fn::GetAtt": "DeadLetterQueue.Arn"}) {
            found.push(format!("the rule {name} has no dead-letter queue"));
        }
    }
    let topic = json!({"Ref": "AlarmTopicArn"});
    let to_topic = json!({"Fn::If": ["HasTopic", [topic], {"Ref": "AWS::NoValue"}]});
    for alarm in [
        "DeadLetters",
        "Aborted",
        "RanOutOfTime",
        "RemovalAborted",
        "RemovalRanOutOfTime",
        "CheckBroken",
    ] {
        if rule(alarm)["AlarmActions"] != to_topic {
            found.push(format!("nobody hears the alarm {alarm}"));
        }
    }
    if rule("Troubled")["Targets"][0]["Arn"] != topic {
        found.push("nobody hears of what a person has to look at".to_owned());
    }
    let of_rule = json!({"aws:SourceArn": {"Fn::GetAtt": "Results.Arn"}});
    for (policy, action) in [
        ("ResultsQueuePolicy", "sqs:SendMessage"),
        ("ResultsTopicPolicy", "sns:Publish"),
    ] {
        let statement = &rule(policy)["PolicyDocument"]["Statement"][0];
        if statement["Principal"]["Service"] != "events.amazonaws.com"
            || statement["Action"] != action
            || statement["Condition"]["ArnEquals"] != of_rule
        {
            found.push(format!(
                "EventBridge may not write by {policy}, or more than results"
            ));
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
            == json!([
                {"Fn::GetAtt": "Requested.Arn"},
                {"Fn::GetAtt": "RemovalRequested.Arn"},
                {"Fn::GetAtt": "Ended.Arn"},
                {"Fn::GetAtt": "RemovalEnded.Arn"},
                {"Fn::If": ["HasChecks", {"Fn::GetAtt": "CheckEveryNow.Arn"}, {"Ref": "AWS::NoValue"}]},
                {"Fn::If": ["HasTopic", {"Fn::GetAtt": "Troubled.Arn"}, {"Ref": "AWS::NoValue"}]},
                {"Fn::If": ["HasResults", {"Fn::GetAtt": "Results.Arn"}, {"Ref": "AWS::NoValue"}]},
            ]);
    if !allowed {
        found.push("EventBridge may not write to the dead-letter queue".to_owned());
    }
    found
}
