//! A private hosted zone of ours (Amazon Route 53): names that lead to the endpoint's own names, for VPCs where EC2's
//! private DNS does not reach, and for services that have no private name.
//!
//! Route 53 cannot tag a zone as it creates it, so the zone's comment says that it is ours. One zone of a name serves every
//! request of a VPC, and goes with the last of them. It has room for ten tags, so its holders are those of the endpoints that
//! its names lead to whose marks there name the zone. Only who adopted an endpoint, and so has no mark on it, has one on the
//! zone; so had everybody before.
//!
//! The module `closing` says how it goes, `change` how it becomes another one.

mod change;
mod closing;
mod found;
mod holders;
mod problems;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Compared, Condition, Narrowed, Observation, PartContext, PartKind, Stays};
use crate::deployment::Bounds;
use crate::endpoint::{AvailabilityZone, EndpointPlan, is_of_zone};
use crate::execution::Phase;
use crate::ids::{Domain, RecordName, VpcId};
use crate::json::canonical;
use crate::outside::route53::{Alias, HostedZone, ZoneName};
use crate::outside::{Endpoint, Reply};
use crate::ownership::{MANAGED, Ownership, zone_mark};
use crate::problem::{Code, Problem};
use crate::refusals::zone_not_allowed;
use closing::{Closing, Going, is_closed_by_this, settles};
use found::There;
pub(crate) use holders::led_to;

/// How long resolvers may keep a name, in seconds; what Confluent's and others' guides use.
const TTL: u32 = 60;

/// How records call the zone's own name.
pub const APEX: &str = "@";

/// Route 53 API reference, `ChangeTagsForResource`.
const MOST_TAGS: usize = 10;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateZone {
    pub domain: Domain,
    pub vpcs: Vec<VpcId>,
    /// Its names, and where each leads.
    pub records: BTreeMap<RecordName, LeadsTo>,
    /// Whether a name for each of the endpoint's zones is still to be added, below which everything leads there.
    #[serde(skip)]
    pub zonal: bool,
}

/// Which of the endpoint's own names a name leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeadsTo {
    Regional,
    /// The name of the network interface in a zone, given by the zone's id.
    Zone(String),
}

impl PrivateZone {
    /// Of a zone that others hold, a request has its mark to take away, and the names that would lead nowhere. The mark of a
    /// confirmed connection is on the endpoint, not on the zone.
    async fn ownership(&self, context: &PartContext<'_>, zone: &HostedZone) -> Reply<Ownership> {
        let is_marked = zone.tags.contains_key(&context.owner.request_tag())
            || is_closed_by_this(context, zone);
        let is_ours = is_marked
            || !self.going(context, zone).await?.is_empty()
            || !self.is_shared(context, zone).await?;
        Ok(if is_ours {
            Ownership::Ours
        } else {
            Ownership::Others
        })
    }

    /// Every record as it should be, or none while the endpoint's names are not known.
    fn names(&self, context: &PartContext<'_>) -> Option<Vec<ZoneName>> {
        let (endpoint, wanted) = (context.endpoint?, context.wanted?);
        let mut all = Vec::new();
        for (name, leads_to) in &self.records {
            let (name, is_apex) = (self.whole(name), name.as_str() == APEX);
            let leads_to = own_name(leads_to, endpoint, wanted)?;
            if !is_apex {
                all.push(ZoneName {
                    name,
                    leads_to,
                    ttl: TTL,
                    alias: None,
                });
                continue;
            }
            // An alias answers for one family of addresses; a CNAME for both.
            // Who shares an endpoint may have asked for less than it has.
            let there = endpoint.addressing.unwrap_or(wanted.addressing);
            let records = there.dns_record_ip_type;
            let families = [(records.has_a(), false), (records.has_aaaa(), true)];
            for (_, ipv6) in families.into_iter().filter(|(is_wanted, _)| *is_wanted) {
                let zone = endpoint.dns_zone.clone()?;
                all.push(ZoneName {
                    name: name.clone(),
                    leads_to: leads_to.clone(),
                    ttl: 0,
                    alias: Some(Alias { zone, ipv6 }),
                });
            }
        }
        Some(all)
    }

    fn whole(&self, name: &RecordName) -> String {
        Self::whole_name(&self.domain, name)
    }

    /// A name in a zone as resolvers ask for it.
    pub fn whole_name(domain: &Domain, name: &RecordName) -> String {
        match name.as_str() {
            APEX => domain.to_string(),
            name => format!("{name}.{domain}"),
        }
    }

    /// Names the endpoint's zones: clients that put a zone's id into a name (Kafka's brokers) reach the interface in it.
    pub fn name_zones(&mut self, zones: &[AvailabilityZone]) {
        for zone in zones.iter().filter(|_| self.zonal) {
            if let Ok(name) = format!("*.{}", zone.zone_id).parse() {
                let leads_to = LeadsTo::Zone(zone.zone_id.clone());
                self.records.entry(name).or_insert(leads_to);
            }
        }
    }

