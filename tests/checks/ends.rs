//! Work that an execution left: the check tells whoever goes on with it, and nothing goes that somebody asked for since.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Ended, Seen, Simulated, Stage, code, detail, everything, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::tags::CreateTags;
use world::scenario::SUBNETS;
use world::{World, scenario};

use crate::{HOUR, check, connected, counts, modify, of_type};

/// Connected, and what there was before.
async fn begun(request: &Value) -> (Stage, BTreeSet<String>) {
    let simulated = Simulated::on(scenario::world("default"));
    let before = everything(&mut simulated.world());
    let stage = connected(simulated, std::slice::from_ref(request)).await;
    (stage, before)
}

fn removal(request: &Value) -> Value {
    json!({"id": "e-removal", "detail-type": "Private Connection Removal Requested", "detail": request})
}

/// What a check tells of ends, an hour later, and which machine the bus starts with it.
async fn told(stage: &mut Stage) -> Vec<(bool, Value)> {
    stage.pass(HOUR).await;
    let events = check(stage).await;
    assert_eq!(of_type(&events, "Checked").len(), 1, "{events:#?}");
    let kinds = [("Execution Ended", false), ("Removal Ended", true)];
    let all = kinds.iter().flat_map(|(kind, removes)| {
        let told = of_type(&events, kind).into_iter();
        told.map(move |event| {
            let input = json!({"detail-type": event["DetailType"], "detail": event["Detail"]});
            (*removes, input)
        })
    });
    all.collect()
}

/// The same as the bus does: whoever is told goes on.
async fn gone_on(stage: &mut Stage, told: (bool, Value)) -> Ended {
    match told {
        (true, input) => stage.remove(input, None),
        (false, input) => stage.start(input, None),
    }
    stage.run().await.pop().unwrap()
}

/// Runs a removal until it has turned names off: then it has taken something.
async fn names_off(stage: &mut Stage) {
    stage.outside().world().clear_calls();
    let off = |world: &mut World| {
        let mut writes = world.writes();
        writes.any(|call| call.action == "ModifyVpcEndpoint" && call.outcome == "ok")
    };
    stage.until("names that go off", off).await;
}

/// The endpoint, and which execution is letting go of it.
fn closing(stage: &Stage) -> (String, String) {
    let seen = Seen::now(&mut stage.outside().world());
    let one = seen.ours()[0].clone();
    let mut tags = one.tags.iter();
    let tag = tags.find(|tag| tag.key == "tieline:closing");
    let value = tag.map(|tag| tag.value.clone()).unwrap_or_default();
    (one.vpc_endpoint_id, value)
}

/// Its end is told to nobody but by the check, once; and the removal comes to the end that it would have had.
#[tokio::test(start_paused = true)]
async fn a_removal_that_ended_unheard_is_gone_on_with() {
    for seconds in [0, 5, 15] {
        let request = request("aurora-dsql-minimal");
        let (mut stage, before) = begun(&request).await;
        stage.remove(removal(&request), None);
        names_off(&mut stage).await;
        stage.pass(Duration::from_secs(seconds)).await;
        stage.end(1, "ABORTED", None);

        let all = told(&mut stage).await;
        let [(true, _)] = all[..] else {
            panic!("{seconds}: {all:#?}");
        };
        let ended = gone_on(&mut stage, all[0].clone()).await;
        assert_eq!(code(&ended), "REMOVED", "{seconds}: {:#}", detail(&ended));
        assert_eq!(detail(&ended)["resultId"], "e-removal.result", "{seconds}");
        assert_eq!(
            everything(&mut stage.outside().world()),
            before,
            "{seconds}"
        );
        assert_eq!(told(&mut stage).await.len(), 0, "{seconds}");
    }
}

