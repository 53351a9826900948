//! The AWS protocols that MiniStack is spoken to in. It checks no signature, so none is made.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

/// The account that everything belongs to, as in the world.
pub(crate) const ACCOUNT: &str = "123456789012";

/// The Region of everything.
pub(crate) const REGION: &str = "us-east-1";

/// MiniStack answers in milliseconds; what takes longer than this hangs.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client of AWS services on one address.
#[derive(Debug, Clone)]
pub(crate) struct Aws {
    client: Client,
    port: u16,
    base: String,
}

impl Aws {
    pub(crate) fn at(port: u16) -> Result<Self> {
        let client = Client::builder()
            .timeout(TIMEOUT)
            .build()
            .context("could not build an HTTP client")?;
        Ok(Self {
            client,
            port,
            base: format!("http://127.0.0.1:{port}"),
        })
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// A call of a JSON service: `states`, `events` or `sqs`.
    pub(crate) async fn json(&self, service: &str, operation: &str, body: Value) -> Result<Value> {
        let (prefix, version) = match service {
            "states" => ("AWSStepFunctions", "1.0"),
            "sqs" => ("AmazonSQS", "1.0"),
            "events" => ("AWSEvents", "1.1"),
            other => bail!("no JSON service {other} is known here"),
        };
        let headers = [
            ("x-amz-target", format!("{prefix}.{operation}")),
            ("content-type", format!("application/x-amz-json-{version}")),
        ];
        let text = self
            .send(
                service,
                Method::POST,
                "/",
                &headers,
                body.to_string().into_bytes(),
            )
            .await
            .with_context(|| format!("could not call {operation}"))?;
        serde_json::from_str(&text).with_context(|| format!("{operation} answered no JSON"))
    }

    /// A call of CloudFormation.
    pub(crate) async fn cloudformation(
        &self,
        operation: &str,
        parameters: &[(String, String)],
    ) -> Result<String> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", operation)
            .append_pair("Version", "2010-05-15")
            .extend_pairs(parameters)
            .finish();
        let headers = [(
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        )];
        self.send(
            "cloudformation",
            Method::POST,
            "/",
            &headers,
            form.into_bytes(),
        )
        .await
        .with_context(|| format!("could not call {operation}"))
    }

    /// Whether a function takes invocations: one with no concurrency is throttled, as one that wakes up is refused.
    pub(crate) async fn let_invoke(&self, function: &str, may: bool) -> Result<()> {
        let path = format!("/2017-10-31/functions/{function}/concurrency");
        let (method, body) = if may {
            (Method::DELETE, Vec::new())
        } else {
            (
                Method::PUT,
                br#"{"ReservedConcurrentExecutions": 0}"#.to_vec(),
            )
        };
        let sent = self.send("lambda", method, &path, &[], body).await;
        sent.map(|_| ())
    }

    /// Stores an object, or with an empty key makes the bucket.
    pub(crate) async fn put(&self, bucket: &str, key: &str, body: Vec<u8>) -> Result<()> {
        self.send("s3", Method::PUT, &format!("/{bucket}/{key}"), &[], body)
            .await
            .map(|_| ())
            .with_context(|| format!("could not store {bucket}/{key}"))
    }

    /// Whether a path answers.
    pub(crate) async fn answers(&self, path: &str) -> bool {
        let answer = self.client.get(format!("{}{path}", self.base)).send().await;
        answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
    }

    async fn send(
        &self,
        service: &str,
        method: Method,
        path: &str,
        headers: &[(&str, String)],
        body: Vec<u8>,
    ) -> Result<String> {
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .header("authorization", credential);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request
            .body(body)
            .send()
            .await
            .with_context(|| format!("{service} does not answer"))?;
        let status = answer.status();
        let text = answer
            .text()
            .await
            .with_context(|| format!("{service} broke off its answer"))?;
        if !status.is_success() {
            let short: String = text.chars().take(2000).collect();
            bail!("{service} answered {status}: {short}");
        }
        Ok(text)
    }
}
