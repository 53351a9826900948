//! EC2's words for the state of an endpoint, reduced to what the workflow acts on.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// The service's owner has to accept the connection.
    PendingAcceptance,
    Pending,
    Available,
    /// The owner refused; also later, to a live endpoint.
    Rejected,
    /// Nobody accepted in time.
    Expired,
    Failed,
    /// Going: its addresses and names are still held.
    Deleting,
    /// Gone, and still described for a while.
    Deleted,
    /// A word that EC2 does not document: neither good news nor a reason to write.
    Unknown,
}

impl State {
    /// Reads EC2's word without case.
    ///
    /// EC2 answers `available` where the SDK's enum only knows `Available`, so the SDK hands every real
    /// state over as unknown (awslabs/aws-sdk-rust#619); hence the text, and hence no case.
    pub fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "pendingacceptance" => Self::PendingAcceptance,
            "pending" => Self::Pending,
            "available" => Self::Available,
            "rejected" => Self::Rejected,
            "expired" => Self::Expired,
            "failed" => Self::Failed,
            "deleting" => Self::Deleting,
            "deleted" => Self::Deleted,
            _ => Self::Unknown,
        }
    }

    /// Whether the endpoint will never work again. Its id starts the next generation of client tokens.
    pub const fn is_dead(self) -> bool {
        match self {
            Self::Rejected | Self::Expired | Self::Failed | Self::Deleting | Self::Deleted => true,
            Self::PendingAcceptance | Self::Pending | Self::Available | Self::Unknown => false,
        }
    }

    /// Whether somebody has deleted it.
    pub const fn is_leaving(self) -> bool {
        matches!(self, Self::Deleting | Self::Deleted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_as_ec2_writes_them() {
        assert_eq!(State::parse("available"), State::Available);
        assert_eq!(State::parse("pendingAcceptance"), State::PendingAcceptance);
        assert_eq!(State::parse("PendingAcceptance"), State::PendingAcceptance);
        assert_eq!(State::parse("deleting"), State::Deleting);
        assert_eq!(State::parse("partial"), State::Unknown);
    }
}
