//! IPv6 in VPCs: their blocks, subnets, network ACLs and security groups.

use std::net::Ipv6Addr;

use world::World;
use world::model::groups::{CreateSecurityGroup, DescribeSecurityGroups, SecurityGroup};
use world::model::network::{
    AclEntry, CreateNetworkAclEntry, CreateSubnet, CreateVpc, DescribeNetworkAcls, DescribeSubnets,
    DescribeVpcs, SubnetDetail, VpcDetail,
};
use world::model::shapes::Filter;
use world::scenario::{GROUP, SUBNETS, VPC};

use crate::{code, pass, strings, world};

fn vpc(world: &mut World, id: &str) -> VpcDetail {
    let request = DescribeVpcs {
        vpc_ids: strings(&[id]),
        ..Default::default()
    };
    world.call(request).unwrap().vpcs.remove(0)
}

fn subnet(world: &mut World, id: &str) -> SubnetDetail {
    let request = DescribeSubnets {
        subnet_ids: strings(&[id]),
        ..Default::default()
    };
    world.call(request).unwrap().subnets.remove(0)
}

fn acl(world: &mut World, vpc: &str) -> Vec<AclEntry> {
    let request = DescribeNetworkAcls {
        filters: vec![Filter::new("vpc-id", &[vpc])],
        ..Default::default()
    };
    world.call(request).unwrap().network_acls.remove(0).entries
}

fn group(world: &mut World, id: &str) -> SecurityGroup {
    let request = DescribeSecurityGroups {
        group_ids: strings(&[id]),
        ..Default::default()
    };
    world.call(request).unwrap().security_groups.remove(0)
}

fn way_out(group: &SecurityGroup) -> Vec<String> {
    let out = group.ip_permissions_egress.iter();
    out.flat_map(|rule| &rule.ipv6_ranges)
        .map(|range| range.cidr_ipv6.clone())
        .collect()
}

/// A VPC with a block of Amazon's, and that block without its end `00::/56`.
fn with_block(world: &mut World) -> (String, String) {
    let new = CreateVpc {
        cidr_block: "10.50.0.0/16".to_owned(),
        amazon_provided_ipv6_cidr_block: true,
        ..Default::default()
    };
    let id = world.call(new).unwrap().vpc.vpc_id;
    pass(world, 2);
    let blocks = vpc(world, &id).ipv6_cidr_block_association_set;
    let block = &blocks[0].ipv6_cidr_block;
    (id, block.replace("::/56", ""))
}

// EC2 API reference, CreateVpc: AmazonProvidedIpv6CidrBlock; AWS CLI reference, create-vpc, example 2;
// VPC user guide, "IPv6 VPC CIDR blocks": a /56.
#[test]
fn amazon_gives_a_vpc_a_block_of_its_own() {
    let mut world = world("default");
    let new = CreateVpc {
        cidr_block: "10.50.0.0/16".to_owned(),
        amazon_provided_ipv6_cidr_block: true,
        ..Default::default()
    };

    let answer = world.call(new.clone()).unwrap().vpc;
    let other = world.call(new).unwrap().vpc.vpc_id;
    pass(&mut world, 2);

    let begun = &answer.ipv6_cidr_block_association_set[0];
    assert_eq!(begun.ipv6_cidr_block_state.state, "associating");
    assert_eq!(begun.ipv6_cidr_block, "");
    let shown = vpc(&mut world, &answer.vpc_id);
    let block = &shown.ipv6_cidr_block_association_set[0];
    assert_eq!(block.association_id, begun.association_id);
    assert_ne!(
        block.association_id,
        shown.cidr_block_association_set[0].association_id
    );
    assert_eq!(block.ipv6_cidr_block_state.state, "associated");
    assert_eq!(block.ipv6_pool.as_deref(), Some("Amazon"));
    assert_eq!(block.network_border_group.as_deref(), Some("us-east-1"));
    let (address, prefix) = block.ipv6_cidr_block.split_once('/').unwrap();
    let segments = address.parse::<Ipv6Addr>().unwrap().segments();
    assert_eq!(
        (segments[..2].to_vec(), prefix),
        (vec![0x2600, 0x1f18], "56")
    );
    let others = vpc(&mut world, &other).ipv6_cidr_block_association_set;
    assert_ne!(others[0].ipv6_cidr_block, block.ipv6_cidr_block);
    let usual = vpc(&mut world, VPC);
    assert!(usual.ipv6_cidr_block_association_set.is_empty());
    let found = DescribeVpcs {
        filters: vec![Filter::new(
            "ipv6-cidr-block-association.ipv6-cidr-block",
            &[&block.ipv6_cidr_block],
        )],
        ..Default::default()
    };
    assert_eq!(world.call(found).unwrap().vpcs, [shown]);
}

