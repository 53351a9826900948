//! AWS Identity and Access Management, as far as the role `dms-vpc-role` needs it.
//!
//! Sources: the service model of botocore, version 2010-05-08; IAM user guide.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::{self, Moment};
use crate::failure::{refuse, refuse_as};
use crate::{Failure, Operation, Service};

use super::{ACCOUNT, Model};

/// The managed policies that exist here; a path such as `service-role/` belongs to the name.
const MANAGED: [&str; 4] = [
    "service-role/AmazonDMSVPCManagementRole",
    "service-role/AmazonDMSCloudWatchLogsRole",
    "AdministratorAccess",
    "SecretsManagerReadWrite",
];
const POLICIES: &str = "arn:aws:iam::aws:policy/";

/// A role.
#[derive(Debug, Clone)]
pub struct Role {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) trust: String,
    pub(crate) description: Option<String>,
    pub(crate) max_session: u32,
    pub(crate) policies: Vec<String>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) created: Moment,
    /// From when on other services see it as it is.
    pub(crate) counts_from: Moment,
}

impl Role {
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::{ACCOUNT}:role{}{}", self.path, self.name)
    }

    /// Whether this service may assume it.
    pub(crate) fn trusts(&self, principal: &str) -> bool {
        let trust: Value = serde_json::from_str(&self.trust).unwrap_or_default();
        let statements = one_or_many(&trust["Statement"]);
        statements.iter().any(|statement| {
            statement["Effect"] == "Allow"
                && one_or_many(&statement["Principal"]["Service"])
                    .iter()
                    .any(|service| *service == principal)
        })
    }

    /// Whether this managed policy is attached to it.
    pub(crate) fn has(&self, policy: &str) -> bool {
        self.policies
            .iter()
            .any(|arn| arn.strip_prefix(POLICIES) == Some(policy))
    }

    fn detail(&self) -> RoleDetail {
        RoleDetail {
            path: self.path.clone(),
            role_name: self.name.clone(),
            role_id: self.id.clone(),
            arn: self.arn(),
            create_date: clock::iso8601(self.created),
            // IAM API reference, `Role`: URL-encoded compliant with RFC 3986.
            assume_role_policy_document: percent_encoded(&self.trust),
            description: self.description.clone(),
            max_session_duration: self.max_session,
            tags: self.tags.clone(),
        }
    }
}

/// A policy may have one thing where it may have several.
fn one_or_many(value: &Value) -> Vec<&Value> {
    value
        .as_array()
        .map_or_else(|| vec![value], |items| items.iter().collect())
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// A tag of a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Tag {
    /// The tag's key.
    pub key: String,
    /// The tag's value.
    pub value: String,
}

/// A role as IAM describes it (there: `Role`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleDetail {
    /// Its path.
    pub path: String,
    /// Its name.
    pub role_name: String,
    /// Its id.
    pub role_id: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub create_date: String,
    /// Who may assume it, URL-encoded.
    pub assume_role_policy_document: String,
    /// What it is for.
    pub description: Option<String>,
    /// How long a session lasts at most, in seconds.
    pub max_session_duration: u32,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// Asks for a role.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct GetRole {
    /// Its name.
    pub role_name: String,
}

/// A role.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleAnswer {
    /// The role.
    pub role: RoleDetail,
}

/// Makes a role.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CreateRole {
    /// Its name.
    pub role_name: String,
    /// Its path; absent means `/`.
    pub path: Option<String>,
    /// Who may assume it.
    pub assume_role_policy_document: String,
    /// What it is for.
    pub description: Option<String>,
    /// How long a session lasts at most, in seconds.
    pub max_session_duration: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// Attaches a managed policy to a role.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct AttachRolePolicy {
    /// The role's name.
    pub role_name: String,
    /// The policy's ARN.
    pub policy_arn: String,
}

/// The answer of an operation that only says that it was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Nothing {}

/// Lists the managed policies that are attached to a role.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ListAttachedRolePolicies {
    /// The role's name.
    pub role_name: String,
    /// Only those below this path.
    pub path_prefix: Option<String>,
    /// How many at most; all fit on one page here.
    pub max_items: Option<String>,
}

/// The managed policies that are attached to a role.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAttachedRolePoliciesAnswer {
    /// The policies.
    pub attached_policies: Vec<AttachedPolicy>,
    /// Whether there are more.
    pub is_truncated: bool,
}

