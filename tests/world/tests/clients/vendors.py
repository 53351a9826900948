"""requests walks through TiDB Cloud and Confluent Cloud in the simulated world.

Plain asserts; the last line says how many held. With a directory as its argument, every answer is also held against
the vendors' own descriptions there.
"""

import json
import sys

import boto3
import requests
from requests.auth import HTTPBasicAuth, HTTPDigestAuth
from stage import GROUP, ONCE, SUBNETS, URL, VPC, admin, begin, check, play, refused, wait

ACCOUNT = "123456789012"
CLUSTER = "1379661944646413143"
NODES = "1916873312349872128"
ESSENTIAL = "10110362358366286743"
STARTER = "10357519063427187436"
ENVIRONMENT = "env-xk27rp"
NETWORK = "n-pr1jy6"
CONFLUENT_SERVICE = "com.amazonaws.vpce.us-east-1.vpce-svc-0d74fb18a0529ec36"
UNKNOWN = "vpce-0123456789abcdef0"

DEDICATED = "dedicated.tidbapi.com"
SERVERLESS = "serverless.tidbapi.com"
CONFLUENT = "api.confluent.cloud"

ec2 = boto3.client("ec2", config=ONCE)
descriptions = None


class Api:
    """A vendor's API with a session of its own, whose answers may be held against its description."""

    def __init__(self, host, base, auth):
        self.host, self.base = host, base
        self.session = requests.Session()
        self.session.auth = auth
        self.exchanges = 0

    def call(self, method, path, expected=200, **kwargs):
        answer = self.session.request(method, f"{URL}/{self.host}{self.base}{path}", timeout=2, **kwargs)
        self.exchanges += 1 + len(answer.history)
        check(answer.status_code == expected, f"{method} {path}: {answer.status_code} {answer.text}")
        if descriptions is not None:
            descriptions.check(self.host, method, self.base + path.split("?")[0], answer)
        return answer

    def get(self, path, **kwargs):
        return self.call("GET", path, **kwargs)

    def post(self, path, body, **kwargs):
        return self.call("POST", path, json=body, **kwargs)

    def delete(self, path, **kwargs):
        return self.call("DELETE", path, **kwargs)


def tidb(host=DEDICATED, key="P4KQ9XTM", secret="canary7f1c0b9e-tidb-private-key"):
    return Api(host, "/v1beta1", HTTPDigestAuth(key, secret))


def confluent(secret="canary7f1c0b9e-confluent-api-secret"):
    return Api(CONFLUENT, "/networking/v1", HTTPBasicAuth("CNFL4QX7T2ZPLM6D", secret))


def create_endpoint(service):
    answer = ec2.create_vpc_endpoint(
        VpcEndpointType="Interface", VpcId=VPC, ServiceName=service, SubnetIds=SUBNETS[:2], SecurityGroupIds=[GROUP]
    )
    wait(2)
    return answer["VpcEndpoint"]["VpcEndpointId"]


def endpoint_state(endpoint_id):
    return ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"][0]["State"]


def rpc(answer):
    return answer.json()["code"]


def digest():
    begin(throttled=1.0)
    api = tidb()
    first = api.get(f"/clusters/{CLUSTER}")
    check(api.exchanges == 2, "the first call is challenged")
    again = api.get(f"/clusters/{CLUSTER}")
    check(api.exchanges == 3, "the nonce serves again")
    check(first.headers["X-Debug-Trace-Id"] != again.headers["X-Debug-Trace-Id"], "each answer has its trace")
    check(again.headers["X-Ratelimit-Remaining-Minute"] == "98", "a challenge costs nothing")
    wait(301)
    api.get(f"/clusters/{CLUSTER}")
    check(api.exchanges == 5, "a stale nonce is replaced")
    wrong = tidb(secret="wrong").get(f"/clusters/{CLUSTER}", expected=401)
    check(rpc(wrong) == 49900001, "a wrong key has its code")
    other = tidb(key="Z8WJ2RVN", secret="canary7f1c0b9e-tidb-other-private-key")
    check(rpc(other.get(f"/clusters/{CLUSTER}", expected=403)) == 7, "another project's key sees nothing")
    begin("tidb-key-refused")
    check(rpc(tidb().get(f"/clusters/{CLUSTER}", expected=401)) == 49900001, "a revoked key has the same")


