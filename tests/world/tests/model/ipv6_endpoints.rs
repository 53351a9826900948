//! IPv6 at endpoints: their address types and network interfaces.
//!
//! Source, unless a test names another: AWS `PrivateLink` guide, "IP address types" and "DNS record IP
//! type".

use world::World;
use world::model::addresses::Family;
use world::model::endpoints::{CreateVpcEndpoint, DnsOptionsSpecification, ModifyVpcEndpoint};
use world::model::interfaces::{DescribeNetworkInterfaces, NetworkInterface};
use world::model::services::{DescribeVpcEndpointServices, NewService};
use world::model::shapes::Filter;
use world::scenario::{PARTNER_NAMELESS, SUBNETS, VENDOR, VPC};

use crate::{aws, code, create, describe, message, pass, request_for, strings, world};

/// IPv6-only subnets, in two zones.
pub(crate) const NATIVE: [&str; 2] = ["subnet-06a", "subnet-06b"];
pub(crate) const HOST: &str = "monitoring.us-east-1.amazonaws.com";

pub(crate) fn wanted(address_type: &str, records: Option<&str>) -> CreateVpcEndpoint {
    CreateVpcEndpoint {
        ip_address_type: Some(address_type.to_owned()),
        dns_options: records.map(options),
        ..request_for(&aws("monitoring"))
    }
}

pub(crate) fn native(records: Option<&str>) -> CreateVpcEndpoint {
    CreateVpcEndpoint {
        subnet_ids: strings(&NATIVE),
        ..wanted("ipv6", records)
    }
}

fn options(records: &str) -> DnsOptionsSpecification {
    DnsOptionsSpecification {
        dns_record_ip_type: Some(records.to_owned()),
        ..Default::default()
    }
}

/// The scenario with IPv6-only subnets beside.
pub(crate) fn dual_stack() -> World {
    let mut world = world("dual-stack");
    for (id, zone) in NATIVE.iter().zip(["use1-az4", "use1-az6"]) {
        world.add_ipv6_subnet(VPC, id, zone).unwrap();
    }
    world
}

pub(crate) fn available(world: &mut World, request: CreateVpcEndpoint) -> String {
    let id = create(world, request).vpc_endpoint_id;
    pass(world, 61);
    id
}

fn modify(world: &mut World, id: &str, change: ModifyVpcEndpoint) -> Result<(), String> {
    let request = ModifyVpcEndpoint {
        vpc_endpoint_id: id.to_owned(),
        ..change
    };
    let outcome = world.call(request);
    pass(world, 61);
    outcome
        .map(drop)
        .map_err(|failure| failure.code().to_owned())
}

fn retyped(address_type: &str, records: Option<&str>) -> ModifyVpcEndpoint {
    ModifyVpcEndpoint {
        ip_address_type: Some(address_type.to_owned()),
        dns_options: records.map(options),
        ..Default::default()
    }
}

fn types(world: &mut World, id: &str) -> (String, String) {
    let endpoint = describe(world, id).unwrap();
    let records = endpoint.dns_options.dns_record_ip_type;
    (endpoint.ip_address_type, records)
}

fn pair(address_type: &str, records: &str) -> (String, String) {
    (address_type.to_owned(), records.to_owned())
}

fn interfaces(world: &mut World, id: &str) -> Vec<NetworkInterface> {
    let request = DescribeNetworkInterfaces {
        filters: vec![Filter::new("description", &[&format!("*{id}")])],
        ..Default::default()
    };
    world.call(request).unwrap().network_interfaces
}

/// How many IPv4 and IPv6 addresses a name has for a client in the VPC.
pub(crate) fn count(world: &mut World, name: &str) -> (usize, usize) {
    let all = world.look_up_all(SUBNETS[3], name);
    let ipv4 = all.iter().filter(|one| one.is_ipv4()).count();
    assert_eq!(world.look_up(SUBNETS[3], name).len(), ipv4);
    assert_eq!(world.resolve_all(VPC, name).len(), all.len());
    (ipv4, all.len() - ipv4)
}

