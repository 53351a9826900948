//! Everything that preflight looks at. The looks that do not need each other run side by side.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all, join4, join5, try_join3};

use super::bounds;
use crate::execution::Execution;
use crate::ids::{Ports, VpcId};
use crate::options;
use crate::outside::route53::VpcZone;
use crate::outside::{
    CallError, DnsAttributes, Endpoint, EndpointFilter, Group, Interface, NetworkAcl, Outside,
    Reply, Service, Subnet, Tags, Vpc, is_ipv6,
};
use crate::ownership::REQUEST;
use crate::problem::Problem;
use crate::request::Request;
use crate::steps::find_context;
use crate::targets::{ConnectedThrough, EndpointSpec, Resolved, Unresolved};

/// What was seen. A look that may turn out not to be needed keeps its error until it is.
pub(super) struct Looks {
    /// The VPC and what is in it; none if there is no such VPC, or the request names none.
    pub(super) network: Option<Network>,
    pub(super) target: Target,
    /// Every endpoint that carries the request's id.
    pub(super) holders: Reply<Vec<Endpoint>>,
    /// How many endpoints a VPC may have, where the account has a value for it.
    pub(super) quota: Reply<Option<u32>>,
}

/// What is in the VPC.
pub(super) struct Network {
    pub(super) vpc: VpcId,
    /// Its IPv4 blocks.
    pub(super) cidrs: Vec<String>,
    /// The blocks from which the endpoint is to be reached, of IPv4 and IPv6.
    pub(super) blocks: Vec<String>,
    pub(super) tags: Tags,
    /// By id.
    pub(super) subnets: Vec<Subnet>,
    pub(super) groups: Vec<Group>,
    /// Whom the groups and prefix lists are that rules let in.
    pub(super) sources: Sources,
    /// An error says that nobody may look.
    pub(super) acls: Reply<Vec<NetworkAcl>>,
    /// The same.
    pub(super) name_servers: Reply<Vec<String>>,
    /// None where nobody asks for names in it.
    pub(super) dns: Option<DnsAttributes>,
    /// None are looked for where the request makes none.
    pub(super) endpoints: Reply<Vec<Endpoint>>,
    pub(super) hosted_zones: Reply<Vec<VpcZone>>,
}

/// The blocks that groups and prefix lists stand for, by their ids: of a group the addresses that it is on now. What could not
/// be looked at is not in it.
pub(super) type Sources = BTreeMap<String, Vec<String>>;

/// The most groups and prefix lists that are looked at.
const MOST_SOURCES: usize = 20;

/// Both sides of an endpoint: the VPC and the service.
pub(super) struct Side<'a> {
    pub(super) network: &'a Network,
    pub(super) service: &'a Service,
    /// The ports that clients connect to.
    pub(super) ports: &'a [Ports],
    /// Address blocks of further VPCs that connect.
    pub(super) also_from: &'a [String],
}

/// What the target says of itself.
pub(super) enum Target {
    NotYet(Problem),
    Refused(Vec<Problem>),
    Resolved {
        resolved: Box<Resolved>,
        /// The service of its endpoint, if EC2 knows it.
        service: Option<Service>,
        /// Further VPCs that connect through the endpoint, as far as they are there.
        also_from: Reply<Vec<(VpcId, Vpc)>>,
    },
}

/// Looks at everything.
///
/// # Errors
///
/// The first look that failed and is needed in any case.
pub(super) async fn look(
    outside: &Outside<'_>,
    request: &Request,
    execution: &Execution,
    is_bounded: bool,
) -> Reply<Looks> {
    let key = format!("{REQUEST}{}", request.request_id);
    let holders = EndpointFilter {
        tag_key: Some(&key),
        ..EndpointFilter::default()
    };
    let (network, target, holders, quota) = join4(
        network(outside, request),
        target(outside, request, execution, is_bounded),
        outside.ec2.endpoints(&holders),
        if_needed(makes_endpoint(request), outside.quotas.endpoints_per_vpc()),
    )
    .await;
    Ok(Looks {
        network: network?,
        target: target?,
        holders,
        quota,
    })
}

fn makes_endpoint(request: &Request) -> bool {
    request.shape.target.facts().connected_through == ConnectedThrough::Endpoint
}

async fn if_needed<T: Default>(needed: bool, look: impl Future<Output = Reply<T>>) -> Reply<T> {
    if needed { look.await } else { Ok(T::default()) }
}

async fn network(outside: &Outside<'_>, request: &Request) -> Reply<Option<Network>> {
    let Some(named) = &request.shape.network else {
        return Ok(None);
    };
    let (ec2, id) = (outside.ec2, &named.vpc_id);
    let named_by_ec2 = request.shape.private_dns && makes_endpoint(request);
    let of_vpc = EndpointFilter {
        vpc: Some(id),
        ..EndpointFilter::default()
    };
    let dns = async { ec2.dns_attributes(id).await.map(Some) };
    let (vpc, inside, dns, endpoints, hosted_zones) = join5(
        ec2.vpc(id),
        try_join3(ec2.subnets(id), ec2.groups(id), async {
            or_unknown(if_needed(makes_endpoint(request), ec2.network_acls(id)).await)
        }),
        if_needed(named_by_ec2, dns),
        if_needed(makes_endpoint(request), ec2.endpoints(&of_vpc)),
        if_needed(named_by_ec2, outside.route53.zones(id)),
    )
    .await;
    // Whatever else failed, failed for want of the VPC.
    let Some(vpc) = vpc? else {
        return Ok(None);
    };
    let (mut subnets, groups, acls) = inside?;
    let servers = if_needed(makes_endpoint(request), ec2.name_servers(&vpc.dhcp_options)).await;
    let name_servers = or_unknown(servers)?;
    subnets.sort_by(|a, b| a.id.cmp(&b.id));
    let there = endpoints.as_deref().unwrap_or_default();
    let in_use = groups_in_use(request, named, &groups, there);
    let sources = sources(outside, in_use, there).await?;
    Ok(Some(Network {
        vpc: id.clone(),
        blocks: vpc.blocks(named.addressing.ip_address_type),
        cidrs: vpc.cidrs,
        tags: vpc.tags,
        subnets,
        groups,
        sources,
        acls,
        name_servers,
        dns: dns?,
        endpoints,
        hosted_zones,
    }))
}

