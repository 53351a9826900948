use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

fn https() -> Https {
    Https::new(Duration::from_secs(2), Duration::from_secs(5)).unwrap()
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url)
        .header("authorization", "Basic canary")
        .body(Bytes::new())
        .unwrap()
}

/// A server for one connection that sends these bytes and what it was asked.
fn server(answer: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
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

/// A TLS server for one connection that says "hi", and its certificate, which it signed itself.
fn tls_server() -> (String, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let session = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = StreamOwned::new(session, stream);
        // A client that does not trust it hangs up, which is an error here.
        if stream.read(&mut [0; 4096]).is_ok() {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
            stream.write_all(answer).unwrap();
        }
    });
    (format!("https://{address}/"), cert.der().clone())
}

#[tokio::test]
async fn an_authority_that_is_trusted_is_spoken_to() {
    let (url, certificate) = tls_server();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let https = Https::trusting(roots, Duration::from_secs(2), Duration::from_secs(5));

    let answer = https.unwrap().send(get(&url)).await.unwrap();

    assert_eq!(&answer.body()[..], b"hi");
}

#[tokio::test]
async fn an_authority_that_nobody_knows_is_not_spoken_to() {
    let (url, _) = tls_server();

    let error = https().send(get(&url)).await.unwrap_err();

    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}

/// What AWS's own endpoints chain to (Amazon Trust Services, "Root certificates"), by the names in the certificates.
#[test]
fn amazons_authorities_are_trusted() {
    for name in [
        "Amazon Root CA 1",
        "Amazon Root CA 2",
        "Amazon Root CA 3",
        "Amazon Root CA 4",
        "Starfield Services Root Certificate Authority - G2",
    ] {
        let is_there = authorities().roots.iter().any(|root| {
            root.subject
                .windows(name.len())
                .any(|bytes| bytes == name.as_bytes())
        });
        assert!(is_there, "{name}");
    }
}

#[test]
fn a_key_never_travels_in_the_clear() {
    for (url, may) in [
        ("https://api.confluent.cloud/x", true),
        ("http://127.0.0.1:4321/x", true),
        ("http://172.17.0.1/x", true),
        ("http://localhost:4321/x", true),
        ("http://172.32.0.1/x", false),
        ("http://172.evil.example/x", false),
        ("http://127.0.0.1.evil.example/x", false),
        ("http://localhost.evil.example/x", false),
        ("http://127.0.0.1@evil.example/x", false),
        ("http://api.confluent.cloud/x", false),
        ("ftp://127.0.0.1/x", false),
    ] {
        assert_eq!(may_be_asked(&url.parse().unwrap()), may, "{url}");
    }
}

#[tokio::test]
async fn nor_is_it_sent_to_see() {
    let error = https()
        .send(get("http://192.0.2.1/")) // nobody's, by RFC 5737
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

    let answer = https()
        .send(get(&format!("{url}/a:verb?b=c")))
        .await
        .unwrap();

    assert_eq!(
        (answer.status().as_u16(), &answer.body()[..]),
        (302, &b"hi"[..])
    );
    let twice = answer.headers().get_all("x-twice").iter();
    assert_eq!(twice.collect::<Vec<_>>(), ["a", "b"]);
    let asked = thread.join().unwrap();
    assert!(asked.starts_with("GET /a:verb?b=c HTTP/1.1\r\n"), "{asked}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_in_time() {
    let (url, _) = server("");
    let https = Https::new(Duration::from_secs(2), Duration::from_millis(200)).unwrap();
    let start = std::time::Instant::now();

    let error = https.send(get(&url)).await.unwrap_err();

    assert_eq!(error.to_string(), "no answer within 0.2 s");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn no_error_repeats_a_header() {
    let error = https().send(get("http://127.0.0.1:1/")).await.unwrap_err();

    assert!(!format!("{error:?}").contains("canary"), "{error}");
}
