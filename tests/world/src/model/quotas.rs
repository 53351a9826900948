//! Service Quotas: the one quota that a user of endpoints asks for.

use serde::{Deserialize, Serialize};

use crate::failure::refuse;
use crate::{Failure, Operation, Service};

use super::{ACCOUNT, Model, REGION};

/// AWS PrivateLink guide, "Quotas": 50 interface and Gateway Load Balancer endpoints per VPC,
/// adjustable.
pub(crate) const ENDPOINTS_PER_VPC: usize = 50;

/// The code of that quota.
const CODE: &str = "L-29B6F2EB";

/// Asks for a quota's applied value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct GetServiceQuota {
    /// The service, as `vpc`.
    pub service_code: String,
    /// The quota, as `L-29B6F2EB`.
    pub quota_code: String,
}

/// A quota.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceQuotaAnswer {
    /// The quota.
    pub quota: ServiceQuota,
}

/// A quota and its applied value.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceQuota {
    /// The service's code.
    pub service_code: String,
    /// The service's name.
    pub service_name: String,
    /// The quota's ARN.
    pub quota_arn: String,
    /// The quota's code.
    pub quota_code: String,
    /// The quota's name.
    pub quota_name: String,
    /// The applied value.
    pub value: f64,
    /// The unit of the value.
    pub unit: String,
    /// Whether an increase can be asked for.
    pub adjustable: bool,
    /// Whether it counts over all Regions.
    pub global_quota: bool,
}

impl Operation for GetServiceQuota {
    type Answer = GetServiceQuotaAnswer;
    const SERVICE: Service = Service::ServiceQuotas;
    const ACTION: &'static str = "GetServiceQuota";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<GetServiceQuotaAnswer, Failure> {
        if self.service_code != "vpc" || self.quota_code != CODE {
            return Err(refuse(
                "NoSuchResourceException",
                "The request failed because the specified quota does not exist.",
            ));
        }
        let quota = ServiceQuota {
            service_code: self.service_code,
            service_name: "Amazon Virtual Private Cloud (Amazon VPC)".to_owned(),
            quota_arn: format!("arn:aws:servicequotas:{REGION}:{ACCOUNT}:vpc/{CODE}"),
            quota_code: self.quota_code,
            quota_name: "Interface VPC endpoints per VPC".to_owned(),
            value: f64::from(u32::try_from(model.endpoints_per_vpc).unwrap_or(u32::MAX)),
            unit: "None".to_owned(),
            adjustable: true,
            global_quota: false,
        };
        Ok(GetServiceQuotaAnswer { quota })
    }
}

impl crate::World {
    /// From now on a VPC may have so many interface endpoints.
    pub fn set_quota(&mut self, endpoints: usize) {
        self.model.endpoints_per_vpc = endpoints;
    }
}
