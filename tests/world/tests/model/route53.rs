//! Route 53. Source, unless a test names another: the service model of botocore, version
//! 2013-04-01, and the Route 53 developer guide.

use world::World;
use world::model::endpoints::ModifyVpcEndpoint;
use world::model::route53::names::{is_within, problem, stored};
use world::model::route53::*;
use world::scenario::{PEER_VPC, VPC};

use crate::{available, code, message, pass, request, world};

pub(crate) fn zone(name: &str, vpc_id: &str) -> CreateHostedZone {
    CreateHostedZone {
        name: name.to_owned(),
        vpc: Some(Vpc::here(vpc_id)),
        caller_reference: format!("{name} {vpc_id}"),
        hosted_zone_config: Some(HostedZoneConfig {
            comment: Some("of tieline".to_owned()),
            private_zone: Some(true),
        }),
    }
}

pub(crate) fn made(world: &mut World, name: &str) -> String {
    world.call(zone(name, VPC)).unwrap().hosted_zone.id
}

pub(crate) fn cname(name: &str, target: &str) -> ResourceRecordSet {
    ResourceRecordSet::new(name, "CNAME", 60, &[target])
}

pub(crate) fn batch(id: &str, changes: Vec<(&str, ResourceRecordSet)>) -> ChangeResourceRecordSets {
    let changes = changes.into_iter();
    ChangeResourceRecordSets {
        hosted_zone_id: id.to_owned(),
        change_batch: ChangeBatch {
            comment: None,
            changes: changes
                .map(|(action, set)| Change::new(action, set))
                .collect(),
        },
    }
}

pub(crate) fn records(world: &mut World, id: &str) -> Vec<(String, String)> {
    let list = ListResourceRecordSets {
        hosted_zone_id: id.to_owned(),
        ..Default::default()
    };
    let sets = world.call(list).unwrap().resource_record_sets;
    sets.into_iter().map(|set| (set.name, set.kind)).collect()
}

// CreateHostedZone; "NS and SOA records"; "DNS domain name format".
#[test]
fn a_zone_begins_with_two_sets_of_records() {
    let mut world = world("default");

    let answer = world.call(zone("Example.COM", VPC)).unwrap();

    let made = answer.hosted_zone;
    assert_eq!(made.name, "example.com.");
    assert!(made.id.starts_with("/hostedzone/Z") && made.config.private_zone == Some(true));
    assert_eq!(made.resource_record_set_count, 2);
    let apex = |kind: &str| ("example.com.".to_owned(), kind.to_owned());
    assert_eq!(records(&mut world, &made.id), [apex("NS"), apex("SOA")]);
    let get = GetHostedZone {
        id: made.id.replace("/hostedzone/", ""),
    };
    let got = world.call(get).unwrap();
    assert_eq!(got.vpcs, Some(vec![Vpc::here(VPC)]));
    assert_eq!(got.hosted_zone, made);
}

// CallerReference, HostedZoneConfig, InvalidVPCId, InvalidDomainName. That references
// are remembered for ever is not verified, nor are the messages.
#[test]
fn a_zone_that_cannot_be_is_refused() {
    let mut world = world("default");
    let id = made(&mut world, "example.com");
    world.call(DeleteHostedZone { id }).unwrap();
    assert_eq!(
        message(world.call(zone("example.com", VPC))),
        "HostedZoneAlreadyExists: A hosted zone has already been created with the specified caller reference."
    );

    let public = CreateHostedZone {
        vpc: None,
        ..zone("a.example.com", VPC)
    };
    assert_eq!(code(world.call(public)), "InvalidInput");
    assert_eq!(
        code(world.call(zone("b.example.com", "vpc-0000000000000000a"))),
        "InvalidVPCId"
    );
    let mut elsewhere = zone("c.example.com", VPC);
    elsewhere.vpc = Some(Vpc {
        vpc_region: "eu-west-1".to_owned(),
        vpc_id: VPC.to_owned(),
    });
    assert_eq!(code(world.call(elsewhere)), "InvalidVPCId");
    assert_eq!(
        code(world.call(zone("a..example.com", VPC))),
        "InvalidDomainName"
    );
}

// ConflictingDomainExists; terraform-provider-aws #37783 quotes the message. A parent or child of
// the name is none.
#[test]
fn a_vpc_has_one_private_zone_of_a_name() {
    let mut world = world("default");
    let id = made(&mut world, "example.com").replace("/hostedzone/", "");
    let again = CreateHostedZone {
        caller_reference: "again".to_owned(),
        ..zone("example.com", VPC)
    };

    assert_eq!(
        message(world.call(again)),
        format!(
            "ConflictingDomainExists: The VPC {VPC} in region us-east-1 has already been associated with the hosted zone \
             {id} with the same domain name."
        )
    );
    world.call(zone("sub.example.com", VPC)).unwrap();
    world.call(zone("example.com", PEER_VPC)).unwrap();
}

