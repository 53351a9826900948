//! Services that somebody offers, or changes, while the world runs.

use serde::Deserialize;

use crate::World;
use crate::model::addresses::Family;

use super::{Kind, PrivateName, Service};

/// A service that somebody offers from now on.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct NewService {
    /// Its full name.
    pub name: String,
    /// The account that owns it; left out, `amazon`.
    pub owner: Option<String>,
    /// The ids of its zones.
    pub zone_ids: Vec<String>,
    /// The names that it is reached by inside a VPC with private DNS.
    pub private_names: Vec<String>,
    /// Whether its owner accepts each connection.
    pub acceptance_required: bool,
    /// Whether it takes endpoint policies.
    pub policy_supported: bool,
    /// The address types that it supports; left out, IPv4 only.
    pub supported_ip_address_types: Option<Vec<Family>>,
}

impl World {
    /// Somebody offers an interface service. A name of which there is one already is refused.
    ///
    /// # Errors
    ///
    /// Why it cannot be offered.
    pub fn offer(&mut self, new: NewService) -> Result<(), String> {
        let is_there = self.model.services.iter().any(|one| one.name == new.name);
        let types = new.supported_ip_address_types.as_ref();
        let has_no_type = types.is_some_and(Vec::is_empty);
        if is_there || new.name.is_empty() || new.zone_ids.is_empty() || has_no_type {
            return Err(format!(
                "{:?}: a service needs a name that no other one has, zones, and an address type",
                new.name
            ));
        }
        let names = new.private_names.iter();
        self.model.services.push(Service {
            id: self.model.ids.resource("vpce-svc"),
            name: new.name,
            kind: Kind::Interface,
            owner: new.owner.unwrap_or_else(|| "amazon".to_owned()),
            zone_ids: new.zone_ids,
            private_names: names.map(|name| PrivateName::verified(name)).collect(),
            acceptance_required: new.acceptance_required,
            policy_supported: new.policy_supported,
            owner_pays: false,
            families: new
                .supported_ip_address_types
                .unwrap_or_else(|| vec![Family::Ipv4]),
        });
        Ok(())
    }

    /// The owner of a service withdraws it: nobody sees it any more, and endpoints stay as they are.
    pub fn withdraw(&mut self, name: &str) {
        self.model.services.retain(|one| one.name != name);
    }

    /// An interface service supports these address types from now on.
    ///
    /// # Errors
    ///
    /// If there is no such service.
    pub fn support_address_types(&mut self, name: &str, types: &[Family]) -> Result<(), String> {
        let mut services = self.model.services.iter_mut();
        let service = services.find(|one| one.name == name && one.kind == Kind::Interface);
        let service = service.ok_or_else(|| format!("there is no service {name}"))?;
        service.families = types.to_vec();
        Ok(())
    }
}
