//! The texts of refusals that more than one place gives: each stands here once.

use std::fmt::Display;

use crate::deployment::{ENROLLED, SECRET_VPCS};
use crate::ids::{Domain, EndpointId, GroupId, Region, RoleArn, SecretArn, SubnetId, VpcId};
use crate::problem::{Code, Problem};

/// Attaches AWS's own policy to the role of AWS DMS, in whatever partition the command runs.
const ATTACH_DMS_POLICY: &str = "aws iam attach-role-policy --role-name dms-vpc-role --policy-arn \
     \"arn:$(aws sts get-caller-identity --query Arn --output text | cut -d: -f2):iam::aws:policy/service-role/AmazonDMSVPCManagementRole\"";

/// Something of this request id is there, made with other parameters.
pub(crate) fn conflict(what_is_there: &str) -> Problem {
    Problem::new(
        Code::RequestConflict,
        format!("this requestId was used with other parameters: {what_is_there} is there"),
        "choose another requestId, or send the parameters that it was made or changed with last",
    )
    .about("$.requestId")
}

/// Something of a name that this request would use is there, and it is not this request's.
pub(crate) fn not_ours(name: &str) -> Problem {
    Problem::new(
        Code::NotOurs,
        format!("{name} is there already, and this request did not make it"),
        "choose another requestId, or delete it in the DMS console",
    )
}

/// A target that cannot be connected to in this way.
pub(crate) fn unsuitable(message: impl Into<String>, fix: impl Into<String>) -> Problem {
    Problem::new(Code::TargetUnsuitable, message, fix)
}

/// An endpoint that is there, one of ours or not, is not what is asked for.
pub(crate) fn differing(id: &EndpointId, is_ours: bool, differences: &[String]) -> Problem {
    let whose = if is_ours { " of ours" } else { "" };
    let how = differences.join("; ");
    Problem::new(
        Code::EndpointDiffers,
        format!("{id}{whose} serves this already, but {how}"),
        "ask for what it has, or leave it out of the request; or remove the requests that it serves first",
    )
}

pub(crate) fn no_vpc(vpc: &VpcId, region: &Region, account: &str, fix: &str) -> Problem {
    let message = format!("there is no VPC {vpc} in {region} in account {account}");
    Problem::new(Code::VpcNotFound, message, fix)
}

/// The subnet that a request names at this index of its list.
pub(crate) fn no_subnet(subnet: &SubnetId, index: usize, vpc: &VpcId, region: &Region) -> Problem {
    Problem::new(
        Code::SubnetNotFound,
        format!("there is no subnet {subnet} in {vpc}"),
        format!(
            "choose one: aws ec2 describe-subnets --region {region} --filters Name=vpc-id,Values={vpc}"
        ),
    )
    .about(format!("$.network.subnetIds[{index}]"))
}

/// The security group that a request names at this index of its list.
pub(crate) fn no_group(group: &GroupId, index: usize, vpc: &VpcId, region: &Region) -> Problem {
    Problem::new(
        Code::SecurityGroupNotFound,
        format!("there is no security group {group} in {vpc}"),
        format!(
            "choose one: aws ec2 describe-security-groups --region {region} --filters Name=vpc-id,Values={vpc}"
        ),
    )
    .about(format!("$.network.securityGroupIds[{index}]"))
}

/// A change would take something from other requests; these are they.
pub(crate) fn takes_from_others(others: &str) -> Problem {
    Problem::new(
        Code::ChangeTakesFromOthers,
        format!("others would lose by it: {others}"),
        "leave what they have, or change or remove their requests first; what is added is never a problem",
    )
}

/// The VPC has as many endpoints as the account's quota allows.
pub(crate) fn quota_reached(message: impl Into<String>, region: &Region, more: &str) -> Problem {
    Problem::new(
        Code::EndpointQuotaReached,
        message,
        format!(
            "ask for more: aws service-quotas request-service-quota-increase --region {region} --service-code vpc \
             --quota-code L-29B6F2EB --desired-value {more}"
        ),
    )
}

/// The account has no role that AWS DMS may assume.
pub(crate) fn no_dms_role() -> Problem {
    Problem::new(
        Code::DmsRoleMissing,
        "the account has no IAM role dms-vpc-role that AWS DMS may assume",
        format!(
            "aws iam create-role --role-name dms-vpc-role --assume-role-policy-document \
             '{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{{\"Service\":\"dms.amazonaws.com\"}},\"Action\":\"sts:AssumeRole\"}}]}}' && \
             {ATTACH_DMS_POLICY}"
        ),
    )
}

/// The role is there, and AWS DMS says that it lacks its policy.
pub(crate) fn dms_role_without_policy(message: impl Into<String>) -> Problem {
    Problem::new(Code::DmsRoleMissing, message, ATTACH_DMS_POLICY)
}

