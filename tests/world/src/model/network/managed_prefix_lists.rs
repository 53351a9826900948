//! Prefix lists and their entries: the account's own, and those of AWS's services.
//!
//! Source: EC2 API reference, `CreateManagedPrefixList` and `GetManagedPrefixListEntries`.

use serde::{Deserialize, Serialize};

use crate::failure::{invalid_value, refuse};
use crate::model::listing::{Listed, cut};
use crate::model::shapes::{flag, text};
use crate::model::{ACCOUNT, Model, REGION};
use crate::{Failure, Operation, Service};

use super::PrefixList;

/// A prefix list of the account's.
#[derive(Debug, Clone)]
pub(crate) struct Managed {
    id: String,
    entries: Vec<PrefixListEntry>,
}

/// An entry of a prefix list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrefixListEntry {
    /// The block of addresses.
    pub cidr: String,
    /// What it is for.
    pub description: Option<String>,
}

/// An entry that a prefix list is to have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct AddPrefixListEntry {
    /// The block of addresses.
    pub cidr: String,
    /// What it is for.
    pub description: Option<String>,
}

/// Makes a prefix list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CreateManagedPrefixList {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// Its name.
    pub prefix_list_name: String,
    /// How many entries it may have.
    pub max_entries: String,
    /// `IPv4` or `IPv6`.
    pub address_family: String,
    /// Its entries.
    #[serde(rename = "Entry")]
    pub entries: Vec<AddPrefixListEntry>,
    /// The token that makes a repeat harmless; here every call makes a list.
    pub client_token: Option<String>,
}

/// The new prefix list.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateManagedPrefixListAnswer {
    /// The list.
    pub prefix_list: ManagedPrefixList,
}

/// A prefix list as EC2 describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedPrefixList {
    /// Its id.
    pub prefix_list_id: String,
    /// Its ARN.
    pub prefix_list_arn: String,
    /// Its name.
    pub prefix_list_name: String,
    /// `IPv4` or `IPv6`.
    pub address_family: String,
    /// The account that owns it.
    pub owner_id: String,
    /// Its state.
    pub state: String,
}

/// Lists the entries of a prefix list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct GetManagedPrefixListEntries {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The list.
    pub prefix_list_id: String,
    /// How many entries a page may have: 1 to 100.
    #[serde(deserialize_with = "text")]
    pub max_results: Option<i32>,
    /// Where the page begins.
    pub next_token: Option<String>,
}

/// A page of entries.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetManagedPrefixListEntriesAnswer {
    /// The entries.
    #[serde(rename = "entrySet")]
    pub entries: Vec<PrefixListEntry>,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

impl Operation for CreateManagedPrefixList {
    type Answer = CreateManagedPrefixListAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "CreateManagedPrefixList";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// Not verified: the messages.
    fn perform(self, model: &mut Model) -> Result<CreateManagedPrefixListAnswer, Failure> {
        let most: usize = self.max_entries.parse().unwrap_or_default();
        if self.entries.len() > most {
            let message = "The number of entries exceeds the maximum of the prefix list.";
            return Err(invalid_value(message));
        }
        let is_family = |entry: &AddPrefixListEntry| {
            entry.cidr.contains(':') == (self.address_family == "IPv6")
        };
        if let Some(wrong) = self.entries.iter().find(|entry| !is_family(entry)) {
            return Err(invalid_value(format!(
                "The CIDR '{}' is not of the address family {}.",
                wrong.cidr, self.address_family
            )));
        }
        let entries = self.entries.into_iter().map(|entry| PrefixListEntry {
            cidr: entry.cidr,
            description: entry.description,
        });
        let id = model.ids.resource("pl");
        model.prefix_lists.push(Managed {
            id: id.clone(),
            entries: entries.collect(),
        });
        Ok(CreateManagedPrefixListAnswer {
            prefix_list: ManagedPrefixList {
                prefix_list_arn: format!("arn:aws:ec2:{REGION}:{ACCOUNT}:prefix-list/{id}"),
                prefix_list_id: id,
                prefix_list_name: self.prefix_list_name,
                address_family: self.address_family,
                owner_id: ACCOUNT.to_owned(),
                state: "create-in-progress".to_owned(),
            },
        })
    }
}

impl Operation for GetManagedPrefixListEntries {
    type Answer = GetManagedPrefixListEntriesAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "GetManagedPrefixListEntries";
    const WRITE: bool = false;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<GetManagedPrefixListEntriesAnswer, Failure> {
        let id = &self.prefix_list_id;
        let Some(entries) = model.prefix_list_entries(id) else {
            let message = format!("The prefix list ID '{id}' does not exist");
            return Err(refuse("InvalidPrefixListID.NotFound", message));
        };
        let most = usize::try_from(self.max_results.unwrap_or(100)).unwrap_or_default();
        if !(1..=100).contains(&most) {
            let message = "The parameter MaxResults must be between 1 and 100.";
            return Err(invalid_value(message));
        }
        let token = self.next_token.as_deref().filter(|token| !token.is_empty());
        let page = cut(entries, most, token);
        let (entries, next_token) = page
            .ok_or_else(|| refuse("InvalidNextToken", "The specified NextToken is not valid."))?;
        Ok(GetManagedPrefixListEntriesAnswer {
            entries,
            next_token,
        })
    }
}

impl Listed for PrefixListEntry {
    fn id(&self) -> String {
        self.cidr.clone()
    }
}

impl Model {
    /// The entries of a prefix list, of the account's or of AWS's.
    pub(crate) fn prefix_list_entries(&self, id: &str) -> Option<Vec<PrefixListEntry>> {
        let mut own = self.prefix_lists.iter();
        if let Some(list) = own.find(|list| list.id == id) {
            return Some(list.entries.clone());
        }
        let of_aws = PrefixList::all(self).into_iter();
        let list = of_aws.into_iter().find(|list| list.prefix_list_id == id)?;
        let cidrs = list.cidrs.into_iter();
        Some(
            cidrs
                .map(|cidr| PrefixListEntry {
                    cidr,
                    description: None,
                })
                .collect(),
        )
    }
}
