//! Two things that meet, in calm weather: the second one comes at each of many moments of the first one.

use crate::cast::{Member, OPEN};
use crate::life::{Life, Step};

/// How many seconds after the first thing the second one comes. A connection is made in some two minutes, and removed in five.
pub(crate) const MOMENTS: [u64; 18] = [
    0, 1, 2, 4, 7, 11, 16, 25, 40, 60, 80, 100, 130, 170, 220, 280, 400, 86_400,
];

/// What there is before, what comes first, and what meets it; the first two of the cast share an endpoint.
const MEETINGS: [(&str, &[Step], Step, Step); 16] = [
    ("request-again", &[], REQUEST, Step::Again),
    ("request-other", &[], REQUEST, OTHER_REQUEST),
    ("request-change", &[], REQUEST, CHANGE),
    ("request-removal", &[], REQUEST, REMOVAL),
    ("request-abort", &[], REQUEST, Step::Abort),
    ("request-check", &[], REQUEST, Step::Check),
    ("change-again", &CONNECTED, CHANGE, Step::Again),
    ("change-removal", &CONNECTED, CHANGE, REMOVAL),
    ("change-other", &CONNECTED, CHANGE, OTHER_REQUEST),
    ("change-abort", &CONNECTED, CHANGE, Step::Abort),
    ("removal-again", &CONNECTED, REMOVAL, Step::Again),
    ("removal-request", &CONNECTED, REMOVAL, REQUEST),
    ("removal-other", &CONNECTED, REMOVAL, OTHER_REQUEST),
    ("removal-abort", &CONNECTED, REMOVAL, Step::Abort),
    ("removal-change", &CONNECTED, REMOVAL, CHANGE),
    ("removals", &SHARED, REMOVAL, OTHER_REMOVAL),
];

const REQUEST: Step = Step::Request { who: 0, form: 0 };
const OTHER_REQUEST: Step = Step::Request { who: 1, form: 0 };
const CHANGE: Step = Step::Change { who: 0, form: 2 };
const REMOVAL: Step = Step::RemoveById { who: 0 };
const OTHER_REMOVAL: Step = Step::RemoveById { who: 1 };
const CONNECTED: [Step; 2] = [REQUEST, Step::Rest];
const SHARED: [Step; 4] = [REQUEST, Step::Rest, OTHER_REQUEST, Step::Rest];

/// Where they meet: on an endpoint with groups that the requests name, and on one with a group of its own, whose change asks for nothing
/// else.
const TARGETS: [&str; 2] = ["aurora-dsql", OPEN];

/// Every meeting at every moment.
pub fn meetings() -> impl Iterator<Item = Life> {
    let places = TARGETS
        .into_iter()
        .flat_map(|target| MEETINGS.map(|one| (target, one)));
    places.flat_map(|(target, (name, before, first, second))| {
        MOMENTS.into_iter().map(move |seconds| {
            let mut steps = before.to_vec();
            steps.extend([first, Step::Pass { seconds }, second]);
            Life {
                name: format!("meeting/{target}/{name}/{seconds}"),
                seed: seconds,
                cast: vec![Member::of("orders", target), Member::of("billing", target)],
                steps,
                faults: Vec::new(),
                ends_well: false,
                outcomes: Vec::new(),
            }
        })
    })
}
