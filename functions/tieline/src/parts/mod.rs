//! What a connection is made of beside its interface endpoint: one module a kind of part, each of the same form.
//!
//! A target plans parts, the steps look at them, make them in order and remove them in the opposite order, and nobody
//! but the part knows which vendor or service it talks to. To add a kind, write its module (a type with
//! [`PartKind`]), its `pub mod` and one line in `kinds!`.

pub mod confluent_access;
pub mod dms_certificate;
pub mod dms_endpoint;
pub mod dms_instance;
pub mod dms_login;
pub mod dms_subnet_group;
pub mod private_zone;
pub mod tidb_domains;
pub mod tidb_link;
pub mod tidb_registration;

mod dms_marks;
mod kind;

use serde::{Deserialize, Serialize};

pub use kind::{Compared, Condition, Narrowed, Observation, PartContext, PartKind, Stays};

kinds! {
    pub enum Part: PartKind {
        tidb_registration::TidbRegistration = "tidb-cloud-registration",
        confluent_access::ConfluentAccess = "confluent-private-link-access",
        tidb_link::TidbLink = "tidb-cloud-private-link-connection",
        tidb_domains::TidbDomains = "tidb-cloud-attached-domains",
        private_zone::PrivateZone = "private-zone",
        dms_subnet_group::DmsSubnetGroup = "dms-subnet-group",
        dms_instance::DmsInstance = "dms-replication-instance",
        dms_certificate::DmsCertificate = "dms-certificate",
        dms_endpoint::DmsEndpoint = "dms-endpoint",
        dms_login::DmsLogin = "dms-connection-test",
    }
}
