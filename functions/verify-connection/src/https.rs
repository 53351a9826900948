//! HTTPS: any answer is one.

use tieline::trial::Fault;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::net::Stream;
use crate::path::Broken;

/// Asks for nothing in particular, and says what status comes back.
pub(crate) async fn any_answer(
    stream: &mut impl Stream,
    host: &str,
) -> Result<((), Option<String>), Broken> {
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: tieline-verify\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .map_err(Broken::cut)?;
    stream.flush().await.map_err(Broken::cut)?;
    let mut line = [0; 12];
    stream.read_exact(&mut line).await.map_err(Broken::cut)?;
    let line = String::from_utf8_lossy(&line).into_owned();
    // "HTTP/1.1 403"
    match line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..)) {
        Some(status) if status.parse::<u16>().is_ok() => {
            Ok(((), Some(format!("HTTP status {status}"))))
        }
        _ => {
            let what = format!("the answer begins with {line:?}, which is not HTTP/1.1");
            Err(Broken::new(Fault::Protocol, what))
        }
    }
}
