//! TiDB Cloud Dedicated. Sources: `dedicated.swagger.json`; docs.pingcap.com, "Connect to a TiDB Cloud
//! Dedicated Cluster via Private Endpoint with AWS".

use std::time::Duration;

use world::model::endpoints::{DeleteVpcEndpoints, ModifyVpcEndpoint};
use world::model::tidb::connections::*;
use world::model::tidb::dedicated::*;
use world::model::tidb::{Caller, Duplicate, OTHER_PROJECT, PROJECT};
use world::scenario::*;
use world::{Failure, World};

use crate::{code, create, message, pass, request_for, state, strings, world};

fn cluster(world: &mut World) -> ClusterAnswer {
    let request = GetDedicatedCluster {
        cluster_id: TIDB_CLUSTER.to_owned(),
        ..Default::default()
    };
    world.call(request).unwrap()
}

fn link_service(world: &mut World, group: &str) -> PrivateLinkService {
    let request = GetPrivateLinkService {
        cluster_id: TIDB_CLUSTER.to_owned(),
        tidb_node_group_id: group.to_owned(),
        ..Default::default()
    };
    world.call(request).unwrap()
}

fn registration(endpoint: &str) -> CreatePrivateEndpointConnection {
    CreatePrivateEndpointConnection {
        cluster_id: TIDB_CLUSTER.to_owned(),
        tidb_node_group_id: TIDB_GROUP.to_owned(),
        endpoint_id: endpoint.to_owned(),
        ..Default::default()
    }
}

fn register(world: &mut World, endpoint: &str) -> PrivateEndpointConnection {
    world.call(registration(endpoint)).unwrap()
}

fn get(world: &mut World, id: &str) -> Result<PrivateEndpointConnection, Failure> {
    world.call(GetPrivateEndpointConnection {
        cluster_id: TIDB_CLUSTER.to_owned(),
        tidb_node_group_id: TIDB_GROUP.to_owned(),
        private_endpoint_connection_id: id.to_owned(),
        ..Default::default()
    })
}

fn delete(world: &mut World, id: &str) -> Result<DeletePrivateEndpointConnectionAnswer, Failure> {
    world.call(DeletePrivateEndpointConnection {
        cluster_id: TIDB_CLUSTER.to_owned(),
        tidb_node_group_id: TIDB_GROUP.to_owned(),
        private_endpoint_connection_id: id.to_owned(),
        ..Default::default()
    })
}

fn everywhere() -> ListPrivateEndpointConnections {
    ListPrivateEndpointConnections {
        cluster_id: "-".to_owned(),
        tidb_node_group_id: "-".to_owned(),
        ..Default::default()
    }
}

fn listed(world: &mut World) -> Vec<(String, String)> {
    let rows = world
        .call(everywhere())
        .unwrap()
        .private_endpoint_connections;
    rows.into_iter()
        .map(|row| (row.endpoint_id, row.endpoint_state))
        .collect()
}

fn endpoint(world: &mut World) -> String {
    let id = create(world, request_for(TIDB_SERVICE)).vpc_endpoint_id;
    pass(world, 2);
    id
}

fn connection_state(world: &mut World, id: &str) -> String {
    get(world, id).unwrap().endpoint_state
}

// Docs: steps 2 to 5. Swagger: the states.
#[test]
fn a_registered_endpoint_is_accepted_and_the_connection_active_some_minutes_later() {
    let mut world = world("default");
    assert_eq!(cluster(&mut world).state, "ACTIVE");
    assert_eq!(
        link_service(&mut world, TIDB_GROUP).service_name,
        TIDB_SERVICE
    );
    let endpoint = endpoint(&mut world);
    assert_eq!(state(&mut world, &endpoint), "pendingAcceptance");

    let row = register(&mut world, &endpoint);

    assert_eq!(
        (row.endpoint_state.as_str(), row.host.as_str(), row.port),
        ("PENDING", TIDB_HOST, 4000)
    );
    let id = row.private_endpoint_connection_id;
    assert_eq!(
        row.name,
        format!("tidbNodeGroups/{TIDB_GROUP}/privateEndpointConnections/{id}")
    );
    pass(&mut world, 19);
    assert_eq!(state(&mut world, &endpoint), "pendingAcceptance");
    pass(&mut world, 1);
    assert_eq!(state(&mut world, &endpoint), "pending");
    pass(&mut world, 60);
    assert_eq!(state(&mut world, &endpoint), "available");
    assert_eq!(connection_state(&mut world, &id), "PENDING");
    pass(&mut world, 179);
    assert_eq!(connection_state(&mut world, &id), "PENDING");
    pass(&mut world, 1);
    assert_eq!(connection_state(&mut world, &id), "ACTIVE");
}

