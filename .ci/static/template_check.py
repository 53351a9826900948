"""Transforms a SAM template without AWS and lints what CloudFormation would get.

cfn-lint on the SAM file itself misses IAM actions that do not exist; on the transformed one it finds them.
"""

import json
import logging
import os
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
    names = [key for key in ("RoleName", "ManagedPolicyName", "QueueName", "FunctionName", "StateMachineName") if key in properties]
    if names:
        yield f"has a fixed {names[0]}: a second stack could not be deployed"


def findings(path):
    """Every finding, as a line of text."""
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
        return ["SAM " + cause.message for cause in error.causes]
    bounded = [f"{name} {what}" for name, resource in flat["Resources"].items() for what in unbounded(resource)]
    # Without ".rules" the serverless rules are not loaded, and nothing says so: prove.py would notice.
    arguments = ManualArgs(regions=REGIONS, append_rules=["cfn_lint_serverless.rules"])
    found = lint(json.dumps(flat, indent=1), config=arguments)
    return bounded + [f"{one.rule.id} {'/'.join(map(str, one.path or []))} {one.message[:200]}" for one in found]


if __name__ == "__main__":
    lines = findings(sys.argv[1])
    print("\n".join(lines) or f"{sys.argv[1]}: nothing to find fault with")
    sys.exit(1 if lines else 0)
