"""boto3 walks through DMS, Route 53, IAM and Secrets Manager in the simulated world.

Plain asserts; the last line says how many held.
"""

import json

import boto3
from botocore.exceptions import ConnectionClosedError, WaiterError
from botocore.parsers import ResponseParserError
from stage import GROUP, ONCE, SAME_ZONE, SUBNETS, VENDOR, VPC, admin, begin, breaks, check, play, refused, wait

PEER_VPC = "vpc-0b7d2e9f4a6c81350"
POLICY = "arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole"
TRUST = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": {"Service": ["dms.amazonaws.com"]}, "Action": "sts:AssumeRole"}]}
)
PEM = "-----BEGIN CERTIFICATE-----\nMIIF\n-----END CERTIFICATE-----\n"

ec2, dms, route53, iam, secrets = (
    boto3.client(name, config=ONCE) for name in ["ec2", "dms", "route53", "iam", "secretsmanager"]
)


def fail_once(action, name):
    admin("POST", "faults", action=action, count=1, kind={"name": name})


def group_of(subnets=SUBNETS[:2]):
    return {
        "ReplicationSubnetGroupIdentifier": "Tieline",
        "ReplicationSubnetGroupDescription": "for tieline",
        "SubnetIds": subnets,
        "Tags": [{"Key": "tieline:managed", "Value": "true"}],
    }


def instance_of(**changes):
    request = {
        "ReplicationInstanceIdentifier": "tieline",
        "ReplicationInstanceClass": "dms.t3.medium",
        "ReplicationSubnetGroupIdentifier": "tieline",
        "VpcSecurityGroupIds": [GROUP],
        "PubliclyAccessible": False,
    }
    request.update(changes)
    return request


def endpoint_of(**changes):
    request = {"EndpointIdentifier": "orders", "EndpointType": "target", "EngineName": "mysql"}
    request.update(changes)
    return request


SECRET = {
    "SecretsManagerSecretId": "tieline/database",
    "SecretsManagerAccessRoleArn": "arn:aws:iam::123456789012:role/reads-secrets",
}
CLEAR = {"Username": "u", "Password": "canary-of-boto", "ServerName": "db.example.com", "Port": 4000}


def private_path():
    """The vendor's endpoint with its private name, open on 4000."""
    made = ec2.create_vpc_endpoint(
        VpcEndpointType="Interface",
        VpcId=VPC,
        ServiceName=VENDOR,
        SubnetIds=SUBNETS[:2],
        SecurityGroupIds=[GROUP],
        PrivateDnsEnabled=False,
    )
    endpoint_id = made["VpcEndpoint"]["VpcEndpointId"]
    wait(2)
    admin("POST", "acceptance", endpointId=endpoint_id, decision="accept")
    wait(60)
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint_id, PrivateDnsEnabled=True)
    rule = {"IpProtocol": "tcp", "FromPort": 4000, "ToPort": 4000, "IpRanges": [{"CidrIp": "10.20.0.0/16"}]}
    ec2.authorize_security_group_ingress(GroupId=GROUP, IpPermissions=[rule])
    wait(32)


