"""boto3 walks through the life of endpoints in the simulated world.

Plain asserts; the last line says how many held. Every refusal is recognised the way any user of boto3 would: by the
code in its ClientError.
"""

import json
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from stage import GROUP, ONCE, SAME_ZONE, SUBNETS, URL, VENDOR, VPC, admin, begin, breaks, check, play, refused, wait

OTHER_ZONE = "subnet-0d4f81a35c7e902b6"
DSQL = "com.amazonaws.us-east-1.dsql-fnh4"
NAMELESS = "com.amazonaws.vpce.us-east-1.vpce-svc-00112233445566778"
CLUSTER = "k3abtwmzqhv5xn7rjd2yfe6upi"
UNKNOWN = "vpce-0000000000000000a"

ec2, dsql, quotas = (boto3.client(name, config=ONCE) for name in ["ec2", "dsql", "service-quotas"])


def create(service=DSQL, **changes):
    request = {
        "VpcEndpointType": "Interface",
        "VpcId": VPC,
        "ServiceName": service,
        "SubnetIds": SUBNETS[:2],
        "SecurityGroupIds": [GROUP],
    }
    request.update(changes)
    return ec2.create_vpc_endpoint(**request)["VpcEndpoint"]


def describe(endpoint_id):
    return ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"][0]


def state(endpoint_id):
    return describe(endpoint_id)["State"]


def listed(**filters):
    filters = [{"Name": name.replace("_", "-"), "Values": values} for name, values in filters.items()]
    return [endpoint["VpcEndpointId"] for endpoint in ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]]


def life():
    begin()
    endpoint = create(TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "team", "Value": "a & <b>"}]}])
    endpoint_id = endpoint["VpcEndpointId"]
    check(endpoint["State"] == "pending", "pending at first")
    check(endpoint["PrivateDnsEnabled"] is True, "private DNS is on when left out")
    check(endpoint["Tags"] == [{"Key": "team", "Value": "a & <b>"}], "tags survive XML")
    check(endpoint["Groups"] == [{"GroupId": GROUP, "GroupName": "database-clients"}], "groups have names")
    check(endpoint["CreationTimestamp"].year >= 2026, "the timestamp is one")
    check(endpoint["DnsEntries"][-1]["DnsName"] == "*.dsql-fnh4.us-east-1.on.aws", "the private name comes last")
    refused("InvalidVpcEndpointId.NotFound", describe, endpoint_id, says=endpoint_id)
    wait(2)
    check(state(endpoint_id) == "pending", "visible after a while")
    wait(60)
    check(state(endpoint_id) == "available", "available in the end")

    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint_id, PrivateDnsEnabled=False)
    check(state(endpoint_id) == "available", "a reader does not see the change at once")
    refused("OperationInProgress", ec2.modify_vpc_endpoint, VpcEndpointId=endpoint_id, PrivateDnsEnabled=True)
    wait(2)
    check(state(endpoint_id) == "pending", "pending while it is modified")
    wait(30)
    check(describe(endpoint_id)["PrivateDnsEnabled"] is False, "modified")

    check(ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])["Unsuccessful"] == [], "deleted")
    wait(2)
    check(state(endpoint_id) == "deleting", "deleting")
    wait(60)
    check(state(endpoint_id) == "deleted", "deleted can be described")
    gone = ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])
    check(gone["ResponseMetadata"]["HTTPStatusCode"] == 200, "nothing deleted is still 200")
    check(gone["Unsuccessful"][0]["Error"]["Code"] == "InvalidVpcEndpoint.NotFound", "but it is unsuccessful")
    wait(300)
    refused("InvalidVpcEndpointId.NotFound", describe, endpoint_id)


