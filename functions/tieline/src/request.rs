//! The request: what a caller puts on the bus, read into a type that cannot be wrong.

use std::collections::BTreeMap;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical;
use crate::fields::{Fields, kind};
use crate::ids::{GroupId, Region, RequestId, SubnetId, VpcId};
use crate::problem::Problem;
use crate::targets::{ConnectedThrough, Target};

/// The `detail-type` of a request on the bus.
pub const REQUESTED: &str = "Private Connection Requested";

/// The largest request, in bytes of compact JSON. The largest sensible one (a whole policy and all
/// tags) has some 40,000; the state machine carries 262,144 bytes, plan and result included.
const MAX_BYTES: usize = 100_000;

/// The tags a caller may set: EC2 allows 50 a resource, the rest is for the requests that share the endpoint.
pub(crate) const MAX_TAGS: usize = 40;

/// EC2's limit for an endpoint policy, white space included.
const MAX_POLICY_CHARS: usize = 20_480;

/// A private connection, as asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The caller's name for it.
    pub request_id: RequestId,
    /// The Region of the VPC and of this deployment.
    pub region: Region,
    /// What to connect to.
    pub target: Target,
    /// Where to connect from; none for targets that are connected elsewhere.
    pub network: Option<Network>,
    /// Whether the target's own names shall lead to the endpoint.
    pub private_dns: bool,
    /// What may be done through the endpoint.
    pub policy: Policy,
    /// The caller's tags.
    pub tags: BTreeMap<String, String>,
    /// Check and plan only.
    pub dry_run: bool,
    /// Whether an endpoint that is not ours may serve the request, unchanged.
    pub adopt: bool,
    /// What to do with what was made when the request fails.
    pub on_failure: OnFailure,
}

/// Where to connect from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// The VPC.
    pub vpc_id: VpcId,
    /// The subnets; left out, one in every zone that the service has.
    pub subnet_ids: Option<Vec<SubnetId>>,
    /// The security groups; left out, a group of our own that opens the target's port to the VPC.
    pub security_group_ids: Option<Vec<GroupId>>,
}

/// What may be done through the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Everything that the caller's credentials allow.
    Full,
    /// A policy document, as canonical JSON.
    Document(String),
}

impl Policy {
    /// The document to send; none means full access.
    pub fn document(&self) -> Option<&str> {
        match self {
            Self::Full => None,
            Self::Document(text) => Some(text),
        }
    }
}

/// What to do with what was made when the request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// Remove it.
    RollBack,
    /// Leave it for a person to look at.
    Keep,
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
        let detail = detail(input, &mut problems);
        let request = detail.and_then(|detail| Self::read_detail(detail, here, &mut problems));
        match request {
            Some(request) if problems.is_empty() => Ok(request),
            _ => Err(problems),
        }
    }

    fn read_detail(detail: Value, here: &Region, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut fields = Fields::open("$", detail, problems)?;
        let request_id = fields.required("requestId");
        let region = fields.required::<Region>("region");
        if region.as_ref().is_some_and(|region| region != here) {
            fields.wrong(
                "region",
                format!("this Tieline serves {here}: send the event to one in that Region"),
            );
        }
        let target = fields.object("target").and_then(Target::read);
        let way = target
            .as_ref()
            .map_or(ConnectedThrough::Endpoint, |target| {
                target.kind().connected_through()
            });
        let network = if way == ConnectedThrough::Elsewhere {
            refuse(
                &mut fields,
                "network",
                "this target has no end in a VPC of yours",
            );
            None
        } else {
            Some(fields.object("network").and_then(Network::read))
        };
        let private_dns = read_private_dns(&mut fields, target.as_ref());
        if let (Some(target), Some(Some(network))) = (&target, &network)
            && let Some((field, why)) = target.kind().clash(&network.vpc_id, private_dns)
        {
            fields.wrong(&format!("target.{field}"), why);
        }
        let policy = if way == ConnectedThrough::Endpoint {
            read_policy(&mut fields, target.as_ref())
        } else {
            refuse(
                &mut fields,
                "policy",
                "this target makes no endpoint that a policy could be for",
            );
            Some(Policy::Full)
        };
        let tags = read_tags(&mut fields);
        let dry_run = fields.flag("dryRun", false);
        let adopt = fields.flag("adopt", false);
        let on_failure = read_on_failure(&mut fields);
        fields.finish();
        Some(Self {
            request_id: request_id?,
            region: region?,
            target: target?,
            network: match network {
                Some(network) => Some(network?),
                None => None,
            },
            private_dns,
            policy: policy?,
            tags,
            dry_run,
            adopt,
            on_failure: on_failure?,
        })
    }

    /// A short name for everything that shapes the connection. Two requests of one id must agree in it.
    pub fn fingerprint(&self) -> String {
        let shape = serde_json::json!([
            self.region,
            self.target,
            self.network,
            self.private_dns,
            self.policy,
            self.tags,
            self.adopt
        ]);
        canonical::digest(&[&canonical::text(&shape)])[..16].to_owned()
    }
}

