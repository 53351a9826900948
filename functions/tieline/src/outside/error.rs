//! What can go wrong with a call, and whether to try again.

use std::error::Error;
use std::fmt::Write as _;

use crate::problem::{Code, Problem};

/// The words that a vendor's HTTP status becomes; see [`CallError::answered_by_vendor`].
const UNAUTHENTICATED: &str = "Unauthenticated";
const FORBIDDEN: &str = "Forbidden";
const NOT_FOUND: &str = "NotFound";
const EXISTS: &str = "AlreadyExists";
const INVALID: &str = "Invalid";

/// The call that reads a vendor's key.
pub const READ_SECRET: &str = "secretsmanager:GetSecretValue";

/// The call that reads the tags of its secret.
pub const DESCRIBE_SECRET: &str = "secretsmanager:DescribeSecret";

const SECRET_FIX: &str = "name a secret that the functions may read: its name starts with the stack's parameter \
     SecretPrefix, and its value is a JSON object with the fields that the README lists";

const DECRYPT_FIX: &str = "the secret is under a KMS key of your own, which the functions may not use: put the key's ARN into the stack's \
     parameter SecretKeyArns, and allow the account's roles in the key's policy; aws secretsmanager describe-secret --query KmsKeyId \
     --output text --secret-id <the secret> says which it is, and aws kms describe-key --query KeyMetadata.Arn --key-id <that> its ARN";

const KEY_FIX: &str = "make a key with the rights that the README lists for this target, put it into the secret, and send the \
     event again";

/// What comes back from a call to the outside.
pub type Reply<T> = Result<T, CallError>;

/// A call to the outside that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The service answered no. Nothing was changed by this call.
    #[error("{action} was refused: {code}: {message}")]
    Refused {
        /// The call, as IAM names it.
        action: &'static str,
        code: String,
        message: String,
    },
    /// The service asked to come back later, and said when. Nothing was changed by this call.
    #[error("{action} was put off for {retry_after} s: {reason}")]
    Throttled {
        action: &'static str,
        /// How long to leave the service alone, in seconds.
        retry_after: u64,
        reason: String,
    },
    /// The service asked to slow down or did not answer. The call may have taken effect.
    #[error("{action} got no usable answer: {reason}")]
    Unavailable {
        /// The call, as IAM names it.
        action: &'static str,
        reason: String,
    },
}

