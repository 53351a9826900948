//! Every scenario of the vendors does what its sentence says.

use world::model::confluent::accesses::GetPrivateLinkAccess;
use world::model::tidb::TIDB_ACCOUNT;
use world::model::tidb::connections::{
    CreatePrivateEndpointConnection, ListPrivateEndpointConnections, PrivateEndpointConnection,
};
use world::model::tidb::dedicated::GetDedicatedCluster;
use world::model::tidb::links::*;
use world::model::tidb::serverless::GetServerlessCluster;
use world::scenario::*;
use world::wire::{self, Request, Response};
use world::{Failure, World};

use crate::confluent::{ENVIRONMENT, access_for};
use crate::{code, create, message, pass, request_for, state, world};

fn cluster() -> GetDedicatedCluster {
    GetDedicatedCluster {
        cluster_id: TIDB_CLUSTER.to_owned(),
        ..Default::default()
    }
}

fn instance() -> GetServerlessCluster {
    GetServerlessCluster {
        cluster_id: TIDB_ESSENTIAL.to_owned(),
        ..Default::default()
    }
}

fn registration(endpoint_id: &str) -> CreatePrivateEndpointConnection {
    CreatePrivateEndpointConnection {
        cluster_id: TIDB_CLUSTER.to_owned(),
        tidb_node_group_id: TIDB_GROUP.to_owned(),
        endpoint_id: endpoint_id.to_owned(),
        ..Default::default()
    }
}

fn rows(world: &mut World) -> Vec<PrivateEndpointConnection> {
    let request = ListPrivateEndpointConnections {
        cluster_id: TIDB_CLUSTER.to_owned(),
        tidb_node_group_id: TIDB_GROUP.to_owned(),
        ..Default::default()
    };
    world.call(request).unwrap().private_endpoint_connections
}

fn link(world: &mut World) -> Result<PrivateLinkConnection, Failure> {
    world.call(CreatePrivateLinkConnection {
        cluster_id: TIDB_ESSENTIAL.to_owned(),
        private_link_connection: Some(NewPrivateLinkConnection {
            cluster_id: TIDB_ESSENTIAL.to_owned(),
            display_name: "kafka".to_owned(),
            r#type: "AWS_ENDPOINT_SERVICE".to_owned(),
            aws_endpoint_service: Some(NewAwsEndpointService {
                name: CONFLUENT_SERVICE.to_owned(),
                region: None,
            }),
        }),
        ..Default::default()
    })
}

/// The id of a connection to Confluent's network that is as far as it gets.
fn linked(world: &mut World) -> String {
    world
        .call(access_for(CONFLUENT_NETWORK, TIDB_ACCOUNT))
        .unwrap();
    pass(world, 60);
    let id = link(world).unwrap().private_link_connection_id;
    pass(world, 120);
    id
}

fn attach(world: &mut World, id: &str) -> Result<AttachDomain, Failure> {
    world.call(AttachDomains {
        cluster_id: TIDB_ESSENTIAL.to_owned(),
        private_link_connection_id: id.to_owned(),
        attach_domain: Some(NewDomain {
            r#type: "CONFLUENT".to_owned(),
            unique_name: Some("pr1jy6.us-east-1".to_owned()),
        }),
        ..Default::default()
    })
}

fn status(world: &mut World, path: &str, authorization: &str) -> u16 {
    let request = Request {
        method: "GET".to_owned(),
        path: path.to_owned(),
        query: "environment=env-xk27rp".to_owned(),
        headers: [("authorization".to_owned(), authorization.to_owned())].into(),
        ..Default::default()
    };
    match wire::answer(world, &request) {
        Response::Answer(answer) => answer.status().as_u16(),
        silent @ (Response::Drop | Response::Hang | Response::Crash) => panic!("{silent:?}"),
    }
}

// How a right key is refused over the wire is in tests/clients/vendors.py.
#[test]
fn in_these_scenarios_a_key_opens_nothing() {
    let mut refused = world("confluent-key-refused");
    let key = "Basic Q05GTDRRWDdUMlpQTE02RDpjYW5hcnk3ZjFjMGI5ZS1jb25mbHVlbnQtYXBpLXNlY3JldA==";
    let accesses = "/api.confluent.cloud/networking/v1/private-link-accesses";
    assert_eq!(status(&mut refused, accesses, key), 401);
    assert_eq!(status(&mut world("default"), accesses, key), 200);

    let mut other = world("tidb-other-project");
    assert_eq!(code(other.call(cluster())), "7");
    assert_eq!(code(other.call(instance())), "7");
}

#[test]
fn in_these_scenarios_the_cluster_is_not_active() {
    let mut paused = world("tidb-cluster-paused");
    assert_eq!(paused.call(cluster()).unwrap().state, "PAUSED");
    assert_eq!(code(paused.call(registration("vpce-1"))), "9");

    let mut creating = world("tidb-cluster-creating");
    assert_eq!(creating.call(cluster()).unwrap().state, "CREATING");
    assert_eq!(creating.call(instance()).unwrap().state, "CREATING");
    assert_eq!(code(link(&mut creating)), "9");
    pass(&mut creating, 60);
    assert_eq!(creating.call(cluster()).unwrap().state, "ACTIVE");
    assert_eq!(creating.call(instance()).unwrap().state, "ACTIVE");
}

#[test]
fn in_this_scenario_no_subnet_lies_in_tidb_clouds_zones() {
    for service in [TIDB_SERVICE, TIDB_OTHER_SERVICE, TIDB_SHARED_SERVICE] {
        let outcome = world("tidb-no-common-zone").call(request_for(service));
        assert!(message(outcome).contains("does not support the availability zone"));
    }
}

