//! Which endpoint can serve the request: one of ours, one that may be adopted, or a new one.

use super::Check;
use super::looks::{Network, Side};
use crate::endpoint::{EndpointPlan, Serving, differences, holding_zone, holds_name, missing};
use crate::ids::{GroupId, SubnetId, VpcId};
use crate::outside::route53::VpcZone;
use crate::outside::{CallError, Endpoint, Reply, Service, State};
use crate::ownership::{Claim, MANAGED, Owner, holders, is_closing, is_settled};
use crate::problem::{Code, Problem};
use crate::refusals;
use crate::request::Request;

/// The endpoint that serves, as it is now.
pub(super) struct Chosen {
    pub(super) endpoint: Serving,
    pub(super) found: Option<Endpoint>,
}

impl Chosen {
    fn new_one() -> Self {
        Self {
            endpoint: Serving::New,
            found: None,
        }
    }

    /// Whether private DNS of the endpoint has to be turned on for a request that wants names in its own VPC.
    pub(super) fn needs_names(&self, request: &Request) -> bool {
        let is_named = self
            .found
            .as_ref()
            .is_some_and(|endpoint| endpoint.private_dns);
        // Whether EC2 minds a zone if the names are for inbound Resolver endpoints only is not documented.
        request.shape.private_dns
            && !request.shape.target.kind().inbound_only()
            && !is_named
            && !self.endpoint.is_adopted()
    }
}

