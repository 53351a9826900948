//! Route 53: records, and what names mean. Source, unless a test names another: the service model of
//! botocore, version 2013-04-01, and the Route 53 developer guide.

use world::World;
use world::model::route53::*;
use world::scenario::{PEER_VPC, VPC};

use crate::route53::{batch, cname, made, records};
use crate::{code, create, message, pass, request, world};

fn address(name: &str, address: &str) -> ResourceRecordSet {
    ResourceRecordSet::new(name, "A", 60, &[address])
}

fn addresses(world: &World, name: &str) -> Vec<String> {
    let found = world.resolve(VPC, name).into_iter();
    found
        .map(|destination| destination.address.to_string())
        .collect()
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
