//! Confluent Cloud. Sources: `networking.openapi.yaml`; recorded answers of
//! terraform-provider-confluent, `internal/testdata`.

pub(crate) use world::model::confluent::ENVIRONMENT;
use world::model::confluent::Id;
use world::model::confluent::accesses::*;
use world::model::confluent::networks::{GetNetwork, NetworkAnswer};
use world::model::services::DescribeVpcEndpointServices;
use world::model::tidb::TIDB_ACCOUNT;
use world::model::{ACCOUNT, OTHER_ACCOUNT};
use world::scenario::*;
use world::{Failure, World};

use crate::{code, create, pass, request_for, state, strings, world};

/// An access of an account to a network.
pub(crate) fn access_for(network: &str, account: &str) -> CreatePrivateLinkAccess {
    let id = |id: &str| Some(Id { id: id.to_owned() });
    CreatePrivateLinkAccess {
        spec: NewAccess {
            display_name: Some("ours".to_owned()),
            cloud: Some(NewAwsAccess {
                kind: "AwsPrivateLinkAccess".to_owned(),
                account: account.to_owned(),
            }),
            environment: id(ENVIRONMENT),
            network: id(network),
        },
    }
}

fn get(world: &mut World, id: &str) -> Result<PrivateLinkAccess, Failure> {
    world.call(GetPrivateLinkAccess {
        environment: Some(ENVIRONMENT.to_owned()),
        id: id.to_owned(),
    })
}

fn delete(world: &mut World, id: &str) -> Result<DeletePrivateLinkAccessAnswer, Failure> {
    world.call(DeletePrivateLinkAccess {
        environment: Some(ENVIRONMENT.to_owned()),
        id: id.to_owned(),
    })
}

fn phase(world: &mut World, id: &str) -> &'static str {
    get(world, id).unwrap().status.phase
}

fn network(world: &mut World, id: &str) -> NetworkAnswer {
    let request = GetNetwork {
        environment: Some(ENVIRONMENT.to_owned()),
        id: id.to_owned(),
    };
    world.call(request).unwrap()
}

fn is_offered(world: &mut World) -> bool {
    let request = DescribeVpcEndpointServices {
        service_names: strings(&[CONFLUENT_SERVICE]),
        ..Default::default()
    };
    let all = DescribeVpcEndpointServices::default();
    let names = world.call(all).unwrap().service_names;
    let listed = names.contains(&CONFLUENT_SERVICE.to_owned());
    assert_eq!(listed, world.call(request).is_ok());
    listed
}

// Spec and recorded answers: what there is to connect to is there only when READY; kinds have their prefix.
#[test]
fn a_network_says_what_to_connect_to_once_it_is_ready() {
    let mut world = world("default");

    let status = network(&mut world, CONFLUENT_NETWORK).status;

    assert_eq!(
        (status.phase, status.dns_domain.as_deref()),
        ("READY", Some(CONFLUENT_DOMAIN))
    );
    let cloud = status.cloud.unwrap();
    assert_eq!(cloud.kind, "networking.v1.AwsNetwork");
    assert_eq!(
        cloud.private_link_endpoint_service.as_deref(),
        Some(CONFLUENT_SERVICE)
    );
    assert_eq!(
        status.zonal_subdomains["use1-az1"],
        format!("use1-az1.{CONFLUENT_DOMAIN}")
    );
    let early = network(&mut world, CONFLUENT_PROVISIONING).status;
    assert_eq!(
        (early.phase, early.dns_domain, early.cloud),
        ("PROVISIONING", None, None)
    );
}

// The networks that do not fit: by type, Region, zones, and a domain with `glb`.
#[test]
fn there_are_networks_for_each_refusal() {
    let mut world = world("default");

    assert_eq!(
        network(&mut world, CONFLUENT_PEERING).spec.connection_types,
        ["PEERING"]
    );
    assert_eq!(
        network(&mut world, CONFLUENT_ELSEWHERE).spec.region,
        "us-west-2"
    );
    assert!(
        !network(&mut world, CONFLUENT_OTHER_ZONES)
            .spec
            .zones
            .contains(&"use1-az1")
    );
    let status = network(&mut world, CONFLUENT_GLOBAL).status;
    assert_eq!(
        status.dns_domain.as_deref(),
        Some("4n8jsg.us-east-1.aws.glb.confluent.cloud")
    );
    assert_eq!(
        status.zonal_subdomains["use1-az1"],
        "use1-az1.4n8jsg.us-east-1.aws.confluent.cloud"
    );
}

// Confluent docs, "Use AWS PrivateLink": the access allow-lists an account; before it, the service
// does not exist for that account.
#[test]
fn an_access_shows_the_service_to_its_account_and_accepts_for_it() {
    let mut world = world("default");
    assert!(!is_offered(&mut world));
    let refused = world.call(request_for(CONFLUENT_SERVICE));
    assert_eq!(code(refused), "InvalidServiceName");

    let access = world.call(access_for(CONFLUENT_NETWORK, ACCOUNT)).unwrap();

    assert_eq!(
        (access.status.phase, access.spec.cloud.kind),
        ("PROVISIONING", "networking.v1.AwsPrivateLinkAccess")
    );
    assert!(access.id.starts_with("pla-"));
    pass(&mut world, 59);
    assert!(!is_offered(&mut world));
    pass(&mut world, 1);
    assert_eq!(phase(&mut world, &access.id), "READY");
    assert!(is_offered(&mut world));
    let endpoint = create(&mut world, request_for(CONFLUENT_SERVICE)).vpc_endpoint_id;
    pass(&mut world, 60);
    assert_eq!(state(&mut world, &endpoint), "available");
}

