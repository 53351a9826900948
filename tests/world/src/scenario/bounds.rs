//! The scenarios in which somebody asks for more than the owners of VPCs and secrets allow, or than the stack does.

use std::collections::BTreeMap;

use super::Scenario;
use super::default::VPC;
use super::problems::scenario;
use crate::model::secrets::Tag;

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario(
        "vpc-not-enrolled",
        "The owner of the VPC has not said that it takes part.",
        |world| {
            let now = world.now();
            world.model.put_tags(VPC, BTreeMap::new(), now);
        },
    ),
    scenario(
        "service-owner-not-allowed",
        "The stack connects to services of one account only, which has none here.",
        |world| world.deploy_with("ServiceOwners", "999988887777"),
    ),
    scenario(
        "zone-not-allowed",
        "The stack makes private zones below corp.example only.",
        |world| world.deploy_with("PrivateZoneSuffixes", "corp.example"),
    ),
    scenario(
        "instance-not-allowed",
        "The stack makes replication instances of one class and 20 GiB only.",
        |world| {
            world.deploy_with("DmsInstanceClasses", "dms.t3.micro");
            world.deploy_with("DmsMaxStorageGib", "20");
        },
    ),
    scenario(
        "default-tags",
        "The stack has tags of its own for whatever it creates.",
        |world| world.deploy_with("DefaultTags", "CostCenter=42,Team=data"),
    ),
    scenario(
        "secret-under-own-key",
        "The secrets are under a KMS key that the functions may not use.",
        |world| {
            for secret in world.model.secrets.values_mut() {
                secret.under_own_key = true;
            }
        },
    ),
    scenario(
        "secret-of-another-vpc",
        "The secrets are for another VPC only, by their tags.",
        |world| {
            for secret in world.model.secrets.values_mut() {
                secret.tags.push(Tag {
                    key: "tieline:vpc".to_owned(),
                    value: "vpc-0aa11bb22cc33dd44".to_owned(),
                });
            }
        },
    ),
];