/// The groups that the endpoint gets, as far as the request says, or all that endpoints of the VPC have: one of those may serve.
fn groups_in_use<'g>(
    request: &Request,
    named: &options::Network,
    groups: &'g [Group],
    endpoints: &[Endpoint],
) -> Vec<&'g Group> {
    let is_used = |group: &&Group| {
        let of_endpoint = |one: &Endpoint| one.group_ids.iter().any(|id| id == group.id.as_str());
        match &named.security_group_ids {
            Some(ids) if !request.shape.adopt => ids.contains(&group.id),
            Some(_) | None => endpoints.iter().any(of_endpoint),
        }
    };
    if !makes_endpoint(request) {
        return Vec::new();
    }
    groups.iter().filter(is_used).collect()
}

/// Looks at whom the rules of these groups let in.
async fn sources(
    outside: &Outside<'_>,
    groups: Vec<&Group>,
    endpoints: &[Endpoint],
) -> Reply<Sources> {
    let rules = groups.iter().flat_map(|group| &group.ingress);
    let ids: BTreeSet<&String> = rules.flat_map(|rule| &rule.others).collect();
    // Of another account's groups EC2 shows nobody, whoever is in them.
    let ids = ids.into_iter().filter(|id| !id.contains('/'));
    // The endpoints behind these groups connect to nothing.
    let has_one = |one: &&Endpoint| {
        let mut all = one.group_ids.iter();
        all.any(|id| groups.iter().any(|group| id == group.id.as_str()))
    };
    let behind = endpoints.iter().filter(has_one);
    let behind: BTreeSet<&String> = behind.flat_map(|one| &one.interface_ids).collect();
    let looks = ids.take(MOST_SOURCES).map(async |id| {
        let found = match id.starts_with("pl-") {
            true => outside.ec2.prefix_list(id).await,
            false => {
                let there = outside.ec2.interfaces_in(id).await;
                there.map(|there| addresses(there, &behind))
            }
        };
        (id, found)
    });
    let mut sources = Sources::new();
    for (id, found) in join_all(looks).await {
        if let Ok(blocks) = or_unknown(found)? {
            sources.insert(id.clone(), blocks);
        }
    }
    Ok(sources)
}

fn addresses(interfaces: Vec<Interface>, without: &BTreeSet<&String>) -> Vec<String> {
    let clients = interfaces.iter().filter(|one| !without.contains(&one.id));
    let all = clients.flat_map(Interface::addresses);
    let block = |address: &String| {
        let bits = if is_ipv6(address) { 128 } else { 32 };
        format!("{address}/{bits}")
    };
    all.map(block).collect()
}

async fn target(
    outside: &Outside<'_>,
    request: &Request,
    execution: &Execution,
    is_bounded: bool,
) -> Reply<Target> {
    if is_bounded {
        let problems = bounds::secrets(outside, request).await?;
        if !problems.is_empty() {
            return Ok(Target::Refused(problems));
        }
    }
    let context = find_context(outside, request, execution);
    let resolved = match request.shape.target.kind().find(&context).await {
        Ok(resolved) => Box::new(resolved),
        Err(Unresolved::Failed(error)) => return Err(error),
        Err(Unresolved::NotYet(problem)) => return Ok(Target::NotYet(problem)),
        Err(Unresolved::Refused(problems)) => return Ok(Target::Refused(problems)),
    };
    let Some(spec) = &resolved.endpoint else {
        return Ok(Target::Resolved {
            resolved,
            service: None,
            also_from: Ok(Vec::new()),
        });
    };
    let names = [std::slice::from_ref(&spec.service), &spec.or[..]].concat();
    let (service, also_from) = join(
        outside.ec2.service(&names),
        further_vpcs(outside, request, spec),
    )
    .await;
    Ok(Target::Resolved {
        resolved,
        service: service?,
        also_from,
    })
}

/// One that is not there is the zone's problem to tell.
async fn further_vpcs(
    outside: &Outside<'_>,
    request: &Request,
    spec: &EndpointSpec,
) -> Reply<Vec<(VpcId, Vpc)>> {
    let own = request
        .shape
        .network
        .as_ref()
        .map(|network| &network.vpc_id);
    let others = spec.also_from.iter().filter(|vpc| Some(*vpc) != own);
    let looks = others.map(async |id| (id.clone(), outside.ec2.vpc(id).await));
    let mut found = Vec::new();
    for (id, vpc) in join_all(looks).await {
        found.extend(vpc?.map(|vpc| (id, vpc)));
    }
    Ok(found)
}

/// Nothing is known where a look is refused; whatever else keeps it from an answer is waited out.
fn or_unknown<T>(look: Reply<T>) -> Reply<Reply<T>> {
    match look {
        Err(error @ (CallError::Throttled { .. } | CallError::Unavailable { .. })) => Err(error),
        look => Ok(look),
    }
}
