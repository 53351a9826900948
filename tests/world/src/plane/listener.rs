//! Who listens behind an endpoint.

use crate::model::Model;
use crate::model::endpoints::Endpoint;
use crate::model::services::Service;

use super::Trouble;

/// What a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTPS.
    Https,
    /// TLS, and silence within.
    Tls,
    /// Aurora DSQL's PostgreSQL.
    PostgreSql,
    /// TiDB's MySQL.
    MySql,
    /// A greeting in plain text, as a mail server's.
    Greeting,
}

/// A server at a port.
#[derive(Debug, Clone)]
pub struct Listener {
    /// What it speaks.
    pub protocol: Protocol,
    /// The names in its certificate.
    pub names: Vec<String>,
    /// Whether an authority of its owner's issued that, which nobody else trusts.
    pub is_private: bool,
    /// The clusters that one may log in to.
    pub clusters: Vec<String>,
    /// Whether it lets nobody in.
    pub refuses_logins: bool,
}

impl Listener {
    fn new(protocol: Protocol, names: Vec<String>) -> Self {
        Self {
            protocol,
            names,
            is_private: false,
            clusters: Vec::new(),
            refuses_logins: false,
        }
    }

    pub(super) fn is_troubled_by(&mut self, trouble: &Trouble) {
        if trouble.wrong_certificates {
            self.names = vec!["somebody-else.example.com".to_owned()];
        }
        if trouble.wrong_protocol {
            self.protocol = Protocol::Greeting;
        }
        self.refuses_logins = trouble.refused_logins;
    }
}

/// Whoever listens at a port; nobody, at most.
pub(super) fn of(
    model: &Model,
    service: &Service,
    endpoint: &Endpoint,
    port: u16,
) -> Option<Listener> {
    let private = service.private_names.iter().map(|name| name.name.clone());
    if service.owner == "amazon" {
        return of_aws(model, service, endpoint, port, private.collect());
    }
    let of_group =
        |group: &&crate::model::tidb::dedicated::NodeGroup| group.service_name == service.name;
    let mut groups = model.tidb.clusters.values().flat_map(|one| &one.groups);
    if let Some(group) = groups.find(of_group) {
        // TiDB Cloud docs, "TLS Connections to TiDB Cloud Dedicated": each cluster has a certificate authority of its own.
        let listener = Listener {
            is_private: true,
            ..Listener::new(Protocol::MySql, vec![group.host.clone()])
        };
        return (port == group.port).then_some(listener);
    }
    let mut shared = model.tidb.instances.values();
    if let Some(cluster) = shared.find(|one| one.service_name == service.name) {
        let listener = Listener::new(Protocol::MySql, vec![cluster.host.clone()]);
        return (port == 4000).then_some(listener);
    }
    let mut networks = model.confluent.networks.values();
    let domain = networks.find(|one| one.service_name == service.name);
    let names = domain.map(|network| format!("*.{}", network.dns_domain));
    let protocol = if port == 443 {
        Protocol::Https
    } else {
        Protocol::Tls
    };
    // Whoever else offers a service listens wherever somebody comes.
    Some(Listener::new(protocol, private.chain(names).collect()))
}

fn of_aws(
    model: &Model,
    service: &Service,
    endpoint: &Endpoint,
    port: u16,
    mut names: Vec<String>,
) -> Option<Listener> {
    if service.label().starts_with("dsql-") {
        let clusters = model.clusters.values();
        let clusters = clusters.filter(|cluster| cluster.service_name == service.name);
        let listener = Listener {
            clusters: clusters.map(|cluster| cluster.id.clone()).collect(),
            ..Listener::new(Protocol::PostgreSql, names)
        };
        return (port == 5432).then_some(listener);
    }
    // AWS PrivateLink guide, "Access an AWS service": an endpoint's own names serve for HTTPS as well.
    let domain = format!("{}.us-east-1.vpce.amazonaws.com", service.label());
    names.push(format!("*.{domain}"));
    names.push(format!("*.{}-{}.{domain}", endpoint.id, endpoint.hash));
    (port == 443).then(|| Listener::new(Protocol::Https, names))
}
