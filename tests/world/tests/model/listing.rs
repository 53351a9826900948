//! Filters and pages.

use std::time::Duration;

use world::World;
use world::model::endpoints::DescribeVpcEndpoints;
use world::model::interfaces::DescribeNetworkInterfaces;
use world::model::listing::{decode, encode, fits};
use world::model::network::DescribeSubnets;
use world::model::services::DescribeVpcEndpointServices;
use world::model::shapes::Filter;
use world::model::states::ListExecutions;
use world::scenario::{SERVICE, SUBNETS, VENDOR, VPC};

use crate::{available, aws, code, found, message, request, request_for, strings, world};

fn services(world: &mut World, filters: Vec<Filter>) -> Vec<String> {
    let request = DescribeVpcEndpointServices {
        filters,
        ..Default::default()
    };
    world.call(request).unwrap().service_names
}

// EC2 API reference, DescribeVpcEndpoints: the filters.
#[test]
fn every_documented_filter_of_endpoints_works() {
    let mut world = world("shared-service");
    let ours = found(&mut world, Filter::new("vpc-id", &[VPC]));
    let other = available(&mut world, request_for(&aws("sts")));

    for (name, value) in [
        ("service-name", SERVICE),
        ("tag:tieline:managed", "true"),
        ("tag-key", "tieline:managed"),
        ("vpc-endpoint-id", ours[0].as_str()),
    ] {
        assert_eq!(
            found(&mut world, Filter::new(name, &[value])),
            ours,
            "{name}"
        );
    }
    for (name, value) in [
        ("ip-address-type", "ipv4"),
        ("service-region", "us-east-1"),
        ("vpc-endpoint-state", "available"),
        ("vpc-endpoint-type", "Interface"),
        ("vpc-id", VPC),
    ] {
        assert_eq!(
            found(&mut world, Filter::new(name, &[value])).len(),
            // The one of the VPC that is connected already has these as well.
            if name == "vpc-id" { 2 } else { 3 },
            "{name}"
        );
    }
    assert!(
        found(
            &mut world,
            Filter::new("vpc-endpoint-id", &["vpce-0000000000000000a"])
        )
        .is_empty()
    );
    assert_eq!(
        found(
            &mut world,
            Filter::new("service-name", &["*.sts", "nothing"])
        ),
        [other]
    );
}

// EC2 user guide, "Filter resources": camel-case states, and case matters.
#[test]
fn filter_values_are_case_sensitive() {
    let mut world = world("shared-service");

    assert!(
        found(
            &mut world,
            Filter::new("vpc-endpoint-state", &["Available"])
        )
        .is_empty()
    );
}

// EC2 API reference, "Error codes": InvalidParameterValue.
#[test]
fn an_unknown_filter_is_refused() {
    let mut world = world("default");
    let filters = vec![Filter::new("vpc_id", &[VPC])];

    let outcome = world.call(DescribeVpcEndpoints {
        filters,
        ..Default::default()
    });

    assert_eq!(
        message(outcome),
        "InvalidParameterValue: The filter 'vpc_id' is invalid"
    );
}

// EC2 API reference, DescribeVpcEndpoints: MaxResults and NextToken.
#[test]
fn pages_follow_one_another_without_gap_or_overlap() {
    let mut world = world("quota-reached");
    let mut seen = Vec::new();
    let mut next_token = None;
    for size in [20, 20, 10] {
        let page = DescribeVpcEndpoints {
            filters: vec![Filter::new("vpc-id", &[VPC])],
            max_results: Some(20),
            next_token,
            ..Default::default()
        };
        let page = world.call(page).unwrap();
        assert_eq!(page.vpc_endpoints.len(), size);
        seen.extend(
            page.vpc_endpoints
                .into_iter()
                .map(|endpoint| endpoint.vpc_endpoint_id),
        );
        next_token = page.next_token;
    }

    assert_eq!(next_token, None);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 50);
}

// EC2 API reference: DescribeVpcEndpoints caps MaxResults at 1,000; DescribeSubnets wants 5 to
// 1000; tokens must be its own.
#[test]
fn page_sizes_and_tokens_are_checked() {
    let mut world = world("default");
    let subnets = |size| DescribeSubnets {
        max_results: Some(size),
        ..Default::default()
    };

    assert_eq!(code(world.call(subnets(4))), "InvalidParameterValue");
    assert_eq!(world.call(subnets(5)).unwrap().subnets.len(), 5);
    let many = DescribeVpcEndpoints {
        max_results: Some(5000),
        ..Default::default()
    };
    assert!(world.call(many).is_ok());
    let token = DescribeVpcEndpoints {
        next_token: Some("made up".to_owned()),
        ..Default::default()
    };
    assert_eq!(code(world.call(token)), "InvalidNextToken");
    let empty = DescribeVpcEndpoints {
        next_token: Some(String::new()),
        ..Default::default()
    };
    assert!(world.call(empty).is_ok());
}

