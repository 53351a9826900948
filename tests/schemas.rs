//! The contract in `schemas/`: it is what the code generates, it says of requests what the parser says, and results keep it.

#[path = "support/mutants.rs"]
mod mutants;
mod schemas {
    mod agreement;
}
#[path = "support/written.rs"]
mod written;

use std::collections::BTreeSet;
use std::time::Duration;

use jsonschema::Validator;
use serde_json::{Value, json};
use tests::{Broken, Seen, Simulated, Stage, detail, files, json as read, play, request, root};
use tieline::contract;
use tieline::question::STATUS_REQUESTED;
use tieline::removal::REMOVAL_REQUESTED;
use tieline::request::{CHANGE_REQUESTED, REQUESTED};
use tieline::workflow::Function;
use world::model::endpoints::ModifyVpcEndpoint;
use world::scenario;

/// Run the tests with this variable set, and the files are written anew.
const BLESS: &str = "TIELINE_BLESS";

fn validator(schema: &Value) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .expect("a schema")
}

fn schema_of(detail_type: &str) -> Value {
    let found = contract::all()
        .into_iter()
        .find(|one| one.detail_type == detail_type);
    found
        .unwrap_or_else(|| panic!("no schema for {detail_type}"))
        .schema
}

fn complaints(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn the_files_are_what_the_code_generates() {
    let folder = root().join("schemas");
    let bless = std::env::var_os(BLESS).is_some();
    for one in contract::all() {
        let path = folder.join(one.file);
        let generated = written::text(&one.schema);
        if bless {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &generated).unwrap();
        }

        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == generated,
            "schemas/{} is not what the code generates. If the contract shall change (it may only grow by optional fields), \
             write it anew with: {BLESS}=1 cargo test -p tests --test schemas",
            one.file
        );
        assert!(jsonschema::meta::is_valid(&one.schema), "{}", one.file);
    }
    let kept: BTreeSet<String> = files("schemas")
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    let generated = contract::all().into_iter().map(|one| one.file.to_owned());
    assert_eq!(kept, generated.collect());
}

#[test]
fn every_request_of_the_events_folder_keeps_its_schema() {
    let validator = validator(&schema_of(REQUESTED));
    for file in files("events/requests") {
        assert_eq!(
            complaints(&validator, &read(&file)),
            [""; 0],
            "{}",
            file.display()
        );
    }
}

#[test]
fn every_kind_of_target_has_a_request_and_its_definition() {
    let kinds: BTreeSet<String> = files("events/requests")
        .iter()
        .map(|file| read(file)["target"]["kind"].as_str().unwrap().to_owned())
        .collect();
    let defined = schema_of(REQUESTED)["$defs"].as_object().unwrap().clone();

    assert_eq!(
        kinds,
        tieline::targets::Target::KINDS
            .iter()
            .map(|&kind| kind.to_owned())
            .collect()
    );
    assert_eq!(kinds, defined.keys().cloned().collect());
}

#[test]
fn a_complaint_is_about_the_kind_that_is_meant() {
    let mut request = request("endpoint-service");
    request["target"]["port"] = json!("443");
    request["target"]["hours"] = json!(1);

    let mut complaints = complaints(&validator(&schema_of(REQUESTED)), &request);

    complaints.sort();
    let expected = [
        "/target/port: \"443\" is not of type \"integer\"",
        "/target: Additional properties are not allowed ('hours' was unexpected)",
    ];
    assert_eq!(complaints, expected);
}

/// The same with every object closed, so that a field which nobody declared shows. Where only `kind` is declared, the
/// other fields are the kind's own.
fn closed(mut schema: Value) -> Value {
    if let Value::Object(entries) = &mut schema {
        let own = entries.get("properties").and_then(Value::as_object);
        let is_whole = own.is_some_and(|own| own.keys().ne(["kind"]));
        for value in entries.values_mut() {
            *value = closed(value.take());
        }
        // What else there may be is said where it is not just anything.
        let is_open = !entries
            .get("additionalProperties")
            .is_some_and(Value::is_object);
        if is_whole && is_open {
            entries.insert("additionalProperties".to_owned(), json!(false));
        }
    }
    schema
}

