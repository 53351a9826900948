//! What a caller gets instead of an answer.

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The service answered with an error. Nothing was changed, unless a scripted fault says
    /// otherwise.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The service's error code, as `InvalidParameter`.
        code: String,
        /// The service's message.
        message: String,
    },
    /// The connection was dropped. The call may have taken effect, or may do so later.
    NoAnswer,
    /// No answer comes until the caller gives up. The call has taken no effect.
    Hang,
    /// An answer that cannot be parsed. The call has taken effect.
    Malformed,
    /// The caller dies, and hears nothing. Whether the call has taken effect, the fault says.
    Crash,
}

impl Failure {
    /// The name under which the call log files it.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Failure::Refused { code, .. } => code,
            Failure::NoAnswer => "(no answer)",
            Failure::Hang => "(hang)",
            Failure::Malformed => "(malformed)",
            Failure::Crash => "(crash)",
        }
    }
}

/// A refusal with HTTP status 400, which is what nearly all of EC2's client errors carry.
pub(crate) fn refuse(code: &str, message: impl Into<String>) -> Failure {
    refuse_as(400, code, message)
}

/// A refusal with its own HTTP status.
pub(crate) fn refuse_as(status: u16, code: &str, message: impl Into<String>) -> Failure {
    Failure::Refused {
        status,
        code: code.to_owned(),
        message: message.into(),
    }
}

/// EC2's catch-all refusal.
pub(crate) fn invalid_parameter(message: impl Into<String>) -> Failure {
    refuse("InvalidParameter", message)
}

/// EC2's refusal of a value that a parameter cannot have.
pub(crate) fn invalid_value(message: impl Into<String>) -> Failure {
    refuse("InvalidParameterValue", message)
}

/// EC2's refusal of a request that lacks a parameter.
pub(crate) fn missing(parameter: &str) -> Failure {
    refuse(
        "MissingParameter",
        format!("The request must contain the parameter {parameter}"),
    )
}