// Docs: private DNS is enabled after the connection exists; that pends the endpoint again, which
// is EC2's business and not the connection's.
#[test]
fn enabling_private_dns_leaves_the_connection_active() {
    let mut world = world("default");
    let endpoint = endpoint(&mut world);
    let dns = ModifyVpcEndpoint {
        vpc_endpoint_id: endpoint.clone(),
        private_dns_enabled: Some(true),
        ..Default::default()
    };
    assert_eq!(code(world.call(dns.clone())), "InvalidParameter");
    let id = register(&mut world, &endpoint).private_endpoint_connection_id;
    pass(&mut world, 300);

    world.call(dns).unwrap();

    pass(&mut world, 5);
    assert_eq!(state(&mut world, &endpoint), "pending");
    assert_eq!(connection_state(&mut world, &id), "ACTIVE");
}

// Swagger, endpointState DISCOVERED: the endpoint exists and is not registered.
#[test]
fn an_endpoint_that_nobody_registered_is_discovered() {
    let mut world = world("default");
    let endpoint = endpoint(&mut world);

    assert_eq!(
        listed(&mut world),
        [(endpoint.clone(), "DISCOVERED".to_owned())]
    );

    register(&mut world, &endpoint);
    assert_eq!(listed(&mut world), [(endpoint, "PENDING".to_owned())]);
}

// Swagger, endpointState FAILED: the message says why. That the POST succeeds first is not
// verified.
#[test]
fn what_does_not_lead_to_the_group_fails_later_with_a_message() {
    let mut world = world("default");
    let elsewhere = create(&mut world, request_for(TIDB_OTHER_SERVICE)).vpc_endpoint_id;

    for id in ["vpce-0123456789abcdef0", &elsewhere] {
        let row = register(&mut world, id);
        assert_eq!(
            (row.endpoint_state.as_str(), row.message.as_str()),
            ("PENDING", "")
        );
        pass(&mut world, 20);
        let row = get(&mut world, &row.private_endpoint_connection_id).unwrap();
        assert_eq!(row.endpoint_state, "FAILED");
        assert!(row.message.contains(id) && row.message.contains(TIDB_SERVICE));
    }
    assert_eq!(state(&mut world, &elsewhere), "pendingAcceptance");
}

// No source says which: the status is not verified, so it can be either.
#[test]
fn an_endpoint_is_registered_only_once() {
    let mut world = world("default");
    let endpoint = endpoint(&mut world);
    register(&mut world, &endpoint);

    let status = |outcome: Result<_, Failure>| match outcome {
        Err(Failure::Refused { status, code, .. }) => (status, code),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        status(world.call(registration(&endpoint))),
        (409, "6".to_owned())
    );
    world.tidb_outlook().duplicate = Duplicate::BadRequest;
    assert_eq!(
        status(world.call(registration(&endpoint))),
        (400, "3".to_owned())
    );
    assert_eq!(world.state().registrations.len(), 1);
}

// Swagger, endpointState DELETING. That the endpoint is then rejected is not verified.
#[test]
fn a_deleted_registration_goes_and_its_endpoint_is_rejected() {
    let mut world = world("default");
    let endpoint = endpoint(&mut world);
    let id = register(&mut world, &endpoint).private_endpoint_connection_id;
    pass(&mut world, 300);

    delete(&mut world, &id).unwrap();

    assert_eq!(connection_state(&mut world, &id), "DELETING");
    delete(&mut world, &id).unwrap();
    assert_eq!(state(&mut world, &endpoint), "available");
    pass(&mut world, 60);
    assert_eq!(code(get(&mut world, &id)), "5");
    assert_eq!(code(delete(&mut world, &id)), "5");
    assert_eq!(state(&mut world, &endpoint), "rejected");
    assert!(listed(&mut world).is_empty() && world.state().registrations.is_empty());
}

// A registration that is taken back before TiDB Cloud has looked at the endpoint.
#[test]
fn a_registration_that_is_deleted_at_once_never_accepts() {
    let mut world = world("default");
    let endpoint = endpoint(&mut world);
    let id = register(&mut world, &endpoint).private_endpoint_connection_id;

    delete(&mut world, &id).unwrap();

    pass(&mut world, 30);
    assert_eq!(state(&mut world, &endpoint), "pendingAcceptance");
    pass(&mut world, 30);
    assert_eq!(state(&mut world, &endpoint), "rejected");
}

// Docs: both are to be removed. How long a row outlives its endpoint is not verified.
#[test]
fn a_registration_outlives_its_endpoint() {
    let mut world = world("default");
    let endpoint = endpoint(&mut world);
    let id = register(&mut world, &endpoint).private_endpoint_connection_id;
    pass(&mut world, 300);
    let request = DeleteVpcEndpoints {
        vpc_endpoint_ids: strings(&[&endpoint]),
        ..Default::default()
    };
    world.call(request).unwrap();

    pass(&mut world, 24 * 3600);
    assert_eq!(connection_state(&mut world, &id), "ACTIVE");

    world.timing().tidb.outlives_endpoint = Some(Duration::from_secs(600));
    assert_eq!(code(get(&mut world, &id)), "5");
    assert!(world.state().registrations.is_empty());
}

