//! How DMS logs in to a database: with what the request says, or with a secret.

use std::fmt;

use serde_json::Value;

use crate::Failure;
use crate::model::Model;

use super::endpoints::{CreateEndpoint, MySqlSettings};
use super::{invalid_combination, invalid_value};

/// How DMS logs in to a database.
#[derive(Debug, Clone)]
pub(super) enum Access {
    /// With what the request says.
    Given(Login),
    /// With what this secret says whenever it is needed.
    Secret(String),
}

/// A host, and who logs in to it.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) username: String,
    pub(super) password: String,
}

/// Without the password, so that no debug output gives it away.
impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}:{}", self.username, self.host, self.port)
    }
}

impl Access {
    /// DMS API reference, `MySQLSettings`: a secret with the role that may read it, or clear-text
    /// values for user name, password, host and port; never both.
    pub(super) fn of(request: &CreateEndpoint, model: &Model) -> Result<Self, Failure> {
        let none = MySqlSettings::default();
        let settings = request.my_sql_settings.as_ref().unwrap_or(&none);
        let host = request
            .server_name
            .as_ref()
            .or(settings.server_name.as_ref());
        let port = request.port.or(settings.port);
        let username = request.username.as_ref().or(settings.username.as_ref());
        let password = request.password.as_ref().or(settings.password.as_ref());
        let given = host.is_some() || port.is_some() || username.is_some() || password.is_some();

        let role = settings.secrets_manager_access_role_arn.as_ref();
        match (&settings.secrets_manager_secret_id, role) {
            (Some(_), Some(_)) if given => Err(invalid_combination(
                "You can specify either SecretsManagerSecretId and SecretsManagerAccessRoleArn, or clear-text values for \
                 Username, Password, ServerName, and Port. You can't specify both.",
            )),
            (Some(secret), Some(role)) => from_secret(model, secret, role),
            (Some(_), None) | (None, Some(_)) => Err(invalid_combination(
                "SecretsManagerSecretId and SecretsManagerAccessRoleArn must be specified together.",
            )),
            (None, None) => match (host, port, username, password) {
                (Some(host), Some(port), Some(username), Some(password)) => {
                    Ok(Access::Given(Login {
                        host: host.clone(),
                        port,
                        username: username.clone(),
                        password: password.clone(),
                    }))
                }
                // Not verified.
                _ => Err(invalid_combination(
                    "Username, Password, ServerName, and Port must be specified.",
                )),
            },
        }
    }

    /// What a Describe call may show: host, port and user name.
    pub(super) fn shown(&self) -> (Option<String>, Option<u16>, Option<String>) {
        match self {
            Access::Given(login) => (
                Some(login.host.clone()),
                Some(login.port),
                Some(login.username.clone()),
            ),
            Access::Secret(_) => (None, None, None),
        }
    }

    /// With what DMS logs in now, or what is wrong with the secret.
    pub(super) fn login(&self, model: &Model) -> Result<Login, String> {
        let id = match self {
            Access::Given(login) => return Ok(login.clone()),
            Access::Secret(id) => id,
        };
        let secret = model
            .secret(id)
            .ok()
            .filter(|secret| secret.deletion.is_none())
            .ok_or_else(|| format!("Unable to find Secrets Manager secret {id}"))?;
        let value: Value = serde_json::from_str(&secret.value).unwrap_or_default();
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let login = || {
            Some(Login {
                host: text("host")?,
                port: port(&value["port"])?,
                username: text("username")?,
                password: text("password")?,
            })
        };
        login().ok_or_else(|| format!("Secrets Manager secret {id} has not the expected format"))
    }
}

/// DMS user guide, "Using secrets": the value is a JSON object; the port may be text or a number.
fn port(value: &Value) -> Option<u16> {
    let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
    number.or_else(|| value.as_str()?.parse().ok())
}

/// The code for a secret that does not exist is not verified.
fn from_secret(model: &Model, secret: &str, role: &str) -> Result<Access, Failure> {
    if !role.starts_with("arn:aws:iam::") || !role.contains(":role/") {
        return Err(invalid_value(format!("{role} is not the ARN of a role.")));
    }
    match model.secret(secret) {
        Ok(found) if found.deletion.is_none() => Ok(Access::Secret(secret.to_owned())),
        Ok(_) | Err(_) => Err(super::not_found(format!(
            "Unable to find Secrets Manager secret, Arn:{secret}"
        ))),
    }
}