// EC2 API reference, CreateSubnet: Ipv6CidrBlock and Ipv6Native; "Error codes".
#[test]
fn a_subnet_has_a_block_inside_its_vpcs_and_apart_from_the_others() {
    let mut world = world("default");
    let (vpc_id, block) = with_block(&mut world);
    let new = |number: u8, ipv6: Option<String>| CreateSubnet {
        vpc_id: vpc_id.clone(),
        cidr_block: format!("10.50.{number}.0/24"),
        ipv6_cidr_block: ipv6,
        ..Default::default()
    };
    let first = Some(format!("{block}::/64"));

    let made = world.call(new(1, first.clone())).unwrap().subnet;

    let there = &made.ipv6_cidr_block_association_set[0];
    assert_eq!(Some(&there.ipv6_cidr_block), first.as_ref());
    assert_eq!(there.ipv6_cidr_block_state.state, "associated");
    assert!(there.association_id.starts_with("subnet-cidr-assoc-"));
    assert!(!made.ipv6_native && made.available_ip_address_count == 251);
    assert_eq!(code(world.call(new(2, first))), "InvalidSubnet.Conflict");
    for wrong in ["2600:1f18:ffff::/64", &format!("{block}::/60"), "nonsense"] {
        let request = new(2, Some(wrong.to_owned()));
        assert_eq!(code(world.call(request)), "InvalidSubnet.Range", "{wrong}");
    }
    let without = CreateSubnet {
        vpc_id: VPC.to_owned(),
        cidr_block: "10.20.99.0/24".to_owned(),
        ..new(2, Some(format!("{block}::/64")))
    };
    assert_eq!(code(world.call(without)), "InvalidSubnet.Range");
    assert!(
        subnet(&mut world, SUBNETS[0])
            .ipv6_cidr_block_association_set
            .is_empty()
    );
}

// EC2 API reference, CreateSubnet: CidrBlock "is not supported for an IPv6 only subnet", which needs
// Ipv6CidrBlock.
#[test]
fn an_ipv6_only_subnet_has_no_ipv4_block_and_no_ipv4_addresses() {
    let mut world = world("default");
    let (vpc_id, block) = with_block(&mut world);
    let new = CreateSubnet {
        vpc_id,
        ipv6_cidr_block: Some(format!("{block}::/64")),
        ipv6_native: true,
        ..Default::default()
    };

    let made = world.call(new.clone()).unwrap().subnet;

    assert!(made.ipv6_native && made.cidr_block.is_empty());
    assert_eq!(made.available_ip_address_count, 0);
    let second = |change: fn(&mut CreateSubnet)| {
        let mut request = new.clone();
        request.ipv6_cidr_block = Some(format!("{block}:1::/64"));
        change(&mut request);
        request
    };
    let both = second(|request| request.cidr_block = "10.50.1.0/24".to_owned());
    assert_eq!(code(world.call(both)), "InvalidParameterCombination");
    let none = second(|request| request.ipv6_cidr_block = None);
    assert_eq!(code(world.call(none)), "MissingParameter");
    let neither = second(|request| request.ipv6_native = false);
    assert_eq!(code(world.call(neither)), "InvalidSubnet.Range");
    pass(&mut world, 2);
    let native = DescribeSubnets {
        filters: vec![Filter::new("ipv6-native", &["true"])],
        ..Default::default()
    };
    let found = world.call(native).unwrap().subnets;
    assert_eq!(found, [subnet(&mut world, &made.subnet_id)]);
}

