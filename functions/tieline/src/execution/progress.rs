//! How far the work has come; the state machine carries it beside the plan.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Execution, Phase};
use crate::ids::{EndpointId, GroupId};
use crate::problem::Rejection;
use crate::time::Time;
use crate::trial::Tried;

/// By how much a step may come after it was due, as where Step Functions repeats it.
const LATE: Duration = Duration::from_secs(300);

/// How far the work has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    pub phase: Phase,
    pub since: Time,
    /// How long the phases before it took.
    pub spent: Vec<PhaseDuration>,
    /// The endpoint, once its id is known.
    pub endpoint: Option<EndpointId>,
    /// The group of our own that a change takes or leaves, as long as it is there; or the last one of its name that a roll back takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// How often an endpoint was asked for.
    pub creates: u32,
    /// Since when somebody else's create stands in the way.
    pub contested: Option<Time>,
    /// How often one stood in the way for good, because nothing ever showed behind it.
    pub contests: u32,
    /// Keys of tags that this run adds to an endpoint that was there already.
    pub added_tags: Vec<String>,
    /// Whether it was announced that a person has to accept the endpoint.
    #[serde(default)]
    pub acceptance_announced: bool,
    /// Whether EC2 took the order to turn private DNS on.
    pub dns_ordered: bool,
    /// Whether it may have been ordered: also where no answer came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dns_asked: bool,
    /// Why a part could not be removed when that was tried last, in the words of whoever has it.
    #[serde(default, rename = "trouble", skip_serializing_if = "Option::is_none")]
    pub removal_error: Option<String>,
    pub failure: Option<Rejection>,
    /// The id of the event that asked, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// The name of the execution that was asked, where this one cleans up after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_as: Option<String>,
    /// Since when an endpoint is being let go of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<Time>,
    /// Whether this cleans up after another execution.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cleaning: bool,
    #[serde(default, skip_serializing_if = "PutOff::is_none")]
    pub put_off: PutOff,
    /// When the next step is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Time>,
    /// The endpoint whose private DNS was ordered to go off, before that goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    names_off: Option<EndpointId>,
    /// When this run last wrote names of a private zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Time>,
    /// What has gone and what stays, where a connection is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Removal>,
    /// What came of trying the way to the endpoint, once nothing more is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Tried>,
    /// The same of the names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Tried>,
    /// Whether the way was tried once more, after a change took something away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tried_again: bool,
    /// How long this phase had waited, in seconds, when it was first not known whether more belongs to what is to be removed; none if that
    /// was known at the last look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubted: Option<u64>,
    /// How far others were looked at, where so many run that it takes several steps: by what was looked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub looked: BTreeMap<String, LookedUpTo>,
}

/// The execution up to which all were looked at, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LookedUpTo {
    /// When it began; where ends are looked at, when it ended.
    pub at: Time,
    pub arn: String,
}

/// How far a removal has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Removal {
    /// What was ordered to go, in this order.
    pub removed: Vec<String>,
    /// What others hold, and who.
    pub stays: Vec<String>,
    /// Where removals that began before roll backs turned names off say whose names they turned off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    names_off: Option<EndpointId>,
    /// Whether nothing is removed: what a removal has closed that was stopped is opened again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reopens: bool,
    /// Whether the removal that had closed it had taken something already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_broken: bool,
    /// What was not looked at, where nothing was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
    /// Whether no more was said of it than its id.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_id: bool,
    /// Endpoints that died of other parameters of the same id: where nothing is ours, they are what is meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<EndpointId>,
}

impl Removal {
    /// One that takes nothing.
    pub fn to_reopen(is_broken: bool) -> Self {
        Self {
            reopens: true,
            is_broken,
            ..Self::default()
        }
    }

    /// One of a request of which perhaps no more was said than its id.
    pub fn of(by_id: bool) -> Self {
        Self {
            by_id,
            ..Self::default()
        }
    }

    /// Whether it has said of something that it goes, or that it has let go of it.
    pub fn has_taken(&self) -> bool {
        !self.removed.is_empty() || !self.stays.is_empty()
    }
}

/// A phase that is over
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseDuration {
    /// Its name, such as create
    #[schemars(with = "String")]
    pub phase: Phase,
    /// How long it took, in seconds
    #[schemars(range(min = 0))]
    pub seconds: f64,
}

/// Time in which a service only put the execution off.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutOff {
    /// When the first step began that was put off; none if the last one was not.
    pub since: Option<Time>,
    /// Milliseconds of it that lie in this phase, but for those since then; and those in which no step came at all.
    in_phase: u64,
    /// Milliseconds of it in the whole execution.
    total: u64,
}

impl PutOff {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// How much of it lies in this phase, but for what has not ended.
    pub fn in_phase(&self) -> Duration {
        Duration::from_millis(self.in_phase)
    }

    /// How much of it is behind us.
    pub fn total(&self) -> Duration {
        Duration::from_millis(self.total)
    }
}