/// A managed policy that is attached to a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedPolicy {
    /// Its name, without its path.
    pub policy_name: String,
    /// Its ARN.
    pub policy_arn: String,
}

impl Operation for GetRole {
    type Answer = RoleAnswer;
    const SERVICE: Service = Service::Iam;
    const ACTION: &'static str = "GetRole";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<RoleAnswer, Failure> {
        let role = model.role(&self.role_name)?.detail();
        Ok(RoleAnswer { role })
    }
}

impl Operation for CreateRole {
    type Answer = RoleAnswer;
    const SERVICE: Service = Service::Iam;
    const ACTION: &'static str = "CreateRole";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<RoleAnswer, Failure> {
        if model.roles.contains_key(&self.role_name) {
            let message = format!("Role with name {} already exists.", self.role_name);
            return Err(refuse_as(409, "EntityAlreadyExists", message));
        }
        self.check()?;
        let max_session = self
            .max_session_duration
            .and_then(|text| text.parse().ok())
            .unwrap_or(3600);
        let role = Role {
            id: format!("AROA{}", model.ids.code(17)),
            path: self.path.unwrap_or_else(|| "/".to_owned()),
            trust: self.assume_role_policy_document,
            description: self.description,
            max_session,
            policies: Vec::new(),
            tags: self.tags,
            created: model.now,
            counts_from: clock::after(model.now, model.timing.role_spreads),
            name: self.role_name,
        };
        let detail = role.detail();
        model.roles.insert(role.name.clone(), role);
        Ok(RoleAnswer { role: detail })
    }
}

impl CreateRole {
    /// IAM API reference, `CreateRole`: 1 to 64 letters, digits and `_+=,.@-`. The messages are not
    /// verified.
    fn check(&self) -> Result<(), Failure> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        let name = &self.role_name;
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_allowed) {
            let message = "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-";
            return Err(refuse("ValidationError", message));
        }
        let trust: Option<Value> = serde_json::from_str(&self.assume_role_policy_document).ok();
        if trust.is_none_or(|trust| trust["Statement"].is_null()) {
            let message = "This policy contains invalid Json";
            return Err(refuse("MalformedPolicyDocument", message));
        }
        Ok(())
    }
}

impl Operation for AttachRolePolicy {
    type Answer = Nothing;
    const SERVICE: Service = Service::Iam;
    const ACTION: &'static str = "AttachRolePolicy";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<Nothing, Failure> {
        model.role(&self.role_name)?;
        let name = self.policy_arn.strip_prefix(POLICIES);
        if !name.is_some_and(|name| MANAGED.contains(&name)) {
            let message = format!(
                "Policy {} does not exist or is not attachable.",
                self.policy_arn
            );
            return Err(refuse_as(404, "NoSuchEntity", message));
        }
        let counts_from = clock::after(model.now, model.timing.role_spreads);
        if let Some(role) = model.roles.get_mut(&self.role_name)
            && !role.policies.contains(&self.policy_arn)
        {
            role.policies.push(self.policy_arn);
            role.counts_from = counts_from;
        }
        Ok(Nothing {})
    }
}

impl Operation for ListAttachedRolePolicies {
    type Answer = ListAttachedRolePoliciesAnswer;
    const SERVICE: Service = Service::Iam;
    const ACTION: &'static str = "ListAttachedRolePolicies";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<ListAttachedRolePoliciesAnswer, Failure> {
        let policy = |arn: &String| AttachedPolicy {
            policy_name: arn.rsplit('/').next().unwrap_or_default().to_owned(),
            policy_arn: arn.clone(),
        };
        let prefix = self.path_prefix.unwrap_or_else(|| "/".to_owned());
        let is_below = |arn: &&String| arn.contains(&format!(":policy{prefix}"));
        let policies = &model.role(&self.role_name)?.policies;
        Ok(ListAttachedRolePoliciesAnswer {
            attached_policies: policies.iter().filter(is_below).map(policy).collect(),
            is_truncated: false,
        })
    }
}

impl Model {
    fn role(&self, name: &str) -> Result<&Role, Failure> {
        self.roles.get(name).ok_or_else(|| {
            let message = format!("The role with name {name} cannot be found.");
            refuse_as(404, "NoSuchEntity", message)
        })
    }
}
