//! The scenarios: the default world and what each changes in it.

use std::time::Duration;

use crate::World;
use crate::clock;
use crate::gate::{Fault, FaultKind};
use crate::model::endpoints::{CreateVpcEndpoint, LastError, Outlook};
use crate::model::network::Subnet;
use crate::model::services::{Kind, Service};
use crate::model::shapes::TagSpecification;
use crate::model::{Model, OTHER_ACCOUNT, dsql};
use crate::world::Operation;

use super::Scenario;
use super::default::{CLUSTER, GROUP, SERVICE, SUBNETS, VPC, aws};

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario("default", "All is well.", |_| {}),
    scenario("vpc-missing", "The VPC does not exist.", |world| {
        let now = world.now();
        world.model.vpcs.delete(VPC, now);
    }),
    scenario(
        "vpc-dns-off",
        "The VPC has enableDnsSupport but not enableDnsHostnames.",
        |world| {
            change_vpc(world);
        },
    ),
    scenario(
        "no-common-zone",
        "The cluster's service lies only in zones where the VPC has no subnet.",
        |world| {
            change_services(world, |service| {
                service.zone_ids = ["use1-az3", "use1-az5"].map(str::to_owned).to_vec()
            });
        },
    ),
    scenario(
        "two-subnets-in-one-zone",
        "The second subnet lies in the zone of the first.",
        |world| {
            change_subnet(world, SUBNETS[1], |subnet| {
                subnet.zone_id = "use1-az4".to_owned()
            });
        },
    ),
    scenario(
        "subnet-full",
        "The first subnet has no free address.",
        |world| {
            change_subnet(world, SUBNETS[0], |subnet| subnet.taken = 251);
        },
    ),
    scenario(
        "subnet-shared",
        "The first subnet belongs to another account.",
        |world| {
            change_subnet(world, SUBNETS[0], |subnet| {
                subnet.owner = OTHER_ACCOUNT.to_owned()
            });
        },
    ),
    scenario(
        "group-closed",
        "The security group lets only 443 in.",
        close_group,
    ),
    scenario(
        "dns-name-taken",
        "Another team's endpoint in the VPC has the private name.",
        |world| {
            world.long_ago(|model| {
                create(model, endpoint(&[SUBNETS[4]], &[("Name", "other-team")]))
            });
        },
    ),
    scenario(
        "shared-service",
        "An endpoint of ours already serves the other cluster.",
        |world| {
            let tags = [
                ("tieline:managed", "true"),
                ("tieline:request/billing-prod", "0123456789abcdef.ready"),
            ];
            world.long_ago(|model| create(model, endpoint(&SUBNETS[..3], &tags)));
        },
    ),
    scenario(
        "service-unknown",
        "DSQL names an endpoint service that EC2 does not know.",
        |world| {
            change_clusters(world, |cluster| {
                cluster.service_name = "com.amazonaws.us-east-1.dsql-q7zx".to_owned()
            });
        },
    ),
    scenario(
        "dns-name-unverified",
        "The service's private name is not verified.",
        |world| {
            change_services(world, |service| {
                service
                    .private_names
                    .iter_mut()
                    .for_each(|name| name.verified = false)
            });
        },
    ),
    scenario(
        "policy-unsupported",
        "DSQL's services do not support endpoint policies.",
        |world| {
            change_services(world, |service| service.policy_supported = false);
        },
    ),
    scenario(
        "quota-reached",
        "The VPC already has 50 interface endpoints.",
        fill_quota,
    ),
    scenario("cluster-missing", "The cluster does not exist.", |world| {
        world.model.clusters.remove(CLUSTER);
    }),
    scenario(
        "cluster-creating",
        "The cluster becomes active only after a minute.",
        |world| {
            let until = clock::after(world.now(), Duration::from_secs(60));
            change_clusters(world, |cluster| {
                cluster.phase = dsql::Phase::Creating { until }
            });
        },
    ),
    scenario("cluster-failed", "The cluster has failed.", |world| {
        change_clusters(world, |cluster| {
            cluster.phase = dsql::Phase::Stays("FAILED")
        });
    }),
    scenario(
        "cluster-idle",
        "The cluster sleeps until somebody connects.",
        |world| {
            change_clusters(world, |cluster| cluster.phase = dsql::Phase::Stays("IDLE"));
        },
    ),
    scenario(
        "cluster-inactive",
        "The cluster sleeps more deeply.",
        |world| {
            change_clusters(world, |cluster| {
                cluster.phase = dsql::Phase::Stays("INACTIVE")
            });
        },
    ),
    scenario(
        "cluster-updating",
        "The cluster is being changed.",
        |world| {
            change_clusters(world, |cluster| {
                cluster.phase = dsql::Phase::Stays("UPDATING")
            });
        },
    ),
    scenario(
        "cluster-pending-setup",
        "The cluster is not linked to its peer yet.",
        |world| {
            change_clusters(world, |cluster| {
                cluster.phase = dsql::Phase::Stays("PENDING_SETUP")
            });
        },
    ),
    scenario(
        "endpoint-rejected",
        "The service's owner rejects new endpoints.",
        |world| {
            world.model.outlook = Outlook::Rejected;
        },
    ),
    scenario("endpoint-expired", "New endpoints expire.", |world| {
        world.model.outlook = Outlook::Expired;
    }),
    scenario(
        "endpoint-partial",
        "New endpoints end in a state that nobody documents.",
        |world| {
            world.model.outlook = Outlook::Partial;
        },
    ),
    scenario(
        "endpoint-fails",
        "New endpoints fail after 20 seconds.",
        |world| world.model.outlook = failure(),
    ),
    scenario(
        "endpoint-never-available",
        "New endpoints stay pending.",
        |world| {
            world.model.outlook = Outlook::NeverAvailable;
        },
    ),
    scenario(
        "throttled",
        "EC2 throttles the first creates and modifies, and every third Describe call.",
        throttle,
    ),
    scenario(
        "s3-gateway",
        "The VPC has a gateway endpoint for S3.",
        |world| {
            let gateway = CreateVpcEndpoint {
                vpc_id: VPC.to_owned(),
                service_name: Some("com.amazonaws.us-east-1.s3".to_owned()),
                ..Default::default()
            };
            world.long_ago(|model| create(model, gateway));
        },
    ),
    scenario(
        "create-answer-lost",
        "The first CreateVpcEndpoint takes effect, but its answer is lost.",
        |world| {
            world.add_fault(Fault::once("CreateVpcEndpoint", FaultKind::LostAnswer));
        },
    ),
    scenario(
        "create-takes-effect-late",
        "The first CreateVpcEndpoint takes effect 20 seconds after its connection drops.",
        |world| {
            world.add_fault(Fault::once(
                "CreateVpcEndpoint",
                FaultKind::LateEffect { seconds: 20.0 },
            ));
        },
    ),
    scenario(
        "many-services",
        "There are forty more AWS services, fleet-01 to fleet-40, without private names.",
        |world| {
            let services = (1..=40).map(|number| {
                aws(
                    &format!("fleet-{number:02}"),
                    Kind::Interface,
                    &["use1-az4"],
                    None,
                )
            });
            world.model.services.extend(services);
        },
    ),
    scenario(
        "zone-names-only",
        "EC2 says the zones of services by their names, and no ids.",
        |world| world.model.zone_names_only = true,
    ),
    scenario(
        "ec2-outage",
        "EC2 answers nothing for ten minutes, from the first call after a create.",
        |world| world.add_fault(outage(Some(600.0))),
    ),
    scenario(
        "ec2-outage-for-ever",
        "EC2 answers nothing any more, from the first call after a create.",
        |world| world.add_fault(outage(None)),
    ),
    scenario(
        "access-denied",
        "The caller may not create endpoints.",
        |world| {
            world.add_fault(Fault::on("CreateVpcEndpoint", FaultKind::AccessDenied));
        },
    ),
];

