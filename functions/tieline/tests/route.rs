//! The order of the phases as a table: every phase, and everything that a look can show.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod route {
    pub(crate) mod looks;
    mod trials;
    mod waits;
}

use serde_json::{Map, Value};
use tieline::execution::{Phase, Progress};
use tieline::outside::{Group, State, Tags};
use tieline::ownership::Ownership;
use tieline::parts::{Condition, Observation, Part};
use tieline::workflow::{
    Disposition, Inventory, NextState, Observed, PartsStatus, Remaining, RemainingPart, Then,
};

use crate::route::looks::{STATES, decide, done, endpoint, sent, statuses, word};

#[test]
fn the_phases_come_in_this_order() {
    let (plan, mut progress) = sent("status-polling/create");
    let go = |next: NextState| next.name();
    type Change = fn(&mut Observed, &mut Progress);
    let table: [(&str, Phase, Change, &str); 13] = [
        (
            "nothing was requested",
            Phase::Create,
            |_, progress| progress.endpoint = None,
            go(NextState::Create),
        ),
        (
            "EC2 does not show it yet",
            Phase::Create,
            |seen, _| seen.endpoint = None,
            "wait",
        ),
        (
            "it is pending",
            Phase::Create,
            |seen, _| state(seen, State::Pending),
            "wait",
        ),
        (
            "a part is to be made",
            Phase::Create,
            |seen, _| seen.parts = Some(PartsStatus::ToMake),
            go(NextState::Create),
        ),
        (
            "names are off",
            Phase::Create,
            |seen, _| private_dns(seen, false),
            go(NextState::EnableDns),
        ),
        (
            "names were ordered",
            Phase::EnableDns,
            |seen, progress| {
                private_dns(seen, false);
                progress.dns_ordered = true;
            },
            "wait",
        ),
        (
            "a zone is to be made",
            Phase::EnableDns,
            |seen, _| seen.names = Some(PartsStatus::ToMake),
            go(NextState::EnableDns),
        ),
        (
            "a tag does not show",
            Phase::EnableDns,
            |seen, _| drop(tags(seen).remove("team")),
            "wait",
        ),
        (
            "an interface does not show",
            Phase::EnableDns,
            |seen, _| drop(seen.interfaces.as_mut().unwrap().pop()),
            "wait",
        ),
        (
            "everything shows",
            Phase::EnableDns,
            |_, _| {},
            go(NextState::Confirm),
        ),
        (
            "the mark does not show",
            Phase::Confirm,
            |seen, _| unconfirm(seen),
            "wait",
        ),
        ("the mark shows", Phase::Confirm, |_, _| {}, "ready"),
        (
            "the id is another's",
            Phase::Confirm,
            |seen, _| {
                drop(tags(seen).insert("tieline:request/orders-prod".to_owned(), "0".to_owned()))
            },
            "REQUEST_CONFLICT",
        ),
    ];
    progress.spent.clear();
    for (what, phase, change, then) in table {
        let mut progress = progress.clone();
        progress.phase = phase;
        let mut observed = done(&plan, &progress);
        change(&mut observed, &mut progress);

        assert_eq!(
            word(&decide(&plan, &progress, 30, &observed).then),
            then,
            "{what}"
        );
    }
}

fn state(observed: &mut Observed, state: State) {
    observed.endpoint.as_mut().unwrap().state = state;
}

fn private_dns(observed: &mut Observed, on: bool) {
    observed.endpoint.as_mut().unwrap().private_dns = on;
}

fn tags(observed: &mut Observed) -> &mut Tags {
    &mut observed.endpoint.as_mut().unwrap().tags
}

/// Takes the mark of a confirmed connection off.
fn unconfirm(observed: &mut Observed) {
    for value in tags(observed).values_mut() {
        *value = value.trim_end_matches(".ready").to_owned();
    }
}

