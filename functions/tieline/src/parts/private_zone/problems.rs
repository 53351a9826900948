//! What can stand in the way of a private zone, in words.

use super::{PrivateZone, sees};
use crate::ids::VpcId;
use crate::outside::Reply;
use crate::outside::route53::{HostedZone, VpcZone};
use crate::parts::PartContext;
use crate::problem::{Code, Problem};
use crate::refusals::no_vpc;

impl PrivateZone {
    pub(super) fn differing(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
    ) -> Option<Problem> {
        let wanted = self.names(context).unwrap_or_default();
        let name = self
            .records
            .keys()
            .map(|name| self.whole(name))
            .find(|name| {
                let there = zone.names.iter().find(|one| one.name == *name);
                there.is_some_and(|there| !wanted.contains(there))
            });
        let vpc = self.vpcs.iter().find(|vpc| !sees(zone, vpc));
        let what = match (name, vpc) {
            (Some(name), _) => format!("its name {name} leads somewhere else"),
            (None, Some(vpc)) => format!("{vpc} does not see it"),
            (None, None) => return None,
        };
        let message = format!(
            "the private zone {} ({}) serves other requests, and {what}",
            self.domain, zone.id
        );
        let fix =
            "ask for the names and VPCs that it has, or remove the requests that it serves first";
        Some(Problem::new(Code::PrivateZoneTaken, message, fix))
    }

    /// A planned name has addresses that somebody put there.
    pub(super) fn name_taken(&self, zone: &HostedZone) -> Option<Problem> {
        let mut names = self.records.keys().map(|name| self.whole(name));
        let name = names.find(|name| zone.taken.contains(name))?;
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
