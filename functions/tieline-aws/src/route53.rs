//! Amazon Route 53: private hosted zones.

use async_trait::async_trait;
use aws_sdk_route53::Client;
use aws_sdk_route53::error::BuildError;
use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ChangeBatch, HostedZoneConfig, ResourceRecord,
    ResourceRecordSet, RrType, Tag, TagResourceType, Vpc, VpcRegion,
};
use tieline::ids::{Region, VpcId};
use tieline::outside::route53::{Alias, HostedZone, ListedZone, VpcZone, ZoneName};
use tieline::outside::{CallError, Reply, Route53, Tags};

use crate::answer::{ask, gone_is_fine, incomplete, required, there};
use crate::sdk::{Sdk, client};

/// How many pages of a list are read; a zone of ours has a handful of records.
const MAX_PAGES: usize = 50;

#[derive(Debug)]
pub(crate) struct AwsRoute53 {
    client: Client,
    region: VpcRegion,
}

impl AwsRoute53 {
    pub(crate) fn new(sdk: &Sdk, region: &Region) -> Self {
        Self {
            client: client!(aws_sdk_route53, sdk),
            region: VpcRegion::from(region.as_str()),
        }
    }

    fn vpc(&self, id: &VpcId) -> Vpc {
        Vpc::builder()
            .vpc_id(id.as_str())
            .vpc_region(self.region.clone())
            .build()
    }

    /// Every zone of this account, or those of a name: they come in the order of their names.
    async fn listed(&self, only: Option<&str>) -> Reply<Vec<ListedZone>> {
        const ACTION: &str = "route53:ListHostedZonesByName";
        let mut zones: Vec<ListedZone> = Vec::new();
        let mut from = only.map(|name| (Some(name.to_owned()), None));
        for _ in 0..MAX_PAGES {
            let (name, id): (Option<String>, Option<String>) = from.take().unwrap_or_default();
            let call = self.client.list_hosted_zones_by_name();
            let call = call.set_dns_name(name).set_hosted_zone_id(id);
            let page = ask(ACTION, call.send()).await?;
            zones.extend(page.hosted_zones().iter().map(|zone| {
                let config = zone.config();
                ListedZone {
                    id: bare(zone.id()).to_owned(),
                    name: plain(zone.name()).to_owned(),
                    private: config.is_some_and(|config| config.private_zone()),
                }
            }));
            let last = zones.last().map(|zone| zone.name.as_str());
            let is_behind = only.is_some() && last != only;
            if is_behind || !page.is_truncated() {
                zones.retain(|zone| only.is_none_or(|only| zone.name == only));
                return Ok(zones);
            }
            let id = page.next_hosted_zone_id().map(str::to_owned);
            from = Some((page.next_dns_name().map(str::to_owned), id));
        }
        Err(endless(ACTION))
    }

    /// Every CNAME record and alias of a zone, and the names that have addresses of somebody else's.
    async fn names(&self, id: &str) -> Reply<(Vec<ZoneName>, Vec<String>)> {
        const ACTION: &str = "route53:ListResourceRecordSets";
        let (mut names, mut taken) = (Vec::new(), Vec::new());
        let mut from: Option<(String, Option<RrType>)> = None;
        for _ in 0..MAX_PAGES {
            let (name, kind) = from.take().unzip();
            let call = self
                .client
                .list_resource_record_sets()
                .hosted_zone_id(id)
                .set_start_record_name(name)
                .set_start_record_type(kind.flatten());
            let page = ask(ACTION, call.send()).await?;
            for record in page.resource_record_sets() {
                match zone_name(record) {
                    Some(name) => names.push(name),
                    None if matches!(record.r#type(), RrType::A | RrType::Aaaa) => {
                        taken.push(plain(record.name()).replace("\\052", "*"));
                    }
                    None => {}
                }
            }
            if !page.is_truncated() {
                return Ok((names, taken));
            }
            from = page
                .next_record_name()
                .map(|name| (name.to_owned(), page.next_record_type().cloned()));
        }
        Err(endless(ACTION))
    }

