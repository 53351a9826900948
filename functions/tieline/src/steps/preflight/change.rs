//! Checks a change: what of the connection becomes different, whether EC2 can change it in place, and whether others would lose by it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Check;
use super::looks::Network;
use crate::endpoint::{
    Change, Difference, EndpointPlan, Form, Groups, is_own_group, own_group_name,
};
use crate::ids::{GroupId, RequestId, VpcId};
use crate::outside::{Endpoint, Reply, Service, Tags};
use crate::ownership::Owner;
use crate::parts::{Part, PartContext};
use crate::plan::Plan;
use crate::problem::{Code, Problem};
use crate::refusals::takes_from_others;
use crate::request::Shape;
use crate::steps::parts;
use crate::targets::ConnectedThrough;

pub(super) fn is_worked_on(id: &RequestId, who: &str) -> Problem {
    let message = format!("the connection of {id} is still worked on by {who}");
    let fix = "wait for its result, and send the event again";
    Problem::new(Code::RequestInProgress, message, fix)
}

/// Whether a shared endpoint has not the group of our own any more that it had when the request was confirmed on it.
pub(super) fn has_lost_own(owner: &Owner, there: &Endpoint, own: Option<&GroupId>) -> bool {
    let form = Form::of(there);
    let Some((own, built)) = own.zip(owner.built_on(&there.tags)) else {
        return false;
    };
    let has_it = form.groups.contains(own.as_str());
    let as_it_was = Form {
        groups: [own.to_string()].into(),
        ..form
    };
    !has_it && as_it_was.has_groups_of(built)
}

fn not_in_place(message: String) -> Problem {
    Problem::new(
        Code::ChangeNotInPlace,
        message,
        "send it as a request of another id, have clients use that one, and then send the removal of this one",
    )
}