def acceptance():
    begin()
    refused("InvalidParameter", create, VENDOR, PrivateDnsEnabled=True, says="after the endpoint connection is accepted")
    endpoint_id = create(VENDOR, PrivateDnsEnabled=False)["VpcEndpointId"]
    wait(600)
    check(state(endpoint_id) == "pendingAcceptance", "waits for its acceptance")
    admin("POST", "acceptance", endpointId=endpoint_id, decision="accept")
    check(state(endpoint_id) == "pending", "accepted")
    wait(60)
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint_id, PrivateDnsEnabled=True)
    wait(30)
    check(describe(endpoint_id)["DnsEntries"][-1]["DnsName"] == "db.vendor.example.com", "named")
    admin("POST", "acceptance", endpointId=endpoint_id, decision="reject")
    check(state(endpoint_id) == "rejected", "thrown out")
    expired = create(NAMELESS)["VpcEndpointId"]
    wait(2)
    admin("POST", "acceptance", endpointId=expired, decision="expire")
    check(state(expired) == "expired", "expired")


def refusals():
    begin()
    refused("InvalidServiceName", create, "com.amazonaws.us-east-1.nonsense", says="does not exist")
    refused("InvalidVpcID.NotFound", create, VpcId="vpc-0000000000000000a")
    refused("InvalidSubnetID.NotFound", create, SubnetIds=["subnet-0000000000000000a"])
    refused("InvalidGroup.NotFound", create, SecurityGroupIds=["sg-0000000000000000a"])
    refused("DuplicateSubnetsInSameZone", create, SubnetIds=[SUBNETS[0], SAME_ZONE], says=SAME_ZONE)
    refused("InvalidParameter", create, SubnetIds=[OTHER_ZONE], says="does not support the availability zone")
    refused("InvalidParameter", create, VpcEndpointType="Gateway", says="Subnet IDs are only supported")
    refused("InvalidParameter", create, NAMELESS, PrivateDnsEnabled=True, says="does not provide a private DNS name")
    refused("InvalidVpcEndpointId.Malformed", describe, "endpoint")
    refused("UnauthorizedOperation", failing("access-denied"), create, status=403)
    begin("vpc-dns-off")
    refused("InvalidParameter", create, says="requires both enableDnsSupport and enableDnsHostnames")
    begin("quota-reached")
    refused("VpcEndpointLimitExceeded", create)
    begin("subnet-full")
    refused("InsufficientFreeAddressesInSubnet", create)
    begin("dns-name-taken")
    refused("InvalidParameter", create, says="there is already a conflicting DNS domain for")


def failing(kind, **more):
    """A call that meets this fault once."""

    def call(function, *args, **kwargs):
        admin("POST", "faults", action="*", count=1, kind={"name": kind, **more})
        return function(*args, **kwargs)

    return call


def tokens():
    begin()
    first = create(ClientToken="token-1")
    again = create(ClientToken="token-1")
    check(first["VpcEndpointId"] == again["VpcEndpointId"], "one token, one endpoint")
    refused("IdempotentParameterMismatch", create, ClientToken="token-1", PrivateDnsEnabled=False)
    wait(2)
    check(listed(vpc_id=[VPC]) == [first["VpcEndpointId"]], "there is one")


def made():
    """Every endpoint but the one that is there from the start, in a VPC of its own."""
    return [one for one in admin("GET", "state")["endpoints"] if one["vpcId"] == VPC]


def dry_run():
    begin()
    refused("DryRunOperation", create, DryRun=True, status=412, says="Request would have succeeded")
    refused("DryRunOperation", ec2.describe_vpcs, DryRun=True, status=412)
    wait(2)
    check(listed(vpc_id=[VPC]) == [], "and nothing was created")


