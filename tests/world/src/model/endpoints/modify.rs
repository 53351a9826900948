//! `ModifyVpcEndpoint`.

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::failure::{invalid_parameter, refuse};
use crate::model::Model;
use crate::model::dns::{self, Naming};
use crate::model::services::Kind;
use crate::model::shapes::{DONE, Done, flag, text};
use crate::{Failure, Operation};

use super::create::{check_groups, check_subnets};
use super::{
    DnsOptionsSpecification, Endpoint, Outlook, Phase, State, SubnetConfiguration, addresses,
    policy,
};

/// Changes an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ModifyVpcEndpoint {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The endpoint's id.
    pub vpc_endpoint_id: String,
    /// Whether to go back to full access.
    #[serde(deserialize_with = "flag")]
    pub reset_policy: bool,
    /// Its new policy.
    pub policy_document: Option<String>,
    /// More route tables.
    #[serde(rename = "AddRouteTableId")]
    pub add_route_table_ids: Vec<String>,
    /// Fewer route tables.
    #[serde(rename = "RemoveRouteTableId")]
    pub remove_route_table_ids: Vec<String>,
    /// More subnets.
    #[serde(rename = "AddSubnetId")]
    pub add_subnet_ids: Vec<String>,
    /// Fewer subnets.
    #[serde(rename = "RemoveSubnetId")]
    pub remove_subnet_ids: Vec<String>,
    /// More security groups.
    #[serde(rename = "AddSecurityGroupId")]
    pub add_security_group_ids: Vec<String>,
    /// Fewer security groups.
    #[serde(rename = "RemoveSecurityGroupId")]
    pub remove_security_group_ids: Vec<String>,
    /// Its address type.
    pub ip_address_type: Option<String>,
    /// Its DNS options.
    pub dns_options: Option<DnsOptionsSpecification>,
    /// Whether the service's private name is to lead to it.
    #[serde(deserialize_with = "text")]
    pub private_dns_enabled: Option<bool>,
    /// Addresses for its subnets.
    #[serde(rename = "SubnetConfiguration")]
    pub subnet_configurations: Vec<SubnetConfiguration>,
}

impl Operation for ModifyVpcEndpoint {
    type Answer = Done;
    const SERVICE: crate::Service = crate::Service::Ec2;
    const ACTION: &'static str = "ModifyVpcEndpoint";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<Done, Failure> {
        model.seen_endpoint(&self.vpc_endpoint_id)?;
        let latest = model.endpoints.latest(&self.vpc_endpoint_id).cloned();
        let endpoint =
            latest.ok_or_else(|| refuse("InvalidVpcEndpointId.NotFound", &self.vpc_endpoint_id))?;
        check_state(&endpoint, model)?;
        let changed = self.changed(model, endpoint.clone())?;
        self.carry_out(model, &endpoint, changed);
        Ok(DONE)
    }
}

/// Observed: terraform-provider-aws retries `OperationInProgress`. What an endpoint answers that is
/// still being built, or dead, is not verified; here the former is `OperationInProgress` too.
fn check_state(endpoint: &Endpoint, model: &Model) -> Result<(), Failure> {
    let state = endpoint.state(model.now);
    match state {
        State::Available | State::PendingAcceptance => Ok(()),
        State::Pending => Err(refuse(
            "OperationInProgress",
            "VpcEndpoint modify operation in progress",
        )),
        State::Rejected
        | State::Expired
        | State::Failed
        | State::Partial
        | State::Deleting
        | State::Deleted => {
            let message = format!(
                "The VPC endpoint {} cannot be modified while it is {}.",
                endpoint.id,
                state.as_str()
            );
            Err(refuse("IncorrectState", message))
        }
    }
}

