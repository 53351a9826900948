//! The group of our own: the one that the endpoint has where the request names none.

use crate::endpoint::{EndpointPlan, Groups, is_own_group};
use crate::ids::GroupId;
use crate::outside::{Endpoint, Group, Outside, Reply};
use crate::ownership::Owner;

/// The group of our own that a plan asks for, if it is there.
pub(super) async fn find(
    outside: &Outside<'_>,
    owner: &Owner,
    wanted: &EndpointPlan,
) -> Reply<Option<Group>> {
    Ok(find_all(outside, owner, wanted).await?.into_iter().next())
}

/// The same, and the one of the version before if both are there.
pub(super) async fn find_all(
    outside: &Outside<'_>,
    owner: &Owner,
    wanted: &EndpointPlan,
) -> Reply<Vec<Group>> {
    let Groups::Own { name, .. } = &wanted.groups else {
        return Ok(Vec::new());
    };
    let mut groups = outside.ec2.groups(&wanted.vpc_id).await?;
    groups.retain(|group| is_own_group(owner, group, name, &wanted.vpc_id, &wanted.service));
    Ok(groups)
}

/// Whether it came into the place of this one, which was removed.
pub(super) fn is_made_since(
    wanted: &EndpointPlan,
    group: &Group,
    removed: Option<&GroupId>,
) -> bool {
    has_present_name(wanted, group) && removed.is_some_and(|removed| *removed != group.id)
}

/// Whether it has the name under which groups are made; under that of the version before, none is made any more.
pub(super) fn has_present_name(wanted: &EndpointPlan, group: &Group) -> bool {
    matches!(&wanted.groups, Groups::Own { name, .. } if group.name == *name)
}

/// Opens it for what this request needs: it may have been made for one that let fewer in, or on other ports. A rule in a group
/// that others need is not taken back, so that is done as late as it may be: before a verifier tries, or else at the end.
pub(super) async fn open(
    outside: &Outside<'_>,
    owner: &Owner,
    wanted: &EndpointPlan,
    endpoint: &Endpoint,
) -> Reply<()> {
    let Groups::Own { cidrs, .. } = &wanted.groups else {
        return Ok(());
    };
    let Some(group) = find(outside, owner, wanted).await? else {
        return Ok(());
    };
    if !endpoint.group_ids.iter().any(|id| id == group.id.as_str()) {
        return Ok(());
    }
    open_for(outside, &group, wanted, cidrs).await
}

/// Opens a group for who is not let in yet.
pub(super) async fn open_for(
    outside: &Outside<'_>,
    group: &Group,
    wanted: &EndpointPlan,
    cidrs: &[String],
) -> Reply<()> {
    for port in wanted.ports() {
        let closed: Vec<String> = cidrs
            .iter()
            .filter(|cidr| !group.admits(port, cidr))
            .cloned()
            .collect();
        outside
            .ec2
            .authorize_ingress(&group.id, port, &closed)
            .await?;
    }
    Ok(())
}