// EC2 API reference, ServiceConnectivityType.
#[test]
fn services_say_which_address_types_they_support() {
    let mut world = world("default");
    let both = DescribeVpcEndpointServices {
        filters: vec![Filter::new("supported-ip-address-types", &["ipv6"])],
        ..Default::default()
    };
    let offer = |name: &str, types: Option<Vec<Family>>| NewService {
        name: name.to_owned(),
        zone_ids: strings(&["use1-az4"]),
        supported_ip_address_types: types,
        ..Default::default()
    };
    world.offer(offer("com.example.usual", None)).unwrap();
    world
        .offer(offer("com.example.new", Some(vec![Family::Ipv6])))
        .unwrap();
    assert!(
        world
            .offer(offer("com.example.none", Some(Vec::new())))
            .is_err()
    );
    world.support_address_types(VENDOR, &Family::BOTH).unwrap();
    assert!(
        world
            .support_address_types("com.example.unknown", &Family::BOTH)
            .is_err()
    );
    let written =
        r#"{"name": "x", "zoneIds": ["use1-az4"], "supportedIpAddressTypes": ["ipv4", "ipv6"]}"#;
    world.offer(serde_json::from_str(written).unwrap()).unwrap();

    let found = world.call(both).unwrap().service_details;

    let found: Vec<_> = found
        .iter()
        .map(|one| (&*one.service_name, one.supported_ip_address_types.concat()))
        .collect();
    let two = || "ipv4ipv6".to_owned();
    assert_eq!(
        found,
        [
            (&*aws("monitoring"), two()),
            (&*aws("s3"), two()),
            (VENDOR, two()),
            (PARTNER_NAMELESS, two()),
            ("com.example.new", "ipv6".to_owned()),
            ("x", two()),
        ]
    );
}

#[test]
fn an_endpoint_has_the_addresses_that_its_type_says() {
    let mut world = dual_stack();

    let dual = available(&mut world, wanted("dualstack", None));
    let ipv6 = available(
        &mut world,
        CreateVpcEndpoint {
            private_dns_enabled: Some(false),
            ..native(None)
        },
    );

    assert_eq!(types(&mut world, &dual), pair("dualstack", "dualstack"));
    assert_eq!(types(&mut world, &ipv6), pair("ipv6", "ipv6"));
    let of_dual = interfaces(&mut world, &dual);
    assert_eq!(of_dual.len(), 2);
    let first = of_dual
        .iter()
        .find(|one| one.subnet_id == SUBNETS[0])
        .unwrap();
    assert_eq!(first.private_ip_address, "10.20.1.4");
    assert_eq!(first.ipv6_addresses[0].ipv6_address, "2600:1f18:4000::4");
    let of_ipv6 = interfaces(&mut world, &ipv6);
    assert_eq!(of_ipv6.len(), 2);
    for one in &of_ipv6 {
        assert!(one.private_ip_address.is_empty() && one.private_ip_addresses.is_empty());
        assert_eq!(one.ipv6_addresses.len(), 1);
        let written = serde_json::to_value(one).unwrap();
        assert!(written.get("privateIpAddress").is_none());
        assert_eq!(written["ipv6AddressesSet"].as_array().unwrap().len(), 1);
    }
    let by_address = DescribeNetworkInterfaces {
        filters: vec![Filter::new(
            "ipv6-addresses.ipv6-address",
            &["2600:1f18:4000::4"],
        )],
        ..Default::default()
    };
    assert_eq!(
        world.call(by_address).unwrap().network_interfaces,
        std::slice::from_ref(first)
    );
}

#[test]
fn no_two_interfaces_have_one_address() {
    let mut world = dual_stack();
    let unnamed = |service: &str| CreateVpcEndpoint {
        service_name: Some(service.to_owned()),
        private_dns_enabled: Some(false),
        ..wanted("dualstack", None)
    };

    let first = available(&mut world, unnamed(&aws("monitoring")));
    let second = available(&mut world, unnamed(&aws("s3")));

    let mut all = interfaces(&mut world, &first);
    all.extend(interfaces(&mut world, &second));
    let mut addresses: Vec<_> = all
        .iter()
        .map(|one| &one.ipv6_addresses[0].ipv6_address)
        .collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), 4);
}

#[test]
fn an_address_type_needs_the_service_and_every_subnet() {
    let mut world = dual_stack();
    world
        .offer(NewService {
            name: "com.example.ipv6".to_owned(),
            zone_ids: strings(&["use1-az4", "use1-az6"]),
            supported_ip_address_types: Some(vec![Family::Ipv6]),
            ..Default::default()
        })
        .unwrap();
    let of = |service: &str, address_type: &str, subnets: &[&str]| CreateVpcEndpoint {
        service_name: Some(service.to_owned()),
        subnet_ids: strings(subnets),
        private_dns_enabled: Some(false),
        ..wanted(address_type, None)
    };
    let (both, ipv4, ipv6) = (&*aws("monitoring"), &*aws("sts"), "com.example.ipv6");
    let (usual, new) = (&SUBNETS[..2], &NATIVE[..]);
    let mixed = &[SUBNETS[0], NATIVE[1]][..];
    for (service, address_type, subnets, complaint) in [
        (ipv4, "dualstack", usual, "The service"),
        (ipv4, "ipv6", new, "The service"),
        (ipv6, "ipv4", usual, "The service"),
        (ipv6, "dualstack", usual, "The service"),
        (both, "ipv5", usual, "The service"),
        (both, "ipv4", new, "The subnet"),
        (both, "ipv4", mixed, "The subnet"),
        (both, "dualstack", new, "The subnet"),
        (both, "dualstack", mixed, "The subnet"),
        (both, "ipv6", usual, "The subnet"),
        (both, "ipv6", mixed, "The subnet"),
    ] {
        let refusal = message(world.call(of(service, address_type, subnets)));
        let expected = format!("InvalidParameter: {complaint}");
        assert!(
            refusal.starts_with(&expected),
            "{service} {address_type}: {refusal}"
        );
    }
    for (service, address_type, subnets) in [
        (both, "ipv4", usual),
        (both, "dualstack", usual),
        (both, "ipv6", new),
        (ipv6, "ipv6", new),
        (ipv4, "ipv4", usual),
    ] {
        create(&mut world, of(service, address_type, subnets));
    }
    // Subnets without IPv6.
    let mut plain = crate::world("default");
    let refusal = code(plain.call(of(both, "dualstack", usual)));
    assert_eq!(refusal, "InvalidParameter");
}

