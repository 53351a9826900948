//! The deployment: what it is called, and what those who may ask it for something may not get from it.
//!
//! Whoever may put an event on the bus uses the functions' rights. So the stack says how far these go, and IAM holds the
//! functions to the same wherever it knows a condition for it.

use std::collections::BTreeMap;

use crate::ids::{Domain, FunctionArn, RoleArn, VpcId};

/// One stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The stack's name: it is in the marks, tokens and names of everything that it makes, so that two stacks of one account
    /// take nothing from each other.
    pub name: String,
    pub bounds: Bounds,
    /// Tags of what it creates, beside those of its callers.
    pub tags: BTreeMap<String, String>,
    /// The verifiers that it may invoke, one for a VPC.
    pub verifiers: Vec<FunctionArn>,
}

impl Deployment {
    /// The verifier in a VPC: its function's name ends with the VPC's id.
    pub fn verifier_in(&self, vpc: &VpcId) -> Option<&FunctionArn> {
        let mut all = self.verifiers.iter();
        all.find(|arn| arn.as_str().ends_with(vpc.as_str()))
    }
}

/// What the stack allows. A list that is not there allows everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// The tag with which the owner of a VPC says that it takes part; its value is [`ENROLLED`].
    pub enrolled_tag: String,
    /// The owners of endpoint services, as EC2 names them: an account, `amazon` or `aws-marketplace`.
    pub service_owners: Option<Vec<String>>,
    /// Private hosted zones have one of these names, or one below.
    pub zone_suffixes: Option<Vec<Domain>>,
    /// The classes of replication instances.
    pub dms_classes: Option<Vec<String>>,
    /// The largest storage of a replication instance, in GiB.
    pub dms_storage_gib: u32,
    /// Roles that are handed to AWS DMS have names that begin with this.
    pub role_prefix: String,
}

/// The value of the tag of a VPC that takes part.
pub const ENROLLED: &str = "true";

/// The tag of a secret that serves the VPCs in its value only, with anything between them that is in no id.
pub const SECRET_VPCS: &str = "tieline:vpc";

/// Where AWS's own services have their names: a zone of such a name, or of a parent of it, takes them all from a VPC.
const NAMES_OF_AWS: [&str; 10] = [
    "aws",
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "amazon.com",
    "api.aws",
    "on.aws",
    "awsstatic.com",
    "cloudfront.net",
    "aws.dev",
];

impl Bounds {
    pub fn allows_owner(&self, owner: &str) -> bool {
        is_in(self.service_owners.as_deref(), |one| one == owner)
    }

    /// Whether there may be a private hosted zone of this name for a service that has these private names.
    pub fn allows_zone(&self, domain: &Domain, service_names: &[String]) -> bool {
        let domain = domain.as_str();
        if let Some(suffixes) = &self.zone_suffixes {
            return suffixes.iter().any(|one| is_below(domain, one.as_str()));
        }
        // That is what the service's own name is for in further VPCs.
        let is_own = |name: &String| is_below(domain, name.trim_start_matches("*."));
        service_names.iter().any(is_own)
            || !NAMES_OF_AWS
                .iter()
                .any(|name| is_below(domain, name) || is_below(name, domain))
    }

    pub fn allows_class(&self, class: &str) -> bool {
        is_in(self.dms_classes.as_deref(), |one| one == class)
    }

    pub fn allows_role(&self, role: &RoleArn) -> bool {
        // With its path, as IAM compares it.
        let name = role.as_str().split_once(":role/");
        name.is_some_and(|(_, name)| name.starts_with(&self.role_prefix))
    }
}

/// Whether a secret with this tag serves a VPC.
pub fn serves_vpc(tag: &str, vpc: Option<&str>) -> bool {
    let mut named = tag.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    vpc.is_some_and(|vpc| named.any(|one| one == vpc))
}

fn is_in<T>(list: Option<&[T]>, is: impl Fn(&T) -> bool) -> bool {
    list.is_none_or(|all| all.iter().any(is))
}

/// Whether a name is another one, or lies below it.
fn is_below(name: &str, other: &str) -> bool {
    name.strip_suffix(other)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(zone_suffixes: Option<&str>) -> Bounds {
        Bounds {
            enrolled_tag: "tieline:enrolled".to_owned(),
            service_owners: Some(vec!["amazon".to_owned()]),
            zone_suffixes: zone_suffixes.map(|one| vec![one.parse().unwrap()]),
            dms_classes: None,
            dms_storage_gib: 100,
            role_prefix: "tieline-".to_owned(),
        }
    }

    #[test]
    fn aws_own_names_and_their_parents_have_no_zone() {
        let own = ["*.monitoring.us-east-1.amazonaws.com".to_owned()];
        for (domain, allowed) in [
            ("corp.example", true),
            ("us-east-1.aws.confluent.cloud", true),
            ("notamazonaws.com", true),
            ("monitoring.us-east-1.amazonaws.com", true),
            ("sqs.us-east-1.amazonaws.com", false),
            ("us-east-1.amazonaws.com", false),
            ("amazonaws.com", false),
            ("cluster.dsql.us-east-1.on.aws", false),
            ("com.cn", false),
            ("sagemaker.aws", false),
        ] {
            let domain: Domain = domain.parse().unwrap();
            assert_eq!(bounds(None).allows_zone(&domain, &own), allowed, "{domain}");
        }
    }

    #[test]
    fn a_zone_has_a_name_that_the_stack_allows() {
        for (domain, allowed) in [
            ("corp.example", true),
            ("db.corp.example", true),
            ("mycorp.example", false),
            ("example.com", false),
        ] {
            let domain: Domain = domain.parse().unwrap();
            let bounds = bounds(Some("corp.example"));
            assert_eq!(bounds.allows_zone(&domain, &[]), allowed, "{domain}");
        }
    }

    #[test]
    fn what_is_not_in_a_list_is_not_allowed_and_without_a_list_all_is() {
        assert!(bounds(None).allows_owner("amazon"));
        assert!(!bounds(None).allows_owner("111122223333"));
        assert!(bounds(None).allows_class("dms.r6i.32xlarge"));
        for (role, allowed) in [
            ("arn:aws:iam::123456789012:role/tieline-dms", true),
            ("arn:aws:iam::123456789012:role/teams/tieline-dms", false),
            ("arn:aws:iam::123456789012:role/tieline-/other", true),
        ] {
            assert_eq!(
                bounds(None).allows_role(&role.parse().unwrap()),
                allowed,
                "{role}"
            );
        }
    }

    #[test]
    fn a_secret_serves_the_vpcs_of_its_tag() {
        let two = "vpc-0a vpc-0b";
        assert!(serves_vpc(two, Some("vpc-0b")) && serves_vpc("vpc-0a+vpc-0b", Some("vpc-0a")));
        assert!(!serves_vpc(two, Some("vpc-0")) && !serves_vpc(two, None) && !serves_vpc("", None));
    }
}
