//! The interface endpoint: what is planned, and how a live one differs from that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{EndpointId, GroupId, SubnetId, VpcId};
use crate::json::canonical;
use crate::options::Policy;
use crate::outside::{Endpoint, NewEndpoint, NewGroup};
use crate::ownership::{MANAGED, Owner};

/// An interface endpoint, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointPlan {
    pub vpc_id: VpcId,
    pub service: String,
    /// The account that owns the service, or `amazon`.
    pub service_owner: String,
    /// The TCP port that clients connect to.
    pub port: u16,
    /// Further TCP ports that they need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_ports: Vec<u16>,
    /// Which endpoint serves the request.
    pub serving: Serving,
    /// Where the endpoint has a network interface, one a zone.
    pub zones: Vec<AvailabilityZone>,
    /// Which security groups it has.
    pub groups: Groups,
    /// Whether the target's own names lead to it, and how.
    pub private_dns: Option<PrivateDns>,
    /// The target's own host name, if anything leads it to the endpoint.
    pub host: Option<String>,
    /// What may be done through it.
    pub policy: Policy,
    /// How long a person may take to accept it, in hours; none if nobody has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance_hours: Option<u32>,
}

/// Which endpoint serves a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Serving {
    /// One that is to be created.
    New,
    /// One of Tieline's that is there already.
    Ours {
        /// The one that is there already.
        id: EndpointId,
    },
    /// One that is not Tieline's and stays as it is.
    Adopted {
        /// The one that is there already.
        id: EndpointId,
    },
}

impl Serving {
    /// Whether an endpoint has to be created.
    pub fn is_new(&self) -> bool {
        *self == Self::New
    }

    /// Whether the endpoint is not ours and stays as it is.
    pub fn is_adopted(&self) -> bool {
        matches!(self, Self::Adopted { .. })
    }
}

/// A zone and the subnet in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityZone {
    /// The zone's id, the same in every account.
    pub zone_id: String,
    /// The zone's name in this account.
    pub zone_name: String,
    /// The subnet.
    pub subnet_id: SubnetId,
}

/// The security groups of the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "are", rename_all = "kebab-case")]
pub enum Groups {
    /// Groups that the request names.
    Named {
        /// Their ids.
        ids: Vec<GroupId>,
    },
    /// A group of Tieline's own that lets clients in on the target's ports.
    Own {
        /// Its name, unique in the VPC.
        name: String,
        /// The blocks of addresses that it lets in.
        cidrs: Vec<String>,
    },
    /// Those that the adopted endpoint has.
    #[serde(rename = "kept")]
    Unchanged,
}

/// The names that will resolve to the endpoint; null if none will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrivateDns {
    /// The one to connect to.
    pub host: String,
    /// All of them.
    pub names: Vec<String>,
    /// Whether they serve inbound Resolver endpoints only; said of services that have gateway endpoints too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub inbound_only: Option<bool>,
}

impl EndpointPlan {
    /// The subnets.
    pub fn subnets(&self) -> Vec<SubnetId> {
        self.zones
            .iter()
            .map(|zone| zone.subnet_id.clone())
            .collect()
    }

    /// Every port that clients need, the first one first.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        std::iter::once(self.port).chain(self.further_ports.iter().copied())
    }

    /// What to create for a plan, in a generation of client tokens.
    pub fn new_endpoint(
        &self,
        owner: &Owner,
        groups: Vec<GroupId>,
        generation: &str,
    ) -> NewEndpoint {
        // Whoever asks for this service in this VPC uses the same token, until an endpoint dies.
        let token = canonical::digest(&[
            &owner.account,
            owner.region.as_str(),
            self.vpc_id.as_str(),
            &self.service,
            generation,
        ]);
        NewEndpoint {
            token,
            vpc: self.vpc_id.clone(),
            service: self.service.clone(),
            subnets: self.subnets(),
            groups,
            policy: self.policy.document().map(str::to_owned),
            tags: owner.all_tags(),
        }
    }

    /// The group of our own, to be created under the planned name.
    pub fn new_group(&self, name: &str) -> NewGroup {
        NewGroup {
            vpc: self.vpc_id.clone(),
            name: name.to_owned(),
            description: format!(
                "Lets {} into the endpoint of {} (Tieline)",
                self.vpc_id, self.service
            ),
            tags: [
                (MANAGED.to_owned(), "true".to_owned()),
                ("Name".to_owned(), name.to_owned()),
            ]
            .into(),
        }
    }
}

