//! HTTP for real, on the client that the AWS SDK uses too.

use std::error::Error;
use std::net::Ipv4Addr;
use std::time::Duration;

use ::http::{Request, Uri};
use async_trait::async_trait;
use http_body_util::{BodyExt as _, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::http::{Http, HttpError, HttpRequest, HttpResponse};

/// For a connection to one address.
const CONNECT: Duration = Duration::from_secs(10);
/// For everything from the name's resolution to the answer's last byte. A step may make several calls in its time.
const WHOLE: Duration = Duration::from_secs(25);
/// Vendors' load balancers close what rests for a minute; a warm function rests longer than that between two events.
const IDLE: Duration = Duration::from_secs(20);
/// Far more than a page of a hundred of anything.
const LARGEST: usize = 8 << 20;

/// HTTP/1.1 over TLS, trusting the public certificate authorities of Mozilla's list, which is compiled in: reading the
/// system's store costs more than the rest of a cold start.
///
/// Plain HTTP is for tests: it is spoken only to this machine and to Docker's networks (172.16.0.0/12).
#[derive(Debug)]
pub struct HyperHttp {
    client: Client<HttpsConnector<HttpConnector>, String>,
    whole: Duration,
}

impl HyperHttp {
    /// A client that keeps its connections.
    ///
    /// # Errors
    ///
    /// TLS cannot be set up, which would be a mistake in how this was built.
    pub fn new() -> Result<Self, HttpError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.set_nodelay(true);
        // ring, as for AWS: aws-lc gathers CPU jitter at the first connection.
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| HttpError(format!("TLS cannot be set up: {}", chain(&error))))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Ok(Self {
            client,
            whole: WHOLE,
        })
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let uri: Uri = request
            .url
            .parse()
            .map_err(|error| HttpError(format!("the URL is none: {error}")))?;
        if !may_be_asked(&uri) {
            return Err(HttpError(
                "the URL is neither https nor one of this machine's".to_owned(),
            ));
        }
        let mut builder = Request::builder().method(request.method).uri(uri);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let sent = builder
            .body(request.body.unwrap_or_default())
            .map_err(|error| HttpError(format!("the request cannot be written: {error}")))?;
        let answer = self
            .client
            .request(sent)
            .await
            .map_err(|error| HttpError(chain(&error)))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST)
            .collect()
            .await
            .map_err(|error| HttpError(format!("half an answer: {}", chain(&*error))))?
            .to_bytes();
        let headers = head.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        Ok(HttpResponse {
            status: head.status.as_u16(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}

#[async_trait]
impl Http for HyperHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        tokio::time::timeout(self.whole, self.exchange(request))
            .await
            .unwrap_or_else(|_| {
                let seconds = self.whole.as_secs_f32();
                Err(HttpError(format!("no answer within {seconds} s")))
            })
    }
}

/// A key goes out encrypted or not at all, except to a test's own machine.
fn may_be_asked(uri: &Uri) -> bool {
    let own = |host: &str| {
        host.parse::<Ipv4Addr>().is_ok_and(|address| {
            let [first, second, ..] = address.octets();
            address == Ipv4Addr::LOCALHOST || (first == 172 && (16..32).contains(&second))
        })
    };
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => uri.host().is_some_and(own),
        _ => false,
    }
}

/// The causes, outermost first. None of these libraries puts a header into an error.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    fn get(url: String) -> HttpRequest {
        HttpRequest {
            method: "GET",
            url,
            headers: vec![("authorization".to_owned(), "Basic canary".to_owned())],
            body: None,
        }
    }

    /// A server for one connection that sends these bytes and what it was asked.
    fn server(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 4096];
            let length = stream.read(&mut asked).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            if answer.is_empty() {
                // Keeps the connection open until the client gives up.
                let _ = stream.read(&mut [0]);
            }
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        (format!("http://{address}"), thread)
    }

    #[test]
    fn a_key_never_travels_in_the_clear() {
        for (url, may) in [
            ("https://api.confluent.cloud/x", true),
            ("http://127.0.0.1:4321/x", true),
            ("http://172.17.0.1/x", true),
            ("http://172.32.0.1/x", false),
            ("http://172.evil.example/x", false),
            ("http://127.0.0.1.evil.example/x", false),
            ("http://127.0.0.1@evil.example/x", false),
            ("http://api.confluent.cloud/x", false),
            ("ftp://127.0.0.1/x", false),
        ] {
            assert_eq!(may_be_asked(&url.parse().unwrap()), may, "{url}");
        }
    }

    #[tokio::test]
    async fn nor_is_it_sent_to_see() {
        let error = HyperHttp::new()
            .unwrap()
            .send(get("http://192.0.2.1/".to_owned())) // nobody's, by RFC 5737
            .await
            .unwrap_err();

        assert_eq!(
            error.to_string(),
            "the URL is neither https nor one of this machine's"
        );
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer() {
        let (url, thread) = server(
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nX-Twice: a\r\nX-Twice: b\r\n\
             Content-Length: 2\r\n\r\nhi",
        );

        let answer = HyperHttp::new()
            .unwrap()
            .send(get(format!("{url}/a:verb?b=c")))
            .await
            .unwrap();

        assert_eq!((answer.status, answer.body.as_str()), (302, "hi"));
        assert_eq!(
            answer.headers_named("x-twice").collect::<Vec<_>>(),
            ["a", "b"]
        );
        let asked = thread.join().unwrap();
        assert!(asked.starts_with("GET /a:verb?b=c HTTP/1.1\r\n"), "{asked}");
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_left_in_time() {
        let (url, _) = server("");
        let http = HyperHttp {
            whole: Duration::from_millis(200),
            ..HyperHttp::new().unwrap()
        };

        let start = std::time::Instant::now();

        let error = http.send(get(url)).await.unwrap_err();

        assert_eq!(error.to_string(), "no answer within 0.2 s");
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn no_error_repeats_a_header() {
        let http = HyperHttp::new().unwrap();
        let mut broken = get("http://127.0.0.1:1/".to_owned());
        broken.headers[0].1.push('\n');

        for request in [get("http://127.0.0.1:1/".to_owned()), broken] {
            assert!(!format!("{request:?}").contains("canary"));
            let error = http.send(request).await.unwrap_err();
            assert!(!format!("{error:?}").contains("canary"), "{error}");
        }
    }
}
