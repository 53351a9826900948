//! Why a step stopped, by the names that the state machine matches on.

use std::fmt::Write as _;

use crate::outside::{CallError, chain};
use crate::problem::{Code, Problem, Rejection};
use crate::refusals::dms_role_without_policy;

/// Why a step stopped. Its [`StepError::name`] is what the state machine matches on.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A service did not answer, or asked for time. It leaves a function only when that has gone on for too long.
    #[error("a service does not answer")]
    Unavailable(#[source] CallError),
    /// It will not.
    #[error("the request cannot be carried out")]
    Rejected(Rejection),
}

impl StepError {
    /// Every name a step can raise.
    pub const NAMES: [&str; 2] = ["Tieline.Unavailable", "Tieline.Rejected"];

    /// The name that Lambda reports as `errorType` and the state machine sees as `Error`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => Self::NAMES[0],
            Self::Rejected(_) => Self::NAMES[1],
        }
    }

    /// The text that Lambda reports as `errorMessage`: the problems as JSON, or the chain of causes.
    pub fn message(&self) -> String {
        match self {
            Self::Rejected(rejection) => serde_json::json!(rejection).to_string(),
            Self::Unavailable(_) => self.chain(),
        }
    }

    /// A step that cannot go on for one reason.
    pub fn rejected(problem: Problem) -> Self {
        Self::Rejected(problem.into())
    }

    /// The whole chain of causes, outermost first, and every problem.
    pub fn chain(&self) -> String {
        let mut text = chain(self);
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
            return Self::rejected(dms_role_without_policy(error.to_string()));
        }
        match &error {
            CallError::Unavailable { .. } | CallError::Throttled { .. } => Self::Unavailable(error),
            CallError::Refused { action, .. } => {
                let (code, fix) = if error.is_denied() {
                    (
                        Code::PermissionDenied,
                        match error.denied_from_above() {
                            Some(policy) => format!(
                                "ask whoever administers the {policy} to allow {action} for the role of this function, and send the event again"
                            ),
                            None => format!(
                                "allow {action} in the function's role (template.yaml), and send the event again"
                            ),
                        },
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
    fn throttling_and_server_trouble_are_no_refusal() {
        for (status, code) in [
            (503, "RequestLimitExceeded"),
            (400, "ThrottlingException"),
            (500, "Anything"),
        ] {
            let error = StepError::from(CallError::answered("look", status, code, "slow down"));
            assert_eq!(error.name(), "Tieline.Unavailable", "{code}");
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
            "a service does not answer: ec2:CreateVpcEndpoint got no usable answer: RequestLimitExceeded: x"
        );
    }
}