pub(super) const fn scenario(
    name: &'static str,
    about: &'static str,
    change: fn(&mut World),
) -> Scenario {
    Scenario {
        name,
        about,
        change,
    }
}

fn outage(seconds: Option<f64>) -> Fault {
    Fault {
        after: Some("CreateVpcEndpoint".to_owned()),
        seconds,
        ..Fault::of(crate::world::Service::Ec2, FaultKind::ErrorBeforeEffect)
    }
}

fn change_vpc(world: &mut World) {
    let now = world.now();
    if let Some(mut vpc) = world.model.vpcs.latest(VPC).cloned() {
        vpc.dns_hostnames = false;
        world.model.vpcs.put(VPC, vpc, now);
    }
}

fn change_subnet(world: &mut World, id: &str, change: impl FnOnce(&mut Subnet)) {
    let now = world.now();
    if let Some(mut subnet) = world.model.subnets.latest(id).cloned() {
        change(&mut subnet);
        world.model.subnets.put(id, subnet, now);
    }
}

/// Changes both of DSQL's services: the cluster's and the control API's.
fn change_services(world: &mut World, change: impl Fn(&mut Service)) {
    let is_dsql = |service: &&mut Service| service.label().starts_with("dsql");
    world
        .model
        .services
        .iter_mut()
        .filter(is_dsql)
        .for_each(change);
}