// EC2 API reference: the elements of Subnet, NetworkAclEntry and Vpc.
#[test]
fn on_the_wire_what_a_thing_does_not_have_is_left_out() {
    let mut world = world("default");
    world.add_ipv6_subnet(VPC, "subnet-6", "use1-az4").unwrap();
    let mut ask = |body: &str| crate::wire::post(&mut world, body, true).1;

    let subnet = ask("Action=DescribeSubnets&SubnetId.1=subnet-6");
    let acl = ask(&format!(
        "Action=DescribeNetworkAcls&Filter.1.Name=vpc-id&Filter.1.Value.1={VPC}"
    ));

    assert!(!subnet.contains("<cidrBlock>"), "{subnet}");
    assert!(subnet.contains("<ipv6Native>true</ipv6Native>"), "{subnet}");
    assert!(
        subnet.contains("<ipv6CidrBlockAssociationSet><item><associationId>"),
        "{subnet}"
    );
    assert_eq!(acl.matches("<cidrBlock>0.0.0.0/0</cidrBlock>").count(), 4);
    assert_eq!(
        acl.matches("<ipv6CidrBlock>::/0</ipv6CidrBlock>").count(),
        4
    );
}

// VPC user guide, "Default network ACL".
#[test]
fn the_default_acl_of_a_vpc_with_ipv6_lets_that_through_too() {
    let mut world = world("default");
    let rules = |entries: Vec<AclEntry>| -> Vec<(bool, u32, String, String)> {
        let rules = entries.into_iter();
        rules
            .map(|rule| {
                let peer = rule.ipv6_cidr_block.clone().unwrap_or(rule.cidr_block);
                (rule.egress, rule.rule_number, peer, rule.rule_action)
            })
            .collect()
    };
    let rule = |egress, number, peer: &str, action: &str| {
        (egress, number, peer.to_owned(), action.to_owned())
    };

    let before = rules(acl(&mut world, VPC));
    world.give_ipv6(VPC).unwrap();
    let after = rules(acl(&mut world, VPC));

    let way = |egress| {
        [
            rule(egress, 100, "0.0.0.0/0", "allow"),
            rule(egress, 101, "::/0", "allow"),
            rule(egress, 32767, "0.0.0.0/0", "deny"),
            rule(egress, 32768, "::/0", "deny"),
        ]
    };
    let all = [way(false), way(true)].concat();
    assert_eq!(after, all);
    let ipv4: Vec<_> = all.into_iter().filter(|rule| rule.2 != "::/0").collect();
    assert_eq!(before, ipv4);
}

// EC2 API reference, CreateNetworkAclEntry: an IPv4 block or an IPv6 one.
#[test]
fn an_acl_entry_is_for_one_block() {
    let mut world = world("dual-stack");
    let entry = |ipv4: &str, ipv6: Option<&str>| CreateNetworkAclEntry {
        network_acl_id: VPC.replacen("vpc-", "acl-", 1),
        rule_number: Some(50),
        protocol: "-1".to_owned(),
        rule_action: "deny".to_owned(),
        cidr_block: ipv4.to_owned(),
        ipv6_cidr_block: ipv6.map(str::to_owned),
        ..Default::default()
    };

    assert_eq!(
        code(world.call(entry("10.0.0.0/8", Some("::/0")))),
        "InvalidParameterCombination"
    );
    assert_eq!(code(world.call(entry("", None))), "MissingParameter");
    world.call(entry("", Some("2600:1f18::/32"))).unwrap();

    let first = acl(&mut world, VPC).remove(0);
    assert_eq!(first.ipv6_cidr_block.as_deref(), Some("2600:1f18::/32"));
    assert!(first.cidr_block.is_empty());
}

// VPC user guide, "Default security groups": everything may leave over IPv6 too, but rules that
// somebody changed stay.
#[test]
fn groups_of_a_vpc_with_ipv6_let_it_out() {
    let mut world = world("default");
    let new = |name: &str| CreateSecurityGroup {
        group_name: name.to_owned(),
        description: "any".to_owned(),
        vpc_id: VPC.to_owned(),
        ..Default::default()
    };
    let earlier = world.call(new("earlier")).unwrap().group_id;
    let changed = world.call(new("changed")).unwrap().group_id;
    pass(&mut world, 2);
    let permission = group(&mut world, &changed).ip_permissions_egress;
    let revoke = world::model::groups::RevokeSecurityGroupEgress {
        group_id: changed.clone(),
        ip_permissions: permission,
        ..Default::default()
    };
    world.call(revoke).unwrap();
    pass(&mut world, 2);
    assert!(way_out(&group(&mut world, &earlier)).is_empty());

    world.give_ipv6(VPC).unwrap();
    let later = world.call(new("later")).unwrap().group_id;
    pass(&mut world, 2);

    for (id, ways) in [(&*earlier, 1), (&changed, 0), (&later, 1), (GROUP, 1)] {
        assert_eq!(way_out(&group(&mut world, id)).len(), ways, "{id}");
    }
}
