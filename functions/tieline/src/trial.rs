//! A trial of a connection from within its VPC: what the verifier is asked, and what it answers.
//!
//! The verifier decides nothing and knows no request: it opens connections, resolves names, and says what it saw.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is to be tried. Either half may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trial {
    /// The endpoint's network interfaces.
    #[serde(default)]
    pub addresses: Vec<Address>,
    /// The TCP ports, the first of which speaks.
    #[serde(default)]
    pub ports: Vec<u16>,
    #[serde(default)]
    pub speech: Speech,
    /// Names to resolve.
    #[serde(default)]
    pub names: Vec<String>,
}

/// A network interface of the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// The id of its availability zone; empty if that is not known.
    pub zone_id: String,
    /// Its private address.
    pub address: String,
}

/// What the server behind the first port says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Speech {
    pub protocol: Protocol,
    /// The host name that clients use, and that the server is told; no star in it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    #[serde(default)]
    pub certificate: Certificate,
    /// Authorities in PEM that are trusted beside the public ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
}

/// What a server speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Something that is not known here.
    #[default]
    Tcp,
    /// TLS from the first byte, and something within.
    Tls,
    Https,
    /// PostgreSQL, which agrees on TLS before the handshake.
    #[serde(rename = "postgresql")]
    PostgreSql,
    /// MySQL, whose server speaks first.
    #[serde(rename = "mysql")]
    MySql,
}

/// How much of the server's certificate is checked: as much as the result's command has its client check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certificate {
    /// Who issued it, and that it is for the host.
    #[default]
    Whole,
    /// Who issued it: the host is not one of its names.
    Issuer,
    /// Nothing, because nobody said who issues it.
    Nothing,
}

/// A login to an Aurora DSQL cluster, for a verifier that may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    pub cluster_id: String,
    /// The host that the token is for.
    pub host: String,
    pub region: String,
    /// What tells the cluster where the host does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<String>,
}

/// What the verifier saw
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The VPC that it is in
    pub vpc_id: String,
    /// The subnets that it may be in
    pub subnet_ids: Vec<String>,
    /// Its security groups
    pub security_group_ids: Vec<String>,
    /// The connections that it tried, one for each zone
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// The names that it resolved
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Resolved>,
}

/// What came of one network interface
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The zone's id
    pub zone_id: String,
    /// The interface's address
    pub address: String,
    /// The address that the connection came from
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub from: Option<String>,
    /// What was tried through the first port, in order, up to what did not work
    pub layers: Vec<Layer>,
    /// The TCP connections to further ports
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_ports: Vec<Layer>,
}

/// One layer of a connection
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    /// Which one
    pub layer: LayerName,
    /// The TCP port
    #[schemars(range(min = 1))]
    pub port: u16,
    pub outcome: Outcome,
    /// How long it took, in milliseconds
    #[schemars(range(min = 0))]
    pub milliseconds: u64,
    /// What was seen, or why it was not tried
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub detail: Option<String>,
    /// What kind of thing went wrong
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Fault")]
    pub fault: Option<Fault>,
}

/// A layer of a connection
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LayerName {
    Tcp,
    Tls,
    /// Who issued the server's certificate, and that it is for the host: a part of TLS, told where not all of it is checked
    Certificate,
    Protocol,
    Login,
}

/// What came of a layer
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It works
    Proven,
    /// It was not tried
    NotTried,
    /// It does not work
    Failed,
}

/// What kind of thing went wrong
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// No connection, or it broke
    Closed,
    /// The server's certificate is not one for the host
    Certificate,
    /// The server says something else than its protocol does
    Protocol,
    /// The server refuses the login
    Login,
}

/// What a name resolved to
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resolved {
    /// The name
    pub name: String,
    /// The addresses
    pub addresses: Vec<String>,
    /// How long it took, in milliseconds
    #[schemars(range(min = 0))]
    pub milliseconds: u64,
    /// Why there are none
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub error: Option<String>,
}

/// What is known of a half of a trial once nothing more is tried
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    pub outcome: Outcome,
    /// Why it was not tried
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub reason: Option<String>,
    /// What the verifier saw
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Report")]
    pub seen: Option<Report>,
}

impl Tried {
    pub fn proven(seen: Report) -> Self {
        Self {
            outcome: Outcome::Proven,
            reason: None,
            seen: Some(seen),
        }
    }

    pub fn not_tried(reason: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::NotTried,
            reason: Some(reason.into()),
            seen: None,
        }
    }
}

impl Speech {
    /// A server of which nobody says what it speaks.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// A server that clients call by this name; a star is what only they know, and any name stands for it.
    pub fn with(protocol: Protocol, host: &str) -> Self {
        Self {
            protocol,
            host: named(host),
            ..Self::default()
        }
    }

    /// The same, where only the issuer of the certificate can be checked.
    #[must_use]
    pub fn of_issuer(mut self) -> Self {
        self.certificate = Certificate::Issuer;
        self
    }

    /// The same, of a server whose issuer is none of the public ones, and is known or not.
    #[must_use]
    pub fn issued_by(mut self, authority: Option<&str>) -> Self {
        if authority.is_none() {
            self.certificate = Certificate::Nothing;
        }
        self.authorities = authority.map(str::to_owned);
        self
    }
}

/// A name below a star's domain.
pub fn named(name: &str) -> String {
    let Some(domain) = name.strip_prefix("*.") else {
        return name.to_owned();
    };
    // S3 knows three names below an endpoint's own (Amazon S3 User Guide, "AWS PrivateLink for Amazon S3").
    let label = if domain.starts_with("vpce-") {
        "bucket"
    } else {
        "tieline"
    };
    format!("{label}.{domain}")
}
