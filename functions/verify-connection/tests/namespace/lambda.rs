//! Lambda's runtime API (developer guide, "Using the Lambda runtime API"), for one function: an invocation is what the next
//! one who asks gets.

use std::sync::Arc;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender, channel};

pub(crate) struct Lambda {
    address: String,
    invocations: Sender<Value>,
    answers: Mutex<Receiver<Value>>,
}

struct Side {
    invocations: Mutex<Receiver<Value>>,
    answers: Sender<Value>,
}

impl Lambda {
    pub(crate) async fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let (invocations, asked) = channel(1);
        let (answered, answers) = channel(1);
        let side = Arc::new(Side {
            invocations: Mutex::new(asked),
            answers: answered,
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let side = Arc::clone(&side);
                // A function that is stopped leaves in the middle of its question.
                tokio::spawn(async move {
                    let _ = serve(stream, &side).await;
                });
            }
        });
        Self {
            address,
            invocations,
            answers: Mutex::new(answers),
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) async fn invoke(&self, payload: Value) -> Value {
        self.invocations.send(payload).await.unwrap();
        self.answers.lock().await.recv().await.unwrap()
    }
}

async fn serve(mut stream: TcpStream, side: &Side) -> std::io::Result<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
        let mut body = vec![0; length.unwrap_or_default()];
        stream.read_exact(&mut body).await?;
        if head.starts_with("get /2018-06-01/runtime/invocation/next") {
            let Some(payload) = side.invocations.lock().await.recv().await else {
                return Ok(());
            };
            let payload = payload.to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
                 Lambda-Runtime-Deadline-Ms: 4102444800000\r\n\
                 Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:tieline-verify\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{payload}",
                payload.len()
            );
            stream.write_all(answer.as_bytes()).await?;
        } else {
            // A response, or an error.
            let said = serde_json::from_slice(&body).unwrap_or_default();
            side.answers.send(said).await.unwrap();
            stream
                .write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                .await?;
        }
    }
}
