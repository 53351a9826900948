//! The steps' outside on the world's model, as `tieline-aws` is on AWS.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tieline::outside::CallError;
use tieline::ids::{ClusterId, EndpointId, GroupId, VpcId};
use tieline::outside::{
    Clock, ClusterService, DnsAttributes, Dsql, Ec2, Endpoint, Group, Ingress, Interface, Limits,
    NewEndpoint, NewGroup, Outside, Quotas, Service, Subnet, Time, Vpc, EndpointFilter,
};
use tieline_vendors::Vendors;
use world::model::dsql::{GetCluster, GetVpcEndpointServiceName};
use world::model::endpoints::{
    CreateVpcEndpoint, DeleteVpcEndpoints, DescribeVpcEndpoints, DnsOptionsSpecification,
    ModifyVpcEndpoint,
};
use world::model::groups::{
    AuthorizeSecurityGroupIngress, CreateSecurityGroup, DeleteSecurityGroup,
    DescribeSecurityGroups, IpPermission, IpRange,
};
use world::model::interfaces::DescribeNetworkInterfaces;
use world::model::network::{DescribeSubnets, DescribeVpcAttribute, DescribeVpcs};
use world::model::quotas::GetServiceQuota;
use world::model::services::DescribeVpcEndpointServices;
use world::model::shapes::{Filter, TagInput};
use world::model::tags::{CreateTags, DeleteTags};
use world::{Failure, World};

use crate::vendors::vendors;
use crate::words::{endpoint, filter, inputs, parsed, read, service, tagged, tags};

/// How long a client waits before it tries again.
const BACKOFF: Duration = Duration::from_millis(500);

/// The world, as a step sees it.
#[derive(Debug, Clone)]
pub struct Simulated {
    world: Arc<Mutex<World>>,
    limits: Limits,
    attempts: u32,
    vendors: Option<Arc<Vendors>>,
}

impl Simulated {
    /// The steps' outside on a world, behind clients that try a call three times, as the SDKs do.
    pub fn on(world: World) -> Self {
        let limits = Limits {
            phase: Duration::from_secs(1200),
            settle: Duration::from_secs(60),
        };
        let bare = Self {
            world: Arc::new(Mutex::new(world)),
            limits,
            attempts: 3,
            vendors: None,
        };
        Self {
            vendors: Some(vendors(bare.clone())),
            ..bare
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
    ///
    /// # Panics
    ///
    /// If it is the half that the vendors' clients stand on.
    pub fn outside(&self) -> Outside<'_> {
        let vendors = self.vendors.as_deref().expect("the whole of it");
        Outside {
            ec2: self,
            dsql: self,
            quotas: self,
            route53: self,
            dms: self,
            tidb_cloud: vendors,
            confluent: vendors,
            clock: self,
            limits: self.limits,
        }
    }

    pub(crate) fn call<T>(
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
            cidrs: rule
                .ip_ranges
                .iter()
                .map(|range| range.cidr_ip.clone())
                .collect(),
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

    async fn endpoints(&self, which: &EndpointFilter<'_>) -> Result<Vec<Endpoint>, CallError> {
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

    async fn authorize_ingress(&self, id: &GroupId, port: u16, cidrs: &[String]) -> Result<(), CallError> {
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

fn gone_is_fine(result: Result<(), CallError>) -> Result<(), CallError> {
    match result {
        Err(error) if error.is_missing() => Ok(()),
        other => other,
    }
}
