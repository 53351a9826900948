//! What can be wrong: a closed list of reason codes, each problem with a sentence and the way to fix it.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// Why a request ended as it did. The list is part of the contract: it only grows.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, VariantArray,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The service's owner has to accept the connection; nothing is wrong.
    AwaitingAcceptance,
    /// The connection is there: everything that it is made of was read back.
    Connected,
    /// A dry run found nothing in the way.
    Planned,
    /// Somebody asked how a request stands.
    Status,
    /// What the request held is gone.
    Removed,
    /// A connection that was announced is not any more what it was.
    Degraded,
    /// It is again.
    Recovered,
    /// The scheduled check has looked at everything.
    Checked,
    /// A removal found its request still being made.
    RequestInProgress,
    /// A removal that names an id only, of a connection of which marks do not say all that belongs to it.
    RequestNeeded,
    /// A change of what is not there, or was never confirmed.
    NothingToChange,
    /// A change that EC2 or a vendor cannot make in place.
    ChangeNotInPlace,
    /// A change that would take something from other requests.
    ChangeTakesFromOthers,
    /// The event is not a request that Tieline understands.
    RequestInvalid,
    /// The same request id was used before with other parameters.
    RequestConflict,
    /// The VPC does not exist in this account and Region.
    VpcNotFound,
    /// The owner of a VPC has not said that it takes part.
    VpcNotEnrolled,
    /// `enableDnsSupport` or `enableDnsHostnames` is off, and private DNS needs both.
    VpcDnsDisabled,
    /// No such endpoint service, or this account is not allowed to use it.
    ServiceNotFound,
    /// The deployment makes no connections to services of this owner.
    ServiceOwnerNotAllowed,
    /// The service exists, but not as an interface endpoint.
    ServiceNotInterface,
    /// The VPC has no subnet in any zone of the service.
    NoCommonZone,
    /// A named subnet lies in a zone that the service does not have.
    SubnetZoneUnsupported,
    /// Two named subnets lie in one zone; an endpoint takes one subnet a zone.
    SubnetsShareZone,
    /// A named subnet does not exist in the VPC.
    SubnetNotFound,
    /// A zone has several subnets, and nothing says which one is for endpoints.
    SubnetsAmbiguous,
    /// A subnet has no free address for the endpoint's network interface.
    SubnetFull,
    /// The service or a subnet has no addresses of the type that the endpoint is to have.
    AddressTypeUnsupported,
    /// A subnet belongs to another account.
    SubnetNotOwned,
    /// A named security group does not exist in the VPC.
    SecurityGroupNotFound,
    /// The security groups let nobody in who is to connect, on one of the target's ports.
    SecurityGroupClosed,
    /// The group of our own has no room for a rule for every block on every port.
    TooManyRules,
    /// A warning: the security groups let a part of those in who are to connect.
    ClientsKeptOut,
    /// A warning: the security groups let in nobody but another group, or what was not looked at.
    ClientsNotKnown,
    /// A warning: a network ACL keeps clients, or answers to them, from a subnet of the endpoint.
    NetworkAclClosed,
    /// A warning: machines of the VPC do not ask its own resolver, which alone knows private names.
    ResolverNotAws,
    /// A warning: from the VPC, names that others use too lead to the endpoint only.
    NamesTakenOver,
    /// A warning: the service needs others beside it, and the VPC has no endpoint for them.
    CompanionMissing,
    /// A warning: something that is made has no room for all of the request's tags, or something that is changed keeps others.
    TagsLeftOut,
    /// The service has no private DNS name.
    PrivateDnsUnavailable,
    /// The service's owner has not proven its private DNS name.
    PrivateDnsUnverified,
    /// The private DNS name is taken in the VPC by something that is not ours.
    PrivateDnsTaken,
    /// The VPC has as many interface endpoints as the account may have.
    EndpointQuotaReached,
    /// The service does not take endpoint policies.
    PolicyUnsupported,
    /// Names for inbound resolvers only, and the VPC has no gateway endpoint that serves the rest.
    GatewayEndpointMissing,
    /// The cluster does not exist.
    ClusterNotFound,
    /// The cluster exists and cannot be connected to.
    ClusterNotReady,
    /// The secret that should hold a vendor's key cannot be read, or holds none.
    SecretUnusable,
    /// The secret is for other VPCs.
    SecretOfAnotherVpc,
    /// The vendor does not know the key, or the key may not do what the target needs.
    CredentialsRefused,
    /// The vendor's cluster or network is not one that can be connected to in this way.
    TargetUnsuitable,
    /// The vendor could not make its side of the connection.
    ProviderFailed,
    /// Something that is not ours is there already under the name or for the purpose that was planned.
    NotOurs,
    /// The service's owner did not accept the connection within the request's deadline.
    NotAccepted,
    /// A private hosted zone of that name is there already in a VPC.
    PrivateZoneTaken,
    /// The deployment makes no private hosted zone of this name.
    ZoneNotAllowed,
    /// The deployment makes no replication instance like this.
    InstanceNotAllowed,
    /// The deployment hands no role of this name to AWS DMS.
    RoleNotAllowed,
    /// The VPC has no private endpoint of the database that AWS DMS is to reach.
    PrivateEndpointMissing,
    /// Nothing leads from a new replication instance to Secrets Manager, where it reads the database's secret.
    SecretsManagerUnreachable,
    /// The account lacks the IAM role `dms-vpc-role`, it does not trust AWS DMS, or it lacks its policy.
    DmsRoleMissing,
    /// AWS DMS could not log in to the database.
    DmsTestFailed,
    /// The request wants its connection proven, and no verifier in the VPC does it.
    VerifierMissing,
    /// From within the VPC there is no connection to the endpoint.
    PathClosed,
    /// The server behind the endpoint has no certificate for the host that clients use.
    PathWrongCertificate,
    /// The server behind the endpoint does not speak the target's protocol.
    PathWrongProtocol,
    /// The cluster refuses the login that the deployment wants tried.
    LoginRefused,
    /// A name that the result would announce does not lead to the endpoint.
    NameNotResolving,
    /// An endpoint of ours serves this already, and as many requests as it has room for.
    SharedByTooMany,
    /// An endpoint of ours serves this already, and not in the way that was asked for.
    EndpointDiffers,
    /// The endpoint ended in the state `failed`.
    EndpointFailed,
    /// The service's owner refused the connection.
    EndpointRejected,
    /// Nobody accepted the connection in time, and EC2 gave it up.
    EndpointExpired,
    /// The endpoint was deleted again and again while it was being set up.
    EndpointVanished,
    /// A phase took longer than it may.
    DeadlineExceeded,
    /// The function's role may not make a call.
    PermissionDenied,
    /// AWS refused a call for a reason that has no code of its own here.
    CallRefused,
    /// AWS did not answer, or asked to slow down, for longer than the retries last.
    ServiceUnavailable,
    /// The execution was aborted or ran out of time; what it made was removed.
    ExecutionEnded,
    /// A step of the workflow broke.
    StepFailed,
    /// What this request made could not all be removed; the result lists it.
    #[serde(rename = "UNDO_INCOMPLETE")]
    RollBackIncomplete,
}

