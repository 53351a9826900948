//! The steps' outside on the world's model, as `tieline-aws` is on AWS.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use tieline::error::CallError;
use tieline::ids::{ClusterId, EndpointId, GroupId, VpcId};
use tieline::outside::{
    Clock, ClusterService, DnsAttributes, Dsql, Ec2, Endpoint, Group, Ingress, Interface, Limits,
    NewEndpoint, NewGroup, Outside, Quotas, Service, Subnet, Time, Vpc, Which,
};
use tieline::state::State;
use world::model::dsql::{GetCluster, GetVpcEndpointServiceName};
use world::model::endpoints::{
    CreateVpcEndpoint, DeleteVpcEndpoints, DescribeVpcEndpoints, DnsOptionsSpecification,
    ModifyVpcEndpoint, VpcEndpoint,
};
use world::model::groups::{
    AuthorizeSecurityGroupIngress, CreateSecurityGroup, DeleteSecurityGroup,
    DescribeSecurityGroups, IpPermission, IpRange,
};
use world::model::interfaces::DescribeNetworkInterfaces;
use world::model::network::{DescribeSubnets, DescribeVpcAttribute, DescribeVpcs};
use world::model::quotas::GetServiceQuota;
use world::model::services::{DescribeVpcEndpointServices, ServiceDetail};
use world::model::shapes::{Filter, Tag, TagInput, TagSpecification};
use world::model::tags::{CreateTags, DeleteTags};
use world::{Failure, World};

/// A client gives up on an answer after this long.
const PATIENCE: Duration = Duration::from_secs(6);

/// How long a client waits before it tries again.
const BACKOFF: Duration = Duration::from_millis(500);

/// The world, as a step sees it.
#[derive(Debug, Clone)]
pub struct Simulated {
    world: Arc<Mutex<World>>,
    limits: Limits,
    attempts: u32,
}

impl Simulated {
    /// The steps' outside on a world, behind clients that try a call three times, as the SDKs do.
    pub fn on(world: World) -> Self {
        let limits = Limits {
            phase: Duration::from_secs(1200),
            settle: Duration::from_secs(60),
        };
        Self {
            world: Arc::new(Mutex::new(world)),
            limits,
            attempts: 3,
        }
    }

    /// The same behind clients that try once, so that every fault reaches the state machine.
    #[must_use]
    pub fn without_retries(mut self) -> Self {
        self.attempts = 1;
        self
    }

    /// The world itself.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a step gets.
    pub fn outside(&self) -> Outside<'_> {
        Outside {
            ec2: self,
            dsql: self,
            quotas: self,
            clock: self,
            limits: self.limits,
        }
    }

    fn call<T>(
        &self,
        action: &'static str,
        call: impl Fn(&mut World) -> Result<T, Failure>,
    ) -> Result<T, CallError> {
        let mut world = self.world();
        let mut attempt = 1;
        loop {
            match call(&mut world).map_err(|failure| read(action, failure, &mut world)) {
                Err(CallError::Unavailable { .. }) if attempt < self.attempts => {
                    world.advance(BACKOFF)
                }
                result => return result,
            }
            attempt += 1;
        }
    }

    fn attribute(&self, id: &VpcId, attribute: &str) -> Result<bool, CallError> {
        let request = DescribeVpcAttribute {
            vpc_id: id.to_string(),
            attribute: attribute.to_owned(),
            ..DescribeVpcAttribute::default()
        };
        let answer = self.call("ec2:DescribeVpcAttribute", |world| {
            world.describe_vpc_attribute(request.clone())
        })?;
        let value = answer.enable_dns_support.or(answer.enable_dns_hostnames);
        Ok(value.is_some_and(|value| value.value))
    }
}

impl Clock for Simulated {
    fn now(&self) -> Time {
        Time(self.world().now())
    }
}

#[async_trait]
impl Ec2 for Simulated {
    async fn vpc(&self, id: &VpcId) -> Result<Option<Vpc>, CallError> {
        let request = DescribeVpcs {
            filters: vec![filter("vpc-id", id.as_str())],
            ..DescribeVpcs::default()
        };
        let answer = self.call("ec2:DescribeVpcs", |world| {
            world.describe_vpcs(request.clone())
        })?;
        Ok(answer.vpcs.first().map(|vpc| Vpc {
            cidrs: vec![vpc.cidr_block.clone()],
        }))
    }

    async fn dns_attributes(&self, id: &VpcId) -> Result<DnsAttributes, CallError> {
        Ok(DnsAttributes {
            support: self.attribute(id, "enableDnsSupport")?,
            hostnames: self.attribute(id, "enableDnsHostnames")?,
        })
    }