def dedicated():
    begin()
    api = tidb()
    cluster = api.get(f"/clusters/{CLUSTER}").json()
    check(cluster["state"] == "ACTIVE" and cluster["regionId"] == "aws-us-east-1", "the cluster is there")
    groups = cluster["tidbNodeSetting"]["tidbNodeGroups"]
    check(len(groups) == 2 and groups[0]["tidbNodeGroupId"] == NODES, "two groups")
    check(groups[0]["isDefaultGroup"], "the default group")
    group = f"/clusters/{CLUSTER}/tidbNodeGroups/{NODES}"
    service = api.get(f"{group}/privateLinkService").json()
    check(service["state"] == "ACTIVE", "its service")
    found = ec2.describe_vpc_endpoint_services(ServiceNames=[service["serviceName"]])["ServiceDetails"][0]
    check(found["AvailabilityZoneIds"] == service["availableZones"], "EC2 knows the same zones")
    check(found["PrivateDnsName"] == service["serviceDnsName"], "EC2 knows the same name")
    check(found["AcceptanceRequired"], "it wants acceptance")

    endpoint_id = create_endpoint(service["serviceName"])
    rows = f"{group}/privateEndpointConnections"
    check(api.get(rows).json()["privateEndpointConnections"][0]["endpointState"] == "DISCOVERED", "discovered")
    check(rpc(api.post(rows, {"endpointId": endpoint_id, "clusterId": CLUSTER}, expected=400)) == 3, "too much")
    row = api.post(rows, {"endpointId": endpoint_id}).json()
    check(row["endpointState"] == "PENDING" and row["port"] == 4000, "registered")
    check(rpc(api.post(rows, {"endpointId": endpoint_id}, expected=409)) == 6, "registered once")
    one = f"{rows}/{row['privateEndpointConnectionId']}"
    wait(30)
    check(endpoint_state(endpoint_id) == "pending", "accepted")
    wait(300)
    check(endpoint_state(endpoint_id) == "available", "available")
    check(api.get(one).json()["endpointState"] == "ACTIVE", "active")
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint_id, PrivateDnsEnabled=True)
    every = api.get("/clusters/-/tidbNodeGroups/-/privateEndpointConnections?pageSize=1").json()
    check(every["totalSize"] == 1, "found everywhere")
    check(len(admin("GET", "state")["registrations"]) == 1, "the world knows it")

    check(api.delete(one).json() == {}, "deleted")
    check(api.get(one).json()["endpointState"] == "DELETING", "deleting")
    wait(60)
    check(rpc(api.get(one, expected=404)) == 5, "gone")
    check(endpoint_state(endpoint_id) == "rejected", "cut off")
    failing = api.post(rows, {"endpointId": UNKNOWN}).json()
    wait(20)
    failed = api.get(f"{rows}/{failing['privateEndpointConnectionId']}").json()
    check(failed["endpointState"] == "FAILED" and UNKNOWN in failed["message"], "failed with a message")
    check(rpc(api.get("/clusters/1", expected=404)) == 5, "unknown cluster")


def limits():
    begin(throttled=1.0)
    api = tidb()
    for _ in range(100):
        api.get(f"/clusters/{CLUSTER}")
    throttled = api.get(f"/clusters/{CLUSTER}", expected=429)
    check(rpc(throttled) == 49900007, "throttled with its code")
    wait(int(throttled.headers["X-Ratelimit-Reset"]))
    api.get(f"/clusters/{CLUSTER}")
    begin("tidb-throttled")
    check(rpc(api.get(f"/clusters/{CLUSTER}", expected=429)) == 49900007, "a storm looks the same")
    begin("confluent-throttled")
    answer = confluent().get(f"/networks/{NETWORK}?environment={ENVIRONMENT}", expected=429)
    check(answer.headers["Retry-After"] == answer.headers["X-RateLimit-Reset"], "Confluent says when")


