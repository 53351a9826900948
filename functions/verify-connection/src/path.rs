//! Trying one network interface, layer by layer, up to the first that does not work.

use std::net::{IpAddr, SocketAddr};

use futures_util::future::join_all;
use tieline::trial::{
    Address, Attempt, Certificate, Fault, Layer, LayerName, Outcome, Protocol, Trial,
};
use tokio::time::{Instant, timeout};

use crate::net::{LIMIT, Stream, milliseconds};
use crate::{Verifier, https, mysql, postgresql, tls};

/// Why a layer does not work, in words that are in no secret.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) fault: Fault,
    pub(crate) what: String,
}

impl Broken {
    pub(crate) fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self {
            fault,
            what: what.into(),
        }
    }

    /// A connection that breaks, or says nothing.
    pub(crate) fn cut(error: impl ToString) -> Self {
        Self::new(
            Fault::Closed,
            format!("the connection broke: {}", error.to_string()),
        )
    }
}

/// The layers of a connection, as far as they were tried.
struct Layers {
    port: u16,
    all: Vec<Layer>,
}

impl Layers {
    /// Tries one more; what it brings is there for the next, or nothing is.
    async fn try_one<T>(
        &mut self,
        name: LayerName,
        work: impl Future<Output = Result<(T, Option<String>), Broken>>,
    ) -> Option<T> {
        let began = Instant::now();
        let silence = || {
            Broken::new(
                Fault::Closed,
                format!("no answer within {} s", LIMIT.as_secs()),
            )
        };
        let result = timeout(LIMIT, work)
            .await
            .unwrap_or_else(|_| Err(silence()));
        let (brought, outcome, detail, fault) = match result {
            Ok((brought, detail)) => (Some(brought), Outcome::Proven, detail, None),
            Err(Broken { fault, what }) => (None, Outcome::Failed, Some(what), Some(fault)),
        };
        self.all.push(Layer {
            layer: name,
            port: self.port,
            outcome,
            milliseconds: milliseconds(began),
            detail,
            fault,
        });
        brought
    }

    fn leave_out(&mut self, name: LayerName, why: impl Into<String>) {
        self.all.push(Layer {
            layer: name,
            port: self.port,
            outcome: Outcome::NotTried,
            milliseconds: 0,
            detail: Some(why.into()),
            fault: None,
        });
    }
}

impl Verifier {
    /// Tries one address: everything on the first port, TCP on the others.
    pub(crate) async fn attempt(&self, trial: &Trial, at: &Address) -> Attempt {
        let mut from = None;
        let mut layers = Vec::new();
        let mut further_ports = Vec::new();
        if let (Ok(ip), Some((first, further))) = (at.address.parse(), trial.ports.split_first()) {
            let further = further.iter().map(|port| self.tcp_only(ip, *port));
            let (tried, further) =
                tokio::join!(self.layers(trial, ip, *first, &mut from), join_all(further));
            layers = tried.all;
            further_ports = further.into_iter().flat_map(|tried| tried.all).collect();
        }
        Attempt {
            zone_id: at.zone_id.clone(),
            address: at.address.clone(),
            from: from.map(|address: IpAddr| address.to_string()),
            layers,
            further_ports,
        }
    }

    async fn tcp_only(&self, ip: IpAddr, port: u16) -> Layers {
        let mut layers = Layers {
            port,
            all: Vec::new(),
        };
        match self.net.cannot_reach(ip).await {
            Some(why) => layers.leave_out(LayerName::Tcp, why),
            None => {
                layers.try_one(LayerName::Tcp, self.connect(ip, port)).await;
            }
        }
        layers
    }

    async fn connect(
        &self,
        ip: IpAddr,
        port: u16,
    ) -> Result<((Box<dyn Stream>, Option<IpAddr>), Option<String>), Broken> {
        let connected = self.net.connect(SocketAddr::new(ip, port)).await;
        let connected = connected.map_err(|error| Broken::new(Fault::Closed, error))?;
        Ok((connected, None))
    }

    async fn layers(
        &self,
        trial: &Trial,
        ip: IpAddr,
        port: u16,
        from: &mut Option<IpAddr>,
    ) -> Layers {
        let mut layers = Layers {
            port,
            all: Vec::new(),
        };
        self.go_through(trial, ip, from, &mut layers).await;
        layers
    }

    /// Goes on until something does not work, which ends it.
    async fn go_through(
        &self,
        trial: &Trial,
        ip: IpAddr,
        from: &mut Option<IpAddr>,
        layers: &mut Layers,
    ) -> Option<()> {
        let speech = &trial.speech;
        if let Some(why) = self.net.cannot_reach(ip).await {
            layers.leave_out(LayerName::Tcp, why);
            return None;
        }
        let connect = self.connect(ip, layers.port);
        let (mut stream, seen_from) = layers.try_one(LayerName::Tcp, connect).await?;
        *from = seen_from;
        match speech.protocol {
            Protocol::Tcp => {
                let why = "what the service speaks is not known";
                layers.leave_out(LayerName::Tls, why);
                layers.leave_out(LayerName::Protocol, why);
                return Some(());
            }
            // These two agree on TLS in their own words.
            Protocol::PostgreSql => {
                let first = postgresql::ask_for_tls(&mut stream);
                layers.try_one(LayerName::Protocol, first).await?;
            }
            Protocol::MySql => {
                let first = mysql::ask_for_tls(&mut stream);
                layers.try_one(LayerName::Protocol, first).await?;
            }
            Protocol::Https | Protocol::Tls => {}
        }
        let handshake = tls::handshake(stream, speech, &self.authorities);
        let mut stream = layers.try_one(LayerName::Tls, handshake).await?;
        match speech.certificate {
            Certificate::Whole => {}
            Certificate::Issuer => layers.leave_out(
                LayerName::Certificate,
                "only who issued it was checked: no name of the target's leads here, so it is not for the host",
            ),
            Certificate::Nothing => layers.leave_out(
                LayerName::Certificate,
                "who issued it was not checked: the request has no caCertificate",
            ),
        }
        match speech.protocol {
            Protocol::Https => {
                let any = https::any_answer(&mut stream, &speech.host);
                layers.try_one(LayerName::Protocol, any).await?;
            }
            Protocol::Tls => layers.leave_out(
                LayerName::Protocol,
                "what the service speaks within TLS is not known",
            ),
            Protocol::PostgreSql | Protocol::MySql | Protocol::Tcp => {}
        }
        let login = speech.login.as_ref()?;
        match self.logins.token(login, speech).await {
            Ok(token) => {
                let user = self.logins.role();
                let logged_in = postgresql::log_in(stream, login, user, &token);
                layers.try_one(LayerName::Login, logged_in).await?;
            }
            Err(why) => layers.leave_out(LayerName::Login, why),
        }
        Some(())
    }
}
