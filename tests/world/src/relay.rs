//! What somebody else knows better: the executions of a state machine that runs elsewhere, as in the local runner's MiniStack.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::model::ACCOUNT;
use crate::wire::Request;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Names the operation of a call in AWS's JSON protocols.
const TARGET: &str = "x-amz-target";

/// Whether a call is one of Step Functions'.
pub(crate) fn is_step_functions(request: &Request) -> bool {
    let target = request.header(TARGET).unwrap_or_default();
    target.starts_with("AWSStepFunctions.")
}

/// Has somebody else answer a call.
///
/// # Errors
///
/// Whoever is asked gives no answer.
pub(crate) async fn ask(
    address: SocketAddr,
    request: &Request,
) -> Result<hyper::Response<Full<Bytes>>, Error> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
    // MiniStack takes the key's id for the account and checks no signature.
    let signed = header(AUTHORIZATION.as_str());
    let scope = signed.split_once('/').map_or("", |(_, scope)| scope);
    let asked = hyper::Request::post("/")
        .header("host", address.to_string())
        .header(TARGET, header(TARGET))
        .header(CONTENT_TYPE, header(CONTENT_TYPE.as_str()))
        .header(
            AUTHORIZATION,
            format!("AWS4-HMAC-SHA256 Credential={ACCOUNT}/{scope}"),
        )
        .body(Full::new(Bytes::from(request.body.clone())))?;
    let (head, body) = sender.send_request(asked).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    let mut answer = hyper::Response::builder().status(head.status);
    for (name, value) in &head.headers {
        if name == CONTENT_TYPE || name == "x-amzn-errortype" || name == "x-amzn-requestid" {
            answer = answer.header(name, value);
        }
    }
    Ok(answer.body(Full::new(body))?)
}