fn change_clusters(world: &mut World, change: impl Fn(&mut dsql::Cluster)) {
    world
        .model
        .clusters
        .get_mut(CLUSTER)
        .into_iter()
        .for_each(change);
}

fn close_group(world: &mut World) {
    let now = world.now();
    if let Some(mut group) = world.model.groups.latest(GROUP).cloned() {
        group
            .rules
            .retain(|rule| rule.egress || rule.from_port == Some(443));
        world.model.groups.put(GROUP, group, now);
    }
}

fn fill_quota(world: &mut World) {
    world.long_ago(|model| {
        for number in 1..=50 {
            let service = aws(
                &format!("team-{number:02}"),
                Kind::Interface,
                &["use1-az4"],
                None,
            );
            let service_name = Some(service.name.clone());
            model.services.push(service);
            let name = format!("team-{number:02}");
            create(
                model,
                CreateVpcEndpoint {
                    service_name,
                    ..endpoint(&[SUBNETS[4]], &[("Name", &name)])
                },
            );
        }
    });
}

/// An interface endpoint for the clusters' service, its private name included.
fn endpoint(subnets: &[&str], tags: &[(&str, &str)]) -> CreateVpcEndpoint {
    CreateVpcEndpoint {
        vpc_endpoint_type: Some("Interface".to_owned()),
        vpc_id: VPC.to_owned(),
        service_name: Some(SERVICE.to_owned()),
        subnet_ids: subnets.iter().map(|&id| id.to_owned()).collect(),
        security_group_ids: vec![GROUP.to_owned()],
        tag_specifications: vec![TagSpecification::new("vpc-endpoint", tags)],
        ..Default::default()
    }
}

fn create(model: &mut Model, endpoint: CreateVpcEndpoint) {
    if let Err(failure) = endpoint.perform(model) {
        panic!("the scenario cannot be set up: {failure:?}");
    }
}

fn failure() -> Outlook {
    Outlook::Fails {
        after: Duration::from_secs(20),
        last_error: LastError {
            code: "InternalError".to_owned(),
            message: "The endpoint could not be provisioned.".to_owned(),
        },
        reason: "The endpoint could not be provisioned because of an internal error.".to_owned(),
    }
}

fn throttle(world: &mut World) {
    // However slowly the caller comes, the buckets are empty once more: other tools are at work in the account.
    for action in ["CreateVpcEndpoint", "ModifyVpcEndpoint"] {
        world.add_fault(Fault {
            count: Some(4),
            ..Fault::on(action, FaultKind::Throttle)
        });
    }
    let writes = [
        "CreateVpcEndpoint",
        "ModifyVpcEndpoint",
        "DeleteVpcEndpoints",
        "CreateTags",
        "DeleteTags",
    ];
    let group_writes = [
        "CreateSecurityGroup",
        "AuthorizeSecurityGroupIngress",
        "DeleteSecurityGroup",
    ];
    writes
        .iter()
        .chain(&group_writes)
        .for_each(|action| world.drain_bucket(action));
    world.add_fault(Fault {
        every: Some(3),
        ..Fault::on("Describe*", FaultKind::Throttle)
    });
}
