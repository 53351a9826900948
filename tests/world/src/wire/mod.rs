//! The wire protocols, from request to answer. Nothing here decides anything; it reads and writes
//! what the model says.

mod dsql;
mod ec2;
mod iam;
mod json;
mod query;
mod route53;
mod vendors;
mod xml;

use std::collections::BTreeMap;

use crate::{Failure, World};

/// The header in which AWS's JSON protocols name an error.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// What came in over HTTP, as far as the protocols look at it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query string.
    pub query: String,
    /// The headers, under their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A header by its name in lower case.
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Whether it is signed at all. What an AWS signature says is not checked.
    fn is_signed(&self) -> bool {
        self.headers.contains_key("authorization")
    }
}

/// What goes out.
#[derive(Debug, Clone, PartialEq)]
pub enum Response {
    /// An answer.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The header `Content-Type`.
        content_type: &'static str,
        /// Further headers.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: String,
    },
    /// The connection drops.
    Drop,
    /// The connection stays open, and nothing comes.
    Hang,
}

/// Answers one request.
#[must_use]
pub fn answer(world: &mut World, request: &Request) -> Response {
    if let Some(response) = vendors::answer(world, request) {
        return response;
    }
    match request.header("x-amz-target") {
        Some(target) => json::answer(world, target, request),
        None if dsql::is_meant(&request.path) => dsql::answer(world, request),
        None if route53::is_meant(&request.path) => route53::answer(world, request),
        None if iam::is_meant(request) => iam::answer(world, request),
        None => ec2::answer(world, request),
    }
}

/// An answer as a protocol writes it.
struct Written {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Written {
    fn plain(status: u16, body: String) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }
}

/// What became of a call, on the wire: `refusal` writes an error from its status, code and message,
/// and `broken` is the beginning of an answer, for the fault that cuts one off.
fn respond(
    content_type: &'static str,
    broken: &str,
    outcome: Result<Written, Failure>,
    refusal: impl FnOnce(u16, &str, &str) -> Written,
) -> Response {
    let written = match outcome {
        Ok(written) => written,
        Err(Failure::Refused {
            status,
            code,
            message,
        }) => refusal(status, &code, &message),
        Err(Failure::Malformed) => Written::plain(200, broken.to_owned()),
        Err(Failure::NoAnswer) => return Response::Drop,
        Err(Failure::Hang) => return Response::Hang,
    };
    Response::Answer {
        status: written.status,
        content_type,
        headers: written.headers,
        body: written.body,
    }
}
