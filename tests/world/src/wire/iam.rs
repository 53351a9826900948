//! IAM on the wire: Query in, XML out (service model of botocore, version 2010-05-08). It shares
//! EC2's path; the version tells them apart.

use serde::de::DeserializeOwned;

use crate::failure::refuse_as;
use crate::model::iam::*;
use crate::{Failure, Operation, World};

use super::query::{self, Form};
use super::{Request, Response, Written, respond, xml};

const CONTENT_TYPE: &str = "text/xml";
const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";
const VERSION: &str = "2010-05-08";

/// Whether the request is for IAM.
pub(super) fn is_meant(request: &Request) -> bool {
    request.path == "/"
        && form_urlencoded::parse(&request.body)
            .any(|(name, value)| name == "Version" && value == VERSION)
}

pub(super) fn answer(world: &mut World, request: &Request) -> Response {
    // Lists are `Tags.member.1` where EC2 has `Tags.1`.
    let form: Form = query::parse(&request.body)
        .into_iter()
        .map(|(name, value)| (name.replace(".member.", "."), value))
        .collect();
    let request_id = world.model.ids.request();
    let outcome = if request.is_signed() {
        dispatch(world, &form, &request_id)
    } else {
        let message = "Request is missing Authentication Token";
        Err(refuse_as(403, "MissingAuthenticationToken", message))
    };
    let outcome = outcome.map(|body| Written::plain(200, body));
    let broken = "<GetRoleResp";
    respond(CONTENT_TYPE, broken, outcome, |status, code, message| {
        let body = xml::error(NAMESPACE, status, code, message, &request_id);
        Written::plain(status, body)
    })
}

fn dispatch(world: &mut World, form: &Form, request_id: &str) -> Result<String, Failure> {
    let run = match form.get("Action").map_or("", String::as_str) {
        "GetRole" => run::<GetRole>,
        "CreateRole" => run::<CreateRole>,
        "AttachRolePolicy" => run::<AttachRolePolicy>,
        "ListAttachedRolePolicies" => run::<ListAttachedRolePolicies>,
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
    let result = xml::write(&answer, |_| "member");
    Ok(format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    ))
}
