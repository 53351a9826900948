//! Amazon EC2 on the wire: Query in, XML out (service model of botocore, version 2016-11-15).

use quick_xml::escape::partial_escape as escape;
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
use super::{Request, Response, Written, respond, xml};

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
    let outcome = outcome.map(|body| Written::plain(200, body));
    let broken = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Resp";
    respond(CONTENT_TYPE, broken, outcome, |status, code, message| {
        Written::plain(status, error(code, message, &request_id))
    })
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
        "DescribeNetworkAcls" => run::<DescribeNetworkAcls>,
        "CreateNetworkAclEntry" => run::<CreateNetworkAclEntry>,
        "DescribeRouteTables" => run::<DescribeRouteTables>,
        "CreateRoute" => run::<CreateRoute>,
        "DescribeDhcpOptions" => run::<DescribeDhcpOptions>,
        "CreateDhcpOptions" => run::<CreateDhcpOptions>,
        "AssociateDhcpOptions" => run::<AssociateDhcpOptions>,
        "CreateManagedPrefixList" => run::<CreateManagedPrefixList>,
        "GetManagedPrefixListEntries" => run::<GetManagedPrefixListEntries>,
        "DescribePrefixLists" => run::<DescribePrefixLists>,
        "DescribeAvailabilityZones" => run::<DescribeAvailabilityZones>,
        "DescribeSecurityGroups" => run::<DescribeSecurityGroups>,
        "DescribeSecurityGroupRules" => run::<DescribeSecurityGroupRules>,
        "CreateSecurityGroup" => run::<CreateSecurityGroup>,
        "AuthorizeSecurityGroupIngress" => run::<AuthorizeSecurityGroupIngress>,
        "AuthorizeSecurityGroupEgress" => run::<AuthorizeSecurityGroupEgress>,
        "RevokeSecurityGroupEgress" => run::<RevokeSecurityGroupEgress>,
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

fn error(code: &str, message: &str, request_id: &str) -> String {
    let (code, message) = (escape(code), escape(message));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message>\
         </Error></Errors><RequestID>{request_id}</RequestID></Response>"
    )
}