// EC2 API reference, DescribeNetworkInterfaces: MaxResults and ids exclude each other.
#[test]
fn an_endpoints_interfaces_can_be_found() {
    let mut world = world("default");
    let id = available(&mut world, request());
    let filters = vec![
        Filter::new("description", &[&format!("*{id}")]),
        Filter::new("interface-type", &["vpc_endpoint"]),
    ];

    let found = DescribeNetworkInterfaces {
        filters,
        ..Default::default()
    };
    let found = world.call(found).unwrap().network_interfaces;

    let places: Vec<_> = found
        .iter()
        .map(|interface| {
            (
                interface.subnet_id.as_str(),
                interface.private_ip_address.as_str(),
            )
        })
        .collect();
    assert_eq!(places.len(), 2);
    assert!(
        places.contains(&(SUBNETS[0], "10.20.1.4")) && places.contains(&(SUBNETS[1], "10.20.2.4"))
    );
    let both = DescribeNetworkInterfaces {
        network_interface_ids: strings(&[&found[0].network_interface_id]),
        max_results: Some(5),
        ..Default::default()
    };
    assert_eq!(code(world.call(both)), "InvalidParameterCombination");
}

// EC2 API reference, DescribeVpcEndpointServices; terraform-aws-modules/terraform-aws-vpc #579.
#[test]
fn services_can_be_filtered_and_s3_is_two_of_them() {
    let mut world = world("default");

    assert_eq!(
        services(&mut world, vec![Filter::new("service-type", &["Gateway"])]),
        [aws("dynamodb"), aws("s3")]
    );
    assert_eq!(
        services(&mut world, vec![Filter::new("service-name", &["*dsql*"])]),
        [aws("dsql"), aws("dsql-fnh4")]
    );
    let s3 = DescribeVpcEndpointServices {
        service_names: vec![aws("s3")],
        ..Default::default()
    };
    let s3 = world.call(s3).unwrap();
    assert_eq!((s3.service_names.len(), s3.service_details.len()), (2, 2));
}

// EC2 API reference, DescribeVpcEndpointServices: what a detail says.
#[test]
fn a_services_detail_names_its_zones_name_and_rules() {
    let mut world = world("default");
    let request = DescribeVpcEndpointServices {
        service_names: strings(&[SERVICE, VENDOR]),
        ..Default::default()
    };

    let details = world.call(request).unwrap().service_details;

    assert_eq!(
        details[0].availability_zone_ids,
        ["use1-az1", "use1-az4", "use1-az6"]
    );
    assert_eq!(
        details[0].availability_zones,
        ["us-east-1c", "us-east-1a", "us-east-1b"]
    );
    assert_eq!(
        details[0].private_dns_name.as_deref(),
        Some("*.dsql-fnh4.us-east-1.on.aws")
    );
    assert!(details[0].vpc_endpoint_policy_supported && !details[0].acceptance_required);
    assert!(details[1].acceptance_required);
    assert_eq!(
        details[1].private_dns_name_verification_state.as_deref(),
        Some("verified")
    );
}

// terraform-provider-aws: one unknown name fails the whole call.
#[test]
fn one_unknown_service_name_fails_the_whole_call() {
    let mut world = world("default");
    let service_names = vec![SERVICE.to_owned(), aws("nonsense")];

    let outcome = world.call(DescribeVpcEndpointServices {
        service_names,
        ..Default::default()
    });

    assert_eq!(code(outcome), "InvalidServiceName");
}

#[test]
fn executions_come_in_pages_the_youngest_first() {
    let mut world = World::empty(0);
    let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:connect";
    for number in 0..120 {
        let arn = format!("arn:aws:states:us-east-1:123456789012:execution:connect:{number}");
        world.begin_execution(&arn, "{}");
        world.advance(Duration::from_secs(1));
    }
    let mut asked = ListExecutions {
        state_machine_arn: machine.to_owned(),
        ..ListExecutions::default()
    };
    let first = world.arrange(asked.clone()).unwrap();
    assert_eq!(
        (first.executions.len(), first.executions[0].name.as_str()),
        (100, "119")
    );
    asked.next_token = first.next_token;
    let rest = world.arrange(asked.clone()).unwrap();
    assert_eq!((rest.executions.len(), rest.next_token), (20, None));
    asked.next_token = None;
    asked.max_results = Some(1000);
    let all = world.arrange(asked.clone()).unwrap();
    assert_eq!((all.executions.len(), all.next_token), (120, None));
    asked.max_results = Some(1001);
    assert!(world.arrange(asked).is_err());
}

#[test]
fn a_filter_value_may_hold_wildcards() {
    assert!(fits(b"tieline:*", b"tieline:managed"));
    assert!(fits(b"vpce-?", b"vpce-1"));
    assert!(!fits(b"vpce-?", b"vpce-"));
    assert!(!fits(b"Available", b"available"));
    assert!(fits(br"\*", b"*") && !fits(br"\*", b"x"));
}

#[test]
fn a_page_token_survives_its_journey() {
    assert_eq!(decode(&encode("vpce-0a")).as_deref(), Some("vpce-0a"));
    assert_eq!(decode("nonsense"), None);
}
