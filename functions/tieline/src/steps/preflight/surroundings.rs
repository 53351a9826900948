//! What of the VPC can keep clients from an endpoint that is there: network ACLs of its subnets, and resolvers of one's own.
//! All of it may be meant, and none of it is ours: it is said and not refused.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::{IpNet, Ipv4Net};

use super::Check;
use super::looks::{Network, Side};
use super::reach::cut;
use crate::endpoint::AvailabilityZone;
use crate::ids::{Ports, VpcId};
use crate::outside::{AclEntry, NetworkAcl, Vpc};
use crate::parts::Part;
use crate::problem::{Code, Problem};

/// The ports from which clients connect (VPC User Guide, "Ephemeral ports"): answers go there.
const EPHEMERAL: Ports = Ports {
    first: 1024,
    last: 65535,
};

/// Where EC2's private DNS has names.
pub(super) const OWN_VPC: &str = "the VPC";

/// What a VPC's own resolver is called (VPC User Guide, "Amazon DNS server").
const RESOLVERS: [&str; 2] = ["AmazonProvidedDNS", "169.254.169.253"];

impl Check<'_> {
    /// Network ACLs let in by the port, and out to the clients' own ports, as they remember nothing.
    pub(super) fn check_acls(&mut self, side: &Side<'_>, zones: &[AvailabilityZone]) {
        // A look that is refused says nothing: it only tells sooner what clients would notice.
        let Ok(acls) = &side.network.acls else {
            return;
        };
        let blocks: Vec<&String> = side.network.blocks.iter().chain(side.also_from).collect();
        for acl in acls {
            let subnets: Vec<&str> = zones
                .iter()
                .map(|zone| zone.subnet_id.as_str())
                .filter(|id| acl.subnet_ids.iter().any(|there| there == id))
                .collect();
            if subnets.is_empty() {
                continue;
            }
            let inwards = side.ports.iter().map(|ports| (false, *ports));
            let mut denied: BTreeMap<(bool, String), (BTreeSet<String>, BTreeSet<Ports>)> =
                BTreeMap::new();
            for (egress, ports) in inwards.chain([(true, EPHEMERAL)]) {
                for block in &blocks {
                    if let Some(rule) = denying(acl, egress, ports, block) {
                        let (blocks, all) = denied.entry((egress, rule)).or_default();
                        blocks.insert((*block).clone());
                        all.insert(ports);
                    }
                }
            }
            for ((egress, rule), (blocks, ports)) in denied {
                let (what, way, side) = match egress {
                    false => ("TCP ports", "from", "--ingress"),
                    true => ("answers on TCP ports", "to", "--egress"),
                };
                let message = format!(
                    "rule {rule} of {} keeps {what} {} {way} {} out of {}, or a part of that",
                    acl.id,
                    joined(&ports),
                    joined(&blocks),
                    subnets.join(", ")
                );
                let region = &self.request.shape.region;
                let fix = format!(
                    "if clients are there, allow them before that rule: aws ec2 create-network-acl-entry --region {region} --network-acl-id {} {side} --rule-number <lower> --protocol 6 --port-range From=<first>,To=<last> --cidr-block <block> (of IPv6: --ipv6-cidr-block) --rule-action allow",
                    acl.id,
                );
                self.warnings
                    .push(Problem::new(Code::NetworkAclClosed, message, fix));
            }
        }
    }

    /// Private names of some services hide what else is below them (API Gateway Developer Guide, "Private REST APIs"), and S3's
    /// with a star do not answer for the name without it.
    pub(super) fn check_names(&mut self, names: &[String], place: &str) {
        let star = |name: &&String| name.starts_with("*.execute-api.") || name.starts_with("*.s3.");
        for name in names.iter().filter(star) {
            let domain = name.trim_start_matches("*.");
            let is_api = domain.starts_with("execute-api.");
            let (what, fix) = if is_api {
                (
                    format!(
                        "in {place} every name below {domain} leads to the endpoint: public APIs of API Gateway cannot be called from there any more"
                    ),
                    "if they are needed, leave these names out (\"privateDns\": false, zoneVpcIds) and call private APIs by the endpoint's own name with the \
                     header x-apigw-api-id, or give public ones custom domain names",
                )
            } else {
                (
                    format!(
                        "in {place} {domain} itself resolves to nothing any more: path-style requests and lists of buckets need it"
                    ),
                    "have clients there use virtual-hosted-style requests, or leave zoneVpcIds out",
                )
            };
            // EC2's own private DNS leaves the name without the star as it is.
            let is_hidden = is_api || (place != OWN_VPC && !names.iter().any(|one| one == domain));
            if is_hidden {
                let warning = Problem::new(Code::NamesTakenOver, what, fix);
                self.warnings.push(warning.about("$.privateDns"));
            }
        }
    }

    /// The same of zones of ours, where other VPCs see them.
    pub(super) fn check_names_of_zones(&mut self, parts: &[Part]) {
        for part in parts {
            let names: Vec<String> = part
                .kind()
                .names()
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            let place = "the VPCs of the private zone";
            self.check_names(&names, place);
        }
    }

    /// Names that lead to IPv6 addresses only are of no use to who has none.
    pub(super) fn check_families(&mut self, network: Option<&Network>, also_from: &[(VpcId, Vpc)]) {
        if self.addressing().dns_record_ip_type.has_a() {
            return;
        }
        let further = also_from
            .iter()
            .filter(|(_, vpc)| vpc.ipv6_cidrs.is_empty());
        let mut without: Vec<String> = further.map(|(id, _)| id.to_string()).collect();
        let own = network.map_or(&[][..], |network| &network.subnets);
        let own = own.iter().filter(|subnet| !subnet.has_ipv6);
        without.extend(own.map(|subnet| subnet.id.to_string()));
        if without.is_empty() {
            return;
        }
        let message = format!(
            "the names lead to IPv6 addresses only, and there are none in {}",
            without.join(", ")
        );
        let fix = "send \"dnsRecordIpType\": \"dualstack\", or give clients there IPv6 addresses";
        let warning = Problem::new(Code::ClientsKeptOut, message, fix);
        self.warnings
            .push(warning.about("$.network.dnsRecordIpType"));
    }

    /// Some services are of no use alone: a registry's layers lie in S3.
    pub(super) fn check_companions(&mut self, network: &Network) {
        let Ok(there) = &network.endpoints else {
            return;
        };
        let has = |name: &str| {
            let ending = format!(".{name}");
            let mut all = there.iter().filter(|one| !one.state.is_dead());
            all.any(|one| one.service.ends_with(&ending))
        };
        let target = self.request.shape.target.kind();
        let missing: Vec<&str> = target
            .companions()
            .iter()
            .copied()
            .filter(|name| !has(name))
            .collect();
        let Some(first) = missing.first() else {
            return;
        };
        let (vpc, region) = (&network.vpc, &self.request.shape.region);
        let message = format!(
            "{} is used together with {}, for which {vpc} has no endpoint: unless clients have another way there, they fail halfway",
            target.name(),
            missing.join(" and ")
        );
        let fix = format!(
            "send a request for each: {{\"requestId\": \"<your name for it>\", \"region\": \"{region}\", \"target\": {{\"kind\": \"aws-service\", \"service\": \"{first}\"}}, \
             \"network\": {{\"vpcId\": \"{vpc}\"}}}}; a gateway endpoint will do for s3"
        );
        let warning = Problem::new(Code::CompanionMissing, message, fix);
        self.warnings.push(warning.about("$.target.service"));
    }

    /// Private names are known to the VPC's own resolver only.
    pub(super) fn check_resolvers(&mut self, network: &Network) {
        let (vpc, Ok(servers)) = (&network.vpc, &network.name_servers) else {
            return;
        };
        // The third address of a block of the VPC is its resolver's as well.
        let blocks = network
            .cidrs
            .iter()
            .filter_map(|block| block.parse::<Ipv4Net>().ok());
        let theirs: Vec<String> = blocks
            .filter_map(|block| block.hosts().nth(1))
            .map(|address| address.to_string())
            .collect();
        let own =
            |server: &&String| !RESOLVERS.contains(&server.as_str()) && !theirs.contains(server);
        let own: Vec<&str> = servers.iter().filter(own).map(String::as_str).collect();
        if own.is_empty() {
            return;
        }
        let message = format!(
            "machines in {vpc} ask {} for names (DHCP options), which know private names only if they forward to the VPC's resolver",
            own.join(", ")
        );
        let fix = "have these servers forward the private names to an inbound endpoint of Route 53 Resolver in the VPC, or clients ask 169.254.169.253";
        self.warnings
            .push(Problem::new(Code::ResolverNotAws, message, fix));
    }
}

