//! Who holds a private zone: the requests whose marks on an endpoint that its names lead to name the zone.

use std::collections::{BTreeMap, BTreeSet};

use super::{MOST_TAGS, PrivateZone, TTL};
use crate::endpoint::own_label;
use crate::ids::EndpointId;
use crate::outside::route53::{HostedZone, ZoneName};
use crate::outside::{Endpoint, EndpointFilter, Reply, Tags};
use crate::ownership::{Claim, MANAGED, Ownership};
use crate::parts::{PartContext, PartKind, Stays};

impl PrivateZone {
    /// The tags that the zone is to carry for this request: one that has no mark on an endpoint has one on the zone.
    pub(super) fn marks(context: &PartContext<'_>) -> Tags {
        let mut marks = context.owner.marks();
        let owner = context.owner;
        // Its plan is from before marks on endpoints named zones.
        let is_old = context.endpoint.is_some_and(|endpoint| {
            owner.claim(&endpoint.tags) == Claim::Ours && owner.zone_in(&endpoint.tags).is_none()
        });
        marks.retain(|key, _| key == MANAGED || is_old || context.is_adopted());
        marks
    }

    /// The same, with the caller's tags for one that is being made: whoever shares it adds none.
    pub(super) fn first_tags(context: &PartContext<'_>) -> Tags {
        let mut tags = Self::marks(context);
        // There has to be room to say that it goes.
        let room = MOST_TAGS.saturating_sub(tags.len() + 1);
        let own = context.owner.tags_without_request().into_iter();
        let own = own.filter(|(key, _)| key != MANAGED);
        tags.extend(own.take(room));
        tags
    }

    /// The request's endpoint as it is at this moment.
    pub(super) async fn endpoint_now(&self, context: &PartContext<'_>) -> Reply<Option<Endpoint>> {
        match context.endpoint_id {
            Some(id) => endpoint(context, id).await,
            None => Ok(None),
        }
    }

    /// Whether other requests hold the zone.
    pub(super) async fn is_shared(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
    ) -> Reply<bool> {
        let holder = self.holder(context, zone, &zone.vpcs).await?;
        Ok(holder.is_some())
    }

    /// Other requests that hold the zone, as some of these VPCs see it, and through what.
    pub(super) async fn holder(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
        vpcs: &[String],
    ) -> Reply<Option<String>> {
        let owner = context.owner;
        let domain = self.domain.as_str();
        let holds = |endpoint: &Endpoint| {
            owner.is_ours(&endpoint.tags) && owner.shares_zone(&endpoint.tags, domain, vpcs)
        };
        let of = |endpoint: &Endpoint| owner.with_others(endpoint.id.as_str(), &endpoint.tags);
        if owner.shares(&zone.tags) {
            return Ok(Some(owner.with_others(&zone.id, &zone.tags)));
        }
        if let Some(own) = context.endpoint.filter(|one| holds(one)) {
            return Ok(Some(of(own)));
        }
        let elsewhere = zone.names.iter().filter_map(led_to);
        let elsewhere: BTreeSet<EndpointId> = elsewhere
            .filter(|id| Some(id) != context.endpoint_id)
            .collect();
        for id in &elsewhere {
            let found = endpoint(context, id).await?;
            if let Some(one) = found.filter(|one| !one.state.is_dead() && holds(one)) {
                return Ok(Some(of(&one)));
            }
        }
        Ok(None)
    }

    /// Those of them to whom names that lead to this request's endpoint may belong.
    pub(super) fn holder_beside(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
    ) -> Option<String> {
        let (owner, own) = (context.owner, context.endpoint?);
        let domain = self.domain.as_str();
        let shares = owner.shares_zone(&own.tags, domain, &zone.vpcs);
        shares.then(|| owner.with_others(own.id.as_str(), &own.tags))
    }

    /// The planned names that lead to an endpoint which goes with this request, or that is gone already.
    pub(super) async fn going(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
    ) -> Reply<Vec<ZoneName>> {
        let dead = self.left_over(context, zone).await?;
        let mut names = zone.names.clone();
        names.retain(|name| {
            dead.contains(name) || (self.plans(name) && leads_to_going(context, name))
        });
        Ok(names)
    }

    /// The planned names that lead to this request's endpoint, whoever else holds it, or to one that is gone.
    pub(super) async fn own_names(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
    ) -> Reply<Vec<ZoneName>> {
        let dead = self.left_over(context, zone).await?;
        let mut names = zone.names.clone();
        names.retain(|name| {
            dead.contains(name) || (self.plans(name) && leads_to_own(context, name))
        });
        Ok(names)
    }

    /// Of a connection that goes, where its names may still lead beside its endpoint.
    async fn left_over(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
    ) -> Reply<Vec<ZoneName>> {
        match context.removes {
            true => self.dead_ends(context, zone).await,
            false => Ok(Vec::new()),
        }
    }

    /// The planned names that lead to an endpoint which is no more: whoever made such a name, it belongs to nobody.
    pub(super) async fn dead_ends(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
    ) -> Reply<Vec<ZoneName>> {
        let mut looked_at: BTreeMap<EndpointId, bool> = BTreeMap::new();
        let mut dead = Vec::new();
        for name in zone.names.iter().filter(|name| self.is_as_written(name)) {
            let Some(id) = led_to(name).filter(|id| Some(id) != context.endpoint_id) else {
                continue;
            };
            let is_dead = match looked_at.get(&id) {
                Some(is_dead) => *is_dead,
                None => is_dead_end(context, name, &id).await?,
            };
            looked_at.insert(id, is_dead);
            if is_dead {
                dead.push(name.clone());
            }
        }
        Ok(dead)
    }

