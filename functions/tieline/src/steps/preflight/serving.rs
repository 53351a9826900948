//! Which endpoint can serve the request: one of ours, one that may be adopted, or a new one.

use super::Check;
use super::network::Side;
use crate::error::CallError;
use crate::ids::VpcId;
use crate::outside::route53::VpcZone;
use crate::outside::{Endpoint, EndpointFilter, Service};
use crate::plan::{Plan, REQUEST, Serving, differences, is_ours, is_ready, requests};
use crate::problem::{Code, Problem};
use crate::request::Request;
use crate::state::State;
use crate::steps::create_endpoint::{conflict, differing};

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
        let is_adopted = matches!(self.endpoint, Serving::Adopted { .. });
        // Whether EC2 minds a zone if the names are for inbound Resolver endpoints only is not documented.
        request.private_dns && !request.target.kind().inbound_only() && !is_named && !is_adopted
    }
}

impl Check<'_> {
    /// Looks at every endpoint of the VPC and chooses.
    pub(super) async fn serving(&mut self, side: &Side<'_>) -> Result<Chosen, CallError> {
        let (vpc, service) = (&side.network.vpc, side.service);
        self.check_request_id(Some((vpc, service))).await?;
        let which = EndpointFilter {
            vpc: Some(vpc),
            ..EndpointFilter::default()
        };
        let mut all = self.outside.ec2.endpoints(&which).await?;
        all.retain(|endpoint| !endpoint.state.is_dead());
        let same = |endpoint: &&Endpoint| endpoint.service == service.name && endpoint.counts;
        if let Some(ours) = all
            .iter()
            .find(|endpoint| same(endpoint) && is_ours(endpoint))
        {
            return Ok(Chosen {
                endpoint: Serving::Ours {
                    id: ours.id.clone(),
                },
                found: Some(ours.clone()),
            });
        }
        let holder = all
            .iter()
            .find(|endpoint| self.holds_name(endpoint, service));
        if self.request.adopt {
            let foreign = holder.or_else(|| all.iter().find(same));
            if let Some(foreign) = foreign.filter(|foreign| foreign.service == service.name) {
                return Ok(Chosen {
                    endpoint: Serving::Adopted {
                        id: foreign.id.clone(),
                    },
                    found: Some(foreign.clone()),
                });
            }
        }
        if let Some(holder) = holder {
            let problem = self.name_taken(holder, vpc, service);
            self.problems.push(problem);
        }
        self.check_gateway(&all, vpc, service);
        self.check_quota(&all, vpc).await?;
        Ok(Chosen::new_one())
    }

    /// One request id stands for one set of parameters, in every VPC of the Region. `place` is where the request's own
    /// endpoint belongs, if it is to have one.
    pub(super) async fn check_request_id(
        &mut self,
        place: Option<(&VpcId, &Service)>,
    ) -> Result<(), CallError> {
        let key = format!("{REQUEST}{}", self.request.request_id);
        let holders = self
            .outside
            .ec2
            .endpoints(&EndpointFilter {
                tag_key: Some(&key),
                ..EndpointFilter::default()
            })
            .await?;
        let fingerprint = self.request.fingerprint();
        let other = holders
            .iter()
            .filter(|endpoint| is_ours(endpoint) && !endpoint.state.is_dead())
            .find(|endpoint| {
                let same_place = place.is_some_and(|(vpc, service)| {
                    endpoint.vpc == vpc.as_str() && endpoint.service == service.name
                });
                !same_place
                    || !endpoint
                        .tags
                        .get(&key)
                        .is_some_and(|value| value.starts_with(&fingerprint))
            });
        self.problems.extend(other.map(conflict));
        Ok(())
    }

    /// Whether private DNS of this endpoint stands in the way of ours.
    fn holds_name(&self, endpoint: &Endpoint, service: &Service) -> bool {
        let listed = endpoint
            .dns_names
            .iter()
            .any(|name| service.private_dns_names.contains(name));
        self.request.private_dns
            && endpoint.private_dns
            && (listed || endpoint.service == service.name)
    }

    fn name_taken(&self, holder: &Endpoint, vpc: &VpcId, service: &Service) -> Problem {
        let id = &holder.id;
        let owner = holder
            .tags
            .get("Name")
            .map(|name| format!(" (Name: {name})"))
            .unwrap_or_default();
        let names = service.private_dns_names.join(", ");
        Problem::new(
            Code::PrivateDnsTaken,
            format!("{names} leads to {id}{owner} in {vpc} already, and that endpoint is not ours"),
            format!(
                "use it as it is with \"adopt\": true, send \"privateDns\": false, or free the name: \
                 aws ec2 modify-vpc-endpoint --region {} --vpc-endpoint-id {id} --no-private-dns-enabled",
                self.request.region
            ),
        )
        .about("$.privateDns")
    }

    /// A private hosted zone of the service's own name stands in the way of private DNS as well.
    pub(super) async fn check_zones(&mut self, side: &Side<'_>) -> Result<(), CallError> {
        let vpc = &side.network.vpc;
        let names = side.service.private_dns_names.iter();
        let domains: Vec<&str> = names.map(|name| name.trim_start_matches("*.")).collect();
        let zones = self.outside.route53.zones(vpc).await?;
        // Not verified: that zones behind endpoints' names are those of a service, without an account. They were looked at.
        let taken = zones
            .iter()
            .find(|zone| !zone.owner.is_empty() && domains.contains(&zone.name.as_str()));
        let taken = taken.map(|zone| self.name_taken_by_zone(zone, vpc));
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
    fn check_gateway(&mut self, all: &[Endpoint], vpc: &VpcId, service: &Service) {
        let gateway = |endpoint: &Endpoint| endpoint.service == service.name && !endpoint.counts;
        if service.gateway_too
            && self.request.private_dns
            && self.request.target.kind().inbound_only()
            && !all.iter().any(gateway)
        {
            let (region, name) = (&self.request.region, &service.name);
            self.problems.push(
                Problem::new(
                    Code::GatewayEndpointMissing,
                    format!("names for inbound resolvers only need a gateway endpoint for {name} in {vpc}"),
                    format!(
                        "aws ec2 create-vpc-endpoint --region {region} --vpc-id {vpc} --vpc-endpoint-type Gateway \
                         --service-name {name} --route-table-ids <route tables>; or leave inboundResolverOnly out"
                    ),
                )
                .about("$.target.inboundResolverOnly"),
            );
        }
    }

    async fn check_quota(&mut self, all: &[Endpoint], vpc: &VpcId) -> Result<(), CallError> {
        let count = all.iter().filter(|endpoint| endpoint.counts).count();
        // Without a value here, EC2 itself says no when the create comes to it.
        let Some(quota) = self.outside.quotas.endpoints_per_vpc().await? else {
            return Ok(());
        };
        if u32::try_from(count).is_ok_and(|count| count < quota) {
            return Ok(());
        }
        let region = &self.request.region;
        self.problems.push(
            Problem::new(
                Code::EndpointQuotaReached,
                format!("{vpc} has {count} interface endpoints, and this account may have {quota} in a VPC"),
                format!(
                    "aws service-quotas request-service-quota-increase --region {region} --service-code vpc \
                     --quota-code L-29B6F2EB --desired-value {}",
                    quota.saturating_mul(2).max(1)
                ),
            )
            .about("$.network.vpcId"),
        );
        Ok(())
    }

    /// An endpoint that is there has to be what was asked for: one that serves others is not changed for one more.
    pub(super) fn check_sharing(&mut self, plan: &Plan, endpoint: &Endpoint) {
        let Some(wanted) = &plan.endpoint else {
            return;
        };
        let mut differs = differences(plan, wanted, endpoint);
        let settled = !is_ours(endpoint) || requests(endpoint).all(|(_, value)| is_ready(value));
        if settled
            && endpoint.state == State::Available
            && endpoint.private_dns != wanted.private_dns.is_some()
        {
            let others = requests(endpoint).any(|(request, _)| request != plan.request_id.as_str());
            if others || !is_ours(endpoint) {
                differs.push(format!(
                    "its private DNS is {}",
                    if endpoint.private_dns { "on" } else { "off" }
                ));
            }
        }
        if !differs.is_empty() {
            let mut problem = differing(endpoint, &differs);
            if !is_ours(endpoint) {
                problem.message = problem.message.replace(" of ours", "");
            }
            self.problems.push(problem);
        }
    }
}
