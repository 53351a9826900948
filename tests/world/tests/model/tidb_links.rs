//! TiDB Cloud Starter and Essential, and their private link connections. Sources:
//! `cluster.swagger.json`, `privatelink.swagger.json`; docs.pingcap.com, "Connect to Confluent Cloud
//! on AWS via a Private Link Connection".

use world::model::confluent::accesses::{CreatePrivateLinkAccess, DeletePrivateLinkAccess};
use world::model::tidb::TIDB_ACCOUNT;
use world::model::tidb::links::*;
use world::model::tidb::serverless::{GetServerlessCluster, ServerlessClusterAnswer};
use world::scenario::*;
use world::{Failure, World};

use crate::confluent::{ENVIRONMENT, access_for};
use crate::{code, create, pass, request_for, state, world};

fn cluster(world: &mut World, id: &str, view: &str) -> ServerlessClusterAnswer {
    let request = GetServerlessCluster {
        cluster_id: id.to_owned(),
        view: Some(view.to_owned()),
        ..Default::default()
    };
    world.call(request).unwrap()
}

fn wanted(service: &str) -> CreatePrivateLinkConnection {
    CreatePrivateLinkConnection {
        cluster_id: TIDB_ESSENTIAL.to_owned(),
        private_link_connection: Some(NewPrivateLinkConnection {
            cluster_id: TIDB_ESSENTIAL.to_owned(),
            display_name: "kafka".to_owned(),
            r#type: "AWS_ENDPOINT_SERVICE".to_owned(),
            aws_endpoint_service: Some(NewAwsEndpointService {
                name: service.to_owned(),
                region: None,
            }),
        }),
        ..Default::default()
    }
}

fn get(world: &mut World, id: &str) -> Result<PrivateLinkConnection, Failure> {
    world.call(GetPrivateLinkConnection {
        cluster_id: TIDB_ESSENTIAL.to_owned(),
        private_link_connection_id: id.to_owned(),
        ..Default::default()
    })
}

fn delete(world: &mut World, id: &str) -> Result<PrivateLinkConnection, Failure> {
    world.call(DeletePrivateLinkConnection {
        cluster_id: TIDB_ESSENTIAL.to_owned(),
        private_link_connection_id: id.to_owned(),
        ..Default::default()
    })
}

fn attach(id: &str, kind: &str, name: Option<&str>, validate_only: bool) -> AttachDomains {
    AttachDomains {
        cluster_id: TIDB_ESSENTIAL.to_owned(),
        private_link_connection_id: id.to_owned(),
        attach_domain: Some(NewDomain {
            r#type: kind.to_owned(),
            unique_name: name.map(str::to_owned),
        }),
        validate_only,
        ..Default::default()
    }
}

fn detach(id: &str, domain: &str) -> DetachDomains {
    DetachDomains {
        cluster_id: TIDB_ESSENTIAL.to_owned(),
        private_link_connection_id: id.to_owned(),
        attach_domain_id: domain.to_owned(),
        ..Default::default()
    }
}

fn link_state(world: &mut World, id: &str) -> String {
    get(world, id).unwrap().state
}

fn allow(world: &mut World, request: CreatePrivateLinkAccess) -> String {
    let id = world.call(request).unwrap().id;
    pass(world, 60);
    id
}

/// An active connection to Confluent's network.
fn active(world: &mut World) -> String {
    allow(world, access_for(CONFLUENT_NETWORK, TIDB_ACCOUNT));
    let id = world
        .call(wanted(CONFLUENT_SERVICE))
        .unwrap()
        .private_link_connection_id;
    pass(world, 120);
    assert_eq!(link_state(world, &id), "ACTIVE");
    id
}

// Docs, "Connect to Starter or Essential via AWS PrivateLink": one service for all Starter and Essential clusters of a Region.
#[test]
fn starter_and_essential_clusters_share_a_service() {
    let mut world = world("default");

    for (id, plan, prefix) in [
        (TIDB_STARTER, "STARTER", TIDB_STARTER_PREFIX),
        (TIDB_ESSENTIAL, "ESSENTIAL", TIDB_ESSENTIAL_PREFIX),
    ] {
        let cluster = cluster(&mut world, id, "FULL");
        assert_eq!(
            (cluster.state.as_str(), cluster.cluster_plan.as_str()),
            ("ACTIVE", plan)
        );
        assert_eq!(cluster.user_prefix, prefix);
        let private = cluster.endpoints.private.unwrap();
        assert_eq!(
            (private.host.as_str(), private.port),
            (TIDB_SHARED_HOST, 4000)
        );
        assert_eq!(private.aws.service_name, TIDB_SHARED_SERVICE);
        assert_eq!(
            private.aws.availability_zone,
            ["use1-az1", "use1-az4", "use1-az6"]
        );
    }
}

