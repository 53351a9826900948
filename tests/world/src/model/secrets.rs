//! AWS Secrets Manager: secrets with one version each.
//!
//! Sources: the service model of botocore, version 2017-10-17; Secrets Manager user guide. The
//! messages are those that users of the service report.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::failure::refuse;
use crate::{Failure, Operation, Service, World};

use super::{ACCOUNT, Model, REGION};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A secret.
#[derive(Clone)]
pub struct Secret {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) value: String,
    pub(crate) description: Option<String>,
    pub(crate) version: String,
    pub(crate) tags: Vec<Tag>,
    /// Whether it is under a KMS key that nobody here may use.
    pub(crate) under_own_key: bool,
    pub(crate) created: Moment,
    /// When it was marked for deletion, and when it will be gone.
    pub(crate) deletion: Option<(Moment, Moment)>,
}

/// Without its value, so that no debug output gives it away.
impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Secret")
            .field("name", &self.name)
            .field("deletion", &self.deletion)
            .finish_non_exhaustive()
    }
}

impl Secret {
    fn exists(&self, now: Moment) -> bool {
        self.deletion.is_none_or(|(_, gone)| now < gone)
    }

    /// Secrets Manager user guide, "Find secrets": a name, an ARN, or an ARN without the hyphen and
    /// the six characters at its end.
    fn is_meant(&self, id: &str) -> bool {
        let stem = self.arn.len() - "-XXXXXX".len();
        id == self.name || id == self.arn || id == &self.arn[..stem]
    }
}

/// A tag of a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Tag {
    /// The tag's key.
    pub key: String,
    /// The tag's value.
    pub value: String,
}

/// Asks for a secret's value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetSecretValue {
    /// Its name or ARN.
    pub secret_id: String,
    /// Which version, by id.
    pub version_id: Option<String>,
    /// Which version, by label.
    pub version_stage: Option<String>,
}

/// A secret's value.
#[derive(Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSecretValueAnswer {
    /// Its ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The version's id.
    pub version_id: String,
    /// The value.
    pub secret_string: String,
    /// The version's labels.
    pub version_stages: Vec<String>,
    /// When the version was made.
    pub created_date: f64,
}

/// Without the value, so that no debug output gives it away.
impl fmt::Debug for GetSecretValueAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GetSecretValueAnswer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Asks what is known about a secret.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeSecret {
    /// Its name or ARN.
    pub secret_id: String,
}

/// What is known about a secret.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecretAnswer {
    /// Its ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it was made.
    pub created_date: f64,
    /// When it was marked for deletion.
    pub deleted_date: Option<f64>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The labels of its versions.
    pub version_ids_to_stages: BTreeMap<String, Vec<String>>,
}

/// Makes a secret.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateSecret {
    /// Its name.
    pub name: String,
    /// The id of its first version, which makes a repeat harmless.
    pub client_request_token: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Its value.
    pub secret_string: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// Without the value, so that no debug output gives it away.
impl fmt::Debug for CreateSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CreateSecret")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The new secret.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSecretAnswer {
    /// Its ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The id of its first version.
    pub version_id: String,
}

/// Deletes a secret, with time to think better of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteSecret {
    /// Its name or ARN.
    pub secret_id: String,
    /// How many days there are to think better of it: 7 to 30; absent means 30.
    pub recovery_window_in_days: Option<u32>,
    /// Whether it is to go at once.
    pub force_delete_without_recovery: Option<bool>,
}

/// What becomes of a deleted secret.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSecretAnswer {
    /// Its ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Its name.
    pub name: String,
    /// When it will be gone.
    pub deletion_date: f64,
}

impl Operation for GetSecretValue {
    type Answer = GetSecretValueAnswer;
    const SERVICE: Service = Service::SecretsManager;
    const ACTION: &'static str = "GetSecretValue";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<GetSecretValueAnswer, Failure> {
        let secret = model.secret(&self.secret_id)?;
        check_not_marked(secret)?;
        self.check_version(secret)?;
        if secret.under_own_key {
            // Observed: kubernetes-external-secrets #838.
            let message = "Access to KMS is not allowed";
            return Err(refuse("AccessDeniedException", message));
        }
        Ok(GetSecretValueAnswer {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            version_id: secret.version.clone(),
            secret_string: secret.value.clone(),
            version_stages: current(),
            created_date: clock::seconds(secret.created),
        })
    }
}

impl GetSecretValue {
    fn check_version(&self, secret: &Secret) -> Result<(), Failure> {
        let not_found = |what: &str, which: &str| {
            let message = format!(
                "Secrets Manager can't find the specified secret value for {what}: {which}"
            );
            Err(refuse("ResourceNotFoundException", message))
        };
        match (&self.version_id, &self.version_stage) {
            (Some(id), _) if *id != secret.version => not_found("VersionId", id),
            (_, Some(stage)) if stage != "AWSCURRENT" => not_found("staging label", stage),
            _ => Ok(()),
        }
    }
}

impl Operation for DescribeSecret {
    type Answer = DescribeSecretAnswer;
    const SERVICE: Service = Service::SecretsManager;
    const ACTION: &'static str = "DescribeSecret";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<DescribeSecretAnswer, Failure> {
        let secret = model.secret(&self.secret_id)?;
        Ok(DescribeSecretAnswer {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            description: secret.description.clone(),
            created_date: clock::seconds(secret.created),
            deleted_date: secret.deletion.map(|(marked, _)| clock::seconds(marked)),
            tags: secret.tags.clone(),
            version_ids_to_stages: BTreeMap::from([(secret.version.clone(), current())]),
        })
    }
}

