//! One call: its URL, its credentials, its answer.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tieline::ids::SecretArn;
use tieline::outside::CallError;

use crate::Vendors;
use crate::answer::Answer;
use crate::api::{Api, Auth};
use crate::http::{HttpError, HttpRequest, HttpResponse};
use crate::secrets::{ApiKey, KeyLocation};

/// All that is not unreserved (RFC 3986 section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A call that is being put together.
#[derive(Debug)]
pub(crate) struct Call {
    api: &'static Api,
    action: &'static str,
    method: &'static str,
    target: String,
    body: Option<Value>,
}

impl Call {
    /// A call of a path, given by its segments.
    ///
    /// # Errors
    ///
    /// A segment that would make it another path: an id that an answer left out must not turn the deletion of one thing
    /// into a call of the whole list.
    pub(crate) fn new(
        api: &'static Api,
        action: &'static str,
        method: &'static str,
        segments: &[&str],
    ) -> Result<Self, CallError> {
        let mut target = api.base.to_owned();
        for segment in segments {
            if matches!(*segment, "" | "." | "..") {
                return Err(CallError::Refused {
                    action,
                    code: "Invalid".to_owned(),
                    message: format!("{segment:?} is no id; nothing was sent"),
                });
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

    /// A verb of the vendor's own behind the path, with its colon as it is.
    pub(crate) fn verb(mut self, verb: &str) -> Self {
        self.target.push(':');
        self.target.push_str(verb);
        self
    }

    /// The query; pairs with an empty value are left out.
    pub(crate) fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        let given = pairs.iter().filter(|(_, value)| !value.is_empty());
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(given)
            .finish();
        self.target.push('?');
        self.target.push_str(&query);
        self
    }

    /// The body.
    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

impl Vendors {
    /// Makes a call with the key that a secret holds. A key that was kept and is refused is read again, and if it is
    /// another one by now, the call is made once more: a vendor that refuses a key has done nothing.
    pub(crate) async fn call(&self, secret: &SecretArn, call: Call) -> Result<Answer, CallError> {
        let location = KeyLocation {
            secret: secret.clone(),
            fields: call.api.key,
        };
        let (key, was_kept) = self.keys.get(&*self.secrets, &location).await?;
        let mut response = self.ask(&call, &key).await?;
        if response.status == 401 {
            if !was_kept {
                self.keys.forget(&location);
            } else if let Some(key) = self.keys.refused(&*self.secrets, &location, &key).await? {
                response = self.ask(&call, &key).await?;
                if response.status == 401 {
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

    async fn ask(&self, call: &Call, key: &ApiKey) -> Result<HttpResponse, CallError> {
        let mut request = HttpRequest {
            method: call.method,
            url: self.url(call.api) + &call.target,
            headers: vec![
                ("accept".to_owned(), "application/json".to_owned()),
                ("user-agent".to_owned(), "tieline".to_owned()),
            ],
            body: call.body.as_ref().map(Value::to_string),
        };
        if request.body.is_some() {
            let json = ("content-type".to_owned(), "application/json".to_owned());
            request.headers.push(json);
        }
        let answer = match call.api.auth {
            Auth::Digest => {
                let host = call.api.host;
                self.nonces.send(&*self.http, host, key, &request).await
            }
            Auth::Basic => {
                let credentials = ("authorization".to_owned(), key.basic());
                request.headers.push(credentials);
                self.http.send(request).await
            }
        };
        let mut answer = answer.map_err(|HttpError(seen)| CallError::Unavailable {
            action: call.action,
            reason: key.scrub(seen),
        })?;
        answer.body = key.scrub(answer.body);
        for (_, value) in &mut answer.headers {
            *value = key.scrub(std::mem::take(value));
        }
        Ok(answer)
    }

    /// Where an API is, without a slash at the end.
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