impl ModifyVpcEndpoint {
    /// The endpoint as it will be, without its network interfaces.
    fn changed(&self, model: &Model, mut endpoint: Endpoint) -> Result<Endpoint, Failure> {
        let vpc = model.seen_vpc(&endpoint.vpc_id)?;
        let service = model.service(&endpoint.service_name, endpoint.kind)?;
        self.check_kind(&endpoint)?;
        self.check_unmodelled()?;
        policy::check(self.policy_document.as_deref(), service)?;
        check_groups(model, vpc, &self.add_security_group_ids)?;

        // AWS PrivateLink guide: to move to another subnet of the same zone, remove and add; so
        // removing comes first.
        replace(
            &mut endpoint.subnets,
            &self.remove_subnet_ids,
            &self.add_subnet_ids,
        );
        check_subnets(model, service, vpc, &endpoint.subnets)?;
        endpoint.address_type = addresses::decide(
            model,
            service,
            &endpoint.subnets,
            self.ip_address_type.as_deref(),
            endpoint.address_type,
        )?;
        addresses::check_free(model, &self.add_subnet_ids, endpoint.address_type)?;

        let accepted = endpoint.state(model.now) != State::PendingAcceptance;
        let (wanted, options) = (self.private_dns_enabled, self.dns_options.as_ref());
        let naming = Naming {
            wanted,
            options,
            accepted,
            endpoint: Some(&endpoint),
            address_type: endpoint.address_type,
        };
        let names = dns::decide(model, vpc, service, &naming)?;
        (endpoint.private_dns, endpoint.inbound_only) = (names.private_dns, names.inbound_only);
        endpoint.dns_record_ip_type = names.record_ip_type;

        replace(
            &mut endpoint.route_tables,
            &self.remove_route_table_ids,
            &self.add_route_table_ids,
        );
        replace(
            &mut endpoint.groups,
            &self.remove_security_group_ids,
            &self.add_security_group_ids,
        );
        if endpoint.kind == Kind::Interface && endpoint.groups.is_empty() {
            // Not verified.
            return Err(invalid_parameter(
                "A VPC endpoint must have at least one security group.",
            ));
        }
        self.change_policy(&mut endpoint);
        Ok(endpoint)
    }

    fn check_kind(&self, endpoint: &Endpoint) -> Result<(), Failure> {
        let of_interfaces = [
            &self.add_subnet_ids,
            &self.remove_subnet_ids,
            &self.add_security_group_ids,
            &self.remove_security_group_ids,
        ];
        if endpoint.kind == Kind::Gateway && of_interfaces.iter().any(|ids| !ids.is_empty()) {
            let message = "Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints";
            return Err(invalid_parameter(message));
        }
        Ok(())
    }

    fn check_unmodelled(&self) -> Result<(), Failure> {
        if self.subnet_configurations.is_empty() {
            return Ok(());
        }
        Err(refuse(
            "UnsupportedOperation",
            "Addresses of one's own choice are not part of this simulated world.",
        ))
    }

    fn change_policy(&self, endpoint: &mut Endpoint) {
        if self.reset_policy {
            endpoint.policy = None;
        }
        if let Some(policy) = &self.policy_document {
            endpoint.policy = Some(policy.clone());
        }
    }

    fn carry_out(&self, model: &mut Model, before: &Endpoint, mut after: Endpoint) {
        let (visible, until) = (
            model.visible(),
            clock::after(model.now, model.timing.modify),
        );
        let gone = clock::after(until, model.timing.interface_lag);
        let removed: Vec<_> = before
            .subnets
            .iter()
            .filter(|subnet| !after.subnets.contains(subnet))
            .collect();
        let added: Vec<_> = after
            .subnets
            .iter()
            .filter(|subnet| !before.subnets.contains(subnet))
            .cloned()
            .collect();

        after.interfaces.retain(|id| {
            let subnet = model
                .interfaces
                .latest(id)
                .map(|interface| interface.subnet_id.clone());
            let stays = subnet.is_some_and(|subnet| !removed.contains(&&subnet));
            if !stays {
                model.release_interface(id, gone);
            }
            stays
        });
        after.serving = after.interfaces.clone();
        for subnet in &added {
            after.interfaces.extend(model.add_interface(
                &after.id,
                subnet,
                &after.groups,
                after.address_type,
                visible,
            ));
        }
        for interface in &after.interfaces {
            model.readdress_interface(interface, after.address_type);
            model.change_interface(interface, |interface| {
                interface.groups.clone_from(&after.groups)
            });
        }
        // EC2 API reference, ModifyVpcEndpoint: the endpoint is pending until the change is done.
        if before.state(model.now) == State::Available && after.kind == Kind::Interface {
            after.phase = Phase::Pending {
                until,
                then: Outlook::Available,
            };
        } else {
            after.serving.clear();
        }
        model.endpoints.put(&before.id, after, visible);
    }
}

fn replace(present: &mut Vec<String>, remove: &[String], add: &[String]) {
    present.retain(|id| !remove.contains(id));
    let new: Vec<_> = add
        .iter()
        .filter(|id| !present.contains(id))
        .cloned()
        .collect();
    present.extend(new);
}
