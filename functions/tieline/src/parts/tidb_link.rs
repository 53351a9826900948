//! A private link connection of TiDB Cloud's: from a Starter or Essential cluster's data flow into an endpoint service.
//!
//! TiDB Cloud knows no tags and no idempotency key, so its name says whose it is, and several of one name are possible,
//! after a create whose answer was lost: the oldest counts, and the others are taken back.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Condition, Observation, PartContext, PartKind};
use crate::outside::Reply;
use crate::outside::tidb_cloud::{Link, TidbCluster};
use crate::ownership::Ownership;
use crate::problem::{Code, Problem};
use crate::refusals::conflict;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TidbLink {
    #[serde(flatten)]
    pub of: TidbCluster,
    pub service: String,
}

impl TidbLink {
    /// Every one of this request's, the one that counts first.
    pub(super) async fn all(&self, context: &PartContext<'_>) -> Reply<Vec<Link>> {
        let links = context.outside.tidb_cloud.links(&self.of).await?;
        Ok(self.ours(context, links).0)
    }

    /// The same of what one look showed, and the rest of it.
    fn ours(&self, context: &PartContext<'_>, links: Vec<Link>) -> (Vec<Link>, Vec<Link>) {
        let is_ours = |link: &Link| context.owner.of_vendor_name(&link.name) == Ownership::Ours;
        let (mut ours, others): (Vec<Link>, Vec<Link>) = links
            .into_iter()
            .partition(|link| is_ours(link) && link.service == self.service);
        let order = |link: &Link| (is_going(link), link.created.clone(), link.id.clone());
        ours.sort_by_key(order);
        (ours, others)
    }

    /// There is none; perhaps there is one of the same request for other parameters.
    fn absent(&self, context: &PartContext<'_>, others: &[Link]) -> Observation {
        let is_other = |link: &Link| context.owner.is_named_in(&link.name) && !is_going(link);
        if others.iter().any(is_other) {
            Observation::of(Condition::Broken(conflict(&self.name())), Ownership::Others)
        } else {
            Observation::absent()
        }
    }

    async fn delete(&self, context: &PartContext<'_>, links: &[Link]) -> Reply<()> {
        let tidb = context.outside.tidb_cloud;
        for link in links.iter().filter(|link| !is_going(link)) {
            tidb.delete_link(&self.of, &link.id).await?;
        }
        Ok(())
    }

    /// Takes back all but the one that counts.
    async fn delete_surplus(&self, context: &PartContext<'_>, all: &[Link]) -> Reply<()> {
        self.delete(context, all.get(1..).unwrap_or_default()).await
    }
}

fn is_going(link: &Link) -> bool {
    link.state == "DELETING"
}

#[async_trait]
impl PartKind for TidbLink {
    fn name(&self) -> String {
        format!("TiDB Cloud's private link connection to {}", self.service)
    }

    async fn look(&self, context: &PartContext<'_>) -> Reply<Observation> {
        let links = context.outside.tidb_cloud.links(&self.of).await?;
        let (all, others) = self.ours(context, links);
        let surplus = all.iter().skip(1).any(|link| !is_going(link));
        let Some(link) = all.into_iter().next() else {
            return Ok(self.absent(context, &others));
        };
        let condition = match link.state.as_str() {
            "ACTIVE" if surplus => Condition::Incomplete,
            "ACTIVE" => Condition::Ready,
            "DELETING" => Condition::Going,
            "FAILED" => Condition::Broken(Problem::new(
                Code::ProviderFailed,
                format!("{} failed: {}", self.name(), link.message),
                "put right what TiDB Cloud names, and send the event again",
            )),
            state => Condition::Pending(format!("TiDB Cloud's private link connection is {state}")),
        };
        Ok(Observation::of(condition, Ownership::Ours)
            .with("id", link.id)
            .with("state", link.state))
    }

    async fn make(&self, context: &PartContext<'_>) -> Reply<()> {
        let all = self.all(context).await?;
        if all.first().is_some_and(|link| !is_going(link)) {
            return self.delete_surplus(context, &all).await;
        }
        let (tidb, name) = (context.outside.tidb_cloud, context.owner.vendor_name());
        tidb.create_link(&self.of, &name, &self.service).await?;
        // Another run of the request may have done the same a moment ago.
        let all = self.all(context).await?;
        self.delete_surplus(context, &all).await
    }

    async fn remove(&self, context: &PartContext<'_>) -> Reply<()> {
        self.delete(context, &self.all(context).await?).await
    }
}