impl CallError {
    pub fn refused(action: &'static str, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self::Refused {
            action,
            code,
            message,
        }
    }

    pub fn unavailable(action: &'static str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Unavailable { action, reason }
    }

    /// Reads an error answer of any AWS service.
    ///
    /// Transient are the throttling codes, EC2's own trouble, and any 5xx; EC2 sends its throttling as 503.
    pub fn answered(action: &'static str, status: u16, code: &str, message: &str) -> Self {
        let transient = matches!(
            code,
            "RequestLimitExceeded"
                | "Throttling"
                | "ThrottlingException"
                | "TooManyRequestsException"
                | "InternalError"
                | "InternalFailure"
                | "InternalServerException"
                | "ServiceUnavailable"
                | "Unavailable"
                | "RequestTimeout"
        );
        if transient || status >= 500 {
            Self::unavailable(action, format!("{code}: {message}"))
        } else {
            Self::refused(action, code, message)
        }
    }

    /// Reads an error answer of a vendor's HTTP API, whose status says more than its codes: `code` and `message` are the
    /// vendor's own and go into the text.
    ///
    /// `retry_after` is what the answer says about when to come back, in seconds.
    pub fn answered_by_vendor(
        action: &'static str,
        status: u16,
        retry_after: Option<u64>,
        code: &str,
        message: &str,
    ) -> Self {
        let said = format!("HTTP {status} {code}: {message}");
        let word = match status {
            401 => UNAUTHENTICATED,
            403 => FORBIDDEN,
            404 => NOT_FOUND,
            409 => EXISTS,
            429 => {
                // A vendor that counts by the minute is free again within one.
                return Self::Throttled {
                    action,
                    retry_after: retry_after.unwrap_or(60).clamp(1, 300),
                    reason: said,
                };
            }
            408 | 500.. => return Self::unavailable(action, said),
            _ => INVALID,
        };
        Self::refused(action, word, said)
    }

    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::Throttled { .. } | Self::Unavailable { .. } => None,
        }
    }

    /// How long the service asked to be left alone, in seconds.
    pub fn retry_after(&self) -> u64 {
        match self {
            Self::Throttled { retry_after, .. } => *retry_after,
            Self::Refused { .. } | Self::Unavailable { .. } => 0,
        }
    }

    /// The call that was refused, as IAM or the vendor names it.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Refused { action, .. }
            | Self::Throttled { action, .. }
            | Self::Unavailable { action, .. } => action,
        }
    }

    pub fn is_duplicate(&self) -> bool {
        self.code().is_some_and(|code| {
            code.ends_with(".Duplicate")
                || matches!(
                    code,
                    EXISTS
                        | "ResourceAlreadyExistsFault"
                        | "HostedZoneAlreadyExists"
                        | "ConflictingDomainExists"
                )
        })
    }

    /// A vendor found fault with the request itself.
    pub fn is_invalid(&self) -> bool {
        self.code() == Some(INVALID)
    }

    /// What is wrong with a vendor's key, if this is about one: the secret cannot be read or holds none, the vendor
    /// does not know it, or it may not do this.
    pub fn credentials_problem(&self) -> Option<Problem> {
        let code = self.code()?;
        if matches!(self.action(), READ_SECRET | DESCRIBE_SECRET) {
            // Secrets Manager answers for KMS, and only in words: "Access to KMS is not allowed".
            let said = self.to_string();
            let is_of_key = said.contains("Access to KMS") || said.contains("KMS key");
            let fix = if is_of_key { DECRYPT_FIX } else { SECRET_FIX };
            return Some(Problem::new(Code::SecretUnusable, self.to_string(), fix));
        }
        matches!(code, UNAUTHENTICATED | FORBIDDEN)
            .then(|| Problem::new(Code::CredentialsRefused, self.to_string(), KEY_FIX))
    }

    /// The secret cannot be read or holds no key, or the vendor does not know that: whatever is asked with it is refused.
    pub fn is_of_key(&self) -> bool {
        let code = self.code();
        code == Some(UNAUTHENTICATED) || (code.is_some() && self.action() == READ_SECRET)
    }

    /// Something is still in use, or EC2 is busy with it: the same call works later.
    pub fn is_busy(&self) -> bool {
        matches!(
            self.code(),
            Some(
                "DependencyViolation"
                    | "OperationInProgress"
                    | "IncorrectState"
                    | "InvalidResourceStateFault"
                    | "PriorRequestNotComplete"
                    | "HostedZoneNotEmpty"
            )
        )
    }

    /// Route 53 is to delete a record that is gone: "Tried to delete resource record set […] but it was not found".
    fn is_record_gone(&self) -> bool {
        matches!(self, Self::Refused { code, message, .. }
            if code == "InvalidChangeBatch"
                && message.contains("Tried to delete")
                && message.contains("not found"))
    }

    /// The thing does not exist, or is not visible yet.
    pub fn is_missing(&self) -> bool {
        self.is_record_gone()
            || self.code().is_some_and(|code| {
                code.ends_with(".NotFound")
                    || matches!(
                        code,
                        NOT_FOUND
                            | "ResourceNotFoundException"
                            | "ResourceNotFoundFault"
                            | "NoSuchHostedZone"
                            | "VPCAssociationNotFound"
                            | "NoSuchEntity"
                    )
            })
    }

    /// AWS DMS does not see its own role or that role's policy. For seconds after these were made, the same call works
    /// later; otherwise it is for a person to put right.
    pub fn is_role_not_ready(&self) -> bool {
        matches!(self, Self::Refused { code, message, .. }
            if code == "AccessDeniedFault" && message.contains("dms-vpc-role"))
    }

    /// The client token was used before with other parameters.
    pub fn is_other_parameters(&self) -> bool {
        self.code() == Some("IdempotentParameterMismatch")
    }

    /// The VPC has as many endpoints as it may have.
    pub fn is_quota(&self) -> bool {
        self.code() == Some("VpcEndpointLimitExceeded")
    }

    /// A private DNS name is taken. EC2 has no code for it, only this sentence.
    pub fn is_dns_conflict(&self) -> bool {
        matches!(self, Self::Refused { code, message, .. }
            if code == "InvalidParameter" && message.contains("conflicting DNS domain"))
    }

    /// The policy above the account or the role that denied the call, where the answer says so: the function's own role
    /// cannot help. (IAM User Guide, "Troubleshoot access denied error messages".)
    pub fn denied_from_above(&self) -> Option<&'static str> {
        let Self::Refused { message, .. } = self else {
            return None;
        };
        let kinds = [
            (
                "service control policy",
                "organization's service control policies",
            ),
            (
                "resource control policy",
                "organization's resource control policies",
            ),
            ("permissions boundary", "role's permissions boundary"),
            ("session policy", "session policy"),
        ];
        let named = kinds.iter().find(|(kind, _)| message.contains(kind));
        named.map(|(_, policy)| *policy)
    }

    pub fn is_denied(&self) -> bool {
        matches!(
            self.code(),
            Some(
                "UnauthorizedOperation"
                    | "AccessDenied"
                    | "AccessDeniedException"
                    | "AccessDeniedFault"
            )
        )
    }
}

/// A thing that another run made a moment ago counts as made.
pub(crate) fn made(call: Reply<()>) -> Reply<()> {
    match call {
        Err(error) if error.is_duplicate() => Ok(()),
        other => other,
    }
}

/// An error with the whole chain of its causes, outermost first.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}