/// Whatever is seen in whatever phase: what must never be decided, is not.
#[test]
fn no_look_in_any_phase_leads_where_it_must_not() {
    let (plan, mut progress) = sent("status-polling/create");
    progress.creates = 1;
    let mut looks = 0;
    for phase in [
        Phase::Create,
        Phase::Accept,
        Phase::EnableDns,
        Phase::Confirm,
    ] {
        for at in STATES {
            for parts in statuses() {
                for names in statuses() {
                    for bits in 0..32_u32 {
                        let bit = |number: u32| bits & (1 << number) != 0;
                        let mut progress = progress.clone();
                        progress.phase = phase;
                        progress.dns_ordered = bit(0);
                        let mut observed = done(&plan, &progress);
                        state(&mut observed, at);
                        observed.parts = Some(parts.clone());
                        observed.names = Some(names.clone());
                        private_dns(&mut observed, bit(1));
                        if bit(2) {
                            observed.interfaces = None;
                        }
                        if bit(3) {
                            unconfirm(&mut observed);
                        }
                        let after = if bit(4) { 30 } else { 1_300 };

                        let decision = decide(&plan, &progress, after, &observed);

                        let what =
                            format!("{phase:?} {at:?} {parts:?} {names:?} {bits:05b} {decision:?}");
                        let works =
                            at == State::Available && matches!(parts, PartsStatus::Ready(_));
                        let named = bit(1) && matches!(names, PartsStatus::Ready(_));
                        match decision.then {
                            Then::Ready => assert!(
                                works && named && !bit(2) && !bit(3) && phase == Phase::Confirm,
                                "{what}"
                            ),
                            Then::Go(NextState::EnableDns) => assert!(works && !named, "{what}"),
                            Then::Go(NextState::Confirm) => {
                                assert!(
                                    works && named && !bit(2) && phase != Phase::Confirm,
                                    "{what}"
                                );
                            }
                            Then::Go(NextState::Create) => {
                                assert!(
                                    matches!(parts, PartsStatus::ToMake) && !at.is_dead(),
                                    "{what}"
                                );
                            }
                            Then::Wait { seconds, .. } => {
                                assert!(after < 1_200 || phase == Phase::Accept, "{what}");
                                assert!((5..=60).contains(&seconds), "{what}");
                            }
                            Then::StartOver => {
                                assert!(matches!(at, State::Deleting | State::Deleted), "{what}")
                            }
                            Then::Fail(problem) => assert!(
                                at.is_dead()
                                    || after > 1_200
                                    || matches!(parts, PartsStatus::Broken(_))
                                    || matches!(names, PartsStatus::Broken(_)),
                                "{what}: {problem}"
                            ),
                            then @ (Then::Go(_)
                            | Then::Verify(_)
                            | Then::LeaveUntried(..)
                            | Then::AwaitAcceptance { .. }
                            | Then::RolledBack
                            | Then::GiveUp) => panic!("{what}: {then:?}"),
                        }
                        looks += 1;
                    }
                }
            }
        }
    }
    assert_eq!(looks, 4 * 9 * 4 * 4 * 32);
}

#[test]
fn a_dead_endpoint_fails_with_its_own_code_and_one_that_vanished_is_made_again() {
    let (plan, mut progress) = sent("status-polling/create");
    for (at, creates, then) in [
        (State::Failed, 1, "ENDPOINT_FAILED"),
        (State::Rejected, 1, "ENDPOINT_REJECTED"),
        (State::Expired, 1, "ENDPOINT_EXPIRED"),
        (State::Deleted, 1, "start over"),
        (State::Deleting, 2, "start over"),
        (State::Deleting, 3, "ENDPOINT_VANISHED"),
    ] {
        progress.creates = creates;
        let mut observed = done(&plan, &progress);
        state(&mut observed, at);
        observed.parts = None;

        let decision = decide(&plan, &progress, 30, &observed);
        assert_eq!(word(&decision.then), then, "{at:?}");
    }
}

#[test]
fn a_person_has_the_time_that_the_request_gives() {
    let (plan, mut progress) = sent("status-polling/awaiting-acceptance");
    let hours = u64::from(plan.endpoint.as_ref().unwrap().acceptance_hours.unwrap());
    let mut observed = done(&plan, &progress);
    state(&mut observed, State::PendingAcceptance);
    private_dns(&mut observed, false);
    for (phase, after, then) in [
        (Phase::Create, 10, "await acceptance"),
        (Phase::Accept, hours * 3600 - 1, "await acceptance"),
        (Phase::Accept, hours * 3600, "NOT_ACCEPTED"),
    ] {
        progress.phase = phase;

        let decision = decide(&plan, &progress, after, &observed);
        assert_eq!(
            (word(&decision.then), decision.phase),
            (then.to_owned(), Phase::Accept)
        );
    }

    state(&mut observed, State::Pending);
    let decision = decide(&plan, &progress, hours * 3600, &observed);
    assert_eq!(
        (word(&decision.then), decision.phase),
        ("wait".to_owned(), Phase::Create)
    );
}