def migration():
    begin()
    private_path()
    group = dms.create_replication_subnet_group(**group_of())["ReplicationSubnetGroup"]
    check(group["ReplicationSubnetGroupIdentifier"] == "tieline", "lower case")
    check(group["SubnetGroupStatus"] == "Complete", "complete")
    instance = dms.create_replication_instance(**instance_of())["ReplicationInstance"]
    check(instance["ReplicationInstanceStatus"] == "creating", "creating")
    check(instance["InstanceCreateTime"].year >= 2026, "the time is one")
    arn = instance["ReplicationInstanceArn"]
    by_arn = [{"Name": "replication-instance-arn", "Values": [arn]}]
    certificate = dms.import_certificate(CertificateIdentifier="root", CertificatePem=PEM)["Certificate"]
    check(certificate["CertificatePem"] == PEM, "the certificate")
    endpoint = dms.create_endpoint(
        **endpoint_of(
            MySQLSettings=SECRET,
            SslMode="verify-full",
            CertificateArn=certificate["CertificateArn"],
            ExtraConnectionAttributes="Initstmt=SET FOREIGN_KEY_CHECKS=0;",
        )
    )["Endpoint"]
    check(endpoint["Status"] == "active", "active")
    check(endpoint["MySQLSettings"]["SecretsManagerSecretId"] == "tieline/database", "the secret's name")
    check("ServerName" not in endpoint, "and nothing of what it says")
    pair = {"ReplicationInstanceArn": arn, "EndpointArn": endpoint["EndpointArn"]}
    by_endpoint = [{"Name": "endpoint-arn", "Values": [endpoint["EndpointArn"]]}]
    refused("InvalidResourceStateFault", dms.test_connection, **pair)
    refused("ResourceNotFoundFault", dms.describe_connections, Filters=by_endpoint)
    wait(480)
    dms.get_waiter("replication_instance_available").wait(Filters=by_arn)
    check(dms.test_connection(**pair)["Connection"]["Status"] == "testing", "testing")
    refused("InvalidResourceStateFault", dms.test_connection, **pair)
    wait(30)
    dms.get_waiter("test_connection_succeeds").wait(Filters=by_endpoint)
    connection = dms.describe_connections(Filters=by_endpoint)["Connections"][0]
    check(connection["Status"] == "successful" and "LastFailureMessage" not in connection, "successful")

    dms.add_tags_to_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    check(dms.list_tags_for_resource(ResourceArn=arn)["TagList"] == [{"Key": "a", "Value": "1"}], "tags")
    dms.remove_tags_from_resource(ResourceArn=arn, TagKeys=["a"])
    check(dms.list_tags_for_resource(ResourceArn=arn)["TagList"] == [], "no tags")

    refused("InvalidResourceStateFault", dms.delete_endpoint, EndpointArn=endpoint["EndpointArn"])
    refused("InvalidResourceStateFault", dms.delete_replication_instance, ReplicationInstanceArn=arn)
    check(dms.delete_connection(**pair)["Connection"]["Status"] == "deleting", "deleting")
    wait(10)
    dms.delete_endpoint(EndpointArn=endpoint["EndpointArn"])
    refused("InvalidResourceStateFault", dms.delete_certificate, CertificateArn=certificate["CertificateArn"])
    wait(10)
    dms.get_waiter("endpoint_deleted").wait(Filters=by_endpoint)
    dms.delete_certificate(CertificateArn=certificate["CertificateArn"])
    check(dms.describe_certificates()["Certificates"] == [], "no certificates")
    dms.delete_replication_instance(ReplicationInstanceArn=arn)
    name = {"ReplicationSubnetGroupIdentifier": "tieline"}
    refused("InvalidResourceStateFault", dms.delete_replication_subnet_group, says="still using it", **name)
    wait(240)
    dms.get_waiter("replication_instance_deleted").wait(Filters=by_arn)
    dms.delete_replication_subnet_group(**name)
    left = admin("GET", "state")["dms"]
    check(all(not things for things in left.values()), f"{left} is left")


