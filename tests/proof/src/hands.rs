//! What others than Tieline do in a life: by hand, as the owners of services, and with what a request needs.

use std::time::Duration;

use serde_json::json;
use tests::{Seen, Stage, everything_now};
use world::World;
use world::admin::State;
use world::model::endpoints::{CreateVpcEndpoint, Decision, ModifyVpcEndpoint, VpcEndpoint};
use world::model::groups::DeleteSecurityGroup;
use world::model::network::{DeleteSubnet, DeleteVpc};
use world::model::secrets::DeleteSecret;
use world::scenario::{
    CLUSTER, GROUP, PARTNER, PARTNER_NAMELESS, PEER_SUBNET, PEER_VPC, SUBNETS, VPC,
};

use crate::life::{Hand, Thing};
use crate::play::Play;
use crate::rules::{confirmed, stack};
use crate::told::What;

/// The secret that holds the key of TiDB Cloud in all requests.
const SECRET: &str = "tieline/tidb-cloud";

impl Play {
    /// The endpoint that carries a request's mark.
    fn endpoint_of(&self, who: usize) -> Option<VpcEndpoint> {
        let member = self.cast[who];
        let mark = format!("tieline:request/{}", member.id);
        let seen = Seen::endpoints(&mut self.stage.outside().world());
        seen.alive.into_iter().find(|one| {
            let mut tags = one.tags.iter();
            stack(one) == Some(member.stack()) && tags.any(|tag| tag.key == mark)
        })
    }

    /// All who have the same endpoint are not any more as they were confirmed.
    fn note_drift(&mut self, who: usize) {
        let at = self.started.len();
        let sharers: Vec<_> = self.sharers(who).map(|id| (at, id)).collect();
        self.drifted.extend(sharers);
    }

    /// Somebody gives the endpoint another group, or takes a zone from it.
    pub(crate) fn drift(&mut self, who: usize, hand: Hand) {
        // What is at work on it would confirm it as it finds it.
        let ended = self.stage.ended();
        if ended.iter().any(|one| one.status == "RUNNING") {
            return;
        }
        let mut changes = self.changes.iter();
        // What a change has added by half nobody was confirmed on, and nobody misses.
        let is_whole = changes.all(|at| ended[*at].status == "SUCCEEDED");
        let Some(one) = self.endpoint_of(who) else {
            return;
        };
        let id = one.vpc_endpoint_id;
        let mut order = ModifyVpcEndpoint {
            vpc_endpoint_id: id.clone(),
            ..ModifyVpcEndpoint::default()
        };
        match hand {
            Hand::Group => {
                // What it has already changes nothing.
                if one.groups.iter().any(|group| group.group_id == self.group) {
                    return;
                }
                order.add_security_group_ids = vec![self.group.clone()];
            }
            Hand::Subnet => {
                let is_one_of_many = is_whole && one.subnet_ids.len() > 1;
                let last = one.subnet_ids.into_iter().max();
                order
                    .remove_subnet_ids
                    .extend(last.filter(|_| is_one_of_many));
                if order.remove_subnet_ids.is_empty() {
                    return;
                }
            }
        }
        let taken = order.remove_subnet_ids.clone();
        // EC2 may be at work on it; then nobody has changed anything.
        if self.stage.outside().world().arrange(order).is_ok() {
            for subnet in taken {
                self.rules.thins(&id);
                let at = self.started.len();
                self.taken.push((at, id.clone(), subnet));
            }
            self.note_drift(who);
        }
    }

    /// Somebody orders that names lead to the endpoint, or do not, as it is. EC2 API reference, `ModifyVpcEndpoint`: the endpoint is
    /// pending until that is done. Not verified: that it is so where nothing changes.
    pub(crate) fn touch(&mut self, who: usize) {
        let Some(one) = self.endpoint_of(who) else {
            return;
        };
        let order = ModifyVpcEndpoint {
            vpc_endpoint_id: one.vpc_endpoint_id,
            private_dns_enabled: Some(one.private_dns_enabled),
            ..ModifyVpcEndpoint::default()
        };
        drop(self.stage.outside().world().arrange(order));
    }

    pub(crate) fn script_owner(&self, decision: Decision, seconds: u64) {
        let mut world = self.stage.outside().world();
        for service in [PARTNER, PARTNER_NAMELESS] {
            world.script_owner(service, decision, Duration::from_secs(seconds));
        }
    }

    /// The owner decides about the endpoint, if its state allows it.
    pub(crate) fn decide(&mut self, who: usize, decision: Decision) {
        let Some(one) = self.endpoint_of(who) else {
            return;
        };
        let id = one.vpc_endpoint_id;
        let decided = self.stage.outside().world().decide(&id, decision);
        if decided.is_ok() && decision != Decision::Accept {
            self.rules.dies(&id);
            self.note_drift(who);
        }
    }

    /// The quota is what the VPC has, and so many more.
    pub(crate) fn set_quota(&self, more: usize) {
        let mut world = self.stage.outside().world();
        let all = world.state().endpoints.into_iter();
        let there = all.filter(|one| one.vpc_id == VPC && one.state != "deleted");
        let most = there.count() + more;
        world.set_quota(most);
    }

