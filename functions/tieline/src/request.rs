//! The request: what a caller puts on the bus, read into a type that cannot be wrong.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use serde_json::{Value, json};
use serde_tuple::Serialize_tuple;

use crate::deployment::Deployment;
use crate::ids::{Region, RequestId};
use crate::json::{Condition, Describer, Fields, Reader, canonical};
use crate::options::{self, Network, OnFailure, Policy, Verify};
use crate::outside::Tags;
use crate::ownership::{Owner, run_mark};
use crate::problem::{Problem, short};
use crate::targets::{ConnectedThrough, KindFacts, Target};

/// The `detail-type` of a request on the bus.
pub const REQUESTED: &str = "Private Connection Requested";

/// The `detail-type` of a change on the bus: the whole request as it shall be.
pub const CHANGE_REQUESTED: &str = "Private Connection Change Requested";

/// The largest request, in bytes of compact JSON. The largest sensible one (a whole policy and all
/// tags) has some 40,000; the state machine carries 262,144 bytes, plan and result included.
const MAX_BYTES: usize = 100_000;

/// A private connection, as requested.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The caller's name for it.
    pub request_id: RequestId,
    pub shape: Shape,
    /// Check and plan only.
    pub dry_run: bool,
    pub on_failure: OnFailure,
    pub verify: Verify,
    /// Whether what is there is to become what this asks for.
    pub changes: bool,
}

/// What shapes the connection: two requests of one id must agree in it.
///
/// A field that is added behind these has to be null when it is left out, so that the requests of before keep their
/// fingerprints.
#[derive(Debug, Clone, PartialEq, Serialize_tuple)]
pub struct Shape {
    /// The Region of the VPC and of this deployment.
    pub region: Region,
    pub target: Target,
    /// Where to connect from; none for targets that are connected elsewhere.
    pub network: Option<Network>,
    /// Whether the target's own names should resolve to the endpoint.
    pub private_dns: bool,
    pub policy: Policy,
    /// The caller's tags.
    pub tags: Tags,
    /// Whether an endpoint that is not ours may serve the request, unchanged.
    pub adopt: bool,
}

impl Request {
    /// Reads a whole event or its bare `detail`. Paths in problems start at the detail.
    ///
    /// # Errors
    ///
    /// Every problem of the text, each with its path.
    pub fn read(input: Value, here: &Region) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let size = input.to_string().len();
        if size > MAX_BYTES {
            let message = format!("the event has {size} bytes, at most {MAX_BYTES} are allowed");
            problems.push(Problem::at("$", message));
        }
        let changes = is_change(&input);
        let request = match detail(input) {
            Ok(detail) => {
                let (request, wrong) =
                    Reader::read("$", detail, |fields| Self::read_detail(fields, Some(here)));
                problems.extend(wrong);
                request
            }
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        match request {
            Some(request) if problems.is_empty() => Ok(Self { changes, ..request }),
            _ => Err(problems),
        }
    }

    /// The schema of the detail.
    pub(crate) fn schema() -> Value {
        Describer::describe("A private connection, as requested", |fields| {
            Self::read_detail(fields, None)
        })
    }