// Confluent docs, "Use AWS PrivateLink": an access is for one account and no other.
#[test]
fn an_access_of_another_account_does_not_help() {
    let mut world = world("default");

    world
        .call(access_for(CONFLUENT_NETWORK, TIDB_ACCOUNT))
        .unwrap();

    pass(&mut world, 60);
    assert!(!is_offered(&mut world));
}

// Confluent docs: deleting the access cuts the account off. terraform-provider-confluent: a 403 is
// what a resource that is gone may give.
#[test]
fn a_deleted_access_cuts_off_and_is_forbidden() {
    let mut world = world("default");
    let id = world
        .call(access_for(CONFLUENT_NETWORK, ACCOUNT))
        .unwrap()
        .id;
    pass(&mut world, 60);
    let endpoint = create(&mut world, request_for(CONFLUENT_SERVICE)).vpc_endpoint_id;
    pass(&mut world, 60);

    delete(&mut world, &id).unwrap();

    assert_eq!(phase(&mut world, &id), "DEPROVISIONING");
    assert!(!is_offered(&mut world));
    delete(&mut world, &id).unwrap();
    pass(&mut world, 60);
    assert_eq!(code(get(&mut world, &id)), "user_unauthorized");
    assert_eq!(code(get(&mut world, "pla-unknown")), "not_found");
    assert_eq!(state(&mut world, &endpoint), "rejected");
    assert!(world.state().accesses.is_empty());
}

// Spec: 422 with what is wrong; 409 for the same account is not verified; 402 for the quota.
#[test]
fn an_access_that_cannot_be_is_refused() {
    let mut world = world("default");
    world.call(access_for(CONFLUENT_NETWORK, ACCOUNT)).unwrap();

    let again = world.call(access_for(CONFLUENT_NETWORK, ACCOUNT));
    assert_eq!(code(again), "resource_already_exists");
    for request in [
        access_for(CONFLUENT_NETWORK, "12345"),
        access_for(CONFLUENT_PEERING, OTHER_ACCOUNT),
        access_for(CONFLUENT_PROVISIONING, OTHER_ACCOUNT),
        access_for("n-unknown", OTHER_ACCOUNT),
        CreatePrivateLinkAccess::default(),
    ] {
        assert_eq!(code(world.call(request)), "invalid_configuration");
    }
    for number in 1..10 {
        let account = format!("{number:012}");
        world.call(access_for(CONFLUENT_NETWORK, &account)).unwrap();
    }
    let eleventh = access_for(CONFLUENT_NETWORK, OTHER_ACCOUNT);
    assert_eq!(code(world.call(eleventh)), "quota_exceeded");
}

// Recorded payloads have the kind with its prefix; the spec has it without.
#[test]
fn the_kind_may_have_its_prefix() {
    let mut world = world("default");
    let mut request = access_for(CONFLUENT_NETWORK, ACCOUNT);
    request.spec.cloud.as_mut().unwrap().kind = "networking.v1.AwsPrivateLinkAccess".to_owned();

    world.call(request).unwrap();
}

// Spec: PATCH changes the display name.
#[test]
fn an_access_can_be_renamed() {
    let mut world = world("default");
    let created = access_for(CONFLUENT_NETWORK, ACCOUNT);
    let id = world.call(created.clone()).unwrap().id;
    let mut spec = created.spec;
    spec.display_name = Some("renamed".to_owned());

    world
        .call(UpdatePrivateLinkAccess {
            id: id.clone(),
            spec,
        })
        .unwrap();

    assert_eq!(get(&mut world, &id).unwrap().spec.display_name, "renamed");
}

// Spec: `environment` is required; pages of at most 1000.
#[test]
fn lists_want_an_environment_and_have_pages() {
    let mut world = world("default");
    let list = |environment: Option<&str>| ListPrivateLinkAccesses {
        environment: environment.map(str::to_owned),
        ..Default::default()
    };
    assert_eq!(code(world.call(list(None))), "invalid_filter");
    assert_eq!(
        code(world.call(list(Some("env-other")))),
        "user_unauthorized"
    );

    for number in 0..6 {
        let account = format!("{number:012}");
        world.call(access_for(CONFLUENT_NETWORK, &account)).unwrap();
    }
    let page = |page_size, page_token| ListPrivateLinkAccesses {
        page_size,
        page_token,
        ..list(Some(ENVIRONMENT))
    };
    let first = world.call(page(Some(4), None)).unwrap();
    assert_eq!((first.data.len(), first.metadata.total_size), (4, 6));
    let second = world.call(page(Some(4), first.metadata.next)).unwrap();
    assert_eq!((second.data.len(), second.metadata.next), (2, None));
    assert_eq!(code(world.call(page(Some(1001), None))), "invalid_filter");
}

// Spec: accesses are filtered by network, name and phase; any of a filter's values will do.
#[test]
fn accesses_are_found_by_network() {
    let mut world = world("default");
    world.call(access_for(CONFLUENT_NETWORK, ACCOUNT)).unwrap();
    world.call(access_for(CONFLUENT_GLOBAL, ACCOUNT)).unwrap();
    let list = ListPrivateLinkAccesses {
        environment: Some(ENVIRONMENT.to_owned()),
        network: strings(&[CONFLUENT_GLOBAL]),
        display_name: strings(&["ours"]),
        ..Default::default()
    };

    let found = world.call(list.clone()).unwrap().data;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].spec.network.id, CONFLUENT_GLOBAL);
    let ready = ListPrivateLinkAccesses {
        phase: strings(&["READY", "FAILED"]),
        ..list
    };
    assert!(world.call(ready).unwrap().data.is_empty());
}
