//! Rules whose source is a group or a prefix list: whom they let in is looked at.

use std::time::Duration;

use serde_json::json;
use tests::{Wrong, code, detail, writes};
use world::gate::{Fault, FaultKind};
use world::model::endpoints::CreateVpcEndpoint;
use world::model::network::{AddPrefixListEntry, CreateManagedPrefixList};
use world::{World, scenario};

use crate::{group, group_named, monitoring, run, warned};

fn prefix_list(world: &mut World, blocks: &[&str]) -> String {
    let entry = |block: &&str| AddPrefixListEntry {
        cidr: (*block).to_owned(),
        description: None,
    };
    let made = world.arrange(CreateManagedPrefixList {
        prefix_list_name: "clients".to_owned(),
        max_entries: "150".to_owned(),
        address_family: "IPv4".to_owned(),
        entries: blocks.iter().map(entry).collect(),
        ..CreateManagedPrefixList::default()
    });
    made.expect("a list").prefix_list.prefix_list_id
}

#[tokio::test(start_paused = true)]
async fn a_prefix_list_lets_in_what_is_in_it() {
    // More than a page: GetManagedPrefixListEntries has 100 entries at most.
    let others: Vec<String> = (0..120)
        .map(|third| format!("192.0.{third}.0/24"))
        .collect();
    let many: Vec<&str> = others
        .iter()
        .map(String::as_str)
        .chain(["10.20.0.0/16"])
        .collect();
    for (blocks, expected) in [
        (&["10.20.0.0/16"][..], ""),
        (&many, ""),
        (&["10.20.0.0/17", "10.20.128.0/17"], ""),
        (&["10.20.3.0/24"], "CLIENTS_KEPT_OUT"),
        (&["192.0.2.0/24"], "SECURITY_GROUP_CLOSED"),
        (&[], "SECURITY_GROUP_CLOSED"),
    ] {
        let mut world = scenario::world("default");
        let list = prefix_list(&mut world, blocks);
        let mut input = monitoring();
        input["network"]["securityGroupIds"] = json!([group(&mut world, &[&list])]);
        let (ended, outside) = run(world, input).await;

        let what = format!("{blocks:?}: {}", detail(&ended));
        if expected == "SECURITY_GROUP_CLOSED" {
            assert_eq!(code(&ended), expected, "{what}");
            assert_eq!(writes(&outside), [""; 0], "{what}");
        } else {
            assert_eq!(code(&ended), "CONNECTED", "{what}");
            assert_eq!(warned(&ended).join(" "), expected, "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_looked_at_is_called_unknown() {
    let mut world = scenario::world("default");
    let list = prefix_list(&mut world, &["10.20.0.0/16"]);
    let mut input = monitoring();
    input["network"]["securityGroupIds"] = json!([group(&mut world, &[&list])]);
    let refusal = Fault::on("GetManagedPrefixListEntries", FaultKind::AccessDenied);
    world.add_fault(refusal);
    let (ended, _) = run(world, input).await;

    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    assert_eq!(warned(&ended), ["CLIENTS_NOT_KNOWN"]);
    let said = detail(&ended)["warnings"].to_string();
    assert!(said.contains("was not looked at"), "{said}");
}

/// A group stands for the network interfaces that it is on now: that they are all clients nobody knows.
#[tokio::test(start_paused = true)]
async fn a_group_lets_in_whoever_is_in_it_now() {
    let mut world = scenario::world("default");
    let clients = group(&mut world, &[]);
    let open = group_named(&mut world, "open", &[&clients]);
    let somebody = world.arrange(CreateVpcEndpoint {
        vpc_endpoint_type: Some("Interface".to_owned()),
        vpc_id: scenario::VPC.to_owned(),
        service_name: Some("com.amazonaws.us-east-1.sts".to_owned()),
        subnet_ids: vec![scenario::SUBNETS[1].to_owned()],
        security_group_ids: vec![clients.clone()],
        private_dns_enabled: Some(false),
        ..CreateVpcEndpoint::default()
    });
    somebody.expect("an endpoint");
    world.advance(Duration::from_secs(600));
    let mut input = monitoring();
    input["network"]["securityGroupIds"] = json!([open]);
    let (ended, _) = run(world, input).await;

    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    assert_eq!(warned(&ended), ["CLIENTS_KEPT_OUT"], "{}", detail(&ended));
    let said = detail(&ended)["warnings"].to_string();
    assert!(
        said.contains("10.20.1.") || said.contains("10.20.2."),
        "{said}"
    );
    assert!(
        said.contains(&format!("{clients} (on 1 addresses now)")),
        "{said}"
    );
}

#[test]
fn wrong_variants_are_noticed() {
    let guard = a_prefix_list_lets_in_what_is_in_it;
    assert!(Wrong::PrefixListsAreEverybody.is_noticed_by(guard));
}