def migration_refusals():
    begin()
    make = dms.create_replication_subnet_group
    refused("ReplicationSubnetGroupDoesNotCoverEnoughAZs", make, **group_of([SUBNETS[0], SAME_ZONE]))
    refused("InvalidSubnet", make, **group_of([SUBNETS[0], "subnet-0000000000000000a"]))
    make(**group_of())
    refused("ResourceAlreadyExistsFault", make, **group_of())
    for changes, code in [
        ({"MySQLSettings": SECRET, "Password": "p"}, "InvalidParameterCombinationException"),
        ({"MySQLSettings": {**SECRET, "SecretsManagerSecretId": "nonsense"}}, "ResourceNotFoundFault"),
        ({**CLEAR, "SslMode": "require"}, "InvalidParameterCombinationException"),
        ({**CLEAR, "SslMode": "verify-full"}, "InvalidParameterCombinationException"),
        ({**CLEAR, "ExtraConnectionAttributes": "a = 1"}, "InvalidParameterValueException"),
        ({**CLEAR, "EndpointIdentifier": "1"}, "InvalidParameterValueException"),
    ]:
        refused(code, dms.create_endpoint, **endpoint_of(**changes))
    shown = dms.create_endpoint(**endpoint_of(**CLEAR))["Endpoint"]
    check(shown["Username"] == "u" and shown["Port"] == 4000, "what may be shown")
    check("Password" not in json.dumps(shown, default=str), "never a password")
    check("canary-of-boto" not in json.dumps(admin("GET", "calls")), "not in the log either")
    for number in range(25):
        dms.create_endpoint(**endpoint_of(**CLEAR, EndpointIdentifier=f"e{number}"))
    pages = dms.get_paginator("describe_endpoints").paginate(PaginationConfig={"PageSize": 20})
    check([len(page["Endpoints"]) for page in pages] == [20, 6], "pages")
    refused("InvalidParameterValueException", dms.describe_endpoints, MaxRecords=19)
    refused("InvalidCertificateFault", dms.import_certificate, CertificateIdentifier="root", CertificatePem="x")

    begin("dms-role-missing")
    refused("AccessDeniedFault", make, says="role/dms-vpc-role is not configured properly", **group_of())
    refused("NoSuchEntity", iam.get_role, status=404, says="dms-vpc-role", RoleName="dms-vpc-role")
    made = iam.create_role(RoleName="dms-vpc-role", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "a", "Value": "1"}])
    check(made["Role"]["AssumeRolePolicyDocument"] == json.loads(TRUST), "the document comes back")
    check(made["Role"]["Tags"] == [{"Key": "a", "Value": "1"}], "tags of roles")
    refused(
        "EntityAlreadyExists", iam.create_role, status=409, RoleName="dms-vpc-role", AssumeRolePolicyDocument=TRUST
    )
    refused(
        "NoSuchEntity",
        iam.attach_role_policy,
        status=404,
        RoleName="dms-vpc-role",
        PolicyArn="arn:aws:iam::aws:policy/AmazonDMSVPCManagementRole",
    )
    iam.attach_role_policy(RoleName="dms-vpc-role", PolicyArn=POLICY)
    policies = iam.list_attached_role_policies(RoleName="dms-vpc-role")["AttachedPolicies"]
    check(policies == [{"PolicyName": "AmazonDMSVPCManagementRole", "PolicyArn": POLICY}], "attached")
    refused("AccessDeniedFault", make, **group_of())
    wait(10)
    make(**group_of())
    check(iam.get_role(RoleName="dms-vpc-role")["Role"]["CreateDate"].year >= 2026, "the time is one")

    begin("dms-instance-fails")
    make(**group_of())
    dms.create_replication_instance(**instance_of())
    wait(480)
    breaks(WaiterError, dms.get_waiter("replication_instance_available").wait)

    begin()
    fail_once("CreateEndpoint", "lost-answer")
    breaks(ConnectionClosedError, dms.create_endpoint, **endpoint_of(**CLEAR))
    fail_once("CreateEndpoint", "malformed")
    # What is no JSON is an empty answer for botocore.
    broken = dms.create_endpoint(**{**endpoint_of(**CLEAR), "EndpointIdentifier": "malformed"})
    check("Endpoint" not in broken, "an answer without content")
    check(len(admin("GET", "state")["dms"]["endpoints"]) == 2, "both have happened")
    fail_once("DescribeEndpoints", "throttle")
    refused("ThrottlingException", dms.describe_endpoints)
    fail_once("DescribeEndpoints", "access-denied")
    refused("AccessDeniedException", dms.describe_endpoints)
    fail_once("DescribeEndpoints", "error-before-effect")
    refused("InternalFailure", dms.describe_endpoints, status=500)


