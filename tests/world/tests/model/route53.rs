//! Route 53. Source, unless a test names another: the service model of botocore, version
//! 2013-04-01, and the Route 53 developer guide.

use world::World;
use world::model::endpoints::ModifyVpcEndpoint;
use world::model::route53::*;
use world::scenario::{PEER_VPC, VPC};

use crate::{available, code, create, message, pass, request, world};

fn zone(name: &str, vpc_id: &str) -> CreateHostedZone {
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

fn made(world: &mut World, name: &str) -> String {
    world.call(zone(name, VPC)).unwrap().hosted_zone.id
}

fn cname(name: &str, target: &str) -> ResourceRecordSet {
    ResourceRecordSet::new(name, "CNAME", 60, &[target])
}

fn address(name: &str, address: &str) -> ResourceRecordSet {
    ResourceRecordSet::new(name, "A", 60, &[address])
}

fn batch(id: &str, changes: Vec<(&str, ResourceRecordSet)>) -> ChangeResourceRecordSets {
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

fn records(world: &mut World, id: &str) -> Vec<(String, String)> {
    let list = ListResourceRecordSets {
        hosted_zone_id: id.to_owned(),
        ..Default::default()
    };
    let sets = world.call(list).unwrap().resource_record_sets;
    sets.into_iter().map(|set| (set.name, set.kind)).collect()
}

fn addresses(world: &World, name: &str) -> Vec<String> {
    let found = world.resolve(VPC, name).into_iter();
    found
        .map(|destination| destination.address.to_string())
        .collect()
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

// CallerReference, HostedZoneConfig, InvalidVPCId, InvalidDomainName. The message of the second is
// not verified, nor is that references are remembered for ever.
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

// terraform-provider-aws #37783: also where an endpoint has the private name; CONTRACTS 1.6: and
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
    world.modify_vpc_endpoint(modify(false)).unwrap();
    pass(&mut world, 32);
    let mut own = zone("dsql-fnh4.us-east-1.on.aws", VPC);
    own.caller_reference = "second attempt".to_owned();
    world.call(own).unwrap();
    assert!(message(world.modify_vpc_endpoint(modify(true))).contains(
        "there is already a conflicting DNS domain for *.dsql-fnh4.us-east-1.on.aws in the VPC"
    ));
}

#[test]
fn a_foreign_zone_takes_the_name_too() {
    let mut world = world("zone-name-taken");

    let refusal = message(world.create_vpc_endpoint(request()));

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

// GetChange: PENDING, then INSYNC, generally within 60 seconds.
#[test]
fn a_change_is_in_sync_after_a_while() {
    let mut world = world("default");
    let id = made(&mut world, "example.com");
    let set = address("www.example.com", "10.20.1.9");

    let change = world
        .call(batch(&id, vec![("UPSERT", set)]))
        .unwrap()
        .change_info;

    let get = GetChange {
        id: change.id.clone(),
    };
    assert_eq!(change.status, "PENDING");
    pass(&mut world, 39);
    assert_eq!(
        world.call(get.clone()).unwrap().change_info.status,
        "PENDING"
    );
    assert!(addresses(&world, "www.example.com").is_empty());
    pass(&mut world, 1);
    assert_eq!(world.call(get).unwrap().change_info.status, "INSYNC");
    assert_eq!(addresses(&world, "www.example.com"), ["10.20.1.9"]);
    let unknown = GetChange {
        id: "C0".to_owned(),
    };
    assert_eq!(code(world.call(unknown)), "NoSuchChange");
}

// Quoted by: widdix/node-route53-updater #3, boto/boto #2887, hashicorp/terraform #18509, #9732,
// ansible-collections/amazon.aws #2694. The one on the apex is not verified.
#[test]
fn a_batch_that_cannot_be_says_why() {
    let mut world = world("default");
    let id = made(&mut world, "example.com");
    let there = cname("www.example.com", "a.example.org");
    let set = there.clone();
    let host = address("host.example.com", "10.0.0.1");
    let present = vec![("CREATE", there), ("CREATE", host)];
    world.call(batch(&id, present)).unwrap();
    for (action, set, refusal) in [
        (
            "CREATE",
            set.clone(),
            "Tried to create resource record set [name='www.example.com.', type='CNAME'] but it already exists",
        ),
        (
            "DELETE",
            cname("none.example.com", "a"),
            "Tried to delete resource record set [name='none.example.com.', type='CNAME'] but it was not found",
        ),
        (
            "DELETE",
            cname("www.example.com", "b.example.org"),
            "Tried to delete resource record set [name='www.example.com.', type='CNAME'] but the values provided do not \
             match the current values",
        ),
        (
            "CREATE",
            address("www.example.com", "10.0.0.1"),
            "RRSet of type A with DNS name www.example.com. is not permitted because a conflicting RRSet of type  CNAME \
             with the same DNS name already exists in zone example.com.",
        ),
        (
            "UPSERT",
            cname("host.example.com", "a.example.org"),
            "RRSet of type CNAME with DNS name host.example.com. is not permitted as it conflicts with other records with \
             the same DNS name in zone example.com.",
        ),
        (
            "CREATE",
            cname("example.com", "a.example.org"),
            "RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone example.com.",
        ),
    ] {
        assert_eq!(
            message(world.call(batch(&id, vec![(action, set)]))),
            format!("InvalidChangeBatch: [{refusal}]")
        );
    }
    let elsewhere = batch(&id, vec![("CREATE", cname("www.example.org", "a"))]);
    assert_eq!(code(world.call(elsewhere)), "InvalidChangeBatch");
    let no_address = batch(&id, vec![("CREATE", address("x.example.com", "ten"))]);
    assert_eq!(code(world.call(no_address)), "InvalidChangeBatch");
}

// ResourceRecordSet: TTL and values belong together.
#[test]
fn a_set_without_a_ttl_is_refused() {
    let mut world = world("default");
    let id = made(&mut world, "example.com");
    let endless = ResourceRecordSet {
        ttl: None,
        ..address("www.example.com", "10.0.0.1")
    };

    let refusal = message(world.call(batch(&id, vec![("CREATE", endless)])));

    assert!(refusal.starts_with(
        "InvalidInput: Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]"
    ));
}

// ChangeResourceRecordSets: "If you submit a change batch and any of the changes is not possible,
// none happens"; the order of the changes is the order of the batch.
#[test]
fn a_batch_happens_altogether_or_not_at_all() {
    let mut world = world("default");
    let id = made(&mut world, "example.com");
    let good = cname("good.example.com", "a.example.org");
    let bad = cname("example.com", "a.example.org");

    let both = batch(&id, vec![("CREATE", good.clone()), ("CREATE", bad)]);
    assert_eq!(code(world.call(both)), "InvalidChangeBatch");
    assert_eq!(records(&mut world, &id).len(), 2);

    world
        .call(batch(&id, vec![("CREATE", good.clone())]))
        .unwrap();
    let moved = address("good.example.com", "10.0.0.1");
    let replace = batch(&id, vec![("DELETE", good), ("CREATE", moved)]);
    world.call(replace).unwrap();
    assert_eq!(records(&mut world, &id)[2].1, "A");
    let apex = world.state().hosted_zones[0].records[0].clone();
    assert_eq!(
        code(world.call(batch(&id, vec![("DELETE", apex)]))),
        "InvalidChangeBatch"
    );
}

// ListResourceRecordSets: labels from the last on; `*` is stored as \052; pages.
#[test]
fn records_are_ordered_from_their_last_label() {
    let mut world = world("default");
    let id = made(&mut world, "example.com");
    let names = ["*.example.com", "b.a.example.com", "a.b.example.com"];
    let sets = names.map(|name| ("CREATE", cname(name, "t.example.org")));
    world.call(batch(&id, sets.to_vec())).unwrap();

    let ordered: Vec<_> = records(&mut world, &id)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        ordered[2..],
        ["\\052.example.com.", "b.a.example.com.", "a.b.example.com."]
    );
    let page = |name: Option<String>, kind: Option<String>| ListResourceRecordSets {
        hosted_zone_id: id.clone(),
        start_record_name: name,
        start_record_type: kind,
        max_items: Some(2),
    };
    let first = world.call(page(None, None)).unwrap();
    assert!(first.is_truncated);
    assert_eq!(
        first.next_record_name.as_deref(),
        Some("\\052.example.com.")
    );
    let second = world
        .call(page(first.next_record_name, first.next_record_type))
        .unwrap();
    assert_eq!(second.resource_record_sets[0].name, "\\052.example.com.");
    assert_eq!(
        code(world.call(page(None, Some("A".to_owned())))),
        "InvalidInput"
    );
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

// Developer guide, "Considerations when working with a private hosted zone" and "Using an
// asterisk".
#[test]
fn the_most_specific_zone_answers_and_an_asterisk_fills_gaps() {
    let mut world = world("default");
    let wide = made(&mut world, "example.com");
    let narrow = made(&mut world, "sub.example.com");
    let of_wide = vec![
        ("CREATE", address("*.example.com", "10.0.0.1")),
        ("CREATE", address("x.example.com", "10.0.0.2")),
        ("CREATE", address("a.deep.example.com", "10.0.0.3")),
        ("CREATE", cname("alias.example.com", "x.example.com")),
        ("CREATE", cname("loop.example.com", "loop.example.com")),
    ];
    world.call(batch(&wide, of_wide)).unwrap();
    let of_narrow = vec![("CREATE", address("y.sub.example.com", "10.0.0.4"))];
    world.call(batch(&narrow, of_narrow)).unwrap();
    pass(&mut world, 40);

    for (name, found) in [
        ("x.example.com", &["10.0.0.2"][..]),
        ("X.Example.com.", &["10.0.0.2"]),
        ("anything.example.com", &["10.0.0.1"]),
        ("any.thing.example.com", &["10.0.0.1"]),
        ("alias.example.com", &["10.0.0.2"]),
        ("y.sub.example.com", &["10.0.0.4"]),
        ("x.sub.example.com", &[]),
        ("b.deep.example.com", &[]),
        ("loop.example.com", &[]),
        ("example.org", &[]),
    ] {
        assert_eq!(addresses(&world, name), found, "{name}");
    }
    assert!(world.resolve(PEER_VPC, "x.example.com").is_empty());
}

// AWS PrivateLink guide: the private name leads to the endpoint's interfaces, its Regional name to
// all of them, a zonal name to one.
#[test]
fn the_names_of_an_endpoint_lead_to_its_interfaces() {
    let mut world = world("default");
    let endpoint = create(&mut world, request());
    let names: Vec<_> = endpoint
        .dns_entries
        .iter()
        .map(|entry| entry.dns_name.clone())
        .collect();
    let host = "k3abtwmzqhv5xn7rjd2yfe6upi.dsql-fnh4.us-east-1.on.aws";
    assert!(world.resolve(VPC, host).is_empty());
    pass(&mut world, 60);

    assert_eq!(addresses(&world, host), ["10.20.1.4", "10.20.2.4"]);
    assert_eq!(addresses(&world, &names[0]), ["10.20.1.4", "10.20.2.4"]);
    assert_eq!(addresses(&world, &names[2]), ["10.20.2.4"]);
    assert_eq!(
        world.resolve(VPC, host)[0].endpoint_id,
        Some(endpoint.vpc_endpoint_id)
    );

    let zone = made(&mut world, "example.com");
    let alias = cname("db.example.com", &names[1]);
    world.call(batch(&zone, vec![("CREATE", alias)])).unwrap();
    pass(&mut world, 40);
    assert_eq!(addresses(&world, "db.example.com"), ["10.20.1.4"]);
    assert!(world.resolve(PEER_VPC, host).is_empty());
}

// Developer guide: private zones need both DNS attributes of the VPC.
#[test]
fn without_the_attributes_of_the_vpc_private_names_mean_nothing() {
    let mut world = world("vpc-dns-off");
    let id = made(&mut world, "example.com");
    let set = address("x.example.com", "10.0.0.1");
    world.call(batch(&id, vec![("CREATE", set)])).unwrap();
    pass(&mut world, 40);

    assert!(addresses(&world, "x.example.com").is_empty());
}
