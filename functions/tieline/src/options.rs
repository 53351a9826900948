//! What a caller may choose about a connection, whatever its target is.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ids::{Addressing, DnsRecordIpType, GroupId, IpAddressType, Region, SubnetId, VpcId};
use crate::json::{Condition, Fields, canonical, kind_of};
use crate::outside::Tags;

/// The tags a caller may set: EC2 allows 50 a resource, the rest is for the requests that share the endpoint.
const MAX_TAGS: usize = 40;

/// EC2's limit for an endpoint policy, white space included.
const MAX_POLICY_CHARS: usize = 20_480;

/// Where to connect from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    pub vpc_id: VpcId,
    /// Left out, one in every availability zone that the service has.
    pub subnet_ids: Option<Vec<SubnetId>>,
    /// Left out, a group of our own that opens the target's port to the VPC.
    pub security_group_ids: Option<Vec<GroupId>>,
    /// Left out, IPv4.
    #[serde(skip_serializing_if = "Addressing::is_usual")]
    pub addressing: Addressing,
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

/// What to do with what was made when the request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    RollBack,
    /// Leave it for a person to look at.
    Keep,
}

/// Whether the connection is tried from within its VPC before it is called ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// Where the deployment has a verifier in the VPC.
    IfPossible,
    /// Without a verifier, or without its proof, the request fails.
    Required,
    Skip,
}

impl Network {
    pub(crate) fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let vpc_id = fields.required("vpcId", "The VPC");
        let subnet_ids = fields.names(
            "subnetIds",
            "The subnets, at most one a zone; left out, one in every zone that the service has",
        );
        let security_group_ids = fields.names(
            "securityGroupIds",
            "The security groups; left out, a group of Tieline's own that opens the target's port to the VPC",
        );
        let addressing = read_addressing(fields);
        Some(Self {
            vpc_id: vpc_id?,
            subnet_ids,
            security_group_ids,
            addressing: addressing?,
        })
    }
}

fn read_addressing<F: Fields>(fields: &mut F) -> Option<Addressing> {
    let words = IpAddressType::ALL.map(|(word, _)| word);
    let addresses = fields.word(
        "ipAddressType",
        &words,
        "Which addresses the endpoint has; the service and the subnets have to have them",
    );
    let words = DnsRecordIpType::ALL.map(|(word, _)| word);
    let records = fields.word_or(
        "dnsRecordIpType",
        &words,
        "",
        "For which addresses of a dual-stack endpoint names have records (service-defined: A, and AAAA of its own names only); left out, for both",
    );
    fields.refuses(
        Condition::IsNot("ipAddressType", "dualstack"),
        &["dnsRecordIpType"],
        "only a dual-stack endpoint has a choice of records: leave dnsRecordIpType out, or send \"ipAddressType\": \"dualstack\"",
    );
    let records = find(&DnsRecordIpType::ALL, records?);
    let ip_address_type = find(&IpAddressType::ALL, addresses?)?;
    Some(Addressing {
        ip_address_type,
        dns_record_ip_type: records.unwrap_or(DnsRecordIpType::of(ip_address_type)),
    })
}

fn find<T: Copy>(all: &[(&str, T)], word: &str) -> Option<T> {
    let mut all = all.iter();
    all.find(|(one, _)| *one == word).map(|(_, one)| *one)
}

impl Policy {
    /// The document to send; none means full access.
    pub fn document(&self) -> Option<&str> {
        match self {
            Self::Full => None,
            Self::Document(text) => Some(text),
        }
    }

    /// `restricted` is what that word stands for with the request's target, if it stands for anything.
    pub(crate) fn read<F: Fields>(
        fields: &mut F,
        restricted: Option<fn() -> Value>,
    ) -> Option<Self> {
        let document = match fields.field("policy", false, Self::schema) {
            None => return Some(Self::Full),
            Some(Value::String(word)) if word == "full" => return Some(Self::Full),
            Some(Value::String(word)) if word == "restricted" => match restricted {
                Some(document) => document(),
                None => {
                    fields.wrong(
                        "policy",
                        "this target has no restricted policy of its own: write one as a JSON object",
                    );
                    return None;
                }
            },
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
            let found = kind_of(&document);
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
        Some(Self::Document(text))
    }

    /// What only the reader knows of it: that a text is JSON with a statement, and EC2's limit of length.
    fn schema() -> Value {
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
}

impl OnFailure {
    pub(crate) fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let about = "What to do with what was made when the request fails";
        match fields.word("onFailure", &["roll-back", "keep"], about)? {
            "keep" => Some(Self::Keep),
            _ => Some(Self::RollBack),
        }
    }
}

impl Verify {
    pub(crate) fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let about = "Whether the connection is tried from within the VPC before it is called ready: where the deployment has a verifier there, or else not \
                     made at all, or not tried";
        let word = fields.word("verify", &["if-possible", "required", "skip"], about)?;
        Some(match word {
            "required" => Self::Required,
            "skip" => Self::Skip,
            _ => Self::IfPossible,
        })
    }
}

/// The Region of a request, or of a question about one. `here` is the Region of the deployment; the contract is the same in every
/// Region.
pub(crate) fn read_region<F: Fields>(
    fields: &mut F,
    about: &str,
    here: Option<&Region>,
) -> Option<Region> {
    let region: Option<Region> = fields.required("region", about);
    if let (Some(region), Some(here)) = (&region, here)
        && region != here
    {
        let message = format!("this Tieline serves {here}: send the event to one in that Region");
        fields.wrong("region", message);
    }
    region
}

/// The caller's tags.
pub(crate) fn read_tags<F: Fields>(fields: &mut F) -> Tags {
    let entries = match fields.field("tags", false, tags_schema) {
        None => return Tags::new(),
        Some(Value::Object(entries)) => entries,
        Some(other) => {
            let found = kind_of(&other);
            fields.wrong(
                "tags",
                format!("expected an object of texts, found {found}"),
            );
            return Tags::new();
        }
    };
    if entries.len() > MAX_TAGS {
        let message = format!("{} tags, at most {MAX_TAGS} are allowed", entries.len());
        fields.wrong("tags", message);
    }
    let mut tags = Tags::new();
    for (key, value) in entries {
        let short: String = key.chars().take(40).collect();
        let at = format!("tags[{short:?}]");
        let Some(text) = value.as_str() else {
            let found = kind_of(&value);
            fields.wrong(&at, format!("expected a text, found {found}"));
            continue;
        };
        if let Some(message) = tag_problem(&key, text) {
            fields.wrong(&at, message);
        }
        tags.insert(key, text.to_owned());
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

/// What only the reader knows of them: of which characters they are made. Patterns that name all letters of Unicode are
/// not the same in every validator.
fn tags_schema() -> Value {
    json!({
        "description": "Your tags for what is made; letters, digits, spaces and + - = . _ : / @",
        "type": "object",
        "maxProperties": MAX_TAGS,
        "propertyNames": {"minLength": 1, "maxLength": 128, "not": {"pattern": "^([Aa][Ww][Ss]:|tieline:)"}},
        "additionalProperties": {"type": "string", "maxLength": 256},
    })
}
