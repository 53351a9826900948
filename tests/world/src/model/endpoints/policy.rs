//! Endpoint policies.

use serde_json::Value;

use crate::Failure;
use crate::failure::{invalid_parameter, refuse};
use crate::model::services::Service;

/// AWS `PrivateLink` guide, "Control access to VPC endpoints using endpoint policies": the default
/// policy allows everything.
pub(super) const FULL_ACCESS: &str = r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// Same page: at most 20,480 characters including white space, and only if the service supports
/// policies. The codes and messages of these refusals are not verified.
pub(super) fn check(policy: Option<&str>, service: &Service) -> Result<(), Failure> {
    let Some(policy) = policy else { return Ok(()) };
    if !service.policy_supported {
        let message = format!(
            "The service {} does not support endpoint policies.",
            service.name
        );
        return Err(invalid_parameter(message));
    }
    if policy.chars().count() > 20_480 {
        return Err(invalid_parameter(
            "The policy document exceeds 20480 characters.",
        ));
    }
    match serde_json::from_str::<Value>(policy) {
        Ok(Value::Object(fields)) if fields.contains_key("Statement") => Ok(()),
        Ok(_) | Err(_) => Err(refuse(
            "InvalidPolicyDocument",
            "The policy document is not a valid policy.",
        )),
    }
}
