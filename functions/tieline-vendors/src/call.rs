//! One call: its URL, its credentials, its answer.

use http::{HeaderValue, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tieline::ids::SecretArn;
use tieline::outside::{CallError, Reply};

use crate::Vendors;
use crate::answer::Answer;
use crate::api::{Api, Auth};
use crate::http::{HttpError, HttpResponse, authorize, unwritten};
use crate::secrets::{ApiKey, KeyLocation};

/// Everything but the unreserved characters (RFC 3986 section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[derive(Debug)]
pub(crate) struct Call {
    api: &'static Api,
    action: &'static str,
    method: &'static str,
    target: String,
    body: Option<Value>,
}

impl Call {
    /// Starts a call to the path with these segments.
    ///
    /// # Errors
    ///
    /// A segment is empty or would change the path. If an answer left out an id, deleting that one thing must not
    /// become a call to the whole list.
    pub(crate) fn new(
        api: &'static Api,
        action: &'static str,
        method: &'static str,
        segments: &[&str],
    ) -> Reply<Self> {
        let mut target = api.base.to_owned();
        for segment in segments {
            if matches!(*segment, "" | "." | "..") {
                let message = format!("{segment:?} is no id; nothing was sent");
                return Err(CallError::refused(action, "Invalid", message));
            }
            target.push('/');
            target.extend(utf8_percent_encode(segment, RESERVED));
        }
        Ok(Self {
            api,
            action,
            method,
            target,
            body: None,
        })
    }

    /// Appends a custom verb to the path, with its colon unescaped.
    pub(crate) fn verb(mut self, verb: &str) -> Self {
        self.target.push(':');
        self.target.push_str(verb);
        self
    }

    /// Sets the query, without the pairs whose value is empty.
    pub(crate) fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        let given = pairs.iter().filter(|(_, value)| !value.is_empty());
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(given)
            .finish();
        self.target.push('?');
        self.target.push_str(&query);
        self
    }

    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

impl Vendors {
    /// Makes a call with the key in a secret. If a cached key is refused, the secret is read again, and if the key has
    /// changed, the call is repeated once. That is safe: a vendor that refuses a key has done nothing.
    pub(crate) async fn call(&self, secret: &SecretArn, call: Call) -> Reply<Answer> {
        let location = KeyLocation {
            secret: secret.clone(),
            fields: call.api.key,
        };
        let (key, was_kept) = self.keys.get(&*self.secrets, &location).await?;
        let mut response = self.send(&call, &key).await?;
        if response.status() == 401 {
            if !was_kept {
                self.keys.forget(&location);
            } else if let Some(key) = self.keys.refused(&*self.secrets, &location, &key).await? {
                response = self.send(&call, &key).await?;
                if response.status() == 401 {
                    self.keys.forget(&location);
                }
            }
        }
        Ok(Answer {
            api: call.api,
            action: call.action,
            response,
        })
    }

    async fn send(&self, call: &Call, key: &ApiKey) -> Reply<HttpResponse> {
        let unseen = |HttpError(seen)| CallError::unavailable(call.action, key.scrub(seen));
        let mut answer = self.exchange(call, key).await.map_err(unseen)?;
        for value in answer.headers_mut().values_mut() {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            *value = HeaderValue::try_from(key.scrub(text))
                .unwrap_or(HeaderValue::from_static("unreadable"));
        }
        Ok(answer.map(|body| key.scrub(body)))
    }

    async fn exchange(&self, call: &Call, key: &ApiKey) -> Result<HttpResponse, HttpError> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(self.url(call.api) + &call.target)
            .header("accept", "application/json")
            .header("user-agent", "tieline");
        if call.body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = call.body.as_ref().map(Value::to_string);
        let mut request = request.body(body.unwrap_or_default()).map_err(unwritten)?;
        match call.api.auth {
            Auth::Digest => {
                let host = call.api.host;
                self.nonces.send(&*self.http, host, key, &request).await
            }
            Auth::Basic => {
                authorize(&mut request, &key.basic())?;
                self.http.send(request).await
            }
        }
    }

    /// The address of an API, without a trailing slash.
    pub(crate) fn url(&self, api: &Api) -> String {
        let host = api.host;
        self.endpoint_url.as_ref().map_or_else(
            || format!("https://{host}"),
            |endpoint_url| format!("{endpoint_url}/{host}"),
        )
    }
}

#[cfg(test)]
mod tests;
