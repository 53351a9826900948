//! AWS Secrets Manager. Source: the service model of botocore, version 2017-10-17; Secrets Manager
//! user guide; messages as its users report them.

use serde_json::Value;
use world::World;
use world::model::credentials::{CANARY, CONFLUENT, DATABASE, TIDB_CLOUD, secret_arn};
use world::model::secrets::*;

use crate::{code, message, pass, world};

fn get(id: &str) -> GetSecretValue {
    GetSecretValue {
        secret_id: id.to_owned(),
        ..Default::default()
    }
}

fn delete(id: &str) -> DeleteSecret {
    DeleteSecret {
        secret_id: id.to_owned(),
        ..Default::default()
    }
}

fn create(name: &str, value: &str) -> CreateSecret {
    CreateSecret {
        name: name.to_owned(),
        secret_string: Some(value.to_owned()),
        ..Default::default()
    }
}

fn value(world: &mut World, id: &str) -> Value {
    let answer = world.call(get(id)).unwrap();
    serde_json::from_str(&answer.secret_string).unwrap()
}

#[test]
fn the_default_world_has_the_secrets_of_its_credentials() {
    let mut world = world("default");

    let tidb = value(&mut world, "tieline/tidb-cloud");
    assert_eq!(tidb["publicKey"], TIDB_CLOUD.id);
    assert_eq!(tidb["privateKey"], TIDB_CLOUD.secret);
    let confluent = value(&mut world, "tieline/confluent");
    assert_eq!(confluent["apiKey"], CONFLUENT.id);
    assert_eq!(confluent["apiSecret"], CONFLUENT.secret);
    let database = value(&mut world, "tieline/database");
    assert_eq!(database["username"], DATABASE.id);
    assert_eq!(database["port"], 4000);
    let malformed = world.call(get("tieline/malformed")).unwrap().secret_string;
    assert!(serde_json::from_str::<Value>(&malformed).is_err());
    let names = world.state().secrets;
    assert_eq!(names.len(), 8);
    for name in names {
        let secret = world.call(get(&name)).unwrap().secret_string;
        assert!(secret.contains(CANARY), "{name}");
    }
}

// User guide, "Find secrets": name, ARN, or ARN without its last six characters.
#[test]
fn a_secret_is_found_by_its_name_and_its_arns() {
    let mut world = world("default");
    let arn = secret_arn("tieline/database");
    let partial = arn.trim_end_matches("-Xk2Lq9");

    for id in ["tieline/database", &arn, partial] {
        assert_eq!(world.call(get(id)).unwrap().arn, arn);
    }
    for id in ["tieline", "tieline/nonsense", "arn:aws:secretsmanager"] {
        assert_eq!(
            message(world.call(get(id))),
            "ResourceNotFoundException: Secrets Manager can't find the specified secret."
        );
    }
}

// GetSecretValue: VersionId, VersionStage.
#[test]
fn there_is_one_version() {
    let mut world = world("default");
    let version = world.call(get("tieline/database")).unwrap().version_id;
    let of = |version_id: Option<&str>, stage: Option<&str>| GetSecretValue {
        version_id: version_id.map(str::to_owned),
        version_stage: stage.map(str::to_owned),
        ..get("tieline/database")
    };

    world.call(of(Some(&version), Some("AWSCURRENT"))).unwrap();
    for request in [of(Some("another"), None), of(None, Some("AWSPREVIOUS"))] {
        assert_eq!(code(world.call(request)), "ResourceNotFoundException");
    }
}

// DeleteSecret: 30 days by default, 7 to 30, or none at all.
#[test]
fn a_deleted_secret_cannot_be_read_but_still_has_its_name() {
    let mut world = world("default");
    world.call(delete("tieline/database")).unwrap();

    assert_eq!(
        message(world.call(get("tieline/database"))),
        "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion."
    );
    assert_eq!(
        code(world.call(create("tieline/database", "x"))),
        "InvalidRequestException"
    );
    let describe = DescribeSecret {
        secret_id: "tieline/database".to_owned(),
    };
    assert!(world.call(describe.clone()).unwrap().deleted_date.is_some());
    pass(&mut world, 30 * 24 * 3600);
    assert_eq!(code(world.call(describe)), "ResourceNotFoundException");

    let at_once = DeleteSecret {
        force_delete_without_recovery: Some(true),
        ..delete("tieline/confluent")
    };
    let both = DeleteSecret {
        recovery_window_in_days: Some(7),
        ..at_once.clone()
    };
    let short = DeleteSecret {
        recovery_window_in_days: Some(6),
        ..delete("tieline/confluent")
    };
    for wrong in [both, short] {
        assert_eq!(code(world.call(wrong)), "InvalidParameterException");
    }
    world.call(at_once).unwrap();
    world.call(create("tieline/confluent", "x")).unwrap();
}

// CreateSecret: ResourceExistsException; ClientRequestToken.
#[test]
fn a_secret_is_made_once() {
    let mut world = world("default");
    let tokened = CreateSecret {
        client_request_token: Some("token".to_owned()),
        ..create("new", "a")
    };

    let made = world.call(tokened.clone()).unwrap();

    assert_eq!(made.version_id, "token");
    assert!(made.arn.contains(":secret:new-"));
    assert_eq!(world.call(tokened.clone()).unwrap(), made);
    let other = CreateSecret {
        secret_string: Some("b".to_owned()),
        ..tokened
    };
    assert_eq!(
        message(world.call(other)),
        "ResourceExistsException: The operation failed because the secret new already exists."
    );
    assert_eq!(
        code(world.call(create("no spaces", "x"))),
        "ValidationException"
    );
    let empty = CreateSecret {
        secret_string: None,
        ..create("empty", "")
    };
    assert_eq!(code(world.call(empty)), "InvalidParameterException");
}

#[test]
fn no_log_and_no_debug_output_has_a_secret() {
    let mut world = world("default");
    let read = world.call(get("tieline/database")).unwrap();
    let request = create("new", CANARY);

    let debug = format!("{read:?} {request:?}");
    world.call(request).unwrap();

    let logged = serde_json::to_string(world.calls()).unwrap();
    let state = serde_json::to_string(&world.state()).unwrap();
    for text in [logged, state, debug, format!("{world:?}")] {
        assert!(!text.contains(CANARY), "{text}");
    }
    assert_eq!(world.calls()[1].parameters["SecretString"], "(redacted)");
}

#[test]
fn a_scenario_has_no_secrets() {
    let mut world = world("secret-missing");

    assert_eq!(
        code(world.call(get("tieline/database"))),
        "ResourceNotFoundException"
    );
}
