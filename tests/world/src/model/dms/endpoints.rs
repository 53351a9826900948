//! Endpoints: the databases that DMS moves data between. Only MySQL is modelled.

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::failure::refuse;
use crate::model::Model;
use crate::model::listing::Listed;
use crate::{Failure, Operation, Service};

use super::credentials::Access;
use super::instances::default_key;
use super::listing::{Described, describe};
use super::tags::{self, Tag};
use super::{
    arn, check_friendly_name, check_identifier, invalid_combination, invalid_state, invalid_value,
    not_found, required,
};

/// An endpoint.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) arn: String,
    pub(super) id: String,
    kind: String,
    pub(super) access: Access,
    pub(super) ssl_mode: String,
    certificate: Option<String>,
    attributes: Option<String>,
    database: Option<String>,
    settings: MySqlSettings,
    deleting_until: Option<Moment>,
}

impl Stored {
    fn exists(&self, now: Moment) -> bool {
        self.deleting_until.is_none_or(|until| now < until)
    }

    pub(super) fn is_active(&self) -> bool {
        self.deleting_until.is_none()
    }
}

/// Makes an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateEndpoint {
    /// Its name.
    pub endpoint_identifier: String,
    /// `source` or `target`.
    pub endpoint_type: String,
    /// `mysql`.
    pub engine_name: String,
    /// Who logs in.
    pub username: Option<String>,
    /// With which password.
    pub password: Option<String>,
    /// The database's host.
    pub server_name: Option<String>,
    /// The database's port.
    pub port: Option<u16>,
    /// A database on it; for MySQL better left out.
    pub database_name: Option<String>,
    /// Settings as `name=value`, with `;` between them.
    pub extra_connection_attributes: Option<String>,
    /// The key that encrypts all this.
    pub kms_key_id: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The certificate of the authority to believe.
    pub certificate_arn: Option<String>,
    /// Whether and how TLS is used; absent means `none`.
    pub ssl_mode: Option<String>,
    /// Settings for MySQL.
    #[serde(rename = "MySQLSettings")]
    pub my_sql_settings: Option<MySqlSettings>,
    /// The end of its ARN.
    pub resource_identifier: Option<String>,
}

/// Settings for MySQL in a request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct MySqlSettings {
    /// What runs once after the connection is there.
    pub after_connect_script: Option<String>,
    /// A database on the host.
    pub database_name: Option<String>,
    /// How often an idle source is asked for changes, in seconds.
    pub events_poll_interval: Option<u32>,
    /// Whether tables go to one database or to several.
    pub target_db_type: Option<String>,
    /// How large a file of rows may be, in kilobytes.
    pub max_file_size: Option<u32>,
    /// How many threads load rows.
    pub parallel_load_threads: Option<u32>,
    /// With which password.
    pub password: Option<String>,
    /// The database's port.
    pub port: Option<u16>,
    /// The database's host.
    pub server_name: Option<String>,
    /// The source's time zone.
    pub server_timezone: Option<String>,
    /// Who logs in.
    pub username: Option<String>,
    /// The role that may read the secret. Whether it may is not modelled.
    pub secrets_manager_access_role_arn: Option<String>,
    /// The secret with host, port, user and password.
    pub secrets_manager_secret_id: Option<String>,
}

/// An endpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EndpointAnswer {
    /// The endpoint.
    pub endpoint: Endpoint,
}

/// An endpoint as DMS describes it: never with a password.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Endpoint {
    /// Its name.
    pub endpoint_identifier: String,
    /// `SOURCE` or `TARGET`, as DMS spells it in answers.
    pub endpoint_type: String,
    /// `mysql`.
    pub engine_name: String,
    /// The engine's name for people.
    pub engine_display_name: String,
    /// Who logs in.
    pub username: Option<String>,
    /// The database's host.
    pub server_name: Option<String>,
    /// The database's port.
    pub port: Option<u16>,
    /// A database on it.
    pub database_name: Option<String>,
    /// Settings as `name=value`.
    pub extra_connection_attributes: Option<String>,
    /// Its status: `active` or `deleting`.
    pub status: String,
    /// The key that encrypts all this.
    pub kms_key_id: String,
    /// Its ARN.
    pub endpoint_arn: String,
    /// The certificate of the authority to believe.
    pub certificate_arn: Option<String>,
    /// Whether and how TLS is used.
    pub ssl_mode: String,
    /// Settings for MySQL.
    #[serde(rename = "MySQLSettings")]
    pub my_sql_settings: MySqlSettingsDetail,
}

