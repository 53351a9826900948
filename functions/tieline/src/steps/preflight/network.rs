//! The caller's side of the connection: VPC and security groups.

use super::Check;
use super::change::has_lost_own;
use super::looks::{Network, Side};
use super::reach::Clients;
use super::serving::Chosen;
use crate::endpoint::{Groups, is_own_group, own_group_name};
use crate::ids::{GroupId, Ports};
use crate::options;
use crate::outside::{Endpoint, Group};
use crate::problem::Code;
use crate::refusals::{no_group, no_vpc};
use crate::targets::ConnectedThrough;

impl<'c> Check<'c> {
    /// The VPC has to be there, and to resolve names where the request wants some.
    pub(super) fn check_network(&mut self, network: Option<&Network>) {
        let Some(named) = self.named() else {
            return;
        };
        let (id, region) = (&named.vpc_id, &self.request.shape.region);
        let Some(network) = network else {
            let fix = format!("look the id up: aws ec2 describe-vpcs --region {region}");
            let problem = no_vpc(id, region, self.execution.account(), &fix);
            self.problems.push(problem.about("$.network.vpcId"));
            return;
        };
        self.check_vpc(&network.vpc, &network.tags, "$.network.vpcId");
        let Some(dns) = network.dns else {
            return;
        };
        for (on, attribute, option) in [
            (dns.support, "enableDnsSupport", "--enable-dns-support"),
            (
                dns.hostnames,
                "enableDnsHostnames",
                "--enable-dns-hostnames",
            ),
        ] {
            if !on {
                let message = format!("{attribute} of {id} is off, and private DNS needs it");
                let fix = format!(
                    "aws ec2 modify-vpc-attribute --region {region} --vpc-id {id} {option}"
                );
                self.note("$.network.vpcId", Code::VpcDnsDisabled, message, fix);
            }
        }
    }

    /// Checks what the request names in the VPC when there is no service to hold it against.
    pub(super) fn check_named(&mut self, network: Option<&Network>, ports: &[Ports]) {
        let (Some(network), Some(named)) = (network, self.named()) else {
            return;
        };
        // Targets that make no endpoint check their side themselves.
        if self.request.shape.target.facts().connected_through != ConnectedThrough::Endpoint {
            return;
        }
        if let Some(ids) = &named.subnet_ids {
            self.named_subnets(network, None, ids, |_| true);
        }
        if let Some(ids) = &named.security_group_ids {
            let clients = Clients {
                blocks: [&network.blocks, &[]],
                ports,
                sources: &network.sources,
                // Which further VPCs connect is not known without the service.
                may_be_others: true,
            };
            self.named_groups(network, ids, clients);
        }
    }

    /// What the request names.
    pub(super) fn named(&self) -> Option<&'c options::Network> {
        self.request.shape.network.as_ref()
    }

    /// The groups of the endpoint; `None` if one that is named is not there.
    pub(super) fn groups(&mut self, side: &Side<'_>, chosen: &Chosen) -> Option<Groups> {
        let Side {
            network,
            service,
            ports,
            also_from,
        } = *side;
        let clients = Clients {
            blocks: [&network.blocks, also_from],
            ports,
            sources: &network.sources,
            may_be_others: self.request.shape.target.kind().inbound_only(),
        };
        let named = self
            .named()
            .and_then(|named| named.security_group_ids.as_ref());
        if let Some(ids) = named.filter(|_| !chosen.endpoint.is_adopted()) {
            return self
                .named_groups(network, ids, clients)
                .then(|| Groups::Named { ids: ids.clone() });
        }
        let owner = self.owner();
        let name = own_group_name(&owner.deployment, &network.vpc, &service.name);
        let own = |group: &&Group| is_own_group(&owner, group, &name, &network.vpc, &service.name);
        let own = network.groups.iter().find(own).map(|group| &group.id);
        // A change has it take our own group, unless others need those that it has.
        let takes_own = |endpoint: &Endpoint| {
            let is_alone = !owner.shares(&endpoint.tags);
            self.request.changes && (is_alone || has_lost_own(&owner, endpoint, own))
        };
        if let Some(endpoint) = chosen.found.as_ref().filter(|one| !takes_own(one)) {
            let has = |group: &&Group| endpoint.group_ids.iter().any(|id| id == group.id.as_str());
            let groups: Vec<&Group> = network.groups.iter().filter(has).collect();
            // What our own does not let in yet, it will.
            let is_own =
                |group: &&Group| is_own_group(&owner, group, &name, &network.vpc, &service.name);
            if chosen.endpoint.is_adopted() || !groups.iter().any(is_own) {
                self.check_open(clients, &groups);
            }
        }
        if chosen.endpoint.is_adopted() {
            return Some(Groups::Unchanged);
        }
        let cidrs = [&network.blocks[..], also_from].concat();
        let is_own =
            |group: &&Group| is_own_group(&owner, group, &name, &network.vpc, &service.name);
        let uses_own = chosen.found.as_ref().is_none_or(|endpoint| {
            let has = |group: &&Group| endpoint.group_ids.iter().any(|id| id == group.id.as_str());
            network
                .groups
                .iter()
                .filter(has)
                .any(|group| is_own(&group))
                || takes_own(endpoint)
        });
        if uses_own {
            self.check_room(network.groups.iter().find(is_own), clients, &cidrs);
        }
        Some(Groups::Own { name, cidrs })
    }

    /// Checks the groups that the request names; false if one is not there.
    fn named_groups(&mut self, network: &Network, ids: &[GroupId], clients: Clients<'_>) -> bool {
        let (vpc, region) = (&network.vpc, &self.request.shape.region);
        let mut named = Vec::new();
        for (index, id) in ids.iter().enumerate() {
            match network.groups.iter().find(|group| group.id == *id) {
                Some(group) => named.push(group),
                None => self.problems.push(no_group(id, index, vpc, region)),
            }
        }
        let complete = named.len() == ids.len();
        if complete {
            self.check_open(clients, &named);
        }
        complete
    }
}
