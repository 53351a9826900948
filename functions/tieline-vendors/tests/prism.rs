//! The clients against the vendors' own API descriptions, which Prism answers from: method, path, required parameters and
//! bodies are what the descriptions want, and the answers that they give as examples can be read.
//!
//! What this does not show: Digest (not described), a colon that is percent-encoded (Prism decodes it), anything that
//! changes over time, and rules between things.
//!
//! The descriptions are not part of this repository, so the test is ignored unless it is asked for with `--ignored`, and
//! fails without them. `TIELINE_SPECS` names their folder; the default is `../shared/specs` beside the repository. Prism
//! is installed by `npm ci` into the target directory, which takes Node and npm.

#![expect(
    clippy::unwrap_used,
    reason = "all of this is a test, helpers included"
)]

mod prism {
    pub(crate) mod server;
}

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use prism::server::{self, Prism};
use serde_json::Value;
use tieline::ids::{ConfluentId, SecretArn};
use tieline::outside::confluent::ConfluentEnvironment;
use tieline::outside::tidb_cloud::{NodeGroupId, TidbCluster, TidbNodeGroup};
use tieline::outside::{Confluent, Reply, TidbCloud};
use tieline_https::Https;
use tieline_vendors::{Http, HttpError, HttpRequest, HttpResponse, Secrets, Vendors};

/// The Prism for a request: each description is one server, and two of them describe parts of one host.
///
/// Prism leaves a Swagger `basePath` out of its own paths, and every page of an example names a next page; that it was
/// asked for is enough.
#[derive(Clone)]
struct Routed(Arc<Inner>);

/// Generous, because Prism runs on Node and shares the machine with other work.
const TIMEOUT: Duration = Duration::from_secs(25);

struct Inner {
    real: Https,
    dedicated: Prism,
    cluster: Prism,
    privatelink: Prism,
    networking: Prism,
    seen: Mutex<Vec<String>>,
    prefer: Mutex<Option<u16>>,
}

impl Inner {
    fn address(&self, url: &str) -> String {
        let route = |from: &str, to: &Prism| {
            url.strip_prefix(from)
                .map(|rest| format!("{}{rest}", to.url))
        };
        let serverless = if url.contains("privateLinkConnections") {
            route("https://serverless.tidbapi.com", &self.privatelink)
        } else {
            route("https://serverless.tidbapi.com/v1beta1", &self.cluster)
        };
        route("https://dedicated.tidbapi.com/v1beta1", &self.dedicated)
            .or(serverless)
            .or_else(|| route("https://api.confluent.cloud", &self.networking))
            .unwrap_or_else(|| panic!("no description for {url}"))
    }
}

#[async_trait]
impl Http for Routed {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let Self(inner) = self;
        let line = format!("{} {}", request.method(), request.uri());
        *request.uri_mut() = inner.address(&request.uri().to_string()).parse().unwrap();
        if let Some(code) = *inner.prefer.lock().unwrap() {
            let prefer = format!("code={code}").parse().unwrap();
            request.headers_mut().insert("prefer", prefer);
        }
        let mut answer = Http::send(&inner.real, request).await?;
        if line.contains("pageToken=") || line.contains("page_token=") {
            let mut page: Value = serde_json::from_str(answer.body()).unwrap();
            page["nextPageToken"] = Value::Null;
            page["metadata"] = Value::Null;
            *answer.body_mut() = page.to_string();
        }
        let mut seen = inner.seen.lock().unwrap();
        seen.push(format!("{} {line}", answer.status().as_u16()));
        Ok(answer)
    }
}

struct Safe;

#[async_trait]
impl Secrets for Safe {
    async fn read(&self, _: &SecretArn) -> Reply<String> {
        let text = r#"{"publicKey":"PUBLIC","privateKey":"a private key","apiKey":"KEY","apiSecret":"a secret"}"#;
        Ok(text.to_owned())
    }
}

struct World {
    vendors: Vendors,
    http: Routed,
}

impl World {
    fn start() -> Self {
        let specs = server::specs();
        let prism = server::install();
        let start = |file: &str| Prism::start(&prism, &specs.join(file));
        let http = Routed(Arc::new(Inner {
            real: Https::new(TIMEOUT, TIMEOUT).unwrap(),
            dedicated: start("tidb/dedicated.normalized.swagger.json"),
            cluster: start("tidb/cluster.swagger.json"),
            privatelink: start("tidb/privatelink.swagger.json"),
            networking: start("confluent/networking.openapi.yaml"),
            seen: Mutex::default(),
            prefer: Mutex::default(),
        }));
        Self {
            vendors: Vendors::new(http.clone(), Safe, None),
            http,
        }
    }

    /// What was asked since the last time, each with the status of its answer.
    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.http.0.seen.lock().unwrap())
    }

    fn prefer(&self, code: u16) {
        *self.http.0.prefer.lock().unwrap() = (code != 0).then_some(code);
    }
}

