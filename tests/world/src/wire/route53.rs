//! Route 53 on the wire: REST with XML (service model of botocore, version 2013-04-01).

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::{refuse, refuse_as};
use crate::model::route53::*;
use crate::{Failure, Operation, World};

use super::{Request, Response, Written, respond, xml};

const CONTENT_TYPE: &str = "text/xml";
const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";
const PREFIX: &str = "/2013-04-01/";
/// The elements of requests that hold several of something.
const LISTS: [&str; 4] = ["Changes", "ResourceRecords", "AddTags", "RemoveTagKeys"];

/// Whether the path is one of Route 53's.
pub(super) fn is_meant(path: &str) -> bool {
    path.starts_with(PREFIX)
}

pub(super) fn answer(world: &mut World, request: &Request) -> Response {
    let request_id = world.model.ids.request();
    let outcome = if request.is_signed() {
        dispatch(world, request)
    } else {
        let message = "Request is missing Authentication Token";
        Err(refuse_as(403, "MissingAuthenticationToken", message))
    };
    let id = ("x-amzn-RequestId", request_id.clone());
    let outcome = outcome.map(|mut written| {
        written.headers.insert(0, id.clone());
        written
    });
    let broken = "<?xml version=\"1.0\"?>\n<GetHost";
    respond(CONTENT_TYPE, broken, outcome, |status, code, message| {
        let error = xml::error(NAMESPACE, status, code, message, &request_id);
        Written {
            status,
            headers: vec![id],
            body: format!("<?xml version=\"1.0\"?>\n{error}"),
        }
    })
}

fn dispatch(world: &mut World, request: &Request) -> Result<Written, Failure> {
    let path = request.path.strip_prefix(PREFIX).unwrap_or_default();
    let parts: Vec<_> = path.trim_end_matches('/').split('/').collect();
    let tags = |kind: &str, id: &str| {
        vec![
            ("ResourceType", kind.to_owned()),
            ("ResourceId", id.to_owned()),
        ]
    };
    let zone = |id: &str| vec![("HostedZoneId", id.to_owned())];
    let id = |id: &str| vec![("Id", id.to_owned())];
    match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["hostedzone"]) => run::<CreateHostedZone>(world, request, Vec::new()),
        ("GET", ["hostedzone", zone]) => run::<GetHostedZone>(world, request, id(zone)),
        ("POST", ["hostedzone", zone]) => run::<UpdateHostedZoneComment>(world, request, id(zone)),
        ("DELETE", ["hostedzone", zone]) => run::<DeleteHostedZone>(world, request, id(zone)),
        ("POST", ["hostedzone", id, "rrset"]) => {
            run::<ChangeResourceRecordSets>(world, request, zone(id))
        }
        ("GET", ["hostedzone", id, "rrset"]) => {
            run::<ListResourceRecordSets>(world, request, zone(id))
        }
        ("POST", ["hostedzone", id, "associatevpc"]) => {
            run::<AssociateVPCWithHostedZone>(world, request, zone(id))
        }
        ("POST", ["hostedzone", id, "disassociatevpc"]) => {
            run::<DisassociateVPCFromHostedZone>(world, request, zone(id))
        }
        ("GET", ["hostedzonesbyvpc"]) => run::<ListHostedZonesByVPC>(world, request, Vec::new()),
        ("GET", ["hostedzonesbyname"]) => run::<ListHostedZonesByName>(world, request, Vec::new()),
        ("GET", ["change", change]) => run::<GetChange>(world, request, id(change)),
        ("POST", ["tags", kind, id]) => {
            run::<ChangeTagsForResource>(world, request, tags(kind, id))
        }
        ("GET", ["tags", kind, id]) => run::<ListTagsForResource>(world, request, tags(kind, id)),
        (method, _) => Err(refuse_as(
            404,
            "UnknownOperationException",
            format!("{method} {} is not modelled", request.path),
        )),
    }
}

fn run<O: Operation + DeserializeOwned>(
    world: &mut World,
    request: &Request,
    of_path: Vec<(&str, String)>,
) -> Result<Written, Failure> {
    let operation = parameters(request, of_path).and_then(|parameters| {
        serde_json::from_value::<O>(parameters)
            .map_err(|error| refuse("InvalidInput", error.to_string()))
    });
    if let Err(failure) = &operation {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        world.note::<O>(Value::String(body), Some(failure));
    }
    let answer = serde_json::to_value(world.call(operation?)?).unwrap_or_default();
    let result = xml::write(&answer, member);
    let action = O::ACTION;
    // Only this one is answered with 201 and the place of what was made.
    let made = (action == "CreateHostedZone").then(|| {
        let id = answer["HostedZone"]["Id"].as_str().unwrap_or_default();
        format!("https://route53.amazonaws.com/2013-04-01{id}")
    });
    Ok(Written {
        status: if made.is_some() { 201 } else { 200 },
        headers: made.map(|url| ("Location", url)).into_iter().collect(),
        body: format!(
            "<?xml version=\"1.0\"?>\n<{action}Response xmlns=\"{NAMESPACE}\">{result}</{action}Response>"
        ),
    })
}

/// What the path, the query string and the body say, under one roof.
fn parameters(request: &Request, of_path: Vec<(&str, String)>) -> Result<Value, Failure> {
    let mut all = Map::new();
    if !request.body.is_empty() {
        let body = xml::read(&String::from_utf8_lossy(&request.body), &LISTS);
        match body {
            Some(Value::Object(fields)) => all.extend(fields),
            Some(_) | None => return Err(refuse_as(400, "MalformedInput", "Unexpected XML")),
        }
    }
    let of_query = form_urlencoded::parse(request.query.as_bytes()).into_owned();
    all.extend(of_query.map(|(name, value)| (name, Value::String(value))));
    let of_path = of_path
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value)));
    all.extend(of_path);
    Ok(Value::Object(all))
}

fn member(list: &str) -> &'static str {
    match list {
        "VPCs" => "VPC",
        "NameServers" => "NameServer",
        "HostedZones" => "HostedZone",
        "HostedZoneSummaries" => "HostedZoneSummary",
        "ResourceRecordSets" => "ResourceRecordSet",
        "ResourceRecords" => "ResourceRecord",
        "Tags" => "Tag",
        _ => "member",
    }
}