/// One that was stopped before anything went takes nothing: whoever hears of it opens what it had closed, and the check has nothing more to
/// tell of it.
#[tokio::test(start_paused = true)]
async fn a_removal_that_was_stopped_in_time_takes_nothing() {
    let requests = [
        "aurora-dsql-minimal",
        "tidb-cloud-dedicated",
        "endpoint-service-private-zone",
    ];
    for name in requests {
        for is_heard in [true, false] {
            let what = format!("{name} {is_heard}");
            let request = request(name);
            let (mut stage, before) = begun(&request).await;
            stage.remove(removal(&request), None);
            stage.pass(Duration::from_secs(100)).await;
            assert_ne!(closing(&stage).1, "", "{what}");
            stage.end(1, "ABORTED", None);
            let heard = match is_heard {
                true => vec![(true, stage.status_change(1))],
                false => told(&mut stage).await,
            };
            let [heard] = &heard[..] else {
                panic!("{what}: {heard:#?}");
            };
            stage.outside().world().clear_calls();
            let ended = gone_on(&mut stage, heard.clone()).await;
            let said = detail(&ended);
            assert_eq!(code(&ended), "EXECUTION_ENDED", "{what}: {said:#}");
            assert_eq!(said["resultId"], "e-removal.result", "{what}");
            assert_eq!(said["stands"], true, "{what}: {said:#}");
            assert_eq!(said["leftBehind"], json!([]), "{what}: {said:#}");
            assert_eq!(writes(stage.outside()), ["DeleteTags"], "{what}");
            // EC2 shows it a little later.
            stage.pass(Duration::from_secs(60)).await;
            assert_eq!(closing(&stage).1, "", "{what}");
            for _ in 0..2 {
                assert_eq!(told(&mut stage).await.len(), 0, "{what}");
            }
            // Nobody keeps it from being removed.
            stage.remove(removal(&request), None);
            let ended = stage.run().await.pop().unwrap();
            assert_eq!(code(&ended), "REMOVED", "{what}: {:#}", detail(&ended));
            assert_eq!(everything(&mut stage.outside().world()), before, "{what}");
        }
    }
}

/// Those that go on are aborted as well: the third time it is only said, and the fourth nothing.
#[tokio::test(start_paused = true)]
async fn a_removal_that_ends_again_and_again_is_gone_on_with_twice() {
    let request = request("aurora-dsql-minimal");
    let (mut stage, _) = begun(&request).await;
    stage.remove(removal(&request), None);
    for number in 1..=3 {
        match number {
            1 => names_off(&mut stage).await,
            _ => stage.pass(Duration::from_secs(200)).await,
        }
        assert_eq!(stage.ended()[number].status, "RUNNING", "{number}");
        stage.end(number, "ABORTED", None);
        let change = stage.status_change(number);
        stage.remove(change, None);
    }
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "EXECUTION_ENDED", "{:#}", detail(&ended));
    assert_eq!(detail(&ended)["resultId"], "e-removal.result");
}

/// Whoever is not allowed to delete the endpoint announces that it is left. As long as it stays so, it is tried a few times and not for
/// ever.
#[tokio::test(start_paused = true)]
async fn a_closing_that_is_given_up_every_time_is_not_gone_on_with_for_ever() {
    let request = request("aurora-dsql-minimal");
    let (mut stage, _) = begun(&request).await;
    let refused = Fault::on("DeleteVpcEndpoints", FaultKind::AccessDenied);
    stage.outside().world().add_fault(refused);
    stage.remove(removal(&request), None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "UNDO_INCOMPLETE", "{:#}", detail(&ended));

    let mut codes = Vec::new();
    for _ in 0..8 {
        for one in told(&mut stage).await {
            assert_eq!((one.0, &one.1["detail"]["left"]), (true, &json!(true)));
            let ended = gone_on(&mut stage, one).await;
            codes.push(code(&ended).to_owned());
        }
    }
    let expected = ["UNDO_INCOMPLETE", "UNDO_INCOMPLETE", "EXECUTION_ENDED"];
    assert_eq!(codes, expected);
}

/// Whoever goes on with a removal and announces its own failure has said it: its end starts no other one, until the check tells of it.
#[tokio::test(start_paused = true)]
async fn whoever_goes_on_and_says_that_it_failed_is_not_gone_on_with() {
    let request = request("aurora-dsql-minimal");
    let (mut stage, _) = begun(&request).await;
    let refused = Fault::on("DeleteVpcEndpoints", FaultKind::AccessDenied);
    stage.outside().world().add_fault(refused);
    stage.remove(removal(&request), None);
    names_off(&mut stage).await;
    stage.end(1, "ABORTED", None);
    let change = stage.status_change(1);
    let ended = gone_on(&mut stage, (true, change)).await;
    assert_eq!(code(&ended), "UNDO_INCOMPLETE", "{:#}", detail(&ended));

    let change = stage.status_change(2);
    let ended = gone_on(&mut stage, (true, change)).await;
    assert_eq!(ended.status, "SUCCEEDED");
    assert_eq!(ended.events, [json!(null); 0]);
}