// terraform-provider-aws #37783: also where an endpoint has the private name; and
// the other way round.
#[test]
fn a_zone_and_an_endpoint_cannot_both_have_a_name() {
    let mut world = world("default");
    let endpoint = available(&mut world, request());
    let refusal = message(world.call(zone("dsql-fnh4.us-east-1.on.aws", VPC)));
    assert!(refusal.starts_with("ConflictingDomainExists: The VPC"));

    let modify = |wanted| ModifyVpcEndpoint {
        vpc_endpoint_id: endpoint.clone(),
        private_dns_enabled: Some(wanted),
        ..Default::default()
    };
    world.call(modify(false)).unwrap();
    pass(&mut world, 32);
    let mut own = zone("dsql-fnh4.us-east-1.on.aws", VPC);
    own.caller_reference = "second attempt".to_owned();
    world.call(own).unwrap();
    assert!(message(world.call(modify(true))).contains(
        "there is already a conflicting DNS domain for *.dsql-fnh4.us-east-1.on.aws in the VPC"
    ));
}

#[test]
fn a_foreign_zone_takes_the_name_too() {
    let mut world = world("zone-name-taken");

    let refusal = message(world.call(request()));

    assert!(refusal.contains("there is already a conflicting DNS domain"));
    let by_vpc = ListHostedZonesByVPC {
        vpc_id: VPC.to_owned(),
        vpc_region: "us-east-1".to_owned(),
        ..Default::default()
    };
    let zone = world.call(by_vpc).unwrap().hosted_zone_summaries.remove(0);
    assert_eq!(zone.owner.owning_account.as_deref(), Some("210987654321"));
    let id = zone.hosted_zone_id;
    assert_eq!(code(world.call(DeleteHostedZone { id })), "AccessDenied");
    let own = world.call(ListHostedZonesByName::default()).unwrap();
    assert!(own.hosted_zones.is_empty());
}

// UpdateHostedZoneComment: without a value the comment goes.
#[test]
fn a_zone_gets_another_comment() {
    let mut world = world("default");
    let id = made(&mut world, "example.com");
    for comment in [Some("names".to_owned()), None] {
        let update = UpdateHostedZoneComment {
            id: id.clone(),
            comment: comment.clone(),
        };
        let zone = world.call(update).unwrap().hosted_zone;
        assert_eq!(zone.config.comment, comment);
        let get = GetHostedZone { id: id.clone() };
        let zone = world.call(get).unwrap().hosted_zone;
        assert_eq!(zone.config.comment, comment);
    }
}

// HostedZoneNotEmpty, NoSuchHostedZone.
#[test]
fn a_zone_goes_only_when_it_is_empty() {
    let mut world = world("default");
    let id = made(&mut world, "example.com");
    let delete = DeleteHostedZone { id: id.clone() };
    let set = cname("www.example.com", "target.example.org");
    world
        .call(batch(&id, vec![("CREATE", set.clone())]))
        .unwrap();

    assert_eq!(code(world.call(delete.clone())), "HostedZoneNotEmpty");
    world.call(batch(&id, vec![("DELETE", set)])).unwrap();
    world.call(delete.clone()).unwrap();
    assert_eq!(code(world.call(delete)), "NoSuchHostedZone");
    assert!(world.state().hosted_zones.is_empty());
}

// AssociateVPCWithHostedZone, DisassociateVPCFromHostedZone: PublicZoneVPCAssociation,
// LastVPCAssociation, VPCAssociationNotFound; infrablocks/terraform-aws-base-networking #4: a
// second association is a conflict.
#[test]
fn other_vpcs_can_see_a_zone() {
    let mut world = world("default");
    let id = made(&mut world, "example.com");
    let associate = |id: &str, vpc_id: &str| AssociateVPCWithHostedZone {
        hosted_zone_id: id.to_owned(),
        vpc: Vpc::here(vpc_id),
        comment: None,
    };
    let disassociate = |vpc_id: &str| DisassociateVPCFromHostedZone {
        hosted_zone_id: id.clone(),
        vpc: Vpc::here(vpc_id),
        comment: None,
    };
    assert_eq!(
        code(world.call(disassociate(PEER_VPC))),
        "VPCAssociationNotFound"
    );
    assert_eq!(code(world.call(disassociate(VPC))), "LastVPCAssociation");

    world.call(associate(&id, PEER_VPC)).unwrap();
    assert_eq!(
        code(world.call(associate(&id, PEER_VPC))),
        "ConflictingDomainExists"
    );
    world.call(disassociate(VPC)).unwrap();
    let only = world.call(GetHostedZone { id: id.clone() }).unwrap();
    assert_eq!(only.vpcs, Some(vec![Vpc::here(PEER_VPC)]));

    let public = CreateHostedZone {
        name: "public.example.com".to_owned(),
        caller_reference: "public".to_owned(),
        ..Default::default()
    };
    let public = world.call(public).unwrap().hosted_zone.id;
    assert_eq!(
        code(world.call(associate(&public, VPC))),
        "PublicZoneVPCAssociation"
    );
    assert_eq!(
        code(world.call(associate(&id, "vpc-0000000000000000a"))),
        "InvalidVPCId"
    );
}

