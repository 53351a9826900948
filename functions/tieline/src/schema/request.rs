//! The schema of a request's detail: the fields of [`crate::request`], and a definition for each kind of target.

use serde_json::{Map, Value, json};

use super::{
    EventSchema, Object, TargetSchema, event, flag, has, name, names, when, without, word,
};
use crate::ids::{GroupId, Region, RequestId, SubnetId, VpcId};
use crate::request::{MAX_TAGS, REQUESTED};
use crate::targets::{ConnectedThrough, Target};

/// The schema of a request.
pub(super) fn schema() -> EventSchema {
    let targets = Target::schemas();
    let detail = Object::closed("A private connection, as asked for")
        .required("requestId", name::<RequestId>("Your name for the connection; the same one again means the same connection"))
        .required("region", name::<Region>("The Region of the VPC and of the Tieline that is asked"))
        .required("target", target(&targets))
        .optional("network", network())
        .optional(
            "privateDns",
            json!({
                "description": "Whether the target's own names shall lead to the endpoint; left out, they do wherever the target lets them",
                "type": "boolean",
            }),
        )
        .optional("policy", policy())
        .optional("tags", tags())
        .optional("dryRun", flag(false, "Check everything, write nothing, and have the plan as the result"))
        .optional("adopt", flag(false, "Let an endpoint that is not Tieline's serve the request, unchanged"))
        .optional("onFailure", word(&["roll-back", "keep"], "What to do with what was made when the request fails"));
    let mut schema = event("request.v1.json", REQUESTED, rules(detail, &targets));
    let kinds = targets.into_iter();
    let definitions: Map<String, Value> = kinds
        .map(|(kind, target)| (kind.to_owned(), definition(kind, target)))
        .collect();
    schema.schema["$defs"] = Value::Object(definitions);
    schema
}

type Targets = [(&'static str, TargetSchema)];

/// The target: its kind decides on the rest. A chain of conditions has validators complain of the kind that is meant,
/// where `oneOf` has them complain of all.
fn target(targets: &Targets) -> Value {
    let kinds = kinds(targets, |_| true);
    let cases: Vec<Value> = targets
        .iter()
        .map(|(kind, _)| {
            json!({
                "if": when("kind", kind),
                "then": {"$ref": format!("#/$defs/{kind}")},
            })
        })
        .collect();
    json!({
        "description": "What to connect to",
        "type": "object",
        "properties": {"kind": {"description": "The kind of target", "enum": kinds}},
        "required": ["kind"],
        "allOf": cases,
    })
}

fn definition(kind: &str, target: TargetSchema) -> Value {
    let kind = json!({"description": "The kind of target", "const": kind});
    target.fields.required("kind", kind).build()
}

fn network() -> Value {
    Object::closed("Where to connect from")
        .required("vpcId", name::<VpcId>("The VPC"))
        .optional("subnetIds", names::<SubnetId>("The subnets, at most one a zone; left out, one in every zone that the service has"))
        .optional(
            "securityGroupIds",
            names::<GroupId>("The security groups; left out, a group of Tieline's own that opens the target's port to the VPC"),
        )
        .build()
}

/// What only the parser knows of it: that a text is JSON with a statement, and EC2's limit of length.
fn policy() -> Value {
    json!({
        "description": "What may be done through the endpoint: everything, the restricted policy that the target knows, or a policy document of your own \
                        (at most 20,480 characters)",
        "default": "full",
        "anyOf": [
            {"enum": ["full", "restricted"]},
            {
                "description": "A policy document",
                "type": "object",
                "properties": {"Statement": {"type": ["array", "object"]}},
                "required": ["Statement"],
            },
            {
                "description": "A policy document as a text",
                "type": "string",
                "pattern": "^[ \\t\\r\\n]*\\{",
                "contentMediaType": "application/json",
            },
        ],
    })
}

/// What only the parser knows of them: of which characters they are made. Patterns that name all letters of Unicode are
/// not the same in every validator.
fn tags() -> Value {
    json!({
        "description": "Your tags for what is made; letters, digits, spaces and + - = . _ : / @",
        "type": "object",
        "maxProperties": MAX_TAGS,
        "propertyNames": {"minLength": 1, "maxLength": 128, "not": {"pattern": "^([Aa][Ww][Ss]:|tieline:)"}},
        "additionalProperties": {"type": "string", "maxLength": 256},
    })
}

/// What a target's kind means for the fields beside it.
fn rules(detail: Object, targets: &Targets) -> Object {
    let elsewhere = kinds(targets, |target| target.way == ConnectedThrough::Elsewhere);
    let in_a_vpc = kinds(targets, |target| target.way != ConnectedThrough::Elsewhere);
    let no_endpoint = kinds(targets, |target| target.way != ConnectedThrough::Endpoint);
    let unrestricted = kinds(targets, |target| !target.restricted_policy);
    let off = json!({"properties": {"privateDns": {"const": false}}});
    let mut detail = detail
        .rule(about_target(one_of(&elsewhere)), without(&["network"]))
        .rule(about_target(one_of(&in_a_vpc)), has("network"))
        .rule(about_target(one_of(&no_endpoint)), without(&["policy"]))
        .rule(about_target(one_of(&no_endpoint)), off.clone())
        .rule(
            about_target(one_of(&unrestricted)),
            json!({"properties": {"policy": {"not": {"const": "restricted"}}}}),
        );
    for (kind, target) in targets {
        if let Some(condition) = &target.no_private_dns {
            let both = json!({"allOf": [one_of(&[kind]), condition]});
            detail = detail.rule(about_target(both), off.clone());
        }
    }
    detail
}

fn kinds(targets: &Targets, which: impl Fn(&TargetSchema) -> bool) -> Vec<&'static str> {
    let wanted = targets.iter().filter(|(_, target)| which(target));
    wanted.map(|(kind, _)| *kind).collect()
}

fn one_of(kinds: &[&str]) -> Value {
    json!({"properties": {"kind": {"enum": kinds}}, "required": ["kind"]})
}

fn about_target(condition: Value) -> Value {
    json!({"properties": {"target": condition}, "required": ["target"]})
}