#[tokio::test(start_paused = true)]
async fn every_result_keeps_its_schema_and_has_no_field_that_is_not_in_it() {
    let mut plays: Vec<(&str, Value)> = Vec::new();
    for file in files("events/requests") {
        let asked = read(&file);
        let mut plan = asked.clone();
        plan["dryRun"] = json!(true);
        plays.extend([("default", asked), ("default", plan)]);
    }
    let mut kept = request("aurora-dsql");
    kept["onFailure"] = json!("keep");
    let mut adopted = request("aurora-dsql-minimal");
    adopted["adopt"] = json!(true);
    let mut planned = adopted.clone();
    planned["dryRun"] = json!(true);
    plays.extend([
        ("endpoint-never-available", kept),
        ("dns-name-taken", adopted),
        ("dns-name-taken", planned),
        ("shared-service", request("aurora-dsql-dry-run")),
        ("vpc-missing", request("aurora-dsql")),
        ("quota-reached", request("aurora-dsql")),
        ("access-denied", request("aurora-dsql")),
        ("acceptance-rejected", request("endpoint-service")),
        ("acceptance-after-hours", request("endpoint-service")),
        ("default", json!("connect me")),
        (
            "shared-service",
            json!({"detail-type": STATUS_REQUESTED, "detail": {"requestId": "orders-prod", "region": "us-east-1"}}),
        ),
        ("default", json!({"requestId": "x"})),
    ]);
    let mut seen = BTreeSet::new();
    for (scenario, asked) in plays {
        let (ended, _) = play(scenario, asked.clone()).await;
        assert!(!ended.events.is_empty(), "{scenario}");
        for event in &ended.events {
            let detail_type = event["DetailType"].as_str().unwrap();
            let schema = closed(schema_of(detail_type));
            let complaints = complaints(&validator(&schema), &event["Detail"]);
            assert_eq!(complaints, [""; 0], "{scenario} {asked}: {event}");
            seen.insert(detail_type.to_owned());
        }
    }

    let mut verified = Stage::on(Simulated::verified(scenario::world("default")));
    verified.start(request("tidb-cloud-dedicated"), None);
    let ended = verified.run().await;
    let schema = closed(schema_of("Private Connection Ready"));
    let complaints = complaints(&validator(&schema), detail(&ended[0]));
    assert_eq!(complaints, [""; 0], "{}", detail(&ended[0]));

    let asked = request("aurora-dsql");
    let change = tests::json("events/changes/aurora-dsql-third-zone.json");
    for dry_run in [true, false] {
        let mut changing = Stage::on(Simulated::on(scenario::world("default")));
        changing.start(asked.clone(), None);
        changing.run().await;
        let mut change = change.clone();
        change["detail"]["dryRun"] = json!(dry_run);
        changing.start(change, None);
        let ended = changing.run().await.pop().unwrap();
        let event = &ended.events[0];
        let schema = closed(schema_of(event["DetailType"].as_str().unwrap()));
        let complaints = self::complaints(&validator(&schema), &event["Detail"]);
        assert_eq!(complaints, [""; 0], "{event}");
        assert!(event["Detail"]["changes"].is_array(), "{event}");
    }

    let mut removing = Stage::on(Simulated::on(scenario::world("default")));
    removing.start(asked.clone(), None);
    removing.run().await;
    for dry_run in [true, false] {
        let mut detail = asked.clone();
        detail["dryRun"] = json!(dry_run);
        removing.remove(
            json!({"detail-type": REMOVAL_REQUESTED, "detail": detail}),
            None,
        );
        let ended = removing.run().await.pop().unwrap();
        let event = &ended.events[0];
        let detail_type = event["DetailType"].as_str().unwrap();
        let schema = closed(schema_of(detail_type));
        let complaints = self::complaints(&validator(&schema), &event["Detail"]);
        assert_eq!(complaints, [""; 0], "{event}");
        seen.insert(detail_type.to_owned());
    }

    let mut checked = Stage::on(Simulated::on(scenario::world("default")));
    checked.start(request("aurora-dsql"), None);
    checked.run().await;
    for change in [
        json!({"ResetPolicy": "true", "RemoveSubnetId": [scenario::SUBNETS[1]]}),
        json!({"AddSubnetId": [scenario::SUBNETS[1]]}),
    ] {
        let mut change = change;
        let there = Seen::now(&mut checked.outside().world());
        change["VpcEndpointId"] = json!(there.ours()[0].vpc_endpoint_id);
        let call: ModifyVpcEndpoint = serde_json::from_value(change).unwrap();
        checked.outside().world().arrange(call).unwrap();
        checked.pass(Duration::from_secs(120)).await;
        checked.check();
        let ended = checked.run().await.pop().unwrap();
        for event in &ended.events {
            let detail_type = event["DetailType"].as_str().unwrap();
            let schema = closed(schema_of(detail_type));
            let complaints = self::complaints(&validator(&schema), &event["Detail"]);
            assert_eq!(complaints, [""; 0], "{event}");
            seen.insert(detail_type.to_owned());
        }
    }

    let results = contract::all()
        .into_iter()
        .map(|one| one.detail_type.to_owned());
    let asked = [
        REQUESTED,
        CHANGE_REQUESTED,
        STATUS_REQUESTED,
        REMOVAL_REQUESTED,
    ];
    let results = results.filter(|name| !asked.contains(&name.as_str()));
    assert_eq!(seen, results.collect());
}

/// The state machine writes this one result itself, because no function answered.
#[tokio::test(start_paused = true)]
async fn the_result_of_an_undo_that_breaks_keeps_the_schema() {
    let validator = validator(&closed(schema_of("Private Connection Failed")));
    let bare = request("aurora-dsql");
    let whole = json!({"detail-type": "Private Connection Requested", "detail": bare});
    let all = None;
    let undo = Some(Function::DeleteEndpoint);
    // From the first invocation on there is no plan, from the third on there is one and an error; or only undo breaks.
    for (scene, input, invocation, function) in [
        ("default", &bare, 1, all),
        ("default", &whole, 1, all),
        ("default", &bare, 3, all),
        ("endpoint-fails", &bare, 1, undo),
    ] {
        let broken = Broken::for_good(invocation);
        let mut stage = Stage::on(Simulated::on(scenario::world(scene)));
        match function {
            Some(function) => stage.start_broken_in(input.clone(), broken, function),
            None => stage.start(input.clone(), Some(broken)),
        }
        let ended = stage.run().await.remove(0);

        let detail = detail(&ended);
        assert_eq!(complaints(&validator, detail), [""; 0], "{detail}");
        assert_eq!(detail["code"], "UNDO_INCOMPLETE");
        assert_eq!(detail["requestId"], bare["requestId"]);
        assert_eq!(detail["problems"][0]["code"], "UNDO_INCOMPLETE");
        assert_eq!(detail["problems"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_may_grow_and_may_not_shrink() {
    let (ended, _) = play("default", request("aurora-dsql")).await;
    let validator = validator(&schema_of("Private Connection Ready"));
    let mut more = detail(&ended).clone();
    more["more"] = json!(1);
    more["endpoint"]["more"] = json!(1);
    let mut less = detail(&ended).clone();
    less.as_object_mut().unwrap().remove("cost");

    assert!(validator.is_valid(&more));
    assert!(!validator.is_valid(&less));
}
