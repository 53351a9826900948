//! What the owner of a service decides.

use world::model::endpoints::Decision;
use world::scenario::VENDOR;

use crate::{available, create, pass, request, request_for, state, world};

// AWS PrivateLink guide, "Accept or reject connection requests"; the order: terraform-provider-aws
// PR 19059.
#[test]
fn an_accepted_endpoint_is_pending_before_it_is_available() {
    let mut world = world("default");
    let id = create(&mut world, request_for(VENDOR)).vpc_endpoint_id;
    pass(&mut world, 3600);
    assert_eq!(state(&mut world, &id), "pendingAcceptance");

    world.decide(&id, Decision::Accept).unwrap();

    assert_eq!(state(&mut world, &id), "pending");
    pass(&mut world, 60);
    assert_eq!(state(&mut world, &id), "available");
}

// AWS PrivateLink guide, "Accept or reject connection requests": also a live endpoint can be
// rejected.
#[test]
fn a_rejected_endpoint_stays_rejected() {
    let mut world = world("default");
    let id = create(&mut world, request_for(VENDOR)).vpc_endpoint_id;
    pass(&mut world, 2);

    world.decide(&id, Decision::Reject).unwrap();

    assert_eq!(state(&mut world, &id), "rejected");
    assert_eq!(
        world.decide(&id, Decision::Accept),
        Err(format!("{id} is rejected"))
    );
    let live = available(&mut world, request());
    world.decide(&live, Decision::Reject).unwrap();
    assert_eq!(state(&mut world, &live), "rejected");
}

// EC2 API reference, VpcEndpoint.State: `expired`. After how long is not verified.
#[test]
fn a_request_that_nobody_accepts_expires() {
    let mut world = world("default");
    let id = create(&mut world, request_for(VENDOR)).vpc_endpoint_id;

    pass(&mut world, 7 * 24 * 3600);

    assert_eq!(state(&mut world, &id), "expired");
    assert_eq!(
        world.decide(&id, Decision::Accept),
        Err(format!("{id} is expired"))
    );
}