fn key() -> SecretArn {
    let arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:one";
    arn.parse().unwrap()
}

fn cluster() -> TidbCluster {
    TidbCluster {
        key: key(),
        cluster: "10".parse().unwrap(),
    }
}

/// One test, since four servers are enough.
#[tokio::test]
#[ignore = "needs the vendors' API descriptions: see README"]
async fn the_vendors_descriptions_take_every_call_and_their_answers_are_read() {
    let world = World::start();
    prism_refuses_what_is_not_described(&world).await;
    dedicated(&world).await;
    serverless(&world).await;
    confluent(&world).await;
    errors(&world).await;
}

/// Else the rest would prove nothing.
async fn prism_refuses_what_is_not_described(world: &World) {
    let connections = "https://dedicated.tidbapi.com/v1beta1/clusters/10/tidbNodeGroups/20/privateEndpointConnections";
    let links = "https://serverless.tidbapi.com/v1beta1/clusters/10/privateLinkConnections";
    let accesses = "https://api.confluent.cloud/networking/v1/private-link-accesses";
    let key = ("authorization", "Basic S0VZOnM=");
    let network = r#"{"spec":{"environment":{"id":"e"},"network":{"id":"n"},"cloud":{"kind":"AwsPrivateLinkAccess","account":"1"}}}"#;
    let mut wrong = Vec::new();
    for (method, url, body, headers, status) in [
        ("POST", connections.to_owned(), "{}", None, 400),
        ("PUT", connections.to_owned(), "{}", None, 405),
        ("POST", links.to_owned(), "{}", None, 422),
        (
            "POST",
            format!("{links}/plc-1/attachDomains"),
            "{}",
            None,
            404,
        ),
        ("GET", format!("{accesses}?environment=e"), "", None, 401),
        ("GET", accesses.to_owned(), "", Some(key), 400),
        ("POST", accesses.to_owned(), "{}", Some(key), 422),
        ("POST", accesses.to_owned(), network, Some(key), 422),
        (
            "PATCH",
            format!("{accesses}/pla-1"),
            r#"{"spec":{}}"#,
            Some(key),
            422,
        ),
    ] {
        let mut request = HttpRequest::new(body.to_owned());
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = url.parse().unwrap();
        let json = ("content-type", "application/json");
        for (name, value) in [Some(json), headers].into_iter().flatten() {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let line = format!("{method} {url} {body}");
        let answer = world.http.send(request).await.unwrap();
        let answered = answer.status().as_u16();
        if answered != status {
            wrong.push(format!("{answered} {line}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.seen();
}

async fn dedicated(world: &World) {
    let World { vendors, .. } = world;
    let cluster = cluster();
    let group = TidbNodeGroup {
        key: key(),
        group: NodeGroupId {
            cluster: cluster.cluster.clone(),
            group: "20".parse().unwrap(),
        },
    };
    let endpoint = "vpce-0123456789abcdef0".parse().unwrap();

    let found = vendors.dedicated_cluster(&cluster).await;
    let service = vendors.link_service(&group).await;
    let registrations = vendors.registrations(&group).await;
    vendors.register(&group, &endpoint).await.unwrap();
    vendors.unregister(&group, "30").await.unwrap();

    let found = found.unwrap().unwrap();
    assert_eq!(found.region_id, "aws-us-west-2");
    assert_eq!(found.groups[0].id, "1");
    let service = service.unwrap().unwrap();
    assert!(service.service.starts_with("com.amazonaws.vpce."));
    let registrations = registrations.unwrap();
    assert_eq!(registrations.len(), 2, "one of each page");
    assert_eq!(registrations[0].id, "1234567890");
    assert_eq!(registrations[0].port, 4000);
    assert!(registrations[0].host.starts_with("privatelink-"));
    let base = "https://dedicated.tidbapi.com/v1beta1/clusters/10";
    let group = format!("{base}/tidbNodeGroups/20");
    assert_eq!(
        world.seen(),
        [
            format!("200 GET {base}"),
            format!("200 GET {group}/privateLinkService"),
            format!("200 GET {group}/privateEndpointConnections?pageSize=100"),
            format!(
                "200 GET {group}/privateEndpointConnections?pageSize=100&pageToken=next_page_token"
            ),
            format!("200 POST {group}/privateEndpointConnections"),
            format!("200 DELETE {group}/privateEndpointConnections/30"),
        ]
    );
}

async fn serverless(world: &World) {
    let World { vendors, .. } = world;
    let cluster = cluster();
    let service = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0";

    let found = vendors.serverless_cluster(&cluster).await;
    let dataflow = vendors.dataflow(&cluster).await;
    let links = vendors.links(&cluster).await;
    let link = vendors.link(&cluster, "plc-1").await;
    let made = vendors.create_link(&cluster, "one", service).await;
    vendors
        .attach_confluent(&cluster, "plc-1", "domnprzqrog.us-east-1")
        .await
        .unwrap();
    vendors.detach(&cluster, "plc-1", "ad-1").await.unwrap();
    vendors.delete_link(&cluster, "plc-1").await.unwrap();

    let found = found.unwrap().unwrap();
    assert_eq!(found.region, "aws-us-west-2");
    assert_eq!(found.plan, "STARTER");
    assert!(found.private.is_none(), "the example's port is none");
    assert_eq!(dataflow.unwrap().zone_ids, ["string"]);
    assert_eq!(links.unwrap().len(), 2, "one of each page");
    let link = link.unwrap().unwrap();
    assert_eq!(link.state, "CREATING");
    assert_eq!(link.domains[0].domains[0].name, "string");
    assert_eq!(made.unwrap(), "string");
    let base = "https://serverless.tidbapi.com/v1beta1/clusters/10";
    let links = format!("{base}/privateLinkConnections");
    assert_eq!(
        world.seen(),
        [
            format!("200 GET {base}?view=FULL"),
            format!("200 GET {links}:getAvailabilityZones"),
            format!("200 GET {links}?pageSize=100"),
            format!("200 GET {links}?pageSize=100&pageToken=string"),
            format!("200 GET {links}/plc-1"),
            format!("200 POST {links}"),
            format!("200 POST {links}/plc-1:attachDomains"),
            format!("200 POST {links}/plc-1:detachDomains"),
            format!("200 DELETE {links}/plc-1"),
        ]
    );
}

fn ids() -> (ConfluentEnvironment, ConfluentId) {
    let environment = ConfluentEnvironment {
        key: key(),
        environment: "env-00000".parse().unwrap(),
    };
    (environment, "n-00000".parse().unwrap())
}

async fn confluent(world: &World) {
    let World { vendors, .. } = world;
    let (environment, network) = ids();

    let found = vendors.network(&environment, &network).await;
    let accesses = vendors.accesses(&environment).await;
    vendors
        .create_access(&environment, &network, "one", "111122223333")
        .await
        .unwrap();
    vendors
        .rename_access(&environment, "pla-1", "two")
        .await
        .unwrap();
    vendors.delete_access(&environment, "pla-1").await.unwrap();

    let found = found.unwrap().unwrap();
    assert_eq!(found.cloud, "AWS");
    assert_eq!(found.phase, "READY");
    assert_eq!(found.zone_ids, ["use1-az1", "use1-az2", "use1-az3"]);
    assert!(found.service.starts_with("com.amazonaws.vpce."));
    let accesses = accesses.unwrap();
    assert_eq!(accesses.len(), 2, "one of each page");
    assert_eq!(accesses[0].account, "000000000000");
    assert_eq!(accesses[0].name, "prod-pl-use1");
    assert_eq!(accesses[0].network, network.as_str());
    let base = "https://api.confluent.cloud/networking/v1";
    let list = format!("{base}/private-link-accesses");
    let query = "environment=env-00000&page_size=100";
    assert_eq!(
        world.seen(),
        [
            format!("200 GET {base}/networks/n-00000?environment=env-00000"),
            format!("200 GET {list}?{query}"),
            format!("200 GET {list}?{query}&page_token=UvmDWOB1iwfAIBPj6EYb"),
            format!("202 POST {list}"),
            format!("200 PATCH {list}/pla-1"),
            format!("204 DELETE {list}/pla-1?environment=env-00000"),
        ]
    );
}

/// The errors as the vendors describe them.
async fn errors(world: &World) {
    let World { vendors, .. } = world;
    let (environment, network) = ids();
    let cluster = cluster();

    for (code, word) in [
        (400, "refused: Invalid: HTTP 400"),
        (403, "refused: Forbidden: HTTP 403"),
        (429, "put off for 60 s"),
        (500, "got no usable answer: HTTP 500"),
    ] {
        world.prefer(code);
        let error = vendors.dedicated_cluster(&cluster).await.unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    for (code, word) in [
        (400, "refused: Invalid: HTTP 400 invalid_filter"),
        (
            401,
            "refused: Unauthenticated: HTTP 401 user_unauthenticated",
        ),
        (402, "refused: Invalid: HTTP 402"),
        (403, "refused: Forbidden: HTTP 403"),
        (409, "refused: AlreadyExists: HTTP 409"),
        (422, "refused: Invalid: HTTP 422"),
        (429, "put off for"),
        (500, "got no usable answer: HTTP 500"),
    ] {
        world.prefer(code);
        let made = vendors
            .create_access(&environment, &network, "one", "111122223333")
            .await;
        let error = made.unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    world.prefer(404);
    let none = vendors.network(&environment, &network).await;
    assert!(none.unwrap().is_none());
    vendors.delete_access(&environment, "pla-1").await.unwrap();
}
