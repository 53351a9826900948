//! The prefix lists of AWS's services: one for each service that a gateway endpoint can lead to.
//!
//! Source: EC2 API reference, `DescribePrefixLists`; VPC user guide, "AWS-managed prefix lists".

use serde::Serialize;

use crate::Failure;
use crate::failure::refuse;
use crate::model::Model;
use crate::model::listing::{Described, Listed, describe};
use crate::model::services::Kind;

describe! {
    /// Lists prefix lists of AWS's services.
    DescribePrefixLists { prefix_list_ids: "PrefixListId" },
    /// A page of prefix lists.
    DescribePrefixListsAnswer { prefix_lists: "prefixListSet" of PrefixList }
}

/// A prefix list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrefixList {
    /// Its id.
    pub prefix_list_id: String,
    /// Its name: the service's.
    pub prefix_list_name: String,
    /// The service's blocks of addresses.
    #[serde(rename = "cidrSet")]
    pub cidrs: Vec<String>,
}

/// The lists of us-east-1. S3's id and first block: AWS CLI reference, `describe-prefix-lists`. The rest is what people
/// saw it answer and is not verified, nor that these are all the blocks of today.
const KNOWN: [(&str, &str, [&str; 2]); 2] = [
    (
        "com.amazonaws.us-east-1.dynamodb",
        "pl-02cd2c6b",
        ["52.94.0.0/22", "52.119.224.0/20"],
    ),
    (
        "com.amazonaws.us-east-1.s3",
        "pl-63a5400a",
        ["54.231.0.0/17", "52.216.0.0/15"],
    ),
];

impl PrefixList {
    pub(super) fn all(model: &Model) -> Vec<Self> {
        let has_gateway = |name: &str| {
            let mut services = model.services.iter();
            services.any(|service| service.name == name && service.kind == Kind::Gateway)
        };
        let known = KNOWN.iter().filter(|(name, _, _)| has_gateway(name));
        known
            .map(|(name, id, cidrs)| Self {
                prefix_list_id: (*id).to_owned(),
                prefix_list_name: (*name).to_owned(),
                cidrs: cidrs.map(str::to_owned).to_vec(),
            })
            .collect()
    }
}

impl Listed for PrefixList {
    const FILTERS: &'static [&'static str] = &["prefix-list-id", "prefix-list-name"];

    fn id(&self) -> String {
        self.prefix_list_id.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "prefix-list-id" => vec![self.prefix_list_id.clone()],
            _ => vec![self.prefix_list_name.clone()],
        }
    }
}

impl Described for PrefixList {
    /// terraform-provider-aws knows this code for `DescribePrefixLists`. Not verified: the message.
    fn asked_for(model: &Model, ids: &[String]) -> Result<Vec<Self>, Failure> {
        let mut all = Self::all(model);
        let is_known = |id: &&String| all.iter().any(|list| list.prefix_list_id == **id);
        if let Some(unknown) = ids.iter().find(|id| !is_known(id)) {
            let message = format!("The prefix list ID '{unknown}' does not exist");
            return Err(refuse("InvalidPrefixListId.NotFound", message));
        }
        all.retain(|list| ids.is_empty() || ids.contains(&list.prefix_list_id));
        Ok(all)
    }
}
