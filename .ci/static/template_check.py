"""Transforms a SAM template without AWS and lints what CloudFormation would get.

cfn-lint on the SAM file itself misses IAM actions that do not exist; on the transformed one it finds them.
"""

import json
import logging
import os
import re
import sys
from types import SimpleNamespace

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from cfnlint.api import lint
from cfnlint.config import ManualArgs
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

# The translator complains about metrics of its own that nobody collects here.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

# One Region of each partition: what one of them does not know cannot be deployed there.
REGIONS = ["us-east-1", "cn-north-1", "us-gov-west-1"]


def unbounded(resource):
    """What an organization that bounds every role would refuse: SAM's own roles are as good as ours only if it is told."""
    properties = resource.get("Properties", {})
    if resource["Type"] in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy") and properties.get("Path") != {"Ref": "RolePath"}:
        yield "does not have the stack's path"
    boundary = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}
    if resource["Type"] == "AWS::IAM::Role" and properties.get("PermissionsBoundary") != boundary:
        yield "does not have the stack's permissions boundary"
    fixed = ("RoleName", "ManagedPolicyName", "QueueName", "FunctionName", "StateMachineName")
    # A name with a VPC's id in it is the name of that VPC's one, and one with the stack's that of this stack's.
    own = ("${VpcId}", "${AWS::StackName}", '"Ref": "AWS::StackName"')
    names = [key for key in fixed if key in properties and not any(one in json.dumps(properties[key]) for one in own)]
    if names:
        yield f"has a fixed {names[0]}: a second stack could not be deployed"


# The value of the tag tieline:managed, and the one that versions before gave it.
OURS = [{"Ref": "AWS::StackName"}, "true"]
# How a template says that a VPC takes part.
ENROLLED = "aws:ResourceTag/${EnrolledTag}"
# What is made, and what of it carries our tag from its first moment.
MADE = {
    "ec2:CreateVpcEndpoint": ":vpc-endpoint/",
    "ec2:CreateSecurityGroup": ":security-group/",
    "dms:CreateEndpoint": ":dms:",
    "dms:CreateReplicationInstance": ":dms:",
    "dms:CreateReplicationSubnetGroup": ":dms:",
    "dms:ImportCertificate": ":dms:",
}
CHANGE = re.compile("(ec2|dms):(Authorize|Delete|Modify|Revoke)")


def several(value):
    """A list, whether it was written as one or not."""
    return value if isinstance(value, list) else [value]


def statements(resource):
    """What a role or a managed policy allows. A document that is text is read as it stands: what it substitutes stays in it."""
    properties = resource.get("Properties", {})
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    if resource["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
        documents.append(properties["PolicyDocument"])
    for document in documents:
        text = several(document["Fn::Sub"])[0] if "Fn::Sub" in document else json.dumps(document)
        for one in several(json.loads(text)["Statement"]):
            # What a condition may leave out counts as there.
            both = one["Fn::If"][1:] if "Fn::If" in one else [one]
            yield from (each for each in both if "Ref" not in each)


def held(statement, key):
    """The values that one of a statement's conditions holds a key to."""
    return several(statement.get("Condition", {}).get("StringEquals", {}).get(key, []))


def touches(statement, part):
    """Whether some of a statement's resources have a text in their names; everything has every text."""
    return any(resource == "*" or part in json.dumps(resource) for resource in several(statement["Resource"]))


def unlimited(resource):
    """What of an account a resource's rights reach beyond what is ours or takes part."""
    for statement in statements(resource):
        actions = several(statement["Action"])
        for action in actions:
            part = MADE.get(action)
            if part and touches(statement, part) and held(statement, "aws:RequestTag/tieline:managed") != OURS:
                yield f"makes things without our tag: {action}"
            if part and action.startswith("ec2:") and touches(statement, ":vpc/") and held(statement, ENROLLED) != ["true"]:
                yield f"makes things in VPCs that do not take part: {action}"
            # DMS's tests are of two things, of which one may be somebody's instance.
            on_instance = action == "dms:DeleteConnection" and not touches(statement, ":endpoint:")
            # What an endpoint gets or loses by a change is only named.
            named = action == "ec2:ModifyVpcEndpoint" and not touches(statement, ":vpc-endpoint/")
            if CHANGE.match(action) and not on_instance and not named and held(statement, "aws:ResourceTag/tieline:managed") != OURS:
                yield f"changes what is not ours: {action}"
        for key in statement.get("Condition", {}).get("StringEquals", {}):
            if key.endswith("/tieline:managed") and held(statement, key) != OURS:
                yield f"takes something else for ours: {', '.join(actions)}"


def unenrolled(resources):
    """What is made in a VPC has to be allowed somewhere: no other check reads a document that is text."""
    allowed = [one for resource in resources.values() for one in statements(resource) if held(one, ENROLLED)]
    for action in [action for action in MADE if action.startswith("ec2:")]:
        if not any(action in several(one["Action"]) and touches(one, ":vpc/*") for one in allowed):
            yield f"nothing allows {action} in a VPC that takes part"


def unguarded(resources):
    """Who may do something by a resource's own policy, the bus's above all, and ought not to."""
    account = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    request = {"events:detail-type": ["Private Connection Requested"]}
    of_bus = []
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        documents = [properties[key] for key in ("AssumeRolePolicyDocument", "PolicyDocument") if key in properties]
        own = [one for document in documents if "Statement" in document for one in several(document["Statement"])]
        if resource["Type"] == "AWS::Events::EventBusPolicy":
            own = [properties["Statement"]]
            # No condition but this one: the tests play without the policy.
            if properties["EventBusName"] == {"Ref": "Bus"} and resource.get("Condition") in (None, "IsProduction"):
                of_bus += [one["Principal"] for one in own]
            # Of nothing at all, all is true: so the key has to be there.
            narrow = {"ForAllValues:StringEquals": request, "Null": {"events:detail-type": "false"}}
            if own[0]["Principal"] != account and own[0].get("Condition") != narrow:
                yield f"{name} lets others put more than requests"
        if any('"*"' in json.dumps(one.get("Principal")) for one in own):
            yield f"{name} lets everybody in"
    if account not in of_bus:
        yield "the bus has no policy for this account"


def findings(path):
    """Every finding, as a line of text: our own first, as cfn-lint takes seconds."""
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for key in ("CodeUri", "DefinitionUri"):
            # `sam build` and `sam deploy` put S3 addresses here; the translator knows no others.
            if isinstance(properties.get(key), str):
                properties[key] = "s3://bucket/" + properties[key].strip("/")
    try:
        flat = transform(template, {}, SimpleNamespace(load=dict))
    except InvalidDocumentException as error:
        yield from ("SAM " + cause.message for cause in error.causes)
        return
    resources = flat["Resources"]
    yield from (f"{name} {what}" for name, one in resources.items() for what in (*unbounded(one), *unlimited(one)))
    # A stack without a bus makes nothing.
    if "Bus" in resources:
        yield from (*unenrolled(resources), *unguarded(resources))
    # Without ".rules" the serverless rules are not loaded, and nothing says so: prove.py would notice.
    arguments = ManualArgs(regions=REGIONS, append_rules=["cfn_lint_serverless.rules"])
    for one in lint(json.dumps(flat, indent=1), config=arguments):
        yield f"{one.rule.id} {'/'.join(map(str, one.path or []))} {one.message[:200]}"


if __name__ == "__main__":
    lines = list(findings(sys.argv[1]))
    print("\n".join(lines) or f"{sys.argv[1]}: nothing to find fault with")
    sys.exit(1 if lines else 0)
