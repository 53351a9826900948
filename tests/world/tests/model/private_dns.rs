//! Private DNS: who may have the name.

use world::model::endpoints::{CreateVpcEndpoint, DnsOptionsSpecification, ModifyVpcEndpoint};
use world::model::network::ModifyVpcAttribute;
use world::scenario::{VENDOR, VENDOR_NAMELESS, VENDOR_UNVERIFIED, VPC};

use crate::{
    available, aws, code, create, describe, endpoints, message, pass, request, request_for, world,
};

fn with_dns(service: &str, wanted: bool) -> CreateVpcEndpoint {
    CreateVpcEndpoint {
        private_dns_enabled: Some(wanted),
        ..request_for(service)
    }
}

fn inbound_only(wanted: bool) -> Option<DnsOptionsSpecification> {
    let private_dns_only_for_inbound_resolver_endpoint = Some(wanted);
    Some(DnsOptionsSpecification {
        private_dns_only_for_inbound_resolver_endpoint,
        ..Default::default()
    })
}

// Terraform's users: terraform-provider-aws #37694, #37783.
#[test]
fn left_out_it_is_on_for_a_service_with_a_name_that_needs_no_acceptance() {
    let mut world = world("default");

    assert!(create(&mut world, request()).private_dns_enabled);
    assert!(!create(&mut world, request_for(VENDOR)).private_dns_enabled);
    assert!(!create(&mut world, with_dns(&aws("sts"), false)).private_dns_enabled);
}

// AWS PrivateLink guide, "Access an AWS service"; the message as Terraform's users report it.
#[test]
fn it_needs_both_dns_attributes_of_the_vpc() {
    let mut world = world("vpc-dns-off");

    assert_eq!(
        message(world.call(request())),
        format!(
            "InvalidParameter: Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes \
             set to true for {VPC}"
        )
    );
    let hostnames = ModifyVpcAttribute {
        vpc_id: VPC.to_owned(),
        enable_dns_hostnames: Some(true),
        ..Default::default()
    };
    world.call(hostnames).unwrap();
    pass(&mut world, 2);
    create(&mut world, request());
}

// AWS PrivateLink guide, "Manage DNS names"; the message as Terraform's users report it.
#[test]
fn it_cannot_be_turned_on_before_the_owner_has_accepted() {
    let mut world = world("default");

    let refusal = message(world.call(with_dns(VENDOR, true)));
    assert_eq!(
        refusal,
        format!(
            "InvalidParameter: Private DNS can only be enabled after the endpoint connection is accepted by the owner of \
             {VENDOR}."
        )
    );

    let id = create(&mut world, with_dns(VENDOR, false)).vpc_endpoint_id;
    pass(&mut world, 2);
    let modify = ModifyVpcEndpoint {
        vpc_endpoint_id: id,
        private_dns_enabled: Some(true),
        ..Default::default()
    };
    assert_eq!(message(world.call(modify)), refusal);
}

// vespa-engine/vespa #33303 quotes the message.
#[test]
fn it_needs_a_service_with_a_private_name() {
    let mut world = world("default");

    assert_eq!(
        message(world.call(with_dns(VENDOR_NAMELESS, true))),
        format!(
            "InvalidParameter: Private DNS can't be enabled because the service {VENDOR_NAMELESS} does not provide a \
             private DNS name."
        )
    );
}

// AWS PrivateLink guide, "Manage DNS names": the name must be verified. The message is not
// verified.
#[test]
fn it_needs_a_verified_name() {
    let mut world = world("default");

    assert_eq!(
        code(world.call(with_dns(VENDOR_UNVERIFIED, true))),
        "InvalidParameter"
    );
}

// The message as Terraform's users report it.
#[test]
fn a_name_that_another_endpoint_of_the_vpc_has_is_refused_until_that_one_is_gone() {
    let mut world = world("default");
    let first = available(&mut world, request());

    assert_eq!(
        message(world.call(request())),
        format!(
            "InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS domain for \
             *.dsql-fnh4.us-east-1.on.aws in the VPC {VPC}"
        )
    );
    create(&mut world, with_dns(crate::SERVICE, false));
    crate::deletion::delete(&mut world, &first);
    assert_eq!(code(world.call(request())), "InvalidParameter");
    pass(&mut world, 60);
    create(&mut world, request());
}

// Amazon S3 user guide, "AWS PrivateLink for Amazon S3"; the message: terraform-provider-aws
// #33689.
#[test]
fn private_dns_for_s3_demands_a_gateway_endpoint_unless_one_says_otherwise() {
    let mut world = world("default");
    let needs_gateway = format!(
        "InvalidParameter: To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {VPC} must have a Gateway \
         endpoint for the service."
    );

    assert_eq!(
        message(world.call(with_dns(&aws("s3"), true))),
        needs_gateway
    );
    let explicit = CreateVpcEndpoint {
        dns_options: inbound_only(true),
        ..with_dns(&aws("s3"), true)
    };
    assert_eq!(message(world.call(explicit)), needs_gateway);
    let ordinary = CreateVpcEndpoint {
        dns_options: inbound_only(false),
        ..with_dns(&aws("s3"), true)
    };
    assert!(create(&mut world, ordinary).private_dns_enabled);
}

// Amazon S3 user guide, "AWS PrivateLink for Amazon S3". The code of the refusal is not verified.
#[test]
fn a_gateway_endpoint_that_an_inbound_only_endpoint_leans_on_cannot_be_deleted() {
    let mut world = world("s3-gateway");
    let gateway = endpoints(&world)[0].vpc_endpoint_id.clone();
    let interface = available(&mut world, with_dns(&aws("s3"), true));
    let options = describe(&mut world, &interface).unwrap().dns_options;
    assert_eq!(
        options.private_dns_only_for_inbound_resolver_endpoint,
        Some(true)
    );

    assert_eq!(crate::deletion::delete(&mut world, &gateway).len(), 1);
    crate::deletion::delete(&mut world, &interface);
    pass(&mut world, 60);
    assert!(crate::deletion::delete(&mut world, &gateway).is_empty());
}

// EC2 API reference, DnsOptionsSpecification; the message for gateways: terraform-provider-aws
// #45846.
#[test]
fn the_inbound_option_is_only_for_services_of_both_types() {
    let mut world = world("default");
    let interface = CreateVpcEndpoint {
        dns_options: inbound_only(true),
        ..with_dns(&aws("sts"), true)
    };
    let gateway = CreateVpcEndpoint {
        vpc_id: VPC.to_owned(),
        service_name: Some(aws("s3")),
        dns_options: inbound_only(false),
        ..Default::default()
    };

    assert!(message(world.call(interface)).contains("both gateway and interface"));
    assert_eq!(
        message(world.call(gateway)),
        "InvalidParameter: DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC \
         Endpoints."
    );
}

// AWS PrivateLink guide, "Gateway endpoints": only `service-defined` for DynamoDB.
#[test]
fn dynamodbs_gateway_endpoint_knows_only_service_defined_records() {
    let mut world = world("default");
    let gateway = |kind: &str| CreateVpcEndpoint {
        vpc_id: VPC.to_owned(),
        service_name: Some(aws("dynamodb")),
        dns_options: Some(DnsOptionsSpecification {
            dns_record_ip_type: Some(kind.to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };

    assert_eq!(code(world.call(gateway("ipv4"))), "InvalidParameter");
    assert_eq!(
        create(&mut world, gateway("service-defined"))
            .dns_options
            .dns_record_ip_type,
        "service-defined"
    );
}
