//! The log, the token buckets and the scripted faults.

use serde_json::json;
use world::Failure;
use world::gate::{Fault, FaultKind};
use world::model::endpoints::{CreateVpcEndpoint, DescribeVpcEndpoints};
use world::scenario::{self, SERVICE, VPC};

use crate::{aws, code, create, endpoints, pass, request, request_for, world};

fn tokened() -> CreateVpcEndpoint {
    CreateVpcEndpoint {
        client_token: Some("token-1".to_owned()),
        ..request()
    }
}

// EC2 developer guide, "Request throttling": CreateVpcEndpoint has a bucket of 4 that refills by
// 0.3 a second.
#[test]
fn the_fifth_creation_in_a_row_is_throttled_and_later_ones_come_every_ten_thirds_of_a_second() {
    let mut world = scenario::world("default");
    for _ in 0..4 {
        world.call(tokened()).unwrap();
    }

    let fifth = world.call(tokened());

    assert!(
        matches!(&fifth, Err(Failure::Refused { status: 503, code, .. }) if code == "RequestLimitExceeded")
    );
    pass(&mut world, 3);
    assert_eq!(code(world.call(tokened())), "RequestLimitExceeded");
    pass(&mut world, 1);
    world.call(tokened()).unwrap();
    assert_eq!(code(world.call(tokened())), "RequestLimitExceeded");
}

// EC2 developer guide, "Request throttling": Describe calls have a bucket of 100 that refills by 20
// a second.
#[test]
fn describe_calls_have_a_larger_bucket_of_their_own() {
    let mut world = scenario::world("default");
    for _ in 0..100 {
        world.call(DescribeVpcEndpoints::default()).unwrap();
    }

    assert_eq!(
        code(world.call(DescribeVpcEndpoints::default())),
        "RequestLimitExceeded"
    );
    pass(&mut world, 1);
    world.call(DescribeVpcEndpoints::default()).unwrap();
}

#[test]
fn throttling_can_be_scaled_and_a_bucket_drained() {
    let mut world = scenario::world("default");
    world.scale_throttling(Some(2.0));
    for _ in 0..8 {
        world.call(tokened()).unwrap();
    }
    assert_eq!(code(world.call(tokened())), "RequestLimitExceeded");
    pass(&mut world, 3600);
    world.drain_bucket("CreateVpcEndpoint");
    assert_eq!(code(world.call(tokened())), "RequestLimitExceeded");
}

#[test]
fn every_call_is_logged_with_what_became_of_it() {
    let mut world = world("default");
    world.call(DescribeVpcEndpoints::default()).unwrap();
    world.call(request_for(&aws("nonsense"))).unwrap_err();
    create(&mut world, tokened());

    let log: Vec<_> = world
        .calls()
        .iter()
        .map(|call| (call.action.as_str(), call.outcome.as_str(), call.write))
        .collect();
    assert_eq!(
        log,
        [
            ("DescribeVpcEndpoints", "ok", false),
            ("CreateVpcEndpoint", "InvalidServiceName", true),
            ("CreateVpcEndpoint", "ok", true),
        ]
    );
    let parameters = &world.writes().last().unwrap().parameters;
    assert_eq!(
        (&parameters["ServiceName"], &parameters["VpcId"]),
        (&json!(SERVICE), &json!(VPC))
    );
    assert_eq!(parameters.get("PolicyDocument"), None);
    world.clear_calls();
    assert!(world.calls().is_empty());
}

#[test]
fn faults_before_the_effect_leave_nothing_behind() {
    let mut world = world("default");
    for (kind, expected) in [
        (FaultKind::Throttle, "RequestLimitExceeded"),
        (FaultKind::ErrorBeforeEffect, "InternalError"),
        (FaultKind::AccessDenied, "UnauthorizedOperation"),
        (FaultKind::Hang, "(hang)"),
    ] {
        world.add_fault(Fault::once("CreateVpcEndpoint", kind));
        assert_eq!(code(world.call(request())), expected);
    }

    assert!(endpoints(&world).is_empty());
    create(&mut world, request());
}