def broken():
    begin("tidb-5xx-after")
    api = tidb()
    rows = f"/clusters/{CLUSTER}/tidbNodeGroups/{NODES}/privateEndpointConnections"
    check(rpc(api.post(rows, {"endpointId": UNKNOWN}, expected=500)) == 13, "an error after the effect")
    check(api.get(rows).json()["privateEndpointConnections"][0]["endpointId"] == UNKNOWN, "the effect")
    for kind, error in [("lost-answer", requests.ConnectionError), ("hang", requests.ReadTimeout)]:
        admin("POST", "faults", action="GetDedicatedCluster", count=1, kind={"name": kind})
        try:
            api.get(f"/clusters/{CLUSTER}")
        except error:
            check(True, kind)
        else:
            raise AssertionError(f"{error} was expected")
    admin("POST", "faults", action="GetNetwork", count=1, kind={"name": "error-before-effect"})
    api = confluent()
    answer = api.get(f"/networks/{NETWORK}?environment={ENVIRONMENT}", expected=500)
    check(answer.json()["errors"][0]["status"] == "500", "Confluent's own error")


def serverless():
    begin()
    api = tidb(SERVERLESS)
    for cluster, plan in [(STARTER, "STARTER"), (ESSENTIAL, "ESSENTIAL")]:
        check("private" not in api.get(f"/clusters/{cluster}").json()["endpoints"], "the basic view")
        full = api.get(f"/clusters/{cluster}?view=FULL").json()
        check(full["clusterPlan"] == plan and full["userPrefix"], "the plan and the prefix")
        private = full["endpoints"]["private"]
        check(private["port"] == 4000, "the port")
    found = ec2.describe_vpc_endpoint_services(ServiceNames=[private["aws"]["serviceName"]])["ServiceDetails"][0]
    check(found["PrivateDnsName"] == private["host"], "EC2 knows the same name")
    check(not found["AcceptanceRequired"], "it accepts by itself")
    endpoint_id = create_endpoint(private["aws"]["serviceName"])
    wait(60)
    check(endpoint_state(endpoint_id) == "available", "available")
    check(rpc(api.get("/clusters/1", expected=404)) == 5, "unknown cluster")
    check(rpc(api.get(f"/clusters/{STARTER}?view=SOME", expected=400)) == 3, "unknown view")


def code(answer):
    return answer.json()["errors"][0].get("code")


def access_for(account, network=NETWORK):
    return {
        "spec": {
            "display_name": "ours",
            "cloud": {"kind": "AwsPrivateLinkAccess", "account": account},
            "environment": {"id": ENVIRONMENT},
            "network": {"id": network},
        }
    }


def accesses():
    begin()
    api = confluent()
    query = f"?environment={ENVIRONMENT}"
    network = api.get(f"/networks/{NETWORK}{query}").json()
    check(network["status"]["phase"] == "READY", "the network is ready")
    check(network["status"]["cloud"]["kind"] == "networking.v1.AwsNetwork", "kinds have their prefix")
    for other in ["n-2w8kqd", "n-5h3vzt", "n-9c4rbm", "n-7x6fyl", "n-4n8jsg"]:
        check(api.get(f"/networks/{other}{query}").json()["id"] == other, "other networks")
    required = api.get("/private-link-accesses", expected=400)
    check(code(required) == "invalid_filter", "the environment is required")
    check(code(api.get(f"/networks/n-none{query}", expected=404)) is None, "a 404 has no code")

    refused("InvalidServiceName", create_endpoint, CONFLUENT_SERVICE)
    created = api.post("/private-link-accesses", access_for(ACCOUNT), expected=202)
    check(created.headers["Location"] == created.json()["metadata"]["self"], "its URL")
    access = f"/private-link-accesses/{created.json()['id']}"
    check(created.json()["status"]["phase"] == "PROVISIONING", "provisioning")
    again = api.post("/private-link-accesses", access_for(ACCOUNT), expected=409)
    check(code(again) == "resource_already_exists", "only once")
    bad = api.post("/private-link-accesses", access_for("1"), expected=422)
    check(bad.json()["errors"][0]["source"]["pointer"] == "/spec/cloud/account", "a bad account")
    wait(60)
    check(api.get(access + query).json()["status"]["phase"] == "READY", "ready")
    found = api.get(f"/private-link-accesses{query}&spec.network={NETWORK}&status.phase=READY").json()
    check(len(found["data"]) == 1, "found by its network")
    api.post("/private-link-accesses", access_for("380838443567"), expected=202)
    first = api.get(f"/private-link-accesses{query}&page_size=1").json()
    second = api.session.get(first["metadata"]["next"], timeout=2).json()
    check(len(first["data"]) == len(second["data"]) == 1, "pages follow their links")
    renamed = {"spec": {"display_name": "renamed", "environment": {"id": ENVIRONMENT}}}
    check(api.call("PATCH", access, json=renamed).json()["spec"]["display_name"] == "renamed", "renamed")
    endpoint_id = create_endpoint(CONFLUENT_SERVICE)
    wait(60)
    check(endpoint_state(endpoint_id) == "available", "accepted by itself")
    check(len(admin("GET", "state")["accesses"]) == 2, "the world knows them")

    api.delete(access + query, expected=204)
    check(api.get(access + query).json()["status"]["phase"] == "DEPROVISIONING", "deprovisioning")
    wait(60)
    check(code(api.get(access + query, expected=403)) == "user_unauthorized", "forbidden once it is gone")
    check(endpoint_state(endpoint_id) == "rejected", "cut off")
    wrong = confluent("wrong").get(f"/networks/{NETWORK}{query}", expected=401)
    check(code(wrong) == "user_unauthenticated", "a wrong key has its code")
    begin("confluent-key-refused")
    check(code(confluent().get(f"/networks/{NETWORK}{query}", expected=401)) == "user_unauthenticated", "revoked")