def pages_and_filters():
    begin("quota-reached")
    pages = list(ec2.get_paginator("describe_vpc_endpoints").paginate(PaginationConfig={"PageSize": 20}))
    check([len(page["VpcEndpoints"]) for page in pages] == [20, 20, 11], "pages of endpoints")
    check(len(listed(vpc_endpoint_type=["Interface"], service_name=["*.team-0?"])) == 9, "wildcards")
    check(len(listed(vpc_endpoint_state=["pending", "available"])) == 51, "several values are alternatives")
    check(listed(vpc_endpoint_id=[UNKNOWN]) == [], "an unknown id in a filter is no error")
    refused("InvalidParameterValue", listed, nonsense=["x"], says="The filter 'nonsense' is invalid")
    subnets = ec2.get_paginator("describe_subnets").paginate(PaginationConfig={"PageSize": 5})
    check(sum(len(page["Subnets"]) for page in subnets) == 8, "subnets")
    services = ec2.describe_vpc_endpoint_services(Filters=[{"Name": "service-type", "Values": ["Gateway"]}])
    check(services["ServiceNames"] == ["com.amazonaws.us-east-1.dynamodb", "com.amazonaws.us-east-1.s3"], "services")
    detail = ec2.describe_vpc_endpoint_services(ServiceNames=[DSQL])["ServiceDetails"][0]
    check(detail["AvailabilityZoneIds"] == ["use1-az1", "use1-az4", "use1-az6"], "zones by id")
    check(detail["PrivateDnsNames"] == [{"PrivateDnsName": "*.dsql-fnh4.us-east-1.on.aws"}], "private names")
    check(detail["PrivateDnsNameVerificationState"] == "verified", "verified")
    clusters = list(dsql.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 1}))
    check(len(clusters) == 2, "pages of clusters")


def tags():
    begin()
    endpoint_id = create()["VpcEndpointId"]
    wait(2)
    ec2.create_tags(Resources=[endpoint_id], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    check(describe(endpoint_id)["Tags"] == [], "not visible at once")
    wait(2)
    filters = [{"Name": "tag:a", "Values": ["1"]}, {"Name": "tag-key", "Values": ["b"]}]
    check(len(ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]) == 1, "found by its tags")
    ec2.delete_tags(Resources=[endpoint_id], Tags=[{"Key": "a"}, {"Key": "b", "Value": "other"}])
    wait(2)
    found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [endpoint_id]}])["Tags"]
    expected = {"Key": "b", "ResourceId": endpoint_id, "ResourceType": "vpc-endpoint", "Value": "2"}
    check(found == [expected], "removed")
    many = [{"Key": str(number), "Value": ""} for number in range(50)]
    refused("TagLimitExceeded", ec2.create_tags, Resources=[endpoint_id], Tags=many)
    reserved = [{"Key": "aws:a", "Value": ""}]
    refused("InvalidParameterValue", ec2.create_tags, Resources=[endpoint_id], Tags=reserved, says="reserved")


def groups():
    begin()
    group = ec2.create_security_group(GroupName="mine", Description="for a test", VpcId=VPC)["GroupId"]
    wait(2)
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "10.20.0.0/16"}]}
    rules = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])["SecurityGroupRules"]
    check(rules[0]["CidrIpv4"] == "10.20.0.0/16", "the rule comes back")
    refused("InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[rule])
    refused("InvalidGroup.Duplicate", ec2.create_security_group, GroupName="mine", Description="again", VpcId=VPC)
    endpoint_id = create(SecurityGroupIds=[group])["VpcEndpointId"]
    wait(61)
    interfaces = ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [group]}])["NetworkInterfaces"]
    check({one["Description"] for one in interfaces} == {f"VPC Endpoint Interface {endpoint_id}"}, "interfaces")
    check({one["InterfaceType"] for one in interfaces} == {"vpc_endpoint"}, "of their own type")
    check(sorted(one["PrivateIpAddress"] for one in interfaces) == ["10.20.1.4", "10.20.2.4"], "with addresses")
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])
    wait(60)
    refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
    wait(20)
    check(ec2.delete_security_group(GroupId=group)["Return"] is True, "once the interfaces are gone")