// `cluster.swagger.json`, `view`: the private endpoint is part of the full view only.
#[test]
fn the_basic_view_has_no_private_endpoint() {
    let mut world = world("default");

    assert_eq!(
        cluster(&mut world, TIDB_STARTER, "BASIC").endpoints.private,
        None
    );
    let request = GetServerlessCluster {
        cluster_id: TIDB_STARTER.to_owned(),
        view: Some("SOME".to_owned()),
        ..Default::default()
    };
    assert_eq!(code(world.call(request)), "3");
}

// Docs, "Connect to Starter or Essential via AWS PrivateLink": acceptance is automatic, and private DNS may be enabled at creation.
#[test]
fn an_endpoint_of_the_shared_service_needs_nobody() {
    let mut world = world("default");
    let mut request = request_for(TIDB_SHARED_SERVICE);
    request.private_dns_enabled = Some(true);

    let endpoint = create(&mut world, request);

    assert!(endpoint.private_dns_enabled);
    pass(&mut world, 60);
    assert_eq!(state(&mut world, &endpoint.vpc_endpoint_id), "available");
}

// Swagger: the account and the zones that the provider has to know.
#[test]
fn the_account_and_the_zones_can_be_asked_for() {
    let mut world = world("default");
    let request = GetAvailabilityZones {
        cluster_id: TIDB_ESSENTIAL.to_owned(),
        ..Default::default()
    };

    let answer = world.call(request).unwrap();

    assert_eq!(answer.account_id, TIDB_ACCOUNT);
    assert_eq!(answer.az_ids, ["use1-az1", "use1-az4", "use1-az6"]);
}

// Docs: Confluent accepts by itself. Swagger: the states.
#[test]
fn a_connection_to_a_network_with_access_becomes_active() {
    let mut world = world("default");
    allow(&mut world, access_for(CONFLUENT_NETWORK, TIDB_ACCOUNT));

    let link = world.call(wanted(CONFLUENT_SERVICE)).unwrap();

    assert_eq!(link.state, "CREATING");
    assert!(link.private_link_connection_id.starts_with("plc-"));
    let id = link.private_link_connection_id;
    pass(&mut world, 60);
    assert_eq!(link_state(&mut world, &id), "PENDING_ACCEPTANCE");
    pass(&mut world, 60);
    let link = get(&mut world, &id).unwrap();
    assert_eq!(link.state, "ACTIVE");
    assert!(link.aws_endpoint_service.endpoint_id.is_some());
    assert_eq!(
        link.aws_endpoint_service.availability_zone_ids,
        ["use1-az1", "use1-az4", "use1-az6"]
    );
}

// Docs, "Prerequisites": access, Region and zones. That it fails asynchronously is not verified.
#[test]
fn a_connection_without_access_or_common_zone_fails_with_a_message() {
    for (network, service) in [
        (None, CONFLUENT_SERVICE),
        (
            None,
            "com.amazonaws.vpce.us-east-1.vpce-svc-00000000000000000",
        ),
        (
            Some(CONFLUENT_OTHER_ZONES),
            "com.amazonaws.vpce.us-east-1.vpce-svc-01b83f5ce496d237a",
        ),
    ] {
        let mut world = world("default");
        if let Some(network) = network {
            allow(&mut world, access_for(network, TIDB_ACCOUNT));
        }

        let id = world
            .call(wanted(service))
            .unwrap()
            .private_link_connection_id;

        pass(&mut world, 60);
        let link = get(&mut world, &id).unwrap();
        assert_eq!(link.state, "FAILED");
        assert!(link.message.contains(service), "{}", link.message);
    }
}

// AWS PrivateLink guide: whose service wants acceptance has to accept; nobody does here.
#[test]
fn a_connection_to_a_service_that_wants_acceptance_waits() {
    let mut world = world("default");

    let id = world
        .call(wanted(VENDOR))
        .unwrap()
        .private_link_connection_id;

    pass(&mut world, 24 * 3600);
    assert_eq!(link_state(&mut world, &id), "PENDING_ACCEPTANCE");
}

// Swagger: clusterId, displayName, type and the service's name are required.
#[test]
fn what_is_required_of_a_connection_is_refused_without_it() {
    let mut world = world("default");
    let changes: [fn(&mut NewPrivateLinkConnection); 4] = [
        |new| new.cluster_id.clear(),
        |new| new.display_name.clear(),
        |new| new.r#type = "ALICLOUD_ENDPOINT_SERVICE".to_owned(),
        |new| new.aws_endpoint_service = None,
    ];
    for change in changes {
        let mut request = wanted(CONFLUENT_SERVICE);
        change(request.private_link_connection.as_mut().unwrap());
        assert_eq!(code(world.call(request)), "3");
    }
    let mut starter = wanted(CONFLUENT_SERVICE);
    starter.cluster_id = TIDB_STARTER.to_owned();
    starter.private_link_connection.as_mut().unwrap().cluster_id = TIDB_STARTER.to_owned();
    assert_eq!(code(world.call(starter)), "9");
    assert!(world.state().link_connections.is_empty());
}