def links():
    begin()
    api, provider = tidb(SERVERLESS), confluent()
    connections = f"/clusters/{ESSENTIAL}/privateLinkConnections"
    account = api.get(f"{connections}:getAvailabilityZones").json()["accountId"]
    wanted = {
        "privateLinkConnection": {
            "clusterId": ESSENTIAL,
            "displayName": "kafka",
            "type": "AWS_ENDPOINT_SERVICE",
            "awsEndpointService": {"name": CONFLUENT_SERVICE},
        }
    }
    check(rpc(api.post(connections, wanted["privateLinkConnection"], expected=400)) == 3, "the wrapper is required")
    early = api.post(connections, wanted).json()["privateLinkConnectionId"]
    wait(60)
    failed = api.get(f"{connections}/{early}").json()
    check(failed["state"] == "FAILED" and account in failed["message"], "without access it fails")
    api.delete(f"{connections}/{early}")

    provider.post("/private-link-accesses", access_for(account), expected=202)
    wait(60)
    link = api.post(connections, wanted).json()
    one = f"{connections}/{link['privateLinkConnectionId']}"
    check(link["state"] == "CREATING", "creating")
    wait(60)
    check(api.get(one).json()["state"] == "PENDING_ACCEPTANCE", "pending acceptance")
    domain = {"attachDomain": {"type": "CONFLUENT", "uniqueName": "pr1jy6.us-east-1"}}
    check(rpc(api.post(f"{one}:attachDomains", domain, expected=400)) == 9, "no domains before it is active")
    wait(60)
    check(api.get(one).json()["state"] == "ACTIVE", "active")
    listed = api.get(f"{connections}?state=ACTIVE").json()
    check(listed["totalSize"] == "1", "an int64 is a string")
    check("attachedDomains" not in listed["privateLinkConnections"][0], "a list has no domains")
    managed = {"attachDomain": {"type": "TIDBCLOUD_MANAGED"}, "validateOnly": True}
    check(api.post(f"{one}:attachDomains", managed).json()["uniqueName"], "a name is proposed")
    attached = api.post(f"{one}:attachDomains", domain).json()
    check(attached["domains"][0]["name"] == "pr1jy6.us-east-1.aws.confluent.cloud", "attached")
    wait(30)
    check(api.get(one).json()["attachedDomains"][0]["domains"][0]["state"] == "ACTIVE", "the domain is active")
    check(rpc(api.delete(one, expected=400)) == 9, "domains first")
    api.post(f"{one}:detachDomains", {"attachDomainId": attached["attachDomainId"]})
    wait(30)
    check(api.delete(one).json()["state"] == "DELETING", "deleting")
    wait(60)
    check(rpc(api.get(one, expected=404)) == 5, "gone")
    check(admin("GET", "state")["link_connections"] == [], "nothing is left")


def nothing_secret_in_the_log():
    log = json.dumps(admin("GET", "calls"))
    check("canary7f1c0b9e" not in log and "cnonce" not in log, "the log has no secrets")
    if descriptions is not None:
        print(f"{descriptions.checked} answers are as described")


if len(sys.argv) > 1:
    from schemas import Descriptions

    descriptions = Descriptions(sys.argv[1])
play([digest, dedicated, limits, broken, serverless, accesses, links, nothing_secret_in_the_log])