    /// Somebody takes something away, unless AWS refuses that.
    pub(crate) fn lose(&mut self, thing: Thing) {
        let mut world = self.stage.outside().world();
        let there = everything_now(&world);
        match thing {
            Thing::Subnet(at) => delete_subnet(&mut world, SUBNETS[at]),
            Thing::Group => delete_group(&mut world, GROUP),
            Thing::Vpc => delete_peer(&mut world),
            Thing::Cluster => world.lose_cluster(CLUSTER),
            Thing::Keys => world.revoke_tidb_keys(true),
            Thing::Secret => {
                let call = DeleteSecret {
                    secret_id: SECRET.to_owned(),
                    ..DeleteSecret::default()
                };
                drop(world.arrange(call));
            }
        }
        let now = everything_now(&world);
        for gone in there.difference(&now) {
            self.before.remove(gone);
        }
        // What is still there stays as it was.
        let now = foreign(&world);
        let groups = &mut self.foreign.groups;
        groups.retain(|one| {
            now.groups
                .iter()
                .any(|there| there.group_id == one.group_id)
        });
    }

    /// It is thought better of.
    pub(crate) fn restore(&self, thing: Thing) {
        let mut world = self.stage.outside().world();
        match thing {
            Thing::Keys => world.revoke_tidb_keys(false),
            Thing::Secret => world.restore_secret(SECRET),
            Thing::Subnet(_) | Thing::Group | Thing::Vpc | Thing::Cluster => {
                panic!("{thing:?} has another id when it is made again")
            }
        }
    }

    /// Whatever runs is stopped.
    pub(crate) fn stop(&mut self, stop: impl FnOnce(&mut Stage)) {
        let ended = self.stage.ended();
        let running = ended.iter().enumerate();
        let running = running.filter(|(_, one)| one.status == "RUNNING");
        self.stopped = running.map(|(number, _)| number).collect();
        stop(&mut self.stage);
    }

    /// A person has what was stopped go on: what asked for something, not what cleans up.
    pub(crate) fn redrive(&mut self) {
        for number in std::mem::take(&mut self.stopped) {
            if matches!(self.started[number].what, What::Connect | What::Remove) {
                self.stage.redrive(number);
                self.redriven.insert(number);
                // Its next end is another one.
                self.told.remove(&number);
            }
        }
    }

    /// Who is confirmed on an endpoint that has the group by hand, lacks a zone by hand, or that its service's owner refuses. A change that came
    /// after that may want none in that zone: whether those count as well is to be said.
    pub(crate) fn still_differ(&self, also_changed: bool) -> Vec<String> {
        let all = self.stage.outside().world().state().endpoints;
        let differs = |one: &&VpcEndpoint| {
            let mut groups = one.groups.iter();
            match one.state.as_str() {
                "rejected" => true,
                "available" => {
                    let mut taken = self.taken.iter();
                    groups.any(|group| group.group_id == self.group)
                        || taken.any(|(at, id, subnet)| {
                            *id == one.vpc_endpoint_id
                                && !one.subnet_ids.contains(subnet)
                                && (also_changed || self.changes.iter().all(|one| one < at))
                        })
                }
                _ => false,
            }
        };
        let differ = all.iter().filter(differs);
        let ours = differ.filter(|one| stack(one) == Some("tieline"));
        let confirmed = ours.flat_map(|one| confirmed("tieline", one));
        confirmed.map(|(_, _, id)| id).collect()
    }
}

/// Nobody asked for it through Tieline.
pub(crate) fn by_hand(world: &mut World, service: &str, tag: (&str, &str)) -> String {
    let call = json!({
        "VpcEndpointType": "Interface", "VpcId": VPC, "PrivateDnsEnabled": "false",
        "ServiceName": service, "SubnetId": [SUBNETS[0]],
        "TagSpecification": [{"ResourceType": "vpc-endpoint", "Tag": [{"Key": tag.0, "Value": tag.1}]}],
    });
    let call: CreateVpcEndpoint = serde_json::from_value(call).expect("a call");
    let made = world.arrange(call).expect("there is room");
    made.vpc_endpoint.vpc_endpoint_id
}

fn delete_subnet(world: &mut World, id: &str) {
    let call = DeleteSubnet {
        subnet_id: id.to_owned(),
        ..DeleteSubnet::default()
    };
    drop(world.arrange(call));
}

fn delete_group(world: &mut World, id: &str) {
    let call = DeleteSecurityGroup {
        group_id: id.to_owned(),
        ..DeleteSecurityGroup::default()
    };
    drop(world.arrange(call));
}

/// The other VPC goes, as the console does it: everything in it first, which is refused where an endpoint is.
fn delete_peer(world: &mut World) {
    delete_subnet(world, PEER_SUBNET);
    let groups = Seen::now(world).groups.into_iter();
    let inside = groups.filter(|one| one.vpc_id == PEER_VPC);
    for group in inside.map(|one| one.group_id).collect::<Vec<_>>() {
        delete_group(world, &group);
    }
    let call = DeleteVpc {
        vpc_id: PEER_VPC.to_owned(),
        ..DeleteVpc::default()
    };
    drop(world.arrange(call));
}

/// What is of no stack, bit by bit; beside endpoints and groups that is all there is before a life and after it.
pub(crate) fn foreign(world: &World) -> State {
    let mut state = world.state();
    state.now = 0;
    let is_there = |one: &VpcEndpoint| stack(one).is_none() && one.state != "deleted";
    state.endpoints.retain(is_there);
    state.groups.retain(|one| {
        let mut tags = one.tags.iter();
        !tags.any(|tag| tag.key == "tieline:managed")
    });
    let endpoints = &state.endpoints;
    let is_of_these = |of: &String| endpoints.iter().any(|one| one.vpc_endpoint_id == *of);
    state.interfaces.retain(|(_, of)| is_of_these(of));
    state
}
