//! Lists that are read page by page.

use serde::de::DeserializeOwned;
use tieline::ids::SecretArn;
use tieline::outside::{CallError, Reply};

use crate::Vendors;
use crate::api::Api;
use crate::call::Call;

/// The most pages of a list. Tieline never creates ten thousand of anything.
const PAGES: usize = 100;
/// The largest page that the vendors return.
const PAGE_SIZE: &str = "100";

/// What is listed: where, with which parameters beside those of the page.
pub(crate) struct List<'a> {
    pub(crate) api: &'static Api,
    pub(crate) action: &'static str,
    pub(crate) path: &'a [&'a str],
    pub(crate) query: &'a [(&'a str, &'a str)],
}

impl Vendors {
    /// Every entry of a list; `read` turns a page into its entries and the token of the next, empty if there is none.
    ///
    /// # Errors
    ///
    /// A page was already read, or there are too many. Acting on half a list as if it were whole would be wrong.
    pub(crate) async fn list<Page: DeserializeOwned, T>(
        &self,
        key: &SecretArn,
        list: List<'_>,
        read: impl Fn(Page) -> Reply<(Vec<T>, String)>,
    ) -> Reply<Vec<T>> {
        let [size, page] = list.api.page;
        let mut all = Vec::new();
        let mut tokens = vec![String::new()];
        while let Some(token) = tokens.last().filter(|_| tokens.len() <= PAGES) {
            let query = [list.query, &[(size, PAGE_SIZE), (page, token)]].concat();
            let call = Call::new(list.api, list.action, "GET", list.path)?.query(&query);
            let (entries, next) = read(self.call(key, call).await?.decode()?)?;
            all.extend(entries);
            if next.is_empty() {
                return Ok(all);
            }
            if tokens.contains(&next) {
                let reason = "the list leads back to a page that it had before";
                return Err(CallError::unavailable(list.action, reason));
            }
            tokens.push(next);
        }
        let reason = format!("the list has more than {PAGES} pages");
        Err(CallError::unavailable(list.action, reason))
    }
}
