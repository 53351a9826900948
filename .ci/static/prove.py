"""Breaks copies of the template and of the state machine, one fault each, and sees that the checks notice."""

import os
import pathlib
import subprocess
import sys
import tempfile

import template_check

ROOT = pathlib.Path(os.environ["TIELINE_ROOT"])
HERE = pathlib.Path(__file__).resolve().parent

# What is broken, the text, what replaces its first occurrence, and a word of the finding.
TEMPLATE = [
    ("an IAM action that does not exist", "ec2:ModifyVpcEndpoint", "ec2:ModifyVpcEndpointt", "W3037"),
    ("functions that are not traced", "    Tracing: Active\n", "", "WS1000"),
    ("a machine that is not traced", "      Tracing: { Enabled: true }\n", "", "WS5000"),
    ("a rule without a dead-letter queue", "          DeadLetterConfig: { Arn: !GetAtt DeadLetterQueue.Arn }\n", "", "ES4000"),
    ("a misspelt property", "MessageRetentionPeriod", "MessageRetentionPeriode", "E3002"),
    ("a misspelt SAM property", "CodeUri: functions/preflight/", "CodeUrl: functions/preflight/", "SAM"),
    ("a reference to nothing", "!GetAtt Bus.Arn", "!GetAtt Buss.Arn", "E1010"),
    ("a resource that is not in every partition", "    Type: AWS::Events::EventBus\n", "    Type: AWS::DSQL::Cluster\n", "cn-north-1"),
    ("functions' roles without the boundary", "    PermissionsBoundary: !If", "    Description: !If", "PreflightFunctionRole does not have the stack's permissions boundary"),
    ("a machine's role without the path", "      RolePath: !Ref RolePath\n      PermissionsBoundary", "      PermissionsBoundary", "ConnectMachineRole does not have the stack's path"),
    ("a policy without the path", "      Path: !Ref RolePath\n      Description", "      Description", "does not have the stack's path"),
    ("a queue with a fixed name", "      MessageRetentionPeriod", "      QueueName: x\n      MessageRetentionPeriod", "fixed QueueName"),
    ("a wildcard action", "Action: ec2:ModifyVpcEndpoint", 'Action: "ec2:*"', "WS1003"),
    ("endpoints in every VPC", ":subnet/*", ":vpc/*", "CreateEndpointFunctionRole makes things in VPCs that do not take part: ec2:CreateVpcEndpoint"),
    ("groups in VPCs with another tag", "aws:ResourceTag/${EnrolledTag}", "aws:ResourceTag/Name", "MayMakeInEnrolledVpcs makes things in VPCs that do not take part: ec2:CreateSecurityGroup"),
    ("a misspelt action in a text", '"ec2:CreateSecurityGroup"]', '"ec2:CreateSecurityGroups"]', "nothing allows ec2:CreateSecurityGroup in a VPC"),
    ("endpoints without our tag", "aws:RequestTag/tieline:managed", "aws:RequestTag/Name", "makes things without our tag: ec2:CreateVpcEndpoint"),
    ("endpoints with no stack's tag", '"aws:RequestTag/tieline:managed": [!Ref AWS::StackName, "true"]', '"aws:RequestTag/tieline:managed": "true"', "makes things without our tag: ec2:CreateVpcEndpoint"),
    ("DMS's endpoints without our tag", "Action: dms:TestConnection", "Action: dms:CreateEndpoint", "makes things without our tag: dms:CreateEndpoint"),
    ("groups of everybody opened", "aws:ResourceTag/tieline:managed", "aws:ResourceTag/Name", "changes what is not ours: ec2:AuthorizeSecurityGroupIngress"),
    ("groups of no stack opened", '"aws:ResourceTag/tieline:managed": [!Ref AWS::StackName, "true"]', '"aws:ResourceTag/tieline:managed": "true"', "takes something else for ours: ec2:AuthorizeSecurityGroupIngress, ec2:CreateTags"),
    ("a bus without a policy", "    Type: AWS::Events::EventBusPolicy\n", "    Type: AWS::Events::Archive\n", "the bus has no policy"),
    ("a bus with a policy for some", "Condition: IsProduction #", "Condition: HasTopic #", "the bus has no policy"),
    ("a bus for everybody", 'Principal: { AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" }', 'Principal: "*"', "MayPut lets everybody in"),
    ("a bus for every account", 'Principal: { AWS: !Split [",", !Ref SenderAccounts] }', 'Principal: { AWS: "*" }', "OthersMayPut lets everybody in"),
    ("events of no type from others", '          "Null": { "events:detail-type": "false" }', "         ", "OthersMayPut lets others put more than requests"),
    ("results from others", '{ "events:detail-type": ["Private Connection Requested"] }', '{ "events:source": ["me"] }', "OthersMayPut lets others put more than requests"),
]
VERIFIER = [
    ("a name that every VPC's would have", 'FunctionName: !Sub "tieline-verify-${VpcId}"', "FunctionName: tieline-verify", "fixed FunctionName"),
    ("a role without the boundary", "      PermissionsBoundary: !If", "      Description: !If", "VerifyConnectionFunctionRole does not have the stack's permissions boundary"),
    ("an action that does not exist", "dsql:DbConnectAdmin", "dsql:DbConnectRoot", "W3037"),
]
MACHINE = [
    ("a transition to nowhere", '"Next": "Connected"', '"Next": "Conected"', "Conected"),
    ("a type that does not exist", '"Type": "Wait"', '"Type": "Waitt"', "Type is invalid"),
    ("a state that nothing leads to", '"Next": "Planned"', '"Next": "Connected"', "Planned"),
    ("JSONata that does not parse", "$merge([$states.input, {'failure'", "$merge([$states.input,, {'failure'", "Payload is invalid"),
    ("a variable where none may be set", '"Type": "Succeed"', '"Type": "Succeed", "Assign": {"x": 1}', "Field is not supported"),
    ("a misspelt retry field", '"MaxAttempts"', '"MaxAttempt"', "Field is not supported"),
    ("a JSONPath field", '"Comment": "Looks once', '"ResultPath": "$.x", "Comment": "Looks once', "Poll the status is invalid"),
]


def machine_findings(path):
    """What asl_check.mjs prints about a file, if it finds fault with it."""
    result = subprocess.run(["node", HERE / "asl_check.mjs", path], capture_output=True, text=True, check=False)
    return [result.stdout + result.stderr] if result.returncode else []


def missed(file, cases, check):
    """The cases that a check did not notice; none if it finds fault with the unbroken file."""
    text = (ROOT / file).read_text(encoding="utf-8")
    for what, old, new, word in cases:
        assert old in text, f"{file} has no {old!r} to break"
        with tempfile.TemporaryDirectory() as folder:
            broken = pathlib.Path(folder) / pathlib.Path(file).name
            broken.write_text(text.replace(old, new, 1), encoding="utf-8")
            found = []
            for finding in check(broken):
                found.append(finding)
                if word.lower() in finding.lower():
                    break
            else:
                yield f"{file} with {what}: expected {word}, found {found}"


if __name__ == "__main__":
    misses = [*missed("template.yaml", TEMPLATE, template_check.findings)]
    misses += missed("functions/verify-connection/template.yaml", VERIFIER, template_check.findings)
    misses += missed("functions/connect.asl.json", MACHINE, machine_findings)
    for miss in misses:
        print("not noticed:", miss)
    cases = len(TEMPLATE) + len(VERIFIER) + len(MACHINE)
    print(f"{cases - len(misses)} of {cases} broken copies were noticed")
    sys.exit(1 if misses else 0)
