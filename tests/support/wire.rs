//! The wire between the shipped clients and the world: no network, and every call takes its time, so that executions meet
//! at every call.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use aws_sdk_ec2::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_ec2::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::request::Parts;
use tieline::time::{Clock, Time};
use tieline_aws::Wire;
use tieline_vendors::{
    Http, HttpError, HttpRequest as VendorRequest, HttpResponse as VendorResponse,
};
use tokio::sync::Notify;
use world::wire::{self, Request, Response};

use crate::simulated::{Shared, pass};
use crate::wrong;

/// Where the world is; the name leads nowhere.
const ADDRESS: &str = "http://world";

/// The vendors' clients give up on an answer after this long, as over HTTPS.
const VENDORS_TIMEOUT: Duration = Duration::from_secs(25);

/// A step gives up on itself after this long, as in production.
const STEP: Duration = Duration::from_secs(50);

/// The SDK's side and the vendors' side.
pub(crate) fn wires(shared: &Arc<Shared>) -> (Wire, ToWorld) {
    let to_world = ToWorld(Arc::clone(shared));
    let key = Credentials::new("AKIDWORLD", "secret", None, None, "world");
    // A budget of this stage's own: that of the process would have tests depend on their order.
    let partition = RetryPartition::custom("world").token_bucket(TokenBucket::default());
    let wire = Wire {
        http: SharedHttpClient::new(to_world.clone()),
        credentials: SharedCredentialsProvider::new(key),
        time: SharedTimeSource::new(to_world.clone()),
        retry_partition: partition.build(),
        endpoint_url: ADDRESS.to_owned(),
    };
    (wire, to_world)
}

tokio::task_local! {
    /// The invocation that makes a call.
    pub(crate) static INVOKED_BY: Rc<Invocation>;
}

/// An invocation of a function.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// The execution that invoked it.
    pub(crate) execution: String,
    /// Told when it is dead.
    pub(crate) dead: Notify,
}

/// Whether a call comes from an execution of the machine that does this, such as `remove`.
pub(crate) fn comes_from(machine: &str) -> bool {
    let is_its = |one: &Rc<Invocation>| one.execution.contains(&format!("-{machine}:"));
    INVOKED_BY.try_with(is_its).unwrap_or_default()
}

/// The invocation dies, and never gets further than this.
async fn crash<T>() -> T {
    INVOKED_BY.with(|one| one.dead.notify_one());
    std::future::pending().await
}

#[derive(Clone)]
pub(crate) struct ToWorld(Arc<Shared>);

impl ToWorld {
    pub(crate) fn to(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared))
    }
}

impl ToWorld {
    async fn exchange(&self, head: &Parts, body: Vec<u8>) -> Response {
        assert_eq!(head.uri.authority().map(|it| it.as_str()), Some("world"));
        let request = match wrong::call(Request::of(head, body)) {
            Ok(request) => request,
            Err(answer) => return *answer,
        };
        pass(self.0.latency()).await;
        let response = wire::answer(&mut self.0.world(), &request);
        self.0.note_call();
        wrong::answer(response)
    }
}

impl fmt::Debug for ToWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToWorld").finish_non_exhaustive()
    }
}

impl TimeSource for ToWorld {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.world().now())
    }
}

#[async_trait]
impl Clock for ToWorld {
    fn now(&self) -> Time {
        Time(self.0.world().now())
    }

    async fn step_is_over(&self) {
        pass(STEP).await;
    }
}

impl HttpClient for ToWorld {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for ToWorld {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let to_world = self.clone();
        let request = request.try_into_http1x().expect("a request of HTTP");
        let (head, body) = request.into_parts();
        let body = body.bytes().expect("a whole body").to_vec();
        HttpConnectorFuture::new(async move {
            match to_world.exchange(&head, body).await {
                Response::Answer(answer) => {
                    Ok(HttpResponse::try_from(answer.map(SdkBody::from)).expect("a response"))
                }
                Response::Drop => Err(ConnectorError::io("the connection was dropped".into())),
                Response::Hang => std::future::pending().await,
                Response::Crash => crash().await,
            }
        })
    }
}

#[async_trait]
impl Http for ToWorld {
    async fn send(&self, request: VendorRequest) -> Result<VendorResponse, HttpError> {
        let (head, body) = request.into_parts();
        match self.exchange(&head, body.into_bytes()).await {
            Response::Answer(answer) => Ok(answer),
            Response::Drop => Err(HttpError("the connection was dropped".to_owned())),
            Response::Crash => crash().await,
            Response::Hang => {
                pass(VENDORS_TIMEOUT).await;
                Err(HttpError("no answer in time".to_owned()))
            }
        }
    }
}
