//! A simulated network behind a URL, for tests: names by DNS over HTTPS (RFC 8484), connections by HTTP CONNECT (RFC 9110,
//! section 9.3.6). It is told from where they come.

use std::net::{IpAddr, SocketAddr};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Uri};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, QCLASS, QTYPE, Question, RCODE, TYPE};
use tieline_https::Https;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::net::{Net, Stream};
use crate::settings::Place;

/// The media type of DNS over HTTPS.
const DNS: &str = "application/dns-message";

/// The headers that say from where a connection comes, and from which address it then came.
const SUBNET: &str = "tieline-subnet";
const GROUPS: &str = "tieline-groups";
const FROM: &str = "tieline-from";

/// The longest head of an answer to CONNECT.
const LONGEST: usize = 4096;

#[derive(Debug)]
pub(crate) struct Simulated {
    url: Uri,
    https: Https,
    subnet: String,
    groups: String,
}

impl Simulated {
    pub(crate) fn new(url: Uri, https: Https, place: &Place) -> Self {
        Self {
            url,
            https,
            subnet: place.subnet_ids.first().cloned().unwrap_or_default(),
            groups: place.security_group_ids.join(","),
        }
    }
}

impl Simulated {
    async fn ask(&self, name: &str, kind: TYPE) -> Result<Vec<IpAddr>, String> {
        let question = question(name, kind).map_err(|error| format!("{name}: {error}"))?;
        let request = Request::post(format!("{}dns-query", self.url))
            .header("content-type", DNS)
            .header("accept", DNS)
            .header(SUBNET, &self.subnet)
            .body(Bytes::from(question))
            .map_err(|error| error.to_string())?;
        let answer = self.https.send(request).await;
        let answer = answer.map_err(|error| error.to_string())?;
        addresses(answer.body())
    }
}

#[async_trait]
impl Net for Simulated {
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        let mut found = self.ask(name, TYPE::A).await?;
        found.extend(self.ask(name, TYPE::AAAA).await?);
        if found.is_empty() {
            return Err("the name has no address".to_owned());
        }
        Ok(found)
    }

    async fn cannot_reach(&self, _: IpAddr) -> Option<String> {
        None
    }

    async fn connect(&self, to: SocketAddr) -> Result<(Box<dyn Stream>, Option<IpAddr>), String> {
        let authority = self.url.authority().map(ToString::to_string);
        let mut stream = TcpStream::connect(authority.unwrap_or_default())
            .await
            .map_err(|error| error.to_string())?;
        let request = format!(
            "CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{SUBNET}: {}\r\n{GROUPS}: {}\r\n\r\n",
            self.subnet, self.groups
        );
        let sent = stream.write_all(request.as_bytes()).await;
        sent.map_err(|error| error.to_string())?;
        let mut head = Vec::new();
        // What follows is the server's own.
        while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST {
            let next = stream.read_u8().await;
            head.push(next.map_err(|error| error.to_string())?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.lines();
        let status = lines.next().unwrap_or_default().to_owned();
        if !status.starts_with("HTTP/1.1 200") {
            return Err("connection refused".to_owned());
        }
        let from = lines.find_map(|line| line.strip_prefix(FROM)?.strip_prefix(": ")?.parse().ok());
        Ok((Box::new(stream), from))
    }
}

/// A question for the addresses of a name, of one family.
fn question(name: &str, kind: TYPE) -> Result<Vec<u8>, simple_dns::SimpleDnsError> {
    let mut packet = Packet::new_query(0);
    packet.set_flags(simple_dns::PacketFlag::RECURSION_DESIRED);
    let (kind, class) = (QTYPE::TYPE(kind), QCLASS::CLASS(CLASS::IN));
    packet
        .questions
        .push(Question::new(Name::new(name)?, kind, class, false));
    packet.build_bytes_vec()
}

/// The addresses in an answer.
fn addresses(answer: &[u8]) -> Result<Vec<IpAddr>, String> {
    let packet = Packet::parse(answer).map_err(|error| error.to_string())?;
    let code = packet.rcode();
    if code == RCODE::NameError {
        return Err("no such name".to_owned());
    } else if code != RCODE::NoError {
        return Err(format!("the resolver answers {code:?}"));
    }
    let address = |data: &RData<'_>| {
        if let RData::A(a) = data {
            return Some(IpAddr::from(a.address.to_be_bytes()));
        }
        if let RData::AAAA(aaaa) = data {
            return Some(IpAddr::from(aaaa.address.to_be_bytes()));
        }
        None
    };
    let answers = packet.answers.iter();
    Ok(answers
        .filter_map(|record| address(&record.rdata))
        .collect())
}
