//! How a private zone becomes another one in place: more names and VPCs come first and by making it, what is left out goes last. What
//! of it was this request's is known by where names lead and by the mark on the endpoint, which says which VPCs see the zone for it;
//! what others need stays.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::holders::leads_to_own;
use super::{APEX, LeadsTo, PrivateZone, There, sees};
use crate::endpoint::{Difference, OwnName, own_zone};
use crate::ids::VpcId;
use crate::outside::route53::{HostedZone, ZoneName};
use crate::outside::{Reply, Tags};
use crate::parts::{Compared, Narrowed, PartContext, PartKind};
use crate::problem::{Code, Problem};
use crate::refusals::takes_from_others;

/// How requests call the endpoint's Regional name.
const REGIONAL: &str = "regional";

/// What a zone was before a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Before {
    id: String,
    vpcs: Vec<String>,
    /// Those that are planned or led to the request's endpoint.
    names: Vec<ZoneName>,
}

/// What is to be done to a zone so that it is as before.
#[derive(Debug, Default)]
struct Undo {
    associate: Vec<VpcId>,
    put: Vec<ZoneName>,
    delete: Vec<ZoneName>,
    disassociate: Vec<VpcId>,
}

impl PrivateZone {
    /// What a change makes different, and who would lose by it.
    pub(super) async fn compared(&self, context: &PartContext<'_>) -> Reply<Compared> {
        let There { ours, foreign, .. } = self.find(context).await?;
        let zone = match (foreign, ours) {
            // The check says so.
            (Some(_), _) => return Ok(Compared::default()),
            (None, Some(zone)) => zone,
            (None, None) => return Ok(self.not_seen(context)),
        };
        let (left_names, left_vpcs) = (
            self.left_names(context, &zone),
            self.left_vpcs(context, &zone),
        );
        let is = self.leads(context, &zone);
        let wanted: BTreeMap<String, String> = self
            .records
            .iter()
            .map(|(name, leads_to)| (name.to_string(), leads_to.word().to_owned()))
            .collect();
        let fields: BTreeSet<&String> = is.keys().chain(wanted.keys()).collect();
        let records = fields.into_iter().filter_map(|name| {
            let field = format!("privateZone.records.{name}");
            Difference::of(&field, json!(is.get(name)), json!(wanted.get(name)))
        });
        let is_its = |id: &&String| {
            let id = id.as_str();
            self.vpcs.iter().any(|vpc| vpc.as_str() == id)
                || left_vpcs.iter().any(|vpc| vpc.as_str() == id)
        };
        let seen_by: BTreeSet<&String> = zone.vpcs.iter().filter(is_its).collect();
        let shall_see: BTreeSet<&str> = self.vpcs.iter().map(VpcId::as_str).collect();
        let vpcs = Difference::of("zoneVpcIds", json!(seen_by), json!(shall_see));
        let differences: Vec<Difference> = records.chain(vpcs).collect();
        let retargets = self.retargets(context, &zone);
        let others = match left_names.is_empty() && !retargets {
            true => None,
            false => self.holder_beside(context, &zone),
        };
        let others = match others {
            Some(others) => Some(others),
            None => self.holder_of(context, &zone, &left_vpcs).await?,
        };
        Ok(Compared {
            before: (!differences.is_empty()).then(|| {
                let its = |one: &&ZoneName| self.plans(one) || leads_to_own(context, one);
                json!(Before {
                    id: zone.id.clone(),
                    vpcs: zone.vpcs.clone(),
                    names: zone.names.iter().filter(its).cloned().collect(),
                })
            }),
            differences,
            problems: others.iter().map(|who| self.loses(&zone, who)).collect(),
            warnings: Vec::new(),
        })
    }

    /// None of its VPCs sees a zone: somebody deleted it, and it is made anew; or others see it. Deleted it was only where the mark names
    /// one of the VPCs: where it names none, VPCs that are not planned may see the zone of before.
    fn not_seen(&self, context: &PartContext<'_>) -> Compared {
        let tags = context.endpoint.map(|endpoint| &endpoint.tags);
        let vpcs: Vec<String> = self.vpcs.iter().map(ToString::to_string).collect();
        let domain = self.domain.as_str();
        let named = |tags: &Tags| {
            let mut all = vpcs.iter();
            all.any(|vpc| context.owner.names_vpc_of_zone(tags, domain, vpc))
        };
        if tags.is_some_and(named) {
            return Compared {
                differences: Difference::of("zoneVpcIds", Value::Null, json!(vpcs))
                    .into_iter()
                    .collect(),
                ..Compared::default()
            };
        }
        let message = format!(
            "none of the VPCs that shall see the private zone {domain} sees it now, and it would be another zone"
        );
        let fix = "name one of the VPCs that see it as well, and leave that one out with a change of its own afterwards";
        let problem = Problem::new(Code::ChangeNotInPlace, message, fix);
        Compared {
            problems: vec![problem.about("$.target")],
            ..Compared::default()
        }
    }