/// What serves already has no room for the tag of one more request.
pub(crate) fn too_many(what: &str, requests: usize, most_tags: usize, see: &str) -> Problem {
    Problem::new(
        Code::SharedByTooMany,
        format!(
            "{what} serves {requests} requests, and with its {most_tags} tags it has no room for one more"
        ),
        format!("remove a request that nobody needs any more, or tags of your own; see them: {see}"),
    )
    .about("$.target")
}

/// Whoever owns a VPC has to say that it takes part.
pub(crate) fn not_enrolled(vpc: &VpcId, region: &Region, tag: &str) -> Problem {
    Problem::new(
        Code::VpcNotEnrolled,
        format!("{vpc} does not take part: it has no tag {tag} with the value {ENROLLED}"),
        format!(
            "have the owner of the VPC say that it does: aws ec2 create-tags --region {region} --resources {vpc} --tags Key={tag},Value={ENROLLED}"
        ),
    )
}

pub(crate) fn owner_not_allowed(service: &str, owner: &str, allowed: &[String]) -> Problem {
    Problem::new(
        Code::ServiceOwnerNotAllowed,
        format!(
            "{service} is of {owner}, and this Tieline connects to services of {} only",
            allowed.join(", ")
        ),
        format!("have whoever runs Tieline add {owner} to the stack's parameter ServiceOwners"),
    )
    .about("$.target")
}

pub(crate) fn zone_not_allowed(domain: &Domain, allowed: Option<&[Domain]>) -> Problem {
    let why = match allowed {
        Some(suffixes) => {
            let all: Vec<&str> = suffixes.iter().map(Domain::as_str).collect();
            format!(
                "this Tieline makes private zones below {} only",
                all.join(", ")
            )
        }
        None => "it would hide names of AWS's own from its VPCs".to_owned(),
    };
    Problem::new(
        Code::ZoneNotAllowed,
        format!("no private zone {domain} is made: {why}"),
        "choose another name, or have whoever runs Tieline add it to the stack's parameter PrivateZoneSuffixes",
    )
    .about("$.target")
}

/// A secret says by a tag which VPCs it is for, and this request's is not among them.
pub(crate) fn secret_of_another_vpc(
    secret: &SecretArn,
    vpc: Option<&VpcId>,
    only: &str,
) -> Problem {
    let vpc = vpc.map_or("a request without a VPC", VpcId::as_str);
    Problem::new(
        Code::SecretOfAnotherVpc,
        format!("{secret} is for {only} only by its tag {SECRET_VPCS}, and not for {vpc}"),
        format!(
            "name a secret for this VPC, or have the secret's owner change the tag: aws secretsmanager tag-resource --secret-id {secret} \
             --tags Key={SECRET_VPCS},Value=\"{only} <VPC>\""
        ),
    )
}

pub(crate) fn instance_not_allowed(field: &str, asked: impl Display, allowed: &str) -> Problem {
    Problem::new(
        Code::InstanceNotAllowed,
        format!("{field} of a replication instance is {asked}, and this Tieline allows {allowed}"),
        "ask for less, or have whoever runs Tieline change the stack's parameters DmsInstanceClasses and DmsMaxStorageGib",
    )
    .about(format!("$.target.replicationInstance.{field}"))
}

pub(crate) fn role_not_allowed(role: &RoleArn, prefix: &str) -> Problem {
    Problem::new(
        Code::RoleNotAllowed,
        format!("{role} is not handed to AWS DMS: the names of such roles begin with {prefix:?}"),
        "name another role, or have whoever runs Tieline change the stack's parameter SecretAccessRolePrefix",
    )
    .about("$.target.secretAccessRoleArn")
}

/// Nobody proves the connection of a request that wants it proven.
pub(crate) fn no_verifier(why: &str, vpc: &VpcId, region: &Region) -> Problem {
    Problem::new(
        Code::VerifierMissing,
        format!("the connection in {vpc} has to be proven, and {why}"),
        format!(
            "{}; or send \"verify\": \"if-possible\"",
            deploy_verifier(vpc, region)
        ),
    )
    .about("$.verify")
}

/// How a VPC gets a verifier.
pub(crate) fn deploy_verifier(vpc: &VpcId, region: &Region) -> String {
    format!(
        "deploy one: sam build -t functions/verify-connection/template.yaml -b .aws-sam/verifier && sam deploy -t .aws-sam/verifier/template.yaml --region {region} --stack-name tieline-verify-{vpc} \
         --capabilities CAPABILITY_IAM --resolve-s3 --parameter-overrides VpcId={vpc} SubnetIds=<subnets of clients> SecurityGroupIds=<groups of clients>, \
         and add its output VerifierArn to the parameter VerifierArns of this stack"
    )
}

/// A removal ends without what it did not know when it began.
pub(crate) fn found_late(what: &str) -> Problem {
    Problem::new(
        Code::RollBackIncomplete,
        format!("{what} is there, and did not show while the removal looked for what to take"),
        "send the removal again",
    )
}