    async fn change_tags(
        &self,
        id: &str,
        add: Option<Vec<Tag>>,
        remove: Option<Vec<String>>,
    ) -> Reply<()> {
        let call = self
            .client
            .change_tags_for_resource()
            .resource_type(TagResourceType::Hostedzone)
            .resource_id(id)
            .set_add_tags(add)
            .set_remove_tag_keys(remove);
        let changed = ask("route53:ChangeTagsForResource", call.send()).await;
        changed.map(drop)
    }

    async fn change(&self, id: &str, action: &ChangeAction, names: &[ZoneName]) -> Reply<()> {
        const ACTION: &str = "route53:ChangeResourceRecordSets";
        let changes = names
            .iter()
            .map(|name| {
                Change::builder()
                    .action(action.clone())
                    .resource_record_set(record(name)?)
                    .build()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(incomplete(ACTION))?;
        let batch = ChangeBatch::builder()
            .set_changes(Some(changes))
            .build()
            .map_err(incomplete(ACTION))?;
        let call = self
            .client
            .change_resource_record_sets()
            .hosted_zone_id(id)
            .change_batch(batch);
        ask(ACTION, call.send()).await.map(|_| ())
    }
}

/// Half a list taken for the whole could be acted on, and another look would be no shorter.
fn endless(action: &'static str) -> CallError {
    let message = format!("the list has more than {MAX_PAGES} pages");
    CallError::refused(action, "TooLong", message)
}

fn record(name: &ZoneName) -> Result<ResourceRecordSet, BuildError> {
    let record = ResourceRecordSet::builder().name(&name.name);
    let Some(Alias { zone, ipv6 }) = &name.alias else {
        let target = ResourceRecord::builder().value(&name.leads_to).build()?;
        let record = record.r#type(RrType::Cname).ttl(i64::from(name.ttl));
        return record.resource_records(target).build();
    };
    let target = AliasTarget::builder()
        .hosted_zone_id(zone)
        .dns_name(&name.leads_to)
        .evaluate_target_health(false)
        .build()?;
    let kind = if *ipv6 { RrType::Aaaa } else { RrType::A };
    record.r#type(kind).alias_target(target).build()
}

/// A CNAME record or an alias in our words, and none of another type. Route 53 writes a dot behind names and `\052` for an
/// asterisk.
fn zone_name(record: &ResourceRecordSet) -> Option<ZoneName> {
    let name = plain(record.name()).replace("\\052", "*");
    // One that looks at the target's health, or is one of several, is not of our making.
    let is_plain = |target: &&AliasTarget| {
        !target.evaluate_target_health() && record.set_identifier().is_none()
    };
    let target = record.alias_target().filter(is_plain);
    if let (kind @ (RrType::A | RrType::Aaaa), Some(target)) = (record.r#type(), target) {
        return Some(ZoneName {
            name,
            leads_to: plain(target.dns_name()).replace("\\052", "*"),
            ttl: 0,
            alias: Some(Alias {
                zone: target.hosted_zone_id().to_owned(),
                ipv6: *kind == RrType::Aaaa,
            }),
        });
    }
    let [target] = record.resource_records() else {
        return None;
    };
    (*record.r#type() == RrType::Cname).then_some(ZoneName {
        name,
        leads_to: plain(target.value()).replace("\\052", "*"),
        ttl: record.ttl().and_then(|ttl| u32::try_from(ttl).ok())?,
        alias: None,
    })
}

fn plain(name: &str) -> &str {
    name.trim_end_matches('.')
}

/// A zone's id without the path that some answers put in front of it.
fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

#[async_trait]
impl Route53 for AwsRoute53 {
    async fn zones(&self, vpc: &VpcId) -> Reply<Vec<VpcZone>> {
        const ACTION: &str = "route53:ListHostedZonesByVPC";
        let mut zones = Vec::new();
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let call = self
                .client
                .list_hosted_zones_by_vpc()
                .vpc_id(vpc.as_str())
                .vpc_region(self.region.clone())
                .set_next_token(token.take());
            let page = ask(ACTION, call.send()).await?;
            zones.extend(page.hosted_zone_summaries().iter().map(|zone| {
                VpcZone {
                    id: bare(zone.hosted_zone_id()).to_owned(),
                    name: plain(zone.name()).to_owned(),
                    owner: zone
                        .owner()
                        .and_then(|owner| owner.owning_account())
                        .unwrap_or_default()
                        .to_owned(),
                }
            }));
            token = page
                .next_token()
                .filter(|token| !token.is_empty())
                .map(str::to_owned);
            if token.is_none() {
                return Ok(zones);
            }
        }
        Err(endless(ACTION))
    }

