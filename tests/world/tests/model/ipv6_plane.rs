//! IPv6 connections: who gets through to an endpoint.

use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream};
use std::time::Duration;

use tokio::runtime::Runtime;
use world::World;
use world::model::endpoints::CreateVpcEndpoint;
use world::model::groups::{
    AuthorizeSecurityGroupIngress, CreateSecurityGroup, IpPermission, Ipv6Range,
};
use world::model::network::CreateNetworkAclEntry;
use world::plane::{Dial, Place};
use world::scenario::{GROUP, SUBNETS, VPC};
use world::server::{self, Options};

use crate::ipv6_endpoints::{HOST, NATIVE, available, dual_stack, wanted};
use crate::{pass, strings};

fn dial(world: &mut World, subnet: &str, to: IpAddr) -> Option<IpAddr> {
    let place = Place {
        subnet_id: subnet.to_owned(),
        group_ids: strings(&[GROUP]),
    };
    match world.dial(&place, to, 443) {
        Dial::Open(from, _) => Some(from),
        Dial::Silence => None,
    }
}

/// The first address of a name in the family.
fn address(world: &mut World, name: &str, is_ipv6: bool) -> IpAddr {
    let all = world.look_up_all(SUBNETS[3], name);
    all.into_iter()
        .find(|one| one.is_ipv6() == is_ipv6)
        .unwrap()
}

// VPC user guide: an IPv6 connection needs an IPv6 address at both ends.
#[test]
fn clients_get_through_over_both_families() {
    let mut world = dual_stack();
    available(&mut world, wanted("dualstack", None));
    let (ipv4, ipv6) = (
        address(&mut world, HOST, false),
        address(&mut world, HOST, true),
    );

    let from = dial(&mut world, SUBNETS[3], ipv6).unwrap();
    assert_eq!(from.to_string(), "2600:1f18:4000:3:ffff:ffff:ffff:fffe");
    assert!(dial(&mut world, SUBNETS[3], ipv4).unwrap().is_ipv4());
    assert!(dial(&mut world, NATIVE[0], ipv6).is_some());
    assert_eq!(dial(&mut world, NATIVE[0], ipv4), None);
    assert_eq!(
        dial(&mut world, SUBNETS[3], "2600:1f18:4000::5".parse().unwrap()),
        None
    );
}

// VPC user guide, "Security groups" and "Network ACLs".
#[test]
fn groups_and_acls_decide_about_ipv6_too() {
    let mut world = dual_stack();
    let new = CreateSecurityGroup {
        group_name: "ipv4-only".to_owned(),
        description: "any".to_owned(),
        vpc_id: VPC.to_owned(),
        ..Default::default()
    };
    let group = world.call(new).unwrap().group_id;
    pass(&mut world, 2);
    let request = CreateVpcEndpoint {
        security_group_ids: strings(&[&group]),
        ..wanted("dualstack", None)
    };
    available(&mut world, request);
    let to = address(&mut world, HOST, true);
    let open = |range: &str| AuthorizeSecurityGroupIngress {
        group_id: group.clone(),
        ip_permissions: vec![IpPermission {
            ip_protocol: "tcp".to_owned(),
            from_port: Some(443),
            to_port: Some(443),
            ipv6_ranges: vec![Ipv6Range {
                cidr_ipv6: range.to_owned(),
                description: None,
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    assert_eq!(dial(&mut world, SUBNETS[3], to), None);
    world.call(open("2600:1f18:ffff::/48")).unwrap();
    pass(&mut world, 2);
    assert_eq!(dial(&mut world, SUBNETS[3], to), None);
    world.call(open("2600:1f18:4000::/56")).unwrap();
    pass(&mut world, 2);
    assert!(dial(&mut world, SUBNETS[3], to).is_some());

    let deny = CreateNetworkAclEntry {
        network_acl_id: VPC.replacen("vpc-", "acl-", 1),
        rule_number: Some(50),
        protocol: "-1".to_owned(),
        rule_action: "deny".to_owned(),
        ipv6_cidr_block: Some("::/0".to_owned()),
        ..Default::default()
    };
    world.call(deny).unwrap();
    assert_eq!(dial(&mut world, SUBNETS[3], to), None);
}

// RFC 9110, section 9.3.6, and RFC 3986, section 3.2.2: an IPv6 address stands in brackets.
#[test]
fn the_server_connects_to_an_address_in_brackets() {
    let options = Options {
        scenario: "dual-stack".to_owned(),
        ..Default::default()
    };
    let runtime = Runtime::new().unwrap();
    let running = runtime.block_on(server::start(options)).unwrap();
    let shared = running.world();
    let to = {
        let mut world = shared.lock().unwrap();
        available(&mut world, wanted("dualstack", None));
        address(&mut world, HOST, true)
    };
    let mut stream = TcpStream::connect(running.address()).unwrap();
    // Whoever does not get through hears nothing.
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience).unwrap();
    let subnet = SUBNETS[3];
    let ask = format!(
        "CONNECT [{to}]:443 HTTP/1.1\r\nHost: [{to}]:443\r\ntieline-subnet: {subnet}\r\ntieline-groups: {GROUP}\r\n\r\n"
    );
    stream.write_all(ask.as_bytes()).unwrap();

    let mut answer = [0; 256];
    let length = stream.read(&mut answer).unwrap();

    let answer = String::from_utf8_lossy(&answer[..length]).to_lowercase();
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    let from = "tieline-from: 2600:1f18:4000:3:ffff:ffff:ffff:fffe";
    assert!(answer.contains(from), "{answer}");
    runtime.block_on(running.stop());
}