    fn read_detail<F: Fields>(fields: &mut F, here: Option<&Region>) -> Option<Self> {
        let request_id = fields.required(
            "requestId",
            "Your name for the connection; the same one again means the same connection",
        );
        let about = "The Region of the VPC and of the Tieline that is asked";
        let region = options::read_region(fields, about, here);
        let target = Target::read(fields);
        // A target that cannot be read is taken for one with an endpoint, as most are.
        let facts = target
            .as_ref()
            .map_or(&UNKNOWN_TARGET, |named| named.target.facts());
        let network = match facts.connected_through {
            ConnectedThrough::Elsewhere => {
                fields.field("network", false, Value::default);
                Some(None)
            }
            ConnectedThrough::Endpoint | ConnectedThrough::Vpc => {
                fields.object_if_there("network", "Where to connect from", Network::read)
            }
        };
        apply_kind_rules(fields, facts, "network");
        let private_dns = fields.flag_if_there(
            "privateDns",
            "Whether the target's own names should resolve to the endpoint; left out, they do wherever the target lets them",
        );
        let policy = match facts.connected_through {
            ConnectedThrough::Endpoint => Policy::read(fields, facts.restricted_policy),
            ConnectedThrough::Vpc | ConnectedThrough::Elsewhere => {
                fields.field("policy", false, Value::default);
                Some(Policy::Full)
            }
        };
        apply_kind_rules(fields, facts, "policy");
        let tags = options::read_tags(fields);
        let dry_run = fields.flag(
            "dryRun",
            false,
            "Check everything, write nothing, and have the plan as the result",
        );
        let adopt = fields.flag(
            "adopt",
            false,
            "Let an endpoint that is not Tieline's serve the request, unchanged",
        );
        let on_failure = OnFailure::read(fields);
        let verify = Verify::read(fields);
        let has_endpoint = facts.connected_through == ConnectedThrough::Endpoint;
        if verify == Some(Verify::Required) && !has_endpoint {
            let why = "this target has no endpoint that could be tried: leave verify out";
            fields.wrong("verify", why);
        }
        let is_usual = |network: &Network| network.addressing.is_usual();
        if !has_endpoint && !network.iter().flatten().all(is_usual) {
            let why = "this target has no endpoint whose addresses could be chosen: leave ipAddressType out";
            fields.wrong("network.ipAddressType", why);
        }
        declare_rules_of_targets(fields);
        // Left out, private DNS is on wherever the target lets it be.
        let possible = target.as_ref().is_none_or(|named| named.takes_private_dns);
        let private_dns = private_dns.unwrap_or(possible);
        if private_dns && !possible {
            let why =
                "with this target, the endpoint's private DNS stays off: leave privateDns out";
            fields.wrong("privateDns", why);
        }
        let target = target.map(|named| named.target);
        if let (Some(target), Some(Some(network))) = (&target, &network)
            && let Some((field, why)) = target.kind().clash(&network.vpc_id, private_dns)
        {
            fields.wrong(&format!("target.{field}"), why);
        }
        Some(Self {
            request_id: request_id?,
            shape: Shape {
                region: region?,
                target: target?,
                network: network?,
                private_dns,
                policy: policy?,
                tags,
                adopt,
            },
            dry_run,
            on_failure: on_failure?,
            verify: verify?,
            changes: false,
        })
    }

    /// What marks whatever is made for the request.
    pub fn owner(
        &self,
        deployment: &Deployment,
        account: &str,
        maker: &str,
        closer: &str,
    ) -> Owner {
        // A name for the console, unless the caller gives one.
        let mut tags = self.shape.tags.clone();
        tags.entry("Name".to_owned())
            .or_insert_with(|| Owner::name_of(&self.request_id));
        Owner {
            request_id: self.request_id.clone(),
            fingerprint: self.shape.fingerprint(),
            fingerprint_before: None,
            deployment: deployment.name.clone(),
            default_tags: deployment.tags.clone(),
            unnamed: false,
            execution: run_mark(maker),
            closer: run_mark(closer),
            goes_on_for: Vec::new(),
            zone: None,
            account: account.to_owned(),
            region: self.shape.region.clone(),
            tags,
            adopt: self.shape.adopt,
        }
    }
}

impl Shape {
    /// A short name for it.
    pub fn fingerprint(&self) -> String {
        let mut values = json!(self);
        if let Value::Array(values) = &mut values {
            while values.last().is_some_and(Value::is_null) {
                values.pop();
            }
        }
        canonical::digest(&[&canonical::text(&values)])[..16].to_owned()
    }
}

/// What is taken to be true of a target that cannot be read: nothing that would be a problem of its own.
const UNKNOWN_TARGET: KindFacts = KindFacts {
    about: "",
    connected_through: ConnectedThrough::Endpoint,
    restricted_policy: Some(|| json!({"Statement": []})),
    no_private_dns: None,
};

/// What kinds of targets mean for a field beside the target.
struct KindRule {
    holds_for: fn(&KindFacts) -> bool,
    field: &'static str,
    /// Whether it has to be there; otherwise it has to be left out.
    needed: bool,
    why: &'static str,
}

const KIND_RULES: [KindRule; 3] = [
    KindRule {
        holds_for: |facts| facts.connected_through == ConnectedThrough::Elsewhere,
        field: "network",
        needed: false,
        why: "this target has no end in a VPC of yours: leave network out",
    },
    KindRule {
        holds_for: |facts| facts.connected_through != ConnectedThrough::Elsewhere,
        field: "network",
        needed: true,
        why: "network is missing",
    },
    KindRule {
        holds_for: |facts| facts.connected_through != ConnectedThrough::Endpoint,
        field: "policy",
        needed: false,
        why: "this target makes no endpoint that a policy could be for: leave policy out",
    },
];