    async fn all_zones(&self) -> Reply<Vec<ListedZone>> {
        self.listed(None).await
    }

    async fn zones_of(&self, name: &str) -> Reply<Vec<ListedZone>> {
        self.listed(Some(name)).await
    }

    async fn zone(&self, id: &str) -> Reply<Option<HostedZone>> {
        let call = self.client.get_hosted_zone().id(id);
        let Some(answer) = there(ask("route53:GetHostedZone", call.send()).await)? else {
            return Ok(None);
        };
        let call = self
            .client
            .list_tags_for_resource()
            .resource_type(TagResourceType::Hostedzone)
            .resource_id(id);
        let Some(tags) = there(ask("route53:ListTagsForResource", call.send()).await)? else {
            return Ok(None);
        };
        let Some((names, taken)) = there(self.names(id).await)? else {
            return Ok(None);
        };
        let zone = answer.hosted_zone();
        let config = zone.and_then(|zone| zone.config());
        let comment = config.and_then(|config| config.comment());
        let vpcs = answer.vpcs().iter();
        let tags = tags
            .resource_tag_set()
            .into_iter()
            .flat_map(|set| set.tags());
        Ok(Some(HostedZone {
            id: id.to_owned(),
            name: plain(zone.map_or("", |zone| zone.name())).to_owned(),
            comment: comment.unwrap_or_default().to_owned(),
            vpcs: vpcs
                .filter_map(|vpc| vpc.vpc_id().map(str::to_owned))
                .collect(),
            tags: tags
                .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())))
                .collect(),
            names,
            taken,
        }))
    }

    async fn create_zone(
        &self,
        name: &str,
        vpc: &VpcId,
        token: &str,
        comment: &str,
    ) -> Reply<String> {
        const ACTION: &str = "route53:CreateHostedZone";
        let config = HostedZoneConfig::builder()
            .comment(comment)
            .private_zone(true)
            .build();
        let call = self
            .client
            .create_hosted_zone()
            .name(name)
            .vpc(self.vpc(vpc))
            .caller_reference(token)
            .hosted_zone_config(config);
        let answer = ask(ACTION, call.send()).await?;
        let id = answer.hosted_zone().map(|zone| bare(zone.id()).to_owned());
        required(ACTION, "hosted zone", id)
    }

    async fn associate(&self, id: &str, vpc: &VpcId) -> Reply<()> {
        let call = self
            .client
            .associate_vpc_with_hosted_zone()
            .hosted_zone_id(id)
            .vpc(self.vpc(vpc));
        match ask("route53:AssociateVPCWithHostedZone", call.send()).await {
            Ok(_) => Ok(()),
            // A repeated association of the same zone is refused like that of another zone of the name; the next look
            // shows which it was.
            Err(error) if error.is_duplicate() => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn disassociate(&self, id: &str, vpc: &VpcId) -> Reply<()> {
        let call = self
            .client
            .disassociate_vpc_from_hosted_zone()
            .hosted_zone_id(id)
            .vpc(self.vpc(vpc));
        gone_is_fine(ask("route53:DisassociateVPCFromHostedZone", call.send()).await)
    }

    async fn tag_zone(&self, id: &str, tags: &Tags) -> Reply<()> {
        let tag = |(key, value)| Tag::builder().key(key).value(value).build();
        let add = tags.iter().map(tag).collect();
        self.change_tags(id, Some(add), None).await
    }

    async fn untag_zone(&self, id: &str, keys: &[String]) -> Reply<()> {
        self.change_tags(id, None, Some(keys.to_vec())).await
    }

    async fn put_names(&self, id: &str, names: &[ZoneName]) -> Reply<()> {
        self.change(id, &ChangeAction::Upsert, names).await
    }

    async fn delete_names(&self, id: &str, names: &[ZoneName]) -> Reply<()> {
        self.change(id, &ChangeAction::Delete, names).await
    }

    async fn delete_zone(&self, id: &str) -> Reply<()> {
        let call = self.client.delete_hosted_zone().id(id);
        gone_is_fine(ask("route53:DeleteHostedZone", call.send()).await)
    }
}