/// Settings for MySQL in an answer: never with a password.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MySqlSettingsDetail {
    /// The database's port.
    pub port: Option<u16>,
    /// The database's host.
    pub server_name: Option<String>,
    /// Who logs in.
    pub username: Option<String>,
    /// The role that may read the secret.
    pub secrets_manager_access_role_arn: Option<String>,
    /// The secret with host, port, user and password.
    pub secrets_manager_secret_id: Option<String>,
    /// What runs once after the connection is there.
    pub after_connect_script: Option<String>,
    /// How large a file of rows may be, in kilobytes.
    pub max_file_size: Option<u32>,
    /// How many threads load rows.
    pub parallel_load_threads: Option<u32>,
}

/// Deletes an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteEndpoint {
    /// Its ARN.
    pub endpoint_arn: String,
}

describe! {
    /// Lists endpoints.
    DescribeEndpoints,
    DescribeEndpointsAnswer {
        /// The endpoints.
        endpoints: Endpoint
    },
    dms_endpoints
}

impl Operation for CreateEndpoint {
    type Answer = EndpointAnswer;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "CreateEndpoint";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<EndpointAnswer, Failure> {
        // Lower case as with the other identifiers; the model does not say so for this one.
        let id = self.endpoint_identifier.to_lowercase();
        check_identifier("EndpointIdentifier", &id, 255)?;
        check_friendly_name(self.resource_identifier.as_ref())?;
        self.check_engine()?;
        self.check_tls(model)?;
        check_attributes(self.extra_connection_attributes.as_deref())?;
        let access = Access::of(&self, model)?;
        let same = |other: &Endpoint| other.endpoint_identifier == id;
        if model.dms_endpoints().iter().any(same) {
            let message = format!("Endpoint already exists: {id}");
            return Err(refuse("ResourceAlreadyExistsFault", message));
        }
        let tags = tags::checked(&self.tags)?;

        let suffix = self
            .resource_identifier
            .unwrap_or_else(|| model.ids.code(26));
        let settings = self.my_sql_settings.unwrap_or_default();
        let stored = Stored {
            arn: arn("endpoint", &suffix),
            id,
            kind: self.endpoint_type,
            access,
            ssl_mode: self.ssl_mode.unwrap_or_else(|| "none".to_owned()),
            certificate: self.certificate_arn,
            attributes: self.extra_connection_attributes,
            database: self
                .database_name
                .or_else(|| settings.database_name.clone()),
            settings: MySqlSettings {
                password: None,
                ..settings
            },
            deleting_until: None,
        };
        let endpoint = stored.detail();
        model.dms.tags.insert(stored.arn.clone(), tags);
        model.dms.endpoints.insert(stored.arn.clone(), stored);
        Ok(EndpointAnswer { endpoint })
    }
}

impl CreateEndpoint {
    fn check_engine(&self) -> Result<(), Failure> {
        required("EngineName", &self.engine_name)?;
        if !matches!(self.endpoint_type.as_str(), "source" | "target") {
            return Err(invalid_value("EndpointType must be source or target."));
        }
        match self.engine_name.as_str() {
            "mysql" => Ok(()),
            other => Err(invalid_value(format!(
                "The engine {other} is not part of this simulated world."
            ))),
        }
    }

    /// DMS user guide, "Using SSL": MySQL does not support `require`; `verify-ca` and `verify-full`
    /// need a certificate.
    fn check_tls(&self, model: &Model) -> Result<(), Failure> {
        match self.ssl_mode.as_deref() {
            None | Some("none") => Ok(()),
            Some("require") => Err(invalid_combination(
                "SSL mode require is not supported for engine mysql.",
            )),
            Some(mode @ ("verify-ca" | "verify-full")) => match &self.certificate_arn {
                Some(arn) => model.dms_certificate(arn).map(drop),
                None => Err(invalid_combination(format!(
                    "CertificateArn is required for SSL mode {mode}."
                ))),
            },
            Some(other) => Err(invalid_value(format!("{other} is not an SSL mode."))),
        }
    }
}