/// Where it is allowed again, the check has the work done: that of a removal, and of a request that failed.
#[tokio::test(start_paused = true)]
async fn a_closing_that_was_given_up_is_gone_on_with() {
    for removes in [true, false] {
        let request = request("aurora-dsql-minimal");
        let refused = Fault {
            seconds: Some(7200.0),
            ..Fault::on("DeleteVpcEndpoints", FaultKind::AccessDenied)
        };
        let world = scenario::world(match removes {
            true => "default",
            false => "endpoint-never-available",
        });
        let simulated = Simulated::on(world);
        let before = everything(&mut simulated.world());
        let mut stage = Stage::on(simulated);
        if removes {
            stage.start(request.clone(), None);
            stage.run().await;
            stage.outside().world().add_fault(refused);
            stage.remove(removal(&request), None);
        } else {
            stage.outside().world().add_fault(refused);
            stage.start(request.clone(), None);
        }
        let ended = stage.run().await.pop().unwrap();
        assert_eq!(ended.status, "FAILED", "{removes}: {:#}", detail(&ended));
        stage.pass(2 * HOUR).await;

        let all = told(&mut stage).await;
        assert_eq!(all.len(), 1, "{removes}: {all:#?}");
        let ended = gone_on(&mut stage, all[0].clone()).await;
        let expected = if removes {
            "REMOVED"
        } else {
            "EXECUTION_ENDED"
        };
        assert_eq!(code(&ended), expected, "{removes}: {:#}", detail(&ended));
        assert_eq!(
            everything(&mut stage.outside().world()),
            before,
            "{removes}"
        );
        assert_eq!(told(&mut stage).await.len(), 0, "{removes}");
    }
}

/// The request was sent again, and only then a late call of the removal said that the endpoint is leaving.
#[tokio::test(start_paused = true)]
async fn what_was_asked_for_since_is_not_taken() {
    let request = request("aurora-dsql-minimal");
    let (mut stage, _) = begun(&request).await;
    stage.remove(removal(&request), None);
    stage.pass(Duration::from_secs(100)).await;
    let (endpoint, closer) = closing(&stage);
    assert_ne!(closer, "", "it was not leaving yet");
    stage.end(1, "ABORTED", None);
    stage.start(request.clone(), None);
    let made = stage.run().await.pop().unwrap();
    assert_eq!(code(&made), "CONNECTED", "{:#}", detail(&made));
    let mark =
        json!({"ResourceId": [endpoint], "Tag": [{"Key": "tieline:closing", "Value": closer}]});
    let mark: CreateTags = serde_json::from_value(mark).unwrap();
    stage.outside().world().arrange(mark).unwrap();

    let all = told(&mut stage).await;
    let [(true, _)] = all[..] else {
        panic!("{all:#?}");
    };
    stage.outside().world().clear_calls();
    let ended = gone_on(&mut stage, all[0].clone()).await;
    assert_eq!(code(&ended), "EXECUTION_ENDED", "{:#}", detail(&ended));
    assert_eq!(detail(&ended)["stands"], true, "{:#}", detail(&ended));
    // Nothing but that it is leaving.
    assert_eq!(writes(stage.outside()), ["DeleteTags"]);
    for _ in 0..2 {
        assert_eq!(told(&mut stage).await.len(), 0);
    }
    assert_eq!(closing(&stage).1, "");
    let seen = Seen::at_last(&mut stage.outside().world());
    assert!(seen.ours()[0].private_dns_enabled);
}

/// Two connections through one endpoint, and a removal of the first that was stopped once its mark was gone: nobody heard of it.
async fn let_go() -> Stage {
    let first = request("aws-service-monitoring");
    let mut second = first.clone();
    second["requestId"] = json!("other");
    let simulated = Simulated::on(scenario::world("default"));
    let mut stage = connected(simulated, &[first.clone(), second]).await;
    stage.remove(removal(&first), None);
    let is_gone = |world: &mut World| {
        let mut writes = world.writes();
        writes.any(|call| call.action == "DeleteTags" && call.outcome == "ok")
    };
    stage.until("a mark that goes", is_gone).await;
    stage.end(2, "ABORTED", None);
    stage.pass(Duration::from_secs(60)).await;
    assert_ne!(closing(&stage).1, "");
    stage
}

