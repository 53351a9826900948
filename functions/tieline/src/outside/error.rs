//! What can go wrong with a call and with a step, and whether to try again.

use std::error::Error as _;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::problem::{Code, Problem};

/// The words that a vendor's HTTP status becomes; see [`CallError::answered_by_vendor`].
const UNAUTHENTICATED: &str = "Unauthenticated";
const FORBIDDEN: &str = "Forbidden";
const NOT_FOUND: &str = "NotFound";
const EXISTS: &str = "AlreadyExists";
const INVALID: &str = "Invalid";

/// The call that reads a vendor's key.
pub const READ_SECRET: &str = "secretsmanager:GetSecretValue";

const SECRET_FIX: &str = "name a secret that the functions may read: its name starts with the stack's parameter \
     SecretPrefix, and its value is a JSON object with the fields that README lists";

const KEY_FIX: &str = "make a key with the rights that README lists for this target, put it into the secret, and send the \
     event again";

const ROLE_FIX: &str = "aws iam attach-role-policy --role-name dms-vpc-role \
     --policy-arn arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole";

/// A call to the outside that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The service answered no. Nothing was changed by this call.
    #[error("{action} was refused: {code}: {message}")]
    Refused {
        /// The call, as IAM names it.
        action: &'static str,
        /// The service's own error code.
        code: String,
        /// The service's own sentence.
        message: String,
    },
    /// The service asked to come back later, and said when. Nothing was changed by this call.
    #[error("{action} was put off for {seconds} s: {reason}")]
    Throttled {
        /// The call.
        action: &'static str,
        /// How long to leave the service alone.
        seconds: u64,
        /// The service's own words.
        reason: String,
    },
    /// The service asked to slow down or did not answer. The call may have taken effect.
    #[error("{action} got no usable answer: {reason}")]
    Unavailable {
        /// The call, as IAM names it.
        action: &'static str,
        /// What was seen instead of an answer.
        reason: String,
    },
}

impl CallError {
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
            Self::Unavailable {
                action,
                reason: format!("{code}: {message}"),
            }
        } else {
            Self::Refused {
                action,
                code: code.to_owned(),
                message: message.to_owned(),
            }
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
                    seconds: retry_after.unwrap_or(60).clamp(1, 300),
                    reason: said,
                };
            }
            408 | 500.. => {
                return Self::Unavailable {
                    action,
                    reason: said,
                };
            }
            _ => INVALID,
        };
        Self::Refused {
            action,
            code: word.to_owned(),
            message: said,
        }
    }

    /// The service's code, if it refused.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::Throttled { .. } | Self::Unavailable { .. } => None,
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

    /// Something of that name exists already.
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
        if self.action() == READ_SECRET {
            return Some(Problem::new(
                Code::SecretUnusable,
                self.to_string(),
                SECRET_FIX,
            ));
        }
        matches!(code, UNAUTHENTICATED | FORBIDDEN)
            .then(|| Problem::new(Code::CredentialsRefused, self.to_string(), KEY_FIX))
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

    /// The thing does not exist, or is not visible yet.
    pub fn is_missing(&self) -> bool {
        self.code().is_some_and(|code| {
            code.ends_with(".NotFound")
                || matches!(
                    code,
                    NOT_FOUND
                        | "ResourceNotFoundException"
                        | "ResourceNotFoundFault"
                        | "NoSuchHostedZone"
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

    fn is_denied(&self) -> bool {
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

/// Why a step stopped. Its [`StepError::name`] is what the state machine matches on.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The same step may succeed later.
    #[error("the step may succeed later")]
    Retryable(#[source] CallError),
    /// It will not.
    #[error("the request cannot be carried out")]
    Rejected(Rejection),
}

/// Why a request cannot be carried out; it travels as text through the state machine's `Cause`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Every reason.
    pub problems: Vec<Problem>,
}

impl StepError {
    /// Every name a step can raise; `functions/connect.asl.json` handles exactly these.
    pub const NAMES: [&str; 2] = ["Tieline.Retryable", "Tieline.Rejected"];

    /// The name that Lambda reports as `errorType` and the state machine sees as `Error`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Retryable(_) => Self::NAMES[0],
            Self::Rejected(_) => Self::NAMES[1],
        }
    }

    /// The text that Lambda reports as `errorMessage`: the problems as JSON, or the chain of causes.
    pub fn message(&self) -> String {
        match self {
            Self::Rejected(rejection) => serde_json::json!(rejection).to_string(),
            Self::Retryable(_) => self.chain(),
        }
    }

    /// A step that cannot go on for one reason.
    pub fn rejected(problem: Problem) -> Self {
        Self::Rejected(Rejection {
            problems: vec![problem],
        })
    }

    /// The whole chain of causes, outermost first.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(cause) = source {
            let _ = write!(text, ": {cause}");
            source = cause.source();
        }
        if let Self::Rejected(rejection) = self {
            for problem in &rejection.problems {
                let _ = write!(text, ": {problem}");
            }
        }
        text
    }
}

impl From<CallError> for StepError {
    fn from(error: CallError) -> Self {
        if let Some(problem) = error.credentials_problem() {
            return Self::rejected(problem);
        }
        if error.is_role_not_ready() {
            return Self::rejected(Problem::new(
                Code::DmsRoleMissing,
                error.to_string(),
                ROLE_FIX,
            ));
        }
        match &error {
            CallError::Unavailable { .. } | CallError::Throttled { .. } => Self::Retryable(error),
            CallError::Refused { action, .. } => {
                let (code, fix) = if error.is_denied() {
                    (
                        Code::PermissionDenied,
                        format!(
                            "allow {action} in the function's role (template.yaml), and send the event again"
                        ),
                    )
                } else {
                    (
                        Code::CallRefused,
                        "read the service's sentence, put it right, and send the event again"
                            .to_owned(),
                    )
                };
                Self::rejected(Problem::new(code, error.to_string(), fix))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_and_server_trouble_may_succeed_later() {
        for (status, code) in [
            (503, "RequestLimitExceeded"),
            (400, "ThrottlingException"),
            (500, "Anything"),
        ] {
            let error = StepError::from(CallError::answered("look", status, code, "slow down"));
            assert_eq!(error.name(), "Tieline.Retryable", "{code}");
        }
        let error = StepError::from(CallError::answered("look", 400, "InvalidParameter", "no"));
        assert_eq!(error.name(), "Tieline.Rejected");
    }

    #[test]
    fn a_rejection_survives_its_way_as_text() {
        let error = StepError::rejected(Problem::new(
            Code::VpcNotFound,
            "no such VPC",
            "name another",
        ));

        let read: Rejection = serde_json::from_str(&error.message()).unwrap();

        assert_eq!(read.problems[0].code, Code::VpcNotFound);
    }

    #[test]
    fn the_chain_names_the_cause() {
        let error = StepError::from(CallError::answered(
            "ec2:CreateVpcEndpoint",
            503,
            "RequestLimitExceeded",
            "x",
        ));

        assert_eq!(
            error.chain(),
            "the step may succeed later: ec2:CreateVpcEndpoint got no usable answer: RequestLimitExceeded: x"
        );
    }
}