/// DMS API reference, `ExtraConnectionAttributes`: name and value with `=`, pairs with `;` between
/// them and no additional white space.
fn check_attributes(attributes: Option<&str>) -> Result<(), Failure> {
    let is_pair = |pair: &str| {
        pair.split_once('=').is_some_and(|(name, value)| {
            !name.is_empty() && name.trim() == name && value.trim() == value
        })
    };
    let attributes = attributes.unwrap_or_default();
    let pairs = attributes.strip_suffix(';').unwrap_or(attributes);
    if pairs.is_empty() || pairs.split(';').all(is_pair) {
        return Ok(());
    }
    Err(invalid_value(
        "The extra connection attributes are not valid. Separate name and value with = and pairs with ; and no white space.",
    ))
}

impl Operation for DeleteEndpoint {
    type Answer = EndpointAnswer;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "DeleteEndpoint";
    const WRITE: bool = true;

    /// That an endpoint cannot go while it has connections is not verified.
    fn perform(self, model: &mut Model) -> Result<EndpointAnswer, Failure> {
        let stored = model.dms_endpoint(&self.endpoint_arn)?;
        if !stored.is_active() {
            let message = format!("Endpoint {} is already being deleted.", stored.id);
            return Err(invalid_state(message));
        }
        if model.has_connections(&self.endpoint_arn) {
            let message = format!("Endpoint {} has one or more connections.", stored.id);
            return Err(invalid_state(message));
        }
        let mut stored = stored.clone();
        stored.deleting_until = Some(clock::after(model.now, model.timing.dms_delete));
        let endpoint = stored.detail();
        model.dms.endpoints.insert(stored.arn.clone(), stored);
        Ok(EndpointAnswer { endpoint })
    }
}

impl Stored {
    fn detail(&self) -> Endpoint {
        let status = if self.is_active() {
            "active"
        } else {
            "deleting"
        };
        let (server_name, port, username) = self.access.shown();
        let settings = &self.settings;
        Endpoint {
            endpoint_identifier: self.id.clone(),
            // Observed: terraform-provider-aws, internal/service/dms/endpoint.go ("only accepts
            // lowercase type but returns it as uppercase").
            endpoint_type: self.kind.to_uppercase(),
            engine_name: "mysql".to_owned(),
            engine_display_name: "MySQL".to_owned(),
            username: username.clone(),
            server_name: server_name.clone(),
            port,
            database_name: self.database.clone(),
            extra_connection_attributes: self.attributes.clone(),
            status: status.to_owned(),
            kms_key_id: default_key(),
            endpoint_arn: self.arn.clone(),
            certificate_arn: self.certificate.clone(),
            ssl_mode: self.ssl_mode.clone(),
            my_sql_settings: MySqlSettingsDetail {
                port,
                server_name,
                username,
                secrets_manager_access_role_arn: settings.secrets_manager_access_role_arn.clone(),
                secrets_manager_secret_id: settings.secrets_manager_secret_id.clone(),
                after_connect_script: settings.after_connect_script.clone(),
                max_file_size: settings.max_file_size,
                parallel_load_threads: settings.parallel_load_threads,
            },
        }
    }
}

impl Listed for Endpoint {
    const FILTERS: &'static [&'static str] = &[
        "endpoint-arn",
        "endpoint-type",
        "endpoint-id",
        "engine-name",
    ];

    fn id(&self) -> String {
        self.endpoint_identifier.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        let value = match filter {
            "endpoint-arn" => self.endpoint_arn.clone(),
            "endpoint-type" => self.endpoint_type.to_lowercase(),
            "engine-name" => self.engine_name.clone(),
            _ => self.id(),
        };
        vec![value]
    }
}

impl Described for Endpoint {
    const NAME: &'static str = "Endpoints";
}

impl Model {
    pub(super) fn dms_endpoints(&self) -> Vec<Endpoint> {
        let endpoints = self.dms.endpoints.values();
        endpoints
            .filter(|endpoint| endpoint.exists(self.now))
            .map(Stored::detail)
            .collect()
    }

    pub(super) fn dms_endpoint(&self, arn: &str) -> Result<&Stored, Failure> {
        let found = self.dms.endpoints.get(arn);
        found
            .filter(|endpoint| endpoint.exists(self.now))
            .ok_or_else(|| not_found(format!("Endpoint not found: {arn}")))
    }
}
