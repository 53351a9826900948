//! `AttachDomains` and `DetachDomains`: the names that lead through a private link connection.
//!
//! The swagger gives a domain's state as free text; CREATING, ACTIVE, FAILED and DELETING are not
//! verified.

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::model::Model;
use crate::model::tidb::{Caller, already_exists, invalid, not_found, not_ready};
use crate::{Failure, Operation, Service};

use super::Link;

/// What ends every domain name at Confluent on AWS.
const CONFLUENT_DOMAIN: &str = "aws.confluent.cloud";
/// What ends every domain name that TiDB Cloud manages for AWS. Swagger; an older page has
/// `aws.tidbcloud.com`.
const MANAGED_DOMAIN: &str = "aws.plc.tidbcloud.com";

/// Domains that have been attached together.
#[derive(Debug, Clone)]
pub(super) struct Attached {
    id: String,
    kind: Kind,
    unique_name: String,
    phase: Phase,
    created_by: &'static str,
    created: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Confluent,
    Managed,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Attaching { until: Moment, works: bool },
    Detaching { until: Moment },
}

/// Attaches domains, or only says which ones they would be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct AttachDomains {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id in the path.
    #[serde(skip_deserializing)]
    pub cluster_id: String,
    /// The connection's id in the path.
    #[serde(skip_deserializing)]
    pub private_link_connection_id: String,
    /// What to attach.
    pub attach_domain: Option<NewDomain>,
    /// Whether nothing is to be attached.
    pub validate_only: bool,
}

/// The domains that are wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct NewDomain {
    /// `CONFLUENT` or `TIDBCLOUD_MANAGED`.
    pub r#type: String,
    /// What tells them from others.
    pub unique_name: Option<String>,
}

/// Detaches domains.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct DetachDomains {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id in the path.
    #[serde(skip_deserializing)]
    pub cluster_id: String,
    /// The connection's id in the path.
    #[serde(skip_deserializing)]
    pub private_link_connection_id: String,
    /// Which ones.
    pub attach_domain_id: String,
}

/// Domains that are attached together.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachDomain {
    /// Their id; empty while they are only validated.
    pub attach_domain_id: String,
    /// The cluster's id.
    pub cluster_id: String,
    /// The connection's id.
    pub private_link_connection_id: String,
    /// Their type.
    pub r#type: String,
    /// What tells them from others.
    pub unique_name: String,
    /// The domains.
    pub domains: Vec<Domain>,
    /// Who attached them.
    pub created_by: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<String>,
}

/// A domain.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Domain {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: String,
    /// Why it failed.
    pub message: String,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Confluent => "CONFLUENT",
            Kind::Managed => "TIDBCLOUD_MANAGED",
        }
    }

    fn domain(self) -> &'static str {
        match self {
            Kind::Confluent => CONFLUENT_DOMAIN,
            Kind::Managed => MANAGED_DOMAIN,
        }
    }
}

impl Operation for AttachDomains {
    type Answer = AttachDomain;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "AttachDomains";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<AttachDomain, Failure> {
        let id = &self.private_link_connection_id;
        let mut link = model.link(self.caller, &self.cluster_id, id)?.clone();
        let (kind, given) = self.wanted()?;
        // Not verified: that the connection must be active first.
        if link.state(model.now) != "ACTIVE" {
            return Err(not_ready(format!("{id} is not active")));
        }
        let unique_name = match given {
            Some(name) => name,
            None => model.ids.dns_hash(),
        };
        let mut attached = Attached {
            id: String::new(),
            kind,
            unique_name,
            phase: Phase::Attaching {
                until: model.later(model.timing.tidb.domain_attach),
                works: !model.tidb.outlook.domains_fail,
            },
            created_by: self.caller.key,
            created: model.now,
        };
        if self.validate_only {
            return Ok(attached.validated(&link));
        }
        let is_there =
            |other: &Attached| other.unique_name == attached.unique_name && other.exists(model.now);
        if link.attached.iter().any(is_there) {
            // Not verified.
            let message = format!("{} is already attached", attached.unique_name);
            return Err(already_exists(message));
        }
        attached.id = model.ids.short("ad");
        let answer = attached.detail(&link, model.now);
        link.attached.push(attached);
        model.tidb.links.insert(link.id.clone(), link);
        Ok(answer)
    }
}

