//! Aurora DSQL and the quota. Source: the services' models in botocore; Aurora DSQL user guide.

use std::collections::BTreeMap;

use world::model::dsql::{
    CreateCluster, DeleteCluster, GetCluster, GetVpcEndpointServiceName, ListClusters,
};
use world::model::quotas::GetServiceQuota;
use world::plane::token::is_good;
use world::scenario::{CLUSTER, OTHER_CLUSTER, SERVICE};
use world::{Failure, World};

use crate::{code, pass, world};

fn status(world: &mut World, id: &str) -> Result<String, Failure> {
    Ok(world
        .call(GetCluster {
            identifier: id.to_owned(),
        })?
        .status)
}

fn http_status<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> u16 {
    match outcome.unwrap_err() {
        Failure::Refused { status, .. } => status,
        failure @ (Failure::NoAnswer | Failure::Hang | Failure::Malformed | Failure::Crash) => {
            panic!("{failure:?}")
        }
    }
}

#[test]
fn both_clusters_are_reached_through_the_same_service() {
    let mut world = world("default");

    for id in [CLUSTER, OTHER_CLUSTER] {
        let answer = world
            .call(GetVpcEndpointServiceName {
                identifier: id.to_owned(),
            })
            .unwrap();
        assert_eq!(answer.service_name, SERVICE);
        assert_eq!(
            answer.cluster_vpc_endpoint,
            Some(format!("{id}.dsql-fnh4.us-east-1.on.aws"))
        );
    }
}

#[test]
fn a_cluster_lives_from_creation_to_deletion() {
    let mut world = world("default");
    let create = CreateCluster {
        client_token: Some("t".to_owned()),
        tags: BTreeMap::new(),
        ..Default::default()
    };
    let cluster = world.call(create.clone()).unwrap();
    let id = cluster.identifier.as_str();
    assert_eq!((id.len(), cluster.status.as_str()), (26, "CREATING"));
    assert_eq!(world.call(create).unwrap().identifier, id);
    pass(&mut world, 60);
    assert_eq!(status(&mut world, id).unwrap(), "ACTIVE");

    // The DSQL API reference: deletion protection is on by default.
    let delete = DeleteCluster {
        identifier: id.to_owned(),
        ..Default::default()
    };
    assert_eq!(code(world.call(delete)), "ValidationException");
}

#[test]
fn an_unprotected_cluster_goes() {
    let mut world = world("default");
    let create = CreateCluster {
        deletion_protection_enabled: Some(false),
        ..Default::default()
    };
    let id = world.call(create).unwrap().identifier;
    let delete = DeleteCluster {
        identifier: id.clone(),
        ..Default::default()
    };
    assert_eq!(http_status(world.call(delete.clone())), 409);
    pass(&mut world, 60);

    assert_eq!(world.call(delete).unwrap().status, "DELETING");
    pass(&mut world, 60);
    assert_eq!(code(status(&mut world, &id)), "ResourceNotFoundException");
}

#[test]
fn unknown_and_malformed_ids_differ() {
    let mut world = world("cluster-missing");

    assert_eq!(http_status(status(&mut world, CLUSTER)), 404);
    assert_eq!(code(status(&mut world, "too-short")), "ValidationException");
}

#[test]
fn clusters_come_in_pages() {
    let mut world = world("default");

    let first = world
        .call(ListClusters {
            max_results: Some(1),
            next_token: None,
        })
        .unwrap();
    let second = world
        .call(ListClusters {
            max_results: Some(1),
            next_token: first.next_token,
        })
        .unwrap();

    assert_eq!(
        (
            first.clusters[0].identifier.as_str(),
            second.clusters[0].identifier.as_str()
        ),
        (CLUSTER, OTHER_CLUSTER)
    );
    assert_eq!(second.next_token, None);
    assert_eq!(
        code(world.call(ListClusters {
            max_results: Some(101),
            next_token: None
        })),
        "ValidationException"
    );
}

// AWS PrivateLink guide, "Quotas": 50 per VPC, adjustable.
#[test]
fn the_quota_of_endpoints_can_be_asked_for() {
    let mut world = world("default");
    let quota = |code: &str| GetServiceQuota {
        service_code: "vpc".to_owned(),
        quota_code: code.to_owned(),
    };

    let answer = world.call(quota("L-29B6F2EB")).unwrap().quota;

    assert!(answer.adjustable && (answer.value - 50.0).abs() < f64::EPSILON);
    assert_eq!(code(world.call(quota("L-0"))), "NoSuchResourceException");
}

/// CONTRACTS 2.3: the vectors of aws-sdk-dsql's tests, which botocore makes as well.
#[test]
fn the_published_tokens_are_good_and_others_are_not() {
    let host = "peccy.dsql.us-east-1.on.aws";
    let token = |action: &str, signature: &str| {
        format!(
            "{host}/?Action={action}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=akid%2F20240827%2Fus-east-1%2Fdsql%2Faws4_request\
             &X-Amz-Date=20240827T000000Z&X-Amz-Expires=450&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}"
        )
    };
    let connect = "f5f2ad764ca5df44045d4ab6ccecba0eef941b0007e5765885a0b6ed3702a3f8";
    let admin = "267cf8d04d84444f7a62d5bdb40c44bfc6cb13dd6c64fa7f772df6bbaa90fff1";

    assert!(is_good(&token("DbConnect", connect), host, "DbConnect"));
    assert!(is_good(
        &token("DbConnectAdmin", admin),
        host,
        "DbConnectAdmin"
    ));
    assert!(!is_good(
        &token("DbConnectAdmin", connect),
        host,
        "DbConnectAdmin"
    ));
    assert!(!is_good(
        &token("DbConnect", connect),
        host,
        "DbConnectAdmin"
    ));
    assert!(!is_good(
        &token("DbConnect", connect),
        "other.example",
        "DbConnect"
    ));
}
