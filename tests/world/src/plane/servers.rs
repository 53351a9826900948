//! The servers behind endpoints, as far as a client's first words go.
//!
//! Sources: PostgreSQL's manual, "Message Formats"; MySQL's "Client/Server Protocol", `Protocol::HandshakeV10`.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::listener::{Listener, Protocol};
use super::{authority, token};

/// The longest message of a client.
const LONGEST: usize = 16 << 10;

/// Serves one connection until the client leaves.
///
/// # Errors
///
/// The client leaves in the middle of something, or does not like the certificate.
pub async fn serve(
    listener: Listener,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
) -> io::Result<()> {
    match listener.protocol {
        Protocol::Greeting => {
            stream.write_all(b"220 mail.example.com ESMTP\r\n").await?;
            stream.flush().await?;
            drain(&mut stream).await
        }
        Protocol::Tls => drain(&mut secure(&listener, stream).await?).await,
        Protocol::Https => https(secure(&listener, stream).await?).await,
        Protocol::MySql => {
            greet(&mut stream).await?;
            drain(&mut secure(&listener, stream).await?).await
        }
        Protocol::PostgreSql => {
            let ask = startup(&mut stream).await?;
            if ask != [0x04, 0xd2, 0x16, 0x2f] {
                return error(&mut stream, "08P01", "SSL is required").await;
            }
            stream.write_all(b"S").await?;
            stream.flush().await?;
            let stream = secure(&listener, stream).await?;
            log_in(&listener, stream).await
        }
    }
}

async fn secure<S: AsyncRead + AsyncWrite + Unpin>(
    listener: &Listener,
    stream: S,
) -> io::Result<TlsStream<S>> {
    let config = authority::server(&listener.names, listener.is_private);
    TlsAcceptor::from(config).accept(stream).await
}

async fn drain(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut heard = [0; 1024];
    while stream.read(&mut heard).await? > 0 {}
    Ok(())
}

/// Whoever is not signed in may not know more (seen at every API of AWS: 403, 404 and their like).
async fn https(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\n\r\n") && heard.len() < LONGEST {
        heard.push(stream.read_u8().await?);
    }
    stream
        .write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .await?;
    stream.shutdown().await
}

/// Greets as a TiDB of version 8.5 does, and hears that the client wants TLS.
async fn greet(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    // The lower half: long password, protocol 41, TLS, secure connection; the upper one: authentication by plugin.
    let (lower, upper): (u16, u16) = (0x0001 | 0x0200 | 0x0800 | 0x8000, 0x0008);
    let mut greeting = vec![10];
    greeting.extend(b"8.0.11-TiDB-v8.5.2\0");
    greeting.extend(7_u32.to_le_bytes());
    greeting.extend(b"abcdefgh\0");
    greeting.extend(lower.to_le_bytes());
    greeting.push(46);
    greeting.extend(2_u16.to_le_bytes());
    greeting.extend(upper.to_le_bytes());
    greeting.push(21);
    greeting.extend([0; 10]);
    greeting.extend(b"ijklmnopqrst\0mysql_native_password\0");
    let length = u32::try_from(greeting.len()).unwrap_or_default();
    stream.write_all(&length.to_le_bytes()[..3]).await?;
    stream.write_all(&[0]).await?;
    stream.write_all(&greeting).await?;
    stream.flush().await?;
    let mut request = [0; 36];
    stream.read_exact(&mut request).await?;
    let is_asked = request[..4] == [32, 0, 0, 1] && request[5] & 0x08 != 0;
    if is_asked {
        Ok(())
    } else {
        Err(io::Error::other("the client wants no TLS"))
    }
}

/// A message without a type: its length, and what it says.
async fn startup(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = stream.read_u32().await?;
    let length = usize::try_from(length).unwrap_or(LONGEST);
    let rest = length.checked_sub(4).filter(|rest| *rest < LONGEST);
    let mut body = vec![0; rest.ok_or_else(|| io::Error::other("no startup message"))?];
    stream.read_exact(&mut body).await?;
    Ok(body)
}

