//! What every call passes before it takes effect: the log, the scripted faults and the token
//! buckets.

mod buckets;
pub(crate) mod digest;
mod faults;
mod log;
mod windows;

use std::time::Duration;

use serde_json::Value;

pub use faults::{Fault, FaultKind};
pub use log::Call;

pub(crate) use windows::Rate;

use buckets::Buckets;
use digest::{Check, Claim, Nonces, Target};
use faults::Faults;
use windows::Windows;

use crate::clock::Moment;
use crate::failure::refuse_as;
use crate::world::Service;
use crate::{Failure, World};

/// The gate's own memory.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    calls: Vec<Call>,
    faults: Faults,
    buckets: Buckets,
    windows: Windows,
    nonces: Nonces,
}

/// What the gate decides about a call.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It takes no effect.
    Refuse(Failure),
    /// It takes effect.
    Perform(Effect),
}

/// How a call takes effect.
#[derive(Debug)]
pub(crate) enum Effect {
    /// At once, and the caller gets the answer.
    Normal,
    /// At once, but the caller gets this failure instead of the answer.
    ThenFail(Failure),
    /// This much later, and the caller gets no answer.
    Late(Duration),
    /// None; the caller sees what there was.
    AsItWas(Past),
    /// At once, and the answer is written in words that nobody knows.
    InOtherWords,
}

/// What somebody sees who sees too little.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Past {
    /// What there was before the last call that wanted to change something.
    BeforeTheLastChange,
    /// What there was before the fault was scripted.
    BeforeAll,
}

impl Verdict {
    /// What the log says of a call that went wrong, though its answer looks well.
    pub(crate) fn oddity(&self, write: bool) -> Option<&'static str> {
        match self {
            Self::Perform(Effect::AsItWas(_)) if !write => Some("(as it was)"),
            Self::Perform(Effect::InOtherWords) => Some("(in other words)"),
            Self::Perform(_) | Self::Refuse(_) => None,
        }
    }
}

impl Gate {
    pub(crate) fn judge(&mut self, service: Service, action: &str, now: Moment) -> Verdict {
        if let Some(kind) = self.faults.strike(service, action, now) {
            return verdict(service, &kind);
        }
        if service == Service::Ec2 && !self.buckets.take(action, now) {
            return Verdict::Refuse(throttled(service));
        }
        Verdict::Perform(Effect::Normal)
    }

    /// Whether a look may yet show what there was before the last change.
    pub(crate) fn may_be_stale(&self, now: Moment) -> bool {
        self.faults.may_be_stale(now)
    }

    /// Counts a request of a vendor's key.
    pub(crate) fn count(&mut self, key: &str, limit: u32, now: Moment) -> Rate {
        self.windows.count(key, limit, now)
    }

    /// Remembers that a nonce was given out.
    pub(crate) fn give_nonce(&mut self, nonce: &str, now: Moment) {
        self.nonces.give(nonce, now);
    }

    /// Checks what a request says about who sent it.
    pub(crate) fn check_digest(
        &mut self,
        claim: &Claim,
        target: Target<'_>,
        secret: &str,
        now: Moment,
        lifetime: Duration,
    ) -> Check {
        self.nonces.check(claim, target, secret, now, lifetime)
    }

    pub(crate) fn log(
        &mut self,
        service: Service,
        action: &str,
        at: Moment,
        parameters: Value,
        outcome: String,
        write: bool,
    ) {
        let parameters = log::redacted(log::without_absent(parameters));
        self.calls.push(Call {
            service,
            action: action.to_owned(),
            at,
            parameters,
            outcome,
            write,
        });
    }
}

fn verdict(service: Service, kind: &FaultKind) -> Verdict {
    match kind {
        FaultKind::Throttle => Verdict::Refuse(throttled(service)),
        FaultKind::ErrorBeforeEffect => Verdict::Refuse(internal_error(service)),
        FaultKind::AccessDenied => Verdict::Refuse(access_denied(service)),
        FaultKind::Hang => Verdict::Refuse(Failure::Hang),
        FaultKind::ErrorAfterEffect => Verdict::Perform(Effect::ThenFail(internal_error(service))),
        FaultKind::LostAnswer => Verdict::Perform(Effect::ThenFail(Failure::NoAnswer)),
        FaultKind::Malformed => Verdict::Perform(Effect::ThenFail(Failure::Malformed)),
        FaultKind::LateEffect { seconds } => {
            Verdict::Perform(Effect::Late(Duration::from_secs_f64(*seconds)))
        }
        FaultKind::Stale => Verdict::Perform(Effect::AsItWas(Past::BeforeTheLastChange)),
        FaultKind::Empty => Verdict::Perform(Effect::AsItWas(Past::BeforeAll)),
        FaultKind::Unknown => Verdict::Perform(Effect::InOtherWords),
        FaultKind::CrashBeforeEffect => Verdict::Refuse(Failure::Crash),
        FaultKind::CrashAfterEffect => Verdict::Perform(Effect::ThenFail(Failure::Crash)),
    }
}