impl Check<'_> {
    /// The parameters that the connection was made with, as its mark says them.
    pub(super) fn note_before(&mut self, holders: &[Endpoint], owner: &Owner) {
        let ours = |one: &&Endpoint| owner.is_ours(&one.tags) && !one.state.is_dead();
        let there = holders.iter().find(ours);
        let before = there.and_then(|one| owner.fingerprint_on(&one.tags));
        let before = before.filter(|one| *one != owner.fingerprint);
        self.fingerprint_before = before.map(str::to_owned);
    }

    /// There has to be a connection of this id, confirmed, in the same VPC and to the same service.
    pub(super) fn check_connected(
        &mut self,
        holders: &[Endpoint],
        owner: &Owner,
        (vpc, service): (&VpcId, &Service),
    ) {
        let ours = |one: &&Endpoint| owner.is_ours(&one.tags) && !one.state.is_dead();
        let id = &owner.request_id;
        let Some(there) = holders.iter().find(ours) else {
            let message =
                format!("no endpoint of ours carries the mark of {id}: there is nothing to change");
            let fix = "send it as Private Connection Requested; what was adopted is its owner's to change";
            let problem = Problem::new(Code::NothingToChange, message, fix);
            self.problems.push(problem.about("$.requestId"));
            return;
        };
        if !owner.has_confirmed(&there.tags) {
            let message = format!(
                "{} carries the mark of {id}, and was never confirmed",
                there.id
            );
            let fix = "send the request that it was made by once more, and then the change";
            let problem = Problem::new(Code::NothingToChange, message, fix);
            self.problems.push(problem.about("$.requestId"));
        }
        let moves = [
            (
                "its VPC",
                there.vpc.as_str(),
                vpc.as_str(),
                "$.network.vpcId",
            ),
            (
                "its service",
                there.service.as_str(),
                service.name.as_str(),
                "$.target",
            ),
        ];
        for (what, is, wanted, path) in moves {
            if is != wanted {
                let message = format!("{} cannot move: {what} is {is}, and not {wanted}", there.id);
                self.problems.push(not_in_place(message).about(path));
            }
        }
    }

    /// What becomes different of an endpoint that is there.
    pub(super) fn change(
        &mut self,
        owner: &Owner,
        wanted: &mut EndpointPlan,
        there: &Endpoint,
        network: &Network,
    ) -> Option<Change> {
        let before = Form::of(there);
        let shared = owner.shares(&there.tags);
        let name = own_group_name(&owner.deployment, &network.vpc, &wanted.service);
        let mut groups = network.groups.iter();
        let own = groups.find(|one| is_own_group(owner, one, &name, &network.vpc, &wanted.service));
        let own = own.map(|group| &group.id);
        let has_own = own.is_some_and(|id| before.groups.contains(id.as_str()));
        let wants_own = matches!(wanted.groups, Groups::Own { .. });
        if wants_own && shared && !has_own && !has_lost_own(owner, there, own) {
            // Who names none takes those that others need.
            self.check_groups_kept(owner, there, &before);
            let ids = before.groups.iter();
            let ids: Vec<GroupId> = ids.filter_map(|id| id.parse().ok()).collect();
            wanted.groups = Groups::Named { ids };
        }
        self.own_group = own.filter(|_| has_own || wants_own).cloned();
        let after = wanted.form(Some(own.map_or(&name, GroupId::as_str)), &before)?;
        let subnets = network.subnets.iter();
        let zones: BTreeMap<String, String> = subnets
            .map(|one| (one.id.to_string(), one.zone_id.clone()))
            .filter(|(id, _)| before.subnets.contains(id) || after.subnets.contains(id))
            .collect();
        let mut differences = before.differences(&after, &zones);
        let given = self.tags_given(owner, there);
        differences.extend(given.iter().filter_map(|(key, value)| {
            let is = json!(there.tags.get(key));
            Difference::of(&format!("tags.{key}"), is, json!(value))
        }));
        let left_out = match shared {
            true => Tags::new(),
            false => self.tags_left_out(owner, there),
        };
        differences.extend(left_out.iter().filter_map(|(key, value)| {
            Difference::of(&format!("tags.{key}"), json!(value), Value::Null)
        }));
        if shared {
            self.check_others(owner, &before, &after, &zones, there);
        }
        self.check_in_place(&before, &after, &zones, there);
        Some(Change {
            before,
            parts: BTreeMap::new(),
            tags: left_out,
            given,
            zones,
            knows_inbound_only: wanted
                .private_dns
                .as_ref()
                .is_some_and(|dns| dns.inbound_only.is_some())
                || there.inbound_only,
            differences,
        })
    }

    /// Groups that the request does not name, and that are not those which it was confirmed with: which these were marks do not say.
    fn check_groups_kept(&mut self, owner: &Owner, there: &Endpoint, before: &Form) {
        let built = owner.built_on(&there.tags);
        if built.is_none_or(|built| before.has_groups_of(built)) {
            return;
        }
        let (id, request) = (&there.id, &owner.request_id);
        let message = format!(
            "{id} has other groups than {request} was confirmed with ({}), others need it as well, and the request names none",
            Vec::from_iter(before.groups.iter().map(String::as_str)).join(", ")
        );
        let fix = "name those that it is to have: these, or those that it had";
        let problem = Problem::new(Code::EndpointDiffers, message, fix);
        self.problems
            .push(problem.about("$.network.securityGroupIds"));
    }

    /// A connection that has no endpoint of its own: whether there is one, of which what is different changes in place.
    pub(super) async fn change_without_endpoint(&mut self, plan: &mut Plan) -> Reply<bool> {
        if plan.target.facts().connected_through == ConnectedThrough::Elsewhere {
            let name = plan.target.kind().name();
            let message = format!(
                "{name} is made at vendors, and nothing of it becomes another one in place"
            );
            let fix = "to another network or cluster, send it as a request of another id, have the data flow through that one, and then \
                       send the removal of this one; between the same two, send the removal first";
            let problem = Problem::new(Code::ChangeNotInPlace, message, fix);
            self.problems.push(problem.about("$.target"));
            return Ok(false);
        }
        plan.change = Some(Change::default());
        let context = PartContext {
            change: plan.change.as_ref(),
            ..PartContext::of(self.outside, &plan.owner)
        };
        let owner = &plan.owner;
        let tags = parts::marked(&plan.parts, &context).await?;
        let tags = tags.filter(|tags| owner.is_ours(tags) && owner.has_confirmed(tags));
        let Some(tags) = tags else {
            let message = format!(
                "nothing of {} is there that was confirmed",
                owner.request_id
            );
            let fix =
                "send it as Private Connection Requested, and the change once that is connected";
            let problem = Problem::new(Code::NothingToChange, message, fix);
            self.problems.push(problem.about("$.requestId"));
            return Ok(false);
        };
        let before = owner.fingerprint_on(&tags).map(str::to_owned);
        let before = before.filter(|one| *one != owner.fingerprint);
        if let Some(before) = &before
            && !self.is_of_another_size(plan, &context, before).await?
        {
            let message = format!(
                "of {} only the class and the storage of the replication instance that was made for it change in place, and something \
                 else is different, or somebody has changed these since (the cluster's private endpoint is a request of its own)",
                plan.target.kind().name()
            );
            self.problems.push(not_in_place(message).about("$.target"));
            return Ok(false);
        }
        plan.owner.fingerprint_before = before;
        self.change_parts(plan, None).await?;
        Ok(true)
    }

    /// Whether the request of before, of which no more is known than its fingerprint, is this one with the size that the replication
    /// instance has; or this change has begun already.
    async fn is_of_another_size(
        &self,
        plan: &Plan,
        context: &PartContext<'_>,
        before: &str,
    ) -> Reply<bool> {
        for part in &plan.parts {
            let Part::DmsInstance(part) = part else {
                continue;
            };
            let Some(there) = part.find(context).await? else {
                return Ok(false);
            };
            let owner = &plan.owner;
            let has_begun = owner.fingerprint_on(&there.tags) == Some(&owner.fingerprint);
            let is_of = |storage: u32| {
                let mut there = there.clone();
                there.size.storage = storage;
                let target = plan.target.kind().as_it_is(&there)?;
                let shape = Shape {
                    target,
                    ..self.request.shape.clone()
                };
                (shape.fingerprint() == before).then_some(())
            };
            // It may have grown since, by hand or by a change that failed: never has it become less.
            let grew = || (0..=there.size.storage).rev().find_map(is_of);
            return Ok(has_begun || grew().is_some());
        }
        Ok(false)
    }

    /// What becomes different of what the connection is made of beside its endpoint.
    pub(super) async fn change_parts(
        &mut self,
        plan: &mut Plan,
        there: Option<&Endpoint>,
    ) -> Reply<()> {
        if let Some(there) = there
            && !plan.owner.has_same_zones_in(&there.tags)
        {
            let message = format!(
                "names of a private zone of another domain would lead to {}, or none any more",
                there.id
            );
            self.problems.push(not_in_place(message).about("$.target"));
            return Ok(());
        }
        let context = PartContext {
            wanted: plan.endpoint.as_ref(),
            endpoint: there,
            endpoint_id: there.map(|endpoint| &endpoint.id),
            change: plan.change.as_ref(),
            ..PartContext::of(self.outside, &plan.owner)
        };
        let mut all = Vec::new();
        for part in &plan.parts {
            let kind = part.kind();
            all.push((kind.name(), kind.compare(&context).await?));
        }
        let target = plan.target.clone();
        for (name, compared) in all {
            self.problems.extend(compared.problems);
            self.warnings.extend(compared.warnings);
            let Some(change) = plan.change.as_mut() else {
                continue;
            };
            change
                .parts
                .extend(compared.before.map(|before| (name, before)));
            for mut difference in compared.differences {
                difference.field = target.kind().called(&difference.field);
                // Several zones may be seen from the same VPCs.
                if !change.differences.contains(&difference) {
                    change.differences.push(difference);
                }
            }
        }
        Ok(())
    }

    /// Whoever else uses it keeps what they have.
    fn check_others(
        &mut self,
        owner: &Owner,
        before: &Form,
        after: &Form,
        zones: &BTreeMap<String, String>,
        there: &Endpoint,
    ) {
        let orders = [before.exceeds(after), before.lacks(after, zones)];
        let mut orders = orders.into_iter().flatten();
        let is_less = before
            .exceeds(after)
            .is_some_and(|one| one.addressing.is_some());
        let names_come = after.private_dns && !before.private_dns;
        let takes = orders.any(|order| order.takes()) || names_come;
        let takes = takes || !before.displaced(after, zones).is_empty();
        // What all of them were confirmed on is what they have, whatever somebody has made of it by hand.
        let gives_back = owner.others_had(&there.tags, &after.built());
        if !is_less && (!takes || gives_back) {
            return;
        }
        let others = owner.with_others(there.id.as_str(), &there.tags);
        self.problems.push(takes_from_others(&others));
    }

    fn check_in_place(
        &mut self,
        before: &Form,
        after: &Form,
        zones: &BTreeMap<String, String>,
        there: &Endpoint,
    ) {
        if before.has_other_addresses(after) {
            let message = format!(
                "{} would have no address of those that it has now",
                there.id
            );
            let problem = not_in_place(message);
            self.problems.push(problem.about("$.network.ipAddressType"));
        }
        let displaced = before.displaced(after, zones);
        if displaced.is_empty() {
            return;
        }
        let list = displaced.join(", ");
        // EC2 takes one subnet a zone, so that one has to go before the other can come. What is to serve meanwhile has served before.
        if before.subnets.is_disjoint(&after.subnets) {
            let message = format!(
                "{} would be without any network interface that has served before while {list} is changed for another subnet of the same zone",
                there.id
            );
            let fix = "add a subnet of a further zone with a change of its own first; it may go again afterwards";
            let problem = Problem::new(Code::ChangeNotInPlace, message, fix);
            self.problems.push(problem.about("$.network.subnetIds"));
            return;
        }
        let message = format!(
            "while {list} is changed for another subnet of the same zone, the name of that zone leads nowhere for some minutes; the Regional one works"
        );
        let fix = "have clients use the Regional name meanwhile";
        self.warnings
            .push(Problem::new(Code::ClientsKeptOut, message, fix).about("$.network.subnetIds"));
    }
}