/// The name of the group of our own for a service in a VPC. There is one for the one endpoint, whatever ports its
/// requests need.
pub fn own_group_name(vpc: &VpcId, service: &str) -> String {
    let digest = canonical::digest(&[vpc.as_str(), service]);
    let short = service.rsplit('.').next().unwrap_or(service);
    format!("tieline-{short}-{}", &digest[..8])
}

/// How a live endpoint differs from the plan, apart from DNS and the request's own tag.
pub fn differences(owner: &Owner, wanted: &EndpointPlan, endpoint: &Endpoint) -> Vec<String> {
    let mut found = Vec::new();
    let subnets: Vec<&str> = wanted
        .zones
        .iter()
        .map(|zone| zone.subnet_id.as_str())
        .filter(|id| !has(&endpoint.subnet_ids, id))
        .collect();
    if !subnets.is_empty() {
        found.push(format!("it is not in {}", subnets.join(", ")));
    }
    if let Groups::Named { ids } = &wanted.groups {
        let groups: Vec<&str> = ids
            .iter()
            .map(GroupId::as_str)
            .filter(|id| !has(&endpoint.group_ids, id))
            .collect();
        if !groups.is_empty() {
            found.push(format!("it does not have {}", groups.join(", ")));
        }
    }
    let inbound_only = wanted.private_dns.as_ref().and_then(|dns| dns.inbound_only);
    if endpoint.private_dns && inbound_only.is_some_and(|wanted| wanted != endpoint.inbound_only) {
        found.push(format!(
            "its names are {}for inbound resolvers only",
            if endpoint.inbound_only { "" } else { "not " }
        ));
    }
    if !same_policy(wanted.policy.document(), endpoint.policy.as_deref()) {
        found.push("it has another policy".to_owned());
    }
    for (key, value) in &owner.tags {
        if key != "Name" && endpoint.tags.get(key).is_some_and(|there| there != value) {
            found.push(format!("its tag {key} has another value"));
        }
    }
    found
}

fn has(list: &[String], id: &str) -> bool {
    list.iter().any(|item| item == id)
}

/// EC2 gives an endpoint without a policy the one that allows everything, and may show it or not.
fn same_policy(wanted: Option<&str>, there: Option<&str>) -> bool {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let there = there.and_then(read);
    match wanted.and_then(read) {
        Some(wanted) => {
            there.is_some_and(|there| canonical::text(&wanted) == canonical::text(&there))
        }
        None => there.is_none_or(|there| {
            let statements = there["Statement"].as_array().map_or(1, Vec::len);
            let statement = there["Statement"].get(0).unwrap_or(&there["Statement"]);
            let everything = ["Action", "Principal", "Resource"]
                .iter()
                .all(|field| statement[*field] == "*");
            statements == 1
                && everything
                && statement["Effect"] == "Allow"
                && statement.get("Condition").is_none()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_access_is_no_policy_or_the_one_that_ec2_makes_up() {
        let allow_all =
            r#"{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}"#;
        let restricted = r#"{"Statement":[{"Action":"dsql:*","Effect":"Allow","Principal":"*","Resource":"*"}]}"#;

        assert!(same_policy(None, None));
        assert!(same_policy(None, Some(allow_all)));
        assert!(!same_policy(None, Some(restricted)));
        let deny = r#"{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"},{"Effect":"Deny"}]}"#;
        assert!(!same_policy(None, Some(deny)));
        assert!(!same_policy(Some(restricted), None));
        assert!(same_policy(
            Some(restricted),
            Some(&restricted.replace(',', ", "))
        ));
    }
}
