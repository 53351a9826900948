//! IPv6 in names: which records they have, and what DNS says.
//!
//! Source, unless a test names another: AWS `PrivateLink` guide, "DNS record IP type".

use std::net::{Ipv4Addr, Ipv6Addr};

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, QCLASS, QTYPE, Question, RCODE, ResourceRecord, TYPE};
use world::World;
use world::model::route53::{AliasTarget, ResourceRecordSet};
use world::plane;
use world::scenario::{SUBNETS, VPC};

use crate::ipv6_endpoints::{HOST, available, count, dual_stack, native, wanted};
use crate::route53::{batch, cname, made};
use crate::{code, describe, pass};

/// The answer of DNS over HTTPS: its code and its addresses.
fn ask(world: &mut World, name: &str, kind: QTYPE) -> (RCODE, Vec<String>) {
    let mut query = Packet::new_query(1);
    let name = Name::new(name).unwrap().into_owned();
    let question = Question::new(name, kind, QCLASS::CLASS(CLASS::IN), false);
    query.questions.push(question);
    let message = query.build_bytes_vec().unwrap();
    let answer = plane::answer_dns(world, SUBNETS[3], &message).unwrap();
    let answer = Packet::parse(&answer).unwrap();
    let text = |record: &ResourceRecord<'_>| {
        if let RData::AAAA(one) = &record.rdata {
            return Ipv6Addr::from(one.address).to_string();
        }
        let RData::A(one) = &record.rdata else {
            panic!("{record:?}")
        };
        Ipv4Addr::from(one.address).to_string()
    };
    (answer.rcode(), answer.answers.iter().map(text).collect())
}

#[test]
fn names_have_the_records_that_the_type_says() {
    for (records, private, own) in [
        ("ipv4", (2, 0), (2, 0)),
        ("ipv6", (0, 2), (0, 2)),
        ("dualstack", (2, 2), (2, 2)),
        ("service-defined", (2, 0), (2, 2)),
    ] {
        let mut world = dual_stack();
        let id = available(&mut world, wanted("dualstack", Some(records)));
        let names = describe(&mut world, &id).unwrap().dns_entries;

        assert_eq!(count(&mut world, HOST), private, "{records}");
        assert_eq!(count(&mut world, &names[0].dns_name), own, "{records}");
        let one_zone = (own.0 / 2, own.1 / 2);
        assert_eq!(count(&mut world, &names[1].dns_name), one_zone, "{records}");
    }
}

// RFC 2308: that there is no such name, and that it has no such records, are two answers.
#[test]
fn over_https_each_type_has_its_answer() {
    let mut world = dual_stack();
    available(&mut world, wanted("dualstack", None));
    let (a, aaaa, txt) = (
        QTYPE::TYPE(TYPE::A),
        QTYPE::TYPE(TYPE::AAAA),
        QTYPE::TYPE(TYPE::TXT),
    );

    let (code, found) = ask(&mut world, HOST, aaaa);
    assert_eq!(code, RCODE::NoError);
    assert!(
        found.contains(&"2600:1f18:4000::4".to_owned()) && found.len() == 2,
        "{found:?}"
    );
    assert_eq!(ask(&mut world, HOST, a).1.len(), 2);
    assert_eq!(ask(&mut world, HOST, QTYPE::ANY).1.len(), 4);
    assert_eq!(ask(&mut world, HOST, txt), (RCODE::NoError, Vec::new()));
    for kind in [a, aaaa] {
        let nobody = ask(&mut world, "nobody.example.com", kind);
        assert_eq!(nobody, (RCODE::NameError, Vec::new()));
    }

    let mut plain = dual_stack();
    available(&mut plain, wanted("ipv4", None));
    assert_eq!(ask(&mut plain, HOST, aaaa), (RCODE::NoError, Vec::new()));
    assert_eq!(ask(&mut plain, HOST, a).1.len(), 2);
    let mut new = dual_stack();
    available(&mut new, native(None));
    assert_eq!(ask(&mut new, HOST, a), (RCODE::NoError, Vec::new()));
    assert_eq!(ask(&mut new, HOST, aaaa).1.len(), 2);
}

// Route 53 developer guide, "Choosing between alias and non-alias records": an alias has the records
// of its own type; a CNAME leads on with all.
#[test]
fn names_of_private_zones_lead_to_both_families() {
    let mut world = dual_stack();
    let id = available(&mut world, wanted("dualstack", None));
    let names = describe(&mut world, &id).unwrap().dns_entries;
    let target = &names[0];
    let zone = made(&mut world, "example.com");
    let alias = |name: &str, kind: &str| ResourceRecordSet {
        name: name.to_owned(),
        kind: kind.to_owned(),
        alias_target: Some(AliasTarget {
            hosted_zone_id: target.hosted_zone_id.clone(),
            dns_name: target.dns_name.clone(),
            evaluate_target_health: "false".to_owned(),
        }),
        ..Default::default()
    };
    let plain = |address: &str| ResourceRecordSet::new("plain.example.com", "AAAA", 60, &[address]);
    let changes = vec![
        ("CREATE", cname("cname.example.com", &target.dns_name)),
        ("CREATE", alias("four.example.com", "A")),
        ("CREATE", alias("six.example.com", "AAAA")),
        ("CREATE", alias("both.example.com", "A")),
        ("CREATE", alias("both.example.com", "AAAA")),
        ("CREATE", plain("2600:1f18:4000::4")),
    ];
    assert_eq!(
        code(world.call(batch(&zone, vec![("CREATE", plain("10.20.1.4"))]))),
        "InvalidChangeBatch"
    );
    world.call(batch(&zone, changes)).unwrap();
    pass(&mut world, 60);

    for (name, found) in [
        ("cname.example.com", (2, 2)),
        ("four.example.com", (2, 0)),
        ("six.example.com", (0, 2)),
        ("both.example.com", (2, 2)),
        ("plain.example.com", (0, 1)),
    ] {
        assert_eq!(count(&mut world, name), found, "{name}");
    }
    let plain = world.resolve_all(VPC, "plain.example.com").remove(0);
    assert_eq!(plain.endpoint_id, Some(id));
    let aaaa = QTYPE::TYPE(TYPE::AAAA);
    let none = (RCODE::NoError, Vec::new());
    assert_eq!(ask(&mut world, "four.example.com", aaaa), none);
}