#[test]
fn a_connection_without_an_endpoint_is_confirmed_on_its_parts() {
    let (mut plan, mut progress) = sent("delete-endpoint/dms-test-failed");
    plan.endpoint = None;
    let marked = plan
        .parts
        .iter()
        .find(|part| part.kind().carries_mark())
        .unwrap()
        .clone();
    let with = |ownership| {
        let seen = Observation {
            facts: Map::<String, Value>::new(),
            ..Observation::of(Condition::Ready, ownership)
        };
        Observed {
            parts: Some(PartsStatus::Ready(vec![(marked.clone(), seen)])),
            ..Observed::default()
        }
    };
    for (phase, ownership, then) in [
        (Phase::Create, Ownership::Ours, NextState::Confirm.name()),
        (Phase::Confirm, Ownership::Ours, "wait"),
        (Phase::Confirm, Ownership::Confirmed, "ready"),
        (Phase::Create, Ownership::Confirmed, "ready"),
    ] {
        progress.phase = phase;
        assert_eq!(
            word(&decide(&plan, &progress, 30, &with(ownership)).then),
            then
        );
    }
}

#[test]
fn a_roll_back_goes_on_until_everything_is_gone_or_too_much_time_has_passed() {
    let (plan, mut progress) = sent("status-polling/create");
    progress.phase = Phase::RollBack;
    let one = endpoint(&plan, &progress);
    let group = Group {
        id: "sg-0a7b3c9d5e1f24680".parse().unwrap(),
        name: "tieline".to_owned(),
        ingress: Vec::new(),
        tags: Tags::new(),
    };
    let part: Part = sent("delete-endpoint/dms-test-failed").0.parts[0].clone();
    let left = |disposition, group: Option<&Group>| Inventory {
        endpoints: vec![(one.clone(), disposition)],
        group: group.cloned(),
        ..Inventory::default()
    };
    let parts = |is_going| Inventory {
        parts: Remaining {
            parts: vec![RemainingPart {
                part: part.clone(),
                is_going,
                settles: None,
                goes: Vec::new(),
            }],
            ..Remaining::default()
        },
        ..left(Disposition::IsDeleted, None)
    };
    let checked = |inventory| Inventory {
        is_one_checking: true,
        ..inventory
    };
    let table = [
        ("nothing shows, too early", Inventory::default(), 10, "wait"),
        ("nothing shows", Inventory::default(), 60, "rolled back"),
        (
            "it is gone",
            left(Disposition::IsGone, None),
            10,
            "rolled back",
        ),
        (
            "it stays",
            left(Disposition::Stays, None),
            10,
            "rolled back",
        ),
        (
            "it is there",
            left(Disposition::IsDeleted, None),
            10,
            "Roll back",
        ),
        (
            "others hold it",
            left(Disposition::LosesTags, None),
            10,
            "Roll back",
        ),
        (
            "it is going",
            left(Disposition::IsGoing, Some(&group)),
            10,
            "wait",
        ),
        (
            "only the group is left",
            left(Disposition::IsGone, Some(&group)),
            10,
            "Roll back",
        ),
        (
            "it takes too long",
            left(Disposition::IsGoing, None),
            1_380,
            "give up",
        ),
        (
            "an equal goes on with it, which may see us at work",
            left(Disposition::IsAnothers, None),
            10,
            "wait",
        ),
        (
            "an equal goes on with it",
            left(Disposition::IsAnothers, None),
            60,
            "rolled back",
        ),
        ("an equal checks", checked(parts(false)), 10, "wait"),
        (
            "an equal checks for a quarter of the phase",
            checked(parts(false)),
            345,
            "Roll back",
        ),
        ("a part is there", parts(false), 10, "Roll back"),
        ("a part is going", parts(true), 10, "wait"),
        ("a part takes half the phase", parts(true), 690, "Roll back"),
    ];
    for (what, inventory, after, then) in table {
        let observed = Observed {
            inventory: Some(inventory),
            ..Observed::default()
        };
        assert_eq!(
            word(&decide(&plan, &progress, after, &observed).then),
            then,
            "{what}"
        );
    }
}
