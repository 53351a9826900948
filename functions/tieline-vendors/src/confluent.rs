//! Confluent Cloud's calls and answers (`api.confluent.cloud/networking/v1`).
//!
//! # When a thing is gone
//!
//! After a deletion Confluent answers 404 or, so as not to say what exists, 403. Its Terraform provider takes both for
//! "gone" unless the text says "invalid API key". Here a 403 to a single resource is taken for "gone" only if
//!
//! 1. its text does not say that the API key is invalid, and
//! 2. the same key may list the environment's accesses at that moment, and the access in question is not among them.
//!
//! Otherwise it stays a refusal: a key that has lost its role must not make an access look deleted while it still lets
//! an account in.

use async_trait::async_trait;
use http::Uri;
use serde::Deserialize;
use serde_json::json;
use serde_with::apply;
use tieline::ids::ConfluentId;
use tieline::outside::confluent::{Access, ConfluentEnvironment, ConfluentNetwork};
use tieline::outside::{CallError, Confluent, Reply};

use crate::Vendors;
use crate::answer::Answer;
use crate::api::CONFLUENT;
use crate::call::Call;
use crate::decode::Nullable;
use crate::pages::List;

const ACCESSES: &str = "private-link-accesses";
const LIST: &str = "confluent:ListPrivateLinkAccesses";
/// What the vendor's Terraform provider looks for in a 403.
const INVALID_KEY: &str = "invalid api key";

#[async_trait]
impl Confluent for Vendors {
    async fn network(
        &self,
        within: &ConfluentEnvironment,
        id: &ConfluentId,
    ) -> Reply<Option<ConfluentNetwork>> {
        let path = ["networks", id.as_str()];
        let call = Call::new(CONFLUENT, "confluent:GetNetwork", "GET", &path)?
            .query(&[("environment", within.environment.as_str())]);
        let answer = self.call(&within.key, call).await?;
        let hidden = is_hidden(&answer);
        match answer.find::<Network>() {
            Err(error) if hidden => {
                self.listed(within, error).await?;
                Ok(None)
            }
            network => Ok(network?.map(ConfluentNetwork::from)),
        }
    }

    async fn accesses(&self, within: &ConfluentEnvironment) -> Reply<Vec<Access>> {
        let all = self.list_accesses(within).await?;
        Ok(all.into_iter().filter_map(PrivateLinkAccess::aws).collect())
    }

    async fn create_access(
        &self,
        within: &ConfluentEnvironment,
        network: &ConfluentId,
        name: &str,
        account: &str,
    ) -> Reply<()> {
        let action = "confluent:CreatePrivateLinkAccess";
        let body = json!({ "spec": {
            "display_name": name,
            "cloud": { "kind": "AwsPrivateLinkAccess", "account": account },
            "environment": { "id": within.environment.as_str() },
            "network": { "id": network.as_str() },
        }});
        let call = Call::new(CONFLUENT, action, "POST", &[ACCESSES])?.body(body);
        self.call(&within.key, call).await?.done()
    }

    async fn rename_access(
        &self,
        within: &ConfluentEnvironment,
        id: &str,
        name: &str,
    ) -> Reply<()> {
        let action = "confluent:UpdatePrivateLinkAccess";
        let body = json!({ "spec": {
            "display_name": name,
            "environment": { "id": within.environment.as_str() },
        }});
        let call = Call::new(CONFLUENT, action, "PATCH", &[ACCESSES, id])?.body(body);
        self.call(&within.key, call).await?.done()
    }

    async fn delete_access(&self, within: &ConfluentEnvironment, id: &str) -> Reply<()> {
        let action = "confluent:DeletePrivateLinkAccess";
        let call = Call::new(CONFLUENT, action, "DELETE", &[ACCESSES, id])?
            .query(&[("environment", within.environment.as_str())]);
        let answer = self.call(&within.key, call).await?;
        let hidden = is_hidden(&answer);
        match answer.gone() {
            Err(error) if hidden => {
                let listed = self.listed(within, error.clone()).await?;
                if listed.iter().any(|access| access.id == id) {
                    return Err(error);
                }
                Ok(())
            }
            done => done,
        }
    }
}

impl Vendors {
    /// Lists the accesses after a 403. If the list is refused too, the key lacks the rights, and the 403 stands.
    async fn listed(
        &self,
        within: &ConfluentEnvironment,
        forbidden: CallError,
    ) -> Reply<Vec<PrivateLinkAccess>> {
        let list = self.list_accesses(within).await;
        list.map_err(|error| match &error {
            CallError::Refused { .. } => forbidden,
            CallError::Throttled { .. } | CallError::Unavailable { .. } => error,
        })
    }

