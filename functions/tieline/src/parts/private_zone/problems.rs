//! What can stand in the way of a private zone, in words.

use super::holders::{leads_to_own, led_to};
use super::{MOST_TAGS, PrivateZone, sees};
use crate::ids::VpcId;
use crate::outside::Reply;
use crate::outside::route53::{HostedZone, VpcZone, ZoneName};
use crate::ownership::{CLOSING, holders};
use crate::parts::PartContext;
use crate::problem::{Code, Problem};
use crate::refusals::{no_vpc, too_many};

impl PrivateZone {
    pub(super) fn differing(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
        dead: &[ZoneName],
    ) -> Option<Problem> {
        let wanted = self.names(context).unwrap_or_default();
        // What a change makes different of its own is checked by what others lose; more VPCs are nobody's loss.
        let changes = context.change.is_some();
        let name = self
            .records
            .keys()
            .map(|name| self.whole(name))
            .find(|name| {
                let mut there = zone.names.iter().filter(|one| one.name == *name);
                let is_own = |there| changes && leads_to_own(context, there);
                // What leads to an endpoint that is no more belongs to nobody: it is written over.
                there
                    .any(|there| !wanted.contains(there) && !is_own(there) && !dead.contains(there))
            });
        let mut unseen = self.vpcs.iter().filter(|vpc| !sees(zone, vpc));
        let vpc = unseen.next().filter(|_| !changes);
        let what = match (name, vpc) {
            (Some(name), _) => format!("its name {name} leads somewhere else"),
            (None, Some(vpc)) => format!("{vpc} does not see it"),
            (None, None) => return None,
        };
        let message = format!(
            "the private zone {} ({}) serves other requests, and {what}",
            self.domain, zone.id
        );
        let fix = format!(
            "ask for the names and VPCs that it has, or remove the requests that it serves first; a record that leads nowhere is to be deleted by \
             hand: aws route53 list-resource-record-sets --hosted-zone-id {}",
            zone.id
        );
        Some(Problem::new(Code::PrivateZoneTaken, message, fix))
    }

    /// A planned name has addresses that somebody put there.
    pub(super) fn name_taken(&self, zone: &HostedZone) -> Option<Problem> {
        let mut names = self.records.keys().map(|name| self.whole(name));
        // An alias for the family of addresses that is not written over.
        let is_elsewhere = |one: &ZoneName| {
            one.alias.as_ref().is_some_and(|alias| alias.ipv6) && led_to(one).is_none()
        };
        let is_taken = |name: &String| {
            let mut all = zone.names.iter().filter(|one| one.name == *name);
            zone.taken.contains(name) || all.any(is_elsewhere)
        };
        let name = names.find(is_taken)?;
        Some(Problem::new(
            Code::PrivateZoneTaken,
            format!(
                "{name} has an address record in the private zone {} ({}) that is not of our making",
                self.domain, zone.id
            ),
            format!(
                "delete that record, or name the records in the request without it; see them: aws route53 list-resource-record-sets --hosted-zone-id {}",
                zone.id
            ),
        ))
    }

    pub(super) fn taken(&self, zone: &VpcZone) -> Problem {
        let owner = match zone.owner.as_str() {
            "" => "an AWS service",
            owner => owner,
        };
        Problem::new(
            Code::PrivateZoneTaken,
            format!(
                "{} of {owner} is the private zone {} of a VPC named here already, and it is not ours",
                zone.id, self.domain
            ),
            format!(
                "add the names to that zone by hand and leave the zone out here; see it: aws route53 get-hosted-zone --id {}",
                zone.id
            ),
        )
    }

    /// A zone that is left behind, in words.
    pub(super) fn unmarked(&self, context: &PartContext<'_>, id: &str) -> String {
        let leads_to = context.endpoint_id.map(ToString::to_string);
        format!(
            "perhaps the private hosted zone {} ({id}): names in it lead to {}, and neither its comment nor its tags say that it is ours",
            self.domain,
            leads_to.unwrap_or_default()
        )
    }

    /// The caller's tags for which a new zone has no room.
    pub(super) fn tags_left_out(&self, context: &PartContext<'_>) -> Option<Problem> {
        let tags = Self::first_tags(context);
        let all = context.owner.tags_without_request();
        let left_out = all.keys().filter(|key| !tags.contains_key(*key));
        let left_out: Vec<&str> = left_out.map(String::as_str).collect();
        if left_out.is_empty() {
            return None;
        }
        let message = format!(
            "a hosted zone has room for {MOST_TAGS} tags, so that {} goes without {}",
            self.domain,
            left_out.join(", ")
        );
        let fix = "send fewer tags, or leave it so";
        Some(Problem::new(Code::TagsLeftOut, message, fix).about("$.tags"))
    }

    /// The zone has as many tags as it may have.
    pub(super) fn no_room(&self, context: &PartContext<'_>, zone: &HostedZone) -> Option<Problem> {
        let mut tags = zone.tags.clone();
        tags.extend(Self::marks(context));
        // There has to be room to say that it goes.
        tags.entry(CLOSING.to_owned()).or_default();
        if tags.len() <= MOST_TAGS {
            return None;
        }
        let see = format!(
            "aws route53 list-tags-for-resource --resource-type hostedzone --resource-id {}",
            zone.id
        );
        let what = format!("the private zone {} ({})", self.domain, zone.id);
        let requests = holders(&zone.tags).count();
        Some(too_many(&what, requests, MOST_TAGS, &see))
    }

    /// A private zone is resolved only in VPCs with both DNS attributes on (Route 53 Developer Guide, "Considerations
    /// when working with a private hosted zone").
    pub(super) async fn check_vpc(
        &self,
        context: &PartContext<'_>,
        vpc: &VpcId,
    ) -> Reply<Vec<Problem>> {
        let region = &context.owner.region;
        let ec2 = context.outside.ec2;
        if ec2.vpc(vpc).await?.is_none() {
            let fix =
                "name VPCs of this account and Region; for others, associate the zone by hand";
            return Ok(vec![
                no_vpc(vpc, region, &context.owner.account, fix).about("$.target"),
            ]);
        }
        let dns = ec2.dns_attributes(vpc).await?;
        if dns.support && dns.hostnames {
            return Ok(Vec::new());
        }
        let message = format!(
            "the private zone {} needs enableDnsSupport and enableDnsHostnames of {vpc}",
            self.domain
        );
        let fix = format!(
            "aws ec2 modify-vpc-attribute --region {region} --vpc-id {vpc} --enable-dns-support && \
             aws ec2 modify-vpc-attribute --region {region} --vpc-id {vpc} --enable-dns-hostnames"
        );
        Ok(vec![
            Problem::new(Code::VpcDnsDisabled, message, fix).about("$.target"),
        ])
    }
}
