//! What is being done.

use serde::{Deserialize, Serialize};

/// What is being done. The names are those of the contract and of payloads under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Preflight.
    #[default]
    Check,
    /// The endpoint is being created, and what else belongs to the connection.
    Create,
    /// An endpoint that is there is being changed.
    Change,
    /// The service's owner has to accept the endpoint.
    Accept,
    /// Connections are tried to the endpoint's network interfaces.
    VerifyPath,
    /// The target's own names are being turned on.
    EnableDns,
    /// The names are tried.
    VerifyNames,
    /// The connection is being confirmed: the request is marked as ready on what was made for it.
    #[serde(rename = "keep")]
    Confirm,
    /// What was made is being removed.
    #[serde(rename = "undo")]
    RollBack,
}
