//! The world's calls by name: one typed method for each operation, all through the same gate.

use crate::model::dsql::*;
use crate::model::endpoints::*;
use crate::model::groups::*;
use crate::model::interfaces::*;
use crate::model::network::*;
use crate::model::quotas::*;
use crate::model::services::*;
use crate::model::shapes::Done;
use crate::model::tags::*;
use crate::{Failure, World};

/// What an operation gives: its answer, or why there is none.
type Outcome<T> = Result<T, Failure>;

/// Amazon EC2. Each fails as [`Failure`] says.
impl World {
    /// Calls `CreateVpcEndpoint`.
    pub fn create_vpc_endpoint(
        &mut self,
        request: CreateVpcEndpoint,
    ) -> Outcome<CreateVpcEndpointAnswer> {
        self.call(request)
    }

    /// Calls `ModifyVpcEndpoint`.
    pub fn modify_vpc_endpoint(&mut self, request: ModifyVpcEndpoint) -> Outcome<Done> {
        self.call(request)
    }

    /// Calls `DescribeVpcEndpoints`.
    pub fn describe_vpc_endpoints(
        &mut self,
        request: DescribeVpcEndpoints,
    ) -> Outcome<DescribeVpcEndpointsAnswer> {
        self.call(request)
    }

    /// Calls `DeleteVpcEndpoints`.
    pub fn delete_vpc_endpoints(
        &mut self,
        request: DeleteVpcEndpoints,
    ) -> Outcome<DeleteVpcEndpointsAnswer> {
        self.call(request)
    }

    /// Calls `DescribeVpcEndpointServices`.
    pub fn describe_vpc_endpoint_services(
        &mut self,
        request: DescribeVpcEndpointServices,
    ) -> Outcome<DescribeVpcEndpointServicesAnswer> {
        self.call(request)
    }

    /// Calls `DescribeVpcAttribute`.
    pub fn describe_vpc_attribute(
        &mut self,
        request: DescribeVpcAttribute,
    ) -> Outcome<DescribeVpcAttributeAnswer> {
        self.call(request)
    }

    /// Calls `ModifyVpcAttribute`.
    pub fn modify_vpc_attribute(&mut self, request: ModifyVpcAttribute) -> Outcome<Done> {
        self.call(request)
    }

    /// Calls `DescribeVpcs`.
    pub fn describe_vpcs(&mut self, request: DescribeVpcs) -> Outcome<DescribeVpcsAnswer> {
        self.call(request)
    }

    /// Calls `CreateVpc`.
    pub fn create_vpc(&mut self, request: CreateVpc) -> Outcome<CreateVpcAnswer> {
        self.call(request)
    }

    /// Calls `DeleteVpc`.
    pub fn delete_vpc(&mut self, request: DeleteVpc) -> Outcome<Done> {
        self.call(request)
    }

    /// Calls `DescribeSubnets`.
    pub fn describe_subnets(&mut self, request: DescribeSubnets) -> Outcome<DescribeSubnetsAnswer> {
        self.call(request)
    }

    /// Calls `CreateSubnet`.
    pub fn create_subnet(&mut self, request: CreateSubnet) -> Outcome<CreateSubnetAnswer> {
        self.call(request)
    }

    /// Calls `DeleteSubnet`.
    pub fn delete_subnet(&mut self, request: DeleteSubnet) -> Outcome<Done> {
        self.call(request)
    }

    /// Calls `DescribeAvailabilityZones`.
    pub fn describe_availability_zones(
        &mut self,
        request: DescribeAvailabilityZones,
    ) -> Outcome<DescribeAvailabilityZonesAnswer> {
        self.call(request)
    }

    /// Calls `DescribeSecurityGroups`.
    pub fn describe_security_groups(
        &mut self,
        request: DescribeSecurityGroups,
    ) -> Outcome<DescribeSecurityGroupsAnswer> {
        self.call(request)
    }

    /// Calls `DescribeSecurityGroupRules`.
    pub fn describe_security_group_rules(
        &mut self,
        request: DescribeSecurityGroupRules,
    ) -> Outcome<DescribeSecurityGroupRulesAnswer> {
        self.call(request)
    }

    /// Calls `CreateSecurityGroup`.
    pub fn create_security_group(
        &mut self,
        request: CreateSecurityGroup,
    ) -> Outcome<CreateSecurityGroupAnswer> {
        self.call(request)
    }

    /// Calls `AuthorizeSecurityGroupIngress`.
    pub fn authorize_security_group_ingress(
        &mut self,
        request: AuthorizeSecurityGroupIngress,
    ) -> Outcome<AuthorizeSecurityGroupIngressAnswer> {
        self.call(request)
    }

    /// Calls `DeleteSecurityGroup`.
    pub fn delete_security_group(
        &mut self,
        request: DeleteSecurityGroup,
    ) -> Outcome<DeleteSecurityGroupAnswer> {
        self.call(request)
    }

    /// Calls `DescribeNetworkInterfaces`.
    pub fn describe_network_interfaces(
        &mut self,
        request: DescribeNetworkInterfaces,
    ) -> Outcome<DescribeNetworkInterfacesAnswer> {
        self.call(request)
    }

    /// Calls `CreateTags`.
    pub fn create_tags(&mut self, request: CreateTags) -> Outcome<Done> {
        self.call(request)
    }

    /// Calls `DeleteTags`.
    pub fn delete_tags(&mut self, request: DeleteTags) -> Outcome<Done> {
        self.call(request)
    }

    /// Calls `DescribeTags`.
    pub fn describe_tags(&mut self, request: DescribeTags) -> Outcome<DescribeTagsAnswer> {
        self.call(request)
    }
}

/// Aurora DSQL. Each fails as [`Failure`] says.
impl World {
    /// Calls `CreateCluster`.
    pub fn create_cluster(&mut self, request: CreateCluster) -> Outcome<ClusterAnswer> {
        self.call(request)
    }

    /// Calls `GetCluster`.
    pub fn get_cluster(&mut self, request: GetCluster) -> Outcome<ClusterAnswer> {
        self.call(request)
    }

    /// Calls `GetVpcEndpointServiceName`.
    pub fn get_vpc_endpoint_service_name(
        &mut self,
        request: GetVpcEndpointServiceName,
    ) -> Outcome<GetVpcEndpointServiceNameAnswer> {
        self.call(request)
    }

    /// Calls `ListClusters`.
    pub fn list_clusters(&mut self, request: ListClusters) -> Outcome<ListClustersAnswer> {
        self.call(request)
    }

    /// Calls `DeleteCluster`.
    pub fn delete_cluster(&mut self, request: DeleteCluster) -> Outcome<DeleteClusterAnswer> {
        self.call(request)
    }
}

/// Service Quotas. Each fails as [`Failure`] says.
impl World {
    /// Calls `GetServiceQuota`.
    pub fn get_service_quota(
        &mut self,
        request: GetServiceQuota,
    ) -> Outcome<GetServiceQuotaAnswer> {
        self.call(request)
    }
}