    async fn subnets(&self, vpc: &VpcId) -> Result<Vec<Subnet>, CallError> {
        let request = DescribeSubnets {
            filters: vec![filter("vpc-id", vpc.as_str())],
            ..DescribeSubnets::default()
        };
        let answer = self.call("ec2:DescribeSubnets", |world| {
            world.describe_subnets(request.clone())
        })?;
        let ours = |subnet: world::model::network::SubnetDetail| Subnet {
            id: parsed(&subnet.subnet_id),
            zone_id: subnet.availability_zone_id,
            zone_name: subnet.availability_zone,
            owner: subnet.owner_id,
            free_addresses: subnet.available_ip_address_count,
        };
        Ok(answer.subnets.into_iter().map(ours).collect())
    }

    async fn groups(&self, vpc: &VpcId) -> Result<Vec<Group>, CallError> {
        let filters = vec![filter("vpc-id", vpc.as_str())];
        let request = DescribeSecurityGroups {
            filters,
            ..DescribeSecurityGroups::default()
        };
        let answer = self.call("ec2:DescribeSecurityGroups", |world| {
            world.describe_security_groups(request.clone())
        })?;
        let rule = |rule: &IpPermission| Ingress {
            tcp: rule.ip_protocol == "tcp" || rule.ip_protocol == "-1",
            from: rule.from_port,
            to: rule.to_port,
        };
        let ours = |group: world::model::groups::SecurityGroup| Group {
            id: parsed(&group.group_id),
            name: group.group_name,
            ingress: group.ip_permissions.iter().map(rule).collect(),
            tags: tags(&group.tags),
        };
        Ok(answer.security_groups.into_iter().map(ours).collect())
    }

