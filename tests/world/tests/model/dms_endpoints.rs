//! AWS DMS: endpoints and certificates. Source, unless a test names another: the service model of
//! botocore, version 2016-01-01.

use world::model::dms::*;

use crate::dms::{certificate, endpoint, with_secret};
use crate::{code, pass, world};

// DMS user guide, "Using SSL": MySQL has no `require`, and `verify-*` needs a certificate.
#[test]
fn the_ssl_modes_of_mysql() {
    let mut world = world("default");
    let with = |mode: &str, certificate: Option<&str>| CreateEndpoint {
        ssl_mode: Some(mode.to_owned()),
        certificate_arn: certificate.map(str::to_owned),
        ..endpoint()
    };
    let arn = world.call(certificate()).unwrap().certificate;
    let arn = arn.certificate_arn.as_str();

    for (mode, certificate, refusal) in [
        ("require", Some(arn), "InvalidParameterCombinationException"),
        ("verify-ca", None, "InvalidParameterCombinationException"),
        ("verify-full", None, "InvalidParameterCombinationException"),
        (
            "verify-full",
            Some("arn:aws:dms:us-east-1:123456789012:cert:X"),
            "ResourceNotFoundFault",
        ),
        ("sometimes", None, "InvalidParameterValueException"),
    ] {
        assert_eq!(code(world.call(with(mode, certificate))), refusal, "{mode}");
    }
    let made = world.call(with("verify-full", Some(arn))).unwrap().endpoint;
    assert_eq!(
        (made.ssl_mode.as_str(), made.status.as_str()),
        ("verify-full", "active")
    );

    let delete = DeleteCertificate {
        certificate_arn: arn.to_owned(),
    };
    assert_eq!(
        code(world.call(delete.clone())),
        "InvalidResourceStateFault"
    );
    let endpoint_arn = made.endpoint_arn;
    world.call(DeleteEndpoint { endpoint_arn }).unwrap();
    pass(&mut world, 10);
    world.call(delete).unwrap();
    assert_eq!(world.state().dms, Inventory::default());
}

// terraform-provider-aws, internal/service/dms/endpoint.go: lower case in, upper case out.
#[test]
fn the_type_of_an_endpoint_comes_back_in_upper_case() {
    let mut world = world("default");

    let made = world.call(endpoint()).unwrap().endpoint;

    assert_eq!(made.endpoint_type, "TARGET");
    let upper = CreateEndpoint {
        endpoint_type: "TARGET".to_owned(),
        ..endpoint()
    };
    assert_eq!(code(world.call(upper)), "InvalidParameterValueException");
}

// ImportCertificate: InvalidCertificateFault, ResourceAlreadyExistsFault.
#[test]
fn a_certificate_is_text_between_its_marks() {
    let mut world = world("default");
    let with = |pem: Option<&str>| ImportCertificate {
        certificate_pem: pem.map(str::to_owned),
        ..certificate()
    };

    for pem in [
        None,
        Some("MIIF"),
        Some("-----BEGIN CERTIFICATE-----\nMIIF"),
    ] {
        assert_eq!(code(world.call(with(pem))), "InvalidCertificateFault");
    }
    world.call(certificate()).unwrap();
    assert_eq!(
        code(world.call(certificate())),
        "ResourceAlreadyExistsFault"
    );
}

// MySQLSettings: a secret with its role, or clear-text values, never both.
#[test]
fn an_endpoint_has_a_secret_or_a_password_never_both() {
    let mut world = world("default");
    let both = |change: fn(&mut CreateEndpoint)| {
        let mut request = with_secret("tieline/database");
        change(&mut request);
        request
    };
    for request in [
        both(|request| request.password = Some("p".to_owned())),
        both(|request| request.username = Some("u".to_owned())),
        both(|request| request.server_name = Some("db.example.com".to_owned())),
        both(|request| request.port = Some(4000)),
        CreateEndpoint {
            password: None,
            ..endpoint()
        },
        CreateEndpoint {
            server_name: None,
            ..endpoint()
        },
    ] {
        assert_eq!(
            code(world.call(request)),
            "InvalidParameterCombinationException"
        );
    }
    let mut roleless = with_secret("tieline/database");
    let settings = roleless.my_sql_settings.as_mut().unwrap();
    settings.secrets_manager_access_role_arn = None;
    assert_eq!(
        code(world.call(roleless)),
        "InvalidParameterCombinationException"
    );
    assert_eq!(
        code(world.call(with_secret("tieline/nonsense"))),
        "ResourceNotFoundFault"
    );

    world.call(with_secret("tieline/database")).unwrap();
    assert_eq!(code(world.call(endpoint())), "ResourceAlreadyExistsFault");
}