    async fn list_accesses(&self, within: &ConfluentEnvironment) -> Reply<Vec<PrivateLinkAccess>> {
        let list = List {
            api: CONFLUENT,
            action: LIST,
            path: &[ACCESSES],
            query: &[("environment", within.environment.as_str())],
        };
        let read = |page: Page| Ok((page.data, self.next_token(&page.metadata.next)?));
        self.list(&within.key, list, read).await
    }

    /// The token in the URL of the next page; empty if there is none.
    ///
    /// The page is requested with our own query and this token, as the vendor's Terraform provider does. A URL on
    /// another host is an error.
    fn next_token(&self, next: &str) -> Reply<String> {
        let elsewhere = |what| CallError::unavailable(LIST, format!("the list's next page {what}"));
        if next.is_empty() {
            return Ok(String::new());
        }
        let url: Uri = next.parse().map_err(|_| elsewhere("is no URL"))?;
        let origin = |url: &Uri| (url.scheme().cloned(), url.authority().cloned());
        let ours = [format!("https://{}", CONFLUENT.host), self.url(CONFLUENT)];
        let same = |ours: &String| {
            ours.parse::<Uri>()
                .is_ok_and(|ours| origin(&ours) == origin(&url))
        };
        if url.authority().is_some() && !ours.iter().any(same) {
            return Err(elsewhere("is on another host"));
        }
        let query = url.query().unwrap_or_default().as_bytes();
        form_urlencoded::parse(query)
            .find(|(name, value)| name == "page_token" && !value.is_empty())
            .map(|(_, token)| token.into_owned())
            .ok_or_else(|| elsewhere("has no page_token"))
    }
}

/// A 403 that may mean 404.
fn is_hidden(answer: &Answer) -> bool {
    let body = answer.response.body().to_ascii_lowercase();
    answer.response.status() == 403 && !body.contains(INVALID_KEY)
}

/// Whether a `kind` is the wanted one. It is described as `AwsNetwork` but arrives as `networking.v1.AwsNetwork`. A
/// missing one counts as the wanted one.
fn is_kind(kind: &str, wanted: &str) -> bool {
    kind.is_empty() || kind.rsplit('.').next() == Some(wanted)
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct Network {
    spec: NetworkSpec,
    status: NetworkStatus,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct NetworkSpec {
    display_name: String,
    cloud: String,
    region: String,
    connection_types: Vec<String>,
    zones: Vec<String>,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct NetworkStatus {
    #[serde(flatten)]
    #[serde_with(skip_apply)] // it has no key of its own that could be null
    status: Status,
    dns_domain: String,
    cloud: NetworkCloud,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct NetworkCloud {
    kind: String,
    private_link_endpoint_service: String,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    phase: String,
    error_code: String,
    error_message: String,
}

impl Status {
    /// The message, or the code if there is nothing else.
    fn message(&self) -> String {
        let Self {
            error_code: code,
            error_message: sentence,
            ..
        } = self;
        if sentence.is_empty() { code } else { sentence }.clone()
    }
}

impl From<Network> for ConfluentNetwork {
    fn from(Network { spec, status }: Network) -> Self {
        let cloud = status.cloud;
        let service = if is_kind(&cloud.kind, "AwsNetwork") {
            cloud.private_link_endpoint_service
        } else {
            String::new()
        };
        Self {
            display_name: spec.display_name,
            cloud: spec.cloud,
            region: spec.region,
            connection_types: spec.connection_types,
            zone_ids: spec.zones,
            message: status.status.message(),
            phase: status.status.phase,
            dns_domain: status.dns_domain,
            service,
        }
    }
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct Page {
    metadata: Metadata,
    data: Vec<PrivateLinkAccess>,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    next: String,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct PrivateLinkAccess {
    id: String,
    spec: AccessSpec,
    status: Status,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct AccessSpec {
    display_name: String,
    cloud: AccessCloud,
    network: Reference,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct Reference {
    id: String,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct AccessCloud {
    kind: String,
    account: String,
}

impl PrivateLinkAccess {
    /// The access, if it is for an AWS account.
    fn aws(self) -> Option<Access> {
        let cloud = self.spec.cloud;
        let aws = is_kind(&cloud.kind, "AwsPrivateLinkAccess") && !cloud.account.is_empty();
        aws.then(|| Access {
            id: self.id,
            name: self.spec.display_name,
            network: self.spec.network.id,
            account: cloud.account,
            message: self.status.message(),
            phase: self.status.phase,
        })
    }
}

#[cfg(test)]
mod tests;