impl Operation for CreateSecret {
    type Answer = CreateSecretAnswer;
    const SERVICE: Service = Service::SecretsManager;
    const ACTION: &'static str = "CreateSecret";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<CreateSecretAnswer, Failure> {
        check_name(&self.name)?;
        let Some(value) = self.secret_string.clone() else {
            let message = "You must provide either SecretString or SecretBinary.";
            return Err(refuse("InvalidParameterException", message));
        };
        if let Some(present) = model.secret_of_name(&self.name) {
            return self.repeated(present, &value);
        }
        let version = self
            .client_request_token
            .unwrap_or_else(|| model.ids.request());
        let suffix = model.ids.code(6);
        let arn = format!(
            "arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{}-{suffix}",
            self.name
        );
        let secret = Secret {
            name: self.name.clone(),
            arn: arn.clone(),
            value,
            description: self.description,
            version: version.clone(),
            tags: self.tags,
            under_own_key: false,
            created: model.now,
            deletion: None,
        };
        model.secrets.insert(self.name.clone(), secret);
        Ok(CreateSecretAnswer {
            arn,
            name: self.name,
            version_id: version,
        })
    }
}

impl CreateSecret {
    /// Secrets Manager API reference, `ClientRequestToken`: a repeat with the same token and value
    /// succeeds.
    fn repeated(&self, present: &Secret, value: &str) -> Result<CreateSecretAnswer, Failure> {
        if present.deletion.is_some() {
            let message = "You can't create this secret because a secret with this name is already scheduled for deletion.";
            return Err(refuse("InvalidRequestException", message));
        }
        if self.client_request_token.as_ref() == Some(&present.version) && present.value == value {
            return Ok(CreateSecretAnswer {
                arn: present.arn.clone(),
                name: present.name.clone(),
                version_id: present.version.clone(),
            });
        }
        let message = format!(
            "The operation failed because the secret {} already exists.",
            self.name
        );
        Err(refuse("ResourceExistsException", message))
    }
}

impl Operation for DeleteSecret {
    type Answer = DeleteSecretAnswer;
    const SERVICE: Service = Service::SecretsManager;
    const ACTION: &'static str = "DeleteSecret";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<DeleteSecretAnswer, Failure> {
        let gone = self.gone(model.now)?;
        let secret = model.secret(&self.secret_id)?;
        check_not_marked(secret)?;
        let answer = DeleteSecretAnswer {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            deletion_date: clock::seconds(gone),
        };
        if let Some(secret) = model.secrets.get_mut(&answer.name) {
            secret.deletion = Some((model.now, gone));
        }
        Ok(answer)
    }
}

impl DeleteSecret {
    /// Secrets Manager API reference, `DeleteSecret`: 7 to 30 days, 30 by default, or none at all.
    fn gone(&self, now: Moment) -> Result<Moment, Failure> {
        let force = self.force_delete_without_recovery == Some(true);
        let refusal = match self.recovery_window_in_days {
            Some(_) if force => {
                "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
            }
            Some(days) if !(7..=30).contains(&days) => {
                "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
            }
            None if force => return Ok(now),
            days => return Ok(clock::after(now, DAY * days.unwrap_or(30))),
        };
        Err(refuse("InvalidParameterException", refusal))
    }
}

impl World {
    /// Somebody thinks better of a deletion in time (Secrets Manager API reference, `RestoreSecret`).
    pub fn restore_secret(&mut self, name: &str) {
        if let Some(secret) = self.model.secrets.get_mut(name) {
            secret.deletion = None;
        }
    }
}

impl Model {
    /// The secret of this name or ARN, even if it is marked for deletion.
    pub(crate) fn secret(&self, id: &str) -> Result<&Secret, Failure> {
        let mut secrets = self.secrets.values();
        let found = secrets.find(|secret| secret.exists(self.now) && secret.is_meant(id));
        found.ok_or_else(|| {
            let message = "Secrets Manager can't find the specified secret.";
            refuse("ResourceNotFoundException", message)
        })
    }

    fn secret_of_name(&self, name: &str) -> Option<&Secret> {
        self.secrets
            .get(name)
            .filter(|secret| secret.exists(self.now))
    }

    /// The names of all secrets; never their values.
    pub(crate) fn secret_names(&self) -> Vec<String> {
        let secrets = self.secrets.values();
        secrets
            .filter(|secret| secret.exists(self.now))
            .map(|secret| secret.name.clone())
            .collect()
    }
}

fn current() -> Vec<String> {
    vec!["AWSCURRENT".to_owned()]
}

fn check_not_marked(secret: &Secret) -> Result<(), Failure> {
    match secret.deletion {
        None => Ok(()),
        Some(_) => Err(refuse(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )),
    }
}

/// Secrets Manager API reference, `CreateSecret`.
fn check_name(name: &str) -> Result<(), Failure> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    if !name.is_empty() && name.len() <= 512 && name.chars().all(is_allowed) {
        return Ok(());
    }
    let message = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
    Err(refuse("ValidationException", message))
}