    fn loses(&self, zone: &HostedZone, who: &str) -> Problem {
        let mut problem = takes_from_others(who);
        problem.message = format!(
            "of the private zone {} names or VPCs would go that are not this request's alone; {}",
            self.domain, problem.message
        );
        problem.fix = format!(
            "name them in this request as well, or {}; see them: aws route53 get-hosted-zone --id {}; aws route53 list-resource-record-sets --hosted-zone-id {}",
            problem.fix, zone.id, zone.id
        );
        problem.about("$.target")
    }

    /// Who else sees the zone from one of these VPCs, or may.
    async fn holder_of(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
        vpcs: &[VpcId],
    ) -> Reply<Option<String>> {
        let vpcs: Vec<String> = vpcs.iter().map(ToString::to_string).collect();
        match vpcs.is_empty() {
            true => Ok(None),
            false => self.holder(context, zone, &vpcs).await,
        }
    }

    /// Where the zone's names lead that are planned or lead to the request's endpoint, as requests say it.
    fn leads(&self, context: &PartContext<'_>, zone: &HostedZone) -> BTreeMap<String, String> {
        let zones = context.wanted.map_or(&[][..], |wanted| &wanted.zones);
        let below = format!(".{}", self.domain);
        let its = |one: &&ZoneName| self.plans(one) || leads_to_own(context, one);
        let all = zone.names.iter().filter(its).map(|one| {
            let name = one.name.strip_suffix(&below).unwrap_or(APEX);
            let own = context
                .endpoint
                .and_then(|endpoint| own_zone(&one.leads_to, endpoint, zones));
            let leads_to: &str = match own {
                Some(OwnName::Regional) => REGIONAL,
                Some(OwnName::Of(zone)) => &zone.zone_id,
                Some(OwnName::OfAnother) | None => &one.leads_to,
            };
            (name.to_owned(), leads_to.to_owned())
        });
        all.collect()
    }

    /// What others would lose by a change that makes names lead elsewhere: somebody may have joined since it was checked.
    pub(super) fn taken_from_others(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
    ) -> Option<Problem> {
        context.change?;
        let who = self.holder_beside(context, zone)?;
        let retargets = self.retargets(context, zone);
        retargets.then(|| self.loses(zone, &who))
    }

    /// Whether a planned name leads to the request's endpoint by another of its names: whoever shares that may use it so.
    fn retargets(&self, context: &PartContext<'_>, zone: &HostedZone) -> bool {
        let is = self.leads(context, zone);
        let mut wanted = self.records.iter();
        wanted.any(|(name, leads_to)| {
            let mut there = zone.names.iter().filter(|one| leads_to_own(context, one));
            let whole = self.whole(name);
            there.any(|one| one.name == whole)
                && is
                    .get(name.as_str())
                    .is_some_and(|one| one != leads_to.word())
        })
    }

    /// The names that lead to the request's endpoint and are not planned.
    fn left_names(&self, context: &PartContext<'_>, zone: &HostedZone) -> Vec<ZoneName> {
        let ipv6 = |one: &ZoneName| one.alias.as_ref().is_some_and(|alias| alias.ipv6);
        let wanted = self.names(context);
        // As long as it is not known where names lead, what is planned stays.
        let is_wanted = |one: &ZoneName| match &wanted {
            None => self.plans(one),
            Some(all) => all
                .iter()
                .any(|other| other.name == one.name && ipv6(other) == ipv6(one)),
        };
        let mut names = zone.names.clone();
        names.retain(|one| leads_to_own(context, one) && !is_wanted(one));
        names
    }

    /// The VPCs that see the zone for this request, as its mark says, and shall not. One of another account or Region, or one that
    /// somebody added by hand, is not named by it.
    fn left_vpcs(&self, context: &PartContext<'_>, zone: &HostedZone) -> Vec<VpcId> {
        let Some(endpoint) = context.endpoint else {
            return Vec::new();
        };
        let is_left = |id: &&String| {
            let is_planned = self.vpcs.iter().any(|vpc| vpc.as_str() == id.as_str());
            let (tags, domain) = (&endpoint.tags, self.domain.as_str());
            !is_planned && context.owner.names_vpc_of_zone(tags, domain, id)
        };
        let left = zone.vpcs.iter().filter(is_left);
        left.filter_map(|id| id.parse().ok()).collect()
    }

    /// Whether a change leaves something of it out.
    pub(super) fn has_left_out(&self, context: &PartContext<'_>, zone: &HostedZone) -> bool {
        context.change.is_some()
            && !(self.left_names(context, zone).is_empty()
                && self.left_vpcs(context, zone).is_empty())
    }

