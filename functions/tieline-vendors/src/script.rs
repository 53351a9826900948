//! The far side of the tests: answers that were written down before, and secrets that can be counted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::Value;
use tieline::ids::SecretArn;
use tieline::outside::Reply;

use crate::http::{Http, HttpError, HttpRequest, HttpResponse};
use crate::secrets::Secrets;

/// Gives its answers one by one, and keeps what it was sent.
#[derive(Clone)]
pub(crate) struct Script {
    answers: Arc<Mutex<VecDeque<Result<HttpResponse, HttpError>>>>,
    sent: Arc<Mutex<Vec<HttpRequest>>>,
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = HttpResponse>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into_iter().map(Ok).collect())),
            sent: Arc::default(),
        }
    }

    pub(crate) fn failing(seen: &str) -> Self {
        let script = Self::new([]);
        let error = Err(HttpError(seen.to_owned()));
        script.answers.lock().unwrap().push_back(error);
        script
    }

    pub(crate) fn sent(&self) -> Vec<HttpRequest> {
        self.sent.lock().unwrap().clone()
    }

    /// Method and URL of each request.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.sent().iter().map(line).collect()
    }

    /// The body of the last request.
    pub(crate) fn body(&self) -> Value {
        let sent = self.sent();
        serde_json::from_str(sent.last().unwrap().body()).unwrap()
    }

    /// All answers were asked for.
    pub(crate) fn is_over(&self) -> bool {
        self.answers.lock().unwrap().is_empty()
    }
}

#[async_trait]
impl Http for Script {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let line = line(&request);
        self.sent.lock().unwrap().push(request);
        let next = self.answers.lock().unwrap().pop_front();
        next.unwrap_or_else(|| panic!("nothing was written for {line}"))
    }
}

fn line(request: &HttpRequest) -> String {
    format!("{} {}", request.method(), request.uri())
}

pub(crate) fn answer(status: u16, body: &str) -> HttpResponse {
    let mut answer = HttpResponse::new(body.to_owned());
    *answer.status_mut() = status.try_into().unwrap();
    answer
}

pub(crate) trait With {
    fn with(self, name: &'static str, value: &str) -> Self;
}

impl With for HttpResponse {
    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers_mut().append(name, value.parse().unwrap());
        self
    }
}

/// Gives its texts one by one, and the last one for ever.
#[derive(Clone)]
pub(crate) struct Safe {
    texts: Arc<Vec<String>>,
    reads: Arc<Mutex<usize>>,
}

impl Safe {
    pub(crate) fn new<const N: usize>(texts: [&str; N]) -> Self {
        Self {
            texts: Arc::new(texts.map(str::to_owned).into()),
            reads: Arc::default(),
        }
    }

    pub(crate) fn reads(&self) -> usize {
        *self.reads.lock().unwrap()
    }
}

#[async_trait]
impl Secrets for Safe {
    async fn read(&self, _: &SecretArn) -> Reply<String> {
        let mut reads = self.reads.lock().unwrap();
        let text = &self.texts[(*reads).min(self.texts.len() - 1)];
        *reads += 1;
        Ok(text.clone())
    }
}

pub(crate) fn arn(name: &str) -> SecretArn {
    format!("arn:aws:secretsmanager:us-east-1:111122223333:secret:{name}")
        .parse()
        .unwrap()
}