#[test]
fn faults_after_the_effect_leave_it_in_place() {
    for (kind, expected) in [
        (FaultKind::ErrorAfterEffect, "InternalError"),
        (FaultKind::LostAnswer, "(no answer)"),
        (FaultKind::Malformed, "(malformed)"),
    ] {
        let mut world = world("default");
        world.add_fault(Fault::once("CreateVpcEndpoint", kind));

        assert_eq!(code(world.call(tokened())), expected);
        let there = endpoints(&world);
        assert_eq!(there.len(), 1);
        let repeated = create(&mut world, tokened());

        assert_eq!(there[0].vpc_endpoint_id, repeated.vpc_endpoint_id);
        assert_eq!(endpoints(&world).len(), 1);
    }
}

// EC2 developer guide, "Ensuring eventual consistency": what was just made may not be there for the next call.
#[test]
fn a_look_at_what_was_shows_what_came_before() {
    let mut world = world("default");
    world.add_fault(Fault::nth("DescribeVpcEndpoints", 2, FaultKind::Stale));
    world.add_fault(Fault::nth("DescribeVpcEndpoints", 4, FaultKind::Empty));
    create(&mut world, request());
    pass(&mut world, 600);
    let mut other = request();
    other.service_name = Some("com.amazonaws.us-east-1.monitoring".to_owned());
    create(&mut world, other);
    pass(&mut world, 600);

    let mut seen = || {
        let all = world.call(DescribeVpcEndpoints::default());
        all.unwrap().vpc_endpoints.len()
    };
    // One is there from the beginning.
    assert_eq!([seen(), seen(), seen(), seen(), seen()], [3, 2, 3, 1, 3]);
    let calls = world.calls().iter();
    let odd = calls.filter(|call| call.outcome == "(as it was)");
    assert_eq!(odd.count(), 2);
}

#[test]
fn a_caller_that_dies_hears_nothing() {
    for (kind, there) in [
        (FaultKind::CrashBeforeEffect, 0),
        (FaultKind::CrashAfterEffect, 1),
    ] {
        let mut world = world("default");
        world.add_fault(Fault::once("CreateVpcEndpoint", kind));

        assert_eq!(code(world.call(request())), "(crash)");
        assert_eq!(endpoints(&world).len(), there);
    }
}

#[test]
fn a_late_effect_happens_at_its_own_moment() {
    let mut world = world("create-takes-effect-late");
    let began = world.now();

    assert_eq!(code(world.call(tokened())), "(no answer)");
    pass(&mut world, 19);
    assert!(endpoints(&world).is_empty());
    pass(&mut world, 3600);

    let endpoint = endpoints(&world).remove(0);
    assert_eq!(
        endpoint.creation_timestamp,
        world::clock::iso8601(began + 20_000)
    );
    assert_eq!(
        create(&mut world, tokened()).vpc_endpoint_id,
        endpoint.vpc_endpoint_id
    );
}

#[test]
fn a_fault_strikes_only_the_calls_that_it_is_scripted_for() {
    let mut world = world("default");
    let mut outcomes = |fault: Fault| -> Vec<bool> {
        world.clear_faults();
        world.add_fault(fault);
        (0..6)
            .map(|_| world.call(DescribeVpcEndpoints::default()).is_ok())
            .collect()
    };

    let throttle = FaultKind::Throttle;
    assert_eq!(
        outcomes(Fault::nth("*", 2, throttle)),
        [true, false, true, true, true, true]
    );
    let two = Fault {
        count: Some(2),
        ..Fault::on("Describe*", throttle)
    };
    assert_eq!(outcomes(two), [false, false, true, true, true, true]);
    let every = Fault {
        every: Some(3),
        ..Fault::on("DescribeVpcEndpoints", throttle)
    };
    assert_eq!(outcomes(every), [true, true, false, true, true, false]);
    assert_eq!(
        outcomes(Fault::on("CreateVpcEndpoint", throttle)),
        [true; 6]
    );
}

#[test]
fn a_fault_can_last_for_a_while() {
    let mut world = world("default");
    world.add_fault(Fault {
        seconds: Some(10.0),
        ..Fault::on("*", FaultKind::Throttle)
    });
    let mut is_ok = |seconds| {
        pass(&mut world, seconds);
        world.call(DescribeVpcEndpoints::default()).is_ok()
    };

    assert!(!is_ok(9));
    assert!(is_ok(1));
}