    /// Takes away what a change leaves out: names first, because clients of all VPCs ask for them.
    pub(super) async fn narrowed(&self, context: &PartContext<'_>) -> Reply<Narrowed> {
        let There {
            ours: Some(zone),
            foreign: None,
            ..
        } = self.find(context).await?
        else {
            return Ok(Narrowed::Nothing);
        };
        let route53 = context.outside.route53;
        let names = self.left_names(context, &zone);
        if !names.is_empty() {
            // Somebody may have joined since it was checked.
            if let Some(who) = self.holder_beside(context, &zone) {
                return Ok(Narrowed::Refused(self.loses(&zone, &who)));
            }
            return match route53.delete_names(&zone.id, &names).await {
                // Perhaps by this order, whose answer was lost: the next look says.
                Err(error) if error.is_missing() => Ok(Narrowed::Ordered),
                deleted => deleted.map(|()| Narrowed::Ordered),
            };
        }
        let vpcs = self.left_vpcs(context, &zone);
        if vpcs.is_empty() {
            return Ok(Narrowed::Nothing);
        }
        if let Some(who) = self.holder_of(context, &zone, &vpcs).await? {
            return Ok(Narrowed::Refused(self.loses(&zone, &who)));
        }
        for vpc in &vpcs {
            route53.disassociate(&zone.id, vpc).await?;
        }
        Ok(Narrowed::Ordered)
    }

    /// What a change has made different, and its opposite. What others have come to use meanwhile stays, and so does what a zone
    /// got that was made anew.
    async fn undo(&self, context: &PartContext<'_>) -> Reply<Option<(String, Undo)>> {
        let Some(before) = context.before::<Before>(&PartKind::name(self)) else {
            return Ok(None);
        };
        let zone = context.outside.route53.zone(&before.id).await?;
        let Some(zone) = zone.filter(|zone| context.owner.has_zone(&zone.comment, &zone.tags))
        else {
            return Ok(None);
        };
        let was = |one: &ZoneName| before.names.iter().any(|name| is_one_record(name, one));
        let is_planned = |id: &str| self.vpcs.iter().any(|vpc| vpc.as_str() == id);
        // One that leads elsewhere by now is somebody else's, and one of somebody else's that is gone is gone.
        let is_free = |one: &ZoneName| {
            let there = zone.names.iter().filter(|name| is_one_record(name, one));
            let there: Vec<&ZoneName> = there.collect();
            match there.is_empty() {
                true => leads_to_own(context, one),
                false => there.iter().all(|name| leads_to_own(context, name)),
            }
        };
        let missing = before.names.iter().filter(|one| !zone.names.contains(one));
        let missing = missing.filter(|one| is_free(one));
        let gone = before.vpcs.iter().filter(|id| !zone.vpcs.contains(id));
        // What others took away of theirs meanwhile, or what is gone, is not this request's to put back.
        let tags = context.endpoint.map(|endpoint| &endpoint.tags);
        let domain = self.domain.as_str();
        let is_its =
            |id: &str| tags.is_some_and(|tags| context.owner.names_vpc_of_zone(tags, domain, id));
        let gone = gone.filter(|id| !is_planned(id) && is_its(id));
        let mut undo = Undo {
            associate: gone.filter_map(|id| id.parse().ok()).collect(),
            put: missing.cloned().collect(),
            ..Undo::default()
        };
        if self.holder_beside(context, &zone).is_none() {
            let added = zone
                .names
                .iter()
                .filter(|one| self.plans(one) && leads_to_own(context, one) && !was(one));
            undo.delete = added.cloned().collect();
        }
        for vpc in &self.vpcs {
            let is_new = !before.vpcs.iter().any(|id| id == vpc.as_str());
            let is_used = self.holder_of(context, &zone, std::slice::from_ref(vpc));
            if is_new && sees(&zone, vpc) && is_used.await?.is_none() {
                undo.disassociate.push(vpc.clone());
            }
        }
        Ok(Some((zone.id.clone(), undo)))
    }

    pub(super) async fn is_other_than_before(&self, context: &PartContext<'_>) -> Reply<bool> {
        let undo = self.undo(context).await?;
        Ok(undo.is_some_and(|(_, undo)| !undo.is_nothing()))
    }

    pub(super) async fn undone(&self, context: &PartContext<'_>) -> Reply<()> {
        let Some((id, undo)) = self.undo(context).await? else {
            return Ok(());
        };
        let route53 = context.outside.route53;
        for vpc in &undo.associate {
            route53.associate(&id, vpc).await?;
        }
        if !undo.put.is_empty() {
            route53.put_names(&id, &undo.put).await?;
        }
        if !undo.delete.is_empty() {
            route53.delete_names(&id, &undo.delete).await?;
        }
        for vpc in &undo.disassociate {
            route53.disassociate(&id, vpc).await?;
        }
        Ok(())
    }
}

impl LeadsTo {
    /// How requests say it.
    fn word(&self) -> &str {
        match self {
            Self::Regional => REGIONAL,
            Self::Zone(id) => id,
        }
    }
}

impl Undo {
    fn is_nothing(&self) -> bool {
        self.associate.is_empty()
            && self.put.is_empty()
            && self.delete.is_empty()
            && self.disassociate.is_empty()
    }
}

/// Whether two are the same record, wherever they lead: a name has one for each family of addresses, or one for both.
fn is_one_record(one: &ZoneName, other: &ZoneName) -> bool {
    let ipv6 = |name: &ZoneName| name.alias.as_ref().map(|alias| alias.ipv6);
    one.name == other.name && ipv6(one) == ipv6(other)
}