fn joined<T: ToString>(all: &BTreeSet<T>) -> String {
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    all.join(", ")
}

/// The rule that denies what a block sends or gets on one of these ports, in whole or in part.
fn denying(acl: &NetworkAcl, egress: bool, ports: Ports, block: &str) -> Option<String> {
    let block: IpNet = block.parse().ok()?;
    let mut entries: Vec<&AclEntry> = acl
        .entries
        .iter()
        .filter(|one| one.egress == egress && one.is_tcp)
        .collect();
    entries.sort_by_key(|entry| entry.number);
    let ends = entries.iter().filter_map(|entry| entry.ports);
    let ends = ends.flat_map(|ports| [ports.first, ports.last.saturating_add(1)]);
    let pieces = cut(ports, ends.collect::<Vec<_>>().into_iter());
    pieces.into_iter().find_map(|piece| {
        let mut undecided = vec![block];
        let fits = |entry: &&&AclEntry| entry.ports.is_none_or(|there| there.overlaps(piece));
        for entry in entries.iter().filter(fits) {
            let cidr = entry.cidr.as_deref().and_then(|cidr| cidr.parse().ok());
            let Some(cidr): Option<IpNet> = cidr else {
                continue;
            };
            let meets = |net: &IpNet| net.contains(&cidr) || cidr.contains(net);
            if !entry.allows && undecided.iter().any(meets) {
                return Some(entry.name());
            }
            undecided = undecided
                .into_iter()
                .flat_map(|net| without(net, cidr))
                .collect();
        }
        (!undecided.is_empty()).then(|| "*".to_owned())
    })
}