    /// Whether some of its names are those of the endpoint's zones.
    pub fn has_zonal_names(&self) -> bool {
        let mut all = self.records.values();
        all.any(|leads_to| matches!(leads_to, LeadsTo::Zone(_)))
    }

    /// A token for Route 53, another one each time: it remembers those of zones that are gone, and that a VPC has one zone
    /// of a name is what keeps a repeated create from making a second one.
    fn token(&self, context: &PartContext<'_>) -> String {
        let now = context.outside.clock.now().0.to_string();
        canonical::digest(&[
            self.domain.as_str(),
            context.owner.request_id.as_str(),
            &now,
        ])
    }

    /// What in a shared zone conflicts with the plan: names and VPCs of other requests are not changed.
    async fn conflict(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
    ) -> Reply<Option<Problem>> {
        if let Some(problem) = self.name_taken(zone) {
            return Ok(Some(problem));
        }
        Ok(match self.is_shared(context, zone).await? {
            true => {
                let dead = self.dead_ends(context, zone).await?;
                self.differing(context, zone, &dead)
            }
            false => None,
        })
    }
}

fn sees(zone: &HostedZone, vpc: &VpcId) -> bool {
    zone.vpcs.iter().any(|id| id == vpc.as_str())
}

/// The endpoint's own name that a record leads to. Zonal names carry the zone's name in this account.
fn own_name(leads_to: &LeadsTo, endpoint: &Endpoint, wanted: &EndpointPlan) -> Option<String> {
    let LeadsTo::Zone(id) = leads_to else {
        return endpoint.dns_names.first().cloned();
    };
    let zone = wanted.zones.iter().find(|zone| zone.zone_id == *id)?;
    let mut names = endpoint.dns_names.iter();
    names.find(|name| is_of_zone(name, zone)).cloned()
}

#[async_trait]
impl PartKind for PrivateZone {
    fn name(&self) -> String {
        format!("the private hosted zone {}", self.domain)
    }

    fn made_in(&self) -> Phase {
        Phase::EnableDns
    }

    async fn look(&self, context: &PartContext<'_>) -> Reply<Observation> {
        let There {
            ours,
            foreign,
            unmarked,
        } = self.find(context).await?;
        let foreign = foreign.map(|zone| Condition::Broken(self.taken(&zone)));
        let Some(zone) = ours else {
            let unmarked = unmarked.map(|id| self.unmarked(context, &id));
            let seen = foreign.map(|broken| Observation::of(broken, Ownership::Others));
            return Ok(Observation {
                stays: unmarked.map(Stays::LeftBehind),
                ..seen.unwrap_or_else(Observation::absent)
            });
        };
        let ownership = self.ownership(context, &zone).await?;
        let (goes, stays) = self.shared_out(context, &zone, ownership).await?;
        let of = |condition| Observation {
            goes: goes.clone(),
            stays: stays.clone(),
            ..Observation::of(condition, ownership)
        };
        let closing = Closing::of(context, &zone);
        let is_going = match closing {
            Closing::Settles => true,
            // Its last order may still have to show.
            Closing::Goes(Going::Names { is_settled }) => {
                !is_settled && self.own_names(context, &zone).await?.is_empty()
            }
            Closing::Open | Closing::IsSettled | Closing::IsAbandoned | Closing::Goes(_) => false,
        };
        if is_going {
            return Ok(Observation {
                settles: settles(context, &zone),
                ..of(Condition::Going)
            });
        }
        if let Some(broken) = foreign {
            return Ok(of(broken));
        }
        if let Some(problem) = self.taken_from_others(context, &zone) {
            return Ok(of(Condition::Broken(problem)));
        }
        let seen = self.vpcs.iter().all(|vpc| sees(&zone, vpc));
        if context.endpoint.is_some()
            && let Some(problem) = self.conflict(context, &zone).await?
        {
            let condition = if seen {
                Condition::Broken(problem)
            } else {
                // Perhaps the request that makes it is not done.
                Condition::Pending(problem.message)
            };
            return Ok(of(condition));
        }
        let named = self
            .names(context)
            .is_some_and(|names| names.iter().all(|name| zone.names.contains(name)));
        let tagged = context.owner.is_ours(&zone.tags)
            && Self::marks(context)
                .keys()
                .all(|key| zone.tags.contains_key(key));
        let condition = if closing == Closing::Open && seen && named && tagged {
            Condition::Ready
        } else {
            Condition::Incomplete
        };
        let exceeds = self.has_left_out(context, &zone);
        let names: Vec<String> = self.records.keys().map(|name| self.whole(name)).collect();
        let seen = Observation {
            exceeds,
            ..of(condition)
        };
        Ok(seen
            .with("id", zone.id)
            .with("domain", zone.name)
            .with("names", names)
            .with("vpcIds", zone.vpcs))
    }