def network():
    begin()
    value = ec2.describe_vpc_attribute(VpcId=VPC, Attribute="enableDnsSupport")
    check(value["EnableDnsSupport"] == {"Value": True} and "EnableDnsHostnames" not in value, "one attribute")
    ec2.modify_vpc_attribute(VpcId=VPC, EnableDnsHostnames={"Value": False})
    wait(2)
    refused("InvalidParameter", create, says="enableDnsHostnames")
    vpc = ec2.create_vpc(CidrBlock="10.60.0.0/16")["Vpc"]["VpcId"]
    wait(2)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.60.1.0/24", AvailabilityZoneId="use1-az6")["Subnet"]
    check(subnet["AvailabilityZone"] == "us-east-1b" and subnet["AvailableIpAddressCount"] == 251, "a subnet")
    wait(2)
    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc)
    zones = ec2.describe_availability_zones(ZoneIds=["use1-az4"])["AvailabilityZones"]
    check(zones[0]["ZoneName"] == "us-east-1a", "zones")


def clusters():
    begin()
    name = dsql.get_vpc_endpoint_service_name(identifier=CLUSTER)
    check(name["serviceName"] == DSQL, "the service")
    check(name["clusterVpcEndpoint"] == f"{CLUSTER}.dsql-fnh4.us-east-1.on.aws", "the host")
    # The AWS CLI has `generate-db-connect-admin-auth-token` only in its version 2, which PyPI does not carry.
    for host in [name["clusterVpcEndpoint"], f"{CLUSTER}.dsql.us-east-1.on.aws"]:
        token = dsql.generate_db_connect_admin_auth_token(host, "us-east-1")
        check(token.startswith(f"{host}/?Action=DbConnectAdmin&X-Amz-Algorithm=AWS4-HMAC-SHA256"), "a token for the host")
    check(dsql.get_cluster(identifier=CLUSTER)["creationTime"].year >= 2026, "the time")
    refused("ValidationException", dsql.delete_cluster, identifier=CLUSTER, says="deletion protection")
    made = dsql.create_cluster(deletionProtectionEnabled=False, tags={"a": "1"})
    check(made["status"] == "CREATING", "creating")
    wait(60)
    check(dsql.get_cluster(identifier=made["identifier"])["status"] == "ACTIVE", "active")
    check(dsql.delete_cluster(identifier=made["identifier"])["status"] == "DELETING", "deleting")
    wait(60)
    refused("ResourceNotFoundException", dsql.get_cluster, identifier=made["identifier"], status=404)
    refused("ThrottlingException", failing("throttle"), dsql.list_clusters, status=429)
    refused("AccessDeniedException", failing("access-denied"), dsql.list_clusters, status=403)
    quota = quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-29B6F2EB")["Quota"]
    check(quota["Value"] == 50.0 and quota["Adjustable"], "the quota")
    refused("NoSuchResourceException", quotas.get_service_quota, ServiceCode="vpc", QuotaCode="L-0")


def faults():
    begin()
    refused("RequestLimitExceeded", failing("throttle"), create, status=503)
    refused("InternalError", failing("error-before-effect"), create, status=500)
    breaks(ReadTimeoutError, failing("hang"), create)
    check(made() == [], "nothing has happened so far")
    breaks(ConnectionClosedError, failing("lost-answer"), create, ClientToken="lost")
    breaks(ResponseParserError, failing("malformed"), create, "com.amazonaws.us-east-1.sts", ClientToken="malformed")
    check(len(made()) == 2, "both have happened")
    breaks(ConnectionClosedError, failing("late-effect", seconds=20), create, "com.amazonaws.us-east-1.dms")
    wait(25)
    check(len(made()) == 3, "so has the late one, later")
    writes = admin("GET", "calls?writes=true")
    check(all(call["action"] == "CreateVpcEndpoint" for call in writes), "the log has only what was asked for")
    check(len(writes) == 6, "and all of it")

    admin("DELETE", "calls")
    patient = boto3.client("ec2", config=Config(retries={"total_max_attempts": 3, "mode": "standard"}))
    admin("POST", "faults", action="DescribeVpcs", count=2, kind={"name": "throttle"})
    check(len(patient.describe_vpcs()["Vpcs"]) == 3, "botocore repeats a throttled call")
    check(len(admin("GET", "calls")) == 3, "three calls")


def throttling():
    begin(throttled=1.0)
    for _ in range(4):
        create(ClientToken="token-1")
    refused("RequestLimitExceeded", create, ClientToken="token-1", status=503)
    wait(4)
    check(create(ClientToken="token-1")["State"] == "pending", "a new token drops into the bucket")