// ListHostedZonesByVPC has owners; ListHostedZonesByName goes by reversed labels.
#[test]
fn zones_are_listed_by_vpc_and_by_name() {
    let mut world = world("default");
    let names = ["b.example.com", "example.org", "example.com"];
    for name in names {
        made(&mut world, name);
    }
    available(&mut world, request());
    let by_vpc = |max_items, next_token| ListHostedZonesByVPC {
        vpc_id: VPC.to_owned(),
        vpc_region: "us-east-1".to_owned(),
        max_items,
        next_token,
    };

    let all = world.call(by_vpc(None, None)).unwrap();
    let owner = |service: bool| {
        let zones = all.hosted_zone_summaries.iter();
        zones
            .filter(|zone| zone.owner.owning_service.is_some() == service)
            .count()
    };
    assert_eq!((owner(false), owner(true)), (3, 1));
    let first = world.call(by_vpc(Some(3), None)).unwrap();
    let rest = world.call(by_vpc(Some(3), first.next_token)).unwrap();
    assert_eq!(rest.hosted_zone_summaries.len(), 1);
    assert_eq!(
        code(world.call(by_vpc(None, Some("made up".to_owned())))),
        "InvalidPaginationToken"
    );

    let by_name = |name: Option<&str>, id: Option<String>| ListHostedZonesByName {
        dns_name: name.map(str::to_owned),
        hosted_zone_id: id,
        max_items: Some(2),
    };
    let page = world.call(by_name(None, None)).unwrap();
    let listed: Vec<_> = page.hosted_zones.iter().map(|zone| &zone.name).collect();
    assert_eq!(listed, ["example.com.", "b.example.com."]);
    assert_eq!(page.next_dns_name.as_deref(), Some("example.org."));
    let rest = by_name(page.next_dns_name.as_deref(), page.next_hosted_zone_id);
    assert_eq!(world.call(rest).unwrap().hosted_zones.len(), 1);
}

// ChangeTagsForResource, ListTagsForResource.
#[test]
fn zones_have_tags() {
    let mut world = world("default");
    let id = made(&mut world, "example.com").replace("/hostedzone/", "");
    let change = |kind: &str, id: &str, add: Vec<Tag>, remove: &[&str]| ChangeTagsForResource {
        resource_type: kind.to_owned(),
        resource_id: id.to_owned(),
        add_tags: add,
        remove_tag_keys: crate::strings(remove),
    };
    let two = vec![Tag::new("a", "1"), Tag::new("b", "2")];
    world.call(change("hostedzone", &id, two, &[])).unwrap();
    world
        .call(change("hostedzone", &id, vec![Tag::new("b", "3")], &["a"]))
        .unwrap();

    let list = ListTagsForResource {
        resource_type: "hostedzone".to_owned(),
        resource_id: id,
    };
    assert_eq!(
        world.call(list).unwrap().resource_tag_set.tags,
        [Tag::new("b", "3")]
    );
    assert_eq!(
        code(world.call(change("hostedzone", "Z0", Vec::new(), &[]))),
        "NoSuchHostedZone"
    );
    assert_eq!(
        code(world.call(change("healthcheck", "1", Vec::new(), &[]))),
        "NoSuchHealthCheck"
    );
}

#[test]
fn names_are_stored_in_lower_case_with_a_dot_and_escapes() {
    assert_eq!(stored("*.Example.COM"), "\\052.example.com.");
    assert_eq!(stored("\\052.example.com."), "\\052.example.com.");
    assert_eq!(stored("a_b-c.example.com"), "a_b-c.example.com.");
}

#[test]
fn names_without_labels_or_with_long_ones_are_none() {
    assert!(problem("a..b.").is_some() && problem(".").is_some());
    assert!(problem(&format!("{}.com.", "x".repeat(64))).is_some());
    assert!(problem("\\052.example.com.").is_none());
}

#[test]
fn a_domain_holds_whole_labels_only() {
    assert!(is_within("a.b.c.", "b.c.") && is_within("b.c.", "b.c."));
    assert!(!is_within("ab.c.", "b.c."));
}
