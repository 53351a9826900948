//! MySQL's first words: the server greets, the client asks for TLS.
//!
//! Source: MySQL's "Client/Server Protocol", `Protocol::HandshakeV10` and `Protocol::SSLRequest`.

use tieline::trial::Fault;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::net::Stream;
use crate::path::Broken;

/// `CLIENT_SSL`, in the lower half of the capabilities.
const TLS: u16 = 0x0800;

/// `CLIENT_PROTOCOL_41`, `CLIENT_SSL`, `CLIENT_SECURE_CONNECTION` and `CLIENT_PLUGIN_AUTH`.
const CAPABILITIES: u32 = 0x0000_0200 | 0x0000_0800 | 0x0000_8000 | 0x0008_0000;

/// A greeting has some hundred bytes.
const LONGEST: usize = 1024;

/// Hears the greeting and asks for TLS.
pub(crate) async fn ask_for_tls(stream: &mut impl Stream) -> Result<((), Option<String>), Broken> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.map_err(Broken::cut)?;
    let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
    let foreign = |what: String| Broken::new(Fault::Protocol, what);
    if !(1..=LONGEST).contains(&length) {
        return Err(foreign(format!(
            "the first bytes are {head:02x?}, which is no greeting of MySQL"
        )));
    }
    let mut greeting = vec![0; length];
    stream
        .read_exact(&mut greeting)
        .await
        .map_err(Broken::cut)?;
    let version = match greeting.split_first() {
        Some((10, rest)) => rest.split(|byte| *byte == 0).next().unwrap_or_default(),
        Some((0xff, error)) => {
            // An error number of two bytes, and its text.
            let text = String::from_utf8_lossy(error.get(2..).unwrap_or_default()).into_owned();
            return Err(foreign(format!("the server greets with an error: {text}")));
        }
        _ => {
            return Err(foreign(
                "the greeting is not that of MySQL's protocol 10".to_owned(),
            ));
        }
    };
    // The version and its end, the connection's id, eight bytes of challenge and a filler.
    let at = 1 + version.len() + 1 + 4 + 8 + 1;
    let capabilities = greeting.get(at..at + 2);
    let offers = capabilities.is_some_and(|two| u16::from_le_bytes([two[0], two[1]]) & TLS != 0);
    let version = String::from_utf8_lossy(version).into_owned();
    if !offers {
        return Err(foreign(format!("{version} offers no TLS")));
    }
    let mut request = vec![32, 0, 0, 1];
    request.extend(CAPABILITIES.to_le_bytes());
    request.extend(u32::to_le_bytes(1 << 24));
    request.push(45); // utf8mb4
    request.extend([0; 23]);
    stream.write_all(&request).await.map_err(Broken::cut)?;
    stream.flush().await.map_err(Broken::cut)?;
    Ok(((), Some(version)))
}