/// Holds a field beside a target against what the target's kind means for it.
fn apply_kind_rules<F: Fields>(fields: &mut F, facts: &KindFacts, field: &str) {
    for rule in KIND_RULES.iter().filter(|rule| rule.field == field) {
        if (rule.holds_for)(facts) && rule.needed != fields.holds(Condition::Has(rule.field)) {
            fields.wrong(rule.field, rule.why);
        }
        fields.rule(|| {
            let then = if rule.needed {
                json!({"required": [rule.field]})
            } else {
                json!({"properties": {rule.field: false}})
            };
            (is_target(kinds(rule.holds_for)), then)
        });
    }
}

/// What the reader learns from the target itself.
fn declare_rules_of_targets<F: Fields>(fields: &mut F) {
    let off = || json!({"properties": {"privateDns": {"const": false}}});
    let no_endpoint = |facts: &KindFacts| facts.connected_through != ConnectedThrough::Endpoint;
    fields.rule(|| (is_target(kinds(no_endpoint)), off()));
    fields.rule(|| {
        let then = json!({"properties": {"verify": {"not": {"const": "required"}}}});
        (is_target(kinds(no_endpoint)), then)
    });
    fields.rule(|| {
        let usual = json!({"properties": {"ipAddressType": {"const": "ipv4"}}});
        (
            is_target(kinds(no_endpoint)),
            json!({"properties": {"network": usual}}),
        )
    });
    fields.rule(|| {
        let unrestricted = kinds(|facts| facts.restricted_policy.is_none());
        let then = json!({"properties": {"policy": {"not": {"const": "restricted"}}}});
        (is_target(unrestricted), then)
    });
    for (kind, facts) in Target::KINDS.iter().zip(Target::FACTS) {
        if let Some(condition) = facts.no_private_dns {
            fields.rule(|| {
                let both = json!({"allOf": [one_of(&[kind]), condition.schema()]});
                (about_target(both), off())
            });
        }
    }
}

/// The kinds of which something is true.
fn kinds(holds: impl Fn(&KindFacts) -> bool) -> Vec<&'static str> {
    let all = Target::KINDS.iter().zip(Target::FACTS);
    all.filter(|(_, facts)| holds(facts))
        .map(|(kind, _)| *kind)
        .collect()
}

fn is_target(kinds: Vec<&'static str>) -> Value {
    about_target(one_of(&kinds))
}

fn one_of(kinds: &[&str]) -> Value {
    json!({"properties": {"kind": {"enum": kinds}}, "required": ["kind"]})
}

fn about_target(condition: Value) -> Value {
    json!({"properties": {"target": condition}, "required": ["target"]})
}

/// The request id that an input names, even if the rest of it is wrong.
pub fn request_id(input: &Value) -> Option<RequestId> {
    let detail = if is_event(input) {
        &input["detail"]
    } else {
        input
    };
    detail.get("requestId")?.as_str()?.parse().ok()
}

/// The id of the event that asked, if it was one.
pub fn event_id(input: &Value) -> Option<String> {
    let id = is_event(input).then(|| input["id"].as_str()).flatten()?;
    Some(short(id, 100))
}

/// Whether what started an execution asks for a change of what is there.
pub(crate) fn is_change(input: &Value) -> bool {
    input["detail-type"] == CHANGE_REQUESTED
}

/// Whether it only asks what would be done.
pub(crate) fn is_dry_run(input: &Value) -> bool {
    let detail = if is_event(input) {
        &input["detail"]
    } else {
        input
    };
    detail["dryRun"] == true
}

fn is_event(input: &Value) -> bool {
    input.get("detail-type").is_some() && input.get("detail").is_some()
}

fn detail(mut input: Value) -> Result<Value, Problem> {
    if !is_event(&input) {
        return Ok(input);
    }
    // Who starts an execution by hand need not make up who sent it.
    if let Value::Object(event) = &mut input {
        event.entry("source").or_insert_with(|| json!("by hand"));
    }
    match serde_json::from_value::<EventBridgeEvent<Value>>(input) {
        Ok(event) if [REQUESTED, CHANGE_REQUESTED].contains(&event.detail_type.as_str()) => {
            Ok(event.detail)
        }
        Ok(event) => {
            let found = event.detail_type;
            let message = format!(
                "expected detail-type {REQUESTED:?} or {CHANGE_REQUESTED:?}, found {found:?}"
            );
            Err(Problem::at("$", message))
        }
        Err(error) => {
            let message = format!("not an EventBridge event: {error}");
            Err(Problem::at("$", message))
        }
    }
}