impl Progress {
    /// Notes that private DNS of an endpoint was ordered to go off.
    pub fn note_names_off(&mut self, endpoint: EndpointId) {
        self.names_off = Some(endpoint);
    }

    /// Whether private DNS of an endpoint was ordered to go off.
    pub fn has_names_off(&self, endpoint: &EndpointId) -> bool {
        let removal = self.removal.as_ref();
        let before = removal.and_then(|removal| removal.names_off.as_ref());
        [self.names_off.as_ref(), before].contains(&Some(endpoint))
    }

    /// Nothing but a check was done, since the execution began.
    pub fn begin(execution: &Execution) -> Self {
        Self {
            since: execution.started(),
            ..Self::default()
        }
    }

    /// How long the phase has lasted, without the time in which a service only put us off.
    pub fn waited(&self, now: Time) -> Duration {
        now.since(self.since)
            .saturating_sub(Duration::from_millis(self.put_off.in_phase))
    }

    /// A step begins. Where none came although it was time, nobody looked: Lambda was out, or the execution was stopped, and a person has
    /// it go on days later. However long that was, it counts against nothing.
    pub fn pass_over(&mut self, now: Time) {
        let stood = self.due.take().map(|due| now.since(due));
        let Some(stood) = stood.filter(|stood| *stood > LATE) else {
            return;
        };
        self.put_off.in_phase += millis(stood);
        if let Some(since) = &mut self.put_off.since {
            *since = *since + stood;
        }
    }

    /// The same, and if the steps before this one were put off, that was until now. At most `longest` of an execution counts as that.
    pub fn resume(&mut self, now: Time, longest: Duration) {
        self.pass_over(now);
        let Some(since) = self.put_off.since.take() else {
            return;
        };
        let passed = now
            .since(since)
            .min(longest.saturating_sub(self.put_off.total()));
        self.put_off.in_phase += millis(passed);
        self.put_off.total += millis(passed);
    }

    /// Goes on to a phase, or stays in it.
    pub fn enter(&mut self, phase: Phase, now: Time) {
        if self.phase != phase {
            self.close(now);
            self.phase = phase;
        }
    }

    /// Notes what the phase took until now.
    pub fn close(&mut self, now: Time) {
        let seconds = (now.since(self.since).as_secs_f64() * 10.0).round() / 10.0;
        match self
            .spent
            .iter_mut()
            .find(|spent| spent.phase == self.phase)
        {
            Some(spent) => spent.seconds += seconds,
            None => self.spent.push(PhaseDuration {
                phase: self.phase,
                seconds,
            }),
        }
        self.since = now;
        self.put_off.in_phase = 0;
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_removal_of_the_version_before_turned_off_are_handed_on() {
        let endpoint: EndpointId = "vpce-0f3a9c51d7e2b8640".parse().unwrap();
        let removal = Removal {
            names_off: Some(endpoint.clone()),
            ..Removal::default()
        };
        let progress = Progress {
            removal: Some(removal),
            ..Progress::default()
        };

        let handed_on = serde_json::to_value(&progress).unwrap();

        let progress: Progress = serde_json::from_value(handed_on).unwrap();
        assert!(progress.has_names_off(&endpoint));
    }

    #[test]
    fn time_in_which_nobody_looked_counts_against_no_phase() {
        // However long it is: there is no outage that it could be the end of.
        let longest = Duration::from_secs(600);
        for (due, waited) in [(None, 4000), (Some(3_700_000), 4000), (Some(60_000), 60)] {
            let mut progress = Progress {
                due: due.map(Time),
                ..Progress::default()
            };
            let now = Time(4_000_000);

            progress.resume(now, longest);

            assert_eq!(progress.waited(now), Duration::from_secs(waited), "{due:?}");
            assert_eq!(progress.due, None);
            assert_eq!(progress.put_off.total(), Duration::ZERO, "{due:?}");
        }
    }

    #[test]
    fn an_outage_is_as_long_as_without_the_time_in_which_nobody_looked() {
        let put_off = PutOff {
            since: Some(Time(100_000)),
            ..PutOff::default()
        };
        let mut progress = Progress {
            put_off,
            due: Some(Time(160_000)),
            ..Progress::default()
        };
        let now = Time(4_000_000);

        progress.resume(now, Duration::from_secs(600));

        assert_eq!(progress.put_off.total(), Duration::from_secs(60));
        assert_eq!(progress.waited(now), Duration::from_secs(100));
    }

    #[test]
    fn a_phase_that_is_entered_again_adds_up() {
        let execution = Execution {
            id: String::new(),
            started_at: "1970-01-01T00:00:01Z".to_owned(),
            definition: 2,
            connects: None,
        };
        let mut progress = Progress::begin(&execution);

        progress.enter(Phase::Create, Time(3_000));
        progress.enter(Phase::Create, Time(4_000));
        progress.enter(Phase::RollBack, Time(5_000));

        let seconds: Vec<f64> = progress.spent.iter().map(|spent| spent.seconds).collect();
        assert_eq!(seconds, [2.0, 2.0]);
    }
}