// ExtraConnectionAttributes; the value is that of TiDB Cloud's guide to AWS DMS.
#[test]
fn extra_attributes_have_no_white_space_around_their_separators() {
    let mut world = world("default");
    let with = |attributes: &str| CreateEndpoint {
        extra_connection_attributes: Some(attributes.to_owned()),
        ..endpoint()
    };

    for wrong in ["a", "a=1; b=2", "a = 1", "=1", "a=1;;b=2"] {
        assert_eq!(
            code(world.call(with(wrong))),
            "InvalidParameterValueException",
            "{wrong}"
        );
    }
    let right = "Initstmt=SET FOREIGN_KEY_CHECKS=0;parallelLoadThreads=4;";
    let made = world.call(with(right)).unwrap().endpoint;
    assert_eq!(made.extra_connection_attributes.as_deref(), Some(right));
}

// `Password` is a SecretString in requests, and no member of any answer.
#[test]
fn no_answer_and_no_log_has_a_password() {
    let mut world = world("default");
    let mut request = endpoint();
    request.password = Some("canary-in-a-password".to_owned());
    let made = world.call(request.clone()).unwrap();
    request.endpoint_identifier = "other".to_owned();
    request.my_sql_settings = Some(MySqlSettings {
        password: request.password.take(),
        ..Default::default()
    });
    let other = world.call(request).unwrap();

    let all = world.call(DescribeEndpoints::default()).unwrap();
    let logged = serde_json::to_string(world.calls()).unwrap();
    let state = serde_json::to_string(&world.state()).unwrap();
    let debug = format!("{made:?} {other:?} {all:?} {world:?}");
    for text in [logged.as_str(), &state, &debug] {
        assert!(!text.contains("canary"), "{text}");
    }
    assert_eq!(logged.matches("(redacted)").count(), 2);
}

// Filters: "Valid filter names"; MaxRecords: 20 to 100, by default 100; Marker.
#[test]
fn lists_come_filtered_and_in_pages() {
    let mut world = world("default");
    for number in 0..25 {
        let request = CreateEndpoint {
            endpoint_identifier: format!("e{number:02}"),
            endpoint_type: if number < 5 { "source" } else { "target" }.to_owned(),
            ..endpoint()
        };
        world.call(request).unwrap();
    }
    let list = |filters: Vec<Filter>, max_records, marker| DescribeEndpoints {
        filters,
        max_records,
        marker,
    };

    let first = world.call(list(Vec::new(), Some(20), None)).unwrap();
    assert_eq!(first.endpoints.len(), 20);
    let second = world
        .call(list(Vec::new(), Some(20), first.marker))
        .unwrap();
    assert_eq!((second.endpoints.len(), second.marker), (5, None));
    assert_eq!(second.endpoints[0].endpoint_identifier, "e20");
    for size in [19, 101, -1] {
        let request = list(Vec::new(), Some(size), None);
        assert_eq!(code(world.call(request)), "InvalidParameterValueException");
    }

    let sources = vec![Filter::new("endpoint-type", &["source"])];
    assert_eq!(
        world
            .call(list(sources, None, None))
            .unwrap()
            .endpoints
            .len(),
        5
    );
    let some = vec![Filter::new("endpoint-id", &["e03", "e04", "e99"])];
    assert_eq!(
        world.call(list(some, None, None)).unwrap().endpoints.len(),
        2
    );
    let nonsense = vec![Filter::new("colour", &["red"])];
    assert_eq!(
        code(world.call(list(nonsense, None, None))),
        "InvalidParameterValueException"
    );
}

// The waiter EndpointDeleted ends with ResourceNotFoundFault; without filters a list may be empty.
#[test]
fn a_filter_that_finds_nothing_is_an_error() {
    let mut world = world("default");
    assert_eq!(
        world.call(DescribeEndpoints::default()).unwrap(),
        DescribeEndpointsAnswer::default()
    );
    let arn = world.call(endpoint()).unwrap().endpoint.endpoint_arn;
    let find = DescribeEndpoints {
        filters: vec![Filter::new("endpoint-arn", &[&arn])],
        ..Default::default()
    };

    let endpoint_arn = arn.clone();
    let deleted = world.call(DeleteEndpoint { endpoint_arn }).unwrap();

    assert_eq!(deleted.endpoint.status, "deleting");
    assert_eq!(
        world.call(find.clone()).unwrap().endpoints[0].status,
        "deleting"
    );
    pass(&mut world, 10);
    assert_eq!(code(world.call(find)), "ResourceNotFoundFault");
}