impl Check<'_> {
    /// Chooses among the endpoints of the VPC.
    pub(super) fn serving(
        &mut self,
        owner: &Owner,
        side: &Side<'_>,
        quota: Reply<Option<u32>>,
    ) -> Reply<Chosen> {
        let (network, service) = (side.network, side.service);
        let alive = |endpoint: &&Endpoint| !endpoint.state.is_dead();
        let all = network.endpoints.as_ref().map_err(CallError::clone)?;
        let all: Vec<&Endpoint> = all.iter().filter(alive).collect();
        let same = |endpoint: &Endpoint| endpoint.service == service.name && endpoint.is_interface;
        if let Some(ours) = all
            .iter()
            .find(|endpoint| same(endpoint) && owner.is_ours(&endpoint.tags))
        {
            // One whose names go on with a change.
            let of_another = all
                .iter()
                .find(|other| other.id != ours.id && self.holds_name(other, service));
            if let Some(holder) = of_another.filter(|_| self.request.changes && !ours.private_dns) {
                let problem = self.name_taken(holder, &network.vpc, service);
                self.problems.push(problem);
            }
            return Ok(Chosen {
                endpoint: Serving::Ours {
                    id: ours.id.clone(),
                },
                found: Some((*ours).clone()),
            });
        }
        let holder = all
            .iter()
            .find(|endpoint| self.holds_name(endpoint, service));
        if self.request.shape.adopt {
            let foreign = holder.or_else(|| all.iter().find(|endpoint| same(endpoint)));
            if let Some(foreign) = foreign.filter(|foreign| foreign.service == service.name) {
                return Ok(Chosen {
                    endpoint: Serving::Adopted {
                        id: foreign.id.clone(),
                    },
                    found: Some((*foreign).clone()),
                });
            }
        }
        if let Some(holder) = holder {
            let problem = self.name_taken(holder, &network.vpc, service);
            self.problems.push(problem);
        }
        self.check_gateway(&all, &network.vpc, service);
        // Without a value here, EC2 itself says no when the create comes to it.
        if let Some(quota) = if_allowed(quota)?.flatten() {
            self.check_quota(&all, &network.vpc, quota);
        }
        Ok(Chosen::new_one())
    }

    /// One request id stands for one set of parameters, in every VPC of the Region. `place` is where the request's own
    /// endpoint belongs, if it is to have one.
    pub(super) fn check_request_id(
        &mut self,
        holders: &[Endpoint],
        owner: &Owner,
        place: Option<(&VpcId, &Service)>,
    ) {
        let other = holders
            .iter()
            .filter(|endpoint| owner.is_ours(&endpoint.tags) && !endpoint.state.is_dead())
            .find(|endpoint| {
                let same_place = place.is_some_and(|(vpc, service)| {
                    endpoint.vpc == vpc.as_str() && endpoint.service == service.name
                });
                !same_place || owner.claim(&endpoint.tags) != Claim::Ours
            });
        let conflict = other.map(|endpoint| refusals::conflict(endpoint.id.as_str()));
        self.problems.extend(conflict);
    }

    /// Whether private DNS of this endpoint stands in the way of ours.
    fn holds_name(&self, endpoint: &Endpoint, service: &Service) -> bool {
        self.request.shape.private_dns
            && holds_name(endpoint, &service.name, &service.private_dns_names)
    }

    fn name_taken(&self, holder: &Endpoint, vpc: &VpcId, service: &Service) -> Problem {
        let id = &holder.id;
        let said = [("Name", "Name"), (MANAGED, "of the Tieline")];
        let owner: String = said
            .iter()
            .filter_map(|(key, word)| Some(format!(" ({word}: {})", holder.tags.get(*key)?)))
            .collect();
        let names = service.private_dns_names.join(", ");
        Problem::new(
            Code::PrivateDnsTaken,
            format!("{names} leads to {id}{owner} in {vpc} already, and that endpoint is not ours"),
            format!(
                "use it as it is with \"adopt\": true, send \"privateDns\": false, or free the name: \
                 aws ec2 modify-vpc-endpoint --region {} --vpc-endpoint-id {id} --no-private-dns-enabled",
                self.request.shape.region
            ),
        )
        .about("$.privateDns")
    }

    /// A private hosted zone of the service's own name stands in the way of private DNS as well.
    pub(super) fn check_hosted_zones(&mut self, network: &Network, service: &Service) -> Reply<()> {
        // At the DNS step, EC2 itself says no.
        let Some(zones) = if_allowed(network.hosted_zones.clone())? else {
            return Ok(());
        };
        let taken = holding_zone(&zones, &service.private_dns_names);
        let taken = taken.map(|zone| self.name_taken_by_zone(zone, &network.vpc));
        self.problems.extend(taken);
        Ok(())
    }

    fn name_taken_by_zone(&self, zone: &VpcZone, vpc: &VpcId) -> Problem {
        let VpcZone { id, name, owner } = zone;
        let fix = if owner == self.execution.account() {
            format!(
                "send \"privateDns\": false, or free the name; see what the zone is for: aws route53 get-hosted-zone --id {id}; \
                 aws route53 list-tags-for-resource --resource-type hostedzone --resource-id {id}"
            )
        } else {
            format!(
                "send \"privateDns\": false, or have account {owner} take {vpc} out of the zone"
            )
        };
        Problem::new(
            Code::PrivateDnsTaken,
            format!("{name} is the private hosted zone {id} of account {owner} in {vpc} already"),
            fix,
        )
        .about("$.privateDns")
    }

    /// Names for inbound resolvers only need a gateway endpoint that serves the VPC itself.
    fn check_gateway(&mut self, all: &[&Endpoint], vpc: &VpcId, service: &Service) {
        let gateway =
            |endpoint: &&Endpoint| endpoint.service == service.name && !endpoint.is_interface;
        if service.gateway_too
            && self.request.shape.private_dns
            && self.request.shape.target.kind().inbound_only()
            && !all.iter().any(gateway)
        {
            let (region, name) = (&self.request.shape.region, &service.name);
            self.note("$.target.inboundResolverOnly", Code::GatewayEndpointMissing,
                    format!("names for inbound resolvers only need a gateway endpoint for {name} in {vpc}"),
                    format!(
                        "aws ec2 create-vpc-endpoint --region {region} --vpc-id {vpc} --vpc-endpoint-type Gateway \
                         --service-name {name} --route-table-ids <route tables>; or leave inboundResolverOnly out"
                    ));
        }
    }

    fn check_quota(&mut self, all: &[&Endpoint], vpc: &VpcId, quota: u32) {
        let count = all.iter().filter(|endpoint| endpoint.is_interface).count();
        if u32::try_from(count).is_ok_and(|count| count < quota) {
            return;
        }
        let message = format!(
            "{vpc} has {count} interface endpoints, and this account may have {quota} in a VPC"
        );
        let more = quota.saturating_mul(2).max(1).to_string();
        let problem = refusals::quota_reached(message, &self.request.shape.region, &more);
        self.problems.push(problem.about("$.network.vpcId"));
    }

    /// An endpoint of ours that is there has to be what was asked for: one that serves others is not changed for one more.
    /// One that is adopted has to serve; how else it differs is said.
    pub(super) fn check_sharing(
        &mut self,
        owner: &Owner,
        wanted: &mut EndpointPlan,
        endpoint: &Endpoint,
    ) {
        let ours = owner.is_ours(&endpoint.tags);
        if ours && owner.claim(&endpoint.tags) == Claim::None && endpoint.tags.len() >= MOST_TAGS {
            let problem = too_many(endpoint, owner);
            self.problems.push(problem);
        }
        let mut differs = differences(owner, wanted, endpoint);
        if !ours {
            let named = self.request.shape.network.as_ref();
            let asked = named.map(|named| Asked {
                subnets: named.subnet_ids.as_deref().unwrap_or_default(),
                groups: named.security_group_ids.as_deref().unwrap_or_default(),
            });
            differs.extend(asked.iter().flat_map(|asked| asked.missing_in(endpoint)));
            wanted.differs = std::mem::take(&mut differs);
        }
        // Whoever lets go of it turns its names off first: it is waited for.
        let dns_is_settled = !ours
            || (is_settled(&endpoint.tags)
                && owner.shares(&endpoint.tags)
                && !is_closing(&endpoint.tags));
        if dns_is_settled
            && endpoint.state == State::Available
            && endpoint.private_dns != wanted.private_dns.is_some()
        {
            let is = if endpoint.private_dns { "on" } else { "off" };
            let what = format!("its private DNS is {is}");
            // Nobody is kept out by names that one did not ask for.
            if ours || wanted.private_dns.is_some() {
                differs.push(what);
            } else {
                wanted.differs.push(what);
            }
        }
        if !differs.is_empty() {
            let problem = refusals::differing(&endpoint.id, ours, &differs);
            self.problems.push(problem);
        }
    }
}

