//! The private zones of a connection that is to go, by what the mark on its endpoint says: a service that was withdrawn, or that has other
//! names by now, says nothing of them.

use crate::ids::{RecordName, VpcId};
use crate::outside::route53::{HostedZone, ListedZone};
use crate::outside::{Endpoint, Outside, Reply};
use crate::ownership::{Owner, ZoneWord};
use crate::parts::Part;
use crate::parts::private_zone::{APEX, LeadsTo, PrivateZone, led_to};
use crate::targets::Resolved;

/// Adds the zones that the mark names and the target does not; what is still in doubt.
pub(super) async fn complete(
    outside: &Outside<'_>,
    owner: &Owner,
    endpoint: Option<&Endpoint>,
    resolved: &mut Resolved,
) -> Reply<Option<String>> {
    let in_doubt = resolved.in_doubt.take();
    let mark = endpoint.and_then(|one| Some((one, one.tags.get(&owner.request_tag())?)));
    let Some((endpoint, mark)) = mark else {
        return Ok(in_doubt);
    };
    let words: Vec<ZoneWord<'_>> = ZoneWord::all_in(mark).collect();
    if words.is_empty() {
        return Ok(in_doubt);
    }
    if in_doubt.is_some() {
        // The mark knows better which there are.
        let is_named = |part: &Part| words.iter().any(|word| is_of(*word, part));
        resolved.parts.retain(is_named);
    }
    let is_told = |word: &ZoneWord<'_>| resolved.parts.iter().any(|part| is_of(*word, part));
    let missing: Vec<ZoneWord<'_>> = words.into_iter().filter(|word| !is_told(word)).collect();
    if missing.is_empty() {
        return Ok(None);
    }
    let listed = outside.route53.all_zones().await?;
    let mut is_unseen = false;
    for word in missing {
        let its = meant(outside, word, &listed, endpoint).await?;
        is_unseen |= its.is_empty();
        let parts = its.iter().filter_map(|zone| part(zone, endpoint));
        resolved.parts.extend(parts.map(Part::PrivateZone));
    }
    Ok(is_unseen.then(|| "a private zone that its mark names to show".to_owned()))
}

fn is_of(word: ZoneWord<'_>, part: &Part) -> bool {
    matches!(part, Part::PrivateZone(zone) if word.is_of(zone.domain.as_str()))
}

/// The zones of this account that a word means: those that lead to the endpoint, or else those that the VPCs see which it names.
async fn meant(
    outside: &Outside<'_>,
    word: ZoneWord<'_>,
    listed: &[ListedZone],
    endpoint: &Endpoint,
) -> Reply<Vec<HostedZone>> {
    let (mut lead, mut seen) = (Vec::new(), Vec::new());
    for one in listed
        .iter()
        .filter(|one| one.private && word.is_of(&one.name))
    {
        let Some(zone) = outside.route53.zone(&one.id).await? else {
            continue;
        };
        if own_names(&zone, endpoint).next().is_some() {
            lead.push(zone);
        } else if word.may_mean(&zone.name, &zone.vpcs) {
            seen.push(zone);
        }
    }
    Ok(if lead.is_empty() { seen } else { lead })
}

/// The names of a zone that lead to the endpoint.
fn own_names<'z>(zone: &'z HostedZone, endpoint: &Endpoint) -> impl Iterator<Item = &'z str> {
    let own = |name: &&_| led_to(name).as_ref() == Some(&endpoint.id);
    zone.names.iter().filter(own).map(|name| name.name.as_str())
}

/// The zone as it is. Whose it is, whoever removes it looks.
fn part(zone: &HostedZone, endpoint: &Endpoint) -> Option<PrivateZone> {
    let below = format!(".{}", zone.name);
    let names = own_names(zone, endpoint).map(|name| name.strip_suffix(&below).unwrap_or(APEX));
    let records = names.filter_map(|name| name.parse::<RecordName>().ok());
    Some(PrivateZone {
        domain: zone.name.parse().ok()?,
        vpcs: zone
            .vpcs
            .iter()
            .filter_map(|id| id.parse::<VpcId>().ok())
            .collect(),
        records: records.map(|name| (name, LeadsTo::Regional)).collect(),
        zonal: false,
    })
}
