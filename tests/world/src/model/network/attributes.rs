//! A VPC's DNS attributes.

use serde::{Deserialize, Serialize};

use crate::failure::{invalid_value, missing, refuse};
use crate::model::Model;
use crate::model::shapes::{DONE, Done, boxed, flag};
use crate::{Failure, Operation, Service};

/// Asks for one attribute of a VPC.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DescribeVpcAttribute {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The attribute, as `enableDnsSupport`.
    pub attribute: String,
    /// The VPC's id.
    pub vpc_id: String,
}

/// One attribute of a VPC; the others are absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeVpcAttributeAnswer {
    /// The VPC's id.
    pub vpc_id: String,
    /// Whether the Amazon DNS server answers in the VPC.
    pub enable_dns_support: Option<AttributeValue>,
    /// Whether instances get public DNS names.
    pub enable_dns_hostnames: Option<AttributeValue>,
    /// Whether address usage is measured.
    pub enable_network_address_usage_metrics: Option<AttributeValue>,
}

/// A boxed flag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct AttributeValue {
    /// The flag.
    pub value: bool,
}

/// Changes one attribute of a VPC.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ModifyVpcAttribute {
    /// The VPC's id.
    pub vpc_id: String,
    /// Whether the Amazon DNS server answers in the VPC.
    #[serde(with = "boxed")]
    pub enable_dns_support: Option<bool>,
    /// Whether instances get public DNS names.
    #[serde(with = "boxed")]
    pub enable_dns_hostnames: Option<bool>,
    /// Whether address usage is measured.
    #[serde(with = "boxed")]
    pub enable_network_address_usage_metrics: Option<bool>,
}

impl Operation for DescribeVpcAttribute {
    type Answer = DescribeVpcAttributeAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "DescribeVpcAttribute";
    const WRITE: bool = false;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<DescribeVpcAttributeAnswer, Failure> {
        let vpc = model.seen_vpc(&self.vpc_id)?;
        let mut answer = DescribeVpcAttributeAnswer {
            vpc_id: self.vpc_id.clone(),
            ..Default::default()
        };
        // EC2 API reference, DescribeVpcAttribute: "You can specify only one attribute at a time."
        match self.attribute.as_str() {
            "enableDnsSupport" => {
                answer.enable_dns_support = Some(AttributeValue {
                    value: vpc.dns_support,
                })
            }
            "enableDnsHostnames" => {
                answer.enable_dns_hostnames = Some(AttributeValue {
                    value: vpc.dns_hostnames,
                })
            }
            "enableNetworkAddressUsageMetrics" => {
                answer.enable_network_address_usage_metrics = Some(AttributeValue {
                    value: vpc.usage_metrics,
                });
            }
            "" => return Err(missing("attribute")),
            unknown => {
                return Err(invalid_value(format!(
                    "Value ({unknown}) for parameter attribute is invalid."
                )));
            }
        }
        Ok(answer)
    }
}

impl Operation for ModifyVpcAttribute {
    type Answer = Done;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "ModifyVpcAttribute";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<Done, Failure> {
        let mut vpc = model.seen_vpc(&self.vpc_id)?.clone();
        let wanted = [
            self.enable_dns_support,
            self.enable_dns_hostnames,
            self.enable_network_address_usage_metrics,
        ];
        // EC2 API reference, ModifyVpcAttribute: DNS support and host names cannot be changed in
        // the same request.
        if wanted.iter().flatten().count() != 1 {
            return Err(refuse(
                "InvalidParameterCombination",
                "Exactly one attribute can be modified at a time.",
            ));
        }
        // Same page: host names can only be turned on when DNS support is.
        if self.enable_dns_hostnames == Some(true) && !vpc.dns_support {
            return Err(invalid_value(
                "EnableDnsHostnames requires EnableDnsSupport.",
            ));
        }
        vpc.dns_support = self.enable_dns_support.unwrap_or(vpc.dns_support);
        vpc.dns_hostnames =
            self.enable_dns_hostnames.unwrap_or(vpc.dns_hostnames) && vpc.dns_support;
        vpc.usage_metrics = self
            .enable_network_address_usage_metrics
            .unwrap_or(vpc.usage_metrics);
        model.vpcs.put(&self.vpc_id, vpc, model.visible());
        Ok(DONE)
    }
}
