//! The secrets of this world. Each carries a canary: a test searches everything that Tieline writes for it.

use std::fmt;

use super::ACCOUNT;

/// What every secret value contains, and nothing else does.
pub const CANARY: &str = "canary7f1c0b9e";

/// A name and the secret that goes with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credentials {
    /// The public half: a public key, an API key or a user name.
    pub id: &'static str,
    /// The secret half.
    pub secret: &'static str,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Credentials")
            .field(&self.id)
            .finish()
    }
}

/// A TiDB Cloud API key (public and private key) of the project that owns the clusters here.
pub const TIDB_CLOUD: Credentials = Credentials {
    id: "P4KQ9XTM",
    secret: "canary7f1c0b9e-tidb-private-key",
};
/// A TiDB Cloud API key of another project: it is valid, and may see none of the clusters here.
pub const TIDB_CLOUD_OTHER: Credentials = Credentials {
    id: "Z8WJ2RVN",
    secret: "canary7f1c0b9e-tidb-other-private-key",
};
/// A Confluent Cloud API key.
pub const CONFLUENT: Credentials = Credentials {
    id: "CNFL4QX7T2ZPLM6D",
    secret: "canary7f1c0b9e-confluent-api-secret",
};
/// The MySQL user that AWS DMS logs in with.
pub const DATABASE: Credentials = Credentials {
    id: "3pTAoNNegb47Uc8.migrator",
    secret: "canary7f1c0b9e-database-password",
};

/// The ARN of a secret by its name; Secrets Manager appends a hyphen and six characters to a name.
#[must_use]
pub fn secret_arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{name}-Xk2Lq9")
}

/// The host in the secret of [`DATABASE`]: in the default world the private name of a vendor's
/// endpoint service.
pub const DATABASE_HOST: &str = "db.vendor.example.com";
/// The port in the secret of [`DATABASE`].
pub const DATABASE_PORT: u16 = 4000;