    async fn service(&self, name: &str) -> Result<Option<Service>, CallError> {
        let request = DescribeVpcEndpointServices {
            service_names: vec![name.to_owned()],
            ..Default::default()
        };
        let call = self.call("ec2:DescribeVpcEndpointServices", |world| {
            world.describe_vpc_endpoint_services(request.clone())
        });
        match call {
            Ok(answer) => Ok(service(name, &answer.service_details)),
            Err(error) if error.code() == Some("InvalidServiceName") => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn endpoints(&self, which: &Which<'_>) -> Result<Vec<Endpoint>, CallError> {
        let filters = [
            which.vpc.map(|vpc| filter("vpc-id", vpc.as_str())),
            which.service.map(|service| filter("service-name", service)),
            which.tag_key.map(|key| filter("tag-key", key)),
            which.id.map(|id| filter("vpc-endpoint-id", id.as_str())),
        ];
        let filters = filters.into_iter().flatten().collect();
        let request = DescribeVpcEndpoints {
            filters,
            ..DescribeVpcEndpoints::default()
        };
        let answer = self.call("ec2:DescribeVpcEndpoints", |world| {
            world.describe_vpc_endpoints(request.clone())
        })?;
        Ok(answer.vpc_endpoints.into_iter().map(endpoint).collect())
    }

    async fn interfaces(&self, ids: &[String]) -> Result<Vec<Interface>, CallError> {
        let filters = vec![Filter {
            name: "network-interface-id".to_owned(),
            values: ids.to_vec(),
        }];
        let request = DescribeNetworkInterfaces {
            filters,
            ..DescribeNetworkInterfaces::default()
        };
        let answer = self.call("ec2:DescribeNetworkInterfaces", |world| {
            world.describe_network_interfaces(request.clone())
        })?;
        let ours = |interface: world::model::interfaces::NetworkInterface| Interface {
            subnet_id: interface.subnet_id,
            private_ip: interface.private_ip_address,
        };
        Ok(answer.network_interfaces.into_iter().map(ours).collect())
    }

    async fn create_endpoint(&self, new: &NewEndpoint) -> Result<Endpoint, CallError> {
        let request = CreateVpcEndpoint {
            client_token: Some(new.token.clone()),
            vpc_endpoint_type: Some("Interface".to_owned()),
            vpc_id: new.vpc.to_string(),
            service_name: Some(new.service.clone()),
            subnet_ids: new.subnets.iter().map(ToString::to_string).collect(),
            security_group_ids: new.groups.iter().map(ToString::to_string).collect(),
            policy_document: new.policy.clone(),
            private_dns_enabled: Some(false),
            tag_specifications: vec![tagged("vpc-endpoint", &new.tags)],
            ..CreateVpcEndpoint::default()
        };
        let answer = self.call("ec2:CreateVpcEndpoint", |world| {
            world.create_vpc_endpoint(request.clone())
        })?;
        Ok(endpoint(answer.vpc_endpoint))
    }

    async fn enable_private_dns(
        &self,
        id: &EndpointId,
        inbound_only: Option<bool>,
    ) -> Result<(), CallError> {
        let dns_options = inbound_only.map(|inbound_only| DnsOptionsSpecification {
            private_dns_only_for_inbound_resolver_endpoint: Some(inbound_only),
            ..DnsOptionsSpecification::default()
        });
        let request = ModifyVpcEndpoint {
            vpc_endpoint_id: id.to_string(),
            private_dns_enabled: Some(true),
            dns_options,
            ..ModifyVpcEndpoint::default()
        };
        self.call("ec2:ModifyVpcEndpoint", |world| {
            world.modify_vpc_endpoint(request.clone())
        })
        .map(|_| ())
    }

    async fn delete_endpoint(&self, id: &EndpointId) -> Result<(), CallError> {
        const ACTION: &str = "ec2:DeleteVpcEndpoints";
        let request = DeleteVpcEndpoints {
            vpc_endpoint_ids: vec![id.to_string()],
            ..DeleteVpcEndpoints::default()
        };
        let answer = self.call(ACTION, |world| world.delete_vpc_endpoints(request.clone()))?;
        let refusal = answer.unsuccessful.first().map(|item| &item.error);
        gone_is_fine(refusal.map_or(Ok(()), |error| {
            Err(CallError::answered(
                ACTION,
                400,
                &error.code,
                &error.message,
            ))
        }))
    }

    async fn create_group(&self, new: &NewGroup) -> Result<GroupId, CallError> {
        let request = CreateSecurityGroup {
            vpc_id: new.vpc.to_string(),
            group_name: new.name.clone(),
            description: new.description.clone(),
            tag_specifications: vec![tagged("security-group", &new.tags)],
            ..CreateSecurityGroup::default()
        };
        let answer = self.call("ec2:CreateSecurityGroup", |world| {
            world.create_security_group(request.clone())
        })?;
        Ok(parsed(&answer.group_id))
    }

    async fn open_group(&self, id: &GroupId, port: u16, cidrs: &[String]) -> Result<(), CallError> {
        for cidr in cidrs {
            let permission = IpPermission {
                ip_protocol: "tcp".to_owned(),
                from_port: Some(port.into()),
                to_port: Some(port.into()),
                ip_ranges: vec![IpRange {
                    cidr_ip: cidr.clone(),
                    ..IpRange::default()
                }],
                ..IpPermission::default()
            };
            let request = AuthorizeSecurityGroupIngress {
                group_id: id.to_string(),
                ip_permissions: vec![permission],
                ..AuthorizeSecurityGroupIngress::default()
            };
            let call = self.call("ec2:AuthorizeSecurityGroupIngress", |world| {
                world.authorize_security_group_ingress(request.clone())
            });
            match call {
                Err(error) if !error.is_duplicate() => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    async fn delete_group(&self, id: &GroupId) -> Result<(), CallError> {
        let request = DeleteSecurityGroup {
            group_id: id.to_string(),
            ..DeleteSecurityGroup::default()
        };
        gone_is_fine(
            self.call("ec2:DeleteSecurityGroup", |world| {
                world.delete_security_group(request.clone())
            })
            .map(|_| ()),
        )
    }

    async fn tag(&self, id: &EndpointId, tags: &BTreeMap<String, String>) -> Result<(), CallError> {
        let request = CreateTags {
            resources: vec![id.to_string()],
            tags: inputs(tags),
            ..CreateTags::default()
        };
        self.call("ec2:CreateTags", |world| world.create_tags(request.clone()))
            .map(|_| ())
    }

    async fn untag(&self, id: &EndpointId, keys: &[String]) -> Result<(), CallError> {
        let tags = keys
            .iter()
            .map(|key| TagInput {
                key: key.clone(),
                value: None,
            })
            .collect();
        let request = DeleteTags {
            resources: vec![id.to_string()],
            tags,
            ..DeleteTags::default()
        };
        gone_is_fine(
            self.call("ec2:DeleteTags", |world| world.delete_tags(request.clone()))
                .map(|_| ()),
        )
    }
}

#[async_trait]
impl Dsql for Simulated {
    async fn cluster_status(&self, id: &ClusterId) -> Result<Option<String>, CallError> {
        let request = GetCluster {
            identifier: id.to_string(),
        };
        match self.call("dsql:GetCluster", |world| {
            world.get_cluster(request.clone())
        }) {
            Ok(answer) => Ok(Some(answer.status)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn cluster_service(&self, id: &ClusterId) -> Result<ClusterService, CallError> {
        let request = GetVpcEndpointServiceName {
            identifier: id.to_string(),
        };
        let answer = self.call("dsql:GetVpcEndpointServiceName", |world| {
            world.get_vpc_endpoint_service_name(request.clone())
        })?;
        Ok(ClusterService {
            name: answer.service_name,
            host: answer.cluster_vpc_endpoint,
        })
    }
}

#[async_trait]
impl Quotas for Simulated {
    async fn endpoints_per_vpc(&self) -> Result<Option<u32>, CallError> {
        let request = GetServiceQuota {
            service_code: "vpc".to_owned(),
            quota_code: "L-29B6F2EB".to_owned(),
        };
        let answer = self.call("servicequotas:GetServiceQuota", |world| {
            world.get_service_quota(request.clone())
        })?;
        Ok(Some(answer.quota.value as u32))
    }
}

fn read(action: &'static str, failure: Failure, world: &mut World) -> CallError {
    let lost = |reason: &str| CallError::Unavailable {
        action,
        reason: reason.to_owned(),
    };
    match failure {
        Failure::Refused {
            status,
            code,
            message,
        } => CallError::answered(action, status, &code, &message),
        Failure::NoAnswer => lost("the connection was dropped"),
        Failure::Malformed => lost("the answer cannot be read"),
        Failure::Hang => {
            world.advance(PATIENCE);
            lost("no answer in time")
        }
    }
}

fn endpoint(shown: VpcEndpoint) -> Endpoint {
    let created =
        DateTime::parse_from_rfc3339(&shown.creation_timestamp).map(|time| time.timestamp_millis());
    let error = shown
        .last_error
        .map(|error| format!("{}: {}", error.code, error.message));
    let trouble: Vec<String> = shown.failure_reason.into_iter().chain(error).collect();
    Endpoint {
        id: parsed(&shown.vpc_endpoint_id),
        vpc: shown.vpc_id,
        service: shown.service_name,
        counts: matches!(
            shown.vpc_endpoint_type.as_str(),
            "Interface" | "GatewayLoadBalancer"
        ),
        state: State::parse(&shown.state),
        state_word: shown.state,
        private_dns: shown.private_dns_enabled,
        inbound_only: shown
            .dns_options
            .private_dns_only_for_inbound_resolver_endpoint
            .unwrap_or(false),
        subnet_ids: shown.subnet_ids,
        group_ids: shown
            .groups
            .into_iter()
            .map(|group| group.group_id)
            .collect(),
        interface_ids: shown.network_interface_ids,
        dns_names: shown
            .dns_entries
            .into_iter()
            .map(|entry| entry.dns_name)
            .collect(),
        policy: Some(shown.policy_document).filter(|policy| !policy.is_empty()),
        tags: tags(&shown.tags),
        created: created
            .ok()
            .and_then(|millis| u64::try_from(millis).ok())
            .map(Time),
        trouble: (!trouble.is_empty()).then(|| trouble.join("; ")),
    }
}

fn service(name: &str, details: &[ServiceDetail]) -> Option<Service> {
    let of_type = |kind: &str| {
        details.iter().find(|detail| {
            detail
                .service_type
                .iter()
                .any(|one| one.service_type == kind)
        })
    };
    let (interface, gateway) = (of_type("Interface"), of_type("Gateway"));
    let detail = interface.or(gateway)?;
    Some(Service {
        name: name.to_owned(),
        interface: interface.is_some(),
        gateway_too: gateway.is_some(),
        zone_ids: detail.availability_zone_ids.clone(),
        private_dns_names: detail
            .private_dns_names
            .iter()
            .map(|name| name.private_dns_name.clone())
            .collect(),
        private_dns_verified: detail
            .private_dns_name_verification_state
            .as_deref()
            .is_none_or(|state| state == "verified"),
        policy_supported: detail.vpc_endpoint_policy_supported,
    })
}

fn gone_is_fine(result: Result<(), CallError>) -> Result<(), CallError> {
    match result {
        Err(error) if error.is_missing() => Ok(()),
        other => other,
    }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse()
        .unwrap_or_else(|error| panic!("the world made a name that is none: {error:?}"))
}

fn filter(name: &str, value: &str) -> Filter {
    Filter {
        name: name.to_owned(),
        values: vec![value.to_owned()],
    }
}

fn tagged(kind: &str, tags: &BTreeMap<String, String>) -> TagSpecification {
    TagSpecification {
        resource_type: kind.to_owned(),
        tags: inputs(tags),
    }
}

fn inputs(tags: &BTreeMap<String, String>) -> Vec<TagInput> {
    tags.iter()
        .map(|(key, value)| TagInput {
            key: key.clone(),
            value: Some(value.clone()),
        })
        .collect()
}

fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter()
        .map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect()
}
