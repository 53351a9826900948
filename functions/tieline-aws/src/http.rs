//! The SDK's calls on [`Https`].

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use tieline_https::{HttpError, Https};

/// For a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// For one attempt at a call.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(4);

/// A client with as much patience as AWS's APIs take: these two count, and not the SDK's connector settings.
#[derive(Debug, Clone)]
pub(crate) struct SdkHttp(Https);

impl SdkHttp {
    pub(crate) fn new() -> Result<Self, HttpError> {
        Https::new(CONNECT, ATTEMPT).map(Self)
    }
}

impl HttpClient for SdkHttp {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for SdkHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self(https) = self.clone();
        HttpConnectorFuture::new(async move { exchange(&https, request).await })
    }
}

async fn exchange(https: &Https, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    // None of the calls here has a body that is a stream.
    let Some(body) = request.body().bytes().map(<[u8]>::to_vec) else {
        return Err(ConnectorError::user("the body is a stream".into()));
    };
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?
        .map(|_| body.into());
    // What went wrong may go right at the next attempt. The few things that never will are attempted in vain.
    let answer = https
        .send(request)
        .await
        .map_err(|error| ConnectorError::io(error.into()))?;
    HttpResponse::try_from(answer.map(SdkBody::from))
        .map_err(|error| ConnectorError::other(error.into(), None))
}
