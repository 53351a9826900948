//! Scripted faults: which calls go wrong, and how.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::world::Service;

/// What goes wrong with which calls. Without `nth`, `every`, `count` and `seconds` it is every call
/// from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The action concerned; `*` means every action, `Describe*` every action with that beginning.
    pub action: String,
    /// Only calls of this service.
    #[serde(default)]
    pub service: Option<Service>,
    /// Only once this action was called.
    #[serde(default)]
    pub after: Option<String>,
    /// The first matching call concerned, counted from 1.
    #[serde(default)]
    pub nth: Option<u32>,
    /// Only every so many matching calls: 3 means the third, the sixth, …
    #[serde(default)]
    pub every: Option<u32>,
    /// How many calls go wrong at most.
    #[serde(default)]
    pub count: Option<u32>,
    /// How long this lasts, in virtual seconds from when it is scripted, or from the call that it comes after.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// What goes wrong.
    pub kind: FaultKind,
}

impl Fault {
    /// Every call of the action from now on.
    #[must_use]
    pub fn on(action: &str, kind: FaultKind) -> Self {
        Self {
            action: action.to_owned(),
            service: None,
            after: None,
            nth: None,
            every: None,
            count: None,
            seconds: None,
            kind,
        }
    }

    /// Every call of a service from now on.
    #[must_use]
    pub fn of(service: Service, kind: FaultKind) -> Self {
        Self {
            service: Some(service),
            ..Self::on("*", kind)
        }
    }

    /// Only the next call of the action.
    #[must_use]
    pub fn once(action: &str, kind: FaultKind) -> Self {
        Self {
            count: Some(1),
            ..Self::on(action, kind)
        }
    }

    /// Only the nth call of the action, counted from 1.
    #[must_use]
    pub fn nth(action: &str, nth: u32, kind: FaultKind) -> Self {
        Self {
            nth: Some(nth),
            ..Self::once(action, kind)
        }
    }

    fn concerns(&self, service: Service, action: &str) -> bool {
        if self.service.is_some_and(|only| only != service) {
            return false;
        }
        match self.action.strip_suffix('*') {
            Some(beginning) => action.starts_with(beginning),
            None => self.action == action,
        }
    }
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "name",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum FaultKind {
    /// Refused because of too many calls; no effect.
    Throttle,
    /// A 5xx answer; no effect.
    ErrorBeforeEffect,
    /// A 5xx answer, but the effect has happened.
    ErrorAfterEffect,
    /// The effect has happened, but the connection drops before the answer.
    LostAnswer,
    /// The connection drops, and the effect happens later.
    LateEffect {
        /// How much later, in virtual seconds.
        seconds: f64,
    },
    /// No answer until the caller gives up; no effect.
    Hang,
    /// The effect has happened, but the answer cannot be parsed.
    Malformed,
    /// The caller's IAM policy does not allow it; no effect.
    AccessDenied,
    /// A look shows what there was before the last call that wanted to change something: a replica that lags (EC2 developer
    /// guide, "Ensuring eventual consistency"). What changes something is not concerned.
    Stale,
    /// A look shows nothing of what has come since the fault was scripted: the same, and worse.
    Empty,
    /// The answer has states that nobody has heard of, and fields as well; the effect has happened.
    Unknown,
    /// The caller dies before the call has any effect. Over HTTP, where nobody can be killed, its connection drops.
    CrashBeforeEffect,
    /// The caller dies once the effect has happened.
    CrashAfterEffect,
}

/// The faults that are scripted, and how often each has matched and struck.
#[derive(Debug, Default)]
pub(super) struct Faults {
    scripted: Vec<Scripted>,
}

#[derive(Debug)]
struct Scripted {
    fault: Fault,
    /// Whether what it comes after was called.
    begun: bool,
    ends: Option<Moment>,
    matched: u32,
    struck: u32,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault, now: Moment) {
        let mut scripted = Scripted {
            begun: false,
            ends: None,
            fault,
            matched: 0,
            struck: 0,
        };
        if scripted.fault.after.is_none() {
            scripted.begin(now);
        }
        self.scripted.push(scripted);
    }

    pub(super) fn clear(&mut self) {
        self.scripted.clear();
    }

    /// Whether a look may yet show what there was before the last change.
    pub(super) fn may_be_stale(&self, now: Moment) -> bool {
        let mut all = self.scripted.iter();
        all.any(|one| one.fault.kind == FaultKind::Stale && one.is_to_come(now))
    }

    /// The fault that strikes this call, if any. All matching faults count the call, the first one
    /// strikes.
    pub(super) fn strike(
        &mut self,
        service: Service,
        action: &str,
        now: Moment,
    ) -> Option<FaultKind> {
        let mut kind = None;
        for scripted in &mut self.scripted {
            if !scripted.begun {
                if scripted.fault.after.as_deref() == Some(action) {
                    scripted.begin(now);
                }
                continue;
            }
            if !scripted.fault.concerns(service, action) {
                continue;
            }
            scripted.matched += 1;
            if kind.is_none() && scripted.strikes(now) {
                scripted.struck += 1;
                kind = Some(scripted.fault.kind);
            }
        }
        kind
    }
}

impl Scripted {
    fn begin(&mut self, now: Moment) {
        let seconds = self.fault.seconds.map(Duration::from_secs_f64);
        self.ends = seconds.map(|time| clock::after(now, time));
        self.begun = true;
    }

    /// Whether it may strike, now or later.
    fn is_to_come(&self, now: Moment) -> bool {
        self.ends.is_none_or(|ends| now < ends)
            && self.fault.count.is_none_or(|count| self.struck < count)
    }

    fn strikes(&self, now: Moment) -> bool {
        self.is_to_come(now)
            && self.fault.nth.is_none_or(|nth| self.matched >= nth)
            && self
                .fault
                .every
                .is_none_or(|every| self.matched.is_multiple_of(every))
    }
}