def addresses():
    """IPv6 beside IPv4, and prefix lists."""
    begin()
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    wait(60)
    blocks = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
    check(blocks[0]["Ipv6CidrBlock"].endswith("::/56"), "Amazon gives a /56")
    block = blocks[0]["Ipv6CidrBlock"].replace("/56", "/64")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.1.0/24", Ipv6CidrBlock=block, AvailabilityZoneId="use1-az4")["Subnet"]
    wait(60)
    place = {"VpcId": vpc, "SubnetIds": [subnet["SubnetId"]], "SecurityGroupIds": [], "PrivateDnsEnabled": False}
    refused("InvalidParameter", create, IpAddressType="dualstack", **place, says="dualstack")
    monitoring = "com.amazonaws.us-east-1.monitoring"
    made = create(monitoring, IpAddressType="dualstack", DnsOptions={"DnsRecordIpType": "ipv6"}, **place)
    wait(120)
    endpoint = describe(made["VpcEndpointId"])
    check(endpoint["IpAddressType"] == "dualstack", "of both families")
    check(endpoint["DnsOptions"]["DnsRecordIpType"] == "ipv6", "with records of one")
    interface = ec2.describe_network_interfaces(NetworkInterfaceIds=endpoint["NetworkInterfaceIds"])["NetworkInterfaces"][0]
    check(interface["PrivateIpAddress"].startswith("10.77.1."), "an interface has an IPv4 address")
    check(interface["Ipv6Addresses"][0]["Ipv6Address"].startswith(block[:15]), "and an IPv6 one")

    entries = [{"Cidr": f"10.78.{third}.0/24"} for third in range(120)]
    made = ec2.create_managed_prefix_list(PrefixListName="clients", AddressFamily="IPv4", MaxEntries=150, Entries=entries)
    list_id = made["PrefixList"]["PrefixListId"]
    first = ec2.get_managed_prefix_list_entries(PrefixListId=list_id)
    check(len(first["Entries"]) == 100, "a page has 100 entries")
    pages = ec2.get_paginator("get_managed_prefix_list_entries").paginate(PrefixListId=list_id)
    found = sorted(entry["Cidr"] for page in pages for entry in page["Entries"])
    check(found == sorted(entry["Cidr"] for entry in entries), "and all pages all of them")
    check(ec2.get_managed_prefix_list_entries(PrefixListId="pl-63a5400a")["Entries"], "AWS's own lists have entries")
    refused("InvalidPrefixListID.NotFound", ec2.get_managed_prefix_list_entries, PrefixListId="pl-0123456789abcdef0")


def admin_api():
    begin()
    names = [scenario["name"] for scenario in admin("GET", "scenarios")]
    check(names[0] == "default" and "throttled" in names, "scenarios")
    admin("POST", "faults", action="*", kind={"name": "throttle"})
    refused("RequestLimitExceeded", ec2.describe_vpcs, status=503)
    admin("DELETE", "faults")
    check(len(ec2.describe_vpcs()["Vpcs"]) == 3, "faults can be taken back")
    endpoint_id = create()["VpcEndpointId"]
    admin("POST", "time-scale", scale=1000)
    time.sleep(0.1)
    check(state(endpoint_id) == "available", "time can be made to fly")
    admin("POST", "time-scale", scale=1)
    for path, body in [("scenario", {"name": "nonsense"}), ("advance", {"hours": 1}), ("nonsense", {})]:
        try:
            admin("POST", path, **body)
        except urllib.error.HTTPError as error:
            check(error.code == 400 and json.load(error)["error"], "nonsense is refused")
        else:
            raise AssertionError(f"{path} {body} was accepted")


play(
    [
        admin_api,
        life,
        acceptance,
        refusals,
        tokens,
        dry_run,
        pages_and_filters,
        tags,
        groups,
        network,
        addresses,
        clusters,
        faults,
        throttling,
    ]
)
