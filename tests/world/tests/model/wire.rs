//! What the wire refuses before the model hears of it.

use serde_json::json;
use world::World;
use world::gate::{Fault, FaultKind};
use world::model::endpoints::CreateVpcEndpoint;
use world::wire::xml::MemberName;
use world::wire::{self, Request, Response, query, xml};

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

#[test]
fn dotted_names_are_trees_and_numbers_are_lists() {
    let form = query::parse(b"A.1.K=x&A.2.K=y&A.10.K=z&B=1&C.D=2");

    assert_eq!(
        query::tree(&form),
        json!({"A": [{"K": "x"}, {"K": "y"}, {"K": "z"}], "B": "1", "C": {"D": "2"}})
    );
}

#[test]
fn flags_are_read_from_text_and_lists_keep_their_order() {
    let form = query::parse(b"VpcId=vpc-1&SubnetId.2=b&SubnetId.1=a&PrivateDnsEnabled=false&TagSpecification.1.Tag.1.Key=k");

    let operation: CreateVpcEndpoint = query::read(&form).unwrap();

    assert_eq!(operation.private_dns_enabled, Some(false));
    assert_eq!(operation.subnet_ids, ["a", "b"]);
    assert_eq!(operation.tag_specifications[0].tags[0].key, "k");
}

#[test]
fn elements_are_objects_and_named_lists_are_arrays() {
    let document = "<?xml version=\"1.0\"?>\n<A xmlns=\"x\"><B>1 &amp; &lt;2&gt;&#33;</B><Cs><C><D>x</D></C><C><D/></C></Cs>\n</A>";

    assert_eq!(
        xml::read(document, &["Cs"]),
        Some(json!({"B": "1 & <2>!", "Cs": [{"D": "x"}, {"D": ""}]}))
    );
}

#[test]
fn what_is_no_document_cannot_be_read() {
    for text in [
        "",
        "A",
        "<A><B></A>",
        "<A>",
        "<A/><B/>",
        "<A/>b",
        "</A>",
        "<A>&b;</A>",
    ] {
        assert_eq!(xml::read(text, &[]), None, "{text}");
    }
}

#[test]
fn members_are_named_after_their_list_and_absent_fields_are_left_out() {
    let member: MemberName = |list| if list == "VPCs" { "VPC" } else { "member" };

    let out = xml::write(
        &json!({"VPCs": ["a"], "Xs": [{"b": true}], "Y": null, "T": "<&>"}),
        member,
    );

    assert_eq!(
        out,
        "<T>&lt;&amp;&gt;</T><VPCs><VPC>a</VPC></VPCs><Xs><member><b>true</b></member></Xs>"
    );
}
