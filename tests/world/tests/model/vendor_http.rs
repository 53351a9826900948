//! Clients of the vendors' wires, written after RFC 7616 and RFC 7617 alone.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde_json::Value;
use world::World;
use world::model::credentials::{CONFLUENT, Credentials};
use world::scenario::{TIDB_CLUSTER, TIDB_ESSENTIAL, TIDB_GROUP};
use world::wire::{self, Request, Response};

/// An answer as a client sees it.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn code(&self) -> i64 {
        self.json()["code"].as_i64().unwrap()
    }
}

pub(crate) fn send(world: &mut World, request: &Request) -> Answer {
    match wire::answer(world, request) {
        Response::Answer(answer) => Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.into_body(),
        },
        silent @ (Response::Drop | Response::Hang | Response::Crash) => panic!("{silent:?}"),
    }
}

pub(crate) fn request(method: &str, url: &str, body: &str) -> Request {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        body: body.as_bytes().to_vec(),
        ..Default::default()
    }
}

pub(crate) fn hash(text: &str) -> String {
    let digest = Md5::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A client that answers challenges, written after RFC 7616 alone.
pub(crate) struct Client {
    pub(crate) key: Credentials,
    pub(crate) challenge: BTreeMap<String, String>,
    pub(crate) count: u32,
}

impl Client {
    pub(crate) fn new(key: Credentials) -> Self {
        Self {
            key,
            challenge: BTreeMap::new(),
            count: 0,
        }
    }

    /// Takes a challenge.
    pub(crate) fn learn(&mut self, answer: &Answer) {
        let header = answer
            .header("WWW-Authenticate")
            .strip_prefix("Digest ")
            .unwrap();
        self.challenge = header
            .split(", ")
            .map(|field| field.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
            .collect();
        self.count = 0;
    }

    pub(crate) fn signed(&mut self, method: &str, url: &str, body: &str) -> Request {
        self.count += 1;
        let (realm, nonce) = (&self.challenge["realm"], &self.challenge["nonce"]);
        let (id, count) = (self.key.id, format!("{:08x}", self.count));
        let known = hash(&format!("{id}:{realm}:{}", self.key.secret));
        let asked = hash(&format!("{method}:{url}"));
        let response = hash(&format!("{known}:{nonce}:{count}:c0ffee:auth:{asked}"));
        let opaque = &self.challenge["opaque"];
        let mut request = request(method, url, body);
        let header = format!(
            "Digest username=\"{id}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{url}\", algorithm=MD5, \
             qop=auth, nc={count}, cnonce=\"c0ffee\", response=\"{response}\", opaque=\"{opaque}\""
        );
        request.headers.insert("authorization".to_owned(), header);
        request
    }

    pub(crate) fn call(
        &mut self,
        world: &mut World,
        method: &str,
        url: &str,
        body: &str,
    ) -> Answer {
        if self.challenge.is_empty() {
            let first = send(world, &request(method, url, body));
            self.learn(&first);
        }
        let request = self.signed(method, url, body);
        send(world, &request)
    }
}

pub(crate) fn cluster() -> String {
    format!("/dedicated.tidbapi.com/v1beta1/clusters/{TIDB_CLUSTER}")
}

pub(crate) fn connections() -> String {
    format!(
        "{}/tidbNodeGroups/{TIDB_GROUP}/privateEndpointConnections",
        cluster()
    )
}

pub(crate) fn links() -> String {
    format!("/serverless.tidbapi.com/v1beta1/clusters/{TIDB_ESSENTIAL}/privateLinkConnections")
}

pub(crate) fn networking(rest: &str) -> String {
    format!("/api.confluent.cloud/networking/v1/{rest}")
}

pub(crate) fn basic(method: &str, url: &str, body: &str) -> Request {
    let mut request = request(method, url, body);
    // `CNFL4QX7T2ZPLM6D:` and the secret, encoded with `base64`.
    assert_eq!(CONFLUENT.id, "CNFL4QX7T2ZPLM6D");
    let encoded = "Q05GTDRRWDdUMlpQTE02RDpjYW5hcnk3ZjFjMGI5ZS1jb25mbHVlbnQtYXBpLXNlY3JldA==";
    request
        .headers
        .insert("authorization".to_owned(), format!("Basic {encoded}"));
    request
        .headers
        .insert("host".to_owned(), "127.0.0.1:4599".to_owned());
    request
}

// RFC 1321, A.5: the test suite.
#[test]
fn the_hash_is_md5_in_hexadecimal() {
    assert_eq!(hash("abc"), "900150983cd24fb0d6963f7d28e17f72");
}