// Swagger: attachedDomains only in the Get API; totalSize is an int64, which JSON has as a string.
#[test]
fn a_list_has_no_domains_and_counts_in_strings() {
    let mut world = world("default");
    let id = active(&mut world);
    world
        .call(attach(&id, "CONFLUENT", Some("pr1jy6.us-east-1"), false))
        .unwrap();
    let list = |state: Option<&str>| ListPrivateLinkConnections {
        cluster_id: TIDB_ESSENTIAL.to_owned(),
        state: state.map(str::to_owned),
        ..Default::default()
    };

    let answer = world.call(list(Some("ACTIVE"))).unwrap();

    assert_eq!(answer.total_size, "1");
    assert_eq!(answer.private_link_connections[0].attached_domains, None);
    assert_eq!(
        get(&mut world, &id)
            .unwrap()
            .attached_domains
            .unwrap()
            .len(),
        1
    );
    assert_eq!(world.call(list(Some("FAILED"))).unwrap().total_size, "0");
    assert_eq!(code(world.call(list(Some("READY")))), "3");
}

// Docs: the unique name is the domain without `.aws.confluent.cloud`. The states are not verified.
#[test]
fn a_domain_is_attached_and_detached() {
    let mut world = world("default");
    let id = active(&mut world);
    let request = attach(&id, "CONFLUENT", Some("pr1jy6.us-east-1"), false);

    let attached = world.call(request.clone()).unwrap();

    assert_eq!(attached.domains[0].name, CONFLUENT_DOMAIN);
    assert_eq!(attached.domains[0].state, "CREATING");
    assert_eq!(code(world.call(request)), "6");
    pass(&mut world, 30);
    let domain = |world: &mut World| get(world, &id).unwrap().attached_domains.unwrap();
    assert_eq!(domain(&mut world)[0].domains[0].state, "ACTIVE");
    // Not verified: that domains keep their connection from being deleted.
    assert_eq!(code(delete(&mut world, &id)), "9");
    world.call(detach(&id, &attached.attach_domain_id)).unwrap();
    assert_eq!(domain(&mut world)[0].domains[0].state, "DELETING");
    pass(&mut world, 30);
    assert!(domain(&mut world).is_empty());
    assert_eq!(
        code(world.call(detach(&id, &attached.attach_domain_id))),
        "5"
    );
    assert_eq!(delete(&mut world, &id).unwrap().state, "DELETING");
    pass(&mut world, 60);
    assert_eq!(code(get(&mut world, &id)), "5");
    assert!(world.state().link_connections.is_empty());
}

// Swagger, uniqueName: it can be empty only for TIDBCLOUD_MANAGED and validateOnly.
#[test]
fn a_managed_name_is_asked_for_before_it_is_attached() {
    let mut world = world("default");
    let id = active(&mut world);

    let proposed = world
        .call(attach(&id, "TIDBCLOUD_MANAGED", None, true))
        .unwrap();

    assert!(proposed.domains[0].name.ends_with(".aws.plc.tidbcloud.com"));
    assert!(
        get(&mut world, &id)
            .unwrap()
            .attached_domains
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        code(world.call(attach(&id, "TIDBCLOUD_MANAGED", None, false))),
        "3"
    );
    assert_eq!(code(world.call(attach(&id, "CONFLUENT", None, true))), "3");
    assert_eq!(
        code(world.call(attach(&id, "OTHER", Some("a.b"), false))),
        "3"
    );
    assert_eq!(
        code(world.call(attach(&id, "CONFLUENT", Some(CONFLUENT_DOMAIN), false))),
        "3"
    );
    let name = proposed.unique_name.as_str();
    let attached = world
        .call(attach(&id, "TIDBCLOUD_MANAGED", Some(name), false))
        .unwrap();
    assert_eq!(attached.domains[0].name, proposed.domains[0].name);
}

// Not verified: a connection must be active before it can have domains.
#[test]
fn a_domain_needs_an_active_connection() {
    let mut world = world("default");
    let id = world
        .call(wanted(VENDOR))
        .unwrap()
        .private_link_connection_id;

    let outcome = world.call(attach(&id, "CONFLUENT", Some("pr1jy6.us-east-1"), false));

    assert_eq!(code(outcome), "9");
}

// Confluent docs: deleting the access cuts the account off.
#[test]
fn a_connection_fails_when_its_access_is_deleted() {
    let mut world = world("default");
    let id = active(&mut world);
    let access = world.state().accesses[0].id.clone();

    let request = DeletePrivateLinkAccess {
        environment: Some(ENVIRONMENT.to_owned()),
        id: access,
    };
    world.call(request).unwrap();

    assert_eq!(link_state(&mut world, &id), "ACTIVE");
    pass(&mut world, 60);
    assert_eq!(link_state(&mut world, &id), "FAILED");
}