impl AttachDomains {
    /// Swagger, `uniqueName`: it can be empty only for `TIDBCLOUD_MANAGED` when it is only to be
    /// validated. What a name may look like is not verified; one that still has the domain is
    /// refused, because docs say to leave that away.
    fn wanted(&self) -> Result<(Kind, Option<String>), Failure> {
        let wanted = self.attach_domain.as_ref();
        let wanted = wanted.ok_or_else(|| invalid("attach_domain is required"))?;
        let kind = match wanted.r#type.as_str() {
            "CONFLUENT" => Kind::Confluent,
            "TIDBCLOUD_MANAGED" => Kind::Managed,
            other => return Err(invalid(format!("{other:?} is not a type of domain"))),
        };
        let name = wanted.unique_name.clone().filter(|name| !name.is_empty());
        match name {
            None if kind == Kind::Managed && self.validate_only => Ok((kind, None)),
            None => Err(invalid("unique_name is required")),
            Some(name) if is_unique_name(kind, &name) => Ok((kind, Some(name))),
            Some(name) => Err(invalid(format!("{name:?} is not a unique name"))),
        }
    }
}

/// Docs: of `use1-az1.domnprzqrog.us-east-1.aws.confluent.cloud` it is `domnprzqrog.us-east-1`.
fn is_unique_name(kind: Kind, name: &str) -> bool {
    let labels: Vec<_> = name.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let expected = match kind {
        Kind::Confluent => 2,
        Kind::Managed => 1,
    };
    labels.len() == expected && labels.iter().all(is_label)
}

impl Operation for DetachDomains {
    type Answer = AttachDomain;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "DetachDomains";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<AttachDomain, Failure> {
        let id = &self.private_link_connection_id;
        let mut link = model.link(self.caller, &self.cluster_id, id)?.clone();
        let now = model.now;
        let until = model.later(model.timing.tidb.domain_detach);
        let found = link
            .attached
            .iter_mut()
            .find(|attached| attached.id == self.attach_domain_id && attached.exists(now));
        let unknown = || not_found(format!("attach domain {} not found", self.attach_domain_id));
        let attached = found.ok_or_else(unknown)?;
        if matches!(attached.phase, Phase::Attaching { .. }) {
            attached.phase = Phase::Detaching { until };
        }
        let attached = attached.clone();
        let answer = attached.detail(&link, now);
        model.tidb.links.insert(link.id.clone(), link);
        Ok(answer)
    }
}

impl Attached {
    fn exists(&self, now: Moment) -> bool {
        match self.phase {
            Phase::Detaching { until } => now < until,
            Phase::Attaching { .. } => true,
        }
    }

    fn state(&self, now: Moment) -> (&'static str, &'static str) {
        match self.phase {
            Phase::Attaching { until, .. } if now < until => ("CREATING", ""),
            Phase::Attaching { works: true, .. } => ("ACTIVE", ""),
            Phase::Attaching { works: false, .. } => ("FAILED", "the domain could not be set up"),
            Phase::Detaching { .. } => ("DELETING", ""),
        }
    }

    fn detail(&self, link: &Link, now: Moment) -> AttachDomain {
        let (state, message) = self.state(now);
        AttachDomain {
            attach_domain_id: self.id.clone(),
            create_time: Some(clock::iso8601(self.created)),
            created_by: self.created_by.to_owned(),
            ..self.described(link, state, message)
        }
    }

    /// What would be attached.
    fn validated(&self, link: &Link) -> AttachDomain {
        self.described(link, "", "")
    }

    fn described(&self, link: &Link, state: &str, message: &str) -> AttachDomain {
        AttachDomain {
            cluster_id: link.cluster_id.clone(),
            private_link_connection_id: link.id.clone(),
            r#type: self.kind.as_str().to_owned(),
            unique_name: self.unique_name.clone(),
            domains: vec![Domain {
                name: format!("{}.{}", self.unique_name, self.kind.domain()),
                state: state.to_owned(),
                message: message.to_owned(),
            }],
            ..Default::default()
        }
    }
}

impl Link {
    /// Its domains, those that are going included.
    pub(super) fn domains(&self, now: Moment) -> Vec<AttachDomain> {
        let attached = self.attached.iter().filter(|attached| attached.exists(now));
        attached
            .map(|attached| attached.detail(self, now))
            .collect()
    }
}