    /// Whether a planned name is as it is written here: what is not is of somebody else's making.
    fn is_as_written(&self, name: &ZoneName) -> bool {
        let is_written = match name.alias {
            Some(_) => name.name == self.domain.as_str(),
            None => name.ttl == TTL,
        };
        is_written && self.plans(name)
    }

    /// What a removal takes of a zone and leaves of it, where others hold that as well.
    pub(super) async fn shared_out(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
        ownership: Ownership,
    ) -> Reply<(Option<Vec<String>>, Option<Stays>)> {
        if !context.removes {
            return Ok((None, None));
        }
        let Some(who) = self.holder(context, zone, &zone.vpcs).await? else {
            return Ok((None, None));
        };
        let name = self.name();
        let goes = match ownership {
            Ownership::Others => None,
            Ownership::Ours | Ownership::Confirmed => {
                let names = self.going(context, zone).await?;
                let words = names.iter().map(|one| format!("{} in {name}", one.name));
                Some(words.collect())
            }
        };
        let stays = Stays::WithOthers(format!("{name}, with {who}"));
        Ok((goes, Some(stays)))
    }

    /// Whether a name is planned.
    pub(super) fn plans(&self, name: &ZoneName) -> bool {
        self.records
            .keys()
            .any(|planned| self.whole(planned) == name.name)
    }
}

/// How many looks at an endpoint have to show nothing, each for itself, before it is taken for gone: one may come from a replica that lags.
const LOOKS: usize = 2;

/// Whether the endpoint that a name leads to is gone, or dead and held by nobody else.
async fn is_dead_end(context: &PartContext<'_>, name: &ZoneName, id: &EndpointId) -> Reply<bool> {
    for _ in 0..LOOKS {
        if let Some(one) = endpoint(context, id).await? {
            let is_unheld = !context.owner.shares(&one.tags);
            return Ok(one.state.is_leaving() || (one.state.is_dead() && is_unheld));
        }
    }
    Ok(may_have_been_here(context, name))
}

/// Whether an endpoint of which EC2 shows nothing may have been the request's. One of another account or Region is not shown either, and may
/// well work: what leads to another service than the request's is somebody's. One of another account to the same service is not told
/// from one that is gone.
fn may_have_been_here(context: &PartContext<'_>, name: &ZoneName) -> bool {
    let here = format!(".{}.vpce.", context.owner.region);
    let own = name.leads_to.split_once(here.as_str());
    let own = own.map(|(own, _)| own.strip_prefix("*.").unwrap_or(own));
    // <id>-<hash>.<service>
    let Some((_, service)) = own.and_then(|own| own.split_once('.')) else {
        return false;
    };
    context
        .wanted
        .is_none_or(|wanted| names_service(service, &wanted.service))
}

/// Whether a part of an endpoint's own name is of a service. It has words of the service's name, and not always all of them nor in that
/// order: `dkr.ecr` for `ecr.dkr`, and `kinesis` for `kinesis-streams` (AWS CLI reference, `describe-vpc-endpoint-services`: example).
fn names_service(part: &str, service: &str) -> bool {
    let words = |text: &str| -> Vec<String> { text.split(['.', '-']).map(str::to_owned).collect() };
    let all = words(service);
    words(part).iter().all(|word| all.contains(word))
}

async fn endpoint(context: &PartContext<'_>, id: &EndpointId) -> Reply<Option<Endpoint>> {
    let filter = EndpointFilter {
        id: Some(id),
        ..EndpointFilter::default()
    };
    let found = context.outside.ec2.endpoints(&filter).await?;
    Ok(found.into_iter().next())
}

/// Whether a name leads to the request's own endpoint.
pub(super) fn leads_to_own(context: &PartContext<'_>, name: &ZoneName) -> bool {
    led_to(name).is_some_and(|id| Some(&id) == context.endpoint_id)
}

/// Whether a name leads to an endpoint that no other request holds.
fn leads_to_going(context: &PartContext<'_>, name: &ZoneName) -> bool {
    if context.is_adopted() {
        return false;
    }
    let Some(endpoint) = context.endpoint else {
        // EC2 has forgotten it. Its names begin with its id: vpce-<id>-<hash> (AWS PrivateLink Guide, "DNS hostnames").
        return leads_to_own(context, name);
    };
    leads_to_own(context, name) && !context.owner.shares(&endpoint.tags)
}

/// The endpoint that a name leads to: its names begin with its id (AWS PrivateLink Guide, "DNS hostnames").
pub(crate) fn led_to(name: &ZoneName) -> Option<EndpointId> {
    let label = own_label(&name.leads_to)?;
    let mut words = label.splitn(3, '-');
    format!("{}-{}", words.next()?, words.next()?).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::names_service;

    #[test]
    fn an_endpoints_own_name_has_words_of_its_service() {
        for (part, service) in [
            (
                "vpce-svc-0aaaaaaaaaaaaaaaa",
                "com.amazonaws.vpce.us-east-1.vpce-svc-0aaaaaaaaaaaaaaaa",
            ),
            ("dsql-fnh4", "com.amazonaws.us-east-1.dsql-fnh4"),
            ("dkr.ecr", "com.amazonaws.us-east-1.ecr.dkr"),
            ("kinesis", "com.amazonaws.us-east-1.kinesis-streams"),
        ] {
            assert!(names_service(part, service), "{part}");
        }
        for (part, service) in [
            (
                "vpce-svc-0bbbbbbbbbbbbbbbb",
                "com.amazonaws.vpce.us-east-1.vpce-svc-0aaaaaaaaaaaaaaaa",
            ),
            ("dsql-fnh5", "com.amazonaws.us-east-1.dsql-fnh4"),
            ("api.ecr", "com.amazonaws.us-east-1.ecr.dkr"),
        ] {
            assert!(!names_service(part, service), "{part}");
        }
    }
}
