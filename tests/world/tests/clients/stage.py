"""What the scripts here share: the sample network, the simulated world's admin API, and the count of what held."""

import json
import os
import urllib.request

from botocore.config import Config
from botocore.exceptions import ClientError

URL = os.environ["AWS_ENDPOINT_URL"]
VPC = "vpc-0f3a9c51d7e2b8640"
SUBNETS = ["subnet-0a1c5e7092b4d6f81", "subnet-0b2d6f81a3c5e7094", "subnet-0c3e70924b6d8f1a5"]
SAME_ZONE = "subnet-0e5a92b46d8f013c7"
GROUP = "sg-0a7b3c9d5e1f24680"
VENDOR = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"

# A client that hides no refusal behind a repetition.
ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"}, read_timeout=5)

passed = 0


def check(condition, what):
    global passed
    assert condition, what
    passed += 1


def admin(method, path, **body):
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(f"{URL}/_world/{path}", data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def begin(scenario="default", throttled=None):
    admin("POST", "scenario", name=scenario)
    admin("POST", "throttling", factor=throttled)


def wait(seconds):
    admin("POST", "advance", seconds=seconds)


def refused(code, call, *args, status=400, says="", **kwargs):
    """The call is refused with this code, this status and these words."""
    try:
        call(*args, **kwargs)
    except ClientError as error:
        got = error.response["Error"]
        check(got["Code"] == code, f"{got} instead of {code}")
        check(error.response["ResponseMetadata"]["HTTPStatusCode"] == status, f"{code} has status {status}")
        check(says in got["Message"], f"{says!r} is not in {got['Message']!r}")
        return
    raise AssertionError(f"{code} was expected")


def breaks(error, call, *args, **kwargs):
    """The call ends without an answer that could be read."""
    try:
        call(*args, **kwargs)
    except error:
        check(True, "")
        return
    raise AssertionError(f"{error} was expected")


def play(chapters):
    """Every chapter, and how many checks held at the end."""
    for chapter in chapters:
        chapter()
    print(f"{passed} checks passed")