/// How each request is, as the inventory has it.
fn conditions(events: &[Value]) -> Vec<[String; 2]> {
    let page = &of_type(events, "Checked")[0]["Detail"];
    let all = page["connections"].as_array().unwrap().iter();
    let words = all
        .map(|one| ["requestId", "condition"].map(|field| one[field].as_str().unwrap().to_owned()));
    words.collect()
}

/// What one let go of and did not open again is the others' as before: they are told what is not as it was, and whoever goes on opens it.
#[tokio::test(start_paused = true)]
async fn those_who_stay_are_judged_although_nobody_opened_it_again() {
    let mut stage = let_go().await;
    modify(
        &mut stage.outside().world(),
        json!({"RemoveSubnetId": [SUBNETS[2]]}),
    );
    stage.pass(HOUR).await;
    let events = check(&mut stage).await;
    assert_eq!(counts(&events), (1, 0), "{events:#?}");
    let degraded = &of_type(&events, "Degraded")[0]["Detail"];
    assert_eq!(degraded["requestId"], "other", "{degraded:#}");
    assert_eq!(degraded["drift"][0]["field"], "network.subnetIds");
    assert_eq!(conditions(&events), [["other", "degraded"]]);
    // It is told once also where nobody goes on.
    stage.pass(HOUR).await;
    let events = check(&mut stage).await;
    assert_eq!(counts(&events), (0, 0), "{events:#?}");
    assert_eq!(conditions(&events), [["other", "degraded"]]);

    let all = told(&mut stage).await;
    assert_eq!(all.len(), 1, "{all:#?}");
    let ended = gone_on(&mut stage, all[0].clone()).await;
    assert_eq!(code(&ended), "REMOVED", "{:#}", detail(&ended));
}

/// Also where who let go of it has said that all is done, and one of its orders was carried out late.
#[tokio::test(start_paused = true)]
async fn the_check_has_it_opened_again() {
    for says_it_itself in [false, true] {
        let mut stage = let_go().await;
        let (endpoint, closer) = closing(&stage);
        if says_it_itself {
            let change = stage.status_change(2);
            let ended = gone_on(&mut stage, (true, change)).await;
            assert_eq!(code(&ended), "REMOVED", "{:#}", detail(&ended));
            // It is as it was; and a day later the check tells of it anew.
            stage.pass(25 * HOUR).await;
            assert_eq!(closing(&stage).1, "");
            let mark = json!({"ResourceId": [endpoint], "Tag": [{"Key": "tieline:closing", "Value": closer}]});
            let mark: CreateTags = serde_json::from_value(mark).unwrap();
            stage.outside().world().arrange(mark).unwrap();
        }
        let all = told(&mut stage).await;
        let [(true, _)] = all[..] else {
            panic!("{says_it_itself}: {all:#?}");
        };
        let ended = gone_on(&mut stage, all[0].clone()).await;
        assert_eq!(code(&ended), "REMOVED", "{:#}", detail(&ended));
        stage.pass(Duration::from_secs(60)).await;
        assert_eq!(closing(&stage).1, "", "{says_it_itself}");
        stage.pass(HOUR).await;
        let events = check(&mut stage).await;
        assert_eq!(counts(&events), (0, 0), "{events:#?}");
        assert_eq!(conditions(&events), [["other", "confirmed"]]);
        assert_eq!(of_type(&events, "Removal Ended").len(), 0);
    }
}

/// What a stopped removal has half taken is its own: nobody is told that it is not what it was.
#[tokio::test(start_paused = true)]
async fn who_is_leaving_is_not_judged() {
    let request = request("aurora-dsql-minimal");
    let id = request["requestId"].as_str().unwrap();
    let (mut stage, _) = begun(&request).await;
    stage.remove(removal(&request), None);
    names_off(&mut stage).await;
    stage.end(1, "ABORTED", None);
    stage.pass(HOUR).await;
    for _ in 0..2 {
        let events = check(&mut stage).await;
        assert_eq!(counts(&events), (0, 0), "{events:#?}");
        assert_eq!(conditions(&events), [[id, "left"]]);
    }
}