impl Network {
    fn read(mut fields: Fields<'_>) -> Option<Self> {
        let vpc_id = fields.required("vpcId");
        let subnet_ids = sorted(fields.list("subnetIds"));
        let security_group_ids = sorted(fields.list("securityGroupIds"));
        fields.finish();
        Some(Self {
            vpc_id: vpc_id?,
            subnet_ids,
            security_group_ids,
        })
    }
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

fn is_event(input: &Value) -> bool {
    input.get("detail-type").is_some() && input.get("detail").is_some()
}

fn detail(input: Value, problems: &mut Vec<Problem>) -> Option<Value> {
    if !is_event(&input) {
        return Some(input);
    }
    match serde_json::from_value::<EventBridgeEvent<Value>>(input) {
        Ok(event) if event.detail_type == REQUESTED => Some(event.detail),
        Ok(event) => {
            let message = format!(
                "expected detail-type {REQUESTED:?}, found {:?}",
                event.detail_type
            );
            problems.push(Problem::at("$", message));
            None
        }
        Err(error) => {
            problems.push(Problem::at(
                "$",
                format!("not an EventBridge event: {error}"),
            ));
            None
        }
    }
}

/// The order of subnets and groups means nothing; sorted, the same request is the same text.
fn sorted<T: Ord>(list: Option<Vec<T>>) -> Option<Vec<T>> {
    list.map(|mut list| {
        list.sort();
        list
    })
}

/// Refuses a field that means nothing for the target.
fn refuse(fields: &mut Fields<'_>, name: &'static str, why: &str) {
    if fields.take(name).is_some() {
        fields.wrong(name, format!("{why}: leave {name} out"));
    }
}

/// Left out, private DNS is on wherever the target lets it be.
fn read_private_dns(fields: &mut Fields<'_>, target: Option<&Target>) -> bool {
    let possible = target.is_none_or(|target| target.kind().takes_private_dns());
    let wanted = fields.flag("privateDns", possible);
    if wanted && !possible {
        let why = "with this target, the endpoint's private DNS stays off: leave privateDns out";
        fields.wrong("privateDns", why);
    }
    wanted
}

fn read_on_failure(fields: &mut Fields<'_>) -> Option<OnFailure> {
    match fields.take("onFailure") {
        None => Some(OnFailure::RollBack),
        Some(value) => match value.as_str() {
            Some("roll-back") => Some(OnFailure::RollBack),
            Some("keep") => Some(OnFailure::Keep),
            _ => {
                fields.wrong("onFailure", "expected \"roll-back\" or \"keep\"");
                None
            }
        },
    }
}

fn read_policy(fields: &mut Fields<'_>, target: Option<&Target>) -> Option<Policy> {
    let document = match fields.take("policy") {
        None => return Some(Policy::Full),
        Some(Value::String(word)) if word == "full" => return Some(Policy::Full),
        Some(Value::String(word)) if word == "restricted" => {
            let restricted = target?.kind().restricted_policy();
            if restricted.is_none() {
                fields.wrong(
                    "policy",
                    "this target has no restricted policy of its own: write one as a JSON object",
                );
            }
            restricted?
        }
        Some(Value::String(text)) => match serde_json::from_str(&text) {
            Ok(document) => document,
            Err(_) => {
                fields.wrong(
                    "policy",
                    "expected \"full\", \"restricted\" or a policy document in JSON",
                );
                return None;
            }
        },
        Some(document) => document,
    };
    if !document
        .get("Statement")
        .is_some_and(|statement| statement.is_array() || statement.is_object())
    {
        let found = kind(&document);
        fields.wrong(
            "policy",
            format!("expected a policy document with a Statement, found {found} without one"),
        );
        return None;
    }
    let text = canonical::text(&document);
    let size = text.chars().count();
    if size > MAX_POLICY_CHARS {
        fields.wrong(
            "policy",
            format!("the policy has {size} characters, EC2 takes at most {MAX_POLICY_CHARS}"),
        );
        return None;
    }
    Some(Policy::Document(text))
}

fn read_tags(fields: &mut Fields<'_>) -> BTreeMap<String, String> {
    let tags = fields.texts("tags");
    if tags.len() > MAX_TAGS {
        fields.wrong(
            "tags",
            format!("{} tags, at most {MAX_TAGS} are allowed", tags.len()),
        );
    }
    for (key, value) in &tags {
        if let Some(message) = tag_problem(key, value) {
            let short: String = key.chars().take(40).collect();
            fields.wrong(&format!("tags[{short:?}]"), message);
        }
    }
    tags
}

/// EC2's rules for tags, and ours: what starts with `tieline:` is how Tieline knows its own.
fn tag_problem(key: &str, value: &str) -> Option<&'static str> {
    let plain = |text: &str| {
        text.chars()
            .all(|c| c.is_alphanumeric() || " +-=._:/@".contains(c))
    };
    if key.is_empty() || key.chars().count() > 128 {
        Some("a tag key has 1 to 128 characters")
    } else if value.chars().count() > 256 {
        Some("a tag value has at most 256 characters")
    } else if !plain(key) || !plain(value) {
        Some("tags are made of letters, digits, spaces and + - = . _ : / @")
    } else if key.to_lowercase().starts_with("aws:") || key.starts_with("tieline:") {
        Some("keys that start with aws: or tieline: are reserved")
    } else {
        None
    }
}
