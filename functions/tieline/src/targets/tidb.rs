//! What the TiDB Cloud targets have in common: how a cluster's state and Region are read.

use super::{ConnectionContext, Unresolved};
use crate::ids::{Region, SecretArn, TidbId};
use crate::outside::CallError;
use crate::outside::tidb_cloud::{TidbCluster, is_going};
use crate::problem::{Code, Problem};
use crate::refusals::unsuitable;
use crate::trial::{Protocol, Speech};

pub(super) const CLUSTER: &str = "The cluster";
pub(super) const API_KEY: &str = "The secret with TiDB Cloud's API key";

pub(super) const KEY_PATH: &str = "$.target.apiKeySecretArn";
const CLUSTER_PATH: &str = "$.target.clusterId";

pub(super) fn cluster(key: &SecretArn, cluster: &TidbId) -> TidbCluster {
    let (key, cluster) = (key.clone(), cluster.clone());
    TidbCluster { key, cluster }
}

/// Reads a state: the words are those of the APIs' descriptions.
pub(super) fn readiness(what: &str, state: &str) -> Result<(), Unresolved> {
    let problem = |fix: &str| {
        Problem::new(Code::ClusterNotReady, format!("{what} is {state}"), fix).about(CLUSTER_PATH)
    };
    Err(match state {
        "ACTIVE" => return Ok(()),
        "PAUSED" | "PAUSING" => {
            problem("resume the cluster in TiDB Cloud, and send the event again").into()
        }
        state if is_going(state) => problem("name a cluster that is there to stay").into(),
        // Being made, restored, resumed, changed; or a word that nobody documents, which is no reason to write.
        _ => Unresolved::NotYet(problem("wait until TiDB Cloud shows it as Active")),
    })
}

/// There is no such cluster, or the key's project has none.
pub(super) fn no_cluster(id: &TidbId) -> Problem {
    Problem::new(
        Code::ClusterNotFound,
        format!("TiDB Cloud knows no cluster {id} in the project of this API key"),
        "look the id up in the console's address bar, and use a key of the cluster's own project",
    )
    .about(CLUSTER_PATH)
}

/// The cluster has to be on AWS in the Region of the VPC.
pub(super) fn check_region(id: &TidbId, there: &str, here: &Region) -> Result<(), Problem> {
    let there = there.rsplit('/').next().unwrap_or(there);
    if there == format!("aws-{here}") {
        return Ok(());
    }
    let message = format!(
        "TiDB Cloud cluster {id} is in {there}, and a private endpoint has to be in aws-{here}"
    );
    let fix = "send the event to a Tieline in the cluster's Region";
    Err(unsuitable(message, fix).about(CLUSTER_PATH))
}

/// Turns TiDB Cloud's refusal of the key into a problem of the request.
pub(super) fn by_tidb(error: CallError) -> Unresolved {
    Unresolved::by_vendor(error, KEY_PATH)
}

/// What a cluster says; only the target's own name is in the server's certificate.
pub(super) fn speech(context: &ConnectionContext<'_>) -> Speech {
    let speech = Speech::with(Protocol::MySql, context.host());
    match context.private_host {
        Some(_) => speech,
        None => speech.of_issuer(),
    }
}

/// A MySQL client's command. Only the target's own name is in the server's certificate.
pub(super) fn mysql(context: &ConnectionContext<'_>, user: &str, ca: &str) -> String {
    let (host, port) = (context.host(), context.port);
    let mode = match context.private_host {
        Some(_) => "VERIFY_IDENTITY",
        None => "VERIFY_CA",
    };
    format!(
        "mysql --connect-timeout=15 --host={host} --port={port} --user='{user}' --password --ssl-mode={mode} --ssl-ca={ca}"
    )
}
