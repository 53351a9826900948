//! An endpoint's address type: what the service and the subnets must have for it.
//!
//! Sources: AWS `PrivateLink` guide, "IP address types"; EC2 API reference, `IpAddressType`. The messages
//! are not verified.

use crate::Failure;
use crate::failure::{invalid_parameter, refuse};
use crate::model::Model;
use crate::model::addresses::{AddressType, Family};
use crate::model::services::Service;

/// The address type that an endpoint of the service in these subnets will have: the wanted one, or else
/// the `present` one.
pub(super) fn decide(
    model: &Model,
    service: &Service,
    subnets: &[String],
    wanted: Option<&str>,
    present: AddressType,
) -> Result<AddressType, Failure> {
    let unsupported = |name: &str| {
        invalid_parameter(format!(
            "The service {} does not support the IP address type {name}.",
            service.name
        ))
    };
    let address_type = match wanted {
        Some(name) => AddressType::named(name).ok_or_else(|| unsupported(name))?,
        None => present,
    };
    let mut families = address_type.families().iter();
    if !families.all(|family| service.families.contains(family)) {
        return Err(unsupported(address_type.as_str()));
    }
    for id in subnets {
        if !model.seen_subnet(id)?.suits(address_type) {
            return Err(invalid_parameter(format!(
                "The subnet {id} does not support the IP address type {}.",
                address_type.as_str()
            )));
        }
    }
    Ok(address_type)
}

/// EC2 API reference, "Error codes": `InsufficientFreeAddressesInSubnet`. IPv6 addresses never run out.
pub(super) fn check_free(
    model: &Model,
    subnets: &[String],
    address_type: AddressType,
) -> Result<(), Failure> {
    if !address_type.has(Family::Ipv4) {
        return Ok(());
    }
    for id in subnets {
        let mut free = model.seen_subnet(id)?.free_addresses(model);
        if free.next().is_none() {
            let message =
                format!("The specified subnet '{id}' does not have enough free addresses.");
            return Err(refuse("InsufficientFreeAddressesInSubnet", message));
        }
    }
    Ok(())
}
