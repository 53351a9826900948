//! VPCs, subnets and zones.

use world::model::network::{
    CreateSubnet, CreateVpc, DeleteSubnet, DeleteVpc, DescribeAvailabilityZones,
    DescribePrefixLists, DescribeSubnets, DescribeVpcAttribute, DescribeVpcs, ModifyVpcAttribute,
};
use world::model::shapes::Filter;
use world::scenario::VPC;

use crate::{code, pass, strings, world};

fn attribute(name: &str) -> DescribeVpcAttribute {
    DescribeVpcAttribute {
        vpc_id: VPC.to_owned(),
        attribute: name.to_owned(),
        ..Default::default()
    }
}

// EC2 API reference, DescribeVpcAttribute: one attribute per call.
#[test]
fn each_call_tells_one_attribute() {
    let mut world = world("vpc-dns-off");

    let support = world.call(attribute("enableDnsSupport")).unwrap();
    let hostnames = world.call(attribute("enableDnsHostnames")).unwrap();

    assert!(support.enable_dns_support.unwrap().value && support.enable_dns_hostnames.is_none());
    assert!(
        !hostnames.enable_dns_hostnames.unwrap().value && hostnames.enable_dns_support.is_none()
    );
    assert_eq!(
        code(world.call(attribute("everything"))),
        "InvalidParameterValue"
    );
}

// EC2 API reference, ModifyVpcAttribute: one at a time, host names only with support.
#[test]
fn dns_support_comes_before_host_names() {
    let mut world = world("default");
    let set = |support, hostnames| ModifyVpcAttribute {
        vpc_id: VPC.to_owned(),
        enable_dns_support: support,
        enable_dns_hostnames: hostnames,
        ..Default::default()
    };

    assert_eq!(
        code(world.call(set(Some(true), Some(true)))),
        "InvalidParameterCombination"
    );
    world.call(set(Some(false), None)).unwrap();
    pass(&mut world, 2);
    assert_eq!(
        code(world.call(set(None, Some(true)))),
        "InvalidParameterValue"
    );
}

// VPC user guide: "DNS attributes in your VPC", "Subnet sizing"; EC2 API reference, DeleteVpc.
#[test]
fn a_vpc_lives_from_creation_to_deletion() {
    let mut world = world("default");
    let vpc = world
        .call(CreateVpc {
            cidr_block: "10.50.0.0/16".to_owned(),
            ..Default::default()
        })
        .unwrap()
        .vpc;
    pass(&mut world, 2);
    let subnet = CreateSubnet {
        vpc_id: vpc.vpc_id.clone(),
        cidr_block: "10.50.1.0/24".to_owned(),
        availability_zone: Some("us-east-1b".to_owned()),
        ..Default::default()
    };
    let made = world.call(subnet.clone()).unwrap().subnet;
    pass(&mut world, 2);
    assert_eq!(
        (
            made.availability_zone_id.as_str(),
            made.available_ip_address_count
        ),
        ("use1-az6", 251)
    );
    assert_eq!(code(world.call(subnet.clone())), "InvalidSubnet.Conflict");
    let outside = CreateSubnet {
        cidr_block: "10.51.1.0/24".to_owned(),
        ..subnet
    };
    assert_eq!(code(world.call(outside)), "InvalidSubnet.Range");

    let delete_vpc = DeleteVpc {
        vpc_id: vpc.vpc_id.clone(),
        ..Default::default()
    };
    assert_eq!(code(world.call(delete_vpc.clone())), "DependencyViolation");
    world
        .call(DeleteSubnet {
            subnet_id: made.subnet_id,
            ..Default::default()
        })
        .unwrap();
    world.call(delete_vpc).unwrap();
    pass(&mut world, 2);
    let gone = DescribeVpcs {
        vpc_ids: vec![vpc.vpc_id],
        ..Default::default()
    };
    assert_eq!(code(world.call(gone)), "InvalidVpcID.NotFound");
}

// EC2 API reference, DescribeSubnets.
#[test]
fn subnets_can_be_found_by_vpc_and_zone() {
    let mut world = world("default");
    let filters = vec![
        Filter::new("vpc-id", &[VPC]),
        Filter::new("availability-zone-id", &["use1-az4"]),
    ];

    let subnets = world
        .call(DescribeSubnets {
            filters,
            ..Default::default()
        })
        .unwrap()
        .subnets;

    assert_eq!(subnets.len(), 2);
    assert!(
        subnets
            .iter()
            .all(|subnet| subnet.availability_zone == "us-east-1a")
    );
}

// RAM user guide, "Availability Zone IDs".
#[test]
fn zones_have_a_name_and_an_id() {
    let mut world = world("default");
    let zone = DescribeAvailabilityZones {
        zone_ids: strings(&["use1-az4"]),
        ..Default::default()
    };

    assert_eq!(
        world.call(zone).unwrap().availability_zones[0].zone_name,
        "us-east-1a"
    );
    let unknown = DescribeAvailabilityZones {
        zone_names: strings(&["us-east-1z"]),
        ..Default::default()
    };
    assert_eq!(code(world.call(unknown)), "InvalidParameterValue");
}

// EC2 API reference, CreateVpc: InstanceTenancy.
#[test]
fn a_vpc_has_the_tenancy_it_was_made_with() {
    let mut world = world("default");
    let new = |tenancy: Option<&str>| CreateVpc {
        cidr_block: "10.50.0.0/16".to_owned(),
        instance_tenancy: tenancy.map(str::to_owned),
        ..Default::default()
    };

    let usual = world.call(new(None)).unwrap().vpc;
    let dedicated = world.call(new(Some("dedicated"))).unwrap().vpc;
    pass(&mut world, 2);

    assert_eq!(usual.instance_tenancy, "default");
    let request = DescribeVpcs {
        vpc_ids: vec![dedicated.vpc_id],
        ..Default::default()
    };
    let shown = world.call(request).unwrap().vpcs.remove(0);
    assert_eq!(shown.instance_tenancy, "dedicated");
    assert_eq!(code(world.call(new(Some("host")))), "InvalidParameterValue");
    assert!(shown.ipv6_cidr_block_association_set.is_empty());
}

// EC2 API reference, DescribePrefixLists; AWS CLI reference, describe-prefix-lists.
#[test]
fn only_services_with_gateway_endpoints_have_prefix_lists() {
    let mut world = world("default");
    let named = |name: &str| DescribePrefixLists {
        filters: vec![Filter::new("prefix-list-name", &[name])],
        ..Default::default()
    };

    let all = world.call(DescribePrefixLists::default()).unwrap();
    let s3 = world.call(named("com.amazonaws.us-east-1.s3")).unwrap();
    let monitoring = named("com.amazonaws.us-east-1.monitoring");

    assert_eq!(all.prefix_lists.len(), 2);
    assert_eq!(s3.prefix_lists[0].prefix_list_id, "pl-63a5400a");
    assert_eq!(s3.prefix_lists[0].cidrs[0], "54.231.0.0/17");
    assert!(world.call(monitoring).unwrap().prefix_lists.is_empty());
    let by_id = |id| DescribePrefixLists {
        prefix_list_ids: strings(&[id]),
        ..Default::default()
    };
    let found = world.call(by_id("pl-63a5400a")).unwrap();
    assert_eq!(found.prefix_lists, s3.prefix_lists);
    assert_eq!(
        code(world.call(by_id("pl-00000000"))),
        "InvalidPrefixListId.NotFound"
    );
}