#[test]
fn records_need_the_addresses_that_they_hold() {
    for (address_type, fits, does_not) in [
        (
            "ipv4",
            &["ipv4", "service-defined"][..],
            &["ipv6", "dualstack"][..],
        ),
        ("ipv6", &["ipv6", "service-defined"], &["ipv4", "dualstack"]),
        (
            "dualstack",
            &["ipv4", "ipv6", "dualstack", "service-defined"],
            &["nonsense"],
        ),
    ] {
        let of = |records| match address_type {
            "ipv6" => native(Some(records)),
            other => wanted(other, Some(records)),
        };
        for records in fits {
            let mut world = dual_stack();
            let id = available(&mut world, of(records));
            assert_eq!(types(&mut world, &id), pair(address_type, records));
        }
        for records in does_not {
            let refusal = code(dual_stack().call(of(records)));
            assert_eq!(refusal, "InvalidParameter", "{address_type} {records}");
        }
    }
}

// EC2 API reference, ModifyVpcEndpoint: IpAddressType and DnsOptions.
#[test]
fn an_endpoint_gains_and_loses_addresses() {
    let mut world = dual_stack();
    let id = available(&mut world, wanted("ipv4", None));
    let before = interfaces(&mut world, &id);

    // Not verified: that the records stay as they were.
    modify(&mut world, &id, retyped("dualstack", None)).unwrap();
    assert_eq!(types(&mut world, &id), pair("dualstack", "ipv4"));
    let gained = interfaces(&mut world, &id);
    let kept = |one: &NetworkInterface| {
        (
            one.network_interface_id.clone(),
            one.private_ip_address.clone(),
        )
    };
    assert!(before.iter().map(kept).eq(gained.iter().map(kept)));
    assert!(gained.iter().all(|one| one.ipv6_addresses.len() == 1));
    assert_eq!(count(&mut world, HOST), (2, 0));

    let records = ModifyVpcEndpoint {
        dns_options: Some(options("dualstack")),
        ..Default::default()
    };
    modify(&mut world, &id, records).unwrap();
    assert_eq!(count(&mut world, HOST), (2, 2));
    assert_eq!(interfaces(&mut world, &id), gained);

    let refusal = modify(&mut world, &id, retyped("ipv4", None)).unwrap_err();
    assert_eq!(refusal, "InvalidParameter");
    modify(&mut world, &id, retyped("ipv4", Some("ipv4"))).unwrap();
    assert_eq!(interfaces(&mut world, &id), before);
    assert_eq!(count(&mut world, HOST), (2, 0));
}

#[test]
fn a_modified_endpoint_keeps_to_the_rules_of_its_type() {
    let mut world = dual_stack();
    let id = available(&mut world, wanted("dualstack", None));
    let swap = |change: ModifyVpcEndpoint| ModifyVpcEndpoint {
        add_subnet_ids: strings(&NATIVE),
        remove_subnet_ids: strings(&SUBNETS[..2]),
        ..change
    };

    let stays = modify(&mut world, &id, swap(ModifyVpcEndpoint::default()));
    let without = modify(&mut world, &id, retyped("ipv6", Some("ipv6")));
    assert_eq!(
        [stays, without],
        ["InvalidParameter"; 2].map(|code| Err(code.to_owned()))
    );
    assert_eq!(types(&mut world, &id), pair("dualstack", "dualstack"));

    modify(&mut world, &id, swap(retyped("ipv6", Some("ipv6")))).unwrap();
    pass(&mut world, 60);
    assert_eq!(types(&mut world, &id), pair("ipv6", "ipv6"));
    assert_eq!(count(&mut world, HOST), (0, 2));
}