// Swagger: each node group has its own service; the port is each endpoint's own.
#[test]
fn each_node_group_has_its_own_service_and_port() {
    let mut world = world("default");

    let groups = cluster(&mut world).tidb_node_setting.tidb_node_groups;

    let ports: Vec<_> = groups
        .iter()
        .flat_map(|group| &group.endpoints)
        .filter(|endpoint| endpoint.connection_type == "PRIVATE_ENDPOINT")
        .map(|endpoint| (endpoint.host.as_str(), endpoint.port))
        .collect();
    assert_eq!(ports, [(TIDB_HOST, 4000), (TIDB_OTHER_HOST, 4100)]);
    assert!(groups[0].is_default_group && !groups[1].is_default_group);
    let other = link_service(&mut world, TIDB_OTHER_GROUP);
    assert_eq!(
        (other.service_name.as_str(), other.service_dns_name.as_str()),
        (TIDB_OTHER_SERVICE, TIDB_OTHER_HOST)
    );
    assert_eq!(other.available_zones, ["use1-az1", "use1-az4", "use1-az6"]);
}

// Docs: 3 to 5 minutes after the creation of the cluster. What is missing before is not verified.
#[test]
fn the_link_service_comes_minutes_after_the_cluster() {
    let mut world = world("tidb-cluster-creating");
    assert_eq!(cluster(&mut world).state, "CREATING");
    assert_eq!(
        code(world.call(registration("vpce-0123456789abcdef0"))),
        "9"
    );
    pass(&mut world, 60);
    assert_eq!(cluster(&mut world).state, "ACTIVE");

    let early = link_service(&mut world, TIDB_GROUP);

    assert_eq!(
        (early.state.as_str(), early.service_name.as_str()),
        ("CREATING", "")
    );
    assert_eq!(
        code(world.call(registration("vpce-0123456789abcdef0"))),
        "9"
    );
    pass(&mut world, 240);
    let ready = link_service(&mut world, TIDB_GROUP);
    assert_eq!(
        (ready.state.as_str(), ready.service_name.as_str()),
        ("ACTIVE", TIDB_SERVICE)
    );
}

// Swagger: 403 for a key without permission; 404 is google.rpc's NOT_FOUND.
#[test]
fn other_projects_keys_see_nothing_and_unknown_ids_are_not_found() {
    let mut world = world("default");
    let other = Caller {
        project: OTHER_PROJECT,
        ..Default::default()
    };

    let request = GetDedicatedCluster {
        caller: other,
        cluster_id: TIDB_CLUSTER.to_owned(),
    };
    assert_eq!(code(world.call(request)), "7");
    let request = GetDedicatedCluster {
        cluster_id: "1".to_owned(),
        ..Default::default()
    };
    assert_eq!(message(world.call(request)), "5: cluster 1 not found");
    let strangers = ListPrivateEndpointConnections {
        project_id: Some(OTHER_PROJECT.to_owned()),
        ..everywhere()
    };
    assert_eq!(code(world.call(strangers)), "7");
    let group = GetPrivateLinkService {
        cluster_id: TIDB_CLUSTER.to_owned(),
        tidb_node_group_id: "1".to_owned(),
        ..Default::default()
    };
    assert_eq!(code(world.call(group)), "5");
    assert_eq!(code(world.call(registration("eni-1"))), "3");
}

// Swagger, pageSize: 10 by default, above 100 counts as 100; skip.
#[test]
fn connections_come_in_pages_of_ten() {
    let mut world = world("default");
    for number in 0..12 {
        register(&mut world, &format!("vpce-{number:017x}"));
    }
    let mut page = |page_size, page_token, skip| {
        let request = ListPrivateEndpointConnections {
            project_id: Some(PROJECT.to_owned()),
            page_size,
            page_token,
            skip,
            ..everywhere()
        };
        let page = world.call(request).unwrap();
        (
            page.private_endpoint_connections.len(),
            page.total_size,
            page.next_page_token,
        )
    };

    let (count, total, next) = page(None, None, None);
    assert_eq!((count, total), (10, 12));
    assert_eq!(page(None, next, None), (2, 12, None));
    assert_eq!(page(Some(1000), None, None), (12, 12, None));
    assert_eq!(page(None, None, Some(13)), (0, 12, None));
    let bad = ListPrivateEndpointConnections {
        page_size: Some(-1),
        ..everywhere()
    };
    assert_eq!(code(world.call(bad)), "3");
}

// Swagger, endpointState FAILED: an endpoint that EC2 cannot build serves nobody.
#[test]
fn a_registration_fails_with_its_endpoint() {
    let mut world = world("endpoint-fails");
    let endpoint = endpoint(&mut world);
    let id = register(&mut world, &endpoint).private_endpoint_connection_id;
    pass(&mut world, 39);
    assert_eq!(connection_state(&mut world, &id), "PENDING");

    pass(&mut world, 1);

    assert_eq!(state(&mut world, &endpoint), "failed");
    let row = get(&mut world, &id).unwrap();
    assert_eq!(row.endpoint_state, "FAILED");
    assert_eq!(row.message, format!("the endpoint {endpoint} is failed"));
}
