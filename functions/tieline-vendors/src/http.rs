//! What the clients need of HTTP: one request, one answer. [`Https`] does it for real.

use std::time::Duration;

use async_trait::async_trait;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use tieline_https::Https;

pub use tieline_https::HttpError;

/// A request with its body as a text, empty if there is none. Its `Debug` does not show its credentials.
pub type HttpRequest = http::Request<String>;
/// An answer with its body as a text. Before [`Vendors`](crate::Vendors) has scrubbed it, it may repeat a key.
pub type HttpResponse = http::Response<String>;

/// For a connection.
pub(crate) const CONNECT: Duration = Duration::from_secs(10);
/// For a whole exchange. A step may make several calls in its time.
pub(crate) const WHOLE: Duration = Duration::from_secs(25);

/// Sends one request and brings back the answer, whatever its status.
#[async_trait]
pub trait Http: Send + Sync {
    /// Sends a request. Redirects are answers like any other.
    ///
    /// # Errors
    ///
    /// There was no whole answer. The request may have been sent, and may have had its effect.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

#[async_trait]
impl Http for Https {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = Self::send(self, request.map(Into::into)).await?;
        Ok(answer.map(|body| String::from_utf8_lossy(&body).into_owned()))
    }
}

/// Puts credentials into a request, where its `Debug` does not show them.
pub(crate) fn authorize(request: &mut HttpRequest, credentials: &str) -> Result<(), HttpError> {
    let mut value = HeaderValue::from_str(credentials).map_err(unwritten)?;
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(())
}

/// A header's text, unless it is none.
pub(crate) fn as_text(value: &HeaderValue) -> Option<&str> {
    std::str::from_utf8(value.as_bytes()).ok()
}

pub(crate) fn unwritten(error: impl Into<http::Error>) -> HttpError {
    let error = error.into();
    HttpError(format!("the request cannot be written: {error}"))
}

/// What stands in a request's first line: the path and the query.
pub(crate) fn target(request: &HttpRequest) -> &str {
    let target = request.uri().path_and_query();
    target.map_or("/", |target| target.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        let mut request = HttpRequest::default();

        authorize(&mut request, "Basic canary").unwrap();
        let error = authorize(&mut request, "Basic canary\n").unwrap_err();

        assert_eq!(request.headers()[AUTHORIZATION], "Basic canary");
        assert!(!format!("{request:?}").contains("canary"), "{request:?}");
        assert!(error.to_string().contains("cannot be written"), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error}");
    }
}
