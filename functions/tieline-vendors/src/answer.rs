//! What a vendor's answer says, in Tieline's words.

use serde::de::DeserializeOwned;
use serde_json::Value;
use tieline::outside::{CallError, Reply};

use crate::api::Api;
use crate::http::{HttpResponse, as_text};

/// The most characters of an unreadable body that an error quotes.
const EXCERPT: usize = 200;
/// The most characters of a vendor's own message.
const SENTENCE: usize = 500;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) api: &'static Api,
    pub(crate) action: &'static str,
    pub(crate) response: HttpResponse,
}

impl Answer {
    /// Succeeds if the call did.
    pub(crate) fn done(self) -> Reply<()> {
        self.succeeded()?;
        // An empty body is as good as `{}`, but a page of HTML did not come from the API.
        if self.response.body().trim().is_empty() {
            return Ok(());
        }
        self.read::<serde::de::IgnoredAny>().map(|_| ())
    }

    /// Succeeds if the call did, or if the thing no longer existed.
    pub(crate) fn gone(self) -> Reply<()> {
        match self.done() {
            Err(error) if error.is_missing() => Ok(()),
            done => done,
        }
    }

    /// Reads the body of a call that succeeded.
    pub(crate) fn decode<T: DeserializeOwned>(self) -> Reply<T> {
        self.succeeded()?;
        self.read()
    }

    /// Like [`Self::decode`], with `None` for something that does not exist.
    pub(crate) fn find<T: DeserializeOwned>(self) -> Reply<Option<T>> {
        match self.decode() {
            Err(error) if error.is_missing() => Ok(None),
            found => found.map(Some),
        }
    }

    fn read<T: DeserializeOwned>(&self) -> Reply<T> {
        if serde_json::from_str::<serde::de::IgnoredAny>(self.response.body()).is_err() {
            return Err(self.no_json());
        }
        serde_json::from_str(self.response.body()).map_err(|error| {
            let reason = cut(&error.to_string(), EXCERPT);
            self.unusable(format!(
                "the answer is not as the vendor describes it: {reason}"
            ))
        })
    }

    fn succeeded(&self) -> Reply<()> {
        let status = self.response.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(());
        }
        if status < 400 {
            return Err(self.unusable(format!("HTTP {status}, which is not followed")));
        }
        let body = self.response.body().trim();
        let (code, message) = match serde_json::from_str(body) {
            Ok(value) => words(&value),
            // Nothing between us and the vendor makes up these two, so they are believed without a message.
            Err(_) if body.is_empty() || matches!(status, 401 | 429) => (None, None),
            // A 404 with a page of HTML is from some proxy. It does not mean that the thing is gone.
            Err(_) => return Err(self.no_json()),
        };
        let message = cut(message.as_deref().unwrap_or("no message"), SENTENCE);
        Err(CallError::answered_by_vendor(
            self.action,
            status,
            self.retry_after(),
            &cut(code.as_deref().unwrap_or("without a code"), EXCERPT),
            &format!("{message}{}", self.trace()),
        ))
    }

    /// How long to wait before the next call, in seconds. Both vendors count from now.
    fn retry_after(&self) -> Option<u64> {
        self.api.retry_after.iter().find_map(|name| {
            let text = self.header(name)?.trim();
            // `Retry-After` may be a date. Then the other header counts, or else the caller's default.
            let whole = text.parse().ok();
            whole.or_else(|| text.split_once('.')?.0.parse().ok().map(|n: u64| n + 1))
        })
    }

    /// There was an answer, but it cannot be acted on.
    pub(crate) fn unusable(&self, reason: String) -> CallError {
        CallError::unavailable(self.action, reason + &self.trace())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(as_text)
    }

    fn no_json(&self) -> CallError {
        let kind = self.header("content-type").unwrap_or("no type");
        let excerpt = cut(self.response.body().trim(), EXCERPT);
        let status = self.response.status().as_u16();
        self.unusable(format!(
            "HTTP {status} with {} instead of JSON: {excerpt:?}",
            cut(kind, 60)
        ))
    }

    /// The id by which the vendor's support can look up this call.
    fn trace(&self) -> String {
        let name = self.api.trace;
        self.header(name)
            .filter(|id| !id.is_empty())
            .map(|id| format!(" ({name} {})", cut(id, 100)))
            .unwrap_or_default()
    }
}

/// The code and message of an error: google.rpc.Status, `{"errors": [...]}` or `{"error": {...}}`.
fn words(value: &Value) -> (Option<String>, Option<String>) {
    if let Some(errors) = value["errors"].as_array().filter(|list| !list.is_empty()) {
        let code = errors.iter().find_map(|error| text(&error["code"]));
        let sentences: Vec<String> = errors
            .iter()
            .filter_map(|error| {
                text(&error["detail"])
                    .or_else(|| text(&error["title"]))
                    .or_else(|| text(&error["message"]))
            })
            .collect();
        let sentence = (!sentences.is_empty()).then(|| sentences.join("; "));
        return (code, sentence);
    }
    let status = if value["error"].is_object() {
        &value["error"]
    } else {
        value
    };
    let message = text(&status["message"]).or_else(|| text(&value["error"]));
    (text(&status["code"]), message)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

fn cut(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}