def change(zone, action, name, kind="CNAME", value="target.example.org", ttl=60):
    record = {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": value}]}
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    return route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)["ChangeInfo"]


def zone_of(name="kafka.example.com", reference="1", vpc=VPC, **changes):
    request = {
        "Name": name,
        "CallerReference": reference,
        "VPC": {"VPCRegion": "us-east-1", "VPCId": vpc},
        "HostedZoneConfig": {"Comment": "a < b & c", "PrivateZone": True},
    }
    request.update(changes)
    return request


def zones():
    begin()
    made = route53.create_hosted_zone(**zone_of())
    zone = made["HostedZone"]["Id"]
    check(made["ResponseMetadata"]["HTTPStatusCode"] == 201, "created")
    check(made["HostedZone"]["Config"] == {"Comment": "a < b & c", "PrivateZone": True}, "the comment survives XML")
    check(made["HostedZone"]["ResourceRecordSetCount"] == 2, "NS and SOA")
    check(len(made["DelegationSet"]["NameServers"]) == 4, "name servers")
    refused("HostedZoneAlreadyExists", route53.create_hosted_zone, status=409, **zone_of())
    refused("ConflictingDomainExists", route53.create_hosted_zone, says="same domain name", **zone_of(reference="2"))
    refused("InvalidVPCId", route53.create_hosted_zone, **zone_of("x.example.com", "3", "vpc-0000000000000000a"))
    vpcless = zone_of("x.example.com", "4")
    del vpcless["VPC"]
    refused("InvalidInput", route53.create_hosted_zone, **vpcless)

    info = change(zone, "UPSERT", "*.kafka.example.com")
    check(info["Status"] == "PENDING" and info["SubmittedAt"].year >= 2026, "pending")
    wait(40)
    check(route53.get_change(Id=info["Id"])["ChangeInfo"]["Status"] == "INSYNC", "in sync")
    refused("NoSuchChange", route53.get_change, status=404, Id="C0")
    records = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    check([record["Type"] for record in records] == ["NS", "SOA", "CNAME"], "in order")
    check(records[2]["Name"] == "\\052.kafka.example.com." and records[2]["TTL"] == 60, "the asterisk")
    pages = route53.get_paginator("list_resource_record_sets").paginate(
        HostedZoneId=zone, PaginationConfig={"PageSize": 1}
    )
    check([len(page["ResourceRecordSets"]) for page in pages] == [1, 1, 1], "pages of records")
    for action, name, kind, value, says in [
        ("CREATE", "*.kafka.example.com", "CNAME", "x", "but it already exists"),
        ("DELETE", "none.kafka.example.com", "CNAME", "x", "but it was not found"),
        ("DELETE", "*.kafka.example.com", "CNAME", "x", "do not match the current values"),
        ("CREATE", "*.kafka.example.com", "A", "10.0.0.1", "conflicting RRSet of type  CNAME"),
        ("CREATE", "kafka.example.com", "CNAME", "x.example.org", "not permitted at apex"),
        ("CREATE", "www.example.org", "A", "10.0.0.1", "not permitted in zone"),
    ]:
        refused("InvalidChangeBatch", change, says=says, zone=zone, action=action, name=name, kind=kind, value=value)

    peer = {"HostedZoneId": zone, "VPC": {"VPCRegion": "us-east-1", "VPCId": PEER_VPC}}
    own = {"HostedZoneId": zone, "VPC": {"VPCRegion": "us-east-1", "VPCId": VPC}}
    refused("LastVPCAssociation", route53.disassociate_vpc_from_hosted_zone, **own)
    refused("VPCAssociationNotFound", route53.disassociate_vpc_from_hosted_zone, status=404, **peer)
    route53.associate_vpc_with_hosted_zone(**peer)
    refused("ConflictingDomainExists", route53.associate_vpc_with_hosted_zone, **peer)
    check(len(route53.get_hosted_zone(Id=zone)["VPCs"]) == 2, "two VPCs")
    seen = route53.list_hosted_zones_by_vpc(VPCId=PEER_VPC, VPCRegion="us-east-1")["HostedZoneSummaries"]
    check(seen[0]["Owner"] == {"OwningAccount": "123456789012"}, "the owner")
    named = route53.list_hosted_zones_by_name(DNSName="kafka.example.com")
    check(named["HostedZones"][0]["Id"] == zone and named["IsTruncated"] is False, "found by its name")

    bare = zone.split("/")[-1]
    tags = {"ResourceType": "hostedzone", "ResourceId": bare}
    route53.change_tags_for_resource(**tags, AddTags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    route53.change_tags_for_resource(**tags, RemoveTagKeys=["a"])
    check(route53.list_tags_for_resource(**tags)["ResourceTagSet"]["Tags"] == [{"Key": "b", "Value": "2"}], "tags")

    refused("HostedZoneNotEmpty", route53.delete_hosted_zone, Id=zone)
    change(zone, "DELETE", "*.kafka.example.com")
    route53.delete_hosted_zone(Id=zone)
    refused("NoSuchHostedZone", route53.get_hosted_zone, status=404, says=bare, Id=zone)
    check(admin("GET", "state")["hosted_zones"] == [], "nothing is left")
    fail_once("CreateHostedZone", "throttle")
    refused("Throttling", route53.create_hosted_zone, says="Rate exceeded", **zone_of(reference="5"))
    fail_once("CreateHostedZone", "lost-answer")
    breaks(ConnectionClosedError, route53.create_hosted_zone, **zone_of(reference="6"))
    fail_once("CreateHostedZone", "malformed")
    breaks(ResponseParserError, route53.create_hosted_zone, **zone_of("other.example.com", "7"))
    check(len(admin("GET", "state")["hosted_zones"]) == 2, "both have happened")
    fail_once("GetRole", "access-denied")
    refused("AccessDenied", iam.get_role, status=403, RoleName="dms-vpc-role")


def keeping_secrets():
    begin()
    value = secrets.get_secret_value(SecretId="tieline/database")
    check(json.loads(value["SecretString"])["port"] == 4000, "the value")
    check(value["VersionStages"] == ["AWSCURRENT"] and value["CreatedDate"].year >= 2026, "the version")
    check(secrets.get_secret_value(SecretId=value["ARN"])["Name"] == "tieline/database", "found by its ARN")
    refused("ResourceNotFoundException", secrets.get_secret_value, says="can't find", SecretId="nonsense")
    made = secrets.create_secret(Name="new", SecretString="canary-of-boto", Tags=[{"Key": "a", "Value": "1"}])
    check(made["ARN"].startswith("arn:aws:secretsmanager:us-east-1:123456789012:secret:new-"), "its ARN")
    refused("ResourceExistsException", secrets.create_secret, Name="new", SecretString="x")
    check(secrets.describe_secret(SecretId="new")["Tags"] == [{"Key": "a", "Value": "1"}], "its tags")
    check(secrets.delete_secret(SecretId="new")["DeletionDate"].year >= 2026, "a month later")
    refused("InvalidRequestException", secrets.get_secret_value, says="marked for deletion", SecretId="new")
    check("DeletedDate" in secrets.describe_secret(SecretId="new"), "still described")
    log = json.dumps(admin("GET", "calls"))
    check("canary" not in log and "(redacted)" in log, "no secret is in the log")
    begin("secret-missing")
    refused("ResourceNotFoundException", secrets.get_secret_value, SecretId="tieline/database")


play([migration, migration_refusals, zones, keeping_secrets])
