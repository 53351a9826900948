//! HTTP for real, on the client that the AWS SDK uses too.

use std::time::Duration;

use ::http::Request;
use async_trait::async_trait;
use tieline_https::Https;

use crate::http::{Http, HttpError, HttpRequest, HttpResponse};

/// For a connection.
pub(crate) const CONNECT: Duration = Duration::from_secs(10);
/// For a whole exchange. A step may make several calls in its time.
pub(crate) const WHOLE: Duration = Duration::from_secs(25);

#[async_trait]
impl Http for Https {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut builder = Request::builder().method(request.method).uri(request.url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let sent = builder
            .body(request.body.unwrap_or_default().into())
            .map_err(|error| HttpError(format!("the request cannot be written: {error}")))?;
        let answer = Self::send(self, sent).await?;
        let headers = answer.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        Ok(HttpResponse {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(answer.body()).into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_error_repeats_a_header() {
        let request = HttpRequest {
            method: "GET",
            url: "http://127.0.0.1:1/".to_owned(),
            headers: vec![("authorization".to_owned(), "Basic canary\n".to_owned())],
            body: None,
        };
        assert!(!format!("{request:?}").contains("canary"));

        let https = Https::new(CONNECT, WHOLE).unwrap();
        let error = Http::send(&https, request).await.unwrap_err();

        assert!(error.to_string().contains("cannot be written"), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error}");
    }
}