#[test]
fn in_this_scenario_registrations_fail() {
    let mut world = world("tidb-registration-fails");
    let endpoint = create(&mut world, request_for(TIDB_SERVICE)).vpc_endpoint_id;

    world.call(registration(&endpoint)).unwrap();

    pass(&mut world, 20);
    let row = rows(&mut world).remove(0);
    assert_eq!(row.endpoint_state, "FAILED");
    assert!(row.message.contains(&endpoint));
    assert_eq!(state(&mut world, &endpoint), "pendingAcceptance");
}

#[test]
fn in_this_scenario_somebody_else_is_faster() {
    let mut world = world("tidb-registration-exists");
    let endpoint = create(&mut world, request_for(TIDB_SERVICE)).vpc_endpoint_id;
    assert_eq!(rows(&mut world)[0].endpoint_state, "DISCOVERED");

    assert_eq!(code(world.call(registration(&endpoint))), "6");

    assert_eq!(rows(&mut world)[0].endpoint_state, "PENDING");
    assert_eq!(code(world.call(registration(&endpoint))), "6");
    pass(&mut world, 300);
    let rows = rows(&mut world);
    assert_eq!((rows.len(), rows[0].endpoint_state.as_str()), (1, "ACTIVE"));
}

#[test]
fn in_these_scenarios_a_vendor_throttles_for_two_minutes() {
    let mut tidb = world("tidb-throttled");
    assert_eq!(code(tidb.call(cluster())), "49900007");
    assert_eq!(code(tidb.call(registration("vpce-1"))), "49900007");
    pass(&mut tidb, 120);
    tidb.call(cluster()).unwrap();

    let mut confluent = world("confluent-throttled");
    let access = access_for(CONFLUENT_NETWORK, TIDB_ACCOUNT);
    assert_eq!(code(confluent.call(access.clone())), "rate_limit_exceeded");
    confluent.call(cluster()).unwrap();
    pass(&mut confluent, 120);
    confluent.call(access).unwrap();
}

#[test]
fn in_these_scenarios_tidb_cloud_answers_500() {
    let mut before = world("tidb-5xx-before");
    for _ in 0..2 {
        assert_eq!(code(before.call(registration("vpce-1"))), "13");
    }
    assert!(before.state().registrations.is_empty());
    before.call(registration("vpce-1")).unwrap();

    let mut after = world("tidb-5xx-after");
    assert_eq!(code(after.call(registration("vpce-1"))), "13");
    assert_eq!(after.state().registrations.len(), 1);
    assert_eq!(code(after.call(registration("vpce-1"))), "6");
}

#[test]
fn in_this_scenario_accesses_fail() {
    let mut world = world("confluent-access-fails");
    let id = world
        .call(access_for(CONFLUENT_NETWORK, TIDB_ACCOUNT))
        .unwrap()
        .id;

    pass(&mut world, 60);

    let environment = Some(ENVIRONMENT.to_owned());
    let status = world
        .call(GetPrivateLinkAccess { environment, id })
        .unwrap()
        .status;
    assert_eq!(status.phase, "FAILED");
    assert!(status.error_code.is_some() && status.error_message.is_some());
}

#[test]
fn in_this_scenario_the_network_is_not_ready() {
    let mut world = world("confluent-network-not-ready");

    let outcome = world.call(access_for(CONFLUENT_NETWORK, TIDB_ACCOUNT));

    assert!(message(outcome).contains("is not READY"));
}

#[test]
fn in_these_scenarios_links_and_domains_fail() {
    let mut world_of_links = world("link-fails");
    linked(&mut world_of_links);
    assert_eq!(world_of_links.state().link_connections[0].state, "FAILED");

    let mut world_of_domains = world("domain-attach-fails");
    let id = linked(&mut world_of_domains);
    attach(&mut world_of_domains, &id).unwrap();
    pass(&mut world_of_domains, 30);
    let link = world_of_domains.state().link_connections.remove(0);
    let domain = &link.attached_domains.unwrap()[0].domains[0];
    assert_eq!(
        (link.state.as_str(), domain.state.as_str()),
        ("ACTIVE", "FAILED")
    );
    assert!(!domain.message.is_empty());
}

// AWS PrivateLink guide, "Accept or reject connection requests".
#[test]
fn in_these_scenarios_the_vendor_decides_by_himself() {
    for (scenario, seconds, then) in [
        ("acceptance-rejected", 60, "rejected"),
        ("acceptance-expired", 60, "expired"),
        ("acceptance-after-hours", 5 * 3600, "pending"),
        ("acceptance-after-a-minute", 60, "pending"),
    ] {
        let mut world = world(scenario);
        let id = create(&mut world, request_for(PARTNER)).vpc_endpoint_id;
        pass(&mut world, seconds - 1);
        assert_eq!(state(&mut world, &id), "pendingAcceptance", "{scenario}");

        pass(&mut world, 1);

        assert_eq!(state(&mut world, &id), then, "{scenario}");
    }
}

// Time may pass in one leap: what others decide still happens at its own moment.
#[test]
fn a_decision_within_a_leap_of_time_happens_at_its_own_moment() {
    let mut world = world("acceptance-after-a-minute");
    let id = create(&mut world, request_for(PARTNER)).vpc_endpoint_id;

    pass(&mut world, 121);

    assert_eq!(state(&mut world, &id), "available");
}