/// A request holds an endpoint by a tag on it. Of the 50 that EC2 allows (User Guide, "Tag restrictions") one is left for the
/// last holder, who has to say that it is leaving.
pub(super) const MOST_TAGS: usize = 49;

fn too_many(endpoint: &Endpoint, owner: &Owner) -> Problem {
    let (id, region) = (&endpoint.id, &owner.region);
    let see =
        format!("aws ec2 describe-tags --region {region} --filters Name=resource-id,Values={id}");
    refusals::too_many(
        id.as_str(),
        holders(&endpoint.tags).count(),
        MOST_TAGS,
        &see,
    )
}

/// What a request names that an adopted endpoint need not have.
struct Asked<'a> {
    subnets: &'a [SubnetId],
    groups: &'a [GroupId],
}

impl Asked<'_> {
    fn missing_in(&self, endpoint: &Endpoint) -> Vec<String> {
        let subnets = self.subnets.iter().map(SubnetId::as_str);
        let groups = self.groups.iter().map(GroupId::as_str);
        let subnets =
            missing(subnets, &endpoint.subnet_ids).map(|list| format!("it is not in {list}"));
        let groups =
            missing(groups, &endpoint.group_ids).map(|list| format!("it does not have {list}"));
        subnets.into_iter().chain(groups).collect()
    }
}

/// A look that only knows earlier what AWS would say later: where it is refused, nothing is known.
fn if_allowed<T>(look: Reply<T>) -> Reply<Option<T>> {
    match look {
        Err(CallError::Refused { .. }) => Ok(None),
        other => other.map(Some),
    }
}
