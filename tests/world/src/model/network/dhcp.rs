//! Sets of DHCP options: which servers a VPC's machines ask for names.
//!
//! Source: EC2 API reference, `DescribeDhcpOptions`, `CreateDhcpOptions` and `AssociateDhcpOptions`.

use serde::{Deserialize, Serialize};

use crate::failure::refuse;
use crate::model::listing::{Described, Listed, describe};
use crate::model::shapes::{DONE, Done, Tag, flag};
use crate::model::{ACCOUNT, Model};
use crate::{Failure, Operation, Service};

/// The set that every VPC begins with.
pub(crate) const DEFAULT: &str = "dopt-0d1c2b3a495867f0e";

describe! {
    /// Lists sets of DHCP options.
    DescribeDhcpOptions { dhcp_options_ids: "DhcpOptionsId" },
    /// A page of sets of DHCP options.
    DescribeDhcpOptionsAnswer { dhcp_options: "dhcpOptionsSet" of DhcpOptions }
}

/// A set of DHCP options.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DhcpOptions {
    /// Its id.
    pub dhcp_options_id: String,
    /// The account that owns it.
    pub owner_id: String,
    /// The options.
    #[serde(rename = "dhcpConfigurationSet")]
    pub configurations: Vec<DhcpConfiguration>,
    /// Its tags.
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

/// An option.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DhcpConfiguration {
    /// Its name.
    pub key: String,
    /// Its values.
    #[serde(rename = "valueSet")]
    pub values: Vec<DhcpValue>,
}

/// A value.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DhcpValue {
    /// The value.
    pub value: String,
}

/// Makes a set of DHCP options.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CreateDhcpOptions {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The options.
    #[serde(rename = "DhcpConfiguration")]
    pub configurations: Vec<NewDhcpConfiguration>,
}

/// An option.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct NewDhcpConfiguration {
    /// Its name.
    pub key: String,
    /// Its values.
    #[serde(rename = "Value")]
    pub values: Vec<String>,
}

/// The new set.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateDhcpOptionsAnswer {
    /// The set.
    pub dhcp_options: DhcpOptions,
}

/// Has a VPC use a set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct AssociateDhcpOptions {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The set.
    pub dhcp_options_id: String,
    /// The VPC.
    pub vpc_id: String,
}

impl Operation for CreateDhcpOptions {
    type Answer = CreateDhcpOptionsAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "CreateDhcpOptions";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<CreateDhcpOptionsAnswer, Failure> {
        let values = |values: Vec<String>| values.into_iter().map(|value| DhcpValue { value });
        let dhcp_options = DhcpOptions {
            dhcp_options_id: model.ids.resource("dopt"),
            owner_id: ACCOUNT.to_owned(),
            configurations: self
                .configurations
                .into_iter()
                .map(|one| DhcpConfiguration {
                    key: one.key,
                    values: values(one.values).collect(),
                })
                .collect(),
            tags: Vec::new(),
        };
        model.dhcp.push(dhcp_options.clone());
        Ok(CreateDhcpOptionsAnswer { dhcp_options })
    }
}

impl Operation for AssociateDhcpOptions {
    type Answer = Done;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "AssociateDhcpOptions";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<Done, Failure> {
        DhcpOptions::named(model, &self.dhcp_options_id)?;
        let mut vpc = model.seen_vpc(&self.vpc_id)?.clone();
        vpc.dhcp_options = self.dhcp_options_id;
        let now = model.now;
        model.vpcs.put(&self.vpc_id, vpc, now);
        Ok(DONE)
    }
}

impl DhcpOptions {
    fn usual() -> Self {
        let option = |key: &str, value: &str| DhcpConfiguration {
            key: key.to_owned(),
            values: vec![DhcpValue {
                value: value.to_owned(),
            }],
        };
        Self {
            dhcp_options_id: DEFAULT.to_owned(),
            owner_id: ACCOUNT.to_owned(),
            configurations: vec![
                option("domain-name", "ec2.internal"),
                option("domain-name-servers", "AmazonProvidedDNS"),
            ],
            tags: Vec::new(),
        }
    }

    fn all(model: &Model) -> Vec<Self> {
        let own = model.dhcp.iter().cloned();
        std::iter::once(Self::usual()).chain(own).collect()
    }

    fn named(model: &Model, id: &str) -> Result<Self, Failure> {
        let mut all = Self::all(model).into_iter();
        all.find(|one| one.dhcp_options_id == id).ok_or_else(|| {
            let message = format!("The dhcpOption ID '{id}' does not exist");
            refuse("InvalidDhcpOptionID.NotFound", message)
        })
    }
}

impl Listed for DhcpOptions {
    const FILTERS: &'static [&'static str] = &["dhcp-options-id", "key", "owner-id", "value"];

    fn id(&self) -> String {
        self.dhcp_options_id.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        let options = self.configurations.iter();
        match filter {
            "dhcp-options-id" => vec![self.dhcp_options_id.clone()],
            "key" => options.map(|one| one.key.clone()).collect(),
            "value" => {
                let values = options.flat_map(|one| &one.values);
                values.map(|one| one.value.clone()).collect()
            }
            _ => vec![self.owner_id.clone()],
        }
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

impl Described for DhcpOptions {
    fn asked_for(model: &Model, ids: &[String]) -> Result<Vec<Self>, Failure> {
        match ids {
            [] => Ok(Self::all(model)),
            ids => ids.iter().map(|id| Self::named(model, id)).collect(),
        }
    }
}