pub(crate) fn throttled(service: Service) -> Failure {
    match service {
        Service::Ec2 => refuse_as(503, "RequestLimitExceeded", "Request limit exceeded."),
        Service::Dsql => refuse_as(429, "ThrottlingException", "Rate exceeded"),
        Service::ServiceQuotas => refuse_as(400, "TooManyRequestsException", "Rate exceeded"),
        Service::Dms | Service::SecretsManager => {
            refuse_as(400, "ThrottlingException", "Rate exceeded")
        }
        Service::StepFunctions | Service::Network => {
            refuse_as(400, "ThrottlingException", "Rate exceeded")
        }
        Service::Route53 | Service::Iam => refuse_as(400, "Throttling", "Rate exceeded"),
        // docs.pingcap.com, "TiDB Cloud API overview": the code; the message is not verified.
        Service::TidbCloud => refuse_as(
            429,
            "49900007",
            "The request exceeded the limit of 100 times per apikey per minute.",
        ),
        // Confluent's spec gives a 429 headers and no body.
        Service::Confluent => refuse_as(429, "rate_limit_exceeded", "Too many requests"),
    }
}

fn internal_error(service: Service) -> Failure {
    let message = "An internal error has occurred";
    let code = match service {
        Service::Ec2 => "InternalError",
        Service::Dsql => "InternalServerException",
        Service::ServiceQuotas => "ServiceException",
        Service::Dms | Service::Route53 | Service::StepFunctions | Service::Network => {
            "InternalFailure"
        }
        Service::Iam => "ServiceFailure",
        Service::SecretsManager => "InternalServiceError",
        Service::TidbCloud => "13", // google.rpc.Code INTERNAL
        Service::Confluent => "internal_error",
    };
    refuse_as(500, code, message)
}

fn access_denied(service: Service) -> Failure {
    let message = "You are not authorized to perform this operation.";
    match service {
        Service::Ec2 => refuse_as(403, "UnauthorizedOperation", message),
        Service::Dsql => refuse_as(403, "AccessDeniedException", message),
        Service::ServiceQuotas
        | Service::SecretsManager
        | Service::Dms
        | Service::Network
        | Service::StepFunctions => refuse_as(400, "AccessDeniedException", message),
        Service::Route53 | Service::Iam => refuse_as(403, "AccessDenied", message),
        Service::TidbCloud => refuse_as(403, "7", message), // google.rpc.Code PERMISSION_DENIED
        Service::Confluent => refuse_as(403, "user_unauthorized", message),
    }
}

impl World {
    /// Every call so far, oldest first.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.gate.calls
    }

    /// The calls that wanted to change something.
    pub fn writes(&self) -> impl Iterator<Item = &Call> {
        self.gate.calls.iter().filter(|call| call.write)
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&mut self) {
        self.gate.calls.clear();
    }

    /// Scripts a fault.
    pub fn add_fault(&mut self, fault: Fault) {
        let now = self.now();
        if matches!(fault.kind, FaultKind::Stale | FaultKind::Empty) {
            self.remember();
        }
        self.gate.faults.add(fault, now);
    }

    /// Takes all scripted faults back.
    pub fn clear_faults(&mut self) {
        self.gate.faults.clear();
    }

    /// Multiplies EC2's token buckets and their refill, and the vendors' requests per minute; `None`
    /// turns throttling off.
    pub fn scale_throttling(&mut self, factor: Option<f64>) {
        self.gate.buckets.scale(factor);
        self.gate.windows.scale(factor);
    }

    /// Empties the token bucket of an EC2 action, as if another tool in the account had just used
    /// it up.
    pub fn drain_bucket(&mut self, action: &str) {
        let now = self.now();
        self.gate.buckets.drain(action, now);
    }
}
