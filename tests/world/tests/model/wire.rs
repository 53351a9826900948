//! What the wire refuses before the model hears of it.

use world::World;
use world::gate::{Fault, FaultKind};
use world::wire::{self, Request, Response};

use crate::world;

pub(crate) fn post(world: &mut World, body: &str, signed: bool) -> (u16, String) {
    let authorization = ("authorization".to_owned(), "AWS4-HMAC-SHA256 …".to_owned());
    let request = Request {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        headers: signed.then_some(authorization).into_iter().collect(),
        body: body.as_bytes().to_vec(),
        ..Default::default()
    };
    match wire::answer(world, &request) {
        Response::Answer(answer) => (answer.status().as_u16(), answer.into_body()),
        silent @ (Response::Drop | Response::Hang | Response::Crash) => panic!("{silent:?}"),
    }
}

// EC2 API reference, "Error codes": AuthFailure.
#[test]
fn an_unsigned_request_is_refused() {
    let mut world = world("default");

    let (status, body) = post(&mut world, "Action=DescribeVpcs&Version=2016-11-15", false);

    assert_eq!(status, 401);
    assert!(body.contains("<Code>AuthFailure</Code>"));
    assert!(world.calls().is_empty());
}

#[test]
fn an_answer_in_other_words_keeps_everything_but_the_states() {
    let mut world = world("default");
    crate::create(&mut world, crate::request());
    let ask = "Action=DescribeVpcEndpoints&Version=2016-11-15&Filter.1.Name=service-name&Filter.1.Value.1=";
    let ask = &format!("{ask}{}", world::scenario::SERVICE);
    world.add_fault(Fault::nth("DescribeVpcEndpoints", 2, FaultKind::Unknown));

    crate::pass(&mut world, 60);
    let (_, usual) = post(&mut world, ask, true);
    let (_, other) = post(&mut world, ask, true);

    let state = |text: &str| {
        text.replace("available", "rearranging")
            .replace("pending", "rearranging")
    };
    assert_ne!(state(&usual), usual);
    let back = other.replace("<newField>of another version</newField>", "");
    let rest = |text: &str| text.split("</requestId>").nth(1).map(str::to_owned);
    assert_eq!(rest(&back), rest(&state(&usual)));
    assert_ne!(other, usual);
}

// EC2 API reference, "Error codes": InvalidAction, UnknownParameter, InvalidParameterValue.
#[test]
fn unknown_actions_and_parameters_are_refused_by_name() {
    let mut world = world("default");

    let (status, body) = post(&mut world, "Action=Teleport", true);
    assert!(status == 400 && body.contains("<Code>InvalidAction</Code>"));
    let (status, body) = post(&mut world, "Action=DescribeVpcs&VpcIds.1=vpc-1", true);
    assert!(status == 400 && body.contains("The parameter VpcIds.1 is not recognized"));
    let (status, body) = post(&mut world, "Action=DescribeVpcs&MaxResults=many", true);
    assert!(status == 400 && body.contains("<Code>InvalidParameterValue</Code>"));
}

// A call that could not be read is in the log all the same: it shows what a client does wrong.
#[test]
fn what_could_not_be_read_is_logged() {
    let mut world = world("default");

    post(
        &mut world,
        "Action=CreateVpcEndpoint&VpcId=vpc-1&Nonsense=1",
        true,
    );

    let call = &world.calls()[0];
    assert_eq!(
        (call.action.as_str(), call.outcome.as_str()),
        ("CreateVpcEndpoint", "UnknownParameter")
    );
    assert_eq!(call.parameters["Nonsense"], "1");
}
