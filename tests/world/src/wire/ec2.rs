//! Amazon EC2 on the wire: Query in, XML out (service model of botocore, version 2016-11-15).

use serde::de::DeserializeOwned;

use crate::failure::refuse_as;
use crate::model::endpoints::*;
use crate::model::groups::*;
use crate::model::interfaces::*;
use crate::model::network::*;
use crate::model::services::DescribeVpcEndpointServices;
use crate::model::tags::*;
use crate::{Failure, Operation, World};

use super::query::{self, Form};
use super::{Request, Response, silent, xml};

const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";
const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

pub(super) fn answer(world: &mut World, request: &Request) -> Response {
    let form = query::parse(&request.body);
    let request_id = world.model.ids.request();
    let outcome = if request.is_signed() {
        dispatch(world, &form, &request_id)
    } else {
        Err(unsigned())
    };
    match outcome {
        Ok(body) => respond(200, body),
        Err(failure) => fail(&failure, &request_id),
    }
}

/// EC2 API reference, "Error codes": `AuthFailure` is a client error with status 401.
fn unsigned() -> Failure {
    refuse_as(
        401,
        "AuthFailure",
        "AWS was not able to validate the provided access credentials",
    )
}

fn dispatch(world: &mut World, form: &Form, request_id: &str) -> Result<String, Failure> {
    let action = form.get("Action").map_or("", String::as_str);
    let run = match action {
        "CreateVpcEndpoint" => run::<CreateVpcEndpoint>,
        "ModifyVpcEndpoint" => run::<ModifyVpcEndpoint>,
        "DescribeVpcEndpoints" => run::<DescribeVpcEndpoints>,
        "DeleteVpcEndpoints" => run::<DeleteVpcEndpoints>,
        "DescribeVpcEndpointServices" => run::<DescribeVpcEndpointServices>,
        "DescribeVpcAttribute" => run::<DescribeVpcAttribute>,
        "ModifyVpcAttribute" => run::<ModifyVpcAttribute>,
        "DescribeVpcs" => run::<DescribeVpcs>,
        "CreateVpc" => run::<CreateVpc>,
        "DeleteVpc" => run::<DeleteVpc>,
        "DescribeSubnets" => run::<DescribeSubnets>,
        "CreateSubnet" => run::<CreateSubnet>,
        "DeleteSubnet" => run::<DeleteSubnet>,
        "DescribeAvailabilityZones" => run::<DescribeAvailabilityZones>,
        "DescribeSecurityGroups" => run::<DescribeSecurityGroups>,
        "DescribeSecurityGroupRules" => run::<DescribeSecurityGroupRules>,
        "CreateSecurityGroup" => run::<CreateSecurityGroup>,
        "AuthorizeSecurityGroupIngress" => run::<AuthorizeSecurityGroupIngress>,
        "DeleteSecurityGroup" => run::<DeleteSecurityGroup>,
        "DescribeNetworkInterfaces" => run::<DescribeNetworkInterfaces>,
        "CreateTags" => run::<CreateTags>,
        "DeleteTags" => run::<DeleteTags>,
        "DescribeTags" => run::<DescribeTags>,
        unknown => return Err(World::unknown_action(unknown)),
    };
    run(world, form, request_id)
}

fn run<O: Operation + DeserializeOwned>(
    world: &mut World,
    form: &Form,
    request_id: &str,
) -> Result<String, Failure> {
    let operation = query::read::<O>(form);
    if let Err(failure) = &operation {
        world.note::<O>(query::tree(form), Some(failure));
    }
    let answer = serde_json::to_value(world.call(operation?)?).unwrap_or_default();
    let action = O::ACTION;
    let fields = xml::write(&answer, |_| "item");
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{action}Response xmlns=\"{NAMESPACE}\">\
         <requestId>{request_id}</requestId>{fields}</{action}Response>"
    ))
}

fn respond(status: u16, body: String) -> Response {
    Response::Answer {
        status,
        content_type: CONTENT_TYPE,
        headers: Vec::new(),
        body,
    }
}

fn fail(failure: &Failure, request_id: &str) -> Response {
    let error = |status: u16, code: &str, message: &str| {
        respond(status, xml::ec2_error(code, message, request_id))
    };
    match failure {
        Failure::Refused {
            status,
            code,
            message,
        } => error(*status, code, message),
        Failure::NoAnswer | Failure::Hang | Failure::Malformed => silent(
            failure,
            CONTENT_TYPE,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Resp",
        )
        .unwrap_or(Response::Drop),
    }
}
