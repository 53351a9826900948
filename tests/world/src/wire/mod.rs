//! The wire protocols, from request to answer. Nothing here decides anything; it reads and writes
//! what the model says.

mod dsql;
mod ec2;
mod iam;
mod json;
mod other_words;
pub mod query;
mod route53;
pub mod vendors;
pub mod xml;

use std::collections::BTreeMap;

use hyper::header::HeaderValue;
use hyper::http::request::Parts;

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
    /// A request as it came in.
    pub fn of(head: &Parts, body: Vec<u8>) -> Self {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = head.headers.iter();
        Self {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
            body,
        }
    }

    /// A header by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Whether it is signed at all. What an AWS signature says is not checked.
    fn is_signed(&self) -> bool {
        self.headers.contains_key("authorization")
    }
}

/// What goes out.
#[derive(Debug, Clone)]
pub enum Response {
    /// An answer.
    Answer(hyper::Response<String>),
    /// The connection drops.
    Drop,
    /// The connection stays open, and nothing comes.
    Hang,
    /// Whoever called is dead. Where nobody can be killed, the connection drops.
    Crash,
}

impl Response {
    pub(crate) fn written(
        status: u16,
        content_type: &'static str,
        headers: Vec<(&'static str, String)>,
        body: String,
    ) -> Self {
        let mut answer = hyper::Response::builder()
            .status(status)
            .header("content-type", content_type);
        for (name, value) in headers {
            answer = answer.header(name, value);
        }
        let answer = answer.body(body);
        Self::Answer(answer.unwrap_or_else(|error| panic!("the world wrote this: {error}")))
    }
}

/// Answers one request.
#[must_use]
pub fn answer(world: &mut World, request: &Request) -> Response {
    let response = speak(world, request);
    match std::mem::take(&mut world.words_are_others) {
        true => other_words::in_other_words(response),
        false => response,
    }
}

fn speak(world: &mut World, request: &Request) -> Response {
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
        Err(Failure::Crash) => return Response::Crash,
    };
    let Written {
        status,
        headers,
        body,
    } = written;
    Response::written(status, content_type, headers, body)
}