    async fn make(&self, context: &PartContext<'_>) -> Reply<()> {
        let (Some(names), Some(first)) = (self.names(context), self.vpcs.first()) else {
            return Ok(());
        };
        let route53 = context.outside.route53;
        let mut tags = Self::first_tags(context);
        let found = self.find(context).await?;
        if found.foreign.is_some() {
            return Ok(()); // the next look says so
        }
        let (id, there) = match found.ours {
            Some(zone) => {
                if !Self::reopen(context, &zone).await? {
                    return Ok(());
                }
                if zone.tags.contains_key(MANAGED) {
                    tags = Self::marks(context);
                }
                (zone.id, zone.vpcs)
            }
            None => {
                let made = route53
                    .create_zone(
                        self.domain.as_str(),
                        first,
                        &self.token(context),
                        &context.owner.zone_comment(),
                    )
                    .await;
                match made {
                    Ok(id) => (id, vec![first.to_string()]),
                    // Another run made it a moment ago: the next look finds it.
                    Err(error) if error.is_duplicate() => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
        };
        route53.tag_zone(&id, &tags).await?;
        for vpc in self
            .vpcs
            .iter()
            .filter(|vpc| !there.contains(&vpc.to_string()))
        {
            route53.associate(&id, vpc).await?;
        }
        route53.put_names(&id, &names).await
    }

    async fn remove(&self, context: &PartContext<'_>) -> Reply<()> {
        let Some(zone) = self.find(context).await?.ours else {
            return Ok(());
        };
        // Somebody may have joined since the step began.
        let now = self.endpoint_now(context).await?;
        let context = &PartContext {
            endpoint: now.as_ref(),
            ..*context
        };
        self.let_go(context, &zone).await
    }

    async fn compare(&self, context: &PartContext<'_>) -> Reply<Compared> {
        self.compared(context).await
    }

    async fn narrow(&self, context: &PartContext<'_>) -> Reply<Narrowed> {
        self.narrowed(context).await
    }

    async fn is_changed(&self, context: &PartContext<'_>) -> Reply<bool> {
        self.is_other_than_before(context).await
    }

    async fn put_back(&self, context: &PartContext<'_>) -> Reply<()> {
        self.undone(context).await
    }

    fn names(&self) -> Vec<(String, Option<String>)> {
        let all = self.records.iter().map(|(name, leads_to)| {
            let zone = match leads_to {
                LeadsTo::Regional => None,
                LeadsTo::Zone(id) => Some(id.clone()),
            };
            (self.whole(name), zone)
        });
        all.collect()
    }

    fn is_seen_in(&self, vpc: &VpcId) -> bool {
        self.vpcs.contains(vpc)
    }

    fn mark_on_endpoint(&self) -> Option<String> {
        let names: Vec<String> = self.records.keys().map(|name| self.whole(name)).collect();
        Some(zone_mark(self.domain.as_str(), &self.vpcs, &names))
    }

    fn warns(&self, context: &PartContext<'_>) -> Option<Problem> {
        self.tags_left_out(context)
    }

    fn exceeds(&self, bounds: &Bounds, service_names: &[String]) -> Vec<Problem> {
        if bounds.allows_zone(&self.domain, service_names) {
            return Vec::new();
        }
        vec![zone_not_allowed(
            &self.domain,
            bounds.zone_suffixes.as_deref(),
        )]
    }

    async fn check(&self, context: &PartContext<'_>) -> Reply<Vec<Problem>> {
        let mut problems = Vec::new();
        for vpc in &self.vpcs {
            problems.extend(self.check_vpc(context, vpc).await?);
        }
        // Route 53 refuses to be asked about VPCs that are not there.
        if problems.is_empty() {
            let There { ours, foreign, .. } = self.find(context).await?;
            match (foreign, ours) {
                (Some(zone), _) => problems.push(self.taken(&zone)),
                (None, Some(zone)) if context.wanted.is_some() => {
                    problems.extend(self.conflict(context, &zone).await?);
                    problems.extend(self.no_room(context, &zone));
                }
                (None, Some(_) | None) => {}
            }
        }
        let Some(wanted) = context.wanted else {
            return Ok(problems);
        };
        let zones = wanted.zones.iter();
        let ids: Vec<&str> = zones.map(|zone| zone.zone_id.as_str()).collect();
        for (name, leads_to) in &self.records {
            if let LeadsTo::Zone(id) = leads_to
                && !ids.contains(&id.as_str())
            {
                let message = format!(
                    "{} is to lead to {id}, and the endpoint will be in {}",
                    self.whole(name),
                    ids.join(", ")
                );
                let fix = "name one of these zones, or \"regional\"";
                problems.push(
                    Problem::new(Code::NoCommonZone, message, fix)
                        .about("$.target.privateZone.records"),
                );
            }
        }
        Ok(problems)
    }
}
