//! Which zone is meant: the one of ours that the request's VPCs see under its name. Somebody may take VPCs out of a zone, and have them
//! see another one: where a connection goes, its zone is found by its names as well.

use super::PrivateZone;
use super::closing::is_closed_by_this;
use super::holders::leads_to_own;
use crate::outside::route53::{HostedZone, VpcZone};
use crate::outside::{CallError, Reply};
use crate::ownership::{Claim, Ownership};
use crate::parts::PartContext;

/// What stands for a zone of this name.
#[derive(Default)]
pub(super) struct There {
    pub(super) ours: Option<Box<HostedZone>>,
    /// What else a VPC sees under the name, which is in the way there.
    pub(super) foreign: Option<VpcZone>,
    /// Where the connection goes: a zone with names that lead to its endpoint, on which nothing says that it is ours.
    pub(super) unmarked: Option<String>,
}

impl PrivateZone {
    /// What the VPCs see under this name.
    pub(super) async fn find(&self, context: &PartContext<'_>) -> Reply<There> {
        let route53 = context.outside.route53;
        let mut seen: Vec<VpcZone> = Vec::new();
        for vpc in &self.vpcs {
            let zones = match route53.zones(vpc).await {
                // The VPC is gone, or nobody may look: what is in the zone has to tell, by the endpoint that it leads to.
                Err(CallError::Refused { .. })
                    if context.removes && context.endpoint_id.is_some() =>
                {
                    continue;
                }
                zones => zones?,
            };
            let is_new = |zone: &VpcZone| {
                zone.name == self.domain.as_str() && !seen.iter().any(|one| one.id == zone.id)
            };
            let new: Vec<VpcZone> = zones.into_iter().filter(is_new).collect();
            seen.extend(new);
        }
        let mut there = There::default();
        let mut ours: Vec<(VpcZone, Box<HostedZone>)> = Vec::new();
        let mut looked_at = Vec::new();
        for one in seen {
            looked_at.push(one.id.clone());
            if one.owner != context.owner.account {
                there.foreign.get_or_insert(one);
                continue;
            }
            match route53.zone(&one.id).await? {
                Some(zone) if context.owner.has_zone(&zone.comment, &zone.tags) => {
                    ours.push((one, Box::new(zone)));
                }
                Some(zone) => {
                    there.note_unmarked(context, &zone);
                    there.foreign.get_or_insert(one);
                }
                None => {}
            }
        }
        // Of several the one that leads to the request's endpoint; the first one is as good as any other to say what is in the way.
        let its = ours.iter().position(|(_, zone)| is_its(context, zone));
        if its.is_none() && context.removes {
            let unseen = self.unseen(context, &looked_at, &mut there).await?;
            there.ours = unseen;
        }
        for (index, (seen, zone)) in ours.into_iter().enumerate() {
            if there.ours.is_none() && index == its.unwrap_or(0) {
                there.ours = Some(zone);
            } else {
                there.foreign.get_or_insert(seen);
            }
        }
        Ok(there)
    }

    /// The request's zone, where none of its VPCs sees it any more: only what goes with the request is taken for its own.
    async fn unseen(
        &self,
        context: &PartContext<'_>,
        looked_at: &[String],
        there: &mut There,
    ) -> Reply<Option<Box<HostedZone>>> {
        let route53 = context.outside.route53;
        let listed = route53.zones_of(self.domain.as_str()).await?.into_iter();
        for listed in listed.filter(|one| one.private && !looked_at.contains(&one.id)) {
            let Some(zone) = route53.zone(&listed.id).await? else {
                continue;
            };
            if !context.owner.has_zone(&zone.comment, &zone.tags) {
                there.note_unmarked(context, &zone);
            } else if is_its(context, &zone)
                && self.ownership(context, &zone).await? == Ownership::Ours
            {
                return Ok(Some(Box::new(zone)));
            }
        }
        Ok(None)
    }
}

impl There {
    /// Whether somebody made it, or took our marks off it, is not known.
    fn note_unmarked(&mut self, context: &PartContext<'_>, zone: &HostedZone) {
        let leads_here = zone.names.iter().any(|name| leads_to_own(context, name));
        if context.removes && leads_here {
            self.unmarked.get_or_insert(zone.id.clone());
        }
    }
}

/// Whether something in a zone of ours or on it is this request's.
fn is_its(context: &PartContext<'_>, zone: &HostedZone) -> bool {
    context.owner.claim(&zone.tags) == Claim::Ours
        || is_closed_by_this(context, zone)
        || zone.names.iter().any(|name| leads_to_own(context, name))
}