/// A block without another one.
fn without(net: IpNet, cidr: IpNet) -> Vec<IpNet> {
    if cidr.contains(&net) {
        return Vec::new();
    }
    match net.subnets(net.prefix_len() + 1) {
        Ok(halves) if net.contains(&cidr) => halves.flat_map(|half| without(half, cidr)).collect(),
        Ok(_) | Err(_) => vec![net],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_decides() {
        let entry = |number, allows, cidr: &str, ports: Option<(u16, u16)>| AclEntry {
            number,
            egress: false,
            allows,
            is_tcp: true,
            ports: ports.map(|(first, last)| Ports { first, last }),
            cidr: Some(cidr.to_owned()),
        };
        let rest = entry(32767, false, "0.0.0.0/0", None);
        for (entries, rule) in [
            (vec![entry(100, true, "0.0.0.0/0", None)], None),
            (
                vec![entry(100, true, "10.20.0.0/16", Some((443, 443)))],
                None,
            ),
            (
                vec![
                    entry(90, false, "10.0.0.0/8", None),
                    entry(100, true, "0.0.0.0/0", None),
                ],
                Some("90"),
            ),
            (
                vec![
                    entry(90, false, "10.20.3.0/24", None),
                    entry(100, true, "0.0.0.0/0", None),
                ],
                Some("90"),
            ),
            (
                vec![
                    entry(90, false, "10.0.0.0/8", Some((22, 22))),
                    entry(100, true, "0.0.0.0/0", None),
                ],
                None,
            ),
            (
                vec![
                    entry(90, false, "192.168.0.0/16", None),
                    entry(100, true, "0.0.0.0/0", None),
                ],
                None,
            ),
            (vec![entry(100, true, "10.20.3.0/24", None)], Some("*")),
            (
                vec![
                    entry(100, true, "10.20.0.0/17", None),
                    entry(110, true, "10.20.128.0/17", Some((443, 450))),
                ],
                None,
            ),
        ] {
            let acl = NetworkAcl {
                id: "acl-1".to_owned(),
                subnet_ids: Vec::new(),
                entries: entries.into_iter().chain([rest.clone()]).collect(),
            };
            let found = denying(&acl, false, 443.into(), "10.20.0.0/16");
            assert_eq!(found.as_deref(), rule);
        }
    }
}