/// A session: the token is the password, and the host of the handshake says which cluster is meant, or an option does.
async fn log_in<S: AsyncRead + AsyncWrite + Unpin>(
    listener: &Listener,
    mut stream: TlsStream<S>,
) -> io::Result<()> {
    let host = stream
        .get_ref()
        .1
        .server_name()
        .unwrap_or_default()
        .to_owned();
    let startup = startup(&mut stream).await?;
    let words: Vec<String> = startup[4..]
        .split(|byte| *byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    let value = |name: &str| {
        let mut pairs = words.chunks(2);
        pairs.find_map(|pair| (pair[0] == name).then(|| pair.get(1).cloned())?)
    };
    let user = value("user").unwrap_or_default();
    let named = value("options").and_then(|options| {
        let option = options.split("amzn-cluster-id=").nth(1)?;
        Some(option.split_whitespace().next()?.to_owned())
    });
    let cluster = named
        .clone()
        .unwrap_or_else(|| host.split('.').next().unwrap_or_default().to_owned());
    // CONTRACTS 2.3: without private DNS the token is for the public host.
    let signed = match named {
        Some(cluster) => format!("{cluster}.dsql.us-east-1.on.aws"),
        None => host,
    };
    // AuthenticationCleartextPassword.
    stream.write_all(&[b'R', 0, 0, 0, 8, 0, 0, 0, 3]).await?;
    stream.flush().await?;
    if stream.read_u8().await? != b'p' {
        return error(&mut stream, "08P01", "expected a password").await;
    }
    let password = self::startup(&mut stream).await?;
    let password = String::from_utf8_lossy(&password)
        .trim_end_matches('\0')
        .to_owned();
    let action = if user == "admin" {
        "DbConnectAdmin"
    } else {
        "DbConnect"
    };
    let is_let_in = listener.clusters.contains(&cluster)
        && !listener.refuses_logins
        && token::is_good(&password, &signed, action);
    if !is_let_in {
        let message = "unable to accept connection, access denied";
        return error(&mut stream, "28000", message).await;
    }
    // AuthenticationOk, BackendKeyData and ReadyForQuery.
    let mut welcome = vec![b'R', 0, 0, 0, 8, 0, 0, 0, 0];
    welcome.extend([b'K', 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 2]);
    welcome.extend([b'Z', 0, 0, 0, 5, b'I']);
    stream.write_all(&welcome).await?;
    stream.flush().await?;
    while stream.read_u8().await? == b'Q' {
        self::startup(&mut stream).await?;
        stream.write_all(&one()).await?;
        stream.flush().await?;
    }
    Ok(())
}

/// `RowDescription`, `DataRow`, `CommandComplete` and `ReadyForQuery` of `select 1`.
fn one() -> Vec<u8> {
    let message = |kind: u8, body: &[u8]| {
        let length = u32::try_from(body.len() + 4).unwrap_or_default();
        [&[kind][..], &length.to_be_bytes(), body].concat()
    };
    let mut column = vec![0, 1];
    column.extend(b"?column?\0");
    column.extend([
        0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 4, 0xff, 0xff, 0xff, 0xff, 0, 0,
    ]);
    [
        message(b'T', &column),
        message(b'D', &[0, 1, 0, 0, 0, 1, b'1']),
        message(b'C', b"SELECT 1\0"),
        message(b'Z', b"I"),
    ]
    .concat()
}

/// `ErrorResponse`, and the end.
async fn error(
    stream: &mut (impl AsyncWrite + Unpin),
    code: &str,
    message: &str,
) -> io::Result<()> {
    let body = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
    let length = u32::try_from(body.len() + 4).unwrap_or_default();
    stream.write_all(b"E").await?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.flush().await?;
    stream.shutdown().await
}
