//! PostgreSQL: asking for TLS, and logging in to Aurora DSQL.
//!
//! Source: PostgreSQL's manual, "Message Formats", `SSLRequest`.

use tieline::outside::chain;
use tieline::trial::{Fault, Login};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, Error, NoTls};

use crate::net::Stream;
use crate::path::Broken;

/// Eight bytes in all, and the code that no version of the protocol has.
const ASK: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Asks for TLS, and hears whether it may.
pub(crate) async fn ask_for_tls(stream: &mut impl Stream) -> Result<((), Option<String>), Broken> {
    stream.write_all(&ASK).await.map_err(Broken::cut)?;
    stream.flush().await.map_err(Broken::cut)?;
    match stream.read_u8().await.map_err(Broken::cut)? {
        b'S' => Ok(((), None)),
        b'N' => Err(Broken::new(Fault::Protocol, "the server offers no TLS")),
        other => {
            let what = format!(
                "the server answers {:?} where PostgreSQL says S or N",
                char::from(other)
            );
            Err(Broken::new(Fault::Protocol, what))
        }
    }
}

/// Logs in with a token and asks for 1. TLS is there already.
pub(crate) async fn log_in(
    stream: impl Stream + 'static,
    login: &Login,
    user: &str,
    token: &str,
) -> Result<((), Option<String>), Broken> {
    let mut config = Config::new();
    config
        .user(user)
        .dbname("postgres")
        .password(token)
        .application_name("tieline-verify")
        .ssl_mode(SslMode::Disable);
    if let Some(options) = &login.options {
        config.options(options);
    }
    let (client, connection) = config.connect_raw(stream, NoTls).await.map_err(broken)?;
    let asking = async { client.simple_query("select 1").await.map_err(broken) };
    tokio::select! {
        answer = asking => answer?,
        ended = connection => {
            ended.map_err(broken)?;
            return Err(Broken::cut("the server closed it"));
        }
    };
    Ok(((), Some(format!("logged in as {user}"))))
}

/// What the server says of it. A connection that breaks is one that is closed.
fn broken(error: Error) -> Broken {
    let fault = match error.as_db_error() {
        Some(_) => Fault::Login,
        None => Fault::Closed,
    };
    Broken::new(fault, chain(&error))
}
