//! The network that the verifier is in.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::time::Instant;

/// What one layer may take. A packet that a group or a network ACL drops is answered by nothing.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

/// A connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What a client does on a network before it speaks.
#[async_trait]
pub trait Net: Send + Sync {
    /// The addresses of a name; an error in words, also where there is no such name.
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, String>;

    /// Why no connection to an address can even begin: there is none of its family here.
    async fn cannot_reach(&self, to: IpAddr) -> Option<String>;

    /// A TCP connection, with the address that it comes from where that is known; an error in words.
    async fn connect(&self, to: SocketAddr) -> Result<(Box<dyn Stream>, Option<IpAddr>), String>;
}

impl fmt::Debug for dyn Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net").finish_non_exhaustive()
    }
}

/// The network of this machine: its resolver is the VPC's, and so is its way to the endpoint.
#[derive(Debug)]
pub(crate) struct System;

#[async_trait]
impl Net for System {
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        let found = lookup_host((name, 0)).await;
        let found = found.map_err(|error| error.to_string())?;
        Ok(found.map(|address| address.ip()).collect())
    }

    async fn cannot_reach(&self, to: IpAddr) -> Option<String> {
        if to.is_ipv4() {
            return None;
        }
        // Connecting a datagram socket sends nothing: it only looks for a way, and for an address to come from.
        let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).await;
        let found = match socket {
            Ok(socket) => socket.connect((to, 1)).await,
            Err(error) => Err(error),
        };
        let error = found.err()?;
        Some(format!(
            "the verifier has no IPv6 address ({error}): deploy it with Ipv6=true in subnets that have a block of IPv6 addresses"
        ))
    }

    async fn connect(&self, to: SocketAddr) -> Result<(Box<dyn Stream>, Option<IpAddr>), String> {
        let stream = TcpStream::connect(to).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let from = stream.local_addr().ok().map(|address| address.ip());
        Ok((Box::new(stream), from))
    }
}

/// How long it is since then.
pub(crate) fn milliseconds(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
