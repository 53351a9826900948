//! The world's answers in the library's words, and the library's words in the world's parameters.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::DateTime;
use tieline::outside::CallError;
use tieline::outside::{Endpoint, Service, Time};
use tieline::outside::State;
use world::model::endpoints::VpcEndpoint;
use world::model::services::ServiceDetail;
use world::model::shapes::{Filter, Tag, TagInput, TagSpecification};
use world::{Failure, World};

/// A client gives up on an answer after this long.
const PATIENCE: Duration = Duration::from_secs(6);

pub(crate) fn read(action: &'static str, failure: Failure, world: &mut World) -> CallError {
    let lost = |reason: &str| CallError::Unavailable {
        action,
        reason: reason.to_owned(),
    };
    match failure {
        Failure::Refused {
            status,
            code,
            message,
        } => CallError::answered(action, status, &code, &message),
        Failure::NoAnswer => lost("the connection was dropped"),
        Failure::Malformed => lost("the answer cannot be read"),
        Failure::Hang => {
            world.advance(PATIENCE);
            lost("no answer in time")
        }
    }
}

pub(crate) fn endpoint(shown: VpcEndpoint) -> Endpoint {
    let created =
        DateTime::parse_from_rfc3339(&shown.creation_timestamp).map(|time| time.timestamp_millis());
    let error = shown
        .last_error
        .map(|error| format!("{}: {}", error.code, error.message));
    let trouble: Vec<String> = shown.failure_reason.into_iter().chain(error).collect();
    Endpoint {
        id: parsed(&shown.vpc_endpoint_id),
        vpc: shown.vpc_id,
        service: shown.service_name,
        counts: matches!(
            shown.vpc_endpoint_type.as_str(),
            "Interface" | "GatewayLoadBalancer"
        ),
        state: State::parse(&shown.state),
        raw_state: shown.state,
        private_dns: shown.private_dns_enabled,
        inbound_only: shown
            .dns_options
            .private_dns_only_for_inbound_resolver_endpoint
            .unwrap_or(false),
        subnet_ids: shown.subnet_ids,
        group_ids: shown
            .groups
            .into_iter()
            .map(|group| group.group_id)
            .collect(),
        interface_ids: shown.network_interface_ids,
        dns_names: shown
            .dns_entries
            .into_iter()
            .map(|entry| entry.dns_name)
            .collect(),
        policy: Some(shown.policy_document).filter(|policy| !policy.is_empty()),
        tags: tags(&shown.tags),
        created: created
            .ok()
            .and_then(|millis| u64::try_from(millis).ok())
            .map(Time),
        trouble: (!trouble.is_empty()).then(|| trouble.join("; ")),
    }
}

pub(crate) fn service(name: &str, details: &[ServiceDetail]) -> Option<Service> {
    let of_type = |kind: &str| {
        details.iter().find(|detail| {
            detail
                .service_type
                .iter()
                .any(|one| one.service_type == kind)
        })
    };
    let (interface, gateway) = (of_type("Interface"), of_type("Gateway"));
    let detail = interface.or(gateway)?;
    Some(Service {
        name: name.to_owned(),
        interface: interface.is_some(),
        gateway_too: gateway.is_some(),
        zone_ids: detail.availability_zone_ids.clone(),
        private_dns_names: detail
            .private_dns_names
            .iter()
            .map(|name| name.private_dns_name.clone())
            .collect(),
        private_dns_verified: detail
            .private_dns_name_verification_state
            .as_deref()
            .is_none_or(|state| state == "verified"),
        owner: detail.owner.clone(),
        policy_supported: detail.vpc_endpoint_policy_supported,
    })
}

pub(crate) fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse()
        .unwrap_or_else(|error| panic!("the world made a name that is none: {error:?}"))
}

pub(crate) fn filter(name: &str, value: &str) -> Filter {
    Filter {
        name: name.to_owned(),
        values: vec![value.to_owned()],
    }
}

pub(crate) fn tagged(kind: &str, tags: &BTreeMap<String, String>) -> TagSpecification {
    TagSpecification {
        resource_type: kind.to_owned(),
        tags: inputs(tags),
    }
}

pub(crate) fn inputs(tags: &BTreeMap<String, String>) -> Vec<TagInput> {
    tags.iter()
        .map(|(key, value)| TagInput {
            key: key.clone(),
            value: Some(value.clone()),
        })
        .collect()
}

pub(crate) fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter()
        .map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect()
}