impl Code {
    /// Every code, in the order of the list.
    pub const ALL: &[Self] = Self::VARIANTS;
}

/// A list that only grows.
impl JsonSchema for Code {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"enum": Self::ALL})
    }
}

/// The same as in JSON.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// The reason code.
    pub code: Code,
    /// Where in the request it is, as a JSON path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub path: Option<String>,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to do about it: a command wherever there is one.
    pub fix: String,
}

impl Problem {
    /// A problem of the world outside the request.
    pub fn new(code: Code, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            code,
            path: None,
            message: message.into(),
            fix: fix.into(),
        }
    }

    /// A problem of the request's text at `path`. Both are cut to what fits a result, whatever the request says.
    pub fn at(path: &str, message: impl Into<String>) -> Self {
        let path = short(path, 160);
        let fix = format!("correct {path} and send the event again");
        Self::new(Code::RequestInvalid, short(&message.into(), 500), fix).about(path)
    }

    /// The same problem, seen at a place of the request.
    #[must_use]
    pub fn about(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }
}

/// Why a request cannot be carried out; it travels as text through the state machine's `Cause`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    pub problems: Vec<Problem>,
}

impl From<Problem> for Rejection {
    fn from(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
        }
    }
}

/// The beginning of a text of which nobody knows how long it is.
pub(crate) fn short(text: &str, most: usize) -> String {
    let mut cut: String = text.chars().take(most).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}
